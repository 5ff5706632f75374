//! Octets of passwords, on their way to the one place that needs them.

use std::fmt;
use zeroize::Zeroizing;

/// Octets that must not be seen: wiped when dropped, never shown.
#[derive(Clone)]
#[cfg_attr(test, derive(PartialEq))]
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// The octets, for the one place that verifies them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// No octets: an anonymous or unauthenticated bind (RFC 4513 section 5.1).
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&[u8]> for SecretBytes {
    fn from(octets: &[u8]) -> Self {
        // Exactly as large as needed: a vector that grows leaves copies behind.
        SecretBytes(Zeroizing::new(octets.to_vec()))
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
