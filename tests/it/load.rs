//! Many clients, slow clients, big tables. Figures are printed; only errors and memory can
//! fail a test, because times on this machine move by a factor of two from run to run.

use crate::harness::client::{equal, search_for};
use crate::harness::database::Server;
use crate::harness::ldap::{BASE, user_dn};
use crate::harness::random::Random;
use crate::harness::{Client, Database, Engine, Gateway, alone, block_on, figure};
use ldap3_proto::proto::{LdapOp, LdapSearchScope};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const CONNECTIONS: usize = 200;
const SEARCHES: usize = 50;
const BINDERS: usize = 8;

/// The 99th percentile, and the median.
fn percentiles(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort();
    (times[times.len() * 99 / 100], times[times.len() / 2])
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Every connection makes its searches; how long each took.
async fn searches(clients: Vec<Client>) -> (Vec<Client>, Vec<Duration>) {
    const NAMES: [&str; 8] = ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "HEIDI"];
    let mut tasks = JoinSet::new();
    for (number, mut client) in clients.into_iter().enumerate() {
        tasks.spawn(async move {
            let mut times = Vec::with_capacity(SEARCHES);
            for round in 0..SEARCHES {
                let name = NAMES[(number + round) % NAMES.len()];
                let start = Instant::now();
                let done = client
                    .search(equal("uid", name))
                    .await
                    .expect("a search was not answered");
                times.push(start.elapsed());
                assert_eq!((done.code(), done.entries.len()), (0, 1));
                assert_eq!(done.entries[0].dn, user_dn(&name.to_lowercase()));
            }
            (client, times)
        });
    }
    let mut clients = Vec::new();
    let mut times = Vec::new();
    for (client, of_one) in tasks.join_all().await {
        clients.push(client);
        times.extend(of_one);
    }
    (clients, times)
}

#[test]
fn searches_while_others_bind() {
    let _guard = alone();
    let database = Database::fresh(Engine::PostgreSql);
    let gateway = Arc::new(Gateway::start(&database.deployed().with("LOG_LEVEL", "warn")));
    block_on(async {
        let mut clients = Vec::new();
        for _ in 0..CONNECTIONS {
            clients.push(Client::connect(&gateway).await);
        }
        // Once to warm up: pools, caches, the clients' own.
        let (clients, _) = searches(clients).await;
        let (clients, without) = searches(clients).await;

        let over = Arc::new(AtomicBool::new(false));
        let bound = Arc::new(AtomicUsize::new(0));
        let mut binders = JoinSet::new();
        for _ in 0..BINDERS {
            let (over, bound) = (Arc::clone(&over), Arc::clone(&bound));
            let mut client = Client::connect(&gateway).await;
            binders.spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    // Argon2id with Node's parameters: 64 MiB, three passes.
                    assert_eq!(
                        client
                            .bind(&user_dn("alice"), "alice-likes-tea")
                            .await
                            .expect("a bind was not answered"),
                        0
                    );
                    bound.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        let (_, with) = searches(clients).await;
        over.store(true, Ordering::Relaxed);
        binders.join_all().await;
        let bound = bound.load(Ordering::Relaxed);
        assert!(bound >= BINDERS, "{bound}");
        let ((p99_without, p50_without), (p99_with, p50_with)) = (percentiles(without), percentiles(with));
        figure(&format!(
            "load: {CONNECTIONS} connections x {SEARCHES} searches: p99 {:.1} ms (p50 {:.1}); while {BINDERS} clients bind with Argon2 \
             ({bound} binds): p99 {:.1} ms (p50 {:.1}); ratio {:.2}; no error",
            ms(p99_without),
            ms(p50_without),
            ms(p99_with),
            ms(p50_with),
            ms(p99_with) / ms(p99_without)
        ));
    });
}

const USERS: usize = 100_000;
const SLOW_READERS: usize = 20;
/// How much resident memory may grow under slow readers, in KiB. Held whole, one listing is some 40 MB, and there are 20.
const GROWTH: u64 = 96 * 1024;

fn fill(database: &Database) {
    let columns = "\"Users\" (\"uidNumber\", \"uid\", \"gidNumber\", \"givenName\", \"sn\", \"cn\")";
    match database.engine {
        Engine::PostgreSql => database.sql(&format!(
            "INSERT INTO {columns} SELECT 1000000 + n, 'user' || n, 20001, 'First' || n, 'Last' || n, 'First' || n || ' Last' || n \
             FROM generate_series(0, {} ) n; ANALYZE",
            USERS - 1
        )),
        Engine::MariaDb => database.sql(&format!(
            "INSERT INTO {columns} SELECT 1000000 + seq, CONCAT('user', seq), 20001, CONCAT('First', seq), CONCAT('Last', seq), \
             CONCAT('First', seq, ' Last', seq) FROM seq_0_to_{}",
            USERS - 1
        )),
        Engine::Sqlite => database.sql(&format!(
            "INSERT INTO {columns} WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < {}) \
             SELECT 1000000 + n, 'user' || n, 20001, 'First' || n, 'Last' || n, 'First' || n || ' Last' || n FROM s",
            USERS - 1
        )),
    };
}

fn everybody() -> LdapOp {
    search_for(
        BASE,
        LdapSearchScope::Subtree,
        equal("objectClass", "posixAccount"),
        &[],
    )
}

/// Looks up names one after the other, as long as it is said.
async fn lookups(gateway: &Gateway, over: impl Fn(usize) -> bool) -> Vec<Duration> {
    let mut random = Random::new(3);
    let mut client = Client::connect(gateway).await;
    let mut times = Vec::new();
    while !over(times.len()) {
        let name = format!("user{}", random.below(USERS));
        let start = Instant::now();
        assert_eq!(client.lookup(&name).await.expect("a lookup was not answered"), 1);
        times.push(start.elapsed());
    }
    times
}

fn slow_readers(engine: Engine) {
    let _guard = alone();
    // A private server: a big table would slow down the shared one's other tests.
    let database = Database::schema_on(Server::private(engine));
    fill(&database);
    let gateway = Arc::new(Gateway::start(&database.deployed().with("LOG_LEVEL", "warn")));
    block_on(async {
        // One who reads as fast as it comes gets everybody once; that also warms everything up.
        let start = Instant::now();
        let mut fast = Client::connect(&gateway).await;
        let id = fast.send(everybody()).await.unwrap();
        let mut seen = vec![false; USERS];
        loop {
            match fast.receive_within(Duration::from_secs(60)).await.expect("closed").op {
                LdapOp::SearchResultEntry(entry) => {
                    let number = entry
                        .dn
                        .strip_prefix("uid=user")
                        .unwrap()
                        .split_once(',')
                        .unwrap()
                        .0
                        .parse::<usize>()
                        .unwrap();
                    assert!(!std::mem::replace(&mut seen[number], true), "{} twice", entry.dn);
                }
                LdapOp::SearchResultDone(result) => {
                    assert_eq!(result.code as i32, 0);
                    break;
                }
                other => panic!("{id}: {other:?}"),
            }
        }
        let listing = start.elapsed();
        assert!(seen.iter().all(|seen| *seen), "somebody is missing");
        let alone_times = lookups(&gateway, |count| count >= 1_000).await;

        let before = gateway.process.rss();
        gateway.process.reset_peak();
        let mut readers = JoinSet::new();
        let over = Arc::new(AtomicBool::new(false));
        for _ in 0..SLOW_READERS {
            let over = Arc::clone(&over);
            let mut client = Client::connect_slow(&gateway).await;
            readers.spawn(async move {
                client.send(everybody()).await.unwrap();
                let mut count = 0;
                while !over.load(Ordering::Relaxed) {
                    for _ in 0..20 {
                        let message = client.receive_within(Duration::from_secs(30)).await.expect("closed");
                        assert!(matches!(message.op, LdapOp::SearchResultEntry(_)), "{:?}", message.op);
                        count += 1;
                    }
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                count
            });
        }
        let end = Instant::now() + Duration::from_secs(8);
        let beside_times = lookups(&gateway, |_| Instant::now() > end).await;
        over.store(true, Ordering::Relaxed);
        let read: usize = readers.join_all().await.into_iter().sum();
        let peak = gateway.process.peak_rss();
        let ((p99_alone, _), (p99_beside, _)) = (percentiles(alone_times), percentiles(beside_times.clone()));
        figure(&format!(
            "slow readers, {}: {USERS} users listed in {:.1} s; {SLOW_READERS} slow readers ({read} entries in 8 s): \
             RSS {:.0} MB before, {:.0} MB at its peak; {} lookups beside them: p99 {:.1} ms, alone {:.1} ms, ratio {:.2}",
            engine.name(),
            listing.as_secs_f64(),
            before as f64 / 1024.0,
            peak as f64 / 1024.0,
            beside_times.len(),
            ms(p99_beside),
            ms(p99_alone),
            ms(p99_beside) / ms(p99_alone)
        ));
        assert!(peak < before + GROWTH, "from {before} to {peak} KiB");
    });
}

#[test]
fn slow_readers_postgresql() {
    slow_readers(Engine::PostgreSql);
}

#[test]
fn slow_readers_mariadb() {
    slow_readers(Engine::MariaDb);
}

#[test]
fn slow_readers_sqlite() {
    slow_readers(Engine::Sqlite);
}

#[test]
fn connections_that_come_and_go_leave_nothing() {
    let _guard = alone();
    let database = Database::shared(Engine::Sqlite);
    let gateway = Gateway::start(&database.deployed().with("LOG_LEVEL", "warn"));
    // Sockets only: the pool opens the SQLite file when it needs to.
    let sockets = || {
        let descriptors = std::fs::read_dir(format!("/proc/{}/fd", gateway.process.pid())).unwrap();
        let targets = descriptors
            .flatten()
            .filter_map(|descriptor| std::fs::read_link(descriptor.path()).ok());
        targets
            .filter(|target| target.to_string_lossy().starts_with("socket:"))
            .count()
    };
    block_on(async {
        let round = async || {
            let mut tasks = Vec::new();
            for number in 0..50 {
                let gateway = &gateway;
                tasks.push(async move {
                    let mut client = Client::connect(gateway).await;
                    if number % 3 == 0 {
                        // Goes in the middle of an answer.
                        client.send(everybody()).await.unwrap();
                    } else {
                        assert_eq!(client.lookup("alice").await.unwrap(), 1);
                    }
                });
            }
            futures::future::join_all(tasks).await;
        };
        round().await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let (before, memory) = (sockets(), gateway.process.rss());
        for _ in 0..8 {
            round().await;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(sockets() <= before + 3, "{} sockets, {before} before", sockets());
        let grown = gateway.process.rss().saturating_sub(memory);
        assert!(grown < 30 * 1024, "{grown} KiB more");
    });
}
