//! Evaluates a [`ResolvedFilter`] for one entry. This runs for every row of every search, so it allocates nothing. It
//! recurses, because filters are at most [`super::MAX_DEPTH`] deep.

use std::cmp::Ordering;

use super::logic::{ResolvedFilter, Side, Truth, ValueTest};
use super::types::Types;
use crate::model::dn::{AvaReader, RawValue};
use crate::model::entry::Entry;
use crate::model::matching::Assertion;
use crate::model::schema::{Schema, ids};
use crate::model::value::Value;

/// Answers those leaves of a filter that the directory has looked up before ([`ResolvedFilter::Relation`]).
pub trait Relations {
    /// Whether the entry stands in the relation of this number.
    fn holds(&self, relation: usize, entry: &Entry) -> Truth;
}

/// Knows no relation: Undefined, so that nothing matches by mistake.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoRelations;

impl Relations for NoRelations {
    fn holds(&self, _relation: usize, _entry: &Entry) -> Truth {
        Truth::Undefined
    }
}

impl ResolvedFilter {
    /// What the filter is for the entry. An attribute that the entry does not have makes a leaf False,
    /// not Undefined (X.511 7.8.2): that is for types the schema does not know.
    pub fn evaluate(&self, schema: &Schema, entry: &Entry, relations: &dyn Relations) -> Truth {
        match self {
            Self::True => Truth::True,
            Self::False => Truth::False,
            Self::Undefined => Truth::Undefined,
            Self::And(parts) => {
                let mut truth = Truth::True;
                for part in parts {
                    truth = truth.and(part.evaluate(schema, entry, relations));
                    if truth == Truth::False {
                        break;
                    }
                }
                truth
            }
            Self::Or(parts) => {
                let mut truth = Truth::False;
                for part in parts {
                    truth = truth.or(part.evaluate(schema, entry, relations));
                    if truth == Truth::True {
                        break;
                    }
                }
                truth
            }
            Self::Not(inner) => !inner.evaluate(schema, entry, relations),
            Self::Relation(relation) => relations.holds(*relation, entry),
            leaf => leaf.holds(schema, entry).into(),
        }
    }

    /// Whether a leaf about the entry alone is true.
    fn holds(&self, schema: &Schema, entry: &Entry) -> bool {
        match self {
            Self::Present(ids::ENTRY_DN) => true,
            Self::Present(attribute) => entry.has(*attribute),
            Self::InName { attributes, test } => in_name(schema, entry, *attributes, test),
            Self::AnyOf { types, leaf } => {
                let mut shared = entry.attributes.iter().filter(|held| types.shares(schema, held.id));
                shared.any(|held| leaf.is_met_by_any(schema, &held.values))
            }
            Self::Equality {
                attribute,
                assertion: Assertion::Oid(oid),
                ..
            } => {
                let values = entry.values(*attribute);
                // Under the name it is served with, it stands there as it is; other names have to be looked up.
                values.iter().any(|value| oid.is_named(value))
                    || values.iter().any(|value| oid.is(schema, value) == Some(true))
            }
            leaf => match leaf.attribute() {
                Some(attribute) => leaf.is_met_by_any(schema, entry.values(attribute)),
                // `entryDN` (RFC 5020) is the entry's name, stored or not.
                None => leaf.is_met_by(schema, entry.dn.as_bytes()),
            },
        }
    }

    /// Whether one of these values makes a leaf about values true, whichever attribute has them. For leaves about many
    /// values, which can be looked at a few at a time.
    pub fn is_met_by_any(&self, schema: &Schema, values: &[Value]) -> bool {
        match self {
            Self::Present(_) => !values.is_empty(),
            _ => values.iter().any(|value| self.is_met_by(schema, value)),
        }
    }

    /// Whether a value makes a leaf about values true.
    fn is_met_by(&self, schema: &Schema, value: &[u8]) -> bool {
        match self {
            Self::Equality { assertion, .. } | Self::InChain { assertion, .. } => {
                assertion.equals(schema, value) == Some(true)
            }
            Self::Ordering { side, assertion, .. } => {
                let outside = match side {
                    Side::GreaterOrEqual => Ordering::Less,
                    Side::LessOrEqual => Ordering::Greater,
                };
                assertion.compare(schema, value).is_some_and(|order| order != outside)
            }
            Self::Substrings { assertion, .. } => assertion.matches(value) == Some(true),
            Self::Extensible { test, .. } => test.passes(schema, value),
            _ => false,
        }
    }
}

fn in_name(schema: &Schema, entry: &Entry, attributes: Types, test: &ValueTest) -> bool {
    let mut reader = AvaReader::new(&entry.dn);
    while let Ok(Some((ava, _))) = reader.next_ava() {
        if let RawValue::Text(text) = &ava.value
            && let Some(id) = schema.attribute(ava.attribute)
            && attributes.contains(schema, id)
            && test.passes(schema, text.as_bytes())
        {
            return true;
        }
    }
    false
}

impl ValueTest {
    fn passes(&self, schema: &Schema, value: &[u8]) -> bool {
        match self {
            Self::Equal(assertion) => assertion.equals(schema, value) == Some(true),
            Self::Less(assertion) => assertion.compare(schema, value) == Some(Ordering::Less),
            Self::Substrings(assertion) => assertion.matches(value) == Some(true),
        }
    }
}
