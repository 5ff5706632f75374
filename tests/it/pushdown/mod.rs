//! What SQL narrows a search to, judged by the filter, is what the filter makes of all rows: on each engine, for columns
//! of every type and collation that compares otherwise than LDAP does, with rows and filters that are hostile to it.
//!
//! The directory is used as a library. The reference is every entry there is, each judged by the filter in this process.
//! LDAP_GATEWAY_TEST_SEED makes other rows and filters.

mod generate;
mod tables;

use crate::harness::random::Random;
use crate::harness::{Database, Engine, beside_others, block_on, database::Server, figure};
use generate::Generator;
use ldap_gateway::config::{DatabaseSettings, Layout, QuerySet};
use ldap_gateway::directory::Directory;
use ldap_gateway::directory::diagnostics::sample::passing;
use ldap_gateway::directory::kind::{GROUPS, USERS};
use ldap_gateway::directory::naming::subschema::Capabilities;
use ldap_gateway::directory::queries;
use ldap_gateway::directory::realm::Realm;
use ldap_gateway::directory::search::begin::SearchOutcome;
use ldap_gateway::directory::search::query::SearchQuery;
use ldap_gateway::directory::search::view::View;
use ldap_gateway::metrics::Metrics;
use ldap_gateway::model::dn::Dn;
use ldap_gateway::model::entry::{Entry, Selection};
use ldap_gateway::model::filter::{Filter, NoRelations, Truth};
use ldap_gateway::model::scope::Scope;
use ldap_gateway::sql::Database as Sql;
use ldap_gateway::sql::Predicate;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tables::Shape;

/// Filters on each table; there are about eight tables on each engine.
const FILTERS: usize = 440;
const SEED: u64 = 13;
const BASE: &str = "dc=example,dc=com";

#[derive(Default)]
struct Tally {
    cases: AtomicUsize,
    pushed: AtomicUsize,
    nothing_asked: AtomicUsize,
    rows: AtomicUsize,
    left_out: AtomicUsize,
    negations: AtomicUsize,
    matching: AtomicUsize,
    found: AtomicUsize,
}

fn seed() -> u64 {
    std::env::var("LDAP_GATEWAY_TEST_SEED").map_or(SEED, |seed| seed.parse().expect("a number"))
}

async fn describe(database: &Database) -> Arc<Directory> {
    let mut settings = DatabaseSettings::new(database.uri());
    settings.pool_size = 2;
    // The other tests keep the machine busy.
    settings.connect_timeout = Duration::from_secs(30);
    let sql = Sql::new(&settings, Metrics::default()).unwrap();
    let texts = QuerySet {
        all_users: "SELECT * FROM people".to_owned(),
        one_user: "SELECT * FROM people WHERE username = ?".to_owned(),
        all_groups: "SELECT * FROM teams".to_owned(),
        groups_by_member: "SELECT * FROM teams WHERE 1 = 0 AND 'nobody' = ?".to_owned(),
        all_memberships: None,
    };
    let queries = queries::parse_all(&texts, sql.engine()).unwrap();
    // Addresses that are made up are narrowed by names.
    let layout = Layout {
        mail_fallback: true,
        private_groups: false,
        ..Layout::default()
    };
    let base = Dn::parse(BASE).unwrap();
    // The other tests keep the machine busy: it may take longer than a gateway gives it.
    let mut left = 6;
    let directory = loop {
        left -= 1;
        match Directory::build(&sql, &base, &layout, &queries).await {
            Ok(directory) => break Arc::new(directory),
            Err(problems) => assert!(left > 0, "{problems:?}"),
        }
    };
    sql.mark_described();
    directory
}

async fn search(directory: &Arc<Directory>, filter: Filter, attributes: &[&str]) -> Result<Vec<Entry>, String> {
    let requested: Vec<String> = attributes.iter().map(|name| name.to_string()).collect();
    let query = SearchQuery {
        base: Dn::parse(BASE).unwrap().into(),
        scope: Scope::Subordinates,
        filter,
        selection: Selection::new(directory.schema(), &requested),
        view: View::default(),
        wanted: None,
        page: None,
        lookup_deadline: Instant::now() + Duration::from_secs(20),
        scan_timeout: Duration::from_secs(20),
        observer: None,
    };
    let capabilities = Capabilities {
        controls: &[],
        extensions: &[],
    };
    let realm = Realm::new(directory.source(), &Layout::default(), capabilities);
    let found = realm.search(query).await.map_err(|error| error.detail())?;
    let SearchOutcome::Results(mut results) = found else {
        return Err("no base".to_owned());
    };
    let mut entries = Vec::new();
    while let Some(batch) = results.next_batch().await.map_err(|error| error.detail())? {
        entries.extend(batch);
    }
    Ok(entries)
}

fn negates(predicate: &Predicate) -> bool {
    match predicate {
        Predicate::And(parts) | Predicate::Or(parts) => parts.iter().any(negates),
        Predicate::Not(_) => true,
        _ => false,
    }
}

/// What is wrong with one filter.
async fn wrong(
    directory: &Arc<Directory>,
    all: &[Entry],
    rows: [u64; 2],
    filter: &Filter,
    tally: &Tally,
) -> Option<String> {
    let schema = directory.schema();
    let resolved = filter.resolve(schema);
    let expected: BTreeSet<&str> = all
        .iter()
        .filter(|entry| resolved.evaluate(schema, entry, &NoRelations) == Truth::True)
        .map(|entry| entry.dn.as_str())
        .collect();
    let got = match search(directory, filter.clone(), &["1.1"]).await {
        Ok(entries) => entries,
        Err(error) => return Some(error),
    };
    let got: Vec<&str> = got.iter().map(|entry| entry.dn.as_str()).collect();
    for (kind, rows) in [&USERS, &GROUPS].into_iter().zip(rows) {
        let predicate = directory.narrowed(kind, filter);
        let passing = match predicate {
            Predicate::True => continue,
            Predicate::False => {
                tally.nothing_asked.fetch_add(1, Ordering::Relaxed);
                0
            }
            _ => match passing(directory, kind, &predicate).await {
                Ok(passing) => passing,
                Err(error) => return Some(format!("{} by {predicate:?}", error.detail())),
            },
        };
        tally.pushed.fetch_add(1, Ordering::Relaxed);
        tally
            .negations
            .fetch_add(usize::from(negates(&predicate)), Ordering::Relaxed);
        tally.rows.fetch_add(rows as usize, Ordering::Relaxed);
        tally.left_out.fetch_add((rows - passing) as usize, Ordering::Relaxed);
    }
    tally.cases.fetch_add(1, Ordering::Relaxed);
    tally
        .matching
        .fetch_add(usize::from(!expected.is_empty()), Ordering::Relaxed);
    tally.found.fetch_add(expected.len(), Ordering::Relaxed);
    let set: BTreeSet<&str> = got.iter().copied().collect();
    (set != expected || set.len() != got.len()).then(|| {
        let missing: Vec<_> = expected.difference(&set).take(2).collect();
        let surplus: Vec<_> = set.difference(&expected).take(2).collect();
        let (user, group) = (directory.narrowed(&USERS, filter), directory.narrowed(&GROUPS, filter));
        format!("missing {missing:?}, too much {surplus:?}\n  users {user:?}\n  groups {group:?}")
    })
}

async fn one_table(engine: Engine, number: usize, shape: &Shape, tally: &Tally) -> Vec<String> {
    let mut random = Random::new(seed() ^ (number as u64 * 1000 + engine as u64));
    let database = Database::empty_on(Server::shared(engine));
    database.sql(&shape.sql(engine, &mut random));
    let directory = describe(&database).await;
    let everything = Filter::And(Vec::new());
    let all = search(&directory, everything, &["*", "+"]).await.unwrap();
    let rows = [
        passing(&directory, &USERS, &Predicate::True).await.unwrap(),
        passing(&directory, &GROUPS, &Predicate::True).await.unwrap(),
    ];
    assert!(all.len() > 40, "{} entries of {rows:?} rows", all.len());
    let mut generator = Generator::new(random, directory.schema(), &all);
    let mut found = Vec::new();
    for _ in 0..FILTERS {
        let filter = generator.filter(0);
        if let Some(what) = wrong(&directory, &all, rows, &filter, tally).await {
            found.push(format!("{} table {number}: {filter}: {what}", engine.name()));
        }
    }
    found
}

fn agrees(engine: Engine) {
    let _guard = beside_others();
    let start = Instant::now();
    let tally = Tally::default();
    let shapes = tables::shapes(engine);
    // Side by side, since most of the time is spent waiting for the database.
    let wrong: Vec<String> = block_on(async {
        let tables = shapes.iter().enumerate();
        let each = tables.map(|(number, shape)| one_table(engine, number, shape, &tally));
        futures::future::join_all(each).await.concat()
    });
    let of = |count: &AtomicUsize| count.load(Ordering::Relaxed);
    figure(&format!(
        "pushdown on {}, seed {}: {} filters on {} tables, {} wrong; {} of {} listings narrowed ({} by a NOT, {} not asked), \
         {} of their {} rows left out by SQL; {} filters found something, {} entries; {:.1} s",
        engine.name(),
        seed(),
        of(&tally.cases),
        shapes.len(),
        wrong.len(),
        of(&tally.pushed),
        2 * of(&tally.cases),
        of(&tally.negations),
        of(&tally.nothing_asked),
        of(&tally.left_out),
        of(&tally.rows),
        of(&tally.matching),
        of(&tally.found),
        start.elapsed().as_secs_f64(),
    ));
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.iter().take(12).cloned().collect::<Vec<_>>().join("\n")
    );
    // Not because nothing was asked of it.
    assert!(of(&tally.cases) >= 3500);
    assert!(
        of(&tally.pushed) > of(&tally.cases),
        "both listings, more often than not"
    );
    assert!(of(&tally.negations) * 20 > of(&tally.cases));
    assert!(of(&tally.left_out) * 3 > of(&tally.rows));
    assert!(of(&tally.matching) * 4 > of(&tally.cases));
}

#[test]
fn postgresql_narrows_to_a_superset() {
    agrees(Engine::PostgreSql);
}

#[test]
fn mariadb_narrows_to_a_superset() {
    agrees(Engine::MariaDb);
}

#[test]
fn sqlite_narrows_to_a_superset() {
    agrees(Engine::Sqlite);
}
