//! Whatever is stored and typed.

use super::*;
use proptest::prelude::*;

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
        "pbkdf2_sha256$",
        "scrypt$",
        "scrypt:",
        "md5$",
        "bcrypt$",
        "bcrypt_sha256$",
        "argon2$",
        "1|",
        "|",
        "$P$",
        "$S$",
        "U$",
        "$wp",
        "$pbkdf2-sha256$",
        "$scrypt$",
        "ln=4,r=8,p=1$",
        "$bcrypt-sha256$v=2,t=2b,r=4$",
        ":pbkdf2:sha1:",
        ":B:",
        ":",
        "{PKCS5S2}",
        "{X-PBKDF2}HMACSHA1:",
        "{PBKDF2_SHA256}",
        "!",
        "*",
        "b'",
        "'",
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
            let mut decoys = crate::auth::password::decoy::Decoys::default();
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
