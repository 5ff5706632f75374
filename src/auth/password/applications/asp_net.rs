//! ASP.NET Core Identity's hashes of its third version, which begin `AQAAAA`.

use crate::auth::password::{
    encoding::decode,
    password_hash::{CUT_OFF, MALFORMED, PasswordHash, Reason, wrong_length},
    pbkdf2::{self, Digest},
};

/// The mark of the version, digest, rounds and length of the salt, then salt and key.
const VERSION: u8 = 1;
const KEY_BYTES: usize = 32;

/// What follows the beginning, which is the first four octets and a half, all of it in base64. The numbers have the
/// most significant octet first.
pub(in crate::auth::password) fn parse(rest: &str) -> Result<PasswordHash, Reason> {
    let octets = decode(&format!("AQAAAA{rest}")).ok_or(MALFORMED)?;
    let ([version], rest) = octets.split_first_chunk::<1>().ok_or(CUT_OFF)?;
    let (digest, rest) = number(rest)?;
    let (rounds, rest) = number(rest)?;
    let (salt_bytes, rest) = number(rest)?;
    let digest = match (*version, digest) {
        (VERSION, 0) => Digest::Sha1,
        (VERSION, 1) => Digest::Sha256,
        (VERSION, 2) => Digest::Sha512,
        _ => return Err(MALFORMED),
    };
    let salt_bytes = usize::try_from(salt_bytes).map_err(|_| MALFORMED)?;
    let (salt, key) = rest.split_at_checked(salt_bytes).ok_or(CUT_OFF)?;
    if key.len() != KEY_BYTES {
        return Err(wrong_length(key.len(), KEY_BYTES));
    }
    pbkdf2::password_hash(digest, rounds, salt.to_vec(), key.to_vec())
}

fn number(octets: &[u8]) -> Result<(u32, &[u8]), Reason> {
    let (number, rest) = octets.split_first_chunk().ok_or(CUT_OFF)?;
    Ok((u32::from_be_bytes(*number), rest))
}
