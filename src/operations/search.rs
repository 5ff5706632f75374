//! Search (RFC 4511 4.5): entries are sent as the directory finds them, then the result.
//!
//! Codes 3 and 4 (a limit was exceeded) are only sent for limits of the client's own: SSSD, GitLab and Search Guard take an
//! answer with such a code for a complete one.

use super::{
    base::Base,
    context::Context,
    controls::{Controls, paged::PagedSearch},
    outcome::Outcome,
    reply::Reply,
    result::OperationError,
};
use crate::{
    directory::{
        DirectoryError,
        realm::Realm,
        search::{begin::SearchOutcome, page::Position, query::SearchQuery},
    },
    model::entry::Selection,
    protocol::{Control, EntryFormat, LdapResult, ResponseKind, ResultCode, SearchRequest},
};
use std::{pin::pin, time::Duration};
use tokio::{
    task::yield_now,
    time::{Instant, timeout_at},
};
use tracing::warn;

/// Between two warnings that clients can cause.
const A_MINUTE: Duration = Duration::from_secs(60);
/// Entries written before other tasks get their turn.
const ENTRIES_A_TURN: u64 = 64;

/// Answers a search request.
///
/// # Errors
/// The result to answer with, or the directory's failure, or [`OperationError::Closed`].
pub(super) async fn search(
    context: &Context,
    request: SearchRequest,
    controls: Controls,
    reply: &mut Reply<'_>,
) -> Result<Outcome, OperationError> {
    let base = Base::readable(context, &request.base, request.scope).await?;
    let is_whole = base.realm.is_whole_by_empty_base(&base.dn, request.scope);
    if is_whole && context.services.empty_base_used.is_due(A_MINUTE) {
        warn!(
            "a client was given the whole directory by an empty base (EMPTY_BASE=directory): \
            if that is not meant, give the client a base DN"
        );
    }
    let deadline = (request.time_limit > 0)
        .then(|| Instant::from_std(context.received + Duration::from_secs(u64::from(request.time_limit))));
    let (result, controls) = {
        // Pinned, because a future that is moved is copied whole.
        let entries = pin!(send_entries(&base, request, controls, reply));
        match deadline {
            Some(deadline) => timeout_at(deadline, entries)
                .await
                .unwrap_or_else(|_| Ok((time_limit_exceeded(&base.realm)?, Vec::new()))),
            None => entries.await,
        }
    }?;
    reply.result(ResponseKind::SearchResultDone, &result, &controls);
    Ok(Outcome::Answered)
}

/// Sends the entries; the result and its controls are left to send.
async fn send_entries(
    base: &Base<'_>,
    request: SearchRequest,
    controls: Controls,
    reply: &mut Reply<'_>,
) -> Result<(LdapResult, Vec<Control>), OperationError> {
    let realm = &*base.realm;
    controls.check_assertion(base).await?;
    let paged = match controls.paged {
        Some(paged) => Some(PagedSearch::resume(realm, &base.dn, &request, &paged)?),
        None => None,
    };
    if paged.as_ref().is_some_and(PagedSearch::is_over) {
        return Ok((LdapResult::success(), vec![PagedSearch::end()]));
    }
    let size_limit = (request.size_limit > 0).then_some(u64::from(request.size_limit));
    let selection = Selection::new(realm.schema(), &request.attributes);
    let query = SearchQuery {
        wanted: size_limit,
        page: paged.as_ref().map(PagedSearch::page),
        ..base.query(request.filter, selection.clone())
    };
    let sending = Sending {
        format: EntryFormat {
            schema: realm.schema(),
            selection: &selection,
            types_only: request.types_only,
        },
        size_limit: paged.as_ref().map_or(size_limit, |paged| paged.size_limit),
    };
    let (result, next) = sending.send(realm, query, reply).await?;
    let controls = match paged {
        // As slapd: the control only goes with what the client can go on from.
        Some(paged) if result.code == ResultCode::Success => vec![paged.control(reply.notes.entries, next)],
        _ => Vec::new(),
    };
    Ok((result, controls))
}

/// The client's time limit is over. Clients take code 3 for a complete answer, so it is only sent while the database can be
/// asked.
fn time_limit_exceeded(realm: &Realm) -> Result<LdapResult, OperationError> {
    if realm.is_reachable() {
        Ok(LdapResult::new(ResultCode::TimeLimitExceeded, ""))
    } else {
        Err(DirectoryError::Unreachable.into())
    }
}

/// How entries are sent.
struct Sending<'a> {
    format: EntryFormat<'a>,
    size_limit: Option<u64>,
}

impl Sending<'_> {
    /// Sends what a query finds; the result, and where the next page begins.
    async fn send(
        &self,
        realm: &Realm,
        query: SearchQuery,
        reply: &mut Reply<'_>,
    ) -> Result<(LdapResult, Option<Position>), OperationError> {
        let mut results = match realm.search(query).await? {
            SearchOutcome::Results(results) => results,
            SearchOutcome::NoSuchObject { matched } => {
                let result = LdapResult::new(ResultCode::NoSuchObject, "").with_matched_dn(matched);
                return Ok((result, None));
            }
        };
        while let Some(entries) = results.next_batch().await? {
            for entry in &entries {
                if self.size_limit == Some(reply.notes.entries) {
                    return Ok((ResultCode::SizeLimitExceeded.into(), None));
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
