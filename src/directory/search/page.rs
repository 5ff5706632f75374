//! A search that is answered in pages: where a page ended, and how the next one begins there.
//!
//! Rows come in the order of their keys as the database compares them, which may hold several names equal. Only the
//! database can say which, so where a page ends among such names they are asked for, and taken in the order of their
//! prepared names: the same on every replica, whatever is inserted or deleted meanwhile.

use crate::{
    directory::{
        kind::Kind,
        naming::{asserted::entry_name, fixed::FixedEntry, tree::Name},
        source::{
            duplicates::Shadowed,
            listing::{Key, Listing},
        },
    },
    model::entry::Entry,
    sql::Row,
};
use std::collections::HashSet;

/// How the entries up to a position were found; the rest must be found in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Looked up one by one, in the order of their prepared names.
    Name,
    /// By key, and all rows whose key the database holds equal to this one are done.
    Key,
    /// By key, and of the rows whose key the database holds equal to this one those are done whose prepared name is
    /// not after it.
    Tie,
}

/// Where a page ended. It comes back from clients: anything can stand in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Position {
    /// After this fixed entry, and before the users and groups.
    Fixed(FixedEntry),
    /// After this user or group.
    After {
        /// Which of them.
        kind: Kind,
        /// How it was found.
        order: Order,
        /// Its name, as the database gave it.
        key: Key,
    },
}

/// One page.
#[derive(Debug, Clone)]
pub struct Page {
    /// How many entries it takes; None where something else ends it.
    pub size: Option<u64>,
    /// Where the page before ended; None for the first.
    pub from: Option<Position>,
}

/// What is left of a page while it is filled.
#[derive(Debug)]
pub(crate) struct Progress {
    left: Option<u64>,
    /// Where it began.
    pub from: Option<Position>,
    /// Behind the last entry handed out.
    last: Option<Position>,
    /// Where the next page begins, once it is known that there is one.
    next: Option<Position>,
}

/// Where a batch of entries comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Origin {
    /// No row made it.
    Fixed(FixedEntry),
    /// Looked up by name.
    Named(Kind),
    /// Read by key; ends with the last row of its key.
    Keyed(Kind),
}

impl Origin {
    fn after(self, entry: &Entry) -> Position {
        let (kind, order) = match self {
            Origin::Fixed(fixed) => return Position::Fixed(fixed),
            Origin::Named(kind) => (kind, Order::Name),
            Origin::Keyed(kind) => (kind, Order::Key),
        };
        Position::After {
            kind,
            order,
            key: entry_name(kind, entry),
        }
    }
}

impl Progress {
    pub fn new(page: Page) -> Self {
        Progress {
            left: page.size,
            from: page.from,
            last: None,
            next: None,
        }
    }

    /// Rows worth reading at a time: one more than the page takes shows whether there is another page.
    pub fn rows(&self, most: u32) -> u32 {
        const FEWEST: u32 = 50;
        let left = self.left.unwrap_or(u64::MAX).saturating_add(1);
        u32::try_from(left).unwrap_or(most).clamp(FEWEST, most)
    }

    /// How many entries the page takes yet; none where something else ends it.
    pub fn room(&self) -> usize {
        self.left.map_or(0, |left| usize::try_from(left).unwrap_or(usize::MAX))
    }

    /// How many of `entries`, none of which is no batch, go into this page. Fewer than all of them mean that the page
    /// ends here.
    pub fn take(&mut self, origin: Origin, entries: &[Entry]) -> usize {
        let fitting = match self.left {
            Some(left) => usize::try_from(left).map_or(entries.len(), |left| left.min(entries.len())),
            None => entries.len(),
        };
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(fitting as u64);
        }
        if let Some(last) = fitting.checked_sub(1).and_then(|last| entries.get(last)) {
            self.last = Some(origin.after(last));
        }
        if fitting < entries.len() {
            self.next = self.last.clone();
        }
        fitting
    }

    /// The last entry of the page is this one after all; `splits` says that others follow whose key is equal.
    pub fn end_at(&mut self, origin: Origin, last: Option<&Entry>, splits: bool) {
        self.next = last.map(|last| origin.after(last));
        if let (true, Some(Position::After { order, .. })) = (splits, &mut self.next) {
            *order = Order::Tie;
        }
    }

    /// Where the next page begins.
    pub fn into_next(self) -> Option<Position> {
        self.next
    }
}

/// Puts those of `entries` whose names are `tied` with that of the entry before `cut` in the order of their prepared
/// names. Whether some of them are behind `cut`.
pub(crate) fn order_tied(kind: Kind, entries: &mut [Entry], cut: usize, tied: &HashSet<String>) -> bool {
    let Some(last) = cut.checked_sub(1) else { return false };
    let is_tied = |entry: &Entry| tied.contains(&entry_name(kind, entry));
    // Tied rows stand together; one that was deleted meanwhile is no longer known to be tied.
    let first = entries.iter().position(is_tied).map_or(last, |first| first.min(last));
    let end = entries.iter().rposition(is_tied).map_or(last, |end| end.max(last));
    if let Some(together) = entries.get_mut(first..=end) {
        together.sort_by_cached_key(|entry| prepared(&entry_name(kind, entry)));
    }
    end >= cut
}

/// Of the rows whose key the database holds equal to `key` those that are entries and come after it.
pub(crate) fn rest_of_tie(source: &Listing, shadowed: &mut Shadowed, rows: Vec<Row>, key: &str) -> Vec<Row> {
    let projection = source.maker().projection();
    let done = prepared(key);
    let mut rest: Vec<(String, Row)> = rows
        .into_iter()
        .filter(|row| shadowed.keep(projection, row))
        .filter_map(|row| Some((prepared(&projection.name(&row)?), row)))
        .filter(|(name, _)| *name > done)
        .collect();
    rest.sort_by(|(one, _), (other, _)| one.cmp(other));
    rest.into_iter().map(|(_, row)| row).collect()
}

/// The names that come after `from` where entries are looked up by name, in that order.
pub(crate) fn names_after(mut names: Vec<Name>, from: Option<&Key>) -> Vec<Name> {
    names.sort_by(|one, other| one.prepared.cmp(&other.prepared));
    if let Some(done) = from.map(|key| prepared(key)) {
        names.retain(|name| name.prepared > done);
    }
    names
}

/// What cannot be prepared is no entry's name.
fn prepared(name: &str) -> String {
    Name::new(name).map(|name| name.prepared).unwrap_or_default()
}
