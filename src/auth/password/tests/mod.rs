//! Every scheme against hashes made by other tools, and every stored value we can think of against panics.

use std::collections::BTreeMap;

use super::*;

mod damage;
mod properties;
mod refusals;

/// Made by `tests/data/make-password-vectors.sh` and `make-application-vectors.sh`.
const VECTORS: [&str; 2] = [
    include_str!("../../../../tests/data/password-vectors.tsv"),
    include_str!("../../../../tests/data/application-vectors.tsv"),
];

/// Every scheme we promise, and how its tools begin a hash.
const SCHEMES: [&str; 93] = [
    "AQAAAA",
    "$pbkdf2-sha1$",
    "$argon2id$",
    "$argon2i$",
    "$argon2d$",
    "$2a$",
    "$2b$",
    "$2x$",
    "$2y$",
    "$1$",
    "$5$",
    "$6$",
    "$y$",
    "$7$",
    "{SHA}",
    "{SSHA}",
    "{SHA256}",
    "{SSHA256}",
    "{SHA384}",
    "{SSHA384}",
    "{SHA512}",
    "{SSHA512}",
    "{MD5}",
    "{SMD5}",
    "{CRYPT}",
    "{PBKDF2}",
    "{PBKDF2-SHA1}",
    "{PBKDF2-SHA256}",
    "{PBKDF2-SHA512}",
    "{ARGON2}",
    "{ARGON2I}",
    "{ARGON2ID}",
    "{MD5-CRYPT}",
    "{SHA256-CRYPT}",
    "{SHA512-CRYPT}",
    "{BLF-CRYPT}",
    "{bcrypt}",
    "{SHA1}",
    "{LDAP-MD5}",
    "{LDAP-MD5.HEX}",
    "{PLAIN-MD5}",
    "{PLAIN-MD5.B64}",
    "{SMD5.B64}",
    "{SMD5.HEX}",
    "{SHA.B64}",
    "{SHA.HEX}",
    "{SHA256.B64}",
    "{SHA256.HEX}",
    "{SHA512.B64}",
    "{SHA512.HEX}",
    "{SSHA.B64}",
    "{SSHA.HEX}",
    "{SSHA256.B64}",
    "{SSHA256.HEX}",
    "{SSHA512.B64}",
    "{SSHA512.HEX}",
    "$H$",
    "$P$",
    "$PBKDF2$",
    "$S$",
    "$bcrypt-sha256$2b,",
    "$bcrypt-sha256$v=2,",
    "$pbkdf2$",
    "$pbkdf2-sha256$",
    "$pbkdf2-sha512$",
    "$scrypt$",
    "$wp$2y$",
    "1|$2y$",
    "2|$argon2i$",
    "3|$argon2id$",
    ":A:",
    ":B:",
    ":argon2:$argon2id$",
    ":pbkdf2:",
    "U$P$",
    "U$S$",
    "argon2$argon2id$",
    "bcrypt$$2b$",
    "bcrypt_sha256$$2b$",
    "md5$",
    "pbkdf2:",
    "pbkdf2_sha1$",
    "pbkdf2_sha256$",
    "scrypt$",
    "scrypt:",
    "sha1$",
    "{PBKDF2_SHA256}",
    "{PBKDF2}$1$",
    "{PKCS5S2}",
    "{X-PBKDF2}",
    "{pbkdf2-sha256}",
    "{pbkdf2-sha512}",
    "{pbkdf2}",
];

fn verify(stored: &str, password: &[u8]) -> Verdict {
    match schemes::parse(stored) {
        Ok(hash) => hash.verify(password),
        Err(reason) => Verdict::Unusable(reason),
    }
}

struct Vector {
    scheme: &'static str,
    tool: &'static str,
    password: &'static str,
    stored: &'static str,
}

fn vectors() -> impl Iterator<Item = Vector> {
    VECTORS.into_iter().flat_map(str::lines).map(|line| {
        let fields: Vec<_> = line.split('\t').collect();
        let [scheme, tool, password, stored] = fields.try_into().unwrap();
        Vector {
            scheme,
            tool,
            password,
            stored,
        }
    })
}

/// The cheapest vector of each scheme: the first with the plain password is good enough.
fn one_of_each() -> BTreeMap<&'static str, Vector> {
    let mut chosen = BTreeMap::new();
    let is_dear = |vector: &Vector| ["m=65536", "m=32768"].iter().any(|cost| vector.stored.contains(cost));
    for vector in vectors().filter(|vector| !is_dear(vector)) {
        chosen.entry(vector.scheme).or_insert(vector);
    }
    chosen
}

#[test]
fn every_scheme_has_vectors_and_no_vector_lacks_a_scheme() {
    for scheme in SCHEMES {
        let count = vectors().filter(|vector| vector.scheme == scheme).count();
        assert!(count >= 3, "{scheme} has {count} vectors");
    }
    for vector in vectors() {
        assert!(vector.stored.starts_with(vector.scheme), "{}", vector.stored);
        assert!(SCHEMES.contains(&vector.scheme));
    }
}

#[test]
fn right_passwords_match_and_wrong_ones_do_not() {
    for vector in vectors() {
        let right = vector.password.to_owned();
        let wrong = format!("x{right}");
        for (password, expected) in [(right, Verdict::Match), (wrong, Verdict::Mismatch)] {
            let verdict = verify(vector.stored, password.as_bytes());
            assert_eq!(verdict, expected, "{} {password}: {}", vector.tool, vector.stored);
        }
    }
}

#[test]
fn near_misses_do_not_match() {
    for (scheme, vector) in one_of_each() {
        let right = vector.password.as_bytes();
        let mut wrongs = vec![
            vec![],
            vec![0],
            right.to_ascii_uppercase(),
            [right, b" "].concat(),
            [right, b"\0"].concat(),
            // bcrypt repeats its key, NUL included.
            [right, b"\0", right].concat(),
            [b"\0", right].concat(),
            vec![b'x'; 600],
            vec![0xff; MAX_PASSWORD_BYTES + 1],
            vec![b'x'; 1 << 20],
        ];
        wrongs.extend(right.split_last().map(|(_, rest)| rest.to_vec()));
        for wrong in wrongs {
            // WordPress takes blanks at the ends away before it hashes, and when somebody signs in.
            if scheme.starts_with("$wp$") && wrong.trim_ascii() == right {
                continue;
            }
            let verdict = verify(vector.stored, &wrong);
            assert_eq!(verdict, Verdict::Mismatch, "{scheme}: {wrong:?}");
        }
    }
}

#[test]
fn scheme_names_have_no_case_and_blanks_at_the_end_no_meaning() {
    for (scheme, vector) in one_of_each() {
        let padded = format!("{}   \n", vector.stored);
        assert_eq!(verify(&padded, b"secret"), Verdict::Match, "{scheme}");
        if scheme.starts_with('{') {
            let lower = vector.stored.replacen(scheme, &scheme.to_lowercase(), 1);
            assert_eq!(verify(&lower, b"secret"), Verdict::Match, "{lower}");
        }
    }
}

#[test]
fn every_crypt_hash_is_also_known_with_its_ldap_prefix() {
    for (scheme, vector) in one_of_each() {
        if scheme.starts_with('$') {
            let prefixed = format!("{{crypt}}{}", vector.stored);
            assert_eq!(verify(&prefixed, b"secret"), Verdict::Match, "{scheme}");
        }
    }
}

/// The documentation of Spring's DelegatingPasswordEncoder: one password under each name.
#[test]
fn what_springs_documentation_stores() {
    for stored in [
        "{bcrypt}$2a$10$dXJ3SW6G7P50lGmMkkmwe.20cQQubK3.HZWzG3YB1tlRy.fqvM/BG",
        "{pbkdf2}5d923b44a6d129f3ddf3e3c8d29412723dcbde72445e8ef6bf3b508fbf17fa4ed4d6b99ca763d8dc",
        "{scrypt}$e0801$8bWJaSu2IKSn9Z9kM+TPXfOc/9bdYSrN1oD9qfVThWEwdRTnO7re7Ei+fUZRJ68k9lTyuTeUp4of4g24hHnazw==$OAOec05+bXxvuu/1qZ6NUR+xQYvYv7BeL1QxwRpY5Pc=",
        "{sha256}97cde38028ad898ebc02e690819fa220e88c62e0699403e94fff291cfffaf8410849f27605abcbc0",
    ] {
        assert_eq!(verify(stored, b"password"), Verdict::Match, "{stored}");
        assert_eq!(verify(stored, b"Password"), Verdict::Mismatch, "{stored}");
        let end = stored.trim_end_matches('=').len();
        for end in end - 20..end {
            assert_ne!(verify(&stored[..end], b"password"), Verdict::Match, "{stored}: {end}");
        }
    }
    assert!(matches!(verify("{noop}password", b"password"), Verdict::Unusable(_)));
}

#[test]
fn a_hash_under_another_schemes_name_is_unusable() {
    let of = |scheme: &str| one_of_each().remove(scheme).unwrap().stored;
    let value = |scheme: &str| of(scheme)[scheme.len()..].to_owned();
    for stored in [
        format!("{{SHA512-CRYPT}}{}", of("$5$")),
        format!("{{SHA256-CRYPT}}{}", of("$1$")),
        format!("{{MD5-CRYPT}}{}", of("$6$")),
        format!("{{BLF-CRYPT}}{}", of("$6$")),
        format!("{{bcrypt}}{}", of("$argon2id$")),
        format!("{{ARGON2ID}}{}", of("$argon2i$")),
        format!("{{ARGON2I}}{}", of("$argon2id$")),
        format!("{{ARGON2}}{}", of("$2y$")),
        format!("{{SHA}}{}", of("$1$")),
        format!("{{MD5.HEX}}{}", of("$1$")),
        // One prefix, and no encoding where there is none.
        format!("{{CRYPT}}{}", of("{SSHA}")),
        format!("{{CRYPT}}{}", of("{SHA512-CRYPT}")),
        format!("{{ldap}}{}", of("{SSHA}")),
        format!("{{bcrypt}}{}", of("{bcrypt}")),
        format!("{{SSHA}}{}", of("{SSHA}")),
        format!("{{SSHA.HEX.B64}}{}", value("{SSHA.B64}")),
        format!("{{SSHA.}}{}", value("{SSHA.B64}")),
        format!("{{SSHA.HEX}}{}", value("{SSHA.B64}")),
        format!("{{SHA.B64}}{}", value("{SHA.HEX}")),
        format!("{{SHA512-CRYPT.B64}}{}", of("$6$")),
        format!("{{CRYPT.HEX}}{}", of("$6$")),
        format!(" {}", of("{SSHA}")),
        format!("{{ SSHA }}{}", value("{SSHA}")),
        format!("{{}}{}", of("$6$")),
        format!("{{unknown}}{}", of("$6$")),
        format!("{{NOOP}}{}", of("$6$")),
        "{noop}secret".to_owned(),
        "{PLAIN.HEX}736563726574".to_owned(),
    ] {
        let verdict = verify(&stored, b"secret");
        assert!(matches!(verdict, Verdict::Unusable(_)), "{stored}: {verdict:?}");
    }
    // Dovecot reads what can be nothing else as hexadecimal.
    assert_eq!(
        verify(&format!("{{SHA256}}{}", value("{SHA256.HEX}")), b"secret"),
        Verdict::Match
    );
    assert_eq!(
        verify(&format!("{{sha}}{}", value("{SHA.HEX}").to_uppercase()), b"secret"),
        Verdict::Match
    );
}
