//! Two databases differ in what a session may not see, and in nothing else. Whatever it asks, it must get the same answer
//! from both, after the same statements with the same values: then no filter, no order, no Compare and no clock tells it
//! anything.
//!
//! The directory is used as a library. LDAP_GATEWAY_TEST_SEED makes other filters.

use crate::harness::database::Server;
use crate::harness::random::Random;
use crate::harness::{Database, Engine, beside_others, block_on, figure};
use ldap_gateway::config::{DatabaseSettings, HiddenAttributes, Layout, QuerySet};
use ldap_gateway::directory::Directory;
use ldap_gateway::directory::naming::subschema::Capabilities;
use ldap_gateway::directory::queries;
use ldap_gateway::directory::realm::Realm;
use ldap_gateway::directory::search::begin::SearchOutcome;
use ldap_gateway::directory::search::query::SearchQuery;
use ldap_gateway::directory::search::view::View;
use ldap_gateway::metrics::Metrics;
use ldap_gateway::model::dn::Dn;
use ldap_gateway::model::entry::Selection;
use ldap_gateway::model::filter::Filter;
use ldap_gateway::model::scope::Scope;
use ldap_gateway::sql::Database as Sql;
use ldap_gateway::sql::Recorder;
use std::sync::Arc;
use std::time::{Duration, Instant};

const BASE: &str = "dc=example,dc=com";
const FILTERS: usize = 300;

const TABLES: &str = "CREATE TABLE people (username varchar(40) PRIMARY KEY, uid_number integer, gid_number integer, \
    full_name varchar(80), last_name varchar(80), mail varchar(80), phone varchar(40), keys_ varchar(200), job varchar(40)); \
    CREATE TABLE teams (name varchar(40) PRIMARY KEY, gid_number integer, about varchar(40)); \
    CREATE TABLE belongs (username varchar(40), name varchar(40));";

/// Rows that all sessions may see alike.
const SHOWN: [&str; 7] = [
    "alice, 1, 10, Alice Ash, Ash",
    "bob, 2, 10, Bob Birch, Birch",
    "carol, 3, 11, Carol Cedar, Cedar",
    "dave, 4, 11, Dave Ash, Ash",
    "erin, 5, 50, Erin Elm, Elm",
    "Frank, 6, 60, Frank Fir, Fir",
    "gus, 7, 10, Gus Gum, Gum",
];

/// What may be hidden: mail, telephoneNumber, sshPublicKey, title of the users other than alice. One has none.
const SECRETS: [[&str; 4]; 7] = [
    ["zz1@example.com", "+49 30 111", "ssh-ed25519 AAAA1 k", "Baker"],
    ["zz2@example.com", "+49 30 222", "ssh-ed25519 AAAA2 k", "Judge"],
    ["bob@example.com", "+49 30 333", "", "Baker"],
    ["", "", "", ""],
    ["alice@example.org", "", "ssh-rsa BBBB", "Chief Judge"],
    ["zz3@example.com", "+49 30 222", "ssh-ed25519 AAAA1 k", ""],
    ["x", "1", "# no key", "j"],
];

struct Site {
    directory: Arc<Directory>,
    recorder: Arc<Recorder>,
    realm: Realm,
}

async fn site(engine: Engine, rows: &str, hidden: &HiddenAttributes) -> Site {
    let database = Database::empty_on(Server::shared(engine));
    database.sql(TABLES);
    database.sql(rows);
    let mut settings = DatabaseSettings::new(database.uri());
    settings.pool_size = 2;
    settings.connect_timeout = Duration::from_secs(30);
    let sql = Sql::new(&settings, Metrics::default()).unwrap();
    let recorder = Arc::new(Recorder::default());
    let recorded = sql.recorded_by(Arc::clone(&recorder));
    let columns = "username, uid_number, gid_number, full_name, last_name, mail, phone AS \"telephoneNumber\", \
        keys_ AS ssh_public_key, job AS title";
    let groups = "name, gid_number, about AS description";
    let texts = QuerySet {
        all_users: format!("SELECT {columns} FROM people"),
        one_user: format!("SELECT {columns} FROM people WHERE username = ?"),
        all_groups: format!("SELECT {groups} FROM teams"),
        groups_by_member: format!(
            "SELECT {groups} FROM teams WHERE name IN (SELECT name FROM belongs WHERE username = ?)"
        ),
        all_memberships: None,
    };
    let queries = queries::parse_all(&texts, sql.engine()).unwrap();
    let base = Dn::parse(BASE).unwrap();
    let directory = Arc::new(
        Directory::build(&recorded, &base, &Layout::default(), &queries)
            .await
            .unwrap(),
    );
    sql.mark_described();
    let capabilities = Capabilities {
        controls: &[],
        extensions: &[],
    };
    let realm = Realm::new(directory.source(), &Layout::default(), capabilities).with_hidden(hidden);
    recorder.take();
    Site {
        directory,
        recorder,
        realm,
    }
}

/// A search's answer, and the statements that were asked for it.
async fn asked(site: &Site, view: &View, base: &str, scope: Scope, filter: &Filter) -> (Vec<String>, Vec<String>) {
    let attributes = ["*", "+", "uniqueMember"].map(str::to_owned);
    let selection = Selection::new(site.directory.schema(), &attributes);
    let query = SearchQuery {
        base: Dn::parse(base).unwrap().into(),
        scope,
        filter: filter.clone(),
        selection: selection.clone(),
        view: view.clone(),
        wanted: None,
        page: None,
        lookup_deadline: Instant::now() + Duration::from_secs(20),
        scan_timeout: Duration::from_secs(20),
        observer: None,
    };
    let schema = site.directory.schema();
    let mut answer = Vec::new();
    match site.realm.search(query).await.unwrap() {
        SearchOutcome::NoSuchObject { matched } => answer.push(format!("no such object below {matched}")),
        SearchOutcome::Results(mut results) => {
            while let Some(batch) = results.next_batch().await.unwrap() {
                for entry in batch {
                    let shown = entry
                        .attributes
                        .iter()
                        .filter(|held| selection.includes(schema, held.id));
                    let shown = shown.map(|held| (schema.attribute_name(held.id), &held.values));
                    answer.push(format!("{} {:?}", entry.dn, shown.collect::<Vec<_>>()));
                }
            }
        }
    }
    let statements = site.recorder.take();
    let statements = statements.iter().map(|asked| format!("{:?}", asked.statement));
    (answer, statements.collect())
}

fn seed() -> u64 {
    std::env::var("LDAP_GATEWAY_TEST_SEED").map_or(17, |seed| seed.parse().expect("a number"))
}

/// Random filters about what is hidden and what is not.
struct Filters(Random);

impl Filters {
    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.0.below(of.len())]
    }

    fn filter(&mut self, depth: usize) -> String {
        match self.0.below(if depth > 2 { 6 } else { 10 }) {
            0..=5 => self.leaf(),
            6 => format!("(!{})", self.filter(depth + 1)),
            kind => {
                let parts: String = (0..=self.0.below(3)).map(|_| self.filter(depth + 1)).collect();
                let operator = if kind < 9 { "&" } else { "|" };
                format!("({operator}{parts})")
            }
        }
    }

    fn leaf(&mut self) -> String {
        let attribute = self.pick(&[
            "mail",
            "MAIL",
            "0.9.2342.19200300.100.1.3",
            "mail;lang-de",
            "telephoneNumber",
            "title",
            "sshPublicKey",
            "name",
            "cn",
            "sn",
            "gecos",
            "uid",
            "uidNumber",
            "objectClass",
            "member",
            "memberOf",
            "memberUid",
            "uniqueMember",
            "distinguishedName",
            "entryDN",
            "description",
            "gidNumber",
            "givenName",
            "userPassword",
            "entryUUID",
        ]);
        let value = self.value(attribute);
        match self.0.below(9) {
            0 => format!("({attribute}=*)"),
            1 => format!("({attribute}>={value})"),
            2 => format!("({attribute}<={value})"),
            3 => format!("({attribute}~={value})"),
            4 => format!("({attribute}={}*)", value.chars().take(2).collect::<String>()),
            5 => {
                let rule = self.pick(&[
                    "caseIgnoreMatch",
                    "caseExactMatch",
                    "1.2.840.113556.1.4.1941",
                    "2.5.13.4",
                    "octetStringMatch",
                ]);
                let about = self.pick(&["", attribute]);
                let dn = self.pick(&["", ":dn"]);
                format!("({about}{dn}:{rule}:={value})")
            }
            6 => format!("({attribute}:dn:={value})"),
            _ => format!("({attribute}={value})"),
        }
    }

    fn value(&mut self, attribute: &str) -> String {
        let name = self.pick(&["alice", "bob", "carol", "dave", "erin", "Frank", "nobody"]);
        let group = self.pick(&["red", "blue", "green", "none"]);
        let secret = SECRETS[self.0.below(SECRETS.len())];
        let secret = self.pick(&secret);
        let text = match attribute {
            "member" | "uniqueMember" | "distinguishedName" | "entryDN" => format!("uid={name},{BASE}"),
            "memberOf" => format!("cn={group},{BASE}"),
            "memberUid" | "uid" => name.to_owned(),
            "uidNumber" | "gidNumber" => self.pick(&["1", "2", "10", "50"]).to_owned(),
            "objectClass" => self
                .pick(&["ldapPublicKey", "posixAccount", "person", "groupOfNames"])
                .to_owned(),
            "cn" | "sn" | "name" | "gecos" => self.pick(&["Ash", "Alice Ash", "Bob Birch", "red", secret]).to_owned(),
            _ => secret.to_owned(),
        };
        if text.is_empty() { "x".to_owned() } else { text }
    }
}

fn quoted(text: &str) -> String {
    match text {
        "" => "NULL".to_owned(),
        text => format!("'{text}'"),
    }
}

/// Rows whose secrets are shifted, alice's excepted; and other memberships, alice's excepted.
fn rows(shift: usize, shifts_memberships: bool) -> String {
    let mut sql = String::new();
    for (number, shown) in SHOWN.iter().enumerate() {
        let shown: Vec<String> = shown.split(", ").map(|value| format!("'{value}'")).collect();
        let secrets = SECRETS[if number == 0 { 0 } else { 1 + (number - 1 + shift) % 6 }];
        let secrets: Vec<String> = secrets.iter().map(|secret| quoted(secret)).collect();
        sql += &format!(
            "INSERT INTO people VALUES ({}, {});\n",
            shown.join(", "),
            secrets.join(", ")
        );
    }
    sql += "INSERT INTO teams VALUES ('red', 10, 'x'), ('blue', 11, NULL), ('green', 12, 'y');\n";
    sql += "INSERT INTO belongs VALUES ('alice', 'red'), ('alice', 'green');\n";
    sql += match shifts_memberships && shift > 0 {
        true => "INSERT INTO belongs VALUES ('bob', 'blue'), ('dave', 'red'), ('erin', 'blue');",
        false => "INSERT INTO belongs VALUES ('bob', 'red'), ('carol', 'blue');",
    };
    sql
}

fn hidden(authenticated: &[&str], own: &[&str]) -> HiddenAttributes {
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    HiddenAttributes {
        authenticated: names(authenticated),
        own: names(own),
    }
}

const SECRET: [&str; 4] = ["mail", "telephoneNumber", "sshPublicKey", "title"];
const WITH_MEMBERS: [&str; 5] = ["mail", "telephoneNumber", "sshPublicKey", "title", "member"];

/// What is asked of both sites differs in nothing.
async fn compare(sites: &[Site; 2], views: [&View; 2], bases: &[&str]) -> usize {
    let mut filters = Filters(Random::new(seed()));
    let mut answered = 0;
    for number in 0..FILTERS {
        let text = filters.filter(0);
        let Ok(filter) = Filter::parse(&text) else {
            panic!("{text}")
        };
        let base = bases[if number % 4 == 0 {
            filters.0.below(bases.len())
        } else {
            0
        }];
        let scope = match number % 3 {
            0 => Scope::Subtree,
            1 => Scope::Subordinates,
            _ if base == BASE => Scope::OneLevel,
            _ => Scope::Base,
        };
        let one = asked(&sites[0], views[0], base, scope, &filter).await;
        let other = asked(&sites[1], views[1], base, scope, &filter).await;
        assert_eq!(one.0, other.0, "the answer to {text} at {base}");
        assert_eq!(one.1, other.1, "the statements for {text} at {base}");
        answered += one.0.len();
    }
    answered
}

async fn values_are_hidden_on(engine: Engine) {
    for (rules, shifts_memberships) in [
        (hidden(&SECRET, &[]), false),
        (hidden(&[], &SECRET), false),
        (hidden(&["memberOf"], &SECRET), false),
        (hidden(&["description"], &WITH_MEMBERS), true),
    ] {
        let sites = [
            site(engine, &rows(0, false), &rules).await,
            site(engine, &rows(2, shifts_memberships), &rules).await,
        ];
        let bases = [
            BASE,
            "uid=alice,dc=example,dc=com",
            "uid=bob,dc=example,dc=com",
            "cn=red,dc=example,dc=com",
            "cn=erin,dc=example,dc=com",
        ];
        let anonymous = |site: &Site| View::without(site.realm.hidden_from(None).cloned(), None);
        // Alice's own entry is the same in both.
        let dn: Arc<str> = format!("uid=alice,{BASE}").into();
        let alice = |site: &Site| View::without(site.realm.hidden_from(Some(&dn)).cloned(), site.realm.own(&dn));
        let [one, other] = &sites;
        let mut answered = 0;
        if rules.own.len() >= SECRET.len() {
            answered += compare(&sites, [&alice(one), &alice(other)], &bases).await;
        }
        answered += compare(&sites, [&anonymous(one), &anonymous(other)], &bases).await;
        assert!(answered > 150, "{answered} entries");
        figure(&format!(
            "noninterference on {}: {answered} entries, the same from both",
            engine.name()
        ));
    }
}

#[test]
fn hidden_values_change_no_answer_and_no_statement() {
    let _guard = beside_others();
    block_on(values_are_hidden_on(Engine::Sqlite));
}

#[test]
fn hidden_values_change_no_answer_and_no_statement_on_postgresql() {
    let _guard = beside_others();
    block_on(values_are_hidden_on(Engine::PostgreSql));
}

/// In the other database nobody but alice is who they were, and groups that she is not in are gone.
fn others_changed() -> String {
    let alice = rows(0, false);
    let alice: Vec<&str> = alice.lines().filter(|line| line.contains("'alice', '1'")).collect();
    format!(
        "{}\nINSERT INTO people VALUES ('bobby', 22, 99, 'Bob Birch', 'Birch', NULL, NULL, NULL, NULL);\n\
         INSERT INTO teams VALUES ('red', 10, 'x'), ('green', 12, 'y'), ('purple', 13, 'z');\n\
         INSERT INTO belongs VALUES ('alice', 'red'), ('alice', 'green'), ('bobby', 'purple');",
        alice.join("\n")
    )
}

#[test]
fn who_sees_only_the_own_entry_learns_of_nobody_else() {
    let _guard = beside_others();
    block_on(async {
        let rules = hidden(&[], &["member"]);
        let sites = [
            site(Engine::Sqlite, &rows(0, false), &rules).await,
            site(Engine::Sqlite, &others_changed(), &rules).await,
        ];
        let dn: Arc<str> = format!("uid=alice,{BASE}").into();
        let view = |site: &Site| {
            let user = site.realm.own(&dn).unwrap();
            View::of_own(user, site.realm.hidden_from(Some(&dn)).cloned())
        };
        let bases = [
            BASE,
            "uid=alice,dc=example,dc=com",
            "uid=bob,dc=example,dc=com",
            "cn=x,uid=bob,dc=example,dc=com",
            "cn=red,dc=example,dc=com",
            "cn=blue,dc=example,dc=com",
            "cn=erin,dc=example,dc=com",
            "cn=x,cn=blue,dc=example,dc=com",
            "cn=alice,dc=example,dc=com",
        ];
        let [one, other] = &sites;
        let answered = compare(&sites, [&view(one), &view(other)], &bases).await;
        assert!(answered > 50, "{answered} entries");
        let all = Filter::parse("(objectClass=*)").unwrap();
        let (answer, _) = asked(one, &view(one), BASE, Scope::Subtree, &all).await;
        let dns: Vec<&str> = answer.iter().map(|entry| entry.split(' ').next().unwrap()).collect();
        assert_eq!(
            dns,
            [
                BASE,
                "uid=alice,dc=example,dc=com",
                "cn=green,dc=example,dc=com",
                "cn=red,dc=example,dc=com"
            ]
        );
        assert!(!answer[2].contains("member"), "{answer:?}");
    });
}
