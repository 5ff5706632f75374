//! `$2a$`, `$2b$`, `$2y$`: one algorithm under three names. `$2x$`: the same with crypt_blowfish's sign extension.
//!
//! crypt_blowfish's `$2a$` differs for passwords with a 0xFF byte before another byte above 0x7F (its guard against
//! collisions with `$2x$`); UTF-8 has no such byte and every other implementation ignores it, as we do.

use zeroize::Zeroizing;

use super::encoding::{decimal, decode_bcrypt, encode_bcrypt};
use super::password_hash::{CUT_OFF, MALFORMED, PasswordHash, Reason, Scheme, TOO_COSTLY, wrong_length};

/// Each step doubles the work; this one takes about as long as the other schemes' limits.
const MAX_COST: u32 = 16;
const MIN_COST: u32 = 4;

const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 23;
/// Salt and hash in characters.
const SALT_CHARACTERS: usize = 22;
const HASH_CHARACTERS: usize = 31;

/// The key schedule takes 18 words of four bytes; the rest of a password has no effect.
pub(super) const KEY_BYTES: usize = 72;
/// Of new hashes: a quarter of a second.
const NEW_COST: u32 = 12;

#[derive(Debug)]
struct Bcrypt {
    cost: u32,
    key: KeySetup,
}

/// How the password becomes the key.
#[derive(Clone, Copy, Debug)]
pub(super) enum KeySetup {
    Correct,
    /// The bug of `$2x$`.
    SignExtended,
}

/// `CC$` and salt and hash without a sign between them.
pub(super) fn parse(key: KeySetup, rest: &str) -> Result<PasswordHash, Reason> {
    let (cost, rest) = rest.split_once('$').ok_or(CUT_OFF)?;
    let cost = match cost.strip_prefix('0') {
        Some(digit) if cost.len() == 2 => decimal(digit),
        _ => decimal(cost),
    }
    .filter(|cost| *cost >= MIN_COST)
    .ok_or(MALFORMED)?;
    if cost > MAX_COST {
        return Err(TOO_COSTLY);
    }
    if rest.len() != SALT_CHARACTERS + HASH_CHARACTERS {
        return Err(wrong_length(rest.len(), SALT_CHARACTERS + HASH_CHARACTERS));
    }
    let (salt, hash) = rest.split_at_checked(SALT_CHARACTERS).ok_or(MALFORMED)?;
    let salt = decode_bcrypt(salt).ok_or(MALFORMED)?;
    let hash = decode_bcrypt(hash).ok_or(MALFORMED)?;
    if salt.len() != SALT_BYTES || hash.len() != HASH_BYTES {
        return Err(MALFORMED);
    }
    Ok(PasswordHash::new(Bcrypt { cost, key }, salt, hash))
}

/// A new hash, `$2b$12$…`.
pub(super) fn make(password: &[u8], salt: &[u8]) -> Option<String> {
    let scheme = Bcrypt {
        cost: NEW_COST,
        key: KeySetup::Correct,
    };
    let hash = scheme.compute(password, salt, HASH_BYTES)?;
    Some(format!(
        "$2b${NEW_COST}${}{}",
        encode_bcrypt(salt),
        encode_bcrypt(&hash)
    ))
}

impl Scheme for Bcrypt {
    fn compute(&self, password: &[u8], salt: &[u8], _: usize) -> Option<Zeroizing<Vec<u8>>> {
        // A C string: the NUL belongs to the key unless the password fills it.
        let mut key: Zeroizing<Vec<u8>> = Zeroizing::new(Vec::with_capacity(KEY_BYTES));
        key.extend(password.iter().copied().chain([0]).take(KEY_BYTES));
        let key = match self.key {
            KeySetup::Correct => key,
            KeySetup::SignExtended => sign_extend(&key),
        };
        let hash = Zeroizing::new(::bcrypt::bcrypt(self.cost, salt.try_into().ok()?, &key));
        // The last byte is never stored.
        Some(Zeroizing::new(hash.get(..HASH_BYTES)?.to_vec()))
    }
}

/// The bug of `$2x$`: bytes above 0x7F were sign-extended when they were put into words of the key, and wiped
/// out those before them. The spelled-out key has the full length, so the unchanged algorithm can take it.
fn sign_extend(key: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut repeated = key.iter().cycle();
    let mut spelled = Zeroizing::new(Vec::with_capacity(KEY_BYTES));
    for _ in 0..KEY_BYTES / 4 {
        let word = repeated.by_ref().take(4).fold(0_u32, |word, byte| {
            (word << 8) | i32::from(byte.cast_signed()).cast_unsigned()
        });
        spelled.extend(word.to_be_bytes());
    }
    spelled
}
