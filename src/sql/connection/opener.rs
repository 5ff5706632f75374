//! Who opens the pool's connections: the pool, for whoever waits longest, and a few at a time.
//!
//! Not who asks: opening one costs the server a process or a thread and the verification of a password, and who asked may
//! be gone before it is done. Then it is the next one's: a flood of requests that are abandoned at once opens no more
//! connections than there are places.

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use super::attempt_error::AttemptError;
use super::member::Member;
use super::pool::{FULL, Pool};
use super::retry::TRY;

/// How often in a row an attempt is given up for the next one, each with as much time more as the first one had: a host may
/// be slow, or have lost what was sent to it, and the next attempt gets through. The longest is what requests are held for.
const GIVEN_UP: u32 = 2;

/// Somebody who waits for a connection.
pub(crate) struct Waiter<'a> {
    pool: &'a Pool,
    answer: oneshot::Receiver<Result<Member, AttemptError>>,
}

impl<'a> Waiter<'a> {
    /// Waits behind those who wait already; None where a connection has become idle meanwhile.
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

    /// The connection: one that was opened, or that somebody gave back.
    pub(crate) async fn member(mut self) -> Result<Member, AttemptError> {
        (&mut self.answer)
            .await
            .unwrap_or_else(|_| Err(AttemptError::Connect("connecting was given up".to_owned())))
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.answer.close();
        // Given, but not taken any more.
        if let Ok(Ok(member)) = self.answer.try_recv() {
            self.pool.hand_on(member);
        }
    }
}

/// Opens connections as long as anybody waits for one.
struct Opener {
    pool: Arc<Pool>,
    /// Among those that open.
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

    /// Opens one connection. It takes no longer than a try may, whatever connecting may take otherwise, and ends when the
    /// database is there again: what waits for an answer from before would keep everybody waiting who comes after it.
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
        // The next attempt may take longer, for those who wait still.
        let goes_on = was_slow && !is_last;
        self.pool.lock().queue.given_up = if goes_on { given_up + 1 } else { 0 };
        match opened {
            Ok(member) => self.pool.hand_on(member),
            Err(_) if goes_on => {}
            // The living ones are shared meanwhile.
            Err(AttemptError::Full(detail)) if self.pool.has_living() => self.pool.note_full(&detail),
            Err(failure) => self.refuse(&failure),
        }
    }

    /// Whoever waits would be refused as well, one after the other.
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
        // Dropped in the middle of its work: the runtime ends, or it panicked.
        if self.counted {
            self.pool.lock().queue.opening -= 1;
        }
    }
}
