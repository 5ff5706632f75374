//! MariaDB's and MySQL's values, by the name of the column's type.

use chrono::{NaiveDate, NaiveDateTime};
use sqlx::mysql::{MySql, MySqlRow, MySqlValueRef};
use sqlx::{Column, Decode, Row as _, TypeInfo, ValueRef};

use super::scalar::{decimal, float, json, text_or_bytes};
use super::undecodable::UndecodableValues;
use crate::model::time::Timestamp;
use crate::model::value::Cell;

/// Decodes a row.
pub(crate) fn row(row: &MySqlRow, undecodable: &UndecodableValues) -> crate::sql::row::Row {
    row.columns()
        .iter()
        .map(|column| {
            let type_name = column.type_info().name();
            match row.try_get_raw(column.ordinal()) {
                Ok(value) if is_zero_date(type_name, &value) => undecodable.note(column.name(), type_name),
                Ok(value) if value.is_null() => Cell::Null,
                Ok(value) => cell(type_name, value).unwrap_or_else(|| undecodable.note(column.name(), type_name)),
                Err(_) => undecodable.note(column.name(), type_name),
            }
        })
        .collect()
}

/// `0000-00-00`, which the driver takes for NULL. It is not: nobody knows whether such an account ends at once or
/// never.
fn is_zero_date(type_name: &str, value: &MySqlValueRef<'_>) -> bool {
    matches!(type_name, "DATE" | "DATETIME" | "TIMESTAMP") && value.is_null() && read::<&[u8]>(value.clone()).is_some()
}

/// Whether values of a type can be decoded at all.
pub(crate) fn is_readable(type_name: &str) -> bool {
    type_name != "GEOMETRY"
}

fn cell(type_name: &str, value: MySqlValueRef<'_>) -> Option<Cell> {
    Some(match type_name {
        "BOOLEAN" => Cell::Boolean(read::<i8>(value)? != 0),
        "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" => Cell::Integer(read::<i64>(value)?.into()),
        "TINYINT UNSIGNED" | "SMALLINT UNSIGNED" | "MEDIUMINT UNSIGNED" | "INT UNSIGNED" | "BIGINT UNSIGNED"
        | "YEAR" | "BIT" => Cell::Integer(read::<u64>(value)?.into()),
        "FLOAT" => float(read::<f32>(value)?.to_string().parse().ok()?)?,
        "DOUBLE" => float(read::<f64>(value)?)?,
        "DECIMAL" => decimal(std::str::from_utf8(read::<&[u8]>(value)?).ok()?),
        "JSON" => json(std::str::from_utf8(read::<&[u8]>(value)?).ok()?)?,
        "DATE" => time(read::<NaiveDate>(value)?.and_hms_opt(0, 0, 0)?),
        // The session's time zone is UTC, and a DATETIME is taken as such.
        "DATETIME" | "TIMESTAMP" => time(read::<NaiveDateTime>(value)?),
        "TIME" => Cell::Text(time_of_day(read::<&[u8]>(value)?)?),
        "BINARY" | "VARBINARY" | "TINYBLOB" | "BLOB" | "MEDIUMBLOB" | "LONGBLOB" => {
            text_or_bytes(read::<&[u8]>(value)?)
        }
        "NULL" => Cell::Null,
        "GEOMETRY" => return None,
        // All kinds of text, ENUM and SET.
        _ => Cell::Text(std::str::from_utf8(read::<&[u8]>(value)?).ok()?.to_owned()),
    })
}

fn read<'r, T: Decode<'r, MySql>>(value: MySqlValueRef<'r>) -> Option<T> {
    T::decode(value).ok()
}

fn time(value: NaiveDateTime) -> Cell {
    let value = value.and_utc();
    Cell::Time(Timestamp {
        seconds: value.timestamp(),
        nanos: value.timestamp_subsec_nanos(),
    })
}

/// TIME in the binary protocol: length, sign, days, hours, minutes, seconds, and maybe microseconds.
fn time_of_day(bytes: &[u8]) -> Option<String> {
    let (length, bytes) = bytes.split_first()?;
    if *length == 0 {
        return Some("00:00:00".to_owned());
    }
    let [negative, d0, d1, d2, d3, hours, minutes, seconds, micros @ ..] = bytes else {
        return None;
    };
    let hours = u64::from(u32::from_le_bytes([*d0, *d1, *d2, *d3])) * 24 + u64::from(*hours);
    let sign = if *negative == 0 { "" } else { "-" };
    let fraction = match micros.first_chunk::<4>().map(|bytes| u32::from_le_bytes(*bytes)) {
        None | Some(0) => String::new(),
        Some(micros) => format!(".{}", format!("{micros:06}").trim_end_matches('0')),
    };
    Some(format!("{sign}{hours:02}:{minutes:02}:{seconds:02}{fraction}"))
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
mod tests {
    use super::*;

    #[test]
    fn times_of_day() {
        assert_eq!(time_of_day(&[0]).unwrap(), "00:00:00");
        assert_eq!(time_of_day(&[8, 0, 0, 0, 0, 0, 12, 34, 56]).unwrap(), "12:34:56");
        assert_eq!(
            time_of_day(&[12, 1, 1, 0, 0, 0, 1, 2, 3, 0x20, 0xa1, 7, 0]).unwrap(),
            "-25:02:03.5"
        );
        assert_eq!(time_of_day(&[8, 0]), None);
        assert_eq!(time_of_day(&[]), None);
    }
}
