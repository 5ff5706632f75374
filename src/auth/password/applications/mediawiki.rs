//! MediaWiki's `:TYPE:…`. `:pbkdf2:` is also the form that states the length of its key, whatever it is.

use zeroize::Zeroizing;

use crate::auth::password::{
    digest::{self, Algorithm, Encoding},
    encoding::{decimal, decode_adapted, decode_hexadecimal, encode_hexadecimal, fields_between},
    password_hash::{MALFORMED, PasswordHash, Reason, Scheme, wrong_length},
    pbkdf2::{self, Digest},
};

const OTHER_DIGEST: Reason = "the digest is not supported; sha1, sha256 and sha512 are";
const MD5_CHARACTERS: usize = 32;

/// `DIGEST:ROUNDS:LENGTH:SALT:KEY`, the latter two in base64.
pub(in crate::auth::password) fn parse_pbkdf2(rest: &str) -> Result<PasswordHash, Reason> {
    let [digest, rounds, length, salt, key] = fields_between(':', rest)?;
    let digest = Digest::of(digest).ok_or(OTHER_DIGEST)?;
    let (Some(rounds), Some(length)) = (decimal(rounds), decimal(length)) else {
        return Err(MALFORMED);
    };
    let (Some(salt), Some(key)) = (decode_adapted(salt), decode_adapted(key)) else {
        return Err(MALFORMED);
    };
    let length = usize::try_from(length).map_err(|_| MALFORMED)?;
    if key.len() != length {
        return Err(wrong_length(key.len(), length));
    }
    pbkdf2::password_hash(digest, rounds, salt, key)
}

/// `HASH`, MD5 in hexadecimal.
pub(in crate::auth::password) fn parse_a(rest: &str) -> Result<PasswordHash, Reason> {
    digest::parse_unsalted(Algorithm::Md5, Encoding::Hexadecimal, rest)
}

/// `SALT:HASH`, MD5 in hexadecimal.
pub(in crate::auth::password) fn parse_b(rest: &str) -> Result<PasswordHash, Reason> {
    let [salt, hash] = fields_between(':', rest)?;
    if hash.len() != MD5_CHARACTERS {
        return Err(wrong_length(hash.len(), MD5_CHARACTERS));
    }
    let hash = decode_hexadecimal(hash).ok_or(MALFORMED)?;
    Ok(PasswordHash::new(Nested, salt.as_bytes().to_vec(), hash))
}

/// MD5 of the salt, a hyphen, and MD5 of the password in hexadecimal.
#[derive(Debug)]
struct Nested;

impl Scheme for Nested {
    fn compute(&self, password: &[u8], salt: &[u8], length: usize) -> Option<Zeroizing<Vec<u8>>> {
        let inner = Algorithm::Md5.compute(password, &[], length)?;
        let message = Zeroizing::new([salt, b"-", encode_hexadecimal(&inner).as_bytes()].concat());
        Algorithm::Md5.compute(&message, &[], length)
    }

    /// Digests take any octets.
    fn can_have_hashed(&self, _: &[u8]) -> bool {
        true
    }
}
