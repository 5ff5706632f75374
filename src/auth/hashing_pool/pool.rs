//! The pool: which threads a hash goes to, and how its caller waits.

use std::num::NonZeroUsize;
use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

use super::{
    error::PoolError,
    lane::{Job, Lane, Work},
};
use crate::auth::{
    memory,
    password::{Verdict, Verification, Verifier},
    source_network::SourceNetwork,
    standing::Standing,
};

/// What a pool may take.
#[derive(Clone, Copy, Debug)]
pub struct HashingLimits {
    /// Threads. There is one more for hashes that take more than 128 MiB.
    pub threads: NonZeroUsize,
    /// Verifications that may wait.
    pub queue: usize,
    /// Memory that those together take that run at a time, in KiB; none for half of what there is. One that takes more runs
    /// when no other that takes much does; those above 128 MiB, of which one runs at a time, are not counted.
    pub memory_kib: Option<u64>,
}

/// A password that is to be verified.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// Whose it is: the name as it was typed, in the form in which equal names are equal texts.
    pub name: &'a str,
    /// The stored hash, if there is one.
    pub stored: Option<&'a str>,
    /// The password.
    pub password: &'a [u8],
    /// Who takes a turn.
    pub source: SourceNetwork,
    /// Whose turns come sooner.
    pub standing: Standing,
    /// By then it must have begun.
    pub until: Instant,
}

/// A fixed number of threads that verify passwords. Source networks take turns; within one, first come, first served. Those
/// who have signed in before, and those of whom nothing is known, have more turns than those who have failed.
///
/// Waiting happens on the async side: a caller that gives up (drops the future) leaves the queue at once. Only a
/// verification that runs already is finished, and its verdict is not used.
pub struct HashingPool {
    verifier: Verifier,
    lane: Arc<Lane>,
    /// For hashes that take much memory, with one thread: nobody else waits for them.
    large: Arc<Lane>,
    queue: usize,
}

/// How busy the pool is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashingUsage {
    /// Threads, without the one for hashes that take much memory.
    pub threads: usize,
    /// Verifications that run.
    pub running: usize,
    /// Verifications that wait for a thread.
    pub waiting: usize,
}

impl std::fmt::Debug for HashingPool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HashingPool")
    }
}

impl HashingPool {
    /// Starts the threads.
    ///
    /// # Errors
    /// The system gives no more threads.
    pub fn new(limits: HashingLimits) -> std::io::Result<Self> {
        Self::with_work(limits, Arc::new(Verification::run))
    }

    pub(in crate::auth) fn with_work(limits: HashingLimits, work: Arc<Work>) -> std::io::Result<Self> {
        let memory_kib = limits.memory_kib.unwrap_or_else(|| memory::available_kib() / 2);
        Ok(Self {
            verifier: Verifier::default(),
            lane: Lane::start("hashing", limits.threads, memory_kib, Arc::clone(&work))?,
            large: Lane::start("hashing-large", NonZeroUsize::MIN, u64::MAX, work)?,
            queue: limits.queue,
        })
    }

    /// How busy it is.
    pub fn usage(&self) -> HashingUsage {
        HashingUsage {
            threads: self.lane.threads(),
            running: self.lane.running() + self.large.running(),
            waiting: self.lane.waiting() + self.large.waiting(),
        }
    }

    /// Compares a password with a stored hash on one of the threads.
    ///
    /// Where there is no hash, or an unusable one, as much work is done as a user of that name might take, and the verdict
    /// is never a match.
    ///
    /// # Errors
    /// There is no verdict: the pool is full, going down, its turn did not come in time, or the work failed.
    pub async fn verify(&self, question: Question<'_>) -> Result<Verdict, PoolError> {
        let usage = self.usage();
        if usage.running.saturating_add(usage.waiting) >= self.queue.saturating_add(usage.threads) {
            return Err(PoolError::Overloaded);
        }
        let verification = self.verifier.prepare(question.name, question.stored);
        let lane = if verification.is_large() {
            &self.large
        } else {
            &self.lane
        };
        let (answer, mut verdict) = oneshot::channel();
        let job = Job::new(verification, Zeroizing::new(question.password.to_vec()), answer);
        let queued = lane.queue((question.standing, question.source), job);
        match timeout_at(question.until, &mut verdict).await {
            Ok(verdict) => verdict.map_err(|_| PoolError::Cancelled)?,
            Err(_) if queued.leave() => Err(PoolError::TooLate),
            // It runs already.
            Err(_) => verdict.await.map_err(|_| PoolError::Cancelled)?,
        }
    }
}

impl Drop for HashingPool {
    fn drop(&mut self) {
        self.lane.close();
        self.large.close();
    }
}
