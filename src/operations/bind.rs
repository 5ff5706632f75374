//! Bind (RFC 4511 4.2, RFC 4513 5.1): simple and anonymous.
//!
//! An unknown name, a disabled account and a wrong password take the same work and get the same answer, so that nobody
//! learns which names exist. When the database cannot be asked the answer is `unavailable`: it says nothing about the user.

use super::{
    bind_name::{BindName, Meaning},
    context::{BoundAccount, Context, HashMark, Identity, Session},
    outcome::Outcome,
    password_policy,
    reply::Reply,
    result::{OperationError, invalid_credentials},
    service_account,
};
use crate::{
    auth::{
        attempt::{Attempt, Stored, Verdict},
        guessing::Turn,
    },
    directory::{
        DirectoryError,
        account::{Account, AccountOutcome},
    },
    protocol::{BindRequest, Credentials, LdapResult, ResponseKind, ResultCode},
    sql::Budget,
};
use std::{borrow::Cow, net::IpAddr, sync::Arc, time::Instant};

/// Answers a bind request and says who the session is from now on.
///
/// # Errors
/// The result to answer with, or the directory's failure.
pub(super) async fn bind(
    context: &Context,
    request: BindRequest,
    reply: &mut Reply<'_>,
) -> Result<Outcome, OperationError> {
    let session = authenticate(context, &request, reply).await?;
    reply.result(ResponseKind::Bind, &LdapResult::success(), &[]);
    Ok(Outcome::Bound(session))
}

async fn authenticate(
    context: &Context,
    request: &BindRequest,
    reply: &mut Reply<'_>,
) -> Result<Session, OperationError> {
    let notes = &mut *reply.notes;
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
        (true, true) => return Ok(Session::ANONYMOUS),
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
    let name = BindName::read(&request.name, &context.realm().policy).ok_or_else(|| not_a_dn(reply))?;
    Ok(match admitted(context, name, password, reply).await? {
        Admitted::User(account) => {
            let verified = account.password.as_ref().map(|hash| HashMark::of(hash.reveal()));
            let identity = Identity::User(Arc::from(account.dn));
            Session::bound(identity, context.realm).verified_by(verified)
        }
        Admitted::ServiceAccount(account) => Session::bound(Identity::ServiceAccount(Arc::new(account)), context.realm),
    })
}

/// Whom a bind admits.
enum Admitted {
    User(Account),
    ServiceAccount(BoundAccount),
}

fn not_a_dn(reply: &mut Reply<'_>) -> OperationError {
    reply.notes.why = Some("not a DN".into());
    LdapResult::new(ResultCode::InvalidDNSyntax, "not a DN").into()
}

/// The account of the user whom the name means, if the chain admits it with this password.
///
/// # Errors
/// The answer to a bind.
pub(super) async fn admit(
    context: &Context,
    name: BindName,
    password: &[u8],
    reply: &mut Reply<'_>,
) -> Result<Account, OperationError> {
    // No link is given it: to an upstream server it would be an anonymous bind, which succeeds (RFC 4513 5.1.2).
    if password.is_empty() {
        return Err(invalid_credentials());
    }
    match admitted(context, name, password, reply).await? {
        Admitted::User(account) => Ok(account),
        Admitted::ServiceAccount(_) => Err(invalid_credentials()),
    }
}

/// The same for users and service accounts.
async fn admitted(
    context: &Context,
    name: BindName,
    password: &[u8],
    reply: &mut Reply<'_>,
) -> Result<Admitted, OperationError> {
    let own = context.realm();
    let policy = &own.policy;
    let realm = own.described().ok_or(DirectoryError::NotDescribed)?;
    let meaning = name.meaning(&realm, policy).ok_or_else(|| not_a_dn(reply))?;
    let account = match &meaning {
        Meaning::Dn(dn) => service_account::named(context, &realm, dn),
        Meaning::Login(_) => None,
    };
    let name = match account {
        Some(account) => account.dn.to_string(),
        None => meaning.counted(&realm, policy),
    };
    let client = context.client.address.ip();
    let turn = own
        .authenticator
        .turn(&name, client, context.received + policy.bind_hold);
    let turn = turn.await.map_err(|error| {
        reply.notes.why = Some(error.to_string().into());
        LdapResult::new(ResultCode::Unavailable, "authentication is not possible now")
    })?;
    // Waiting for the turn is one thing, finding out another.
    let until = Instant::now() + policy.bind_hold;
    // Also for a service account: a name that nobody has must not take longer.
    let found = meaning
        .account(&realm, policy, Budget::bind(until))
        .await
        .inspect_err(|_| reply.notes.why = Some("the database could not answer".into()))?;
    let typed = Typed {
        name: &name,
        password,
        turn: &turn,
        until,
    };
    let admitted = match account {
        Some(account) => {
            let bound = service_account::verify(context, account, typed.attempt(client), reply.notes).await?;
            bound.map(Admitted::ServiceAccount)
        }
        None => {
            let outside = match &meaning {
                Meaning::Dn(dn) => context.services.catalog.is_outside(dn),
                Meaning::Login(_) => false,
            };
            verify(context, (found, outside), typed, reply)
                .await?
                .map(Admitted::User)
        }
    };
    match admitted {
        Some(admitted) => {
            turn.passed();
            Ok(admitted)
        }
        None => {
            turn.failed();
            Err(invalid_credentials())
        }
    }
}

/// What somebody typed, and when it is looked at.
struct Typed<'a> {
    name: &'a str,
    password: &'a [u8],
    turn: &'a Turn<'a>,
    until: Instant,
}

impl<'a> Typed<'a> {
    /// The attempt of somebody who is not known yet.
    fn attempt(&self, client: IpAddr) -> Attempt<'a> {
        Attempt {
            username: self.name,
            stored: None,
            is_refused: false,
            with_others: false,
            password: self.password,
            client,
            turn: Some(self.turn),
            until: self.until,
        }
    }
}

/// Has the chain decide whose account it is; nobody's when it refuses. The account's own refusal counts only after the work was done: a
/// disabled account must not answer sooner than a wrong password. `outside`: the name is a DN below no base.
async fn verify(
    context: &Context,
    (found, outside): (AccountOutcome, bool),
    typed: Typed<'_>,
    reply: &mut Reply<'_>,
) -> Result<Option<Account>, OperationError> {
    let authenticator = &context.realm().authenticator;
    let account = match found {
        AccountOutcome::Account(account) => Ok(account),
        AccountOutcome::NotAUser if outside => {
            let bases = context.services.catalog.bases_in_words();
            Err(Cow::Owned(format!("not a user: outside of {bases}")))
        }
        AccountOutcome::NotAUser => Err(Cow::Borrowed("not a user")),
        AccountOutcome::Unknown("") => Err("unknown name".into()),
        AccountOutcome::Unknown(more) => Err(format!("unknown name: {more}").into()),
    };
    let own_chain = account.as_ref().map_or(&[][..], |account| &account.own_chain);
    let (chain, chain_error) = match authenticator.chain(own_chain) {
        Ok(chain) => (chain, None),
        Err(error) => (authenticator.default_chain(), Some(error)),
    };
    // Why the account may not sign in whatever the password: for the log.
    let refused = match (&account, chain_error) {
        (Err(why), _) => Some(why.clone()),
        (Ok(account), chain_error) => {
            let refusal = account.refusal.as_ref().map(ToString::to_string);
            let refusal = refusal.or_else(|| chain_error.map(|error| format!("auth_backends: {error}")));
            refusal.map(Cow::Owned)
        }
    };
    let account = account.ok();
    let stored = account.as_ref().map(|account| Stored {
        hash: account.password.clone(),
        totp_secret: account.totp_secret.clone(),
    });
    let attempt = Attempt {
        username: account.as_ref().map_or(typed.name, |account| &account.username),
        stored: stored.as_ref(),
        is_refused: refused.is_some(),
        ..typed.attempt(context.client.address.ip())
    };
    let verdict = authenticator.authenticate(&chain, &attempt).await.map_err(|error| {
        reply.notes.why = Some(error.0);
        LdapResult::new(ResultCode::Unavailable, "authentication is not possible now")
    })?;
    match (verdict, account) {
        (Verdict::Admitted, Some(account)) => return Ok(Some(account)),
        (Verdict::Admitted, None) => {}
        (Verdict::Refused(_), Some(account)) if account.password_unreadable => {
            reply.notes.why = Some("hash unusable".into());
        }
        (Verdict::Refused(why), Some(_)) if !why.is_empty() => reply.notes.why = Some(why),
        (Verdict::Refused(_), account) => {
            // What was typed is right: so the client may know why the account may not sign in. Not where a code belongs to
            // it, which is not looked at then: nobody learns that the password alone was right.
            let is_verified = chain.is_verified_by_work();
            if let Some(refusal) = account.and_then(|account| account.refusal).filter(|_| is_verified) {
                reply.note_policy(password_policy::of_account(&refusal));
            }
            reply.notes.why = refused;
        }
    }
    Ok(None)
}
