//! Floods of requests that are abandoned at once, or whose connection is closed: connections to the database are opened for
//! whoever waits longest, and not for each of them.

use super::Bystander;
use crate::harness::client::{bind, equal, search};
use crate::harness::database::Server;
use crate::harness::ldap::user_dn;
use crate::harness::{Client, Database, Engine, Gateway, alone, beside_others, block_on, figure};
use ldap3_proto::proto::LdapOp;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

const ATTACKERS: usize = 16;
const LASTS: Duration = Duration::from_secs(3);

#[derive(Clone, Copy, Debug)]
enum Flood {
    SearchAndAbandon,
    BindAndAbandon,
    BindAndClose,
}

/// Sessions that the server has begun so far.
fn sessions(database: &Database) -> u64 {
    let asked = match database.engine {
        Engine::PostgreSql => {
            "SELECT pg_stat_force_next_flush(); SELECT sessions FROM pg_stat_database WHERE datname = current_database()"
        }
        _ => "SHOW GLOBAL STATUS LIKE 'Connections'",
    };
    let answer = database.sql(asked);
    answer.split_whitespace().last().unwrap().parse().unwrap()
}

async fn attack(gateway: Arc<Gateway>, flood: Flood, number: usize) -> usize {
    let begun = Instant::now();
    let mut count = 0;
    let mut client = Client::connect(&gateway).await;
    while begun.elapsed() < LASTS {
        count += 1;
        match flood {
            Flood::SearchAndAbandon => {
                let id = client
                    .send(search(equal("uid", &format!("nobody{number}x{count}"))))
                    .await
                    .unwrap();
                tokio::task::yield_now().await;
                client.send(LdapOp::AbandonRequest(id)).await.unwrap();
            }
            Flood::BindAndAbandon => {
                let id = client
                    .send(bind(&user_dn(&format!("nobody{number}x{count}")), "x"))
                    .await
                    .unwrap();
                tokio::task::yield_now().await;
                client.send(LdapOp::AbandonRequest(id)).await.unwrap();
            }
            Flood::BindAndClose => {
                client
                    .send(bind(&user_dn(&format!("nobody{number}x{count}")), "x"))
                    .await
                    .unwrap();
                match Client::try_connect(&gateway).await {
                    Ok(next) => client = next,
                    Err(_) => break,
                }
            }
        }
        // Answers that come all the same are not waited for, but the gateway must be able to write them.
        while let Ok(Some(_)) = tokio::time::timeout(Duration::ZERO, client.receive()).await {}
    }
    count
}

fn floods(engine: Engine) {
    let _guard = alone();
    let database = Database::filled_on(Server::private(engine));
    let env = database
        .deployed()
        .with("LDAP_UNENCRYPTED", true)
        .with("LOG_LEVEL", "warn");
    let gateway = Arc::new(Gateway::start(&env));
    block_on(async {
        for flood in [Flood::SearchAndAbandon, Flood::BindAndAbandon, Flood::BindAndClose] {
            let before = sessions(&database);
            gateway.process.reset_peak();
            let bystander = Bystander::arrives(&gateway).await;
            let mut attackers = JoinSet::new();
            for number in 0..ATTACKERS {
                attackers.spawn(attack(Arc::clone(&gateway), flood, number));
            }
            let requests: usize = attackers.join_all().await.into_iter().sum();
            let words = bystander.leaves().await;
            sleep(Duration::from_millis(300)).await;
            let opened = sessions(&database) - before;
            figure(&format!(
                "attack, {}: {flood:?}, {requests} requests of {ATTACKERS} clients in {} s: {opened} sessions of the database; {words}; RSS {:.0} MB at its peak",
                engine.name(),
                LASTS.as_secs(),
                gateway.process.peak_rss() as f64 / 1024.0
            ));
        }
    });
}

/// A way to the server that takes its time with each new connection; how many were under way at once, at most.
async fn slow_way(upstream: u16) -> (u16, Arc<AtomicUsize>) {
    const TAKES: Duration = Duration::from_millis(100);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let seen = Arc::clone(&most);
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let (now, most) = (Arc::clone(&now), Arc::clone(&most));
            tokio::spawn(async move {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                sleep(TAKES).await;
                now.fetch_sub(1, Ordering::SeqCst);
                if let Ok(mut far) = TcpStream::connect(("127.0.0.1", upstream)).await {
                    let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                }
            });
        }
    });
    (port, seen)
}

/// However many ask: two connections are opened at a time, besides the probe's and the one that ends abandoned statements.
#[test]
fn few_connections_are_opened_at_a_time() {
    let _guard = beside_others();
    let database = Database::fresh(Engine::PostgreSql);
    let Server::Postgres(server) = &database.server else {
        panic!("PostgreSQL")
    };
    block_on(async {
        let (port, most) = slow_way(server.port).await;
        let way = |uri: &str| uri.replace(&format!(":{}/", server.port), &format!(":{port}/"));
        let env = database
            .deployed()
            .changed("SQL_URI", way)
            .with("LDAP_UNENCRYPTED", true);
        let gateway = Arc::new(Gateway::start(&env.with("LOG_LEVEL", "info")));
        most.store(0, Ordering::SeqCst);
        let mut attackers = JoinSet::new();
        for number in 0..ATTACKERS {
            attackers.spawn(attack(Arc::clone(&gateway), Flood::SearchAndAbandon, number));
        }
        attackers.join_all().await;
        let mut client = Client::connect(&gateway).await;
        assert_eq!(client.lookup("alice").await.expect("not answered"), 1);
        let most = most.load(Ordering::SeqCst);
        figure(&format!(
            "attack, postgresql: at most {most} connections were being opened at once"
        ));
        assert!(most <= 4, "{most} at once");
    });
}

/// A way to the server that may lose everything. What is lost never arrives, also when the way is there again.
async fn lossy_way(upstream: u16) -> (u16, watch::Sender<bool>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (is_lost, losses) = watch::channel(false);
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let mut losses = losses.clone();
            tokio::spawn(async move {
                if !*losses.borrow() {
                    let mut far = TcpStream::connect(("127.0.0.1", upstream)).await.unwrap();
                    tokio::select! {
                        // Looked at first: copying once more could carry a question and its answer.
                        biased;
                        _ = losses.wait_for(|lost| *lost) => {}
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => return,
                    }
                }
                // Open, and silent for ever.
                sleep(Duration::from_secs(120)).await;
            });
        }
    });
    (port, is_lost)
}

/// However long connecting may take: what was begun while the database was away holds up nobody when it is back.
#[test]
fn connecting_is_begun_again_when_the_database_is_back() {
    let _guard = beside_others();
    let database = Database::fresh(Engine::PostgreSql);
    let Server::Postgres(server) = &database.server else {
        panic!("PostgreSQL")
    };
    block_on(async {
        let (port, is_lost) = lossy_way(server.port).await;
        let way = |uri: &str| uri.replace(&format!(":{}/", server.port), &format!(":{port}/")) + "?connect_timeout=60";
        let env = database
            .deployed()
            .changed("SQL_URI", way)
            .with("LDAP_UNENCRYPTED", true);
        let gateway = Arc::new(Gateway::start(&env.with("LOG_LEVEL", "info")));
        let mut clients = Vec::new();
        for _ in 0..6 {
            let mut client = Client::connect(&gateway).await;
            assert_eq!(client.lookup("alice").await.expect("not answered"), 1);
            clients.push(client);
        }
        is_lost.send_replace(true);
        let mut askers = JoinSet::new();
        for mut client in clients {
            askers.spawn(async move { client.lookup("alice").await.ok() });
        }
        let answers = askers.join_all().await;
        assert_eq!(answers, [None; 6], "answered without a database");
        is_lost.send_replace(false);
        let back = Instant::now();
        let answered = loop {
            if let Ok(mut client) = Client::try_connect(&gateway).await
                && client.lookup("alice").await.is_ok_and(|found| found == 1)
            {
                break back.elapsed();
            }
            assert!(
                back.elapsed() < Duration::from_secs(20),
                "nothing is answered\n{}",
                gateway.log_tail()
            );
            sleep(Duration::from_millis(100)).await;
        };
        figure(&format!(
            "attack, postgresql: answered {answered:?} after the database is back"
        ));
    });
}

#[test]
fn floods_on_postgresql() {
    floods(Engine::PostgreSql);
}

#[test]
fn floods_on_mariadb() {
    floods(Engine::MariaDb);
}

#[test]
fn floods_on_sqlite() {
    let _guard = alone();
    let database = Database::fresh(Engine::Sqlite);
    let env = database
        .deployed()
        .with("LDAP_UNENCRYPTED", true)
        .with("LOG_LEVEL", "warn");
    let gateway = Arc::new(Gateway::start(&env));
    block_on(async {
        for flood in [Flood::SearchAndAbandon, Flood::BindAndAbandon, Flood::BindAndClose] {
            let bystander = Bystander::arrives(&gateway).await;
            let mut attackers = JoinSet::new();
            for number in 0..ATTACKERS {
                attackers.spawn(attack(Arc::clone(&gateway), flood, number));
            }
            let requests: usize = attackers.join_all().await.into_iter().sum();
            figure(&format!(
                "attack, sqlite: {flood:?}, {requests} requests of {ATTACKERS} clients in {} s; {}",
                LASTS.as_secs(),
                bystander.leaves().await
            ));
        }
    });
}
