//! What is counted of the chain that a bind must pass.

use std::{
    fmt,
    sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    time::Instant,
};

use super::labels::{Approval, Link, LinkResult};

/// One link.
#[derive(Default)]
pub(super) struct LinkCounts {
    /// In the order of [`LinkResult::ALL`].
    pub(super) results: [AtomicU64; LinkResult::ALL.len()],
    pub(super) running: AtomicI64,
    pub(super) nanoseconds: AtomicU64,
}

/// All links, and the answers to `notification`.
#[derive(Default)]
pub(super) struct ChainCounts {
    /// In the order of [`Link::ALL`].
    pub(super) links: [LinkCounts; Link::ALL.len()],
    /// In the order of [`Approval::ALL`].
    pub(super) approvals: [AtomicU64; Approval::ALL.len()],
}

impl ChainCounts {
    pub(super) fn begin(&self, link: Link) -> RunningLink<'_> {
        let counts = self.links.get(link as usize);
        if let Some(counts) = counts {
            counts.running.fetch_add(1, Relaxed);
        }
        RunningLink {
            counts,
            begun: Instant::now(),
            result: LinkResult::Cancelled,
        }
    }

    pub(super) fn approval(&self, approval: Approval) {
        if let Some(count) = self.approvals.get(approval as usize) {
            count.fetch_add(1, Relaxed);
        }
    }
}

/// A link that is asked. Dropped without [`ended`](Self::ended), it counts as cancelled.
pub struct RunningLink<'a> {
    counts: Option<&'a LinkCounts>,
    begun: Instant,
    result: LinkResult,
}

impl fmt::Debug for RunningLink<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RunningLink")
    }
}

impl RunningLink<'_> {
    /// It has said this.
    pub fn ended(mut self, result: LinkResult) {
        self.result = result;
    }
}

impl Drop for RunningLink<'_> {
    fn drop(&mut self) {
        let Some(counts) = self.counts else {
            return;
        };
        counts.running.fetch_sub(1, Relaxed);
        let nanoseconds = u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        counts.nanoseconds.fetch_add(nanoseconds, Relaxed);
        if let Some(count) = counts.results.get(self.result as usize) {
            count.fetch_add(1, Relaxed);
        }
    }
}
