use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use futures::FutureExt;

use super::*;
use crate::auth::{
    password::{Verdict, Verification},
    source_network::SourceNetwork,
    standing::Standing,
};
use std::{num::NonZeroUsize, sync::Arc};
use tokio::time::Instant;

const SHA: &str = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="; // "secret"
/// Argon2 that takes so many KiB.
fn argon2(memory_kib: u32) -> String {
    format!("$argon2id$v=19$m={memory_kib},t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
}

fn limits(threads: usize, queue: usize, memory_kib: u64) -> HashingLimits {
    HashingLimits {
        threads: NonZeroUsize::new(threads).unwrap(),
        queue,
        memory_kib: Some(memory_kib),
    }
}

fn later() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

/// From a source with this last number.
fn question<'a>(source: u8, stored: Option<&'a str>, password: &'a [u8]) -> Question<'a> {
    Question {
        name: "alice",
        stored,
        password,
        source: SourceNetwork::of([192, 0, 2, source].into()),
        standing: Standing::New,
        until: later(),
    }
}

/// Work that notes its password and stops at a gate; one permit lets one job pass.
struct Gate {
    begun: Mutex<Vec<String>>,
    open: mpsc::Sender<()>,
}

impl Gate {
    fn begun(&self) -> Vec<String> {
        self.begun.lock().unwrap().clone()
    }
}

fn gated(limits: HashingLimits) -> (Arc<HashingPool>, Arc<Gate>) {
    let (open, gate) = mpsc::channel();
    let gate = Mutex::new(gate);
    let state = Arc::new(Gate {
        begun: Mutex::default(),
        open,
    });
    let seen = Arc::clone(&state);
    let work = move |_: &Verification, password: &[u8]| {
        seen.begun
            .lock()
            .unwrap()
            .push(String::from_utf8_lossy(password).into_owned());
        let gate = gate.lock().unwrap();
        gate.recv().unwrap();
        Verdict::Match
    };
    (Arc::new(HashingPool::with_work(limits, Arc::new(work)).unwrap()), state)
}

/// A verification in a task of its own, which has its place in the queue when this returns.
async fn ask(
    pool: &Arc<HashingPool>,
    source: u8,
    stored: Option<String>,
    password: &str,
) -> tokio::task::JoinHandle<Result<Verdict, PoolError>> {
    let before = pool.usage();
    let asked = tokio::spawn({
        let (pool, password) = (Arc::clone(pool), password.to_owned());
        async move {
            pool.verify(question(source, stored.as_deref(), password.as_bytes()))
                .await
        }
    });
    until(|| {
        let usage = pool.usage();
        usage.running + usage.waiting > before.running + before.waiting
    })
    .await;
    asked
}

async fn until(condition: impl Fn() -> bool) {
    for _ in 0..500 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("waited too long");
}

#[tokio::test]
async fn verdicts_come_through() {
    let pool = HashingPool::new(limits(1, 1, 65_536)).unwrap();
    let verify = |stored, password| pool.verify(question(1, stored, password));
    assert_eq!(verify(Some(SHA), b"secret").await, Ok(Verdict::Match));
    assert_eq!(verify(Some(SHA), b"Secret").await, Ok(Verdict::Mismatch));
    assert_eq!(verify(None, b"secret").await, Ok(Verdict::Mismatch));
    assert!(matches!(
        verify(Some("secret"), b"secret").await,
        Ok(Verdict::Unusable(_))
    ));
}

#[tokio::test]
async fn sources_take_turns_and_within_a_source_the_first_is_first() {
    let (pool, gate) = gated(limits(1, 100, 65_536));
    let mut asked = Vec::new();
    for (source, password) in [
        (1, "a1"),
        (1, "a2"),
        (1, "a3"),
        (1, "a4"),
        (2, "b1"),
        (2, "b2"),
        (3, "c1"),
    ] {
        asked.push(ask(&pool, source, None, password).await);
    }
    for _ in &asked {
        gate.open.send(()).unwrap();
    }
    for verdict in asked {
        assert_eq!(verdict.await.unwrap(), Ok(Verdict::Match));
    }
    // a1 ran before anybody else was there.
    assert_eq!(gate.begun(), ["a1", "a2", "b1", "c1", "a3", "b2", "a4"]);
}

#[tokio::test]
async fn who_has_failed_from_however_many_addresses_gets_a_quarter_of_the_turns_while_others_wait() {
    let (pool, gate) = gated(limits(1, 100, 65_536));
    let mut asked = vec![ask(&pool, 200, None, "running").await];
    until(|| gate.begun().len() == 1).await;
    let others = [
        ("failing", Standing::Failing),
        ("new", Standing::New),
        ("familiar", Standing::Familiar),
    ];
    for (name, standing) in others {
        for source in 1..=8 {
            let before = pool.usage().waiting;
            asked.push(tokio::spawn({
                let pool = Arc::clone(&pool);
                async move {
                    let question = question(source, None, name.as_bytes());
                    pool.verify(Question { standing, ..question }).await
                }
            }));
            until(|| pool.usage().waiting > before).await;
        }
    }
    for _ in &asked {
        gate.open.send(()).unwrap();
    }
    for verdict in asked {
        assert_eq!(verdict.await.unwrap(), Ok(Verdict::Match));
    }
    let begun = gate.begun();
    let of = |name: &str| begun.iter().skip(1).take(12).filter(|other| *other == name).count();
    assert_eq!((of("familiar"), of("new"), of("failing")), (6, 3, 3));
    // And in the end all have had theirs.
    assert_eq!(begun.len(), 25);
}

#[tokio::test]
async fn the_queue_is_bounded_and_threads_are_never_outnumbered() {
    let (pool, gate) = gated(limits(2, 1, 200_000));
    let mut waiting = Vec::new();
    for _ in 0..3 {
        waiting.push(ask(&pool, 1, None, "x").await);
    }
    until(|| gate.begun().len() == 2).await;
    assert_eq!((pool.usage().running, pool.usage().waiting), (2, 1));
    assert_eq!(pool.verify(question(1, None, b"x")).await, Err(PoolError::Overloaded));
    for _ in 0..3 {
        gate.open.send(()).unwrap();
    }
    for verdict in waiting {
        assert_eq!(verdict.await.unwrap(), Ok(Verdict::Match));
    }
    assert_eq!(gate.begun().len(), 3);
    until(|| pool.usage().running == 0).await;
}

#[tokio::test]
async fn who_gives_up_waiting_leaves_the_queue_and_costs_no_work() {
    let (pool, gate) = gated(limits(1, 1, 65_536));
    let running = ask(&pool, 1, None, "x").await;
    until(|| gate.begun().len() == 1).await;
    for _ in 0..10 {
        let mut waiting = Box::pin(pool.verify(question(1, None, b"gone")));
        assert!((&mut waiting).now_or_never().is_none());
        assert_eq!(pool.usage().waiting, 1);
        drop(waiting);
        assert_eq!(pool.usage().waiting, 0);
    }
    gate.open.send(()).unwrap();
    assert_eq!(running.await.unwrap(), Ok(Verdict::Match));
    gate.open.send(()).unwrap();
    assert_eq!(pool.verify(question(1, None, b"y")).await, Ok(Verdict::Match));
    assert_eq!(gate.begun(), ["x", "y"]);
}

#[tokio::test]
async fn whose_turn_does_not_come_in_time_is_told_so_and_who_runs_is_finished() {
    let (pool, gate) = gated(limits(1, 2, 65_536));
    let soon = Instant::now() + Duration::from_millis(300);
    let running = tokio::spawn({
        let pool = Arc::clone(&pool);
        async move {
            pool.verify(Question {
                until: soon,
                ..question(1, None, b"x")
            })
            .await
        }
    });
    until(|| gate.begun().len() == 1).await;
    let late = Question {
        until: soon,
        ..question(2, None, b"late")
    };
    assert_eq!(pool.verify(late).await, Err(PoolError::TooLate));
    assert_eq!(pool.usage().waiting, 0);
    gate.open.send(()).unwrap();
    assert_eq!(running.await.unwrap(), Ok(Verdict::Match));
    assert_eq!(gate.begun(), ["x"]);
}

#[tokio::test]
async fn a_hash_that_takes_much_memory_has_a_thread_of_its_own() {
    let (pool, gate) = gated(limits(1, 10, 65_536));
    let large = argon2(512 * 1024);
    let one = ask(&pool, 1, Some(large.clone()), "large 1").await;
    let two = ask(&pool, 2, Some(large), "large 2").await;
    until(|| gate.begun().len() == 1).await;
    // Nobody waits for it but the other one like it.
    let small = ask(&pool, 3, Some(argon2(65_536)), "small").await;
    until(|| gate.begun().len() == 2).await;
    assert_eq!(gate.begun(), ["large 1", "small"]);
    assert_eq!((pool.usage().running, pool.usage().waiting), (2, 1));
    for _ in 0..3 {
        gate.open.send(()).unwrap();
    }
    for verdict in [one, two, small] {
        assert_eq!(verdict.await.unwrap(), Ok(Verdict::Match));
    }
}

#[tokio::test]
async fn memory_is_bounded_and_who_takes_little_passes_who_waits_for_it() {
    let (pool, gate) = gated(limits(4, 10, 100_000));
    let mut asked = vec![ask(&pool, 1, Some(argon2(65_536)), "a").await];
    until(|| gate.begun().len() == 1).await;
    // Does not fit beside the first; the one after it would, and must not go first for ever.
    asked.push(ask(&pool, 2, Some(argon2(60_000)), "b").await);
    asked.push(ask(&pool, 3, Some(argon2(8_192)), "c").await);
    asked.push(ask(&pool, 4, Some(SHA.to_owned()), "light").await);
    until(|| gate.begun().len() == 2).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(gate.begun(), ["a", "light"]);
    // Which of the two that run ends is the gate's choice: both.
    gate.open.send(()).unwrap();
    gate.open.send(()).unwrap();
    until(|| gate.begun().len() == 4).await;
    for _ in 0..2 {
        gate.open.send(()).unwrap();
    }
    for verdict in asked {
        assert_eq!(verdict.await.unwrap(), Ok(Verdict::Match));
    }
}

#[tokio::test]
async fn a_hash_that_takes_more_than_the_bound_runs_alone() {
    let (pool, gate) = gated(limits(4, 10, 10_000));
    let mut asked = Vec::new();
    for (source, name) in [(1, "a"), (2, "b"), (3, "c")] {
        asked.push(ask(&pool, source, Some(argon2(65_536)), name).await);
    }
    for expected in 1..=3 {
        until(|| gate.begun().len() == expected).await;
        tokio::time::sleep(Duration::from_millis(30)).await;
        assert_eq!((gate.begun().len(), pool.usage().running), (expected, 1));
        gate.open.send(()).unwrap();
    }
    for verdict in asked {
        assert_eq!(verdict.await.unwrap(), Ok(Verdict::Match));
    }
}

#[tokio::test]
async fn a_panic_ends_one_verification_only() {
    let count = AtomicUsize::new(0);
    let work = move |_: &Verification, _: &[u8]| match count.fetch_add(1, Ordering::SeqCst) % 2 {
        0 => panic!("as a hash crate might"),
        _ => Verdict::Match,
    };
    let pool = HashingPool::with_work(limits(1, 0, 65_536), Arc::new(work)).unwrap();
    for _ in 0..3 {
        assert_eq!(pool.verify(question(1, None, b"x")).await, Err(PoolError::Failed));
        assert_eq!(pool.verify(question(1, None, b"x")).await, Ok(Verdict::Match));
    }
    assert_eq!(pool.usage().running, 0);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn only_the_hashing_threads_are_nice() {
    let nice = || rustix::process::getpriority_process(None).unwrap();
    let before = nice();
    let (report, reported) = mpsc::channel();
    let report = Mutex::new(report);
    let work = move |_: &Verification, _: &[u8]| {
        report.lock().unwrap().send(nice()).unwrap();
        Verdict::Match
    };
    let pool = HashingPool::with_work(limits(1, 0, 65_536), Arc::new(work)).unwrap();
    pool.verify(question(1, None, b"x")).await.unwrap();
    assert_eq!(reported.recv().unwrap(), (before + lane::NICE).min(19));
    assert_eq!(nice(), before);
}
