//! Equality with a text: `half OR not canonical`. The half is what the engine can say of canonical values. Makes
//! SQLite use an index for each arm.
//!
//! SQLite searches several indexes for an OR when each arm compares a column. "Not canonical" does not. So there it
//! becomes `not canonical AND c IN (SELECT c … WHERE not canonical)`, whose inner rows are those of a partial index.
//! The condition before it is for all other ways of reading: without it each row would be looked up in the list.

use super::comparison::{
    NOT_ASCII, NOT_CANONICAL, is_canonical, write_exact_half, write_folded_half, write_not_canonical,
};
use super::expression::Predicate;
use super::scope::{Scope, SecondReading};
use crate::sql::engine::Engine;
use crate::sql::query::description::{Column, ColumnKind};
use crate::sql::statement::Writer;

/// With more comparisons than these a second reading does not pay.
const MOST: usize = 32;

/// One of the two arms of an equality.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arm {
    Canonical,
    Other,
}

/// One equality, and the column that it is about.
struct Equality<'a> {
    column: &'a Column,
    name: &'a str,
    again: Option<(&'a SecondReading, &'a str)>,
    value: String,
    half: fn(&mut Writer, &Column, &str, &str),
}

/// Whether it pays to read the rows a second time.
pub(crate) fn pays_to_read_again(predicate: &Predicate) -> bool {
    (1..=MOST).contains(&equalities(predicate))
}

fn equalities(predicate: &Predicate) -> usize {
    match predicate {
        Predicate::And(parts) | Predicate::Or(parts) => parts.iter().map(equalities).sum(),
        Predicate::EqualsIgnoreCase { .. } | Predicate::EqualsExact { .. } => 1,
        _ => 0,
    }
}

/// An equality by itself.
pub(super) fn write(writer: &mut Writer, scope: &Scope<'_>, leaf: &Predicate) {
    let Some(equality) = Equality::of(scope, leaf) else {
        // A column that does not exist cannot be compared, so nothing is excluded.
        return writer.put("1 = 1");
    };
    match equality.arms() {
        [arm] => equality.write(writer, *arm),
        arms => {
            writer.push("(");
            for (at, arm) in arms.iter().enumerate() {
                writer.push(if at == 0 { "" } else { " OR " });
                equality.write(writer, *arm);
            }
            writer.put(")");
        }
    }
}

/// Any of these. SQLite can search an index for each arm of `a AND b OR a AND c`, but not for `a AND (b OR c)`.
pub(super) fn write_any(writer: &mut Writer, scope: &Scope<'_>, parts: &[Predicate]) {
    writer.push("(");
    for (at, part) in parts.iter().enumerate() {
        writer.push(if at == 0 { "" } else { " OR " });
        match part {
            Predicate::And(all) if scope.again.is_some() => write_distributed(writer, scope, part, all),
            part => part.write(writer, scope),
        }
    }
    writer.push(")");
}

fn write_distributed(writer: &mut Writer, scope: &Scope<'_>, whole: &Predicate, all: &[Predicate]) {
    let found = all
        .iter()
        .enumerate()
        .find_map(|(at, part)| Some((at, Equality::of(scope, part)?)));
    let Some((position, equality)) = found else {
        return whole.write(writer, scope);
    };
    for (nth, arm) in equality.arms().iter().enumerate() {
        writer.push(if nth == 0 { "(" } else { " OR (" });
        for (at, part) in all.iter().enumerate() {
            writer.push(if at == 0 { "" } else { " AND " });
            match at == position {
                true => equality.write(writer, *arm),
                false => part.write(writer, scope),
            }
        }
        writer.push(")");
    }
}

impl<'a> Equality<'a> {
    fn of(scope: &'a Scope<'_>, leaf: &Predicate) -> Option<Equality<'a>> {
        let (position, value, half): (_, _, fn(&mut Writer, &Column, &str, &str)) = match leaf {
            Predicate::EqualsIgnoreCase { column, prepared } => {
                (*column, prepared.to_ascii_lowercase(), write_folded_half)
            }
            Predicate::EqualsExact { column, value } => (*column, value.clone(), write_exact_half),
            _ => return None,
        };
        let column = scope.columns.get(position)?;
        let again = scope.again.as_ref().filter(|_| column.kind == ColumnKind::Text);
        Some(Equality {
            column,
            name: scope.names.get(position)?,
            again: again.and_then(|again| Some((again, again.names.get(position)?.as_str()))),
            value,
            half,
        })
    }

    fn arms(&self) -> &'static [Arm] {
        match is_canonical(&self.value) {
            true => &[Arm::Canonical, Arm::Other],
            false => &[Arm::Other],
        }
    }

    fn write(&self, writer: &mut Writer, arm: Arm) {
        let Equality { column, name, .. } = *self;
        if arm == Arm::Canonical {
            return (self.half)(writer, column, name, &self.value);
        }
        let ascii = self.value.is_ascii();
        // Preparation leaves ASCII ASCII.
        let pattern = if ascii { NOT_CANONICAL } else { NOT_ASCII };
        match self.again {
            // The same rows, with the condition that the partial index has.
            None if writer.engine == Engine::PostgreSql && !ascii => {
                writer.push("(");
                write_not_canonical(writer, column, name, NOT_CANONICAL);
                writer.push(" AND ");
                write_not_canonical(writer, column, name, pattern);
                writer.push(")");
            }
            None => write_not_canonical(writer, column, name, pattern),
            Some((again, inner)) => {
                writer.push("(");
                write_not_canonical(writer, column, name, pattern);
                // The other arm's index serves this one too. A value is in the list whatever its type.
                writer.push(&format!(
                    " AND {name} COLLATE NOCASE IN (SELECT {inner} FROM {} WHERE ",
                    again.table
                ));
                write_not_canonical(writer, column, inner, NOT_CANONICAL);
                writer.push("))");
            }
        }
    }
}
