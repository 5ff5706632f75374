//! DNs in the form in which equal names are equal (distinguishedNameMatch, RFC 4517 4.2.15): attribute
//! types looked up, values as their equality rule prepares them, the values of an RDN as a set.

use std::fmt;

use super::{Ava, AvaReader, AvaValue, Dn, RawValue, Rdn, Separator, escape_value};
use crate::model::matching::Assertion;
use crate::model::prepare::{Fold, equals_prepared, prepare};
use crate::model::schema::{AttributeId, MatchingRule, Schema};

/// A DN under a schema; equal DNs are equal, and hash and sort as such.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NormalizedDn {
    rdns: Vec<NormalizedRdn>,
}

/// An RDN under a schema.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NormalizedRdn {
    /// Sorted.
    avas: Vec<NormalizedAva>,
}

/// An attribute type and value under a schema.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NormalizedAva {
    /// The attribute type.
    pub attribute: AttributeKey,
    /// The value, prepared.
    pub value: NormalizedValue,
}

/// An attribute type, whichever of its names was written.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AttributeKey {
    /// One of the schema's.
    Known(AttributeId),
    /// Another, in lower case. Such a name can be compared, but is nobody's here.
    Unknown(Box<str>),
}

/// A value of an RDN.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NormalizedValue {
    /// As the equality rule of the type prepares it; of an unknown type as it was written.
    Text(Box<str>),
    /// What the rule cannot prepare: equal only to the same octets.
    Raw(Box<[u8]>),
}

impl Dn {
    /// What the DN means under a schema.
    pub fn normalize(&self, schema: &Schema) -> NormalizedDn {
        let rdns = self.rdns().iter();
        NormalizedDn {
            rdns: rdns.map(|rdn| rdn.normalize(schema)).collect(),
        }
    }
}

impl Rdn {
    /// What the RDN means under a schema.
    pub fn normalize(&self, schema: &Schema) -> NormalizedRdn {
        let avas = self.avas().iter();
        NormalizedRdn::new(avas.map(|ava| ava.normalize(schema)).collect())
    }
}

impl Ava {
    fn normalize(&self, schema: &Schema) -> NormalizedAva {
        let value = match &self.value {
            AvaValue::Text(text) => Found::Text(text),
            AvaValue::Encoded(octets) => Found::Encoded(octets),
        };
        normalize_ava(schema, &self.attribute, &value)
    }
}

impl NormalizedDn {
    /// The zero-length DN.
    pub fn root() -> Self {
        Self::default()
    }

    /// The RDNs, the entry's own first.
    pub fn rdns(&self) -> &[NormalizedRdn] {
        &self.rdns
    }

    /// Whether this is the zero-length DN.
    pub fn is_root(&self) -> bool {
        self.rdns.is_empty()
    }

    /// How many RDNs there are.
    pub fn depth(&self) -> usize {
        self.rdns.len()
    }

    /// The entry's own RDN; the root has none.
    pub fn leaf(&self) -> Option<&NormalizedRdn> {
        self.rdns.first()
    }

    /// The name of the entry above; none above the root.
    pub fn parent(&self) -> Option<Self> {
        let (_, above) = self.rdns.split_first()?;
        Some(Self { rdns: above.to_vec() })
    }

    /// The name of the entry `rdn` below this one.
    pub fn child(&self, rdn: NormalizedRdn) -> Self {
        let mut rdns = Vec::with_capacity(self.rdns.len() + 1);
        rdns.push(rdn);
        rdns.extend(self.rdns.iter().cloned());
        Self { rdns }
    }

    /// Whether this name is strictly below the other, at any depth.
    pub fn is_descendant_of(&self, other: &Self) -> bool {
        self.rdns.len() > other.rdns.len() && self.rdns.ends_with(&other.rdns)
    }

    /// Whether this name is immediately below the other.
    pub fn is_child_of(&self, other: &Self) -> bool {
        self.rdns.len() == other.rdns.len() + 1 && self.rdns.ends_with(&other.rdns)
    }

    /// Whether the text is this name. Unlike parsing and normalising it, this allocates nothing for
    /// plain names and stops at the first difference: a group can have thousands of members.
    /// None if the difference was not found before the text turned out to be no DN.
    pub fn equals_text(&self, schema: &Schema, text: &str) -> Option<bool> {
        let mut reader = AvaReader::new(text);
        for rdn in &self.rdns {
            let Some((ava, separator)) = reader.next_ava().ok()? else {
                return Some(false);
            };
            let equal = match rdn.avas.as_slice() {
                [only] if separator != Separator::Plus => only.equals(schema, ava.attribute, &Found::from(&ava.value)),
                expected => {
                    let mut avas = vec![normalize_ava(schema, ava.attribute, &Found::from(&ava.value))];
                    let mut separator = separator;
                    while separator == Separator::Plus {
                        let (ava, next) = reader.next_ava().ok()??;
                        avas.push(normalize_ava(schema, ava.attribute, &Found::from(&ava.value)));
                        separator = next;
                    }
                    avas.sort_unstable();
                    avas == expected
                }
            };
            if !equal {
                return Some(false);
            }
        }
        Some(reader.next_ava().ok()?.is_none())
    }
}

impl NormalizedRdn {
    fn new(mut avas: Vec<NormalizedAva>) -> Self {
        avas.sort_unstable();
        Self { avas }
    }

    /// The attribute values, sorted.
    pub fn avas(&self) -> &[NormalizedAva] {
        &self.avas
    }

    /// The attribute type and prepared value where there is exactly one.
    pub fn single(&self) -> Option<(&AttributeKey, &str)> {
        match self.avas.as_slice() {
            [
                NormalizedAva {
                    attribute,
                    value: NormalizedValue::Text(text),
                },
            ] => Some((attribute, text)),
            _ => None,
        }
    }
}

impl NormalizedAva {
    fn equals(&self, schema: &Schema, attribute: &str, value: &Found<'_>) -> bool {
        match (&self.attribute, schema.attribute(attribute)) {
            (AttributeKey::Known(id), Some(other)) if *id == other => {
                if let (NormalizedValue::Text(prepared), Found::Text(text)) = (&self.value, value)
                    && let Some(equal) =
                        text_fold(schema, *id).and_then(|fold| equals_prepared(prepared, fold, text.as_bytes()))
                {
                    return equal;
                }
                normalize_value(schema, *id, value) == self.value
            }
            (AttributeKey::Unknown(name), None) => {
                name.eq_ignore_ascii_case(attribute) && as_written(value) == self.value
            }
            _ => false,
        }
    }
}

/// A value before it is prepared.
enum Found<'a> {
    Text(&'a str),
    Encoded(&'a [u8]),
}

impl<'a> From<&'a RawValue<'_>> for Found<'a> {
    fn from(value: &'a RawValue<'_>) -> Self {
        match value {
            RawValue::Text(text) => Self::Text(text),
            RawValue::Encoded(octets) => Self::Encoded(octets),
        }
    }
}

fn normalize_ava(schema: &Schema, attribute: &str, value: &Found<'_>) -> NormalizedAva {
    match schema.attribute(attribute) {
        Some(id) => NormalizedAva {
            attribute: AttributeKey::Known(id),
            value: normalize_value(schema, id, value),
        },
        None => NormalizedAva {
            attribute: AttributeKey::Unknown(attribute.to_ascii_lowercase().into()),
            value: as_written(value),
        },
    }
}

fn as_written(value: &Found<'_>) -> NormalizedValue {
    match value {
        Found::Text(text) => NormalizedValue::Text((*text).into()),
        Found::Encoded(octets) => NormalizedValue::Raw((*octets).into()),
    }
}

fn normalize_value(schema: &Schema, id: AttributeId, value: &Found<'_>) -> NormalizedValue {
    match value {
        Found::Text(text) => prepared(schema, id, text),
        Found::Encoded(octets) => match decode_string(octets) {
            Some(text) => prepared(schema, id, &text),
            None => NormalizedValue::Raw((*octets).into()),
        },
    }
}

/// Whether case counts, where values are compared as text.
fn text_fold(schema: &Schema, id: AttributeId) -> Option<Fold> {
    match schema.attribute_type(id).equality? {
        MatchingRule::CaseIgnore | MatchingRule::CaseIgnoreIa5 => Some(Fold::Ignore),
        MatchingRule::CaseExact | MatchingRule::CaseExactIa5 => Some(Fold::Exact),
        _ => None,
    }
}

/// The text as the type's equality rule compares it.
fn prepared(schema: &Schema, id: AttributeId, text: &str) -> NormalizedValue {
    let prepared = match (text_fold(schema, id), schema.attribute_type(id).equality) {
        (Some(fold), _) => prepare(text, fold),
        (None, Some(MatchingRule::ObjectIdentifier)) => schema.resolve_oid(text).map(str::to_owned),
        (None, Some(rule)) => rule.assertion(schema, text.as_bytes()).and_then(canonical),
        (None, None) => None,
    };
    match prepared {
        Some(prepared) => NormalizedValue::Text(prepared.into()),
        None => NormalizedValue::Raw(text.as_bytes().into()),
    }
}

/// One spelling for all equal assertions. Values of these syntaxes name entries only in theory.
fn canonical(assertion: Assertion) -> Option<String> {
    match assertion {
        Assertion::Numeric(text) | Assertion::Telephone(text) | Assertion::Integer(text) => Some(text.to_string()),
        Assertion::Boolean(value) => Some(if value { "TRUE" } else { "FALSE" }.to_owned()),
        Assertion::Time(time) => Some(format!("{}.{:09}", time.seconds, time.nanos)),
        Assertion::Uuid(uuid) => Some(uuid.simple().to_string()),
        Assertion::Lines(lines) => Some(lines.join("$")),
        Assertion::Dn(dn) => Some(dn.to_string()),
        Assertion::NameAndUid(dn, uid) => Some(format!("{dn}#{}", uid.unwrap_or_default())),
        _ => None,
    }
}

/// The string in a BER encoding (RFC 4514 2.4), if it is one of the ASN.1 string types.
fn decode_string(encoded: &[u8]) -> Option<String> {
    let (&tag, rest) = encoded.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, content) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (length, content) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = length.iter().fold(0_usize, |sum, &byte| sum << 8 | usize::from(byte));
            (length, content)
        }
        _ => return None,
    };
    if content.len() != length {
        return None;
    }
    match tag {
        // OCTET STRING, UTF8String, NumericString, PrintableString, IA5String.
        0x04 | 0x0c | 0x12 | 0x13 | 0x16 => String::from_utf8(content.to_vec()).ok(),
        // BMPString.
        0x1e => {
            let pairs = content.chunks(2);
            let units = pairs.map(|pair| <[u8; 2]>::try_from(pair).map(u16::from_be_bytes));
            String::from_utf16(&units.collect::<Result<Vec<_>, _>>().ok()?).ok()
        }
        _ => None,
    }
}

/// For logs and keys: not meant to be read back.
impl fmt::Display for NormalizedDn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, rdn) in self.rdns.iter().enumerate() {
            for (index, ava) in rdn.avas.iter().enumerate() {
                match (position, index) {
                    (0, 0) => {}
                    (_, 0) => out.write_str(",")?,
                    _ => out.write_str("+")?,
                }
                match &ava.attribute {
                    AttributeKey::Known(id) => write!(out, "@{}=", id.0)?,
                    AttributeKey::Unknown(name) => write!(out, "{name}=")?,
                }
                match &ava.value {
                    NormalizedValue::Text(text) => out.write_str(&escape_value(text))?,
                    NormalizedValue::Raw(octets) => write!(out, "#{octets:02x?}")?,
                }
            }
        }
        Ok(())
    }
}
