//! What the gateway counts: plain atomics behind a handle that is cheap to clone. An operation costs a few relaxed
//! additions, no lock and no allocation, so there is no registry of names and labels to look up; [`render`] knows them.
//! Must not know: anything else of ours, HTTP, what a result code means.
//!
//! No label has values that clients choose: no names, no addresses.

mod render;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{
            AtomicBool, AtomicI64, AtomicU64,
            Ordering::{Acquire, Relaxed, Release},
        },
    },
    time::{Duration, Instant, SystemTime},
};

pub use render::{CodeName, Gauges};

/// The kinds of requests (RFC 4511 section 4.2 to 4.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Section 4.2.
    Bind,
    /// Section 4.5.
    Search,
    /// Section 4.10.
    Compare,
    /// Section 4.12.
    Extended,
    /// Section 4.7.
    Add,
    /// Section 4.6.
    Modify,
    /// Section 4.8.
    Delete,
    /// Section 4.9.
    ModifyDn,
    /// Section 4.3.
    Unbind,
    /// Section 4.11.
    Abandon,
}

impl Operation {
    /// All of them.
    pub const ALL: [Operation; 10] = [
        Operation::Bind,
        Operation::Search,
        Operation::Compare,
        Operation::Extended,
        Operation::Add,
        Operation::Modify,
        Operation::Delete,
        Operation::ModifyDn,
        Operation::Unbind,
        Operation::Abandon,
    ];

    /// Its name in labels and log lines.
    pub const fn name(self) -> &'static str {
        match self {
            Operation::Bind => "bind",
            Operation::Search => "search",
            Operation::Compare => "compare",
            Operation::Extended => "extended",
            Operation::Add => "add",
            Operation::Modify => "modify",
            Operation::Delete => "delete",
            Operation::ModifyDn => "modifyDN",
            Operation::Unbind => "unbind",
            Operation::Abandon => "abandon",
        }
    }
}

/// How an operation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// With this result code.
    Code(u16),
    /// In a closed connection, because no code would have been true.
    Disconnected,
    /// Without an answer: abandoned, or its connection ended first.
    Abandoned,
    /// It has no answer by its nature: unbind, abandon.
    Unanswered,
}

/// What a statement was sent for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statement {
    /// To find out its columns and types.
    Describe,
    /// Rows by key or index for a search or compare.
    Lookup,
    /// Rows for a bind.
    Bind,
    /// A chunk of a table read by key.
    Scan,
    /// A query read as a whole.
    Stream,
}

impl Statement {
    const ALL: [(Statement, &'static str); 5] = [
        (Statement::Describe, "describe"),
        (Statement::Lookup, "lookup"),
        (Statement::Bind, "bind"),
        (Statement::Scan, "scan"),
        (Statement::Stream, "stream"),
    ];
}

/// How a statement ended.
const STATEMENT_ENDS: [&str; 3] = ["success", "error", "cancelled"];

/// Result codes are below this; the others have places behind it.
const CODES: usize = 128;
const OTHER_CODE: usize = CODES;
const DISCONNECTED: usize = CODES + 1;
const ABANDONED: usize = CODES + 2;
const UNANSWERED: usize = CODES + 3;
const PLACES: usize = CODES + 4;

impl Ended {
    const fn place(self) -> usize {
        match self {
            Ended::Code(code) if (code as usize) < CODES => code as usize,
            Ended::Code(_) => OTHER_CODE,
            Ended::Disconnected => DISCONNECTED,
            Ended::Abandoned => ABANDONED,
            Ended::Unanswered => UNANSWERED,
        }
    }
}

/// Upper bounds of the histograms' buckets, in nanoseconds and as they are shown, in seconds.
const BOUNDS: [(u64, &str); 15] = [
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
struct Histogram {
    /// The last one is for what exceeds all bounds.
    buckets: [AtomicU64; BOUNDS.len() + 1],
    nanoseconds: AtomicU64,
}

impl Histogram {
    fn observe(&self, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.partition_point(|(bound, _)| *bound < nanoseconds);
        if let Some(bucket) = self.buckets.get(bucket) {
            bucket.fetch_add(1, Relaxed);
        }
        self.nanoseconds.fetch_add(nanoseconds, Relaxed);
    }
}

/// Operations of one kind.
struct OfKind {
    ended: [AtomicU64; PLACES],
    duration: Histogram,
}

/// Statements of one kind.
#[derive(Default)]
struct OfStatement {
    ended: [AtomicU64; STATEMENT_ENDS.len()],
    duration: Histogram,
}

struct Inner {
    started: SystemTime,
    operations: [OfKind; Operation::ALL.len()],
    in_flight: AtomicI64,
    entries: AtomicU64,
    received: AtomicU64,
    sent: AtomicU64,
    connections: AtomicU64,
    open: AtomicI64,
    handshake_failures: AtomicU64,
    listening: AtomicBool,
    statements: [OfStatement; Statement::ALL.len()],
    pool_waiting: AtomicI64,
    /// Seconds since 1970; 0 while there is none.
    certificate_expiry: AtomicI64,
    certificates_read: AtomicU64,
    certificates_refused: AtomicU64,
    certificate_stale: AtomicBool,
    log_lines_dropped: AtomicU64,
}

/// The handle; clones count into the same place.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

impl Default for Metrics {
    fn default() -> Self {
        let of_kind = || OfKind {
            ended: [const { AtomicU64::new(0) }; PLACES],
            duration: Histogram::default(),
        };
        Metrics(Arc::new(Inner {
            started: SystemTime::now(),
            operations: std::array::from_fn(|_| of_kind()),
            in_flight: AtomicI64::new(0),
            entries: AtomicU64::new(0),
            received: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            open: AtomicI64::new(0),
            handshake_failures: AtomicU64::new(0),
            listening: AtomicBool::new(false),
            statements: std::array::from_fn(|_| OfStatement::default()),
            pool_waiting: AtomicI64::new(0),
            certificate_expiry: AtomicI64::new(0),
            certificates_read: AtomicU64::new(0),
            certificates_refused: AtomicU64::new(0),
            certificate_stale: AtomicBool::new(false),
            log_lines_dropped: AtomicU64::new(0),
        }))
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    /// A request was received that will have an end.
    pub fn operation_begun(&self) {
        self.0.in_flight.fetch_add(1, Relaxed);
    }

    /// What [`operation_begun`](Self::operation_begun) announced has ended.
    pub fn operation_ended(&self, operation: Operation, ended: Ended, time: Duration, entries: u64) {
        self.0.in_flight.fetch_sub(1, Relaxed);
        self.operation(operation, ended);
        if let Some(of_kind) = self.0.operations.get(operation as usize) {
            of_kind.duration.observe(time);
        }
        if entries > 0 {
            self.0.entries.fetch_add(entries, Relaxed);
        }
    }

    /// An operation that took no time: it was answered, or needs no answer, as soon as it was read.
    pub fn operation(&self, operation: Operation, ended: Ended) {
        let of_kind = self.0.operations.get(operation as usize);
        if let Some(count) = of_kind.and_then(|of_kind| of_kind.ended.get(ended.place())) {
            count.fetch_add(1, Relaxed);
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

    /// Whether the port is open.
    pub fn set_listening(&self, listening: bool) {
        self.0.listening.store(listening, Release);
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
            ended: 2,
        }
    }

    /// Statements that the database has answered well, of all kinds.
    pub fn statements_answered(&self) -> u64 {
        let well = self.0.statements.iter().filter_map(|of_kind| of_kind.ended.first());
        well.map(|count| count.load(Relaxed)).sum()
    }

    /// A statement waits for a place in the pool, until the value is dropped.
    pub fn waiting_for_pool(&self) -> WaitingForPool<'_> {
        self.0.pool_waiting.fetch_add(1, Relaxed);
        WaitingForPool(self)
    }

    /// The certificate that new connections get is valid until then (seconds since 1970).
    pub fn set_certificate_expiry(&self, expiry: Option<i64>) {
        self.0.certificate_expiry.store(expiry.unwrap_or(0), Relaxed);
    }

    /// Changed certificate files were read, and are used or not.
    pub fn certificate_reloaded(&self, used: bool) {
        let count = if used {
            &self.0.certificates_read
        } else {
            &self.0.certificates_refused
        };
        count.fetch_add(1, Relaxed);
        self.0.certificate_stale.store(!used, Relaxed);
    }

    /// Standard error did not take log lines fast enough.
    pub fn log_lines_dropped(&self, lines: u64) {
        self.0.log_lines_dropped.fetch_add(lines, Relaxed);
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

/// A statement that runs; dropped without `ended`, nobody waited for its end.
#[derive(Debug)]
pub struct RunningStatement {
    metrics: Metrics,
    statement: Statement,
    begun: Instant,
    /// An index into `STATEMENT_ENDS`.
    ended: usize,
}

impl RunningStatement {
    /// It has ended.
    pub fn ended(mut self, well: bool) {
        self.ended = usize::from(!well);
    }
}

impl Drop for RunningStatement {
    fn drop(&mut self) {
        if let Some(of_kind) = self.metrics.0.statements.get(self.statement as usize) {
            of_kind.duration.observe(self.begun.elapsed());
            if let Some(count) = of_kind.ended.get(self.ended) {
                count.fetch_add(1, Relaxed);
            }
        }
    }
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]
mod tests;
