//! Who opens the pool's connections: the pool, for whoever waits longest, and a few at a time.
//!
//! Not who asks: opening one costs the server a process or a thread and the verification of a password, and who asked may
//! be gone before it is done. Then it is the next one's: a flood of requests that are abandoned at once opens no more
//! connections than there are places.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use super::error::Failure;
use super::hold::TRY;
use super::pool::{FULL, Member, Pool};

/// Connections that are being opened at a time.
pub(super) const OPENING: usize = 2;

/// How often in a row an attempt is given up for the next one, each with as much time more as the first one had: a host may
/// be slow, or have lost what was sent to it, and the next attempt gets through. The longest is what requests are held for.
const GIVEN_UP: u32 = 2;

/// Who waits for a connection, having a place for it.
#[derive(Default)]
pub(super) struct Askers {
    waiting: VecDeque<oneshot::Sender<Result<Member, Failure>>>,
    /// Tasks that open connections for them.
    opening: usize,
    /// Attempts in a row that got no answer in time and were given up for another one.
    given_up: u32,
}

impl Askers {
    /// Gives a connection to the first one who is still there; else it comes back.
    pub(super) fn give(&mut self, mut member: Member) -> Option<Member> {
        while let Some(asker) = self.waiting.pop_front() {
            match asker.send(Ok(member)) {
                Err(Ok(back)) => member = back,
                Ok(()) | Err(Err(_)) => return None,
            }
        }
        Some(member)
    }

    /// Whether one more task is to open connections: never more than wait for one.
    fn needs_another(&mut self) -> bool {
        // Those that went are not counted, and so do not pile up either.
        self.waiting.retain(|asker| !asker.is_closed());
        self.opening < self.waiting.len().min(OPENING)
    }
}

/// Somebody who waits for a connection.
pub(super) struct Asker<'a> {
    pool: &'a Pool,
    answer: oneshot::Receiver<Result<Member, Failure>>,
}

impl<'a> Asker<'a> {
    /// Waits behind those who wait already; None where a connection has become idle meanwhile.
    pub(super) fn new(pool: &'a Arc<Pool>) -> Option<Self> {
        let mut members = pool.lock();
        if !members.idle.is_empty() {
            return None;
        }
        let (sender, answer) = oneshot::channel();
        members.askers.waiting.push_back(sender);
        if members.askers.needs_another() {
            members.askers.opening += 1;
            let opener = Opener {
                pool: Arc::clone(pool),
                counted: true,
            };
            tokio::spawn(opener.run());
        }
        Some(Asker { pool, answer })
    }

    /// The connection: one that was opened, or that somebody gave back.
    pub(super) async fn member(mut self) -> Result<Member, Failure> {
        (&mut self.answer)
            .await
            .unwrap_or_else(|_| Err(Failure::Connect("connecting was given up".to_owned())))
    }
}

impl Drop for Asker<'_> {
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
        let given_up = self.pool.lock().askers.given_up;
        let limit = self.pool.connect_timeout();
        let patience = limit.min(TRY * (given_up + 1));
        let begun = Instant::now();
        let opened = tokio::select! {
            biased;
            opened = self.pool.open(patience) => opened,
            () = self.pool.health().anew() => {
                self.pool.lock().askers.given_up = 0;
                return;
            }
        };
        let is_last = patience == limit || given_up >= GIVEN_UP;
        let was_slow = matches!(opened, Err(Failure::Connect(_))) && begun.elapsed() >= patience;
        // The next attempt may take longer, for those who wait still.
        let goes_on = was_slow && !is_last;
        self.pool.lock().askers.given_up = if goes_on { given_up + 1 } else { 0 };
        match opened {
            Ok(member) => self.pool.hand_on(member),
            Err(_) if goes_on => {}
            // The living ones are shared meanwhile.
            Err(Failure::Full(detail)) if self.pool.has_living() => self.pool.note_full(&detail),
            Err(failure) => self.refuse(&failure),
        }
    }

    /// Whoever waits would be refused as well, one after the other.
    fn refuse(&self, failure: &Failure) {
        let waiting = std::mem::take(&mut self.pool.lock().askers.waiting);
        for asker in waiting {
            let _ = asker.send(Err(failure.clone()));
        }
    }

    fn end_if_superfluous(&mut self) {
        let askers = &mut self.pool.lock().askers;
        askers.opening -= 1;
        self.counted = askers.needs_another();
        askers.opening += usize::from(self.counted);
    }
}

impl Drop for Opener {
    fn drop(&mut self) {
        // Dropped in the middle of its work: the runtime ends, or it panicked.
        if self.counted {
            self.pool.lock().askers.opening -= 1;
        }
    }
}
