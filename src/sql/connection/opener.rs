//! The pool opens connections itself, a few at a time, for whoever waits longest.
//!
//! A waiter does not open its own: opening costs the server a process or a thread and the verification of a password,
//! and the waiter may be gone before it is done. The connection is then the next waiter's. So a flood of requests that
//! are abandoned at once opens no more connections than there are places.

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use super::attempt_error::AttemptError;
use super::member::Member;
use super::pool::{FULL, Pool};
use super::retry::TRY;

/// How many attempts in a row are given up for another one. Each has as much time more as the first one had: a host
/// may be slow, or have lost what was sent to it, and the next attempt gets through. The last may take as long as
/// requests are held.
const GIVEN_UP: u32 = 2;

/// Somebody who waits for a connection.
pub(crate) struct Waiter<'a> {
    pool: &'a Pool,
    answer: oneshot::Receiver<Result<Member, AttemptError>>,
}

impl<'a> Waiter<'a> {
    /// Joins the queue; None when a connection has become idle meanwhile.
    pub(crate) fn new(pool: &'a Arc<Pool>) -> Option<Self> {
        let mut members = pool.lock();
        if !members.idle.is_empty() {
            return None;
        }
        let (sender, answer) = oneshot::channel();
        members.queue.waiting.push_back(sender);
        if members.queue.needs_another() {
            members.queue.opening += 1;
            let opener = Opener {
                pool: Arc::clone(pool),
                counted: true,
            };
            tokio::spawn(opener.run());
        }
        Some(Waiter { pool, answer })
    }

    /// The connection: a new one, or one that was given back.
    pub(crate) async fn member(mut self) -> Result<Member, AttemptError> {
        (&mut self.answer)
            .await
            .unwrap_or_else(|_| Err(AttemptError::Connect("connecting was given up".to_owned())))
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.answer.close();
        // A connection that came too late.
        if let Ok(Ok(member)) = self.answer.try_recv() {
            self.pool.hand_on(member);
        }
    }
}

/// Opens connections as long as anybody waits for one.
struct Opener {
    pool: Arc<Pool>,
    /// Whether it is counted among the openers.
    counted: bool,
}

impl Opener {
    async fn run(mut self) {
        while self.counted {
            if self.pool.is_full() {
                sleep(FULL).await;
            }
            self.attempt().await;
            self.end_if_superfluous();
        }
    }

    /// Opens one connection. An attempt takes no longer than a try of a statement may. It ends when the database is
    /// there again: an attempt that waits for an answer from before would keep everybody waiting.
    async fn attempt(&self) {
        let given_up = self.pool.lock().queue.given_up;
        let limit = self.pool.connect_timeout();
        let patience = limit.min(TRY * (given_up + 1));
        let begun = Instant::now();
        let opened = tokio::select! {
            biased;
            opened = self.pool.open(patience) => opened,
            () = self.pool.health().anew() => {
                self.pool.lock().queue.given_up = 0;
                return;
            }
        };
        let is_last = patience == limit || given_up >= GIVEN_UP;
        let was_slow = matches!(opened, Err(AttemptError::Connect(_))) && begun.elapsed() >= patience;
        // The next attempt may take longer, for those who still wait.
        let goes_on = was_slow && !is_last;
        self.pool.lock().queue.given_up = if goes_on { given_up + 1 } else { 0 };
        match opened {
            Ok(member) => self.pool.hand_on(member),
            Err(_) if goes_on => {}
            // Meanwhile the existing connections are shared.
            Err(AttemptError::Full(detail)) if self.pool.has_living() => self.pool.note_full(&detail),
            Err(failure) => self.refuse(&failure),
        }
    }

    /// Refuses all waiters: each would fail the same way.
    fn refuse(&self, failure: &AttemptError) {
        let waiting = std::mem::take(&mut self.pool.lock().queue.waiting);
        for waiter in waiting {
            let _ = waiter.send(Err(failure.clone()));
        }
    }

    fn end_if_superfluous(&mut self) {
        let queue = &mut self.pool.lock().queue;
        queue.opening -= 1;
        self.counted = queue.needs_another();
        queue.opening += usize::from(self.counted);
    }
}

impl Drop for Opener {
    fn drop(&mut self) {
        // Dropped in the middle of its work: the runtime ends, or the task panicked.
        if self.counted {
            self.pool.lock().queue.opening -= 1;
        }
    }
}
