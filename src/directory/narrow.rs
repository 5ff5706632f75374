//! From a filter to the rows that can match it: a predicate that every matching row satisfies, on the values as the
//! mapping serves them.
//!
//! It knows columns and the fallbacks of the mapping; what a predicate becomes in SQL is the engine's writer's business.

use super::{
    columns::{Kind, Role},
    planner::asserted,
    source::Source,
    tree::Name,
};
use crate::{
    model::{
        filter::ResolvedFilter,
        matching::Assertion,
        schema::{AttributeId, ids},
    },
    sql::predicate::Predicate,
};

/// How many names a statement lists; above that the rows are read and judged one by one.
const LISTED_NAMES: usize = 1000;
/// What a statement may compare with, a listed name being one. No engine takes any number of values, and SQLite ends at
/// a depth of 1,000. What is beyond it narrows nothing: then the rows are read, and the filter decides.
const COMPARISONS: usize = 2000;
/// What a leaf that is no membership counts for.
const LEAF: usize = 4;

/// Answers to the memberships that a filter asks for.
pub trait Listed {
    /// The names of the entries that have it, as the membership's source spells them.
    fn listed(&self, relation: usize) -> Option<&[String]>;
}

/// A predicate that every matching row satisfies.
pub fn narrow(source: &Source, filter: &ResolvedFilter, relations: &dyn Listed) -> Predicate {
    let mut left = COMPARISONS;
    within(source, filter, relations, &mut left)
}

/// The same, made of no more than `left` comparisons.
fn within(source: &Source, filter: &ResolvedFilter, relations: &dyn Listed, left: &mut usize) -> Predicate {
    let mut parts = |filters: &[ResolvedFilter]| -> Vec<Predicate> {
        let narrowed = filters.iter().map(|filter| within(source, filter, relations, left));
        narrowed.collect()
    };
    match filter {
        ResolvedFilter::False | ResolvedFilter::Undefined => Predicate::False,
        ResolvedFilter::And(filters) => source.simplify(&Predicate::And(parts(filters))),
        ResolvedFilter::Or(filters) => source.simplify(&Predicate::Or(parts(filters))),
        ResolvedFilter::Relation(relation) => match relations.listed(*relation) {
            Some(names) if names.len() <= LISTED_NAMES && take(left, names.len()) => source.named_one_of(names),
            _ => Predicate::True,
        },
        leaf => asserted(leaf)
            .and_then(|(id, assertion, text)| equality(source, id, assertion, text))
            .filter(|_| take(left, LEAF))
            .unwrap_or(Predicate::True),
    }
}

fn take(left: &mut usize, count: usize) -> bool {
    let rest = left.checked_sub(count);
    *left = rest.unwrap_or(*left);
    rest.is_some()
}

/// Rows whose attribute, as it would be served, can equal a value.
fn equality(source: &Source, id: AttributeId, assertion: &Assertion, text: &str) -> Option<Predicate> {
    match assertion {
        Assertion::Text(..) if id == source.kind().naming_attribute() => {
            let column = source.column(Role::Name)?;
            Some(Predicate::EqualsIgnoreCase {
                column,
                prepared: Name::new(text)?.prepared,
            })
        }
        Assertion::Text(..) if id == ids::MAIL && source.kind() == Kind::User => Some(mail(source, text)),
        Assertion::Integer(_) => {
            let column = match (source.kind(), id) {
                (Kind::User, ids::UID_NUMBER) | (Kind::Group, ids::GID_NUMBER) => source.column(Role::Number)?,
                (Kind::User, ids::GID_NUMBER) => source.column(Role::PrimaryGroup)?,
                _ => return None,
            };
            Some(Predicate::IntegerEquals {
                column,
                value: text.trim().parse().ok()?,
            })
        }
        _ => None,
    }
}

/// A row without a usable mail is served with its name and the base's domain, so it must not be left out. A mail that
/// is not plain ASCII breaks the syntax; such rows are in the superset of any equality.
fn mail(source: &Source, text: &str) -> Predicate {
    let Some(prepared) = Name::new(text).map(|name| name.prepared) else {
        return Predicate::False;
    };
    let column = source.column(Role::Mail);
    let own = column.map(|column| Predicate::EqualsIgnoreCase {
        column,
        prepared: prepared.clone(),
    });
    let by_name = source.mail_domain().and_then(|domain| {
        let name = prepared.strip_suffix(&domain.to_lowercase())?.strip_suffix('@')?;
        let named = Predicate::EqualsIgnoreCase {
            column: source.column(Role::Name)?,
            prepared: name.to_owned(),
        };
        Some(match column {
            Some(column) => Predicate::And(vec![named, Predicate::IsAbsent(column)]),
            None => named,
        })
    });
    Predicate::Or(own.into_iter().chain(by_name).collect())
}
