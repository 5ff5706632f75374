//! Verification that takes the same work for users who do not exist, are disabled, or have no usable hash.

use std::hint::black_box;
use std::sync::{Mutex, PoisonError};

use super::{
    argon2,
    password_hash::{PasswordHash, Verdict},
    schemes,
};

/// Verifies passwords and remembers what work a verification takes here: scheme and parameters of the hash parsed
/// last, never its salt or hash.
///
/// Where users' hashes differ in scheme or cost no single decoy looks like all of them; the one used last is the
/// best guess at what the next one costs.
pub struct Verifier {
    decoy: Mutex<PasswordHash>,
}

impl Default for Verifier {
    fn default() -> Self {
        Self {
            decoy: Mutex::new(argon2::default_decoy()),
        }
    }
}

impl Verifier {
    /// Compares a password with a stored hash of any known scheme; the same work is done when there is no hash, or an
    /// unusable one. Takes as long as the hash was made to take: up to seconds.
    pub fn verify(&self, stored: Option<&str>, password: &[u8]) -> Verdict {
        match stored.map(schemes::parse) {
            Some(Ok(hash)) => {
                *self.lock() = hash.decoy();
                hash.verify(password)
            }
            Some(Err(reason)) => {
                self.waste(password);
                Verdict::Unusable(reason)
            }
            None => {
                self.waste(password);
                Verdict::Mismatch
            }
        }
    }

    fn waste(&self, password: &[u8]) {
        // Copied out, so that decoys run side by side.
        let decoy = self.lock().decoy();
        black_box(decoy.verify(password));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, PasswordHash> {
        self.decoy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_decoy_follows_the_last_hash_without_its_salt() {
        let verifier = Verifier::default();
        let scheme = |hash: &PasswordHash| format!("{:?}", hash.scheme);
        assert!(scheme(&verifier.lock()).starts_with("Argon2"));

        let stored = "$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/"; // "password", from openssl passwd -1
        assert_eq!(verifier.verify(Some(stored), b"password"), Verdict::Match);
        assert_eq!(verifier.verify(None, b"password"), Verdict::Mismatch);
        assert!(matches!(verifier.verify(Some("plain"), b"plain"), Verdict::Unusable(_)));

        let real = schemes::parse(stored).ok().unwrap();
        let decoy = verifier.lock();
        assert_eq!(scheme(&decoy), scheme(&real));
        assert_eq!((decoy.salt.len(), decoy.hash.len()), (real.salt.len(), real.hash.len()));
        assert_ne!(decoy.salt, real.salt);
        assert_ne!(decoy.hash, real.hash);
    }
}
