//! One change of a password, however it was asked for.
//!
//! Who may is decided before anything is looked at. One's own password changes by proof of the present one: by the request,
//! or by the bind of the connection. What is verified is what is replaced: where the stored hash has changed by then,
//! nothing is done.

use super::rules;
use crate::{
    auth::{
        attempt::{Attempt, Stored, Verdict},
        hash_maker::NewPassword,
        password::{HashError, classify, generate_password},
    },
    config::{AuthBackend, BindDn, Chain},
    directory::{
        DirectoryError,
        account::{Account, AccountOutcome, PasswordChange, PasswordChangeError, PasswordStore},
        realm::Realm,
    },
    model::dn::Dn,
    operations::{
        bind,
        bind_name::BindName,
        context::{Client, Context, HashMark, Identity, Session},
        outcome::Outcome,
        password_policy,
        reply::Reply,
        result::OperationError,
    },
    protocol::{LdapResult, PasswordPolicyError, ResultCode, SecretBytes},
    sql::Budget,
};
use std::{sync::Arc, time::Instant};
use tracing::{info, warn};
use zeroize::Zeroizing;

/// Where the lines about changes are from, for `LOG_LEVEL=warn,ldap_gateway::audit=info`.
const TARGET: &str = "ldap_gateway::audit";
/// Characters of a password that the gateway makes, where no more are asked for: a hundred bits of chance.
const GENERATED: usize = 20;

/// A change that somebody asks for.
pub(super) struct Wanted<'a> {
    pub(super) asker: Asker,
    /// The present password, where the client gives it.
    pub(super) old: Option<&'a SecretBytes>,
    /// The new one; none where the gateway is to make one.
    pub(super) new: Option<&'a SecretBytes>,
    /// The answer where the present one is wrong.
    pub(super) wrong_old: LdapResult,
}

/// Who asks, and for whose password.
pub(super) enum Asker {
    /// Nobody yet, for this user: the present password must prove it, as in a bind.
    Unproven(Dn),
    /// The user of this connection, for the own one.
    Own(Dn),
    /// Somebody who may set the password of this user.
    Writer(Dn),
}

/// Whether somebody may set the password of this user without knowing the present one.
pub(in crate::operations) fn may_set_password(identity: &Identity, _user: &Dn) -> bool {
    identity.rights().write
}

/// Finds out who asks for the password of `user`, or for the own one where there is none. Nothing is looked at for that.
/// `gives_old`: the present password is in the request. One who may not is in the log, too.
///
/// # Errors
/// That one may not.
pub(super) fn asker(
    context: &Context,
    user: Option<Dn>,
    gives_old: bool,
    reply: &mut Reply<'_>,
) -> Result<Asker, OperationError> {
    let audit = Audit {
        client: context.client,
        who: context.identity.dn().to_owned(),
        user: user.as_ref().map(ToString::to_string).unwrap_or_default(),
    };
    let asker = who_asks(context, user, gives_old, reply);
    if let Err(OperationError::Result(result)) = &asker {
        audit.write(result.code);
    }
    asker
}

fn who_asks(
    context: &Context,
    user: Option<Dn>,
    gives_old: bool,
    reply: &mut Reply<'_>,
) -> Result<Asker, OperationError> {
    if !context.encrypted && !context.realm().policy.password_changes.unencrypted {
        let text = "passwords are changed on encrypted connections only";
        return Err(LdapResult::new(ResultCode::ConfidentialityRequired, text).into());
    }
    let realm = context.realm().described().ok_or(DirectoryError::NotDescribed)?;
    let own = match &context.identity {
        Identity::Anonymous | Identity::ServiceAccount(_) => None,
        Identity::User(dn) => realm.read_dn(dn),
    };
    match (own, user) {
        (Some(own), None) => Ok(Asker::Own((*own).clone())),
        (Some(own), Some(user)) if is_same(&realm, &own, &user) => Ok(Asker::Own((*own).clone())),
        (_, Some(user)) if may_set_password(&context.identity, &user) => Ok(Asker::Writer(user)),
        (None, Some(user)) if context.identity == Identity::Anonymous && gives_old => Ok(Asker::Unproven(user)),
        (None, user) if context.identity == Identity::Anonymous => {
            if user.is_some() {
                reply.note_policy(PasswordPolicyError::MustSupplyOldPassword);
            }
            let text = "bind first, or name the user and give the present password";
            Err(LdapResult::new(ResultCode::InsufficientAccessRights, text).into())
        }
        _ => {
            reply.note_policy(PasswordPolicyError::PasswordModNotAllowed);
            let text = "this account may change its own password only";
            Err(LdapResult::new(ResultCode::InsufficientAccessRights, text).into())
        }
    }
}

/// Whether two DNs name one user.
fn is_same(realm: &Realm, one: &Dn, other: &Dn) -> bool {
    let (one, other) = (realm.user(one, false), realm.user(other, false));
    matches!((one, other), (Some(one), Some(other)) if one.prepared == other.prepared)
}

/// What a change has come to.
pub(super) struct Changed {
    /// The new password, where the gateway has made it.
    pub(super) generated: Option<Zeroizing<String>>,
    /// The session from now on.
    pub(super) outcome: Outcome,
}

/// Changes a password. Writes one line to the log, however it ends.
///
/// # Errors
/// The result to answer with, or the directory's failure.
pub(super) async fn change(
    context: &Context,
    wanted: Wanted<'_>,
    reply: &mut Reply<'_>,
) -> Result<Changed, OperationError> {
    let is_own = matches!(wanted.asker, Asker::Own(_));
    let user = match &wanted.asker {
        Asker::Unproven(user) | Asker::Own(user) | Asker::Writer(user) => user.to_string(),
    };
    let audit = Audit {
        client: context.client,
        who: context.identity.dn().to_owned(),
        user,
    };
    let (change, generated) = match prepare(context, &wanted, reply).await {
        Ok(prepared) => prepared,
        Err(error) => {
            audit.write(match &error {
                OperationError::Result(result) => result.code,
                OperationError::Directory(_) | OperationError::Closed(_) => ResultCode::Unavailable,
            });
            return Err(error);
        }
    };
    let realm = context.realm().described().ok_or(DirectoryError::NotDescribed)?;
    let passwords = realm.passwords().cloned().ok_or(DirectoryError::NotDescribed)?;
    let mark = HashMark::of(change.new_hash());
    // A task of its own, so that it comes to its end, and to the log, whether or not the client waits.
    let storing = tokio::spawn(store(passwords, change, audit));
    let stored = storing
        .await
        .unwrap_or_else(|_| Err(LdapResult::new(ResultCode::Unavailable, "internal error")));
    stored?;
    // Whoever has made the change need not prove again who it was.
    let outcome = match is_own {
        true => Outcome::Bound(Session::bound(context.identity.clone(), context.realm).verified_by(Some(mark))),
        false => Outcome::Answered,
    };
    Ok(Changed { generated, outcome })
}

/// Does all that comes before the database is changed: proves the asker, checks the new password, makes its hash.
async fn prepare(
    context: &Context,
    wanted: &Wanted<'_>,
    reply: &mut Reply<'_>,
) -> Result<(PasswordChange, Option<Zeroizing<String>>), OperationError> {
    let settings = &context.realm().policy.password_changes;
    let generated = match wanted.new {
        Some(_) => None,
        None => Some(generate_password(GENERATED.max(settings.min_length)).map_err(|error| no_hash(&error))?),
    };
    let generated_bytes = generated.as_ref().map_or(&[][..], |password| password.as_bytes());
    let new = wanted.new.map_or(generated_bytes, SecretBytes::as_bytes);
    let is_hash = matches!(wanted.asker, Asker::Writer(_)) && is_hash(new)?;
    let account = match &wanted.asker {
        Asker::Unproven(user) => {
            let name = BindName::Dn(user.clone());
            bind::admit(context, name, wanted.old.map_or(&[], SecretBytes::as_bytes), reply).await?
        }
        Asker::Own(user) => own_account(context, user, wanted, reply).await?,
        Asker::Writer(user) => written_account(context, user, wanted).await?,
    };
    if !has_password_here(context, &account) {
        reply.note_policy(PasswordPolicyError::PasswordModNotAllowed);
        let text = "the password of this account is kept elsewhere";
        return Err(LdapResult::new(ResultCode::UnwillingToPerform, text).into());
    }
    let by_owner = !matches!(wanted.asker, Asker::Writer(_));
    let is_kept = match is_hash {
        true => Ok(()),
        false => rules::check(new, &account.username, settings),
    };
    let is_kept = match is_kept {
        Ok(()) if by_owner && is_present(context, &account, new, wanted.old).await? => Err(rules::same()),
        other => other,
    };
    if let Err((result, error)) = is_kept {
        reply.note_policy(error);
        return Err(result.into());
    }
    let hash = match is_hash {
        true => String::from_utf8_lossy(new).into_owned(),
        false => {
            let made = context.services.hash_maker.hash(NewPassword {
                asker: match &context.identity {
                    Identity::Anonymous => &account.dn,
                    bound => bound.dn(),
                },
                scheme: settings.scheme,
                password: new,
                until: Instant::now() + context.realm().policy.bind_hold,
            });
            made.await.map_err(|error| no_hash(&error))?
        }
    };
    Ok((PasswordChange::new(account, hash, by_owner), generated))
}

/// The account of the connection's user, whose present password is right where it is given. It must still be one that may
/// sign in.
async fn own_account(
    context: &Context,
    user: &Dn,
    wanted: &Wanted<'_>,
    reply: &mut Reply<'_>,
) -> Result<Account, OperationError> {
    let account = named_account(context, user).await?;
    if let Some(refusal) = &account.refusal {
        reply.note_policy(password_policy::of_account(refusal));
        let text = "this account may not be used any more";
        return Err(LdapResult::new(ResultCode::InsufficientAccessRights, text).into());
    }
    let Some(old) = wanted.old else {
        // A bind with a password that has been changed since proves nothing any more.
        let present = account.password.as_ref().map(|hash| HashMark::of(hash.reveal()));
        if present.is_some() && present == context.verified {
            return Ok(account);
        }
        reply.note_policy(PasswordPolicyError::MustSupplyOldPassword);
        let text = "the password has been changed since this connection was bound: give the present one";
        return Err(LdapResult::new(ResultCode::UnwillingToPerform, text).into());
    };
    // A guess is one wherever it comes.
    let realm = context.realm().described().ok_or(DirectoryError::NotDescribed)?;
    let until = Instant::now() + context.realm().policy.bind_hold;
    let authenticator = &context.realm().authenticator;
    let name = realm.login_name(user, false);
    let turn = authenticator.turn(&name, context.client.address.ip(), until).await;
    let turn = turn.map_err(|_| LdapResult::new(ResultCode::Unavailable, "passwords cannot be verified now"))?;
    match is_right(context, &account, old.as_bytes()).await? {
        true => {
            turn.passed();
            Ok(account)
        }
        false => {
            turn.failed();
            Err(wanted.wrong_old.clone().into())
        }
    }
}

/// The account of somebody else, whose present password is right where it is given all the same.
async fn written_account(context: &Context, user: &Dn, wanted: &Wanted<'_>) -> Result<Account, OperationError> {
    let account = named_account(context, user).await?;
    match wanted.old {
        Some(old) if !is_right(context, &account, old.as_bytes()).await? => Err(wanted.wrong_old.clone().into()),
        _ => Ok(account),
    }
}

async fn named_account(context: &Context, user: &Dn) -> Result<Account, OperationError> {
    let realm = context.realm().described().ok_or(DirectoryError::NotDescribed)?;
    let policy = &context.realm().policy;
    let budget = Budget::bind(Instant::now() + policy.bind_hold);
    let lenient = policy.bind_dn == BindDn::Lenient;
    match realm.account(user, lenient, &policy.refused_words, budget).await? {
        AccountOutcome::Account(account) => Ok(account),
        AccountOutcome::NotAUser | AccountOutcome::Unknown(_) => {
            Err(LdapResult::new(ResultCode::NoSuchObject, "there is no such user").into())
        }
    }
}

/// Whether the account signs in by a hash in the password column.
fn has_password_here(context: &Context, account: &Account) -> bool {
    let authenticator = &context.realm().authenticator;
    authenticator
        .chain(&account.own_chain)
        .is_ok_and(|chain| chain.has(AuthBackend::Sql))
}

/// Whether the new password is the present one, which is `old` where that was given and found right.
async fn is_present(
    context: &Context,
    account: &Account,
    new: &[u8],
    old: Option<&SecretBytes>,
) -> Result<bool, OperationError> {
    let chain = context.realm().authenticator.chain(&account.own_chain);
    let has_code = chain.is_ok_and(|chain| chain.has(AuthBackend::Totp));
    match old {
        Some(old) if old.as_bytes() == new => Ok(true),
        // What was typed in a bind may have a code behind it.
        Some(_) if !has_code => Ok(false),
        _ => is_right(context, account, new).await,
    }
}

/// Compares a password with the stored hash: what the link `sql` of the chain does, and by it.
async fn is_right(context: &Context, account: &Account, password: &[u8]) -> Result<bool, OperationError> {
    if password.is_empty() {
        return Ok(false);
    }
    let stored = Stored {
        hash: account.password.clone(),
        totp_secret: None,
    };
    let attempt = Attempt {
        username: &account.username,
        stored: Some(&stored),
        is_refused: false,
        with_others: false,
        password,
        client: context.client.address.ip(),
        turn: None,
        until: Instant::now() + context.realm().policy.bind_hold,
    };
    let chain = Chain::default();
    let verdict = context.realm().authenticator.authenticate(&chain, &attempt).await;
    let verdict = verdict.map_err(|error| {
        warn!(%error, "a password could not be verified");
        LdapResult::new(ResultCode::Unavailable, "passwords cannot be verified now")
    })?;
    Ok(verdict == Verdict::Admitted)
}

/// Whether what a writer gives is a hash. One that no password could match is refused.
fn is_hash(new: &[u8]) -> Result<bool, LdapResult> {
    let Ok(text) = str::from_utf8(new) else {
        return Ok(false);
    };
    let found = classify(text);
    match found.problem {
        None => Ok(true),
        Some(_) if !found.is_named => Ok(false),
        Some(problem) => {
            let text = format!("the new password looks like a hash ({}), and {problem}", found.scheme);
            Err(LdapResult::new(ResultCode::ConstraintViolation, text))
        }
    }
}

fn no_hash(error: &HashError) -> LdapResult {
    warn!(%error, "a new password could not be hashed");
    LdapResult::new(ResultCode::Unavailable, "the new password could not be hashed")
}

/// Changes the hash in the database.
async fn store(passwords: Arc<dyn PasswordStore>, change: PasswordChange, audit: Audit) -> Result<(), LdapResult> {
    let result = match passwords.change_password(&change).await {
        Ok(()) => Ok(()),
        Err(error) => {
            warn!(user = audit.user, %error, "SQL_UPDATE_PASSWORD");
            Err(answer(&error))
        }
    };
    audit.write(result.as_ref().err().map_or(ResultCode::Success, |result| result.code));
    result
}

/// What the client is told. Words of the database are for the log.
fn answer(error: &PasswordChangeError) -> LdapResult {
    let (code, text) = match error {
        PasswordChangeError::ChangedMeanwhile | PasswordChangeError::NoNumber | PasswordChangeError::Ineffective(_) => {
            (ResultCode::UnwillingToPerform, error.to_string())
        }
        PasswordChangeError::NoSuchUser => (ResultCode::NoSuchObject, error.to_string()),
        PasswordChangeError::Refused(_) => {
            let text = "the database refuses SQL_UPDATE_PASSWORD: nothing was changed";
            (ResultCode::UnwillingToPerform, text.to_owned())
        }
        PasswordChangeError::NotDone(_) => {
            let text = "the database is not available: the password was not changed";
            (ResultCode::Unavailable, text.to_owned())
        }
        PasswordChangeError::Unknown(_) => {
            let text = "the database is not available: it is not known whether the password was changed";
            (ResultCode::Unavailable, text.to_owned())
        }
    };
    LdapResult::new(code, text)
}

/// What is written of a change: who, whose, how it ended.
struct Audit {
    client: Client,
    who: String,
    user: String,
}

impl Audit {
    fn write(&self, code: ResultCode) {
        info!(
            target: TARGET,
            parent: None,
            connection = self.client.connection,
            client = %self.client.address,
            who = self.who,
            dn = self.user,
            code = code.number(),
            result = code.name(),
            "password change"
        );
    }
}
