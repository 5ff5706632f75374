//! `{X-PBKDF2}` and `$PBKDF2$` of Perl's Crypt::PBKDF2.

use crate::auth::password::{
    encoding::{decimal, decode, fields, fields_between},
    password_hash::{CUT_OFF, MALFORMED, PasswordHash, Reason},
    pbkdf2::{self, Digest},
};

const OTHER_DIGEST: Reason = "the digest is not supported; SHA-1, SHA-256 and SHA-512 are";

/// `DIGEST:ROUNDS:SALT:KEY`, the rounds as four octets; all three in base64.
pub(in crate::auth::password) fn parse_braced(value: &str) -> Result<PasswordHash, Reason> {
    let [digest, rounds, salt, key] = fields_between(':', value)?;
    let rounds = decode(rounds).ok_or(MALFORMED)?.try_into().map_err(|_| MALFORMED)?;
    pbkdf2::password_hash_of_texts(digest_of(digest)?, u32::from_be_bytes(rounds), salt, key)
}

/// `DIGEST:ROUNDS:SALT$KEY`, the latter two in base64.
pub(in crate::auth::password) fn parse_crypt(rest: &str) -> Result<PasswordHash, Reason> {
    let [setting, key] = fields(rest)?;
    let [digest, rounds, salt] = fields_between(':', setting).map_err(|_| CUT_OFF)?;
    let rounds = decimal(rounds).ok_or(MALFORMED)?;
    pbkdf2::password_hash_of_texts(digest_of(digest)?, rounds, salt, key)
}

/// In the second form the size stands between braces.
fn digest_of(name: &str) -> Result<Digest, Reason> {
    match name {
        "HMACSHA1" => Ok(Digest::Sha1),
        "HMACSHA2+256" | "HMACSHA2{256}" => Ok(Digest::Sha256),
        "HMACSHA2+512" | "HMACSHA2{512}" => Ok(Digest::Sha512),
        _ => Err(OTHER_DIGEST),
    }
}
