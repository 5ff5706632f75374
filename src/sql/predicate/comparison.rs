//! A column compared with a value, per engine: types, collations and regular expressions. Knows nothing of how
//! conditions are combined.

use std::fmt::Write as _;

use crate::sql::engine::Engine;
use crate::sql::query::description::{Column, ColumnKind};
use crate::sql::query::type_name::cast_text;
use crate::sql::statement::{Arg, Writer};

/// Rows that only RFC 4518 preparation can compare.
pub(super) const NOT_CANONICAL: &str = "'[^ -~]|^ |  | $'";
/// Rows that can be equal to an assertion that is not ASCII.
pub(super) const NOT_ASCII: &str = "'[^ -~]'";

/// Printable ASCII without outer or double blanks.
pub(crate) fn is_canonical(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
        && !text.starts_with(' ')
        && !text.ends_with(' ')
        && !text.contains("  ")
}

/// The column as text where comparing it as it is would be wrong; its index is lost then.
pub(crate) fn as_text(engine: Engine, column: &Column, name: &str) -> String {
    match engine {
        Engine::Sqlite if column.kind != ColumnKind::Text => format!("CAST({name} AS TEXT)"),
        _ => name.to_owned(),
    }
}

/// PostgreSQL: the column for functions and regular expressions that must work by code point.
pub(super) fn postgres_text(column: &Column, name: &str, safe: bool) -> String {
    let cast = if column.kind == ColumnKind::Text { "" } else { "::text" };
    let collate = if safe { "" } else { " COLLATE \"C\"" };
    format!("{name}{cast}{collate}")
}

pub(super) fn is_deterministic(column: &Column) -> bool {
    column.collation.as_ref().is_some_and(|c| c.deterministic)
}

/// Whether the engine's own lower-casing by this column's collation is right for ASCII.
pub(super) fn folds_ascii(column: &Column) -> bool {
    column.collation.as_ref().is_some_and(|c| c.folds_ascii)
}

/// The column such that values equal but for ASCII case are equal; may hold more equal.
pub(crate) fn folded(engine: Engine, column: &Column, name: &str) -> String {
    match engine {
        Engine::PostgreSql if column.kind == ColumnKind::TextIgnoreCase && folds_ascii(column) => name.to_owned(),
        Engine::PostgreSql => {
            let safe = folds_ascii(column) && is_deterministic(column);
            // An integer has no collation, and no case.
            match column.kind.is_text() {
                true => format!("lower({})", postgres_text(column, name, safe)),
                false => format!("{name}::text"),
            }
        }
        Engine::MySql if !column.kind.is_text() => name.to_owned(),
        Engine::MySql => match (folds_ascii(column), column.kind) {
            (true, ColumnKind::TextIgnoreCase) => name.to_owned(),
            (true, _) => format!("LOWER({name})"),
            (false, _) => format!("CONVERT({name} USING utf8mb4) COLLATE utf8mb4_general_ci"),
        },
        Engine::Sqlite => format!("lower({})", as_text(engine, column, name)),
    }
}

/// By caseIgnoreMatch, as far as canonical values go.
pub(super) fn write_folded_half(writer: &mut Writer, column: &Column, name: &str, value: &str) {
    let engine = writer.engine;
    let value = writer.text(value);
    let comparison = match engine {
        Engine::PostgreSql if column.kind == ColumnKind::TextIgnoreCase && folds_ascii(column) => {
            format!("{name} {} ({value})::{}", column.operator("="), column.type_name)
        }
        // The plain spelling is the one an index on `lower(column)` has.
        Engine::PostgreSql | Engine::MySql => format!("{} = {value}", folded(engine, column, name)),
        Engine::Sqlite => format!("{} = {value} COLLATE NOCASE", as_text(engine, column, name)),
    };
    writer.put(&comparison);
}

/// By caseExactMatch, as far as canonical values go.
pub(super) fn write_exact_half(writer: &mut Writer, column: &Column, name: &str, value: &str) {
    let value = writer.text(value);
    let value = match (writer.engine, column.kind) {
        (Engine::PostgreSql, ColumnKind::TextIgnoreCase) => format!("({value})::{}", column.type_name),
        (Engine::PostgreSql, ColumnKind::FixedText) => format!("({value})::bpchar"),
        _ => value,
    };
    writer
        .push(&as_text(writer.engine, column, name))
        .push(&format!(" {} ", column.operator("=")))
        .push(&value);
}

/// A regular expression by code point on every engine. `(?-i)`: on a `*_ci` collation the class would not flag
/// U+212A and U+017F, which fold into `k` and `s`.
pub(super) fn write_not_canonical(writer: &mut Writer, column: &Column, name: &str, pattern: &str) {
    match writer.engine {
        Engine::PostgreSql => {
            let text = postgres_text(column, name, is_deterministic(column));
            writer.push(&text).push(" ~ ").push(pattern);
        }
        Engine::MySql => {
            writer
                .push(name)
                .push(" REGEXP '(?-i)")
                .push(pattern.trim_start_matches('\''));
        }
        Engine::Sqlite => {
            let text = as_text(Engine::Sqlite, column, name);
            let mut globs = vec!["*[^ -~]*"];
            if pattern == NOT_CANONICAL {
                globs.extend([" *", "* ", "*  *"]);
            }
            // Behind U+0000 it sees nothing, and counts nothing. An index has this text too, and is made with the
            // operator's SQLite: octet_length is not in those before 3.43.
            let mut condition = format!("(length({text}) <> length(CAST({text} AS BLOB)) OR ");
            for glob in globs {
                let _ = write!(condition, "{text} GLOB '{glob}' OR ");
            }
            // A blob equals no text even when it is served as the same characters, and a number in a compound
            // query may stand where text is declared.
            let expected = if column.kind == ColumnKind::Text {
                "'text', 'null'"
            } else {
                "'text', 'integer', 'null'"
            };
            let _ = write!(condition, "typeof({name}) NOT IN ({expected}))");
            writer.push(&condition);
        }
    }
}

/// The half of every comparison for rows that only RFC 4518 preparation can judge, as an index's condition.
pub(crate) fn not_canonical(engine: Engine, column: &Column, name: &str) -> String {
    let mut writer = Writer::new(engine);
    write_not_canonical(&mut writer, column, name, NOT_CANONICAL);
    writer.finish().sql
}

/// There is a value that is not empty, whatever else it is.
pub(super) fn write_present(writer: &mut Writer, column: &Column, name: &str) {
    match column.kind.is_text() {
        true => write_nonempty(writer, column, name),
        false => writer.put(&format!("{name} IS NOT NULL")),
    }
}

/// By bytes: blanks are equal to nothing for some collations, and no fewer characters than others.
pub(super) fn write_nonempty(writer: &mut Writer, column: &Column, name: &str) {
    let nonempty = match writer.engine {
        Engine::PostgreSql => format!("{} <> ''", postgres_text(column, name, is_deterministic(column))),
        Engine::MySql => format!("LENGTH({name}) > 0"),
        Engine::Sqlite => format!("octet_length({name}) > 0"),
    };
    writer.push(name).push(" IS NOT NULL AND ").push(&nonempty);
}

/// As its own type, or as the text that it usually is; in all other spellings it is another text's length.
pub(super) fn write_uuid(writer: &mut Writer, column: &Column, name: &str, value: &str) {
    if column.type_name == "UUID" && writer.engine == Engine::PostgreSql {
        let value = writer.text(value);
        return writer.put(&format!("{name} = ({value})::uuid"));
    }
    let length = match writer.engine {
        Engine::MySql => "CHAR_LENGTH",
        _ => "length",
    };
    writer.push("(");
    write_folded_half(writer, column, name, value);
    writer.push(&format!(" OR {length}({name}) <> 36 OR "));
    write_not_canonical(writer, column, name, NOT_CANONICAL);
    writer.put(")");
}

/// What pages are ordered and continued by.
pub(crate) fn key(engine: Engine, column: &Column, name: &str) -> String {
    match (engine, column.kind) {
        (Engine::Sqlite, ColumnKind::Integer) => name.to_owned(),
        _ => as_text(engine, column, name),
    }
}

/// The key compared as its own type, so that the column's index is used. SQLite keeps any type in any column
/// and sorts all blobs after all texts: a text compared with them would never get past them.
pub(super) fn write_key(writer: &mut Writer, column: &Column, name: &str, comparison: Option<(&str, &String)>) {
    let engine = writer.engine;
    let key = key(engine, column, name);
    let Some((operator, last)) = comparison else {
        writer.push(name).push(" IS NOT NULL");
        write_key_type(writer, column, name);
        return;
    };
    let value = match (column.kind, last.parse::<i64>()) {
        (ColumnKind::Integer, Ok(number)) => writer.bind(Arg::Integer(number)),
        _ => writer.text(last),
    };
    let value = match (engine, column.kind) {
        (Engine::PostgreSql, ColumnKind::TextIgnoreCase) => format!("({value})::{}", column.type_name),
        (Engine::PostgreSql, ColumnKind::FixedText) => format!("({value})::bpchar"),
        (Engine::PostgreSql, ColumnKind::Boolean | ColumnKind::Other) => cast_text(&value, Some(&column.type_name)),
        _ => value,
    };
    let operator = column.operator(operator);
    writer.push(&format!("{key} {operator} {value}"));
    write_key_type(writer, column, name);
}

fn write_key_type(writer: &mut Writer, column: &Column, name: &str) {
    if writer.engine != Engine::Sqlite {
        return;
    }
    match column.kind {
        ColumnKind::Text => writer.put(&format!(" AND typeof({name}) = 'text'")),
        ColumnKind::Integer => writer.put(&format!(" AND typeof({name}) = 'integer'")),
        _ => {}
    }
}

pub(super) fn is_uuid(engine: Engine, column: &Column) -> bool {
    engine == Engine::PostgreSql && column.type_name == "UUID"
}
