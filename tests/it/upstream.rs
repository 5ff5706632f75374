//! `ldap`: passwords that a real slapd verifies, over TLS and StartTLS, up, down and slow.

use crate::harness::certificates::Authority;
use crate::harness::client::{Client, bind};
use crate::harness::gateway::run_to_end;
use crate::harness::ldap::{BATTERY_PASSWORD, ldapwhoami, user_dn};
use crate::harness::slapd::{Setup, Slapd};
use crate::harness::{
    Database, Engine, Env, Gateway, beside_others, block_on, eventually, free_port, note_secret, scratch,
};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const SUFFIX: &str = "dc=up,dc=example,dc=org";
const PASSWORD: &str = "upstream-Passw0rd-7c2";
const SEARCHER: &str = "cn=searcher,dc=up,dc=example,dc=org";
const SEARCHERS_PASSWORD: &str = "searchers-Passw0rd-9d1";
/// A name that is not a name everywhere.
const ODD: &str = "*)(\\,";

/// A template with a DN.
const TEMPLATE: &str = "uid={username},ou=people,dc=up,dc=example,dc=org";

fn ldif() -> String {
    note_secret(PASSWORD);
    note_secret(SEARCHERS_PASSWORD);
    let person = |dn: &str, uid: &str, more: &str| {
        format!(
            "\ndn: {dn},ou=people,{SUFFIX}\nobjectClass: inetOrgPerson\nuid: {uid}\ncn: x\nsn: x\n\
             userPassword: {PASSWORD}\n{more}"
        )
    };
    [
        format!("dn: {SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\no: up\ndc: up\n"),
        format!("\ndn: ou=people,{SUFFIX}\nobjectClass: organizationalUnit\nou: people\n"),
        format!(
            "\ndn: {SEARCHER}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: searcher\n\
             userPassword: {SEARCHERS_PASSWORD}\n"
        ),
        format!(
            "\ndn: cn=policy,{SUFFIX}\nobjectClass: pwdPolicy\nobjectClass: device\ncn: policy\n\
                 pwdAttribute: userPassword\npwdLockout: TRUE\npwdMaxFailure: 3\n"
        ),
        person("uid=alice", "alice", "mail: twin@example.org\n"),
        person("uid=bob", "bob", "mail: twin@example.org\n"),
        person("uid=erin", "erin", "pwdAccountLockedTime: 000001010000Z\n"),
        // Who fails too often.
        person("uid=carol", "carol", ""),
        // Nobody in the table.
        person("uid=ivan", "ivan", ""),
        person("uid=*)(\\5C\\2C", ODD, ""),
        format!(
            "\ndn: uid=dave,ou=people,{SUFFIX}\nobjectClass: referral\nobjectClass: extensibleObject\nuid: dave\n\
             ref: ldap://127.0.0.1:1/uid=dave,ou=people,{SUFFIX}\n"
        ),
    ]
    .concat()
}

/// An authority, and what it signed for 127.0.0.1.
struct Certificates {
    authority: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

fn certificates() -> Certificates {
    let authority = Authority::make(&scratch("upstream-tls"), "authority");
    let (certificate, key) = authority.sign_server("IP:127.0.0.1,DNS:ldap.example.org");
    Certificates {
        authority: authority.certificate,
        certificate,
        key,
    }
}

fn slapd(certificates: Option<&Certificates>, start_tls: bool) -> Slapd {
    let setup = Setup {
        tls: certificates.map(|made| (made.certificate.clone(), made.key.clone())),
        start_tls,
        is_checked: true,
        modules: "moduleload ppolicy\n",
        // The overlay notes failures as the root.
        database: "rootdn \"cn=root,dc=up,dc=example,dc=org\"\noverlay ppolicy\nppolicy_default \"cn=policy,dc=up,dc=example,dc=org\"\n\
                   access to attrs=userPassword by anonymous auth\n\
                   access to * by dn.base=\"cn=searcher,dc=up,dc=example,dc=org\" read by anonymous auth\n",
    };
    Slapd::start_with(SUFFIX, &ldif(), &setup)
}

fn database() -> Database {
    let database = Database::fresh(Engine::Sqlite);
    database.sql(&format!(
        "INSERT INTO \"Users\" (\"uid\", \"uidNumber\", \"gidNumber\", \"userPassword\") \
         SELECT '{ODD}', 53000, \"gidNumber\", \"userPassword\" FROM \"Users\" WHERE \"uid\" = 'cheap'"
    ));
    database
}

fn env(database: &Database, uri: &str) -> Env {
    // So many binds fail here that later ones would have to wait.
    let env = database
        .deployed()
        .with("AUTH_BACKENDS", "ldap")
        .with("GUESSING_DELAY", "off");
    env.with("UPSTREAM_LDAP_URI", uri)
        .with("UPSTREAM_LDAP_BIND_DN", TEMPLATE)
}

/// Users are searched for instead.
fn searching(env: Env) -> Env {
    env.without("UPSTREAM_LDAP_BIND_DN")
        .with("UPSTREAM_LDAP_SEARCH_BASE", SUFFIX)
        .with("UPSTREAM_LDAP_SEARCH_DN", SEARCHER)
        .with("UPSTREAM_LDAP_SEARCH_PASSWORD", SEARCHERS_PASSWORD)
}

fn bound(gateway: &Gateway, name: &str, password: &str) -> i32 {
    ldapwhoami(gateway, &user_dn(name), password).0
}

/// The lines of binds in the log, as far as they say why.
fn whys(gateway: &Gateway) -> String {
    let log = gateway.log();
    let lines = log
        .lines()
        .filter(|line| line.contains("operation=\"bind\"") || line.contains("upstream"));
    lines.collect::<Vec<_>>().join("\n")
}

/// What is so with each kind of transport and each way of naming users.
fn expect_the_usual(gateway: &Gateway) {
    assert_eq!(
        ldapwhoami(gateway, &user_dn("alice"), PASSWORD),
        (0, format!("dn:{}", user_dn("alice"))),
        "{}",
        whys(gateway)
    );
    assert_eq!(bound(gateway, "ALICE", PASSWORD), 0);
    for (name, password, why) in [
        ("alice", "wrong", "wrong"),
        ("alice", crate::harness::ldap::password("alice"), "that of the database"),
        ("nobody", PASSWORD, "in neither"),
        ("ivan", PASSWORD, "upstream alone"),
        ("frank", PASSWORD, "in the database alone"),
        ("erin", PASSWORD, "locked there"),
        ("dave", PASSWORD, "referred elsewhere"),
        ("alice\\00", PASSWORD, "NUL"),
        ("alice\\00x", PASSWORD, "NUL"),
        ("*", PASSWORD, "a pattern"),
        ("alice)(uid=*", PASSWORD, "a filter"),
        ("alice\\2Cou=people", PASSWORD, "a DN"),
        ("alice\\2Bcn=x", PASSWORD, "an RDN"),
    ] {
        assert_eq!(bound(gateway, name, password), 49, "{why}: {}", whys(gateway));
    }
    assert_eq!(bound(gateway, "*)(\\\\\\,", PASSWORD), 0, "{}", whys(gateway));
    assert_eq!(bound(gateway, "*)(\\\\\\,", "wrong"), 49);
    // RFC 4513 5.1.2: it would succeed upstream, whoever is named.
    assert_eq!(bound(gateway, "alice", ""), 53);
    // By too many failures there.
    for _ in 0..4 {
        assert_eq!(bound(gateway, "carol", "wrong"), 49);
    }
    assert_eq!(bound(gateway, "carol", PASSWORD), 49, "locked by failures");
}

#[test]
fn a_slapd_verifies_passwords_over_tls() {
    let _guard = beside_others();
    let made = certificates();
    let database = database();
    for (search, start_tls) in [(false, false), (true, false), (false, true), (true, true)] {
        let slapd = slapd(Some(&made), start_tls);
        let scheme = if start_tls { "ldap" } else { "ldaps" };
        let env = env(&database, &format!("{scheme}://127.0.0.1:{}", slapd.port));
        let env = if search { searching(env) } else { env };
        let gateway = Gateway::start(&env.clone().with("UPSTREAM_LDAP_CA_PATH", made.authority.display()));
        expect_the_usual(&gateway);
        if search {
            let twins = env.clone().with(
                "UPSTREAM_LDAP_SEARCH_FILTER",
                "(|(uid=x{username})(mail=twin@example.org))",
            );
            let gateway = Gateway::start(&twins.with("UPSTREAM_LDAP_CA_PATH", made.authority.display()));
            assert_eq!(bound(&gateway, "alice", PASSWORD), 49);
            assert!(
                whys(&gateway).contains("several entries are found"),
                "{}",
                whys(&gateway)
            );
        }
        // Of an authority that nobody here knows.
        let stranger = Gateway::start(&env);
        assert_eq!(bound(&stranger, "alice", PASSWORD), 52, "{}", whys(&stranger));
        assert!(whys(&stranger).contains("certificate"), "{}", whys(&stranger));
        // Its certificate is not for that name.
        let other = format!("{scheme}://localhost:{}", slapd.port);
        let named = env
            .with("UPSTREAM_LDAP_URI", other)
            .with("UPSTREAM_LDAP_CA_PATH", made.authority.display());
        let named = Gateway::start(&named);
        assert_eq!(bound(&named, "alice", PASSWORD), 52, "{}", whys(&named));
    }
}

#[test]
fn nothing_goes_out_in_clear_text_unless_somebody_says_so() {
    let _guard = beside_others();
    let database = database();
    // It knows no StartTLS.
    let slapd = slapd(None, false);
    let env = env(&database, &format!("ldap://127.0.0.1:{}", slapd.port));
    let gateway = Gateway::start(&env);
    assert_eq!(bound(&gateway, "alice", PASSWORD), 52, "{}", whys(&gateway));
    let env = env.with("UPSTREAM_LDAP_INSECURE", true);
    let gateway = Gateway::start(&env);
    assert!(gateway.log().contains("cross the network"), "{}", gateway.log());
    expect_the_usual(&gateway);
    // A password of the search account that is wrong says nothing about users.
    let wrong = searching(env).with("UPSTREAM_LDAP_SEARCH_PASSWORD", "wrong");
    let gateway = Gateway::start(&wrong);
    assert_eq!(bound(&gateway, "alice", PASSWORD), 52, "{}", whys(&gateway));
    assert!(whys(&gateway).contains("UPSTREAM_LDAP_SEARCH_DN"), "{}", whys(&gateway));
}

#[test]
fn a_server_that_is_down_or_slow_is_unavailable_and_the_next_one_is_asked() {
    let _guard = beside_others();
    let database = database();
    let (first, second) = (slapd(None, false), slapd(None, false));
    let nowhere = free_port();
    let env = |uris: &str| {
        env(&database, uris)
            .with("UPSTREAM_LDAP_INSECURE", true)
            .with("BIND_HOLD", "3s")
    };
    let uri = |port: u16| format!("ldap://127.0.0.1:{port}");
    let timed = |gateway: &Gateway, password: &str| {
        let begun = Instant::now();
        (bound(gateway, "alice", password), begun.elapsed())
    };
    // Nobody there.
    let gateway = Gateway::start(&env(&uri(nowhere)));
    assert_eq!(bound(&gateway, "alice", PASSWORD), 52);
    assert_eq!(bound(&gateway, "nobody", PASSWORD), 52);
    let gateway = Gateway::start(&env(&format!("{}, {}", uri(nowhere), uri(first.port))));
    assert_eq!(bound(&gateway, "alice", PASSWORD), 0);
    assert_eq!(bound(&gateway, "alice", "wrong"), 49);
    // There, and silent.
    let gateway = Gateway::start(&env(&uri(second.port)));
    assert_eq!(bound(&gateway, "alice", PASSWORD), 0);
    second.process.freeze();
    let (code, time) = timed(&gateway, PASSWORD);
    assert_eq!(code, 52);
    assert!(
        time > Duration::from_millis(2500) && time < Duration::from_secs(5),
        "{time:?}"
    );
    let gateway = Gateway::start(&env(&format!("{} {}", uri(second.port), uri(first.port))));
    let (code, time) = timed(&gateway, PASSWORD);
    assert_eq!(code, 0, "{}", whys(&gateway));
    assert!(
        time > Duration::from_millis(1200) && time < Duration::from_secs(3),
        "half of the time: {time:?}"
    );
    // From now on the other is asked first.
    let (code, time) = timed(&gateway, PASSWORD);
    assert_eq!(code, 0);
    assert!(time < Duration::from_millis(1200), "{time:?}");
    assert_eq!(timed(&gateway, "wrong").0, 49);
    second.process.signal_family("CONT");
}

/// Answers each bind with the same result code, or does worse.
fn odd_server(answer: &'static [u8]) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let count = Arc::clone(&count);
            thread::spawn(move || serve(stream, answer, &count));
        }
    });
    (port, asked)
}

fn serve(mut stream: TcpStream, answer: &[u8], count: &AtomicUsize) {
    let mut buffer = [0; 4096];
    while let Ok(length) = stream.read(&mut buffer)
        && length > 0
    {
        count.fetch_add(1, Ordering::SeqCst);
        if stream.write_all(answer).is_err() {
            return;
        }
    }
}

#[test]
fn only_a_success_is_one() {
    let _guard = beside_others();
    let database = database();
    let env = |port: u16| {
        let env = env(&database, &format!("ldap://127.0.0.1:{port}")).with("UPSTREAM_LDAP_INSECURE", true);
        Gateway::start(&env.with("BIND_HOLD", "2s"))
    };
    let cases: [(&'static [u8], i32, &str); 12] = [
        (
            b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00",
            0,
            "success",
        ),
        (
            b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x31\x04\x00\x04\x00",
            49,
            "invalidCredentials",
        ),
        (
            b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x0a\x04\x00\x04\x00",
            49,
            "referral",
        ),
        (
            b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x0e\x04\x00\x04\x00",
            49,
            "saslBindInProgress",
        ),
        (
            b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x35\x04\x00\x04\x00",
            49,
            "unwillingToPerform",
        ),
        (b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x33\x04\x00\x04\x00", 52, "busy"),
        (
            b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x34\x04\x00\x04\x00",
            52,
            "unavailable",
        ),
        (
            b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x0d\x04\x00\x04\x00",
            52,
            "confidentialityRequired",
        ),
        (
            b"\x30\x0c\x02\x01\x07\x61\x07\x0a\x01\x00\x04\x00\x04\x00",
            52,
            "a success of another request",
        ),
        (b"HTTP/1.1 200 OK\r\n\r\n", 52, "not LDAP"),
        (b"\x30\x03\x02\x01\x01", 52, "half a message"),
        // Notice of Disconnection.
        (
            b"\x30\x24\x02\x01\x00\x78\x1f\x0a\x01\x34\x04\x00\x04\x00\x8a\x161.3.6.1.4.1.1466.20036",
            52,
            "a notice",
        ),
    ];
    for (answer, code, what) in cases {
        let (port, _) = odd_server(answer);
        let gateway = env(port);
        assert_eq!(bound(&gateway, "alice", PASSWORD), code, "{what}: {}", whys(&gateway));
        // Somebody whom nobody knows is not let in by it.
        let unknown = if code == 0 { 49 } else { code };
        assert_eq!(
            bound(&gateway, "nobody", PASSWORD),
            unknown,
            "{what}: {}",
            whys(&gateway)
        );
    }
}

#[test]
fn what_would_be_anonymous_never_goes_upstream() {
    let _guard = beside_others();
    note_secret(PASSWORD);
    let database = database();
    let (port, asked) = odd_server(b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00");
    let env = env(&database, &format!("ldap://127.0.0.1:{port}")).with("UPSTREAM_LDAP_INSECURE", true);
    let gateway = Gateway::start(&env);
    let totp = Gateway::start(&env.with("AUTH_BACKENDS", "ldap,totp"));
    block_on(async {
        let mut client = Client::connect(&gateway).await;
        for (password, code) in [("", 53), ("\0", 49), ("\0x", 49), ("x\0", 49)] {
            assert_eq!(
                client.bind(&user_dn("alice"), password).await.unwrap(),
                code,
                "{password:?}"
            );
        }
        let mut client = Client::connect(&totp).await;
        // The code cut off, nothing is left.
        assert_eq!(client.bind(&user_dn("alice"), "123456").await.unwrap(), 49);
    });
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    assert_eq!(bound(&gateway, "nobody", PASSWORD), 49);
    // Asked for under a name that nobody has, and unbound.
    assert!(asked.load(Ordering::SeqCst) > 0, "somebody unknown takes the same work");
}

#[test]
fn a_client_that_goes_ends_the_question() {
    let _guard = beside_others();
    let database = database();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (came, went) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let flags = (Arc::clone(&came), Arc::clone(&went));
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut buffer = [0; 4096];
        while stream.read(&mut buffer).is_ok_and(|length| length > 0) {
            flags.0.store(true, Ordering::SeqCst);
        }
        flags.1.store(true, Ordering::SeqCst);
    });
    let env = env(&database, &format!("ldap://127.0.0.1:{port}")).with("UPSTREAM_LDAP_INSECURE", true);
    let gateway = Gateway::start(&env.with("BIND_HOLD", "60s"));
    block_on(async {
        let mut client = Client::connect(&gateway).await;
        client.send(bind(&user_dn("alice"), PASSWORD)).await.unwrap();
        let asked =
            tokio::task::spawn_blocking(move || eventually(Duration::from_secs(10), || came.load(Ordering::SeqCst)));
        assert!(asked.await.unwrap());
        drop(client);
        let ended =
            tokio::task::spawn_blocking(move || eventually(Duration::from_secs(1), || went.load(Ordering::SeqCst)));
        assert!(ended.await.unwrap(), "within a second");
    });
}

#[test]
fn both_must_pass_where_both_are_in_the_chain() {
    let _guard = beside_others();
    let database = database();
    let slapd = slapd(None, false);
    let env = env(&database, &format!("ldap://127.0.0.1:{}", slapd.port)).with("UPSTREAM_LDAP_INSECURE", true);
    database.sql(&format!(
        "UPDATE \"Users\" SET \"userPassword\" = (SELECT \"userPassword\" FROM \"Users\" WHERE \"uid\" = '{ODD}') \
         WHERE \"uid\" = 'bob'"
    ));
    let gateway = Gateway::start(&env.with("AUTH_BACKENDS", "sql,ldap"));
    // No password is right for both.
    assert_eq!(bound(&gateway, "bob", PASSWORD), 49);
    assert_eq!(bound(&gateway, "bob", BATTERY_PASSWORD), 49);
    assert!(whys(&gateway).contains("wrong password"), "{}", whys(&gateway));
    assert!(whys(&gateway).contains("upstream: result 49"), "{}", whys(&gateway));
}

#[test]
fn the_node_gateways_names_start_it() {
    let _guard = beside_others();
    let database = database();
    let slapd = slapd(None, false);
    let env = database
        .deployed()
        .with("AUTH_BACKENDS", "ldap")
        .with("LDAP_URL", format!("ldap://127.0.0.1:{}", slapd.port))
        .with("LDAP_BIND_DN", SEARCHER)
        .with("LDAP_BIND_PASSWORD", SEARCHERS_PASSWORD)
        .with("LDAP_AUTH_BASE_DN", SUFFIX)
        .with("UPSTREAM_LDAP_INSECURE", true)
        // slapd is no Active Directory.
        .with("UPSTREAM_LDAP_SEARCH_FILTER", "(uid={username})");
    let gateway = Gateway::start(&env);
    assert_eq!(bound(&gateway, "alice", PASSWORD), 0, "{}", whys(&gateway));
    assert_eq!(bound(&gateway, "alice", "wrong"), 49);
    // Left over where the link is not in the chain, they mean nothing.
    let left_over = env
        .without("UPSTREAM_LDAP_INSECURE")
        .without("UPSTREAM_LDAP_SEARCH_FILTER");
    let gateway = Gateway::start(&left_over.with("AUTH_BACKENDS", "sql").with("LDAP_URL", "?"));
    assert_eq!(bound(&gateway, "alice", crate::harness::ldap::password("alice")), 0);
}

#[test]
fn what_is_missing_is_named() {
    let _guard = beside_others();
    let database = database();
    let env = database.deployed().with("AUTH_BACKENDS", "sql,ldap");
    let missing = run_to_end(&env, &["check"], "");
    assert_eq!(missing.code, Some(78), "{}", missing.text());
    for name in ["UPSTREAM_LDAP_URI", "UPSTREAM_LDAP_BIND_DN"] {
        assert!(
            missing.text().contains(&format!("{name}: is missing")),
            "{}",
            missing.text()
        );
    }
}
