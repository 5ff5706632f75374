//! Something that each user does once at a time, in the order in which it was asked for: requests on a phone, which could not be
//! told apart, and hashes of new passwords, which would keep others waiting.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use tokio::sync::OwnedMutexGuard;

type Queue = tokio::sync::Mutex<()>;

/// The users whose turn it is, or who wait for it.
#[derive(Debug, Default)]
pub(super) struct UserTurns(Mutex<HashMap<String, Weak<Queue>>>);

/// A user's turn, or a place in the queue for it.
#[derive(Debug)]
pub(super) struct UserTurn<'a> {
    turns: &'a UserTurns,
    username: &'a str,
    queue: Option<Arc<Queue>>,
    held: Option<OwnedMutexGuard<()>>,
}

impl UserTurns {
    /// Waits until this user has no other turn.
    pub(super) async fn take<'a>(&'a self, username: &'a str) -> UserTurn<'a> {
        let queue = {
            let mut users = self.lock();
            let found = users.get(username).and_then(Weak::upgrade);
            found.unwrap_or_else(|| {
                let queue = Arc::<Queue>::default();
                users.insert(username.to_owned(), Arc::downgrade(&queue));
                queue
            })
        };
        // Made before the wait, so that who stops waiting leaves nothing behind.
        let mut turn = UserTurn {
            turns: self,
            username,
            queue: Some(Arc::clone(&queue)),
            held: None,
        };
        turn.held = Some(queue.lock_owned().await);
        turn
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Weak<Queue>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for UserTurn<'_> {
    fn drop(&mut self) {
        self.held = None;
        self.queue = None;
        let mut users = self.turns.lock();
        if users.get(self.username).is_some_and(|queue| queue.strong_count() == 0) {
            users.remove(self.username);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[tokio::test]
    async fn a_user_has_one_turn_at_a_time_and_nobody_else_waits_for_it() {
        let turns = UserTurns::default();
        let alice = turns.take("alice").await;
        assert!(turns.take("alice").now_or_never().is_none());
        let bob = turns.take("bob").now_or_never();
        assert!(bob.is_some());
        let mut second = Box::pin(turns.take("alice"));
        let mut third = Box::pin(turns.take("alice"));
        assert!((&mut second).now_or_never().is_none());
        assert!((&mut third).now_or_never().is_none());
        drop(alice);
        assert!((&mut third).now_or_never().is_none(), "first come, first served");
        // Who stops waiting lets the next one in.
        drop(second);
        let third = third.await;
        drop(bob);
        assert_eq!(turns.lock().len(), 1);
        drop(third);
        assert!(turns.lock().is_empty(), "{turns:?}");
    }
}
