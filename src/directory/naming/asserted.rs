//! Names in filters and entries: what a leaf asserts, the names that an entry must have one of, the name of an entry.

use crate::{
    directory::{kind::Kind, naming::tree::Name},
    model::{entry::Entry, filter::ResolvedFilter, matching::Assertion, schema::AttributeId},
};

/// How many names are looked up one by one.
pub(crate) const NAMES_LOOKED_UP: usize = 8;
/// Octets of a value that a statement compares with: it does so for each place that the value may come from. No value that
/// is found by an index is longer.
pub(crate) const LONGEST_VALUE: usize = 4000;

/// The name that an entry was made with.
pub(crate) fn entry_name(kind: Kind, entry: &Entry) -> String {
    entry
        .values(kind.naming_attribute)
        .first()
        .map(|value| String::from_utf8_lossy(value).into_owned())
        .unwrap_or_default()
}

/// What a leaf asserts of an attribute's values to be equal to. No group is a member of a group, so a chain of
/// memberships is one link.
pub(crate) fn asserted(leaf: &ResolvedFilter) -> Option<(AttributeId, &Assertion, &[u8])> {
    match leaf {
        ResolvedFilter::Equality {
            attribute,
            assertion,
            value,
        }
        | ResolvedFilter::InChain {
            attribute,
            assertion,
            value,
        } => Some((*attribute, assertion, value)),
        _ => None,
    }
}

/// The names that an entry of `kind` must have one of, where the filter says so and they are few enough to be looked up.
pub(crate) fn few_names(kind: Kind, filter: &ResolvedFilter) -> Option<Vec<Name>> {
    names(kind, filter).filter(|names| names.len() <= NAMES_LOOKED_UP)
}

fn names(kind: Kind, filter: &ResolvedFilter) -> Option<Vec<Name>> {
    match filter {
        ResolvedFilter::And(filters) => filters
            .iter()
            .filter_map(|filter| names(kind, filter))
            .min_by_key(Vec::len),
        ResolvedFilter::Or(filters) => {
            let mut all: Vec<Name> = Vec::new();
            for filter in filters {
                for name in names(kind, filter)? {
                    if !all.iter().any(|have| have.prepared == name.prepared) {
                        all.push(name);
                    }
                }
                if all.len() > NAMES_LOOKED_UP {
                    return None;
                }
            }
            Some(all)
        }
        leaf => match asserted(leaf)? {
            (id, Assertion::Text(..), text) if id == kind.naming_attribute && text.len() <= LONGEST_VALUE => {
                Some(vec![Name::new(str::from_utf8(text).ok()?)?])
            }
            _ => None,
        },
    }
}
