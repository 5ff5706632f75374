//! PostgreSQL's binary format, by type OID. The driver's own decoders refuse a whole list of types as text; reading
//! the octets is shorter and never fails a row.

use std::net::{Ipv4Addr, Ipv6Addr};

use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgRow, PgTypeInfo, PgTypeKind, PgValueFormat, PgValueRef};
use sqlx::{Column, Row as _, TypeInfo, ValueRef};

use crate::model::time::Timestamp;
use crate::model::value::Cell;
use crate::sql::decode::scalar::{decimal, float, json, text_or_bytes};
use crate::sql::decode::undecodable::UndecodableValues;

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
pub(crate) fn row(row: &PgRow, undecodable: &UndecodableValues) -> crate::sql::row::Row {
    row.columns()
        .iter()
        .map(|column| {
            let name = column.name();
            match row.try_get_raw(column.ordinal()) {
                Ok(value) if value.is_null() => Cell::Null,
                Ok(value) => cell(&value).unwrap_or_else(|| undecodable.note(name, column.type_info().name())),
                Err(_) => undecodable.note(name, column.type_info().name()),
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

/// Whether values of a type can be decoded at all. One that cannot is `Unreadable` in every row.
pub(crate) fn is_readable(type_info: &PgTypeInfo) -> bool {
    match type_info.kind() {
        PgTypeKind::Array(element) => is_readable(element),
        PgTypeKind::Domain(base) => is_readable(base),
        PgTypeKind::Enum(_) => true,
        PgTypeKind::Composite(_) | PgTypeKind::Range(_) => false,
        PgTypeKind::Simple | PgTypeKind::Pseudo => Format::of(type_info).is_some(),
    }
}

fn binary(type_info: &PgTypeInfo, bytes: &[u8]) -> Option<Cell> {
    match type_info.kind() {
        PgTypeKind::Array(element) => list(bytes, |item| binary(element, item)),
        PgTypeKind::Enum(_) => text(bytes),
        PgTypeKind::Domain(base) => binary(base, bytes),
        PgTypeKind::Composite(_) | PgTypeKind::Range(_) => None,
        PgTypeKind::Simple | PgTypeKind::Pseudo => Format::of(type_info)?.read(bytes),
    }
}

/// A value of a simple type.
pub(crate) fn simple(oid: u32, name: &str, bytes: &[u8]) -> Option<Cell> {
    Format::known(oid, name)?.read(bytes)
}

/// Whether values of such a type can be decoded at all.
pub(crate) fn is_simple_readable(oid: u32, name: &str) -> bool {
    Format::known(oid, name).is_some()
}

/// How the values of a simple type are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Boolean,
    Bytes,
    Character,
    Text,
    PaddedText,
    VersionedText,
    Int8,
    Int2,
    Int4,
    Unsigned4,
    Float4,
    Float8,
    Numeric,
    Json,
    JsonB,
    Date,
    Time,
    Timestamp,
    TimeWithZone,
    Uuid,
    Address,
    HardwareAddress,
    Bits,
    Hstore,
}

impl Format {
    fn of(type_info: &PgTypeInfo) -> Option<Format> {
        match type_info.oid() {
            Some(Oid(oid)) => Format::known(oid, type_info.name()),
            None => Format::named(type_info.name()),
        }
    }

    fn known(oid: u32, name: &str) -> Option<Format> {
        Format::of_oid(oid).or_else(|| Format::named(name))
    }

    fn of_oid(oid: u32) -> Option<Format> {
        Some(match oid {
            16 => Format::Boolean,
            17 => Format::Bytes,
            18 => Format::Character,
            // name, text, xml, unknown, varchar
            19 | 25 | 142 | 705 | 1043 => Format::Text,
            1042 => Format::PaddedText,
            20 => Format::Int8,
            21 => Format::Int2,
            23 => Format::Int4,
            // oid, xid, cid
            26 | 28 | 29 => Format::Unsigned4,
            700 => Format::Float4,
            701 => Format::Float8,
            1700 => Format::Numeric,
            114 => Format::Json,
            3802 => Format::JsonB,
            1082 => Format::Date,
            1083 => Format::Time,
            1114 | 1184 => Format::Timestamp,
            1266 => Format::TimeWithZone,
            2950 => Format::Uuid,
            869 | 650 => Format::Address,
            829 | 774 => Format::HardwareAddress,
            1560 | 1562 => Format::Bits,
            _ => return None,
        })
    }

    /// An extension's types have no fixed OID, and are in whatever schema it was put. sqlx has their names as
    /// `regtype` writes them: with the schema when that is not on the search path.
    fn named(name: &str) -> Option<Format> {
        match bare_name(name) {
            "citext" => Some(Format::Text),
            "ltree" | "lquery" | "ltxtquery" => Some(Format::VersionedText),
            "hstore" => Some(Format::Hstore),
            _ => None,
        }
    }

    fn read(self, bytes: &[u8]) -> Option<Cell> {
        Some(match self {
            Format::Boolean => Cell::Boolean(*bytes.first()? != 0),
            Format::Bytes => Cell::Bytes(bytes.to_vec()),
            // "char": one byte.
            Format::Character => text_or_bytes(bytes.strip_suffix(b"\0").unwrap_or(bytes)),
            Format::Text => text(bytes)?,
            // bpchar: trailing blanks have no meaning.
            Format::PaddedText => Cell::Text(std::str::from_utf8(bytes).ok()?.trim_end_matches(' ').to_owned()),
            Format::VersionedText => text(bytes.strip_prefix(&[1])?)?,
            Format::Int8 => Cell::Integer(i64::from_be_bytes(bytes.try_into().ok()?).into()),
            Format::Int2 => Cell::Integer(i16::from_be_bytes(bytes.try_into().ok()?).into()),
            Format::Int4 => Cell::Integer(i32::from_be_bytes(bytes.try_into().ok()?).into()),
            Format::Unsigned4 => Cell::Integer(u32::from_be_bytes(bytes.try_into().ok()?).into()),
            Format::Float4 => float(f32::from_be_bytes(bytes.try_into().ok()?).to_string().parse().ok()?)?,
            Format::Float8 => float(f64::from_be_bytes(bytes.try_into().ok()?))?,
            Format::Numeric => decimal(&numeric(bytes)?),
            Format::Json => json(std::str::from_utf8(bytes).ok()?)?,
            // A version, then the text.
            Format::JsonB => json(std::str::from_utf8(bytes.strip_prefix(&[1])?).ok()?)?,
            Format::Date => Cell::Time(date(i32::from_be_bytes(bytes.try_into().ok()?))),
            Format::Time => Cell::Text(time_of_day(i64::from_be_bytes(bytes.try_into().ok()?))),
            Format::Timestamp => Cell::Time(timestamp(i64::from_be_bytes(bytes.try_into().ok()?))),
            Format::TimeWithZone => time_with_zone(bytes)?,
            Format::Uuid => Cell::Text(uuid::Uuid::from_slice(bytes).ok()?.to_string()),
            Format::Address => Cell::Text(address(bytes)?),
            Format::HardwareAddress => Cell::Text(hardware_address(bytes)),
            Format::Bits => Cell::Text(bits(bytes)?),
            Format::Hstore => Cell::Text(hstore(bytes)?),
        })
    }
}

/// The last part of a name as SQL writes it, without its quotes: `Odd.Name` of `"my schema"."Odd.Name"`. Of a name
/// that contains quotes, only what follows them: no type that is asked for has such a name.
pub(crate) fn bare_name(name: &str) -> &str {
    match name.strip_suffix('"') {
        Some(quoted) => quoted.rsplit('"').next().unwrap_or(quoted),
        None => name.rsplit('.').next().unwrap_or(name),
    }
}

/// As PostgreSQL writes it: `"a"=>"1", "b"=>NULL`.
fn hstore(bytes: &[u8]) -> Option<String> {
    let mut rest = bytes;
    let number = |rest: &mut &[u8]| -> Option<i32> {
        let (word, left) = rest.split_first_chunk::<4>()?;
        *rest = left;
        Some(i32::from_be_bytes(*word))
    };
    let quoted = |rest: &mut &[u8], length: i32| -> Option<String> {
        let (text, left) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        *rest = left;
        let text = std::str::from_utf8(text).ok()?;
        Some(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
    };
    let count = number(&mut rest)?;
    let mut pairs = Vec::new();
    for _ in 0..count {
        let length = number(&mut rest)?;
        let key = quoted(&mut rest, length)?;
        let value = match number(&mut rest)? {
            -1 => "NULL".to_owned(),
            length => quoted(&mut rest, length)?,
        };
        pairs.push(format!("{key}=>{value}"));
    }
    Some(pairs.join(", "))
}

pub(crate) fn text(bytes: &[u8]) -> Option<Cell> {
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
pub(crate) fn list(bytes: &[u8], decode: impl Fn(&[u8]) -> Option<Cell>) -> Option<Cell> {
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
mod tests;
