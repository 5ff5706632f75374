//! The list of all schemes: by it a stored value is recognised and parsed, and by it `check` names what it counts.
//!
//! Names come from these tables alone, so that nothing of a value can be shown, whatever it holds: it may be a password
//! in plain text.

use Braced::{Crypt, Digest, Pbkdf2, Refused, SaltedDigest};

use super::argon2::{self, Algorithm as Argon2};
use super::bcrypt::{self, KeySetup};
use super::digest::{self, Algorithm, Encoding};
use super::password_hash::{MALFORMED, PasswordHash, Reason};
use super::{crypt, pbkdf2, yescrypt};

/// Longer values are no hashes of any scheme (the longest, yescrypt and Argon2 with associated data, stay below 512).
const MAX_STORED_BYTES: usize = 2048;

const UNKNOWN: Reason = "the value is no hash of a known scheme";
const UNSUPPORTED: Reason = "the hash scheme is not supported";
const PLAIN_TEXT: Reason = "passwords in plain text never match";
const DES: Reason = "DES crypt is not supported";

/// Takes what follows a beginning.
type Parser = fn(&str) -> Result<PasswordHash, Reason>;

/// How a stored value begins, its scheme's name, and its parser; the longer of two beginnings first.
const BEGINNINGS: &[(&str, &str, Parser)] = &[
    ("$argon2id$", "Argon2id", |rest| argon2::parse(Argon2::Argon2id, rest)),
    ("$argon2i$", "Argon2i", |rest| argon2::parse(Argon2::Argon2i, rest)),
    ("$argon2d$", "Argon2d", |rest| argon2::parse(Argon2::Argon2d, rest)),
    ("$2a$", "bcrypt", |rest| bcrypt::parse(KeySetup::Correct, rest)),
    ("$2b$", "bcrypt", |rest| bcrypt::parse(KeySetup::Correct, rest)),
    ("$2x$", "bcrypt", |rest| bcrypt::parse(KeySetup::SignExtended, rest)),
    ("$2y$", "bcrypt", |rest| bcrypt::parse(KeySetup::Correct, rest)),
    ("$1$", "MD5-crypt", crypt::parse_md5),
    ("$5$", "SHA-256-crypt", crypt::parse_sha256),
    ("$6$", "SHA-512-crypt", crypt::parse_sha512),
    ("$y$", "yescrypt", yescrypt::parse),
    ("$gy$", "gost-yescrypt ($gy$)", unsupported),
    ("$sm3$", "SM3-crypt ($sm3$)", unsupported),
    ("$7$", "scrypt-crypt", yescrypt::parse_scrypt),
    ("$3$", "NT hash ($3$)", unsupported),
    ("$md5", "SunMD5 ($md5)", unsupported),
    ("$sha1$", "SHA-1-crypt ($sha1$)", unsupported),
    ("$P$", "phpass ($P$)", unsupported),
    ("$H$", "phpass ($H$)", unsupported),
    ("$S$", "Drupal ($S$)", unsupported),
    ("$scrypt$", "scrypt ($scrypt$)", unsupported),
    ("$pbkdf2", "passlib PBKDF2 ($pbkdf2)", unsupported),
    ("pbkdf2_", "Django PBKDF2 (pbkdf2_…)", unsupported),
    ("pbkdf2:", "Werkzeug PBKDF2 (pbkdf2:…)", unsupported),
    ("scrypt:", "Werkzeug scrypt (scrypt:…)", unsupported),
    ("bcrypt_sha256$", "Django bcrypt (bcrypt_sha256$)", unsupported),
    ("argon2$", "Django Argon2 (argon2$…)", unsupported),
];

/// What may follow a name in braces. Dovecot's and Spring's names are other names of the same schemes.
#[derive(Clone, Copy)]
enum Braced {
    Digest(Algorithm),
    SaltedDigest(Algorithm),
    Pbkdf2(pbkdf2::Digest),
    /// A value with one of `BEGINNINGS`, of which only those with this prefix will do.
    Crypt(&'static str),
    Refused(Reason),
}

/// Names in braces as LDAP servers store them (RFC 2307 5.3), in capitals and without the encoding that may end them; how
/// they are shown; and what they stand for.
const BRACED: &[(&str, &str, Braced)] = &[
    ("CRYPT", "{CRYPT}", Crypt("$")),
    ("DES-CRYPT", "{DES-CRYPT}", Refused(DES)),
    ("MD5-CRYPT", "{MD5-CRYPT}", Crypt("$1$")),
    ("SHA256-CRYPT", "{SHA256-CRYPT}", Crypt("$5$")),
    ("SHA512-CRYPT", "{SHA512-CRYPT}", Crypt("$6$")),
    ("BLF-CRYPT", "{BLF-CRYPT}", Crypt("$2")),
    ("SSHA512", "{SSHA512}", SaltedDigest(Algorithm::Sha512)),
    ("SSHA384", "{SSHA384}", SaltedDigest(Algorithm::Sha384)),
    ("SSHA256", "{SSHA256}", SaltedDigest(Algorithm::Sha256)),
    ("SSHA", "{SSHA}", SaltedDigest(Algorithm::Sha1)),
    ("SHA512", "{SHA512}", Digest(Algorithm::Sha512)),
    ("SHA384", "{SHA384}", Digest(Algorithm::Sha384)),
    ("SHA256", "{SHA256}", Digest(Algorithm::Sha256)),
    ("SHA1", "{SHA}", Digest(Algorithm::Sha1)),
    ("SHA", "{SHA}", Digest(Algorithm::Sha1)),
    ("SHA-1", "{SHA-1}", Refused(UNSUPPORTED)),
    ("SHA-256", "{SHA-256}", Refused(UNSUPPORTED)),
    ("SMD5", "{SMD5}", SaltedDigest(Algorithm::Md5)),
    ("MD5", "{MD5}", Digest(Algorithm::Md5)),
    ("LDAP-MD5", "{LDAP-MD5}", Digest(Algorithm::Md5)),
    ("PLAIN-MD5", "{PLAIN-MD5}", Digest(Algorithm::Md5)),
    ("PLAIN-MD4", "{PLAIN-MD4}", Refused(UNSUPPORTED)),
    ("MD4", "{MD4}", Refused(UNSUPPORTED)),
    ("CRAM-MD5", "{CRAM-MD5}", Refused(UNSUPPORTED)),
    ("HMAC-MD5", "{HMAC-MD5}", Refused(UNSUPPORTED)),
    ("DIGEST-MD5", "{DIGEST-MD5}", Refused(UNSUPPORTED)),
    ("SCRAM-SHA-1", "{SCRAM-SHA-1}", Refused(UNSUPPORTED)),
    ("SCRAM-SHA-256", "{SCRAM-SHA-256}", Refused(UNSUPPORTED)),
    ("OTP", "{OTP}", Refused(UNSUPPORTED)),
    ("ARGON2", "{ARGON2}", Crypt("$argon2")),
    ("ARGON2I", "{ARGON2I}", Crypt("$argon2i$")),
    ("ARGON2D", "{ARGON2D}", Crypt("$argon2d$")),
    ("ARGON2ID", "{ARGON2ID}", Crypt("$argon2id$")),
    (
        "ARGON2@SPRINGSECURITY_V5_8",
        "{argon2@SpringSecurity_v5_8}",
        Refused(UNSUPPORTED),
    ),
    ("PBKDF2", "{PBKDF2…}", Pbkdf2(pbkdf2::Digest::Sha1)),
    ("PBKDF2-SHA1", "{PBKDF2…}", Pbkdf2(pbkdf2::Digest::Sha1)),
    ("PBKDF2-SHA256", "{PBKDF2…}", Pbkdf2(pbkdf2::Digest::Sha256)),
    ("PBKDF2-SHA512", "{PBKDF2…}", Pbkdf2(pbkdf2::Digest::Sha512)),
    (
        "PBKDF2@SPRINGSECURITY_V5_8",
        "{pbkdf2@SpringSecurity_v5_8}",
        Refused(UNSUPPORTED),
    ),
    ("BCRYPT", "{BCRYPT}", Crypt("$2")),
    ("SCRYPT", "{SCRYPT}", Refused(UNSUPPORTED)),
    (
        "SCRYPT@SPRINGSECURITY_V5_8",
        "{scrypt@SpringSecurity_v5_8}",
        Refused(UNSUPPORTED),
    ),
    ("LDAP", "{LDAP}", Refused(UNSUPPORTED)),
    ("NOOP", "{NOOP}", Refused(PLAIN_TEXT)),
    ("SASL", "{SASL}", Refused(UNSUPPORTED)),
    ("CLEAR", "{CLEAR}", Refused(PLAIN_TEXT)),
    ("CLEARTEXT", "{CLEARTEXT}", Refused(PLAIN_TEXT)),
    ("PLAIN", "{PLAIN}", Refused(PLAIN_TEXT)),
    ("PLAIN-TRUNC", "{PLAIN-TRUNC}", Refused(UNSUPPORTED)),
];

/// Takes a stored value apart and checks that its work is bounded.
///
/// # Errors
/// Why no password can match it.
pub(super) fn parse(stored: &str) -> Result<PasswordHash, Reason> {
    if stored.len() > MAX_STORED_BYTES {
        return Err("the value is too long for a hash");
    }
    let stored = trimmed(stored);
    if stored.is_empty() {
        return Err("there is no hash");
    }
    match split_braced(stored) {
        Some((name, value)) => parse_braced(&name, value),
        None => parse_plain(stored),
    }
}

/// A CHAR(n) column pads with blanks; no scheme's alphabet has them.
pub(super) fn trimmed(stored: &str) -> &str {
    stored.trim_end_matches([' ', '\t', '\r', '\n'])
}

fn parse_plain(stored: &str) -> Result<PasswordHash, Reason> {
    let mut parsers = BEGINNINGS
        .iter()
        .filter_map(|(beginning, _, parse)| Some((stored.strip_prefix(beginning)?, parse)));
    let (rest, parse) = parsers.next().ok_or(UNKNOWN)?;
    parse(rest)
}

/// There is one prefix: what follows it is the value, never another prefix.
fn parse_braced(name: &str, value: &str) -> Result<PasswordHash, Reason> {
    let (name, encoding) = Encoding::of(name);
    let known = BRACED.iter().find(|(known, ..)| *known == name);
    let (_, _, braced) = known.ok_or(UNSUPPORTED)?;
    match braced {
        // Dovecot's MD5 is crypt(3)'s.
        Digest(_) if name == "MD5" && encoding == Encoding::Either && value.starts_with("$1$") => parse_plain(value),
        Digest(algorithm) => digest::parse_unsalted(*algorithm, encoding, value),
        SaltedDigest(algorithm) => digest::parse_salted(*algorithm, encoding, value),
        _ if encoding != Encoding::Either => Err(UNSUPPORTED),
        Pbkdf2(digest) => pbkdf2::parse(*digest, value),
        Crypt(prefix) if value.starts_with(prefix) => parse_plain(value),
        Crypt("$") => Err(DES),
        Crypt(_) => Err(MALFORMED),
        Refused(reason) => Err(reason),
    }
}

/// A name in braces, in capitals, and what follows it.
pub(super) fn split_braced(stored: &str) -> Option<(String, &str)> {
    let (name, value) = stored.strip_prefix('{')?.split_once('}')?;
    Some((name.to_ascii_uppercase(), value))
}

fn unsupported(_: &str) -> Result<PasswordHash, Reason> {
    Err(UNSUPPORTED)
}

/// A stored value as `check` may speak of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Classified {
    /// The scheme's name.
    pub scheme: &'static str,
    /// Why no password can match; None when one can.
    pub problem: Option<&'static str>,
}

/// What kind of hash a stored value is, found without hashing anything.
pub fn classify(stored: &str) -> Classified {
    let scheme = match split_braced(stored) {
        Some((name, _)) => {
            let (name, _) = Encoding::of(&name);
            BRACED
                .iter()
                .find(|(known, ..)| *known == name)
                .map(|(_, shown, _)| *shown)
        }
        None => BEGINNINGS
            .iter()
            .find(|(beginning, ..)| stored.starts_with(beginning))
            .map(|(_, shown, _)| *shown),
    };
    Classified {
        scheme: scheme.unwrap_or("unknown"),
        problem: parse(stored).err(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_are_named_and_nothing_of_the_value_is() {
        for (stored, scheme, usable) in [
            (
                "$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/",
                "SHA-512-crypt",
                true,
            ),
            ("{ssha}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "{SSHA}", true),
            ("{ssha.Hex}0000000000000000000000000000000000000000ff", "{SSHA}", true),
            (
                "{bcrypt}$2a$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a",
                "{BCRYPT}",
                true,
            ),
            (
                "{Sha512-Crypt}$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/",
                "{SHA512-CRYPT}",
                false,
            ),
            ("{noop}hunter2", "{NOOP}", false),
            ("{hunter2.b64}x", "unknown", false),
            ("$P$BxSEKRET", "phpass ($P$)", false),
            ("hunter2", "unknown", false),
            ("$hunter2$x", "unknown", false),
            ("{hunter2}x", "unknown", false),
            ("ä", "unknown", false),
        ] {
            let found = classify(stored);
            assert_eq!((found.scheme, found.problem.is_none()), (scheme, usable), "{stored}");
            assert!(!format!("{found:?}").contains("hunter2"));
        }
    }
}
