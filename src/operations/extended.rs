//! Extended operations (RFC 4511 4.12). An unknown one is answered, never punished: clients probe.

use super::{
    context::{Context, Identity},
    outcome::Outcome,
    reply::Reply,
    result::OperationError,
    unsupported,
};
use crate::protocol::{
    ExtendedRequest, LdapResult, PASSWORD_MODIFY, ResultCode,
    ber::{self, Reader},
};

/// "Who am I?" (RFC 4532).
pub const WHO_AM_I: &str = "1.3.6.1.4.1.4203.1.11.3";
/// Cancel (RFC 3909). What is under way is the connection's business, so it never gets here.
pub const CANCEL: &str = "1.3.6.1.1.8";
/// What the root DSE lists.
pub const SUPPORTED_EXTENSIONS: [&str; 2] = [WHO_AM_I, CANCEL];
/// What it lists where passwords can be changed.
pub const EXTENSIONS_WITH_PASSWORD_MODIFY: [&str; 3] = [WHO_AM_I, CANCEL, PASSWORD_MODIFY];

/// The message ID of the operation that a cancel request wants to end: `SEQUENCE { cancelID MessageID }`.
///
/// # Errors
/// The result to answer with.
pub fn cancel_id(request: &ExtendedRequest) -> Result<i32, LdapResult> {
    let decode = |value: &bytes::Bytes| {
        let mut outer = Reader::new(value);
        let mut reader = outer.constructed(ber::SEQUENCE).ok()?;
        let id = reader.integer().ok()??;
        reader.finish(&[ber::INTEGER]).ok()?;
        i32::try_from(id).ok().filter(|id| *id >= 0 && outer.is_empty())
    };
    let id = request.value.as_ref().and_then(decode);
    id.ok_or_else(|| LdapResult::new(ResultCode::ProtocolError, "the value holds no message ID"))
}

/// Answers an extended request.
///
/// # Errors
/// The result to answer with.
pub(super) fn extended(
    context: &Context,
    request: &ExtendedRequest,
    reply: &mut Reply<'_>,
) -> Result<Outcome, OperationError> {
    let refused = |text| Err(LdapResult::new(ResultCode::ProtocolError, text).into());
    match request.name.as_str() {
        WHO_AM_I if request.value.is_some() => refused("no value expected"),
        WHO_AM_I => {
            let authorization = match &context.identity {
                Identity::Anonymous => String::new(),
                identity @ (Identity::User(_) | Identity::ServiceAccount(_)) => format!("dn:{}", identity.dn()),
            };
            reply.extended(&LdapResult::success(), Some(authorization.as_bytes()));
            Ok(Outcome::Answered)
        }
        other => refused(unsupported::operation(other)),
    }
}
