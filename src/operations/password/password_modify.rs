//! The password modify operation (RFC 3062).

use super::change::{Wanted, asker, change};
use crate::{
    model::dn::Dn,
    operations::{context::Context, outcome::Outcome, reply::Reply, result::OperationError, unsupported},
    protocol::{LdapResult, PASSWORD_MODIFY, PasswordModifyRequest, ResultCode, generated_password_value},
};

/// Answers a password modify request.
///
/// # Errors
/// The result to answer with, or the directory's failure.
pub(in crate::operations) async fn password_modify(
    context: &Context,
    request: &PasswordModifyRequest,
    reply: &mut Reply<'_>,
) -> Result<Outcome, OperationError> {
    let realm = context.realm().described();
    if realm.is_none_or(|realm| realm.passwords().is_none()) {
        let text = unsupported::operation(PASSWORD_MODIFY);
        return Err(LdapResult::new(ResultCode::ProtocolError, text).into());
    }
    let user = request.user_dn().map(user_dn).transpose()?;
    let wanted = Wanted {
        asker: asker(context, user, request.old.is_some(), reply)?,
        old: request.old.as_ref(),
        new: request.new.as_ref(),
        wrong_old: LdapResult::new(ResultCode::InvalidCredentials, "the present password is wrong"),
    };
    let changed = change(context, wanted, reply).await?;
    let value = changed.generated.map(|password| generated_password_value(&password));
    reply.extended(&LdapResult::success(), value.as_ref().map(|value| value.as_slice()));
    Ok(changed.outcome)
}

/// Whom a client names.
fn user_dn(dn: &str) -> Result<Dn, LdapResult> {
    Dn::parse(dn)
        .ok()
        .filter(|dn| !dn.is_root())
        .ok_or_else(|| LdapResult::new(ResultCode::InvalidDNSyntax, "userIdentity is not a DN"))
}
