//! An index of names: descriptors (RFC 4512 section 1.4) in any case, and dotted object identifiers.

/// What is named by each name.
///
/// Every request looks up every attribute that it asks for. A hash of our own, because it must not tell cases apart: any
/// other needs a copy in lower case. Clients only ask, they cannot fill a bucket.
#[derive(Debug, Clone)]
pub(super) struct Names<T> {
    buckets: Vec<Vec<(Box<[u8]>, T)>>,
}

/// Some of the two hundred names of the published schema share one; it is a power of two.
const BUCKETS: usize = 1024;

impl<T: Clone> Default for Names<T> {
    fn default() -> Self {
        Self {
            buckets: vec![Vec::new(); BUCKETS],
        }
    }
}

/// By the length and three letters: what else the names differ in is compared.
fn bucket(name: &[u8]) -> usize {
    let letters = [name.first(), name.get(name.len() / 2), name.last()];
    // The bit in which the cases of a letter differ, set in all.
    let letters = letters.map(|letter| usize::from(letter.map_or(0, |letter| letter | 0x20)));
    // Wrapping, because the length is a peer's.
    letters
        .into_iter()
        .fold(name.len(), |hash, letter| hash.wrapping_mul(31).wrapping_add(letter))
        % BUCKETS
}

impl<T: Copy> Names<T> {
    /// Adds a name. One that exists already keeps its meaning.
    pub(super) fn add(&mut self, name: &str, named: T) {
        let name = name.as_bytes();
        if let Some(names) = self.buckets.get_mut(bucket(name)) {
            names.push((name.into(), named));
        }
    }

    /// What the name, in any case, stands for.
    pub(super) fn get(&self, name: &[u8]) -> Option<T> {
        let names = self.buckets.get(bucket(name))?;
        // Most clients write a name as the schema does, and that is compared faster.
        let found = names
            .iter()
            .find(|(known, _)| **known == *name || known.eq_ignore_ascii_case(name));
        found.map(|(_, named)| *named)
    }
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]
mod tests {
    use super::*;

    #[test]
    fn in_any_case_and_the_first_one_stays() {
        let mut names = Names::default();
        for (name, number) in [("cn", 1), ("sn", 2), ("CN", 3), ("", 4), ("2.5.4.3", 5)] {
            names.add(name, number);
        }
        for (name, number) in [
            ("Cn", Some(1)),
            ("sn", Some(2)),
            ("", Some(4)),
            ("2.5.4.3", Some(5)),
            ("c", None),
        ] {
            assert_eq!(names.get(name.as_bytes()), number, "{name:?}");
        }
        assert_eq!(names.get(b"longer than any"), None);
    }
}
