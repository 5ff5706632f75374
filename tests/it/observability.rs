//! What operators see: the admin port, the metrics, the log.

use crate::harness::client::{bind, equal, extended, search_for};
use crate::harness::gateway::Env;
use crate::harness::ldap::{BASE, BATTERY_PASSWORD, user_dn};
use crate::harness::{
    Client, Database, Engine, Gateway, beside_others, block_on, eventually, figure, free_port, ldapsearch, ldapwhoami,
    repository,
};
use ldap3_proto::proto::{LdapOp, LdapSearchScope};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const LONG: Duration = Duration::from_secs(20);

/// A gateway with an admin port.
pub struct Observed {
    pub gateway: Gateway,
    pub admin: SocketAddr,
}

impl Observed {
    pub fn spawn(env: &Env) -> Observed {
        let admin = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let gateway = Gateway::spawn(&env.clone().with("ADMIN_ADDR", admin));
        Observed { gateway, admin }
    }

    pub fn start(env: &Env) -> Observed {
        let mut observed = Observed::spawn(env);
        observed.gateway.expect_ready();
        observed
    }

    /// Status and body; None where nobody listens.
    pub fn get(&self, path: &str) -> Option<(u16, String)> {
        let answer = ask(self.admin, &format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"))?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some((status, body.to_owned()))
    }

    pub fn metrics(&self) -> BTreeMap<String, f64> {
        let (status, page) = self.get("/metrics").unwrap();
        assert_eq!(status, 200);
        samples(&page)
    }

    /// The status, and the first line; what is wrong stands below it.
    fn state(&self) -> (u16, String) {
        let (status, text) = self.get("/readyz").unwrap();
        (status, text.lines().next().unwrap().to_owned())
    }
}

fn ask(admin: SocketAddr, request: &str) -> Option<String> {
    let mut stream = TcpStream::connect_timeout(&admin, LONG).ok()?;
    stream.set_read_timeout(Some(LONG)).unwrap();
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

/// Series and value; everything must be of Prometheus' text format, and no series there twice.
fn samples(page: &str) -> BTreeMap<String, f64> {
    let mut samples = BTreeMap::new();
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
        let before = samples.insert(series.to_owned(), value.parse().unwrap());
        assert_eq!(before, None, "{series}");
    }
    samples
}

pub fn operations(metrics: &BTreeMap<String, f64>, operation: &str, result: &str) -> f64 {
    let of = |series: &str| {
        series.starts_with("ldap_gateway_operations_total{")
            && series.contains(&format!("operation=\"{operation}\""))
            && series.ends_with(&format!("result=\"{result}\"}}"))
    };
    metrics
        .iter()
        .filter(|(series, _)| of(series))
        .map(|(_, value)| value)
        .sum()
}

fn env() -> Env {
    Database::shared(Engine::Sqlite).deployed().with("LOG_LEVEL", "info")
}

/// One connection's part of the load; how many entries came.
async fn one_client(gateway: &Gateway, number: usize) -> usize {
    let mut client = Client::connect(gateway).await;
    let mut entries = 0;
    for round in 0..10 {
        assert_eq!(client.bind(&user_dn("cheap"), BATTERY_PASSWORD).await.unwrap(), 0);
        assert_eq!(client.bind(&user_dn("cheap"), "wrong-Passw0rd").await.unwrap(), 49);
        assert_eq!(client.bind("no dn", "x").await.unwrap(), 34);
        entries += client.lookup("alice").await.unwrap();
        let mut limited = search_for(BASE, LdapSearchScope::Subtree, equal("objectClass", "person"), &["uid"]);
        if let LdapOp::SearchRequest(request) = &mut limited {
            request.sizelimit = 2;
        }
        let done = client.request(limited).await.unwrap();
        assert_eq!((done.code(), done.entries.len()), (4, 2));
        entries += 2;
        let nowhere = search_for("ou=x,dc=example,dc=com", LdapSearchScope::Base, equal("uid", "x"), &[]);
        assert_eq!(client.request(nowhere).await.unwrap().code(), 32);
        let unknown = client.request(extended("1.2.3.4")).await.unwrap();
        assert_eq!(unknown.code(), 2);
        // Some say goodbye, others only close.
        if round == 9 && number.is_multiple_of(2) {
            client.send(LdapOp::UnbindRequest).await.unwrap();
        }
    }
    entries
}

#[test]
fn the_counters_equal_what_the_clients_counted() {
    let _guard = beside_others();
    let observed = Observed::start(&env());
    let gateway = &observed.gateway;
    let before = observed.metrics();
    let since = |metrics: &BTreeMap<String, f64>, name: &str| {
        metrics.get(name).unwrap_or_else(|| panic!("{name}")) - before.get(name).copied().unwrap_or_default()
    };
    const CLIENTS: usize = 8;
    let (started, entries) = (
        Instant::now(),
        block_on(async {
            let parts: Vec<_> = (0..CLIENTS).map(|number| one_client(gateway, number)).collect();
            futures::future::join_all(parts).await.into_iter().sum::<usize>()
        }),
    );
    let found = ldapsearch(gateway, &["-b", BASE, "(uid=bob)"]).success().len();
    assert_eq!(ldapwhoami(gateway, &user_dn("cheap"), BATTERY_PASSWORD).0, 0);
    assert_eq!(ldapwhoami(gateway, &user_dn("nobody"), "x").0, 49);
    let closed = eventually(LONG, || observed.metrics()["ldap_gateway_connections_open"] == 0.0);
    assert!(closed, "connections stay open");
    let metrics = observed.metrics();
    let rounds = (CLIENTS * 10) as f64;
    // `Gateway::start` has read root DSEs, `ldapsearch` binds anonymously, each tool unbinds.
    let count = |operation: &str, result: &str| {
        operations(&metrics, operation, result) - operations(&before, operation, result)
    };
    for (operation, result, expected) in [
        ("bind", "success", rounds + 2.0),
        ("bind", "invalidCredentials", rounds + 1.0),
        ("bind", "invalidDNSyntax", rounds),
        ("search", "success", rounds + 1.0),
        ("search", "sizeLimitExceeded", rounds),
        ("search", "noSuchObject", rounds),
        ("extended", "protocolError", rounds),
        ("extended", "success", 1.0),
        ("unbind", "unanswered", (CLIENTS / 2 + 3) as f64),
        ("search", "abandoned", 0.0),
    ] {
        assert_eq!(count(operation, result), expected, "{operation} {result}");
    }
    assert_eq!(
        since(&metrics, "ldap_gateway_entries_sent_total"),
        (entries + found) as f64
    );
    assert_eq!(since(&metrics, "ldap_gateway_connections_total"), (CLIENTS + 3) as f64);
    assert_eq!(metrics["ldap_gateway_operations_in_flight"], 0.0);
    let binds = r#"ldap_gateway_operation_duration_seconds_count{operation="bind"}"#;
    assert_eq!(since(&metrics, binds), rounds * 3.0 + 3.0);
    for name in ["received", "sent"] {
        assert!(since(&metrics, &format!("ldap_gateway_{name}_bytes_total")) > 10_000.0);
    }
    let lookups = r#"ldap_gateway_sql_statements_total{statement="lookup",result="success"}"#;
    assert!(since(&metrics, lookups) >= rounds, "{lookups}");
    figure(&format!(
        "metrics: {} operations of {CLIENTS} clients and 3 tools in {:.1} s, every count equal",
        rounds * 7.0,
        started.elapsed().as_secs_f64()
    ));
}

#[test]
fn bytes_abandoned_searches_and_failed_handshakes() {
    let _guard = beside_others();
    let observed = Observed::start(&env());
    let gateway = &observed.gateway;
    // No LDAP and no TLS; and one that only looks, which is no failure.
    let failures = || observed.metrics()["ldap_gateway_tls_handshake_failures_total"];
    TcpStream::connect(gateway.address()).unwrap();
    let mut plain = TcpStream::connect(gateway.address()).unwrap();
    plain
        .write_all(b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00")
        .unwrap();
    assert!(eventually(LONG, || failures() == 1.0), "{}", failures());
    let log = gateway.log();
    assert!(log.contains("TLS handshake failed"), "{log}");

    let plain = Observed::start(&env().with("LDAP_UNENCRYPTED", true));
    let before = plain.metrics();
    let mut stream = TcpStream::connect(plain.gateway.address()).unwrap();
    // An anonymous bind, and its response of as many octets.
    let request = b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00";
    stream.write_all(request).unwrap();
    let mut response = [0; 14];
    stream.read_exact(&mut response).unwrap();
    let after = plain.metrics();
    for name in ["ldap_gateway_received_bytes_total", "ldap_gateway_sent_bytes_total"] {
        assert_eq!(after[name] - before[name], 14.0, "{name}");
    }
}

#[test]
fn ready_is_what_clients_find() {
    let _guard = beside_others();
    let database = Database::private(Engine::PostgreSql);
    database.stop();
    let mut observed = Observed::spawn(&database.deployed().with("LOG_LEVEL", "info"));
    // Alive at once, and ready only with the database.
    assert!(eventually(LONG, || observed.get("/livez") == Some((200, "alive\n".to_owned()))));
    assert_eq!(observed.state(), (503, "starting".to_owned()));
    let waits = || {
        observed
            .get("/readyz")
            .unwrap()
            .1
            .contains("\nSQL_URI: waiting for the database ")
    };
    assert!(eventually(LONG, waits), "{:?}", observed.get("/readyz"));
    database.launch();
    assert!(eventually(LONG, || observed.state() == (200, "serving".to_owned())));
    assert!(observed.gateway.accepts());
    database.kill();
    assert!(eventually(LONG, || observed.state().0 == 503), "{:?}", observed.state());
    assert_eq!(observed.state().1, "away");
    let (_, why) = observed.get("/readyz").unwrap();
    assert!(why.contains("\nSQL_URI: the database cannot be reached: "), "{why}");
    let metrics = observed.metrics();
    assert_eq!(metrics[r#"ldap_gateway_database_state{state="away"}"#], 1.0);
    assert_eq!(metrics["ldap_gateway_ready"], 0.0);
    assert_eq!(observed.get("/livez").unwrap().0, 200);
    database.launch();
    assert!(eventually(LONG, || observed.state() == (200, "serving".to_owned())));
    // A login under way keeps it draining; a peer that says nothing on the admin port does not.
    let _silent = TcpStream::connect(observed.admin).unwrap();
    block_on(async {
        let mut login = Client::connect(&observed.gateway).await;
        login.root_dse().await.unwrap();
        observed.gateway.process.signal("TERM");
        assert!(eventually(LONG, || observed.state() == (503, "draining".to_owned())));
        assert!(!observed.gateway.accepts(), "it drains and accepts");
        let bound = login.bind(&user_dn("cheap"), BATTERY_PASSWORD).await.unwrap();
        assert_eq!(bound, 0, "a login under way is served");
        let notice = login.receive_within(LONG).await.unwrap();
        assert_eq!(notice.msgid, 0);
    });
    assert_eq!(observed.gateway.process.wait(LONG).code(), Some(0));
}

#[test]
fn every_signal_that_stops() {
    let _guard = beside_others();
    for signal in ["PWR", "37"] {
        let mut gateway = Gateway::start(&env());
        gateway.process.signal(signal);
        let status = gateway.process.wait(LONG);
        assert_eq!(status.code(), Some(0), "{signal}\n{}", gateway.log_tail());
    }
}

#[test]
fn the_grace_ends_what_does_not_end() {
    let _guard = beside_others();
    let mut gateway = Gateway::start(&env().with("SHUTDOWN_GRACE", "1s"));
    block_on(async {
        // In flight for as long as nobody reads.
        let mut slow = Client::connect_slow(&gateway).await;
        for _ in 0..40 {
            let all = search_for(BASE, LdapSearchScope::Subtree, equal("objectClass", "person"), &[]);
            slow.send(all).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        gateway.process.signal("TERM");
        let status = gateway.process.wait(Duration::from_secs(7));
        assert_eq!(status.code(), Some(0));
    });
}

#[test]
fn the_admin_port_bears_anybody() {
    let _guard = beside_others();
    let observed = Observed::start(&env());
    assert_eq!(observed.get("/").unwrap().0, 404);
    let post = ask(
        observed.admin,
        "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
    )
    .unwrap();
    assert!(post.starts_with("HTTP/1.1 405"), "{post}");
    let head = ask(observed.admin, "HEAD /livez HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"), "{head}");
    let long = format!("GET /livez HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(64 << 10));
    let refused = ask(observed.admin, &long);
    assert!(refused.is_none_or(|answer| !answer.starts_with("HTTP/1.1 200")));
    // More peers than there are places, who say nothing or little: they are left, and others are served.
    let slow: Vec<_> = (0..80)
        .map(|_| {
            let mut stream = TcpStream::connect(observed.admin).unwrap();
            stream.write_all(b"GET /livez HTTP/1.1\r\nX: ").unwrap();
            stream
        })
        .collect();
    assert_eq!(observed.get("/livez").unwrap().0, 200);
    drop(slow);
    assert_eq!(
        ldapsearch(&observed.gateway, &["-b", BASE, "(uid=bob)"])
            .success()
            .len(),
        1
    );
}

#[test]
fn the_documentation_lists_exactly_these_metrics() {
    let _guard = beside_others();
    let observed = Observed::start(&env());
    let (_, page) = observed.get("/metrics").unwrap();
    let served: BTreeSet<(String, String)> = page
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .map(|line| line.split_once(' ').unwrap())
        .map(|(name, kind)| (name.to_owned(), kind.to_owned()))
        .collect();
    let text = std::fs::read_to_string(repository("docs/observability.md")).unwrap();
    let documented: BTreeSet<(String, String)> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
        .filter(|(name, _)| name.starts_with("ldap_gateway_") || name.starts_with("process_"))
        .map(|(name, rest)| (name.to_owned(), rest.split(' ').next().unwrap().to_owned()))
        .collect();
    assert_eq!(served, documented);
}

/// The fields of the line that `has` picks, as `name=value` of the text or of the JSON object.
fn lines_with<'a>(log: &'a str, has: &str) -> Vec<&'a str> {
    log.lines().filter(|line| line.contains(has)).collect()
}

/// Forges a line, clears a terminal, and turns the writing around.
const HOSTILE: &str = "uid=x\n2026 INFO forged\r\u{1b}[2J\u{9b}2J\u{202e}\",\"result\":\"success";

#[test]
fn one_line_per_operation_in_both_formats() {
    let _guard = beside_others();
    for format in ["text", "json"] {
        let gateway = Gateway::start(&env().with("LOG_FORMAT", format));
        let secret = "asserted-Valu3";
        block_on(async {
            let mut client = Client::connect(&gateway).await;
            assert_eq!(client.bind(&user_dn("cheap"), BATTERY_PASSWORD).await.unwrap(), 0);
            client.lookup("alice").await.unwrap();
            client.search(equal("mail", secret)).await.unwrap();
            client.search(equal(HOSTILE, "x")).await.unwrap();
            let _ = client.request(bind(HOSTILE, secret)).await.unwrap();
        });
        assert!(eventually(LONG, || gateway.log().contains("disconnected")));
        let log = gateway.log();
        assert!(!log.contains(secret), "{log}");
        let control = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!log.contains(control), "{log:?}");
        assert!(!log.lines().any(|line| line.starts_with("2026 INFO forged")), "{log}");
        let quoted = |name: &str, value: &str| match format {
            "text" => format!("{name}={value:?}"),
            _ => format!("\"{name}\":{value:?}"),
        };
        let bare = |name: &str, value: &str| match format {
            "text" => format!(" {name}={value} "),
            _ => format!("\"{name}\":{value},"),
        };
        let searches = lines_with(&log, &quoted("filter", "(uid=?)"));
        assert_eq!(searches.len(), 1, "{log}");
        for field in [
            quoted("operation", "search"),
            quoted("bound", &user_dn("cheap")),
            quoted("base", BASE),
            quoted("scope", "sub"),
            quoted("result", "success"),
            bare("entries", "1"),
            bare("code", "0"),
            bare("id", "2"),
        ] {
            assert!(searches[0].contains(&field), "{field}: {}", searches[0]);
        }
        for field in ["connection", "client", "ms"] {
            assert!(searches[0].contains(field), "{field}: {}", searches[0]);
        }
        let binds = lines_with(&log, &quoted("operation", "bind"));
        assert_eq!(binds.len(), 2, "{log}");
        assert!(binds[1].contains(&quoted("result", "invalidDNSyntax")), "{}", binds[1]);
        if format == "json" {
            for line in log.lines() {
                let object: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
                assert!(object["level"].is_string() && object["timestamp"].is_string(), "{line}");
            }
            let bind: serde_json::Value = serde_json::from_str(binds[1]).unwrap();
            assert_eq!(bind["dn"], HOSTILE);
            assert_eq!(bind["result"], "invalidDNSyntax");
        }
        let searched = lines_with(&log, &quoted("operation", "search"));
        assert!(searched.len() >= 3, "{log}");
    }
}

#[test]
fn a_log_that_nobody_reads_stalls_nobody() {
    let _guard = beside_others();
    let (reader, writer) = std::io::pipe().unwrap();
    let observed = {
        let admin = SocketAddr::from(([127, 0, 0, 1], free_port()));
        // A pipe holds 64 KiB.
        let env = env().with("ADMIN_ADDR", admin);
        let mut gateway = Gateway::spawn_with_log(&env, writer);
        gateway.expect_ready();
        Observed { gateway, admin }
    };
    block_on(async {
        let mut clients = JoinSet::new();
        for _ in 0..8 {
            let mut client = Client::connect(&observed.gateway).await;
            clients.spawn(async move {
                // More lines than may wait.
                for _ in 0..2_500 {
                    assert_eq!(client.bind("no dn", "x").await.unwrap(), 34);
                }
            });
        }
        tokio::time::timeout(Duration::from_secs(60), clients.join_all())
            .await
            .expect("stalled");
    });
    let dropped = observed.metrics()["ldap_gateway_log_lines_dropped_total"];
    assert!(dropped > 0.0, "nothing was dropped: the queue was never full");
    drop(reader);
}

#[test]
fn start_up_is_fast() {
    let _guard = beside_others();
    let begun = Instant::now();
    let mut gateway = Gateway::spawn(&env());
    while !gateway.accepts() {
        assert!(begun.elapsed() < LONG && gateway.process.try_wait().is_none());
    }
    let open = begun.elapsed();
    gateway.expect_ready();
    figure(&format!(
        "start-up on SQLite: port open after {} ms, first answer over TLS after {} ms",
        open.as_millis(),
        begun.elapsed().as_millis()
    ));
}
