//! Spring Security's own encoders behind the names of its DelegatingPasswordEncoder. What they do not write, they have fixed.

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::auth::password::{
    encoding::{decode, decode_hexadecimal, fields},
    password_hash::{MALFORMED, PasswordHash, Reason, Scheme, wrong_length},
    pbkdf2::{self, Digest},
    yescrypt,
};

const SHORT_SALT: usize = 8;
const LONG_SALT: usize = 16;
const HASH_BYTES: usize = 32;

/// Of StandardPasswordEncoder.
const SHA256_ROUNDS: u32 = 1_024;

/// Pbkdf2PasswordEncoder as before 5.8: SHA-1, 185,000 rounds.
pub(in crate::auth::password) fn parse_pbkdf2(value: &str) -> Result<PasswordHash, Reason> {
    let (salt, key) = salt_and_hash(SHORT_SALT, value)?;
    pbkdf2::password_hash(Digest::Sha1, 185_000, salt, key)
}

/// The same since 5.8: SHA-256, 310,000 rounds.
pub(in crate::auth::password) fn parse_pbkdf2_of_5_8(value: &str) -> Result<PasswordHash, Reason> {
    let (salt, key) = salt_and_hash(LONG_SALT, value)?;
    pbkdf2::password_hash(Digest::Sha256, 310_000, salt, key)
}

/// Length of StandardPasswordEncoder's value, in characters.
pub(in crate::auth::password) const SHA256_CHARACTERS: usize = 2 * (SHORT_SALT + HASH_BYTES);

/// StandardPasswordEncoder: SHA-256 of salt and password, and of the result again and again.
pub(in crate::auth::password) fn parse_sha256(value: &str) -> Result<PasswordHash, Reason> {
    let (salt, hash) = salt_and_hash(SHORT_SALT, value)?;
    Ok(PasswordHash::new(RepeatedSha256, salt, hash))
}

/// Salt and hash in hexadecimal.
fn salt_and_hash(salt_bytes: usize, value: &str) -> Result<(Vec<u8>, Vec<u8>), Reason> {
    let characters = 2 * (salt_bytes + HASH_BYTES);
    if value.len() != characters {
        return Err(wrong_length(value.len(), characters));
    }
    let mut salt = decode_hexadecimal(value).ok_or(MALFORMED)?;
    let hash = salt.split_off(salt_bytes);
    Ok((salt, hash))
}

/// SCryptPasswordEncoder: `$NUMBERS$SALT$HASH`, the numbers one after the other in one, in hexadecimal: log N, eight bits for
/// r, eight for p.
pub(in crate::auth::password) fn parse_scrypt(value: &str) -> Result<PasswordHash, Reason> {
    let value = value.strip_prefix('$').ok_or(MALFORMED)?;
    let [numbers, salt, hash] = fields(value)?;
    let is_plain = numbers.bytes().all(|byte| byte.is_ascii_hexdigit());
    let numbers = u32::from_str_radix(numbers, 16)
        .ok()
        .filter(|_| is_plain)
        .ok_or(MALFORMED)?;
    let (salt, hash) = (decode(salt).ok_or(MALFORMED)?, decode(hash).ok_or(MALFORMED)?);
    if hash.len() != HASH_BYTES {
        return Err(wrong_length(hash.len(), HASH_BYTES));
    }
    yescrypt::scrypt(numbers >> 16, numbers >> 8 & 0xff, numbers & 0xff, salt, hash)
}

#[derive(Debug)]
struct RepeatedSha256;

impl Scheme for RepeatedSha256 {
    fn compute(&self, password: &[u8], salt: &[u8], _: usize) -> Option<Zeroizing<Vec<u8>>> {
        let mut hash = Sha256::new().chain_update(salt).chain_update(password).finalize();
        for _ in 1..SHA256_ROUNDS {
            hash = Sha256::digest(hash);
        }
        Some(Zeroizing::new(hash.to_vec()))
    }

    /// Digests take any octets.
    fn can_have_hashed(&self, _: &[u8]) -> bool {
        true
    }
}
