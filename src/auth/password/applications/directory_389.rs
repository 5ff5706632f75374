//! `{PBKDF2_SHA256}` of 389 Directory Server. Its newer `{PBKDF2-SHA256}` and relatives have the form of OpenLDAP's.

use crate::auth::password::{
    encoding::decode,
    password_hash::{CUT_OFF, MALFORMED, PasswordHash, Reason, wrong_length},
    pbkdf2::{self, Digest},
};

const ROUNDS_BYTES: usize = 4;
const SALT_BYTES: usize = 64;
const KEY_BYTES: usize = 256;

/// Rounds, salt and key one after the other, in base64.
pub(in crate::auth::password) fn parse(value: &str) -> Result<PasswordHash, Reason> {
    let octets = decode(value).ok_or(MALFORMED)?;
    let (rounds, rest) = octets.split_first_chunk::<ROUNDS_BYTES>().ok_or(CUT_OFF)?;
    if rest.len() != SALT_BYTES + KEY_BYTES {
        return Err(wrong_length(rest.len(), SALT_BYTES + KEY_BYTES));
    }
    let (salt, key) = rest.split_at_checked(SALT_BYTES).ok_or(CUT_OFF)?;
    let rounds = u32::from_be_bytes(*rounds);
    pbkdf2::password_hash(Digest::Sha256, rounds, salt.to_vec(), key.to_vec())
}
