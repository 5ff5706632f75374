//! A stored hash as other directories write it (RFC 2307 5.3, OpenLDAP's pw-sha2, pw-pbkdf2 and argon2): for those who take
//! the hashes along.

use super::{
    digest::Encoding,
    encoding::encode_padded,
    schemes::{parse, split_braced, trimmed},
};

/// Beginnings that crypt(3) knows.
const CRYPT: [&str; 9] = ["$1$", "$5$", "$6$", "$2a$", "$2b$", "$2x$", "$2y$", "$y$", "$7$"];

/// Digests under other names, in capitals.
const OTHER_NAMES: [(&str, &str); 3] = [("SHA1", "SHA"), ("LDAP-MD5", "MD5"), ("PLAIN-MD5", "MD5")];

/// Names of digests that other directories know.
const DIGESTS: [&str; 10] = [
    "SHA", "SSHA", "SHA256", "SSHA256", "SHA384", "SSHA384", "SHA512", "SSHA512", "MD5", "SMD5",
];

/// What Nextcloud, Django and MediaWiki put before another's hash.
const BEFORE: [&str; 6] = ["1|", "2|", "3|", "bcrypt$", ":argon2:", "argon2"];

/// passlib's beginnings, and the names of the same in braces.
const PASSLIB: [(&str, &str); 3] = [
    ("$pbkdf2$", "PBKDF2"),
    ("$pbkdf2-sha256$", "PBKDF2-SHA256"),
    ("$pbkdf2-sha512$", "PBKDF2-SHA512"),
];

/// The stored value with the prefix that other directories know its scheme by, such as `{CRYPT}$6$…`; None where no password
/// can match it, or where they know no such scheme.
pub fn rfc2307(stored: &str) -> Option<String> {
    let hash = parse(stored).ok()?;
    let stored = trimmed(stored);
    let Some((name, value)) = split_braced(stored) else {
        return of_plain(stored);
    };
    let (name, _) = Encoding::of(&name);
    let other = OTHER_NAMES.iter().find(|(other, _)| *other == name);
    let name = other.map_or(name, |(_, name)| name);
    let is_salted = name.starts_with("SS") || name == "SMD5";
    // Dovecot's {MD5}$1$ is crypt(3)'s; Spring's {SHA256} has a salt, which no other's has.
    if DIGESTS.contains(&name) && !value.starts_with('$') && is_salted != hash.salt.is_empty() {
        return Some(format!("{{{name}}}{}", encode_padded(&[hash.hash, hash.salt].concat())));
    }
    match pbkdf2_bytes(name) {
        // OpenLDAP's keys have the length of the digest.
        Some(bytes) if hash.hash.len() == bytes && !value.starts_with('$') && value.contains('$') => {
            Some(format!("{{{name}}}{value}"))
        }
        Some(_) => None,
        None if name == "PBKDF2_SHA256" => Some(format!("{{{name}}}{value}")),
        None => of_plain(value),
    }
}

/// The length of the key, where the name is one of OpenLDAP's pw-pbkdf2.
fn pbkdf2_bytes(name: &str) -> Option<usize> {
    match name {
        "PBKDF2" | "PBKDF2-SHA1" => Some(20),
        "PBKDF2-SHA256" => Some(32),
        "PBKDF2-SHA512" => Some(64),
        _ => None,
    }
}

/// Applications put their own beginning before a hash of crypt(3) or Argon2, or have another beginning for PBKDF2.
fn of_plain(value: &str) -> Option<String> {
    if let Some((beginning, name)) = PASSLIB.iter().find(|(beginning, _)| value.starts_with(beginning)) {
        let rest = value.strip_prefix(beginning)?;
        return rest
            .starts_with(|sign: char| sign.is_ascii_digit())
            .then(|| rfc2307(&format!("{{{name}}}{rest}")))?;
    }
    let value = BEFORE
        .iter()
        .find_map(|before| value.strip_prefix(before))
        .unwrap_or(value);
    let is_crypt = CRYPT.iter().any(|beginning| value.starts_with(beginning));
    match is_crypt {
        true => Some(format!("{{CRYPT}}{value}")),
        false if value.starts_with("$argon2") => Some(format!("{{ARGON2}}{value}")),
        false => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_written_as_other_directories_write_them() {
        let argon = "$argon2id$v=19$m=65536,t=3,p=4$QU9hOWY5NkpuMFloNFFjeQ$8PpwD+xAAIsq0k5xCuupMYApaCBeXwVZUCnkSP3k/vM";
        let sha512 =
            "$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/";
        let md5 = "$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/";
        let bcrypt = "$2a$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a";
        for (stored, expected) in [
            (argon.to_owned(), Some(format!("{{ARGON2}}{argon}"))),
            (format!("{{argon2id}}{argon}"), Some(format!("{{ARGON2}}{argon}"))),
            (format!("{{CRYPT}}{argon}"), Some(format!("{{ARGON2}}{argon}"))),
            (format!("{sha512}  "), Some(format!("{{CRYPT}}{sha512}"))),
            (format!("{{SHA512-CRYPT}}{sha512}"), Some(format!("{{CRYPT}}{sha512}"))),
            (format!("{{crypt}}{sha512}"), Some(format!("{{CRYPT}}{sha512}"))),
            (format!("{{MD5}}{md5}"), Some(format!("{{CRYPT}}{md5}"))),
            (format!("{{bcrypt}}{bcrypt}"), Some(format!("{{CRYPT}}{bcrypt}"))),
            // "password"
            (
                "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g".to_owned(),
                Some("{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=".to_owned()),
            ),
            (
                "{sha1}5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8".to_owned(),
                Some("{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=".to_owned()),
            ),
            (
                "{PLAIN-MD5}5f4dcc3b5aa765d61d8327deb882cf99".to_owned(),
                Some("{MD5}X03MO1qnZdYdgyfeuILPmQ==".to_owned()),
            ),
            (
                "{ssha.hex}0000000000000000000000000000000000000000ff".to_owned(),
                Some("{SSHA}AAAAAAAAAAAAAAAAAAAAAAAAAAD/".to_owned()),
            ),
            (format!("1|{bcrypt}"), Some(format!("{{CRYPT}}{bcrypt}"))),
            (format!("bcrypt${bcrypt}"), Some(format!("{{CRYPT}}{bcrypt}"))),
            (format!("argon2{argon}"), Some(format!("{{ARGON2}}{argon}"))),
            (
                "$pbkdf2-sha256$6400$0ZrzXitFSGltTQnBWOsdeA$Y11AchqV4b0sUisdZd0Xr97KWoymNE0LNNrnEgY4H9M".to_owned(),
                Some(
                    "{PBKDF2-SHA256}6400$0ZrzXitFSGltTQnBWOsdeA$Y11AchqV4b0sUisdZd0Xr97KWoymNE0LNNrnEgY4H9M".to_owned(),
                ),
            ),
            // Verified here, and another's reading of them would be wrong.
            (format!("$wp{bcrypt}").replace("$2a$", "$2y$"), None),
            (format!("{{PKCS5S2}}{}", "A".repeat(64)), None),
            (
                format!("{{PBKDF2-SHA256}}1000$AAAAAAAAAAAAAAAAAAAAAA==${}==", "A".repeat(86)),
                None,
            ),
            (format!("{{sha256}}{}", "0".repeat(80)), None),
            (format!("{{X-PBKDF2}}HMACSHA1:AAAD6A::{}=", "A".repeat(27)), None),
            ("hunter2".to_owned(), None),
            ("{CLEARTEXT}hunter2".to_owned(), None),
            ("$P$BxSEKRET".to_owned(), None),
            (format!("{{SHA512-CRYPT}}{md5}"), None),
            (String::new(), None),
        ] {
            assert_eq!(rfc2307(&stored), expected, "{stored}");
        }
    }

    #[test]
    fn what_is_written_is_the_same_hash() {
        let vectors = concat!(
            include_str!("../../../tests/data/password-vectors.tsv"),
            include_str!("../../../tests/data/application-vectors.tsv")
        );
        let mut written = 0;
        for line in vectors
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
        {
            for stored in line.split('\t') {
                let (Ok(hash), Some(text)) = (parse(stored), rfc2307(stored)) else {
                    continue;
                };
                let again = parse(&text).ok().unwrap();
                assert_eq!((again.salt, again.hash), (hash.salt, hash.hash), "{text}");
                assert_eq!(format!("{:?}", again.scheme), format!("{:?}", hash.scheme), "{text}");
                written += 1;
            }
        }
        assert!(written > 10, "{written}");
    }
}
