//! A stored hash taken apart: scheme with its parameters, salt, hash. Everything a row says is checked here once.

use std::sync::{Mutex, PoisonError};

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::ldap::Algorithm;
use super::{MAX_PASSWORD_BYTES, Verdict, argon2, bcrypt, crypt, ldap, yescrypt};

/// Why a stored value cannot be used; never holds a part of the value.
pub(super) type Reason = &'static str;

pub(super) const MALFORMED: Reason = "the hash is malformed or cut off";
pub(super) const TOO_COSTLY: Reason = "the hash asks for more work or memory than is allowed";
const FAILED: Reason = "the hash could not be computed";

/// Longer values are no hashes of any scheme (the longest, yescrypt and Argon2 with associated data, stay below 512).
const MAX_STORED_BYTES: usize = 2048;

/// Memory one verification may take, and the work in memory-hard schemes as memory times passes.
pub(super) const MAX_MEMORY_KIB: u64 = 1024 * 1024;
pub(super) const MAX_MEMORY_PASSES_KIB: u64 = 4 * MAX_MEMORY_KIB;

/// Iterations of the schemes that only repeat a digest: a few seconds at most.
pub(super) const MAX_ROUNDS: u32 = 5_000_000;

/// Verifications above this run one at a time, so that several at once stay near `MAX_MEMORY_KIB` together.
const LARGE_MEMORY_KIB: u64 = 128 * 1024;
static LARGE: Mutex<()> = Mutex::new(());

/// A scheme with the parameters that decide how much work it is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scheme {
    Argon2(argon2::Argon2),
    /// `sign_extended` is the bug of `$2x$`.
    Bcrypt {
        cost: u32,
        sign_extended: bool,
    },
    Md5Crypt,
    Sha256Crypt {
        rounds: u32,
    },
    Sha512Crypt {
        rounds: u32,
    },
    Yescrypt(::yescrypt::Params),
    Digest(Algorithm),
    Pbkdf2 {
        algorithm: Algorithm,
        rounds: u32,
    },
}

/// One stored hash. Deliberately without `Debug`: it must not reach a log.
pub(super) struct Stored {
    pub(super) scheme: Scheme,
    pub(super) salt: Vec<u8>,
    pub(super) hash: Vec<u8>,
}

impl Stored {
    /// Takes a stored value apart and checks that its work is bounded.
    pub(super) fn parse(stored: &str) -> Result<Self, Reason> {
        if stored.len() > MAX_STORED_BYTES {
            return Err("the value is too long for a hash");
        }
        // A CHAR(n) column pads with blanks; no scheme's alphabet has them.
        let stored = stored.trim_end_matches([' ', '\t', '\r', '\n']);
        if stored.is_empty() {
            Err("there is no hash")
        } else if stored.starts_with('{') {
            ldap::parse(stored)
        } else if stored.starts_with('$') {
            Self::parse_crypt(stored)
        } else {
            Err("the value is no hash of a known scheme")
        }
    }

    /// `$id$…`, as crypt(3) and the Argon2 libraries write it.
    pub(super) fn parse_crypt(stored: &str) -> Result<Self, Reason> {
        let (id, rest) = stored
            .strip_prefix('$')
            .and_then(|rest| rest.split_once('$'))
            .ok_or("the value is no hash of a known scheme")?;
        match id {
            "argon2id" | "argon2i" | "argon2d" => argon2::parse(id, rest),
            "2a" | "2b" | "2y" => bcrypt::parse(rest, false),
            "2x" => bcrypt::parse(rest, true),
            "1" => crypt::parse_md5(rest),
            "5" => crypt::parse_sha256(rest),
            "6" => crypt::parse_sha512(rest),
            "y" => yescrypt::parse(rest),
            "7" => yescrypt::parse_scrypt(rest),
            _ => Err("the hash scheme is not supported"),
        }
    }

    /// Hashes `password` and compares in constant time.
    pub(super) fn verify(&self, password: &[u8]) -> Verdict {
        if !self.scheme.can_have_hashed(password) {
            return Verdict::Mismatch;
        }
        match self.compute(password) {
            // Defence in depth: an empty hash would equal an empty result.
            Ok(computed) if !self.hash.is_empty() && bool::from(computed.ct_eq(&self.hash)) => Verdict::Match,
            Ok(_) => Verdict::Mismatch,
            Err(reason) => Verdict::Unusable(reason),
        }
    }

    /// The same scheme, parameters and lengths with another salt and hash: as much work, and nothing of the user.
    pub(super) fn decoy(&self) -> Self {
        Self {
            scheme: self.scheme.clone(),
            salt: vec![b'.'; self.salt.len()],
            hash: vec![0; self.hash.len()],
        }
    }

    fn compute(&self, password: &[u8]) -> Result<Zeroizing<Vec<u8>>, Reason> {
        let _one_at_a_time =
            (self.scheme.memory_kib() > LARGE_MEMORY_KIB).then(|| LARGE.lock().unwrap_or_else(PoisonError::into_inner));
        let length = self.hash.len();
        match &self.scheme {
            Scheme::Argon2(parameters) => parameters.compute(password, &self.salt, length),
            Scheme::Bcrypt { cost, sign_extended } => bcrypt::compute(*cost, *sign_extended, password, &self.salt),
            Scheme::Md5Crypt => Some(crypt::md5(password, &self.salt)),
            Scheme::Sha256Crypt { rounds } => crypt::sha256(password, &self.salt, *rounds),
            Scheme::Sha512Crypt { rounds } => crypt::sha512(password, &self.salt, *rounds),
            Scheme::Yescrypt(parameters) => yescrypt::compute(parameters, password, &self.salt, length),
            Scheme::Digest(algorithm) => Some(algorithm.digest(password, &self.salt)),
            Scheme::Pbkdf2 { algorithm, rounds } => Some(algorithm.pbkdf2(password, &self.salt, *rounds)),
        }
        .ok_or(FAILED)
    }
}

impl Scheme {
    /// Whether this scheme's tools could have hashed `password` at all. Depends on scheme and password only, so
    /// that a refusal here says nothing about the user.
    fn can_have_hashed(&self, password: &[u8]) -> bool {
        if password.is_empty() || password.len() > MAX_PASSWORD_BYTES {
            return false;
        }
        match self {
            // Binary-safe.
            Self::Argon2(_) | Self::Digest(_) => true,
            // HMAC pads keys with NUL: `a` and `a\0` would be one password.
            Self::Pbkdf2 { .. } => !password.contains(&0),
            // crypt(3) takes C strings; bcrypt repeats the key with its NUL: `a` and `a\0a` would be one password.
            Self::Bcrypt { .. } | Self::Yescrypt(_) => !password.contains(&0),
            // These read the whole password in every round: libxcrypt's own limit bounds the work.
            Self::Md5Crypt | Self::Sha256Crypt { .. } | Self::Sha512Crypt { .. } => {
                password.len() <= crypt::MAX_PASSPHRASE_BYTES && !password.contains(&0)
            }
        }
    }

    fn memory_kib(&self) -> u64 {
        match self {
            Self::Argon2(parameters) => parameters.memory_kib(),
            Self::Yescrypt(parameters) => yescrypt::memory_kib(parameters),
            _ => 0,
        }
    }
}
