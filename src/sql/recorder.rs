//! Records what is asked of the database during one search, for `explain`. Every other database has no recorder.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::sql::error::SqlError;
use crate::sql::row::Row;
use crate::sql::statement::{Arg, Statement};

/// A statement as it was sent, and what came of it. Never what its rows hold.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Text and values.
    pub statement: Statement,
    /// Whether its rows come as they are read, instead of all at once.
    pub streamed: bool,
    /// How many rows have come.
    pub rows: usize,
    /// Until the last row came, waiting for a connection and repeats included.
    pub elapsed: Duration,
    /// Why it failed.
    pub error: Option<String>,
}

/// The statements that were sent, in order.
#[derive(Debug, Default)]
pub struct Recorder {
    statements: Mutex<Vec<Recorded>>,
}

impl Recorder {
    /// The statements since the last time, forgotten here.
    pub fn take(&self) -> Vec<Recorded> {
        std::mem::take(&mut *self.statements())
    }

    /// How many statements there have been since the last time.
    pub fn count(&self) -> usize {
        self.statements().len()
    }

    /// Waits for the rows of a statement and writes it down.
    pub(crate) async fn watch(
        &self,
        sql: &str,
        args: &[Arg],
        fetching: impl Future<Output = Result<Vec<Row>, SqlError>>,
    ) -> Result<Vec<Row>, SqlError> {
        let begun = Instant::now();
        let fetched = fetching.await;
        self.statements().push(Recorded {
            statement: statement(sql, args),
            streamed: false,
            rows: fetched.as_ref().map_or(0, Vec::len),
            elapsed: begun.elapsed(),
            error: fetched.as_ref().err().map(SqlError::detail),
        });
        fetched
    }

    fn statements(&self) -> MutexGuard<'_, Vec<Recorded>> {
        self.statements.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A recorded stream: its record is made at its beginning, because it may never come to its end.
pub(crate) struct Stream {
    recorder: Arc<Recorder>,
    at: usize,
    begun: Instant,
}

impl Stream {
    pub(crate) fn begin(recorder: &Arc<Recorder>, sql: &str, args: &[Arg]) -> Stream {
        let mut statements = recorder.statements();
        statements.push(Recorded {
            statement: statement(sql, args),
            streamed: true,
            rows: 0,
            elapsed: Duration::ZERO,
            error: None,
        });
        Stream {
            recorder: Arc::clone(recorder),
            at: statements.len() - 1,
            begun: Instant::now(),
        }
    }

    pub(crate) fn came(&self, next: Option<&Result<Vec<Row>, SqlError>>) {
        if let Some(recorded) = self.recorder.statements().get_mut(self.at) {
            recorded.elapsed = self.begun.elapsed();
            match next {
                Some(Ok(rows)) => recorded.rows += rows.len(),
                Some(Err(error)) => recorded.error = Some(error.detail()),
                None => {}
            }
        }
    }
}

fn statement(sql: &str, args: &[Arg]) -> Statement {
    Statement {
        sql: sql.to_owned(),
        args: args.to_vec(),
    }
}
