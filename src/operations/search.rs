//! Search (RFC 4511 4.5): entries are sent as the directory finds them, then the result.
//!
//! Only limits that the client asked for end a search with codes 3 and 4: SSSD, GitLab and Search Guard take those
//! for complete answers.

use std::time::Duration;

use tokio::{
    task::yield_now,
    time::{Instant, timeout_at},
};

use super::{
    Outcome,
    context::{Context, Identity},
    finish,
    output::Output,
    result::{Failure, Report},
};
use crate::{
    directory::{Directory, DirectoryError, Found, search::Query},
    model::{dn::Dn, entry::Selection, scope::Scope},
    protocol::{LdapResult, ResponseKind, ResultCode, SearchRequest, write_entry},
};

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
    output: &mut Output,
    report: &mut Report,
) -> Result<Outcome, Failure> {
    let directory = context.services.directory().ok_or(DirectoryError::NotDescribed)?;
    let base = readable_base(context, &directory, &request.base, request.scope)?;
    let limits = Limits::of(context, &request);
    let query = Query {
        base,
        scope: request.scope,
        filter: request.filter,
        selection: Selection::new(directory.schema(), &request.attributes),
        lookup_deadline: context.received + context.services.policy.lookup_hold,
        scan_timeout: context.services.policy.scan_timeout,
    };
    let stream = stream(&directory, id, query, request.types_only, &limits, output, report);
    let result = match limits.deadline {
        Some(deadline) => timeout_at(deadline, stream)
            .await
            .unwrap_or_else(|_| Ok(LdapResult::new(ResultCode::TimeLimitExceeded, ""))),
        None => stream.await,
    }?;
    finish(output, id, ResponseKind::SearchResultDone, &result, report);
    Ok(Outcome::Answered)
}

/// The base, or why this session may not read there. Checked before the base is looked at, so that a refusal tells
/// nobody what exists.
pub(super) fn readable_base(context: &Context, directory: &Directory, base: &str, scope: Scope) -> Result<Dn, Failure> {
    let dn = Dn::parse(base).ok().filter(|dn| dn.is_valid(directory.schema()));
    let dn = dn.ok_or_else(|| LdapResult::new(ResultCode::InvalidDNSyntax, "the base is not a DN"))?;
    let refused = context.services.policy.require_auth_for_search
        && context.identity == Identity::Anonymous
        && !directory.is_public(&dn, scope);
    if refused {
        return Err(LdapResult::new(ResultCode::InsufficientAccessRights, "authentication is required").into());
    }
    Ok(dn)
}

/// The client's own limits.
struct Limits {
    entries: Option<u64>,
    deadline: Option<Instant>,
}

impl Limits {
    fn of(context: &Context, request: &SearchRequest) -> Self {
        Limits {
            entries: (request.size_limit > 0).then_some(u64::from(request.size_limit)),
            deadline: (request.time_limit > 0)
                .then(|| Instant::from_std(context.received + Duration::from_secs(u64::from(request.time_limit)))),
        }
    }
}

async fn stream(
    directory: &Directory,
    id: i32,
    query: Query,
    types_only: bool,
    limits: &Limits,
    output: &mut Output,
    report: &mut Report,
) -> Result<LdapResult, Failure> {
    let selection = query.selection.clone();
    let mut results = match directory.search(query).await? {
        Found::Results(results) => results,
        Found::NoSuchObject { matched } => {
            return Ok(LdapResult::new(ResultCode::NoSuchObject, "").with_matched_dn(matched));
        }
    };
    while let Some(entries) = results.next_batch().await? {
        for entry in &entries {
            if limits.entries == Some(report.entries) {
                return Ok(LdapResult::new(ResultCode::SizeLimitExceeded, ""));
            }
            write_entry(output.buffer(), id, directory.schema(), entry, &selection, types_only);
            report.entries += 1;
            output.flush_full_chunks().await?;
            if report.entries.is_multiple_of(ENTRIES_A_TURN) {
                yield_now().await;
            }
        }
    }
    Ok(LdapResult::success())
}
