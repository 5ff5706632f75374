//! What may be wrong with a message: its structure, which ends the connection, or a value, which is answered.

use super::ber::BerError;
use super::result_code::ResultCode;

/// The stream cannot be understood any more: Notice of Disconnection with protocolError, then close.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct ProtocolError {
    /// What is wrong, fit for the notice's diagnostic message.
    pub text: &'static str,
}

impl ProtocolError {
    pub(super) const fn new(text: &'static str) -> Self {
        ProtocolError { text }
    }
}

impl From<BerError> for ProtocolError {
    fn from(error: BerError) -> Self {
        ProtocolError::new(error.0)
    }
}

/// Why a part of a message was not decoded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Fault {
    /// The structure is broken.
    Broken(ProtocolError),
    /// The structure is right, the value cannot be used.
    Unusable(ResultCode, &'static str),
}

impl Fault {
    /// A value that the protocol does not allow.
    pub(super) const fn value(text: &'static str) -> Self {
        Fault::Unusable(ResultCode::ProtocolError, text)
    }

    /// More of something than is kept in memory for one request. Not adminLimitExceeded: SSSD would take that for a
    /// complete answer and forget the user.
    pub(super) const fn too_much(text: &'static str) -> Self {
        Fault::Unusable(ResultCode::UnwillingToPerform, text)
    }
}

impl From<BerError> for Fault {
    fn from(error: BerError) -> Self {
        Fault::Broken(error.into())
    }
}

/// LDAPString and the types made of it are UTF-8 (section 4.1.2).
pub(super) fn text(octets: &[u8]) -> Result<String, Fault> {
    str::from_utf8(octets)
        .map(str::to_owned)
        .map_err(|_| Fault::value("text is not UTF-8"))
}
