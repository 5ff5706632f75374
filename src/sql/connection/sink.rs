//! Where the rows of one result go: a vector for bounded reads, a channel of batches for streams.

use std::time::Duration;

use tokio::sync::mpsc;

use super::attempt_error::AttemptError;
use crate::sql::decode::UndecodableValues;
use crate::sql::error::{SqlError, StatementError};
use crate::sql::row::Row;

/// A bounded read (a lookup, a chunk) with more rows than this is a mistake in a query, and must not take the
/// process's memory.
const MAX_ROWS: usize = 100_000;

/// Rows in one message of a stream.
const BATCH: usize = 256;

/// What a stream's task tells its reader.
pub(crate) enum Batch {
    Rows(Vec<Row>),
    Complete,
    Failed(SqlError),
}

/// The receiver of one result's rows.
pub(crate) struct Sink<'a> {
    rows: Rows<'a>,
    /// Where values are counted that cannot be decoded.
    pub(super) undecodable: &'a UndecodableValues,
}

/// What becomes of the rows.
enum Rows<'a> {
    /// Everything, up to `MAX_ROWS`.
    All(&'a mut Vec<Row>),
    /// Batch by batch; waits when the reader is slow.
    Batches {
        batch: Vec<Row>,
        sent: bool,
        to: &'a mpsc::Sender<Batch>,
        row_timeout: Duration,
    },
}

impl<'a> Sink<'a> {
    /// For a result that is bounded by itself.
    pub(crate) fn all(rows: &'a mut Vec<Row>, undecodable: &'a UndecodableValues) -> Self {
        Sink {
            rows: Rows::All(rows),
            undecodable,
        }
    }

    /// For a stream, each of whose rows may take `row_timeout`.
    pub(crate) fn batches(
        to: &'a mpsc::Sender<Batch>,
        row_timeout: Duration,
        undecodable: &'a UndecodableValues,
    ) -> Self {
        Sink {
            rows: Rows::Batches {
                batch: Vec::new(),
                sent: false,
                to,
                row_timeout,
            },
            undecodable,
        }
    }

    /// How long the next row may take, where that is limited.
    pub(super) fn row_timeout(&self) -> Option<Duration> {
        match &self.rows {
            Rows::All(_) => None,
            Rows::Batches { row_timeout, .. } => Some(*row_timeout),
        }
    }

    pub(crate) async fn push(&mut self, row: Row) -> Result<(), AttemptError> {
        match &mut self.rows {
            Rows::All(rows) if rows.len() >= MAX_ROWS => Err(AttemptError::Statement(StatementError::too_many_rows())),
            Rows::All(rows) => {
                rows.push(row);
                Ok(())
            }
            Rows::Batches { batch, .. } => {
                batch.push(row);
                if batch.len() >= BATCH {
                    self.flush().await
                } else {
                    Ok(())
                }
            }
        }
    }

    /// Sends what has been collected.
    pub(crate) async fn flush(&mut self) -> Result<(), AttemptError> {
        let Rows::Batches { batch, sent, to, .. } = &mut self.rows else {
            return Ok(());
        };
        if batch.is_empty() {
            return Ok(());
        }
        let rows = std::mem::replace(batch, Vec::with_capacity(BATCH));
        *sent = true;
        to.send(Batch::Rows(rows))
            .await
            .map_err(|_| AttemptError::Statement(StatementError::ours("nobody reads any more")))
    }

    /// Forgets what an unfinished try brought; false when some of it has left already.
    pub(crate) fn restart(&mut self) -> bool {
        match &mut self.rows {
            Rows::All(rows) => {
                rows.clear();
                true
            }
            Rows::Batches { batch, sent, .. } => {
                batch.clear();
                !*sent
            }
        }
    }
}
