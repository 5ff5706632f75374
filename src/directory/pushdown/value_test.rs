//! What is asked of a value, as a predicate on the place it comes from.

use crate::{
    directory::{
        kind::rule::{HOMES, ValueSource},
        mapping::{
            entry::{EntryMaker, is_home_name},
            provenance::Slot,
        },
    },
    model::{
        matching::{Assertion, Pieces, SubstringAssertion},
        prepare::{Fold, prepare_exact},
        schema::{AttributeId, Syntax},
        time::Timestamp,
    },
    sql::{NumberTest, Pattern, Predicate, Validity},
};
use std::borrow::Cow;

/// What is asked of a value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Test<'a> {
    /// Is there one?
    Present,
    /// Is it the asserted one?
    Equal(&'a Assertion),
    /// Is it the asserted one, or after it?
    AtLeast(&'a Assertion),
    /// Is it the asserted one, or before it?
    AtMost(&'a Assertion),
    /// Is it before the asserted one?
    Less(&'a Assertion),
    /// Has it these pieces?
    Pieces(&'a SubstringAssertion),
}

/// Blanks at which a joined name is taken apart.
const MOST_SPLITS: usize = 4;
/// Digits of a number that is compared digit by digit.
const MOST_DIGITS: usize = 32;

/// What is made of a source's value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// The value itself.
    Whole,
    /// Its last word.
    LastWord,
    /// It in ASCII.
    Ascii,
}

/// What is asked of the value that comes from a source.
pub(crate) fn asked_of(
    maker: &EntryMaker,
    id: AttributeId,
    (shape, source): (Shape, ValueSource<Slot>),
    test: Test<'_>,
) -> Predicate {
    let name = maker.rules().name.map(|slot| slot.query);
    let text = match source {
        ValueSource::Name => name,
        ValueSource::Text(slot) | ValueSource::Values(slot) => Some(slot.query),
        _ => None,
    };
    match (shape, text, source) {
        (Shape::Whole, Some(column), _) => column_is(maker, id, column, test),
        (Shape::Whole, None, source) => of_source(maker, name, source, test),
        (Shape::LastWord, Some(column), _) => last_word(column, test),
        (Shape::Ascii, Some(column), _) => Predicate::Or(vec![column_is(maker, id, column, test), uncommon(column)]),
        (Shape::Ascii, None, ValueSource::Joined(first, last)) => Predicate::Or(vec![
            joined(first.query, last.query, test),
            uncommon(first.query),
            uncommon(last.query),
        ]),
        (Shape::LastWord | Shape::Ascii, ..) => Predicate::unknown(),
    }
}

fn of_source(maker: &EntryMaker, name: Option<usize>, source: ValueSource<Slot>, test: Test<'_>) -> Predicate {
    match (source, name) {
        (ValueSource::Number(slot), _) => number(slot.query, test),
        (ValueSource::OwnNumber(slot), _) => match number(slot.query, test) {
            // As the database compares, which spares it the rows that hold something else.
            Predicate::IntegerEquals { column, value } => Predicate::KeyEquals {
                column,
                last: value.to_string(),
            },
            other => other,
        },
        (ValueSource::Time(slot), _) => time(slot.query, test),
        (ValueSource::Uuid(slot), _) => uuid(slot.query, test),
        (ValueSource::DerivedUuid, _) => derived(test),
        (ValueSource::Constant(value), _) => constant(maker, value, test),
        (ValueSource::NameAtDomain, Some(name)) => {
            let domain = maker.tree().mail_fallback().unwrap_or_default();
            name_and(name, &format!("@{domain}"), test)
        }
        (ValueSource::Home(slot), Some(name)) => {
            Predicate::Or(vec![named_home(name, test), numbered_home(slot.query, test)])
        }
        (ValueSource::Joined(first, last), _) => joined(first.query, last.query, test),
        (ValueSource::Lines(slot), _) => lines(slot.query, test),
        (ValueSource::ExpiryDay(slot), _) => some_value(slot.query),
        (ValueSource::NameAtDomain | ValueSource::Home(_), None) => Predicate::unknown(),
        // What refuses is a matter of words, of numbers in many forms, and of the clock.
        (ValueSource::AccountLock, _) => Predicate::unknown(),
        // The first three are columns, or there is none to ask.
        (ValueSource::Name | ValueSource::Text(_) | ValueSource::Values(_), _)
        | (ValueSource::EntryDn | ValueSource::LastWordOf(_) | ValueSource::AsciiOf(_), _) => Predicate::unknown(),
    }
}

/// Only the evaluator knows what such a value is equal to.
fn uncommon(column: usize) -> Predicate {
    Predicate::NotCanonical { column }.inexact()
}

fn column_is(maker: &EntryMaker, id: AttributeId, column: usize, test: Test<'_>) -> Predicate {
    let syntax = maker.schema().attribute_type(id).syntax;
    match test {
        Test::Present => some_value(column),
        Test::Equal(Assertion::Text(fold, prepared)) => {
            let equal = equals(column, *fold, prepared);
            // A canonical value equal to it is one of the syntax if it is, since none tells cases apart.
            if syntax.is_valid(prepared.as_bytes()) {
                equal
            } else {
                equal.inexact()
            }
        }
        Test::Equal(Assertion::Numeric(digits) | Assertion::Telephone(digits)) => scattered(column, digits),
        Test::Equal(Assertion::Time(_) | Assertion::Uuid(_)) => some_value(column),
        Test::Pieces(pieces) => match (pieces.text(), pieces.characters()) {
            // Of other syntaxes a value that has the pieces may be none.
            (Some((fold, pieces)), _) => match syntax {
                Syntax::DirectoryString | Syntax::Ia5String => like(column, fold, pieces),
                _ => like(column, fold, pieces).inexact(),
            },
            (_, Some(characters)) => scattered(column, &characters),
            _ => some_value(column),
        },
        other => match number(column, other) {
            // As it is spelled it need not be of the syntax.
            asked @ (Predicate::IntegerEquals { .. } | Predicate::Number { .. }) => asked,
            _ => some_value(column),
        },
    }
}

fn equals(column: usize, fold: Fold, prepared: &str) -> Predicate {
    let text = prepared.to_owned();
    match fold {
        Fold::Ignore => Predicate::EqualsIgnoreCase { column, prepared: text },
        Fold::Exact => Predicate::EqualsExact { column, value: text },
    }
}

fn like(column: usize, fold: Fold, pieces: Pieces<'_>) -> Predicate {
    let any = pieces.any.iter().map(|piece| &**piece);
    let pattern = Pattern::new(pieces.initial, any, pieces.last, fold == Fold::Ignore);
    Predicate::Like { column, pattern }
}

/// Blanks and hyphens may stand between the characters.
fn scattered(column: usize, characters: &str) -> Predicate {
    match characters.chars().count() {
        1..=MOST_DIGITS => Predicate::Like {
            column,
            pattern: Pattern::scattered(characters),
        }
        .inexact(),
        _ => some_value(column),
    }
}

fn number(column: usize, test: Test<'_>) -> Predicate {
    let any = Predicate::Present {
        column,
        validity: Validity::Number,
    };
    let large = Predicate::Number {
        column,
        test: NumberTest::Large,
    };
    let is = |test| Predicate::Number { column, test };
    let bits = |mask: i128, test: fn(i64) -> NumberTest| match i64::try_from(mask) {
        Ok(mask @ 0..) => is(test(mask)),
        _ => some_value(column),
    };
    let integer = |assertion: &Assertion| match assertion {
        Assertion::Integer(digits) => Some(digits.parse::<i64>().map_err(|_| digits.starts_with('-'))),
        _ => None,
    };
    match test {
        Test::Present => any,
        Test::Equal(Assertion::BitAnd(mask)) => bits(**mask, NumberTest::AllBits),
        Test::Equal(Assertion::BitOr(mask)) => bits(**mask, NumberTest::AnyBit),
        Test::Equal(assertion) => match integer(assertion) {
            Some(Ok(value)) => Predicate::IntegerEquals { column, value },
            Some(Err(_)) => large,
            None => some_value(column),
        },
        Test::AtLeast(assertion) | Test::AtMost(assertion) | Test::Less(assertion) => {
            match (integer(assertion), test) {
                (Some(Ok(value)), Test::AtLeast(_)) => is(NumberTest::AtLeast(value)),
                (Some(Ok(value)), Test::AtMost(_)) => is(NumberTest::AtMost(value)),
                (Some(Ok(value)), _) => match value.checked_sub(1) {
                    Some(value) => is(NumberTest::AtMost(value)),
                    None => large,
                },
                // Of numbers that fit only one side can be meant.
                (Some(Err(negative)), test) if negative != matches!(test, Test::AtLeast(_)) => large,
                _ => any.inexact(),
            }
        }
        Test::Pieces(_) => some_value(column),
    }
}

/// Times are served in whole seconds, cut.
fn time(column: usize, test: Test<'_>) -> Predicate {
    let cut = |time: &Timestamp| (time.seconds, time.seconds + i64::from(time.nanos > 0));
    let (from, before) = match test {
        Test::Equal(Assertion::Time(time)) if time.nanos > 0 => return Predicate::False,
        Test::Equal(Assertion::Time(time)) => (Some(time.seconds), Some(time.seconds + 1)),
        Test::AtLeast(Assertion::Time(time)) => (Some(cut(time).1), None),
        Test::AtMost(Assertion::Time(time)) => (None, Some(cut(time).0 + 1)),
        Test::Less(Assertion::Time(time)) => (None, Some(cut(time).1)),
        _ => return some_value(column),
    };
    Predicate::Time { column, from, before }
}

fn uuid(column: usize, test: Test<'_>) -> Predicate {
    match test {
        Test::Present => Predicate::Present {
            column,
            validity: Validity::Uuid,
        },
        Test::Equal(Assertion::Uuid(uuid)) => Predicate::UuidEquals {
            column,
            value: uuid.hyphenated().to_string(),
        },
        _ => some_value(column),
    }
}

fn derived(test: Test<'_>) -> Predicate {
    match test {
        Test::Present => Predicate::True,
        Test::Equal(Assertion::Uuid(uuid)) if uuid.get_version_num() != 5 => Predicate::False,
        _ => Predicate::unknown(),
    }
}

fn constant(maker: &EntryMaker, value: &str, test: Test<'_>) -> Predicate {
    let (schema, value) = (maker.schema(), value.as_bytes());
    let compare = |assertion: &Assertion| assertion.compare(schema, value);
    let is = match test {
        Test::Present => true,
        Test::Equal(assertion) => assertion.equals(schema, value) == Some(true),
        Test::AtLeast(assertion) => compare(assertion).is_some_and(|order| order.is_ge()),
        Test::AtMost(assertion) => compare(assertion).is_some_and(|order| order.is_le()),
        Test::Less(assertion) => compare(assertion).is_some_and(|order| order.is_lt()),
        Test::Pieces(pieces) => pieces.matches(value) == Some(true),
    };
    if is { Predicate::True } else { Predicate::False }
}

/// The name and what follows it. It is there where the name is ASCII, which every canonical one is.
fn name_and(column: usize, suffix: &str, test: Test<'_>) -> Predicate {
    match test {
        Test::Present => uncommon(column).negated(),
        Test::Equal(Assertion::Text(fold, prepared)) => {
            let name = prepared.strip_suffix(&*folded(suffix, *fold));
            name.map_or(Predicate::False, |name| equals(column, *fold, name))
        }
        // Up to the sign that follows the name the beginning of the value is the name's.
        Test::Pieces(pieces) => match pieces.text() {
            Some((
                fold,
                Pieces {
                    initial: initial @ Some(text),
                    ..
                },
            )) if !text.contains('@') => {
                let initial = Pieces {
                    initial,
                    any: &[],
                    last: None,
                };
                like(column, fold, initial).inexact()
            }
            _ => Predicate::unknown(),
        },
        _ => Predicate::unknown(),
    }
}

/// The home directory by the name. Names that are none have it by their number: they hold a slash or are a directory's
/// own.
fn named_home(column: usize, test: Test<'_>) -> Predicate {
    match test {
        Test::Equal(Assertion::Text(fold, prepared)) => match prepared.strip_prefix(&*folded(HOMES, *fold)) {
            Some(name) if name.contains('/') => Predicate::False,
            Some(name) => {
                let equal = equals(column, *fold, name);
                if is_home_name(name) { equal } else { equal.inexact() }
            }
            None => Predicate::False,
        },
        _ => Predicate::unknown(),
    }
}

/// The home directory by the number. Which rows have it by the name the evaluator knows.
fn numbered_home(column: usize, test: Test<'_>) -> Predicate {
    match test {
        // By the name or by the number, there is one.
        Test::Present => Predicate::True,
        Test::Equal(Assertion::Text(fold, prepared)) => match prepared.strip_prefix(&*folded(HOMES, *fold)) {
            Some(number) => match number.parse::<i64>() {
                Ok(value) => Predicate::IntegerEquals { column, value }.inexact(),
                Err(_) if number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') => Predicate::unknown(),
                Err(_) => Predicate::False,
            },
            None => Predicate::False,
        },
        _ => Predicate::unknown(),
    }
}

fn folded(text: &str, fold: Fold) -> Cow<'_, str> {
    match fold {
        Fold::Ignore => text.to_ascii_lowercase().into(),
        Fold::Exact => text.into(),
    }
}

/// Two columns with a blank in between: it stands at one of the blanks.
fn joined(first: usize, last: usize, test: Test<'_>) -> Predicate {
    match test {
        Test::Present => Predicate::True,
        Test::Equal(Assertion::Text(fold, prepared)) => {
            if prepared.matches(' ').count() > MOST_SPLITS {
                return Predicate::unknown();
            }
            let splits = prepared.match_indices(' ').filter_map(|(at, _)| {
                let (one, other) = prepared.split_at_checked(at)?;
                let other = other.strip_prefix(' ')?;
                Some(Predicate::And(vec![
                    equals(first, *fold, one),
                    equals(last, *fold, other),
                ]))
            });
            Predicate::Or(splits.chain([uncommon(first), uncommon(last)]).collect())
        }
        Test::Pieces(pieces) => {
            let Some((fold, words)) = words(pieces) else {
                return Predicate::unknown();
            };
            let within = |word: String| {
                Predicate::Or(vec![
                    contains(first, fold, &word),
                    contains(last, fold, &word),
                    uncommon(first),
                    uncommon(last),
                ])
            };
            Predicate::And(words.into_iter().map(within).collect()).inexact()
        }
        _ => Predicate::unknown(),
    }
}

/// The last word of a column, which the column ends with.
fn last_word(column: usize, test: Test<'_>) -> Predicate {
    match test {
        Test::Present => Predicate::True,
        Test::Equal(Assertion::Text(_, prepared)) if prepared.contains(' ') => uncommon(column),
        Test::Equal(Assertion::Text(fold, prepared)) => {
            let pattern = Pattern::new(None, [], Some(prepared), *fold == Fold::Ignore);
            Predicate::Or(vec![Predicate::Like { column, pattern }.inexact(), uncommon(column)])
        }
        Test::Pieces(pieces) => match words(pieces) {
            Some((fold, words)) => {
                let words = words.iter().map(|word| contains(column, fold, word)).collect();
                Predicate::Or(vec![Predicate::And(words).inexact(), uncommon(column)])
            }
            None => Predicate::unknown(),
        },
        _ => Predicate::unknown(),
    }
}

/// What stands between blanks in the pieces, each within one word of the value.
fn words(pieces: &SubstringAssertion) -> Option<(Fold, Vec<String>)> {
    let (fold, pieces) = pieces.text()?;
    let all = pieces
        .initial
        .into_iter()
        .chain(pieces.any.iter().map(|piece| &**piece))
        .chain(pieces.last);
    let words = all.flat_map(|piece| piece.split(' ')).filter(|word| !word.is_empty());
    Some((fold, words.map(str::to_owned).collect()))
}

fn contains(column: usize, fold: Fold, word: &str) -> Predicate {
    let pattern = Pattern::new(None, [word], None, fold == Fold::Ignore);
    Predicate::Like { column, pattern }
}

/// A line of the column.
fn lines(column: usize, test: Test<'_>) -> Predicate {
    let Test::Equal(Assertion::Octets(octets)) = test else {
        return some_value(column);
    };
    let text = str::from_utf8(octets)
        .ok()
        .filter(|text| !text.is_empty() && text.trim() == *text);
    // What is not canonical stands in no canonical value.
    match text {
        Some(text) if prepare_exact(text).as_deref() == Some(text) && text.is_ascii() => {
            let pattern = Pattern::new(None, [&*text.replace(' ', "  ")], None, false);
            Predicate::Or(vec![Predicate::Like { column, pattern }.inexact(), uncommon(column)])
        }
        Some(_) => uncommon(column),
        None => Predicate::False,
    }
}

/// There is a value, of which nothing else is known.
pub(crate) fn some_value(column: usize) -> Predicate {
    let validity = Validity::Unknown;
    Predicate::Present { column, validity }.inexact()
}
