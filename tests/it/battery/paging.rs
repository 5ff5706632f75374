//! Paged results (RFC 2696): however small the pages are, every entry comes exactly once.

use super::{Battery, search};
use crate::harness::client::{search as search_op, search_for};
use crate::harness::ldap::{BASE, user_dn};
use crate::harness::{Client, Database, Engine, Gateway, block_on};
use ldap3_proto::proto::{LdapFilter, LdapOp, LdapSearchScope};
use std::collections::BTreeSet;

/// The DNs of a walk by ldapsearch, which fails the test where one comes twice.
fn paged(gateway: &Gateway, size: usize, arguments: &[&str]) -> BTreeSet<String> {
    search(gateway, &[&["-E", &format!("!pr={size}/noprompt")], arguments].concat()).dns()
}

fn users() -> LdapOp {
    let person = LdapFilter::Equality("objectClass".into(), "person".into());
    search_for(BASE, LdapSearchScope::OneLevel, person, &["1.1"])
}

pub fn every_size(ctx: &Battery) {
    let all = ctx.search(&["(objectClass=*)", "1.1"]).dns();
    for size in [1, 2, 7, all.len() - 1, all.len(), all.len() + 1, 100_000] {
        assert_eq!(paged(ctx.gateway, size, &["(objectClass=*)", "1.1"]), all, "{size}");
    }
    // With members, who are computed for each page.
    let whole = ctx.search(&["(objectClass=posixGroup)", "member", "memberUid"]);
    let pages = ctx.search(&["-E", "pr=3/noprompt", "(objectClass=posixGroup)", "member", "memberUid"]);
    let sorted = |entries: Vec<crate::harness::ldap::Entry>| {
        let with = |entry: crate::harness::ldap::Entry| (entry.dn.clone(), entry.set("member"), entry.set("memberUid"));
        entries.into_iter().map(with).collect::<BTreeSet<_>>()
    };
    assert_eq!(sorted(pages.success()), sorted(whole.success()));
    // A base that does not exist is none, page or not; so is the empty one.
    let empty = crate::harness::ldapsearch(ctx.gateway, &["-b", "", "-E", "!pr=2/noprompt", "1.1"]);
    assert_eq!(empty.code, 32);
    let nobody = user_dn("nobody");
    assert_eq!(ctx.search(&["-b", &nobody, "-E", "!pr=2/noprompt"]).code, 32);
    assert_eq!(
        paged(ctx.gateway, 1, &["-b", &user_dn("alice"), "1.1"]),
        BTreeSet::from([user_dn("alice")])
    );
}

pub fn filters_of_every_kind(ctx: &Battery) {
    for filter in [
        "(uid=alice)",
        "(|(uid=dave)(uid=ALICE)(uid=carol)(uid=nobody)(uid=bob))",
        "(|(cn=staff)(uid=alice)(cn=sysadmins)(uid=bob))",
        "(|(uid=dave)(mail=alice@example.com)(uidNumber=10002))",
        "(memberOf=cn=staff,dc=example,dc=com)",
        "(memberUid=alice)",
        "(|(memberUid=alice)(memberUid=bob))",
        "(|(memberUid=alice)(uid=bob)(cn=bob))",
        "(|(memberUid=alice)(gidNumber>=1))",
        "(&(memberUid=alice)(!(cn=staff)))",
        "(!(uid=alice))",
        "(uid=*a*)",
        "(uidNumber>=10002)",
        "(objectClass=domain)",
        "(objectClass=sudoRole)",
    ] {
        let whole = ctx.search(&[filter, "1.1"]).dns();
        // Also pages with room for all, for all but one, and for one more.
        for size in [1, 2, 3, 4, 5, 6, 1_000] {
            assert_eq!(paged(ctx.gateway, size, &[filter, "1.1"]), whole, "{filter} by {size}");
        }
    }
}

/// Names that differ for LDAP, and are one for the collation of the column.
const EQUAL: [&str; 9] = [
    "muller",
    "m\u{fc}ller",
    "m\u{fb}ller",
    "m\u{f9}ller",
    "m\u{fa}ller",
    "m\u{169}ller",
    "m\u{16b}ller",
    "m\u{16d}ller",
    "m\u{16f}ller",
];

fn with_names_held_equal(engine: Engine) -> Database {
    let database = Database::fresh(engine);
    match engine {
        Engine::MariaDb => database.sql(
            "ALTER TABLE \"Users\" DROP INDEX \"uid\", MODIFY \"uid\" varchar(255) CHARACTER SET utf8mb4 \
             COLLATE utf8mb4_unicode_ci NOT NULL",
        ),
        Engine::PostgreSql => database.sql(
            "CREATE COLLATION level1 (provider = icu, locale = 'und-u-ks-level1', deterministic = false); \
             DROP INDEX \"Users_uid_not_canonical\"; ALTER TABLE \"Users\" DROP CONSTRAINT \"Users_uid_key\"; \
             ALTER TABLE \"Users\" ALTER COLUMN \"uid\" TYPE text COLLATE level1",
        ),
        Engine::Sqlite => String::new(),
    };
    // In no order; and one whose name LDAP too holds equal to another's.
    let names = EQUAL.iter().rev().copied().chain(["M\u{dc}LLER", "mulleq", "mulles"]);
    for (number, name) in names.enumerate() {
        database.sql(&format!(
            "INSERT INTO \"Users\" (\"uid\", \"uidNumber\", \"gidNumber\") VALUES ('{name}', {}, 20001)",
            63_000 + number * 7 % 12
        ));
    }
    database
}

pub fn names_the_database_holds_equal(ctx: &Battery) {
    let database = with_names_held_equal(ctx.engine);
    let gateway = Gateway::start(&database.deployed());
    let whole: BTreeSet<String> = search(&gateway, &["(objectClass=person)", "1.1"]).dns();
    let equal = EQUAL.iter().filter(|name| {
        let dn = user_dn(name);
        whole.contains(&dn) || whole.contains(&user_dn("M\u{dc}LLER"))
    });
    assert_eq!(equal.count(), EQUAL.len());
    block_on(async {
        for size in [1, 2, 3, 5] {
            // Every page on another connection.
            let (mut dns, mut cookie) = (Vec::new(), Vec::new());
            loop {
                let mut client = Client::connect(&gateway).await;
                let page = client.page(&users(), size, &cookie).await;
                assert_eq!(page.code, 0);
                dns.extend(page.entries.into_iter().map(|entry| entry.dn));
                cookie = page.cookie.unwrap();
                if cookie.is_empty() {
                    break;
                }
            }
            let set: BTreeSet<String> = dns.iter().cloned().collect();
            assert_eq!(set.len(), dns.len(), "twice, by {size}: {dns:?}");
            assert_eq!(set, whole, "by {size}");
        }
    });
    // Among them rows go and come between two pages: nobody else is lost or comes twice.
    block_on(async {
        let mut client = Client::connect(&gateway).await;
        let mut cookie = Vec::new();
        let mut dns = Vec::new();
        while !dns
            .iter()
            .any(|dn: &String| dn.starts_with("uid=m") && dn.contains("ller,"))
        {
            let page = client.page(&users(), 1, &cookie).await;
            dns.extend(page.entries.into_iter().map(|entry| entry.dn));
            cookie = page.cookie.unwrap();
        }
        let gone = dns.last().unwrap().clone();
        let name = gone.trim_start_matches("uid=").split(',').next().unwrap().to_string();
        let binary = match ctx.engine {
            Engine::MariaDb => format!("CAST(\"uid\" AS BINARY) = CAST('{name}' AS BINARY)"),
            Engine::PostgreSql => format!("\"uid\" COLLATE \"C\" = '{name}'"),
            Engine::Sqlite => format!("\"uid\" = '{name}'"),
        };
        database.sql(&format!("DELETE FROM \"Users\" WHERE {binary}"));
        dns.extend(client.walk(&users(), 2, cookie).await);
        let set: BTreeSet<String> = dns.iter().cloned().collect();
        assert_eq!(set.len(), dns.len(), "twice: {dns:?}");
        assert_eq!(set, whole);
    });
}

pub fn twins_between_pages(ctx: &Battery) {
    let gateway = Gateway::start(&super::queries::with_twins(ctx.engine).deployed());
    let whole = search(&gateway, &["(objectClass=person)", "1.1"]).dns();
    for size in [1, 2, 3] {
        let dns = paged(&gateway, size, &["(objectClass=person)", "1.1"]);
        assert_eq!(dns, whole, "{size}");
        assert!(dns.contains(&user_dn("Twin")) && !dns.contains(&user_dn("twin")));
    }
}

pub fn queries_that_are_not_read_by_key(ctx: &Battery) {
    let gateway = ctx.gateway_with(|env| {
        env.changed("SQL_QUERY_ALL_USERS", |query| {
            format!("SELECT DISTINCT * FROM ({query}) d ORDER BY uid_number DESC")
        })
    });
    let whole = search(&gateway, &["(objectClass=*)", "1.1"]).dns();
    for size in [1, 4] {
        assert_eq!(paged(&gateway, size, &["(objectClass=*)", "1.1"]), whole);
    }
}

pub fn entries_that_come_and_go(ctx: &Battery) {
    let database = Database::fresh(ctx.engine);
    let gateway = Gateway::start(&database.deployed());
    let insert = |name: &str, number: usize| {
        database.sql(&format!(
            "INSERT INTO \"Users\" (\"uid\", \"uidNumber\", \"gidNumber\") VALUES ('{name}', {number}, 20001)"
        ));
    };
    let op = search_op(LdapFilter::Present("objectClass".into()));
    let before = search(&gateway, &["1.1"]).dns();
    let mut dns = Vec::new();
    block_on(async {
        let mut client = Client::connect(&gateway).await;
        let mut cookie = Vec::new();
        for round in 0.. {
            let page = client.page(&op, 3, &cookie).await;
            assert_eq!(page.code, 0);
            let last = page.entries.last().map(|entry| entry.dn.clone());
            dns.extend(page.entries.into_iter().map(|entry| entry.dn));
            cookie = page.cookie.unwrap();
            if cookie.is_empty() {
                break;
            }
            // Before and behind the position, and the entry that it is.
            insert(&format!("aaa{round}"), 70_000 + 2 * round);
            insert(&format!("zzz{round}"), 70_001 + 2 * round);
            if round == 2 {
                let last = last.unwrap();
                let name = last.trim_start_matches("uid=").split(',').next().unwrap().to_string();
                database.sql(&format!("DELETE FROM \"Users\" WHERE \"uid\" = '{name}'"));
            }
            assert!(round < 200, "it never ends");
        }
    });
    let set: BTreeSet<String> = dns.iter().cloned().collect();
    assert_eq!(set.len(), dns.len(), "twice: {dns:?}");
    assert!(before.is_subset(&set), "{:?}", before.difference(&set));
}
