//! What kind of hash a stored value is, for people: `check` counts them. Names come from a fixed table, so that
//! nothing of a value can be shown, whatever it holds: it may be a password in plain text.

use super::{ldap::Encoding, stored::Stored};

/// A stored value as `check` may speak of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Survey {
    /// The scheme, where it is a known one.
    pub scheme: &'static str,
    /// Why no password can match; None when one can.
    pub problem: Option<&'static str>,
}

/// Beginnings of stored values, the longer of two first.
const SCHEMES: &[(&str, &str)] = &[
    ("$argon2id$", "Argon2id"),
    ("$argon2i$", "Argon2i"),
    ("$argon2d$", "Argon2d"),
    ("$2a$", "bcrypt"),
    ("$2b$", "bcrypt"),
    ("$2x$", "bcrypt"),
    ("$2y$", "bcrypt"),
    ("$1$", "MD5-crypt"),
    ("$5$", "SHA-256-crypt"),
    ("$6$", "SHA-512-crypt"),
    ("$y$", "yescrypt"),
    ("$gy$", "gost-yescrypt ($gy$)"),
    ("$sm3$", "SM3-crypt ($sm3$)"),
    ("$7$", "scrypt-crypt"),
    ("$3$", "NT hash ($3$)"),
    ("$md5", "SunMD5 ($md5)"),
    ("$sha1$", "SHA-1-crypt ($sha1$)"),
    ("$P$", "phpass ($P$)"),
    ("$H$", "phpass ($H$)"),
    ("$S$", "Drupal ($S$)"),
    ("$scrypt$", "scrypt ($scrypt$)"),
    ("$pbkdf2", "passlib PBKDF2 ($pbkdf2)"),
    ("pbkdf2_", "Django PBKDF2 (pbkdf2_…)"),
    ("pbkdf2:", "Werkzeug PBKDF2 (pbkdf2:…)"),
    ("scrypt:", "Werkzeug scrypt (scrypt:…)"),
    ("bcrypt_sha256$", "Django bcrypt (bcrypt_sha256$)"),
    ("argon2$", "Django Argon2 (argon2$…)"),
];

/// Names in braces, the encoding that may end them left out.
const BRACED: &[(&str, &str)] = &[
    ("CRYPT", "{CRYPT}"),
    ("DES-CRYPT", "{DES-CRYPT}"),
    ("MD5-CRYPT", "{MD5-CRYPT}"),
    ("SHA256-CRYPT", "{SHA256-CRYPT}"),
    ("SHA512-CRYPT", "{SHA512-CRYPT}"),
    ("BLF-CRYPT", "{BLF-CRYPT}"),
    ("SSHA512", "{SSHA512}"),
    ("SSHA384", "{SSHA384}"),
    ("SSHA256", "{SSHA256}"),
    ("SSHA", "{SSHA}"),
    ("SHA512", "{SHA512}"),
    ("SHA384", "{SHA384}"),
    ("SHA256", "{SHA256}"),
    ("SHA1", "{SHA}"),
    ("SHA", "{SHA}"),
    ("SHA-1", "{SHA-1}"),
    ("SHA-256", "{SHA-256}"),
    ("SMD5", "{SMD5}"),
    ("MD5", "{MD5}"),
    ("LDAP-MD5", "{LDAP-MD5}"),
    ("PLAIN-MD5", "{PLAIN-MD5}"),
    ("PLAIN-MD4", "{PLAIN-MD4}"),
    ("MD4", "{MD4}"),
    ("CRAM-MD5", "{CRAM-MD5}"),
    ("HMAC-MD5", "{HMAC-MD5}"),
    ("DIGEST-MD5", "{DIGEST-MD5}"),
    ("SCRAM-SHA-1", "{SCRAM-SHA-1}"),
    ("SCRAM-SHA-256", "{SCRAM-SHA-256}"),
    ("OTP", "{OTP}"),
    ("ARGON2", "{ARGON2}"),
    ("ARGON2I", "{ARGON2I}"),
    ("ARGON2D", "{ARGON2D}"),
    ("ARGON2ID", "{ARGON2ID}"),
    ("ARGON2@SPRINGSECURITY_V5_8", "{argon2@SpringSecurity_v5_8}"),
    ("PBKDF2", "{PBKDF2…}"),
    ("PBKDF2-SHA1", "{PBKDF2…}"),
    ("PBKDF2-SHA256", "{PBKDF2…}"),
    ("PBKDF2-SHA512", "{PBKDF2…}"),
    ("PBKDF2@SPRINGSECURITY_V5_8", "{pbkdf2@SpringSecurity_v5_8}"),
    ("BCRYPT", "{BCRYPT}"),
    ("SCRYPT", "{SCRYPT}"),
    ("SCRYPT@SPRINGSECURITY_V5_8", "{scrypt@SpringSecurity_v5_8}"),
    ("LDAP", "{LDAP}"),
    ("NOOP", "{NOOP}"),
    ("SASL", "{SASL}"),
    ("CLEAR", "{CLEAR}"),
    ("CLEARTEXT", "{CLEARTEXT}"),
    ("PLAIN", "{PLAIN}"),
    ("PLAIN-TRUNC", "{PLAIN-TRUNC}"),
];

/// Looks at a stored value without hashing anything.
pub fn survey(stored: &str) -> Survey {
    let braced = stored.strip_prefix('{').and_then(|rest| rest.split_once('}'));
    let known = match braced {
        Some((name, _)) => {
            let name = name.to_ascii_uppercase();
            let (name, _) = Encoding::of(&name);
            BRACED.iter().find(|(known, _)| *known == name)
        }
        None => SCHEMES.iter().find(|(beginning, _)| stored.starts_with(beginning)),
    };
    Survey {
        scheme: known.map_or("unknown", |(_, name)| name),
        problem: Stored::parse(stored).err(),
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
            let found = survey(stored);
            assert_eq!((found.scheme, found.problem.is_none()), (scheme, usable), "{stored}");
            assert!(!format!("{found:?}").contains("hunter2"));
        }
    }
}
