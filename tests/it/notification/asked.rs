//! Who is asked, about what, and who never is.

use super::{API_KEY, Stage, asking};
use crate::harness::ldap::{BATTERY_PASSWORD, password, user_dn};
use crate::harness::push_service::{PushService, Reply};
use crate::harness::{Client, Database, Engine, Gateway, beside_others, block_on};
use serde_json::json;

#[test]
fn the_request_is_as_the_service_wants_it() {
    let _guard = beside_others();
    let stage = Stage::with(
        |_| Reply::action("approve"),
        |env| env.with("NOTIFICATION_CLIENT_ID", "ldap1.prod.example.com"),
    );
    block_on(async {
        assert_eq!(stage.bind_from(7, "cheap", BATTERY_PASSWORD).await, 0);
        // As the directory spells the name, not as it was typed.
        assert_eq!(stage.bind_from(1, "ALICE", password("alice")).await, 0);
    });
    let asked = stage.service.asked();
    assert_eq!(asked[1].text("username"), "alice");
    let first = &asked[0];
    assert_eq!(first.text("username"), "cheap");
    assert_eq!(
        first.body["actions"],
        json!([
            {"icon": "approve", "title": "Approve", "callback": "approve"},
            {"icon": "reject", "title": "Reject", "callback": "reject"},
        ])
    );
    for text in ["title", "body"] {
        let text = first.text(text);
        assert!(
            text.contains("127.0.0.7") && text.contains("ldap1.prod.example.com"),
            "{text}"
        );
    }
    assert_eq!(
        (first.text("apikey"), first.text("client_id")),
        (API_KEY, "ldap1.prod.example.com")
    );
    let fields: Vec<&String> = first.body.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["actions", "apikey", "body", "client_id", "title", "username"]);
    assert!(!first.body.to_string().contains(BATTERY_PASSWORD));
    assert!(
        first.head.starts_with("POST /send-notification?token="),
        "{}",
        first.head
    );

    let stage = Stage::with(|_| Reply::action("approve"), |env| env.without("NOTIFICATION_API_KEY"));
    assert_eq!(block_on(stage.bind()), 0);
    let body = &stage.service.asked()[0].body;
    assert!(
        body.get("apikey").is_none() && body.get("client_id").is_none(),
        "{body}"
    );
    assert!(body["body"].as_str().unwrap().contains("ldap1.example.com"), "{body}");
}

#[test]
fn names_that_are_odd() {
    let _guard = beside_others();
    let database = Database::fresh(Engine::Sqlite);
    for (number, name) in ["quote\"\\", "ümlaut", "doe, jane", "a<b>&c", "日本"]
        .iter()
        .enumerate()
    {
        copy(&database, name, 51_000 + number, None);
        let service = PushService::https(|_| Reply::action("approve"));
        let gateway = Gateway::start(&asking(&service, database.deployed()));
        let escaped = name
            .replace('\\', "\\5c")
            .replace('"', "\\22")
            .replace(',', "\\2c")
            .replace('<', "\\3c")
            .replace('>', "\\3e");
        let code = block_on(async {
            let mut client = Client::connect(&gateway).await;
            client.bind(&user_dn(&escaped), BATTERY_PASSWORD).await.unwrap()
        });
        assert_eq!(code, 0, "{name}\n{}", gateway.log_tail());
        assert_eq!(service.asked()[0].text("username"), *name);
    }
}

/// Somebody with the password of `cheap`, and another chain.
fn copy(database: &Database, name: &str, number: usize, set: Option<&str>) {
    database.sql(&format!(
        "INSERT INTO \"Users\" (\"uid\", \"uidNumber\", \"gidNumber\", \"userPassword\") \
         SELECT '{name}', {number}, \"gidNumber\", \"userPassword\" FROM \"Users\" WHERE \"uid\" = 'cheap'"
    ));
    if let Some(set) = set {
        database.sql(&format!("UPDATE \"Users\" SET {set} WHERE \"uid\" = '{name}'"));
    }
}

#[test]
fn nobody_is_rung_for_a_guess_or_for_who_may_not_sign_in() {
    let _guard = beside_others();
    let database = Database::fresh(Engine::Sqlite);
    for column in ["on_", "lock_", "until_", "chain_"] {
        database.sql(&format!("ALTER TABLE \"Users\" ADD COLUMN {column} varchar(60)"));
    }
    for (number, (name, set)) in [
        ("off", "on_ = 'no'"),
        ("shut", "lock_ = 'yes'"),
        ("over", "until_ = '1600000000'"),
        ("left", "\"status\" = 'suspended'"),
        ("unclear", "on_ = 'perhaps'"),
        ("bare", "\"userPassword\" = NULL"),
        ("unapproved", "chain_ = 'sql'"),
        ("approved", "chain_ = 'notification, SQL'"),
        ("pushonly", "chain_ = 'notification'"),
        ("elsewhere", "chain_ = 'sql,push'"),
        ("notsetup", "chain_ = 'sql,totp,notification'"),
    ]
    .into_iter()
    .enumerate()
    {
        copy(&database, name, 52_000 + number, Some(set));
    }
    let columns = "on_ AS enabled, lock_ AS locked, until_ AS expires_at, chain_ AS auth_backends, \"status\"";
    let service = PushService::https(|_| Reply::action("approve"));
    let gateway = Gateway::start(&asking(&service, database.deployed().with_user_columns(columns)));
    let bind = |user: &str, password: &str| {
        block_on(async {
            let mut client = Client::connect(&gateway).await;
            client.bind(&user_dn(user), password).await.unwrap()
        })
    };
    for user in [
        "off",
        "shut",
        "over",
        "left",
        "unclear",
        "bare",
        "pushonly",
        "elsewhere",
        "notsetup",
        "nobody",
        "heidi",
    ] {
        assert_eq!(bind(user, BATTERY_PASSWORD), 49, "{user}");
    }
    assert_eq!(bind("cheap", "wrong-Passw0rd"), 49);
    assert_eq!(bind("approved", "wrong-Passw0rd"), 49);
    assert_eq!(bind("cheap", ""), 53);
    assert_eq!(bind("unapproved", BATTERY_PASSWORD), 0);
    assert_eq!(service.asked().len(), 0, "{:?}", service.asked());
    assert_eq!(service.connections(), 0);
    assert_eq!(bind("approved", BATTERY_PASSWORD), 0);
    assert_eq!(service.asked().len(), 1);
}

/// The other way round: who alone must be approved.
#[test]
fn one_user_alone_is_asked() {
    let _guard = beside_others();
    let database = Database::fresh(Engine::Sqlite);
    database.sql("ALTER TABLE \"Users\" ADD COLUMN chain_ varchar(60)");
    copy(&database, "careful", 53_000, Some("chain_ = 'sql,notification'"));
    let service = PushService::https(|_| Reply::action("reject"));
    let env = asking(
        &service,
        database.deployed().with_user_columns("chain_ AS auth_backends"),
    );
    let bind = |gateway: &Gateway, user: &str| {
        block_on(async {
            let mut client = Client::connect(gateway).await;
            client.bind(&user_dn(user), BATTERY_PASSWORD).await.unwrap()
        })
    };
    let gateway = Gateway::start(&env.clone().with("AUTH_BACKENDS", "sql"));
    assert_eq!((bind(&gateway, "cheap"), bind(&gateway, "careful")), (0, 49));
    assert_eq!(service.asked().len(), 1);
    // Nobody to ask: such an account cannot sign in.
    let gateway = Gateway::start(&env.with("AUTH_BACKENDS", "sql").without("NOTIFICATION_URL"));
    assert_eq!((bind(&gateway, "cheap"), bind(&gateway, "careful")), (0, 49));
    assert_eq!(service.asked().len(), 1);
}
