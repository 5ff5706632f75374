//! Numbers and truth values on each engine. A text column may hold numbers in any spelling that is read as one: ` 7`,
//! `+7`, `007`.

use super::comparison::{is_deterministic, postgres_text};
use crate::sql::engine::Engine;
use crate::sql::query::description::{Column, ColumnKind};
use crate::sql::statement::{Arg, Writer};

/// A test of a whole number other than equality.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberTest {
    /// It is this or more.
    AtLeast(i64),
    /// It is this or less.
    AtMost(i64),
    /// It has all of these bits; never negative.
    AllBits(i64),
    /// It has any of these bits; never negative.
    AnyBit(i64),
    /// It is beyond 64 bits.
    Large,
}

/// `name = value` for a number in whatever column.
pub(super) fn write_equals(writer: &mut Writer, column: &Column, name: &str, value: i64) {
    match (writer.engine, column.kind) {
        (Engine::PostgreSql, kind) if kind.is_text() => {
            // A cast would fail on the first row that is no number. Blanks beyond ASCII are trimmed too.
            let pattern = match value {
                0 => "^[[:space:]+-]*0+[[:space:]]*$|[^ -~]".to_owned(),
                1.. => format!("^[[:space:]+]*0*{value}[[:space:]]*$|[^ -~]"),
                _ => format!("^[[:space:]]*-0*{}[[:space:]]*$|[^ -~]", value.unsigned_abs()),
            };
            let pattern = writer.text(&pattern);
            let text = postgres_text(column, name, is_deterministic(column));
            writer.push(&text).push(" ~ ").push(&pattern);
        }
        (Engine::Sqlite, ColumnKind::Integer) => {
            // What its affinity left as text sorts after all numbers, and may be read as one. Without `unlikely`,
            // SQLite would rather read all rows in the order asked for.
            let value = writer.bind(Arg::Integer(value));
            writer.push(&format!("({name} = {value} OR unlikely({name} >= ''))"));
        }
        _ => {
            let value = writer.bind(Arg::Integer(value));
            let test = format!("{} = {value}", number(writer.engine, column, name));
            write_or_unreadable(writer, column, name, &test);
        }
    }
}

impl NumberTest {
    pub(super) fn write(self, writer: &mut Writer, column: &Column, name: &str) {
        let engine = writer.engine;
        let read = number(engine, column, name);
        let test = match self {
            NumberTest::AtLeast(value) => format!("{read} >= {}", writer.bind(Arg::Integer(value))),
            NumberTest::AtMost(value) => format!("{read} <= {}", writer.bind(Arg::Integer(value))),
            NumberTest::AllBits(value) => {
                let (mask, same) = (writer.bind(Arg::Integer(value)), writer.bind(Arg::Integer(value)));
                format!("({read} & {mask}) = {same}")
            }
            NumberTest::AnyBit(value) => format!("({read} & {}) <> 0", writer.bind(Arg::Integer(value))),
            NumberTest::Large => format!("{name} IS NOT NULL"),
        };
        match (engine, column.kind) {
            (Engine::Sqlite, ColumnKind::Integer) => writer.put(&format!("({test} OR {name} >= '')")),
            (Engine::PostgreSql, kind) if kind.is_text() => {
                let text = postgres_text(column, name, is_deterministic(column));
                // Only plain digits are cast; all else is let through.
                writer.put(&format!(
                    "CASE WHEN {text} ~ '^-?[0-9]{{1,18}}$' THEN {test} ELSE {name} IS NOT NULL END"
                ));
            }
            _ => write_or_unreadable(writer, column, name, &test),
        }
    }
}

/// The column as a number.
fn number(engine: Engine, column: &Column, name: &str) -> String {
    match engine {
        Engine::PostgreSql if column.kind.is_text() => format!("({}::int8)", postgres_text(column, name, true)),
        Engine::PostgreSql if column.type_name == "INT2" || column.type_name == "INT4" => name.to_owned(),
        Engine::MySql if column.kind.is_text() => format!("{name} + 0"),
        Engine::Sqlite if column.kind != ColumnKind::Integer => format!("CAST({name} AS INTEGER)"),
        _ => name.to_owned(),
    }
}

/// We read a text with blanks beyond ASCII as a number, the engine does not.
fn write_or_unreadable(writer: &mut Writer, column: &Column, name: &str, test: &str) {
    match writer.engine {
        Engine::MySql if column.kind.is_text() => writer.put(&format!("({test} OR {name} REGEXP '(?-i)[^ -~]')")),
        Engine::Sqlite if column.kind != ColumnKind::Integer => {
            writer.put(&format!("({test} OR {name} GLOB '*[^ -~]*')"));
        }
        _ => writer.put(test),
    }
}

/// Whether a truth value is this one. MySQL's are numbers.
pub(super) fn write_boolean(writer: &mut Writer, name: &str, value: bool) {
    match (writer.engine, value) {
        (Engine::PostgreSql, true) => writer.put(name),
        (Engine::PostgreSql, false) => writer.put(&format!("NOT {name}")),
        (Engine::MySql | Engine::Sqlite, true) => writer.put(&format!("{name} <> 0")),
        (Engine::MySql | Engine::Sqlite, false) => writer.put(&format!("{name} = 0")),
    }
}
