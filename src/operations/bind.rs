//! Bind (RFC 4511 4.2, RFC 4513 5.1): simple and anonymous.
//!
//! An unknown name, a disabled account and a wrong password take the same work and get the same answer, so that nobody
//! learns which names exist. When the database cannot be asked the answer is `unavailable`: it says nothing about the user.

use super::{
    context::{Context, Identity},
    outcome::{Notes, Outcome},
    reply::Reply,
    result::OperationError,
};
use crate::{
    auth::password::Verdict,
    config::BindDn,
    directory::{DirectoryError, account::AccountOutcome},
    model::dn::Dn,
    protocol::{BindRequest, Credentials, LdapResult, ResponseKind, ResultCode},
    sql::Budget,
};
use std::{borrow::Cow, sync::Arc};
use tracing::warn;

/// Answers a bind request and says who the session is from now on.
///
/// # Errors
/// The result to answer with, or the directory's failure.
pub(super) async fn bind(
    context: &Context,
    request: BindRequest,
    reply: &mut Reply<'_>,
) -> Result<Outcome, OperationError> {
    let identity = authenticate(context, &request, reply.notes).await?;
    reply.result(ResponseKind::Bind, &LdapResult::success(), &[]);
    Ok(Outcome::Bound(identity))
}

async fn authenticate(context: &Context, request: &BindRequest, notes: &mut Notes) -> Result<Identity, OperationError> {
    let mut refused = |why: &'static str, code, text| {
        notes.why = Some(why.into());
        OperationError::from(LdapResult::new(code, text))
    };
    if request.version != 3 {
        return Err(refused(
            "not LDAPv3",
            ResultCode::ProtocolError,
            "only LDAPv3 is supported",
        ));
    }
    let Credentials::Simple(password) = &request.credentials else {
        return Err(refused(
            "not a simple bind",
            ResultCode::AuthMethodNotSupported,
            "only simple authentication is supported",
        ));
    };
    let password = password.as_bytes();
    match (request.name.is_empty(), password.is_empty()) {
        (true, true) => return Ok(Identity::Anonymous),
        (true, false) => {
            notes.why = Some("no name".into());
            return Err(invalid_credentials());
        }
        // RFC 4513 5.1.2: clients that forget to ask for the password must not believe the user authenticated.
        (false, true) => {
            return Err(refused(
                "no password",
                ResultCode::UnwillingToPerform,
                "a DN without a password is not accepted",
            ));
        }
        (false, false) => {}
    }
    let dn = Dn::parse(&request.name).map_err(|_| refused("not a DN", ResultCode::InvalidDNSyntax, "not a DN"))?;
    let found = account(context, &dn)
        .await
        .inspect_err(|_| notes.why = Some("the database could not answer".into()))?;
    verify(context, found, password, notes).await
}

async fn account(context: &Context, dn: &Dn) -> Result<AccountOutcome, DirectoryError> {
    let realm = context.services.realm().ok_or(DirectoryError::NotDescribed)?;
    let policy = &context.services.policy;
    let lenient = policy.bind_dn == BindDn::Lenient;
    let budget = Budget::bind(context.received + policy.bind_hold);
    realm.account(dn, lenient, &policy.refused_words, budget).await
}

async fn verify(
    context: &Context,
    found: AccountOutcome,
    password: &[u8],
    notes: &mut Notes,
) -> Result<Identity, OperationError> {
    let stored = match &found {
        AccountOutcome::Account(account) => account.password.as_deref(),
        AccountOutcome::NotAUser | AccountOutcome::Unknown(_) => None,
    };
    // A user who is unknown or has no hash costs the same work, and never matches.
    let verdict = context
        .services
        .hashing
        .verify(stored, password)
        .await
        .map_err(|error| {
            warn!(%error, "a password could not be verified");
            notes.why = Some("the password could not be verified".into());
            LdapResult::new(ResultCode::Unavailable, "passwords cannot be verified now")
        })?;
    if let (Verdict::Unusable(reason), AccountOutcome::Account(account)) = (verdict, &found)
        && account.password.is_some()
    {
        warn!(dn = account.dn, reason, "a stored password hash is not usable");
    }
    // Asked after the work was done: a disabled account must not answer sooner than a wrong password.
    match found {
        AccountOutcome::Account(account) if verdict.is_match() && account.refusal.is_none() => {
            Ok(Identity::User(Arc::from(account.dn)))
        }
        found => {
            notes.why = Some(why(&found, verdict));
            Err(invalid_credentials())
        }
    }
}

/// Why a bind is refused, for the server's log alone.
fn why(found: &AccountOutcome, verdict: Verdict) -> Cow<'static, str> {
    let account = match found {
        AccountOutcome::NotAUser => return "not a user".into(),
        AccountOutcome::Unknown("") => return "unknown name".into(),
        AccountOutcome::Unknown(more) => return format!("unknown name: {more}").into(),
        AccountOutcome::Account(account) => account,
    };
    match (&account.password, verdict) {
        (None, _) if account.password_unreadable => "hash unusable".into(),
        (None, _) => "no hash".into(),
        (Some(_), Verdict::Unusable(_)) => "hash unusable".into(),
        (Some(_), Verdict::Mismatch) => "wrong password".into(),
        (Some(_), Verdict::Match) => match &account.refusal {
            Some(refusal) => refusal.to_string().into(),
            None => "unknown".into(),
        },
    }
}

fn invalid_credentials() -> OperationError {
    LdapResult::new(ResultCode::InvalidCredentials, "invalid credentials").into()
}
