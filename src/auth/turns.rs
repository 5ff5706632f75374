//! A queue that takes turns: each key has a line of its own, and the lines are served one after the other.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    hash::Hash,
};

/// What waits, in a line for each key. Within a line first come, first served.
pub(super) struct Turns<K, T> {
    lines: HashMap<K, BTreeMap<u64, T>>,
    /// The keys whose lines are not empty, in the order of their turns.
    order: VecDeque<K>,
    last_number: u64,
    len: usize,
}

impl<K, T> Default for Turns<K, T> {
    fn default() -> Self {
        Turns {
            lines: HashMap::new(),
            order: VecDeque::new(),
            last_number: 0,
            len: 0,
        }
    }
}

impl<K: Copy + Eq + Hash, T> Turns<K, T> {
    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Puts something at the end of a line; the number by which it may leave.
    pub(super) fn push(&mut self, key: K, item: T) -> u64 {
        self.last_number += 1;
        let line = self.lines.entry(key).or_default();
        if line.is_empty() {
            self.order.push_back(key);
        }
        line.insert(self.last_number, item);
        self.len += 1;
        self.last_number
    }

    /// Takes something out of the middle of a line; none when it is not there any more.
    pub(super) fn remove(&mut self, key: K, number: u64) -> Option<T> {
        let line = self.lines.get_mut(&key)?;
        let item = line.remove(&number)?;
        if line.is_empty() {
            self.lines.remove(&key);
            self.order.retain(|other| *other != key);
        }
        self.len -= 1;
        Some(item)
    }

    /// Takes what is next and may go: the first of each line, in the order of the lines. That line has its next turn after
    /// all others.
    pub(super) fn next(&mut self, mut may_go: impl FnMut(&T) -> bool) -> Option<T> {
        let position = self.order.iter().position(|key| {
            let first = self.lines.get(key).and_then(|line| line.first_key_value());
            first.is_some_and(|(_, item)| may_go(item))
        })?;
        let key = self.order.remove(position)?;
        let line = self.lines.get_mut(&key)?;
        let (_, item) = line.pop_first()?;
        if line.is_empty() {
            self.lines.remove(&key);
        } else {
            self.order.push_back(key);
        }
        self.len -= 1;
        Some(item)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn drain(turns: &mut Turns<u8, u32>) -> Vec<u32> {
        std::iter::from_fn(|| turns.next(|_| true)).collect()
    }

    #[test]
    fn lines_take_turns_and_within_a_line_the_first_is_first() {
        let mut turns = Turns::default();
        for item in 0..5 {
            turns.push(1, 100 + item);
        }
        turns.push(2, 200);
        turns.push(3, 300);
        turns.push(3, 301);
        assert_eq!(drain(&mut turns), [100, 200, 300, 101, 301, 102, 103, 104]);
        assert_eq!((turns.len(), turns.lines.len(), turns.order.len()), (0, 0, 0));
    }

    #[test]
    fn who_may_not_go_keeps_the_turn_and_lets_others_pass() {
        let mut turns = Turns::default();
        turns.push(1, 100);
        turns.push(1, 101);
        turns.push(2, 200);
        turns.push(2, 201);
        assert_eq!(turns.next(|item| *item != 100), Some(200));
        assert_eq!(drain(&mut turns), [100, 201, 101]);
    }

    proptest! {
        /// Nothing is lost or served twice, whoever leaves; and between two items of one line no other line is served
        /// twice.
        #[test]
        fn turns_are_fair(items in prop::collection::vec((0_u8..6, any::<bool>()), 0..80)) {
            let mut turns = Turns::default();
            let mut expected = BTreeSet::new();
            for (position, (key, leaves)) in items.iter().enumerate() {
                let item = u32::from(*key) * 1_000 + u32::try_from(position).unwrap();
                let number = turns.push(*key, item);
                if *leaves {
                    prop_assert_eq!(turns.remove(*key, number), Some(item));
                    prop_assert_eq!(turns.remove(*key, number), None);
                } else {
                    expected.insert(item);
                }
            }
            prop_assert_eq!(turns.len(), expected.len());
            let served = drain(&mut turns);
            for (at, item) in served.iter().enumerate() {
                let line = item / 1_000;
                let after: Vec<_> = served.iter().skip(at + 1).map(|item| item / 1_000).collect();
                if let Some(again) = after.iter().position(|other| *other == line) {
                    let between: BTreeSet<_> = after.iter().take(again).collect();
                    prop_assert_eq!(between.len(), again);
                }
            }
            prop_assert_eq!(served.into_iter().collect::<BTreeSet<_>>(), expected);
        }
    }
}
