//! The other side of a condition: SQL that is true only of rows of which the condition is certainly true, so that its
//! negation can leave them out. No index is used for it; it may be slow, but never wrong.

use super::comparison::{
    NOT_ASCII, NOT_CANONICAL, as_text, is_canonical, is_uuid, postgres_text, write_nonempty, write_not_canonical,
};
use super::expression::{Predicate, Validity};
use super::number::NumberTest;
use super::scope::{Scope, with};
use crate::sql::engine::Engine;
use crate::sql::query::description::{Column, ColumnKind};
use crate::sql::statement::Writer;

/// Whether a leaf, as `simplify` has left it, can be negated.
pub(super) fn can_be_negated(leaf: &Predicate, engine: Engine, column: &Column) -> bool {
    let text = column.kind.is_text();
    let integer = column.kind == ColumnKind::Integer && engine != Engine::Sqlite;
    match leaf {
        Predicate::Present { validity, .. } => match validity {
            Validity::Text | Validity::Ascii => {
                text || integer || column.kind == ColumnKind::Boolean && engine != Engine::Sqlite
            }
            Validity::Number => integer || engine == Engine::Sqlite,
            Validity::Uuid => text || is_uuid(engine, column),
            Validity::Unknown => false,
        },
        Predicate::EqualsIgnoreCase { prepared: value, .. } | Predicate::EqualsExact { value, .. } => {
            text && is_canonical(value)
        }
        Predicate::Like { pattern, .. } => text && pattern.is_exact(),
        Predicate::IntegerEquals { .. } => integer,
        Predicate::Number { test, .. } => integer && !matches!(test, NumberTest::Large),
        Predicate::BooleanIs { .. } => engine != Engine::Sqlite,
        Predicate::UuidEquals { .. } => is_uuid(engine, column),
        _ => false,
    }
}

/// Every row, except those of which the leaf is certainly true. It is never certain of a NULL.
pub(super) fn write_not(writer: &mut Writer, scope: &Scope<'_>, leaf: &Predicate) {
    let column = leaf.column();
    let at = column.and_then(|position| Some((scope.columns.get(position)?, scope.names.get(position)?.as_str())));
    // The form "no value, so a fallback counts": an index of the column finds such rows.
    if let (
        Engine::PostgreSql,
        Predicate::Present {
            validity: Validity::Text,
            ..
        },
        Some((column, name)),
    ) = (writer.engine, leaf, at)
        && column.kind.is_text()
    {
        return writer.put(&format!("({name} IS NULL OR {name} = '')"));
    }
    writer.push("(");
    with(writer, at, |w, column, name| match leaf {
        Predicate::Present { validity, .. } => write_present(w, column, name, *validity),
        Predicate::EqualsIgnoreCase { prepared, .. } => {
            write_canonical_and(w, column, name, |w, text| {
                write_same(w, text, &prepared.to_ascii_lowercase(), true)
            });
        }
        Predicate::EqualsExact { value, .. } => {
            write_canonical_and(w, column, name, |w, text| write_same(w, text, value, false));
        }
        Predicate::Like { pattern, .. } => {
            // The empty text is no value, whatever the pieces.
            write_nonempty(w, column, name);
            w.push(" AND ");
            write_canonical_and(w, column, name, |w, text| pattern.write_exactly(w, text));
        }
        // The SQL of all others is exact where `can_be_negated` allows it.
        other => other.write(w, scope),
    });
    writer.push(") IS NOT TRUE");
}

/// Compares bytes: no collation, no padding.
fn write_same(writer: &mut Writer, text: &str, value: &str, ignore_case: bool) {
    let value = writer.text(value);
    let text = match ignore_case {
        true => format!("lower({text})"),
        false => text.to_owned(),
    };
    let comparison = match writer.engine {
        Engine::PostgreSql => format!("{text} = {value}"),
        Engine::MySql => format!("CAST({text} AS BINARY) = CAST({value} AS BINARY)"),
        Engine::Sqlite => format!("{text} COLLATE BINARY = {value}"),
    };
    writer.put(&comparison);
}

/// The value is canonical, and `write` holds for it. `write` gets the column as a text that is compared by code
/// points.
fn write_canonical_and(writer: &mut Writer, column: &Column, name: &str, write: impl FnOnce(&mut Writer, &str)) {
    let text = match writer.engine {
        Engine::PostgreSql => postgres_text(column, name, false),
        Engine::MySql => name.to_owned(),
        Engine::Sqlite => as_text(Engine::Sqlite, column, name),
    };
    writer.push("NOT (");
    write_not_canonical(writer, column, name, NOT_CANONICAL);
    writer.push(") AND ");
    write(writer, &text);
}

fn write_present(writer: &mut Writer, column: &Column, name: &str, validity: Validity) {
    const HEX: &str = "[0-9a-fA-F]";
    match (validity, writer.engine) {
        (Validity::Number, Engine::Sqlite) => writer.put(&format!("typeof({name}) = 'integer'")),
        (Validity::Uuid, engine) if column.kind.is_text() => {
            let regex = format!("'^{HEX}{{8}}(-{HEX}{{4}}){{3}}-{HEX}{{12}}$'");
            let text = match engine {
                Engine::PostgreSql => format!("{} ~ {regex}", postgres_text(column, name, false)),
                Engine::MySql => format!("{name} REGEXP {regex}"),
                Engine::Sqlite => {
                    let glob: Vec<String> = [8, 4, 4, 4, 12].iter().map(|count| HEX.repeat(*count)).collect();
                    format!("typeof({name}) = 'text' AND {name} GLOB '{}'", glob.join("-"))
                }
            };
            writer.put(&text);
        }
        // Only ASCII, for every syntax: other content on SQLite may not be text at all.
        (Validity::Text | Validity::Ascii, engine) if column.kind.is_text() => {
            write_nonempty(writer, column, name);
            if engine == Engine::Sqlite || validity == Validity::Ascii {
                writer.push(" AND NOT (");
                write_not_canonical(writer, column, name, NOT_ASCII);
                writer.push(")");
            }
        }
        _ => writer.put(&format!("{name} IS NOT NULL")),
    }
}
