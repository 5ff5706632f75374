//! Rows whose names are equal under caseIgnoreMatch: which of them is the entry, and which are none.

use crate::{
    directory::{mapping::projection::Projection, naming::tree::Name},
    sql::Row,
};
use std::collections::{BTreeMap, HashMap, HashSet, btree_map::Entry};

/// Which of several rows with one name is the entry: the least. The lowest number, then the plain spelling before any
/// other, so that every replica and every operation chooses the same one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    has_no_number: bool,
    number: i128,
    is_uncommon: bool,
    spelled: String,
}

impl Rank {
    pub(crate) fn new(name: &Name, number: Option<i128>) -> Self {
        Rank {
            has_no_number: number.is_none(),
            number: number.unwrap_or_default(),
            is_uncommon: name.spelled != name.prepared,
            spelled: name.spelled.clone(),
        }
    }

    /// The rank of a row, if it has the asked name.
    pub(crate) fn of(projection: &Projection, row: &Row, asked: &Name) -> Option<Self> {
        let name = Name::new(&projection.name(row)?).filter(|name| name.prepared == asked.prepared)?;
        Some(Rank::new(&name, projection.number(row)))
    }
}

/// A row as twins are told apart: its name as it is spelled, and its number.
type RowKey = (String, Option<i128>);

/// Rows of a listing that are not served, because their name is another row's.
#[derive(Debug, Default)]
pub struct Losers {
    dropped: HashSet<RowKey>,
    /// Rows that stand more than once exactly alike are served once.
    once: HashMap<RowKey, bool>,
}

impl Losers {
    pub(crate) fn among(projection: &Projection, rows: &[Row]) -> Self {
        let mut by_name: HashMap<String, Vec<(Rank, RowKey)>> = HashMap::new();
        for row in rows {
            let Some(name) = projection.name(row).and_then(|spelled| Name::new(&spelled)) else {
                continue;
            };
            let number = projection.number(row);
            let rank = Rank::new(&name, number);
            by_name
                .entry(name.prepared)
                .or_default()
                .push((rank, (name.spelled, number)));
        }
        let mut losers = Losers::default();
        for mut twins in by_name.into_values().filter(|twins| twins.len() > 1) {
            twins.sort_unstable();
            let mut twins = twins.into_iter().map(|(_, key)| key);
            if let Some(winner) = twins.next() {
                losers.dropped.extend(twins.filter(|key| *key != winner));
                losers.once.insert(winner, false);
            }
        }
        losers
    }

    /// The names of the rows that are not served.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.dropped.iter().map(|(name, _)| name.as_str())
    }

    /// Whether a row is an entry.
    pub fn keep(&mut self, projection: &Projection, row: &Row) -> bool {
        if self.dropped.is_empty() && self.once.is_empty() {
            return true;
        }
        let Some(name) = projection.name(row) else {
            return false;
        };
        let key = (name, projection.number(row));
        if self.dropped.contains(&key) {
            return false;
        }
        match self.once.get_mut(&key) {
            Some(served) => !std::mem::replace(served, true),
            None => true,
        }
    }
}

/// Of the rows that have the asked name under caseIgnoreMatch, the one with the lowest number.
pub(crate) fn pick(projection: &Projection, rows: Vec<Row>, name: &Name) -> Option<Row> {
    let ranked = rows
        .into_iter()
        .filter_map(|row| Some((Rank::of(projection, &row, name)?, row)));
    ranked.min_by(|(one, _), (other, _)| one.cmp(other)).map(|(_, row)| row)
}

/// Of the rows of each name the one that is the entry, in the order of the prepared names.
pub(crate) fn distinct(projection: &Projection, rows: Vec<Row>) -> Vec<Row> {
    let mut by_name: BTreeMap<String, (Rank, Row)> = BTreeMap::new();
    for row in rows {
        let Some(name) = projection.name(&row).and_then(|spelled| Name::new(&spelled)) else {
            continue;
        };
        let rank = Rank::new(&name, projection.number(&row));
        match by_name.entry(name.prepared) {
            Entry::Vacant(new) => drop(new.insert((rank, row))),
            Entry::Occupied(mut known) if rank < known.get().0 => drop(known.insert((rank, row))),
            Entry::Occupied(_) => {}
        }
    }
    by_name.into_values().map(|(_, row)| row).collect()
}
