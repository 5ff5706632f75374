//! A set of attribute types.

use super::AttributeId;

/// Attribute types, a bit each: one is looked for at every attribute of every entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttributeSet(Vec<u64>);

impl AttributeSet {
    fn place(id: AttributeId) -> (usize, u64) {
        (usize::from(id.0 / 64), 1 << (id.0 % 64))
    }

    /// Adds one.
    pub fn insert(&mut self, id: AttributeId) {
        let (word, bit) = Self::place(id);
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        if let Some(bits) = self.0.get_mut(word) {
            *bits |= bit;
        }
    }

    /// Whether it is in the set.
    pub fn contains(&self, id: AttributeId) -> bool {
        let (word, bit) = Self::place(id);
        self.0.get(word).is_some_and(|bits| bits & bit != 0)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
