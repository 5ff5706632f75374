//! `docs/clients/any.md`: the clients that Debian has, each with the lines that stand there.

use super::program::Checked;
use crate::harness::ldap::BATTERY_PASSWORD;
use crate::harness::process::command;
use crate::harness::{Database, Engine, Gateway, beside_others, repository, scratch};
use std::collections::BTreeSet;
use std::fs;
use std::sync::OnceLock;

/// Where `tests/run` unpacks the clients.
const PACKAGES: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/clients");

/// What follows the client's name in that of a rule.
const RULE: &str = "_works_with_the_lines_of_the_page";

/// The program runs once: it takes every client in turn.
fn checked() -> &'static Checked {
    static CHECKED: OnceLock<Checked> = OnceLock::new();
    CHECKED.get_or_init(|| {
        let database = Database::fresh(Engine::PostgreSql);
        // As the page says: a row without a gid number. And somebody whose password is quick to verify may log in.
        database.sql(
            "INSERT INTO \"Users\" (\"uid\", \"uidNumber\", \"gidNumber\", \"cn\", \"sn\", \"userPassword\") \
             SELECT 'svc-ldap', 60001, NULL, 'LDAP clients', 'clients', \"userPassword\" FROM \"Users\" WHERE \"uid\" = 'cheap'; \
             INSERT INTO \"UserGroups\" VALUES (30025, 20010)",
        );
        let dir = scratch("any");
        let env = database.deployed().with("REQUIRE_AUTH_FOR_SEARCH", true).with("LOG_LEVEL", "debug");
        let mut gateway = Gateway::spawn_in(&dir, &env);
        gateway.expect_ready();
        let authority = ["ca.pem", "server.crt"].map(|file| dir.join("certs").join(file));
        let authority = authority.iter().find(|file| file.exists()).unwrap();
        let mut program = command("/usr/bin/python3", None);
        program
            .arg("-B")
            .arg(repository("tests/clients/any.py"))
            .args(["rules", &format!("ldaps://localhost:{}", gateway.port)])
            .current_dir("/")
            .env("LDAP_CA", authority)
            .env("LOGIN_NAME", "cheap")
            .env("LOGIN_PASSWORD", BATTERY_PASSWORD)
            .env("PACKAGES", PACKAGES)
            .env("TMPDIR", &dir);
        Checked::by(&mut program)
    })
}

macro_rules! clients {
    ($($client:ident),* $(,)?) => {
        $(
            #[test]
            fn $client() {
                let _guard = beside_others();
                checked().assert(&format!("{}{RULE}", stringify!($client)));
            }
        )*

        const CLIENTS: &[&str] = &[$(stringify!($client)),*];
    };
}

clients! {
    apache, dovecot, postfix, exim, freeradius, postgresql, squid, proftpd, openvpn, php, django,
}

#[test]
fn every_client_has_a_test_and_the_page_says_so() {
    let _guard = beside_others();
    let rules: Vec<String> = CLIENTS.iter().map(|client| format!("{client}{RULE}")).collect();
    checked().assert_these(&rules.iter().map(String::as_str).collect::<Vec<_>>());
    let page = fs::read_to_string(repository("docs/clients/any.md")).unwrap();
    // | [Apache](#apache) 2.4 | each run |
    let said: BTreeSet<String> = page
        .lines()
        .filter(|line| line.ends_with("| each run |"))
        .map(|line| line.split(['[', ']']).nth(1).unwrap().to_lowercase())
        .collect();
    assert_eq!(said, CLIENTS.iter().map(|client| (*client).to_owned()).collect());
    // Every client of the table has its section, and the other way round.
    let sections: BTreeSet<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .filter(|title| *title != "An account for the client" && *title != "What was run")
        .collect();
    let listed: BTreeSet<&str> = page
        .lines()
        .filter(|line| line.starts_with("| [") && line.contains("](#"))
        .map(|line| line.split(['[', ']']).nth(1).unwrap())
        .collect();
    assert_eq!(sections, listed);
}
