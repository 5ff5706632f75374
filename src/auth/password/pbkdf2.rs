//! `{PBKDF2…}` of OpenLDAP's pw-pbkdf2.

use pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use zeroize::Zeroizing;

use super::encoding::{decimal, decode_adapted, fields};
use super::password_hash::{MALFORMED, MAX_ROUNDS, PasswordHash, Reason, Scheme, TOO_COSTLY};

/// The digest that is repeated.
#[derive(Clone, Copy, Debug)]
pub(super) enum Digest {
    Sha1,
    Sha256,
    Sha512,
}

#[derive(Debug)]
struct Pbkdf2 {
    digest: Digest,
    rounds: u32,
}

/// `rounds$salt$hash`. The hash must be whole: any first part of it would be right as well.
pub(super) fn parse(digest: Digest, value: &str) -> Result<PasswordHash, Reason> {
    let [rounds, salt, hash] = fields(value).ok_or(MALFORMED)?;
    let rounds = decimal(rounds).filter(|rounds| *rounds > 0).ok_or(MALFORMED)?;
    if rounds > MAX_ROUNDS {
        return Err(TOO_COSTLY);
    }
    let salt = decode_adapted(salt).ok_or(MALFORMED)?;
    let hash = decode_adapted(hash).ok_or(MALFORMED)?;
    let size = match digest {
        Digest::Sha1 => 20,
        Digest::Sha256 => 32,
        Digest::Sha512 => 64,
    };
    if hash.len() != size {
        return Err(MALFORMED);
    }
    Ok(PasswordHash::new(Pbkdf2 { digest, rounds }, salt, hash))
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
