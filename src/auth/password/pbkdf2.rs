//! PBKDF2 (RFC 8018 5.2), and its form `ROUNDS$SALT$KEY` of OpenLDAP's pw-pbkdf2, 389 Directory Server and passlib.

use pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use zeroize::Zeroizing;

use super::encoding::{decimal, decode_adapted, fields};
use super::password_hash::{MALFORMED, MAX_ROUNDS, PasswordHash, Reason, Scheme, TOO_COSTLY, wrong_length};

/// Shorter keys could be met by chance; the longest that is known to be stored is the 256 octets of 389 Directory Server.
const KEY_BYTES_ALLOWED: std::ops::RangeInclusive<usize> = 16..=512;

const NO_END: Reason = "the key is cut off, or of a length that this form cannot tell from one that is: end it with = \
    as base64 does, or write it as :pbkdf2:DIGEST:ROUNDS:LENGTH:SALT:KEY (docs/passwords.md)";

/// The digest that is repeated.
#[derive(Clone, Copy, Debug)]
pub(super) enum Digest {
    Sha1,
    Sha256,
    Sha512,
}

impl Digest {
    /// By the name that libraries give it.
    pub(super) fn of(name: &str) -> Option<Self> {
        match name {
            "sha1" => Some(Self::Sha1),
            "sha256" => Some(Self::Sha256),
            "sha512" => Some(Self::Sha512),
            _ => None,
        }
    }

    /// Bytes of the result.
    pub(super) fn size(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

#[derive(Debug)]
struct Pbkdf2 {
    digest: Digest,
    rounds: u32,
}

/// `rounds$salt$key`, in base64 with `.` or `+`, with or without padding.
pub(super) fn parse(digest: Digest, value: &str) -> Result<PasswordHash, Reason> {
    let [rounds, salt, key] = fields(value)?;
    password_hash_of_texts(digest, decimal(rounds).ok_or(MALFORMED)?, salt, key)
}

/// Salt and key as they are written in base64. The key must be seen to be whole.
pub(super) fn password_hash_of_texts(
    digest: Digest,
    rounds: u32,
    salt: &str,
    key: &str,
) -> Result<PasswordHash, Reason> {
    let decoded = decode_adapted(key).ok_or(MALFORMED)?;
    is_whole(digest, salt, key, decoded.len())?;
    password_hash(digest, rounds, decode_adapted(salt).ok_or(MALFORMED)?, decoded)
}

/// Any first part of a key would be right as well, so its end must be seen: by its length, which is the digest's, or by
/// the padding. A key that is longer than the digest is no harder to guess; what is left of a longer one will do.
fn is_whole(digest: Digest, salt: &str, key: &str, length: usize) -> Result<(), Reason> {
    let is_padded = |text: &str| text.ends_with('=');
    if is_padded(key) {
        return match key.len() % 4 {
            0 => Ok(()),
            _ => Err(MALFORMED),
        };
    }
    // Who pads the salt pads the key.
    let lacks_padding = is_padded(salt) && !length.is_multiple_of(3);
    let is_usual = length == digest.size() && !lacks_padding;
    let is_long = length > digest.size() && !is_padded(salt) && [24, 32, 40, 48, 64, 128, 256].contains(&length);
    match is_usual || is_long {
        true => Ok(()),
        false => Err(NO_END),
    }
}

/// A hash whose parts are known to be whole.
///
/// # Errors
/// The key is too short or too long, or its work is more than is allowed: each block of the key takes all rounds.
pub(super) fn password_hash(digest: Digest, rounds: u32, salt: Vec<u8>, key: Vec<u8>) -> Result<PasswordHash, Reason> {
    if !KEY_BYTES_ALLOWED.contains(&key.len()) {
        return Err(wrong_length(key.len(), *KEY_BYTES_ALLOWED.start()));
    }
    if rounds == 0 {
        return Err(MALFORMED);
    }
    let blocks = u64::try_from(key.len().div_ceil(digest.size())).map_err(|_| TOO_COSTLY)?;
    if u64::from(rounds).saturating_mul(blocks) > u64::from(MAX_ROUNDS) {
        return Err(TOO_COSTLY);
    }
    Ok(PasswordHash::new(Pbkdf2 { digest, rounds }, salt, key))
}

impl Scheme for Pbkdf2 {
    fn compute(&self, password: &[u8], salt: &[u8], length: usize) -> Option<Zeroizing<Vec<u8>>> {
        let mut hash = Zeroizing::new(vec![0; length]);
        let compute = match self.digest {
            Digest::Sha1 => pbkdf2_hmac::<Sha1>,
            Digest::Sha256 => pbkdf2_hmac::<Sha256>,
            Digest::Sha512 => pbkdf2_hmac::<Sha512>,
        };
        compute(password, salt, self.rounds, &mut hash);
        Some(hash)
    }
}
