//! Grafana: its logins and its background sync, by python-ldap, with the lines of `docs/clients/grafana.md`.

use super::program::{Checked, rules};
use crate::harness::gateway::run_to_end;
use crate::harness::ldap::BATTERY_PASSWORD;
use crate::harness::process::command;
use crate::harness::{Database, Engine, Env, Gateway, note_secret, repository, scratch};
use serde_json::json;
use std::sync::OnceLock;

const SERVICE_PASSWORD: &str = "grafanas-Passw0rd-5e1";

/// The program runs once, as somebody whose password is quick to verify, and who is in the page's group.
fn checked() -> &'static Checked {
    static CHECKED: OnceLock<Checked> = OnceLock::new();
    CHECKED.get_or_init(|| {
        note_secret(SERVICE_PASSWORD);
        let database = Database::fresh(Engine::PostgreSql);
        database.sql("INSERT INTO \"UserGroups\" VALUES (30025, 20010)");
        let hash = run_to_end(&Env::default(), &["hash-password"], SERVICE_PASSWORD).stdout;
        let account = json!([{"dn": "cn=grafana,dc=example,dc=com", "password": hash.trim(), "rights": ["read"]}]);
        let env = database
            .deployed()
            .with("REQUIRE_AUTH_FOR_SEARCH", true)
            .with("SERVICE_ACCOUNTS", account);
        let dir = scratch("grafana");
        let mut gateway = Gateway::spawn_in(&dir, &env);
        gateway.expect_ready();
        let mut program = command("/usr/bin/python3", None);
        program
            .arg("-B")
            .arg(repository("tests/clients/grafana.py"))
            .args(["rules", &format!("localhost:{}", gateway.port)])
            .arg(repository("docs/clients/grafana.md"))
            .current_dir("/")
            .env("LDAP_CA", dir.join("certs/ca.pem"))
            .env("LOGIN_NAME", "cheap")
            .env("LOGIN_PASSWORD", BATTERY_PASSWORD)
            .env("SERVICE_PASSWORD", SERVICE_PASSWORD);
        Checked::by(&mut program)
    })
}

rules! {
    checked();
    a_login_has_name_address_and_role,
    wrong_passwords_and_names_are_told_apart_from_errors,
    who_is_in_no_mapped_group_cannot_sign_in,
    groups_are_the_same_by_a_search,
    without_a_service_account,
    a_second_host_is_asked,
    five_hundred_at_once,
}
