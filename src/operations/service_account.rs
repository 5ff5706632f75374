//! Binds of service accounts, which stand in the settings and in no table.
//!
//! One binds by its exact DN, and by its password alone: whatever the chain of users, there is nobody to ask. A wrong
//! network, a wrong password and a name that nobody has are the same work and the same answer.

use super::{
    context::{BoundAccount, Context},
    outcome::Notes,
    result::OperationError,
};
use crate::{
    auth::attempt::{Attempt, Stored, Verdict},
    config::{Chain, ServiceAccount},
    directory::{naming::tree::Place, realm::Realm},
    model::dn::Dn,
    protocol::{LdapResult, ResultCode},
};

/// The service account that has this DN.
pub(super) fn named<'a>(context: &'a Context, realm: &Realm, dn: &Dn) -> Option<&'a ServiceAccount> {
    let accounts = &context.realm().policy.access.service_accounts;
    match (accounts.is_empty(), realm.locate(dn)) {
        (false, Place::ServiceAccount(position)) => accounts.get(position),
        _ => None,
    }
}

/// The account if the password is its own; nobody if it is not, or if the account may not bind from where the client is.
///
/// # Errors
/// The password could not be verified.
pub(super) async fn verify(
    context: &Context,
    account: &ServiceAccount,
    attempt: Attempt<'_>,
    notes: &mut Notes,
) -> Result<Option<BoundAccount>, OperationError> {
    let stored = Stored {
        hash: Some(account.password.clone()),
        totp_secret: None,
    };
    let attempt = Attempt {
        stored: Some(&stored),
        is_refused: !account.may_bind_from(attempt.client),
        ..attempt
    };
    let chain = Chain::default();
    let verdict = context.realm().authenticator.authenticate(&chain, &attempt);
    let verdict = verdict.await.map_err(|error| {
        notes.why = Some(error.0);
        LdapResult::new(ResultCode::Unavailable, "authentication is not possible now")
    })?;
    notes.why = match verdict {
        Verdict::Admitted => {
            return Ok(Some(BoundAccount {
                dn: account.dn.to_string(),
                rights: account.rights,
            }));
        }
        Verdict::Refused(why) if !why.is_empty() => Some(why),
        Verdict::Refused(_) => Some("not from this network".into()),
    };
    Ok(None)
}
