//! What each answer of the service makes of a bind, and of the log.

use super::{API_KEY, Stage, TOKEN};
use crate::harness::client::bind;
use crate::harness::ldap::{BATTERY_PASSWORD, user_dn};
use crate::harness::push_service::{PushService, Reply};
use crate::harness::{beside_others, block_on, free_port, note_secret};
use std::time::{Duration, Instant};

const APPROVE: &str = r#"{"success": true, "action": "approve"}"#;

/// Everything that is refused, with 49.
fn refused() -> Vec<(&'static str, Reply)> {
    let ok = |body: &str| Reply::Answer(200, body.to_owned());
    let long = format!(
        r#"{{"success": true, "action": "approve", "message": "{}"}}"#,
        "x".repeat(64 << 10)
    );
    let elsewhere = "Location: /send-notification".to_owned();
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n27\r\n";
    vec![
        ("rejected", Reply::action("reject")),
        ("timeout", Reply::action("timeout")),
        ("another action", Reply::action("approved")),
        ("another case", Reply::action("Approve")),
        ("no action", ok(r#"{"success": true}"#)),
        ("no success", ok(r#"{"success": false, "action": "approve"}"#)),
        (
            "action is no text",
            ok(r#"{"success": true, "action": {"approve": true}}"#),
        ),
        ("two actions", ok(r#"{"action": "reject", "action": "approve"}"#)),
        ("no object", ok(r#"[true, "approve"]"#)),
        ("a text", ok(r#""approve""#)),
        ("no JSON", ok("approve")),
        ("a page", ok("<html>approve</html>")),
        ("nothing", ok("")),
        ("half of it", ok(r#"{"success": true, "action": "approve""#)),
        ("more than it", ok(&format!("{APPROVE} {APPROVE}"))),
        ("too long", ok(&long)),
        ("cut short", Reply::cut()),
        (
            "a chunk cut short",
            Reply::Octets(format!("{chunked}{APPROVE}").into_bytes()),
        ),
        ("missing", Reply::error(400, "missing-username")),
        ("key required", Reply::error(403, "api-key-required")),
        ("key wrong", Reply::error(403, "api-key-invalid")),
        ("no device", Reply::error(404, "no-devices")),
        ("no user", Reply::error(404, "user-not-found")),
        ("not approved", Reply::error(404, "device-not-approved")),
        ("approve with 404", Reply::Answer(404, APPROVE.to_owned())),
        ("approve with 400", Reply::Answer(400, APPROVE.to_owned())),
        ("408", Reply::error(408, "timeout")),
        ("429", Reply::Answer(429, String::new())),
        ("301", Reply::WithHeader(301, elsewhere.clone(), APPROVE.to_owned())),
        ("302", Reply::WithHeader(302, elsewhere.clone(), APPROVE.to_owned())),
        ("307", Reply::WithHeader(307, elsewhere.clone(), APPROVE.to_owned())),
        ("308", Reply::WithHeader(308, elsewhere, APPROVE.to_owned())),
    ]
}

/// Where nobody could be asked: 52.
fn unavailable() -> Vec<(&'static str, Reply)> {
    vec![
        ("500", Reply::error(500, "server-error")),
        ("502", Reply::error(502, "fcm-error")),
        ("503", Reply::Answer(503, String::new())),
        ("504", Reply::Answer(504, "<html>".to_owned())),
        ("approve with 500", Reply::Answer(500, APPROVE.to_owned())),
        ("hangs up", Reply::hang_up()),
        ("no HTTP", Reply::Octets(b"220 mail.example.com ESMTP\r\n".to_vec())),
        ("half a head", Reply::Octets(b"HTTP/1.1 200 OK\r\nContent-Le".to_vec())),
    ]
}

#[test]
fn only_an_approval_lets_in() {
    let _guard = beside_others();
    let stage = Stage::new(|_| Reply::action("approve"));
    block_on(async {
        for (code, replies) in [(49, refused()), (52, unavailable())] {
            for (what, reply) in replies {
                stage.service.behave(move |_| reply.clone());
                let before = stage.service.asked().len();
                assert_eq!(stage.bind().await, code, "{what}");
                assert_eq!(
                    stage.service.asked().len(),
                    before + 1,
                    "{what}: asked once, nowhere else"
                );
                // So that no pause is made of the refusals.
                stage.service.behave(|_| Reply::action("approve"));
                assert_eq!(stage.bind().await, 0, "after {what}");
            }
        }
        for body in [
            r#"{"success": true, "action": "approve", "message": "ok", "more": [1, {"a": null}]}"#,
            r#"  {"action":"approve"}  "#,
        ] {
            for status in [200, 201, 202] {
                stage.service.behave(move |_| Reply::Answer(status, body.to_owned()));
                assert_eq!(stage.bind().await, 0, "{status} {body}");
            }
        }
    });
    assert!(
        stage
            .service
            .asked()
            .iter()
            .all(|asked| asked.head.starts_with("POST /send-notification?token="))
    );
}

#[test]
fn a_client_is_told_the_same_whatever_the_reason() {
    let _guard = beside_others();
    let stage = Stage::new(|_| Reply::action("reject"));
    let texts = |replies: Vec<(&'static str, Reply)>, password: &'static str| {
        block_on(async {
            let mut texts = Vec::new();
            for (_, reply) in replies {
                stage.service.behave(move |_| reply.clone());
                let mut client = stage.client(1).await;
                let done = client.request(bind(&user_dn("cheap"), password)).await.unwrap();
                texts.push((done.code(), done.result.message, done.result.matcheddn));
                stage.service.behave(|_| Reply::action("approve"));
                stage.bind().await;
            }
            texts
        })
    };
    let wrong = texts(vec![("", Reply::action("approve"))], "wrong-Passw0rd").remove(0);
    let some: Vec<_> = refused().into_iter().step_by(5).collect();
    for told in texts(some, BATTERY_PASSWORD) {
        assert_eq!(told, wrong);
    }
}

#[test]
fn nobody_answers_in_time() {
    let _guard = beside_others();
    let stage = Stage::with(|_| Reply::Wait, |env| env.with("NOTIFICATION_TIMEOUT", "1s"));
    block_on(async {
        let begun = Instant::now();
        assert_eq!(stage.bind().await, 49);
        let took = begun.elapsed();
        assert!(
            took >= Duration::from_secs(1) && took < Duration::from_secs(4),
            "{took:?}"
        );
    });
    assert_eq!(stage.why(), "not answered by the user");
    let gone = stage.service.asked()[0].gone().is_some();
    assert!(gone || crate::harness::eventually(Duration::from_secs(1), || stage.service.asked()[0].gone().is_some()));
}

#[test]
fn a_service_that_is_not_there_is_no_wrong_password() {
    let _guard = beside_others();
    let nobody = format!("https://127.0.0.1:{}/x?token={TOKEN}", free_port());
    let stage = Stage::with(|_| Reply::Wait, |env| env.with("NOTIFICATION_URL", &nobody));
    block_on(async {
        for _ in 0..5 {
            assert_eq!(stage.bind().await, 52);
        }
        assert_eq!(
            stage.bind_from(1, "cheap", "wrong-Passw0rd").await,
            49,
            "not even asked"
        );
    });
    let log = stage.gateway.log();
    let told: Vec<_> = log
        .lines()
        .filter(|line| line.contains("the push service cannot be asked ("))
        .collect();
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(
        told[0].contains("unreachable") && told[0].contains("refused"),
        "{told:?}"
    );
    assert!(log.contains("why=\"the push service cannot be asked\""), "{log}");
    // A name that nobody has is the same.
    let nowhere = "https://push.invalid/x";
    let stage = Stage::with(|_| Reply::Wait, |env| env.with("NOTIFICATION_URL", nowhere));
    assert_eq!(block_on(stage.bind()), 52);
}

#[test]
fn the_log_has_each_code_once_a_minute_and_no_secret() {
    let _guard = beside_others();
    let stage = Stage::new(|_| Reply::error(404, "no-devices"));
    block_on(async {
        for _ in 0..4 {
            assert_eq!(stage.bind().await, 49);
        }
        // A service that repeats what it was sent.
        let body = format!(
            r#"{{"error": "no key {API_KEY} for /x?token={TOKEN} \u001b[31m\nforged line", "errorCode": "{API_KEY}"}}"#
        );
        stage.service.behave(move |_| Reply::Answer(403, body.clone()));
        assert_eq!(stage.bind().await, 49);
        let body = format!(
            r#"{{"error": "{}", "errorCode": "{}"}}"#,
            "e".repeat(5000),
            "c".repeat(5000)
        );
        stage.service.behave(move |_| Reply::Answer(400, body.clone()));
        assert_eq!(stage.bind().await, 49);
        for code in 0..100 {
            stage
                .service
                .behave(move |_| Reply::error(400, &format!("made-up-{code}")));
            assert_eq!(stage.bind().await, 49);
        }
    });
    let log = stage.gateway.log();
    assert_eq!(log.matches("no-devices").count(), 1, "{log}");
    assert!(
        log.contains("said-by-the-service") && log.contains("HTTP 404"),
        "the text is for the operator"
    );
    assert!(log.contains("no key *** for /x?*** "), "{log}");
    for secret in [API_KEY, TOKEN, BATTERY_PASSWORD, "\u{1b}[31m"] {
        assert!(!log.contains(secret), "{secret:?} is in the log");
    }
    assert!(!log.lines().any(|line| line.starts_with("forged")));
    assert!(!log.contains(&"e".repeat(300)) && !log.contains(&"c".repeat(100)));
    assert!(log.matches("made-up-").count() <= 64, "memory for codes is bounded");
    assert!(log.contains("user=\"cheap\""), "{log}");
}

/// Whatever the service keeps open or closes, in whatever order, each login is asked anew.
#[test]
fn connections_that_the_service_closed_fail_no_login() {
    let _guard = beside_others();
    let stage = Stage::new(|asked| match asked.number % 2 {
        0 => Reply::AnswerThenClose(200, APPROVE.to_owned()),
        _ => Reply::Answer(200, APPROVE.to_owned()),
    });
    block_on(async {
        for pause in [0, 0, 50, 290, 300, 310, 400, 0, 300] {
            assert_eq!(stage.bind().await, 0, "after {pause} ms");
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
    });
    assert_eq!(stage.service.asked().len(), 9, "and nobody is rung twice");
}

/// A URL may hold a name and a password; they go into a header and nowhere else.
#[test]
fn a_password_in_the_url() {
    let _guard = beside_others();
    const PASSWORD: &str = "passw0rd-0f-the-url";
    note_secret(PASSWORD);
    let stage = Stage::with(
        |_| Reply::error(403, PASSWORD),
        |env| {
            env.changed("NOTIFICATION_URL", |url| {
                url.replace("https://", &format!("https://gateway:{PASSWORD}@"))
            })
        },
    );
    assert_eq!(block_on(stage.bind()), 49);
    let head = stage.service.asked()[0].head.to_ascii_lowercase();
    assert!(head.contains("authorization: basic "), "{head}");
    assert!(!stage.gateway.log().contains(PASSWORD));
}

/// Loopback needs no TLS; the rest of the request is the same.
#[test]
fn plain_http_to_this_machine() {
    let _guard = beside_others();
    for host in ["127.0.0.1", "localhost"] {
        let plain = PushService::http(|_| Reply::action("approve"));
        let url = format!("http://{host}:{}/send-notification?token={TOKEN}", plain.port);
        let stage = Stage::with(
            |_| Reply::Wait,
            |env| env.with("NOTIFICATION_URL", url).without("NOTIFICATION_CA_PATH"),
        );
        assert_eq!(block_on(stage.bind()), 0);
        assert_eq!(plain.asked().len(), 1);
        let head = &plain.asked()[0].head;
        assert!(
            head.to_ascii_lowercase().contains("content-type: application/json"),
            "{head}"
        );
    }
}
