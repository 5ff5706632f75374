//! `{SHA}`, `{SSHA}` and relatives (RFC 2307 5.3, OpenLDAP's pw-sha2): one round of a digest, with or without a salt.

use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::encoding::{decode, decode_hexadecimal};
use super::password_hash::{CUT_OFF, MALFORMED, PasswordHash, Reason, Scheme, wrong_length};

/// A message digest.
#[derive(Clone, Copy, Debug)]
pub(super) enum Algorithm {
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

/// How a digest is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Encoding {
    /// In base64, or, where the length leaves no doubt, in hexadecimal.
    Either,
    Base64,
    Hexadecimal,
}

impl Encoding {
    /// What a scheme's name in capitals says, and the name without it.
    pub(super) fn of(name: &str) -> (&str, Self) {
        let (base64, hexadecimal) = ([".B64", ".BASE64"], [".HEX"]);
        let without = |suffixes: &[&str]| suffixes.iter().find_map(|suffix| name.strip_suffix(suffix));
        match (without(&base64), without(&hexadecimal)) {
            (Some(name), _) => (name, Self::Base64),
            (None, Some(name)) => (name, Self::Hexadecimal),
            (None, None) => (name, Self::Either),
        }
    }

    fn decode(self, value: &str) -> Option<Vec<u8>> {
        match self {
            Self::Either | Self::Base64 => decode(value),
            Self::Hexadecimal => decode_hexadecimal(value),
        }
    }
}

/// The digest of the password.
pub(super) fn parse_unsalted(algorithm: Algorithm, encoding: Encoding, value: &str) -> Result<PasswordHash, Reason> {
    let encoding = match encoding {
        // In base64 that length is half as many octets again.
        Encoding::Either if value.len() == 2 * algorithm.size() => Encoding::Hexadecimal,
        encoding => encoding,
    };
    let hash = encoding.decode(value).ok_or(MALFORMED)?;
    if hash.len() != algorithm.size() {
        return Err(wrong_length(hash.len(), algorithm.size()));
    }
    Ok(PasswordHash::new(algorithm, Vec::new(), hash))
}

/// The digest of password and salt, then the salt.
pub(super) fn parse_salted(algorithm: Algorithm, encoding: Encoding, value: &str) -> Result<PasswordHash, Reason> {
    let mut hash = encoding.decode(value).ok_or(MALFORMED)?;
    if hash.len() <= algorithm.size() {
        return Err(CUT_OFF);
    }
    let salt = hash.split_off(algorithm.size());
    Ok(PasswordHash::new(algorithm, salt, hash))
}

impl Algorithm {
    /// Bytes of the result.
    pub(super) fn size(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

impl Scheme for Algorithm {
    fn compute(&self, password: &[u8], salt: &[u8], _: usize) -> Option<Zeroizing<Vec<u8>>> {
        fn of<D: Digest>(password: &[u8], salt: &[u8]) -> Zeroizing<Vec<u8>> {
            let digest = D::new().chain_update(password).chain_update(salt);
            Zeroizing::new(digest.finalize().to_vec())
        }
        Some(match self {
            Self::Md5 => of::<Md5>(password, salt),
            Self::Sha1 => of::<Sha1>(password, salt),
            Self::Sha256 => of::<Sha256>(password, salt),
            Self::Sha384 => of::<Sha384>(password, salt),
            Self::Sha512 => of::<Sha512>(password, salt),
        })
    }

    /// Digests take any bytes.
    fn can_have_hashed(&self, _: &[u8]) -> bool {
        true
    }
}
