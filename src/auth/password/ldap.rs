//! `{SCHEME}value` as LDAP servers store it (RFC 2307 5.3 and OpenLDAP's pw-sha2, pw-pbkdf2, argon2 modules).

use md5::{Digest, Md5};
use pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::argon2::fields;
use super::encoding::{decimal, decode, decode_adapted};
use super::stored::{MALFORMED, MAX_ROUNDS, Reason, Scheme, Stored, TOO_COSTLY};

/// A message digest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Algorithm {
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

/// Scheme names are case-insensitive.
pub(super) fn parse(stored: &str) -> Result<Stored, Reason> {
    let (name, value) = stored
        .strip_prefix('{')
        .and_then(|rest| rest.split_once('}'))
        .ok_or("the value is no hash of a known scheme")?;
    match name.to_ascii_uppercase().as_str() {
        "MD5" => unsalted(Algorithm::Md5, value),
        "SMD5" => salted(Algorithm::Md5, value),
        "SHA" => unsalted(Algorithm::Sha1, value),
        "SSHA" => salted(Algorithm::Sha1, value),
        "SHA256" => unsalted(Algorithm::Sha256, value),
        "SSHA256" => salted(Algorithm::Sha256, value),
        "SHA384" => unsalted(Algorithm::Sha384, value),
        "SSHA384" => salted(Algorithm::Sha384, value),
        "SHA512" => unsalted(Algorithm::Sha512, value),
        "SSHA512" => salted(Algorithm::Sha512, value),
        "PBKDF2" | "PBKDF2-SHA1" => pbkdf2(Algorithm::Sha1, value),
        "PBKDF2-SHA256" => pbkdf2(Algorithm::Sha256, value),
        "PBKDF2-SHA512" => pbkdf2(Algorithm::Sha512, value),
        "CRYPT" if value.starts_with('$') => Stored::parse_crypt(value),
        "CRYPT" => Err("DES crypt is not supported"),
        "ARGON2" if value.starts_with("$argon2") => Stored::parse_crypt(value),
        "ARGON2" => Err(MALFORMED),
        _ => Err("the hash scheme is not supported"),
    }
}

fn unsalted(algorithm: Algorithm, value: &str) -> Result<Stored, Reason> {
    let hash = decode(value).ok_or(MALFORMED)?;
    if hash.len() != algorithm.size() {
        return Err(MALFORMED);
    }
    Ok(Stored {
        scheme: Scheme::Digest(algorithm),
        salt: Vec::new(),
        hash,
    })
}

/// Digest of password and salt, then the salt.
fn salted(algorithm: Algorithm, value: &str) -> Result<Stored, Reason> {
    let mut hash = decode(value).ok_or(MALFORMED)?;
    if hash.len() <= algorithm.size() {
        return Err(MALFORMED);
    }
    let salt = hash.split_off(algorithm.size());
    Ok(Stored {
        scheme: Scheme::Digest(algorithm),
        salt,
        hash,
    })
}

/// `rounds$salt$hash`. The hash must be whole: any first part of it would be right as well.
fn pbkdf2(algorithm: Algorithm, value: &str) -> Result<Stored, Reason> {
    let [rounds, salt, hash] = fields(value).ok_or(MALFORMED)?;
    let rounds = decimal(rounds).filter(|rounds| *rounds > 0).ok_or(MALFORMED)?;
    if rounds > MAX_ROUNDS {
        return Err(TOO_COSTLY);
    }
    let salt = decode_adapted(salt).ok_or(MALFORMED)?;
    let hash = decode_adapted(hash).ok_or(MALFORMED)?;
    if hash.len() != algorithm.size() {
        return Err(MALFORMED);
    }
    Ok(Stored {
        scheme: Scheme::Pbkdf2 { algorithm, rounds },
        salt,
        hash,
    })
}

impl Algorithm {
    /// Bytes of the result.
    fn size(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    pub(super) fn digest(self, password: &[u8], salt: &[u8]) -> Zeroizing<Vec<u8>> {
        fn of<D: Digest>(password: &[u8], salt: &[u8]) -> Zeroizing<Vec<u8>> {
            let digest = D::new().chain_update(password).chain_update(salt);
            Zeroizing::new(digest.finalize().to_vec())
        }
        match self {
            Self::Md5 => of::<Md5>(password, salt),
            Self::Sha1 => of::<Sha1>(password, salt),
            Self::Sha256 => of::<Sha256>(password, salt),
            Self::Sha384 => of::<Sha384>(password, salt),
            Self::Sha512 => of::<Sha512>(password, salt),
        }
    }

    pub(super) fn pbkdf2(self, password: &[u8], salt: &[u8], rounds: u32) -> Zeroizing<Vec<u8>> {
        let mut hash = Zeroizing::new(vec![0; self.size()]);
        match self {
            Self::Md5 => pbkdf2_hmac::<Md5>(password, salt, rounds, &mut hash),
            Self::Sha1 => pbkdf2_hmac::<Sha1>(password, salt, rounds, &mut hash),
            Self::Sha256 => pbkdf2_hmac::<Sha256>(password, salt, rounds, &mut hash),
            Self::Sha384 => pbkdf2_hmac::<Sha384>(password, salt, rounds, &mut hash),
            Self::Sha512 => pbkdf2_hmac::<Sha512>(password, salt, rounds, &mut hash),
        }
        hash
    }
}
