//! Folds away what no engine can be asked of the given columns, always towards letting rows through. Writes nothing.

use super::comparison::is_uuid;
use super::expression::{Predicate, Validity};
use super::number::NumberTest;
use super::time::Span;
use super::{negation, time};
use crate::sql::engine::Engine;
use crate::sql::query::description::{Column, ColumnKind};

impl Predicate {
    /// The same condition for these columns, without what is always or never true: what cannot be pushed down becomes
    /// `True`, what no row can meet `False`. Columns that do not exist count as unknown.
    pub fn simplify(&self, engine: Engine, columns: &[Column]) -> Predicate {
        self.settle(engine, columns, true)
    }

    /// Rows of which it may be true if `positive`, else rows of which it may be not true.
    fn settle(&self, engine: Engine, columns: &[Column], positive: bool) -> Predicate {
        match self {
            Predicate::True | Predicate::False => match positive == (*self == Predicate::True) {
                true => Predicate::True,
                false => Predicate::False,
            },
            Predicate::Inexact(inner) if positive => inner.settle(engine, columns, true),
            Predicate::Inexact(_) => Predicate::True,
            Predicate::And(parts) => join(parts, positive, |part| part.settle(engine, columns, positive)),
            Predicate::Or(parts) => join(parts, !positive, |part| part.settle(engine, columns, positive)),
            Predicate::Not(inner) => inner.settle(engine, columns, !positive),
            leaf => {
                let known = leaf.column().and_then(|position| columns.get(position));
                let Some(column) = known else {
                    return Predicate::True;
                };
                let possible = leaf.possible(engine, column);
                match possible {
                    possible if positive => possible,
                    Predicate::False => Predicate::True,
                    possible if negation::can_be_negated(&possible, engine, column) => possible.negated(),
                    _ => Predicate::True,
                }
            }
        }
    }

    /// The column of a leaf.
    pub(super) fn column(&self) -> Option<usize> {
        match self {
            Predicate::Present { column, .. }
            | Predicate::EqualsIgnoreCase { column, .. }
            | Predicate::EqualsExact { column, .. }
            | Predicate::Like { column, .. }
            | Predicate::EqualsAny { column, .. }
            | Predicate::IntegerEquals { column, .. }
            | Predicate::Number { column, .. }
            | Predicate::BooleanIs { column, .. }
            | Predicate::UuidEquals { column, .. }
            | Predicate::Time { column, .. }
            | Predicate::NotCanonical { column }
            | Predicate::HasKey(column)
            | Predicate::KeyAfter { column, .. }
            | Predicate::KeyEquals { column, .. } => Some(*column),
            _ => None,
        }
    }

    /// A superset of the leaf that can be asked of this column.
    fn possible(&self, engine: Engine, c: &Column) -> Predicate {
        let text = c.kind.is_text() || is_sqlite_expression(engine, c);
        match self {
            Predicate::EqualsIgnoreCase { prepared, .. } => {
                self.possible_text(engine, c, prepared, &prepared.to_ascii_uppercase())
            }
            Predicate::EqualsExact { value, .. } => self.possible_text(engine, c, value, value),
            Predicate::Like { column, pattern } => match pattern {
                pattern if engine == Engine::PostgreSql && pattern.has_nul() => Predicate::False,
                _ if text || c.kind == ColumnKind::Integer => self.clone(),
                _ => present(*column),
            },
            Predicate::EqualsAny { column, values } => {
                if !(text || c.kind == ColumnKind::Integer) {
                    return Predicate::True;
                }
                let values: Vec<String> = values.iter().filter(|v| possible_value(c, v)).cloned().collect();
                match values.is_empty() {
                    true => Predicate::False,
                    false => Predicate::EqualsAny {
                        column: *column,
                        values,
                    },
                }
            }
            Predicate::Number {
                column,
                test: NumberTest::Large,
            } => match c.kind {
                ColumnKind::Integer if engine == Engine::PostgreSql => Predicate::False,
                ColumnKind::Integer if engine == Engine::MySql && !c.type_name.ends_with("UNSIGNED") => {
                    Predicate::False
                }
                _ => present(*column),
            },
            Predicate::IntegerEquals { column, .. } | Predicate::Number { column, .. } => {
                match text || is_number(c) {
                    // Bits of texts and fractions are left to the evaluator.
                    true if matches!(self, Predicate::Number { test, .. } if test.is_bits())
                        && c.kind != ColumnKind::Integer =>
                    {
                        present(*column)
                    }
                    true => self.clone(),
                    false => present(*column),
                }
            }
            Predicate::BooleanIs { column, .. } if c.kind != ColumnKind::Boolean => present(*column),
            Predicate::UuidEquals { column, .. } if !(text || is_uuid(engine, c)) => present(*column),
            Predicate::Time { column, from, before }
                if !time::is_comparable(
                    engine,
                    c,
                    Span {
                        from: *from,
                        before: *before,
                    },
                ) =>
            {
                present(*column)
            }
            Predicate::NotCanonical { .. } => match c.kind {
                _ if text => self.clone(),
                ColumnKind::Integer | ColumnKind::Boolean if engine != Engine::Sqlite => Predicate::False,
                _ => Predicate::True,
            },
            Predicate::KeyAfter { last, .. } | Predicate::KeyEquals { last, .. } => match possible_key(c, last) {
                true => self.clone(),
                false => Predicate::False,
            },
            _ => self.clone(),
        }
    }

    /// A comparison with a text. An integer column is served in decimal digits, so nothing else equals it; likewise a
    /// truth value, of which `upper` is the spelling that counts.
    fn possible_text(&self, engine: Engine, column: &Column, value: &str, upper: &str) -> Predicate {
        let Some(position) = self.column() else {
            return self.clone();
        };
        if value.contains('\0') && engine == Engine::PostgreSql {
            return Predicate::False;
        }
        match column.kind {
            ColumnKind::Integer if engine != Engine::Sqlite => match value.parse::<i64>() {
                Ok(number) if number.to_string() == value => Predicate::IntegerEquals {
                    column: position,
                    value: number,
                },
                // BIGINT UNSIGNED reaches further than a bound integer.
                Err(_) if engine == Engine::MySql && is_large_number(value) => present(position),
                _ => Predicate::False,
            },
            ColumnKind::Boolean if engine != Engine::Sqlite => match upper {
                "TRUE" | "FALSE" => Predicate::BooleanIs {
                    column: position,
                    value: upper == "TRUE",
                },
                _ => Predicate::False,
            },
            kind if kind.is_text() || is_sqlite_expression(engine, column) => self.clone(),
            _ => present(position),
        }
    }
}

/// True of no row without a value.
fn present(column: usize) -> Predicate {
    Predicate::Present {
        column,
        validity: Validity::Unknown,
    }
}

/// Settles the parts and joins them: all of them, or any.
fn join(parts: &[Predicate], all: bool, settle: impl Fn(&Predicate) -> Predicate) -> Predicate {
    let (absorbing, neutral) = match all {
        true => (Predicate::False, Predicate::True),
        false => (Predicate::True, Predicate::False),
    };
    let mut kept: Vec<Predicate> = Vec::new();
    for part in parts {
        // An AND in an AND becomes one.
        let settled = match (settle(part), all) {
            (Predicate::And(inner), true) | (Predicate::Or(inner), false) => inner,
            (part, _) => vec![part],
        };
        for part in settled {
            if part == absorbing {
                return absorbing;
            }
            if part != neutral && !kept.contains(&part) {
                kept.push(part);
            }
        }
    }
    match kept.len() {
        0 => neutral,
        1 => kept.pop().unwrap_or(neutral),
        _ if all => Predicate::And(kept),
        _ => Predicate::Or(kept),
    }
}

/// An expression on SQLite has no affinity: compared with a text it is silently never equal unless it is cast.
pub(super) fn is_sqlite_expression(engine: Engine, column: &Column) -> bool {
    engine == Engine::Sqlite
        && (column.kind == ColumnKind::Integer
            || column.kind == ColumnKind::Other && matches!(column.type_name.as_str(), "NULL" | "" | "INTEGER"))
}

fn is_large_number(text: &str) -> bool {
    text.parse::<u64>().is_ok_and(|number| number.to_string() == text)
}

fn is_number(column: &Column) -> bool {
    column.kind == ColumnKind::Integer || matches!(column.type_name.as_str(), "NUMERIC" | "DECIMAL")
}

/// Whether a value of the column can be `value` at all.
pub(crate) fn possible_value(column: &Column, value: &str) -> bool {
    let integer = || value.parse::<i64>().is_ok_and(|number| number.to_string() == value);
    !value.contains('\0') && (column.kind != ColumnKind::Integer || integer())
}

fn possible_key(column: &Column, last: &str) -> bool {
    !last.contains('\0') && (column.kind != ColumnKind::Integer || last.parse::<i64>().is_ok())
}

impl NumberTest {
    fn is_bits(&self) -> bool {
        matches!(self, NumberTest::AllBits(_) | NumberTest::AnyBit(_))
    }
}
