//! Why a connection ends, for what is sent at its end and for the log.

use crate::protocol::ResultCode;

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Unbind request.
    Unbind,
    /// End of stream, or the stream's own error: nobody is listening.
    Silent,
    /// The same of a client that finished the handshake and sent nothing at all.
    SilentFromTheStart,
    /// With a Notice of Disconnection (RFC 4511 4.4.1).
    Notice(ResultCode, &'static str),
}

impl End {
    /// For the log.
    pub(super) fn reason(self) -> &'static str {
        match self {
            End::Unbind => "unbind",
            End::Silent => "closed by the client",
            End::SilentFromTheStart => "closed before any request: does the client trust the certificate?",
            End::Notice(_, text) => text,
        }
    }
}
