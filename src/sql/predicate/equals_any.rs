//! Equality with any of several values, by the column's own `=`.

use super::comparison::as_text;
use crate::sql::engine::Engine;
use crate::sql::query::description::{Column, ColumnKind};
use crate::sql::statement::{Arg, Writer};

/// Writes whether `name`, of `column`'s type, is equal to any of `values` by `=`, so that its index can be used. The
/// values must be possible ones.
pub(crate) fn write_equals_any(writer: &mut Writer, name: &str, column: &Column, values: &[String]) {
    let comparison = match writer.engine {
        // One value has a plan for all values. A list is planned anew each time, which costs more than the lookup
        // itself.
        Engine::PostgreSql if values.len() == 1 => {
            let value = writer.text(values.first().map_or("", String::as_str));
            match column.kind {
                ColumnKind::Text => format!("{name} = {value}"),
                ColumnKind::TextIgnoreCase => {
                    format!("{name} {} ({value})::{}", column.operator("="), column.type_name)
                }
                ColumnKind::FixedText => format!("{name} = ({value})::bpchar"),
                ColumnKind::Integer => format!("{name} = ({value})::int8"),
                ColumnKind::Boolean | ColumnKind::Other => format!("{name}::text = {value}"),
            }
        }
        Engine::PostgreSql => {
            let list = writer.bind(Arg::TextList(values.to_vec()));
            match column.kind {
                ColumnKind::Text => format!("{name} = ANY({list})"),
                ColumnKind::TextIgnoreCase => {
                    format!("{name} {} ANY(({list})::{}[])", column.operator("="), column.type_name)
                }
                ColumnKind::FixedText => format!("{name} = ANY(({list})::bpchar[])"),
                ColumnKind::Integer => format!("{name} = ANY(({list})::int8[])"),
                ColumnKind::Boolean | ColumnKind::Other => {
                    format!("{name}::text = ANY({list})")
                }
            }
        }
        Engine::MySql => {
            let lossy = column.kind.is_text() && !column.collation.as_ref().is_some_and(|c| c.is_unicode());
            let list = padded_list(writer, column, values);
            // Comparing with a character that the column's character set lacks is error 1267.
            match lossy && !values.iter().all(|value| value.is_ascii()) {
                true => format!("CONVERT({name} USING utf8mb4) IN ({list})"),
                false => format!("{name} IN ({list})"),
            }
        }
        Engine::Sqlite => {
            let list = writer.bind(Arg::TextList(values.to_vec()));
            let name = match column.kind {
                // Its affinity turns the list's texts into numbers.
                ColumnKind::Integer => name.to_owned(),
                _ => as_text(writer.engine, column, name),
            };
            format!("{name} IN (SELECT value FROM json_each({list}))")
        }
    };
    writer.put(&comparison);
}

/// Placeholders for all values. The list is padded to a power of two, so that there are few different texts; repeating
/// the last value changes nothing.
fn padded_list(writer: &mut Writer, column: &Column, values: &[String]) -> String {
    let length = values.len().next_power_of_two();
    let padding = std::iter::repeat_n(values.last(), length).flatten();
    let padded = values.iter().chain(padding).take(length);
    let bound = padded.map(|value| match (column.kind, value.parse()) {
        (ColumnKind::Integer, Ok(number)) => writer.bind(Arg::Integer(number)),
        _ => writer.text(value),
    });
    bound.collect::<Vec<_>>().join(", ")
}
