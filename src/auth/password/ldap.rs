//! `{SCHEME}value` as LDAP servers store it (RFC 2307 5.3 and OpenLDAP's pw-sha2, pw-pbkdf2, argon2 modules), and under
//! the names that Dovecot and Spring have for the same schemes.

use md5::{Digest, Md5};
use pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::argon2::fields;
use super::encoding::{decimal, decode, decode_adapted, decode_hexadecimal};
use super::stored::{MALFORMED, MAX_ROUNDS, Reason, Scheme, Stored, TOO_COSTLY};

/// A message digest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Algorithm {
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

/// Scheme names are case-insensitive. Dovecot's and Spring's are other names of the same schemes; the former may end in
/// how the value is encoded. There is one prefix: what follows it is the value, never another scheme.
pub(super) fn parse(stored: &str) -> Result<Stored, Reason> {
    let (name, value) = stored
        .strip_prefix('{')
        .and_then(|rest| rest.split_once('}'))
        .ok_or("the value is no hash of a known scheme")?;
    let name = name.to_ascii_uppercase();
    let (name, encoding) = Encoding::of(&name);
    if let Some((algorithm, salt)) = digest(name) {
        // Dovecot's MD5 is crypt(3)'s.
        return match (name, encoding) {
            ("MD5", Encoding::Usual) if value.starts_with("$1$") => Stored::parse_crypt(value),
            _ if salt => salted(algorithm, encoding, value),
            _ => unsalted(algorithm, encoding, value),
        };
    }
    if encoding != Encoding::Usual {
        return Err(UNSUPPORTED);
    }
    let crypt = |ids: &[&str]| {
        if ids.iter().any(|id| value.starts_with(id)) {
            Stored::parse_crypt(value)
        } else {
            Err(MALFORMED)
        }
    };
    match name {
        "PBKDF2" | "PBKDF2-SHA1" => pbkdf2(Algorithm::Sha1, value),
        "PBKDF2-SHA256" => pbkdf2(Algorithm::Sha256, value),
        "PBKDF2-SHA512" => pbkdf2(Algorithm::Sha512, value),
        "CRYPT" if value.starts_with('$') => Stored::parse_crypt(value),
        "CRYPT" | "DES-CRYPT" => Err("DES crypt is not supported"),
        "ARGON2" => crypt(&["$argon2"]),
        "ARGON2I" => crypt(&["$argon2i$"]),
        "ARGON2D" => crypt(&["$argon2d$"]),
        "ARGON2ID" => crypt(&["$argon2id$"]),
        "MD5-CRYPT" => crypt(&["$1$"]),
        "SHA256-CRYPT" => crypt(&["$5$"]),
        "SHA512-CRYPT" => crypt(&["$6$"]),
        "BLF-CRYPT" | "BCRYPT" => crypt(&["$2a$", "$2b$", "$2x$", "$2y$"]),
        "PLAIN" | "CLEAR" | "CLEARTEXT" | "NOOP" => Err("passwords in plain text never match"),
        _ => Err(UNSUPPORTED),
    }
}

const UNSUPPORTED: Reason = "the hash scheme is not supported";

/// A digest by the name of its scheme, and whether there is a salt.
fn digest(name: &str) -> Option<(Algorithm, bool)> {
    Some(match name {
        "MD5" | "LDAP-MD5" | "PLAIN-MD5" => (Algorithm::Md5, false),
        "SMD5" => (Algorithm::Md5, true),
        "SHA" | "SHA1" => (Algorithm::Sha1, false),
        "SSHA" => (Algorithm::Sha1, true),
        "SHA256" => (Algorithm::Sha256, false),
        "SSHA256" => (Algorithm::Sha256, true),
        "SHA384" => (Algorithm::Sha384, false),
        "SSHA384" => (Algorithm::Sha384, true),
        "SHA512" => (Algorithm::Sha512, false),
        "SSHA512" => (Algorithm::Sha512, true),
        _ => return None,
    })
}

/// How a digest is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Encoding {
    /// In base64, or, where the length leaves no doubt, in hexadecimal.
    Usual,
    Base64,
    Hexadecimal,
}

impl Encoding {
    /// What a scheme's name in capitals says, and the name without it.
    pub(super) fn of(name: &str) -> (&str, Self) {
        let (base64, hexadecimal) = ([".B64", ".BASE64"], [".HEX"]);
        let without = |suffixes: &[&str]| suffixes.iter().find_map(|suffix| name.strip_suffix(suffix));
        match (without(&base64), without(&hexadecimal)) {
            (Some(name), _) => (name, Self::Base64),
            (None, Some(name)) => (name, Self::Hexadecimal),
            (None, None) => (name, Self::Usual),
        }
    }

    fn decode(self, value: &str) -> Option<Vec<u8>> {
        match self {
            Self::Usual | Self::Base64 => decode(value),
            Self::Hexadecimal => decode_hexadecimal(value),
        }
    }
}

fn unsalted(algorithm: Algorithm, encoding: Encoding, value: &str) -> Result<Stored, Reason> {
    let encoding = match encoding {
        // In base64 that length is half as many octets again.
        Encoding::Usual if value.len() == 2 * algorithm.size() => Encoding::Hexadecimal,
        encoding => encoding,
    };
    let hash = encoding.decode(value).ok_or(MALFORMED)?;
    if hash.len() != algorithm.size() {
        return Err(MALFORMED);
    }
    Ok(Stored {
        scheme: Scheme::Digest(algorithm),
        salt: Vec::new(),
        hash,
    })
}

/// Digest of password and salt, then the salt.
fn salted(algorithm: Algorithm, encoding: Encoding, value: &str) -> Result<Stored, Reason> {
    let mut hash = encoding.decode(value).ok_or(MALFORMED)?;
    if hash.len() <= algorithm.size() {
        return Err(MALFORMED);
    }
    let salt = hash.split_off(algorithm.size());
    Ok(Stored {
        scheme: Scheme::Digest(algorithm),
        salt,
        hash,
    })
}

/// `rounds$salt$hash`. The hash must be whole: any first part of it would be right as well.
fn pbkdf2(algorithm: Algorithm, value: &str) -> Result<Stored, Reason> {
    let [rounds, salt, hash] = fields(value).ok_or(MALFORMED)?;
    let rounds = decimal(rounds).filter(|rounds| *rounds > 0).ok_or(MALFORMED)?;
    if rounds > MAX_ROUNDS {
        return Err(TOO_COSTLY);
    }
    let salt = decode_adapted(salt).ok_or(MALFORMED)?;
    let hash = decode_adapted(hash).ok_or(MALFORMED)?;
    if hash.len() != algorithm.size() {
        return Err(MALFORMED);
    }
    Ok(Stored {
        scheme: Scheme::Pbkdf2 { algorithm, rounds },
        salt,
        hash,
    })
}

impl Algorithm {
    /// Bytes of the result.
    fn size(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    pub(super) fn digest(self, password: &[u8], salt: &[u8]) -> Zeroizing<Vec<u8>> {
        fn of<D: Digest>(password: &[u8], salt: &[u8]) -> Zeroizing<Vec<u8>> {
            let digest = D::new().chain_update(password).chain_update(salt);
            Zeroizing::new(digest.finalize().to_vec())
        }
        match self {
            Self::Md5 => of::<Md5>(password, salt),
            Self::Sha1 => of::<Sha1>(password, salt),
            Self::Sha256 => of::<Sha256>(password, salt),
            Self::Sha384 => of::<Sha384>(password, salt),
            Self::Sha512 => of::<Sha512>(password, salt),
        }
    }

    pub(super) fn pbkdf2(self, password: &[u8], salt: &[u8], rounds: u32) -> Zeroizing<Vec<u8>> {
        let mut hash = Zeroizing::new(vec![0; self.size()]);
        match self {
            Self::Md5 => pbkdf2_hmac::<Md5>(password, salt, rounds, &mut hash),
            Self::Sha1 => pbkdf2_hmac::<Sha1>(password, salt, rounds, &mut hash),
            Self::Sha256 => pbkdf2_hmac::<Sha256>(password, salt, rounds, &mut hash),
            Self::Sha384 => pbkdf2_hmac::<Sha384>(password, salt, rounds, &mut hash),
            Self::Sha512 => pbkdf2_hmac::<Sha512>(password, salt, rounds, &mut hash),
        }
        hash
    }
}
