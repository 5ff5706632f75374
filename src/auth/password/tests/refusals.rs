//! What is no hash, and what asks for too much.

use super::*;
use crate::auth::password::password_hash::TOO_COSTLY;

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
        // Little memory for N, and much for the lanes.
        format!("$7$/..../zzzz.{yescrypt}"),
        format!("pbkdf2_sha256$5000001$salt${}", "A".repeat(43)),
        format!("pbkdf2_sha1$4294967295$salt${}", "A".repeat(27)),
        format!("scrypt$16777216$salt$8$1${}", "A".repeat(86)),
        format!("scrypt$2$salt$8$4294967295${}", "A".repeat(86)),
        format!("scrypt:2147483648:8:1$salt${}", "0".repeat(128)),
        format!("pbkdf2:sha256:4294967295$salt${}", "0".repeat(64)),
        format!("$scrypt$ln=31,r=8,p=1$c2FsdA${}", "A".repeat(43)),
        format!(
            "$scrypt$ln=4294967295,r=4294967295,p=4294967295$c2FsdA${}",
            "A".repeat(43)
        ),
        format!("$scrypt$ln=1,r=1,p=16000000$c2FsdA${}", "A".repeat(43)),
        format!("$pbkdf2-sha512$4294967295$c2FsdA${}", "A".repeat(86)),
        format!("$bcrypt-sha256$v=2,t=2b,r=31${bcrypt}").replace("uuOQ", "uu$OQ"),
        format!("bcrypt_sha256$$2b$17${bcrypt}"),
        format!("bcrypt$$2b$31${bcrypt}"),
        format!("$wp$2y$20${bcrypt}"),
        format!("1|$2y$20${bcrypt}"),
        format!("3|$argon2id$v=19$m=4194304,t=1,p=4${argon2}"),
        format!("$P$zsaltsalt{}", "A".repeat(22)),
        format!("$S$Isaltsalt{}", "A".repeat(43)),
        format!("{{X-PBKDF2}}HMACSHA1://///w:c2FsdA==:{}=", "A".repeat(27)),
        format!("{{PBKDF2_SHA256}}/////{}", "A".repeat(427)),
        // A key of eight blocks takes all rounds eight times.
        format!("{{PBKDF2_SHA256}}AA9C{}", "QA".repeat(214)),
        format!("{{PBKDF2-SHA256}}3000000$c2FsdA==${}==", "A".repeat(86)),
        format!(":pbkdf2:sha1:1000000:512:c2FsdA==:{}=", "A".repeat(683)),
        format!("{{PBKDF2}}$1$salt$4294967295${}", "0".repeat(40)),
        format!("AQAAAAH/////AAAAEAAA{}", "A".repeat(62)),
        format!("{{scrypt}}$ff0801$c2FsdA==${}=", "A".repeat(43)),
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
        // Django 6.0 and its scrypt, Werkzeug, passlib, Keycloak, WordPress with a higher cost, Drupal, 389 Directory Server.
        format!("pbkdf2_sha256$1200000$salt${}=", "A".repeat(43)),
        format!("scrypt$16384$salt$8$5${}==", "A".repeat(86)),
        format!("scrypt:32768:8:1$salt${}", "0".repeat(128)),
        format!("pbkdf2:sha256:1000000$salt${}", "0".repeat(64)),
        format!("$scrypt$ln=16,r=8,p=1$c2FsdA${}", "A".repeat(43)),
        format!("{{pbkdf2-sha512}}210000$c2FsdHNhbHRzYWx0cw==${}==", "A".repeat(86)),
        format!("{{pbkdf2-sha256}}600000$c2FsdHNhbHRzYWx0cw==${}==", "A".repeat(86)),
        format!("$wp$2y$12${bcrypt}"),
        format!("$S$Esaltsalt{}", "A".repeat(43)),
        format!("$P$Bsaltsalt{}.", "A".repeat(21)),
        format!("{{PBKDF2_SHA256}}AAGGoA{}", "A".repeat(426)),
    ] {
        assert_eq!(schemes::parse(&stored).err(), None, "{stored}");
    }
}

#[test]
fn scrypt_that_takes_much_memory_runs_alone() {
    for (n, is_large) in [(16_384, false), (262_144, true)] {
        let stored = format!("scrypt${n}$salt$8$1${}==", "A".repeat(86));
        assert_eq!(schemes::parse(&stored).ok().unwrap().is_large(), is_large);
    }
}

/// What an application could not have hashed, or reads as another password.
#[test]
fn a_nul_or_nothing_is_no_password() {
    for (scheme, vector) in one_of_each() {
        for wrong in [&b""[..], b"\0", b"\0secret", b"secret\0"] {
            assert_eq!(verify(vector.stored, wrong), Verdict::Mismatch, "{scheme}");
        }
    }
}

#[test]
fn wordpress_takes_blanks_at_the_ends_away() {
    let vector = one_of_each().remove("$wp$2y$").unwrap();
    for same in ["secret", " secret", "secret\t\n", "\x0b secret \r"] {
        assert_eq!(verify(vector.stored, same.as_bytes()), Verdict::Match, "{same:?}");
    }
    for other in ["sec ret", "\u{a0}secret", " ", "\n\t"] {
        assert_eq!(verify(vector.stored, other.as_bytes()), Verdict::Mismatch, "{other:?}");
    }
}

/// The key of a cut-off hash is right as far as it goes: its end must be seen.
#[test]
fn a_key_whose_end_cannot_be_seen_says_what_to_do() {
    let key = |length: usize| "A".repeat(length);
    for (stored, is_usable) in [
        (format!("{{PBKDF2-SHA256}}1000$c2FsdA==${}=", key(43)), true),
        (format!("{{PBKDF2-SHA256}}1000$c2FsdA==${}", key(43)), false),
        (format!("{{PBKDF2-SHA256}}1000$c2FsdA${}", key(43)), true),
        (format!("{{PBKDF2-SHA256}}1000$c2FsdA${}", key(86)), true),
        (format!("{{PBKDF2-SHA256}}1000$c2FsdA==${}==", key(86)), true),
        (format!("{{PBKDF2-SHA256}}1000$c2FsdA==${}", key(64)), false),
        (format!("{{PBKDF2-SHA512}}1000$c2FsdA==${}=", key(43)), true),
        (format!("{{PBKDF2-SHA512}}1000$c2FsdA${}", key(43)), false),
        (format!(":pbkdf2:sha512:1000:24:c2FsdA==:{}", key(32)), true),
        (format!(":pbkdf2:sha512:1000:32:c2FsdA==:{}", key(32)), false),
        (format!("$pbkdf2-sha512$i=1000,l=24$c2FsdA${}", key(32)), true),
        (format!("$pbkdf2-sha512$i=1000$c2FsdA${}", key(32)), false),
        (format!(":pbkdf2:sha512:1000:12:c2FsdA==:{}", key(16)), false),
    ] {
        assert_eq!(schemes::parse(&stored).is_ok(), is_usable, "{stored}");
    }
    let reason = schemes::parse(&format!("{{PBKDF2-SHA512}}1000$c2FsdA${}", key(43))).err();
    assert!(reason.unwrap().contains(":pbkdf2:DIGEST"));
}
