//! Writes conditions as SQL that lets through a superset of the rows that they are true of.

use super::comparison::{self, NOT_CANONICAL, write_key, write_not_canonical};
use super::equals_any::write_equals_any;
use super::expression::Predicate;
use super::scope::{Scope, with};
use super::time::Span;
use super::{equality, negation, number, time};
use crate::sql::statement::Writer;

impl Predicate {
    /// Writes what `simplify` made.
    pub(crate) fn write(&self, writer: &mut Writer, scope: &Scope<'_>) {
        let at = |position: &usize| Some((scope.columns.get(*position)?, scope.names.get(*position)?.as_str()));
        match self {
            Predicate::True => writer.put("1 = 1"),
            Predicate::False => writer.put("1 = 0"),
            Predicate::And(parts) => write_list(writer, scope, parts, " AND "),
            Predicate::Or(parts) => equality::write_any(writer, scope, parts),
            // `simplify` leaves none of which anything is known.
            Predicate::Inexact(_) => writer.put("1 = 1"),
            Predicate::Not(inner) => negation::write_not(writer, scope, inner),
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
                write_equals_any(w, name, c, values);
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
                with(writer, at(column), |w, c, name| {
                    time::write(
                        w,
                        c,
                        name,
                        Span {
                            from: *from,
                            before: *before,
                        },
                    )
                });
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
