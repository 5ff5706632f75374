//! Who waits for a connection, in the order in which they came.

use std::collections::VecDeque;

use tokio::sync::oneshot;

use super::attempt_error::AttemptError;
use super::member::Member;

/// Connections that are being opened at a time.
const OPENING: usize = 2;

/// Who waits for a connection, having a place for it.
#[derive(Default)]
pub(crate) struct WaitQueue {
    pub(super) waiting: VecDeque<oneshot::Sender<Result<Member, AttemptError>>>,
    /// Tasks that open connections for them.
    pub(super) opening: usize,
    /// Attempts in a row that got no answer in time and were given up for another one.
    pub(super) given_up: u32,
}

impl WaitQueue {
    /// Gives a connection to the first one who is still there; else it comes back.
    pub(crate) fn give(&mut self, mut member: Member) -> Option<Member> {
        while let Some(waiter) = self.waiting.pop_front() {
            match waiter.send(Ok(member)) {
                Err(Ok(back)) => member = back,
                Ok(()) | Err(Err(_)) => return None,
            }
        }
        Some(member)
    }

    /// Whether one more task is to open connections: never more than wait for one.
    pub(super) fn needs_another(&mut self) -> bool {
        // Those that went are not counted, and so do not pile up either.
        self.waiting.retain(|waiter| !waiter.is_closed());
        self.opening < self.waiting.len().min(OPENING)
    }
}
