//! passlib's own forms: `$pbkdf2…$`, `$scrypt$`, `$bcrypt-sha256$`. The first two are also written by others, with other
//! settings, in the PHC string format.

use crate::auth::password::{
    encoding::{decimal, decode, decode_adapted, fields},
    password_hash::{CUT_OFF, MALFORMED, PasswordHash, Reason, wrong_length},
    pbkdf2::{self, Digest},
    prehashed::{self, Prehash},
    yescrypt,
};

const SCRYPT_BYTES: usize = 32;
/// bcrypt's salt and hash, in characters.
const BCRYPT_SALT: usize = 22;
const BCRYPT_HASH: usize = 31;

/// `ROUNDS$SALT$KEY` in adapted base64; in the PHC string format `i=ROUNDS[,l=LENGTH]$SALT$KEY`.
pub(in crate::auth::password) fn parse_pbkdf2(digest: Digest, rest: &str) -> Result<PasswordHash, Reason> {
    let Some(phc) = rest.strip_prefix("i=") else {
        return pbkdf2::parse(digest, rest);
    };
    let [numbers, salt, key] = fields(phc)?;
    let Some((rounds, length)) = numbers.split_once(",l=") else {
        return pbkdf2::parse(digest, phc);
    };
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

/// `ln=LOG_N,r=R,p=P$SALT$HASH` in base64.
pub(in crate::auth::password) fn parse_scrypt(rest: &str) -> Result<PasswordHash, Reason> {
    let [numbers, salt, hash] = fields(rest)?;
    let numbers: Vec<&str> = numbers.split(',').collect();
    let [log_n, r, p] = numbers.try_into().map_err(|_| MALFORMED)?;
    let number = |text: &str, name: &str| text.strip_prefix(name).and_then(decimal).ok_or(MALFORMED);
    let (log_n, r, p) = (number(log_n, "ln=")?, number(r, "r=")?, number(p, "p=")?);
    let (salt, hash) = (decode(salt).ok_or(MALFORMED)?, decode(hash).ok_or(MALFORMED)?);
    if hash.len() != SCRYPT_BYTES {
        return Err(wrong_length(hash.len(), SCRYPT_BYTES));
    }
    yescrypt::scrypt(log_n, r, p, salt, hash)
}

/// `2b,COST$SALT$HASH` (version 1) or `v=2,t=2b,r=COST$SALT$HASH`.
pub(in crate::auth::password) fn parse_bcrypt_sha256(rest: &str) -> Result<PasswordHash, Reason> {
    let [setting, salt, hash] = fields(rest)?;
    let (prehash, cost) = match setting.strip_prefix("v=2,t=") {
        Some(setting) => (Prehash::SaltedSha256Base64, setting.split_once(",r=")),
        None => (Prehash::Sha256Base64, setting.split_once(',')),
    };
    let (variant, cost) = cost.ok_or(MALFORMED)?;
    if !["2a", "2b", "2y"].contains(&variant) || salt.len() != BCRYPT_SALT {
        return Err(MALFORMED);
    }
    if hash.len() != BCRYPT_HASH {
        return Err(wrong_length(hash.len(), BCRYPT_HASH));
    }
    let cost = decimal(cost).ok_or(MALFORMED)?;
    prehashed::parse(prehash, &format!("{cost:02}${salt}{hash}")).map_err(|reason| match reason {
        CUT_OFF => MALFORMED,
        reason => reason,
    })
}
