//! How long a statement may take, and how it is tried: what it is for, and until when it may try.

use std::time::{Duration, Instant};

/// What a statement is for. It decides how often and how long one is tried ([`retry`](super::connection::retry)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementKind {
    /// By key or index: fast or not at all. A slow try is repeated on another connection.
    Lookup,
    /// As a lookup, for somebody who is logging in.
    Bind,
    /// A part of a scan: repeated after an error, never because it is slow.
    Scan,
}

/// What a statement is for, and until when it may try.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// What it is for.
    pub kind: StatementKind,
    /// When it gives up.
    pub deadline: Instant,
}

impl Budget {
    /// For finding something by key or index until `deadline`.
    pub fn lookup(deadline: Instant) -> Self {
        Budget {
            kind: StatementKind::Lookup,
            deadline,
        }
    }

    /// For somebody who is logging in, until `deadline`.
    pub fn bind(deadline: Instant) -> Self {
        Budget {
            kind: StatementKind::Bind,
            deadline,
        }
    }

    /// For a part of a scan, which may take so long from now on.
    pub fn scan(timeout: Duration) -> Self {
        Budget {
            kind: StatementKind::Scan,
            deadline: Instant::now() + timeout,
        }
    }

    /// What is left of it.
    pub fn left(self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}
