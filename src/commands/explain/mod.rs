//! `explain`: what a search would ask of the database, and by which indexes it is answered.
//!
//! The search is really done, by the code that serves clients, while its statements are written down; then the engine
//! is asked how it ran each of them. Of a listing only the first rows are read. No row's values are printed.

mod decisions;
mod report;

use self::{
    decisions::{Note, place},
    report::{Explained, Report, Step, Typed, Unanswered},
};
use super::{complain, say, settings};
use crate::{
    app::CAPABILITIES,
    config::{EXIT_CODE, Policy, RealmSettings},
    directory::{
        Directory,
        diagnostics::tables::kind_of_table,
        queries::{self, QueryProblem},
        realm::Realm,
        search::{
            begin::SearchOutcome,
            query::SearchQuery,
            trace::{Decision, Observer},
            view::View,
        },
    },
    metrics::Metrics,
    model::{dn::Dn, entry::Selection, filter::Filter, scope},
    sql::{Budget, Database, Recorded, Recorder, indexes::unaliased, plan::plan},
    telemetry::redact_uri,
};
use clap::ValueEnum;
use std::{
    mem,
    process::ExitCode,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// The search to explain.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Where to begin; by default LDAP_BASE_DN. Of several realms it chooses one.
    #[arg(short, long, value_name = "DN", value_parser = Dn::parse)]
    base: Option<Dn>,
    /// How far below.
    #[arg(short, long, value_enum, default_value_t = Scope::Sub)]
    scope: Scope,
    /// Print each statement's whole plan too.
    #[arg(short, long)]
    verbose: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// What matches, such as '(uid=alice)'.
    #[arg(default_value = "(objectClass=*)", value_parser = Filter::parse)]
    filter: Filter,
    /// The attributes that are asked for; members cost statements of their own.
    attributes: Vec<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Scope {
    Base,
    One,
    Sub,
    Children,
}

impl From<Scope> for scope::Scope {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Base => scope::Scope::Base,
            Scope::One => scope::Scope::OneLevel,
            Scope::Sub => scope::Scope::Subtree,
            Scope::Children => scope::Scope::Subordinates,
        }
    }
}

/// Explains one search; exit code 0 when it was answered with success.
pub async fn run(arguments: Arguments) -> ExitCode {
    let config = match settings() {
        Ok((config, _)) => config,
        Err(code) => return code,
    };
    let of_base = arguments.base.as_ref().and_then(|base| config.realms.owner_of(base));
    let settings = of_base.unwrap_or(config.realm());
    let (database, directory, recorder) = match describe(settings).await {
        Ok(described) => described,
        Err(code) => return code,
    };
    let base = arguments.base.as_ref().unwrap_or(&settings.base);
    if !base.is_valid(directory.schema()) {
        complain("-b: an attribute type in it is in no schema, or a value is not what its type allows");
        return ExitCode::from(2);
    }
    // What was asked to describe the queries.
    recorder.take();
    let decisions = Arc::new(Decisions::default());
    let query = SearchQuery {
        base: Arc::new(base.clone()),
        scope: arguments.scope.into(),
        filter: arguments.filter.clone(),
        selection: Selection::new(directory.schema(), &arguments.attributes),
        view: View::default(),
        wanted: None,
        page: None,
        lookup_deadline: Instant::now() + Policy::LOOKUP_HOLD,
        scan_timeout: settings.policy.scan_timeout,
        observer: Some(decisions.observer(&recorder)),
    };
    let realm = Realm::new(directory.source(), &settings.layout, CAPABILITIES);
    let searched = search(&realm, query).await;
    let happened = decisions.between(recorder.take());
    let steps = steps(&database, &directory, happened, settings.policy.scan_timeout).await;
    let (verbose, json) = (arguments.verbose, arguments.json);
    let report = Report {
        typed: typed(settings, &arguments),
        search: heading(&directory, &realm, &arguments),
        steps,
        found: searched,
    };
    say(&if json { report.json() } else { report.text(verbose) });
    if report.is_success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The directory as `serve` would have it, on a database that writes down what is asked.
async fn describe(settings: &RealmSettings) -> Result<(Database, Arc<Directory>, Arc<Recorder>), ExitCode> {
    let away = |detail: &str| {
        let address = redact_uri(settings.database.uri.reveal());
        complain(&format!("{}: {detail} ({address})", settings.place("SQL_URI")));
        ExitCode::FAILURE
    };
    let database = Database::new(&settings.database, Metrics::default()).map_err(|error| away(&error.detail()))?;
    let queries = queries::parse_all(&settings.queries, database.engine()).map_err(|problems| {
        complain_of(problems, settings);
        ExitCode::from(EXIT_CODE)
    })?;
    database
        .describe("SELECT 1")
        .await
        .map_err(|error| away(&error.detail()))?;
    let recorder = Arc::new(Recorder::default());
    let recorded = database.recorded_by(Arc::clone(&recorder));
    let directory = Directory::build(&recorded, &settings.base, &settings.layout, &queries).await;
    match directory {
        Ok(directory) => Ok((database, Arc::new(directory), recorder)),
        Err(problems) => {
            complain_of(QueryProblem::with_hints(problems, &database).await, settings);
            Err(ExitCode::FAILURE)
        }
    }
}

/// As `check` tells it.
fn complain_of(problems: Vec<QueryProblem>, settings: &RealmSettings) {
    for (queries, text) in QueryProblem::together(problems) {
        let places = queries.into_iter().map(|query| settings.place(query.variable()));
        complain(&format!("{}: {text}", places.collect::<Vec<_>>().join(", ")));
    }
}

fn heading(directory: &Directory, realm: &Realm, arguments: &Arguments) -> Vec<(&'static str, String)> {
    let base = match &arguments.base {
        Some(base) => format!("{base} ({})", place(&realm.locate(base))),
        None => directory.base_text().to_owned(),
    };
    let resolved = arguments.filter.resolve(directory.schema());
    let attributes = match arguments.attributes.is_empty() {
        true => "all user attributes".to_owned(),
        false => arguments.attributes.join(" "),
    };
    vec![
        ("base", base),
        ("scope", scope::Scope::from(arguments.scope).name().to_owned()),
        ("filter", arguments.filter.to_string()),
        ("resolved", resolved.text(directory.schema(), &|_| String::new())),
        ("attributes", attributes),
        ("memberships", directory.membership_form().to_owned()),
    ]
}

/// Every value of the filter and the base, as it was typed.
fn typed(settings: &RealmSettings, arguments: &Arguments) -> Typed {
    fn collect(filter: &Filter, texts: &mut Vec<String>) {
        let mut push = |value: &bytes::Bytes| texts.push(String::from_utf8_lossy(value).into_owned());
        match filter {
            Filter::And(parts) | Filter::Or(parts) => parts.iter().for_each(|part| collect(part, texts)),
            Filter::Not(part) => collect(part, texts),
            Filter::Equality { value, .. }
            | Filter::GreaterOrEqual { value, .. }
            | Filter::LessOrEqual { value, .. }
            | Filter::Approx { value, .. }
            | Filter::Extensible { value, .. } => push(value),
            Filter::Substrings { initial, any, last, .. } => {
                initial.iter().chain(any).chain(last).for_each(push);
            }
            Filter::Present(_) => {}
        }
    }
    let bases = arguments.base.iter().chain([&settings.base]);
    let mut texts: Vec<String> = bases.map(ToString::to_string).collect();
    collect(&arguments.filter, &mut texts);
    Typed::new(texts)
}

/// What the search found: so many entries, or why none.
async fn search(realm: &Realm, query: SearchQuery) -> Result<usize, Unanswered> {
    let failed = |detail: &str| Unanswered {
        why: format!("the search failed: {detail}"),
        is_failure: true,
    };
    let no_such_object = |why: &str| Unanswered {
        why: format!("noSuchObject: {why}"),
        is_failure: false,
    };
    let mut entries = 0;
    match realm.search(query).await {
        Ok(SearchOutcome::Results(mut results)) => {
            results.first_rows_only();
            loop {
                match results.next_batch().await {
                    Ok(Some(batch)) => entries += batch.len(),
                    Ok(None) => return Ok(entries),
                    Err(error) => return Err(failed(&error.detail())),
                }
            }
        }
        Ok(SearchOutcome::NoSuchObject { matched }) if matched.is_empty() => {
            Err(no_such_object("the base is outside of the naming context"))
        }
        Ok(SearchOutcome::NoSuchObject { matched }) => Err(no_such_object(&format!(
            "the base does not exist; the nearest entry above is {matched}"
        ))),
        Err(error) => Err(failed(&error.detail())),
    }
}

/// What a search decided, each with the number of statements that it had sent before.
#[derive(Default)]
struct Decisions(Mutex<Vec<(usize, Decision)>>);

/// Something that happened.
enum Event {
    Decided(Decision),
    Asked(Recorded),
}

impl Decisions {
    /// Writes decisions down, and how many statements have been written down by then.
    fn observer(self: &Arc<Self>, recorder: &Arc<Recorder>) -> Observer {
        let (decisions, recorder) = (Arc::clone(self), Arc::clone(recorder));
        Observer::new(move |decision| decisions.all().push((recorder.count(), decision)))
    }

    /// Decisions and statements, in the order in which they happened.
    fn between(&self, statements: Vec<Recorded>) -> Vec<Event> {
        let mut decisions = mem::take(&mut *self.all()).into_iter().peekable();
        let mut events = Vec::new();
        for (number, statement) in statements.into_iter().enumerate() {
            while let Some((_, decision)) = decisions.next_if(|(before, _)| *before <= number) {
                events.push(Event::Decided(decision));
            }
            events.push(Event::Asked(statement));
        }
        events.extend(decisions.map(|(_, decision)| Event::Decided(decision)));
        events
    }

    fn all(&self) -> MutexGuard<'_, Vec<(usize, Decision)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What happened, each statement with the engine's plan. Statements of one text in a row are one step.
async fn steps(database: &Database, directory: &Directory, events: Vec<Event>, patience: Duration) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for event in events {
        match event {
            Event::Decided(decision) => steps.push(Step::Note(Note::new(&decision, directory.schema()))),
            Event::Asked(recorded) => {
                if let Some(Step::Statement(last)) = steps.last_mut()
                    && last.recorded.statement.sql == recorded.statement.sql
                {
                    last.add(&recorded);
                    continue;
                }
                let step = explained(database, directory, recorded, Budget::scan(patience)).await;
                steps.push(Step::Statement(Box::new(step)));
            }
        }
    }
    steps
}

async fn explained(database: &Database, directory: &Directory, recorded: Recorded, budget: Budget) -> Explained {
    let planned = plan(database, &recorded.statement, budget).await;
    let planned = planned.map(|mut plan| {
        for read in &mut plan.reading.reads {
            let sql = &recorded.statement.sql;
            read.table = match kind_of_table(directory.queries(), database.engine(), &read.table, sql) {
                Some(kind) => kind.plural.to_owned(),
                None => unaliased(&read.table, sql),
            };
        }
        plan
    });
    Explained {
        recorded,
        repeated: 0,
        plan: planned.map_err(|error| error.detail()),
    }
}
