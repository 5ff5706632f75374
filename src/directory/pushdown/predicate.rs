//! From a filter to the rows that can match it: a predicate that every matching row satisfies, on the values as the
//! mapping serves them.
//!
//! A leaf asks something of an attribute (`attribute`), whose value comes from one of several sources; what is asked of it
//! there says `value_test`. What a predicate becomes in SQL, and how far, is the engine's writer's business.

use crate::{
    directory::{
        hidden::Hidden,
        naming::{
            asserted::LONGEST_VALUE,
            tree::{Name, Place},
        },
        pushdown::{
            attribute::{of_attribute, of_class},
            value_test::Test,
        },
        source::listing::Listing,
    },
    model::{
        dn::Dn,
        filter::{ResolvedFilter, Side, Types, ValueTest},
        matching::Assertion,
        schema::{AttributeId, ids},
    },
    sql::Predicate,
};

/// How many names a statement lists; above that the rows are read and judged one by one.
const LISTED_NAMES: usize = 1000;
/// What a statement may compare with, a listed name being one. No engine takes any number of values, and SQLite ends at
/// a depth of 1,000. What is beyond it narrows nothing: then the rows are read, and the filter decides.
const COMPARISONS: usize = 2000;
/// What a comparison that is no listed name counts for.
const LEAF: usize = 4;

/// Answers to the memberships that a filter asks for.
pub trait MembershipAnswers {
    /// The names of the entries that have it, as the membership's source spells them.
    fn names(&self, relation: usize) -> Option<&[String]>;
}

/// Knows no membership.
pub struct NoAnswers;

impl MembershipAnswers for NoAnswers {
    fn names(&self, _: usize) -> Option<&[String]> {
        None
    }
}

/// A predicate that every matching row satisfies.
pub fn narrow(listing: &Listing, filter: &ResolvedFilter, memberships: &dyn MembershipAnswers) -> Predicate {
    narrow_without(listing, filter, memberships, None)
}

/// The same without a question about what is hidden. A leaf of the filter is about that only where it stands for several
/// attributes at once.
pub(crate) fn narrow_without(
    listing: &Listing,
    filter: &ResolvedFilter,
    memberships: &dyn MembershipAnswers,
    hidden: Option<&Hidden>,
) -> Predicate {
    let mut left = COMPARISONS;
    let rows = Rows { listing, hidden };
    listing.simplify(&within(rows, filter, memberships, &mut left))
}

/// The rows that are asked for.
#[derive(Clone, Copy)]
struct Rows<'a> {
    listing: &'a Listing,
    hidden: Option<&'a Hidden>,
}

/// What the filter means of a row, made of no more than `left` comparisons.
fn within(rows: Rows<'_>, filter: &ResolvedFilter, memberships: &dyn MembershipAnswers, left: &mut usize) -> Predicate {
    let mut parts = |filters: &[ResolvedFilter]| -> Vec<Predicate> {
        let narrowed = filters.iter().map(|filter| within(rows, filter, memberships, left));
        narrowed.collect()
    };
    match filter {
        ResolvedFilter::True => Predicate::True,
        ResolvedFilter::False | ResolvedFilter::Undefined => Predicate::False,
        ResolvedFilter::And(filters) => Predicate::And(parts(filters)),
        ResolvedFilter::Or(filters) => Predicate::Or(parts(filters)),
        ResolvedFilter::Not(inner) => within(rows, inner, memberships, left).negated(),
        ResolvedFilter::Relation(relation) => match memberships.names(*relation) {
            Some(names) if names.len() <= LISTED_NAMES && take(left, names.len()) => {
                rows.listing.named_one_of(names).inexact()
            }
            _ => Predicate::unknown(),
        },
        // What is not even looked at costs nothing, however many there are.
        leaf if *left < LEAF || leaf.octets() > LONGEST_VALUE => Predicate::unknown(),
        ResolvedFilter::AnyOf { types, .. } if !has_room(rows, *types, *left) => {
            *left = 0;
            Predicate::unknown()
        }
        leaf => {
            let asked = of_leaf(rows, leaf);
            match take(left, LEAF * leaves(&asked)) {
                true => asked,
                false => {
                    *left = 0;
                    Predicate::unknown()
                }
            }
        }
    }
}

/// Whether there is room for a comparison with each of these types.
fn has_room(rows: Rows<'_>, types: Types, left: usize) -> bool {
    LEAF * rows.shared(types).count() <= left
}

impl<'a> Rows<'a> {
    /// The types of a shared leaf that may be asked about.
    fn shared(self, types: Types) -> impl Iterator<Item = AttributeId> + 'a {
        let kind = self.listing.kind();
        let is_hidden = move |id| self.hidden.is_some_and(|hidden| hidden.hides(kind, id));
        shared(self.listing, types).filter(move |&id| !is_hidden(id))
    }
}

/// The types of a shared leaf that entries have.
pub(crate) fn shared(listing: &Listing, types: Types) -> impl Iterator<Item = AttributeId> + '_ {
    let served = types.shared(listing.maker().schema());
    served.filter(|&id| listing.maker().serves(id))
}

fn take(left: &mut usize, count: usize) -> bool {
    let rest = left.checked_sub(count);
    *left = rest.unwrap_or(*left);
    rest.is_some()
}

fn leaves(predicate: &Predicate) -> usize {
    match predicate {
        Predicate::And(parts) | Predicate::Or(parts) => parts.iter().map(leaves).sum(),
        Predicate::Not(inner) | Predicate::Inexact(inner) => leaves(inner),
        Predicate::True | Predicate::False => 0,
        _ => 1,
    }
}

fn of_leaf(rows: Rows<'_>, leaf: &ResolvedFilter) -> Predicate {
    let listing = rows.listing;
    let (id, test) = match leaf {
        ResolvedFilter::Present(id) => (*id, Test::Present),
        ResolvedFilter::Equality {
            attribute,
            assertion,
            value,
        } => match (*attribute, assertion) {
            (ids::OBJECT_CLASS, Assertion::Oid(class)) => return of_class(listing.maker(), &class.oid),
            (ids::ENTRY_DN, Assertion::Dn(_)) => return named_by(listing, value),
            (id, assertion) => (id, Test::Equal(assertion)),
        },
        ResolvedFilter::Substrings {
            attribute, assertion, ..
        } => (*attribute, Test::Pieces(assertion)),
        ResolvedFilter::Ordering {
            attribute,
            side,
            assertion,
            ..
        } => match side {
            Side::GreaterOrEqual => (*attribute, Test::AtLeast(assertion)),
            Side::LessOrEqual => (*attribute, Test::AtMost(assertion)),
        },
        ResolvedFilter::Extensible { attribute, test, .. } => (*attribute, of_value(test)),
        ResolvedFilter::InName { attributes, test } => return in_name(listing, *attributes, test),
        ResolvedFilter::AnyOf { types, leaf } => {
            return Predicate::Or(rows.shared(*types).map(|id| of_leaf(rows, &leaf.about(id))).collect());
        }
        _ => return Predicate::unknown(),
    };
    of_attribute(listing.maker(), id, test)
}

fn of_value(test: &ValueTest) -> Test<'_> {
    match test {
        ValueTest::Equal(assertion) => Test::Equal(assertion),
        ValueTest::Less(assertion) => Test::Less(assertion),
        ValueTest::Substrings(assertion) => Test::Pieces(assertion),
    }
}

/// The one row with this DN.
fn named_by(listing: &Listing, dn: &[u8]) -> Predicate {
    let maker = listing.maker();
    let place = str::from_utf8(dn)
        .ok()
        .and_then(|text| Dn::parse(text).ok())
        .map(|dn| maker.tree().locate(&dn, maker.schema()));
    match place {
        Some(Place::Entry(kind, Name { prepared, .. })) if kind == listing.kind().place() => {
            Predicate::EqualsIgnoreCase {
                column: listing.name_column(),
                prepared,
            }
        }
        _ => Predicate::False,
    }
}

/// `:dn:`, a value in the entry's DN: its name, or something above it.
fn in_name(listing: &Listing, attributes: Types, test: &ValueTest) -> Predicate {
    let (schema, naming) = (listing.maker().schema(), listing.kind().naming_attribute);
    let above = listing.maker().tree().superior(listing.kind());
    let in_superior = above.rdns().iter().any(|rdn| {
        let mut types = rdn.avas().iter().map(|ava| schema.attribute(ava.attribute()));
        types.any(|id| id.is_none_or(|id| attributes.contains(schema, id)))
    });
    if in_superior {
        return Predicate::unknown();
    }
    match attributes.contains(schema, naming) {
        true => of_attribute(listing.maker(), naming, of_value(test)),
        false => Predicate::False,
    }
}
