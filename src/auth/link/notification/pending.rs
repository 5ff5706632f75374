//! Requests that are under way, and who waits for them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};

use crate::auth::{attempt::Unavailable, keyed_digest::Digest, link::Check};

/// What the link says to all who wait for a request.
pub(super) type Outcome = Result<Check, Unavailable>;

/// A request under way. Who drops the last one ends it.
pub(super) type Wait = Shared<BoxFuture<'static, Outcome>>;

/// The requests under way, by what makes them the same.
#[derive(Debug, Default)]
pub(super) struct Pending(Arc<Mutex<Waits>>);

#[derive(Default)]
struct Waits {
    /// Weak: the list keeps no request alive that nobody waits for.
    by_digest: HashMap<Digest, (u64, WeakShared<BoxFuture<'static, Outcome>>)>,
    next: u64,
}

impl std::fmt::Debug for Waits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} waits", self.by_digest.len())
    }
}

impl Pending {
    /// The same request where it is under way (then `true`), else the one that `begin` makes.
    pub(super) fn join(&self, same: Digest, begin: impl FnOnce() -> BoxFuture<'static, Outcome>) -> (Wait, bool) {
        let mut waits = lock(&self.0);
        if let Some(wait) = waits.by_digest.get(&same).and_then(|(_, wait)| wait.upgrade()) {
            return (wait, true);
        }
        let number = waits.next;
        waits.next = number.wrapping_add(1);
        let listed = Listed {
            waits: Arc::clone(&self.0),
            same,
            number,
        };
        let request = begin();
        let wait = async move {
            let outcome = request.await;
            drop(listed);
            outcome
        };
        let wait = wait.boxed().shared();
        if let Some(weak) = wait.downgrade() {
            waits.by_digest.insert(same, (number, weak));
        }
        (wait, false)
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        lock(&self.0).by_digest.len()
    }
}

/// A place in the list; dropped with the request, answered or not.
struct Listed {
    waits: Arc<Mutex<Waits>>,
    same: Digest,
    number: u64,
}

impl Drop for Listed {
    fn drop(&mut self) {
        let mut waits = lock(&self.waits);
        // A later request may have taken the place.
        if waits
            .by_digest
            .get(&self.same)
            .is_some_and(|(number, _)| *number == self.number)
        {
            waits.by_digest.remove(&self.same);
        }
    }
}

fn lock(waits: &Mutex<Waits>) -> MutexGuard<'_, Waits> {
    waits.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use tokio::sync::oneshot;

    /// A request that is answered by hand, and counts itself while it lives.
    fn request(lives: &Arc<AtomicUsize>) -> (BoxFuture<'static, Outcome>, oneshot::Sender<Outcome>) {
        struct Life(Arc<AtomicUsize>);
        impl Drop for Life {
            fn drop(&mut self) {
                self.0.fetch_sub(1, SeqCst);
            }
        }
        lives.fetch_add(1, SeqCst);
        let life = Life(Arc::clone(lives));
        let (answer, answered) = oneshot::channel();
        let request = async move {
            let _life = life;
            answered.await.unwrap()
        };
        (request.boxed(), answer)
    }

    #[tokio::test]
    async fn the_same_request_is_made_once_and_answered_to_all() {
        let (pending, lives) = (Pending::default(), Arc::default());
        let (made, answer) = request(&lives);
        let (first, joined) = pending.join([1; 32], || made);
        assert!(!joined);
        let (second, joined) = pending.join([1; 32], || panic!("made twice"));
        assert!(joined);
        let (other, other_answer) = request(&lives);
        let (third, joined) = pending.join([2; 32], || other);
        assert!(!joined);
        assert_eq!(pending.len(), 2);
        answer.send(Ok(Check::Passed)).unwrap();
        assert_eq!(futures::join!(first, second), (Ok(Check::Passed), Ok(Check::Passed)));
        assert_eq!(pending.len(), 1, "an answered request is not joined");
        other_answer.send(Ok(Check::Failed("no".into()))).unwrap();
        assert_eq!(third.await, Ok(Check::Failed("no".into())));
        assert_eq!((pending.len(), lives.load(SeqCst)), (0, 0));
    }

    #[tokio::test]
    async fn it_ends_with_the_last_who_waits_and_goes_on_without_the_first() {
        let (pending, lives) = (Pending::default(), Arc::default());
        let (made, answer) = request(&lives);
        let (first, _) = pending.join([1; 32], || made);
        // Polled, so that it is the first that drives it.
        assert!(first.clone().now_or_never().is_none());
        let (second, _) = pending.join([1; 32], || panic!("made twice"));
        let waiting = tokio::spawn(second);
        tokio::task::yield_now().await;
        drop(first);
        answer.send(Ok(Check::Passed)).unwrap();
        assert_eq!(waiting.await.unwrap(), Ok(Check::Passed));

        let (made, answer) = request(&lives);
        let (first, _) = pending.join([1; 32], || made);
        let (second, _) = pending.join([1; 32], || panic!("made twice"));
        drop(first);
        assert_eq!((pending.len(), lives.load(SeqCst)), (1, 1));
        drop(second);
        assert_eq!((pending.len(), lives.load(SeqCst)), (0, 0));
        assert!(answer.is_closed());
    }
}
