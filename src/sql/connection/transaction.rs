//! Transactions on one connection: how each engine begins and ends one, and statements that return no rows.

use sqlx::{AssertSqlSafe, Executor};

use super::attempt_error::{self, AttemptError};
use super::driver::{Connection, mysql_arguments, postgres_arguments, sqlite_arguments};
use crate::sql::statement::Arg;

/// What has been read may not change until the end, so that a decision made on it holds.
const BEGIN_POSTGRES: &str = "BEGIN ISOLATION LEVEL SERIALIZABLE, READ WRITE";
/// For the next transaction alone.
const ISOLATE_MYSQL: &str = "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE";
const BEGIN_MYSQL: &str = "START TRANSACTION READ WRITE";
/// Takes the lock for writing before anything is read: a reader that wants to write later may find that it cannot.
const BEGIN_SQLITE: &str = "BEGIN IMMEDIATE";
const BEGIN_READ_ONLY_POSTGRES: &str = "BEGIN READ ONLY";
const BEGIN_READ_ONLY_MYSQL: &str = "START TRANSACTION READ ONLY";
/// It has no such transaction. This lasts until it is taken back.
const READ_ONLY_SQLITE: &str = "PRAGMA query_only = ON";
const READ_WRITE_SQLITE: &str = "PRAGMA query_only = OFF";
const COMMIT: &str = "COMMIT";
const ROLLBACK: &str = "ROLLBACK";

impl Connection {
    /// Begins a serializable transaction.
    pub(crate) async fn begin(&mut self, generation: u64) -> Result<(), AttemptError> {
        match self {
            Connection::Sessionless(connection) => match connection.begin_transaction(BEGIN_POSTGRES).await {
                Ok(()) => Ok(()),
                Err(error) => Err(attempt_error::running(self.engine(), &error, generation)),
            },
            Connection::Postgres { .. } => self.control(BEGIN_POSTGRES, generation).await,
            Connection::MySql { .. } => {
                self.control(ISOLATE_MYSQL, generation).await?;
                self.control(BEGIN_MYSQL, generation).await
            }
            Connection::Sqlite { .. } => self.control(BEGIN_SQLITE, generation).await,
        }
    }

    /// Begins a transaction in which the database refuses every change.
    pub(crate) async fn begin_read_only(&mut self, generation: u64) -> Result<(), AttemptError> {
        match self {
            Connection::Sessionless(connection) => match connection.begin_transaction(BEGIN_READ_ONLY_POSTGRES).await {
                Ok(()) => Ok(()),
                Err(error) => Err(attempt_error::running(self.engine(), &error, generation)),
            },
            Connection::Postgres { .. } => self.control(BEGIN_READ_ONLY_POSTGRES, generation).await,
            Connection::MySql { .. } => self.control(BEGIN_READ_ONLY_MYSQL, generation).await,
            Connection::Sqlite { .. } => self.control(READ_ONLY_SQLITE, generation).await,
        }
    }

    /// Ends what `begin_read_only` has begun.
    pub(crate) async fn end_read_only(&mut self, generation: u64) -> Result<(), AttemptError> {
        match self {
            Connection::Sqlite { .. } => self.control(READ_WRITE_SQLITE, generation).await,
            _ => self.roll_back(generation).await,
        }
    }

    /// Ends the transaction and keeps what was done in it.
    pub(crate) async fn commit(&mut self, generation: u64) -> Result<(), AttemptError> {
        self.end(COMMIT, generation).await
    }

    /// Ends the transaction and undoes what was done in it.
    pub(crate) async fn roll_back(&mut self, generation: u64) -> Result<(), AttemptError> {
        self.end(ROLLBACK, generation).await
    }

    async fn end(&mut self, sql: &'static str, generation: u64) -> Result<(), AttemptError> {
        match self {
            Connection::Sessionless(connection) => match connection.end_transaction(sql).await {
                Ok(()) => Ok(()),
                Err(error) => Err(attempt_error::running(self.engine(), &error, generation)),
            },
            _ => self.control(sql, generation).await,
        }
    }

    /// Runs a statement of our own that has no values and no rows.
    async fn control(&mut self, sql: &'static str, generation: u64) -> Result<(), AttemptError> {
        let engine = self.engine();
        let ended = match self {
            Connection::Postgres { connection, .. } => connection.execute(sqlx::raw_sql(sql)).await.map(drop),
            Connection::MySql { connection, .. } => connection.execute(sqlx::raw_sql(sql)).await.map(drop),
            Connection::Sqlite { connection, .. } => connection.execute(sqlx::raw_sql(sql)).await.map(drop),
            Connection::Sessionless(connection) => connection.execute(sql, &[]).await.map(drop),
        };
        ended.map_err(|error| attempt_error::running(engine, &error, generation))
    }

    /// Runs a statement to its end and returns how many rows it has changed, as the engine counts them.
    pub(crate) async fn execute(&mut self, sql: &str, args: &[Arg], generation: u64) -> Result<u64, AttemptError> {
        let engine = self.engine();
        let text = sql;
        // The operator's statement; every value is bound.
        let sql = AssertSqlSafe(sql.to_owned());
        let ended = match self {
            Connection::Postgres { connection, .. } => {
                let query = sqlx::query_with(sql, postgres_arguments(args)?);
                connection.execute(query).await.map(|done| done.rows_affected())
            }
            Connection::MySql { connection, .. } => {
                let query = sqlx::query_with(sql, mysql_arguments(args)?);
                connection.execute(query).await.map(|done| done.rows_affected())
            }
            Connection::Sqlite { connection, .. } => {
                let query = sqlx::query_with(sql, sqlite_arguments(args)?);
                connection.execute(query).await.map(|done| done.rows_affected())
            }
            Connection::Sessionless(connection) => connection.execute(text, args).await,
        };
        ended.map_err(|error| attempt_error::running(engine, &error, generation))
    }
}
