//! The values: an operation costs a few relaxed additions, no lock, no allocation and no search for a name.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{
            AtomicBool, AtomicI32, AtomicI64, AtomicU64,
            Ordering::{Acquire, Relaxed, Release},
        },
    },
    time::{Duration, Instant, SystemTime},
};

use super::{
    labels::{Approval, ConnectionFailure, Ended, Link, Operation, Statement, StatementEnd},
    links::{ChainCounts, RunningLink},
};

/// Upper bounds of the histograms' buckets, in nanoseconds and as they are shown, in seconds.
pub(super) const BOUNDS: [(u64, &str); 15] = [
    (250_000, "0.00025"),
    (500_000, "0.0005"),
    (1_000_000, "0.001"),
    (2_500_000, "0.0025"),
    (5_000_000, "0.005"),
    (10_000_000, "0.01"),
    (25_000_000, "0.025"),
    (50_000_000, "0.05"),
    (100_000_000, "0.1"),
    (250_000_000, "0.25"),
    (500_000_000, "0.5"),
    (1_000_000_000, "1"),
    (2_500_000_000, "2.5"),
    (5_000_000_000, "5"),
    (10_000_000_000, "10"),
];

#[derive(Default)]
pub(super) struct Histogram {
    /// The last one is for what exceeds all bounds.
    pub(super) buckets: [AtomicU64; BOUNDS.len() + 1],
    pub(super) nanoseconds: AtomicU64,
}

impl Histogram {
    pub(super) fn observe(&self, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.partition_point(|(bound, _)| *bound < nanoseconds);
        if let Some(bucket) = self.buckets.get(bucket) {
            bucket.fetch_add(1, Relaxed);
        }
        self.nanoseconds.fetch_add(nanoseconds, Relaxed);
    }
}

/// How many operations of one kind ended in which way: a place for each result code below 128, and four more.
pub(super) struct Endings([AtomicU64; Endings::PLACES]);

impl Endings {
    const CODES: usize = 128;
    const OTHER_CODE: usize = Self::CODES;
    const DISCONNECTED: usize = Self::CODES + 1;
    const ABANDONED: usize = Self::CODES + 2;
    const UNANSWERED: usize = Self::CODES + 3;
    const PLACES: usize = Self::CODES + 4;

    fn count(&self, ended: Ended) {
        let place = match ended {
            Ended::Code(code) => usize::from(code).min(Self::OTHER_CODE),
            Ended::Disconnected => Self::DISCONNECTED,
            Ended::Abandoned => Self::ABANDONED,
            Ended::Unanswered => Self::UNANSWERED,
        };
        if let Some(count) = self.0.get(place) {
            count.fetch_add(1, Relaxed);
        }
    }

    /// The counts, each with its result code or, where there is none, the word for it.
    pub(super) fn counts(&self) -> impl Iterator<Item = (Result<u16, &'static str>, u64)> {
        self.0.iter().enumerate().map(|(place, count)| {
            let how = match place {
                Self::OTHER_CODE => Err("other"),
                Self::DISCONNECTED => Err("disconnected"),
                Self::ABANDONED => Err("abandoned"),
                Self::UNANSWERED => Err("unanswered"),
                code => u16::try_from(code).map_err(|_| "other"),
            };
            (how, count.load(Relaxed))
        })
    }
}

impl Default for Endings {
    fn default() -> Self {
        Endings([const { AtomicU64::new(0) }; Self::PLACES])
    }
}

/// Operations of one kind.
#[derive(Default)]
pub(super) struct Operations {
    pub(super) endings: Endings,
    pub(super) duration: Histogram,
}

/// Statements of one kind.
#[derive(Default)]
pub(super) struct Statements {
    /// In the order of [`StatementEnd::ALL`].
    pub(super) endings: [AtomicU64; StatementEnd::ALL.len()],
    pub(super) duration: Histogram,
}

/// When the process was started.
pub(super) struct Started(pub(super) SystemTime);

impl Default for Started {
    fn default() -> Self {
        Started(SystemTime::now())
    }
}

#[derive(Default)]
pub(super) struct Values {
    pub(super) started: Started,
    pub(super) operations: [Operations; Operation::ALL.len()],
    pub(super) in_flight: AtomicI64,
    pub(super) entries: AtomicU64,
    pub(super) received: AtomicU64,
    pub(super) sent: AtomicU64,
    pub(super) connections: AtomicU64,
    pub(super) open: AtomicI64,
    pub(super) handshake_failures: AtomicU64,
    /// In the order of [`ConnectionFailure::ALL`].
    pub(super) connection_failures: [AtomicU64; ConnectionFailure::COUNT],
    listening: AtomicBool,
    /// Why the port cannot be opened, as the operating system numbers it; 0 while nothing stands in the way.
    listen_error: AtomicI32,
    pub(super) statements: [Statements; Statement::ALL.len()],
    pub(super) pool_waiting: AtomicI64,
    /// Seconds since 1970; 0 while there is none.
    pub(super) certificate_expiry: AtomicI64,
    pub(super) certificates_read: AtomicU64,
    pub(super) certificates_refused: AtomicU64,
    pub(super) certificate_stale: AtomicBool,
    pub(super) log_lines_dropped: AtomicU64,
    /// Why standard error cannot be written, as the operating system numbers it; 0 while it can.
    log_error: AtomicI32,
    pub(super) binds_delayed: AtomicU64,
    pub(super) binds_waiting: AtomicI64,
    pub(super) binds_without_turn: AtomicU64,
    pub(super) bind_cache_hits: AtomicU64,
    pub(super) bind_cache_misses: AtomicU64,
    pub(super) chain: ChainCounts,
}

/// The handle; clones count into the same place.
#[derive(Clone, Default)]
pub struct Metrics(pub(super) Arc<Values>);

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    /// A request was received whose end will be told by [`operation_left`](Self::operation_left).
    pub fn operation_begun(&self) {
        self.0.in_flight.fetch_add(1, Relaxed);
    }

    /// The end of a request that [`operation_begun`](Self::operation_begun) has counted.
    pub fn operation_left(&self) {
        self.0.in_flight.fetch_sub(1, Relaxed);
    }

    /// How a request ended, how long it took, and how many entries were sent. It may be counted elsewhere than its beginning.
    pub fn operation_took(&self, operation: Operation, ended: Ended, time: Duration, entries: u64) {
        self.operation(operation, ended);
        if let Some(operations) = self.0.operations.get(operation as usize) {
            operations.duration.observe(time);
        }
        if entries > 0 {
            self.0.entries.fetch_add(entries, Relaxed);
        }
    }

    /// An operation that took no time: it was answered, or needs no answer, as soon as it was read.
    pub fn operation(&self, operation: Operation, ended: Ended) {
        if let Some(operations) = self.0.operations.get(operation as usize) {
            operations.endings.count(ended);
        }
    }

    /// Octets of LDAP were read, without TLS around them.
    pub fn received(&self, octets: usize) {
        self.0.received.fetch_add(octets as u64, Relaxed);
    }

    /// Octets of LDAP were written, without TLS around them.
    pub fn sent(&self, octets: usize) {
        self.0.sent.fetch_add(octets as u64, Relaxed);
    }

    /// A connection was accepted; it is open until the value is dropped.
    pub fn connection(&self) -> OpenConnection {
        self.0.connections.fetch_add(1, Relaxed);
        self.0.open.fetch_add(1, Relaxed);
        OpenConnection(self.clone())
    }

    /// A TLS handshake was begun and did not succeed.
    pub fn handshake_failed(&self) {
        self.0.handshake_failures.fetch_add(1, Relaxed);
    }

    /// A connection came to nothing.
    pub fn connection_failed(&self, why: ConnectionFailure) {
        if let Some(count) = self.0.connection_failures.get(why as usize) {
            count.fetch_add(1, Relaxed);
        }
    }

    /// Notes whether the port is open.
    pub fn set_listening(&self, listening: bool) {
        self.0.listening.store(listening, Release);
        self.0.listen_error.store(0, Relaxed);
    }

    /// Notes why the port cannot be opened: the operating system's error number.
    pub fn set_listen_error(&self, error: Option<i32>) {
        self.0.listen_error.store(error.unwrap_or(0), Relaxed);
    }

    /// Why the port cannot be opened, as the operating system numbers it; None while nothing stands in the way.
    pub fn listen_error(&self) -> Option<i32> {
        Some(self.0.listen_error.load(Relaxed)).filter(|error| *error != 0)
    }

    /// Whether the port is open.
    pub fn is_listening(&self) -> bool {
        self.0.listening.load(Acquire)
    }

    /// A statement is sent to the database now.
    pub fn statement(&self, statement: Statement) -> RunningStatement {
        RunningStatement {
            metrics: self.clone(),
            statement,
            begun: Instant::now(),
            end: StatementEnd::Cancelled,
        }
    }

    /// How many statements succeeded, of all kinds.
    pub fn statements_answered(&self) -> u64 {
        let success = StatementEnd::Success as usize;
        let counts = self.0.statements.iter().filter_map(|kind| kind.endings.get(success));
        counts.map(|count| count.load(Relaxed)).sum()
    }

    /// A statement waits for a place in the pool, until the value is dropped.
    pub fn waiting_for_pool(&self) -> WaitingForPool<'_> {
        self.0.pool_waiting.fetch_add(1, Relaxed);
        WaitingForPool(self)
    }

    /// Notes until when the certificate of new connections is valid, in seconds since 1970.
    pub fn set_certificate_expiry(&self, expiry: Option<i64>) {
        self.0.certificate_expiry.store(expiry.unwrap_or(0), Relaxed);
    }

    /// Changed certificate files were read; `used` says whether they could be used.
    pub fn certificate_reloaded(&self, used: bool) {
        let count = if used {
            &self.0.certificates_read
        } else {
            &self.0.certificates_refused
        };
        count.fetch_add(1, Relaxed);
        self.0.certificate_stale.store(!used, Relaxed);
    }

    /// A link of the chain is asked now.
    pub fn link(&self, link: Link) -> RunningLink<'_> {
        self.0.chain.begin(link)
    }

    /// What became of a bind that somebody was to approve.
    pub fn approval(&self, approval: Approval) {
        self.0.chain.approval(approval);
    }

    /// Log lines are lost: standard error took them too slowly, or not at all.
    pub fn log_lines_dropped(&self, lines: u64) {
        self.0.log_lines_dropped.fetch_add(lines, Relaxed);
    }

    /// Notes whether standard error can be written: the operating system's error number where it cannot.
    pub fn set_log_error(&self, error: Option<i32>) {
        self.0.log_error.store(error.unwrap_or(0), Relaxed);
    }

    /// Why standard error cannot be written, as the operating system numbers it; None while it can.
    pub fn log_error(&self) -> Option<i32> {
        Some(self.0.log_error.load(Relaxed)).filter(|error| *error != 0)
    }
}

/// What happens to binds before they are looked at.
impl Metrics {
    /// A bind waits because others have failed, until the value is dropped.
    pub fn bind_delayed(&self) -> DelayedBind {
        self.0.binds_delayed.fetch_add(1, Relaxed);
        self.0.binds_waiting.fetch_add(1, Relaxed);
        DelayedBind(self.clone())
    }

    /// A bind waited and was not looked at.
    pub fn bind_without_turn(&self) {
        self.0.binds_without_turn.fetch_add(1, Relaxed);
    }

    /// A password was looked for in the cache of those that were verified.
    pub fn bind_cache(&self, known: bool) {
        let count = if known {
            &self.0.bind_cache_hits
        } else {
            &self.0.bind_cache_misses
        };
        count.fetch_add(1, Relaxed);
    }
}

/// A bind that waits because others have failed.
#[derive(Debug)]
pub struct DelayedBind(Metrics);

impl Drop for DelayedBind {
    fn drop(&mut self) {
        self.0.0.binds_waiting.fetch_sub(1, Relaxed);
    }
}

/// A connection, as long as it is open.
#[derive(Debug)]
pub struct OpenConnection(Metrics);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.0.open.fetch_sub(1, Relaxed);
    }
}

/// A statement that waits for a place in the pool.
#[derive(Debug)]
pub struct WaitingForPool<'a>(&'a Metrics);

impl Drop for WaitingForPool<'_> {
    fn drop(&mut self) {
        self.0.0.pool_waiting.fetch_sub(1, Relaxed);
    }
}

/// A statement that runs. Dropped without [`ended`](Self::ended), it counts as cancelled.
#[derive(Debug)]
pub struct RunningStatement {
    metrics: Metrics,
    statement: Statement,
    begun: Instant,
    end: StatementEnd,
}

impl RunningStatement {
    /// It has ended, with success or with an error.
    pub fn ended(mut self, success: bool) {
        self.end = if success {
            StatementEnd::Success
        } else {
            StatementEnd::Error
        };
    }
}

impl Drop for RunningStatement {
    fn drop(&mut self) {
        if let Some(statements) = self.metrics.0.statements.get(self.statement as usize) {
            statements.duration.observe(self.begun.elapsed());
            if let Some(count) = statements.endings.get(self.end as usize) {
                count.fetch_add(1, Relaxed);
            }
        }
    }
}
