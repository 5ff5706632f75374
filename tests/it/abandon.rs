//! What nobody waits for any more ends in the database as well: searches that are abandoned,
//! cancelled or out of time, and those of clients that went; before the first entry and after it.

use crate::harness::client::{equal, search as search_op};
use crate::harness::database::{APP_USER, Server};
use crate::harness::{Client, Database, Engine, Env, Gateway, alone, beside_others, block_on, figure};
use ldap3_proto::proto::{LdapExtendedRequest, LdapOp};
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions};
use std::fmt;
use std::str::FromStr;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::sleep;

const USERS: usize = 1_500;
/// The first user of ours; `SLOW_FROM` is in the second chunk of 500, in order of names or of numbers.
const FIRST: usize = 1_000_000;
const SLOW_FROM: usize = FIRST + 900;
/// Only against hanging: the statements of these tests take longer than the suite.
const NEVER: Duration = Duration::from_secs(20);
const CANCEL: &str = "1.3.6.1.1.8";

/// A database with more users than a chunk has.
fn filled(engine: Engine) -> Database {
    filled_on(Server::shared(engine))
}

fn filled_on(server: Server) -> Database {
    let database = Database::filled_on(server);
    let engine = database.engine;
    let values: Vec<String> = (0..USERS)
        .map(|n| {
            format!(
                "({}, 'zz{n:05}', 20001, 'First{n}', 'Last{n}', 'Full name {n}', '{}')",
                FIRST + n,
                "m".repeat(150)
            )
        })
        .collect();
    database.sql(&format!(
        "INSERT INTO \"Users\" (\"uidNumber\", \"uid\", \"gidNumber\", \"givenName\", \"sn\", \"cn\", \"homeDirectory\") VALUES {}",
        values.join(",\n")
    ));
    if engine == Engine::PostgreSql {
        database.sql("ANALYZE");
    }
    database
}

/// The listing of users has a column that takes ages for the users from a number on. A column and not a condition, so
/// that only the statements that read whole rows are slow.
fn slow_from(database: &Database, number: usize) -> Env {
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
    let engine = database.engine;
    let column = engine.quoted(&format!(
        "CASE WHEN \"uidNumber\" >= {number} THEN {ages} ELSE \"mail\" END AS mail"
    ));
    let slow = |query: &str| query.replacen(&engine.quoted("\"mail\""), &column, 1);
    database.deployed().changed("SQL_QUERY_ALL_USERS", slow)
}

/// As `slow_from`, and not to be read by key: one statement brings everything.
fn streamed(env: Env) -> Env {
    env.changed("SQL_QUERY_ALL_USERS", |query| format!("{query} LIMIT 100000000"))
}

fn everybody() -> LdapOp {
    search_op(equal("objectClass", "posixAccount"))
}

/// How a search comes to its end before its time.
#[derive(Clone, Copy, Debug)]
enum Ending {
    Abandon,
    Cancel,
    /// The socket is closed.
    Close,
    /// The same, behind more requests than the gateway lets wait.
    CloseBehindMany,
    /// The client's own time limit, of one second.
    TimeLimit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    BeforeTheFirstEntry,
    AfterTheFirstEntry,
}

/// Looks at the database from outside.
enum Watch {
    Postgres(PgConnection),
    MariaDb(MySqlConnection),
    /// The gateway itself runs the statements, each in a thread.
    Sqlite(u32),
}

impl Watch {
    /// As the gateway's own role, which sees its other sessions and what they run.
    async fn over(database: &Database, gateway: &Gateway) -> Watch {
        let uri = database.uri();
        match database.engine {
            Engine::PostgreSql => Watch::Postgres(PgConnectOptions::from_str(&uri).unwrap().connect().await.unwrap()),
            Engine::MariaDb => Watch::MariaDb(MySqlConnectOptions::from_str(&uri).unwrap().connect().await.unwrap()),
            Engine::Sqlite => Watch::Sqlite(gateway.process.pid()),
        }
    }

    /// The slow statements that run now. The search for twins has the operator's query in it as well, and ends by
    /// itself.
    async fn running(&mut self) -> i64 {
        const SLOW: &str = "LIKE '%THEN %(%' AND NOT %s LIKE '%HAVING%'";
        match self {
            Watch::Postgres(connection) => {
                let sql = format!(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' \
                     AND application_name = 'ldap-gateway' AND backend_type = 'client backend' AND query {}",
                    SLOW.replace("%s", "query")
                );
                sqlx::query_scalar(AssertSqlSafe(sql))
                    .fetch_one(connection)
                    .await
                    .unwrap()
            }
            Watch::MariaDb(connection) => {
                let sql = format!(
                    "SELECT count(*) FROM information_schema.processlist WHERE db = database() AND id <> connection_id() \
                     AND info {}",
                    SLOW.replace("%s", "info")
                );
                sqlx::query_scalar(AssertSqlSafe(sql))
                    .fetch_one(connection)
                    .await
                    .unwrap()
            }
            Watch::Sqlite(pid) => {
                let threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten();
                let stats = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("stat")).ok());
                let busy = stats.filter(|stat| stat.contains("(sqlx-sqlite") && stat.contains(") R "));
                i64::try_from(busy.count()).unwrap()
            }
        }
    }

    /// Waits until so many run, and sees that they do not just come by.
    async fn until_running(&mut self, count: i64, gateway: &Gateway) {
        let begun = Instant::now();
        let mut seen = 0;
        while seen < 5 {
            seen = if self.running().await == count { seen + 1 } else { 0 };
            assert!(begun.elapsed() < NEVER, "nothing runs\n{}", gateway.log_tail());
            sleep(Duration::from_millis(4)).await;
        }
    }

    /// How long it takes until none runs.
    async fn until_gone(&mut self, what: impl fmt::Debug) -> Duration {
        let begun = Instant::now();
        while self.running().await > 0 {
            assert!(begun.elapsed() < NEVER, "{what:?}: the statement goes on");
            sleep(Duration::from_millis(1)).await;
        }
        begun.elapsed()
    }
}

/// One search that ends like this; how long its statement went on.
async fn once(gateway: &Gateway, watch: &mut Watch, ending: Ending, moment: Moment) -> Duration {
    let mut client = Client::connect(gateway).await;
    let LdapOp::SearchRequest(mut request) = everybody() else {
        panic!("a search")
    };
    if matches!(ending, Ending::TimeLimit) {
        request.timelimit = 1;
    }
    let sent = Instant::now();
    let id = client.send(LdapOp::SearchRequest(request)).await.unwrap();
    if moment == Moment::AfterTheFirstEntry {
        let message = client.receive_within(NEVER).await.expect("closed");
        assert!(matches!(message.op, LdapOp::SearchResultEntry(_)), "{:?}", message.op);
    }
    if matches!(ending, Ending::CloseBehindMany) {
        for _ in 0..120 {
            client.send(everybody()).await.unwrap();
        }
        // Scans have half of the pool's places.
        watch.until_running(5, gateway).await;
    } else {
        watch.until_running(1, gateway).await;
    }
    match ending {
        Ending::Abandon => {
            client.send(LdapOp::AbandonRequest(id)).await.unwrap();
        }
        Ending::Cancel => {
            client.send(cancel(id)).await.unwrap();
        }
        Ending::Close | Ending::CloseBehindMany => drop(client),
        Ending::TimeLimit => sleep(Duration::from_secs(1).saturating_sub(sent.elapsed())).await,
    }
    watch.until_gone((ending, moment)).await
}

fn cancel(id: i32) -> LdapOp {
    LdapOp::ExtendedRequest(LdapExtendedRequest {
        name: CANCEL.into(),
        value: Some(vec![0x30, 3, 2, 1, u8::try_from(id).unwrap()]),
    })
}

/// The median of several searches that end like this, and the slowest.
async fn several(gateway: &Gateway, watch: &mut Watch, ending: Ending, moment: Moment, times: usize) -> Duration {
    let mut gone = Vec::new();
    for _ in 0..times {
        gone.push(once(gateway, watch, ending, moment).await);
    }
    gone.sort();
    let median = gone[times / 2];
    let engine = match watch {
        Watch::Postgres(_) => "postgresql",
        Watch::MariaDb(_) => "mariadb",
        Watch::Sqlite(_) => "sqlite",
    };
    figure(&format!(
        "abandon, {engine}: {ending:?} {moment:?}: statement gone after {:.1} ms (median of {times}), {:.1} ms at most",
        median.as_secs_f64() * 1e3,
        gone[times - 1].as_secs_f64() * 1e3
    ));
    median
}

const ENDINGS: [Ending; 5] = [
    Ending::Abandon,
    Ending::Cancel,
    Ending::Close,
    Ending::CloseBehindMany,
    Ending::TimeLimit,
];

/// In chunks, of which the first or the second is slow.
fn chunks(engine: Engine, times: usize) -> Vec<Duration> {
    let database = filled(engine);
    let mut medians = Vec::new();
    for (moment, number) in [
        (Moment::BeforeTheFirstEntry, 0),
        (Moment::AfterTheFirstEntry, SLOW_FROM),
    ] {
        let gateway = Gateway::start(&slow_from(&database, number));
        block_on(async {
            let mut watch = Watch::over(&database, &gateway).await;
            for ending in ENDINGS {
                let times = if matches!(ending, Ending::TimeLimit) { 1 } else { times };
                medians.push(several(&gateway, &mut watch, ending, moment, times).await);
            }
            // Nothing is left behind that others would wait for.
            let mut client = Client::connect(&gateway).await;
            assert_eq!(client.lookup("alice").await.unwrap(), 1);
        });
    }
    medians
}

/// The issue gives PostgreSQL 200 ms, and this is the one test that holds it to a time: what is tested is that somebody
/// tells the server, and without that it ends the statement as well, 500 ms after it last looked at the connection. A
/// median, because one try may meet a busy machine.
const AT_MOST: Duration = Duration::from_millis(200);

#[test]
fn chunks_on_postgresql() {
    let _guard = alone();
    for median in chunks(Engine::PostgreSql, 3) {
        assert!(median < AT_MOST, "{median:?}");
    }
}

#[test]
fn chunks_on_mariadb() {
    let _guard = alone();
    chunks(Engine::MariaDb, 3);
}

#[test]
fn chunks_on_sqlite() {
    let _guard = alone();
    chunks(Engine::Sqlite, 1);
}

/// One statement for everything, silent after some rows.
#[test]
fn a_stream_that_is_silent() {
    let _guard = alone();
    let database = filled(Engine::PostgreSql);
    let gateway = Gateway::start(&streamed(slow_from(&database, FIRST + 1_400)));
    block_on(async {
        let mut watch = Watch::over(&database, &gateway).await;
        for ending in [Ending::Abandon, Ending::Close] {
            let median = several(&gateway, &mut watch, ending, Moment::AfterTheFirstEntry, 5).await;
            assert!(median < AT_MOST, "{ending:?}: {median:?}");
        }
    });
}

/// One statement for everything, and a client that reads no more than the first entry: the server waits until it can
/// send, and sees no cancel meanwhile.
#[test]
fn a_stream_that_nobody_reads() {
    let _guard = alone();
    let database = filled(Engine::PostgreSql);
    let many = |query: &str| {
        query
            .replacen("\"uid\" AS", "\"uid\" || 'x' || n AS", 1)
            .replacen("\"mail\"", "CASE WHEN true THEN (\"mail\") END AS mail", 1)
            .replacen(" FROM \"Users\"", " FROM \"Users\", generate_series(1, 150) n", 1)
    };
    let env = database.deployed().changed("SQL_QUERY_ALL_USERS", many);
    let gateway = Gateway::start(&streamed(env).with("LOG_LEVEL", "debug"));
    block_on(async {
        let mut watch = Watch::over(&database, &gateway).await;
        for ending in [Ending::Abandon, Ending::Close] {
            let mut gone = Vec::new();
            for _ in 0..3 {
                let mut client = Client::connect_slow(&gateway).await;
                let id = client.send(everybody()).await.unwrap();
                client.receive_within(NEVER).await.expect("closed");
                let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                             AND application_name = 'ldap-gateway' AND wait_event = 'ClientWrite'";
                let begun = Instant::now();
                while database.sql(waits).trim() != "1" {
                    assert!(begun.elapsed() < NEVER, "it does not wait\n{}", gateway.log_tail());
                    sleep(Duration::from_millis(50)).await;
                }
                match ending {
                    Ending::Abandon => {
                        client.send(LdapOp::AbandonRequest(id)).await.unwrap();
                        gone.push(watch.until_gone(ending).await);
                    }
                    _ => {
                        drop(client);
                        gone.push(watch.until_gone(ending).await);
                    }
                }
            }
            gone.sort();
            figure(&format!(
                "abandon, postgresql: {ending:?} while the server waits for the reader: statement gone after {:.1} ms (median of 3)",
                gone[1].as_secs_f64() * 1e3
            ));
            assert!(gone[1] < AT_MOST, "{ending:?}: {:?}", gone[1]);
        }
    });
}

/// MariaDB, which does not notice that a client is gone, is frozen when it should be told, for longer than a place in the
/// pool waits. It is told afterwards, and nobody has to wait for that.
#[test]
fn a_server_that_can_not_be_told_yet() {
    let _guard = beside_others();
    let database = filled_on(Server::private(Engine::MariaDb));
    let gateway = Gateway::start(&slow_from(&database, 0));
    block_on(async {
        let mut watch = Watch::over(&database, &gateway).await;
        let mut client = Client::connect(&gateway).await;
        for _ in 0..5 {
            client.send(everybody()).await.unwrap();
        }
        watch.until_running(5, &gateway).await;
        database.freeze();
        drop(client);
        sleep(Duration::from_millis(2_500)).await;
        database.thaw();
        let mut client = Client::connect(&gateway).await;
        assert_eq!(client.lookup("alice").await.unwrap(), 1);
        let gone = watch.until_gone("thawed").await;
        figure(&format!(
            "abandon, mariadb: frozen for 2.5 s when it should be told: statements gone {:.1} ms after the next lookup",
            gone.as_secs_f64() * 1e3
        ));
    });
}

/// A MariaDB that has no connection left for telling it, because all that it allows us are what was abandoned.
#[test]
fn a_server_that_is_full() {
    let _guard = beside_others();
    let database = filled_on(Server::private(Engine::MariaDb));
    database.sql(&format!("GRANT USAGE ON *.* TO {APP_USER} WITH MAX_USER_CONNECTIONS 3"));
    // One row of the first chunk takes some seconds; then its statement is over.
    let slow = |query: &str| {
        let column = format!("CASE WHEN `uidNumber` = {FIRST} THEN CAST(SLEEP(4) AS CHAR) ELSE `mail` END AS mail");
        query.replacen("`mail`", &column, 1)
    };
    let gateway = Gateway::start(&database.deployed().changed("SQL_QUERY_ALL_USERS", slow));
    let running =
        "SELECT count(*) FROM information_schema.processlist WHERE info LIKE '%SLEEP(4)%' AND user = 'gateway'";
    block_on(async {
        let mut client = Client::connect(&gateway).await;
        for _ in 0..5 {
            client.send(everybody()).await.unwrap();
        }
        let begun = Instant::now();
        while database.sql(running).trim() != "2" {
            assert!(begun.elapsed() < NEVER, "{}", gateway.log_tail());
            sleep(Duration::from_millis(20)).await;
        }
        drop(client);
        // Nobody was told, so they run to their end. Then there is room again.
        sleep(Duration::from_secs(4)).await;
        let mut client = Client::connect(&gateway).await;
        assert_eq!(
            client.lookup("alice").await.expect("not answered"),
            1,
            "{}",
            gateway.log_tail()
        );
    });
}

/// With one place in the pool: it is free again at once, and searches that waited for it never begin.
fn one_place(engine: Engine) {
    let _guard = alone();
    let database = filled(engine);
    let gateway = Gateway::start(&slow_from(&database, 0).with("SQL_POOL_SIZE", 1));
    block_on(async {
        let mut watch = Watch::over(&database, &gateway).await;
        let mut client = Client::connect(&gateway).await;
        let mut ids = Vec::new();
        for _ in 0..6 {
            ids.push(client.send(everybody()).await.unwrap());
        }
        watch.until_running(1, &gateway).await;
        // Those that wait first, so that none of them could take the place.
        ids.reverse();
        for id in ids {
            client.send(LdapOp::AbandonRequest(id)).await.unwrap();
        }
        watch.until_gone(engine).await;
        let found = tokio::time::timeout(NEVER, client.lookup("alice")).await;
        assert_eq!(found.expect("the place is still taken").unwrap(), 1);
        assert_eq!(watch.running().await, 0, "what was abandoned began");
    });
}

#[test]
fn one_place_on_postgresql() {
    one_place(Engine::PostgreSql);
}

#[test]
fn one_place_on_mariadb() {
    one_place(Engine::MariaDb);
}

#[test]
fn one_place_on_sqlite() {
    one_place(Engine::Sqlite);
}

/// However many are abandoned: there are never more connections than places, the probe's and the one that ends the
/// others; and no statement of anybody else is ended.
fn flood(engine: Engine) {
    const PLACES: i64 = 6;
    let _guard = alone();
    let database = filled(engine);
    let gateway = Gateway::start(&slow_from(&database, 0).with("SQL_POOL_SIZE", PLACES));
    block_on(async {
        let mut tasks = JoinSet::new();
        for number in 0..12_u64 {
            let mut client = Client::connect(&gateway).await;
            tasks.spawn(async move {
                for round in 0..25 {
                    let id = client.send(everybody()).await.unwrap();
                    sleep(Duration::from_millis((number * 7 + round * 3) % 40)).await;
                    client.send(LdapOp::AbandonRequest(id)).await.unwrap();
                }
            });
        }
        for _ in 0..4 {
            let mut client = Client::connect(&gateway).await;
            tasks.spawn(async move {
                for _ in 0..100 {
                    assert_eq!(client.lookup("alice").await.expect("a lookup was not answered"), 1);
                }
            });
        }
        let connections = match engine {
            Engine::PostgreSql => {
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'ldap-gateway'"
            }
            _ => "SELECT count(*) FROM information_schema.processlist WHERE db = database() AND user = 'gateway'",
        };
        assert_eq!(APP_USER, "gateway");
        let mut most = 0;
        while !tasks.is_empty() {
            while let Some(ended) = tasks.try_join_next() {
                ended.unwrap();
            }
            let now: i64 = database.sql(connections).trim().parse().unwrap();
            most = most.max(now);
            sleep(Duration::from_millis(10)).await;
        }
        let mut watch = Watch::over(&database, &gateway).await;
        watch.until_gone(engine).await;
        figure(&format!(
            "abandon, {}: 300 searches abandoned, 400 lookups beside them: at most {most} connections for {PLACES} places",
            engine.name()
        ));
        // The server may still be closing one or two.
        assert!(most <= PLACES + 2 + 2, "{most} connections");
    });
}

#[test]
fn a_flood_on_postgresql() {
    flood(Engine::PostgreSql);
}

#[test]
fn a_flood_on_mariadb() {
    flood(Engine::MariaDb);
}
