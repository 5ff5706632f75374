//! A stored hash taken apart: scheme with its parameters, salt, hash. It exists only if its work is bounded.

use std::{fmt, sync::Arc};

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Longer passwords never match. No login program sends as much (PAM stops at 512 bytes, OpenSSH at 1,024).
pub const MAX_PASSWORD_BYTES: usize = 4096;

/// Memory one verification may take, and the work in memory-hard schemes as memory times passes.
pub(super) const MAX_MEMORY_KIB: u64 = 1024 * 1024;
pub(super) const MAX_MEMORY_PASSES_KIB: u64 = 4 * MAX_MEMORY_KIB;

/// Iterations of the schemes that only repeat a digest: a few seconds at most.
pub(super) const MAX_ROUNDS: u32 = 5_000_000;

/// Verifications above this run one at a time, on a thread of their own, so that several at once stay near `MAX_MEMORY_KIB`
/// together and nobody else waits for them.
const LARGE_MEMORY_KIB: u64 = 128 * 1024;

/// Why a stored value cannot be used; never holds a part of the value.
pub(super) type Reason = &'static str;

pub(super) const MALFORMED: Reason = "the hash has the beginning of its scheme and not its form";
pub(super) const CUT_OFF: Reason = "the hash is cut off: the column is too short for it, or was when it was stored";
pub(super) const TOO_COSTLY: Reason = "the hash asks for more work or memory than is allowed";
const FAILED: Reason = "the hash could not be computed";

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

/// What is wrong with a hash that should have `expected` octets, or characters, and has another number of them.
pub(super) fn wrong_length(found: usize, expected: usize) -> Reason {
    match found < expected {
        true => CUT_OFF,
        false => MALFORMED,
    }
}

/// A scheme with the parameters that decide how much work it is. `Debug` shows these.
pub(super) trait Scheme: fmt::Debug + Send + Sync {
    /// The hash of a password, in `length` bytes where the scheme leaves that open. None: for lack of memory.
    fn compute(&self, password: &[u8], salt: &[u8], length: usize) -> Option<Zeroizing<Vec<u8>>>;

    /// Whether the scheme's tools could have hashed this password. It depends on scheme and password only, so that a
    /// refusal here says nothing about the user.
    ///
    /// Most take C strings, or repeat the key with its NUL, or pad it with NULs: `a` and `a\0` would be one password.
    fn can_have_hashed(&self, password: &[u8]) -> bool {
        !password.contains(&0)
    }

    /// Memory that `compute` takes, where it is worth counting.
    fn memory_kib(&self) -> u64 {
        0
    }
}

/// One stored hash. Deliberately without `Debug`: it must not reach a log.
pub(super) struct PasswordHash {
    pub(super) scheme: Arc<dyn Scheme>,
    pub(super) salt: Vec<u8>,
    pub(super) hash: Vec<u8>,
}

impl PasswordHash {
    pub(super) fn new(scheme: impl Scheme + 'static, salt: Vec<u8>, hash: Vec<u8>) -> Self {
        Self {
            scheme: Arc::new(scheme),
            salt,
            hash,
        }
    }

    /// Whether a verification takes so much memory that it must run alone of its kind.
    pub(super) fn is_large(&self) -> bool {
        self.scheme.memory_kib() > LARGE_MEMORY_KIB
    }

    /// Hashes `password` and compares in constant time.
    ///
    /// Takes as long as the hash was made to take: up to seconds. An empty password never matches: a bind without
    /// a password is an unauthenticated one (RFC 4513 5.1.2) and must not authenticate by accident.
    pub(super) fn verify(&self, password: &[u8]) -> Verdict {
        if password.is_empty() || password.len() > MAX_PASSWORD_BYTES || !self.scheme.can_have_hashed(password) {
            return Verdict::Mismatch;
        }
        match self.scheme.compute(password, &self.salt, self.hash.len()) {
            // Defence in depth: an empty hash would equal an empty result.
            Some(computed) if !self.hash.is_empty() && bool::from(computed.ct_eq(&self.hash)) => Verdict::Match,
            Some(_) => Verdict::Mismatch,
            None => Verdict::Unusable(FAILED),
        }
    }
}
