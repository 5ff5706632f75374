//! Hashes that were cut off, lengthened or altered match nothing.

use super::*;
use proptest::prelude::*;

/// Where the last part begins: key, hash or digest, whose change makes no more work.
fn last_part(stored: &str) -> usize {
    let start = stored.rfind(['$', '}', ':', '|']).map_or(0, |at| at + 1);
    start.max(stored.len().saturating_sub(22))
}

/// Scheme, salt and hash, by which two writings of one value are known.
fn meaning(stored: &str) -> Option<(String, Vec<u8>, Vec<u8>)> {
    let hash = schemes::parse(stored).ok()?;
    Some((format!("{:?}", hash.scheme), hash.salt, hash.hash))
}

/// Unless it is the same value in another writing: digits in capitals, padding, bits beyond the last octet.
fn must_not_match(vector: &Vector, altered: &str) {
    if meaning(altered).is_some_and(|found| Some(found) != meaning(vector.stored)) {
        let verdict = verify(altered, vector.password.as_bytes());
        assert_ne!(verdict, Verdict::Match, "{}: {altered}", vector.stored);
    }
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

/// Each length of key and salt that applications have, in the forms that do not say it.
#[test]
fn a_pbkdf2_key_cut_off_anywhere_never_matches() {
    for vector in vectors().filter(|vector| vector.tool == "hashlib" && vector.password == "secret") {
        let end = vector.stored.trim_end_matches('=').len();
        for end in end - 60..end {
            let cut = &vector.stored[..end];
            assert_ne!(verify(cut, b"secret"), Verdict::Match, "{cut}");
        }
    }
}

#[test]
fn a_hash_with_something_behind_it_never_matches() {
    for vector in one_of_each().into_values() {
        for more in [
            "A", "AA", "AAAA", "0", "00", "=", "==", "$", "$A", ":", ".", "/", "\0", " x", ",", "{SHA}",
        ] {
            must_not_match(&vector, &format!("{}{more}", vector.stored));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_altered_hash_never_matches(which: prop::sample::Index, at: prop::sample::Index, by in "[0-9A-Za-z./+=]") {
        let vectors: Vec<_> = one_of_each().into_values().collect();
        let vector = which.get(&vectors);
        let start = last_part(vector.stored);
        let at = start + at.index(vector.stored.len() - start);
        let mut altered = vector.stored.to_owned();
        altered.replace_range(at..=at, &by);
        must_not_match(vector, &altered);
    }
}
