//! Every scheme against hashes made by other tools, and every stored value we can think of against panics.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::password_hash::TOO_COSTLY;
use super::*;

/// Made by `tests/data/make-password-vectors.sh`.
const VECTORS: &str = include_str!("../../../tests/data/password-vectors.tsv");

/// Every scheme we promise, and how its tools begin a hash.
const SCHEMES: [&str; 54] = [
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
    VECTORS.lines().map(|line| {
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
    let bcrypt = "{bcrypt}$2a$10$dXJ3SW6G7P50lGmMkkmwe.20cQQubK3.HZWzG3YB1tlRy.fqvM/BG";
    assert_eq!(verify(bcrypt, b"password"), Verdict::Match);
    assert_eq!(verify(bcrypt, b"Password"), Verdict::Mismatch);
    for stored in [
        "{noop}password",
        "{pbkdf2}5d923b44a6d129f3ddf3e3c8d29412723dcbde72445e8ef6bf3b508fbf17fa4ed4d6b99ca763d8dc",
        "{scrypt}$e0801$8bWJaSu2IKSn9Z9kM+TPXfOc/9bdYSrN1oD9qfVThWEwdRTnO7re7Ei+fUZRJ68k9lTyuTeUp4of4g24hHnazw==$OAOec05+bXxvuu/1qZ6NUR+xQYvYv7BeL1QxwRpY5Pc=",
        "{sha256}97cde38028ad898ebc02e690819fa220e88c62e0699403e94fff291cfffaf8410849f27605abcbc0",
    ] {
        assert!(matches!(verify(stored, b"password"), Verdict::Unusable(_)), "{stored}");
    }
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

#[test]
fn a_hash_cut_off_anywhere_never_matches() {
    for (scheme, vector) in one_of_each() {
        // Padding may be missing, it carries nothing.
        for end in 0..vector.stored.trim_end_matches('=').len() {
            let cut = &vector.stored[..end];
            assert_ne!(verify(cut, b"secret"), Verdict::Match, "{scheme}: {cut}");
        }
    }
}

#[test]
fn what_is_no_hash_is_unusable() {
    for stored in [
        "",
        " ",
        "secret",
        "*",
        "!",
        "*0",
        "!$6$",
        "$",
        "$$",
        "$$$$$",
        "$6",
        "{",
        "{}",
        "{}secret",
        "{CLEARTEXT}secret",
        "{PLAIN}secret",
        "{SHA}",
        "{SSHA}",
        "{SSHA}secret",
        // Without its salt.
        "{SSHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
        "{MD5}secret",
        "{CRYPT}secret",
        "{CRYPT}",
        "{CRYPT}{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
        "{ARGON2}secret",
        "{ARGON2}$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/",
        "{PBKDF2}10000$$",
        "{PBKDF2}0$q5oQm40HixP1/1G9/DbyTg$ewP2qiGGyWvmykeWHKKKRJs/RNM",
        "{PBKDF2}-1$q5oQm40HixP1/1G9/DbyTg$ewP2qiGGyWvmykeWHKKKRJs/RNM",
        // One byte of the hash only: it would match one password in 256.
        "{PBKDF2}10000$q5oQm40HixP1/1G9/DbyTg$ew",
        "5en6G6MezRroT3XKqkdPOmY/BfQ=",
        "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b",
        "$1$$",
        "$1$saltsalt$",
        "$5$salt$",
        "$6$rounds=999$salt$",
        "$7$",
        "$7$CU..../....",
        "$y$j9T$$",
        "$2$05$abcdefghijklmnopqrstuu",
        "$2b$05$",
        "$2b$03$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy",
        "$argon2id$v=19$m=65536,t=3,p=4$$",
        "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ",
        "$argon2id$v=20$m=16,t=1,p=1$c2FsdHNhbHRzYWx0$KnZ2Gf/2kUVaaWJyJK1RSaw1rXGrEBucHkKCZrx5u4Q",
        "$argon2id$v=19$m=0,t=0,p=0$c2FsdHNhbHRzYWx0$KnZ2Gf/2kUVaaWJyJK1RSaw1rXGrEBucHkKCZrx5u4Q",
        "$argon2x$v=19$m=16,t=1,p=1$c2FsdHNhbHRzYWx0$KnZ2Gf/2kUVaaWJyJK1RSaw1rXGrEBucHkKCZrx5u4Q",
        "$sha1$x",
        "\0",
        "ſecret",
        "{ÄÖ}ü",
        "$2b$05$ÄÖÜäöüÄÖÜäöüÄÖÜäöüÄÖÜäöüÄÖ",
    ] {
        for password in ["secret", "", stored] {
            let verdict = verify(stored, password.as_bytes());
            assert!(matches!(verdict, Verdict::Unusable(_)), "{stored}: {verdict:?}");
        }
    }
}

#[test]
fn plain_text_never_matches_itself() {
    for stored in ["secret", "{CLEARTEXT}secret", "{SECRET}secret", "$secret$secret"] {
        assert!(!verify(stored, b"secret").is_match(), "{stored}");
        assert!(!verify(stored, stored.as_bytes()).is_match(), "{stored}");
    }
}

#[test]
fn what_asks_for_too_much_is_refused_at_once() {
    let argon2 = "c2FsdHNhbHRzYWx0$KnZ2Gf/2kUVaaWJyJK1RSaw1rXGrEBucHkKCZrx5u4Q";
    let sha256 = "salt$MsqCpcAGH2eyk/Y1cvoozXGZZggsUgj7m64UYOIGBNC";
    let bcrypt = "abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a";
    let yescrypt = "m/6JEBHUtQNpCtTT6F9pI0$7sZWo1ED7GbtjwTOLCeDrt5e2AC7ioTz86aPWdcT9f0";
    let pbkdf2 = "q5oQm40HixP1/1G9/DbyTg$ewP2qiGGyWvmykeWHKKKRJs/RNM";
    for stored in [
        format!("$argon2id$v=19$m=4194304,t=1,p=4${argon2}"),
        format!("$argon2id$v=19$m=4294967295,t=1,p=1${argon2}"),
        format!("$argon2id$v=19$m=65536,t=2147483648,p=4${argon2}"),
        format!("$argon2id$v=19$m=4294967295,t=4294967295,p=16777215${argon2}"),
        format!("{{ARGON2}}$argon2id$v=19$m=8,t=4294967295,p=1${argon2}"),
        format!("$5$rounds=999999999${sha256}"),
        format!("{{CRYPT}}$5$rounds=4294967295${sha256}"),
        format!("$2b$17${bcrypt}"),
        format!("$2x$31${bcrypt}"),
        format!("{{PBKDF2}}999999999${pbkdf2}"),
        format!("$y$jNT${yescrypt}"),
        format!("$y$jzzzzzzT${yescrypt}"),
        format!("$y$j9T/zzzzzz${yescrypt}"),
        format!("$7$SU..../....{yescrypt}"),
        format!("$7$CUzzzz/....{yescrypt}"),
        format!("$7$CU..../zzzz{yescrypt}"),
        format!("$7$zzzzzzzzzzz{yescrypt}"),
    ] {
        let reason = schemes::parse(&stored).err();
        assert_eq!(reason, Some(TOO_COSTLY), "{stored}");
    }
    // More than any integer holds is no number.
    for stored in [
        format!("$argon2id$v=19$m=99999999999999999999,t=1,p=4${argon2}"),
        format!("$5$rounds=99999999999999999999${sha256}"),
    ] {
        assert!(schemes::parse(&stored).is_err(), "{stored}");
    }
    assert!(schemes::parse(&"$6$".repeat(1_000_000)).is_err());
}

#[test]
fn the_costs_real_tools_use_are_allowed() {
    let argon2 = "c2FsdHNhbHRzYWx0$KnZ2Gf/2kUVaaWJyJK1RSaw1rXGrEBucHkKCZrx5u4Q";
    let bcrypt = "abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a";
    let yescrypt = "m/6JEBHUtQNpCtTT6F9pI0$7sZWo1ED7GbtjwTOLCeDrt5e2AC7ioTz86aPWdcT9f0";
    for stored in [
        // libsodium's "sensitive".
        format!("$argon2id$v=19$m=1048576,t=4,p=1${argon2}"),
        format!("$2b$15${bcrypt}"),
        // passlib's default for sha256_crypt and sha512_crypt is 535,000 and 656,000.
        "$5$rounds=1000000$salt$MsqCpcAGH2eyk/Y1cvoozXGZZggsUgj7m64UYOIGBNC".to_owned(),
        "{PBKDF2}1300000$q5oQm40HixP1/1G9/DbyTg$ewP2qiGGyWvmykeWHKKKRJs/RNM".to_owned(),
        // mkpasswd's highest.
        format!("$y$jFT${yescrypt}"),
        format!("$7$DU..../....{yescrypt}"),
    ] {
        assert_eq!(schemes::parse(&stored).err(), None, "{stored}");
    }
}

/// Stored values near real ones: right pieces in wrong places.
fn nearly_hashes() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "$",
        "$",
        "$",
        "$1$",
        "$5$",
        "$6$",
        "$y$",
        "$7$",
        "$2a$",
        "$2b$",
        "$2x$",
        "$2y$",
        "$argon2id$",
        "$argon2i$",
        "$argon2d$",
        "v=19$",
        "v=16$",
        "m=8",
        "t=1",
        "p=1",
        ",",
        "=",
        "m=4294967295",
        "t=4294967295",
        "p=16777215",
        "data=",
        "keyid=",
        "rounds=",
        "1000",
        "05$",
        "{SSHA}",
        "{SHA}",
        "{smd5}",
        "{MD5}",
        "{CRYPT}",
        "{ARGON2}",
        "{PBKDF2-SHA256}",
        "{PBKDF2}",
        "{SSHA512}",
        "{SSHA.HEX}",
        "{SHA512-CRYPT}",
        "{bcrypt}",
        "{ARGON2ID}",
        ".B64}",
        "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b",
        "j9T",
        "j75",
        "j/.",
        "CU..../....",
        "86....1....",
        "0",
        "1",
        "4294967296",
        "c2FsdHNhbHRzYWx0",
        "5en6G6MezRroT3XKqkdPOmY/BfQ=",
        "abcdefghijklmnopqrstuu",
        "OQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a",
        "Mqpy4BBIcx81Wka3hSeBAkckGmNEOSkqE8MQohLw1A0",
        "ä",
        "\0",
    ]);
    prop::collection::vec(prop_oneof![8 => pieces.prop_map(str::to_owned), 1 => ".{0,8}"], 0..9)
        .prop_map(|pieces| pieces.concat())
}

/// A real hash with some of its bytes replaced.
fn damaged_hashes() -> impl Strategy<Value = String> {
    let real: Vec<_> = one_of_each().into_values().map(|v| v.stored).collect();
    let damage = (any::<prop::sample::Index>(), "[ -~]");
    (prop::sample::select(real), prop::collection::vec(damage, 1..4)).prop_map(|(stored, damages)| {
        let mut stored = stored.to_owned();
        for (at, replacement) in damages {
            let at = at.index(stored.len());
            stored.replace_range(at..=at, &replacement);
        }
        stored
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_stored_panics(stored in ".*", password: Vec<u8>) {
        prop_assert!(!verify(&stored, &password).is_match());
    }

    #[test]
    fn nothing_like_a_hash_panics(stored in nearly_hashes(), password: Vec<u8>) {
        prop_assert!(!verify(&stored, &password).is_match());
    }

    #[test]
    fn parsing_a_damaged_hash_does_not_panic(stored in damaged_hashes()) {
        // Damaged costs may still be legal and slow: parsing shows what can be seen without paying them.
        if let Ok(parsed) = schemes::parse(&stored) {
            let mut decoys = super::decoy::Decoys::default();
            decoys.saw("x", &parsed);
            let again = decoys.of("y");
            prop_assume!(!parsed.is_large());
            prop_assert_eq!(format!("{:?}", again.scheme), format!("{:?}", parsed.scheme));
            prop_assert_eq!(again.hash.len(), parsed.hash.len());
        }
    }

    #[test]
    fn own_digests_verify(password in prop::collection::vec(any::<u8>(), 1..200), salt in prop::collection::vec(any::<u8>(), 1..40)) {
        use base64::Engine;
        use sha2::Digest;
        let mut value = sha2::Sha256::new().chain_update(&password).chain_update(&salt).finalize().to_vec();
        value.extend(&salt);
        let stored = format!("{{SSHA256}}{}", base64::engine::general_purpose::STANDARD.encode(value));
        prop_assert_eq!(verify(&stored, &password), Verdict::Match);
    }
}
