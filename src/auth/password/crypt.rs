//! `$1$` (MD5), `$5$` and `$6$` (SHA-2) of crypt(3).

use md5::{Digest, Md5};
use sha_crypt::{Params, sha256_crypt, sha512_crypt};
use zeroize::{Zeroize, Zeroizing};

use super::encoding::{decimal, decode_crypt};
use super::stored::{MALFORMED, MAX_ROUNDS, Reason, Scheme, Stored, TOO_COSTLY};

/// libxcrypt's CRYPT_MAX_PASSPHRASE_SIZE.
pub(super) const MAX_PASSPHRASE_BYTES: usize = 512;

const MD5_SALT_BYTES: usize = 8;
const SHA_SALT_BYTES: usize = 16;

/// `salt$hash`.
pub(super) fn parse_md5(rest: &str) -> Result<Stored, Reason> {
    parse(rest, Scheme::Md5Crypt, MD5_SALT_BYTES, 16)
}

/// `[rounds=N$]salt$hash`.
pub(super) fn parse_sha256(rest: &str) -> Result<Stored, Reason> {
    let (rounds, rest) = parse_rounds(rest)?;
    parse(rest, Scheme::Sha256Crypt { rounds }, SHA_SALT_BYTES, 32)
}

/// `[rounds=N$]salt$hash`.
pub(super) fn parse_sha512(rest: &str) -> Result<Stored, Reason> {
    let (rounds, rest) = parse_rounds(rest)?;
    parse(rest, Scheme::Sha512Crypt { rounds }, SHA_SALT_BYTES, 64)
}

fn parse(rest: &str, scheme: Scheme, max_salt: usize, hash_bytes: usize) -> Result<Stored, Reason> {
    let (salt, hash) = rest.split_once('$').ok_or(MALFORMED)?;
    let hash = decode_crypt(hash).ok_or(MALFORMED)?;
    if salt.len() > max_salt || hash.len() != hash_bytes {
        return Err(MALFORMED);
    }
    Ok(Stored {
        scheme,
        salt: salt.as_bytes().to_vec(),
        hash,
    })
}

fn parse_rounds(rest: &str) -> Result<(u32, &str), Reason> {
    let Some(rest) = rest.strip_prefix("rounds=") else {
        return Ok((Params::RECOMMENDED_ROUNDS, rest));
    };
    let (rounds, rest) = rest.split_once('$').ok_or(MALFORMED)?;
    let rounds = decimal(rounds)
        .filter(|rounds| *rounds >= Params::ROUNDS_MIN)
        .ok_or(MALFORMED)?;
    if rounds > MAX_ROUNDS {
        return Err(TOO_COSTLY);
    }
    Ok((rounds, rest))
}

pub(super) fn sha256(password: &[u8], salt: &[u8], rounds: u32) -> Option<Zeroizing<Vec<u8>>> {
    let hash = sha256_crypt(password, salt, Params::new(rounds).ok()?);
    Some(written_order(&hash, 10, 21))
}

pub(super) fn sha512(password: &[u8], salt: &[u8], rounds: u32) -> Option<Zeroizing<Vec<u8>>> {
    let hash = sha512_crypt(password, salt, Params::new(rounds).ok()?);
    Some(written_order(&hash, 21, 22))
}

/// The byte order in which SHA-crypt writes its result: `groups` of three bytes, each from three thirds of the
/// hash, the start advancing by `step`; then what is left over.
fn written_order(hash: &[u8], groups: usize, step: usize) -> Zeroizing<Vec<u8>> {
    let grouped = groups * 3;
    let order = (0..groups)
        .flat_map(|group| [2, 1, 0].map(|third| (group * step + third * groups) % grouped))
        .chain(grouped..hash.len());
    Zeroizing::new(order.filter_map(|index| hash.get(index).copied()).collect())
}

/// Poul-Henning Kamp's MD5-based crypt: 1,000 rounds, fixed.
pub(super) fn md5(password: &[u8], salt: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut inner: [u8; 16] = Md5::new()
        .chain_update(password)
        .chain_update(salt)
        .chain_update(password)
        .finalize()
        .into();
    let mut outer = Md5::new()
        .chain_update(password)
        .chain_update(b"$1$")
        .chain_update(salt);
    for chunk in password.chunks(inner.len()) {
        outer.update(inner.get(..chunk.len()).unwrap_or_default());
    }
    inner.zeroize();
    // One byte for each bit of the length: a NUL or, by a slip that became the standard, the first character.
    let mut bits = password.len();
    while bits > 0 {
        let first = password.get(..1).unwrap_or_default();
        outer.update(if bits & 1 == 1 { &[0] } else { first });
        bits >>= 1;
    }
    let mut hash: Zeroizing<[u8; 16]> = Zeroizing::new(outer.finalize().into());
    for round in 0..1000 {
        let mut digest = Md5::new();
        let (first, last): (&[u8], &[u8]) = if round % 2 == 1 {
            (password, &*hash)
        } else {
            (&*hash, password)
        };
        digest.update(first);
        if round % 3 != 0 {
            digest.update(salt);
        }
        if round % 7 != 0 {
            digest.update(password);
        }
        digest.update(last);
        hash = Zeroizing::new(digest.finalize().into());
    }
    const ORDER: [usize; 16] = [12, 6, 0, 13, 7, 1, 14, 8, 2, 15, 9, 3, 5, 10, 4, 11];
    Zeroizing::new(ORDER.iter().filter_map(|index| hash.get(*index).copied()).collect())
}
