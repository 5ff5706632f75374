//! Threads for password hashes, so that searches stay fast while binds hash.
//!
//! The pool knows nothing of users: a stored hash or none comes in, a verdict goes out.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use zeroize::Zeroizing;

use super::password::{Verdict, Verifier};

/// Added to the threads' nice value: under contention a hash gets about a tenth of what a search gets, yet goes on.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// Why there is no verdict. None of these says anything about the password: never answer invalidCredentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// More verifications are waiting than the pool was given room for.
    #[error("too many password verifications are waiting")]
    Overloaded,
    /// The pool is going down.
    #[error("the verification was cancelled")]
    Cancelled,
    /// The hash implementation panicked.
    #[error("the verification failed")]
    Failed,
}

/// A fixed number of threads that verify passwords, first come, first served.
///
/// Waiting happens on the async side: a caller that gives up (drops the future) leaves the queue at once. Only a
/// verification that runs already is finished, and its verdict is not used.
pub struct HashingPool {
    jobs: Sender<Job>,
    /// One permit for each verification that runs or waits: the bound of the queue.
    admission: Arc<Semaphore>,
    /// One permit for each thread; the semaphore is fair.
    threads: Arc<Semaphore>,
    places: usize,
    size: usize,
}

/// How busy the pool is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashingUsage {
    /// Threads.
    pub threads: usize,
    /// Verifications that run.
    pub running: usize,
    /// Verifications that wait for a thread.
    pub waiting: usize,
}

struct Job {
    stored: Option<Zeroizing<String>>,
    password: Zeroizing<Vec<u8>>,
    answer: oneshot::Sender<Result<Verdict, PoolError>>,
    /// Returned when the work is done, not when the caller stops waiting for it.
    _permits: [OwnedSemaphorePermit; 2],
}

impl std::fmt::Debug for HashingPool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HashingPool")
    }
}

type Work = dyn Fn(Option<&str>, &[u8]) -> Verdict + Send + Sync;

impl HashingPool {
    /// Starts `threads` threads; `queue` more verifications may wait for one.
    ///
    /// # Errors
    /// The system gives no more threads.
    pub fn new(threads: NonZeroUsize, queue: usize) -> std::io::Result<Self> {
        let verifier = Verifier::default();
        let work = move |stored: Option<&str>, password: &[u8]| verifier.verify(stored, password);
        Self::with_work(threads, queue, Arc::new(work))
    }

    fn with_work(threads: NonZeroUsize, queue: usize, work: Arc<Work>) -> std::io::Result<Self> {
        let (jobs, receiver) = mpsc::channel();
        let receiver = Arc::new(Mutex::new(receiver));
        for number in 1..=threads.get() {
            let (receiver, work) = (Arc::clone(&receiver), Arc::clone(&work));
            thread::Builder::new()
                .name(format!("hashing-{number}"))
                .spawn(move || run(&receiver, &*work))?;
        }
        let places = threads.get().saturating_add(queue).min(Semaphore::MAX_PERMITS);
        Ok(Self {
            jobs,
            admission: Arc::new(Semaphore::new(places)),
            threads: Arc::new(Semaphore::new(threads.get())),
            places,
            size: threads.get(),
        })
    }

    /// How busy it is.
    pub fn usage(&self) -> HashingUsage {
        let admitted = self.places.saturating_sub(self.admission.available_permits());
        let running = self.size.saturating_sub(self.threads.available_permits());
        HashingUsage {
            threads: self.size,
            running,
            waiting: admitted.saturating_sub(running),
        }
    }

    /// Compares a password with a stored hash on one of the threads.
    ///
    /// Where there is no hash, or an unusable one, the same work is done as for others, and the verdict is never a match.
    ///
    /// # Errors
    /// There is no verdict: the pool is full, going down, or the work failed.
    pub async fn verify(&self, stored: Option<&str>, password: &[u8]) -> Result<Verdict, PoolError> {
        let place = Arc::clone(&self.admission)
            .try_acquire_owned()
            .map_err(|_| PoolError::Overloaded)?;
        let thread = Arc::clone(&self.threads)
            .acquire_owned()
            .await
            .map_err(|_| PoolError::Cancelled)?;
        let (answer, verdict) = oneshot::channel();
        let job = Job {
            stored: stored.map(|stored| Zeroizing::new(stored.to_owned())),
            password: Zeroizing::new(password.to_vec()),
            answer,
            _permits: [place, thread],
        };
        self.jobs.send(job).map_err(|_| PoolError::Cancelled)?;
        verdict.await.map_err(|_| PoolError::Cancelled)?
    }
}

/// A thread's life: until the pool is dropped.
fn run(jobs: &Mutex<Receiver<Job>>, work: &Work) {
    lower_priority();
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        if job.answer.is_closed() {
            continue;
        }
        let stored = job.stored.as_deref().map(String::as_str);
        let verdict = catch_unwind(AssertUnwindSafe(|| work(stored, &job.password)));
        let answer = verdict.map_err(|_| {
            tracing::error!("a password hash implementation panicked; the bind is not answered");
            PoolError::Failed
        });
        // Nobody waiting any more is no error.
        let _ = job.answer.send(answer);
    }
}

/// On Linux a nice value belongs to the thread, elsewhere to the process: there it stays as it is.
fn lower_priority() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICE) {
        tracing::debug!(%error, "hashing threads keep the normal priority");
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    const SSHA: &str = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="; // "secret"

    /// Work that stops at a gate (one permit lets one job pass) and counts what was begun.
    struct Gate {
        begun: AtomicUsize,
        open: mpsc::Sender<()>,
    }

    fn gated(threads: usize, queue: usize) -> (HashingPool, Arc<Gate>) {
        let (open, gate) = mpsc::channel();
        let gate = Mutex::new(gate);
        let state = Arc::new(Gate {
            begun: AtomicUsize::new(0),
            open,
        });
        let seen = Arc::clone(&state);
        let work = move |_: Option<&str>, _: &[u8]| {
            seen.begun.fetch_add(1, Ordering::SeqCst);
            let gate = gate.lock().unwrap();
            gate.recv().unwrap();
            Verdict::Match
        };
        let threads = NonZeroUsize::new(threads).unwrap();
        let pool = HashingPool::with_work(threads, queue, Arc::new(work)).unwrap();
        (pool, state)
    }

    async fn until(condition: impl Fn() -> bool) {
        for _ in 0..500 {
            if condition() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("waited too long");
    }

    #[tokio::test]
    async fn verdicts_come_through() {
        let pool = HashingPool::new(NonZeroUsize::MIN, 1).unwrap();
        assert_eq!(pool.verify(Some(SSHA), b"secret").await, Ok(Verdict::Match));
        assert_eq!(pool.verify(Some(SSHA), b"Secret").await, Ok(Verdict::Mismatch));
        assert_eq!(pool.verify(None, b"secret").await, Ok(Verdict::Mismatch));
        assert!(matches!(
            pool.verify(Some("secret"), b"secret").await,
            Ok(Verdict::Unusable(_))
        ));
    }

    #[tokio::test]
    async fn the_queue_is_bounded_and_threads_are_never_outnumbered() {
        let (pool, gate) = gated(2, 1);
        let pool = Arc::new(pool);
        let waiting: Vec<_> = (0..3)
            .map(|_| {
                let pool = Arc::clone(&pool);
                tokio::spawn(async move { pool.verify(None, b"x").await })
            })
            .collect();
        until(|| gate.begun.load(Ordering::SeqCst) == 2 && pool.admission.available_permits() == 0).await;
        assert_eq!(pool.verify(None, b"x").await, Err(PoolError::Overloaded));
        for _ in 0..3 {
            gate.open.send(()).unwrap();
        }
        for verdict in waiting {
            assert_eq!(verdict.await.unwrap(), Ok(Verdict::Match));
        }
        assert_eq!(gate.begun.load(Ordering::SeqCst), 3);
        until(|| pool.admission.available_permits() == 3).await;
    }

    #[tokio::test]
    async fn who_gives_up_waiting_leaves_the_queue_and_costs_no_work() {
        let (pool, gate) = gated(1, 1);
        let pool = Arc::new(pool);
        let running = tokio::spawn({
            let pool = Arc::clone(&pool);
            async move { pool.verify(None, b"x").await }
        });
        until(|| gate.begun.load(Ordering::SeqCst) == 1).await;
        for _ in 0..10 {
            let wait = Duration::from_millis(1);
            let given_up = tokio::time::timeout(wait, pool.verify(None, b"x")).await;
            assert!(given_up.is_err(), "{given_up:?}");
        }
        gate.open.send(()).unwrap();
        assert_eq!(running.await.unwrap(), Ok(Verdict::Match));
        gate.open.send(()).unwrap();
        assert_eq!(pool.verify(None, b"x").await, Ok(Verdict::Match));
        assert_eq!(gate.begun.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_panic_ends_one_verification_only() {
        let work = |stored: Option<&str>, _: &[u8]| match stored {
            Some(_) => panic!("as a hash crate might"),
            None => Verdict::Match,
        };
        let pool = HashingPool::with_work(NonZeroUsize::MIN, 0, Arc::new(work)).unwrap();
        for _ in 0..3 {
            assert_eq!(pool.verify(Some("x"), b"x").await, Err(PoolError::Failed));
            until(|| pool.admission.available_permits() == 1).await;
            assert_eq!(pool.verify(None, b"x").await, Ok(Verdict::Match));
            until(|| pool.admission.available_permits() == 1).await;
        }
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn only_the_hashing_threads_are_nice() {
        let nice = || rustix::process::getpriority_process(None).unwrap();
        let before = nice();
        let (report, reported) = mpsc::channel();
        let report = Mutex::new(report);
        let work = move |_: Option<&str>, _: &[u8]| {
            report.lock().unwrap().send(nice()).unwrap();
            Verdict::Match
        };
        let pool = HashingPool::with_work(NonZeroUsize::MIN, 0, Arc::new(work)).unwrap();
        pool.verify(None, b"x").await.unwrap();
        assert_eq!(reported.recv().unwrap(), (before + NICE).min(19));
        assert_eq!(nice(), before);
    }
}
