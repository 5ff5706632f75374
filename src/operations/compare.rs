//! Compare (RFC 4511 4.10): whether an entry has a value, by the attribute's equality rule.

use super::{
    Outcome,
    context::Context,
    controls::Controls,
    finish,
    output::Output,
    result::{Failure, Report},
    search::readable_base,
};
use crate::{
    config::Policy,
    directory::{
        Directory, DirectoryError,
        search::{query::SearchQuery, results::SearchOutcome},
    },
    model::{
        dn::Dn,
        entry::{Entry, Selection},
        filter::{Filter, NoRelations, ResolvedFilter, Truth},
        schema::ids,
        scope::Scope,
    },
    protocol::{CompareRequest, LdapResult, ResponseKind, ResultCode},
};
use std::sync::Arc;

/// Answers a compare request.
///
/// # Errors
/// The result to answer with, or the directory's failure.
pub async fn compare(
    context: &Context,
    id: i32,
    request: &CompareRequest,
    controls: Controls,
    output: &mut Output,
    report: &mut Report,
) -> Result<Outcome, Failure> {
    let directory = context.services.directory().ok_or(DirectoryError::NotDescribed)?;
    let dn = readable_base(context, &directory, &request.entry, Scope::Base)?;
    check_asserted(&directory, request).await?;
    controls.check_assertion(context, &directory, &dn).await?;
    let found = read(context, &directory, dn, &request.attribute).await?;
    let result = match found {
        Ok(entry) => judge(&directory, &entry, request).await,
        Err(result) => result,
    };
    finish(output, id, ResponseKind::Compare, &result, report);
    Ok(Outcome::Answered)
}

/// The entry with the asserted attribute's values, or why there is none.
async fn read(
    context: &Context,
    directory: &Directory,
    base: Arc<Dn>,
    attribute: &str,
) -> Result<Result<Entry, LdapResult>, DirectoryError> {
    let query = SearchQuery {
        base,
        scope: Scope::Base,
        filter: Filter::And(Vec::new()),
        selection: Selection::new(directory.schema(), &[attribute.to_owned()]),
        wanted: Some(1),
        page: None,
        lookup_deadline: context.received + Policy::LOOKUP_HOLD,
        scan_timeout: context.services.policy.scan_timeout,
        observer: None,
    };
    Ok(match directory.search(query).await? {
        SearchOutcome::NoSuchObject { matched } => {
            Err(LdapResult::new(ResultCode::NoSuchObject, "").with_matched_dn(matched))
        }
        SearchOutcome::Results(mut results) => match results
            .next_batch()
            .await?
            .and_then(|entries| entries.into_iter().next())
        {
            Some(entry) => Ok(entry),
            None => Err(ResultCode::NoSuchObject.into()),
        },
    })
}

/// What is asserted is looked at before the entry, as in slapd: that it cannot be compared says nothing about who has it.
async fn check_asserted(directory: &Directory, request: &CompareRequest) -> Result<(), LdapResult> {
    let schema = directory.schema();
    let Some((attribute, _)) = schema.describe(&request.attribute) else {
        return Err(LdapResult::new(ResultCode::UndefinedAttributeType, "unknown attribute"));
    };
    let Some(rule) = schema.attribute_type(attribute).equality else {
        return Err(LdapResult::new(
            ResultCode::InappropriateMatching,
            "the attribute has no equality rule",
        ));
    };
    // No question is answered about passwords, so a filter on them tells nothing.
    let can_be_compared = match attribute {
        ids::USER_PASSWORD => rule.assertion(schema, &request.value).is_some(),
        _ => directory.prepared(asserted(request)).await != ResolvedFilter::Undefined,
    };
    match can_be_compared {
        true => Ok(()),
        false => Err(LdapResult::new(
            ResultCode::InvalidAttributeSyntax,
            "the value does not fit the attribute's syntax",
        )),
    }
}

fn asserted(request: &CompareRequest) -> Filter {
    Filter::Equality {
        attribute: request.attribute.clone(),
        value: request.value.clone(),
    }
}

async fn judge(directory: &Directory, entry: &Entry, request: &CompareRequest) -> LdapResult {
    let schema = directory.schema();
    let Some((attribute, tagged)) = schema.describe(&request.attribute) else {
        return LdapResult::new(ResultCode::UndefinedAttributeType, "unknown attribute");
    };
    // Whether or not the row has a password: nobody may try hashes here.
    let held = schema.subtypes(attribute).iter().any(|id| entry.has(*id));
    if attribute == ids::USER_PASSWORD || !held || tagged {
        return ResultCode::NoSuchAttribute.into();
    }
    match directory
        .prepared(asserted(request))
        .await
        .evaluate(schema, entry, &NoRelations)
    {
        Truth::True => ResultCode::CompareTrue.into(),
        Truth::False => ResultCode::CompareFalse.into(),
        Truth::Undefined => LdapResult::new(
            ResultCode::InvalidAttributeSyntax,
            "the value does not fit the attribute's syntax",
        ),
    }
}
