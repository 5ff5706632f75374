//! The settings of the link: what starts, and what is an error before anything is served.

use super::{TOKEN, asking};
use crate::harness::gateway::run_to_end;
use crate::harness::ldap::{password, user_dn};
use crate::harness::push_service::{PushService, Reply};
use crate::harness::{Database, Engine, Env, Gateway, beside_others, ldapwhoami, scratch};

/// The files that deployments have, with nothing changed but the chain, the service and the address of the database.
#[test]
fn the_deployed_configuration_starts_with_the_link() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let service = PushService::http(|_| Reply::action("approve"));
        let env = Database::shared(engine)
            .deployed()
            .with("AUTH_BACKENDS", "sql,notification")
            .with("NOTIFICATION_URL", service.url());
        let gateway = Gateway::start(&env);
        let (code, who) = ldapwhoami(&gateway, &user_dn("alice"), password("alice"));
        assert_eq!(
            (code, who.as_str()),
            (0, "dn:uid=alice,dc=example,dc=com"),
            "{engine:?}"
        );
        service.behave(|_| Reply::action("reject"));
        assert_eq!(
            ldapwhoami(&gateway, &user_dn("alice"), password("alice")).0,
            49,
            "{engine:?}"
        );
        assert_eq!(service.asked().len(), 2, "{engine:?}");
    }
}

#[test]
fn the_link_is_last_whatever_the_order() {
    let _guard = beside_others();
    for chain in [
        "notification,sql",
        "notification, SQL ,",
        " Notification,sql,notification,sql",
    ] {
        let service = PushService::https(|_| Reply::action("approve"));
        let env = asking(&service, Database::shared(Engine::Sqlite).deployed());
        let gateway = Gateway::start(&env.with("AUTH_BACKENDS", chain));
        assert_eq!(ldapwhoami(&gateway, &user_dn("alice"), "wrong").0, 49, "{chain}");
        assert_eq!(service.asked().len(), 0, "{chain}: nobody is rung for a guess");
        assert_eq!(
            ldapwhoami(&gateway, &user_dn("alice"), password("alice")).0,
            0,
            "{chain}"
        );
        assert_eq!(service.asked().len(), 1, "{chain}");
    }
}

fn base() -> Env {
    Database::shared(Engine::Sqlite)
        .deployed()
        .with("AUTH_BACKENDS", "sql,notification")
        .with("NOTIFICATION_URL", "http://127.0.0.1:9/notify")
}

#[test]
fn wrong_settings_end_the_start() {
    let _guard = beside_others();
    let empty = scratch("ca").join("empty.pem");
    std::fs::write(&empty, "no certificate\n").unwrap();
    let broken = scratch("ca").join("broken.pem");
    std::fs::write(
        &broken,
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    let cases = [
        (base().without("NOTIFICATION_URL"), "NOTIFICATION_URL"),
        (base().with("NOTIFICATION_URL", ""), "NOTIFICATION_URL"),
        (
            base().with("NOTIFICATION_URL", format!("http://push.example.com/?token={TOKEN}")),
            "NOTIFICATION_URL",
        ),
        (
            base().with("NOTIFICATION_URL", format!("ftp://127.0.0.1/{TOKEN}")),
            "NOTIFICATION_URL",
        ),
        (
            base().with("NOTIFICATION_URL", format!("push.example.com/{TOKEN}")),
            "NOTIFICATION_URL",
        ),
        (base().with("AUTH_BACKENDS", "notification"), "AUTH_BACKENDS"),
        (
            base().with("AUTH_BACKENDS", "notification,notification,"),
            "AUTH_BACKENDS",
        ),
        (base().with("AUTH_BACKENDS", "sql,notifications"), "AUTH_BACKENDS"),
        (base().with("NOTIFICATION_TIMEOUT", "0"), "NOTIFICATION_TIMEOUT"),
        (base().with("NOTIFICATION_TIMEOUT", "soon"), "NOTIFICATION_TIMEOUT"),
        (base().with("NOTIFICATION_REMEMBER", "always"), "NOTIFICATION_REMEMBER"),
        (
            base().with("NOTIFICATION_CA_PATH", "/nowhere/ca.pem"),
            "NOTIFICATION_CA_PATH",
        ),
        (
            base().with("NOTIFICATION_CA_PATH", empty.display()),
            "NOTIFICATION_CA_PATH",
        ),
        (
            base().with("NOTIFICATION_CA_PATH", broken.display()),
            "NOTIFICATION_CA_PATH",
        ),
        (
            base().with("NOTIFICATION_API_KEY_FILE", "/nowhere/key"),
            "NOTIFICATION_API_KEY_FILE",
        ),
    ];
    for (env, name) in cases {
        for arguments in [&[][..], &["check"]] {
            let ended = run_to_end(&env, arguments, "");
            assert_eq!(ended.code, Some(78), "{name}: {}", ended.text());
            assert!(ended.stderr.contains(name), "{name}: {}", ended.text());
            assert!(!ended.text().contains(TOKEN), "{}", ended.text());
        }
    }
}

#[test]
fn a_url_may_stay_when_the_link_is_taken_out_of_the_chain() {
    let _guard = beside_others();
    let env = base()
        .with("AUTH_BACKENDS", "sql")
        .with("NOTIFICATION_URL", format!("http://push.example.com/{TOKEN}"));
    let gateway = Gateway::start(&env);
    assert_eq!(ldapwhoami(&gateway, &user_dn("alice"), password("alice")).0, 0);
    let log = gateway.log();
    assert!(log.contains("NOTIFICATION_URL: is not used"), "{log}");
    assert!(!log.contains(TOKEN), "{log}");
}

#[test]
fn secrets_come_from_files_too() {
    let _guard = beside_others();
    let service = PushService::https(|_| Reply::action("approve"));
    let env = asking(&service, Database::shared(Engine::Sqlite).deployed());
    let dir = scratch("secrets");
    let mut from_files = env.clone();
    for name in ["NOTIFICATION_URL", "NOTIFICATION_API_KEY"] {
        let file = dir.join(name);
        std::fs::write(&file, format!("{}\n", env.get(name))).unwrap();
        from_files = from_files.without(name).with(&format!("{name}_FILE"), file.display());
    }
    let gateway = Gateway::start(&from_files);
    assert_eq!(ldapwhoami(&gateway, &user_dn("alice"), password("alice")).0, 0);
    assert_eq!(service.asked()[0].text("apikey"), super::API_KEY);
}

#[test]
fn check_tells_of_the_chain_and_of_what_it_needs() {
    let _guard = beside_others();
    let service = PushService::https(|_| Reply::action("approve"));
    let env = asking(&service, Database::shared(Engine::Sqlite).deployed());
    let ended = run_to_end(&env, &["check"], "");
    assert_eq!(ended.code, Some(0), "{}", ended.text());
    for text in ["sql", "notification", "127.0.0.1", "60"] {
        assert!(ended.stdout.contains(text), "{text}: {}", ended.stdout);
    }
    assert!(
        !ended.text().contains(TOKEN) && !ended.text().contains(super::API_KEY),
        "{}",
        ended.text()
    );
    assert_eq!(service.connections(), 0, "check rings nobody");
}
