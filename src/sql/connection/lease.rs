//! A connection lent for one statement, or for those of one transaction. It is given back when they have ended; else it
//! is closed and the statement ended.

use std::borrow::Cow;
use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

use super::abandoned::Abandoned;
use super::attempt_error::AttemptError;
use super::driver::Connection;
use super::member::Member;
use super::opener::Waiter;
use super::pool::Pool;

/// A connection lent for one statement. Dropped without `done` (abandoned, timed out, failed), the connection is
/// closed and its statement ended: only an idle one goes back.
pub(crate) struct Lease<'a> {
    member: Option<Member>,
    generation: u64,
    broken: bool,
    /// The statement that it is lent for.
    sql: Cow<'a, str>,
    pool: Arc<Pool>,
    permit: Option<OwnedSemaphorePermit>,
}

impl<'a> Lease<'a> {
    /// A connection for that place, to run `sql` on: an idle one that can be trusted, else a new one. When the
    /// database allows fewer connections than the pool has places, those that exist are shared.
    pub(crate) async fn take(
        pool: &Arc<Pool>,
        permit: OwnedSemaphorePermit,
        sql: &'a str,
    ) -> Result<Lease<'a>, AttemptError> {
        let member = loop {
            if let Some(member) = pool.take_idle(pool.health().generation(), None) {
                break member;
            }
            if let Some(waiter) = Waiter::new(pool) {
                break waiter.member().await?;
            }
        };
        let generation = member.generation;
        Ok(Lease {
            member: Some(member),
            generation,
            broken: false,
            sql: Cow::Borrowed(sql),
            pool: Arc::clone(pool),
            permit: Some(permit),
        })
    }
}

impl Lease<'_> {
    /// The lent connection.
    pub(crate) fn connection(&mut self) -> Result<&mut Connection, AttemptError> {
        match &mut self.member {
            Some(member) => Ok(&mut member.connection),
            None => Err(AttemptError::Connect("no connection".to_owned())),
        }
    }

    /// Another statement runs on it now.
    pub(crate) fn runs(&mut self, sql: &str) {
        self.sql = Cow::Owned(sql.to_owned());
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// The connection is dead: there is nothing to end on it.
    pub(crate) fn broken(mut self) {
        self.broken = true;
    }

    /// The statement has ended and its result was read: gives the connection back.
    pub(crate) fn done(mut self) {
        if let Some(member) = self.member.take() {
            self.pool.hand_on(member);
        }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let Some(member) = self.member.take() else {
            return;
        };
        if let Some(session) = member.connection.abort()
            && !self.broken
        {
            let abandoned = Abandoned::new(member, session, &self.sql, self.permit.take());
            self.pool.abandon(abandoned);
        }
        // Else dropping closes the socket at once. The permit is released afterwards, with the other fields.
    }
}
