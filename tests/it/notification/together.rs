//! Several binds of one user: one request for the same, one after the other for different ones, and none when it is too much.

use super::{Stage, until};
use crate::harness::ldap::{BATTERY_PASSWORD, password};
use crate::harness::push_service::Reply;
use crate::harness::{Database, Engine, Gateway, beside_others, block_on};
use std::time::Duration;

#[test]
fn the_same_bind_rings_once() {
    let _guard = beside_others();
    let stage = Stage::new(|_| Reply::Wait);
    block_on(async {
        for action in ["approve", "reject"] {
            let before = stage.service.asked().len();
            let mut all = Vec::new();
            for _ in 0..5 {
                all.push(stage.begin(1, "cheap", BATTERY_PASSWORD).await);
            }
            stage.wait_for(before + 1).await;
            tokio::time::sleep(Duration::from_millis(500)).await;
            assert_eq!(stage.service.asked().len(), before + 1);
            stage.service.answer(before, Reply::action(action));
            for one in all {
                assert_eq!(one.await.unwrap(), Ok(if action == "approve" { 0 } else { 49 }));
            }
        }
        // Wrong passwords do not join, whoever waits.
        let waiting = stage.begin(1, "cheap", BATTERY_PASSWORD).await;
        stage.wait_for(3).await;
        assert_eq!(stage.bind_from(1, "cheap", "wrong-Passw0rd").await, 49);
        stage.service.answer(2, Reply::action("approve"));
        assert_eq!(waiting.await.unwrap(), Ok(0));
        assert_eq!(stage.service.asked().len(), 3);
    });
}

/// It goes on for those who are left, and ends with the last of them.
#[test]
fn the_first_to_ask_may_go() {
    let _guard = beside_others();
    let stage = Stage::new(|_| Reply::Wait);
    block_on(async {
        let first = stage.begin(1, "cheap", BATTERY_PASSWORD).await;
        stage.wait_for(1).await;
        let second = stage.begin(1, "cheap", BATTERY_PASSWORD).await;
        let third = stage.begin(1, "cheap", BATTERY_PASSWORD).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        first.abort();
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(stage.service.asked()[0].gone().is_none());
        stage.service.answer(0, Reply::action("approve"));
        assert_eq!((second.await.unwrap(), third.await.unwrap()), (Ok(0), Ok(0)));

        let first = stage.begin(1, "cheap", BATTERY_PASSWORD).await;
        let second = stage.begin(1, "cheap", BATTERY_PASSWORD).await;
        stage.wait_for(2).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        first.abort();
        second.abort();
        until(|| stage.service.asked()[1].gone().is_some()).await;
    });
}

#[test]
fn two_addresses_ring_one_after_the_other() {
    let _guard = beside_others();
    let stage = Stage::new(|_| Reply::Wait);
    block_on(async {
        let first = stage.begin(1, "cheap", BATTERY_PASSWORD).await;
        stage.wait_for(1).await;
        let second = stage.begin(2, "cheap", BATTERY_PASSWORD).await;
        let somebody = stage.begin(2, "grace", password("grace")).await;
        stage.wait_for(2).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let asked = stage.service.asked();
        assert_eq!(
            (asked.len(), asked[1].text("username")),
            (2, "grace"),
            "another user does not wait"
        );
        stage.service.answer(1, Reply::action("approve"));
        assert_eq!(somebody.await.unwrap(), Ok(0));
        // No to the one is no to that one only.
        stage.service.answer(0, Reply::action("reject"));
        assert_eq!(first.await.unwrap(), Ok(49));
        let asked = stage.wait_for(3).await;
        assert!(asked[0].text("body").contains("127.0.0.1") && asked[2].text("body").contains("127.0.0.2"));
        stage.service.answer(2, Reply::action("approve"));
        assert_eq!(second.await.unwrap(), Ok(0));
        // Who gives up in the queue lets the next one ring.
        let first = stage.begin(1, "cheap", BATTERY_PASSWORD).await;
        stage.wait_for(4).await;
        let second = stage.begin(2, "cheap", BATTERY_PASSWORD).await;
        let third = stage.begin(3, "cheap", BATTERY_PASSWORD).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        second.abort();
        first.abort();
        let asked = stage.wait_for(5).await;
        assert!(asked[4].text("body").contains("127.0.0.3"));
        stage.service.answer(4, Reply::action("approve"));
        assert_eq!(third.await.unwrap(), Ok(0));
    });
}

/// The wait for one's turn is part of `NOTIFICATION_TIMEOUT`: who began earlier gives up earlier.
#[test]
fn a_turn_that_comes_late_leaves_less_time_for_the_answer() {
    let _guard = beside_others();
    let stage = Stage::with(|_| Reply::Wait, |env| env.with("NOTIFICATION_TIMEOUT", "4s"));
    block_on(async {
        let first = stage.begin(1, "cheap", BATTERY_PASSWORD).await;
        stage.wait_for(1).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        let second = stage.begin(2, "cheap", BATTERY_PASSWORD).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        // Of another user, so it waits for nobody.
        let later = stage.begin(2, "grace", password("grace")).await;
        assert_eq!(first.await.unwrap(), Ok(49));
        assert_eq!(second.await.unwrap(), Ok(49));
        assert!(!later.is_finished());
        assert_eq!(later.await.unwrap(), Ok(49));
    });
}

/// With the password alone nobody can ring until the owner presses the wrong button.
#[test]
fn three_in_a_row_make_a_pause() {
    let _guard = beside_others();
    for what in ["rejected", "not answered", "the client hangs up"] {
        let stage = Stage::new(move |_| match what {
            "rejected" => Reply::action("reject"),
            "not answered" => Reply::error(408, "timeout"),
            _ => Reply::Wait,
        });
        block_on(async {
            for round in 0..3 {
                if what == "the client hangs up" {
                    let hangs_up = stage.begin(1, "cheap", BATTERY_PASSWORD).await;
                    stage.wait_for(round + 1).await;
                    hangs_up.abort();
                    until(|| stage.service.asked()[round].gone().is_some()).await;
                } else {
                    assert_eq!(stage.bind().await, 49, "{what}");
                }
            }
            assert_eq!(stage.service.asked().len(), 3);
            stage.service.behave(|_| Reply::action("approve"));
            // From wherever, and in no time: nobody waits for a phone that does not ring.
            for address in [1, 1, 2, 3] {
                assert_eq!(stage.bind_from(address, "cheap", BATTERY_PASSWORD).await, 49, "{what}");
            }
            assert_eq!(stage.service.asked().len(), 3, "{what}");
            assert_eq!(stage.bind_from(1, "grace", password("grace")).await, 0, "nobody else");
        });
        block_on(stage.bind());
        assert!(
            stage
                .why()
                .starts_with("not asked: the last requests were not approved"),
            "{}",
            stage.why()
        );
    }
}

#[test]
fn refusals_of_the_service_and_approvals_make_no_pause() {
    let _guard = beside_others();
    let stage = Stage::new(|_| Reply::error(404, "no-devices"));
    block_on(async {
        for _ in 0..5 {
            assert_eq!(stage.bind().await, 49);
        }
        stage.service.behave(|_| Reply::error(500, "server-error"));
        for _ in 0..5 {
            assert_eq!(stage.bind().await, 52);
        }
        assert_eq!(stage.service.asked().len(), 10);
        for action in ["reject", "reject", "approve", "reject", "reject", "approve"] {
            stage.service.behave(move |_| Reply::action(action));
            assert_eq!(stage.bind().await, if action == "approve" { 0 } else { 49 });
        }
        assert_eq!(stage.service.asked().len(), 16);
    });
}

#[test]
fn an_approval_counts_for_a_while_where_the_operator_says_so() {
    let _guard = beside_others();
    let database = Database::fresh(Engine::Sqlite);
    let mut stage = Stage::new(|_| Reply::action("approve"));
    let env = super::asking(&stage.service, database.deployed());
    stage.gateway = Gateway::start(&env.clone().with("NOTIFICATION_REMEMBER", "1h"));
    block_on(async {
        assert_eq!((stage.bind().await, stage.bind().await), (0, 0));
        assert_eq!(stage.service.asked().len(), 1);
        assert_eq!(stage.bind_from(1, "cheap", "wrong-Passw0rd").await, 49);
        // Another address, another user: asked.
        assert_eq!(stage.bind_from(2, "cheap", BATTERY_PASSWORD).await, 0);
        assert_eq!(stage.bind_from(1, "grace", password("grace")).await, 0);
        assert_eq!(stage.service.asked().len(), 3);
        // Another stored hash, though of the same password.
        let hash = crate::harness::gateway::run_to_end(&env, &["hash-password"], BATTERY_PASSWORD).stdout;
        let other = hash.trim();
        database.sql(&format!(
            "UPDATE \"Users\" SET \"userPassword\" = '{other}' WHERE \"uid\" = 'cheap'"
        ));
        assert_eq!(stage.bind().await, 0);
        assert_eq!(stage.service.asked().len(), 4, "the hash is another");
    });
    stage.gateway = Gateway::start(&env.clone().with("NOTIFICATION_REMEMBER", "1s"));
    block_on(async {
        assert_eq!(stage.bind().await, 0);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(stage.bind().await, 0);
    });
    assert_eq!(stage.service.asked().len(), 6, "its time is over");
    // Without the setting each bind is asked for.
    stage.gateway = Gateway::start(&env.with("NOTIFICATION_REMEMBER", "off"));
    block_on(async { assert_eq!((stage.bind().await, stage.bind().await), (0, 0)) });
    assert_eq!(stage.service.asked().len(), 8);
}

/// What was not approved is not remembered.
#[test]
fn a_rejection_is_remembered_by_nobody() {
    let _guard = beside_others();
    let stage = Stage::with(
        |_| Reply::action("reject"),
        |env| env.with("NOTIFICATION_REMEMBER", "1h"),
    );
    block_on(async {
        assert_eq!(stage.bind().await, 49);
        stage.service.behave(|_| Reply::action("approve"));
        assert_eq!(stage.bind().await, 0);
        assert_eq!(stage.bind().await, 0);
    });
    assert_eq!(stage.service.asked().len(), 2);
}
