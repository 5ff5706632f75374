//! Conditions on the columns of an operator's query, rendered as a guaranteed *superset* of what LDAP means: the
//! evaluator decides, SQL only narrows. Knows the engines' collations and types; must not know attributes.
//!
//! Let a value be *canonical* when it is printable ASCII without outer or double blanks. A canonical value is
//! equal to an assertion under caseIgnoreMatch exactly when its ASCII lower case is the assertion prepared by
//! RFC 4518. Every other value may be equal in ways no engine computes, so all of those rows are let through.

use super::described::{Column, ColumnKind};
use super::engine::Engine;
use super::statement::{Scope, Writer};
use comparison::{
    NOT_CANONICAL, write_absent, write_equals, write_exact_half, write_folded_half, write_integer, write_key,
    write_not_canonical,
};
pub(super) use comparison::{as_text, folded, key, not_canonical};

mod comparison;

/// A condition; columns are positions in `Described::columns`. Columns must hold one value per row, served as
/// the text it is: a list in a JSON or comma-separated text column must not be compared with this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Predicate {
    /// Everything, or: nothing is known.
    True,
    /// Nothing at all.
    False,
    /// All of them.
    And(Vec<Predicate>),
    /// Any of them.
    Or(Vec<Predicate>),
    /// Not that; taken for everything unless the inner one is exact, since the complement of a superset is none.
    Not(Box<Predicate>),
    /// There is a value; the empty text counts as one.
    IsNotNull(usize),
    /// NULL or the empty text. A value that breaks its attribute's syntax is absent too, and is not found by
    /// this: for such a syntax add `NotCanonical`.
    IsAbsent(usize),
    /// caseIgnoreMatch with a prepared assertion.
    EqualsIgnoreCase {
        /// The column.
        column: usize,
        /// The assertion after RFC 4518 preparation with case folding.
        prepared: String,
    },
    /// caseExactMatch with a prepared assertion.
    EqualsExact {
        /// The column.
        column: usize,
        /// The assertion after RFC 4518 preparation without case folding.
        value: String,
    },
    /// One of these spellings as the database compares, by its plain index: finds what is there, but what it
    /// does not find may still be there in another spelling. **No superset** of an LDAP match.
    EqualsAny {
        /// The column.
        column: usize,
        /// The spellings.
        values: Vec<String>,
    },
    /// integerMatch, also on numbers kept as text.
    IntegerEquals {
        /// The column.
        column: usize,
        /// The number.
        value: i64,
    },
    /// The value is not printable ASCII, or has outer or double blanks.
    NotCanonical {
        /// The column.
        column: usize,
    },
    /// The column has a value that pages can be ordered by.
    HasKey(usize),
    /// The key is after `last`, in the database's order.
    KeyAfter {
        /// The column.
        column: usize,
        /// A key as the database gave it.
        last: String,
    },
    /// The key is equal to `last`, for the database.
    KeyEquals {
        /// The column.
        column: usize,
        /// A key as the database gave it.
        last: String,
    },
}

/// Printable ASCII without outer or double blanks.
pub(super) fn is_canonical(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
        && !text.starts_with(' ')
        && !text.ends_with(' ')
        && !text.contains("  ")
}

impl Predicate {
    /// The same for these columns, with what is always or never true folded away: what can not be pushed
    /// becomes `True`, what no row can meet `False`. Columns that do not exist count as unknown.
    pub fn simplify(&self, engine: Engine, columns: &[Column]) -> Predicate {
        let column = |position: &usize| columns.get(*position);
        match self {
            Predicate::True => Predicate::True,
            Predicate::False => Predicate::False,
            Predicate::And(parts) => fold(
                parts,
                engine,
                columns,
                Predicate::False,
                Predicate::True,
                Predicate::And,
            ),
            Predicate::Or(parts) => fold(parts, engine, columns, Predicate::True, Predicate::False, Predicate::Or),
            Predicate::Not(inner) => match inner.simplify(engine, columns) {
                Predicate::False => Predicate::True,
                inner if inner.is_exact(engine, columns) => Predicate::Not(Box::new(inner)),
                _ => Predicate::True,
            },
            Predicate::IsNotNull(position) => self.known(column(position).is_some()),
            Predicate::IsAbsent(position) => {
                // What else is served as absent, empty arrays for one, is not ours to know.
                let simple = column(position).is_some_and(|c| c.kind != ColumnKind::Other || engine == Engine::Sqlite);
                self.known(simple)
            }
            Predicate::EqualsIgnoreCase {
                column: position,
                prepared: value,
            }
            | Predicate::EqualsExact {
                column: position,
                value,
            } => match column(position) {
                _ if value.contains('\0') => Predicate::False,
                Some(c) => self.simplify_equals(engine, c, *position, value),
                None => Predicate::True,
            },
            Predicate::EqualsAny {
                column: position,
                values,
            } => match column(position) {
                Some(c) if c.kind.is_text() || c.kind == ColumnKind::Integer || is_sqlite_expression(engine, c) => {
                    let values: Vec<String> = values.iter().filter(|v| possible(c, v)).cloned().collect();
                    match values.is_empty() {
                        true => Predicate::False,
                        false => Predicate::EqualsAny {
                            column: *position,
                            values,
                        },
                    }
                }
                _ => Predicate::True,
            },
            Predicate::IntegerEquals { column: position, .. } => self.known(
                column(position).is_some_and(|c| c.kind.is_text() || is_number(c) || is_sqlite_expression(engine, c)),
            ),
            Predicate::NotCanonical { column: position } => match column(position) {
                Some(c) if c.kind.is_text() || is_sqlite_expression(engine, c) => self.clone(),
                Some(c) if matches!(c.kind, ColumnKind::Integer | ColumnKind::Boolean) && engine != Engine::Sqlite => {
                    Predicate::False
                }
                _ => Predicate::True,
            },
            Predicate::HasKey(position) => self.known(column(position).is_some()),
            Predicate::KeyAfter { column: position, last } | Predicate::KeyEquals { column: position, last } => {
                match column(position) {
                    Some(c) if possible_key(c, last) => self.clone(),
                    _ => Predicate::False,
                }
            }
        }
    }

    fn known(&self, known: bool) -> Predicate {
        if known { self.clone() } else { Predicate::True }
    }

    /// An integer column is served in decimal digits, so it can equal nothing else.
    fn simplify_equals(&self, engine: Engine, column: &Column, position: usize, value: &str) -> Predicate {
        match column.kind {
            ColumnKind::Integer if engine != Engine::Sqlite => match value.parse::<i64>() {
                Ok(number) if number.to_string() == value => Predicate::IntegerEquals {
                    column: position,
                    value: number,
                },
                // BIGINT UNSIGNED goes further than a bound integer.
                Err(_) if engine == Engine::MySql && is_large_number(value) => Predicate::True,
                _ => Predicate::False,
            },
            kind if kind.is_text() || is_sqlite_expression(engine, column) => self.clone(),
            _ => Predicate::True,
        }
    }

    /// Whether its SQL is true of exactly the rows it means.
    fn is_exact(&self, engine: Engine, columns: &[Column]) -> bool {
        match self {
            Predicate::False | Predicate::IsNotNull(_) => true,
            Predicate::And(parts) | Predicate::Or(parts) => parts.iter().all(|part| part.is_exact(engine, columns)),
            Predicate::Not(inner) => inner.is_exact(engine, columns),
            Predicate::IntegerEquals { column, .. } => {
                engine != Engine::Sqlite && columns.get(*column).is_some_and(|c| c.kind == ColumnKind::Integer)
            }
            _ => false,
        }
    }

    /// Writes what `simplify` made.
    pub(super) fn write(&self, writer: &mut Writer, scope: &Scope<'_>) {
        let at = |position: &usize| Some((scope.columns.get(*position)?, scope.names.get(*position)?.as_str()));
        match self {
            Predicate::True => writer.put("1 = 1"),
            Predicate::False => writer.put("1 = 0"),
            Predicate::And(parts) => write_list(writer, scope, parts, " AND "),
            Predicate::Or(parts) => write_list(writer, scope, parts, " OR "),
            Predicate::Not(inner) => {
                // Of a NULL the inner one is not true either.
                writer.push("(");
                inner.write(writer, scope);
                writer.push(") IS NOT TRUE");
            }
            Predicate::IsNotNull(column) => {
                with(writer, at(column), |w, _, name| w.put(&format!("{name} IS NOT NULL")))
            }
            Predicate::IsAbsent(column) => with(writer, at(column), write_absent),
            Predicate::EqualsIgnoreCase { column, prepared } => {
                let folded = prepared.to_ascii_lowercase();
                with(writer, at(column), |w, c, name| {
                    write_equals(w, c, name, &folded, write_folded_half)
                });
            }
            Predicate::EqualsExact { column, value } => {
                with(writer, at(column), |w, c, name| {
                    write_equals(w, c, name, value, write_exact_half)
                });
            }
            Predicate::EqualsAny { column, values } => with(writer, at(column), |w, c, name| {
                w.equals_any(name, c, values);
            }),
            Predicate::IntegerEquals { column, value } => {
                with(writer, at(column), |w, c, name| write_integer(w, c, name, *value));
            }
            Predicate::NotCanonical { column } => {
                with(writer, at(column), |w, c, name| {
                    write_not_canonical(w, c, name, NOT_CANONICAL)
                });
            }
            Predicate::HasKey(column) => with(writer, at(column), |w, c, name| write_key(w, c, name, None)),
            Predicate::KeyAfter { column, last } => {
                with(writer, at(column), |w, c, name| {
                    write_key(w, c, name, Some((" > ", last)))
                });
            }
            Predicate::KeyEquals { column, last } => {
                with(writer, at(column), |w, c, name| {
                    write_key(w, c, name, Some((" = ", last)))
                });
            }
        }
    }
}

/// Simplifies and joins; `absorbing` decides the whole, `neutral` is left out.
fn fold(
    parts: &[Predicate],
    engine: Engine,
    columns: &[Column],
    absorbing: Predicate,
    neutral: Predicate,
    join: fn(Vec<Predicate>) -> Predicate,
) -> Predicate {
    let mut kept = Vec::new();
    for part in parts {
        let part = part.simplify(engine, columns);
        if part == absorbing {
            return absorbing;
        }
        if part != neutral && !kept.contains(&part) {
            kept.push(part);
        }
    }
    match kept.len() {
        0 => neutral,
        1 => kept.pop().unwrap_or(neutral),
        _ => join(kept),
    }
}

fn write_list(writer: &mut Writer, scope: &Scope<'_>, parts: &[Predicate], between: &str) {
    writer.push("(");
    for (at, part) in parts.iter().enumerate() {
        writer.push(if at == 0 { "" } else { between });
        part.write(writer, scope);
    }
    writer.push(")");
}

/// A column that does not exist can not be compared, so nothing is excluded.
fn with(writer: &mut Writer, column: Option<(&Column, &str)>, write: impl FnOnce(&mut Writer, &Column, &str)) {
    match column {
        Some((column, name)) => write(writer, column, name),
        None => writer.put("1 = 1"),
    }
}

/// An expression on SQLite has no affinity: compared with a text it is silently never equal unless it is cast.
fn is_sqlite_expression(engine: Engine, column: &Column) -> bool {
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
pub(super) fn possible(column: &Column, value: &str) -> bool {
    let integer = || value.parse::<i64>().is_ok_and(|number| number.to_string() == value);
    !value.contains('\0') && (column.kind != ColumnKind::Integer || integer())
}

fn possible_key(column: &Column, last: &str) -> bool {
    !last.contains('\0') && (column.kind != ColumnKind::Integer || last.parse::<i64>().is_ok())
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]
mod tests;
