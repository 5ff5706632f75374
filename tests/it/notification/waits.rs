//! While somebody looks for the phone: who else is served, and what ends the wait.

use super::{LONG, Stage, asking, until};
use crate::harness::client::{bind, equal, search};
use crate::harness::ldap::{BATTERY_PASSWORD, user_dn};
use crate::harness::push_service::Reply;
use crate::harness::{Database, Engine, Gateway, beside_others, block_on, eventually};
use ldap3_proto::proto::LdapOp;
use std::time::Duration;

/// The request ends with who asked: a service that never answers would have it go on for `NOTIFICATION_TIMEOUT`.
async fn gone(stage: &Stage, number: usize) {
    until(|| stage.service.asked()[number].gone().is_some()).await;
    until(|| stage.service.open() == 0).await;
}

#[test]
fn a_client_that_goes_ends_the_request() {
    let _guard = beside_others();
    let stage = Stage::with(|_| Reply::Wait, |env| env.with("REQUIRE_AUTH_FOR_SEARCH", true));
    block_on(async {
        // Closes its connection.
        let mut client = stage.client(1).await;
        client.send(bind(&user_dn("cheap"), BATTERY_PASSWORD)).await.unwrap();
        stage.wait_for(1).await;
        drop(client);
        gone(&stage, 0).await;
        // Says goodbye.
        let mut client = stage.client(1).await;
        client.send(bind(&user_dn("cheap"), BATTERY_PASSWORD)).await.unwrap();
        stage.wait_for(2).await;
        client.send(LdapOp::UnbindRequest).await.unwrap();
        gone(&stage, 1).await;
        // Gives the bind up, and the connection lives, anonymous.
        let mut client = stage.client(1).await;
        let id = client
            .send(bind(&user_dn("grace"), crate::harness::ldap::password("grace")))
            .await
            .unwrap();
        stage.wait_for(3).await;
        client.send(LdapOp::AbandonRequest(id)).await.unwrap();
        gone(&stage, 2).await;
        let done = client.request(search(equal("uid", "alice"))).await.unwrap();
        assert_ne!(done.code(), 0, "an abandoned bind signs nobody in");
        // An approval that comes too late lets nobody in.
        stage.service.answer(2, Reply::action("approve"));
        let done = client.request(search(equal("uid", "alice"))).await.unwrap();
        assert_ne!(done.code(), 0);
    });
}

/// Behind requests that wait for the bind's end, the end of the connection is seen all the same.
#[test]
fn a_client_that_goes_with_requests_in_the_queue_ends_it_too() {
    let _guard = beside_others();
    let stage = Stage::new(|_| Reply::Wait);
    block_on(async {
        let mut client = stage.client(1).await;
        client.send(bind(&user_dn("cheap"), BATTERY_PASSWORD)).await.unwrap();
        for _ in 0..50 {
            client.send(search(equal("uid", "alice"))).await.unwrap();
        }
        stage.wait_for(1).await;
        drop(client);
        gone(&stage, 0).await;
    });
}

#[test]
fn others_are_served_while_somebody_looks_for_the_phone() {
    let _guard = beside_others();
    let stage = Stage::with(
        |asked| match asked.text("username") {
            "cheap" => Reply::Wait,
            _ => Reply::action("approve"),
        },
        |env| {
            env.with("SQL_POOL_SIZE", 1)
                .with("HASHING_THREADS", 1)
                .with("REQUIRE_AUTH_FOR_SEARCH", false)
        },
    );
    block_on(async {
        let waiting = stage.begin(1, "cheap", BATTERY_PASSWORD).await;
        stage.wait_for(1).await;
        let mut other = stage.client(1).await;
        assert_eq!(other.lookup("alice").await.unwrap(), 1);
        assert_eq!(
            stage
                .bind_from(1, "grace", crate::harness::ldap::password("grace"))
                .await,
            0
        );
        assert_eq!(stage.bind_from(1, "cheap", "wrong-Passw0rd").await, 49);
        assert!(!waiting.is_finished());
        stage.service.answer(0, Reply::action("approve"));
        assert_eq!(waiting.await.unwrap(), Ok(0));
    });
}

/// Requests that came with the bind, and before its answer, are those of the user (RFC 4511 4.2.1).
#[test]
fn what_is_sent_behind_the_bind_waits_for_it() {
    let _guard = beside_others();
    let stage = Stage::new(|_| Reply::Wait);
    block_on(async {
        let mut client = stage.client(1).await;
        let bound = client.send(bind(&user_dn("cheap"), BATTERY_PASSWORD)).await.unwrap();
        let found = client.send(search(equal("uid", "alice"))).await.unwrap();
        stage.wait_for(1).await;
        stage.service.answer(0, Reply::action("approve"));
        assert_eq!(client.finish(bound).await.unwrap().code(), 0);
        let done = client.finish(found).await.unwrap();
        assert_eq!((done.code(), done.entries.len()), (0, 1));
    });
}

#[test]
fn draining_waits_for_approvals() {
    let _guard = beside_others();
    for action in ["approve", "reject"] {
        let mut stage = Stage::new(|_| Reply::Wait);
        let code = block_on(async {
            let waiting = stage.begin(1, "cheap", BATTERY_PASSWORD).await;
            stage.wait_for(1).await;
            stage.gateway.process.signal("TERM");
            assert!(eventually(LONG, || !stage.gateway.accepts()), "no new connections");
            // Longer than SHUTDOWN_GRACE is without `notification`.
            tokio::time::sleep(Duration::from_secs(9)).await;
            assert!(!waiting.is_finished() && stage.service.asked()[0].gone().is_none());
            stage.service.answer(0, Reply::action(action));
            waiting.await.unwrap()
        });
        assert_eq!(code, Ok(if action == "approve" { 0 } else { 49 }));
        let ended = stage.gateway.process.wait(Duration::from_secs(3));
        assert!(ended.success());
    }
}

/// The password was verified before, and nothing else is asked of the database.
#[test]
fn a_database_that_dies_meanwhile_takes_no_approval_away() {
    let _guard = beside_others();
    let database = Database::private(Engine::PostgreSql);
    let mut stage = Stage::new(|_| Reply::Wait);
    stage.gateway = Gateway::start(&asking(&stage.service, database.deployed()));
    block_on(async {
        let waiting = stage.begin(1, "cheap", BATTERY_PASSWORD).await;
        stage.wait_for(1).await;
        database.kill();
        until(|| !stage.gateway.accepts()).await;
        assert!(!waiting.is_finished());
        stage.service.answer(0, Reply::action("approve"));
        assert_eq!(waiting.await.unwrap(), Ok(0));
    });
}

#[test]
fn a_grace_that_is_given_is_kept() {
    let _guard = beside_others();
    // Nothing but the grace can end the wait.
    let mut stage = Stage::with(
        |_| Reply::Wait,
        |env| env.with("SHUTDOWN_GRACE", "1s").with("NOTIFICATION_TIMEOUT", "1h"),
    );
    block_on(async {
        let waiting = stage.begin(1, "cheap", BATTERY_PASSWORD).await;
        stage.wait_for(1).await;
        stage.gateway.process.signal("TERM");
        let ended = tokio::time::timeout(LONG, waiting).await.expect("it waits on");
        assert_ne!(ended.unwrap(), Ok(0));
    });
    stage.gateway.process.wait(Duration::from_secs(3));
}
