//! What the database says: whether it can be reached, and what the queries give.

use super::{
    chain, clock,
    columns::{self, RECOMMENDED},
    contents,
    logins::LoginRules,
    password_change, readers,
    report::{Fault, Report},
    settings, sign_in,
};
use crate::{
    config::{DatabaseSettings, PasswordSettings, Query, QuerySet, RealmSettings},
    directory::{
        Directory, PasswordRow,
        kind::{USERS, role::Role},
        passwords::Passwords,
        queries::{
            self, DescribedQuery, Examination, QueryProblem,
            hints::{self, alias},
        },
    },
    metrics::Metrics,
    model::schema::{Schema, ids},
    sql::{Database, Engine, OperatorQuery, OperatorStatements},
    telemetry::redact_uri,
};

/// How a gateway behind a pooler differs.
const SHARED: &str = "a pooler such as PgBouncer shares its sessions among clients: statements are sent without names, each \
     in one piece, and are planned each time; settings in SQL_URI (options, search_path) are refused";

/// Checks a realm's database and queries, as far as the settings allow.
pub async fn check(realm: &RealmSettings, report: &mut Report) {
    // Then there is no list to go by.
    if report.has_wrong_setting(&["REALM_CONFIG"]) {
        return;
    }
    report.begin(realm);
    chain::show(&realm.auth, report);
    sign_in::ask_upstream(&realm.auth, report).await;
    let texts = &realm.queries;
    if report.has_wrong_setting(&["SQL_URI"]) {
        return add(Fault::Settings, wrong_everywhere(texts), report);
    }
    let mut wrong = Vec::new();
    let parsed = queries::parse(texts, realm.database.engine);
    let parsed = parsed.map(|_, parsed| parsed.map_err(|problem| wrong.push(problem)).ok());
    let is_good = wrong.is_empty();
    add(Fault::Settings, wrong, report);
    let own_passwords = realm.passwords.as_ref().and_then(|own| own.database.as_ref());
    let engine = own_passwords.map_or(realm.database.engine, |own| own.engine);
    let update = password_change::parse(realm, engine, report);
    // Without its setting the connection might not be encrypted as the operator wants it to be.
    if report.has_wrong_setting(&["SQL_SSL"]) {
        return;
    }
    let Some(database) = reach(&realm.database, report).await else {
        return;
    };
    clock::check(&database, report).await;
    let examined = queries::examine(&database, &parsed).await;
    show(&examined, report);
    if let Some(one_user) = &examined.queries.one_user {
        sign_in::columns(realm, one_user, report);
        settings::idle_links(realm, one_user.column(Role::AuthBackends).is_some(), report);
    }
    if let Some(settings) = &realm.passwords {
        passwords(settings, &database, report).await;
    }
    let is_good = is_good && examined.problems.is_empty();
    add(
        Fault::Database,
        QueryProblem::with_hints(examined.problems, &database).await,
        report,
    );
    let is_good = is_good && !report.has_wrong_setting(&["LDAP_BASE_DN"]);
    let (Some(parsed), true) = (parsed.complete(), is_good) else {
        return;
    };
    match Directory::build(&database, &realm.base, &realm.layout, &parsed).await {
        Ok(directory) => look_into(realm, (&directory, &database), update, report).await,
        Err(found) => add(
            Fault::Database,
            QueryProblem::with_hints(found, &database).await,
            report,
        ),
    }
}

/// What the directory would hold, and whether passwords can be changed in it.
async fn look_into(
    realm: &RealmSettings,
    (directory, database): (&Directory, &Database),
    update: Option<OperatorStatements>,
    report: &mut Report,
) {
    let rules = LoginRules {
        words: &realm.policy.refused_words,
        auth: &realm.auth,
        hashes_are_elsewhere: realm.passwords.is_some(),
    };
    contents::show(directory, rules, report).await;
    let readers = &realm.policy.access.readers;
    // A query that does not run has been told.
    if report.faults().is_empty()
        && let Err(error) = readers::show(directory, readers, report).await
    {
        report.fault(Fault::Database, format!("SQL_URI: {}", error.detail()));
    }
    if let Some(update) = update {
        let row = match &realm.passwords {
            None => directory.password_row(),
            Some(settings) => password_row(settings, database).await,
        };
        password_change::check(realm, &update, (directory, row), report).await;
    }
}

/// The problems that the queries' texts have on every engine.
fn wrong_everywhere(texts: &QuerySet<String>) -> Vec<QueryProblem> {
    let of = |engine| queries::parse_all(texts, engine).err().unwrap_or_default();
    let [postgres, mysql, sqlite] = [Engine::PostgreSql, Engine::MySql, Engine::Sqlite].map(of);
    let is_wrong = |query, problems: &[QueryProblem]| problems.iter().any(|problem| problem.query == query);
    let everywhere = |problem: &QueryProblem| is_wrong(problem.query, &mysql) && is_wrong(problem.query, &sqlite);
    postgres.into_iter().filter(everywhere).collect()
}

/// Connects. None, and a fault, where that is not possible.
async fn reach(database: &DatabaseSettings, report: &mut Report) -> Option<Database> {
    let address = redact_uri(database.uri.reveal());
    let mut settings = database.clone();
    let usual = DatabaseSettings::new("");
    if report.has_wrong_setting(&["SQL_POOL_SIZE"]) {
        settings.pool_size = usual.pool_size;
    }
    if report.has_wrong_setting(&["SQL_CONNECT_TIMEOUT"]) {
        settings.connect_timeout = usual.connect_timeout;
    }
    let reached = match Database::new(&settings, Metrics::default()) {
        Ok(database) => database.describe("SELECT 1").await.map(|_| database),
        Err(error) => Err(error),
    };
    match reached {
        Ok(database) => {
            let mut lines = vec![format!("{} at {address}", database.engine().name())];
            if database.shares_sessions() {
                lines.push(SHARED.to_owned());
            }
            report.section("Database", lines);
            Some(database)
        }
        Err(error) => {
            report.fault(Fault::Database, format!("SQL_URI: {} ({address})", error.detail()));
            None
        }
    }
}

/// How the row with a user's password is found that is not the directory's; what is wrong with it has been said.
async fn password_row(settings: &PasswordSettings, directory: &Database) -> Option<PasswordRow> {
    let database = match &settings.database {
        None => directory.clone(),
        Some(own) => Database::new(own, Metrics::default()).ok()?,
    };
    let query = OperatorQuery::lookup(&settings.one_user, database.engine()).ok()?;
    let passwords = Passwords::describe(&database, &query).await.ok()?;
    Some(passwords.row_of_a_user())
}

/// Checks where the passwords are, which is not the directory's own query.
async fn passwords(settings: &PasswordSettings, directory: &Database, report: &mut Report) {
    let place = settings.place(Query::OneUser.variable());
    let database = match &settings.database {
        None => directory.clone(),
        Some(database) => match reach(database, report).await {
            Some(database) => database,
            None => return,
        },
    };
    let query = match OperatorQuery::lookup(&settings.one_user, database.engine()) {
        Ok(query) => query,
        Err(error) => return report.fault(Fault::Settings, format!("{place}: {error}")),
    };
    match Passwords::describe(&database, &query).await {
        Ok(_) => report.section("Passwords", vec![format!("are read by {place}")]),
        Err(problems) => {
            for problem in QueryProblem::with_hints(problems, &database).await {
                report.fault(Fault::Database, format!("{place}: {}", problem.text));
            }
        }
    }
}

/// Adds what is wrong with queries, unless their settings are wrong: that has been said. What is wrong with several of them
/// is one problem.
fn add(fault: Fault, found: Vec<QueryProblem>, report: &mut Report) {
    let is_new = |problem: &QueryProblem| !report.has_wrong_setting(&[problem.query.variable()]);
    let found = found.into_iter().filter(is_new).collect();
    for (queries, text) in QueryProblem::together(found) {
        let names: Vec<&str> = queries.into_iter().map(Query::variable).collect();
        report.fault(fault, format!("{}: {text}", names.join(", ")));
    }
}

fn show(examined: &Examination, report: &mut Report) {
    for (which, query) in examined.queries.each() {
        if let Some(query) = query {
            columns::show(which, query, examined, report);
        }
    }
    let QuerySet {
        all_users,
        one_user,
        all_groups,
        all_memberships,
        ..
    } = &examined.queries;
    hint_at_columns(examined, report);
    if let (Some(all_users), Some(one_user)) = (all_users, one_user) {
        compare_columns(all_users, one_user, examined, report);
        recommend(all_users, one_user, &examined.schema, report);
    }
    if let (Some(all_groups), Some(Some(_))) = (all_groups, all_memberships) {
        let members = all_groups.columns.iter();
        for column in members.filter(|column| matches!(column.role, Ok(Role::MemberUids | Role::Members))) {
            report.warn(format!(
                "SQL_QUERY_ALL_GROUPS: {} is not read: memberships come from SQL_QUERY_ALL_MEMBERSHIPS",
                column.column
            ));
        }
    }
    let numbers: [(_, _, &[(Role, &str)], _); 2] = [
        (
            Query::AllUsers,
            all_users,
            &[(Role::Number, "uid_number"), (Role::PrimaryGroup, "gid_number")],
            "users are served without posixAccount",
        ),
        (
            Query::AllGroups,
            all_groups,
            &[(Role::Number, "gid_number")],
            "groups are served without posixGroup",
        ),
    ];
    for (which, query, columns, what) in numbers {
        let Some(query) = query else { continue };
        let is_missing = |(role, _): &&(Role, &str)| query.column(*role).is_none();
        let missing: Vec<&(Role, &str)> = columns.iter().filter(is_missing).collect();
        let names: Vec<String> = missing.iter().map(|(_, name)| format!("no column {name}")).collect();
        let roles: Vec<Role> = missing.iter().map(|(role, _)| *role).collect();
        let hints = alias(which, query, &roles);
        if !names.is_empty() {
            report.warn(format!("{which}: {}: {what}{hints}", names.join(", ")));
        }
    }
}

/// Warns of columns that are ignored and speak of something that is not there; what else is told of missing columns has its
/// own hints.
fn hint_at_columns(examined: &Examination, report: &mut Report) {
    let mut elsewhere = vec![Role::Password, Role::TotpSecret, Role::Number, Role::PrimaryGroup];
    elsewhere.extend(RECOMMENDED.iter().map(|(role, ..)| *role));
    let queries = examined.queries.each();
    let queries = queries.filter_map(|(which, query)| Some((which, query.as_ref()?)));
    for line in hints::lines(hints::column_hints(queries, &elsewhere)) {
        report.warn(line);
    }
}

/// Entries are made of the columns of all-users. One-user is a fast way to the same rows and should have the same columns.
fn compare_columns(all_users: &DescribedQuery, one_user: &DescribedQuery, examined: &Examination, report: &mut Report) {
    let roles = |query: &DescribedQuery| -> Vec<Role> {
        let roles = query.columns.iter().filter_map(|column| column.role.ok());
        // That a query has no names for its rows is a problem of its own.
        roles.filter(|role| !role.is_private() && *role != Role::Name).collect()
    };
    let lacking = |from: &DescribedQuery, other: &DescribedQuery| -> Vec<String> {
        let missing = roles(from).into_iter().filter(|role| other.column(*role).is_none());
        missing
            .map(|role| columns::attribute(&USERS, role, &examined.schema))
            .collect()
    };
    if let Some(text) = all_users.unread_account_columns(one_user) {
        report.warn(text);
    }
    let slow = lacking(all_users, one_user);
    if !slow.is_empty() {
        report.warn(format!(
            "SQL_QUERY_ONE_USER has no column for {}: searches by name use SQL_QUERY_ALL_USERS instead, which is slower",
            slow.join("; ")
        ));
    }
    let unread = lacking(one_user, all_users);
    if !unread.is_empty() {
        report.warn(format!(
            "SQL_QUERY_ALL_USERS has no column for {}: it is not served, though SQL_QUERY_ONE_USER has it",
            unread.join("; ")
        ));
    }
}

fn recommend(all_users: &DescribedQuery, one_user: &DescribedQuery, schema: &Schema, report: &mut Report) {
    for (role, which, column, gain) in RECOMMENDED {
        let query = if which == Query::OneUser { one_user } else { all_users };
        if query.column(role).is_none() {
            let shell = match role {
                Role::LoginShell => USERS.fallback_in_words(ids::LOGIN_SHELL, schema),
                _ => None,
            };
            let now = shell.map(|shell| format!("; now everybody has {shell}"));
            let now = now.unwrap_or_default();
            let alias = alias(which, query, &[role]);
            report.advise(format!("a column {column} in both user queries: {gain}{now}{alias}"));
        }
    }
}
