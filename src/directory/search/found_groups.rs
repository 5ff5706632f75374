//! The groups that a search has found: no private group has their names or numbers, so nothing need be asked for one
//! after a lookup that has found a group.

use crate::{
    directory::{
        kind::GROUPS,
        naming::{
            asserted::{asserted, entry_name},
            tree::Name,
        },
    },
    model::{entry::Entry, filter::ResolvedFilter, matching::Assertion, schema::ids},
};
use std::borrow::Cow;

/// Groups of one search that are remembered: lookups find no more.
const REMEMBERED: usize = 64;

/// Names and numbers of the groups that a search has found.
#[derive(Debug, Default)]
pub(crate) struct FoundGroups {
    names: Vec<String>,
    numbers: Vec<String>,
}

impl FoundGroups {
    /// Adds groups.
    pub fn add(&mut self, groups: &[Entry]) {
        for group in groups.iter().take(REMEMBERED.saturating_sub(self.names.len())) {
            self.names
                .extend(Name::new(&entry_name(&GROUPS, group)).map(|name| name.prepared));
            let numbers = group.values(ids::GID_NUMBER).iter();
            self.numbers
                .extend(numbers.map(|number| String::from_utf8_lossy(number).into_owned()));
        }
    }

    /// The filter for private groups, knowing that.
    pub fn fold<'a>(&self, filter: &'a ResolvedFilter) -> Cow<'a, ResolvedFilter> {
        if self.names.is_empty() && self.numbers.is_empty() {
            return Cow::Borrowed(filter);
        }
        let is_taken = |taken: &[String], asked: &str| taken.iter().any(|taken| taken == asked);
        Cow::Owned(filter.map_leaves(&mut |leaf| {
            let is_found = match asserted(leaf)? {
                (ids::CN, Assertion::Text(_, name), _) => is_taken(&self.names, name),
                (ids::GID_NUMBER, Assertion::Integer(number), _) => is_taken(&self.numbers, number),
                _ => false,
            };
            is_found.then_some(ResolvedFilter::False)
        }))
    }
}
