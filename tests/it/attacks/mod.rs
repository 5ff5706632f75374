//! What a hostile client can do to others: a bystander binds every 100 ms meanwhile. How long that took is a figure; what
//! must be so is that it is always let in, that places are free and memory is bounded.

mod filters;
mod jammed;
mod opening;

use crate::harness::ldap::{BATTERY_PASSWORD, user_dn};
use crate::harness::{Client, Gateway};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

const EVERY: Duration = Duration::from_millis(100);
/// Only against hanging: what clients wait at most for a login.
const NEVER: Duration = Duration::from_secs(60);

/// What SSSD waits for a login.
const LOGIN: Duration = Duration::from_secs(6);

/// Somebody else, who logs in again and again.
struct Bystander {
    over: Arc<AtomicBool>,
    task: JoinHandle<Vec<Duration>>,
}

impl Bystander {
    async fn arrives(gateway: &Gateway) -> Bystander {
        let over = Arc::new(AtomicBool::new(false));
        let mut client = Client::connect(gateway).await;
        let ended = Arc::clone(&over);
        let task = tokio::spawn(async move {
            let mut waits = Vec::new();
            while !ended.load(Ordering::Relaxed) {
                let begun = Instant::now();
                let bound = tokio::time::timeout(NEVER, client.bind(&user_dn("cheap"), BATTERY_PASSWORD)).await;
                let code = bound.expect("a bind was not answered").expect("closed");
                assert_eq!(code, 0, "the bystander is refused");
                waits.push(begun.elapsed());
                tokio::time::sleep(EVERY.saturating_sub(begun.elapsed())).await;
            }
            waits
        });
        Bystander { over, task }
    }

    /// How often it logged in, and how long the worst took; in words. Nobody may have to wait for longer than clients do.
    async fn leaves(self) -> String {
        self.over.store(true, Ordering::Relaxed);
        let mut waits = self.task.await.unwrap();
        waits.sort();
        assert!(
            waits.last().unwrap() < &LOGIN,
            "a login took {:?}",
            waits.last().unwrap()
        );
        format!(
            "{} logins beside it, the worst took {:.0} ms, the median {:.1} ms",
            waits.len(),
            waits.last().unwrap().as_secs_f64() * 1e3,
            waits[waits.len() / 2].as_secs_f64() * 1e3
        )
    }
}
