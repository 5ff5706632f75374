use std::{collections::HashMap, net::IpAddr, time::Duration};

use futures::{FutureExt, future::join_all};
use proptest::prelude::*;
use tokio::time::{Instant, sleep};

use super::{turn::Guessing, *};
use crate::{config::GuessingSettings, metrics::Metrics};

const ATTACKER: &str = "198.51.100.1";
const OWNER: &str = "192.0.2.1";
const NEW: &str = "203.0.113.1";
/// How long clients wait here.
const HOLD: Duration = Duration::from_secs(30);

fn settings() -> GuessingSettings {
    GuessingSettings {
        enabled: true,
        free_failures: 5,
        free_failures_per_address: 100,
        longest_delay: HOLD,
        shared: Vec::new(),
    }
}

fn guessing() -> Guessing {
    Guessing::new(&settings(), Metrics::default())
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

async fn turn<'a>(guessing: &'a Guessing, account: &str, source: &str) -> Result<Turn<'a>, NoTurn> {
    guessing.turn(account, address(source), Instant::now() + HOLD).await
}

/// A bind that fails, and how many seconds it waited.
async fn fails(guessing: &Guessing, account: &str, source: &str) -> u64 {
    let begun = Instant::now();
    turn(guessing, account, source).await.unwrap().failed();
    begun.elapsed().as_secs()
}

async fn passes(guessing: &Guessing, account: &str, source: &str) -> u64 {
    let begun = Instant::now();
    turn(guessing, account, source).await.unwrap().passed();
    begun.elapsed().as_secs()
}

#[tokio::test(start_paused = true)]
async fn the_first_few_failures_cost_nothing_then_the_wait_doubles() {
    let guessing = guessing();
    let mut waits = Vec::new();
    for _ in 0..13 {
        waits.push(fails(&guessing, "alice", ATTACKER).await);
    }
    assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 30, 30, 30]);
}

#[tokio::test(start_paused = true)]
async fn who_waits_anyway_between_two_binds_is_not_delayed_on_top() {
    let guessing = guessing();
    for _ in 0..7 {
        fails(&guessing, "alice", ATTACKER).await;
    }
    sleep(Duration::from_secs(3)).await;
    assert_eq!(fails(&guessing, "alice", ATTACKER).await, 1);
    sleep(Duration::from_secs(20)).await;
    assert_eq!(fails(&guessing, "alice", ATTACKER).await, 0);
}

#[tokio::test(start_paused = true)]
async fn failures_are_forgotten_in_time() {
    let guessing = guessing();
    for _ in 0..20 {
        fails(&guessing, "alice", ATTACKER).await;
    }
    sleep(Duration::from_secs(3_600)).await;
    for _ in 0..5 {
        assert_eq!(fails(&guessing, "alice", ATTACKER).await, 0);
    }
    assert_eq!(fails(&guessing, "alice", ATTACKER).await, 1);
}

#[tokio::test(start_paused = true)]
async fn one_guesser_delays_nobody_else() {
    let guessing = guessing();
    passes(&guessing, "alice", OWNER).await;
    for _ in 0..1_000 {
        fails(&guessing, "alice", ATTACKER).await;
        assert_eq!(passes(&guessing, "alice", OWNER).await, 0);
    }
    // Not even the owner from somewhere new.
    assert_eq!(passes(&guessing, "alice", NEW).await, 0);
}

#[tokio::test(start_paused = true)]
async fn many_guessers_at_one_account_delay_its_new_sources_and_not_its_owner() {
    let guessing = guessing();
    passes(&guessing, "alice", OWNER).await;
    let mut waited = 0;
    for guesser in 1..=4 {
        for _ in 0..5 {
            let source = format!("198.51.100.{guesser}");
            waited += fails(&guessing, "alice", &source).await;
        }
    }
    assert_eq!(waited, 0);
    assert_eq!(passes(&guessing, "alice", OWNER).await, 0);
    assert!(passes(&guessing, "alice", NEW).await > 0);
    assert_eq!(passes(&guessing, "bob", NEW).await, 0);
    // Once logged in it is no new source any more.
    assert_eq!(passes(&guessing, "alice", NEW).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_source_is_slowed_down_whatever_names_it_tries() {
    let guessing = guessing();
    passes(&guessing, "alice", ATTACKER).await;
    for number in 0..100 {
        assert_eq!(
            fails(&guessing, &format!("user{number}"), ATTACKER).await,
            0,
            "{number}"
        );
    }
    let mut waits = Vec::new();
    for number in 100..108 {
        waits.push(fails(&guessing, &format!("user{number}"), ATTACKER).await);
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 16, 30, 30]);
    // Whoever has logged in from there before is not delayed by that.
    assert_eq!(passes(&guessing, "alice", ATTACKER).await, 0);
    assert_eq!(passes(&guessing, "user0", OWNER).await, 0);
}

#[tokio::test(start_paused = true)]
async fn the_failures_of_a_shared_address_count_for_names_only() {
    let guessing = Guessing::new(
        &GuessingSettings {
            shared: vec![format!("{ATTACKER}/32").parse().unwrap()],
            ..settings()
        },
        Metrics::default(),
    );
    for number in 0..300 {
        assert_eq!(
            fails(&guessing, &format!("user{number}"), ATTACKER).await,
            0,
            "{number}"
        );
    }
    for _ in 0..4 {
        assert_eq!(fails(&guessing, "user0", ATTACKER).await, 0);
    }
    assert_eq!(fails(&guessing, "user0", ATTACKER).await, 1);
}

#[tokio::test(start_paused = true)]
async fn an_account_that_signs_in_from_very_many_addresses_is_delayed_at_none_of_them() {
    let guessing = guessing();
    let address = |number: u32| IpAddr::from((0x0a00_0000 + number).to_be_bytes()).to_string();
    for number in 0..400 {
        passes(&guessing, "service", &address(number)).await;
    }
    for guesser in 1..=4 {
        for _ in 0..5 {
            assert_eq!(fails(&guessing, "service", &format!("198.51.100.{guesser}")).await, 0);
        }
    }
    assert!(passes(&guessing, "service", NEW).await > 0);
    for number in 0..400 {
        assert_eq!(passes(&guessing, "service", &address(number)).await, 0, "{number}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_signs_in_from_everywhere_does_not_make_others_strangers() {
    let guessing = guessing();
    for owner in 0..50 {
        passes(&guessing, &format!("owner{owner}"), OWNER).await;
    }
    sleep(Duration::from_secs(1)).await;
    for number in 0..100_000_u32 {
        let source = IpAddr::from((0x0a00_0000 + number).to_be_bytes());
        let turn = guessing.turn("traveller", source, Instant::now() + HOLD).await;
        turn.unwrap().passed();
    }
    let forgotten = (0..50).filter(|owner| !guessing.is_familiar(&format!("owner{owner}"), address(OWNER)));
    assert_eq!(forgotten.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_owner_who_mistypes_is_judged_by_that() {
    let guessing = guessing();
    passes(&guessing, "alice", OWNER).await;
    let mut waits = Vec::new();
    for _ in 0..8 {
        waits.push(fails(&guessing, "alice", OWNER).await);
    }
    assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2, 4]);
    assert_eq!(passes(&guessing, "alice", OWNER).await, 8);
    assert_eq!(fails(&guessing, "alice", OWNER).await, 0, "a success ends it");
}

#[tokio::test(start_paused = true)]
async fn guesses_at_a_time_are_no_more_than_one_after_the_other() {
    let guessing = guessing();
    let begun = Instant::now();
    let guess = || async {
        match turn(&guessing, "alice", ATTACKER).await {
            Ok(turn) => {
                sleep(Duration::from_millis(10)).await;
                turn.failed();
                Some(begun.elapsed().as_secs())
            }
            Err(why) => {
                assert_eq!(why, NoTurn::TooManyFailures);
                assert_eq!(begun.elapsed(), HOLD);
                None
            }
        }
    };
    let looked_at: Vec<_> = join_all((0..500).map(|_| guess()))
        .await
        .into_iter()
        .flatten()
        .collect();
    assert_eq!(looked_at, [0, 0, 0, 0, 0, 1, 3, 7, 15]);
}

#[tokio::test(start_paused = true)]
async fn many_right_binds_at_a_time_all_pass() {
    let guessing = guessing();
    // As when all clients come back after an outage, behind one address.
    let bind = |number: usize| {
        let guessing = &guessing;
        async move {
            let turn = turn(guessing, &format!("user{number}"), NEW).await.unwrap();
            sleep(Duration::from_millis(20)).await;
            turn.passed();
        }
    };
    let begun = Instant::now();
    join_all((0..1_000).map(bind)).await;
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn who_leaves_counts_as_nothing_and_makes_room() {
    let guessing = guessing();
    for _ in 0..50 {
        drop(turn(&guessing, "alice", ATTACKER).await.unwrap());
    }
    let under_way: Vec<_> = join_all((0..5).map(|_| turn(&guessing, "alice", ATTACKER))).await;
    let mut waiting = Box::pin(turn(&guessing, "alice", ATTACKER));
    let mut leaving = Box::pin(turn(&guessing, "alice", ATTACKER));
    assert!((&mut leaving).now_or_never().is_none());
    assert!((&mut waiting).now_or_never().is_none());
    drop(leaving);
    assert!((&mut waiting).now_or_never().is_none());
    drop(under_way);
    assert!((&mut waiting).now_or_never().is_some_and(|turn| turn.is_ok()));
    drop(waiting);
    assert!(guessing.is_idle());
}

#[tokio::test(start_paused = true)]
async fn dropped_while_it_waits_for_its_delay_it_makes_room() {
    let guessing = guessing();
    for _ in 0..6 {
        fails(&guessing, "alice", ATTACKER).await;
    }
    let mut delayed = Box::pin(turn(&guessing, "alice", ATTACKER));
    assert!((&mut delayed).now_or_never().is_none());
    assert!(!guessing.is_idle());
    drop(delayed);
    assert!(guessing.is_idle());
    assert_eq!(fails(&guessing, "alice", ATTACKER).await, 2);
}

#[tokio::test(start_paused = true)]
async fn whose_wait_would_be_too_long_is_not_looked_at_and_not_counted() {
    let guessing = guessing();
    for _ in 0..8 {
        fails(&guessing, "alice", ATTACKER).await;
    }
    for _ in 0..3 {
        let soon = Instant::now() + Duration::from_secs(1);
        let refused = guessing.turn("alice", address(ATTACKER), soon).await;
        assert!(matches!(refused, Err(NoTurn::TooManyFailures)));
        assert_eq!(Instant::now(), soon);
    }
    assert_eq!(fails(&guessing, "alice", ATTACKER).await, 5);
}

#[tokio::test(start_paused = true)]
async fn waiting_for_a_person_is_no_guess() {
    let guessing = guessing();
    let asked: Vec<_> = join_all((0..5).map(|_| turn(&guessing, "alice", NEW))).await;
    for turn in &asked {
        turn.as_ref().unwrap().verified();
    }
    assert_eq!(passes(&guessing, "alice", NEW).await, 0);
    for turn in asked {
        turn.unwrap().failed();
    }
    assert_eq!(fails(&guessing, "alice", NEW).await, 0);
    assert!(guessing.is_idle());
}

#[tokio::test(start_paused = true)]
async fn a_network_of_ipv6_is_one_source() {
    let guessing = guessing();
    let mut waits = Vec::new();
    for host in 0..7 {
        waits.push(fails(&guessing, "alice", &format!("2001:db8:0:1::{host}")).await);
    }
    assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2]);
    assert_eq!(fails(&guessing, "alice", "2001:db8:0:2::1").await, 0);
    for _ in 0..5 {
        fails(&guessing, "bob", "::ffff:192.0.2.9").await;
    }
    assert_eq!(fails(&guessing, "bob", "192.0.2.9").await, 1);
}

#[tokio::test(start_paused = true)]
async fn very_many_failures_in_all_delay_what_is_new_and_side_by_side() {
    let guessing = guessing();
    passes(&guessing, "alice", OWNER).await;
    for number in 0..1_000_u32 {
        let source = IpAddr::from((0xc612_0000 + number).to_be_bytes()).to_string();
        assert_eq!(fails(&guessing, &format!("user{number}"), &source).await, 0);
    }
    assert_eq!(passes(&guessing, "alice", OWNER).await, 0);
    let begun = Instant::now();
    let waits = join_all((0..50).map(|number| {
        let (guessing, name) = (&guessing, format!("other{number}"));
        async move { passes(guessing, &name, &format!("192.0.2.{}", 100 + number)).await }
    }))
    .await;
    assert!(waits.iter().all(|wait| *wait >= 1), "{waits:?}");
    assert!(begun.elapsed() <= Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn off_it_is_off() {
    let guessing = Guessing::new(&GuessingSettings::default(), Metrics::default());
    for _ in 0..100 {
        assert_eq!(fails(&guessing, "alice", ATTACKER).await, 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// Whatever anybody does, a name that nobody has is treated as one that somebody has, an owner who does not fail does
    /// not wait, nobody who is alone waits longer than the longest delay, and nothing is left behind.
    #[test]
    fn owners_do_not_wait(steps in prop::collection::vec((0_u8..4, 0_u8..4, 0_u64..40), 1..150)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let outcome: Result<(), TestCaseError> = runtime.block_on(async {
            let guessing = guessing();
            let mut failures: HashMap<_, u32> = HashMap::new();
            passes(&guessing, "owned", OWNER).await;
            for (account, source, pause) in steps {
                sleep(Duration::from_secs(pause)).await;
                let account = ["owned", "b", "c", "nobody"][usize::from(account)];
                let source = ["198.51.100.1", "198.51.100.2", "2001:db8::1", "192.0.2.77"][usize::from(source)];
                let wait = fails(&guessing, account, source).await;
                let before = failures.entry((account, source)).or_default();
                prop_assert!(wait <= HOLD.as_secs());
                prop_assert!(*before >= 5 || wait == 0);
                *before += 1;
                prop_assert_eq!(passes(&guessing, "owned", OWNER).await, 0);
            }
            prop_assert!(guessing.is_idle());
            Ok(())
        });
        outcome?;
    }
}
