//! The table that a condition is written for: its columns, and how each is named in the statement.

use crate::sql::query::description::Column;
use crate::sql::statement::Writer;

/// The columns a predicate speaks of.
pub(crate) struct Scope<'a> {
    pub(crate) columns: &'a [Column],
    pub(crate) names: Vec<String>,
    pub(crate) again: Option<SecondReading>,
}

/// The same rows as a second table, searched for values that only RFC 4518 preparation can judge.
pub(crate) struct SecondReading {
    pub(crate) table: String,
    pub(crate) names: Vec<String>,
}

/// A column that does not exist cannot be compared, so nothing is left out.
pub(super) fn with(
    writer: &mut Writer,
    column: Option<(&Column, &str)>,
    write: impl FnOnce(&mut Writer, &Column, &str),
) {
    match column {
        Some((column, name)) => write(writer, column, name),
        None => writer.put("1 = 1"),
    }
}
