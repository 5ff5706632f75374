//! Digests under a key that only this process has: what was typed or is stored can be recognised without keeping it.

use ring::{
    error::Unspecified,
    hmac::{Context, HMAC_SHA256, Key},
    rand::SystemRandom,
};

/// What is kept of a secret.
pub(crate) type Digest = [u8; 32];

/// A key made when the process starts. It never leaves it, so a digest tells nobody else anything.
pub(crate) struct DigestKey(Key);

impl std::fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DigestKey")
    }
}

impl DigestKey {
    /// A new key.
    ///
    /// # Errors
    /// The system gives no random octets.
    pub(crate) fn new() -> Result<Self, Unspecified> {
        Key::generate(HMAC_SHA256, &SystemRandom::new()).map(DigestKey)
    }

    /// The digest of some parts. Each is taken with its length, so that where one ends and the next begins counts, too.
    pub(crate) fn digest(&self, parts: &[&[u8]]) -> Digest {
        let mut context = Context::with_key(&self.0);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut digest = Digest::default();
        for (to, from) in digest.iter_mut().zip(context.sign().as_ref()) {
            *to = *from;
        }
        digest
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_kept_apart_and_keys_differ() {
        let (key, other) = (DigestKey::new().unwrap(), DigestKey::new().unwrap());
        assert_eq!(key.digest(&[b"ab", b"c"]), key.digest(&[b"ab", b"c"]));
        assert_ne!(key.digest(&[b"ab", b"c"]), key.digest(&[b"a", b"bc"]));
        assert_ne!(key.digest(&[b"ab"]), key.digest(&[b"ab", b""]));
        assert_ne!(key.digest(&[b"ab"]), other.digest(&[b"ab"]));
        assert_ne!(key.digest(&[]), [0; 32]);
        assert_eq!(format!("{key:?}"), "DigestKey");
    }
}
