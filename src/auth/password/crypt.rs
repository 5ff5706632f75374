//! `$1$` (MD5), `$5$` and `$6$` (SHA-2) of crypt(3).

use md5::{Digest, Md5};
use sha_crypt::{Params, sha256_crypt, sha512_crypt};
use zeroize::{Zeroize, Zeroizing};

use super::encoding::{decimal, decode_crypt, encode_crypt};
use super::password_hash::{CUT_OFF, MALFORMED, MAX_ROUNDS, PasswordHash, Reason, Scheme, TOO_COSTLY, wrong_length};

/// libxcrypt's CRYPT_MAX_PASSPHRASE_SIZE.
pub(super) const MAX_PASSPHRASE_BYTES: usize = 512;
/// Of new hashes: a tenth of a second.
const NEW_ROUNDS: u32 = 200_000;
const SHA512_BYTES: usize = 64;
/// The longest salt of SHA-crypt, in characters.
const SALT_CHARACTERS: usize = 16;

#[derive(Debug)]
enum Crypt {
    Md5,
    Sha256(Params),
    Sha512(Params),
}

/// `salt$hash`.
pub(super) fn parse_md5(rest: &str) -> Result<PasswordHash, Reason> {
    parse(Crypt::Md5, rest)
}

/// `[rounds=N$]salt$hash`.
pub(super) fn parse_sha256(rest: &str) -> Result<PasswordHash, Reason> {
    let (rounds, rest) = parse_rounds(rest)?;
    parse(Crypt::Sha256(rounds), rest)
}

/// `[rounds=N$]salt$hash`.
pub(super) fn parse_sha512(rest: &str) -> Result<PasswordHash, Reason> {
    let (rounds, rest) = parse_rounds(rest)?;
    parse(Crypt::Sha512(rounds), rest)
}

fn parse(scheme: Crypt, rest: &str) -> Result<PasswordHash, Reason> {
    let (longest_salt, hash_bytes) = match scheme {
        Crypt::Md5 => (8, 16),
        Crypt::Sha256(_) => (SALT_CHARACTERS, 32),
        Crypt::Sha512(_) => (SALT_CHARACTERS, SHA512_BYTES),
    };
    let (salt, hash) = rest.split_once('$').ok_or(CUT_OFF)?;
    let characters = (8 * hash_bytes).div_ceil(6);
    if hash.len() != characters {
        return Err(wrong_length(hash.len(), characters));
    }
    let hash = decode_crypt(hash).ok_or(MALFORMED)?;
    if salt.len() > longest_salt {
        return Err(MALFORMED);
    }
    Ok(PasswordHash::new(scheme, salt.as_bytes().to_vec(), hash))
}

fn parse_rounds(rest: &str) -> Result<(Params, &str), Reason> {
    let Some(rest) = rest.strip_prefix("rounds=") else {
        return Ok((Params::RECOMMENDED, rest));
    };
    let (rounds, rest) = rest.split_once('$').ok_or(CUT_OFF)?;
    let rounds = decimal(rounds)
        .filter(|rounds| *rounds >= Params::ROUNDS_MIN)
        .ok_or(MALFORMED)?;
    if rounds > MAX_ROUNDS {
        return Err(TOO_COSTLY);
    }
    Ok((Params::new(rounds).map_err(|_| MALFORMED)?, rest))
}

/// A new hash, `$6$rounds=200000$…`, whose salt is made of these octets.
pub(super) fn make_sha512(password: &[u8], salt: &[u8]) -> Option<String> {
    let scheme = Crypt::Sha512(Params::new(NEW_ROUNDS).ok()?);
    let salt = encode_crypt(salt);
    let salt = salt.get(..SALT_CHARACTERS)?;
    let hash = scheme.compute(password, salt.as_bytes(), SHA512_BYTES)?;
    Some(format!("$6$rounds={NEW_ROUNDS}${salt}${}", encode_crypt(&hash)))
}

impl Scheme for Crypt {
    fn compute(&self, password: &[u8], salt: &[u8], _: usize) -> Option<Zeroizing<Vec<u8>>> {
        Some(match self {
            Self::Md5 => md5(password, salt),
            Self::Sha256(rounds) => written_order(&sha256_crypt(password, salt, *rounds), 10, 21),
            Self::Sha512(rounds) => written_order(&sha512_crypt(password, salt, *rounds), 21, 22),
        })
    }

    /// These read the whole password in every round: libxcrypt's own limit bounds the work.
    fn can_have_hashed(&self, password: &[u8]) -> bool {
        password.len() <= MAX_PASSPHRASE_BYTES && !password.contains(&0)
    }
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
fn md5(password: &[u8], salt: &[u8]) -> Zeroizing<Vec<u8>> {
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
