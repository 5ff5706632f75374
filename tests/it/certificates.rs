//! Certificates replaced while the gateway runs.

use crate::harness::client::tls;
use crate::harness::ldap::user_dn;
use crate::harness::process::run;
use crate::harness::{Client, Database, Engine, Gateway, beside_others, block_on, eventually, scratch};
use crate::observability::Observed;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tokio::net::TcpStream;

const LONG: Duration = Duration::from_secs(20);
const EXPIRY: &str = "ldap_gateway_certificate_expiry_timestamp_seconds";
const STALE: &str = "ldap_gateway_certificate_stale";
const FAILURES: &str = r#"ldap_gateway_certificate_reloads_total{result="failure"}"#;

/// A pair `tls.crt`, `tls.key` that is valid for so many days; its certificate in DER.
fn make(dir: &Path, kind: &[&str], days: u32) -> Vec<u8> {
    fs::create_dir_all(dir).unwrap();
    let mut openssl = Command::new("openssl");
    openssl
        .args(["req", "-x509", "-noenc", "-subj", "/CN=localhost", "-newkey"])
        .args(kind);
    openssl.args(["-days", &days.to_string()]);
    run(openssl
        .arg("-keyout")
        .arg(dir.join("tls.key"))
        .arg("-out")
        .arg(dir.join("tls.crt")));
    der(&dir.join("tls.crt"))
}

const P256: &[&str] = &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
const RSA: &[&str] = &["rsa:2048"];

fn der(pem: &Path) -> Vec<u8> {
    let mut reader = std::io::BufReader::new(fs::File::open(pem).unwrap());
    rustls_pemfile::certs(&mut reader).next().unwrap().unwrap().to_vec()
}

/// What a new connection is shown.
fn served(gateway: &Gateway) -> Vec<u8> {
    block_on(async {
        let stream = TcpStream::connect(gateway.address()).await.unwrap();
        let stream = tls(stream, &[]).await.unwrap();
        stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
    })
}

fn start(cert: &Path, key: &Path) -> Observed {
    let env = Database::shared(Engine::Sqlite).deployed().with("LOG_LEVEL", "info");
    Observed::start(
        &env.with("LDAP_CERT_PATH", cert.display())
            .with("LDAP_KEY_PATH", key.display()),
    )
}

#[test]
fn replaced_under_open_connections() {
    let _guard = beside_others();
    let dir = scratch("certs");
    let first = make(&dir, P256, 30);
    let observed = start(&dir.join("tls.crt"), &dir.join("tls.key"));
    assert_eq!(served(&observed.gateway), first);
    let before = observed.metrics()[EXPIRY];
    block_on(async {
        let mut old = Client::connect(&observed.gateway).await;
        assert_eq!(old.lookup("alice").await.unwrap(), 1);
        // Another kind of key, moved into place as an operator does.
        let second = make(&dir.join("new"), RSA, 90);
        for name in ["tls.key", "tls.crt"] {
            fs::rename(dir.join("new").join(name), dir.join(name)).unwrap();
        }
        let replaced = || std::thread::scope(|s| s.spawn(|| served(&observed.gateway)).join().unwrap()) == second;
        assert!(eventually(LONG, replaced), "{}", observed.gateway.log_tail());
        assert_eq!(old.lookup("alice").await.unwrap(), 1, "the old connection lives");
        assert_eq!(old.bind(&user_dn("nobody"), "x").await.unwrap(), 49);
    });
    let metrics = observed.metrics();
    let days = (metrics[EXPIRY] - before) / 86_400.0;
    assert!((59.9..60.1).contains(&days), "{days}");
    assert_eq!(metrics[STALE], 0.0);
    assert!(observed.gateway.log().contains("the certificate was replaced"));
}

#[test]
fn links_that_are_turned() {
    let _guard = beside_others();
    // As Kubernetes has it: tls.crt -> ..data/tls.crt, ..data -> a directory of its own for each version.
    let dir = scratch("certs");
    let first = make(&dir.join("v1"), P256, 30);
    let second = make(&dir.join("v2"), P256, 30);
    symlink("v1", dir.join("..data")).unwrap();
    for name in ["tls.crt", "tls.key"] {
        symlink(Path::new("..data").join(name), dir.join(name)).unwrap();
    }
    let observed = start(&dir.join("tls.crt"), &dir.join("tls.key"));
    assert_eq!(served(&observed.gateway), first);
    symlink("v2", dir.join("..new")).unwrap();
    fs::rename(dir.join("..new"), dir.join("..data")).unwrap();
    assert!(eventually(LONG, || served(&observed.gateway) == second));
}

#[test]
fn a_broken_one_is_not_taken() {
    let _guard = beside_others();
    let dir = scratch("certs");
    let first = make(&dir, P256, 30);
    let observed = start(&dir.join("tls.crt"), &dir.join("tls.key"));
    // A certificate of another key.
    let second = make(&dir.join("other"), P256, 30);
    fs::copy(dir.join("other/tls.crt"), dir.join("tls.crt")).unwrap();
    assert!(eventually(LONG, || observed.metrics()[STALE] == 1.0));
    assert_eq!(served(&observed.gateway), first);
    let log = observed.gateway.log();
    let named =
        |line: &str| line.contains("ERROR") && line.contains("LDAP_CERT_PATH") && line.contains("LDAP_KEY_PATH");
    assert!(log.lines().any(named), "{log}");
    // Asked for by SIGHUP it is tried, and refused, again.
    observed.gateway.process.signal("HUP");
    assert!(eventually(LONG, || observed.metrics()[FAILURES] == 2.0));
    fs::remove_file(dir.join("tls.key")).unwrap();
    assert!(eventually(LONG, || observed.metrics()[FAILURES] == 3.0));
    assert_eq!(served(&observed.gateway), first);
    fs::copy(dir.join("other/tls.key"), dir.join("tls.key")).unwrap();
    assert!(eventually(LONG, || served(&observed.gateway) == second));
    assert_eq!(observed.metrics()[STALE], 0.0);
}

#[test]
fn what_the_settings_hold_does_not_change() {
    let _guard = beside_others();
    let dir = scratch("certs");
    let first = make(&dir, P256, 30);
    let text = |name: &str| fs::read_to_string(dir.join(name)).unwrap().replace('\n', "\\n");
    let env = Database::shared(Engine::Sqlite).deployed().with("LOG_LEVEL", "info");
    let env = env.with("LDAP_CERT_CONTENT", text("tls.crt"));
    let observed = Observed::start(&env.with("LDAP_KEY_CONTENT", text("tls.key")));
    observed.gateway.process.signal("HUP");
    assert!(eventually(LONG, || observed.gateway.log().contains("SIGHUP")));
    assert!(observed.gateway.process.pid() > 0 && served(&observed.gateway) == first);
    assert!(observed.metrics()[EXPIRY] > 0.0);
}
