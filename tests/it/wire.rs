//! Bytes on the wire: broken messages, odd values, pipelining, TLS (RFC 4511 4.1.1, 4.4.1).

use crate::harness::client::{base_search, equal, extended, raw, search_for, tls};
use crate::harness::ldap::{BASE, user_dn};
use crate::harness::{Client, Database, Engine, Env, Gateway, beside_others, block_on};
use ldap3_proto::control::LdapControl;
use ldap3_proto::proto::{LdapOp, LdapSearchScope};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::rustls::version::{TLS12, TLS13};

const SOON: Duration = Duration::from_secs(5);

fn env() -> Env {
    Database::shared(Engine::Sqlite).deployed()
}

/// Plain LDAP on SQLite: the bytes are the same on every engine.
fn plain() -> &'static Gateway {
    static GATEWAY: OnceLock<Gateway> = OnceLock::new();
    GATEWAY.get_or_init(|| Gateway::start_plain(&env()))
}

fn over_tls() -> &'static Gateway {
    static GATEWAY: OnceLock<Gateway> = OnceLock::new();
    GATEWAY.get_or_init(|| Gateway::start(&env()))
}

/// A BER element with a definite length.
fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
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

fn message(id: u8, op: &[u8]) -> Vec<u8> {
    tlv(0x30, &[&[0x02, 0x01, id], op])
}

/// A search request from its parts.
fn search(base: &[u8], scope: u8, deref: u8, filter: &[u8], attributes: &[&[u8]]) -> Vec<u8> {
    let names: Vec<Vec<u8>> = attributes.iter().map(|name| tlv(0x04, &[name])).collect();
    let names: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
    tlv(
        0x63,
        &[
            &tlv(0x04, &[base]),
            &[0x0a, 1, scope],
            &[0x0a, 1, deref],
            &[0x02, 1, 0],
            &[0x02, 1, 0],
            &[0x01, 1, 0],
            filter,
            &tlv(0x30, &names),
        ],
    )
}

fn present(attribute: &[u8]) -> Vec<u8> {
    tlv(0x87, &[attribute])
}

fn equality(attribute: &[u8], value: &[u8]) -> Vec<u8> {
    tlv(0xa3, &[&tlv(0x04, &[attribute]), &tlv(0x04, &[value])])
}

fn root_dse(id: u8) -> Vec<u8> {
    message(id, &search(b"", 0, 0, &present(b"objectClass"), &[b"1.1"]))
}

/// Sends bytes; the connection must end after a Notice of Disconnection with protocolError.
async fn ends_in_notice(gateway: &Gateway, what: &str, bytes: &[u8]) {
    let mut stream = raw(gateway).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut client = Client::over(stream);
    let notice = client
        .receive_within(SOON)
        .await
        .unwrap_or_else(|| panic!("{what}: closed without a notice"));
    assert_eq!(notice.msgid, 0, "{what}");
    let LdapOp::ExtendedResponse(response) = notice.op else {
        panic!("{what}: {:?}", notice.op)
    };
    assert_eq!(response.name.as_deref(), Some("1.3.6.1.4.1.1466.20036"), "{what}");
    assert_eq!(response.res.code as i32, 2, "{what}: protocolError");
    assert!(client.receive_within(SOON).await.is_none(), "{what}: still open");
}

/// Sends a message with ID 7; the code of its response. The connection must live on.
async fn is_answered(gateway: &Gateway, what: &str, op: &[u8]) -> i32 {
    let mut stream = raw(gateway).await.unwrap();
    stream.write_all(&message(7, op)).await.unwrap();
    let mut client = Client::over(stream);
    let answer = client
        .receive_within(SOON)
        .await
        .unwrap_or_else(|| panic!("{what}: closed"));
    assert_eq!(answer.msgid, 7, "{what}: {:?}", answer.op);
    let code = match answer.op {
        LdapOp::SearchResultDone(result) | LdapOp::CompareResult(result) | LdapOp::ModifyResponse(result) => {
            result.code as i32
        }
        LdapOp::BindResponse(response) => response.res.code as i32,
        LdapOp::ExtendedResponse(response) => response.res.code as i32,
        other => panic!("{what}: {other:?}"),
    };
    assert_eq!(
        client.lookup("alice").await.unwrap(),
        1,
        "{what}: the connection must live"
    );
    code
}

#[test]
fn broken_structure_ends_the_connection() {
    let _guard = beside_others();
    let whole = root_dse(1);
    let op = search(b"", 0, 0, &present(b"objectClass"), &[]);
    let mut inner_too_long = whole.clone();
    // The length of the base object reaches beyond the message.
    let at = whole.windows(3).position(|bytes| bytes == [0x04, 0x00, 0x0a]).unwrap();
    inner_too_long[at + 1] = 0x7f;
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("HTTP", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec()),
        ("not a SEQUENCE", [&[0x31], &whole[1..]].concat()),
        ("an indefinite length", [&[0x30, 0x80], &whole[2..], &[0, 0]].concat()),
        (
            "a length of nine octets",
            vec![0x30, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 5, 2, 1, 1, 0x42, 0],
        ),
        ("an inner length beyond the message", inner_too_long),
        ("no message ID", tlv(0x30, &[&op])),
        ("a message ID that is text", tlv(0x30, &[&[0x04, 1, 65], &op])),
        ("an empty message", vec![0x30, 0]),
        ("an unknown operation", message(1, &[0x7e, 0x00])),
        (
            "a response as request",
            message(1, &tlv(0x65, &[&[0x0a, 1, 0], &[4, 0], &[4, 0]])),
        ),
        ("a context tag as operation", message(1, &[0x80, 0x00])),
        (
            "a filter cut short",
            message(1, &search(b"", 0, 0, &[0xa3, 0x7f, 0x04, 0x01], &[])),
        ),
        (
            "a bind without credentials",
            message(1, &tlv(0x60, &[&[2, 1, 3], &[4, 0]])),
        ),
    ];
    block_on(async {
        for (what, bytes) in &cases {
            ends_in_notice(plain(), what, bytes).await;
            ends_in_notice(over_tls(), what, bytes).await;
        }
        // And nobody else noticed.
        assert_eq!(Client::connect(plain()).await.lookup("alice").await.unwrap(), 1);
    });
}

#[test]
fn a_huge_length_is_not_waited_for() {
    let _guard = beside_others();
    block_on(async {
        for length in [[0x7f, 0xff, 0xff, 0xff], [0xff, 0xff, 0xff, 0xff], [0x20, 0, 0, 0]] {
            let mut stream = raw(plain()).await.unwrap();
            stream
                .write_all(&[&[0x30, 0x84][..], &length, &[2, 1, 1, 0x63]].concat())
                .await
                .unwrap();
            let mut rest = Vec::new();
            tokio::time::timeout(SOON, stream.read_to_end(&mut rest))
                .await
                .expect("it waits for 2 GiB")
                .ok();
        }
    });
}

#[test]
fn values_that_can_not_be_used_are_answered() {
    let _guard = beside_others();
    let ok = present(b"objectClass");
    let base = BASE.as_bytes();
    block_on(async {
        let gateway = plain();
        let code = is_answered(gateway, "an unknown scope", &search(base, 9, 0, &ok, &[])).await;
        assert_eq!(code, 2, "protocolError");
        let code = is_answered(gateway, "an unknown deref", &search(base, 0, 9, &ok, &[])).await;
        assert_eq!(code, 2);
        let code = is_answered(
            gateway,
            "a base that is not UTF-8",
            &search(b"uid=\xff", 0, 0, &ok, &[]),
        )
        .await;
        assert!([2, 34].contains(&code), "{code}");
        let code = is_answered(
            gateway,
            "a value that is not UTF-8",
            &search(base, 2, 0, &equality(b"uid", b"\xff\xfe"), &[]),
        )
        .await;
        assert_eq!(code, 0, "Undefined");
        let code = is_answered(
            gateway,
            "a description that is not UTF-8",
            &search(base, 2, 0, &equality(b"\xff", b"x"), &[]),
        )
        .await;
        assert!([0, 2].contains(&code), "{code}");
        let code = is_answered(
            gateway,
            "a selection that is not UTF-8",
            &search(base, 0, 0, &equality(b"uid", b"x"), &[b"\xff"]),
        )
        .await;
        assert!([0, 2].contains(&code), "{code}");
        let bind = |dn: &[u8], password: &[u8]| tlv(0x60, &[&[2, 1, 3], &tlv(4, &[dn]), &tlv(0x80, &[password])]);
        let code = is_answered(
            gateway,
            "a password that is not UTF-8",
            &bind(user_dn("cheap").as_bytes(), b"\xff\xfe\x00"),
        )
        .await;
        assert_eq!(code, 49);
        let code = is_answered(
            gateway,
            "a DN that is not UTF-8",
            &bind(b"uid=\xff,dc=example,dc=com", b"x"),
        )
        .await;
        assert!([2, 34, 49].contains(&code), "{code}");
        let sasl = tlv(0x60, &[&[2, 1, 3], &[4, 0], &tlv(0xa3, &[&tlv(4, &[b"GSSAPI"])])]);
        assert_eq!(is_answered(gateway, "a SASL mechanism", &sasl).await, 7);
        let unknown = tlv(0x60, &[&[2, 1, 3], &[4, 0], &tlv(0x85, &[b"x"])]);
        assert_eq!(
            is_answered(gateway, "an unknown authentication choice", &unknown).await,
            7
        );
        let extended = tlv(0x77, &[&tlv(0x80, &[b"1.2.3.4"])]);
        assert_eq!(
            is_answered(gateway, "an unknown extended operation", &extended).await,
            2
        );
        let extended = tlv(0x77, &[&tlv(0x80, &[b"\xff\xff"])]);
        assert_eq!(
            is_answered(gateway, "an extended operation that is no OID", &extended).await,
            2
        );
        // No values at all.
        let compare = tlv(
            0x6e,
            &[
                &tlv(4, &[b"not a dn"]),
                &tlv(0x30, &[&tlv(4, &[b"uid"]), &tlv(4, &[b"x"])]),
            ],
        );
        assert_eq!(is_answered(gateway, "a compare of no DN", &compare).await, 34);
    });
}

#[test]
fn lengths_in_any_form() {
    // BER allows longer forms than needed; OpenLDAP's and Java's libraries send them.
    let _guard = beside_others();
    block_on(async {
        let mut stream = raw(plain()).await.unwrap();
        let whole = root_dse(1);
        let content = &whole[2..];
        for form in [vec![0x81], vec![0x82, 0], vec![0x83, 0, 0], vec![0x84, 0, 0, 0]] {
            let bytes = [
                &[0x30],
                form.as_slice(),
                &[u8::try_from(content.len()).unwrap()],
                content,
            ]
            .concat();
            stream.write_all(&bytes).await.unwrap();
        }
        let mut client = Client::over(stream);
        for _ in 0..4 {
            assert_eq!(client.finish(1).await.unwrap().entries.len(), 1);
        }
    });
}

#[test]
fn byte_by_byte_and_all_at_once() {
    let _guard = beside_others();
    block_on(async {
        for gateway in [plain(), over_tls()] {
            let mut stream = raw(gateway).await.unwrap();
            for byte in root_dse(1) {
                stream.write_all(&[byte]).await.unwrap();
                stream.flush().await.unwrap();
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let all: Vec<u8> = (2..=100).flat_map(root_dse).collect();
            stream.write_all(&all).await.unwrap();
            let mut client = Client::over(stream);
            let mut done = std::collections::BTreeSet::new();
            while done.len() < 100 {
                let answer = client.receive_within(SOON).await.unwrap();
                if let LdapOp::SearchResultDone(_) = answer.op {
                    assert!(done.insert(answer.msgid), "{} twice", answer.msgid);
                }
            }
        }
    });
}

#[test]
fn a_message_id_may_be_used_again() {
    let _guard = beside_others();
    block_on(async {
        let mut stream = raw(plain()).await.unwrap();
        for _ in 0..50 {
            stream.write_all(&root_dse(5)).await.unwrap();
            let mut client = Client::over(stream);
            assert_eq!(client.finish(5).await.unwrap().entries.len(), 1);
            stream = client.into_stream();
        }
    });
}

#[test]
fn unbind_closes() {
    let _guard = beside_others();
    block_on(async {
        let mut client = Client::connect(over_tls()).await;
        assert_eq!(client.lookup("alice").await.unwrap(), 1);
        client.send(LdapOp::UnbindRequest).await.unwrap();
        assert!(client.receive_within(SOON).await.is_none());
    });
}

#[test]
fn abandon() {
    let _guard = beside_others();
    block_on(async {
        let mut client = Client::connect(over_tls()).await;
        for _ in 0..20 {
            let id = client
                .send(search_for(
                    BASE,
                    LdapSearchScope::Subtree,
                    equal("objectClass", "posixGroup"),
                    &[],
                ))
                .await
                .unwrap();
            client.send(LdapOp::AbandonRequest(id)).await.unwrap();
        }
        // Of something that never was.
        client.send(LdapOp::AbandonRequest(9_999)).await.unwrap();
        // The connection lives, and what was abandoned may have sent anything or nothing before this.
        let last = client.send(base_search("", &["1.1"])).await.unwrap();
        loop {
            let answer = client.receive_within(SOON).await.expect("closed");
            if answer.msgid == last && matches!(answer.op, LdapOp::SearchResultDone(_)) {
                break;
            }
        }
        assert_eq!(Client::connect(over_tls()).await.lookup("alice").await.unwrap(), 1);
    });
}

#[test]
fn filters_that_nest_without_end() {
    let _guard = beside_others();
    block_on(async {
        for depth in [200, 5_000, 50_000] {
            let mut filter = present(b"objectClass");
            for _ in 0..depth {
                filter = tlv(0xa2, &[&filter]);
            }
            let mut stream = raw(plain()).await.unwrap();
            // Answered, refused or closed; the server lives.
            let _ = stream
                .write_all(&message(1, &search(BASE.as_bytes(), 0, 0, &filter, &[])))
                .await;
            let mut byte = [0];
            let _ = tokio::time::timeout(SOON, stream.read(&mut byte))
                .await
                .expect("no reaction");
            assert_eq!(
                Client::connect(plain()).await.lookup("alice").await.unwrap(),
                1,
                "depth {depth}"
            );
        }
    });
}

#[test]
fn clients_that_say_nothing_hold_up_nobody() {
    let _guard = beside_others();
    block_on(async {
        for gateway in [plain(), over_tls()] {
            let mut silent = Vec::new();
            for number in 0..60 {
                let mut stream = TcpStream::connect(gateway.address()).await.unwrap();
                if number % 2 == 0 {
                    // Half a message, half a ClientHello.
                    stream
                        .write_all(if gateway.tls {
                            &[0x16, 3, 1, 2, 0, 1]
                        } else {
                            &[0x30, 0x50, 2, 1]
                        })
                        .await
                        .unwrap();
                }
                silent.push(stream);
            }
            let mut client = tokio::time::timeout(SOON, Client::connect(gateway)).await.unwrap();
            assert_eq!(client.lookup("alice").await.unwrap(), 1);
        }
    });
}

#[test]
fn rubbish_instead_of_a_handshake() {
    let _guard = beside_others();
    block_on(async {
        for bytes in [
            &b"GET / HTTP/1.1\r\n\r\n"[..],
            &root_dse(1),
            &[0; 100],
            &[0x16, 3, 1, 0xff, 0xff],
        ] {
            let mut stream = TcpStream::connect(over_tls().address()).await.unwrap();
            stream.write_all(bytes).await.unwrap();
            let mut rest = Vec::new();
            if bytes[0] != 0x16 {
                let _ = tokio::time::timeout(SOON, stream.read_to_end(&mut rest))
                    .await
                    .expect("still open");
            }
        }
        assert_eq!(Client::connect(over_tls()).await.lookup("alice").await.unwrap(), 1);
    });
}

/// Whether a client that offers only these versions gets an answer.
async fn works_with(gateway: &Gateway, version: &'static tokio_rustls::rustls::SupportedProtocolVersion) -> bool {
    let tcp = TcpStream::connect(gateway.address()).await.unwrap();
    match tls(tcp, &[version]).await {
        Ok(stream) => Client::over(Box::new(stream))
            .lookup("alice")
            .await
            .is_ok_and(|count| count == 1),
        Err(_) => false,
    }
}

#[test]
fn tls_versions() {
    let _guard = beside_others();
    let only_13 = Gateway::start(&env().with("TLS_MIN_VERSION", "1.3"));
    let only_12 = Gateway::start(&env().with("TLS_MAX_VERSION", "TLSv1.2"));
    block_on(async {
        // Proxmox offers only 1.2.
        assert!(works_with(over_tls(), &TLS12).await && works_with(over_tls(), &TLS13).await);
        assert!(!works_with(&only_13, &TLS12).await && works_with(&only_13, &TLS13).await);
        assert!(works_with(&only_12, &TLS12).await && !works_with(&only_12, &TLS13).await);
    });
}

#[test]
fn ciphers_by_their_openssl_names() {
    let _guard = beside_others();
    let gateway = Gateway::start(
        &env()
            .with(
                "TLS_CIPHERS",
                "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:DES-CBC3-SHA",
            )
            .with("TLS_MAX_VERSION", "1.2"),
    );
    let shakes = |cipher: &str| {
        let address = gateway.address().to_string();
        let output = Command::new("openssl")
            .args(["s_client", "-tls1_2", "-cipher", cipher, "-connect", &address])
            .stdin(std::process::Stdio::null())
            .output();
        output.unwrap().status.success()
    };
    assert!(shakes("ECDHE-ECDSA-AES256-GCM-SHA384"));
    assert!(!shakes("ECDHE-ECDSA-AES128-GCM-SHA256"));
    assert!(
        gateway.log().contains("DES-CBC3-SHA"),
        "what is not supported is named\n{}",
        gateway.log_tail()
    );
}

#[test]
fn the_certificate_we_make() {
    let _guard = beside_others();
    let address = over_tls().address().to_string();
    let shell = format!("openssl s_client -connect {address} </dev/null 2>/dev/null | openssl x509 -noout -text");
    let output = Command::new("sh").args(["-c", &shell]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("Version: 3"), "{text}");
    assert!(text.contains("CA:FALSE"), "{text}");
    for name in ["DNS:ldap1", "DNS:localhost", "IP Address:127.0.0.1"] {
        assert!(text.contains(name), "{name}: {text}");
    }
    assert!(text.contains("prime256v1"), "{text}");
}

#[test]
fn certificates_of_our_own() {
    let _guard = beside_others();
    let dir = crate::harness::scratch("certs");
    for (name, kind) in [
        ("rsa", &["rsa:2048"][..]),
        ("ec", &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]),
    ] {
        let (cert, key) = (dir.join(format!("{name}.crt")), dir.join(format!("{name}.key")));
        let mut openssl = Command::new("openssl");
        openssl
            .args([
                "req",
                "-x509",
                "-nodes",
                "-days",
                "30",
                "-subj",
                &format!("/CN={name}-test"),
                "-newkey",
            ])
            .args(kind);
        crate::harness::process::run(openssl.arg("-keyout").arg(&key).arg("-out").arg(&cert));
        let by_path = env()
            .with("LDAP_CERT_PATH", cert.display())
            .with("LDAP_KEY_PATH", key.display());
        let read = |path| std::fs::read_to_string(path).unwrap();
        let by_content = env()
            .with("LDAP_CERT_CONTENT", read(&cert))
            .with("LDAP_KEY_CONTENT", read(&key));
        for env in [by_path, by_content] {
            let gateway = Gateway::start(&env);
            let shell = format!(
                "openssl s_client -connect {} </dev/null 2>/dev/null | openssl x509 -noout -subject",
                gateway.address()
            );
            let output = Command::new("sh").args(["-c", &shell]).output().unwrap();
            let subject = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(subject.contains(&format!("{name}-test")), "{subject}");
            block_on(async { assert!(works_with(&gateway, &TLS12).await && works_with(&gateway, &TLS13).await) });
        }
    }
}

#[test]
fn who_am_i_is_there_and_start_tls_on_tls_is_not() {
    let _guard = beside_others();
    block_on(async {
        let mut client = Client::connect(over_tls()).await;
        assert_eq!(
            client
                .request(extended("1.3.6.1.4.1.4203.1.11.3"))
                .await
                .unwrap()
                .code(),
            0
        );
        let code = client.request(extended("1.3.6.1.4.1.1466.20037")).await.unwrap().code();
        assert!([1, 2].contains(&code), "operationsError or protocolError: {code}");
        assert_eq!(client.lookup("alice").await.unwrap(), 1);
    });
}

/// As GitLab's library asks: criticality FALSE is spelled out, and all pages have one message ID.
#[test]
fn pages_as_gitlab_asks_for_them() {
    let _guard = beside_others();
    block_on(async {
        let mut stream = raw(plain()).await.unwrap();
        let (mut cookie, mut dns) = (Vec::new(), Vec::new());
        let person = tlv(0xa3, &[&tlv(0x04, &[b"objectClass"]), &tlv(0x04, &[b"person"])]);
        loop {
            let value = tlv(0x30, &[&[0x02, 1, 4], &tlv(0x04, &[&cookie])]);
            let control = tlv(
                0x30,
                &[
                    &tlv(0x04, &[b"1.2.840.113556.1.4.319"]),
                    &[0x01, 1, 0],
                    &tlv(0x04, &[&value]),
                ],
            );
            let request = [search(BASE.as_bytes(), 2, 0, &person, &[b"dn"]), tlv(0xa0, &[&control])].concat();
            stream.write_all(&message(3, &request)).await.unwrap();
            let mut client = Client::over(stream);
            cookie = loop {
                let message = client.receive_within(SOON).await.unwrap();
                assert_eq!(message.msgid, 3);
                match (message.op, message.ctrl.as_slice()) {
                    (LdapOp::SearchResultEntry(entry), []) => dns.push(entry.dn),
                    (LdapOp::SearchResultDone(result), [LdapControl::SimplePagedResults { cookie, .. }]) => {
                        assert_eq!(result.code as i32, 0);
                        break cookie.clone();
                    }
                    other => panic!("{other:?}"),
                }
            };
            if cookie.is_empty() {
                break;
            }
            assert_eq!(dns.len() % 4, 0);
            stream = client.into_stream();
        }
        let users = Database::shared(Engine::Sqlite).rows("SELECT \"uid\" FROM \"Users\"");
        assert_eq!(dns.len(), users.len());
    });
}

#[test]
fn a_bind_that_cannot_be_decoded_ends_the_identity() {
    let _guard = beside_others();
    block_on(async {
        let bind = |id, name: &[u8]| {
            let parts: [&[u8]; 3] = [
                &[0x02, 1, 3],
                &tlv(0x04, &[name]),
                &tlv(0x80, &[crate::harness::ldap::BATTERY_PASSWORD.as_bytes()]),
            ];
            message(id, &tlv(0x60, &parts))
        };
        let who = |id| message(id, &tlv(0x77, &[&tlv(0x80, &[b"1.3.6.1.4.1.4203.1.11.3"])]));
        let mut stream = raw(plain()).await.unwrap();
        let cheap = user_dn("cheap");
        let requests = [bind(1, cheap.as_bytes()), who(2), bind(3, &[0xff, 0xfe]), who(4)].concat();
        stream.write_all(&requests).await.unwrap();
        let mut answers = Vec::new();
        let mut buffer = [0; 4096];
        while let Ok(Ok(read)) = tokio::time::timeout(Duration::from_secs(2), stream.read(&mut buffer)).await {
            answers.extend_from_slice(&buffer[..read]);
        }
        let text = String::from_utf8_lossy(&answers).into_owned();
        assert_eq!(text.matches(&format!("dn:{cheap}")).count(), 1, "{text:?}");
        let ids: Vec<u8> = answers
            .windows(4)
            .filter(|bytes| bytes[..2] == [0x02, 1] && matches!(bytes[3], 0x61 | 0x78))
            .map(|bytes| bytes[2])
            .collect();
        assert_eq!(ids, [1, 2, 3, 4]);
    });
}
