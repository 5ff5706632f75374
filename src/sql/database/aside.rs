//! What the gateway asks for itself, beside its clients: whether a query still works, and what the database's clock says. Asked
//! once and given up soon: nobody waits for the answer.

use std::{sync::PoisonError, time::Duration};

use tokio::time::timeout;

use super::{Asked, Database, cut_short};
use crate::{
    model::value::Cell,
    sql::{Engine, Row, SqlError, connection::sink::Sink, statement},
};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(2);

impl Database {
    /// Runs a statement once. It is counted nowhere: nobody's request has caused it.
    ///
    /// # Errors
    /// The database's, or that there was no answer in time.
    pub async fn ask_once(&self, asked: &statement::Statement) -> Result<Vec<Row>, SqlError> {
        let mut rows = Vec::new();
        let asking = async {
            let permit = self.inner.pool.permit().await?;
            let asked = &Asked {
                sql: &asked.sql,
                args: &asked.args,
                counted_as: None,
            };
            let mut sink = Sink::all(&mut rows, &self.inner.undecodable);
            self.attempt(permit, asked, &mut sink).await
        };
        let failure = match timeout(PATIENCE, asking).await {
            Ok(Ok(())) => return Ok(rows),
            Ok(Err(failure)) => failure,
            Err(_) => return Err(SqlError::TimedOut),
        };
        self.inner.health.failed(&failure);
        Err(cut_short(failure))
    }

    /// Asks what time it is there, in seconds since 1970, which no time zone changes. None where the database has our clock.
    ///
    /// # Errors
    /// As of [`ask_once`](Self::ask_once).
    pub async fn time(&self) -> Result<Option<i64>, SqlError> {
        let sql = match self.engine() {
            Engine::PostgreSql => "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS BIGINT)",
            Engine::MySql => "SELECT UNIX_TIMESTAMP()",
            Engine::Sqlite => return Ok(None),
        };
        let asked = statement::Statement {
            sql: sql.to_owned(),
            args: Vec::new(),
        };
        let rows = self.ask_once(&asked).await?;
        Ok(match rows.first().and_then(|row| row.first()) {
            Some(Cell::Integer(seconds)) => i64::try_from(*seconds).ok(),
            _ => None,
        })
    }

    /// How far its clock is ahead of ours, in seconds, as was last found; None where that is not known, or it has our clock.
    pub fn clock_offset(&self) -> Option<i64> {
        *self.inner.clock_offset.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes how far its clock is ahead of ours.
    pub fn set_clock_offset(&self, offset: Option<i64>) {
        *self.inner.clock_offset.lock().unwrap_or_else(PoisonError::into_inner) = offset;
    }
}
