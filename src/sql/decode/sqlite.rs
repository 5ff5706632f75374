//! SQLite's values, each by its own type: a column's type binds nothing.

use sqlx::sqlite::{Sqlite, SqliteRow, SqliteValueRef};
use sqlx::{Column, Decode, Row as _, TypeInfo, ValueRef};

use super::scalar::float;
use super::undecodable::UndecodableValues;
use crate::model::value::Cell;

/// Decodes a row.
pub(crate) fn row(row: &SqliteRow, undecodable: &UndecodableValues) -> crate::sql::row::Row {
    row.columns()
        .iter()
        .map(|column| {
            let declared = column.type_info().name();
            match row.try_get_raw(column.ordinal()) {
                Ok(value) if value.is_null() => Cell::Null,
                Ok(value) => cell(declared, value).unwrap_or_else(|| undecodable.note(column.name(), declared)),
                Err(_) => undecodable.note(column.name(), declared),
            }
        })
        .collect()
}

fn cell(declared: &str, value: SqliteValueRef<'_>) -> Option<Cell> {
    let actual = value.type_info().into_owned();
    Some(match actual.name() {
        "INTEGER" => match (declared, read::<i64>(value)?) {
            // SQLite's TRUE and FALSE are 1 and 0; the other engines have a boolean.
            ("BOOLEAN", number @ (0 | 1)) => Cell::Boolean(number == 1),
            (_, number) => Cell::Integer(number.into()),
        },
        "REAL" => float(read::<f64>(value)?)?,
        // Text need not be UTF-8 on SQLite.
        "TEXT" => {
            let bytes = read::<&[u8]>(value)?;
            match std::str::from_utf8(bytes) {
                Ok(text) => Cell::Text(text.to_owned()),
                Err(_) => Cell::Bytes(bytes.to_vec()),
            }
        }
        "BLOB" => Cell::Bytes(read::<&[u8]>(value)?.to_vec()),
        "NULL" => Cell::Null,
        _ => return None,
    })
}

fn read<'r, T: Decode<'r, Sqlite>>(value: SqliteValueRef<'r>) -> Option<T> {
    T::decode(value).ok()
}
