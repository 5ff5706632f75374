//! What all engines' values have in common: numbers, JSON, octets that may be text.

use sqlx::types::JsonValue;

use crate::model::value::Cell;

/// Numbers stored as floating point are numbers still: 10001.0 is 10001.
pub(super) fn float(value: f64) -> Option<Cell> {
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
pub(super) fn decimal(text: &str) -> Cell {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.bytes().all(|digit| digit == b'0')
        && let Ok(number) = whole.parse()
    {
        return Cell::Integer(number);
    }
    Cell::Text(text.to_owned())
}

/// JSON: scalars are themselves, arrays of scalars are lists, everything else stays as written.
pub(super) fn json(text: &str) -> Option<Cell> {
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
pub(super) fn text_or_bytes(bytes: &[u8]) -> Cell {
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
}
