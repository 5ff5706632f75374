//! The request controls that are supported: with which operations, and what their values mean.

pub(crate) mod paged;

use super::{
    base::{Base, BaseEntry},
    result::OperationError,
    unsupported,
};
use crate::{
    model::filter::Filter,
    protocol::{
        Control, LdapResult, PASSWORD_POLICY, PagedResults, Request, ResultCode,
        control::{ASSERTION, ControlValueError, DONT_USE_COPY, MANAGE_DSA_IT, PAGED_RESULTS, decode_assertion},
    },
};
use bytes::Bytes;

/// What the root DSE lists. There are no referral objects and no copies, so ManageDsaIT (RFC 3296) and don't-use-copy
/// (RFC 6171) change nothing.
pub const SUPPORTED_CONTROLS: [&str; 5] = [PAGED_RESULTS, ASSERTION, MANAGE_DSA_IT, DONT_USE_COPY, PASSWORD_POLICY];

/// Takes a control's value into the controls of its request.
type Taker = fn(&mut Controls, &Control) -> Result<(), LdapResult>;

/// What is done with a control that comes with this request; none where it is not supported there.
fn taker(request: &Request, oid: &str) -> Option<Taker> {
    let is_search = matches!(request, Request::Search(_));
    let is_read = is_search || matches!(request, Request::Compare(_));
    Some(match oid {
        PAGED_RESULTS if is_search => |found, control| take(&mut found.paged, control, PagedResults::decode),
        ASSERTION if is_read => |found, control| take(&mut found.assertion, control, decode_assertion),
        MANAGE_DSA_IT if is_read => |_, _| Ok(()),
        // RFC 6171 section 3, and as slapd has it.
        DONT_USE_COPY if is_read => |_, control| match control.value.is_none() && control.critical {
            true => Ok(()),
            false => Err(refused(control, ": don't-use-copy is critical and has no value")),
        },
        // Draft-behera section 6.1: with any request. SSSD sends it with every bind.
        PASSWORD_POLICY => |found, control| match control.value {
            None => {
                found.password_policy = true;
                Ok(())
            }
            Some(_) => Err(refused(control, " has no value")),
        },
        _ => return None,
    })
}

/// The controls of one request, as far as they change its answer.
#[derive(Debug, Default)]
pub struct Controls {
    /// Paged results, RFC 2696.
    pub paged: Option<PagedResults>,
    /// Assertion, RFC 4528.
    pub assertion: Option<Filter>,
    /// Password policy: the response is to have one, too.
    pub password_policy: bool,
}

impl Controls {
    /// What the controls of a request mean.
    ///
    /// # Errors
    /// A critical control is not supported or not appropriate for the operation (RFC 4511 4.1.11), or the value of a
    /// supported one cannot be used, critical or not.
    pub fn of(request: &Request, controls: &[Control]) -> Result<Self, LdapResult> {
        let mut found = Controls::default();
        for control in controls.iter().filter(|control| control.critical) {
            if taker(request, &control.oid).is_none() {
                let text = match SUPPORTED_CONTROLS.contains(&control.oid.as_str()) {
                    true => format!("critical control {} is not supported with this operation", control.oid),
                    false => unsupported::control(&control.oid),
                };
                return Err(LdapResult::new(ResultCode::UnavailableCriticalExtension, text));
            }
        }
        for control in controls {
            if let Some(taker) = taker(request, &control.oid) {
                taker(&mut found, control)?;
            }
        }
        Ok(found)
    }

    /// Checks what the client asserts of the base (RFC 4528 section 4). That a base does not exist is for the operation to
    /// say.
    ///
    /// # Errors
    /// assertionFailed, or the directory's failure.
    pub(super) async fn check_assertion(&self, base: &Base<'_>) -> Result<(), OperationError> {
        let Some(assertion) = &self.assertion else {
            return Ok(());
        };
        match base.entry(assertion.clone(), NO_ATTRIBUTES).await? {
            BaseEntry::NoSuchObject { .. } | BaseEntry::Found(_) => Ok(()),
            BaseEntry::FilteredOut => Err(LdapResult::from(ResultCode::AssertionFailed).into()),
        }
    }
}

/// RFC 4511 4.5.1.8.
const NO_ATTRIBUTES: &str = "1.1";

/// Puts what the control's value means into `slot`.
fn take<T>(
    slot: &mut Option<T>,
    control: &Control,
    decode: impl FnOnce(&Bytes) -> Result<T, ControlValueError>,
) -> Result<(), LdapResult> {
    let Some(value) = &control.value else {
        return Err(refused(control, " has no value"));
    };
    let value = decode(value).map_err(|error| refused(control, &format!(": {error}")))?;
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(refused(control, " is given twice")),
    }
}

/// A supported control, so its OID is no text of the client's making.
fn refused(control: &Control, why: &str) -> LdapResult {
    LdapResult::new(ResultCode::ProtocolError, format!("control {}{why}", control.oid))
}
