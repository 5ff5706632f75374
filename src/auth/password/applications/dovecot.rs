//! `{PBKDF2}$1$…` of Dovecot. Its other names are other names of known schemes.

use crate::auth::password::{
    encoding::{decimal, decode_hexadecimal, fields},
    password_hash::{MALFORMED, PasswordHash, Reason, wrong_length},
    pbkdf2::{self, Digest},
};

/// `SALT$ROUNDS$KEY`, the salt as text, the key in hexadecimal.
pub(in crate::auth::password) fn parse_pbkdf2(rest: &str) -> Result<PasswordHash, Reason> {
    let [salt, rounds, key] = fields(rest)?;
    let rounds = decimal(rounds).ok_or(MALFORMED)?;
    let characters = 2 * Digest::Sha1.size();
    if key.len() != characters {
        return Err(wrong_length(key.len(), characters));
    }
    let key = decode_hexadecimal(key).ok_or(MALFORMED)?;
    pbkdf2::password_hash(Digest::Sha1, rounds, salt.as_bytes().to_vec(), key)
}
