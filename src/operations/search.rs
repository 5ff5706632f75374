//! Search (RFC 4511 4.5): entries are sent as the directory finds them, then the result.
//!
//! Codes 3 and 4 (a limit was exceeded) are only sent for limits of the client's own: SSSD, GitLab and Search Guard take an
//! answer with such a code for a complete one.

use super::{
    base::Base,
    context::Context,
    controls::{Controls, paged::PagedSearch},
    outcome::Outcome,
    password_hashes::PasswordHashes,
    reply::Reply,
    result::OperationError,
    sending::Sending,
    whole,
};
use crate::{
    directory::{DirectoryError, realm::Realm, search::query::SearchQuery},
    model::entry::Selection,
    protocol::{Control, EntryFormat, LdapResult, ResponseKind, ResultCode, SearchRequest},
};
use std::{pin::pin, time::Duration};
use tokio::time::{Instant, timeout_at};
use tracing::warn;

/// Between two warnings that clients can cause.
const A_MINUTE: Duration = Duration::from_secs(60);

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
    if let Some(contexts) = whole::contexts(context, &request.base, request.scope) {
        // Boxed, because the future of each search would have room for it.
        return Box::pin(search_all(&contexts, request, controls, reply)).await;
    }
    let base = Base::readable(context, &request.base, request.scope).await?;
    if base.realm.is_whole_by_empty_base(&base.dn, request.scope) {
        warn_of_empty_base(context);
    }
    let deadline = deadline(context, &request);
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

/// Answers a search of all realms at once.
async fn search_all(
    contexts: &[Context],
    request: SearchRequest,
    controls: Controls,
    reply: &mut Reply<'_>,
) -> Result<Outcome, OperationError> {
    let bases = whole::readable(contexts, request.scope).await?;
    contexts.first().into_iter().for_each(warn_of_empty_base);
    let deadline = contexts.first().and_then(|context| deadline(context, &request));
    let (result, controls) = {
        let entries = pin!(whole::send_entries(&bases, request, controls, reply));
        match deadline {
            Some(deadline) => timeout_at(deadline, entries).await.unwrap_or_else(|_| {
                let unreachable = bases.iter().find(|base| !base.realm.is_reachable());
                let realm = unreachable.or(bases.first());
                let result = realm.map_or_else(|| Ok(LdapResult::success()), |base| time_limit_exceeded(&base.realm));
                Ok((result?, Vec::new()))
            }),
            None => entries.await,
        }
    }?;
    reply.result(ResponseKind::SearchResultDone, &result, &controls);
    Ok(Outcome::Answered)
}

fn warn_of_empty_base(context: &Context) {
    if context.services.empty_base_used.is_due(A_MINUTE) {
        warn!(
            "a client was given the whole directory by an empty base (EMPTY_BASE=directory): \
            if that is not meant, give the client a base DN"
        );
    }
}

/// When the client's time limit is over.
fn deadline(context: &Context, request: &SearchRequest) -> Option<Instant> {
    let limit = Duration::from_secs(u64::from(request.time_limit));
    (request.time_limit > 0).then(|| Instant::from_std(context.received + limit))
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
    let mut selection = Selection::new(realm.schema(), &request.attributes);
    let hashes = PasswordHashes::asked(base.context, realm, &mut selection);
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
    let (result, next) = sending.send(base, query, hashes, reply).await?;
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
