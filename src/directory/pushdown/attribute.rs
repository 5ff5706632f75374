//! What a filter asks of an attribute, as a predicate on rows: the rules of the mapping, read backward.
//!
//! An attribute's value comes from the first source that gives one. So the predicate is: any of the sources, what it asks
//! of the value that comes from there, and that none of the sources before it gives a value.

use crate::{
    directory::{
        kind::rule::ValueSource,
        mapping::{
            entry::EntryMaker,
            provenance::{Having, Provenance, Slot},
        },
        pushdown::value_test::{Shape, Test, asked_of, some_value},
    },
    model::schema::{AttributeId, Syntax, ids},
    sql::{Predicate, Validity},
};

/// What a leaf asks of an attribute, as a predicate that every matching row satisfies.
pub(crate) fn of_attribute(maker: &EntryMaker, id: AttributeId, test: Test<'_>) -> Predicate {
    match maker.rules().of(id) {
        Some(provenance) => by_rule(maker, provenance, test),
        // objectClass and memberships are in no column.
        None if maker.serves(id) => Predicate::unknown(),
        None => Predicate::False,
    }
}

/// Entries that have the object class with this OID.
pub(crate) fn of_class(maker: &EntryMaker, oid: &str) -> Predicate {
    match maker.rules().class(oid) {
        None => Predicate::False,
        Some(Having::All) => Predicate::True,
        Some(Having::Numbers(slots)) => Predicate::And(slots.iter().map(number).collect()),
        Some(Having::Attribute(id)) => of_attribute(maker, *id, Test::Present),
        Some(Having::Expiry(slot)) => some_value(slot.query),
    }
}

fn by_rule(maker: &EntryMaker, provenance: &Provenance, test: Test<'_>) -> Predicate {
    let numbers: Vec<Predicate> = provenance.numbers.iter().map(number).collect();
    let sources = expanded(maker, provenance);
    let is_always_given = sources.iter().any(|(_, _, demands)| demands.is_empty());
    if matches!(test, Test::Present) && is_always_given {
        return Predicate::And(numbers);
    }
    let asked = sources.iter().enumerate().filter_map(|(position, source)| {
        let (shape, from, demands) = source;
        let earlier = sources.iter().take(position).map(|(_, _, demands)| demands.as_slice());
        let mut parts: Vec<Predicate> = numbers.iter().filter(|part| !demands.contains(part)).cloned().collect();
        parts.extend(none_of(earlier, demands)?);
        match (test, from) {
            (Test::Present, _) => parts.extend(demands.iter().cloned()),
            (_, ValueSource::Joined(..)) => {
                parts.extend(demands.iter().cloned());
                parts.push(asked_of(maker, provenance.attribute, (*shape, *from), test));
            }
            _ => parts.push(asked_of(maker, provenance.attribute, (*shape, *from), test)),
        }
        Some(Predicate::And(parts))
    });
    Predicate::Or(asked.collect())
}

/// A source, what is made of its value, and the predicates that all hold where it gives one.
type Source = (Shape, ValueSource<Slot>, Vec<Predicate>);

/// The sources of an attribute, with those of the attributes that it is made of.
fn expanded(maker: &EntryMaker, provenance: &Provenance) -> Vec<Source> {
    let mut sources = Vec::new();
    for source in &provenance.sources {
        let (shape, id) = match source {
            ValueSource::LastWordOf(id) => (Shape::LastWord, *id),
            ValueSource::AsciiOf(id) => (Shape::Ascii, *id),
            source => {
                sources.push((Shape::Whole, *source, demands(maker, provenance.syntax, source)));
                continue;
            }
        };
        // What an attribute is made of is made of columns.
        let of = maker.rules().of(id).into_iter().flat_map(|of| {
            let sources = of.sources.iter();
            sources.map(|source| (shape, *source, demands(maker, of.syntax, source)))
        });
        sources.extend(of);
    }
    sources
}

/// The predicates that all hold where a source gives a value; none where it always does.
fn demands(maker: &EntryMaker, syntax: Syntax, source: &ValueSource<Slot>) -> Vec<Predicate> {
    match source {
        ValueSource::Text(slot) | ValueSource::Values(slot) => vec![valid(syntax, slot)],
        ValueSource::Joined(first, last) => vec![valid(syntax, first), valid(syntax, last)],
        ValueSource::Number(slot) => vec![number(slot)],
        ValueSource::Uuid(slot) => vec![Predicate::Present {
            column: slot.query,
            validity: Validity::Uuid,
        }],
        ValueSource::Time(slot) | ValueSource::Lines(slot) | ValueSource::ExpiryDay(slot) => {
            vec![some_value(slot.query)]
        }
        ValueSource::AccountLock => vec![Predicate::unknown()],
        ValueSource::NameAtDomain => {
            vec![asked_of(maker, ids::MAIL, (Shape::Whole, *source), Test::Present)]
        }
        ValueSource::Name
        | ValueSource::OwnNumber(_)
        | ValueSource::DerivedUuid
        | ValueSource::Constant(_)
        | ValueSource::EntryDn
        | ValueSource::Home(_)
        | ValueSource::LastWordOf(_)
        | ValueSource::AsciiOf(_) => Vec::new(),
    }
}

/// None of the earlier sources gives a value, where all of `own` hold. None when one of them does.
fn none_of<'a>(earlier: impl Iterator<Item = &'a [Predicate]>, own: &[Predicate]) -> Option<Vec<Predicate>> {
    let (mut absent, mut not_all): (Vec<Predicate>, Vec<Vec<Predicate>>) = Default::default();
    for demands in earlier {
        let open: Vec<Predicate> = demands.iter().filter(|part| !own.contains(part)).cloned().collect();
        match open.as_slice() {
            [] => return None,
            [one] if absent.contains(one) => {}
            [one] => absent.push(one.clone()),
            _ => not_all.push(open),
        }
    }
    not_all.retain(|parts| !parts.iter().any(|part| absent.contains(part)));
    let absent = absent.into_iter().map(Predicate::negated);
    let not_all = not_all.into_iter().map(|parts| Predicate::And(parts).negated());
    Some(absent.chain(not_all).collect())
}

/// There is a number in the column.
fn number(slot: &Slot) -> Predicate {
    Predicate::Present {
        column: slot.query,
        validity: Validity::Number,
    }
}

/// The column's value is one of the syntax.
pub(crate) fn valid(syntax: Syntax, slot: &Slot) -> Predicate {
    let validity = match syntax {
        Syntax::DirectoryString | Syntax::OctetString => Validity::Text,
        Syntax::Ia5String => Validity::Ascii,
        _ => Validity::Unknown,
    };
    Predicate::Present {
        column: slot.query,
        validity,
    }
}
