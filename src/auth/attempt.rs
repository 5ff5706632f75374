//! One attempt to sign in: what the chain is given, and what it says.

use super::guessing::Turn;
use crate::config::Secret;
use std::{borrow::Cow, fmt, net::IpAddr, time::Instant};

/// What somebody typed, and what is stored about the account that they mean.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    /// The user's name as the directory spells it; as it was typed where nobody has it.
    pub username: &'a str,
    /// What is stored about the account; none where nobody has the name. Then the links do the same work and fail.
    pub stored: Option<&'a Stored>,
    /// The account may not sign in, whatever the password. The links that cost work run all the same.
    pub is_refused: bool,
    /// Other links verify what was typed, too: how long one of them takes must not tell which of them has failed. The chain
    /// says it.
    pub with_others: bool,
    /// What was typed. Never empty.
    pub password: &'a [u8],
    /// Where the client is.
    pub client: IpAddr,
    /// The turn among those who might be guessing, which is told when a person is asked; none where nobody waits for turns.
    pub turn: Option<&'a Turn<'a>>,
    /// Until when a link that asks a server of its own may take. A link that asks a person has its own limit.
    pub until: Instant,
}

/// What is stored about an account for its links.
#[derive(Default)]
pub struct Stored {
    /// The hash of its password.
    pub hash: Option<Secret>,
    /// The secret of its codes, in base32 or as an `otpauth:` URI.
    pub totp_secret: Option<Secret>,
}

/// Without what was typed.
impl fmt::Debug for Attempt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attempt({:?} from {})", self.username, self.client)
    }
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stored")
    }
}

/// What a chain says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// All links passed, and the account may sign in.
    Admitted,
    /// All others; why is for the log alone, and empty where the account itself is refused.
    Refused(Cow<'static, str>),
}

/// A link could not find out: nothing was learnt about the user. The text is for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(pub Cow<'static, str>);
