//! A search that is answered in pages: where a page ended, and how the next one begins there.

use crate::{
    directory::{
        entry_source::{Key, Order},
        kind::Kind,
        naming::{asserted::entry_name, fixed::FixedEntry, tree::Name},
    },
    model::entry::Entry,
};

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
    /// After the last entry handed out.
    pub last: Option<Position>,
    /// Where the next page begins, once it is known that there is one.
    next: Option<Position>,
}

/// Where a batch of entries comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Origin {
    /// It is this one.
    Fixed(FixedEntry),
    /// Entries of a kind, found in that order.
    Kind(Kind, Order),
}

impl Origin {
    /// The position after one of them.
    pub fn after(self, entry: &Entry) -> Position {
        match self {
            Origin::Fixed(fixed) => Position::Fixed(fixed),
            Origin::Kind(kind, order) => Position::After {
                kind,
                order,
                key: entry_name(kind, entry),
            },
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

    /// Entries worth reading at a time: one more than the page takes shows whether there is another page.
    pub fn wanted(&self, most: u32) -> u32 {
        const FEWEST: u32 = 50;
        let left = self.left.unwrap_or(u64::MAX).saturating_add(1);
        u32::try_from(left).unwrap_or(most).clamp(FEWEST, most)
    }

    /// How many entries the page takes yet; none where something else ends it.
    pub fn room(&self) -> usize {
        self.left.map_or(0, |left| usize::try_from(left).unwrap_or(usize::MAX))
    }

    /// How many of so many entries go into this page. Fewer than all of them mean that the page ends here.
    pub fn take(&mut self, entries: usize) -> usize {
        let fitting = match self.left {
            Some(left) => usize::try_from(left).map_or(entries, |left| left.min(entries)),
            None => entries,
        };
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(fitting as u64);
        }
        fitting
    }

    /// Another page follows, and begins after the last entry of this one.
    pub fn end(&mut self) {
        self.next = self.last.clone();
    }

    /// Where the next page begins.
    pub fn into_next(self) -> Option<Position> {
        self.next
    }
}

/// The names that come after `from` where entries are looked up by name, in that order.
pub(crate) fn names_after(mut names: Vec<Name>, from: Option<&Key>) -> Vec<Name> {
    names.sort_by(|one, other| one.prepared.cmp(&other.prepared));
    // What cannot be prepared is no entry's name.
    if let Some(done) = from.map(|key| Name::new(key).map(|name| name.prepared).unwrap_or_default()) {
        names.retain(|name| name.prepared > done);
    }
    names
}
