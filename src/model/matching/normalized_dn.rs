//! A name in the form in which equal names are equal: attribute types looked up, values as their equality rule prepares
//! them, the values of an RDN as a set.

use std::fmt;

use crate::model::dn::escape_value;
use crate::model::schema::AttributeId;

/// A DN under a schema; equal DNs are equal, and hash and sort as such.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NormalizedDn {
    pub(super) rdns: Vec<NormalizedRdn>,
}

/// An RDN under a schema.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NormalizedRdn {
    /// Sorted.
    pub(super) avas: Vec<NormalizedAva>,
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

    /// Of these bases the position of the longest that it is, or stands below.
    pub fn longest_of(&self, bases: &[Self]) -> Option<usize> {
        let bases = bases.iter().enumerate();
        let above = bases.filter(|(_, base)| self == *base || self.is_descendant_of(base));
        above.max_by_key(|(_, base)| base.depth()).map(|(position, _)| position)
    }

    /// Whether this name is immediately below the other.
    pub fn is_child_of(&self, other: &Self) -> bool {
        self.rdns.len() == other.rdns.len() + 1 && self.rdns.ends_with(&other.rdns)
    }
}

impl NormalizedRdn {
    pub(super) fn new(mut avas: Vec<NormalizedAva>) -> Self {
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
