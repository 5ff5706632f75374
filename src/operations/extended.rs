//! Extended operations (RFC 4511 4.12). An unknown one is answered, never punished: clients probe.

use super::{
    Outcome,
    context::{Context, Identity},
    output::Output,
    result::{Failure, Report},
};
use crate::protocol::{ExtendedRequest, LdapResult, ResultCode, write_extended_response};

/// "Who am I?" (RFC 4532).
pub const WHO_AM_I: &str = "1.3.6.1.4.1.4203.1.11.3";
/// What the root DSE lists.
pub const SUPPORTED_EXTENSIONS: [&str; 1] = [WHO_AM_I];

/// Answers an extended request.
///
/// # Errors
/// The result to answer with.
pub fn extended(
    context: &Context,
    id: i32,
    request: &ExtendedRequest,
    output: &mut Output,
    report: &mut Report,
) -> Result<Outcome, Failure> {
    if request.name != WHO_AM_I {
        return Err(LdapResult::new(ResultCode::ProtocolError, "unknown extended operation").into());
    }
    if request.value.is_some() {
        return Err(LdapResult::new(ResultCode::ProtocolError, "no value expected").into());
    }
    let authorization = match &context.identity {
        Identity::Anonymous => String::new(),
        Identity::User(dn) => format!("dn:{dn}"),
    };
    report.code = Some(ResultCode::Success);
    write_extended_response(
        output.buffer(),
        id,
        &LdapResult::success(),
        None,
        Some(authorization.as_bytes()),
    );
    Ok(Outcome::Answered)
}
