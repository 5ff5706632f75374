//! A table of fixed size for what strangers make entries of. What is worth least gives way, and only within a small set that
//! nobody outside can aim at: a flood of new names or addresses pushes out itself.

use std::hash::{BuildHasher, RandomState};

/// Entries of a set.
const WAYS: usize = 16;

/// What stands in a table.
pub(super) trait Entry: Copy + Default {
    /// Until when it counts, or since when it has: of two, the smaller one gives way.
    fn worth(&self) -> u64;
}

/// Whose entry it is, and in which of the owner's sets.
#[derive(Clone, Copy)]
pub(super) struct Owner {
    id: u64,
    part: u64,
}

impl Owner {
    /// An owner whose entries are in one set.
    pub(super) fn of_one_set(id: u64) -> Self {
        Owner { id, part: 0 }
    }

    /// An owner whose entries are in several sets, by the part of them.
    pub(super) fn part(id: u64, part: u64) -> Self {
        Owner { id, part }
    }
}

#[derive(Clone, Copy)]
struct Place<V> {
    key: u64,
    /// The entries of one owner may take half of a set, no more.
    owner: u64,
    value: V,
}

/// The places that an entry may have.
type Set<V> = [Option<Place<V>>; WAYS];

/// At most as many entries as it was made for, in sets of sixteen that are made when they are needed.
pub(super) struct Table<V> {
    sets: Vec<Option<Box<Set<V>>>>,
    hasher: RandomState,
}

impl<V: Entry> Table<V> {
    /// A table of `entries`, rounded up to whole sets.
    pub(super) fn new(entries: usize) -> Self {
        let sets = entries.div_ceil(WAYS).max(1);
        Table {
            sets: std::iter::repeat_with(|| None).take(sets).collect(),
            hasher: RandomState::new(),
        }
    }

    /// The entry of a key; what is not there is as new.
    pub(super) fn get(&self, owner: Owner, key: u64) -> Option<V> {
        let set = self.sets.get(self.number(owner))?.as_ref()?;
        let place = set
            .iter()
            .flatten()
            .find(|place| place.key == key && place.owner == owner.id);
        place.map(|place| place.value)
    }

    /// Puts an entry into its set, in the place of the same key, a free one, or the one that is worth least. It is not
    /// put there when all others are worth more.
    pub(super) fn put(&mut self, owner: Owner, key: u64, value: V) {
        let number = self.number(owner);
        let owner = owner.id;
        let Some(set) = self.sets.get_mut(number) else { return };
        let set = set.get_or_insert_with(|| Box::new([None; WAYS]));
        let is_same = |place: &Place<V>| place.key == key && place.owner == owner;
        let own = set.iter().flatten().filter(|place| place.owner == owner).count();
        let worth = |place: &Option<Place<V>>| place.map_or(0, |place| place.value.worth());
        let place = if set.iter().flatten().any(is_same) {
            set.iter_mut().find(|place| place.as_ref().is_some_and(is_same))
        } else if own >= WAYS / 2 {
            let mut of_owner: Vec<_> = set
                .iter_mut()
                .filter(|place| place.is_some_and(|place| place.owner == owner))
                .collect();
            of_owner.sort_by_key(|place| worth(place));
            of_owner.into_iter().next()
        } else {
            set.iter_mut().min_by_key(|place| worth(place))
        };
        if let Some(place) = place
            && (worth(place) <= value.worth() || place.as_ref().is_some_and(is_same))
        {
            *place = Some(Place { key, owner, value });
        }
    }

    /// The set of an owner's part. Parts are an odd number of sets apart: where the number of sets is a power of two, no two
    /// parts of one owner share a set, so an owner never has more than half of one.
    fn number(&self, owner: Owner) -> usize {
        let sets = u64::try_from(self.sets.len()).unwrap_or(u64::MAX).max(1);
        let apart = self.hasher.hash_one((owner.id, "apart")) | 1;
        let first = self.hasher.hash_one(owner.id);
        let number = first.wrapping_add(apart.wrapping_mul(owner.part)) % sets;
        usize::try_from(number).unwrap_or(0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    impl Entry for u64 {
        fn worth(&self) -> u64 {
            *self
        }
    }

    impl<V: Entry> Table<V> {
        fn len(&self) -> usize {
            self.sets.iter().flatten().map(|set| set.iter().flatten().count()).sum()
        }
    }

    #[test]
    fn memory_is_bounded_and_taken_when_it_is_needed() {
        let mut table = Table::new(1_024);
        assert_eq!(table.sets.iter().flatten().count(), 0);
        for key in 0..100_000 {
            table.put(Owner::of_one_set(key), key, 7_u64);
        }
        assert_eq!(table.len(), 1_024);
    }

    #[test]
    fn a_flood_of_keys_with_little_pushes_out_no_key_with_more() {
        let mut table = Table::new(1_024);
        let matter = 0..64_u64;
        for key in matter.clone() {
            table.put(Owner::of_one_set(key), key, 5_u64);
        }
        for key in 1_000..500_000 {
            table.put(Owner::of_one_set(key), key, 4);
        }
        assert_eq!(table.len(), 1_024);
        for key in matter {
            assert_eq!(table.get(Owner::of_one_set(key), key), Some(5), "{key}");
        }
    }

    #[test]
    fn one_owner_has_half_of_a_set_at_most_and_loses_the_least_first() {
        let mut table = Table::new(WAYS);
        table.put(Owner::of_one_set(1), 1, 3_u64);
        for key in 100..200 {
            table.put(Owner::of_one_set(2), key, key);
        }
        assert_eq!(table.get(Owner::of_one_set(1), 1), Some(3));
        let kept: Vec<_> = (100..200)
            .filter(|key| table.get(Owner::of_one_set(2), *key).is_some())
            .collect();
        assert_eq!(kept, (192..200).collect::<Vec<_>>());
    }

    #[test]
    fn an_owner_of_many_parts_has_half_of_each_set_at_most() {
        for other in 0..20 {
            let mut table = Table::new(64 * WAYS);
            table.put(Owner::of_one_set(other), 1, 3_u64);
            for key in 0..10_000 {
                table.put(Owner::part(1_000, key % 32), key, 5);
            }
            assert_eq!(table.get(Owner::of_one_set(other), 1), Some(3));
            assert_eq!(table.len(), 32 * WAYS / 2 + 1);
        }
    }

    proptest! {
        /// What was put and is worth more than whatever else came is there, unchanged, and nothing is there twice.
        #[test]
        fn the_most_worth_stays(entries in prop::collection::vec((0_u64..200, 1_u64..1_000), 1..400), sets in 1_usize..5) {
            let mut table = Table::new(sets * WAYS);
            let (best, most) = (1_000_u64, 1_000_u64);
            table.put(Owner::of_one_set(best), best, most);
            for (key, worth) in entries {
                table.put(Owner::of_one_set(key), key, worth);
                if let Some(found) = table.get(Owner::of_one_set(key), key) {
                    prop_assert_eq!(found, worth);
                }
                prop_assert!(table.len() <= sets * WAYS);
            }
            prop_assert_eq!(table.get(Owner::of_one_set(best), best), Some(most));
        }
    }
}
