//! What an operation comes to: for the session it ran in, and for the log.

use super::context::Session;
use crate::protocol::ResultCode;
use std::borrow::Cow;

/// What an operation means for the session it ran in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The final response stands in the output; nothing else changes.
    Answered,
    /// As answered, and the connection speaks for somebody else.
    Bound(Session),
    /// No answer is safe: the connection ends with a Notice of Disconnection that carries this text.
    Disconnect(&'static str),
    /// The client abandoned the operation or is gone; nothing more is sent.
    Abandoned,
}

/// What an operation notes of itself for the log and the metrics.
#[derive(Debug, Default)]
pub struct Notes {
    /// The result code, once there is one.
    pub code: Option<ResultCode>,
    /// Entries sent.
    pub entries: u64,
    /// Why a bind was refused: for the log alone, never for the client.
    pub why: Option<Cow<'static, str>>,
}
