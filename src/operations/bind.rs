//! Bind (RFC 4511 4.2, RFC 4513 5.1): simple and anonymous.
//!
//! Unknown, disabled and wrong all take the same work and give the same answer, so that nobody learns which names
//! exist. Only a database that can not be asked is told apart, as `unavailable`: it is nobody's fault.

use std::sync::Arc;

use tracing::warn;

use super::{
    Outcome,
    context::{Context, Identity},
    finish,
    output::Output,
    policy::BindDn,
    result::{Failure, Report},
};
use crate::{
    auth::password::Verdict,
    directory::{DirectoryError, account::Account},
    model::dn::Dn,
    protocol::{BindRequest, Credentials, LdapResult, ResponseKind, ResultCode},
};

/// Answers a bind request and says who the session is from now on.
///
/// # Errors
/// The result to answer with, or the directory's failure.
pub async fn bind(
    context: &Context,
    id: i32,
    request: BindRequest,
    output: &mut Output,
    report: &mut Report,
) -> Result<Outcome, Failure> {
    let identity = authenticate(context, &request).await?;
    finish(output, id, ResponseKind::Bind, &LdapResult::success(), report);
    Ok(Outcome::Bound(identity))
}

async fn authenticate(context: &Context, request: &BindRequest) -> Result<Identity, Failure> {
    if request.version != 3 {
        return Err(LdapResult::new(ResultCode::ProtocolError, "only LDAPv3 is supported").into());
    }
    let Credentials::Simple(password) = &request.credentials else {
        return Err(LdapResult::new(
            ResultCode::AuthMethodNotSupported,
            "only simple authentication is supported",
        )
        .into());
    };
    let password = password.as_bytes();
    match (request.name.is_empty(), password.is_empty()) {
        (true, true) => return Ok(Identity::Anonymous),
        (true, false) => return Err(invalid_credentials()),
        // RFC 4513 5.1.2: clients that forget to ask for the password must not believe the user authenticated.
        (false, true) => {
            return Err(LdapResult::new(
                ResultCode::UnwillingToPerform,
                "a DN without a password is not accepted",
            )
            .into());
        }
        (false, false) => {}
    }
    let dn = Dn::parse(&request.name).map_err(|_| LdapResult::new(ResultCode::InvalidDNSyntax, "not a DN"))?;
    let account = account(context, &dn).await?;
    verify(context, account, password).await
}

async fn account(context: &Context, dn: &Dn) -> Result<Option<Account>, DirectoryError> {
    let directory = context.services.directory().ok_or(DirectoryError::NotDescribed)?;
    let policy = &context.services.policy;
    let lenient = policy.bind_dn == BindDn::Lenient;
    directory
        .account(dn, lenient, context.received + policy.bind_hold)
        .await
}

async fn verify(context: &Context, account: Option<Account>, password: &[u8]) -> Result<Identity, Failure> {
    let stored = account.as_ref().and_then(|account| account.password.as_deref());
    // A user who is unknown or has no hash costs the same work, and never matches.
    let verdict = context
        .services
        .hashing
        .verify(stored, password)
        .await
        .map_err(|error| {
            warn!(%error, "a password could not be verified");
            LdapResult::new(ResultCode::Unavailable, "passwords can not be verified now")
        })?;
    if let Verdict::Unusable(reason) = verdict
        && let Some(account) = account.as_ref().filter(|account| account.password.is_some())
    {
        warn!(dn = account.dn, reason, "a stored password hash is not usable");
    }
    // Asked after the work was done: a disabled account must not answer sooner than a wrong password.
    match account {
        Some(account) if verdict.is_match() && account.may_bind => Ok(Identity::User(Arc::from(account.dn))),
        _ => Err(invalid_credentials()),
    }
}

fn invalid_credentials() -> Failure {
    LdapResult::new(ResultCode::InvalidCredentials, "invalid credentials").into()
}
