//! The database, its tables, and what the gateway may do there.

use super::{Breakage, LONG, postgres, texts, well};
use crate::harness::database::{APP_PASSWORD_IN_URI, APP_USER, Server};
use crate::harness::ldap::{BATTERY_PASSWORD, user_dn};
use crate::harness::{Database, Engine, Gateway, beside_others, eventually, ldapsearch, ldapwhoami};
use crate::observability::Observed;

fn login(gateway: &Gateway) -> i32 {
    ldapwhoami(gateway, &user_dn("cheap"), BATTERY_PASSWORD).0
}

#[test]
fn its_password_is_wrong() {
    let _guard = beside_others();
    let database = postgres();
    database.sql(
        r#"CREATE ROLE "night" LOGIN PASSWORD 'first-one'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO "night""#,
    );
    let env = database.deployed().with("LOG_LEVEL", "info");
    let ours = format!("{APP_USER}:{APP_PASSWORD_IN_URI}@");
    let env = env.changed("SQL_URI", |uri| uri.replace(&ours, "night:first-one@"));
    let observed = Observed::start(&env);
    texts::WRONG_PASSWORD.is_news(&observed, &env);
    assert_eq!(login(&observed.gateway), 0);
    database.sql(
        r#"ALTER ROLE "night" PASSWORD 'second';
           SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'night'"#,
    );
    login(&observed.gateway);
    texts::WRONG_PASSWORD.is_told(&observed, &env);
    assert!(!observed.gateway.accepts());
    assert_eq!(observed.get("/readyz").unwrap().0, 503);
    database.sql(r#"ALTER ROLE "night" PASSWORD 'first-one'"#);
    assert!(eventually(LONG, || observed.get("/readyz").unwrap().1 == "serving\n"));
    // The same where it starts so.
    let env = env.changed("SQL_URI", |uri| uri.replace("first-one", "third"));
    let observed = Observed::spawn(&env);
    assert!(eventually(LONG, || observed.get("/readyz").is_some()));
    let told = super::has_line;
    assert!(eventually(LONG, || told(
        &observed.gateway.log(),
        texts::WRONG_PASSWORD.log
    )));
    assert!(told(&observed.get("/readyz").unwrap().1, texts::WRONG_PASSWORD.ready));
}

#[test]
fn its_host_is_unknown() {
    let _guard = beside_others();
    let env = postgres().deployed().with("LOG_LEVEL", "info");
    let env = env.changed("SQL_URI", |uri| uri.replace("127.0.0.1", "db.invalid"));
    let observed = Observed::spawn(&env);
    assert!(eventually(LONG, || observed.get("/readyz").is_some()));
    texts::UNKNOWN_HOST.is_told(&observed, &env);
    assert_eq!(observed.get("/readyz").unwrap().0, 503);
    assert!(!observed.gateway.accepts());
}

/// Breaks it while it runs, looks who tells, mends it.
fn while_it_runs(breakage: &Breakage, broken: &str, mended: &str, code: i32) {
    let database = postgres();
    let (env, observed) = well(&database);
    breakage.is_news(&observed, &env);
    assert_eq!(login(&observed.gateway), 0);
    database.sql(broken);
    assert_eq!(login(&observed.gateway), code);
    ldapsearch(&observed.gateway, &["-b", "dc=example,dc=com", "(memberUid=cheap)"]);
    breakage.is_told(&observed, &env);
    database.sql(mended);
    assert!(eventually(LONG * 2, || observed.get("/readyz").unwrap().1 == "serving\n"));
    assert_eq!(login(&observed.gateway), 0);
}

#[test]
fn a_table_is_gone() {
    let _guard = beside_others();
    while_it_runs(
        &texts::TABLE,
        r#"ALTER TABLE "Users" RENAME TO "Gone""#,
        r#"ALTER TABLE "Gone" RENAME TO "Users""#,
        52,
    );
}

#[test]
fn a_column_is_gone() {
    let _guard = beside_others();
    while_it_runs(
        &texts::COLUMN,
        r#"ALTER TABLE "Users" RENAME COLUMN "mail" TO "post""#,
        r#"ALTER TABLE "Users" RENAME COLUMN "post" TO "mail""#,
        52,
    );
}

#[test]
fn a_permission_is_revoked() {
    let _guard = beside_others();
    while_it_runs(
        &texts::PERMISSION,
        r#"REVOKE SELECT ON "Users" FROM gateway"#,
        r#"GRANT SELECT ON "Users" TO gateway"#,
        52,
    );
}

#[test]
fn the_memberships_are_gone() {
    let _guard = beside_others();
    while_it_runs(
        &texts::MEMBERSHIPS,
        r#"ALTER TABLE "UserGroups" RENAME TO "Gone""#,
        r#"ALTER TABLE "Gone" RENAME TO "UserGroups""#,
        0,
    );
}

#[test]
fn its_clock_is_off() {
    let _guard = beside_others();
    let env = Database::shared(Engine::PostgreSql)
        .deployed()
        .with("LOG_LEVEL", "info");
    let env = crate::causes::clock_set("-2h")
        .into_iter()
        .fold(env, |env, (name, value)| env.with(name, value));
    texts::CLOCK.is_told(&Observed::start(&env), &env);
}

#[test]
fn the_port_is_taken() {
    let _guard = beside_others();
    let database = postgres();
    let (env, observed) = well(&database);
    let Server::Postgres(server) = &database.server else {
        panic!("PostgreSQL");
    };
    let allow = |allowed: bool| {
        let name = database.name();
        server.psql(
            "postgres",
            &format!(
                "ALTER DATABASE {name} ALLOW_CONNECTIONS {allowed}; \
                 SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{name}'"
            ),
        );
    };
    allow(false);
    // Away, it gives the port up; somebody else takes it, and the database comes back.
    let mut taken = None;
    assert!(eventually(LONG, || {
        login(&observed.gateway);
        taken = std::net::TcpListener::bind(observed.gateway.address()).ok();
        taken.is_some()
    }));
    allow(true);
    let env = env.with("PORT", observed.gateway.port).with("BIND_IP", "127.0.0.1");
    texts::PORT_TAKEN.is_told(&observed, &env);
    assert_eq!(observed.get("/readyz").unwrap().0, 503);
    // Who starts now ends.
    let ended = crate::harness::gateway::run_to_end(&env, &[], "");
    assert_eq!(ended.code, Some(1), "{}", ended.text());
    assert!(ended.text().contains("Address already in use"), "{}", ended.text());
    drop(taken);
    assert!(eventually(LONG, || observed.get("/readyz").unwrap().1 == "serving\n"));
    assert_eq!(observed.metrics()["ldap_gateway_listening"], 1.0);
}
