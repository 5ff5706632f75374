//! Whom the gateway believes to be the service.

use super::{Stage, asking};
use crate::harness::gateway::run_to_end;
use crate::harness::push_service::{PushService, Reply};
use crate::harness::{Database, Engine, Gateway, beside_others, block_on};

#[test]
fn the_certificate_must_be_of_the_authority_and_for_the_name() {
    let _guard = beside_others();
    let mut stage = Stage::new(|_| Reply::action("approve"));
    assert_eq!(block_on(stage.bind()), 0);
    let other = PushService::https(|_| Reply::action("approve"));
    let elsewhere = PushService::https_as(&["elsewhere.example"], |_| Reply::action("approve"));
    let database = Database::shared(Engine::Sqlite);
    // Another authority, the system's, and the right one for another name.
    let cases = [
        asking(&other, database.deployed()).with("NOTIFICATION_CA_PATH", stage.service.authority()),
        asking(&other, database.deployed()).without("NOTIFICATION_CA_PATH"),
        asking(&elsewhere, database.deployed()),
    ];
    for env in cases {
        stage.gateway = Gateway::start(&env.with("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt"));
        assert_eq!(block_on(stage.bind()), 52);
        let log = stage.gateway.log();
        assert!(log.contains("invalid peer certificate"), "{log}");
    }
    assert_eq!(
        (other.asked().len(), elsewhere.asked().len()),
        (0, 0),
        "nothing was sent"
    );
    // The system's authorities are those of OpenSSL's variable, where it is set.
    let env = asking(&other, database.deployed()).without("NOTIFICATION_CA_PATH");
    stage.gateway = Gateway::start(&env.with("SSL_CERT_FILE", other.authority()));
    assert_eq!(block_on(stage.bind()), 0);
}

#[test]
fn tls_to_a_service_without_it_is_no_approval() {
    let _guard = beside_others();
    let plain = PushService::http(|_| Reply::action("approve"));
    let url = format!("https://127.0.0.1:{}/", plain.port);
    let stage = Stage::with(|_| Reply::Wait, |env| env.with("NOTIFICATION_URL", url));
    assert_eq!(block_on(stage.bind()), 52);
}

/// Nothing of the environment leads requests elsewhere.
#[test]
fn no_proxy_is_asked() {
    let _guard = beside_others();
    let proxy = PushService::http(|_| Reply::action("approve"));
    let address = format!("http://127.0.0.1:{}", proxy.port);
    let stage = Stage::with(
        |_| Reply::action("approve"),
        |env| {
            let names = [
                "HTTPS_PROXY",
                "https_proxy",
                "HTTP_PROXY",
                "http_proxy",
                "ALL_PROXY",
                "all_proxy",
            ];
            names.iter().fold(env, |env, name| env.with(name, &address))
        },
    );
    assert_eq!(block_on(stage.bind()), 0);
    assert_eq!((proxy.connections(), stage.service.asked().len()), (0, 1));
}

/// A machine without authorities: an error at the start, not at the first login.
#[test]
fn no_authorities_are_an_error_of_the_start() {
    let _guard = beside_others();
    let env = Database::shared(Engine::Sqlite)
        .deployed()
        .with("AUTH_BACKENDS", "sql,notification")
        .with("NOTIFICATION_URL", "https://push.example.com/x")
        .with("SSL_CERT_FILE", "/dev/null")
        .with("SSL_CERT_DIR", "/nonexistent");
    for arguments in [&[][..], &["check"]] {
        let ended = run_to_end(&env, arguments, "");
        assert_eq!(ended.code, Some(78), "{}", ended.text());
        assert!(ended.stderr.contains("NOTIFICATION_CA_PATH"), "{}", ended.text());
    }
    // The URL alone, kept for later, is none: the container image has no authorities.
    let gateway = Gateway::start(&env.with("AUTH_BACKENDS", "sql"));
    assert!(
        gateway.log().contains("NOTIFICATION_CA_PATH: is needed"),
        "{}",
        gateway.log()
    );
}
