//! Names in the catalog that want to be SQL, settings or terminal commands.

use super::{database, init};
use crate::harness::gateway::run_in;
use crate::harness::random::Random;
use crate::harness::{Database, Engine, Env, beside_others, scratch};
use std::fs;

/// Whatever tables there are: nothing is said to the terminal, and what is proposed is good settings.
fn expect_harmless(database: &Database, arguments: &[&str]) -> bool {
    let ended = init(database, arguments);
    let is_odd = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{2028}' | '\u{85}');
    assert!(!ended.text().contains(is_odd), "{:?}", ended.text());
    if ended.code != Some(0) {
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{}", ended.text());
        return false;
    }
    for line in ended.stdout.lines() {
        let known = [
            "SQL_URI=sqlite:",
            "SQL_QUERY_",
            "LDAP_BASE_DN=dc=example,dc=com",
            "ACCOUNT_STATUS_REFUSED=",
        ];
        assert!(
            line.is_empty() || line.starts_with('#') || known.iter().any(|known| line.starts_with(known)),
            "{line:?}"
        );
    }
    let dir = scratch("odd");
    fs::write(dir.join(".env"), &ended.stdout).unwrap();
    let report = run_in(&dir, &Env::default().with("SQL_URI", database.uri()), &["check"], "");
    assert_eq!(report.code, Some(0), "{}\n{}", ended.stdout, report.text());
    assert!(!report.text().contains(".env:"), "{}", report.text());
    true
}

const ODD: [&str; 14] = [
    "x; DROP TABLE kept; --",
    "x\"; DROP TABLE kept; --",
    "x`; DROP TABLE kept; --",
    "x'; DROP TABLE kept; --",
    "a\nPORT=1",
    "a\r\nSQL_URI=sqlite:evil",
    "a # b",
    "a'\"# b",
    "$1 ? ${HOME} $(id)",
    "\u{1b}[2J\u{7}",
    "a\u{202e}b\u{2028}c",
    "/* a",
    "a?b",
    "\\",
];

#[test]
fn odd_names_of_tables_and_columns_stay_names() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let mut proposals = 0;
        for odd in ODD {
            // MariaDB takes fewer characters, and no blank at the end.
            let name = odd.replace('"', "\"\"");
            let tables = format!(
                "CREATE TABLE kept (a integer);
                 CREATE TABLE \"{name}\" (id integer PRIMARY KEY, username varchar(50) UNIQUE, password varchar(200),
                    \"{name}\" varchar(20));
                 INSERT INTO \"{name}\" VALUES (1, 'ada', '{{hash}}', 'x');"
            );
            let database = database(engine, &tables);
            proposals += usize::from(expect_harmless(&database, &[]));
            database.sql("SELECT a FROM kept");
        }
        assert!(proposals >= 7, "{proposals} of {} on {}", ODD.len(), engine.name());
    }
}

/// Tables of random columns with random types: some are proposed, and then good.
#[test]
fn whatever_tables_there_are_a_proposal_works() {
    let _guard = beside_others();
    let mut random = Random::new(7);
    let columns = [
        "id",
        "username",
        "login",
        "email",
        "Password",
        "pass",
        "hash",
        "name",
        "status",
        "active",
        "enabled",
        "banned",
        "deleted_at",
        "locked_at",
        "expires_at",
        "uid_number",
        "gid_number",
        "first_name",
        "ssh_key",
        "shell",
        "verified",
    ];
    let types = [
        "integer",
        "varchar(50)",
        "{bool}",
        "{time}",
        "varchar(20) UNIQUE",
        "integer UNIQUE",
        "text",
        "decimal(10, 2)",
    ];
    for engine in Engine::ALL {
        let mut proposals = 0;
        for _ in 0..25 {
            let mut list = Vec::new();
            for column in columns {
                if random.below(3) > 0 {
                    continue;
                }
                let kind = match column {
                    "username" | "email" | "Password" | "hash" if random.below(4) > 0 => "varchar(100)",
                    _ => types[random.below(types.len())],
                };
                list.push(format!("\"{column}\" {kind}"));
            }
            list.push("\"login_name\" varchar(60)".to_owned());
            let tables = format!("CREATE TABLE t ({});", list.join(", "));
            proposals += usize::from(expect_harmless(&database(engine, &tables), &[]));
        }
        assert!(proposals > 5, "{proposals} proposals on {}", engine.name());
    }
}
