//! Search (RFC 4511 4.5): entries are sent as the directory finds them, then the result.
//!
//! Only limits that the client asked for end a search with codes 3 and 4: SSSD, GitLab and Search Guard take those
//! for complete answers.

use super::{
    Outcome,
    context::{Context, Identity},
    controls::{Controls, paged::Walk},
    output::Output,
    result::{Failure, Report},
};
use crate::{
    config::Policy,
    directory::{
        Directory, DirectoryError,
        search::{page::Position, query::SearchQuery, results::SearchOutcome},
    },
    model::{dn::Dn, entry::Selection, scope::Scope},
    protocol::{Control, LdapResult, ResponseKind, ResultCode, SearchRequest, write_entry, write_result},
};
use std::{pin::pin, sync::Arc, time::Duration};
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
/// The result to answer with, or the directory's failure, or [`Failure::Closed`].
pub async fn search(
    context: &Context,
    id: i32,
    request: SearchRequest,
    controls: Controls,
    output: &mut Output,
    report: &mut Report,
) -> Result<Outcome, Failure> {
    let directory = context.services.directory().ok_or(DirectoryError::NotDescribed)?;
    let base = readable_base(context, &directory, &request.base, request.scope)?;
    if directory.is_whole_by_empty_base(&base, request.scope) && context.services.empty_base_used.is_due(A_MINUTE) {
        warn!("a search of the whole directory by an empty base (EMPTY_BASE=directory): is it meant so?");
    }
    let deadline = (request.time_limit > 0)
        .then(|| Instant::from_std(context.received + Duration::from_secs(u64::from(request.time_limit))));
    let search = Allowed {
        context,
        directory: &directory,
        id,
        base,
        request,
        controls,
    };
    let (result, controls) = {
        // Pinned, because a future that is moved is copied whole.
        let answer = pin!(answer(search, output, report));
        match deadline {
            Some(deadline) => timeout_at(deadline, answer)
                .await
                .unwrap_or_else(|_| Ok((time_limit_exceeded(&directory)?, Vec::new()))),
            None => answer.await,
        }
    }?;
    report.code = Some(result.code);
    write_result(output.buffer(), id, ResponseKind::SearchResultDone, &result, &controls);
    Ok(Outcome::Answered)
}

/// A search that may be done.
struct Allowed<'a> {
    context: &'a Context,
    directory: &'a Directory,
    id: i32,
    base: Arc<Dn>,
    request: SearchRequest,
    controls: Controls,
}

/// Sends the entries; the result and its controls are left to send.
async fn answer(
    search: Allowed<'_>,
    output: &mut Output,
    report: &mut Report,
) -> Result<(LdapResult, Vec<Control>), Failure> {
    let Allowed {
        context,
        directory,
        id,
        base,
        request,
        controls,
    } = search;
    controls.check_assertion(context, directory, &base).await?;
    let walk = match controls.paged {
        Some(paged) => Some(Walk::resume(directory, &base, &request, &paged)?),
        None => None,
    };
    if walk.as_ref().is_some_and(Walk::is_over) {
        return Ok((LdapResult::success(), vec![Walk::end()]));
    }
    let size_limit = (request.size_limit > 0).then_some(u64::from(request.size_limit));
    let sending = Sending {
        id,
        selection: Selection::new(directory.schema(), &request.attributes),
        types_only: request.types_only,
        size_limit: walk.as_ref().map_or(size_limit, |walk| walk.size_limit),
    };
    let query = SearchQuery {
        base,
        scope: request.scope,
        filter: request.filter,
        selection: sending.selection.clone(),
        wanted: size_limit,
        page: walk.as_ref().map(Walk::page),
        lookup_deadline: context.received + Policy::LOOKUP_HOLD,
        scan_timeout: context.services.policy.scan_timeout,
        observer: None,
    };
    let (result, next) = sending.send(directory, query, output, report).await?;
    let controls = match walk {
        // As slapd: the control only goes with what the client can go on from.
        Some(walk) if result.code == ResultCode::Success => vec![walk.control(report.entries, next)],
        _ => Vec::new(),
    };
    Ok((result, controls))
}

/// Clients take code 3 for a complete answer; it is only said of a database that answers.
fn time_limit_exceeded(directory: &Directory) -> Result<LdapResult, Failure> {
    if directory.is_reachable() {
        Ok(LdapResult::new(ResultCode::TimeLimitExceeded, ""))
    } else {
        Err(DirectoryError::Unreachable.into())
    }
}

/// The base, or why this session may not read there. Checked before the base is looked at, so that a refusal tells
/// nobody what exists.
pub(super) fn readable_base(
    context: &Context,
    directory: &Directory,
    base: &str,
    scope: Scope,
) -> Result<Arc<Dn>, Failure> {
    let dn = directory.read_dn(base);
    let dn = dn.ok_or_else(|| LdapResult::new(ResultCode::InvalidDNSyntax, "the base is not a DN"))?;
    let refused = context.services.policy.require_auth_for_search
        && context.identity == Identity::Anonymous
        && !directory.is_public(&dn, scope);
    if refused {
        return Err(LdapResult::new(ResultCode::InsufficientAccessRights, "authentication is required").into());
    }
    Ok(dn)
}

/// How entries are sent.
struct Sending {
    id: i32,
    selection: Selection,
    types_only: bool,
    size_limit: Option<u64>,
}

impl Sending {
    /// Sends what a query finds; the result, and where the next page begins.
    async fn send(
        &self,
        directory: &Directory,
        query: SearchQuery,
        output: &mut Output,
        report: &mut Report,
    ) -> Result<(LdapResult, Option<Position>), Failure> {
        let mut results = match directory.search(query).await? {
            SearchOutcome::Results(results) => results,
            SearchOutcome::NoSuchObject { matched } => {
                let result = LdapResult::new(ResultCode::NoSuchObject, "").with_matched_dn(matched);
                return Ok((result, None));
            }
        };
        while let Some(entries) = results.next_batch().await? {
            for entry in &entries {
                if self.size_limit == Some(report.entries) {
                    return Ok((ResultCode::SizeLimitExceeded.into(), None));
                }
                let (schema, selection) = (directory.schema(), &self.selection);
                write_entry(output.buffer(), self.id, schema, entry, selection, self.types_only);
                report.entries += 1;
                output.flush_full_chunks().await?;
                if report.entries.is_multiple_of(ENTRIES_A_TURN) {
                    yield_now().await;
                }
            }
        }
        Ok((LdapResult::success(), results.into_next()))
    }
}
