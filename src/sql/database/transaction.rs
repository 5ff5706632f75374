//! Transactions: statements that change something, run in order on one connection, all or none.
//!
//! A read may be asked again and again; a change may not. What is repeated is the whole transaction, and only where the
//! database has said that none of it was done (a serialization failure, a deadlock, a locked file), or before anything was
//! sent but its beginning. A connection that is lost while it commits leaves it unknown whether it has: the caller then
//! reads again.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{Database, Inner, cut_short};
use crate::metrics::Statement;
use crate::sql::connection::attempt_error::AttemptError;
use crate::sql::connection::lease::Lease;
use crate::sql::connection::retry::{admitted, jitter};
use crate::sql::connection::sink::Sink;
use crate::sql::error::SqlError;
use crate::sql::row::Row;
use crate::sql::statement::Arg;

/// How long a commit may take, whatever is left of the time: nobody gains by not knowing.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long undoing may take; then the connection is closed, which undoes as well.
const ROLL_BACK_TIMEOUT: Duration = Duration::from_secs(1);
/// The longest pause before a transaction is tried again.
const PAUSE: Duration = Duration::from_millis(100);

/// What is done in a transaction. It may be run several times, each time from the beginning and on what is then there.
pub trait UnitOfWork: Send + Sync {
    /// What it gives when it was done.
    type Done: Send;
    /// Why it wants to be undone.
    type Refusal: Send;

    /// Does it. What it returns as an error undoes everything.
    fn run<'a>(
        &'a self,
        transaction: &'a mut Transaction,
    ) -> BoxFuture<'a, Result<Self::Done, Rollback<Self::Refusal>>>;
}

/// Why a transaction is undone.
#[derive(Debug)]
pub enum Rollback<R> {
    /// By its own decision.
    Refused(R),
    /// A statement failed.
    Failed(Failure),
}

/// Why a statement in a transaction failed.
#[derive(Debug)]
pub struct Failure(AttemptError);

impl<R> From<Failure> for Rollback<R> {
    fn from(failure: Failure) -> Self {
        Rollback::Failed(failure)
    }
}

/// Why a transaction was not done, or is not known to be.
#[derive(Debug)]
pub enum TransactionError<R> {
    /// By its own decision; nothing was done.
    Refused(R),
    /// The database could not do it; nothing was done.
    Failed(SqlError),
    /// The connection was lost while it was committed. It may have been done.
    Unknown(SqlError),
}

/// A transaction that is open. Dropped, it is undone.
pub struct Transaction {
    database: Arc<Inner>,
    lease: Lease<'static>,
}

impl Transaction {
    async fn begin(database: &Arc<Inner>, permit: OwnedSemaphorePermit) -> Result<Transaction, AttemptError> {
        let mut lease = Lease::take(&database.pool, permit, "BEGIN").await?;
        let generation = lease.generation();
        match lease.connection()?.begin(generation).await {
            Ok(()) => Ok(Transaction {
                database: Arc::clone(database),
                lease,
            }),
            Err(failure) => {
                match failure.is_answer() {
                    true => lease.done(),
                    false => lease.broken(),
                }
                Err(failure)
            }
        }
    }

    /// Whether a pooler has ended the connection with its last answer.
    fn is_over(&mut self) -> bool {
        self.lease.connection().is_ok_and(|connection| connection.is_over())
    }

    /// All rows of a statement that is bounded by itself, as they are within the transaction.
    ///
    /// # Errors
    /// The statement failed, and the transaction with it.
    pub async fn fetch(&mut self, sql: &str, args: &[Arg]) -> Result<Vec<Row>, Failure> {
        let counted = self.database.metrics.statement(Statement::Write);
        let mut rows = Vec::new();
        let mut sink = Sink::all(&mut rows, &self.database.undecodable);
        self.lease.runs(sql);
        let generation = self.lease.generation();
        let connection = self.lease.connection().map_err(Failure)?;
        let ended = connection.run(sql, args, &mut sink, generation).await;
        counted.ended(ended.is_ok());
        ended.map_err(Failure)?;
        Ok(rows)
    }

    /// Runs a statement and returns how many rows it has changed, as the engine counts them.
    ///
    /// # Errors
    /// The statement failed, and the transaction with it.
    pub async fn execute(&mut self, sql: &str, args: &[Arg]) -> Result<u64, Failure> {
        let counted = self.database.metrics.statement(Statement::Write);
        self.lease.runs(sql);
        let generation = self.lease.generation();
        let connection = self.lease.connection().map_err(Failure)?;
        let ended = connection.execute(sql, args, generation).await;
        counted.ended(ended.is_ok());
        ended.map_err(Failure)
    }

    async fn commit(&mut self) -> Result<(), AttemptError> {
        self.lease.runs("COMMIT");
        let generation = self.lease.generation();
        self.lease.connection()?.commit(generation).await
    }

    /// Undoes it and gives the connection back; where that is not possible, closes it.
    async fn roll_back(mut self) {
        self.lease.runs("ROLLBACK");
        let generation = self.lease.generation();
        let Ok(connection) = self.lease.connection() else {
            return;
        };
        let ended = timeout(ROLL_BACK_TIMEOUT, connection.roll_back(generation)).await;
        match ended {
            Ok(Ok(())) => self.lease.done(),
            Ok(Err(_)) => self.lease.broken(),
            Err(_) => drop(self),
        }
    }
}

/// How one try ended that did not succeed.
enum Ended<R> {
    /// None of it was done, and it may be tried again.
    Again(AttemptError),
    Over(TransactionError<R>),
}

impl Database {
    /// Does all of `work`, or nothing. Waits for a database that is away, and repeats serialization failures, until
    /// `deadline`.
    ///
    /// # Errors
    /// It was not done, or is not known to be.
    pub async fn transaction<W: UnitOfWork>(
        &self,
        work: &W,
        deadline: std::time::Instant,
    ) -> Result<W::Done, TransactionError<W::Refusal>> {
        let deadline = Instant::from(deadline);
        loop {
            let failure = match self.try_transaction(work, deadline).await {
                Ok(done) => return Ok(done),
                Err(Ended::Over(error)) => return Err(error),
                Err(Ended::Again(failure)) => failure,
            };
            let pause = jitter(PAUSE);
            if Instant::now() + pause >= deadline {
                return Err(TransactionError::Failed(cut_short(failure)));
            }
            tracing::debug!(?failure, "a transaction is tried again");
            sleep(pause).await;
        }
    }

    async fn try_transaction<W: UnitOfWork>(&self, work: &W, deadline: Instant) -> Result<W::Done, Ended<W::Refusal>> {
        let Inner { pool, health, .. } = &*self.inner;
        let failed = |error| Ended::Over(TransactionError::Failed(error));
        admitted(&mut health.subscribe(), deadline).await.map_err(failed)?;
        let begun = Instant::now();
        let opened = async {
            let permit = pool.permit().await?;
            Transaction::begin(&self.inner, permit).await
        };
        let mut transaction = match timeout_at(deadline, opened).await {
            Ok(Ok(transaction)) => transaction,
            Ok(Err(failure)) => {
                health.failed(&failure);
                return Err(match failure {
                    AttemptError::Statement(_) | AttemptError::Final(_) => failed(cut_short(failure)),
                    other => Ended::Again(other),
                });
            }
            Err(_) => return Err(failed(SqlError::TimedOut)),
        };
        let done = match timeout_at(deadline, work.run(&mut transaction)).await {
            Ok(Ok(done)) => done,
            Ok(Err(Rollback::Refused(refusal))) => {
                transaction.roll_back().await;
                return Err(Ended::Over(TransactionError::Refused(refusal)));
            }
            Ok(Err(Rollback::Failed(Failure(failure)))) => {
                health.failed(&failure);
                return Err(undone(transaction, failure).await);
            }
            // Dropped, it is undone.
            Err(_) => return Err(failed(SqlError::TimedOut)),
        };
        let limit = deadline.max(Instant::now() + COMMIT_TIMEOUT);
        let failure = match timeout_at(limit, transaction.commit()).await {
            Ok(Ok(())) => {
                health.succeeded(begun);
                transaction.lease.done();
                return Ok(done);
            }
            Ok(Err(failure)) => failure,
            Err(_) => return Err(Ended::Over(TransactionError::Unknown(SqlError::TimedOut))),
        };
        health.failed(&failure);
        match failure.is_answer() && !transaction.is_over() {
            true => Err(undone(transaction, failure).await),
            false => {
                transaction.lease.broken();
                Err(Ended::Over(TransactionError::Unknown(cut_short(failure))))
            }
        }
    }
}

impl AttemptError {
    /// Whether the database itself says so, and the connection goes on: what was asked was not done.
    fn is_answer(&self) -> bool {
        match self {
            AttemptError::Busy(_) | AttemptError::Stale(_) => true,
            AttemptError::Statement(error) => !error.code.is_empty(),
            AttemptError::Connect(_)
            | AttemptError::Full(_)
            | AttemptError::Lost { .. }
            | AttemptError::Odd(_)
            | AttemptError::Final(_) => false,
        }
    }
}

/// After a failure that the database has told, or that ended the connection: nothing was done.
async fn undone<R>(transaction: Transaction, failure: AttemptError) -> Ended<R> {
    match &failure {
        AttemptError::Lost { .. } | AttemptError::Connect(_) | AttemptError::Full(_) => transaction.lease.broken(),
        AttemptError::Busy(_) | AttemptError::Stale(_) | AttemptError::Statement(_) => transaction.roll_back().await,
        AttemptError::Odd(_) | AttemptError::Final(_) => drop(transaction),
    }
    match failure {
        AttemptError::Busy(_) | AttemptError::Stale(_) => Ended::Again(failure),
        other => Ended::Over(TransactionError::Failed(cut_short(other))),
    }
}
