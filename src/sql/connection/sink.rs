//! Where the rows of one result go: a vector for bounded reads, a channel of batches for streams.

use tokio::sync::mpsc;

use super::attempt_error::AttemptError;
use crate::sql::error::{SqlError, StatementError};
use crate::sql::row::Row;

/// A read that is meant to be bounded (a lookup, a chunk) and brings more rows than this is a mistake in
/// a query, and must not take the process's memory.
pub(crate) const MAX_ROWS: usize = 100_000;

/// Rows in one message of a stream.
const BATCH: usize = 256;

/// What a stream's task tells its reader.
pub(crate) enum Batch {
    Rows(Vec<Row>),
    Complete,
    Failed(SqlError),
}

/// The receiving end inside this process of one result.
pub(crate) enum Sink<'a> {
    /// Everything, up to `MAX_ROWS`.
    All(&'a mut Vec<Row>),
    /// Batch by batch; waits when the reader is slow.
    Batches {
        batch: Vec<Row>,
        sent: bool,
        to: &'a mpsc::Sender<Batch>,
    },
}

impl Sink<'_> {
    pub(crate) async fn push(&mut self, row: Row) -> Result<(), AttemptError> {
        match self {
            Sink::All(rows) if rows.len() >= MAX_ROWS => Err(AttemptError::Statement(StatementError::too_many_rows())),
            Sink::All(rows) => {
                rows.push(row);
                Ok(())
            }
            Sink::Batches { batch, .. } => {
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
        let Sink::Batches { batch, sent, to } = self else {
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
        match self {
            Sink::All(rows) => {
                rows.clear();
                true
            }
            Sink::Batches { batch, sent, .. } => {
                batch.clear();
                !*sent
            }
        }
    }
}
