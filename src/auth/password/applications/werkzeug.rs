//! Werkzeug's `generate_password_hash` (Flask): the method with its numbers, the salt as text, the hash in hexadecimal.

use crate::auth::password::{
    encoding::{decimal, decode_hexadecimal, fields, fields_between},
    password_hash::{CUT_OFF, MALFORMED, PasswordHash, Reason, wrong_length},
    pbkdf2::{self, Digest},
    yescrypt,
};

const OTHER_DIGEST: Reason = "the digest is not supported; sha1, sha256 and sha512 are";
const SCRYPT_BYTES: usize = 64;

/// `DIGEST:ROUNDS$SALT$KEY`; the key has the length of the digest.
pub(in crate::auth::password) fn parse_pbkdf2(rest: &str) -> Result<PasswordHash, Reason> {
    let [method, salt, key] = fields(rest)?;
    let (digest, rounds) = method.split_once(':').ok_or(MALFORMED)?;
    let digest = Digest::of(digest).ok_or(OTHER_DIGEST)?;
    let rounds = decimal(rounds).ok_or(MALFORMED)?;
    let key = whole(key, digest.size())?;
    pbkdf2::password_hash(digest, rounds, salt.as_bytes().to_vec(), key)
}

/// `N:R:P$SALT$HASH`.
pub(in crate::auth::password) fn parse_scrypt(rest: &str) -> Result<PasswordHash, Reason> {
    let [numbers, salt, hash] = fields(rest)?;
    let [n, r, p] = fields_between(':', numbers).map_err(|_| CUT_OFF)?;
    let (Some(n), Some(r), Some(p)) = (decimal(n), decimal(r), decimal(p)) else {
        return Err(MALFORMED);
    };
    if !n.is_power_of_two() {
        return Err(MALFORMED);
    }
    let hash = whole(hash, SCRYPT_BYTES)?;
    yescrypt::scrypt(n.ilog2(), r, p, salt.as_bytes().to_vec(), hash)
}

fn whole(text: &str, length: usize) -> Result<Vec<u8>, Reason> {
    if text.len() != 2 * length {
        return Err(wrong_length(text.len(), 2 * length));
    }
    decode_hexadecimal(text).ok_or(MALFORMED)
}
