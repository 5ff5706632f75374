//! Reads DNs (RFC 4514), one attribute value after the other. A value is borrowed unless an escape forces a copy, so that
//! DNs can be compared without being built.

use std::borrow::Cow;
use std::fmt;

/// Why a text is no DN. Positions are octets from the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DnError {
    /// An attribute type (a name or an OID) was expected.
    AttributeType(usize),
    /// `=` was expected after the attribute type.
    Equals(usize),
    /// A character that must be escaped, or one that cannot follow a value.
    Character(usize),
    /// `\` is followed by neither a special character nor two hexadecimal digits.
    Escape(usize),
    /// `#` is not followed by pairs of hexadecimal digits.
    HexString(usize),
    /// The escaped octets of a value are not UTF-8.
    Utf8(usize),
    /// It has so many octets, which is more than a DN may have.
    Length(usize),
}

impl fmt::Display for DnError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (position, what) = match self {
            Self::Length(octets) => (octets, "this is longer than a DN may be"),
            Self::AttributeType(at) => (at, "an attribute type is expected"),
            Self::Equals(at) => (at, "'=' is expected"),
            Self::Character(at) => (at, "this character must be escaped"),
            Self::Escape(at) => (at, "invalid escape"),
            Self::HexString(at) => (at, "invalid hexadecimal value"),
            Self::Utf8(at) => (at, "the value is not UTF-8"),
        };
        write!(out, "invalid DN at octet {position}: {what}")
    }
}

impl std::error::Error for DnError {}

/// A value as the reader finds it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum RawValue<'a> {
    /// A string, escapes undone.
    Text(Cow<'a, str>),
    /// The octets of a `#hexstring`.
    Encoded(Vec<u8>),
}

/// An attribute type and value as the reader finds it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RawAva<'a> {
    /// The attribute type, without an `OID.` prefix.
    pub(crate) attribute: &'a str,
    /// The value.
    pub(crate) value: RawValue<'a>,
}

/// What follows an attribute value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Separator {
    /// `+`: another value of the same RDN.
    Plus,
    /// `,`: the next RDN, towards the root.
    Comma,
    /// Nothing.
    End,
}

/// Reads a DN from left to right.
pub(crate) struct AvaReader<'a> {
    text: &'a str,
    position: usize,
    done: bool,
}

impl<'a> AvaReader<'a> {
    /// A reader at the beginning of `text`.
    pub(crate) fn new(text: &'a str) -> Self {
        let done = text.bytes().all(|byte| byte == b' ');
        Self {
            text,
            position: 0,
            done,
        }
    }

    /// The next attribute value and what follows it; none at the end.
    pub(crate) fn next_ava(&mut self) -> Result<Option<(RawAva<'a>, Separator)>, DnError> {
        if self.done {
            return Ok(None);
        }
        self.skip_spaces();
        let attribute = self.attribute()?;
        self.skip_spaces();
        if self.peek() != Some(b'=') {
            return Err(DnError::Equals(self.position));
        }
        self.position += 1;
        self.skip_spaces();
        let value = if self.peek() == Some(b'#') {
            self.position += 1;
            RawValue::Encoded(self.hex_string()?)
        } else {
            RawValue::Text(self.string()?)
        };
        self.skip_spaces();
        let separator = match self.peek() {
            None => Separator::End,
            Some(b',') => Separator::Comma,
            Some(b'+') => Separator::Plus,
            Some(_) => return Err(DnError::Character(self.position)),
        };
        self.position += 1;
        self.done = separator == Separator::End;
        Ok(Some((RawAva { attribute, value }, separator)))
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    fn skip_spaces(&mut self) {
        while self.peek() == Some(b' ') {
            self.position += 1;
        }
    }

    fn attribute(&mut self) -> Result<&'a str, DnError> {
        let start = self.position;
        while self
            .peek()
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.')
        {
            self.position += 1;
        }
        let error = DnError::AttributeType(start);
        let name = self.text.get(start..self.position).ok_or(error)?;
        // RFC 2253 section 4: `OID.` before a dotted OID is to be accepted.
        let name = match name.split_at_checked(4) {
            Some((prefix, oid)) if prefix.eq_ignore_ascii_case("oid.") => oid,
            _ => name,
        };
        if is_descriptor(name) || is_numeric_oid(name) {
            Ok(name)
        } else {
            Err(error)
        }
    }

    fn hex_string(&mut self) -> Result<Vec<u8>, DnError> {
        let start = self.position;
        let mut octets = Vec::new();
        while self.peek().is_some_and(|byte| byte.is_ascii_hexdigit()) {
            let octet = self.hex_pair().ok_or(DnError::HexString(start))?;
            octets.push(octet);
        }
        if octets.is_empty() {
            return Err(DnError::HexString(start));
        }
        Ok(octets)
    }

    fn hex_pair(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        let high = hex_digit(*bytes.get(self.position)?)?;
        let low = hex_digit(*bytes.get(self.position + 1)?)?;
        self.position += 2;
        Some(high << 4 | low)
    }

    fn string(&mut self) -> Result<Cow<'a, str>, DnError> {
        let start = self.position;
        // The copy that the first escape forces.
        let mut copy: Option<Vec<u8>> = None;
        // The length without the unescaped spaces that may follow.
        let mut length = 0;
        while let Some(byte) = self.peek() {
            let octet = match byte {
                b',' | b'+' => break,
                b'"' | b';' | b'<' | b'>' | 0 => return Err(DnError::Character(self.position)),
                b'\\' => {
                    let here = self.position;
                    if copy.is_none() {
                        let before = self.text.as_bytes().get(start..here);
                        copy = Some(before.unwrap_or_default().to_vec());
                    }
                    self.escape().ok_or(DnError::Escape(here))?
                }
                other => {
                    self.position += 1;
                    other
                }
            };
            let end = match &mut copy {
                Some(copy) => {
                    copy.push(octet);
                    copy.len()
                }
                None => self.position - start,
            };
            if byte != b' ' {
                length = end;
            }
        }
        match copy {
            Some(mut copy) => {
                copy.truncate(length);
                String::from_utf8(copy)
                    .map(Cow::Owned)
                    .map_err(|_| DnError::Utf8(start))
            }
            None => self
                .text
                .get(start..start + length)
                .map(Cow::Borrowed)
                .ok_or(DnError::Utf8(start)),
        }
    }

    /// RFC 4514 section 3: pair = ESC ( ESC / special / hexpair ).
    fn escape(&mut self) -> Option<u8> {
        self.position += 1;
        match self.peek()? {
            byte @ (b'\\' | b'"' | b'+' | b',' | b';' | b'<' | b'>' | b' ' | b'#' | b'=') => {
                self.position += 1;
                Some(byte)
            }
            _ => self.hex_pair(),
        }
    }
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// RFC 4512 1.4: descr = keystring.
fn is_descriptor(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// RFC 4512 1.4: numericoid = number 1*( DOT number ), without leading zeros.
fn is_numeric_oid(name: &str) -> bool {
    name.contains('.')
        && name.split('.').all(|arc| {
            !arc.is_empty() && arc.bytes().all(|byte| byte.is_ascii_digit()) && (arc == "0" || !arc.starts_with('0'))
        })
}
