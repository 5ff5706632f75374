//! Verdicts of `check` and `explain` in the case in which each must be the bad one, as far as no test of their subject shows it.

use crate::harness::database::Server;
use crate::harness::gateway::run_to_end;
use crate::harness::process::run;
use crate::harness::{Database, Engine, Env, beside_others, scratch};
use std::process::Command;

fn says(env: &Env, arguments: &[&str], code: i32, parts: &[&str]) {
    let report = run_to_end(env, arguments, "");
    for part in parts {
        assert!(report.text().contains(part), "{part}:\n{}", report.text());
    }
    assert_eq!(report.code, Some(code), "{}", report.text());
}

#[test]
fn a_certificate_that_is_for_no_server() {
    let _guard = beside_others();
    let dir = scratch("client-certificate");
    let mut make = Command::new("openssl");
    make.current_dir(&dir).args(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout tls.key -out tls.crt -days 400 -subj \
         /CN=ldap.example.com -addext subjectAltName=DNS:ldap.example.com -addext extendedKeyUsage=clientAuth"
            .split_whitespace(),
    );
    run(&mut make);
    let env = Database::shared(Engine::Sqlite)
        .deployed()
        .with("LDAP_CERT_PATH", dir.join("tls.crt").display())
        .with("LDAP_KEY_PATH", dir.join("tls.key").display());
    let told = "is not for servers (extendedKeyUsage has no serverAuth): clients refuse it";
    says(&env, &["check"], 0, &[told]);
}

#[test]
fn who_may_search_is_a_group_that_there_is_not() {
    let _guard = beside_others();
    let env = Database::shared(Engine::Sqlite)
        .deployed()
        .without("REQUIRE_AUTH_FOR_SEARCH")
        .with("SEARCH_ALLOWED_TO", "group:no-such-team");
    let told = "SEARCH_ALLOWED_TO: there is no group `no-such-team`: it lets nobody search";
    says(&env, &["check"], 0, &[told]);
}

#[test]
fn a_change_of_passwords_without_anybody_is_not_tried() {
    let _guard = beside_others();
    let database = Database::schema_on(Server::shared(Engine::Sqlite));
    let env = database.deployed().with(
        "SQL_UPDATE_PASSWORD",
        "UPDATE \"Users\" SET \"userPassword\" = :password WHERE \"uid\" = :username",
    );
    let report = run_to_end(&env, &["check"], "");
    let told = "SQL_UPDATE_PASSWORD: it was not tried, because there is no user";
    assert!(report.text().contains(told), "{}", report.text());
}

/// A statement that fails while it is explained: nothing is said to be fine.
#[test]
fn a_search_that_breaks_off_is_not_explained() {
    let _guard = beside_others();
    let database = Database::fresh(Engine::Sqlite);
    let env = database.deployed();
    // It fails on a row, and only when it is run.
    let env = env.changed("SQL_QUERY_ALL_USERS", |query| {
        format!("{query} WHERE json_extract(CASE WHEN \"sn\" IS NULL THEN '{{}}' ELSE '{{' END, '$') IS NOT NULL")
    });
    let report = run_to_end(&env, &["explain", "(sn=*x*)"], "");
    assert_eq!(report.code, Some(1), "{}", report.text());
    assert!(report.text().contains("the search failed: "), "{}", report.text());
    assert!(report.text().contains("not known: "), "{}", report.text());
    assert!(report.text().contains("the search broke off"), "{}", report.text());
    assert!(!report.text().contains("indexes only"), "{}", report.text());
}
