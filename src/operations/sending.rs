//! Sends the entries that a query finds, up to the client's limit.

use super::{base::Base, password_hashes::PasswordHashes, reply::Reply, result::OperationError};
use crate::{
    directory::search::{begin::SearchOutcome, page::Position, query::SearchQuery},
    protocol::{EntryFormat, LdapResult, ResultCode},
};
use tokio::task::yield_now;

/// Entries written before other tasks get their turn.
const ENTRIES_A_TURN: u64 = 64;

/// How entries are sent.
pub(super) struct Sending<'a> {
    pub(super) format: EntryFormat<'a>,
    /// How many entries the client takes.
    pub(super) size_limit: Option<u64>,
}

impl Sending<'_> {
    /// Sends what a query finds, with `hashes` where they are asked for; the result, and where the next page begins.
    pub(super) async fn send(
        &self,
        base: &Base<'_>,
        query: SearchQuery,
        mut hashes: Option<PasswordHashes<'_>>,
        reply: &mut Reply<'_>,
    ) -> Result<(LdapResult, Option<Position>), OperationError> {
        let mut results = match base.realm.search(query).await? {
            SearchOutcome::Results(results) => results,
            SearchOutcome::NoSuchObject { matched } => return Ok((base.no_such_object(matched), None)),
        };
        while let Some(mut entries) = results.next_batch().await? {
            for entry in &mut entries {
                if self.size_limit == Some(reply.notes.entries) {
                    return Ok((ResultCode::SizeLimitExceeded.into(), None));
                }
                if let Some(hashes) = &mut hashes {
                    Box::pin(hashes.add_to(entry)).await?;
                }
                reply.entry(entry, &self.format).await?;
                if reply.notes.entries.is_multiple_of(ENTRIES_A_TURN) {
                    yield_now().await;
                }
            }
        }
        Ok((LdapResult::success(), results.into_next()))
    }
}
