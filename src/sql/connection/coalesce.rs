//! Equal lookups that wait for a connection share one statement. Nobody joins a lookup that is about to be sent, so an
//! answer is never older than its request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::sql::row::Row;
use crate::sql::statement::{Arg, Statement};

/// The rows, once they are there. The sender is dropped without them when the lookup failed or nobody waits for it.
type Answer = watch::Receiver<Option<Arc<Vec<Row>>>>;

/// The lookups that wait.
#[derive(Default)]
pub(crate) struct PendingLookups {
    asked: Mutex<HashMap<Statement, Answer>>,
}

/// How a waiting lookup gets its rows.
pub(crate) enum Turn<'a> {
    /// By its own statement.
    First(First<'a>),
    /// By the statement of an equal lookup.
    Joined(Answer),
}

/// A lookup that others may wait for.
pub(crate) struct First<'a> {
    waiting: &'a PendingLookups,
    statement: Statement,
    answer: watch::Sender<Option<Arc<Vec<Row>>>>,
}

impl PendingLookups {
    /// Begins to wait: first of its kind, or behind an equal lookup.
    pub(crate) fn turn(&self, sql: &str, args: &[Arg]) -> Turn<'_> {
        let statement = Statement {
            sql: sql.to_owned(),
            args: args.to_vec(),
        };
        let mut asked = self.lock();
        if let Some(answer) = asked.get(&statement) {
            return Turn::Joined(answer.clone());
        }
        let (sender, receiver) = watch::channel(None);
        asked.insert(statement.clone(), receiver);
        Turn::First(First {
            waiting: self,
            statement,
            answer: sender,
        })
    }

    #[cfg(test)]
    pub(crate) fn turn_count(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Statement, Answer>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl First<'_> {
    /// The statement is about to be sent: nobody may join any more.
    pub(crate) fn is_sent(&self) {
        let mut asked = self.waiting.lock();
        // An equal lookup may have begun to wait since.
        if asked
            .get(&self.statement)
            .is_some_and(|answer| answer.same_channel(&self.answer.subscribe()))
        {
            asked.remove(&self.statement);
        }
    }

    /// Everybody who joined gets the rows too.
    pub(crate) fn answered(self, rows: &[Row]) {
        self.is_sent();
        if self.answer.receiver_count() > 0 {
            self.answer.send_replace(Some(Arc::new(rows.to_vec())));
        }
    }
}

impl Drop for First<'_> {
    fn drop(&mut self) {
        self.is_sent();
    }
}

/// The rows of the lookup that was joined. None when they do not come: then the caller has to ask.
pub(crate) async fn joined(mut answer: Answer) -> Option<Vec<Row>> {
    let rows = answer.wait_for(Option::is_some).await.ok()?;
    rows.as_deref().cloned()
}
