//! From each engine's values to `Cell`s. One bad value spoils nothing else: what cannot be decoded is
//! `Unreadable`, counted, and logged once per column.

pub(crate) mod mysql;
pub(crate) mod postgres;
pub(crate) mod sqlite;

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use sqlx::types::JsonValue;

use crate::model::value::Cell;

/// What could not be decoded.
#[derive(Default)]
pub(crate) struct Losses {
    count: AtomicU64,
    named: Mutex<HashSet<(String, String)>>,
}

impl Losses {
    /// Logged columns are remembered, but not without limit: an operator's query has not that many.
    const NAMED: usize = 1000;

    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    pub(crate) fn note(&self, column: &str, type_name: &str) -> Cell {
        self.count.fetch_add(1, Ordering::Relaxed);
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        if named.len() < Self::NAMED && named.insert((column.to_owned(), type_name.to_owned())) {
            tracing::warn!(
                column,
                r#type = type_name,
                "a value of this column cannot be decoded (logged once): an attribute is absent, and a column that decides \
                 about binds refuses"
            );
        }
        Cell::Unreadable
    }
}

/// Numbers stored as floating point are numbers still: 10001.0 is 10001.
fn float(value: f64) -> Option<Cell> {
    if !value.is_finite() {
        return None;
    }
    // Beyond 2^53 neighbouring integers are one float.
    if value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0 {
        return format!("{value:.0}").parse().ok().map(Cell::Integer);
    }
    Some(Cell::Text(value.to_string()))
}

/// `123`, `123.00` and `-5` are integers, everything else stays text.
fn decimal(text: &str) -> Cell {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.bytes().all(|digit| digit == b'0')
        && let Ok(number) = whole.parse()
    {
        return Cell::Integer(number);
    }
    Cell::Text(text.to_owned())
}

/// JSON: scalars are themselves, arrays of scalars are lists, everything else stays as written.
fn json(text: &str) -> Option<Cell> {
    let value: JsonValue = text.parse().ok()?;
    let scalar = |value: &JsonValue| match value {
        JsonValue::Null => Some(Cell::Null),
        JsonValue::Bool(value) => Some(Cell::Boolean(*value)),
        JsonValue::Number(number) => Some(match number.to_string().parse() {
            Ok(number) => Cell::Integer(number),
            Err(_) => Cell::Text(number.to_string()),
        }),
        JsonValue::String(text) => Some(Cell::Text(text.clone())),
        JsonValue::Array(_) | JsonValue::Object(_) => None,
    };
    let cell = match &value {
        JsonValue::Array(items) => items.iter().map(scalar).collect::<Option<Vec<_>>>().map(Cell::List),
        other => scalar(other),
    };
    Some(cell.unwrap_or_else(|| Cell::Text(text.to_owned())))
}

/// Binary columns often hold text (a function's result, a username kept binary to be compared exactly):
/// printable UTF-8 is text, everything else bytes.
fn text_or_bytes(bytes: &[u8]) -> Cell {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains(|c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r')) => {
            Cell::Text(text.to_owned())
        }
        _ => Cell::Bytes(bytes.to_vec()),
    }
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

    fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    #[test]
    fn floats_and_decimals() {
        assert_eq!(float(10001.0), Some(Cell::Integer(10001)));
        assert_eq!(float(-0.0), Some(Cell::Integer(0)));
        assert_eq!(float(1.5), Some(text("1.5")));
        assert_eq!(float(1e300), Some(text(&1e300.to_string())));
        assert_eq!(float(f64::NAN), None);
        assert_eq!(decimal("10001.00"), Cell::Integer(10001));
        assert_eq!(decimal("-7"), Cell::Integer(-7));
        assert_eq!(decimal("0.5"), text("0.5"));
        assert_eq!(
            decimal("99999999999999999999999999999999999999999999"),
            text("99999999999999999999999999999999999999999999")
        );
    }

    #[test]
    fn json_values() {
        assert_eq!(
            json(r#"["a", 2, true, null]"#),
            Some(Cell::List(vec![
                text("a"),
                Cell::Integer(2),
                Cell::Boolean(true),
                Cell::Null
            ]))
        );
        assert_eq!(json("[]"), Some(Cell::List(Vec::new())));
        assert_eq!(json(r#"{"a": 1}"#), Some(text(r#"{"a": 1}"#)));
        assert_eq!(json(r#"[["a"]]"#), Some(text(r#"[["a"]]"#)));
        assert_eq!(json(r#""a""#), Some(text("a")));
        assert_eq!(json("null"), Some(Cell::Null));
        assert_eq!(json("{"), None);
    }

    #[test]
    fn binary_columns() {
        assert_eq!(text_or_bytes("Zoë\n".as_bytes()), text("Zoë\n"));
        assert_eq!(text_or_bytes(&[0xff, 0xd8]), Cell::Bytes(vec![0xff, 0xd8]));
        assert_eq!(text_or_bytes(b"a\0b"), Cell::Bytes(b"a\0b".to_vec()));
    }

    #[test]
    fn losses_are_counted() {
        let losses = Losses::default();
        assert_eq!(losses.note("c", "T"), Cell::Unreadable);
        losses.note("c", "T");
        assert_eq!((losses.count(), losses.named.lock().unwrap().len()), (2, 1));
    }
}
