//! The list of all schemes: by it a stored value is recognised and parsed, and by it `check` names what it counts.
//!
//! Names come from these tables alone, so that nothing of a value can be shown, whatever it holds: it may be a password
//! in plain text.

use Braced::{Crypt, Digest, OfApplication, Pbkdf2, Refused, SaltedDigest};
use Plain::{Parsed, Unverifiable};

use super::applications::{
    asp_net, atlassian, crypt_pbkdf2, directory_389, django, dovecot, mediawiki, passlib, php, phpass, spring, werkzeug,
};
use super::argon2::{self, Algorithm as Argon2};
use super::bcrypt::{self, KeySetup};
use super::digest::{self, Algorithm, Encoding};
use super::password_hash::{PasswordHash, Reason};
use super::{crypt, pbkdf2, unnamed, yescrypt};

/// Longer values are no hashes of any scheme (the longest, yescrypt and Argon2 with associated data, stay below 512).
const MAX_STORED_BYTES: usize = 2048;

const TOO_LONG: Reason = "the value is too long for a hash";
const UNSUPPORTED: Reason = "this scheme is not supported: these users need a new password";
const NO_NAME: Reason = "no directory's scheme has this name in braces, or it takes no such encoding";
const OTHER_SCHEME: Reason = "what stands behind the name in braces is no hash of that scheme";
const ELSEWHERE: Reason =
    "it says that the password is verified elsewhere: give these users a chain with the link `ldap`";
const PLAIN_TEXT: Reason =
    "passwords in plain text never match: store hashes, as `ldap-gateway hash-password` makes them";
const DES: Reason = "DES crypt is not supported: these users need a new password";
const UNSALTED_HERE: Reason =
    "these digests are no verification of a password by LDAP: these users need a new password";
const TWO_NAMES: Reason = "two names in braces: let the query take the first away, substr(password, 7) AS password";
const LAYERS: Reason =
    "MediaWiki's layers of one hash above another are not supported: these users need a new password";

/// Takes what follows a beginning.
type Parser = fn(&str) -> Result<PasswordHash, Reason>;

/// What is done with a value of a known beginning.
enum Plain {
    Parsed(Parser),
    Unverifiable(Reason),
}

/// How a stored value begins, its scheme's name, and its parser; the longer of two beginnings first.
const BEGINNINGS: &[(&str, &str, Plain)] = &[
    (
        "$argon2id$",
        "Argon2id",
        Parsed(|rest| argon2::parse(Argon2::Argon2id, rest)),
    ),
    (
        "$argon2i$",
        "Argon2i",
        Parsed(|rest| argon2::parse(Argon2::Argon2i, rest)),
    ),
    (
        "$argon2d$",
        "Argon2d",
        Parsed(|rest| argon2::parse(Argon2::Argon2d, rest)),
    ),
    ("$2a$", "bcrypt", Parsed(|rest| bcrypt::parse(KeySetup::Correct, rest))),
    ("$2b$", "bcrypt", Parsed(|rest| bcrypt::parse(KeySetup::Correct, rest))),
    (
        "$2x$",
        "bcrypt",
        Parsed(|rest| bcrypt::parse(KeySetup::SignExtended, rest)),
    ),
    ("$2y$", "bcrypt", Parsed(|rest| bcrypt::parse(KeySetup::Correct, rest))),
    ("$1$", "MD5-crypt", Parsed(crypt::parse_md5)),
    ("$5$", "SHA-256-crypt", Parsed(crypt::parse_sha256)),
    ("$6$", "SHA-512-crypt", Parsed(crypt::parse_sha512)),
    ("$y$", "yescrypt", Parsed(yescrypt::parse)),
    ("$gy$", "gost-yescrypt ($gy$)", Unverifiable(UNSUPPORTED)),
    ("$sm3$", "SM3-crypt ($sm3$)", Unverifiable(UNSUPPORTED)),
    ("$7$", "scrypt-crypt", Parsed(yescrypt::parse_scrypt)),
    ("$3$", "NT hash ($3$)", Unverifiable(UNSUPPORTED)),
    ("$md5", "SunMD5 ($md5)", Unverifiable(UNSUPPORTED)),
    ("$sha1$", "SHA-1-crypt ($sha1$)", Unverifiable(UNSUPPORTED)),
    // PHP: phpass, WordPress, Drupal, Nextcloud and ownCloud, MediaWiki.
    ("$P$", "phpass ($P$)", Parsed(phpass::parse)),
    ("$H$", "phpass ($H$)", Parsed(phpass::parse)),
    ("$S$", "Drupal ($S$)", Parsed(phpass::parse_drupal)),
    ("U$", "Drupal, of MD5 (U$…)", Parsed(phpass::parse_of_md5)),
    ("$wp$2y$", "WordPress bcrypt ($wp$)", Parsed(php::parse_wordpress)),
    ("1|$", "Nextcloud (1|…)", Parsed(|rest| php::parse(&format!("${rest}")))),
    ("2|$", "Nextcloud (2|…)", Parsed(|rest| php::parse(&format!("${rest}")))),
    ("3|$", "Nextcloud (3|…)", Parsed(|rest| php::parse(&format!("${rest}")))),
    (
        ":pbkdf2:",
        "MediaWiki PBKDF2 (:pbkdf2:…)",
        Parsed(mediawiki::parse_pbkdf2),
    ),
    (":argon2:", "MediaWiki Argon2 (:argon2:…)", Parsed(php::parse)),
    (":A:", "MediaWiki MD5 (:A:…)", Parsed(mediawiki::parse_a)),
    (":B:", "MediaWiki MD5 (:B:…)", Parsed(mediawiki::parse_b)),
    (":pbkdf2-legacy", "MediaWiki (:pbkdf2-legacy…)", Unverifiable(LAYERS)),
    (":bcrypt:", "MediaWiki bcrypt (:bcrypt:…)", Unverifiable(UNSUPPORTED)),
    ("AQAAAA", "ASP.NET Core Identity (AQAAAA…)", Parsed(asp_net::parse)),
    // Python: Django, Werkzeug (Flask), passlib.
    (
        "pbkdf2_sha256$",
        "Django PBKDF2 (pbkdf2_sha256$…)",
        Parsed(|rest| django::parse_pbkdf2(pbkdf2::Digest::Sha256, rest)),
    ),
    (
        "pbkdf2_sha1$",
        "Django PBKDF2 (pbkdf2_sha1$…)",
        Parsed(|rest| django::parse_pbkdf2(pbkdf2::Digest::Sha1, rest)),
    ),
    (
        "pbkdf2_",
        "Django PBKDF2, of a project's own (pbkdf2_…)",
        Unverifiable(UNSUPPORTED),
    ),
    (
        "argon2$",
        "Django Argon2 (argon2$argon2…)",
        Parsed(|rest| php::parse(&format!("${rest}"))),
    ),
    (
        "bcrypt_sha256$$",
        "Django bcrypt (bcrypt_sha256$…)",
        Parsed(django::parse_bcrypt_sha256),
    ),
    (
        "bcrypt$$",
        "Django bcrypt (bcrypt$…)",
        Parsed(|rest| php::parse(&format!("${rest}"))),
    ),
    ("scrypt$", "Django scrypt (scrypt$…)", Parsed(django::parse_scrypt)),
    (
        "md5$",
        "Django MD5 (md5$…)",
        Parsed(|rest| django::parse_digest(Algorithm::Md5, rest)),
    ),
    (
        "sha1$",
        "Django SHA-1 (sha1$…)",
        Parsed(|rest| django::parse_digest(Algorithm::Sha1, rest)),
    ),
    ("crypt$", "Django crypt (crypt$…)", Unverifiable(DES)),
    ("pbkdf2:", "Werkzeug PBKDF2 (pbkdf2:…)", Parsed(werkzeug::parse_pbkdf2)),
    ("scrypt:", "Werkzeug scrypt (scrypt:…)", Parsed(werkzeug::parse_scrypt)),
    (
        "$pbkdf2$",
        "passlib PBKDF2 ($pbkdf2$)",
        Parsed(|rest| passlib::parse_pbkdf2(pbkdf2::Digest::Sha1, rest)),
    ),
    (
        "$pbkdf2-sha1$",
        "PBKDF2 ($pbkdf2-sha1$)",
        Parsed(|rest| passlib::parse_pbkdf2(pbkdf2::Digest::Sha1, rest)),
    ),
    (
        "$pbkdf2-sha256$",
        "passlib PBKDF2 ($pbkdf2-sha256$)",
        Parsed(|rest| passlib::parse_pbkdf2(pbkdf2::Digest::Sha256, rest)),
    ),
    (
        "$pbkdf2-sha512$",
        "passlib PBKDF2 ($pbkdf2-sha512$)",
        Parsed(|rest| passlib::parse_pbkdf2(pbkdf2::Digest::Sha512, rest)),
    ),
    (
        "$pbkdf2",
        "PBKDF2 with another digest ($pbkdf2…)",
        Unverifiable(UNSUPPORTED),
    ),
    ("$scrypt$", "passlib scrypt ($scrypt$)", Parsed(passlib::parse_scrypt)),
    (
        "$bcrypt-sha256$",
        "passlib bcrypt ($bcrypt-sha256$)",
        Parsed(passlib::parse_bcrypt_sha256),
    ),
    ("$p5k2$", "PBKDF2 of dlitz and CTA ($p5k2$)", Unverifiable(UNSUPPORTED)),
    ("grub.pbkdf2.", "GRUB PBKDF2 (grub.pbkdf2.…)", Unverifiable(UNSUPPORTED)),
    (
        "$PBKDF2$",
        "Crypt::PBKDF2 ($PBKDF2$)",
        Parsed(crypt_pbkdf2::parse_crypt),
    ),
    (
        "$A$005$",
        "MySQL's caching_sha2_password ($A$005$)",
        Unverifiable(UNSUPPORTED),
    ),
];

/// What may follow a name in braces. Dovecot's and Spring's names are other names of the same schemes.
#[derive(Clone, Copy)]
enum Braced {
    Digest(Algorithm),
    SaltedDigest(Algorithm),
    Pbkdf2(pbkdf2::Digest),
    /// A value with one of `BEGINNINGS`, of which only those with this prefix will do.
    Crypt(&'static str),
    OfApplication(Parser),
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
    ("CRAM-MD5", "{CRAM-MD5}", Refused(UNSALTED_HERE)),
    ("HMAC-MD5", "{HMAC-MD5}", Refused(UNSALTED_HERE)),
    ("DIGEST-MD5", "{DIGEST-MD5}", Refused(UNSALTED_HERE)),
    ("SCRAM-SHA-1", "{SCRAM-SHA-1}", Refused(UNSUPPORTED)),
    ("SCRAM-SHA-256", "{SCRAM-SHA-256}", Refused(UNSUPPORTED)),
    ("OTP", "{OTP}", Refused(UNSALTED_HERE)),
    ("ARGON2", "{ARGON2}", Crypt("$argon2")),
    ("ARGON2I", "{ARGON2I}", Crypt("$argon2i$")),
    ("ARGON2D", "{ARGON2D}", Crypt("$argon2d$")),
    ("ARGON2ID", "{ARGON2ID}", Crypt("$argon2id$")),
    (
        "ARGON2@SPRINGSECURITY_V5_8",
        "{argon2@SpringSecurity_v5_8}",
        Crypt("$argon2"),
    ),
    ("PBKDF2", "{PBKDF2…}", Pbkdf2(pbkdf2::Digest::Sha1)),
    ("PBKDF2-SHA1", "{PBKDF2…}", Pbkdf2(pbkdf2::Digest::Sha1)),
    ("PBKDF2-SHA256", "{PBKDF2…}", Pbkdf2(pbkdf2::Digest::Sha256)),
    ("PBKDF2-SHA512", "{PBKDF2…}", Pbkdf2(pbkdf2::Digest::Sha512)),
    ("PBKDF2_SHA256", "{PBKDF2_SHA256}", OfApplication(directory_389::parse)),
    ("PKCS5S2", "{PKCS5S2}", OfApplication(atlassian::parse)),
    ("X-PBKDF2", "{X-PBKDF2}", OfApplication(crypt_pbkdf2::parse_braced)),
    (
        "PBKDF2@SPRINGSECURITY_V5_8",
        "{pbkdf2@SpringSecurity_v5_8}",
        OfApplication(spring::parse_pbkdf2_of_5_8),
    ),
    ("BCRYPT", "{BCRYPT}", Crypt("$2")),
    ("SCRYPT", "{SCRYPT}", OfApplication(spring::parse_scrypt)),
    (
        "SCRYPT@SPRINGSECURITY_V5_8",
        "{scrypt@SpringSecurity_v5_8}",
        OfApplication(spring::parse_scrypt),
    ),
    ("LDAP", "{LDAP}", Refused(TWO_NAMES)),
    ("NOOP", "{NOOP}", Refused(PLAIN_TEXT)),
    ("SASL", "{SASL}", Refused(ELSEWHERE)),
    ("KERBEROS", "{KERBEROS}", Refused(ELSEWHERE)),
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
        return Err(TOO_LONG);
    }
    let stored = trimmed(stored);
    parse_named(stored).unwrap_or_else(|| Err(unnamed::look_at(stored, &is_usable).problem))
}

/// Whether a password can match it.
fn is_usable(stored: &str) -> bool {
    parse_named(stored).is_some_and(|parsed| parsed.is_ok())
}

/// A CHAR(n) column pads with blanks; no scheme's alphabet has them.
pub(super) fn trimmed(stored: &str) -> &str {
    stored.trim_end_matches([' ', '\t', '\r', '\n'])
}

/// None where the value does not say which scheme it is of.
fn parse_named(stored: &str) -> Option<Result<PasswordHash, Reason>> {
    match split_braced(stored) {
        Some((name, value)) => Some(parse_braced(&name, value)),
        None => {
            let (beginning, _, plain) = plain(stored)?;
            let rest = stored.strip_prefix(beginning)?;
            Some(match plain {
                Parsed(parse) => parse(rest),
                Unverifiable(reason) => Err(*reason),
            })
        }
    }
}

fn plain(stored: &str) -> Option<&'static (&'static str, &'static str, Plain)> {
    BEGINNINGS.iter().find(|(beginning, ..)| stored.starts_with(beginning))
}

/// A value that begins with one of `BEGINNINGS`.
///
/// # Errors
/// Why no password can match it.
fn parse_plain(stored: &str) -> Result<PasswordHash, Reason> {
    match stored.starts_with('{') {
        true => Err(OTHER_SCHEME),
        false => parse_named(stored).unwrap_or(Err(OTHER_SCHEME)),
    }
}

/// There is one prefix: what follows it is the value, never another prefix.
fn parse_braced(name: &str, value: &str) -> Result<PasswordHash, Reason> {
    let (name, encoding) = Encoding::of(name);
    let known = BRACED.iter().find(|(known, ..)| *known == name);
    let (_, _, braced) = known.ok_or(NO_NAME)?;
    match braced {
        // Dovecot's MD5 is crypt(3)'s.
        Digest(_) if name == "MD5" && encoding == Encoding::Either && value.starts_with("$1$") => parse_plain(value),
        // Spring's SHA-256 is its own, and longer.
        Digest(Algorithm::Sha256) if encoding == Encoding::Either && value.len() == spring::SHA256_CHARACTERS => {
            spring::parse_sha256(value)
        }
        Digest(algorithm) => digest::parse_unsalted(*algorithm, encoding, value),
        SaltedDigest(algorithm) => digest::parse_salted(*algorithm, encoding, value),
        Refused(reason) => Err(reason),
        _ if encoding != Encoding::Either => Err(NO_NAME),
        Pbkdf2(digest) => parse_pbkdf2(name, *digest, value),
        OfApplication(parse) => parse(value),
        Crypt(prefix) if value.starts_with(prefix) => parse_plain(value),
        Crypt("$") => Err(DES),
        Crypt(_) => Err(OTHER_SCHEME),
    }
}

/// Three write `{PBKDF2}`: OpenLDAP, Dovecot and Spring.
fn parse_pbkdf2(name: &str, digest: pbkdf2::Digest, value: &str) -> Result<PasswordHash, Reason> {
    match value.strip_prefix("$1$") {
        Some(rest) if name == "PBKDF2" => dovecot::parse_pbkdf2(rest),
        None if name == "PBKDF2" && !value.contains('$') => spring::parse_pbkdf2(value),
        _ => pbkdf2::parse(digest, value),
    }
}

/// A name in braces, in capitals, and what follows it.
pub(super) fn split_braced(stored: &str) -> Option<(String, &str)> {
    let (name, value) = stored.strip_prefix('{')?.split_once('}')?;
    Some((name.to_ascii_uppercase(), value))
}

/// A stored value as `check` may speak of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Classified {
    /// The scheme's name, or what the value looks like.
    pub scheme: &'static str,
    /// Why no password can match, and the cure; None when one can.
    pub problem: Option<&'static str>,
    /// Whether the value says itself which scheme it is of.
    pub is_named: bool,
    /// Whether it stands for no password at all, as `!` and `*` do.
    pub is_mark: bool,
}

/// What kind of hash a stored value is, found without hashing anything.
pub fn classify(stored: &str) -> Classified {
    let stored = trimmed(stored);
    let named = |scheme| Classified {
        scheme,
        problem: parse(stored).err(),
        is_named: true,
        is_mark: false,
    };
    if let Some(scheme) = name(stored) {
        return named(scheme);
    }
    match stored.len() > MAX_STORED_BYTES {
        true => Classified {
            is_named: false,
            ..named("unknown form")
        },
        false => {
            let found = unnamed::look_at(stored, &is_usable);
            Classified {
                scheme: found.scheme,
                problem: Some(found.problem),
                is_named: false,
                is_mark: found.is_mark,
            }
        }
    }
}

/// The scheme's name, where the value says it.
fn name(stored: &str) -> Option<&'static str> {
    match split_braced(stored) {
        Some((name, _)) => {
            let (name, _) = Encoding::of(&name);
            let braced = BRACED.iter().find(|(known, ..)| *known == name);
            braced.map(|(_, shown, _)| *shown)
        }
        None => plain(stored).map(|(_, shown, _)| *shown),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
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
            ("{hunter2.b64}x", "unknown form", false),
            ("$P$BxSEKRET", "phpass ($P$)", false),
            ("hunter2", "unknown form", false),
            ("$hunter2$x", "unknown form", false),
            ("{hunter2}x", "unknown form", false),
            ("ä", "unknown form", false),
        ] {
            let found = classify(stored);
            assert_eq!((found.scheme, found.problem.is_none()), (scheme, usable), "{stored}");
            assert!(!format!("{found:?}").contains("hunter2"));
        }
    }

    /// The table in docs/passwords.md has each beginning and each name in braces, where it is verified and where not.
    #[test]
    fn the_documentation_has_every_scheme() {
        let page = include_str!("../../../docs/passwords.md").replace("\\|", "¦");
        let mut documented = std::collections::BTreeSet::new();
        let mut rows = 0;
        for row in page.lines().filter(|line| line.starts_with("| `")) {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            let [shapes, _, verified @ ("yes" | "no")] = cells[..] else {
                continue;
            };
            rows += 1;
            for shape in shapes.split('`').skip(1).step_by(2) {
                let shape = shape.replace('¦', "|");
                let (entry, is_verified) = match split_braced(&shape) {
                    Some((name, _)) => {
                        let (known, _, braced) = BRACED.iter().find(|(known, ..)| *known == name).unwrap();
                        (format!("{{{known}}}"), !matches!(braced, Refused(_)))
                    }
                    None => {
                        let (beginning, _, found) = plain(&shape).unwrap_or_else(|| panic!("{shape}"));
                        ((*beginning).to_owned(), matches!(found, Parsed(_)))
                    }
                };
                assert_eq!(is_verified, verified == "yes", "{shape}");
                documented.insert(entry);
            }
        }
        assert!(rows > 20, "{rows} rows");
        let beginnings = BEGINNINGS.iter().map(|(beginning, ..)| (*beginning).to_owned());
        let names = BRACED.iter().map(|(name, ..)| format!("{{{name}}}"));
        let missing: Vec<String> = beginnings
            .chain(names)
            .filter(|entry| !documented.contains(entry))
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
