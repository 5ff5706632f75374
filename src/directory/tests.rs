//! A fourth kind of entries is one value: hosts, from a table of their own, beside users and groups.

use crate::{
    config::{DatabaseSettings, Layout, QuerySet, container_rdn},
    directory::{
        Directory,
        entry_source::ScanWay,
        kind::{
            EntryKind, Kind, MembershipSide,
            role::Role,
            rule::{ValueSource, always, rule},
        },
        mapping::columns::assign,
        naming::subschema::Capabilities,
        queries::{DescribedQuery, EntryQuery, parse_all},
        realm::Realm,
        search::{
            begin::SearchOutcome,
            page::{Page, Position},
            query::SearchQuery,
            trace::{Decision, Observer, Way},
            view::View,
        },
    },
    metrics::Metrics,
    model::{
        dn::Dn,
        entry::{Entry, Selection},
        filter::Filter,
        schema::{Schema, ids},
        scope::Scope,
    },
    sql::{Arg, Database, OperatorQuery, Origin, QueryDescription, Recorder},
};
use sqlx::{AssertSqlSafe, ConnectOptions, Executor, sqlite::SqliteConnectOptions};
use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

static HOSTS: EntryKind = EntryKind {
    singular: "host",
    plural: "hosts",
    cookie: 0x40,
    rdn: "cn",
    container: |_| container_rdn("ou=hosts").ok(),
    gives_way_to: None,
    membership: MembershipSide::None,
    naming_attribute: ids::CN,
    structural_class: "device",
    uuid_label: "host",
    columns: &[("name", Role::Name), ("cn", Role::Name)],
    required_numbers: &[],
    rules: &[rule(ids::CN, &[ValueSource::Name])],
    classes: &[always("top"), always("device"), always("ipHost")],
    membership_attributes: &[],
};

const TABLES: &str = "CREATE TABLE users (username TEXT PRIMARY KEY, uid_number INTEGER, gid_number INTEGER); \
    INSERT INTO users VALUES ('alice', 1, 1), ('web', 2, 1); \
    CREATE TABLE groups (name TEXT PRIMARY KEY, gid_number INTEGER); INSERT INTO groups VALUES ('web', 1); \
    CREATE TABLE hosts (name TEXT PRIMARY KEY, ipHostNumber TEXT, l TEXT); \
    INSERT INTO hosts VALUES ('web', '10.0.0.1', 'Graz'), ('Mail', '10.0.0.2', NULL), ('db', '10.0.0.3', 'Linz');";

/// A directory of users, groups and hosts, and what it asks of its database.
struct Served {
    place: PathBuf,
    realm: Realm,
    recorder: Arc<Recorder>,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.place);
    }
}

/// What lists the hosts.
async fn hosts(database: &Database) -> EntryQuery {
    let query = OperatorQuery::listing("SELECT name, ipHostNumber, l FROM hosts", database.engine()).unwrap();
    let description = database.describe(&query.to_describe()).await.unwrap();
    let columns = description.columns.iter();
    let columns: Vec<(String, String)> = columns
        .map(|column| (column.name.clone(), column.kind.name.clone()))
        .collect();
    let names = columns.iter().map(|(name, _)| name.as_str());
    let uses = assign(&HOSTS, names, &Schema::standard());
    let query = DescribedQuery {
        described: QueryDescription::new(&query, columns.iter().cloned(), description.parameters),
        origins: columns.iter().map(|_| Origin::Unknown).collect(),
        types: Vec::new(),
        columns: uses,
        query,
    };
    EntryQuery::new(query, 0)
}

async fn served(name: &str) -> Served {
    let place = std::env::temp_dir().join(format!("ldap-gateway-hosts-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&place).unwrap();
    let file = place.join("d.sqlite");
    let options = SqliteConnectOptions::new().filename(&file).create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    connection.execute(sqlx::raw_sql(AssertSqlSafe(TABLES))).await.unwrap();
    let settings = DatabaseSettings::new(format!("sqlite:{}", file.display()));
    let recorder = Arc::new(Recorder::default());
    let database = Database::new(&settings, Metrics::default()).unwrap();
    let database = database.recorded_by(Arc::clone(&recorder));
    let queries = QuerySet {
        all_users: "SELECT * FROM users",
        one_user: "SELECT * FROM users WHERE username = ?",
        all_groups: "SELECT * FROM groups",
        groups_by_member: "SELECT groups.* FROM groups JOIN users USING (gid_number) WHERE username = ?",
        all_memberships: None,
    };
    let queries = parse_all(&queries.map(|_, text| text.to_owned()), database.engine()).unwrap();
    let base = Dn::parse("dc=example,dc=com").unwrap();
    let layout = Layout::default();
    let further = vec![(&HOSTS as Kind, hosts(&database).await)];
    let directory = Directory::with_kinds(&database, (&base, &layout), &queries, further)
        .await
        .unwrap();
    database.mark_described();
    let (controls, extensions): (&[&str], &[&str]) = (&[], &[]);
    let realm = Realm::new(directory.source(), &layout, Capabilities { controls, extensions });
    recorder.take();
    Served { place, realm, recorder }
}

impl Served {
    fn query(&self, base: &str, filter: &str) -> SearchQuery {
        SearchQuery {
            base: Dn::parse(base).unwrap().into(),
            scope: Scope::Subtree,
            filter: Filter::parse(filter).unwrap(),
            selection: Selection::new(self.realm.schema(), &["*", "+"]),
            view: View::default(),
            wanted: None,
            page: None,
            lookup_deadline: Instant::now() + Duration::from_secs(20),
            scan_timeout: Duration::from_secs(20),
            observer: None,
        }
    }

    async fn search(&self, query: SearchQuery) -> (Vec<Entry>, Option<Position>) {
        let Ok(SearchOutcome::Results(mut results)) = self.realm.search(query).await else {
            panic!("there is no such base")
        };
        let mut entries = Vec::new();
        while let Some(batch) = results.next_batch().await.unwrap() {
            entries.extend(batch);
        }
        (entries, results.into_next())
    }

    async fn names(&self, base: &str, filter: &str) -> Vec<String> {
        let (entries, _) = self.search(self.query(base, filter)).await;
        entries.into_iter().map(|entry| entry.dn).collect()
    }
}

#[tokio::test]
async fn a_fourth_kind_is_searched_beside_the_others() {
    let served = served("search").await;
    let web = "cn=web,ou=hosts,dc=example,dc=com";
    assert_eq!(
        served.names("dc=example,dc=com", "(cn=WEB)").await,
        ["uid=web,dc=example,dc=com", "cn=web,dc=example,dc=com", web]
    );
    assert_eq!(served.names(web, "(objectClass=*)").await, [web]);
    assert_eq!(
        served.names("CN=mail,OU=Hosts,dc=example,dc=com", "(l=*)").await,
        [""; 0]
    );
    assert_eq!(
        served
            .names("ou=hosts,dc=example,dc=com", "(objectClass=*)")
            .await
            .len(),
        4,
        "the container and its hosts"
    );
    let (entries, _) = served.search(served.query(web, "(objectClass=ipHost)")).await;
    let values = |id| -> Vec<String> {
        let values = entries[0].values(id).iter();
        values.map(|value| String::from_utf8(value.to_vec()).unwrap()).collect()
    };
    let address = served.realm.schema().attribute("ipHostNumber").unwrap();
    assert_eq!(values(ids::OBJECT_CLASS), ["top", "device", "ipHost"]);
    assert_eq!(
        [values(ids::CN), values(address), values(ids::L)],
        [["web"], ["10.0.0.1"], ["Graz"]]
    );
    assert_eq!(
        [values(ids::STRUCTURAL_OBJECT_CLASS), values(ids::ENTRY_DN)],
        [["device"], [web]]
    );
    assert_eq!(values(ids::ENTRY_UUID).len(), 1);
}

#[tokio::test]
async fn a_group_that_is_not_there_asks_for_groups_alone() {
    let served = served("groups").await;
    let query = served.query("dc=example,dc=com", "(&(objectClass=groupOfNames)(cn=ghost))");
    assert!(served.search(query).await.0.is_empty());
    let asked = served.recorder.take();
    let of_others: Vec<&str> = asked.iter().map(|recorded| recorded.statement.sql.as_str()).collect();
    assert!(!of_others.is_empty());
    assert!(of_others.iter().all(|sql| !sql.contains("users")), "{of_others:?}");
}

#[tokio::test]
async fn a_fourth_kind_is_read_in_pages() {
    let served = served("pages").await;
    let (mut names, mut from) = (Vec::new(), None);
    loop {
        let mut query = served.query("dc=example,dc=com", "(|(objectClass=ipHost)(uid=alice))");
        query.page = Some(Page { size: Some(1), from });
        let (entries, next) = served.search(query).await;
        names.extend(entries.into_iter().map(|entry| entry.dn));
        match next {
            Some(next) => from = Some(next),
            None => break,
        }
    }
    names.sort_unstable();
    let expected = ["cn=Mail,ou=hosts", "cn=db,ou=hosts", "cn=web,ou=hosts", "uid=alice"];
    assert_eq!(names, expected.map(|name| format!("{name},dc=example,dc=com")));
}

#[tokio::test]
async fn filters_on_a_fourth_kind_reach_sql_and_are_explained() {
    let served = served("explain").await;
    let decided = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&decided);
    let mut query = served.query("dc=example,dc=com", "(ipHostNumber=10.0.0.3)");
    query.observer = Some(Observer::new(move |decision| seen.lock().unwrap().push(decision)));
    let (entries, _) = served.search(query).await;
    assert_eq!(entries[0].dn, "cn=db,ou=hosts,dc=example,dc=com");
    let decided: Vec<(&str, Option<Way>)> = decided.lock().unwrap().iter().map(told).collect();
    assert_eq!(
        decided,
        [
            ("users", None),
            ("groups", None),
            ("private groups", None),
            ("hosts", Some(Way::Scan(ScanWay::Condition)))
        ]
    );
    let asked = served.recorder.take();
    let narrowed = &asked[0];
    assert!(
        asked.len() == 1 && narrowed.statement.sql.contains("FROM hosts"),
        "{asked:?}"
    );
    assert!(
        narrowed.statement.args.contains(&Arg::Text("10.0.0.3".to_owned())) && narrowed.rows == 1,
        "{asked:?}"
    );
}

fn told(decision: &Decision) -> (&'static str, Option<Way>) {
    match decision {
        Decision::NoneCanMatch(kind) => (kind.plural, None),
        Decision::Finds { kind, way, .. } => (kind.plural, Some(way.clone())),
        other => panic!("{other:?}"),
    }
}
