//! A search of the whole directory by an empty base (`EMPTY_BASE=directory`) where there are several realms: one after the
//! other, in their order, those that this session may read. If one of them cannot answer, the search has no answer.

use super::{
    base::Base,
    context::{Context, Identity},
    controls::{Controls, paged::PagedSearch},
    reply::Reply,
    result::OperationError,
    sending::Sending,
};
use crate::{
    directory::search::query::SearchQuery,
    model::{dn::Dn, entry::Selection, scope::Scope},
    protocol::{Control, EntryFormat, LdapResult, ResultCode, SearchRequest},
};

/// The surroundings of a search in each realm, where it is one of several realms at once.
pub(super) fn contexts(context: &Context, base: &str, scope: Scope) -> Option<Vec<Context>> {
    let catalog = &context.services.catalog;
    let may_be = catalog.are_several() && scope != Scope::Base && base.is_empty();
    let realm = may_be.then(|| context.realm().described())??;
    realm.is_whole_by_empty_base(&Dn::root(), scope).then_some(())?;
    let in_realm = |realm| Context {
        realm,
        identity: match realm == context.realm {
            true => context.identity.clone(),
            false => Identity::Anonymous,
        },
        ..context.clone()
    };
    Some(catalog.ids().map(in_realm).collect())
}

/// Those that this session may read.
///
/// # Errors
/// It may read none, or one cannot be asked.
pub(super) async fn readable(contexts: &[Context], scope: Scope) -> Result<Vec<Base<'_>>, OperationError> {
    let mut bases = Vec::new();
    let mut refused = None;
    for context in contexts {
        match Base::readable(context, "", scope).await {
            Ok(base) => bases.push(base),
            Err(OperationError::Result(result)) => refused = Some(result),
            Err(error) => return Err(error),
        }
    }
    match refused {
        Some(refused) if bases.is_empty() => Err(refused.into()),
        _ => Ok(bases),
    }
}

/// Sends the entries of all of them; the result and its controls are left to send.
///
/// # Errors
/// As of a search of one realm.
pub(super) async fn send_entries(
    bases: &[Base<'_>],
    request: SearchRequest,
    controls: Controls,
    reply: &mut Reply<'_>,
) -> Result<(LdapResult, Vec<Control>), OperationError> {
    if let Some(first) = bases.first() {
        controls.check_assertion(first).await?;
    }
    // The realm that the page begins in is the one that its cookie belongs to.
    let mut paged = None;
    let mut begin = 0;
    if let Some(asked) = &controls.paged {
        let mut resumed = Err(OperationError::from(LdapResult::from(ResultCode::UnwillingToPerform)));
        for (number, base) in bases.iter().enumerate() {
            resumed = PagedSearch::resume(&base.realm, &base.dn, &request, asked).map_err(OperationError::from);
            begin = number;
            if resumed.is_ok() {
                break;
            }
        }
        paged = Some(resumed?);
    }
    if paged.as_ref().is_some_and(PagedSearch::is_over) {
        return Ok((LdapResult::success(), vec![PagedSearch::end()]));
    }
    let client_limit = (request.size_limit > 0).then_some(u64::from(request.size_limit));
    let size_limit = paged.as_ref().map_or(client_limit, |paged| paged.size_limit);
    for (number, base) in bases.iter().enumerate().skip(begin) {
        let realm = &*base.realm;
        if number > begin
            && let Some(before) = paged
        {
            let next = before.in_next_realm(realm, &base.dn, &request, reply.notes.entries);
            if next.is_full() {
                return Ok((LdapResult::success(), vec![next.control_of_start()]));
            }
            paged = Some(next);
        }
        let selection = Selection::new(realm.schema(), &request.attributes);
        let query = SearchQuery {
            wanted: client_limit,
            page: paged.as_ref().map(PagedSearch::page),
            ..base.query(request.filter.clone(), selection.clone())
        };
        let sending = Sending {
            format: EntryFormat {
                schema: realm.schema(),
                selection: &selection,
                types_only: request.types_only,
            },
            size_limit,
        };
        let (result, next) = sending.send(base, query, None, reply).await?;
        if result.code != ResultCode::Success {
            return Ok((result, Vec::new()));
        }
        if let (Some(paged), Some(next)) = (&paged, next) {
            let control = paged.control(reply.notes.entries, Some(next));
            return Ok((result, vec![control]));
        }
    }
    let controls = paged.map(|_| PagedSearch::end());
    Ok((LdapResult::success(), controls.into_iter().collect()))
}
