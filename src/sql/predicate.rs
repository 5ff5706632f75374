//! Conditions on the columns of an operator's query, rendered as a guaranteed *superset* of what LDAP means: the
//! evaluator decides, SQL only narrows. Knows the engines' collations and types; must not know attributes.
//!
//! Let a value be *canonical* when it is printable ASCII without outer or double blanks. A canonical value is
//! equal to an assertion under caseIgnoreMatch exactly when its ASCII lower case is the assertion prepared by
//! RFC 4518. Every other value may be equal in ways no engine computes, so all of those rows are let through.

use super::described::Column;
use super::statement::{Scope, Writer};
use comparison::{NOT_CANONICAL, write_key, write_not_canonical};
pub(super) use comparison::{as_text, folded, key, not_canonical};
pub(super) use equality::reads_again;
pub use number::NumberTest;
pub use pattern::Pattern;

mod assured;
mod comparison;
mod equality;
mod number;
mod pattern;
mod simplify;
mod time;

pub(super) use simplify::possible_value as possible;

/// A condition on the values as they are served; columns are positions in `Described::columns`. Columns must hold one
/// value per row, served as the text it is: a list in a JSON or comma-separated text column must not be compared
/// with this.
///
/// What a condition means no engine may be able to say. So each has two sides: its SQL lets through a superset of the
/// rows it is true of, and under [`Predicate::Not`] another SQL, where there is one, takes out a subset of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Predicate {
    /// Everything.
    True,
    /// Nothing at all.
    False,
    /// True of no other rows than the inner one, and nobody knows of which of them.
    Maybe(Box<Predicate>),
    /// All of them.
    And(Vec<Predicate>),
    /// Any of them.
    Or(Vec<Predicate>),
    /// Not that: every row of which the inner one is not assured.
    Not(Box<Predicate>),
    /// There is a value, and it is one of the attribute's syntax; NULL and the empty text are none.
    Present {
        /// The column.
        column: usize,
        /// What else may be none.
        validity: Validity,
    },
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
    /// The pieces of a substrings assertion.
    Like {
        /// The column.
        column: usize,
        /// The pieces.
        pattern: Pattern,
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
    /// Another test of a number, also of one kept as text.
    Number {
        /// The column.
        column: usize,
        /// The test.
        test: NumberTest,
    },
    /// A truth value.
    BooleanIs {
        /// The column.
        column: usize,
        /// Which one.
        value: bool,
    },
    /// UUIDMatch, also of UUIDs kept as text.
    UuidEquals {
        /// The column.
        column: usize,
        /// The UUID, hyphenated and in lower case.
        value: String,
    },
    /// A point in time within these seconds since 1970, UTC.
    Time {
        /// The column.
        column: usize,
        /// Not before this.
        from: Option<i64>,
        /// Before this.
        before: Option<i64>,
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

/// Which values of a column are values of its attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// Any text.
    Text,
    /// ASCII.
    Ascii,
    /// Whole numbers, in any spelling.
    Number,
    /// UUIDs, in any spelling.
    Uuid,
    /// No engine can tell.
    Unknown,
}

impl Predicate {
    /// Nothing is known.
    pub fn unknown() -> Predicate {
        Predicate::True.maybe()
    }

    /// [`Predicate::Maybe`] of it.
    #[must_use]
    pub fn maybe(self) -> Predicate {
        Predicate::Maybe(Box::new(self))
    }

    /// [`Predicate::Not`] of it.
    #[must_use]
    pub fn negated(self) -> Predicate {
        Predicate::Not(Box::new(self))
    }
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
    /// Writes what `simplify` made.
    pub(super) fn write(&self, writer: &mut Writer, scope: &Scope<'_>) {
        let at = |position: &usize| Some((scope.columns.get(*position)?, scope.names.get(*position)?.as_str()));
        match self {
            Predicate::True => writer.put("1 = 1"),
            Predicate::False => writer.put("1 = 0"),
            Predicate::And(parts) => write_list(writer, scope, parts, " AND "),
            Predicate::Or(parts) => equality::write_any(writer, scope, parts),
            // `simplify` leaves none that something is known of.
            Predicate::Maybe(_) => writer.put("1 = 1"),
            Predicate::Not(inner) => assured::write_unless(writer, scope, inner),
            Predicate::Present { column, .. } => with(writer, at(column), |w, c, name| {
                w.push("(");
                comparison::write_present(w, c, name);
                w.put(")");
            }),
            Predicate::Like { column, pattern } => with(writer, at(column), |w, c, name| pattern.write(w, c, name)),
            Predicate::EqualsIgnoreCase { .. } | Predicate::EqualsExact { .. } => {
                equality::write(writer, scope, self);
            }
            Predicate::EqualsAny { column, values } => with(writer, at(column), |w, c, name| {
                w.equals_any(name, c, values);
            }),
            Predicate::IntegerEquals { column, value } => {
                with(writer, at(column), |w, c, name| {
                    number::write_equals(w, c, name, *value)
                });
            }
            Predicate::Number { column, test } => with(writer, at(column), |w, c, name| test.write(w, c, name)),
            Predicate::BooleanIs { column, value } => {
                with(writer, at(column), |w, _, name| number::write_boolean(w, name, *value));
            }
            Predicate::UuidEquals { column, value } => {
                with(writer, at(column), |w, c, name| {
                    comparison::write_uuid(w, c, name, value)
                });
            }
            Predicate::Time { column, from, before } => {
                with(writer, at(column), |w, c, name| time::write(w, c, name, *from, *before));
            }
            Predicate::NotCanonical { column } => {
                with(writer, at(column), |w, c, name| {
                    write_not_canonical(w, c, name, NOT_CANONICAL)
                });
            }
            Predicate::HasKey(column) => with(writer, at(column), |w, c, name| write_key(w, c, name, None)),
            Predicate::KeyAfter { column, last } => {
                with(writer, at(column), |w, c, name| {
                    write_key(w, c, name, Some((">", last)))
                });
            }
            Predicate::KeyEquals { column, last } => {
                with(writer, at(column), |w, c, name| {
                    write_key(w, c, name, Some(("=", last)))
                });
            }
        }
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

/// A column that does not exist cannot be compared, so nothing is excluded.
fn with(writer: &mut Writer, column: Option<(&Column, &str)>, write: impl FnOnce(&mut Writer, &Column, &str)) {
    match column {
        Some((column, name)) => write(writer, column, name),
        None => writer.put("1 = 1"),
    }
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
