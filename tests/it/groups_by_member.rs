//! Groups-by-member asked user by user: what fails because of a row is an error, and no user without groups.

use crate::harness::gateway::run_to_end;
use crate::harness::ldap::BASE;
use crate::harness::{Database, Engine, Gateway, ldapsearch};

/// Codes with which a search ends that the database could not answer.
const FAILED: [i32; 3] = [51, 52, 80];

fn groups(gateway: &Gateway, user: &str) -> (i32, usize) {
    let filter = format!("(uid={user})");
    let found = ldapsearch(gateway, &["-b", BASE, &filter, "memberOf"]);
    let groups = found.entries.iter().map(|entry| entry.values("memberOf").len()).sum();
    (found.code, groups)
}

/// Each names a users' name column that PostgreSQL cannot join with, so that users are asked one by one.
#[test]
fn a_row_that_fails_a_cast_is_an_error() {
    let database = Database::fresh(Engine::PostgreSql);
    database.sql("ALTER TABLE \"Users\" ADD COLUMN note text DEFAULT '1'");
    database.sql("UPDATE \"Users\" SET note = 'none' WHERE \"uid\" = 'bob'");
    // 22P02, 22007, 23514, 23502.
    database.sql("CREATE DOMAIN small AS text CHECK (VALUE <> 'none'); CREATE DOMAIN given AS text NOT NULL");
    for cast in [
        "u.note::integer IS NULL",
        "(CASE u.note WHEN '1' THEN '2024-01-01' ELSE u.note END)::timestamp IS NULL",
        "u.note::small IS NULL",
        "NULLIF(u.note, 'none')::given IS NULL",
    ] {
        let env = database
            .deployed()
            .changed("SQL_QUERY_ALL_USERS", |query| {
                query.replacen("\"uid\"", "convert_to(\"uid\", 'UTF8')", 1)
            })
            .changed("SQL_QUERY_GROUPS_BY_MEMBER", |query| {
                query.replacen("g.\"cn\"", &format!("CASE WHEN {cast} THEN '' ELSE g.\"cn\" END"), 1)
            });
        let gateway = Gateway::start(&env);
        let (code, of_alice) = groups(&gateway, "alice");
        assert!(code == 0 && of_alice > 0, "{cast}: {code} {of_alice}");
        let (code, of_bob) = groups(&gateway, "bob");
        assert!(FAILED.contains(&code), "{cast}: {code}, {of_bob} groups");
        let members = ldapsearch(&gateway, &["-b", BASE, "(objectClass=posixGroup)", "memberUid"]);
        assert!(FAILED.contains(&members.code), "{cast}: {}", members.code);
    }
    let env = database.deployed().changed("SQL_QUERY_GROUPS_BY_MEMBER", |query| {
        query.replacen(
            "g.\"cn\"",
            "CASE WHEN u.note::integer IS NULL THEN '' ELSE g.\"cn\" END",
            1,
        )
    });
    database.sql("UPDATE \"Users\" SET note = '1'");
    let report = run_to_end(&env, &["check"], "");
    assert_eq!(report.code, Some(0), "{}", report.text());
    // Whoever is asked about has a group, and so a row that fails.
    database.sql(
        "INSERT INTO \"UserGroups\" (\"uidNumber\", \"gidNumber\") \
         SELECT \"uidNumber\", (SELECT min(\"gidNumber\") FROM \"Groups\") FROM \"Users\" ON CONFLICT DO NOTHING",
    );
    database.sql("UPDATE \"Users\" SET note = 'none'");
    let report = run_to_end(&env, &["check"], "");
    assert_ne!(report.code, Some(0), "{}", report.text());
    assert!(
        report.text().contains("SQL_QUERY_GROUPS_BY_MEMBER"),
        "{}",
        report.text()
    );
}

/// A name that is no number is in no group of a query by number: nothing is wrong.
#[test]
fn a_name_that_the_parameter_cannot_hold_is_in_no_group() {
    let database = Database::fresh(Engine::PostgreSql);
    database.sql("INSERT INTO \"Users\" (\"uid\", \"uidNumber\", \"gidNumber\") VALUES ('40001', 40001, 20001)");
    database.sql(
        "INSERT INTO \"UserGroups\" (\"uidNumber\", \"gidNumber\") SELECT 40001, min(\"gidNumber\") FROM \"Groups\"",
    );
    let env = database.deployed().changed("SQL_QUERY_GROUPS_BY_MEMBER", |query| {
        query.replacen("u.\"uid\" = ?", "u.\"uidNumber\" = ?", 1)
    });
    let gateway = Gateway::start(&env);
    assert_eq!(groups(&gateway, "40001"), (0, 1));
    assert_eq!(groups(&gateway, "alice"), (0, 0));
    let members = ldapsearch(&gateway, &["-b", BASE, "(memberUid=*)", "memberUid"]).success();
    let members: Vec<_> = members.iter().flat_map(|entry| entry.values("memberUid")).collect();
    assert_eq!(members, ["40001"]);
    let report = run_to_end(&env, &["check"], "");
    assert!(!report.text().contains("a value does not fit"), "{}", report.text());
}
