//! What somebody sees at 3 a.m.: a certificate that has ended, a table that is gone, clients that speak something else, a
//! full disk, a clock that is off. Each is named by the log, by `check`, by a metric and by `/readyz`, as far as it can be.

use crate::harness::client::{equal, search_for, tls};
use crate::harness::gateway::{Env, run_to_end};
use crate::harness::ldap::{BASE, BATTERY_PASSWORD, user_dn};
use crate::harness::process::run;
use crate::harness::{
    Client, Database, Engine, Gateway, beside_others, block_on, eventually, free_port, ldapwhoami, scratch,
};
use crate::observability::Observed;
use crate::realms;
use ldap3_proto::proto::LdapSearchScope;
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(30);

fn env() -> Env {
    Database::shared(Engine::Sqlite).deployed().with("LOG_LEVEL", "info")
}

fn expect(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
}

/// The first line that has all of these.
pub fn line_with(log: &str, parts: &[&str]) -> String {
    let found = log.lines().find(|line| parts.iter().all(|part| line.contains(part)));
    found
        .unwrap_or_else(|| panic!("no line with {parts:?} in\n{log}"))
        .to_owned()
}

fn openssl(dir: &Path, arguments: &str) {
    run(Command::new("openssl").args(arguments.split(' ')).current_dir(dir));
}

/// The environment of a program whose clock is so far off, as libfaketime wants it; monotonic clocks are left alone.
pub fn clock_set(by: &str) -> [(&'static str, String); 4] {
    let library = run(Command::new("sh").args(["-c", "ls /usr/lib/*/faketime/libfaketime.so.1"]));
    [
        ("LD_PRELOAD", library.trim().to_owned()),
        ("FAKETIME", by.to_owned()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        // Processes that follow each other would find each other's.
        ("FAKETIME_DISABLE_SHM", "1".to_owned()),
    ]
}

/// An authority, one below it, and a server's certificate of that one; each valid for so many days from so many days on.
/// `chain.pem` is the server's and what signed it, `server.key` its key.
pub fn chain(authority: (i32, i32), intermediate: (i32, i32), server: (i32, i32)) -> PathBuf {
    let dir = scratch("chain");
    for (name, subject) in [("root", "root"), ("middle", "middle"), ("server", "ldap1.example.com")] {
        openssl(
            &dir,
            &format!(
                "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj /CN={subject} -keyout {name}.key -out {name}.csr"
            ),
        );
    }
    fs::write(dir.join("ca.ext"), "basicConstraints=critical,CA:TRUE\n").unwrap();
    fs::write(
        dir.join("server.ext"),
        "subjectAltName=DNS:ldap1.example.com,DNS:*.lab.example.com,IP:192.0.2.1,IP:127.0.0.1\n",
    )
    .unwrap();
    let sign = |name: &str, by: &str, ext: &str, (from, to): (i32, i32)| {
        let mut signing = Command::new("openssl");
        signing.envs(clock_set(&format!("{from:+}d")));
        signing.current_dir(&dir);
        let arguments = format!(
            "x509 -req -in {name}.csr {by} -extfile {ext} -days {} -out {name}.crt",
            to - from
        );
        run(signing.args(arguments.split(' ')));
    };
    sign("root", "-signkey root.key", "ca.ext", authority);
    sign(
        "middle",
        "-CA root.crt -CAkey root.key -CAcreateserial",
        "ca.ext",
        intermediate,
    );
    sign(
        "server",
        "-CA middle.crt -CAkey middle.key -CAcreateserial",
        "server.ext",
        server,
    );
    write_chain(&dir, &["server", "middle", "root"]);
    dir
}

/// Puts certificates into `chain.pem`.
fn write_chain(dir: &Path, names: &[&str]) {
    let texts = names
        .iter()
        .map(|name| fs::read_to_string(dir.join(format!("{name}.crt"))).unwrap());
    fs::write(dir.join("chain.pem"), texts.collect::<String>()).unwrap();
}

pub fn with_chain(env: Env, dir: &Path) -> Env {
    env.with("LDAP_CERT_PATH", dir.join("chain.pem").display())
        .with("LDAP_KEY_PATH", dir.join("server.key").display())
}

pub const GOOD: (i32, i32) = (-10, 400);

#[test]
fn a_certificate_that_is_not_valid_is_named_everywhere() {
    let _guard = beside_others();
    for (dir, told, code, valid) in [
        (chain(GOOD, GOOD, (-10, 100)), &[][..], 0, 1.0),
        (
            chain(GOOD, GOOD, (-40, 5)),
            &["the certificate of CN=ldap1.example.com ends in "],
            0,
            1.0,
        ),
        (
            chain(GOOD, GOOD, (-40, -3)),
            &[
                "the certificate of CN=ldap1.example.com has ended",
                "3 days ago",
                "clients that verify it refuse it",
            ],
            1,
            0.0,
        ),
        (
            chain(GOOD, GOOD, (3, 40)),
            &[
                "the certificate of CN=ldap1.example.com is not valid yet",
                "this machine's clock says",
            ],
            1,
            0.0,
        ),
        (
            chain(GOOD, (-40, -3), (-40, 100)),
            &["the intermediate certificate of CN=middle has ended"],
            1,
            0.0,
        ),
        (
            chain((-40, -3), GOOD, GOOD),
            &["the authority's certificate of CN=root has ended"],
            1,
            0.0,
        ),
    ] {
        let env = with_chain(env(), &dir).with("LDAP_COMMON_NAME", "ldap1.example.com");
        let report = run_to_end(&env, &["check"], "");
        assert_eq!(report.code, Some(code), "{}", report.text());
        expect(&report.text(), told);
        let observed = Observed::start(&env);
        let (status, body) = observed.get("/readyz").unwrap();
        assert_eq!(status, 200, "who does not verify it can sign in");
        expect(&body, told);
        let metrics = observed.metrics();
        assert_eq!(metrics["ldap_gateway_certificate_valid"], valid);
        assert_eq!(
            metrics["ldap_gateway_certificate_seconds_left"] < 0.0,
            body.contains("has ended")
        );
        let log = observed.gateway.log();
        match told {
            [] => assert!(!log.contains(" WARN "), "{log}"),
            told => {
                let mut parts = vec!["WARN", "LDAP_CERT_PATH"];
                parts.extend(told);
                line_with(&log, &parts);
                assert!(body.starts_with("serving\nLDAP_CERT_PATH"), "{body}");
            }
        }
    }
}

#[test]
fn one_that_is_replaced_is_told_of_again() {
    let _guard = beside_others();
    let dir = chain(GOOD, GOOD, (-10, 100));
    let observed = Observed::start(&with_chain(env(), &dir));
    assert_eq!(observed.get("/readyz").unwrap().1, "serving\n");
    let ended = chain(GOOD, GOOD, (-40, -3));
    for name in ["server.key", "chain.pem"] {
        fs::copy(ended.join(name), dir.join(name)).unwrap();
    }
    let is_told = || observed.get("/readyz").unwrap().1.contains("has ended");
    assert!(eventually(LONG, is_told), "{}", observed.gateway.log_tail());
    line_with(&observed.gateway.log(), &["WARN", "has ended: it was valid until"]);
    // Asked to read it again, the gateway says so again.
    observed.gateway.process.signal("HUP");
    let again = || observed.gateway.log().matches("has ended: it was valid until").count() == 2;
    assert!(eventually(LONG, again), "{}", observed.gateway.log_tail());
}

#[test]
fn check_tells_whose_the_certificate_is_and_what_is_wrong_with_its_chain() {
    let _guard = beside_others();
    let dir = chain(GOOD, GOOD, GOOD);
    let check = |names: &[&str], env: Env| {
        write_chain(&dir, names);
        run_to_end(&with_chain(env, &dir), &["check"], "")
    };
    let named = |name: &str| env().with("LDAP_BASE_DN", BASE).with("LDAP_COMMON_NAME", name);
    let report = check(&["server", "middle", "root"], named("ldap1.example.com"));
    assert_eq!(report.code, Some(0), "{}", report.text());
    expect(
        &report.stdout,
        &[
            "from LDAP_CERT_PATH (",
            "the key belongs to it",
            "subject: CN=ldap1.example.com",
            "names: ldap1.example.com, *.lab.example.com, 192.0.2.1, 127.0.0.1",
            "issuer: CN=middle",
            "days left",
            "chain: CN=ldap1.example.com, signed by CN=middle, signed by CN=root, which signed itself: complete",
        ],
    );
    assert!(!report.text().contains("refuse"), "{}", report.text());
    // A star is one label.
    for (name, fits) in [
        ("LDAP1.example.com", true),
        ("x.lab.example.com", true),
        ("192.0.2.1", true),
        ("lab.example.com", false),
        ("x.y.lab.example.com", false),
        ("ldap2.example.com", false),
        ("192.0.2.2", false),
    ] {
        let report = check(&["server", "middle"], named(name));
        let refused = format!("is not for LDAP_COMMON_NAME ({name})");
        assert_eq!(!report.text().contains(&refused), fits, "{name}: {}", report.text());
        expect(
            &report.stdout,
            &["signed by CN=middle, signed by CN=root, which clients must know"],
        );
    }
    let report = check(&["server", "root", "middle"], env());
    expect(&report.stdout, &["the certificates are not in order"]);
    let report = check(&["server"], env());
    expect(
        &report.stdout,
        &["has the server's own certificate alone, not the one of its issuer CN=middle"],
    );
    let report = check(&["server", "root"], env());
    expect(&report.stdout, &["has signed none of the others: CN=root"]);
    // One's own: neither names nor a chain.
    openssl(&dir, "req -x509 -key server.key -subj /CN=ldap1 -days 30 -out self.crt");
    let report = check(&["self"], env());
    expect(
        &report.stdout,
        &[
            "which signed itself: clients must be given this very certificate",
            "has no names (subjectAltName)",
        ],
    );
}

#[test]
fn check_warns_of_authorities_that_have_ended() {
    let _guard = beside_others();
    let dir = chain((-40, -3), GOOD, GOOD);
    let ca = dir.join("root.crt");
    let env = env()
        .with("AUTH_BACKENDS", "sql,notification")
        .with("NOTIFICATION_URL", "https://127.0.0.1:1/")
        .with("NOTIFICATION_CA_PATH", ca.display());
    let report = run_to_end(&env, &["check"], "");
    expect(
        &report.stdout,
        &["NOTIFICATION_CA_PATH: the certificate of CN=root has ended"],
    );
}

const BROKEN: &str = r#"ldap_gateway_query_works{query="SQL_QUERY_ONE_USER"}"#;
const GROUPS: &str = r#"ldap_gateway_query_works{query="SQL_QUERY_ALL_GROUPS"}"#;

/// A table, a column, a permission that goes while the gateway runs, what the line about it names, and how it comes back.
const BREAKAGES: [[&str; 3]; 3] = [
    [
        r#"ALTER TABLE "Users" RENAME TO "Gone""#,
        "Users",
        r#"ALTER TABLE "Gone" RENAME TO "Users""#,
    ],
    [
        r#"ALTER TABLE "Users" RENAME COLUMN "mail" TO "post""#,
        "mail",
        r#"ALTER TABLE "Users" RENAME COLUMN "post" TO "mail""#,
    ],
    [
        r#"REVOKE SELECT ON "Users" FROM gateway"#,
        "permission denied",
        r#"GRANT SELECT ON "Users" TO gateway"#,
    ],
];

#[test]
fn what_a_login_needs_and_is_gone_is_not_ready_until_it_is_back() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let database = Database::fresh(engine);
        let sql = |text: &str| database.sql(&engine.quoted(text));
        let observed = Observed::start(&database.deployed().with("LOG_LEVEL", "info"));
        assert_eq!(observed.get("/readyz").unwrap(), (200, "serving\n".to_owned()));
        assert_eq!(observed.metrics()[BROKEN], 1.0);
        let count = match engine {
            Engine::PostgreSql => 3,
            // Its permissions are those of the whole database.
            Engine::MariaDb => 2,
            // It has no permissions, and takes a quoted name that is no column's for a text.
            Engine::Sqlite => 1,
        };
        for [broken, named, mended] in BREAKAGES.into_iter().take(count) {
            sql(broken);
            assert_eq!(ldapwhoami(&observed.gateway, &user_dn("cheap"), BATTERY_PASSWORD).0, 52);
            let is_broken = || observed.get("/readyz").unwrap().0 == 503;
            assert!(eventually(LONG, is_broken), "{broken}: {}", observed.gateway.log_tail());
            let (_, body) = observed.get("/readyz").unwrap();
            assert!(body.starts_with("broken\n"), "{body}");
            let metrics = observed.metrics();
            assert_eq!((metrics[BROKEN], metrics["ldap_gateway_ready"]), (0.0, 0.0));
            for text in [body, observed.gateway.log()] {
                line_with(&text, &["SQL_QUERY_ONE_USER", named]);
            }
            // Nobody asks, and it is noticed.
            sql(mended);
            let works = || observed.get("/readyz").unwrap() == (200, "serving\n".to_owned());
            assert!(eventually(LONG, works), "{broken}: {}", observed.gateway.log_tail());
            assert_eq!(observed.metrics()[BROKEN], 1.0);
            assert_eq!(ldapwhoami(&observed.gateway, &user_dn("cheap"), BATTERY_PASSWORD).0, 0);
        }
    }
}

#[test]
fn one_realms_broken_query_is_its_own() {
    let _guard = beside_others();
    let (outer, inner) = (Database::fresh(Engine::Sqlite), Database::fresh(Engine::Sqlite));
    let realms = [
        realms::realm("all", realms::OUTER, &outer.deployed()),
        realms::realm("lab", realms::INNER, &inner.deployed()),
    ];
    let observed = Observed::start(&realms::env(&realms));
    assert_eq!(
        observed.get("/readyz").unwrap(),
        (200, "serving\nall: serving\nlab: serving\n".to_owned())
    );
    let code = |base: &str| ldapwhoami(&observed.gateway, &format!("uid=cheap,{base}"), BATTERY_PASSWORD).0;
    inner.sql(r#"ALTER TABLE "Users" RENAME TO "Gone""#);
    assert_eq!(code(realms::INNER), 52);
    let works = |realm: &str| observed.metrics()[&format!("{}{realm}\"}}", BROKEN.replace('}', ",realm=\""))];
    assert!(
        eventually(LONG, || works("lab") == 0.0),
        "{}",
        observed.gateway.log_tail()
    );
    assert_eq!(works("all"), 1.0);
    let (status, body) = observed.get("/readyz").unwrap();
    assert_eq!(status, 200, "the other one is served");
    expect(
        &body,
        &[
            "serving\nall: serving\nlab: broken\nlab: realms[1]",
            "no such table: Users",
        ],
    );
    assert_eq!(code(realms::OUTER), 0);
    outer.sql(r#"ALTER TABLE "Users" RENAME TO "Gone""#);
    assert_eq!(code(realms::OUTER), 52);
    let nobody = || observed.get("/readyz").unwrap().0 == 503;
    assert!(eventually(LONG, nobody), "{}", observed.gateway.log_tail());
    expect(
        &observed.get("/readyz").unwrap().1,
        &["broken\nall: broken\nlab: broken\n"],
    );
}

#[test]
fn it_is_noticed_where_no_client_asks() {
    let _guard = beside_others();
    let database = Database::fresh(Engine::Sqlite);
    let observed = Observed::start(&database.deployed());
    database.sql(r#"ALTER TABLE "Groups" RENAME TO "Gone""#);
    let broken = || observed.metrics()[GROUPS] == 0.0;
    assert!(eventually(LONG * 4, broken), "{}", observed.gateway.log_tail());
    // People can still sign in where clients ask for no groups.
    let (status, body) = observed.get("/readyz").unwrap();
    assert_eq!(status, 200, "{body}");
    expect(&body, &["serving\n", "SQL_QUERY_ALL_GROUPS"]);
    assert_eq!(observed.metrics()[BROKEN], 1.0);
}

#[test]
fn a_value_that_the_engine_fails_on_breaks_no_query() {
    let _guard = beside_others();
    let database = Database::fresh(Engine::PostgreSql);
    // Whoever is called so makes the query fail, and nobody else.
    let env = database.deployed().changed("SQL_QUERY_ONE_USER", |query| {
        format!("{query} AND (CASE WHEN \"uid\" = 'dave' THEN 1/(length(\"uid\") - 4) ELSE 1 END) = 1")
    });
    let observed = Observed::start(&env.with("LOG_LEVEL", "info"));
    let asked = r#"ldap_gateway_sql_statements_total{statement="describe",result="success"}"#;
    let before = observed.metrics()[asked];
    for _ in 0..3 {
        assert_eq!(ldapwhoami(&observed.gateway, &user_dn("dave"), "x").0, 52);
    }
    assert_eq!(
        ldapwhoami(&observed.gateway, &user_dn("no such \u{fffd} user"), "x").0,
        49
    );
    assert_eq!(ldapwhoami(&observed.gateway, &user_dn("cheap"), BATTERY_PASSWORD).0, 0);
    // The queries are described again, and all of them work.
    let described = || {
        assert_eq!(observed.get("/readyz").unwrap(), (200, "serving\n".to_owned()));
        observed.metrics()[asked] > before + 20.0
    };
    assert!(eventually(LONG, described));
    assert_eq!(observed.get("/readyz").unwrap(), (200, "serving\n".to_owned()));
    assert_eq!(observed.metrics()[BROKEN], 1.0);
}

#[test]
fn a_function_that_fails_for_everybody_breaks_its_query() {
    let _guard = beside_others();
    let database = Database::fresh(Engine::PostgreSql);
    // It is planned when it is called: nothing but a lookup shows that its table is gone.
    database.sql(
        r#"CREATE TABLE "Seen" ("uid" text);
           CREATE FUNCTION seen(text) RETURNS boolean LANGUAGE plpgsql AS
           'BEGIN RETURN (SELECT count(*) FROM "Seen") >= 0; END'"#,
    );
    let env = database.deployed().changed("SQL_QUERY_ONE_USER", |query| {
        query.replace(" WHERE ", " WHERE (SELECT seen('')) AND ")
    });
    let observed = Observed::start(&env.with("LOG_LEVEL", "info"));
    assert_eq!(ldapwhoami(&observed.gateway, &user_dn("cheap"), BATTERY_PASSWORD).0, 0);
    database.sql(r#"ALTER TABLE "Seen" RENAME TO "Gone""#);
    assert_eq!(ldapwhoami(&observed.gateway, &user_dn("cheap"), BATTERY_PASSWORD).0, 52);
    let broken = || observed.get("/readyz").unwrap().0 == 503;
    assert!(eventually(LONG, broken), "{}", observed.gateway.log_tail());
    expect(
        &observed.get("/readyz").unwrap().1,
        &["broken\nSQL_QUERY_ONE_USER: ", "Seen"],
    );
    line_with(&observed.gateway.log(), &["ERROR", "SQL_QUERY_ONE_USER: ", "Seen"]);
    database.sql(r#"ALTER TABLE "Gone" RENAME TO "Seen""#);
    let works = || observed.get("/readyz").unwrap() == (200, "serving\n".to_owned());
    assert!(eventually(LONG, works), "{}", observed.gateway.log_tail());
    assert_eq!(ldapwhoami(&observed.gateway, &user_dn("cheap"), BATTERY_PASSWORD).0, 0);
}

/// How often a connection failed for that reason.
fn failures(observed: &Observed, cause: &str) -> f64 {
    observed.metrics()[&format!("ldap_gateway_connection_failures_total{{cause=\"{cause}\"}}")]
}

#[test]
fn what_clients_speak_is_told() {
    let _guard = beside_others();
    let observed = Observed::start(&env());
    let address = observed.gateway.address();
    let start_tls = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";
    for (octets, cause, told) in [
        (
            &b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00"[..],
            "no_tls",
            "the client speaks no TLS (ldap://)",
        ),
        (start_tls, "starttls", "asks for it (StartTLS)"),
        (b"GET / HTTP/1.1\r\n\r\n", "http", "the client speaks HTTP"),
        (b"SSH-2.0-x\r\n", "ssh", "the client speaks SSH"),
        (
            b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
            "proxy_protocol",
            "the PROXY protocol",
        ),
        (
            b"\x00\x01\x02\x03\x04\x05\x06\x07",
            "unknown_protocol",
            "neither TLS nor LDAP",
        ),
    ] {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(octets).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(eventually(LONG, || failures(&observed, cause) == 1.0), "{cause}");
        let line = line_with(&observed.gateway.log(), &["TLS handshake failed", told]);
        expect(
            &line,
            &[
                &format!("cause=\"{cause}\""),
                &format!("client={}", stream.local_addr().unwrap()),
            ],
        );
        if matches!(cause, "no_tls" | "starttls") {
            expect(
                &String::from_utf8_lossy(&answer),
                &["1.3.6.1.4.1.1466.20036", "use ldaps://"],
            );
        }
    }
    // Who only looks is no failure.
    let all = || observed.metrics()["ldap_gateway_tls_handshake_failures_total"];
    assert_eq!(all(), 6.0);
    drop(TcpStream::connect(address).unwrap());
    let closed = || observed.metrics()["ldap_gateway_connections_open"] == 0.0;
    assert!(eventually(LONG, closed));
    assert_eq!(all(), 6.0);
}

#[test]
fn why_a_handshake_fails_is_told() {
    let _guard = beside_others();
    let observed = Observed::start(&env().with("TLS_MIN_VERSION", "1.3"));
    let s_client = |arguments: &str| {
        let mut openssl = Command::new("openssl");
        openssl.args(["s_client", "-connect", &observed.gateway.address().to_string()]);
        openssl.args(arguments.split(' ')).stdin(Stdio::null());
        openssl.output().unwrap()
    };
    for (arguments, cause, told) in [
        (
            "-verify_return_error -verify 5",
            "certificate_not_trusted",
            "the client says UnknownCA: it does not know who issued",
        ),
        ("-tls1_2", "no_common_version", "the client offers TLS 1.2 with TLS_"),
    ] {
        s_client(arguments);
        assert!(
            eventually(LONG, || failures(&observed, cause) == 1.0),
            "{cause}: {}",
            observed.gateway.log_tail()
        );
        line_with(
            &observed.gateway.log(),
            &["TLS handshake failed", &format!("cause=\"{cause}\""), told],
        );
    }
    // Clients that look at the certificate after the handshake close without a word.
    block_on(async {
        let stream = tokio::net::TcpStream::connect(observed.gateway.address())
            .await
            .unwrap();
        drop(tls(stream, &[]).await.unwrap());
    });
    assert!(eventually(LONG, || failures(&observed, "closed_before_request") >= 1.0));
    line_with(
        &observed.gateway.log(),
        &[
            "disconnected",
            "closed before any request: does the client trust the certificate?",
        ],
    );
}

#[test]
fn an_expired_certificate_is_what_clients_complain_of() {
    let _guard = beside_others();
    let dir = chain(GOOD, GOOD, (-40, -3));
    let observed = Observed::start(&with_chain(env(), &dir));
    let mut openssl = Command::new("openssl");
    openssl.args([
        "s_client",
        "-connect",
        &observed.gateway.address().to_string(),
        "-verify_return_error",
    ]);
    openssl
        .arg("-CAfile")
        .arg(dir.join("root.crt"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(eventually(LONG, || failures(&observed, "certificate_expired") == 1.0));
    line_with(
        &observed.gateway.log(),
        &["the client says CertificateExpired: the certificate has ended"],
    );
}

#[test]
fn tls_on_a_port_without_it_is_told() {
    let _guard = beside_others();
    let observed = Observed::start(&env().with("LDAP_UNENCRYPTED", true));
    block_on(async {
        let stream = tokio::net::TcpStream::connect(observed.gateway.address())
            .await
            .unwrap();
        assert!(tls(stream, &[]).await.is_err());
    });
    assert!(eventually(LONG, || failures(&observed, "tls_on_plain_port") == 1.0));
    line_with(
        &observed.gateway.log(),
        &[
            "disconnected",
            "the client speaks TLS (ldaps://), and this port has none",
        ],
    );
    // A health check of a load balancer.
    TcpStream::connect(observed.gateway.address())
        .unwrap()
        .shutdown(Shutdown::Both)
        .unwrap();
    assert_eq!(failures(&observed, "closed_before_request"), 0.0);
}

#[test]
fn lines_about_failed_handshakes_are_few() {
    let _guard = beside_others();
    let observed = Observed::start(&env());
    for _ in 0..40 {
        let mut stream = TcpStream::connect(observed.gateway.address()).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    }
    assert!(eventually(LONG, || failures(&observed, "http") == 40.0));
    let lines = observed.gateway.log().matches("TLS handshake failed").count();
    assert_eq!(lines, 10);
}

#[test]
fn probe_says_which_side_speaks_tls() {
    let _guard = beside_others();
    let (with, without) = (Gateway::start(&env()), Gateway::start_plain(&env()));
    let probe = |scheme: &str, gateway: &Gateway| {
        let ended = run_to_end(
            &Env::default(),
            &["probe", &format!("{scheme}://127.0.0.1:{}", gateway.port)],
            "",
        );
        assert_eq!(ended.code, Some(1), "{}", ended.text());
        ended.stderr
    };
    expect(&probe("ldap", &with), &["that port speaks TLS: ask ldaps://"]);
    expect(&probe("ldaps", &without), &["that port speaks no TLS: ask ldap://"]);
    // Who does not verify a certificate is served, and told what those see who do.
    let ended = Gateway::start(&with_chain(env(), &chain(GOOD, GOOD, (-40, -3))));
    let ended = run_to_end(&Env::default(), &["probe", &ended.uri()], "");
    assert_eq!(ended.code, Some(0), "{}", ended.text());
    expect(
        &ended.stderr,
        &["127.0.0.1: the certificate of CN=ldap1.example.com has ended"],
    );
}

/// Where the gateway is the client.
#[test]
fn what_is_wrong_with_tls_to_others_is_told_too() {
    let _guard = beside_others();
    let dir = chain(GOOD, GOOD, (-40, -3));
    let plain = Gateway::start_plain(&env());
    let (other, ended) = (Gateway::start(&env()), Gateway::start(&with_chain(env(), &dir)));
    let upstream = |gateway: &Gateway| {
        let env = env()
            .with("AUTH_BACKENDS", "ldap")
            .with("UPSTREAM_LDAP_URI", format!("ldaps://127.0.0.1:{}", gateway.port))
            .with("UPSTREAM_LDAP_CA_PATH", dir.join("root.crt").display())
            .with("UPSTREAM_LDAP_BIND_DN", "uid={username},dc=example,dc=com");
        run_to_end(&env, &["check"], "").text()
    };
    expect(
        &upstream(&plain),
        &["that port speaks no TLS: ldap:// asks for it by StartTLS"],
    );
    expect(&upstream(&other), &["UPSTREAM_LDAP_CA_PATH names a file of it"]);
    expect(&upstream(&ended), &["its certificate has ended"]);
    let uri = format!("postgres://127.0.0.1:{}/x", other.port);
    let report = run_to_end(&env().with("SQL_URI", uri), &["check"], "");
    expect(
        &report.text(),
        &["what listens there does not speak as PostgreSQL does"],
    );
}

#[test]
fn probe_asks_what_clients_ask() {
    let _guard = beside_others();
    let database = Database::fresh(Engine::Sqlite);
    let gateway = Gateway::start(&database.deployed());
    let env = database
        .deployed()
        .with("PORT", gateway.port)
        .with("BIND_IP", "127.0.0.1")
        .with("PROBE_BIND_DN", user_dn("cheap"))
        .with("PROBE_BIND_PASSWORD", BATTERY_PASSWORD);
    assert_eq!(run_to_end(&env, &["probe"], "").code, Some(0));
    // Nobody's login asks for it, and SSSD's does.
    database.sql(r#"ALTER TABLE "UserGroups" RENAME TO "Gone""#);
    let ended = run_to_end(&env, &["probe"], "");
    assert_eq!(ended.code, Some(1), "{}", ended.text());
    expect(
        &ended.stderr,
        &["the connection was closed during a search for somebody's groups"],
    );
    database.sql(r#"ALTER TABLE "Users" RENAME TO "Gone2""#);
    let ended = run_to_end(&env, &["probe"], "");
    expect(&ended.stderr, &["a bind was answered with Unavailable"]);
}

#[test]
fn lines_that_a_full_disk_does_not_take_are_counted_and_told_of() {
    let _guard = beside_others();
    let full = || Stdio::from(fs::File::options().write(true).open("/dev/full").unwrap());
    let admin = std::net::SocketAddr::from(([127, 0, 0, 1], free_port()));
    let gateway = Gateway::spawn_with_log(&env().with("ADMIN_ADDR", admin), full());
    let mut observed = Observed { gateway, admin };
    observed.gateway.expect_ready();
    let lost = || observed.metrics()["ldap_gateway_log_lines_dropped_total"];
    assert!(eventually(LONG, || lost() > 2.0), "{}", lost());
    assert_eq!(observed.metrics()["ldap_gateway_log_writable"], 0.0);
    let (status, body) = observed.get("/readyz").unwrap();
    assert_eq!(status, 200);
    expect(
        &body,
        &["log lines are lost: standard error cannot be written: No space left on device"],
    );
    assert_eq!(ldapwhoami(&observed.gateway, &user_dn("cheap"), BATTERY_PASSWORD).0, 0);
}

/// A small file system, unmounted when dropped.
pub struct SmallDisk(pub PathBuf);

impl SmallDisk {
    pub fn new() -> Self {
        let dir = scratch("disk");
        run(Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"])
            .arg(&dir));
        SmallDisk(dir)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn the_log_says_how_many_lines_a_full_disk_has_cost() {
    let _guard = beside_others();
    let disk = SmallDisk::new();
    let (log, ballast) = (disk.0.join("log"), disk.0.join("ballast"));
    let admin = std::net::SocketAddr::from(([127, 0, 0, 1], free_port()));
    let file = fs::File::options().append(true).create(true).open(&log).unwrap();
    let gateway = Gateway::spawn_with_log(&env().with("ADMIN_ADDR", admin), file);
    let mut observed = Observed { gateway, admin };
    observed.gateway.expect_ready();
    let lost = || observed.metrics()["ldap_gateway_log_lines_dropped_total"];
    assert_eq!((lost(), observed.metrics()["ldap_gateway_log_writable"]), (0.0, 1.0));
    // What is left on the disk.
    let _ = fs::write(&ballast, vec![0; 64 * 1024]);
    let logged_in = || assert_eq!(ldapwhoami(&observed.gateway, &user_dn("cheap"), BATTERY_PASSWORD).0, 0);
    let is_full = || {
        logged_in();
        lost() > 0.0
    };
    assert!(eventually(LONG, is_full));
    expect(
        &observed.get("/readyz").unwrap().1,
        &["log lines are lost: standard error cannot be written: No space left"],
    );
    fs::remove_file(&ballast).unwrap();
    // With the next line, or without one.
    let writable = || observed.metrics()["ldap_gateway_log_writable"] == 1.0;
    assert!(eventually(LONG, writable));
    let text = || fs::read_to_string(&log).unwrap();
    let told = || text().contains("log lines were lost");
    assert!(eventually(LONG, told), "{}", text());
    let line = line_with(
        &text(),
        &[
            "WARN",
            "log lines were lost, standard error could not be written: No space left",
        ],
    );
    expect(&line, &[&format!("lines={}", lost())]);
    assert_eq!(observed.get("/readyz").unwrap().1, "serving\n");
    logged_in();
    let whole = |line: &str| line.is_empty() || line.starts_with("20") || !line.contains("INFO");
    assert!(text().lines().all(whole), "{}", text());
}

#[test]
fn a_clock_that_is_off_is_told() {
    let _guard = beside_others();
    for engine in [Engine::PostgreSql, Engine::MariaDb] {
        // Two hours are no time zone: the database is asked for seconds since 1970. Ours is the clock that is set.
        let env = Database::shared(engine).deployed().with("LOG_LEVEL", "info");
        let off = clock_set("-2h")
            .into_iter()
            .fold(env.clone(), |env, (name, value)| env.with(name, value));
        let told = "the database's clock is 7200 s ahead of this machine's";
        let about = |text: &str| {
            let text = text.replace("7199 s", "7200 s").replace("7201 s", "7200 s");
            expect(&text, &[told]);
        };
        about(&run_to_end(&off, &["check"], "").stdout);
        let observed = Observed::start(&off);
        let (status, body) = observed.get("/readyz").unwrap();
        assert_eq!(status, 200);
        about(&body);
        about(&line_with(
            &observed.gateway.log(),
            &["WARN", "the database's clock is"],
        ));
        let offset = observed.metrics()["ldap_gateway_database_clock_offset_seconds"];
        assert!((7100.0..7300.0).contains(&offset), "{offset}");
        let alike = Observed::start(&env);
        assert_eq!(alike.get("/readyz").unwrap().1, "serving\n");
        assert!(alike.metrics()["ldap_gateway_database_clock_offset_seconds"].abs() <= 60.0);
    }
}

#[test]
fn a_base_that_is_nobodys_is_told_ours() {
    let _guard = beside_others();
    let gateway = Gateway::start(&env());
    block_on(async {
        let mut client = Client::connect(&gateway).await;
        assert_eq!(client.bind(&user_dn("cheap"), BATTERY_PASSWORD).await.unwrap(), 0);
        for (base, told) in [
            ("dc=elsewhere", "the base DN of this directory is dc=example,dc=com"),
            ("dc=com", "the base DN of this directory is dc=example,dc=com"),
            ("", "the base DN of this directory is dc=example,dc=com"),
            ("uid=nobody,dc=example,dc=com", ""),
        ] {
            let done = client
                .request(search_for(base, LdapSearchScope::Subtree, equal("uid", "x"), &[]))
                .await
                .unwrap();
            assert_eq!((done.code(), done.result.message.as_str()), (32, told), "{base}");
        }
    });
}
