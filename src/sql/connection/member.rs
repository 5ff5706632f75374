//! A connection of the pool, in use or idle.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::time::Instant;

use super::driver::Connection;

/// A connection, and when and where it was made.
pub(crate) struct Member {
    pub(crate) connection: Connection,
    /// Which of the target's hosts it leads to.
    pub(crate) host: usize,
    pub(super) generation: u64,
    pub(super) born: Instant,
    /// None when it is not lent to statements, so that nobody waits for it.
    pub(super) counted: Option<Counted>,
}

/// A connection that nobody uses.
pub(crate) struct Idle {
    pub(super) member: Member,
    pub(super) since: Instant,
}

/// Counts a connection that statements run on, as long as it lives.
pub(super) struct Counted(Arc<AtomicUsize>);

impl Counted {
    pub(super) fn new(living: &Arc<AtomicUsize>) -> Self {
        living.fetch_add(1, Ordering::Relaxed);
        Counted(Arc::clone(living))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Member {
    pub(crate) fn rest(self) -> Idle {
        Idle {
            member: self,
            since: Instant::now(),
        }
    }
}
