//! Points in time on each engine: columns of time types, and SQLite's texts.

use super::comparison::as_text;
use crate::model::time::Timestamp;
use crate::sql::engine::Engine;
use crate::sql::query::description::{Column, ColumnKind};
use crate::sql::statement::Writer;

/// The years that every engine writes alike, less a few days at both ends: `infinity` is served as the last second of
/// 9999, and PostgreSQL has no year 0.
const FIRST: i64 = -62_135_000_000;
const LAST: i64 = 253_370_764_800;
/// A local time is less than a day from UTC, on either side.
const ZONES: i64 = 2 * 86_400;
const DAY: &str = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*";

/// A span of time, in seconds since 1970.
#[derive(Clone, Copy)]
pub(super) struct Span {
    /// Not before this.
    pub(super) from: Option<i64>,
    /// Before this.
    pub(super) before: Option<i64>,
}

/// Whether the column can be compared with these bounds.
pub(super) fn is_comparable(engine: Engine, column: &Column, span: Span) -> bool {
    let sayable = |bound: Option<i64>| bound.is_none_or(|bound| (FIRST..LAST).contains(&bound));
    let typed = match engine {
        Engine::PostgreSql => matches!(column.type_name.as_str(), "TIMESTAMP" | "TIMESTAMPTZ" | "DATE"),
        Engine::MySql => matches!(column.type_name.as_str(), "DATETIME" | "TIMESTAMP" | "DATE"),
        // SQLite keeps times in no other way, whatever was declared.
        Engine::Sqlite => column.kind != ColumnKind::Integer && column.kind != ColumnKind::Boolean,
    };
    typed && sayable(span.from) && sayable(span.before)
}

pub(super) fn write(writer: &mut Writer, column: &Column, name: &str, span: Span) {
    if writer.engine == Engine::Sqlite {
        return write_texts(writer, column, name, span);
    }
    let mut written = format!("{name} IS NOT NULL");
    for (bound, operator) in [(span.from, ">="), (span.before, "<")] {
        let Some(text) = bound.and_then(text) else { continue };
        let value = writer.text(&text);
        let value = match (writer.engine, column.type_name.as_str()) {
            (Engine::PostgreSql, "TIMESTAMPTZ") => format!("(({value} || '+00')::timestamptz)"),
            (Engine::PostgreSql, _) => format!("(({value})::timestamp)"),
            _ => value,
        };
        written.push_str(&format!(" AND {name} {operator} {value}"));
    }
    writer.put(&format!("({written})"));
}

/// Texts that begin with a date are in the order of their dates.
fn write_texts(writer: &mut Writer, column: &Column, name: &str, span: Span) {
    let name_as_text = as_text(Engine::Sqlite, column, name);
    let mut written = String::new();
    for (bound, operator) in [
        (span.from.map(|from| from - ZONES), ">="),
        (span.before.map(|before| before + ZONES), "<"),
    ] {
        let Some(text) = bound.and_then(text) else { continue };
        let value = writer.text(&text);
        written.push_str(&format!("{name_as_text} COLLATE BINARY {operator} {value} AND "));
    }
    written.push_str(&format!("{name} IS NOT NULL"));
    writer.put(&format!(
        "(({written}) OR {name_as_text} NOT GLOB '{DAY}' OR typeof({name}) <> 'text' AND {name} IS NOT NULL)"
    ));
}

/// `2024-01-02 03:04:05`.
fn text(seconds: i64) -> Option<String> {
    let text = Timestamp { seconds, nanos: 0 }.to_generalized()?;
    let part = |from: usize, to: usize| text.get(from..to);
    Some(format!(
        "{}-{}-{} {}:{}:{}",
        part(0, 4)?,
        part(4, 6)?,
        part(6, 8)?,
        part(8, 10)?,
        part(10, 12)?,
        part(12, 14)?
    ))
}
