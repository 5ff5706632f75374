//! The settings as `check` understands them, with where each comes from.

use crate::harness::gateway::{Ended, run_in};
use crate::harness::{Database, Engine, Env, beside_others, scratch};
use std::fs;
use std::net::TcpListener;
use std::path::Path;

const COMMON: &str = "LDAP_COMMON_NAME=ldap1.example.com\n";

/// `check` in a directory, with these lines in `.env`.
fn check(dir: &Path, env: &Env, file: &str) -> Ended {
    fs::write(dir.join(".env"), file).unwrap();
    run_in(dir, env, &["check"], "")
}

/// The cells of a setting's line.
fn row(report: &Ended, name: &str) -> Vec<String> {
    let rows = report.stdout.lines().map(str::trim);
    let mut rows = rows.filter(|line| line.split("  ").next() == Some(name));
    let row = rows.next().unwrap_or_else(|| panic!("{name}:\n{}", report.text()));
    let cells = row.split("  ").map(str::trim).filter(|cell| !cell.is_empty());
    cells.map(str::to_owned).collect()
}

#[test]
fn each_setting_is_told_with_its_origin() {
    let _guard = beside_others();
    let database = Database::shared(Engine::Sqlite);
    let dir = scratch("origins");
    let secret = dir.join("uri");
    fs::write(&secret, format!("{}\n", database.uri())).unwrap();
    let queries = database
        .deployed()
        .without("LDAP_BASE_DN")
        .without("LDAP_COMMON_NAME")
        .without("SQL_URI");
    let env = queries.with("PORT", 1636).with("SQL_URL_FILE", secret.display());
    let file = format!(
        "{COMMON}\nPORT=2636\nLDAP_USERS_RDN=ou=people # here\nREQUIRE_AUTH_FOR_SEARCH=no\nNOTIFICATION_URL='https://u:hunter2@push.example.com/hunter2'\n\
         BIND_NAMES=uid\nBIND_NAMES=mail\nSQL_POOL_SIZE=\nNOTIFICATION_REMEMBER=5m\n"
    );
    let report = check(&dir, &env, &file);
    assert_eq!(report.code, Some(0), "{}", report.text());
    for (name, value, origin) in [
        (
            "LDAP_BASE_DN",
            "dc=example,dc=com",
            "derived from LDAP_COMMON_NAME (.env, line 1)",
        ),
        ("LDAP_COMMON_NAME", "ldap1.example.com", ".env, line 1"),
        ("PORT", "1636", "environment; it hides another value, of .env, line 3"),
        ("BIND_IP", "0.0.0.0", "default"),
        ("LDAP_UNENCRYPTED", "false: TLS (ldaps://)", "default"),
        ("LDAP_USERS_RDN", "ou=people", ".env, line 4"),
        ("LDAP_GROUPS_RDN", "none: directly below the base", "default"),
        ("LDAP_USER_PRIVATE_GROUPS", "auto", "default"),
        ("LDAP_MAIL_FALLBACK", "off", "default"),
        ("SQL_POOL_SIZE", "10", "default"),
        ("SQL_QUERY_ALL_USERS", "set", "environment"),
        ("SQL_QUERY_ALL_MEMBERSHIPS", "none", "default"),
        ("AUTH_BACKENDS", "sql", "environment"),
        (
            "SEARCH_ALLOWED_TO",
            "authenticated: whoever is bound",
            "REQUIRE_AUTH_FOR_SEARCH: environment; it hides another value, of .env, line 5",
        ),
        ("BIND_NAMES", "mail", ".env, line 8"),
        ("NOTIFICATION_URL", "set", ".env, line 6"),
        ("NOTIFICATION_REMEMBER", "5m", ".env, line 10"),
    ] {
        // Deployed settings let anybody search.
        let value = if name == "SEARCH_ALLOWED_TO" {
            "anyone, bound or not"
        } else {
            value
        };
        let origin = if name == "SEARCH_ALLOWED_TO" {
            "REQUIRE_AUTH_FOR_SEARCH: environment"
        } else {
            origin
        };
        let row = row(&report, name);
        assert_eq!(row[1], value, "{row:?}");
        assert!(row[2].starts_with(origin), "{row:?}");
    }
    let uri = row(&report, "SQL_URI");
    assert!(uri[1].starts_with("sqlite:/"), "{uri:?}");
    assert_eq!(
        uri[2],
        format!("file {}, which SQL_URL_FILE names: environment", secret.display())
    );
    for part in [
        ".env: line 7 gives BIND_NAMES, and so does line 8: the last one counts",
        "NOTIFICATION_URL: has no effect: AUTH_BACKENDS does not name `notification`",
    ] {
        assert!(report.stdout.contains(part), "{part}:\n{}", report.text());
    }
    assert!(!report.text().contains("hunter2"), "{}", report.text());

    // The same value in both hides nothing, and neither does an empty one.
    let report = check(
        &dir,
        &env.clone().with("BIND_IP", ""),
        &format!("{COMMON}PORT=1636\nBIND_IP=127.0.0.1\n"),
    );
    assert!(!report.text().contains("hides"), "{}", report.text());
    assert_eq!(row(&report, "BIND_IP")[1..], ["127.0.0.1", ".env, line 3"]);
    assert!(!report.stdout.contains("has no effect"), "{}", report.text());

    // Some users may have a chain of their own.
    let own = env.clone().changed("SQL_QUERY_ONE_USER", |query| {
        query.replacen(" FROM ", ", NULL AS auth_backends FROM ", 1)
    });
    let report = check(&dir, &own, &file);
    assert!(
        !report.stdout.contains("NOTIFICATION_URL: has no effect"),
        "{}",
        report.text()
    );

    // What is wrong is not told as understood.
    let report = check(&dir, &env.with("PORT", "seven"), COMMON);
    assert_eq!(row(&report, "PORT")[1], "wrong, see below");
}

#[test]
fn a_port_in_use_is_told_and_is_no_fault() {
    let _guard = beside_others();
    let env = Database::shared(Engine::Sqlite).deployed().with("BIND_IP", "127.0.0.1");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let dir = scratch("ports");
    let report = check(&dir, &env.clone().with("PORT", port), "");
    assert_eq!(report.code, Some(0), "{}", report.text());
    let line = report
        .stdout
        .lines()
        .find(|line| line.contains(&format!("127.0.0.1:{port}")))
        .unwrap();
    assert!(
        line.contains("LDAP, as ldaps://") && line.contains("in use now"),
        "{line}"
    );
    drop(taken);
    let report = check(&dir, &env.clone().with("PORT", port).with("LDAP_UNENCRYPTED", true), "");
    let line = report
        .stdout
        .lines()
        .find(|line| line.contains(&format!("127.0.0.1:{port}")))
        .unwrap();
    assert!(line.contains("ldap://") && line.ends_with("free"), "{line}");

    let elsewhere = check(&dir, &env.clone().with("BIND_IP", "192.0.2.1").with("PORT", port), "");
    assert!(
        elsewhere.stdout.contains("no address of this machine"),
        "{}",
        elsewhere.text()
    );
    let twice = env.with("PORT", port).with("ADMIN_ADDR", format!("127.0.0.1:{port}"));
    let report = check(&dir, &twice, "");
    assert_eq!(report.code, Some(78), "{}", report.text());
    assert!(
        report.stderr.contains("ADMIN_ADDR: has the port of LDAP"),
        "{}",
        report.text()
    );
}

#[test]
fn settings_of_realms_are_told_with_their_place() {
    let _guard = beside_others();
    let database = Database::shared(Engine::Sqlite);
    let dir = scratch("realms");
    let realm = |name: &str, base: &str, more: &str| {
        format!(
            "{{\"name\": \"{name}\", \"baseDn\": \"{base}\", \"directory\": {{\"backend\": \"sql\"{more}}}, \
             \"auth\": {{\"backends\": [{{\"type\": \"sql\"}}]}}}}"
        )
    };
    let list = format!(
        "[{}, {}]",
        realm("staff", "dc=staff", ", \"options\": {\"usersRdn\": \"ou=people\"}"),
        realm("guests", "dc=guests", "")
    );
    let env = database.deployed().without("LDAP_BASE_DN").with("REALM_CONFIG", list);
    let report = check(&dir, &env, "LDAP_GROUPS_RDN=ou=groups\n");
    assert_eq!(report.code, Some(0), "{}", report.text());
    let of = |title: &str| {
        let (_, section) = report.stdout.split_once(&format!("{title}\n")).unwrap();
        section.split("\n\n").next().unwrap().to_owned()
    };
    let staff = of("staff: Settings");
    for part in [
        "REALM_CONFIG, realms[0].baseDn",
        "REALM_CONFIG, realms[0].directory.options.usersRdn",
        ".env, line 1",
    ] {
        assert!(staff.contains(part), "{part}:\n{staff}");
    }
    // What holds for a realm, also where the plain settings give it; what is of the whole gateway stands above.
    assert!(staff.contains("SQL_URI") && !staff.contains("PORT"), "{staff}");
    let guests = of("guests: Settings");
    assert!(
        guests.contains("realms[1].baseDn") && guests.contains("none: directly below the base"),
        "{guests}"
    );
    let all = of("Settings");
    assert!(
        all.contains("REALM_CONFIG") && all.contains("PORT") && !all.contains("SQL_URI"),
        "{all}"
    );
}
