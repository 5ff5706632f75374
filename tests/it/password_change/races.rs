//! Changes at the same time, changes whose connection is lost in the middle, and sessions that were bound before one.

use super::{Pair, grant, hash, ldappasswd, on_each_engine, own, settings};
use crate::harness::client::bind;
use crate::harness::database::Server;
use crate::harness::ldap::{password, user_dn};
use crate::harness::{Client, Database, Engine, Gateway, beside_others, block_on, free_port, ldapwhoami, note_secret};
use ldap3_proto::proto::{LdapExtendedRequest, LdapOp};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::time::Duration;

on_each_engine! {
    of_two_at_a_time_one_wins,
    a_session_from_before_proves_nothing,
}

/// A password modify request for the own password.
fn change(old: Option<&str>, new: &str) -> LdapOp {
    let part = |tag: u8, text: &str| [&[tag, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    let parts = [old.map_or(Vec::new(), |old| part(0x81, old)), part(0x82, new)].concat();
    LdapOp::ExtendedRequest(LdapExtendedRequest {
        name: "1.3.6.1.4.1.4203.1.11.1".into(),
        value: Some([&[0x30, u8::try_from(parts.len()).unwrap()], parts.as_slice()].concat()),
    })
}

async fn ask(client: &mut Client, op: LdapOp) -> i32 {
    client.send(op).await.unwrap();
    match client.receive_within(Duration::from_secs(30)).await.unwrap().op {
        LdapOp::ExtendedResponse(response) => response.res.code as i32,
        other => panic!("{other:?}"),
    }
}

fn of_two_at_a_time_one_wins(engine: Engine) {
    let pair = Pair::start(engine);
    let old = password("alice");
    for round in 0..3 {
        let present = if round == 0 {
            old.to_string()
        } else {
            pair_password(round - 1)
        };
        let gives_old = round != 1;
        let answers: Vec<(String, i32)> = block_on(async {
            let barrier = Arc::new(tokio::sync::Barrier::new(6));
            let mut asked = Vec::new();
            for number in 0..6 {
                let gateway = if number % 2 == 0 { &pair.one } else { &pair.other };
                let mut client = Client::connect(gateway).await;
                assert_eq!(
                    client.request(bind(&user_dn("alice"), &present)).await.unwrap().code(),
                    0
                );
                let (barrier, present) = (Arc::clone(&barrier), present.clone());
                asked.push(tokio::spawn(async move {
                    let new = format!("alice-{round}-number-{number}");
                    note_secret(&new);
                    barrier.wait().await;
                    let code = ask(&mut client, change(gives_old.then_some(present.as_str()), &new)).await;
                    (new, code)
                }));
            }
            let mut answers = Vec::new();
            for one in asked {
                answers.push(one.await.unwrap());
            }
            answers
        });
        let winners: Vec<&str> = answers
            .iter()
            .filter(|(_, code)| *code == 0)
            .map(|(new, _)| new.as_str())
            .collect();
        let [winner] = winners[..] else { panic!("{answers:?}") };
        // Who came while the winner changed it is told so; who came after it has a wrong present one.
        assert!(
            answers.iter().all(|(_, code)| [0, 49, 53].contains(code)),
            "{answers:?}"
        );
        pair.assert_password("alice", winner, &[&present]);
        let next = pair_password(round);
        assert_eq!(own(&pair.one, "alice", winner, &next), (0, String::new()));
    }
}

fn pair_password(round: usize) -> String {
    format!("alice-after-round-{round}")
}

fn a_session_from_before_proves_nothing(engine: Engine) {
    let pair = Pair::start(engine);
    let (old, alice) = (password("alice"), user_dn("alice"));
    for new in ["alice-one-Passw0rd", "alice-two-Passw0rd", "alice-three-Passw0rd"] {
        note_secret(new);
    }
    block_on(async {
        let mut before = Client::connect(&pair.one).await;
        assert_eq!(before.request(bind(&alice, old)).await.unwrap().code(), 0);
        let mut owner = Client::connect(&pair.other).await;
        assert_eq!(owner.request(bind(&alice, old)).await.unwrap().code(), 0);
        assert_eq!(ask(&mut owner, change(None, "alice-one-Passw0rd")).await, 0);
        // Whoever stole that session cannot take the account back.
        assert_eq!(ask(&mut before, change(None, "alice-two-Passw0rd")).await, 53);
        assert_eq!(ask(&mut before, change(Some(old), "alice-two-Passw0rd")).await, 49);
        // The one that made the change need not bind again; nor need one that gives the present one.
        assert_eq!(ask(&mut owner, change(None, "alice-two-Passw0rd")).await, 0);
        assert_eq!(
            ask(&mut before, change(Some("alice-two-Passw0rd"), "alice-three-Passw0rd")).await,
            0
        );
        assert_eq!(ask(&mut owner, change(None, "alice-one-Passw0rd")).await, 53);
    });
    pair.assert_password("alice", "alice-three-Passw0rd", &[old, "alice-two-Passw0rd"]);
}

const BEFORE: u8 = 1;
const AFTER: u8 = 2;

/// A way to PostgreSQL that breaks at the next COMMIT: before it has reached the server, or after.
struct Fragile {
    port: u16,
    breaks: Arc<AtomicU8>,
    broken: Arc<AtomicUsize>,
}

impl Fragile {
    fn to(upstream: u16) -> Fragile {
        let listener = TcpListener::bind(("127.0.0.1", free_port())).unwrap();
        let port = listener.local_addr().unwrap().port();
        let fragile = Fragile {
            port,
            breaks: Arc::default(),
            broken: Arc::default(),
        };
        let (breaks, broken) = (Arc::clone(&fragile.breaks), Arc::clone(&fragile.broken));
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let far = TcpStream::connect(("127.0.0.1", upstream)).unwrap();
                let (mut down, mut up) = (far.try_clone().unwrap(), near.try_clone().unwrap());
                std::thread::spawn(move || {
                    let _ = std::io::copy(&mut down, &mut up);
                    let _ = up.shutdown(Shutdown::Both);
                });
                let (breaks, broken) = (Arc::clone(&breaks), Arc::clone(&broken));
                std::thread::spawn(move || carry(near, far, &breaks, &broken));
            }
        });
        fragile
    }
}

fn carry(mut near: TcpStream, mut far: TcpStream, breaks: &AtomicU8, broken: &AtomicUsize) {
    let mut octets = vec![0; 64 << 10];
    while let Ok(count @ 1..) = near.read(&mut octets) {
        let is_commit = octets[..count].windows(7).any(|octets| octets == b"COMMIT\0");
        let how = if is_commit { breaks.swap(0, Ordering::SeqCst) } else { 0 };
        if how == BEFORE || far.write_all(&octets[..count]).is_err() || how == AFTER {
            broken.fetch_add(usize::from(how != 0), Ordering::SeqCst);
            if how == AFTER {
                // The server has it. Its answer is lost: the client's side is closed first.
                let _ = near.shutdown(Shutdown::Both);
                std::thread::sleep(Duration::from_millis(300));
            }
            break;
        }
    }
    let _ = near.shutdown(Shutdown::Both);
    let _ = far.shutdown(Shutdown::Both);
}

#[test]
fn a_connection_lost_in_a_commit() {
    let _guard = beside_others();
    let database = Database::fresh(Engine::PostgreSql);
    grant(&database);
    let Server::Postgres(server) = &database.server else {
        panic!()
    };
    let fragile = Fragile::to(server.port);
    let uri = database
        .uri()
        .replace(&format!(":{}/", server.port), &format!(":{}/", fragile.port));
    let gateway = Gateway::start(&settings(&database).with("SQL_URI", uri));
    let alice = user_dn("alice");
    let (mut present, mut stored) = (password("alice").to_string(), hash(&database, "alice"));
    for (how, new) in [
        (AFTER, "alice-one-Passw0rd"),
        (BEFORE, "alice-two-Passw0rd"),
        (AFTER, "alice-three-Passw0rd"),
    ] {
        note_secret(new);
        fragile.breaks.store(how, Ordering::SeqCst);
        let before = fragile.broken.load(Ordering::SeqCst);
        let (code, text) = ldappasswd(&gateway, &["-D", &alice, "-w", &present, "-a", &present, "-s", new]);
        assert_eq!(fragile.broken.load(Ordering::SeqCst), before + 1);
        let now = hash(&database, "alice");
        match how {
            AFTER => {
                assert_eq!(code, 0, "{text}");
                assert_ne!(now, stored);
                present = new.to_string();
            }
            _ => {
                assert_eq!(code, 52, "{text}");
                assert!(text.contains("the password was not changed"), "{text}");
                assert_eq!(now, stored);
            }
        }
        stored = now;
        assert_eq!(ldapwhoami(&gateway, &alice, &present).0, 0);
    }
}
