//! The request controls that are supported: with which operations, and what their values mean.

pub mod paged;

use super::{
    base::{Base, BaseEntry},
    result::OperationError,
    unsupported,
};
use crate::{
    model::filter::Filter,
    protocol::{
        Control, LdapResult, PagedResults, Request, ResultCode,
        control::{ASSERTION, DONT_USE_COPY, MANAGE_DSA_IT, PAGED_RESULTS, decode_assertion},
    },
};

/// What the root DSE lists. There are no referral objects and no copies, so ManageDsaIT (RFC 3296) and don't-use-copy
/// (RFC 6171) change nothing.
pub const SUPPORTED_CONTROLS: [&str; 4] = [PAGED_RESULTS, ASSERTION, MANAGE_DSA_IT, DONT_USE_COPY];

/// Takes a control's value into the controls of its request.
type Taker = fn(&mut Controls, &Control) -> Result<(), LdapResult>;

/// What is done with a control that comes with this request; none where it is not supported there.
fn taker(request: &Request, oid: &str) -> Option<Taker> {
    let is_search = matches!(request, Request::Search(_));
    let is_read = is_search || matches!(request, Request::Compare(_));
    Some(match oid {
        PAGED_RESULTS if is_search => |found, control| once(&mut found.paged, value(control, PagedResults::decode)?),
        ASSERTION if is_read => |found, control| once(&mut found.assertion, value(control, decode_assertion)?),
        MANAGE_DSA_IT if is_read => |_, _| Ok(()),
        // RFC 6171 section 3, and as slapd has it.
        DONT_USE_COPY if is_read => |_, control| match control.value.is_none() && control.critical {
            true => Ok(()),
            false => Err(refused("don't-use-copy is critical and has no value")),
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
                    true => "a critical control is not supported with this operation",
                    false => unsupported::control(&control.oid),
                };
                return Err(LdapResult::new(ResultCode::UnavailableCriticalExtension, text));
            }
        }
        for control in controls {
            if let Some(take) = taker(request, &control.oid) {
                take(&mut found, control)?;
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

fn value<T, E: ToString>(
    control: &Control,
    decode: impl FnOnce(&bytes::Bytes) -> Result<T, E>,
) -> Result<T, LdapResult> {
    let value = control
        .value
        .as_ref()
        .ok_or_else(|| refused("a control lacks its value"))?;
    decode(value).map_err(|error| refused(&error.to_string()))
}

fn once<T>(slot: &mut Option<T>, value: T) -> Result<(), LdapResult> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(refused("a control is given twice")),
    }
}

fn refused(text: &str) -> LdapResult {
    LdapResult::new(ResultCode::ProtocolError, text)
}
