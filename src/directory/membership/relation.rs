//! One membership, and which memberships are asked for.

use crate::{directory::naming::tree::Name, model::value::Cell};
use std::collections::{HashMap, HashSet};

/// Rows read at a time while looking through a whole table.
pub(crate) const CHUNK: u32 = 1000;
/// Names in any spelling looked for one by one, so that each is found by an index; more of them are one list, which each
/// row is compared with once.
pub(crate) const FEW: usize = 8;
/// Names that one statement lists.
pub(crate) const NAMES_A_STATEMENT: usize = 1000;

/// A user in a group, both named as the database spells them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The user's name.
    pub user: String,
    /// The group's name.
    pub group: String,
}

/// Which memberships are asked for.
#[derive(Debug, Clone, Copy)]
pub enum MembershipsOf<'a> {
    /// All groups of these users.
    Users(&'a [String]),
    /// All users of these groups.
    Groups(&'a [String]),
}

impl<'a> MembershipsOf<'a> {
    /// The users or groups.
    pub(crate) fn names(self) -> &'a [String] {
        match self {
            MembershipsOf::Users(names) | MembershipsOf::Groups(names) => names,
        }
    }

    /// The side of a membership that is asked about.
    pub(crate) fn side(self, membership: &Membership) -> &str {
        match self {
            MembershipsOf::Users(_) => &membership.user,
            MembershipsOf::Groups(_) => &membership.group,
        }
    }

    /// The same question in two parts; none when it is about one name.
    pub(crate) fn halves(self) -> Option<(Self, Self)> {
        let names = self.names();
        let (first, second) = (names.len() > 1).then(|| names.split_at(names.len() / 2))?;
        Some(match self {
            MembershipsOf::Users(_) => (MembershipsOf::Users(first), MembershipsOf::Users(second)),
            MembershipsOf::Groups(_) => (MembershipsOf::Groups(first), MembershipsOf::Groups(second)),
        })
    }
}

/// Names as caseIgnoreMatch compares them.
#[derive(Debug, Default)]
pub(crate) struct NameSet(HashSet<String>);

impl NameSet {
    /// The names that a DN can hold.
    pub fn of(names: &[String]) -> Self {
        let prepared = names.iter().filter_map(|name| Some(Name::new(name)?.prepared));
        NameSet(prepared.collect())
    }

    /// Whether this name is among them, in whatever spelling.
    pub fn has(&self, name: &str) -> bool {
        Name::new(name).is_some_and(|name| self.has_prepared(&name))
    }

    /// The same of a name that has been prepared.
    pub fn has_prepared(&self, name: &Name) -> bool {
        self.0.contains(&name.prepared)
    }

    /// The same of the name that a cell holds.
    pub fn has_cell(&self, cell: Option<&Cell>) -> bool {
        cell.and_then(Cell::to_text).is_some_and(|name| self.has(&name))
    }

    /// The prepared names.
    pub fn prepared(&self) -> impl Iterator<Item = &String> {
        self.0.iter()
    }
}

/// The right sides by the prepared left ones, each once: values of an attribute are a set under its matching rule.
pub(crate) fn grouped(pairs: impl Iterator<Item = (String, String)>) -> HashMap<String, Vec<String>> {
    let mut grouped: HashMap<String, (Vec<String>, HashSet<String>)> = HashMap::new();
    for (left, right) in pairs {
        let (Some(left), Some(name)) = (Name::new(&left), Name::new(&right)) else {
            continue;
        };
        let (values, seen) = grouped.entry(left.prepared).or_default();
        if seen.insert(name.prepared) {
            values.push(right);
        }
    }
    grouped.into_iter().map(|(left, (values, _))| (left, values)).collect()
}
