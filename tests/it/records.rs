//! Each LDAP message is a TLS record of its own: clients that wait for the socket while TLS has decrypted more than one
//! message never see the second. curl up to 7.88.1 (Debian 12) is one of them.

use crate::harness::ldap::{BASE, user_dn};
use crate::harness::process::run;
use crate::harness::{Database, Engine, Gateway, beside_others};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio_rustls::rustls::client::ClientConnection;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, SupportedProtocolVersion};

fn gateway() -> &'static Gateway {
    static GATEWAY: OnceLock<Gateway> = OnceLock::new();
    GATEWAY.get_or_init(|| {
        let env = Database::shared(Engine::Sqlite).deployed();
        // An entry of several records.
        Gateway::start(&env.with_user_columns(
            "CASE WHEN \"uid\" = 'bob' THEN replace(hex(zeroblob(20000)), '00', 'x') END AS description",
        ))
    })
}

/// A client that sees where records begin and end.
struct Records {
    tls: ClientConnection,
    tcp: TcpStream,
}

impl Records {
    fn connect(version: &'static SupportedProtocolVersion) -> Records {
        let provider = Arc::new(ring::default_provider());
        let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[version])
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(crate::harness::client::accept_any_certificate(provider))
            .with_no_client_auth();
        let tcp = TcpStream::connect(gateway().address()).unwrap();
        tcp.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let mut records = Records {
            tls: ClientConnection::new(Arc::new(config), name).unwrap(),
            tcp,
        };
        records.send(&[]);
        while records.tls.is_handshaking() {
            assert_eq!(records.next(), b"");
            records.send(&[]);
        }
        records
    }

    fn send(&mut self, octets: &[u8]) {
        self.tls.writer().write_all(octets).unwrap();
        while self.tls.wants_write() {
            self.tls.write_tls(&mut self.tcp).unwrap();
        }
    }

    /// What the next record holds; nothing for those of the handshake.
    fn next(&mut self) -> Vec<u8> {
        let mut record = vec![0; 5];
        self.tcp.read_exact(&mut record).unwrap();
        let length = usize::from(u16::from_be_bytes([record[3], record[4]]));
        record.resize(5 + length, 0);
        self.tcp.read_exact(&mut record[5..]).unwrap();
        let mut rest = record.as_slice();
        while !rest.is_empty() {
            self.tls.read_tls(&mut rest).unwrap();
        }
        let state = self.tls.process_new_packets().unwrap();
        let mut plain = vec![0; state.plaintext_bytes_to_read()];
        self.tls.reader().read_exact(&mut plain).unwrap();
        plain
    }

    /// The messages up to the last of so many results, each with the number of its records.
    fn messages(&mut self, results: usize) -> Vec<(Vec<u8>, usize)> {
        let mut messages = Vec::new();
        let mut done = 0;
        while done < results {
            let mut message = self.next();
            if message.is_empty() {
                continue; // A ticket.
            }
            let (header, length) = header(&message);
            let mut records = 1;
            while message.len() < header + length {
                message.extend(self.next());
                records += 1;
            }
            assert_eq!(message.len(), header + length, "a record with more than one message");
            done += usize::from(operation(&message) == 0x65);
            messages.push((message, records));
        }
        messages
    }
}

/// Octets of the header, and of the content.
fn header(message: &[u8]) -> (usize, usize) {
    assert_eq!(message[0], 0x30, "a record begins with a message");
    match message[1] {
        short @ 0..0x80 => (2, short.into()),
        long => {
            let octets = usize::from(long & 0x7f);
            let length = message[2..2 + octets].iter();
            (2 + octets, length.fold(0, |sum, octet| sum << 8 | usize::from(*octet)))
        }
    }
}

/// The operation's tag, behind the message ID.
fn operation(message: &[u8]) -> u8 {
    let at = header(message).0;
    message[at + 2 + usize::from(message[at + 1])]
}

fn search(id: u8, filter: &[u8]) -> Vec<u8> {
    let base = [&[4, BASE.len() as u8], BASE.as_bytes()].concat();
    let rest = [10, 1, 2, 10, 1, 0, 2, 1, 0, 2, 1, 0, 1, 1, 0];
    let body = [&base, &rest[..], filter, &[0x30, 0]].concat();
    let operation = [&[2, 1, id, 0x63, body.len() as u8], &body[..]].concat();
    [&[0x30, operation.len() as u8], &operation[..]].concat()
}

const ALICE: &[u8] = b"\xa3\x0c\x04\x03uid\x04\x05alice";
const ALL: &[u8] = b"\x87\x0bobjectClass";

#[test]
fn one_for_each_message() {
    let _guard = beside_others();
    for version in [&TLS12, &TLS13] {
        let mut client = Records::connect(version);
        client.send(&search(1, ALICE));
        let lookup = client.messages(1);
        let operations: Vec<u8> = lookup.iter().map(|(message, _)| operation(message)).collect();
        assert_eq!(operations, [0x64, 0x65], "{version:?}");
        // A listing, and several operations at once.
        let asked: Vec<u8> = (2..7).flat_map(|id| search(id, ALL)).collect();
        client.send(&[asked, search(7, ALICE)].concat());
        let messages = client.messages(6);
        assert!(messages.len() > 50, "{}", messages.len());
        let large = |(message, records): &&(Vec<u8>, usize)| message.len() > 16 * 1024 || *records > 1;
        let sizes: Vec<(usize, usize)> = messages.iter().filter(large).map(|(m, r)| (m.len(), *r)).collect();
        assert_eq!(sizes.len(), 5, "{sizes:?}");
        assert!(
            sizes.iter().all(|(size, records)| *size > 20_000 && *records == 2),
            "{sizes:?}"
        );
    }
}

#[test]
fn few_writes_for_many_messages() {
    let _guard = beside_others();
    // A socket gives away no more than it was given at once; over loopback what one write gave is there as a whole.
    let mut client = Records::connect(&TLS13);
    client.send(&search(1, ALICE));
    client.messages(1);
    client.send(&search(2, ALICE));
    let mut octets = [0; 64 * 1024];
    let first = client.tcp.read(&mut octets).unwrap();
    let record = 5 + usize::from(u16::from_be_bytes([octets[3], octets[4]]));
    assert!(
        first > record,
        "the result left with the entry: {first} octets, a record of {record}"
    );
}

fn curl(path: &str) -> String {
    let uri = format!("{}/{path}", gateway().uri());
    // It hangs until it is killed where two messages are in a record.
    run(Command::new("curl").args(["--silent", "--show-error", "--insecure", "--max-time", "60", &uri]))
}

#[test]
fn curl_ends() {
    let _guard = beside_others();
    let lookup = curl(&format!("{BASE}?uid?sub?(uid=alice)"));
    assert!(lookup.contains(&format!("DN: {}", user_dn("alice"))), "{lookup}");
    assert!(lookup.contains("uid: alice"), "{lookup}");
    let listing = curl(&format!("{BASE}?cn,member?sub?(objectClass=*)"));
    assert!(listing.matches("DN: ").count() > 10, "{listing}");
}

#[test]
fn a_refused_handshake_tells_why() {
    let _guard = beside_others();
    let shell = format!(
        "openssl s_client -connect {} -tls1_1 -cipher ALL:@SECLEVEL=0 </dev/null 2>&1",
        gateway().address()
    );
    let output = Command::new("sh").args(["-c", &shell]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("SSL alert number"), "{text}");
}
