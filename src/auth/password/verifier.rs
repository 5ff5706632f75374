//! Verification that takes the same work for users who do not exist, are disabled, or have no usable hash.

use std::{
    hint::black_box,
    sync::{Mutex, PoisonError},
};

use super::{
    decoy::Decoys,
    password_hash::{PasswordHash, Verdict},
    schemes,
};

/// Takes stored hashes apart, and remembers what work a verification takes here.
#[derive(Default)]
pub struct Verifier {
    decoys: Mutex<Decoys>,
}

/// A verification that can be run: the user's hash, or as much work in its place.
pub struct Verification {
    hash: PasswordHash,
    /// The verdict, where there is no hash that a password could match.
    decided: Option<Verdict>,
}

impl Verifier {
    /// Takes a stored hash of any known scheme apart. Where there is none, or an unusable one, other work is found that a
    /// user of that name might take. Fast: nothing is hashed.
    pub fn prepare(&self, name: &str, stored: Option<&str>) -> Verification {
        let mut decoys = self.decoys.lock().unwrap_or_else(PoisonError::into_inner);
        let decided = match stored.map(schemes::parse) {
            Some(Ok(hash)) => {
                decoys.saw(name, &hash);
                return Verification { hash, decided: None };
            }
            Some(Err(reason)) => Verdict::Unusable(reason),
            None => Verdict::Mismatch,
        };
        Verification {
            hash: decoys.of(name),
            decided: Some(decided),
        }
    }
}

impl Verification {
    /// Compares a password with the hash. Takes as long as the hash was made to take: up to seconds.
    pub fn run(&self, password: &[u8]) -> Verdict {
        let verdict = black_box(self.hash.verify(password));
        self.decided.unwrap_or(verdict)
    }

    /// Memory that it takes, in KiB, where it is worth counting.
    pub fn memory_kib(&self) -> u64 {
        self.hash.scheme.memory_kib()
    }

    /// Whether it takes so much memory that there must not be two of it at a time.
    pub fn is_large(&self) -> bool {
        self.hash.is_large()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_of_a_usable_hash_matches() {
        let verifier = Verifier::default();
        let verify = |stored, password: &str| verifier.prepare("alice", stored).run(password.as_bytes());
        let stored = "$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/"; // "password", from openssl passwd -1
        assert_eq!(verify(Some(stored), "password"), Verdict::Match);
        assert_eq!(verify(Some(stored), "Password"), Verdict::Mismatch);
        assert_eq!(verify(None, "password"), Verdict::Mismatch);
        assert!(matches!(verify(Some("plain"), "plain"), Verdict::Unusable(_)));
    }
}
