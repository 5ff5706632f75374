//! `{PKCS5S2}` of Atlassian's products (Jira, Confluence, Crowd): PBKDF2 with SHA-1 and 10,000 rounds.

use crate::auth::password::{
    encoding::decode,
    password_hash::{MALFORMED, PasswordHash, Reason, wrong_length},
    pbkdf2::{self, Digest},
};

const ROUNDS: u32 = 10_000;
const SALT_BYTES: usize = 16;
const KEY_BYTES: usize = 32;

/// Salt and key in base64.
pub(in crate::auth::password) fn parse(value: &str) -> Result<PasswordHash, Reason> {
    let mut salt = decode(value).ok_or(MALFORMED)?;
    if salt.len() != SALT_BYTES + KEY_BYTES {
        return Err(wrong_length(salt.len(), SALT_BYTES + KEY_BYTES));
    }
    let key = salt.split_off(SALT_BYTES);
    pbkdf2::password_hash(Digest::Sha1, ROUNDS, salt, key)
}
