//! Reads that the database itself keeps from changing anything: each in a read-only transaction of its own.

use std::time::Duration;

use tokio::time::timeout;

use super::{Database, cut_short, settle};
use crate::metrics::Statement;
use crate::sql::connection::lease::Lease;
use crate::sql::connection::sink::Sink;
use crate::sql::error::SqlError;
use crate::sql::row::Row;
use crate::sql::statement::Arg;

impl Database {
    /// All rows of a statement that is bounded by itself, read in a read-only transaction. It is tried once and may take
    /// `limit`: somebody sits in front of it.
    ///
    /// # Errors
    /// The database cannot be reached, took too long, or refused the statement.
    pub async fn fetch_read_only(&self, sql: &str, args: &[Arg], limit: Duration) -> Result<Vec<Row>, SqlError> {
        let reading = async {
            let permit = self.inner.pool.permit().await?;
            let mut lease = Lease::take(&self.inner.pool, permit, sql).await?;
            let generation = lease.generation();
            let connection = lease.connection()?;
            if let Err(failure) = connection.begin_read_only(generation).await {
                lease.broken();
                return Err(failure);
            }
            let counted = self.inner.metrics.statement(Statement::Scan);
            let mut rows = Vec::new();
            let mut sink = Sink::all(&mut rows, &self.inner.undecodable);
            let ended = connection.run(sql, args, &mut sink, generation).await;
            counted.ended(ended.is_ok());
            if connection.end_read_only(generation).await.is_err() {
                lease.broken();
                return ended.map(|()| rows);
            }
            settle(lease, ended.map(|()| rows))
        };
        let failure = match timeout(limit, reading).await {
            Ok(Ok(rows)) => return Ok(rows),
            Ok(Err(failure)) => failure,
            Err(_) => return Err(SqlError::TimedOut),
        };
        self.inner.health.failed(&failure);
        Err(cut_short(failure))
    }
}
