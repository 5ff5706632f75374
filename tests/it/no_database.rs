//! What the log and `check` say while there is no way to the database: which database, what is wrong, what puts it right.

use crate::harness::database::{APP_PASSWORD_IN_URI, APP_USER, Server};
use crate::harness::gateway::{Gateway, run_to_end};
use crate::harness::mariadb::{MariaDb, Own};
use crate::harness::postgres::Postgres;
use crate::harness::{Database, Engine, Env, beside_others, eventually, free_port};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(30);

fn port_of(database: &Database) -> u16 {
    match &database.server {
        Server::Postgres(server) => server.port,
        Server::MariaDb(server) => server.port,
        Server::Sqlite(_) => 0,
    }
}

fn at(env: &Env, uri: &str) -> Env {
    env.clone().with("SQL_URI", uri).with("SQL_CONNECT_TIMEOUT", "2s")
}

/// The one problem of `check`, which is about `SQL_URI`.
fn told(env: &Env) -> String {
    let report = run_to_end(env, &["check"], "");
    let problems: Vec<&str> = report
        .stderr
        .lines()
        .filter(|line| line.starts_with("SQL_URI: "))
        .collect();
    assert_eq!(problems.len(), 1, "{}", report.text());
    assert!(!report.text().contains(APP_PASSWORD_IN_URI), "{}", report.text());
    problems[0].to_owned()
}

/// What `serve` says while it waits: the same, and which database.
fn waits(env: &Env, place: &str, part: &str) {
    let gateway = Gateway::spawn(env);
    let line = format!("SQL_URI: waiting for {place}: ");
    let is_told = || {
        gateway
            .log()
            .lines()
            .any(|told| told.contains(&line) && told.contains(part))
    };
    assert!(eventually(LONG, is_told), "{line}{part}:\n{}", gateway.log_tail());
    assert!(gateway.log().contains(&format!("SQL_URI: connecting to {place}")));
    assert!(!gateway.accepts());
}

#[test]
fn each_reason_is_told_with_its_cure() {
    let _guard = beside_others();
    for (engine, scheme) in [(Engine::PostgreSql, "postgres"), (Engine::MariaDb, "mysql")] {
        let database = Database::shared(engine);
        let (env, name, port) = (database.deployed(), database.name(), port_of(database));
        let nobody = free_port();
        let database_missing = match engine {
            Engine::PostgreSql => "names the database at its end",
            // It does not tell this user whether there is one.
            _ => "there is no such database, or this user may not use it",
        };
        let login = format!("{APP_USER}:{APP_PASSWORD_IN_URI}");
        let uri = |login: &str, host: &str, name: &str| at(&env, &format!("{scheme}://{login}@{host}/{name}"));
        let here = format!("127.0.0.1:{port}");
        for (env, parts) in [
            (
                uri(&login, &format!("127.0.0.1:{nobody}"), name),
                ["Connection refused", "nothing listens there"],
            ),
            (
                uri(&login, "no-such-host.invalid", name),
                ["host is no name", "resolve"],
            ),
            (uri(&login, &here, "nowhere"), ["nowhere", database_missing]),
            (uri(&format!("{APP_USER}:hunter2"), &here, name), ["is wrong", APP_USER]),
            (uri(&format!("{APP_USER}:hun%74er2"), &here, name), ["is wrong", "%25"]),
            (uri(APP_USER, &here, name), ["is wrong", "it has no password"]),
        ] {
            let told = told(&env);
            for part in parts {
                assert!(told.contains(part), "{part}: {told}");
            }
            assert!(!told.contains("hun"), "{told}");
        }
        assert!(!told(&uri(&format!("{APP_USER}:hunter2"), &here, name)).contains("%25"));
        assert!(!told(&uri(&login, "no-such-host.invalid", name)).contains("%40"));
        // The name of the user, as if a `#` had cut the URI behind it.
        assert!(told(&at(&env, &format!("{scheme}://no-such-host.invalid/{name}"))).contains("%40"));

        waits(
            &uri(&login, &format!("127.0.0.1:{nobody}"), name),
            &format!("the database {name} at 127.0.0.1:{nobody}"),
            "nothing listens there",
        );
        waits(
            &uri(&format!("{APP_USER}:hunter2"), &here, name),
            &format!("the database {name} at {here}"),
            "is wrong",
        );
    }
    let env = Database::shared(Engine::Sqlite).deployed();
    let absolute = at(&env, "sqlite:/nowhere/users.db");
    assert!(told(&absolute).contains("there is no file /nowhere/users.db"));
    waits(&absolute, "the database file /nowhere/users.db", "there is no file");
    assert!(told(&at(&env, "sqlite:users.db")).contains("SQL_URI means it below /"));
}

#[test]
fn another_kind_of_server_is_told() {
    let _guard = beside_others();
    for (there, here, scheme, part) in [
        (
            Engine::MariaDb,
            Engine::PostgreSql,
            "postgres",
            "does not speak as PostgreSQL does",
        ),
        // It waits for us, as we for it.
        (
            Engine::PostgreSql,
            Engine::MariaDb,
            "mysql",
            "is it a server of this kind",
        ),
    ] {
        let port = port_of(Database::shared(there));
        let uri = format!("{scheme}://{APP_USER}:{APP_PASSWORD_IN_URI}@127.0.0.1:{port}/d");
        let told = told(&at(&Database::shared(here).deployed(), &uri));
        assert!(told.contains(part), "{told}");
    }
}

/// A server that takes connections and says nothing: the log says at once that it waits, and what it waits for.
#[test]
fn silence_is_told_before_it_is_an_error() {
    let _guard = beside_others();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = format!("the database users at {}", silent.local_addr().unwrap());
    let env = Database::shared(Engine::PostgreSql).deployed();
    let uri = format!("postgres://somebody:hunter2@{}/users", silent.local_addr().unwrap());
    let gateway = Gateway::spawn(&at(&env, &uri));
    let lines = || {
        let log = gateway.log();
        let lines = log
            .lines()
            .filter(|line| line.contains("WARN") && line.contains("SQL_URI: waiting"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(eventually(LONG, || lines().len() >= 2), "{}", gateway.log_tail());
    let lines = lines();
    assert!(lines[0].contains(&format!("{place}: no answer yet")), "{lines:?}");
    assert!(lines[1].contains(&format!("{place}: no answer in time")), "{lines:?}");
    // One query was asked for all: each would have waited as long.
    assert!(!gateway.log().contains("somebody"));
}

#[test]
fn servers_that_ask_for_tls_or_have_none_are_told_apart() {
    let _guard = beside_others();
    // MariaDB has a certificate of its own since 11.4.
    let own = Own {
        arguments: vec!["--require-secure-transport=ON".to_owned()],
        ..Own::default()
    };
    let mariadb = Database::empty_on(Server::MariaDb(Arc::new(MariaDb::start_with(own))));
    let env = Database::shared(Engine::MariaDb).deployed();
    let clear = at(&env, &format!("{}?ssl-mode=DISABLED", mariadb.uri()));
    assert!(told(&clear).contains("SQL_SSL=require"), "{}", told(&clear));

    let server = Arc::new(Postgres::start());
    let postgres = Database::filled_on(Server::Postgres(Arc::clone(&server)));
    let env = postgres.deployed();
    let encrypted = at(&env, &format!("{}?sslmode=require", postgres.uri()));
    assert!(told(&encrypted).contains("the server has none"), "{}", told(&encrypted));
    let hba = server.dir().join("data/pg_hba.conf");
    let rules = std::fs::read_to_string(&hba).unwrap();
    std::fs::write(
        &hba,
        format!("hostssl all {APP_USER} all scram-sha-256\nhost all postgres all scram-sha-256\n"),
    )
    .unwrap();
    server.psql("postgres", "SELECT pg_reload_conf()");
    let clear = at(&env, &format!("{}?sslmode=disable", postgres.uri()));
    assert!(
        eventually(LONG, || told(&clear).contains("may ask for TLS")),
        "{}",
        told(&clear)
    );
    std::fs::write(&hba, format!("host all postgres all scram-sha-256\n# {}", rules.len())).unwrap();
    server.psql("postgres", "SELECT pg_reload_conf()");
    let usual = at(&env, &postgres.uri());
    assert!(
        eventually(LONG, || told(&usual).contains("pg_hba.conf needs a line")),
        "{}",
        told(&usual)
    );
}
