//! bcrypt over a digest of the password, as applications do it so that more than 72 octets count.

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha384};
use zeroize::Zeroizing;

use super::bcrypt::{self, KeySetup};
use super::encoding::{encode_bcrypt, encode_hexadecimal, encode_padded};
use super::password_hash::{PasswordHash, Reason, Scheme};

/// What bcrypt is given in place of the password.
#[derive(Clone, Copy, Debug)]
pub(super) enum Prehash {
    /// SHA-256 in hexadecimal: Django's.
    Sha256Hexadecimal,
    /// SHA-256 in base64: the first version of passlib's.
    Sha256Base64,
    /// HMAC-SHA-256 with the salt, as it is written, for its key, in base64: the second version of passlib's.
    SaltedSha256Base64,
    /// HMAC-SHA-384 with WordPress's key, in base64. What PHP's `trim` takes away does not count.
    WordPress,
}

#[derive(Debug)]
struct Prehashed {
    prehash: Prehash,
    bcrypt: Arc<dyn Scheme>,
}

/// `CC$` and salt and hash of bcrypt without a sign between them.
pub(super) fn parse(prehash: Prehash, rest: &str) -> Result<PasswordHash, Reason> {
    let PasswordHash { scheme, salt, hash } = bcrypt::parse(KeySetup::Correct, rest)?;
    let scheme = Prehashed {
        prehash,
        bcrypt: scheme,
    };
    Ok(PasswordHash::new(scheme, salt, hash))
}

impl Scheme for Prehashed {
    fn compute(&self, password: &[u8], salt: &[u8], length: usize) -> Option<Zeroizing<Vec<u8>>> {
        let digest = match self.prehash {
            Prehash::Sha256Hexadecimal => encode_hexadecimal(&*sha256(password)),
            Prehash::Sha256Base64 => encode_padded(&*sha256(password)),
            Prehash::SaltedSha256Base64 => {
                let mut hmac = Hmac::<Sha256>::new_from_slice(encode_bcrypt(salt).as_bytes()).ok()?;
                hmac.update(password);
                encode_padded(&hmac.finalize().into_bytes())
            }
            Prehash::WordPress => {
                let mut hmac = Hmac::<Sha384>::new_from_slice(b"wp-sha384").ok()?;
                hmac.update(trim(password));
                encode_padded(&hmac.finalize().into_bytes())
            }
        };
        let digest = Zeroizing::new(digest);
        self.bcrypt.compute(digest.as_bytes(), salt, length)
    }

    /// Digests take any octets. WordPress takes a NUL at either end away.
    fn can_have_hashed(&self, password: &[u8]) -> bool {
        !matches!(self.prehash, Prehash::WordPress) || !(password.contains(&0) || trim(password).is_empty())
    }
}

fn sha256(password: &[u8]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(Sha256::digest(password).into())
}

/// PHP's `trim`, but for NUL.
fn trim(mut password: &[u8]) -> &[u8] {
    const BLANKS: &[u8] = b" \t\n\r\x0b";
    while let [first, rest @ ..] = password
        && BLANKS.contains(first)
    {
        password = rest;
    }
    while let [rest @ .., last] = password
        && BLANKS.contains(last)
    {
        password = rest;
    }
    password
}
