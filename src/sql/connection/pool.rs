//! The connections that statements run on: a fixed number of places, connections used again and again, never one that
//! is still busy.
//!
//! Why not sqlx's pool: it hides why it cannot connect ("timed out" for a refusal, a hung and a busy database alike,
//! while the states serving, holding and away depend on the difference). And it pings without a time limit whenever a
//! connection is given back, which hangs with a frozen database and costs a round trip a lookup.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::Instant;

use super::abandoned::Abandoned;
use super::attempt_error::AttemptError;
use super::driver::Connection;
use super::hosts::{self, Opened};
use super::member::{Counted, Idle, Member};
use super::state::Health;
use super::target::Target;
use super::wait_queue::WaitQueue;
use crate::config::DatabaseSettings;
use crate::metrics::Metrics;

/// Unused connections are closed after this time: firewalls forget them silently.
const IDLE: Duration = Duration::from_secs(300);
/// No connection lives longer, so that poolers and load balancers can move us.
const LIFETIME: Duration = Duration::from_secs(1800);

/// Scans may take half of the places, streams a quarter.
const SCANS: usize = 2;
const STREAMS: usize = 4;

/// How long no further connection is asked of a full database.
pub(crate) const FULL: Duration = Duration::from_secs(1);

/// The places, and the idle connections.
pub(crate) struct Pool {
    target: Target,
    connect_timeout: Duration,
    health: Arc<Health>,
    members: Mutex<Members>,
    living: Arc<AtomicUsize>,
    /// Until when no further connection is asked for, because the database allowed none.
    full_until: Mutex<Option<Instant>>,
    /// One permit per connection.
    permits: Arc<Semaphore>,
    size: usize,
    metrics: Metrics,
    /// Shares of the pool: repeats of slow lookups, chunks of scans, streams.
    pub(crate) repeats: Arc<Semaphore>,
    pub(crate) scans: Arc<Semaphore>,
    pub(crate) streams: Arc<Semaphore>,
    abandoned: mpsc::UnboundedSender<Abandoned>,
}

/// The idle connections, and who waits for one.
pub(crate) struct Members {
    pub(crate) idle: Vec<Idle>,
    pub(crate) queue: WaitQueue,
}

/// How full the pool is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolUsage {
    /// Places.
    pub size: usize,
    /// Places that are taken, by a statement that runs or a connection that is being opened for one.
    pub in_use: usize,
    /// Connections that are open and unused.
    pub idle: usize,
}

impl Pool {
    pub(crate) fn new(
        target: Target,
        settings: &DatabaseSettings,
        health: Arc<Health>,
        metrics: Metrics,
    ) -> (Pool, mpsc::UnboundedReceiver<Abandoned>) {
        let size = settings.pool_size.max(1);
        let share = |part: usize| Arc::new(Semaphore::new((size / part).max(1)));
        let (abandoned, receiver) = mpsc::unbounded_channel();
        let pool = Pool {
            target,
            connect_timeout: settings.connect_timeout,
            health,
            members: Mutex::new(Members {
                idle: Vec::with_capacity(size),
                queue: WaitQueue::default(),
            }),
            living: Arc::new(AtomicUsize::new(0)),
            full_until: Mutex::new(None),
            permits: share(1),
            size,
            metrics,
            repeats: share(2),
            scans: share(SCANS),
            streams: share(STREAMS),
            abandoned,
        };
        (pool, receiver)
    }

    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    /// Whether a statement would have to wait for a place.
    pub(crate) fn is_taken(&self) -> bool {
        self.permits.available_permits() == 0
    }

    /// How full it is.
    pub(crate) fn usage(&self) -> PoolUsage {
        PoolUsage {
            size: self.size,
            in_use: self.size.saturating_sub(self.permits.available_permits()),
            idle: self.lock().idle.len(),
        }
    }

    /// Statements that were answered, since the start.
    pub(crate) fn answered(&self) -> u64 {
        self.metrics.statements_answered()
    }

    /// Whether statements run, or are about to, that may take long.
    pub(crate) fn runs_long(&self) -> bool {
        let some = |shares: &Semaphore, part: usize| shares.available_permits() < (self.size / part).max(1);
        some(&self.scans, SCANS) || some(&self.streams, STREAMS)
    }

    /// A place in the pool; first come, first served.
    pub(crate) async fn permit(&self) -> Result<OwnedSemaphorePermit, AttemptError> {
        let _waiting = self.metrics.waiting_for_pool();
        Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| AttemptError::Connect("the pool is closed".to_owned()))
    }

    /// A connection to the first host that may serve, not one of the pool's.
    pub(crate) async fn connect(&self) -> Result<Opened, AttemptError> {
        hosts::open(&self.target, None, self.connect_timeout()).await
    }

    /// How long connecting to one host may take.
    pub(crate) fn connect_timeout(&self) -> Duration {
        self.target.connect_timeout().unwrap_or(self.connect_timeout)
    }

    /// A new connection for statements, to whichever host may serve; `limit` is for one host.
    pub(crate) async fn open(&self, limit: Duration) -> Result<Member, AttemptError> {
        let mut member = self.open_at(None, limit).await?;
        member.counted = Some(Counted::new(&self.living));
        Ok(member)
    }

    async fn open_at(&self, host: Option<usize>, limit: Duration) -> Result<Member, AttemptError> {
        let generation = self.health.generation();
        let opened = hosts::open(&self.target, host, limit).await?;
        Ok(Member {
            connection: opened.connection,
            host: opened.host,
            generation,
            born: Instant::now(),
            counted: None,
        })
    }

    /// Whether the database had no further connection for us when it was last asked.
    pub(crate) fn is_full(&self) -> bool {
        let until = *self.full_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until) && self.has_living()
    }

    /// Whether there is a connection that others will give back, or that closes soon and makes room for another. The
    /// probe's, and those that end statements, do not count.
    pub(crate) fn has_living(&self) -> bool {
        self.living.load(Ordering::Relaxed) > 0
    }

    pub(crate) fn note_full(&self, detail: &str) {
        let mut until = self.full_until.lock().unwrap_or_else(PoisonError::into_inner);
        if until.is_none() {
            let _whose = self.health.span.enter();
            tracing::warn!(
                detail,
                "the database allows fewer connections than the pool may have (logged once)"
            );
        }
        *until = Some(Instant::now() + FULL);
    }

    /// The idle connection that was used last, so that the others grow old and are closed; of `host` if one is given.
    pub(super) fn take_idle(&self, generation: u64, host: Option<usize>) -> Option<Member> {
        loop {
            let mut idle = {
                let idle = &mut self.lock().idle;
                let fits = |idle: &Idle| host.is_none_or(|host| idle.member.host == host);
                let at = idle.iter().rposition(fits)?;
                idle.remove(at)
            };
            if self.is_good(&idle, generation) && idle.member.connection.is_current() {
                return Some(idle.member);
            }
        }
    }

    /// An idle connection for the probe, when it cannot have one of its own.
    pub(crate) fn spare(&self) -> Option<Connection> {
        let idle = self.take_idle(self.health.generation(), None);
        idle.map(|member| member.connection)
    }

    /// A connection that ends other connections' statements on a host: `last` as long as it is good. It is outside of
    /// the pool's places, which may all be taken by statements to be ended.
    pub(crate) async fn control(&self, host: usize, last: Option<Idle>) -> Result<Member, AttemptError> {
        let generation = self.health.generation();
        if let Some(idle) = last.filter(|idle| self.is_good(idle, generation)) {
            return Ok(idle.member);
        }
        let failure = match self.open_at(Some(host), self.connect_timeout()).await {
            Ok(member) => return Ok(member),
            Err(failure) => failure,
        };
        if let AttemptError::Full(detail) = &failure {
            self.note_full(detail);
        }
        let mut member = self.take_idle(generation, Some(host)).ok_or(failure)?;
        // It is never given back.
        member.counted = None;
        Ok(member)
    }

    /// Uses new connections from now on, and reads the files for TLS again.
    pub(crate) fn renew(&self) {
        self.target.forget_files();
        self.health.renew();
    }

    pub(crate) fn health(&self) -> &Health {
        &self.health
    }

    fn is_good(&self, idle: &Idle, generation: u64) -> bool {
        let now = Instant::now();
        idle.member.generation == generation
            && now.duration_since(idle.since) < IDLE
            && now.duration_since(idle.member.born) < LIFETIME
    }

    /// Closes idle connections that are too old or not trusted any more.
    pub(crate) fn prune(&self) {
        let generation = self.health.generation();
        self.lock().idle.retain(|idle| self.is_good(idle, generation));
    }

    /// Gives a connection to whoever waits longest, or keeps it for the next one.
    pub(crate) fn hand_on(&self, member: Member) {
        // Else it is dropped, and so closed.
        if member.generation == self.health.generation() && !member.connection.is_over() {
            let mut members = self.lock();
            if let Some(member) = members.queue.give(member) {
                members.idle.push(member.rest());
            }
        }
    }

    /// Hands over a connection whose statement still runs. When nobody receives it, it is closed all the same.
    pub(super) fn abandon(&self, abandoned: Abandoned) {
        let _ = self.abandoned.send(abandoned);
    }

    pub(crate) fn lock(&self) -> std::sync::MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
