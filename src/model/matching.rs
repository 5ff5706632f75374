//! Matching rules at work (RFC 4517 section 4.2): an assertion is prepared once and then held against
//! many stored values.

use std::cmp::Ordering;

use super::dn::NormalizedDn;
use super::prepare::Fold;
use super::schema::{MatchingRule, Schema};
use super::time::Timestamp;

/// An assertion value, checked and prepared for its rule.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Assertion {
    /// Text of the caseIgnore and caseExact families, as [`super::prepare`] prepares it.
    Text(Fold, Box<str>),
    /// Digits without spaces.
    Numeric(Box<str>),
    /// A telephone number without spaces and hyphens.
    Telephone(Box<str>),
    /// Lines of text.
    Lines(Box<[Box<str>]>),
    /// One of the words or keywords of a text.
    Word(Box<str>),
    /// A whole number in RFC 4517 form, of any size.
    Integer(Box<str>),
    /// TRUE or FALSE.
    Boolean(bool),
    /// Bytes, also bit strings.
    Octets(Box<[u8]>),
    /// A point in time.
    Time(Timestamp),
    /// A UUID.
    Uuid(u128),
    /// An object identifier, dotted.
    Oid(Box<str>),
    /// A distinguished name.
    Dn(Box<NormalizedDn>),
    /// A distinguished name with an optional bit string.
    NameAndUid(Box<NormalizedDn>, Option<Box<str>>),
    /// All of these bits.
    BitAnd(i128),
    /// Any of these bits.
    BitOr(i128),
    /// The first component is that number.
    FirstInteger(Box<str>),
    /// The first component is that object identifier.
    FirstOid(Box<str>),
    /// The first component is that text.
    FirstText(Box<str>),
}

impl MatchingRule {
    /// Prepares an assertion value for an equality or ordering rule. `None` when it breaks the rule's
    /// syntax, so that the assertion is Undefined, and for substring rules.
    #[must_use]
    pub fn assertion(self, _schema: &Schema, _value: &[u8]) -> Option<Assertion> {
        None
    }
}

impl Assertion {
    /// Whether a stored value is the asserted one. `None` (Undefined) when the stored value breaks the syntax.
    #[must_use]
    pub fn equals(&self, _schema: &Schema, _stored: &[u8]) -> Option<bool> {
        None
    }

    /// How a stored value stands to the asserted one: `Less` when the stored value comes first.
    /// `None` (Undefined) when it breaks the syntax or the rule has no order.
    #[must_use]
    pub fn compare(&self, _schema: &Schema, _stored: &[u8]) -> Option<Ordering> {
        None
    }
}

/// A substring assertion, prepared once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SubstringAssertion {
    initial: Option<Box<str>>,
    any: Box<[Box<str>]>,
    last: Option<Box<str>>,
}

impl SubstringAssertion {
    /// Prepares the pieces for a substrings rule. `None` when one of them breaks the syntax, when there
    /// is no piece, or when the rule is not a substrings rule.
    #[must_use]
    pub fn new<T: AsRef<[u8]>>(
        _rule: MatchingRule,
        _initial: Option<&[u8]>,
        _any: &[T],
        _last: Option<&[u8]>,
    ) -> Option<Self> {
        None
    }

    /// Reads the pieces from the Substring Assertion syntax (RFC 4517 section 3.3.30), for extensible filters.
    #[must_use]
    pub fn parse(_rule: MatchingRule, _value: &[u8]) -> Option<Self> {
        None
    }

    /// Whether a stored value has the pieces. `None` (Undefined) when it breaks the syntax.
    #[must_use]
    pub fn matches(&self, _stored: &[u8]) -> Option<bool> {
        None
    }
}
