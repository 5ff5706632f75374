//! Bind (RFC 4511 4.2, RFC 4513 5.1): simple and anonymous.
//!
//! Unknown, disabled and wrong all take the same work and give the same answer, so that nobody learns which names
//! exist. Only a database that can not be asked is told apart, as `unavailable`: it is nobody's fault.

use std::sync::Arc;

use super::{
    Outcome,
    context::{Context, Identity},
    finish,
    output::Output,
    policy::BindDn,
    result::{Failure, Report},
};
use crate::{
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
    let dn = Dn::parse(&request.name)
        .map_err(|_| LdapResult::new(ResultCode::InvalidDnSyntax, "not a DN"))?;
    let account = account(context, &dn).await?;
    verify(context, account, password).await
}

async fn account(context: &Context, dn: &Dn) -> Result<Option<Account>, DirectoryError> {
    let directory = context
        .services
        .directory()
        .ok_or(DirectoryError::NotDescribed)?;
    let policy = &context.services.policy;
    let lenient = policy.bind_dn == BindDn::Lenient;
    directory
        .account(dn, lenient, context.received + policy.bind_hold)
        .await
}

async fn verify(
    context: &Context,
    account: Option<Account>,
    password: &[u8],
) -> Result<Identity, Failure> {
    let hashing = &context.services.hashing;
    let Some(account) = account else {
        hashing.verify_decoy(password).await;
        return Err(invalid_credentials());
    };
    let right = match account.password {
        Some(hash) => hashing.verify(hash, password).await,
        None => hashing.verify_decoy(password).await,
    };
    // Asked after the work was done: a disabled account must not answer sooner than a wrong password.
    if right && account.may_bind {
        Ok(Identity::User(Arc::from(account.dn)))
    } else {
        Err(invalid_credentials())
    }
}

fn invalid_credentials() -> Failure {
    LdapResult::new(ResultCode::InvalidCredentials, "invalid credentials").into()
}
