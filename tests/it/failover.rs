//! A database on several servers, one of which is lost: a PostgreSQL standby that is promoted, a Galera node that is
//! stopped, silent, or left without a quorum. And servers without TLS, which must not be sent a password when TLS was
//! asked for.

use crate::harness::database::{APP_PASSWORD_IN_URI, APP_USER, Server};
use crate::harness::gateway::run_to_end;
use crate::harness::ldap::{BATTERY_PASSWORD, user_dn};
use crate::harness::mariadb::MariaDb;
use crate::harness::postgres::Postgres;
use crate::harness::{Client, Database, Engine, Gateway, beside_others, block_on, eventually, figure, galera};
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

/// One of two nodes is stopped and joins again; then one is silent for a while: nobody gets a wrong answer, nor none.
/// At last one is killed, and the other has no quorum: it must not be believed until an operator says so.
#[test]
fn a_galera_node_is_lost() {
    let _guard = beside_others();
    let [first, second] = galera::start();
    let database = Database::filled_on(Server::MariaDb(Arc::clone(&first)));
    let name = database.name().to_owned();
    in_step(&first, &second, &name);
    // The one that is lost is the one that is asked.
    let env = database
        .deployed()
        .with("SQL_URI", uri("mysql", [second.port, first.port], &database, ""));

    let (lost, other) = (Arc::clone(&second), Arc::clone(&first));
    let (count, longest) = asked_with(&env, &database, move || {
        lost.stop();
        std::thread::sleep(Duration::from_secs(1));
        lost.launch();
        in_step(&other, &lost, &name);
    });
    figure(&format!(
        "failover, Galera: one of two nodes stopped, and joined again: {count} requests, all right, longest gap {} ms",
        longest.as_millis()
    ));

    // Shorter than the 5 s after which the nodes give each other up.
    let silent = Arc::clone(&second);
    let (count, longest) = asked_with(&env, &database, move || {
        silent.freeze();
        std::thread::sleep(Duration::from_millis(2_500));
        silent.thaw();
    });
    figure(&format!(
        "failover, Galera: one of two nodes silent for 2.5 s: {count} requests, all right, longest gap {} ms",
        longest.as_millis()
    ));

    let mut gateway = Gateway::start(&env);
    first.kill();
    let mut answered = 0;
    let closed = eventually(Duration::from_secs(30), || {
        answered += block_on(right_or_none(&gateway));
        !gateway.accepts()
    });
    assert!(closed, "a node without a quorum is believed\n{}", gateway.log_tail());
    // It does answer what needs no rows.
    assert_eq!(second.sql("mysql", "SELECT 1").trim(), "1");
    let bootstrapped = Instant::now();
    second.sql("mysql", "SET GLOBAL wsrep_provider_options='pc.bootstrap=YES'");
    assert!(gateway.wait_ready(Duration::from_secs(10)), "{}", gateway.log_tail());
    figure(&format!(
        "failover, Galera: one of two nodes killed, the other without a quorum: {answered} right answers, then none; \
         serves {} ms after pc.bootstrap",
        bootstrapped.elapsed().as_millis()
    ));
    assert_eq!(block_on(right_or_none(&gateway)), 3);
}

/// Waits until the rows are on both nodes.
fn in_step(first: &MariaDb, second: &MariaDb, name: &str) {
    let rows = |node: &MariaDb| node.try_sql(name, "SELECT COUNT(*) FROM Users");
    let same = eventually(Duration::from_secs(20), || {
        let rows = [rows(first), rows(second)];
        rows[0].is_ok() && rows[0] == rows[1]
    });
    assert!(same, "{:?} {:?}", rows(first), rows(second));
}

/// A lookup, a bind and a wrong bind, each on a new connection: how many were answered. The rest was refused.
async fn right_or_none(gateway: &Gateway) -> usize {
    let mut answered = 0;
    if let Ok(mut client) = Client::try_connect(gateway).await
        && let Ok(entries) = client.lookup("alice").await
    {
        assert_eq!(entries, 1, "alice was not found\n{}", gateway.log_tail());
        answered += 1;
    }
    for (password, right) in [(BATTERY_PASSWORD, 0), ("wrong-Passw0rd", 49)] {
        if let Ok(mut client) = Client::try_connect(gateway).await
            && let Ok(code) = client.bind(&user_dn("cheap"), password).await
        {
            // 51 busy, 52 unavailable: asked again later.
            assert!([right, 51, 52].contains(&code), "bind: {code}\n{}", gateway.log_tail());
            answered += usize::from(code == right);
        }
    }
    answered
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
