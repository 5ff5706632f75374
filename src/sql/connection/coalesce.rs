//! Lookups that wait for a connection: who asks what somebody waits for already shares that statement. One that is
//! about to be sent is joined by nobody, so an answer is never older than its request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::sql::row::Row;
use crate::sql::statement::{Arg, Statement};

/// The rows, once they are there. The sender is gone without them when the lookup failed or nobody waits for it.
type Answer = watch::Receiver<Option<Arc<Vec<Row>>>>;

/// The lookups that wait.
#[derive(Default)]
pub(crate) struct PendingLookups {
    asked: Mutex<HashMap<Statement, Answer>>,
}

/// How a lookup that has to wait gets its rows.
pub(crate) enum Turn<'a> {
    /// It asks itself.
    First(First<'a>),
    /// Somebody else will ask.
    Joined(Answer),
}

/// A lookup that others may wait for.
pub(crate) struct First<'a> {
    waiting: &'a PendingLookups,
    statement: Statement,
    answer: watch::Sender<Option<Arc<Vec<Row>>>>,
}

impl PendingLookups {
    /// The lookup begins to wait.
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
    /// It is about to be sent.
    pub(crate) fn is_sent(&self) {
        let mut asked = self.waiting.lock();
        // By now the same may have been asked anew.
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

/// The rows that somebody else asked for; None when they do not come, and have to be asked for.
pub(crate) async fn joined(mut answer: Answer) -> Option<Vec<Row>> {
    let rows = answer.wait_for(Option::is_some).await.ok()?;
    rows.as_deref().cloned()
}
