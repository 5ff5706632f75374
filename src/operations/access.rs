//! Who may read what: whether a session may search or compare, and what it sees then. Decided here alone, for all
//! operations, before the base is looked at.

use super::{
    context::{Context, Identity},
    result::OperationError,
};
use crate::{
    config::{Policy, Readers},
    directory::{realm::Realm, search::view::View},
    protocol::{LdapResult, ResultCode},
    sql::Budget,
};
use std::sync::Arc;

/// What a session sees of a realm. Where that depends on the groups of its user, they are read: at every request, so that
/// whoever leaves a group loses what it gave at once.
///
/// # Errors
/// The session may not search, or the directory could not tell.
pub(super) async fn view(context: &Context, realm: &Realm) -> Result<View, OperationError> {
    let reader = match &context.identity {
        Identity::Anonymous => None,
        Identity::User(dn) => Some(dn),
        Identity::ServiceAccount(account) if account.rights.read => return Ok(View::default()),
        // Without the right it reads what anybody may.
        Identity::ServiceAccount(_) => None,
    };
    let view = match (&context.realm().policy.access.readers, reader) {
        (Readers::Anyone, None) => View::without(realm.hidden_from(None).cloned(), None),
        (Readers::Anyone | Readers::Authenticated, Some(dn)) => of_user(realm, dn),
        (Readers::Authenticated | Readers::Some { .. }, None) => return Err(refused(context)),
        (Readers::Some { own, groups }, Some(dn)) => {
            return Box::pin(of_some(context, realm, (dn, *own, groups))).await;
        }
    };
    Ok(view)
}

/// Everything but what only the entries' own users see.
fn of_user(realm: &Realm, dn: &Arc<str>) -> View {
    match realm.hidden_from(Some(dn)) {
        Some(hidden) => View::without(Some(Arc::clone(hidden)), realm.own(dn)),
        None => View::default(),
    }
}

/// What a user sees where only some do.
async fn of_some(
    context: &Context,
    realm: &Realm,
    (dn, own, groups): (&Arc<str>, bool, &[String]),
) -> Result<View, OperationError> {
    let Some(user) = realm.own(dn) else {
        return Err(refused(context));
    };
    let budget = Budget::lookup(context.received + Policy::LOOKUP_HOLD);
    if !groups.is_empty() && Box::pin(realm.is_member(&user, groups, budget)).await? {
        return Ok(of_user(realm, dn));
    }
    match own {
        true => Ok(View::of_own(user, realm.hidden_from(Some(dn)).cloned())),
        false => Err(refused(context)),
    }
}

fn refused(context: &Context) -> OperationError {
    let text = match context.identity {
        Identity::Anonymous => "authentication is required",
        Identity::User(_) | Identity::ServiceAccount(_) => "this account may not search",
    };
    LdapResult::new(ResultCode::InsufficientAccessRights, text).into()
}
