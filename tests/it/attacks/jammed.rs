//! A client that does not read, starts operations and then sends one bad octet: its operations end before anybody waits for
//! its writer.

use super::Bystander;
use crate::harness::client::{equal, search};
use crate::harness::{Client, Database, Engine, Env, alone, block_on, figure};
use crate::observability::Observed;
use ldap3_proto::proto::LdapOp;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::time::sleep;

const PLACES: usize = 6;
const ROUNDS: usize = 3;
/// Longer than any of this takes, and than the suite should.
const WRITE_TIMEOUT: &str = "40s";
/// Between "at once" and the write timeout.
const AT_ONCE: Duration = Duration::from_secs(20);

/// Users `zz…` whose lookups take ages, and a listing that is larger than what the kernel buffers.
fn env(database: &Database) -> Env {
    let ages = match database.engine {
        Engine::PostgreSql => {
            "(SELECT count(*)::text FROM generate_series(1, 100000) x, generate_series(1, 100000) y \
             WHERE x + y + \"uidNumber\" < 0)"
        }
        Engine::MariaDb => "CAST(SLEEP(600) AS CHAR)",
        Engine::Sqlite => {
            "(SELECT CAST(count(*) AS TEXT) FROM (WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c \
             LIMIT 3000000000) SELECT x FROM c) WHERE x + \"uidNumber\" < 0)"
        }
    };
    let slow = |query: &str| {
        let column = format!("CASE WHEN \"uid\" LIKE 'zz%' THEN {ages} ELSE \"mail\" END AS mail");
        let engine = database.engine;
        query.replacen(&engine.quoted("\"mail\""), &engine.quoted(&column), 1)
    };
    database
        .deployed()
        .changed("SQL_QUERY_ONE_USER", slow)
        .with("SQL_POOL_SIZE", PLACES)
        .with("WRITE_TIMEOUT", WRITE_TIMEOUT)
        .with("LDAP_UNENCRYPTED", true)
        .with("LOG_LEVEL", "info")
}

fn fill(database: &Database) {
    let rows: Vec<String> = (0..8_000)
        .map(|n| {
            format!(
                "({}, 'zz{n:05}', 20001, 'F{n}', 'L{n}', '{}')",
                1_000_000 + n,
                "c".repeat(200)
            )
        })
        .collect();
    database.sql(&format!(
        "INSERT INTO \"Users\" (\"uidNumber\", \"uid\", \"gidNumber\", \"givenName\", \"sn\", \"cn\") VALUES {}",
        rows.join(",\n")
    ));
}

fn in_use(observed: &Observed) -> usize {
    observed.metrics()["ldap_gateway_sql_pool_in_use"] as usize
}

fn sent(observed: &Observed) -> f64 {
    observed.metrics()["ldap_gateway_sent_bytes_total"]
}

/// A client whose writer takes nothing more.
async fn jam(observed: &Observed) -> Client {
    let mut client = Client::connect_slow(&observed.gateway).await;
    for _ in 0..4 {
        client.send(search(equal("objectClass", "posixAccount"))).await.unwrap();
    }
    let (before, begun) = (sent(observed), Instant::now());
    let mut last = (before, Instant::now());
    // It has begun, and goes on no more.
    while last.0 < before + 65_536.0 || last.1.elapsed() < Duration::from_millis(700) {
        assert!(begun.elapsed() < AT_ONCE, "nothing is sent");
        sleep(Duration::from_millis(50)).await;
        if sent(observed) > last.0 + 4_096.0 {
            last = (sent(observed), Instant::now());
        }
    }
    client
}

fn jammed(engine: Engine) {
    let _guard = alone();
    let database = Database::fresh(engine);
    fill(&database);
    let observed = Observed::start(&env(&database));
    block_on(async {
        let mut attackers = Vec::new();
        // All of them first: beside lookups that hold the places a listing would wait for one, and not for its client.
        for _ in 0..ROUNDS {
            attackers.push(jam(&observed).await);
        }
        for attacker in &mut attackers {
            // Few enough to run beside the listings.
            for number in 0..4 {
                let lookup = search(equal("uid", &format!("zz{number:05}")));
                attacker.send(lookup).await.unwrap();
            }
        }
        let begun = Instant::now();
        while in_use(&observed) < PLACES {
            assert!(
                begun.elapsed() < AT_ONCE,
                "not all places are taken\n{}",
                observed.gateway.log_tail()
            );
            sleep(Duration::from_millis(5)).await;
        }
        let bystander = Bystander::arrives(&observed.gateway).await;
        let mut streams = Vec::new();
        for attacker in attackers {
            let mut stream = attacker.into_stream();
            // No LDAP message begins so.
            stream.write_all(&[0xff]).await.unwrap();
            stream.flush().await.unwrap();
            streams.push(stream);
        }
        let begun = Instant::now();
        // A bind of the bystander's may be running at any moment.
        while in_use(&observed) > 1 {
            assert!(
                begun.elapsed() < AT_ONCE,
                "{} places are taken still",
                in_use(&observed)
            );
            sleep(Duration::from_millis(5)).await;
        }
        let empty = begun.elapsed();
        sleep(Duration::from_secs(1)).await;
        // The streams are open: nobody was waited for.
        let open = observed.metrics()["ldap_gateway_connections_open"] as usize;
        assert!(open > ROUNDS, "{open} connections: the writers were not jammed");
        figure(&format!(
            "attack, {}: {ROUNDS} clients that do not read take {PLACES} places and send a bad octet: the places are free after {:.0} ms; {}",
            engine.name(),
            empty.as_secs_f64() * 1e3,
            bystander.leaves().await
        ));
        drop(streams);
    });
}

#[test]
fn a_jammed_writer_on_postgresql() {
    jammed(Engine::PostgreSql);
}

#[test]
fn a_jammed_writer_on_mariadb() {
    jammed(Engine::MariaDb);
}

#[test]
fn a_jammed_writer_on_sqlite() {
    jammed(Engine::Sqlite);
}

/// The same for every other way in which a connection ends while its writer is jammed.
#[derive(Clone, Copy, Debug)]
enum End {
    Unbind,
    /// A message that announces more than a message may have.
    TooLarge,
    /// A request that only servers send.
    NoRequest,
    /// The client has nothing more to say, and still does not read.
    HalfClosed,
}

#[test]
fn however_a_connection_ends() {
    let _guard = alone();
    let database = Database::fresh(Engine::PostgreSql);
    fill(&database);
    let observed = Observed::start(&env(&database));
    block_on(async {
        let mut streams = Vec::new();
        for end in [End::Unbind, End::TooLarge, End::NoRequest, End::HalfClosed] {
            let mut client = jam(&observed).await;
            for number in 0..4 {
                client
                    .send(search(equal("uid", &format!("zz{number:05}"))))
                    .await
                    .unwrap();
            }
            let begun = Instant::now();
            while in_use(&observed) < 4 {
                assert!(begun.elapsed() < AT_ONCE, "{end:?}: nothing runs");
                sleep(Duration::from_millis(5)).await;
            }
            if let End::Unbind = end {
                client.send(LdapOp::UnbindRequest).await.unwrap();
            }
            let mut stream = client.into_stream();
            match end {
                End::Unbind => {}
                End::TooLarge => stream.write_all(&[0x30, 0x84, 0x7f, 0, 0, 0]).await.unwrap(),
                End::NoRequest => stream.write_all(&[0x30, 5, 2, 1, 9, 0x65, 0]).await.unwrap(),
                End::HalfClosed => stream.shutdown().await.unwrap(),
            }
            stream.flush().await.unwrap();
            let begun = Instant::now();
            while in_use(&observed) > 0 {
                assert!(
                    begun.elapsed() < AT_ONCE,
                    "{end:?}: {} places are taken still",
                    in_use(&observed)
                );
                sleep(Duration::from_millis(5)).await;
            }
            streams.push(stream);
        }
    });
}
