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

/// The stored value with the prefix that other directories know its scheme by, such as `{CRYPT}$6$…`; None where no password
/// can match it, or where they know no such scheme.
pub fn rfc2307(stored: &str) -> Option<String> {
    let hash = parse(stored).ok()?;
    let stored = trimmed(stored);
    let Some((name, value)) = split_braced(stored) else {
        return of_plain(stored);
    };
    let (name, _) = Encoding::of(&name);
    if value.starts_with('$') {
        return of_plain(value);
    }
    if name.starts_with("PBKDF2") {
        return Some(format!("{{{name}}}{value}"));
    }
    let other = OTHER_NAMES.iter().find(|(other, _)| *other == name);
    let name = other.map_or(name, |(_, name)| name);
    Some(format!("{{{name}}}{}", encode_padded(&[hash.hash, hash.salt].concat())))
}

fn of_plain(value: &str) -> Option<String> {
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
        let vectors = include_str!("../../../tests/data/password-vectors.tsv");
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
