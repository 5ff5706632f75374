//! Verifies a password against a hash as user tables hold them, and makes new hashes.
//!
//! A stored value is hostile input: it may be plain text, cut off, or ask for more memory than the machine has.
//! Whatever it holds, [`verify`] answers; it does not panic and its work is bounded. Plain text never matches.
//! Pure and blocking: callers on async threads go through [`super::hashing_pool`].

mod argon2;
mod bcrypt;
mod crypt;
mod encoding;
mod ldap;
mod stored;
mod survey;
mod verifier;
mod yescrypt;

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]
mod tests;

pub use self::argon2::{HashError, hash_password};
pub use self::survey::{Survey, survey};
pub use self::verifier::Verifier;

use self::stored::Stored;

/// Longer passwords never match. No login program sends as much (PAM stops at 512 bytes, OpenSSH at 1,024).
pub const MAX_PASSWORD_BYTES: usize = 4096;

/// What comparing a password with a stored value said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The password is the one that was hashed.
    Match,
    /// It is not.
    Mismatch,
    /// The stored value can match no password; the text says why and holds nothing of the value.
    Unusable(&'static str),
}

impl Verdict {
    /// Whether the password was right.
    pub fn is_match(self) -> bool {
        self == Self::Match
    }
}

/// Compares `password` with a stored hash of any known scheme.
///
/// Takes as long as the hash was made to take: up to seconds. An empty password never matches: a bind without
/// a password is an unauthenticated one (RFC 4513 5.1.2) and must not authenticate by accident.
pub fn verify(stored: &str, password: &[u8]) -> Verdict {
    match Stored::parse(stored) {
        Ok(stored) => stored.verify(password),
        Err(reason) => Verdict::Unusable(reason),
    }
}
