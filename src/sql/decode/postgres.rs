//! PostgreSQL's binary format, by type OID. The driver's own decoders refuse a whole list of types for
//! text; reading the bytes is shorter and never fails a row.

use std::net::{Ipv4Addr, Ipv6Addr};

use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgRow, PgTypeInfo, PgTypeKind, PgValueFormat, PgValueRef};
use sqlx::{Column, Row as _, TypeInfo, ValueRef};

use super::{Losses, decimal, float, json, text_or_bytes};
use crate::model::time::Timestamp;
use crate::model::value::Cell;

/// 2000-01-01, PostgreSQL's epoch.
const EPOCH: i64 = 946_684_800;
const DAY: i64 = 86_400;
/// `infinity` and `-infinity`: the ends of what generalizedTime can say.
const FOREVER: Timestamp = Timestamp {
    seconds: 253_402_300_799,
    nanos: 0,
};
const EVER: Timestamp = Timestamp {
    seconds: -62_167_219_200,
    nanos: 0,
};

/// Decodes a row.
pub(in crate::sql) fn row(row: &PgRow, losses: &Losses) -> crate::sql::Row {
    row.columns()
        .iter()
        .map(|column| {
            let name = column.name();
            match row.try_get_raw(column.ordinal()) {
                Ok(value) if value.is_null() => Cell::Null,
                Ok(value) => cell(&value).unwrap_or_else(|| losses.note(name, column.type_info().name())),
                Err(_) => losses.note(name, column.type_info().name()),
            }
        })
        .collect()
}

fn cell(value: &PgValueRef<'_>) -> Option<Cell> {
    let bytes = value.as_bytes().ok()?;
    match value.format() {
        PgValueFormat::Text => Some(Cell::Text(std::str::from_utf8(bytes).ok()?.to_owned())),
        PgValueFormat::Binary => binary(&value.type_info(), bytes),
    }
}

fn binary(type_info: &PgTypeInfo, bytes: &[u8]) -> Option<Cell> {
    match type_info.kind() {
        PgTypeKind::Array(element) => list(bytes, |item| binary(element, item)),
        PgTypeKind::Enum(_) => text(bytes),
        PgTypeKind::Domain(base) => binary(base, bytes),
        PgTypeKind::Composite(_) | PgTypeKind::Range(_) => None,
        PgTypeKind::Simple | PgTypeKind::Pseudo => match type_info.oid() {
            Some(Oid(oid)) => simple(oid, type_info.name(), bytes),
            None => named(type_info.name(), bytes),
        },
    }
}

/// A value of a type that is made of no others.
pub(in crate::sql) fn simple(oid: u32, name: &str, bytes: &[u8]) -> Option<Cell> {
    Some(match oid {
        16 => Cell::Boolean(*bytes.first()? != 0),
        17 => Cell::Bytes(bytes.to_vec()),
        // "char": one byte.
        18 => text_or_bytes(bytes.strip_suffix(b"\0").unwrap_or(bytes)),
        // name, text, xml, unknown, varchar
        19 | 25 | 142 | 705 | 1043 => text(bytes)?,
        // bpchar: trailing blanks have no meaning.
        1042 => Cell::Text(std::str::from_utf8(bytes).ok()?.trim_end_matches(' ').to_owned()),
        20 => Cell::Integer(i64::from_be_bytes(bytes.try_into().ok()?).into()),
        21 => Cell::Integer(i16::from_be_bytes(bytes.try_into().ok()?).into()),
        23 => Cell::Integer(i32::from_be_bytes(bytes.try_into().ok()?).into()),
        // oid, xid, cid
        26 | 28 | 29 => Cell::Integer(u32::from_be_bytes(bytes.try_into().ok()?).into()),
        700 => float(f32::from_be_bytes(bytes.try_into().ok()?).to_string().parse().ok()?)?,
        701 => float(f64::from_be_bytes(bytes.try_into().ok()?))?,
        1700 => decimal(&numeric(bytes)?),
        114 => json(std::str::from_utf8(bytes).ok()?)?,
        // jsonb: a version, then the text.
        3802 => json(std::str::from_utf8(bytes.strip_prefix(&[1])?).ok()?)?,
        1082 => Cell::Time(date(i32::from_be_bytes(bytes.try_into().ok()?))),
        1083 => Cell::Text(time_of_day(i64::from_be_bytes(bytes.try_into().ok()?))),
        1114 | 1184 => Cell::Time(timestamp(i64::from_be_bytes(bytes.try_into().ok()?))),
        1266 => time_with_zone(bytes)?,
        2950 => Cell::Text(uuid::Uuid::from_slice(bytes).ok()?.to_string()),
        869 | 650 => Cell::Text(address(bytes)?),
        829 | 774 => Cell::Text(hardware_address(bytes)),
        1560 | 1562 => Cell::Text(bits(bytes)?),
        _ => return named(name, bytes),
    })
}

/// Types of extensions have no fixed OID.
fn named(name: &str, bytes: &[u8]) -> Option<Cell> {
    match name.to_ascii_lowercase().trim_matches('"') {
        "citext" | "ltree" => text(bytes),
        _ => None,
    }
}

pub(in crate::sql) fn text(bytes: &[u8]) -> Option<Cell> {
    Some(Cell::Text(std::str::from_utf8(bytes).ok()?.to_owned()))
}

fn date(days: i32) -> Timestamp {
    match days {
        i32::MAX => FOREVER,
        i32::MIN => EVER,
        days => Timestamp {
            seconds: EPOCH + i64::from(days) * DAY,
            nanos: 0,
        },
    }
}

/// Without a time zone UTC is assumed.
fn timestamp(micros: i64) -> Timestamp {
    match micros {
        i64::MAX => FOREVER,
        i64::MIN => EVER,
        micros => Timestamp {
            seconds: EPOCH + micros.div_euclid(1_000_000),
            nanos: u32::try_from(micros.rem_euclid(1_000_000)).unwrap_or(0) * 1000,
        },
    }
}

fn time_of_day(micros: i64) -> String {
    let (seconds, fraction) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
    let whole = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    match fraction {
        0 => whole,
        fraction => format!("{whole}.{}", format!("{fraction:06}").trim_end_matches('0')),
    }
}

fn time_with_zone(bytes: &[u8]) -> Option<Cell> {
    let (time, zone) = bytes.split_at_checked(8)?;
    // Seconds *west* of Greenwich.
    let east = i32::from_be_bytes(zone.try_into().ok()?).checked_neg()?;
    let (sign, minutes) = (if east < 0 { '-' } else { '+' }, east.unsigned_abs() / 60);
    let time = time_of_day(i64::from_be_bytes(time.try_into().ok()?));
    Some(Cell::Text(format!(
        "{time}{sign}{:02}:{:02}",
        minutes / 60,
        minutes % 60
    )))
}

/// inet and cidr: family, prefix length, is cidr, length, address.
fn address(bytes: &[u8]) -> Option<String> {
    let [_family, prefix, cidr, _length, address @ ..] = bytes else {
        return None;
    };
    let (text, whole) = match address.len() {
        4 => (Ipv4Addr::from(<[u8; 4]>::try_from(address).ok()?).to_string(), 32),
        16 => (Ipv6Addr::from(<[u8; 16]>::try_from(address).ok()?).to_string(), 128),
        _ => return None,
    };
    Some(if *cidr == 0 && *prefix == whole {
        text
    } else {
        format!("{text}/{prefix}")
    })
}

fn hardware_address(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .join(":")
}

fn bits(bytes: &[u8]) -> Option<String> {
    let (length, bits) = bytes.split_at_checked(4)?;
    let length = usize::try_from(i32::from_be_bytes(length.try_into().ok()?)).ok()?;
    let digits = bits.iter().flat_map(|byte| {
        (0..8)
            .rev()
            .map(move |bit| if byte >> bit & 1 == 1 { '1' } else { '0' })
    });
    Some(digits.take(length).collect())
}

/// numeric: digits in base 10,000, the weight of the first, the sign, digits after the point.
fn numeric(bytes: &[u8]) -> Option<String> {
    let mut words = bytes
        .chunks_exact(2)
        .filter_map(|pair| pair.try_into().ok().map(u16::from_be_bytes));
    let count = words.next()?;
    let weight = i32::from(words.next()?.cast_signed());
    let sign = match words.next()? {
        0x0000 => "",
        0x4000 => "-",
        // NaN and the infinities.
        _ => return None,
    };
    let scale = usize::from(words.next()?);
    let digits: Vec<u16> = words.collect();
    if digits.len() != usize::from(count) {
        return None;
    }
    let digit = |position: i32| {
        usize::try_from(weight - position)
            .ok()
            .and_then(|index| digits.get(index))
            .copied()
            .unwrap_or(0)
    };
    let mut whole: String = (0..=weight.max(0))
        .rev()
        .map(|position| format!("{:04}", digit(position)))
        .collect();
    whole = match whole.trim_start_matches('0') {
        "" => "0".to_owned(),
        trimmed => trimmed.to_owned(),
    };
    let groups = i32::try_from(scale.div_ceil(4)).ok()?;
    let fraction: String = (1..=groups).map(|group| format!("{:04}", digit(-group))).collect();
    let fraction: String = fraction.chars().take(scale).collect();
    Some(if fraction.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    })
}

/// Arrays of any dimension, flattened: an attribute's values have no order and no shape.
pub(in crate::sql) fn list(bytes: &[u8], decode: impl Fn(&[u8]) -> Option<Cell>) -> Option<Cell> {
    let mut rest = bytes;
    let mut word = |length: usize| -> Option<&[u8]> {
        let (word, left) = rest.split_at_checked(length)?;
        rest = left;
        Some(word)
    };
    let dimensions = i32::from_be_bytes(word(4)?.try_into().ok()?);
    // Flags and the element's OID, which the column's type tells too.
    word(8)?;
    let mut count: i64 = i64::from(dimensions > 0);
    for _ in 0..dimensions {
        count = count.checked_mul(i64::from(i32::from_be_bytes(word(4)?.try_into().ok()?)))?;
        word(4)?;
    }
    let mut items = Vec::new();
    for _ in 0..count {
        let length = i32::from_be_bytes(word(4)?.try_into().ok()?);
        match usize::try_from(length) {
            Ok(length) => items.push(decode(word(length)?)?),
            // -1: NULL
            Err(_) => items.push(Cell::Null),
        }
    }
    Some(Cell::List(items))
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
    use proptest::prelude::*;

    use super::*;

    fn words(words: &[u16]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    #[test]
    fn numerics() {
        // As sent by PostgreSQL 15 for these values.
        for (wire, text) in [
            (words(&[0, 0, 0, 0]), "0"),
            (words(&[2, 1, 0, 0, 1, 1]), "10001"),
            (words(&[1, 1, 0, 0, 1]), "10000"),
            (words(&[2, 0, 0x4000, 2, 12, 3400]), "-12.34"),
            (words(&[1, 0xffff, 0, 1, 5000]), "0.5"),
            (words(&[1, 0xfffe, 0, 8, 1]), "0.00000001"),
            (words(&[2, 1, 0, 2, 1, 1]), "10001.00"),
        ] {
            assert_eq!(numeric(&wire).as_deref(), Some(text));
        }
        assert_eq!(numeric(&words(&[0, 0, 0xc000, 0])), None, "NaN");
    }

    #[test]
    fn times() {
        assert_eq!(timestamp(0).seconds, EPOCH);
        assert_eq!(
            timestamp(-1),
            Timestamp {
                seconds: EPOCH - 1,
                nanos: 999_999_000
            }
        );
        assert_eq!(timestamp(i64::MAX), FOREVER);
        assert_eq!(date(-10957).seconds, 0);
        assert_eq!(date(i32::MIN), EVER);
        assert_eq!(time_of_day(45_296_500_000), "12:34:56.5");
    }

    #[test]
    fn addresses() {
        assert_eq!(address(&[2, 32, 0, 4, 10, 0, 0, 1]).unwrap(), "10.0.0.1");
        assert_eq!(address(&[2, 8, 1, 4, 10, 0, 0, 0]).unwrap(), "10.0.0.0/8");
        assert_eq!(
            address(&[3, 128, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]).unwrap(),
            "::1"
        );
        assert_eq!(hardware_address(&[8, 0, 0x2b, 1, 2, 3]), "08:00:2b:01:02:03");
        assert_eq!(bits(&[0, 0, 0, 3, 0b1010_0000]).unwrap(), "101");
    }

    #[test]
    fn padded_text_and_extension_types() {
        assert_eq!(simple(1042, "CHAR", b"alice   "), Some(Cell::Text("alice".to_owned())));
        assert_eq!(simple(99_999, "citext", b"Alice"), Some(Cell::Text("Alice".to_owned())));
        assert_eq!(simple(99_999, "hstore", b"x"), None);
        assert_eq!(
            simple(3802, "JSONB", b"\x01[\"a\"]"),
            Some(Cell::List(vec![Cell::Text("a".to_owned())]))
        );
    }

    proptest! {
        #[test]
        fn whatever_the_bytes_nothing_panics(oid in prop::sample::select(vec![
            16u32, 17, 18, 19, 20, 21, 23, 25, 26, 114, 142, 650, 700, 701, 705, 774, 829, 869, 1042, 1043, 1082, 1083,
            1114, 1184, 1266, 1560, 1562, 1700, 2950, 3802, 9999,
        ]), bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = simple(oid, "x", &bytes);
            let _ = list(&bytes, |item| simple(oid, "x", item));
        }
    }
}
