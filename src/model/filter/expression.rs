//! A filter as a client sent it.

use bytes::Bytes;

/// How deep filters may be nested. Evaluation recurses, so hostile input must not choose the depth.
pub const MAX_DEPTH: usize = 128;

/// A search filter exactly as it was received: attribute descriptions are not looked up, values are
/// not interpreted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// All must be true; `(&)` is true (RFC 4526).
    And(Vec<Filter>),
    /// One must be true; `(|)` is false (RFC 4526).
    Or(Vec<Filter>),
    /// The opposite; Undefined stays Undefined.
    Not(Box<Filter>),
    /// `(attribute=value)`
    Equality {
        /// The attribute description.
        attribute: String,
        /// The assertion value.
        value: Bytes,
    },
    /// `(attribute=initial*any*last)`
    Substrings {
        /// The attribute description.
        attribute: String,
        /// What the value begins with.
        initial: Option<Bytes>,
        /// What follows, in this order, without overlap.
        any: Vec<Bytes>,
        /// What the value ends with.
        last: Option<Bytes>,
    },
    /// `(attribute>=value)`
    GreaterOrEqual {
        /// The attribute description.
        attribute: String,
        /// The assertion value.
        value: Bytes,
    },
    /// `(attribute<=value)`
    LessOrEqual {
        /// The attribute description.
        attribute: String,
        /// The assertion value.
        value: Bytes,
    },
    /// `(attribute=*)`
    Present(String),
    /// `(attribute~=value)`
    Approx {
        /// The attribute description.
        attribute: String,
        /// The assertion value.
        value: Bytes,
    },
    /// `(attribute:dn:rule:=value)`
    Extensible {
        /// The matching rule, by name or OID; the attribute's equality rule where absent.
        rule: Option<String>,
        /// The attribute description; every attribute the rule applies to where absent.
        attribute: Option<String>,
        /// The assertion value.
        value: Bytes,
        /// Whether the values in the entry's DN count as well.
        dn_attributes: bool,
    },
}

impl Filter {
    /// The octets that it takes to keep the filter, roughly.
    pub fn weight(&self) -> usize {
        /// What each part takes besides its texts.
        const PART: usize = 64;
        let of_parts = |parts: &[Self]| parts.iter().map(Self::weight).sum();
        PART + match self {
            Self::And(parts) | Self::Or(parts) => of_parts(parts),
            Self::Not(part) => part.weight(),
            Self::Present(attribute) => attribute.len(),
            Self::Equality { attribute, value }
            | Self::GreaterOrEqual { attribute, value }
            | Self::LessOrEqual { attribute, value }
            | Self::Approx { attribute, value } => attribute.len() + value.len(),
            Self::Substrings {
                attribute,
                initial,
                any,
                last,
            } => {
                let pieces = initial.iter().chain(any).chain(last);
                attribute.len() + pieces.map(|piece| PART + piece.len()).sum::<usize>()
            }
            Self::Extensible { value, .. } => value.len(),
        }
    }
}
