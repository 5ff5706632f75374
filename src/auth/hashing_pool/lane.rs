//! The threads of one kind, and the queue before them.

use std::{
    num::NonZeroUsize,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::error::PoolError;
use crate::auth::{
    password::{Verdict, Verification},
    source_network::SourceNetwork,
    standing::Standing,
    turns::Turns,
};

/// Added to the threads' nice value: under contention a hash gets about a tenth of what a search gets, yet goes on.
#[cfg(target_os = "linux")]
pub(super) const NICE: i32 = 10;
/// What takes no more memory is not counted, and passes by those that wait for memory.
const LIGHT_KIB: u64 = 4 * 1024;

/// What the threads do.
pub(super) type Work = dyn Fn(&Verification, &[u8]) -> Verdict + Send + Sync;

/// A verification that waits for a thread.
pub(super) struct Job {
    verification: Verification,
    password: Zeroizing<Vec<u8>>,
    answer: oneshot::Sender<Result<Verdict, PoolError>>,
}

impl Job {
    pub(super) fn new(
        verification: Verification,
        password: Zeroizing<Vec<u8>>,
        answer: oneshot::Sender<Result<Verdict, PoolError>>,
    ) -> Self {
        Job {
            verification,
            password,
            answer,
        }
    }

    /// Memory that it takes, in KiB, as far as it counts.
    fn counted_kib(&self) -> u64 {
        Some(self.verification.memory_kib())
            .filter(|takes| *takes > LIGHT_KIB)
            .unwrap_or(0)
    }
}

/// Queues in which sources take turns, and threads that serve it.
pub(super) struct Lane {
    state: Mutex<State>,
    /// Told when there may be something to do.
    changed: Condvar,
    threads: usize,
    memory_kib: u64,
}

#[derive(Default)]
struct State {
    queues: Queues,
    running: usize,
    /// Memory that is taken by those that run, as far as it counts.
    memory_kib: u64,
    closed: bool,
}

/// What waits: by standing, and in each of these by source.
#[derive(Default)]
struct Queues {
    familiar: Turns<SourceNetwork, Job>,
    new: Turns<SourceNetwork, Job>,
    failing: Turns<SourceNetwork, Job>,
    /// How many have been taken.
    taken: usize,
}

impl Queues {
    fn len(&self) -> usize {
        self.familiar.len() + self.new.len() + self.failing.len()
    }

    fn of(&mut self, standing: Standing) -> &mut Turns<SourceNetwork, Job> {
        match standing {
            Standing::Familiar => &mut self.familiar,
            Standing::New => &mut self.new,
            Standing::Failing => &mut self.failing,
        }
    }

    /// Takes what is next and may go. Of four turns two are of the familiar first, one of the new, and one of those who have
    /// failed, so nobody waits for ever, and guessers from however many addresses get a quarter while others wait.
    fn next(&mut self, mut may_go: impl FnMut(&Job) -> bool) -> Option<Job> {
        use Standing::{Failing, Familiar, New};
        let order = match self.taken % 4 {
            1 => [New, Familiar, Failing],
            3 => [Failing, New, Familiar],
            _ => [Familiar, New, Failing],
        };
        let job = order
            .into_iter()
            .find_map(|standing| self.of(standing).next(&mut may_go))?;
        self.taken = self.taken.wrapping_add(1);
        Some(job)
    }
}

/// A place in the queue. Left when dropped.
pub(super) struct Queued<'a> {
    lane: &'a Lane,
    line: (Standing, SourceNetwork),
    number: u64,
}

impl Queued<'_> {
    /// Leaves the queue; whether it was still in it.
    pub(super) fn leave(&self) -> bool {
        let (standing, source) = self.line;
        let job = self.lane.lock().queues.of(standing).remove(source, self.number);
        job.is_some()
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Lane {
    /// Starts threads with this name.
    pub(super) fn start(
        name: &str,
        threads: NonZeroUsize,
        memory_kib: u64,
        work: Arc<Work>,
    ) -> std::io::Result<Arc<Self>> {
        let lane = Arc::new(Lane {
            state: Mutex::default(),
            changed: Condvar::new(),
            threads: threads.get(),
            memory_kib,
        });
        for number in 1..=threads.get() {
            let (served, work) = (Arc::clone(&lane), Arc::clone(&work));
            let started = thread::Builder::new()
                .name(format!("{name}-{number}"))
                .spawn(move || served.serve(&*work));
            if let Err(error) = started {
                lane.close();
                return Err(error);
            }
        }
        Ok(lane)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn threads(&self) -> usize {
        self.threads
    }

    pub(super) fn running(&self) -> usize {
        self.lock().running
    }

    pub(super) fn waiting(&self) -> usize {
        self.lock().queues.len()
    }

    /// Puts a job at the end of its source's line.
    pub(super) fn queue(&self, line: (Standing, SourceNetwork), job: Job) -> Queued<'_> {
        let (standing, source) = line;
        let number = self.lock().queues.of(standing).push(source, job);
        self.changed.notify_one();
        Queued {
            lane: self,
            line,
            number,
        }
    }

    /// Ends the threads after what they are at; what waits is given up.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.queues = Queues::default();
        self.changed.notify_all();
    }

    /// A thread's life.
    fn serve(&self, work: &Work) {
        lower_priority();
        while let Some(job) = self.next() {
            let memory_kib = job.counted_kib();
            let verdict = catch_unwind(AssertUnwindSafe(|| work(&job.verification, &job.password)));
            let answer = verdict.map_err(|_| {
                tracing::error!("a password hash implementation panicked; the bind is not answered");
                PoolError::Failed
            });
            {
                let mut state = self.lock();
                state.running -= 1;
                state.memory_kib = state.memory_kib.saturating_sub(memory_kib);
            }
            if memory_kib > 0 {
                // There may be memory for several now.
                self.changed.notify_all();
            }
            // Nobody waiting any more is no error.
            let _ = job.answer.send(answer);
        }
    }

    /// Waits for the next job; none when the lane is closed.
    fn next(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            if let Some(job) = state.next(self.memory_kib) {
                return Some(job);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl State {
    /// What is next in turn and has the memory that it takes. One that takes much and has to wait is passed by those alone
    /// that take next to none, so it does not wait for ever.
    fn next(&mut self, most_kib: u64) -> Option<Job> {
        let free = most_kib.saturating_sub(self.memory_kib);
        let alone = self.memory_kib == 0;
        let mut one_waits = false;
        let job = self.queues.next(|job| {
            let takes = job.counted_kib();
            let fits = takes == 0 || !one_waits && (takes <= free || alone);
            one_waits |= !fits;
            fits
        })?;
        self.running += 1;
        self.memory_kib = self.memory_kib.saturating_add(job.counted_kib());
        Some(job)
    }
}

/// On Linux a nice value belongs to the thread, elsewhere to the process: there it stays as it is.
fn lower_priority() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICE) {
        tracing::debug!(%error, "hashing threads keep the normal priority");
    }
}
