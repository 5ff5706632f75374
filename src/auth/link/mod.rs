//! The links of the chain: each is one check, in a file of its own, behind [`Link`].
//!
//! The types of the client that a link uses to ask somebody else stay in its file.

use super::attempt::{Attempt, Unavailable};
use futures::future::BoxFuture;
use std::{borrow::Cow, fmt};

pub mod notification;
pub mod password;
pub mod totp;
pub mod upstream;

/// One check of the chain.
pub trait Link: Send + Sync + fmt::Debug {
    /// Checks an attempt. Dropping the future ends whatever it waits for.
    ///
    /// # Errors
    /// The link could not find out.
    fn check<'a>(&'a self, attempt: &'a Attempt<'a>) -> BoxFuture<'a, Result<Check, Unavailable>>;
}

/// What a link says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// It is satisfied.
    Passed,
    /// It is not; why is for the log alone.
    Failed(Cow<'static, str>),
}
