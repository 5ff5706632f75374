//! phpass's portable hashes `$P$` (WordPress before 6.8, and many others), `$H$` (phpBB), and `$S$`, which Drupal 7 to 10.0
//! made of it. Behind a `U`, as Drupal's upgrade wrote them, they are hashes of the password's MD5 in hexadecimal.

use md5::Md5;
use sha2::{Digest, Sha512};
use zeroize::Zeroizing;

use crate::auth::password::{
    encoding::{crypt_digit, decode_crypt, encode_crypt, encode_hexadecimal},
    password_hash::{CUT_OFF, MALFORMED, PasswordHash, Reason, Scheme, TOO_COSTLY, wrong_length},
};

const SALT_BYTES: usize = 8;
const MD5_CHARACTERS: usize = 22;
/// What has a place in Drupal's column of 55 characters, of 86.
const SHA512_CHARACTERS: usize = 43;

const MIN_LOG_ROUNDS: u32 = 7;
/// Applications have 8 to 17. Each round reads the whole password.
const MAX_LOG_ROUNDS: u32 = 19;

/// Longer passwords are hashed by neither.
const PHPASS_PASSWORD_BYTES: usize = 4096;
const DRUPAL_PASSWORD_BYTES: usize = 512;

#[derive(Clone, Copy, Debug)]
enum Repeated {
    Md5,
    Sha512,
}

#[derive(Debug)]
struct Phpass {
    digest: Repeated,
    log_rounds: u32,
    is_of_md5: bool,
}

/// A character for the rounds, the salt and the hash without a sign between them.
pub(in crate::auth::password) fn parse(rest: &str) -> Result<PasswordHash, Reason> {
    parse_any(Repeated::Md5, false, rest)
}

/// The same with SHA-512.
pub(in crate::auth::password) fn parse_drupal(rest: &str) -> Result<PasswordHash, Reason> {
    parse_any(Repeated::Sha512, false, rest)
}

/// `P$…`, `H$…` or `S$…`, of the password's MD5.
pub(in crate::auth::password) fn parse_of_md5(rest: &str) -> Result<PasswordHash, Reason> {
    match rest.split_once('$').ok_or(CUT_OFF)? {
        ("P" | "H", rest) => parse_any(Repeated::Md5, true, rest),
        ("S", rest) => parse_any(Repeated::Sha512, true, rest),
        _ => Err(MALFORMED),
    }
}

fn parse_any(digest: Repeated, is_of_md5: bool, rest: &str) -> Result<PasswordHash, Reason> {
    let (rounds, rest) = rest.split_at_checked(1).ok_or(CUT_OFF)?;
    let (salt, hash) = rest.split_at_checked(SALT_BYTES).ok_or(CUT_OFF)?;
    let log_rounds = rounds
        .bytes()
        .next()
        .and_then(crypt_digit)
        .filter(|rounds| *rounds >= MIN_LOG_ROUNDS)
        .ok_or(MALFORMED)?;
    if log_rounds > MAX_LOG_ROUNDS {
        return Err(TOO_COSTLY);
    }
    let characters = match digest {
        Repeated::Md5 => MD5_CHARACTERS,
        Repeated::Sha512 => SHA512_CHARACTERS,
    };
    if hash.len() != characters {
        return Err(wrong_length(hash.len(), characters));
    }
    let hash = match digest {
        Repeated::Md5 => decode_crypt(hash).ok_or(MALFORMED)?,
        // It ends within an octet, so it is compared as it is written.
        Repeated::Sha512 => hash.as_bytes().to_vec(),
    };
    let scheme = Phpass {
        digest,
        log_rounds,
        is_of_md5,
    };
    Ok(PasswordHash::new(scheme, salt.as_bytes().to_vec(), hash))
}

impl Scheme for Phpass {
    fn compute(&self, password: &[u8], salt: &[u8], length: usize) -> Option<Zeroizing<Vec<u8>>> {
        let md5 = Zeroizing::new(encode_hexadecimal(&Md5::digest(password)));
        let password = match self.is_of_md5 {
            true => md5.as_bytes(),
            false => password,
        };
        let rounds = 1 << self.log_rounds;
        Some(match self.digest {
            Repeated::Md5 => repeat::<Md5>(rounds, password, salt),
            Repeated::Sha512 => {
                let hash = Zeroizing::new(encode_crypt(&repeat::<Sha512>(rounds, password, salt)));
                Zeroizing::new(hash.as_bytes().get(..length)?.to_vec())
            }
        })
    }

    /// Digests take any octets.
    fn can_have_hashed(&self, password: &[u8]) -> bool {
        let longest = match self.digest {
            Repeated::Md5 => PHPASS_PASSWORD_BYTES,
            Repeated::Sha512 => DRUPAL_PASSWORD_BYTES,
        };
        password.len() <= longest
    }
}

fn repeat<D: Digest>(rounds: u32, password: &[u8], salt: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut hash = D::new().chain_update(salt).chain_update(password).finalize();
    for _ in 0..rounds {
        hash = D::new().chain_update(hash).chain_update(password).finalize();
    }
    Zeroizing::new(hash.to_vec())
}
