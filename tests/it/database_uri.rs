//! `SQL_URI` against real servers: which ways to the database are taken, and which are refused. What came is read in the
//! servers' logs, so that "refused" means that nobody logged in, by TLS or without.

use crate::harness::certificates::Authority;
use crate::harness::database::{APP_PASSWORD_IN_URI, APP_USER, Server};
use crate::harness::gateway::run_to_end;
use crate::harness::mariadb::{MariaDb, Own};
use crate::harness::postgres::Postgres;
use crate::harness::process::run;
use crate::harness::{Database, beside_others, eventually, scratch};
use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How the gateway came to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Clear,
    Encrypted,
    Socket,
}

use Way::{Clear, Encrypted, Socket};

/// Nobody may log in.
const REFUSED: Option<Way> = None;

/// An authority, the server's certificate and its key, and an authority that has nothing to do with them. The server's
/// addresses are 127.0.0.1 and ::1; 127.0.0.2 is the same server and not in its certificate.
struct Certificates {
    authority: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
    other: PathBuf,
}

impl Certificates {
    fn make() -> Certificates {
        let dir = scratch("database-tls");
        let authority = Authority::make(&dir, "authority");
        let (certificate, key) = authority.sign_server("IP:127.0.0.1,IP:::1");
        Certificates {
            authority: authority.certificate,
            certificate,
            key,
            other: Authority::make(&dir, "other").certificate,
        }
    }
}

/// A server, its database, and where it says who came.
struct Site {
    database: Database,
    scheme: &'static str,
    port: u16,
    log: PathBuf,
}

impl Site {
    /// By TCP to this host.
    fn at(&self, host: &str, parameters: &str) -> String {
        self.by(&format!("{host}:{}", self.port), parameters)
    }

    fn by(&self, authority: &str, parameters: &str) -> String {
        let (scheme, name) = (self.scheme, self.database.name());
        format!("{scheme}://{APP_USER}:{APP_PASSWORD_IN_URI}@{authority}/{name}?{parameters}")
    }

    /// `check` says whether the database can be used so; the server says how the gateway came.
    fn expect(&self, uri: &str, more: &[(&str, &str)], expected: Option<Way>) {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let shown = format!("{} {more:?}", uri.replace(APP_PASSWORD_IN_URI, "…"));
        // A server may write a line after the one who came has gone: lines of an earlier check must not count here.
        let (uri, mark) = match &self.database.server {
            Server::Postgres(_) => {
                let name = format!("way-{}-", COUNT.fetch_add(1, Ordering::Relaxed));
                let line = format!("connection authorized: user={APP_USER} ");
                (format!("{uri}&application_name={name}"), [line, name])
            }
            _ => (uri.to_owned(), [format!("\t{APP_USER}@"), String::new()]),
        };
        let before = self.settled_log().len();
        let env = self.database.deployed().with("SQL_URI", uri);
        let env = more.iter().fold(env, |env, (name, value)| env.with(name, value));
        let ended = run_to_end(&env, &["check"], "");
        let text = ended.text();
        assert!(!text.contains(APP_PASSWORD_IN_URI), "{shown}: {text}");
        let log = self.settled_log();
        let came: BTreeSet<Way> = log[before..]
            .lines()
            .filter(|line| mark.iter().all(|mark| line.contains(mark)))
            .map(|line| way(&log, line))
            .collect();
        assert_eq!(
            came,
            expected.into_iter().collect(),
            "{shown}: {text}\n{}",
            &log[before..]
        );
        assert_eq!(ended.status.code() == Some(0), expected.is_some(), "{shown}: {text}");
    }

    fn settled_log(&self) -> String {
        if let Server::MariaDb(server) = &self.database.server {
            let others =
                "SELECT COUNT(*) FROM processlist WHERE user NOT IN ('root', 'system user', 'event_scheduler')";
            let is_over = || server.sql("information_schema", others).trim() == "0";
            assert!(eventually(Duration::from_secs(10), is_over), "somebody is still there");
        }
        fs::read_to_string(&self.log).unwrap()
    }

    /// A server without TLS is asked for none, or is not logged in to.
    fn expect_no_clear_text(&self) {
        self.expect(&self.at("127.0.0.1", ""), &[], Some(Clear));
        self.expect(&self.at("127.0.0.1", "sslmode=prefer"), &[], Some(Clear));
        for wish in [
            "sslmode=require",
            "sslmode=verify-ca",
            "sslmode=verify-full",
            "ssl=true",
        ] {
            self.expect(&self.at("127.0.0.1", wish), &[], REFUSED);
        }
        self.expect(&self.at("127.0.0.1", ""), &[("SQL_SSL", "true")], REFUSED);
    }

    /// A server with TLS, as `certificates` have it.
    fn expect_tls(&self, certificates: &Certificates) {
        let [authority, other] = [&certificates.authority, &certificates.other].map(|path| path.display().to_string());
        let (right, wrong) = (format!("sslrootcert={authority}"), format!("sslrootcert={other}"));
        let here = |parameters: &str, way| self.expect(&self.at("127.0.0.1", parameters), &[], way);
        here("", Some(Encrypted));
        here("sslmode=disable", Some(Clear));
        here("sslmode=prefer", Some(Encrypted));
        here("sslmode=require", Some(Encrypted));
        here("ssl={\"rejectUnauthorized\":false}", Some(Encrypted));
        // An authority that nobody knows.
        here("sslmode=verify-ca", REFUSED);
        here("sslmode=verify-full", REFUSED);
        here("ssl-mode=VERIFY_IDENTITY", REFUSED);
        here("ssl={\"rejectUnauthorized\":true}", REFUSED);
        here("sslrootcert=system", REFUSED);
        // Another authority than the server's.
        for mode in ["sslmode=require&", "sslmode=verify-ca&", "sslmode=verify-full&", ""] {
            here(&format!("{mode}{wrong}"), REFUSED);
            here(&format!("{mode}{right}"), Some(Encrypted));
        }
        here(&format!("ssl-mode=VERIFY_IDENTITY&ssl-ca={authority}"), Some(Encrypted));
        // Another host than the certificate's.
        let there = |parameters: &str, way| self.expect(&self.at("127.0.0.2", parameters), &[], way);
        there("sslmode=require", Some(Encrypted));
        there(&format!("sslmode=verify-ca&{right}"), Some(Encrypted));
        there(&format!("sslmode=verify-full&{right}"), REFUSED);
        there(&format!("ssl-mode=VERIFY_IDENTITY&ssl-ca={authority}"), REFUSED);
        // Of two hosts the one whose certificate is right.
        let port = self.port;
        let both = format!("127.0.0.2:{port},127.0.0.1:{port}");
        self.expect(
            &self.by(&both, &format!("sslmode=verify-full&{right}")),
            &[],
            Some(Encrypted),
        );
        // Beside the URI; and an authority that the system knows.
        let strict = ("SQL_SSL", "verify-full");
        let known = ("SSL_CERT_FILE", authority.as_str());
        self.expect(&self.at("127.0.0.1", "ssl=true"), &[strict], REFUSED);
        self.expect(&self.at("127.0.0.1", "ssl=true"), &[strict, known], Some(Encrypted));
        self.expect(&self.at("127.0.0.2", "ssl=true"), &[strict, known], REFUSED);
        self.expect(&self.at("127.0.0.1", "sslrootcert=system"), &[known], Some(Encrypted));
    }

    fn expect_ipv6(&self, certificates: &Certificates) {
        let verified = format!("sslmode=verify-full&sslrootcert={}", certificates.authority.display());
        self.expect(&self.at("[::1]", "sslmode=disable"), &[], Some(Clear));
        self.expect(&self.at("[::1]", &verified), &[], Some(Encrypted));
        let by_parameter = format!("{verified}&host=::1&port={}", self.port);
        self.expect(&self.by("", &by_parameter), &[], Some(Encrypted));
    }
}

/// How the one came whose login this line is about.
fn way(log: &str, line: &str) -> Way {
    // PostgreSQL says it in an earlier line of the same process.
    let process = line.split(['[', ']']).nth(1).unwrap_or(line);
    let received = log
        .lines()
        .rfind(|line| line.contains(&format!("[{process}] LOG:  connection received:")));
    if line.contains("SSL enabled") || line.contains("using SSL/TLS") {
        Encrypted
    } else if line.contains("using Socket") || received.is_some_and(|line| line.contains("host=[local]")) {
        Socket
    } else {
        Clear
    }
}

/// Not every machine has it.
fn has_ipv6() -> bool {
    let has = TcpListener::bind("[::1]:0").is_ok();
    if !has {
        println!("this machine has no IPv6");
    }
    has
}

/// Who reads a key is its owner and nobody else.
fn give(from: &Path, to: &Path, like: &Path) {
    run(Command::new("cp").arg(from).arg(to));
    run(Command::new("chmod").arg("600").arg(to));
    run(Command::new("chown").arg("--reference").arg(like).arg(to));
}

#[test]
fn ways_to_postgresql() {
    let _guard = beside_others();
    let addresses = if has_ipv6() {
        "listen_addresses=127.0.0.1,127.0.0.2,::1"
    } else {
        "listen_addresses=127.0.0.1,127.0.0.2"
    };
    let settings: &'static [&'static str] = Box::leak(Box::new([addresses, "log_connections=on"]));
    let server = Arc::new(Postgres::start_with(settings));
    let site = Site {
        database: Database::filled_on(Server::Postgres(Arc::clone(&server))),
        scheme: "postgres",
        port: server.port,
        log: server.dir().join("log"),
    };
    site.expect_no_clear_text();

    let certificates = Certificates::make();
    let data = server.dir().join("data");
    give(&certificates.certificate, &data.join("server.crt"), &data);
    give(&certificates.key, &data.join("server.key"), &data);
    server.psql("postgres", "ALTER SYSTEM SET ssl = on");
    server.psql("postgres", "SELECT pg_reload_conf()");
    assert!(eventually(Duration::from_secs(10), || {
        server.psql("postgres", "SHOW ssl").trim() == "on"
    }));
    site.expect_tls(&certificates);
    if has_ipv6() {
        site.expect_ipv6(&certificates);
    }

    let directory = server.dir().display().to_string();
    let encoded = directory.replace('/', "%2F");
    let port = server.port;
    for (authority, parameters, way) in [
        (String::new(), format!("host={directory}&port={port}"), Some(Socket)),
        (String::new(), format!("host={encoded}&port={port}"), Some(Socket)),
        (
            "localhost".to_owned(),
            format!("host={directory}&port={port}"),
            Some(Socket),
        ),
        (format!("{encoded}:{port}"), String::new(), Some(Socket)),
        (encoded.clone(), format!("port={port}"), Some(Socket)),
        // The socket first, and the other way if there is nobody behind it.
        (
            format!("%2Fnowhere:{port},127.0.0.1:{port}"),
            String::new(),
            Some(Encrypted),
        ),
        (
            format!("{encoded}:{port},127.0.0.1:{port}"),
            String::new(),
            Some(Socket),
        ),
        // PostgreSQL has no TLS there.
        (
            String::new(),
            format!("host={directory}&port={port}&sslmode=require"),
            REFUSED,
        ),
        (format!("{encoded}:{port}"), "sslmode=verify-full".to_owned(), REFUSED),
        (String::new(), format!("host=/nowhere&port={port}"), REFUSED),
    ] {
        site.expect(&site.by(&authority, &parameters), &[], way);
    }
}

#[test]
fn ways_to_mariadb() {
    let _guard = beside_others();
    let certificates = Certificates::make();
    let addresses = if has_ipv6() {
        "--bind-address=127.0.0.1,127.0.0.2,::1"
    } else {
        "--bind-address=127.0.0.1,127.0.0.2"
    };
    let start = |more: &[String]| {
        let logging = ["--general-log=1", "--general-log-file=general.log", addresses].map(str::to_owned);
        let server = Arc::new(MariaDb::start_with(Own {
            arguments: [logging.as_slice(), more].concat(),
            ..Own::default()
        }));
        let site = Site {
            database: Database::filled_on(Server::MariaDb(Arc::clone(&server))),
            scheme: "mysql",
            port: server.port,
            log: server.dir().join("data/general.log"),
        };
        (server, site)
    };
    let (_server, site) = start(&["--skip-ssl".to_owned()]);
    site.expect_no_clear_text();

    let (server, site) = start(&[
        format!("--ssl-cert={}", certificates.certificate.display()),
        format!("--ssl-key={}", certificates.key.display()),
    ]);
    site.expect_tls(&certificates);
    if has_ipv6() {
        site.expect_ipv6(&certificates);
    }

    let socket = server.dir().join("sock").display().to_string();
    let encoded = socket.replace('/', "%2F");
    for (authority, parameters, way) in [
        ("", format!("socket={socket}&ssl=false"), Some(Socket)),
        ("", format!("socket={encoded}&ssl=false"), Some(Socket)),
        ("localhost", format!("socketPath={socket}&ssl=false"), Some(Socket)),
        (&encoded, "ssl=false".to_owned(), Some(Socket)),
        ("", format!("unix_socket={socket}&sslmode=require"), Some(Encrypted)),
        ("", "socket=/nowhere/sock".to_owned(), REFUSED),
    ] {
        site.expect(&site.by(authority, &parameters), &[], way);
    }
}
