//! Of many entries how many have something, and the names of a few: what `check` says of rows, in memory that does not grow
//! with them.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet, hash_map::RandomState},
    fmt,
    hash::BuildHasher,
};

/// Names in one line.
const NAMED: usize = 5;
/// Values in one line.
const VALUES: usize = 3;
/// Characters of a value that are shown.
const LONGEST: usize = 40;

/// How many there are, and the first few of their names in the order of the alphabet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// All of them.
    pub count: usize,
    names: BTreeSet<String>,
}

impl Named {
    /// One more.
    pub fn note(&mut self, name: &str) {
        self.count += 1;
        self.show(name);
    }

    /// A name of those that are counted already.
    fn show(&mut self, name: &str) {
        if self.names.len() < NAMED || self.names.last().is_some_and(|last| name < last.as_str()) {
            self.names.insert(name.to_owned());
        }
        if self.names.len() > NAMED {
            self.names.pop_last();
        }
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        f.write_str(&names.join(", "))?;
        match self.count.saturating_sub(names.len()) {
            0 => Ok(()),
            more if names.is_empty() => write!(f, "{more}"),
            more => write!(f, " and {more} more"),
        }
    }
}

/// Whose values are not one's own: how many entries, and some of the values with their owners.
#[derive(Debug, Default)]
pub struct Shared {
    /// Entries whose value is another one's too.
    pub entries: usize,
    /// Values that several entries have.
    pub values: usize,
    examples: BTreeMap<u64, (String, Named)>,
}

impl Shared {
    /// A few values, each with its owners.
    pub fn examples(&self) -> impl Iterator<Item = &(String, Named)> {
        self.examples.values()
    }

    /// The owners alone.
    pub fn owners(&self) -> String {
        let owners: Vec<String> = self.examples().map(|(_, owners)| owners.to_string()).collect();
        self.with_rest(owners)
    }

    fn with_rest(&self, mut shown: Vec<String>) -> String {
        match self.values.saturating_sub(shown.len()) {
            0 => {}
            more => shown.push(format!("and {more} more values")),
        }
        shown.join("; ")
    }
}

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let examples = self
            .examples()
            .map(|(value, owners)| format!("{} ({owners})", shown(value)));
        f.write_str(&self.with_rest(examples.collect()))
    }
}

/// Which values several entries have: 8 octets an entry while they are counted.
///
/// A value is known by a hash of 64 bits with a key of this process: of a million, two are taken for one in one run of
/// some ten millions.
#[derive(Debug, Default)]
pub struct Values {
    hashes: Vec<u64>,
    several: HashSet<u64>,
    shared: Shared,
}

impl Values {
    /// A value of one more entry.
    pub fn count(&mut self, hash: u64) {
        self.hashes.push(hash);
    }

    /// All have been counted: which values several entries have. `also` says of such a value whether it counts.
    pub fn compare(&mut self, also: impl Fn(u64) -> bool) {
        self.choose(|value, times| times > 1 && also(value));
    }

    /// All have been counted: which values count, however many have them.
    pub fn select(&mut self, counts: impl Fn(u64) -> bool) {
        self.choose(|value, _| counts(value));
    }

    fn choose(&mut self, counts: impl Fn(u64, usize) -> bool) {
        self.hashes.sort_unstable();
        for run in self.hashes.chunk_by(|one, other| one == other) {
            if let Some(value) = run.first().filter(|value| counts(**value, run.len())) {
                self.several.insert(*value);
                self.shared.entries += run.len();
            }
        }
        self.shared.values = self.several.len();
    }

    /// How many entries have a value, once all have been compared.
    pub fn times(&self, hash: u64) -> usize {
        let from = self.hashes.partition_point(|other| *other < hash);
        let till = self.hashes.partition_point(|other| *other <= hash);
        till - from
    }

    /// Names an owner of a value, where it is one that several have. Only a few values are kept.
    pub fn name(&mut self, hash: u64, value: &str, owner: &str) {
        if !self.several.contains(&hash) {
            return;
        }
        let count = self.times(hash);
        let examples = &mut self.shared.examples;
        if examples.len() < VALUES || examples.contains_key(&hash) {
            let names = BTreeSet::new();
            let example = examples
                .entry(hash)
                .or_insert_with(|| (value.to_owned(), Named { count, names }));
            example.1.show(owner);
        }
    }

    /// Whether no more names are needed.
    pub fn is_named(&self) -> bool {
        let examples = &self.shared.examples;
        let is_full =
            |(hash, (_, owners)): (&u64, &(String, Named))| owners.names.len() >= NAMED.min(self.times(*hash));
        examples.len() >= VALUES.min(self.several.len()) && examples.iter().all(is_full)
    }

    /// Whether several entries have some value.
    pub fn is_any_shared(&self) -> bool {
        !self.several.is_empty()
    }

    /// What was found.
    pub fn shared(self) -> Shared {
        self.shared
    }
}

/// Values as numbers to compare them by.
#[derive(Debug, Default, Clone)]
pub struct Hashes(RandomState);

impl Hashes {
    /// Of a value whose letters' case does not count.
    pub fn ignoring_case(&self, value: &[u8]) -> u64 {
        self.0.hash_one(value.to_ascii_lowercase())
    }

    /// Of a value as it is.
    pub fn of(&self, value: &[u8]) -> u64 {
        self.0.hash_one(value)
    }
}

/// A value as a line may hold it: cut, and without what moves the cursor.
pub fn shown(value: &str) -> String {
    let text: String = value.chars().take(LONGEST).collect();
    let cut = if text.len() < value.len() { "…" } else { "" };
    format!("{}{cut}", text.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_names_are_shown_and_all_are_counted() {
        let mut named = Named::default();
        assert_eq!(named.to_string(), "");
        for name in ["f", "b", "a", "g", "c", "e", "d"] {
            named.note(name);
        }
        assert_eq!(named.to_string(), "a, b, c, d, e and 2 more");
    }

    #[test]
    fn values_of_several_are_named_with_their_owners() {
        let hashes = Hashes::default();
        let rows = [("A@x", "ann"), ("a@X", "bob"), ("c@x", "cid")];
        let mut values = Values::default();
        rows.iter()
            .for_each(|(mail, _)| values.count(hashes.ignoring_case(mail.as_bytes())));
        values.compare(|_| true);
        assert!(values.is_any_shared());
        for (mail, name) in rows {
            values.name(hashes.ignoring_case(mail.as_bytes()), mail, name);
        }
        let shared = values.shared();
        assert_eq!((shared.entries, shared.values), (2, 1));
        assert_eq!(shared.to_string(), "A@x (ann, bob)");
        assert_eq!(shared.owners(), "ann, bob");
    }

    #[test]
    fn values_that_do_not_count_are_nobodys() {
        let mut values = Values::default();
        [7, 7, 8, 8, 8].into_iter().for_each(|hash| values.count(hash));
        values.compare(|hash| hash != 7);
        assert_eq!((values.times(7), values.times(8), values.times(9)), (2, 3, 0));
        values.name(7, "seven", "ann");
        assert_eq!(values.shared().entries, 3);
    }

    #[test]
    fn values_are_cut_and_stay_in_their_line() {
        assert_eq!(shown("a\nb"), "a\\nb");
        assert_eq!(shown(&"x".repeat(41)), format!("{}…", "x".repeat(40)));
    }
}
