//! A name, as its parts and as text.

use std::borrow::Cow;
use std::fmt;

use super::parse::{AvaReader, DnError, RawValue, Separator};

/// A distinguished name as it was written: types and values keep their spelling, escapes are undone.
/// Two of them are compared as [`NormalizedDn`](crate::model::matching::NormalizedDn)s.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Dn {
    pub(super) rdns: Vec<Rdn>,
}

/// A relative distinguished name: one or more attribute values that name an entry below its parent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rdn {
    pub(super) avas: Vec<Ava>,
}

/// One attribute type and value of an RDN (RFC 4514 calls it attributeTypeAndValue).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ava {
    pub(super) attribute: String,
    pub(super) value: AvaValue,
}

/// The value of an [`Ava`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AvaValue {
    /// A string value, escapes undone.
    Text(String),
    /// The octets of a `#hexstring`: the BER encoding of a value (RFC 4514 2.4).
    Encoded(Vec<u8>),
}

/// Octets of a DN that is read. A part of it takes some hundred octets of memory for the four that it takes in a message,
/// and no entry has a longer name.
pub const LONGEST: usize = 8 * 1024;

impl Dn {
    /// The zero-length DN, name of the root DSE.
    pub fn root() -> Self {
        Self::default()
    }

    /// Reads RFC 4514 text of at most [`LONGEST`] octets; spaces around `=`, `,` and `+` are tolerated as RFC 2253 did.
    pub fn parse(text: &str) -> Result<Self, DnError> {
        if text.len() > LONGEST {
            return Err(DnError::Length(text.len()));
        }
        let mut reader = AvaReader::new(text);
        let mut rdns = Vec::new();
        let mut avas = Vec::new();
        while let Some((ava, separator)) = reader.next_ava()? {
            avas.push(Ava {
                attribute: ava.attribute.to_owned(),
                value: match ava.value {
                    RawValue::Text(text) => AvaValue::Text(text.into_owned()),
                    RawValue::Encoded(octets) => AvaValue::Encoded(octets),
                },
            });
            if separator != Separator::Plus {
                rdns.push(Rdn {
                    avas: std::mem::take(&mut avas),
                });
            }
        }
        Ok(Self { rdns })
    }

    /// The RDNs, the entry's own first, the one next to the root last.
    pub fn rdns(&self) -> &[Rdn] {
        &self.rdns
    }

    /// Whether this is the zero-length DN.
    pub fn is_root(&self) -> bool {
        self.rdns.is_empty()
    }

    /// The name of the entry above; none above the root.
    pub fn parent(&self) -> Option<Self> {
        let (_, above) = self.rdns.split_first()?;
        Some(Self { rdns: above.to_vec() })
    }

    /// The name of the entry `rdn` below this one.
    pub fn child(&self, rdn: Rdn) -> Self {
        let mut rdns = Vec::with_capacity(self.rdns.len() + 1);
        rdns.push(rdn);
        rdns.extend(self.rdns.iter().cloned());
        Self { rdns }
    }
}

impl Rdn {
    /// The RDN of a single string value; `attribute` is a name or OID from the schema.
    pub fn new(attribute: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            avas: vec![Ava {
                attribute: attribute.into(),
                value: AvaValue::Text(value.into()),
            }],
        }
    }

    /// The attribute values, at least one, in the order they were written.
    pub fn avas(&self) -> &[Ava] {
        &self.avas
    }

    /// The attribute type and value where there is exactly one and it is a string.
    pub fn single(&self) -> Option<(&str, &str)> {
        match self.avas.as_slice() {
            [ava] => match &ava.value {
                AvaValue::Text(text) => Some((&ava.attribute, text)),
                AvaValue::Encoded(_) => None,
            },
            _ => None,
        }
    }
}

impl Ava {
    /// The attribute type as it was written: a name, or an OID without the `OID.` prefix of old.
    pub fn attribute(&self) -> &str {
        &self.attribute
    }

    /// The value.
    pub fn value(&self) -> &AvaValue {
        &self.value
    }
}

impl std::str::FromStr for Dn {
    type Err = DnError;

    fn from_str(text: &str) -> Result<Self, DnError> {
        Self::parse(text)
    }
}

impl fmt::Display for Dn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, rdn) in self.rdns.iter().enumerate() {
            if position > 0 {
                out.write_str(",")?;
            }
            rdn.fmt(out)?;
        }
        Ok(())
    }
}

impl fmt::Display for Rdn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, ava) in self.avas.iter().enumerate() {
            if position > 0 {
                out.write_str("+")?;
            }
            write!(out, "{}=", ava.attribute)?;
            match &ava.value {
                AvaValue::Text(text) => out.write_str(&escape_value(text))?,
                AvaValue::Encoded(octets) => {
                    out.write_str("#")?;
                    for octet in octets {
                        write!(out, "{octet:02x}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Escapes what RFC 4514 2.4 requires and nothing more, so that every DN has one spelling: clients
/// such as Proxmox compare DNs as strings.
pub fn escape_value(value: &str) -> Cow<'_, str> {
    let last = value.len().saturating_sub(1);
    let needs = |position: usize, byte: u8| match byte {
        b'"' | b'+' | b',' | b';' | b'<' | b'>' | b'\\' | 0 => true,
        b'#' => position == 0,
        b' ' => position == 0 || position == last,
        _ => false,
    };
    let count = value.bytes().enumerate().filter(|&(i, b)| needs(i, b)).count();
    if count == 0 {
        return Cow::Borrowed(value);
    }
    let mut escaped = String::with_capacity(value.len() + 2 * count);
    for (position, character) in value.char_indices() {
        match u8::try_from(character) {
            Ok(0) => escaped.push_str("\\00"),
            Ok(byte) if needs(position, byte) => {
                escaped.push('\\');
                escaped.push(character);
            }
            _ => escaped.push(character),
        }
    }
    Cow::Owned(escaped)
}
