//! No push bombing: somebody who has the password must not ring until the owner approves to be left in peace.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// Requests in a row that may go without an approval before there is a pause.
const IN_A_ROW: u32 = 3;
/// The first pause; each further request without an approval doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(30 * 60);
/// How long after a pause all is forgotten.
const MEMORY: Duration = Duration::from_secs(60 * 60);
/// Users that are remembered; then those go that were asked the longest time ago.
const USERS: usize = 10_000;

/// The users who did not approve the last time.
#[derive(Debug, Default)]
pub(super) struct Pauses(Mutex<HashMap<String, Streak>>);

#[derive(Debug)]
struct Streak {
    /// Requests in a row that were not approved.
    requests: u32,
    /// When the last of them ended.
    last: Instant,
}

impl Streak {
    fn pause(&self) -> Duration {
        match self.requests.checked_sub(IN_A_ROW) {
            None => Duration::ZERO,
            Some(further) => {
                let times = 1_u32.checked_shl(further).unwrap_or(u32::MAX);
                FIRST_PAUSE.saturating_mul(times).min(LONGEST_PAUSE)
            }
        }
    }

    fn is_over(&self) -> bool {
        self.last.elapsed() >= self.pause() + MEMORY
    }
}

impl Pauses {
    /// How long this user is still left in peace; none where requests may be made.
    pub(super) fn left(&self, username: &str) -> Option<Duration> {
        let users = self.lock();
        let streak = users.get(username)?;
        let left = streak.pause().saturating_sub(streak.last.elapsed());
        (!left.is_zero()).then_some(left)
    }

    /// A request ended without an approval.
    pub(super) fn not_approved(&self, username: &str) {
        let mut users = self.lock();
        if users.len() >= USERS && !users.contains_key(username) {
            users.retain(|_, streak| !streak.is_over());
            let oldest = users.iter().min_by_key(|(_, streak)| streak.last);
            if let Some(oldest) = oldest.map(|(name, _)| name.clone()).filter(|_| users.len() >= USERS) {
                users.remove(&oldest);
            }
        }
        let now = Instant::now();
        let streak = users
            .entry(username.to_owned())
            .or_insert(Streak { requests: 0, last: now });
        let before = if streak.is_over() { 0 } else { streak.requests };
        *streak = Streak {
            requests: before.saturating_add(1),
            last: now,
        };
    }

    /// A request was approved.
    pub(super) fn approved(&self, username: &str) {
        self.lock().remove(username);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Streak>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use tokio::time::advance;

    #[tokio::test(start_paused = true)]
    async fn the_pause_grows_and_an_approval_ends_it() {
        let pauses = Pauses::default();
        for _ in 0..2 {
            pauses.not_approved("alice");
            assert_eq!(pauses.left("alice"), None);
        }
        for seconds in [30, 60, 120, 240, 480, 960, 1800, 1800] {
            pauses.not_approved("alice");
            assert_eq!(pauses.left("alice"), Some(Duration::from_secs(seconds)));
            assert_eq!(pauses.left("bob"), None);
            advance(Duration::from_secs(seconds - 1)).await;
            assert_eq!(pauses.left("alice"), Some(Duration::from_secs(1)));
            advance(Duration::from_secs(1)).await;
            assert_eq!(pauses.left("alice"), None);
        }
        pauses.approved("alice");
        pauses.not_approved("alice");
        assert_eq!(pauses.left("alice"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_forgotten_an_hour_after_the_pause() {
        let pauses = Pauses::default();
        for _ in 0..3 {
            pauses.not_approved("alice");
        }
        advance(MEMORY).await;
        pauses.not_approved("alice");
        assert_eq!(pauses.left("alice"), Some(FIRST_PAUSE * 2), "not yet");
        advance(FIRST_PAUSE * 2 + MEMORY).await;
        pauses.not_approved("alice");
        assert_eq!(pauses.left("alice"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded_and_the_oldest_go_first() {
        let pauses = Pauses::default();
        for user in 0..USERS + 10 {
            for _ in 0..IN_A_ROW {
                pauses.not_approved(&user.to_string());
            }
            advance(Duration::from_millis(1)).await;
        }
        assert_eq!(pauses.lock().len(), USERS);
        assert_eq!(pauses.left("0"), None);
        assert!(pauses.left(&(USERS + 9).to_string()).is_some());
    }
}
