//! Membership against a join over the tables, on rows enough for mistakes to show.

use crate::harness::client::{equal, search_for};
use crate::harness::database::Server;
use crate::harness::ldap::{BASE, group_dn, user_dn};
use crate::harness::random::Random;
use crate::harness::{Client, Database, Engine, Gateway, alone, block_on, figure};
use ldap3_proto::proto::{LdapSearchResultEntry, LdapSearchScope};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

const USERS: usize = 20_000;
const GROUPS: usize = 300;
/// Of each kind that is asked for.
const SAMPLE: usize = 200;

#[test]
fn postgresql() {
    agrees(Engine::PostgreSql);
}

#[test]
fn mariadb() {
    agrees(Engine::MariaDb);
}

#[test]
fn sqlite() {
    agrees(Engine::Sqlite);
}

/// 20,000 users, 300 groups of very different sizes, one group of all, some users in none.
pub fn fill(database: &Database) {
    let mut random = Random::new(9);
    let mut sql = String::from("BEGIN;\n");
    let users: Vec<String> = (0..USERS)
        .map(|n| {
            format!(
                "({},'user{n:05}',20001,'First{n}','Last{n}','First{n} Last{n}')",
                100_000 + n
            )
        })
        .collect();
    let groups: Vec<String> = (0..GROUPS)
        .map(|n| format!("({},'group{n:03}')", 200_000 + n))
        .collect();
    let mut pairs = Vec::new();
    for group in 0..GROUPS {
        // Sizes from none to some hundred; group 0 has everybody.
        let size = if group % 50 == 49 {
            0
        } else {
            random.below(1 << (1 + group % 9))
        };
        let members: BTreeSet<usize> = if group == 0 {
            (0..USERS).collect()
        } else {
            (0..size).map(|_| random.below(USERS)).collect()
        };
        pairs.extend(
            members
                .into_iter()
                .map(|user| format!("({},{})", 100_000 + user, 200_000 + group)),
        );
    }
    let mut insert = |into: &str, rows: &[String]| {
        for chunk in rows.chunks(1_000) {
            sql.push_str(&format!("INSERT INTO {into} VALUES {};\n", chunk.join(",")));
        }
    };
    insert(
        "\"Users\" (\"uidNumber\", \"uid\", \"gidNumber\", \"givenName\", \"sn\", \"cn\")",
        &users,
    );
    insert("\"Groups\" (\"gidNumber\", \"cn\")", &groups);
    insert("\"UserGroups\" (\"uidNumber\", \"gidNumber\")", &pairs);
    sql.push_str("COMMIT;\n");
    if database.engine == Engine::PostgreSql {
        sql.push_str("ANALYZE;\n");
    }
    database.sql(&sql);
}

type Relation = BTreeMap<String, BTreeSet<String>>;

fn values(entry: &LdapSearchResultEntry, name: &str) -> BTreeSet<String> {
    let of = entry.attributes.iter().filter(|attribute| attribute.atype == name);
    of.flat_map(|attribute| &attribute.vals)
        .map(|value| String::from_utf8(value.clone()).unwrap())
        .collect()
}

fn names(entries: &[LdapSearchResultEntry], attribute: &str) -> BTreeSet<String> {
    entries.iter().flat_map(|entry| values(entry, attribute)).collect()
}

fn statements(database: &Database, gateway: &Gateway) -> u64 {
    let count = match &database.server {
        Server::Postgres(server) => {
            let name = database.name();
            let sql = format!(
                "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid \
                 WHERE d.datname = '{name}' AND s.query ILIKE '%SELECT%FROM%' AND s.query NOT ILIKE '%pg_stat_statements%'"
            );
            server.psql("postgres", &sql)
        }
        Server::MariaDb(server) => {
            let sql = "SELECT SUM(VARIABLE_VALUE) FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'COM_STMT_EXECUTE'";
            server.sql("mysql", sql)
        }
        // SQLite counts nothing; the gateway says so of each.
        Server::Sqlite(_) => return gateway.log().matches("a statement is run").count() as u64,
    };
    count.trim().parse::<f64>().unwrap() as u64
}

fn agrees(engine: Engine) {
    let _guard = alone();
    let database = Database::schema_on(Server::private(engine));
    fill(&database);
    let pairs = database.rows(
        "SELECT u.\"uid\", g.\"cn\" FROM \"UserGroups\" ug JOIN \"Users\" u ON u.\"uidNumber\" = ug.\"uidNumber\" \
         JOIN \"Groups\" g ON g.\"gidNumber\" = ug.\"gidNumber\"",
    );
    let (mut groups_of, mut members_of) = (Relation::new(), Relation::new());
    for pair in &pairs {
        groups_of.entry(pair[0].clone()).or_default().insert(pair[1].clone());
        members_of.entry(pair[1].clone()).or_default().insert(pair[0].clone());
    }
    let env = database
        .deployed()
        .with("LOG_LEVEL", "info,ldap_gateway::sql::database=debug");
    let listed = database.recommended().get("SQL_QUERY_ALL_MEMBERSHIPS").to_string();
    for (source, env) in [
        ("groups-by-member", env.clone()),
        ("all memberships", env.with("SQL_QUERY_ALL_MEMBERSHIPS", listed)),
    ] {
        one_source_agrees(
            engine,
            source,
            &database,
            &Gateway::start(&env),
            &groups_of,
            &members_of,
        );
    }
}

fn one_source_agrees(
    engine: Engine,
    source: &str,
    database: &Database,
    gateway: &Gateway,
    groups_of: &Relation,
    members_of: &Relation,
) {
    let none = BTreeSet::new();
    let pairs: usize = members_of.values().map(BTreeSet::len).sum();
    let mut random = Random::new(u64::from(engine.name().as_bytes()[0]));
    block_on(async {
        let mut client = Client::connect(gateway).await;
        let start = Instant::now();
        for _ in 0..SAMPLE {
            let user = format!("user{:05}", random.below(USERS));
            let expected = groups_of.get(&user).unwrap_or(&none);
            for filter in [equal("memberUid", &user), equal("member", &user_dn(&user))] {
                let found = client
                    .request(search_for(BASE, LdapSearchScope::Subtree, filter, &["cn"]))
                    .await
                    .unwrap();
                assert_eq!(found.code(), 0);
                assert_eq!(&names(&found.entries, "cn"), expected, "{user}");
            }
            let entry = client
                .request(search_for(
                    BASE,
                    LdapSearchScope::Subtree,
                    equal("uid", &user),
                    &["memberOf"],
                ))
                .await
                .unwrap();
            let dns: BTreeSet<String> = expected.iter().map(|group| group_dn(group)).collect();
            assert_eq!(names(&entry.entries, "memberOf"), dns, "{user}");
        }
        let users_took = start.elapsed();
        let start = Instant::now();
        for _ in 0..SAMPLE {
            // Group 0 is asked for below.
            let group = format!("group{:03}", 1 + random.below(GROUPS - 1));
            let expected = members_of.get(&group).unwrap_or(&none);
            let read = search_for(
                &group_dn(&group),
                LdapSearchScope::Base,
                equal("objectClass", "posixGroup"),
                &["memberUid", "member"],
            );
            let entry = client.request(read).await.unwrap();
            assert_eq!(entry.entries.len(), 1, "{group}");
            assert_eq!(&names(&entry.entries, "memberUid"), expected, "{group}");
            let dns: BTreeSet<String> = expected.iter().map(|user| user_dn(user)).collect();
            assert_eq!(names(&entry.entries, "member"), dns, "{group}");
        }
        let groups_took = start.elapsed();
        let start = Instant::now();
        for _ in 0..SAMPLE / 10 {
            let group = format!("group{:03}", 1 + random.below(GROUPS - 1));
            let filter = equal("memberOf", &group_dn(&group));
            let found = client
                .request(search_for(BASE, LdapSearchScope::Subtree, filter, &["uid"]))
                .await
                .unwrap();
            assert_eq!(
                &names(&found.entries, "uid"),
                members_of.get(&group).unwrap_or(&none),
                "{group}"
            );
        }
        let filters_took = start.elapsed();

        let before = statements(database, gateway);
        let start = Instant::now();
        let read = search_for(
            &group_dn("group000"),
            LdapSearchScope::Base,
            equal("objectClass", "posixGroup"),
            &["memberUid"],
        );
        let entry = client.request(read).await.unwrap();
        let big_took = start.elapsed();
        assert_eq!(names(&entry.entries, "memberUid").len(), USERS);
        let counted = format!("{} statements", statements(database, gateway) - before);

        // All of them at once: every group with its members, in one search.
        let start = Instant::now();
        let all = client
            .request(search_for(
                BASE,
                LdapSearchScope::Subtree,
                // Private groups have no members, and are none of those.
                equal("objectClass", "groupOfNames"),
                &["cn", "memberUid"],
            ))
            .await
            .unwrap();
        let all_took = start.elapsed();
        assert_eq!(all.entries.len(), GROUPS);
        for entry in &all.entries {
            let group = values(entry, "cn").pop_first().unwrap();
            assert_eq!(
                &values(entry, "memberUid"),
                members_of.get(&group).unwrap_or(&none),
                "{group}"
            );
        }
        let each = |total: std::time::Duration, count: usize| total.as_secs_f64() * 1e3 / count as f64;
        figure(&format!(
            "membership, {}, {source}: {USERS} users, {pairs} pairs: one user's groups {:.1} ms, one group's members {:.1} ms, (memberOf=) {:.0} ms; \
             a group of {USERS}: {:.0} ms, {counted}; all {GROUPS} groups: {:.0} ms",
            engine.name(),
            each(users_took, 3 * SAMPLE),
            each(groups_took, SAMPLE),
            each(filters_took, SAMPLE / 10),
            each(big_took, 1),
            each(all_took, 1)
        ));
    });
}
