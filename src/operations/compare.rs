//! Compare (RFC 4511 4.10): whether an entry has a value, by the attribute's equality rule.

use super::{
    base::{Base, BaseEntry},
    context::Context,
    controls::Controls,
    outcome::Outcome,
    reply::Reply,
    result::OperationError,
};
use crate::{
    directory::realm::Realm,
    model::{
        entry::Entry,
        filter::{Filter, NoRelations, ResolvedFilter, Truth},
        schema::ids,
        scope::Scope,
    },
    protocol::{CompareRequest, LdapResult, ResponseKind, ResultCode},
};

/// Answers a compare request.
///
/// # Errors
/// The result to answer with, or the directory's failure.
pub(super) async fn compare(
    context: &Context,
    request: &CompareRequest,
    controls: Controls,
    reply: &mut Reply<'_>,
) -> Result<Outcome, OperationError> {
    let base = Base::readable(context, &request.entry, Scope::Base).await?;
    check_asserted(&base.realm, request).await?;
    controls.check_assertion(&base).await?;
    let result = match base.entry(Filter::And(Vec::new()), &request.attribute).await? {
        BaseEntry::Found(entry) => judge(&base.realm, &entry, request).await,
        BaseEntry::NoSuchObject { matched } => base.no_such_object(matched),
        BaseEntry::FilteredOut => ResultCode::NoSuchObject.into(),
    };
    reply.result(ResponseKind::Compare, &result, &[]);
    Ok(Outcome::Answered)
}

/// Refuses what cannot be compared. As in slapd this comes before the entry is looked for, so that it tells nothing of
/// who has what.
async fn check_asserted(realm: &Realm, request: &CompareRequest) -> Result<(), LdapResult> {
    let schema = realm.schema();
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
        _ => realm.resolved(asserted(request)).await != ResolvedFilter::Undefined,
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

/// Whether the entry has the asserted value, as a result.
async fn judge(realm: &Realm, entry: &Entry, request: &CompareRequest) -> LdapResult {
    let schema = realm.schema();
    let Some((attribute, tagged)) = schema.describe(&request.attribute) else {
        return LdapResult::new(ResultCode::UndefinedAttributeType, "unknown attribute");
    };
    // Whether or not the row has a password: nobody may try hashes here.
    let held = schema.subtypes(attribute).iter().any(|id| entry.has(*id));
    if attribute == ids::USER_PASSWORD || !held || tagged {
        return ResultCode::NoSuchAttribute.into();
    }
    match realm
        .resolved(asserted(request))
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
