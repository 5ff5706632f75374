//! Rows whose names are equal under caseIgnoreMatch are duplicates: one of them is the entry, the others are not served.

use crate::{
    directory::{mapping::projection::Projection, naming::tree::Name},
    sql::Row,
};
use std::collections::{BTreeMap, HashMap, HashSet, btree_map::Entry};

/// The order of rows with one name; the first is the entry. The lowest number comes first, then the plain spelling, so
/// that every replica and every operation chooses the same row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Precedence {
    has_no_number: bool,
    number: i128,
    is_uncommon: bool,
    spelled: String,
}

impl Precedence {
    pub(crate) fn new(name: &Name, number: Option<i128>) -> Self {
        Precedence {
            has_no_number: number.is_none(),
            number: number.unwrap_or_default(),
            is_uncommon: name.spelled != name.prepared,
            spelled: name.spelled.clone(),
        }
    }

    /// The precedence of a row, if it has the asked name.
    pub(crate) fn of(projection: &Projection, row: &Row, asked: &Name) -> Option<Self> {
        let name = Name::new(&projection.name(row)?).filter(|name| name.prepared == asked.prepared)?;
        Some(Precedence::new(&name, projection.number(row)))
    }
}

/// What tells duplicates apart: the name as it is spelled, and the number.
type RowKey = (String, Option<i128>);

/// Rows of a listing that are not served, because another row with their name comes before them.
#[derive(Debug, Default)]
pub struct Shadowed {
    dropped: HashSet<RowKey>,
    /// Rows that stand more than once exactly alike are served once.
    once: HashMap<RowKey, bool>,
}

impl Shadowed {
    pub(crate) fn among(projection: &Projection, rows: &[Row]) -> Self {
        let mut by_name: HashMap<String, Vec<(Precedence, RowKey)>> = HashMap::new();
        for row in rows {
            let Some(name) = projection.name(row).and_then(|spelled| Name::new(&spelled)) else {
                continue;
            };
            let number = projection.number(row);
            let precedence = Precedence::new(&name, number);
            by_name
                .entry(name.prepared)
                .or_default()
                .push((precedence, (name.spelled, number)));
        }
        let mut shadowed = Shadowed::default();
        for mut duplicates in by_name.into_values().filter(|rows| rows.len() > 1) {
            duplicates.sort_unstable();
            let mut duplicates = duplicates.into_iter().map(|(_, key)| key);
            if let Some(first) = duplicates.next() {
                shadowed.dropped.extend(duplicates.filter(|key| *key != first));
                shadowed.once.insert(first, false);
            }
        }
        shadowed
    }

    /// The names of the rows that are not served.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.dropped.iter().map(|(name, _)| name.as_str())
    }

    /// Whether the row of this name and number is no entry.
    pub fn drops(&self, name: &str, number: Option<i128>) -> bool {
        !self.dropped.is_empty() && self.dropped.contains(&(name.to_owned(), number))
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

/// Of the rows that have the asked name under caseIgnoreMatch, the one that is the entry.
pub(crate) fn pick(projection: &Projection, rows: Vec<Row>, name: &Name) -> Option<Row> {
    let ranked = rows
        .into_iter()
        .filter_map(|row| Some((Precedence::of(projection, &row, name)?, row)));
    ranked.min_by(|(one, _), (other, _)| one.cmp(other)).map(|(_, row)| row)
}

/// Of the rows of each name the one that is the entry, in the order of the prepared names.
pub(crate) fn distinct(projection: &Projection, rows: Vec<Row>) -> Vec<Row> {
    let mut by_name: BTreeMap<String, (Precedence, Row)> = BTreeMap::new();
    for row in rows {
        let Some(name) = projection.name(&row).and_then(|spelled| Name::new(&spelled)) else {
            continue;
        };
        let precedence = Precedence::new(&name, projection.number(&row));
        match by_name.entry(name.prepared) {
            Entry::Vacant(new) => drop(new.insert((precedence, row))),
            Entry::Occupied(mut known) if precedence < known.get().0 => drop(known.insert((precedence, row))),
            Entry::Occupied(_) => {}
        }
    }
    by_name.into_values().map(|(_, row)| row).collect()
}
