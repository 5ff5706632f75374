//! A database on several servers, one of which is lost: a PostgreSQL standby that is promoted. And servers without TLS, which must not be sent a password when TLS was asked for.

use crate::harness::database::{APP_PASSWORD_IN_URI, APP_USER, Server};
use crate::harness::gateway::run_to_end;
use crate::harness::postgres::Postgres;
use crate::harness::{Database, Engine, beside_others, figure};
use crate::outage::asked_with;
use std::sync::Arc;
use std::time::{Duration, Instant};

fn uri(scheme: &str, ports: [u16; 2], database: &Database, parameters: &str) -> String {
    let [first, second] = ports;
    let name = database.name();
    format!("{scheme}://{APP_USER}:{APP_PASSWORD_IN_URI}@127.0.0.1:{first},127.0.0.1:{second}/{name}{parameters}")
}

/// The primary is lost, the standby promoted a second later: nobody gets a wrong answer, nor none.
#[test]
fn a_standby_is_promoted() {
    let _guard = beside_others();
    let primary = Arc::new(Postgres::start());
    let database = Database::filled_on(Server::Postgres(Arc::clone(&primary)));
    let standby = Arc::new(primary.standby());
    let ports = [primary.port, standby.port];
    for (parameters, what) in [("", "any server"), ("?target_session_attrs=read-write", "read-write")] {
        let env = database
            .deployed()
            .with("SQL_URI", uri("postgres", ports, &database, parameters));
        let (lost, followed) = (Arc::clone(&primary), Arc::clone(&standby));
        if parameters.is_empty() {
            // The primary goes and comes back: the standby may serve meanwhile.
            let (count, longest) = asked_with(&env, &database, move || {
                lost.kill();
                std::thread::sleep(Duration::from_secs(2));
                lost.launch();
            });
            figure(&format!(
                "failover, PostgreSQL, {what}: primary killed: {count} requests, all right, longest gap {} ms",
                longest.as_millis()
            ));
        } else {
            let (count, longest) = asked_with(&env, &database, move || {
                lost.kill();
                std::thread::sleep(Duration::from_secs(1));
                followed.promote();
            });
            figure(&format!(
                "failover, PostgreSQL, {what}: primary killed, standby promoted 1 s later: {count} requests, all right, \
                 longest gap {} ms",
                longest.as_millis()
            ));
        }
    }
}

/// The servers that tests share have no TLS: with every spelling of the wish `check` fails, and nothing is sent.
#[test]
fn no_clear_text_where_tls_was_asked_for() {
    let _guard = beside_others();
    let both = [
        "sslmode=require",
        "sslMode=verify-full",
        "ssl_mode=require",
        "ssl-mode=REQUIRED",
        "SSLMODE=VERIFY_IDENTITY",
        "useSSL=true&requireSSL=true",
        "ssl={\"rejectUnauthorized\":true}",
        "ssl=%7B%22rejectUnauthorized%22:false%7D",
        "ssl=true",
        "ssl=no-verify",
        "tls=true",
        "requireSSL=1",
    ];
    for (engine, more) in [
        (
            Engine::PostgreSql,
            ["channel_binding=require", "gssencmode=require", "sslnegotiation=direct"],
        ),
        (
            Engine::MariaDb,
            [
                "sslMode=VERIFY_IDENTITY",
                "verifyServerCertificate=true",
                "trustServerCertificate=false",
            ],
        ),
    ] {
        let database = Database::shared(engine);
        for parameters in both.into_iter().chain(more) {
            let env = database
                .deployed()
                .with("SQL_URI", format!("{}?{parameters}", database.uri()));
            let begun = Instant::now();
            let ended = run_to_end(&env, &["check"], "");
            let text = ended.text();
            assert_ne!(ended.status.code(), Some(0), "{parameters}: {text}");
            assert!(
                text.contains("SQL_URI")
                    && (text.contains("TLS") || text.contains("supported") || text.contains("must be")),
                "{parameters}: {text}"
            );
            assert!(!text.contains(APP_PASSWORD_IN_URI), "{text}");
            assert!(begun.elapsed() < Duration::from_secs(60));
        }
        let wrong = format!("{}?foo=1&sslmode=verify_everything&ssl=true&tls=off", database.uri());
        let ended = run_to_end(&database.deployed().with("SQL_URI", wrong), &["serve"], "");
        let text = ended.text();
        assert_eq!(ended.status.code(), Some(78), "{text}");
        for part in ["`foo`", "verify_everything", "contradict"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
