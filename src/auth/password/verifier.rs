//! Verification that takes the same work for users who do not exist, are disabled, or have no usable hash.

use std::hint::black_box;
use std::sync::{Mutex, PoisonError};

use super::{Verdict, argon2, stored::Stored};

/// Verifies passwords and remembers what work a verification takes here: scheme and parameters of the hash parsed
/// last, never its salt or hash.
///
/// Where users' hashes differ in scheme or cost no single decoy looks like all of them; the one used last is the
/// best guess at what the next one costs.
pub struct Verifier {
    decoy: Mutex<Stored>,
}

impl Default for Verifier {
    fn default() -> Self {
        Self {
            decoy: Mutex::new(argon2::default_decoy()),
        }
    }
}

impl Verifier {
    /// Like [`super::verify`], with the same work when there is no hash or it is unusable.
    pub fn verify(&self, stored: Option<&str>, password: &[u8]) -> Verdict {
        match stored.map(Stored::parse) {
            Some(Ok(stored)) => {
                *self.lock() = stored.decoy();
                stored.verify(password)
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

    fn lock(&self) -> std::sync::MutexGuard<'_, Stored> {
        self.decoy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::auth::password::stored::Scheme;

    #[test]
    fn the_decoy_follows_the_last_hash_without_its_salt() {
        let verifier = Verifier::default();
        assert!(matches!(verifier.lock().scheme, Scheme::Argon2(_)));

        let stored = "$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/"; // "password", from openssl passwd -1
        assert_eq!(verifier.verify(Some(stored), b"password"), Verdict::Match);
        assert_eq!(verifier.verify(None, b"password"), Verdict::Mismatch);
        assert!(matches!(verifier.verify(Some("plain"), b"plain"), Verdict::Unusable(_)));

        let real = Stored::parse(stored).ok().unwrap();
        let decoy = verifier.lock();
        assert_eq!(decoy.scheme, real.scheme);
        assert_eq!((decoy.salt.len(), decoy.hash.len()), (real.salt.len(), real.hash.len()));
        assert_ne!(decoy.salt, real.salt);
        assert_ne!(decoy.hash, real.hash);
    }
}
