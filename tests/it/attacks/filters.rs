//! One message that costs far more than it has octets: memory is a small multiple of the message, and others get their turn.

use super::Bystander;
use crate::harness::client::{Stream, raw};
use crate::harness::ldap::{BASE, BATTERY_PASSWORD, user_dn};
use crate::harness::{Client, Database, Engine, Gateway, alone, block_on, figure};
use crate::observability::Observed;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::sleep;

const ANONYMOUS: usize = 256 << 10;
const BOUND: usize = 4 << 20;
/// What took most time for its length.
const MANY: usize = 272_000;
/// How much more memory than a message it may take to answer it, and how much each element of its filter.
const TIMES: usize = 32;
const AN_ELEMENT: usize = 4_000;
/// What the measurement moves by from run to run.
const NOISE: u64 = 16 * 1024;
/// Only against hanging.
const NEVER: Duration = Duration::from_secs(120);

/// A BER element with a definite length, as short as may be.
fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    match content.len() {
        short @ 0..=127 => bytes.push(u8::try_from(short).unwrap()),
        long => {
            bytes.push(0x84);
            bytes.extend(u32::try_from(long).unwrap().to_be_bytes());
        }
    }
    bytes.extend(content);
    bytes
}

fn equality(attribute: &str, value: &[u8]) -> Vec<u8> {
    tlv(0xa3, &[tlv(4, attribute.as_bytes()), tlv(4, value)].concat())
}

/// `(attribute=*piece*)`
fn contains(attribute: &str, piece: &str) -> Vec<u8> {
    let pieces = tlv(0x30, &tlv(0x81, piece.as_bytes()));
    tlv(0xa4, &[tlv(4, attribute.as_bytes()), pieces].concat())
}

/// `(attribute:dn:rule:=value)`, the attribute and `:dn` if they are wanted.
fn extensible(rule: &str, attribute: Option<&str>, value: &[u8]) -> Vec<u8> {
    let mut content = tlv(0x81, rule.as_bytes());
    if let Some(attribute) = attribute {
        content.extend(tlv(0x82, attribute.as_bytes()));
    }
    content.extend(tlv(0x83, value));
    if attribute.is_some() {
        content.extend(tlv(0x84, &[0xff]));
    }
    tlv(0xa9, &content)
}

/// As many as a filter may have, and its OR.
fn elements(octets: usize) -> usize {
    if octets == ANONYMOUS { 8_191 } else { 32_767 }
}

/// An OR of as many as fit into so many octets, and into a filter.
fn any_of(octets: usize, part: impl Fn(usize) -> Vec<u8>) -> Vec<u8> {
    let mut parts = Vec::new();
    for number in 0..elements(octets) {
        let next = part(number);
        if parts.len() + next.len() + 200 > octets {
            break;
        }
        parts.extend(next);
    }
    tlv(0xa1, &parts)
}

fn search(filter: &[u8]) -> Vec<u8> {
    let request = [
        tlv(4, BASE.as_bytes()),
        vec![0x0a, 1, 2, 0x0a, 1, 0, 2, 1, 0, 2, 1, 0, 1, 1, 0],
        filter.to_vec(),
        tlv(0x30, &tlv(4, b"1.1")),
    ];
    tlv(0x30, &[vec![2, 1, 7], tlv(0x63, &request.concat())].concat())
}

/// Sends a message, and waits for something to come back.
async fn ask(stream: &mut Box<dyn Stream>, message: &[u8]) {
    stream.write_all(message).await.unwrap();
    stream.flush().await.unwrap();
    let mut answer = vec![0; 64 << 10];
    let mut tail = Vec::new();
    // Until the last message: its code is the first of the last five octets.
    while !tail.ends_with(&[0x0a, 1, 0, 4, 0, 4, 0]) {
        let read = tokio::time::timeout(NEVER, stream.read(&mut answer));
        let octets = read.await.expect("not answered").expect("closed");
        assert!(octets > 0, "closed");
        tail.extend_from_slice(&answer[..octets]);
        tail.drain(..tail.len().saturating_sub(16));
    }
}

async fn bound(gateway: &Gateway) -> Box<dyn Stream> {
    let mut client = Client::connect(gateway).await;
    assert_eq!(client.bind(&user_dn("cheap"), BATTERY_PASSWORD).await.unwrap(), 0);
    client.into_stream()
}

fn multiplied(octets: usize) -> Vec<(&'static str, Vec<u8>)> {
    let long = vec![b'x'; octets - 200];
    let pieces = [&long[..octets / 2], b"*", &long[..octets / 2 - 300]].concat();
    vec![
        ("(:caseIgnoreMatch:=LONG)", extensible("caseIgnoreMatch", None, &long)),
        (
            "(:caseIgnoreSubstringsMatch:=LONG*LONG)",
            extensible("caseIgnoreSubstringsMatch", None, &pieces),
        ),
        ("(:octetStringMatch:=LONG)", extensible("octetStringMatch", None, &long)),
        ("(name=LONG)", equality("name", &long)),
        (
            "(name:dn:caseIgnoreMatch:=LONG)",
            extensible("caseIgnoreMatch", Some("name"), &long),
        ),
        (
            "(:2.5.13.2:=x)...",
            any_of(octets, |_| extensible("2.5.13.2", None, b"x")),
        ),
        ("(name=x)...", any_of(octets, |_| equality("name", b"x"))),
        (
            "(name:dn:2.5.13.2:=x)...",
            any_of(octets, |_| extensible("2.5.13.2", Some("name"), b"x")),
        ),
        (
            "(member=c=x,c=x,...)",
            equality("member", &b"c=x,".repeat(octets / 4 - 100)[..octets - 401]),
        ),
        (
            "(member=c=x,c=x,...)...",
            any_of(octets, |_| equality("member", &b"c=x,".repeat(2_000)[..7_999])),
        ),
        ("(cn=*x*x*...)", {
            let pieces = tlv(
                0x30,
                &b"\x81\x01x".repeat((octets / 3 - 100).min(elements(octets) - 10)),
            );
            tlv(0xa4, &[tlv(4, b"cn"), pieces].concat())
        }),
    ]
}

/// One message of each kind: what it takes is a small multiple of what it is.
#[test]
fn memory_is_a_small_multiple_of_the_message() {
    let _guard = alone();
    let database = Database::shared(Engine::Sqlite);
    let env = database
        .deployed()
        .with("LDAP_UNENCRYPTED", true)
        .with("LOG_LEVEL", "info");
    let mut too_much = Vec::new();
    for (who, octets) in [("anonymous", ANONYMOUS), ("bound", BOUND)] {
        for (what, filter) in multiplied(octets) {
            // Each in a process of its own: an allocator keeps what it once had.
            let gateway = Gateway::start(&env);
            block_on(async {
                let mut stream = match octets {
                    ANONYMOUS => raw(&gateway).await.unwrap(),
                    _ => bound(&gateway).await,
                };
                let message = search(&filter);
                // What any first request takes: connections to the database, threads.
                let warm = search(&tlv(0x87, b"cn"));
                ask(&mut stream, &warm).await;
                let bystander = Bystander::arrives(&gateway).await;
                sleep(Duration::from_millis(300)).await;
                let before = gateway.process.rss();
                gateway.process.reset_peak();
                let begun = Instant::now();
                ask(&mut stream, &message).await;
                let took = begun.elapsed();
                let words = bystander.leaves().await;
                let grown = gateway.process.peak_rss().saturating_sub(before);
                figure(&format!(
                    "attack: {who} {what}, a message of {} KB: {:.1} MB more, answered after {:.0} ms; {words}",
                    message.len() / 1000,
                    grown as f64 / 1024.0,
                    took.as_secs_f64() * 1e3
                ));
                let elements = if what.contains("...") { elements(octets) } else { 1 };
                let most = NOISE + ((message.len() * TIMES + elements * AN_ELEMENT) / 1024) as u64;
                if grown >= most {
                    too_much.push(format!("{who} {what}: {grown} KiB, {most} at most"));
                }
            });
        }
    }
    assert!(too_much.is_empty(), "{too_much:#?}");
}

const MEMBERS: usize = 20_000;

fn fill(database: &Database) {
    database.sql(&format!(
        "INSERT INTO \"Users\" (\"uidNumber\", \"uid\", \"gidNumber\", \"givenName\", \"sn\", \"cn\") \
         WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < {}) \
         SELECT 1000000 + n, 'user' || n, 20001, 'First' || n, 'Last' || n, 'First' || n || ' Last' || n FROM s; \
         INSERT INTO \"Groups\" (\"gidNumber\", \"cn\") VALUES (777777, 'everybody'); \
         INSERT INTO \"UserGroups\" (\"uidNumber\", \"gidNumber\") SELECT \"uidNumber\", 777777 FROM \"Users\" \
         WHERE \"uidNumber\" >= 1000000",
        MEMBERS - 1
    ));
}

/// Others log in while large filters are held against many entries, or against an entry with very many values; and the work
/// ends when its client has left.
#[test]
fn others_get_their_turn() {
    const WORKS: Duration = Duration::from_secs(4);
    let _guard = alone();
    let database = Database::fresh(Engine::Sqlite);
    fill(&database);
    let env = database
        .recommended()
        .with("LDAP_UNENCRYPTED", true)
        .with("LOG_LEVEL", "info");
    let observed = Observed::start(&env.with("REQUIRE_AUTH_FOR_SEARCH", false));
    let gateway = &observed.gateway;
    let pieces = b"abc*".repeat(700_000 / 4);
    let attacks = [
        (
            "(cn=*...*) on 20,000 users",
            2,
            any_of(MANY, |n| contains("cn", &format!("{n:05}q"))),
        ),
        (
            "(memberUid=*...*) on 20,000 members",
            2,
            any_of(MANY, |n| contains("memberUid", &format!("{n:05}q"))),
        ),
        (
            "(:caseExactSubstringsMatch:=*...*)",
            2,
            any_of(MANY, |n| {
                extensible("caseExactSubstringsMatch", None, format!("*{n}q*").as_bytes())
            }),
        ),
        (
            "(memberOf=...) of 32,000 groups",
            1,
            any_of(BOUND, |n| equality("memberOf", format!("cn=g{n},{BASE}").as_bytes())),
        ),
        (
            "(uid=...) of 32,000 users",
            1,
            any_of(BOUND, |n| equality("uid", format!("nobody{n}").as_bytes())),
        ),
        (
            ":caseIgnoreSubstringsMatch:= of 700 KB",
            2,
            extensible("caseIgnoreSubstringsMatch", None, &pieces[..pieces.len() - 1]),
        ),
        (
            "4 MB that are not ASCII",
            2,
            extensible("caseIgnoreMatch", None, "\u{e4}\u{c4}".repeat(1_000_000).as_bytes()),
        ),
    ];
    block_on(async {
        for (what, connections, filter) in attacks {
            let message = search(&filter);
            let bystander = Bystander::arrives(gateway).await;
            let mut streams = Vec::new();
            let before = gateway.process.rss();
            gateway.process.reset_peak();
            for _ in 0..connections {
                let mut stream = bound(gateway).await;
                stream.write_all(&message).await.unwrap();
                stream.flush().await.unwrap();
                streams.push(stream);
            }
            sleep(WORKS).await;
            drop(streams);
            let left = Instant::now();
            // The bystander's bind may be one.
            while observed.metrics()["ldap_gateway_operations_in_flight"] > 1.0 {
                assert!(
                    left.elapsed() < Duration::from_secs(15),
                    "{what}: the work goes on for nobody"
                );
                sleep(Duration::from_millis(10)).await;
            }
            let ended = left.elapsed();
            let words = bystander.leaves().await;
            figure(&format!(
                "attack: {connections} x {what}: {words}; {:.0} ms after the clients left nothing ran; {:.0} MB more at its peak",
                ended.as_secs_f64() * 1e3,
                gateway.process.peak_rss().saturating_sub(before) as f64 / 1024.0
            ));
        }
    });
}
