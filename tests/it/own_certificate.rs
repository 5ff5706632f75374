//! The authority and the certificate that the gateway makes where nobody gave it one: clients of every TLS library are given
//! `certs/ca.pem` and nothing else; replicas share the authority; the certificate is renewed.

use crate::harness::process::run;
use crate::harness::{Database, Engine, Gateway, beside_others, block_on, eventually, free_port, repository, scratch};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

const LONG: Duration = Duration::from_secs(30);

struct Made {
    gateway: Gateway,
    authority: PathBuf,
}

/// A gateway with a certificate of its own making.
fn made() -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(|| {
        let dir = scratch("made");
        let mut gateway = Gateway::spawn_in(&dir, &Database::shared(Engine::Sqlite).deployed());
        gateway.expect_ready();
        Made {
            gateway,
            authority: dir.join("certs/ca.pem"),
        }
    })
}

/// The certificates that a new connection is shown, verified by nothing but the authority.
fn shown(port: u16, authority: &Path, name: &str) -> Result<Vec<Vec<u8>>, String> {
    let mut roots = RootCertStore::empty();
    let pem = fs::read(authority).unwrap();
    for certificate in rustls_pemfile::certs(&mut pem.as_slice()) {
        roots.add(certificate.unwrap()).unwrap();
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(name.to_string()).unwrap();
    block_on(async move {
        let tcp = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let tls = TlsConnector::from(Arc::new(config)).connect(name, tcp).await;
        let tls = tls.map_err(|error| error.to_string())?;
        let chain = tls.get_ref().1.peer_certificates().unwrap();
        Ok(chain.iter().map(|certificate| certificate.to_vec()).collect())
    })
}

#[test]
fn rustls() {
    let _guard = beside_others();
    let Made { gateway, authority } = made();
    for name in ["localhost", "127.0.0.1", "::1"] {
        assert_eq!(shown(gateway.port, authority, name).unwrap().len(), 2, "{name}");
    }
    assert!(shown(gateway.port, authority, "elsewhere.example").is_err());
}

#[test]
fn openssl() {
    let _guard = beside_others();
    let Made { gateway, authority } = made();
    for verified in ["-verify_hostname localhost", "-verify_ip 127.0.0.1"] {
        let shell = format!(
            "openssl s_client -connect {} -CAfile {} -verify_return_error -x509_strict {verified} </dev/null",
            gateway.address(),
            authority.display(),
        );
        let text = run(Command::new("sh").args(["-c", &shell]));
        assert!(text.contains("Verify return code: 0 (ok)"), "{text}");
    }
    let leaf = authority.with_file_name("server.crt");
    let text = |file: &Path| {
        run(Command::new("openssl")
            .args(["x509", "-noout", "-text", "-in"])
            .arg(file))
    };
    let (leaf, authority) = (text(&leaf), text(authority));
    for expected in [
        "Version: 3",
        "CA:FALSE",
        "Digital Signature",
        "TLS Web Server Authentication",
        "DNS:localhost",
        "IP Address:127.0.0.1",
        "IP Address:0:0:0:0:0:0:0:1",
        "prime256v1",
    ] {
        assert!(leaf.contains(expected), "{expected}: {leaf}");
    }
    for expected in ["CA:TRUE, pathlen:0", "Certificate Sign", "Subject Key Identifier"] {
        assert!(authority.contains(expected), "{expected}: {authority}");
    }
    let after = |text: &str, header: &str| {
        let (_, rest) = text.split_once(header).unwrap_or_else(|| panic!("{header}: {text}"));
        rest.lines().nth(1).unwrap().trim().to_string()
    };
    assert_eq!(
        after(&leaf, "Authority Key Identifier:"),
        after(&authority, "Subject Key Identifier:")
    );
}

/// Debian's libldap is GnuTLS.
#[test]
fn gnutls() {
    let _guard = beside_others();
    let Made { gateway, authority } = made();
    let search = |host: &str, authority: &Path| {
        Command::new("ldapsearch")
            .args(["-x", "-LLL", "-b", "", "-s", "base", "-H"])
            .arg(format!("ldaps://{host}:{}", gateway.port))
            .env("LDAPTLS_CACERT", authority)
            .env("LDAPTLS_REQCERT", "demand")
            .output()
            .unwrap()
    };
    for host in ["localhost", "127.0.0.1"] {
        let output = search(host, authority);
        assert!(
            output.status.success(),
            "{host}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let other = scratch("other");
    let mut stranger = Gateway::spawn_in(&other, &Database::shared(Engine::Sqlite).deployed());
    stranger.expect_ready();
    assert!(!search("localhost", &other.join("certs/ca.pem")).status.success());
}

#[test]
fn erlang() {
    let _guard = beside_others();
    let Made { gateway, authority } = made();
    let program = |authority: &Path| {
        format!(
            r#"{{ok, _}} = application:ensure_all_started(ssl),
            Opened = eldap:open(["localhost"], [{{port, {port}}}, {{ssl, true}},
                {{sslopts, [{{verify, verify_peer}}, {{depth, 2}}, {{cacertfile, "{authority}"}}]}}]),
            case Opened of
                {{ok, Handle}} ->
                    {{ok, Found}} = eldap:search(Handle, [{{base, ""}}, {{scope, eldap:baseObject()}},
                        {{filter, eldap:present("objectClass")}}, {{attributes, ["namingContexts"]}}]),
                    io:format("found ~p~n", [Found]);
                Other -> io:format("refused ~p~n", [Other])
            end,
            halt(0)."#,
            port = gateway.port,
            authority = authority.display(),
        )
    };
    let mut erl = Command::new("erl");
    // Neither a node's name nor a file of crash dumps.
    erl.args(["-noshell", "-eval", &program(authority)]);
    erl.env("HOME", scratch("erlang")).env("ERL_CRASH_DUMP_SECONDS", "0");
    let text = run(&mut erl);
    assert!(text.contains("found") && text.contains("namingContexts"), "{text}");
}

#[test]
fn java() {
    let _guard = beside_others();
    let Made { gateway, authority } = made();
    let store = scratch("java").join("trusted.p12");
    run(Command::new("keytool")
        .args([
            "-importcert",
            "-noprompt",
            "-alias",
            "ca",
            "-storepass",
            "changeit",
            "-file",
        ])
        .arg(authority)
        .arg("-keystore")
        .arg(&store));
    let mut java = Command::new("java");
    java.args(["-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]);
    java.arg(format!("-Djavax.net.ssl.trustStore={}", store.display()));
    java.arg("-Djavax.net.ssl.trustStorePassword=changeit");
    java.arg(repository("tests/clients").join("TrustedTls.java"));
    java.args(["localhost", &gateway.port.to_string()]);
    let text = run(&mut java);
    assert!(text.contains("trusted"), "{text}");
}

/// Both replicas of a site with one directory, started at the same time.
#[test]
fn replicas_share_the_authority() {
    let _guard = beside_others();
    let dir = scratch("shared");
    let env = Database::shared(Engine::Sqlite).deployed();
    let spawn = |name: &str| {
        let env = env
            .clone()
            .with("LDAP_COMMON_NAME", name)
            .with("LDAP_BASE_DN", "dc=example,dc=com");
        Gateway::spawn_on(&dir, &env, free_port())
    };
    let names = ["ldap1.example.com", "ldap2.example.com", "ldap3.example.com"];
    let mut replicas = names.map(spawn);
    for replica in &mut replicas {
        replica.expect_ready();
    }
    let authority = dir.join("certs/ca.pem");
    // Who came later has asked for a certificate with its name, which the others take over.
    for replica in &replicas {
        for name in names {
            let seen = eventually(LONG, || shown(replica.port, &authority, name).is_ok());
            assert!(seen, "{name}: {}", replica.log_tail());
        }
    }
    let mut files: Vec<String> = fs::read_dir(dir.join("certs"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(
        files,
        ["ca.key", "ca.pem", "server.crt", "server.key"],
        "nothing is left behind"
    );
    for key in ["ca.key", "server.key"] {
        let mode = fs::metadata(dir.join("certs").join(key)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{key}");
    }
}

/// A certificate as we make them, of the key that is there, valid for so many days.
fn leaf(certs: &Path, days: u32) {
    let extensions = certs.with_file_name("extensions");
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let host = host.trim().to_lowercase();
    let names = format!("subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1,DNS:ldap1,DNS:{host}");
    fs::write(&extensions, format!("basicConstraints=critical,CA:FALSE\n{names}\n")).unwrap();
    let shell = format!(
        "cd {certs} && openssl req -new -key server.key -subj '/CN=localhost/OU=made by ldap-gateway' \
         | openssl x509 -req -CA ca.pem -CAkey ca.key -days {days} -extfile {extensions} -set_serial {days} -out new.crt \
         && cat ca.pem >>new.crt && mv new.crt server.crt",
        certs = certs.display(),
        extensions = extensions.display(),
    );
    run(Command::new("sh").args(["-c", &shell]));
}

fn days_left(port: u16) -> i64 {
    let shell = format!(
        "openssl s_client -connect 127.0.0.1:{port} </dev/null 2>/dev/null | openssl x509 -noout -enddate -dateopt iso_8601"
    );
    let text = run(Command::new("sh").args(["-c", &shell]));
    let end = text.trim().trim_start_matches("notAfter=").trim_end_matches('Z');
    let end = chrono::NaiveDateTime::parse_from_str(end, "%Y-%m-%d %H:%M:%S").unwrap();
    (end.and_utc() - chrono::Utc::now()).num_days()
}

#[test]
fn it_is_renewed_at_the_start_and_while_the_gateway_runs() {
    let _guard = beside_others();
    let dir = scratch("renewed");
    let env = Database::shared(Engine::Sqlite).deployed();
    let port = {
        let mut first = Gateway::spawn_in(&dir, &env);
        first.expect_ready();
        assert!((363..=365).contains(&days_left(first.port)));
        first.port
    };
    let (certs, authority) = (dir.join("certs"), dir.join("certs/ca.pem"));
    let read = |name: &str| fs::read(certs.join(name)).unwrap();
    let kept = [read("ca.pem"), read("ca.key"), read("server.key")];
    leaf(&certs, 5);
    let mut gateway = Gateway::spawn_on(&dir, &env, port);
    gateway.expect_ready();
    assert!((363..=365).contains(&days_left(port)), "renewed at the start");
    shown(port, &authority, "localhost").unwrap();
    // The same while it runs: the certificate gets old in its hands.
    leaf(&certs, 90);
    assert!(eventually(LONG, || gateway
        .log()
        .matches("the certificate was replaced")
        .count()
        >= 1));
    assert!(eventually(LONG, || days_left(port) > 300), "{}", gateway.log_tail());
    shown(port, &authority, "ldap1").unwrap();
    assert_eq!(kept, [read("ca.pem"), read("ca.key"), read("server.key")]);
    // Long enough: it is left alone.
    leaf(&certs, 200);
    gateway.process.signal("HUP");
    assert!(
        eventually(LONG, || (198..=200).contains(&days_left(port))),
        "{}",
        gateway.log_tail()
    );
}

#[test]
fn an_authority_that_is_there_signs() {
    let _guard = beside_others();
    let dir = scratch("given");
    let certs = dir.join("certs");
    fs::create_dir(&certs).unwrap();
    let shell = format!(
        "cd {} && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 900 -subj '/O=Site/CN=Site CA' \
         -addext keyUsage=critical,keyCertSign -keyout ca.key -out ca.pem",
        certs.display()
    );
    run(Command::new("sh").args(["-c", &shell]));
    let before = fs::read(certs.join("ca.pem")).unwrap();
    let env = Database::shared(Engine::Sqlite).deployed();
    let mut gateway = Gateway::spawn_in(&dir, &env);
    gateway.expect_ready();
    shown(gateway.port, &certs.join("ca.pem"), "localhost").unwrap();
    assert_eq!(fs::read(certs.join("ca.pem")).unwrap(), before);
    drop(gateway);
    // Without its key it is not ours to replace, and there is one in memory only.
    for name in ["ca.key", "server.crt", "server.key"] {
        fs::remove_file(certs.join(name)).unwrap();
    }
    let mut gateway = Gateway::spawn_in(&dir, &env);
    gateway.expect_ready();
    let log = gateway.log();
    assert!(log.contains("for this run only") && log.contains("ca.key"), "{log}");
    assert_eq!(fs::read(certs.join("ca.pem")).unwrap(), before);
    assert_eq!(fs::read_dir(&certs).unwrap().count(), 1);
}

/// A link that somebody left in a key's place is replaced, and what it leads to is not written.
#[test]
fn links_are_not_followed() {
    let _guard = beside_others();
    let dir = scratch("links");
    let certs = dir.join("certs");
    fs::create_dir(&certs).unwrap();
    for name in ["ca.key", "ca.pem", "server.key", "server.crt"] {
        symlink(dir.join("elsewhere"), certs.join(name)).unwrap();
    }
    let mut gateway = Gateway::spawn_in(&dir, &Database::shared(Engine::Sqlite).deployed());
    gateway.expect_ready();
    assert!(!dir.join("elsewhere").exists());
    shown(gateway.port, &certs.join("ca.pem"), "localhost").unwrap();
    let key = fs::symlink_metadata(certs.join("server.key")).unwrap();
    assert!(key.is_file() && key.permissions().mode() & 0o777 == 0o600);
}
