//! `$argon2id$`, `$argon2i$`, `$argon2d$` in the PHC string format (RFC 9106), and the hashes we make ourselves.

pub(super) use ::argon2::Algorithm;
use ::argon2::{AssociatedData, Params, ParamsBuilder, Version};
use zeroize::Zeroizing;

use super::encoding::{decimal, decode, encode, fields};
use super::password_hash::{
    CUT_OFF, MALFORMED, MAX_MEMORY_KIB, MAX_MEMORY_PASSES_KIB, PasswordHash, Reason, Scheme, TOO_COSTLY,
};

/// What new hashes have: the defaults of Node's argon2 package, which fills the tables we replace.
const MEMORY_KIB: u32 = 65_536;
const PASSES: u32 = 3;
const LANES: u32 = 4;
const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;

/// Shorter hashes could be met by chance; libraries refuse them too.
const HASH_BYTES_ALLOWED: std::ops::RangeInclusive<usize> = 10..=256;

/// A variant with its parameters.
#[derive(Debug)]
struct Argon2 {
    algorithm: Algorithm,
    version: Version,
    params: Params,
}

/// A new hash, `$argon2id$v=19$m=65536,t=3,p=4$…`.
pub(super) fn make(password: &[u8], salt: &[u8]) -> Option<String> {
    let hash = default_argon2().compute(password, salt, HASH_BYTES)?;
    Some(format!(
        "$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${}${}",
        encode(salt),
        encode(&hash)
    ))
}

/// The work of a hash made by `hash_password`, of nobody.
pub(super) fn default_decoy() -> PasswordHash {
    PasswordHash::new(default_argon2(), vec![b'.'; SALT_BYTES], vec![0; HASH_BYTES])
}

fn default_argon2() -> Argon2 {
    Argon2 {
        algorithm: Algorithm::Argon2id,
        version: Version::V0x13,
        // The constants are within all limits; a test compares the parameters.
        params: Params::new(MEMORY_KIB, PASSES, LANES, None).unwrap_or_default(),
    }
}

/// `[v=19$]m=…,t=…,p=…[,keyid=…][,data=…]$salt$hash`. Without `v=` it is version 16, from before it was written.
pub(super) fn parse(algorithm: Algorithm, rest: &str) -> Result<PasswordHash, Reason> {
    let (version, rest) = match rest.strip_prefix("v=") {
        None => (Version::V0x10, rest),
        Some(rest) => {
            let (version, rest) = rest.split_once('$').ok_or(CUT_OFF)?;
            let version = decimal(version).ok_or(MALFORMED)?;
            let known = Version::try_from(version).map_err(|_| "the Argon2 version is not known")?;
            (known, rest)
        }
    };
    let [params, salt, hash] = fields(rest)?;
    let params = parse_params(params)?;
    let salt = decode(salt).ok_or(MALFORMED)?;
    let hash = decode(hash).ok_or(MALFORMED)?;
    if salt.len() < ::argon2::MIN_SALT_LEN || !HASH_BYTES_ALLOWED.contains(&hash.len()) {
        return Err(MALFORMED);
    }
    let scheme = Argon2 {
        algorithm,
        version,
        params,
    };
    Ok(PasswordHash::new(scheme, salt, hash))
}

fn parse_params(text: &str) -> Result<Params, Reason> {
    let (mut memory, mut passes, mut lanes) = (None, None, None);
    let mut data = None;
    for pair in text.split(',') {
        let (name, value) = pair.split_once('=').ok_or(MALFORMED)?;
        let number = match name {
            "m" => &mut memory,
            "t" => &mut passes,
            "p" => &mut lanes,
            // Names a key kept elsewhere; says nothing about the computation.
            "keyid" => continue,
            "data" if data.is_none() => {
                data = Some(AssociatedData::from_b64(value).map_err(|_| MALFORMED)?);
                continue;
            }
            _ => return Err(MALFORMED),
        };
        let value = decimal(value).ok_or(MALFORMED)?;
        if number.replace(value).is_some() {
            return Err(MALFORMED);
        }
    }
    let (Some(memory), Some(passes), Some(lanes)) = (memory, passes, lanes) else {
        return Err(MALFORMED);
    };
    let kib = u64::from(memory);
    if kib > MAX_MEMORY_KIB || kib * u64::from(passes) > MAX_MEMORY_PASSES_KIB {
        return Err(TOO_COSTLY);
    }
    let mut builder = ParamsBuilder::new();
    builder.m_cost(memory).t_cost(passes).p_cost(lanes);
    if let Some(data) = data {
        builder.data(data);
    }
    builder.build().map_err(|_| MALFORMED)
}

impl Scheme for Argon2 {
    fn compute(&self, password: &[u8], salt: &[u8], length: usize) -> Option<Zeroizing<Vec<u8>>> {
        let mut hash = Zeroizing::new(vec![0; length]);
        ::argon2::Argon2::new(self.algorithm, self.version, self.params.clone())
            .hash_password_into(password, salt, &mut hash)
            .ok()?;
        Some(hash)
    }

    /// Argon2 takes any bytes.
    fn can_have_hashed(&self, _: &[u8]) -> bool {
        true
    }

    fn memory_kib(&self) -> u64 {
        u64::from(self.params.m_cost())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::auth::password::{Verdict, schemes};

    #[test]
    fn own_hashes_verify_and_are_what_the_decoy_imitates() {
        let stored = make(b"secret", &[7; SALT_BYTES]).unwrap();
        let parsed = schemes::parse(&stored).ok().unwrap();
        assert_eq!(parsed.verify(b"secret"), Verdict::Match);
        assert_eq!(format!("{:?}", parsed.scheme), format!("{:?}", default_decoy().scheme));
        assert_eq!(parsed.salt.len(), default_decoy().salt.len());
        assert_eq!(parsed.hash.len(), default_decoy().hash.len());
    }
}
