//! `init`: looks at the tables of a database and proposes settings for them. It changes nothing in the database, and writes a
//! file only when it is told to.
//!
//! `software` is the list of what is known, `recognise` finds it in a catalog, `user_table` finds a table of users that
//! nobody knows. `choice` says which of several is meant, or why none is. `recipe` and `plain` write settings, `look` reads some rows, with bounded
//! statements that can change nothing. `proposal` is the text, `file` puts it into a file.
//! What is not certain is not guessed: it becomes a line to check, and who may sign in is then decided against it.

mod choice;
mod file;
mod look;
mod plain;
mod proposal;
mod recipe;
mod recognise;
mod shown;
mod software;
mod user_table;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use self::choice::{Candidate, Kind};
use self::look::LIMIT;
use self::plain::Draft;
use self::proposal::Proposal;
use self::recipe::{Line, table_name};
use self::shown::shown;
use super::{complain, say};
use crate::config::{Config, DatabaseSettings, EXIT_CODE, EnvSource, QuerySet, given_by, settings};
use crate::directory::kind::role::Role;
use crate::directory::queries;
use crate::metrics::Metrics;
use crate::model::dn::Dn;
use crate::sql::{Catalog, Database, Engine, SqlError};
use crate::telemetry::redact_uri;

/// What a base is called where nobody has said.
const EXAMPLE_BASE: &str = "dc=example,dc=com";

/// What to propose settings for.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Write the proposal into this new file, which only you may read, and print nothing.
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// The table of the users, where there are several: NAME or SCHEMA.NAME.
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
    /// The software whose tables are meant, where there are several: django, wordpress, laravel, devise, keycloak, nextcloud,
    /// manager.
    #[arg(long, value_name = "NAME")]
    software: Option<String>,
    /// The DN of the directory; by default LDAP_BASE_DN.
    #[arg(long, value_name = "DN", value_parser = Dn::parse)]
    base_dn: Option<Dn>,
}

/// Proposes settings.
pub async fn run(arguments: Arguments) -> ExitCode {
    let source = EnvSource::from_process();
    let settings = match database_settings(&source) {
        Ok(settings) => settings,
        Err(problems) => {
            problems.iter().for_each(|problem| complain(problem));
            return ExitCode::from(EXIT_CODE);
        }
    };
    match propose(&arguments, &source, &settings).await {
        Ok(done) => finish(&arguments, &done),
        Err(lines) => {
            lines.iter().for_each(|line| complain(line));
            ExitCode::FAILURE
        }
    }
}

fn finish(arguments: &Arguments, (text, checks): &(String, usize)) -> ExitCode {
    match &arguments.write {
        None => say(text.trim_end()),
        Some(path) => match file::write(path, text) {
            Ok(()) => complain(&format!("{} was written", path.display())),
            Err(error) => {
                complain(&format!("{} was not written: {error}", path.display()));
                return ExitCode::FAILURE;
            }
        },
    }
    if *checks > 0 {
        let lines = if *checks == 1 { "one line begins" } else { "lines begin" };
        complain(&format!("{checks} to look at: the {lines} with `# Check:`"));
    }
    ExitCode::SUCCESS
}

/// Where the database is. Other settings may be wrong or missing: they are what is asked for.
fn database_settings(source: &EnvSource) -> Result<DatabaseSettings, Vec<String>> {
    let (config, problems, _) = Config::load_leniently(source);
    let database = [
        "SQL_URI",
        "SQL_URL",
        "SQL_SSL",
        "SQL_SESSIONS",
        "SQL_POOL_SIZE",
        "SQL_CONNECT_TIMEOUT",
        "REALM_CONFIG",
    ];
    let matters = |variable: &str| {
        let variable = variable.strip_suffix("_FILE").unwrap_or(variable);
        database.contains(&variable) || settings::find(variable).is_none()
    };
    let problems = problems.iter().filter(|problem| matters(&problem.variable));
    let problems: Vec<_> = problems.map(ToString::to_string).collect();
    match problems.is_empty() {
        true => Ok(config.realm().database.clone()),
        false => Err(problems),
    }
}

/// The text of a proposal and how much of it is to be checked, or why there is none.
async fn propose(
    arguments: &Arguments,
    source: &EnvSource,
    settings: &DatabaseSettings,
) -> Result<(String, usize), Vec<String>> {
    let address = redact_uri(settings.uri.reveal());
    let of_database = |error: SqlError| vec![format!("SQL_URI: {} ({address})", error.detail())];
    let database = Database::new(settings, Metrics::default()).map_err(of_database)?;
    let catalog = Catalog::read(&database, LIMIT).await.map_err(of_database)?;
    let engine = database.engine();
    let wanted = choice::Wanted {
        table: arguments.table.as_deref(),
        software: arguments.software.as_deref(),
    };
    let candidate = choice::choose(&catalog, engine, &wanted)?;
    let mut draft = draft(&database, &candidate).await.map_err(of_database)?;
    let users = candidate.users();
    let (count, more) = look::count(&database, &table_name(users, engine))
        .await
        .map_err(of_database)?;
    let more = if more { "more than " } else { "" };
    let rows = format!(" ({more}{count} row{})", if count == 1 { "" } else { "s" });
    let mut seen =
        vec!["Proposed by `ldap-gateway init`, which has changed nothing. Read it before you use it.".to_owned()];
    seen.push(format!("Seen in {} at {address}:", engine.name()));
    for table in candidate.tables() {
        let rows = if std::ptr::eq(table, users) { rows.as_str() } else { "" };
        seen.push(format!(
            "- {}{rows}, {} columns",
            candidate.place(table),
            table.columns.len()
        ));
    }
    seen.push(candidate.sentence());
    if !users.is_found {
        draft.checks.push(format!(
            "schema {} is not searched by this account: the queries name it, and follow no search_path",
            shown(&users.schema)
        ));
    }
    let mut proposal = Proposal {
        seen,
        database: database_lines(source, settings, &address),
        base: base(arguments, source, &mut draft.checks),
        lines: draft.lines,
        checks: draft.checks,
    };
    examine(&database, &mut proposal).await?;
    let checks = proposal.checks.len();
    for check in &mut proposal.checks {
        check.insert_str(0, "Check: ");
    }
    let text = proposal.text().ok_or_else(|| {
        let why = "the name of a table or a column has characters that no .env file can hold, or that a terminal obeys: no settings are proposed";
        vec![format!("{}: {why}", candidate.place(users))]
    })?;
    Ok((text, checks))
}

/// The settings for the tables that are meant, and what is not certain of them.
async fn draft(database: &Database, candidate: &Candidate<'_>) -> Result<Draft, SqlError> {
    let engine = database.engine();
    match &candidate.kind {
        Kind::Software(recognised) => Ok(Draft {
            lines: recipe::lines(recognised, engine).unwrap_or_default(),
            checks: Vec::new(),
        }),
        Kind::Plain(users) => {
            let table = format!("{} u", table_name(users.table, engine));
            let mut words = BTreeMap::new();
            for column in plain::asked(users) {
                let name = format!("u.{}", engine.quote(&column.name));
                words.insert(column.name.as_str(), look::words(database, &table, &name).await?);
            }
            Ok(plain::draft(users, engine, &words))
        }
    }
}

/// How the proposal names the database. Its password is nowhere: who reads the proposal may not be meant to know it.
fn database_lines(source: &EnvSource, settings: &DatabaseSettings, address: &str) -> Vec<Line> {
    let setting = |name: &str, value: &str| vec![Line::Setting(name.to_owned(), value.to_owned())];
    let given = given_by(source, "SQL_URI");
    match given.map(|given| (given.variable, given.file)) {
        Some((variable, Some(path))) => setting(&variable, &path),
        Some(_) if settings.engine == Engine::Sqlite => setting("SQL_URI", settings.uri.reveal()),
        _ => vec![
            Line::Comment(format!(
                "SQL_URI, here {address}, is not written down, because it may hold a password: leave it where it is, or put it"
            )),
            Line::Comment("into a file that only the gateway may read, and name that here: SQL_URI_FILE=…".to_owned()),
        ],
    }
}

fn base(arguments: &Arguments, source: &EnvSource, checks: &mut Vec<String>) -> String {
    if let Some(base) = &arguments.base_dn {
        return base.to_string();
    }
    if given_by(source, "LDAP_BASE_DN").is_some() {
        return Config::load_leniently(source).0.realm().base.to_string();
    }
    checks.push(
        "LDAP_BASE_DN is an example: it is a part of every DN, so choose it before the first client does".to_owned(),
    );
    EXAMPLE_BASE.to_owned()
}

/// Has the database describe the queries as `check` would, and looks at some users.
async fn examine(database: &Database, proposal: &mut Proposal) -> Result<(), Vec<String>> {
    let settings = proposal.settings();
    let find = |wanted: &str| {
        settings
            .iter()
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.clone())
    };
    let texts = QuerySet {
        all_users: find("SQL_QUERY_ALL_USERS").unwrap_or_default(),
        one_user: find("SQL_QUERY_ONE_USER").unwrap_or_default(),
        all_groups: find("SQL_QUERY_ALL_GROUPS").unwrap_or_default(),
        groups_by_member: find("SQL_QUERY_GROUPS_BY_MEMBER").unwrap_or_default(),
        all_memberships: find("SQL_QUERY_ALL_MEMBERSHIPS"),
    };
    let failed = |problems: Vec<queries::QueryProblem>| {
        let mut lines =
            vec!["the tables look known, but queries on them do not work; no settings are proposed:".to_owned()];
        lines.extend(problems.iter().map(ToString::to_string));
        lines
    };
    let parsed = queries::parse_all(&texts, database.engine()).map_err(failed)?;
    let (_, described) = queries::describe(database, &parsed).await.map_err(failed)?;
    let has = |role| described.all_users.column(role).is_some();
    let sample = look::sample(database, &texts.all_users, has(Role::Mail), has(Role::Password)).await;
    let sample = sample.map_err(|error| vec![format!("a look at some users failed: {}", error.detail())])?;
    proposal.seen.extend(proposal::hashes(&sample));
    proposal.checks.extend(proposal::remarks(&sample));
    Ok(())
}
