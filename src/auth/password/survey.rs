//! What kind of hash a stored value is, for people: `check` counts them. Names come from a fixed table, so that
//! nothing of a value can be shown, whatever it holds: it may be a password in plain text.

use super::stored::Stored;

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
    ("{crypt}", "{CRYPT}"),
    ("{ssha512}", "{SSHA512}"),
    ("{ssha384}", "{SSHA384}"),
    ("{ssha256}", "{SSHA256}"),
    ("{ssha}", "{SSHA}"),
    ("{sha512}", "{SHA512}"),
    ("{sha384}", "{SHA384}"),
    ("{sha256}", "{SHA256}"),
    ("{sha}", "{SHA}"),
    ("{smd5}", "{SMD5}"),
    ("{md5}", "{MD5}"),
    ("{argon2", "{ARGON2}"),
    ("{pbkdf2", "{PBKDF2…}"),
    ("{bcrypt}", "{BCRYPT}"),
    ("{sasl}", "{SASL}"),
    ("{cleartext}", "{CLEARTEXT}"),
    ("{plain}", "{PLAIN}"),
];

/// Looks at a stored value without hashing anything.
pub fn survey(stored: &str) -> Survey {
    let known = SCHEMES.iter().find(|(beginning, _)| {
        stored.get(..beginning.len()).is_some_and(|start| {
            start == *beginning || beginning.starts_with('{') && start.eq_ignore_ascii_case(beginning)
        })
    });
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
