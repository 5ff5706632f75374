//! The database as the rest of the gateway sees it: describe a statement, fetch its rows, stream its rows, read what
//! must change nothing (`read_only`), and do what changes something in a `transaction`. Puts together the pool, the state and the rules for repeating.

mod aside;
mod read_only;
pub(crate) mod transaction;

use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tracing::Instrument;

use crate::config::DatabaseSettings;
use crate::metrics::{Metrics, Statement};
use crate::sql::budget::{Budget, StatementKind};
use crate::sql::connection::attempt_error::AttemptError;
use crate::sql::connection::coalesce::{PendingLookups, Turn, joined};
use crate::sql::connection::lease::Lease;
use crate::sql::connection::pool::{Pool, PoolUsage};
use crate::sql::connection::retry::{Rule, retry};
use crate::sql::connection::sink::{Batch, Sink};
use crate::sql::connection::state::{Health, State};
use crate::sql::connection::target::Target;
use crate::sql::connection::{cancel, probe};
use crate::sql::decode::UndecodableValues;
use crate::sql::engine::Engine;
use crate::sql::error::SqlError;
use crate::sql::query::description::StatementDescription;
use crate::sql::recorder::{Recorder, Stream};
use crate::sql::row::Row;
use crate::sql::statement::Arg;

/// After this time without an answer the probe looks whether the database is there at all.
const DOUBT: Duration = Duration::from_millis(300);
/// How long preparing a statement may take when it is described.
const DESCRIBE_TIMEOUT: Duration = Duration::from_secs(5);
/// How many batches wait for a slow reader before the database has to.
const BATCHES_AHEAD: usize = 2;

/// A handle on the database; clones share everything. The probe ends with the last of them.
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
    recorder: Option<Arc<Recorder>>,
}

struct Inner {
    engine: Engine,
    pool: Arc<Pool>,
    health: Arc<Health>,
    undecodable: UndecodableValues,
    waiting: PendingLookups,
    metrics: Metrics,
    /// How far its clock was ahead of ours, in seconds, when somebody asked.
    clock_offset: Mutex<Option<i64>>,
    tasks: Vec<AbortHandle>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database({:?}, {})", self.inner.engine, self.state())
    }
}

impl Database {
    /// Reads the settings; connects nothing. `metrics` counts the statements. Must be called inside a Tokio runtime,
    /// where the probe runs from `mark_described` on.
    pub fn new(settings: &DatabaseSettings, metrics: Metrics) -> Result<Database, SqlError> {
        let target = Target::parse(settings.uri.reveal(), settings.ssl, settings.sessions)?;
        let engine = target.engine();
        let health = Arc::new(Health::new(target.place()));
        let (pool, abandoned) = Pool::new(target, settings, Arc::clone(&health), metrics.clone());
        let pool = Arc::new(pool);
        let probe = probe::watch_over(Arc::clone(&health), Arc::clone(&pool)).in_current_span();
        let mut tasks = vec![tokio::spawn(probe).abort_handle()];
        if engine != Engine::Sqlite {
            let cancel = cancel::cancel_abandoned(Arc::clone(&pool), abandoned).in_current_span();
            tasks.push(tokio::spawn(cancel).abort_handle());
        }
        let inner = Inner {
            engine,
            pool,
            health,
            undecodable: UndecodableValues::default(),
            waiting: PendingLookups::default(),
            metrics,
            clock_offset: Mutex::default(),
            tasks,
        };
        Ok(Database {
            inner: Arc::new(inner),
            recorder: None,
        })
    }

    /// The same database; what is asked of it through this handle is recorded.
    pub fn recorded_by(&self, recorder: Arc<Recorder>) -> Database {
        Database {
            recorder: Some(recorder),
            ..self.clone()
        }
    }

    /// Where it is, for people: `the database people at db:5432`. Nothing of it is secret.
    pub fn place(&self) -> String {
        self.inner.pool.target().place()
    }

    /// The kind of database.
    pub fn engine(&self) -> Engine {
        self.inner.engine
    }

    /// Whether there is a connection.
    pub fn is_connected(&self) -> bool {
        self.inner.pool.has_living()
    }

    /// The state of its connectivity.
    pub fn state(&self) -> State {
        self.inner.health.state()
    }

    /// Follows the state.
    pub fn states(&self) -> watch::Receiver<State> {
        self.inner.health.subscribe()
    }

    /// Why it cannot be reached, without password or URI; None while it can.
    pub fn why_not_there(&self) -> Option<String> {
        self.inner.health.why_not_there()
    }

    /// Grows when connections were lost: what was described on the old ones should be described again.
    pub fn generation(&self) -> u64 {
        self.inner.health.generation()
    }

    /// Uses new connections from now on (a reload: certificates, grants, search paths may have changed). Running
    /// statements end undisturbed.
    pub fn renew(&self) {
        self.inner.pool.renew();
    }

    /// All queries have been described: leaves `Starting`.
    pub fn mark_described(&self) {
        self.inner.health.mark_described();
    }

    /// Whether connections are not proven to keep their sessions: a pooler such as PgBouncer shares them among its
    /// clients. Known once a connection was made.
    pub fn shares_sessions(&self) -> bool {
        self.inner.pool.target().shares_sessions()
    }

    /// How full the pool is.
    pub fn pool_usage(&self) -> PoolUsage {
        self.inner.pool.usage()
    }

    /// Values that could not be decoded and were served as absent, since the start.
    pub fn undecodable_values(&self) -> u64 {
        self.inner.undecodable.count()
    }

    /// The columns and parameters of a statement, without running it. Tried once: at the start its owner asks again
    /// and again, and wants to know why it fails.
    pub async fn describe(&self, sql: &str) -> Result<StatementDescription, SqlError> {
        let describing = async {
            let permit = self.inner.pool.permit().await?;
            let mut lease = Lease::take(&self.inner.pool, permit, sql).await?;
            let generation = lease.generation();
            let connection = lease.connection()?;
            let counted = self.inner.metrics.statement(Statement::Describe);
            let described = connection.describe(sql, generation).await;
            counted.ended(described.is_ok());
            settle(lease, described)
        };
        let failure = match timeout(DESCRIBE_TIMEOUT, describing).await {
            Ok(Ok(description)) => return Ok(description),
            Ok(Err(failure)) => failure,
            Err(_) => return Err(SqlError::TimedOut),
        };
        self.inner.health.failed(&failure);
        Err(cut_short(failure))
    }

    /// All rows of a statement that is bounded by itself (a lookup, a chunk). Held and repeated within the budget, as
    /// its kind allows. `Ok` only with a complete result.
    pub async fn fetch(&self, sql: &str, args: &[Arg], budget: Budget) -> Result<Vec<Row>, SqlError> {
        let fetching = self.fetch_held(sql, args, budget);
        match &self.recorder {
            Some(recorder) => recorder.watch(sql, args, Box::pin(fetching)).await,
            None => fetching.await,
        }
    }

    async fn fetch_held(&self, sql: &str, args: &[Arg], budget: Budget) -> Result<Vec<Row>, SqlError> {
        let Inner { pool, health, .. } = &*self.inner;
        let deadline = Instant::from(budget.deadline);
        // Scans leave half the pool to others.
        let _share = match budget.kind {
            StatementKind::Scan => Some(
                timeout_at(deadline, pool.scans.acquire())
                    .await
                    .map_err(|_| SqlError::TimedOut)?,
            ),
            StatementKind::Lookup | StatementKind::Bind => None,
        };
        let first = loop {
            if budget.kind != StatementKind::Lookup || !pool.is_taken() {
                break None;
            }
            match self.inner.waiting.turn(sql, args) {
                Turn::First(first) => break Some(first),
                Turn::Joined(answer) => match timeout_at(deadline, joined(answer)).await {
                    Ok(Some(rows)) => return Ok(rows),
                    // The first one has left or failed: another one asks.
                    Ok(None) => {}
                    Err(_) => break None,
                },
            }
        };
        let rule = budget.kind.rule();
        let sent = first.as_ref();
        let counted_as = match budget.kind {
            StatementKind::Lookup => Statement::Lookup,
            StatementKind::Bind => Statement::Bind,
            StatementKind::Scan => Statement::Scan,
        };
        let asked = &Asked {
            sql,
            args,
            counted_as: Some(counted_as),
        };
        let fetching = retry(&rule, deadline, pool, |permit| async move {
            if let Some(first) = sent {
                first.is_sent();
            }
            let mut rows = Vec::new();
            let mut sink = Sink::all(&mut rows, &self.inner.undecodable);
            self.attempt(permit, asked, &mut sink).await?;
            Ok(rows)
        });
        let fetched = {
            let mut fetching = pin!(fetching);
            loop {
                tokio::select! {
                    fetched = &mut fetching => break fetched,
                    () = sleep(DOUBT) => health.doubt(),
                }
            }
        };
        if let (Some(first), Ok(rows)) = (first, &fetched) {
            first.answered(rows);
        }
        fetched
    }

    /// The rows of a query that cannot be read in chunks by key, as they come. Streams use at most a quarter of the
    /// pool. Each row may take `row_timeout`. Dropping the stream ends the statement.
    pub fn stream(&self, sql: String, args: Vec<Arg>, row_timeout: Duration) -> RowStream {
        let (sender, receiver) = mpsc::channel(BATCHES_AHEAD);
        let record = self.recorder.as_ref().map(|to| Stream::begin(to, &sql, &args));
        let database = self.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = sender.closed() => {}
                last = database.streaming(&sql, &args, row_timeout, &sender) => {
                    let _ = sender.send(last).await;
                }
            }
        });
        RowStream {
            receiver,
            over: false,
            record,
        }
    }

    async fn streaming(&self, sql: &str, args: &[Arg], row_timeout: Duration, to: &mpsc::Sender<Batch>) -> Batch {
        let Inner { pool, health, .. } = &*self.inner;
        let deadline = Instant::now() + row_timeout;
        let Ok(Ok(_share)) = timeout_at(deadline, pool.streams.acquire()).await else {
            return Batch::Failed(SqlError::TimedOut);
        };
        let rule = Rule {
            cut: None,
            open_ended: true,
        };
        let asked = &Asked {
            sql,
            args,
            counted_as: Some(Statement::Stream),
        };
        let ended = retry(&rule, deadline, pool, |permit| async move {
            let mut sink = Sink::batches(to, row_timeout, &self.inner.undecodable);
            let ended = match self.attempt(permit, asked, &mut sink).await {
                Ok(()) => sink.flush().await,
                Err(failure) => Err(failure),
            };
            // Rows that were passed on cannot be taken back, so such a try is not repeated.
            match ended {
                Err(failure) if !sink.restart() => {
                    health.failed(&failure);
                    Err(AttemptError::Final(cut_short(failure)))
                }
                other => other,
            }
        });
        match ended.await {
            Ok(()) => Batch::Complete,
            Err(error) => Batch::Failed(error),
        }
    }

    /// One try on one connection; a second run when its prepared statements were stale.
    async fn attempt(
        &self,
        permit: OwnedSemaphorePermit,
        asked: &Asked<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<(), AttemptError> {
        let Asked { sql, args, .. } = *asked;
        let mut lease = Lease::take(&self.inner.pool, permit, sql).await?;
        let generation = lease.generation();
        let connection = lease.connection()?;
        let counted = asked.counted_as.map(|kind| {
            tracing::debug!(binds = args.len(), "a statement is run");
            self.inner.metrics.statement(kind)
        });
        let mut ended = connection.run(sql, args, sink, generation).await;
        if matches!(ended, Err(AttemptError::Stale(_)))
            && sink.restart()
            && connection.forget_statements().await.is_ok()
        {
            ended = connection.run(sql, args, sink, generation).await;
        }
        if let Some(counted) = counted {
            counted.ended(ended.is_ok());
        }
        settle(lease, ended)
    }
}

/// A statement to be run, and what it is counted as.
struct Asked<'a> {
    sql: &'a str,
    args: &'a [Arg],
    /// None where nobody counts it.
    counted_as: Option<Statement>,
}

/// Gives the connection back when its statement has ended; else closes it.
fn settle<T>(lease: Lease<'_>, ended: Result<T, AttemptError>) -> Result<T, AttemptError> {
    match &ended {
        Ok(_) | Err(AttemptError::Stale(_)) => lease.done(),
        // With a code the database has answered; without one the error is our own, in the middle of a result.
        Err(AttemptError::Statement(error)) if !error.code.is_empty() => lease.done(),
        Err(AttemptError::Lost { .. } | AttemptError::Connect(_) | AttemptError::Full(_)) => lease.broken(),
        Err(AttemptError::Statement(_) | AttemptError::Busy(_) | AttemptError::Odd(_) | AttemptError::Final(_)) => {
            drop(lease)
        }
    }
    ended
}

fn cut_short(failure: AttemptError) -> SqlError {
    match failure {
        AttemptError::Connect(detail)
        | AttemptError::Full(detail)
        | AttemptError::Lost { detail, .. }
        | AttemptError::Odd(detail) => SqlError::Unavailable(detail),
        AttemptError::Busy(_) => SqlError::TimedOut,
        AttemptError::Stale(error) | AttemptError::Statement(error) => SqlError::Statement(error),
        AttemptError::Final(error) => error,
    }
}

/// The rows of a running query, batch by batch. Dropping it ends the query.
pub struct RowStream {
    receiver: mpsc::Receiver<Batch>,
    over: bool,
    record: Option<Stream>,
}

impl RowStream {
    /// The next rows; `None` only when the result is complete.
    pub async fn next(&mut self) -> Option<Result<Vec<Row>, SqlError>> {
        let next = self.receive().await;
        if let Some(record) = &self.record {
            record.came(next.as_ref());
        }
        next
    }

    async fn receive(&mut self) -> Option<Result<Vec<Row>, SqlError>> {
        if self.over {
            return None;
        }
        match self.receiver.recv().await {
            Some(Batch::Rows(rows)) => Some(Ok(rows)),
            Some(Batch::Complete) => {
                self.over = true;
                None
            }
            Some(Batch::Failed(error)) => {
                self.over = true;
                Some(Err(error))
            }
            None => {
                self.over = true;
                Some(Err(SqlError::Unavailable(
                    "the result ended before it was complete".to_owned(),
                )))
            }
        }
    }
}

impl fmt::Debug for RowStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RowStream")
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
