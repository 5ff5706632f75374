//! Django's hashers (`django.contrib.auth.hashers`): a name, the settings, the salt as text and the hash, between dollar signs.

use zeroize::Zeroizing;

use crate::auth::password::{
    digest::Algorithm,
    encoding::{decimal, decode, decode_hexadecimal, fields},
    password_hash::{CUT_OFF, MALFORMED, PasswordHash, Reason, Scheme, wrong_length},
    pbkdf2::{self, Digest},
    prehashed::{self, Prehash},
    yescrypt,
};

const SCRYPT_BYTES: usize = 64;

/// `ROUNDS$SALT$KEY`; the key has the length of the digest.
pub(in crate::auth::password) fn parse_pbkdf2(digest: Digest, rest: &str) -> Result<PasswordHash, Reason> {
    let [rounds, salt, key] = fields(rest)?;
    let rounds = decimal(rounds).ok_or(MALFORMED)?;
    let key = whole(key, digest.size())?;
    pbkdf2::password_hash(digest, rounds, salt.as_bytes().to_vec(), key)
}

/// `N$SALT$R$P$HASH`.
pub(in crate::auth::password) fn parse_scrypt(rest: &str) -> Result<PasswordHash, Reason> {
    let [n, salt, r, p, hash] = fields(rest)?;
    let [n, r, p] = [n, r, p].map(decimal);
    let (Some(n), Some(r), Some(p)) = (n, r, p) else {
        return Err(MALFORMED);
    };
    if !n.is_power_of_two() {
        return Err(MALFORMED);
    }
    let hash = whole(hash, SCRYPT_BYTES)?;
    yescrypt::scrypt(n.ilog2(), r, p, salt.as_bytes().to_vec(), hash)
}

fn whole(text: &str, length: usize) -> Result<Vec<u8>, Reason> {
    let octets = decode(text).ok_or(MALFORMED)?;
    match octets.len() == length {
        true => Ok(octets),
        false => Err(wrong_length(octets.len(), length)),
    }
}

/// `$2b$CC$…`: the dollar sign of bcrypt's own form is there. Here it has been taken away together with the name's.
pub(in crate::auth::password) fn parse_bcrypt_sha256(rest: &str) -> Result<PasswordHash, Reason> {
    let rest = ["2b$", "2a$", "2y$"].iter().find_map(|name| rest.strip_prefix(name));
    prehashed::parse(Prehash::Sha256Hexadecimal, rest.ok_or(MALFORMED)?)
}

/// `SALT$HASH`, in hexadecimal; of the hashers without a salt it is empty.
pub(in crate::auth::password) fn parse_digest(algorithm: Algorithm, rest: &str) -> Result<PasswordHash, Reason> {
    let [salt, hash] = fields(rest)?;
    if hash.len() < 2 * algorithm.size() {
        return Err(CUT_OFF);
    }
    let hash = decode_hexadecimal(hash)
        .filter(|hash| hash.len() == algorithm.size())
        .ok_or(MALFORMED)?;
    Ok(PasswordHash::new(SaltFirst(algorithm), salt.as_bytes().to_vec(), hash))
}

/// The digest of salt and password.
#[derive(Debug)]
struct SaltFirst(Algorithm);

impl Scheme for SaltFirst {
    fn compute(&self, password: &[u8], salt: &[u8], length: usize) -> Option<Zeroizing<Vec<u8>>> {
        // One after the other, and no salt behind them.
        let mut message = Zeroizing::new(Vec::with_capacity(salt.len() + password.len()));
        message.extend_from_slice(salt);
        message.extend_from_slice(password);
        self.0.compute(&message, &[], length)
    }

    /// Digests take any octets.
    fn can_have_hashed(&self, _: &[u8]) -> bool {
        true
    }
}
