//! Attribute values, and the values of SQL columns before they become attribute values.
//!
//! Nothing here knows columns or attributes by name: `directory` decides which cell becomes which attribute.

use std::borrow::Cow;

use bytes::Bytes;

use super::time::Timestamp;

/// One value of an attribute, as it is served. Cloning shares the bytes.
pub type Value = Bytes;

/// One decoded SQL value.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub enum Cell {
    /// SQL NULL.
    #[default]
    Null,
    /// A value that could not be decoded: absent from entries, but for a decision not the same as NULL.
    Unreadable,
    /// Any kind of text, also enums and decimal fractions.
    Text(String),
    /// An integer of any width, or a decimal without a fraction.
    Integer(i128),
    /// A boolean, where the engine has them.
    Boolean(bool),
    /// A point in time or a date.
    Time(Timestamp),
    /// Binary data.
    Bytes(Vec<u8>),
    /// An array or a JSON array.
    List(Vec<Cell>),
}

impl Cell {
    /// Whether nothing is there: NULL, the empty string, or a list without anything in it.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        match self {
            Self::Null | Self::Unreadable => true,
            Self::Text(text) => text.is_empty(),
            Self::Bytes(bytes) => bytes.is_empty(),
            Self::List(items) => items.iter().all(Self::is_absent),
            Self::Integer(_) | Self::Boolean(_) | Self::Time(_) => false,
        }
    }

    /// The cell as LDAP text: integers in decimal, booleans and times as RFC 4517 writes them.
    /// `None` when absent, not text, or a list of other than one item.
    #[must_use]
    pub fn to_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Null | Self::Unreadable => None,
            Self::Text(text) if text.is_empty() => None,
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Integer(number) => Some(Cow::Owned(number.to_string())),
            Self::Boolean(true) => Some(Cow::Borrowed("TRUE")),
            Self::Boolean(false) => Some(Cow::Borrowed("FALSE")),
            Self::Time(time) => time.to_generalized().map(Cow::Owned),
            Self::Bytes(bytes) if bytes.is_empty() => None,
            Self::Bytes(bytes) => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Self::List(_) => {
                let mut present = self.items().filter(|item| !item.is_absent());
                match (present.next(), present.next()) {
                    (Some(Self::List(_)), _) | (None, _) | (_, Some(_)) => None,
                    (Some(item), None) => item.to_text(),
                }
            }
        }
    }

    /// The cell as bytes of an attribute value; binary data is taken as it is. `None` when absent or a list.
    #[must_use]
    pub fn to_value(&self) -> Option<Value> {
        match self {
            Self::Bytes(bytes) if !bytes.is_empty() => Some(Value::copy_from_slice(bytes)),
            Self::List(_) => None,
            _ => self.to_text().map(|text| match text {
                Cow::Borrowed(text) => Value::copy_from_slice(text.as_bytes()),
                Cow::Owned(text) => Value::from(text),
            }),
        }
    }

    /// The items of a list, or the cell itself as the only one.
    pub fn items(&self) -> impl Iterator<Item = &Self> {
        match self {
            Self::List(items) => items.as_slice(),
            other => std::slice::from_ref(other),
        }
        .iter()
    }

    /// The cell as an integer; text is read if it is nothing but a decimal number.
    #[must_use]
    pub fn to_integer(&self) -> Option<i128> {
        match self {
            Self::Integer(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
            Self::Bytes(bytes) => std::str::from_utf8(bytes).ok()?.trim().parse().ok(),
            Self::Null | Self::Unreadable | Self::Boolean(_) | Self::Time(_) | Self::List(_) => None,
        }
    }

    /// The cell as a truth value, in the spellings that tables use: booleans, numbers, and
    /// true/t/yes/y/on/1 with their opposites. `None` when it is none of them.
    #[must_use]
    pub fn to_boolean(&self) -> Option<bool> {
        const TRUE: [&str; 6] = ["true", "t", "yes", "y", "on", "1"];
        const FALSE: [&str; 6] = ["false", "f", "no", "n", "off", "0"];
        match self {
            Self::Boolean(value) => Some(*value),
            Self::Integer(number) => Some(*number != 0),
            Self::Text(text) => {
                let word = text.trim();
                if TRUE.iter().any(|known| word.eq_ignore_ascii_case(known)) {
                    Some(true)
                } else if FALSE.iter().any(|known| word.eq_ignore_ascii_case(known)) {
                    Some(false)
                } else {
                    None
                }
            }
            // MySQL's BIT(1) arrives as one byte.
            Self::Bytes(bytes) => match bytes.as_slice() {
                [0] => Some(false),
                [1] => Some(true),
                other => Self::Text(std::str::from_utf8(other).ok()?.to_owned()).to_boolean(),
            },
            Self::Null | Self::Unreadable | Self::Time(_) | Self::List(_) => None,
        }
    }

    /// The cell as a point in time: text in the SQL or generalizedTime form. Numbers are not guessed at.
    #[must_use]
    pub fn to_time(&self) -> Option<Timestamp> {
        match self {
            Self::Time(time) => Some(*time),
            Self::Text(text) => {
                Timestamp::parse_sql(text).or_else(|| Timestamp::parse_generalized(text.trim().as_bytes()))
            }
            Self::Bytes(bytes) => Timestamp::parse_sql(std::str::from_utf8(bytes).ok()?),
            Self::Null | Self::Unreadable | Self::Integer(_) | Self::Boolean(_) | Self::List(_) => None,
        }
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

    #[test]
    fn absent_is_null_empty_or_a_list_of_nothing() {
        assert!(Cell::Null.is_absent());
        assert!(Cell::Text(String::new()).is_absent());
        assert!(Cell::List(vec![]).is_absent());
        assert!(Cell::List(vec![Cell::Null, Cell::Text(String::new())]).is_absent());
        assert!(!Cell::Text(" ".into()).is_absent());
        assert!(!Cell::Integer(0).is_absent());
        assert!(!Cell::Boolean(false).is_absent());
    }

    #[test]
    fn text_is_what_ldap_would_write() {
        assert_eq!(Cell::Integer(-7).to_text().unwrap(), "-7");
        assert_eq!(Cell::Boolean(true).to_text().unwrap(), "TRUE");
        let time = Timestamp { seconds: 0, nanos: 0 };
        assert_eq!(Cell::Time(time).to_text().unwrap(), "19700101000000Z");
        assert_eq!(Cell::Bytes(vec![0xff]).to_text(), None);
        assert_eq!(Cell::Bytes(vec![0xff]).to_value().unwrap().as_ref(), b"\xff");
        assert_eq!(Cell::Null.to_text(), None);
        let one = Cell::List(vec![Cell::Null, Cell::Integer(1)]);
        assert_eq!(one.to_text().unwrap(), "1");
        let two = Cell::List(vec![Cell::Integer(1), Cell::Integer(2)]);
        assert_eq!(two.to_text(), None);
        assert_eq!(two.items().count(), 2);
    }

    #[test]
    fn truth_has_many_spellings_and_no_guesses() {
        for (text, expected) in [
            ("Yes", Some(true)),
            ("off", Some(false)),
            ("1", Some(true)),
            ("maybe", None),
        ] {
            assert_eq!(Cell::Text(text.into()).to_boolean(), expected, "{text}");
        }
        assert_eq!(Cell::Integer(2).to_boolean(), Some(true));
        assert_eq!(Cell::Bytes(vec![0]).to_boolean(), Some(false));
        assert_eq!(Cell::Null.to_boolean(), None);
    }
}
