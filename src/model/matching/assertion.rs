//! Equality and ordering rules: an assertion is prepared once, then held against many stored values.

use std::cmp::Ordering;
use std::sync::Arc;

use uuid::Uuid;

use super::normalized_dn::NormalizedDn;
use super::{integer, substrings};
use crate::model::dn::Dn;
use crate::model::prepare::{self, Fold};
use crate::model::schema::{MatchingRule, RuleKind, Schema, Syntax};
use crate::model::time::Timestamp;

/// An assertion value, checked and prepared for its rule. Cloning shares the prepared value: filters are taken apart for
/// each kind of entries, and what a stranger sends must not be there many times.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Assertion {
    /// Text of the caseIgnore and caseExact families, as [`crate::model::prepare`] prepares it.
    Text(Fold, Arc<str>),
    /// Digits without spaces.
    Numeric(Arc<str>),
    /// A telephone number without spaces and hyphens.
    Telephone(Arc<str>),
    /// Lines of text.
    Lines(Arc<[Box<str>]>),
    /// One of the words of a text.
    Word(Arc<str>),
    /// A whole number in RFC 4517 form, of any size.
    Integer(Arc<str>),
    /// TRUE or FALSE.
    Boolean(bool),
    /// Bytes as they are.
    Octets(Arc<[u8]>),
    /// A bit string, in its text form.
    Bits(Arc<str>),
    /// A point in time.
    Time(Timestamp),
    /// A UUID.
    Uuid(Uuid),
    /// An object identifier.
    Oid(ObjectIdentifier),
    /// A distinguished name.
    Dn(Arc<NormalizedDn>),
    /// A distinguished name with an optional bit string.
    NameAndUid(Arc<NormalizedDn>, Option<Arc<str>>),
    /// All of these bits are set.
    BitAnd(Box<i128>),
    /// Any of these bits is set.
    BitOr(Box<i128>),
    /// The first component is that number.
    FirstInteger(Arc<str>),
    /// The first component is that object identifier.
    FirstOid(ObjectIdentifier),
    /// The first component is that text.
    FirstText(Arc<str>),
}

/// An object identifier, with a name that it is often stored under.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectIdentifier {
    /// The dotted form.
    pub oid: Arc<str>,
    /// The name under which this server serves it; the dotted form if it knows none.
    pub name: Arc<str>,
}

impl ObjectIdentifier {
    fn parse(schema: &Schema, value: &[u8]) -> Option<Self> {
        Syntax::Oid.is_valid(value).then_some(())?;
        let text = std::str::from_utf8(value).ok()?;
        let oid = schema.resolve_oid(text)?;
        let name = schema.name_of_oid(oid).unwrap_or(oid);
        Some(Self {
            oid: oid.into(),
            name: name.into(),
        })
    }

    /// Whether the stored value is its name.
    pub(in crate::model) fn is_named(&self, stored: &[u8]) -> bool {
        stored.eq_ignore_ascii_case(self.name.as_bytes())
    }

    /// RFC 4517 section 4.2.26: Undefined when the stored name is unknown.
    pub(in crate::model) fn is(&self, schema: &Schema, stored: &[u8]) -> Option<bool> {
        if self.is_named(stored) {
            return Some(true);
        }
        Some(schema.resolve_oid(std::str::from_utf8(stored).ok()?)? == &*self.oid)
    }
}

impl MatchingRule {
    /// Prepares an assertion value for an equality or ordering rule. `None` when it breaks the rule's
    /// syntax, so that the assertion is Undefined, and for substrings rules.
    #[must_use]
    pub fn assertion(self, schema: &Schema, value: &[u8]) -> Option<Assertion> {
        let shared = |text: Option<String>| text.map(Arc::<str>::from);
        match self {
            Self::CaseIgnore | Self::CaseIgnoreOrdering => text(Fold::Ignore, value),
            Self::CaseExact | Self::CaseExactOrdering => text(Fold::Exact, value),
            Self::CaseIgnoreIa5 => ia5(Fold::Ignore, value),
            Self::CaseExactIa5 => ia5(Fold::Exact, value),
            Self::NumericString | Self::NumericStringOrdering => {
                shared(prepare::prepare_numeric(valid(Syntax::NumericString, value)?)).map(Assertion::Numeric)
            }
            Self::TelephoneNumber => {
                shared(prepare::prepare_telephone(valid(Syntax::TelephoneNumber, value)?)).map(Assertion::Telephone)
            }
            Self::CaseIgnoreList => {
                let lines = substrings::lines(valid(Syntax::PostalAddress, value)?);
                lines
                    .map(|line| prepare::prepare_ignore_case(&line).map(String::into_boxed_str))
                    .collect::<Option<_>>()
                    .map(Assertion::Lines)
            }
            Self::Word | Self::Keyword => {
                shared(prepare::prepare_ignore_case(valid(Syntax::DirectoryString, value)?)).map(Assertion::Word)
            }
            Self::DirectoryStringFirstComponent => {
                shared(prepare::prepare_ignore_case(valid(Syntax::DirectoryString, value)?)).map(Assertion::FirstText)
            }
            Self::Integer | Self::IntegerOrdering => {
                valid(Syntax::Integer, value).map(|number| Assertion::Integer(number.into()))
            }
            Self::IntegerFirstComponent => {
                valid(Syntax::Integer, value).map(|number| Assertion::FirstInteger(number.into()))
            }
            Self::BitAnd => valid(Syntax::Integer, value)?
                .parse()
                .ok()
                .map(|mask| Assertion::BitAnd(Box::new(mask))),
            Self::BitOr => valid(Syntax::Integer, value)?
                .parse()
                .ok()
                .map(|mask| Assertion::BitOr(Box::new(mask))),
            Self::Boolean => boolean(value).map(Assertion::Boolean),
            Self::BitString => valid(Syntax::BitString, value).map(|bits| Assertion::Bits(bits.into())),
            Self::OctetString | Self::OctetStringOrdering => Some(Assertion::Octets(value.into())),
            Self::GeneralizedTime | Self::GeneralizedTimeOrdering => {
                Timestamp::parse_generalized(value).map(Assertion::Time)
            }
            Self::Uuid | Self::UuidOrdering => Syntax::parse_uuid(value).map(Assertion::Uuid),
            Self::ObjectIdentifier => ObjectIdentifier::parse(schema, value).map(Assertion::Oid),
            Self::ObjectIdentifierFirstComponent => ObjectIdentifier::parse(schema, value).map(Assertion::FirstOid),
            Self::DistinguishedName | Self::InChain => {
                normalized(schema, std::str::from_utf8(value).ok()?).map(|name| Assertion::Dn(Arc::new(name)))
            }
            Self::UniqueMember => {
                let (name, uid) = Syntax::split_uid(std::str::from_utf8(value).ok()?);
                normalized(schema, name).map(|name| Assertion::NameAndUid(Arc::new(name), uid.map(Into::into)))
            }
            Self::CaseIgnoreSubstrings
            | Self::CaseExactSubstrings
            | Self::CaseIgnoreIa5Substrings
            | Self::CaseExactIa5Substrings
            | Self::NumericStringSubstrings
            | Self::TelephoneNumberSubstrings
            | Self::CaseIgnoreListSubstrings => None,
        }
    }

    /// Whether the rule, asked for by name in an extensible filter, holds: an ordering rule does when the
    /// stored value comes first (RFC 4517 section 4.2.4).
    #[must_use]
    pub fn holds(self, assertion: &Assertion, schema: &Schema, stored: &[u8]) -> Option<bool> {
        match self.kind() {
            RuleKind::Equality => assertion.equals(schema, stored),
            RuleKind::Ordering => assertion.compare(schema, stored).map(Ordering::is_lt),
            RuleKind::Substrings => None,
        }
    }
}

impl Assertion {
    /// Octets of the prepared value, where it has any number of them.
    #[must_use]
    pub fn octets(&self) -> usize {
        match self {
            Self::Text(_, text)
            | Self::Numeric(text)
            | Self::Telephone(text)
            | Self::Word(text)
            | Self::Integer(text)
            | Self::Bits(text)
            | Self::FirstInteger(text)
            | Self::FirstText(text) => text.len(),
            Self::Octets(octets) => octets.len(),
            Self::Lines(lines) => lines.iter().map(|line| line.len()).sum(),
            Self::Oid(oid) | Self::FirstOid(oid) => oid.oid.len(),
            // Names are bounded ([`crate::model::dn::LONGEST`]), the others are numbers.
            Self::Dn(_)
            | Self::NameAndUid(..)
            | Self::Boolean(_)
            | Self::Time(_)
            | Self::Uuid(_)
            | Self::BitAnd(_)
            | Self::BitOr(_) => 0,
        }
    }

    /// Whether a stored value is the asserted one. ASCII text, numbers and bytes are compared without
    /// allocating.
    #[must_use]
    pub fn equals(&self, schema: &Schema, stored: &[u8]) -> Option<bool> {
        match self {
            Self::Text(fold, prepared) => prepare::equals_prepared(prepared, *fold, stored),
            Self::Octets(bytes) => Some(**bytes == *stored),
            Self::Lines(lines) => {
                let stored = substrings::lines(std::str::from_utf8(stored).ok()?)
                    .map(|line| prepare::prepare_ignore_case(&line))
                    .collect::<Option<Vec<_>>>()?;
                Some(stored.iter().map(String::as_str).eq(lines.iter().map(AsRef::as_ref)))
            }
            Self::Word(word) => {
                let stored = prepare::prepare_ignore_case(std::str::from_utf8(stored).ok()?)?;
                Some(*stored == **word || stored.split(' ').any(|other| other == &**word))
            }
            Self::Boolean(asserted) => boolean(stored).map(|stored| stored == *asserted),
            Self::Bits(bits) => Syntax::BitString.is_valid(stored).then(|| stored == bits.as_bytes()),
            Self::Oid(asserted) => asserted.is(schema, stored),
            Self::Dn(name) => name.equals_text(schema, std::str::from_utf8(stored).ok()?),
            Self::NameAndUid(name, uid) => {
                let (stored_name, stored_uid) = Syntax::split_uid(std::str::from_utf8(stored).ok()?);
                let same_name = name.equals_text(schema, stored_name)?;
                Some(same_name && stored_uid == uid.as_deref())
            }
            Self::BitAnd(mask) => integer::small(stored).map(|stored| stored & **mask == **mask),
            Self::BitOr(mask) => integer::small(stored).map(|stored| stored & **mask != 0),
            Self::FirstInteger(number) => integer::compare(first_component(stored)?, number).map(Ordering::is_eq),
            Self::FirstOid(asserted) => asserted.is(schema, first_component(stored)?),
            Self::FirstText(prepared) => {
                let text = first_component(stored)?;
                let text = text
                    .strip_prefix(b"'")
                    .and_then(|rest| rest.strip_suffix(b"'"))
                    .unwrap_or(text);
                prepare::equals_prepared(prepared, Fold::Ignore, text)
            }
            Self::Numeric(_) | Self::Telephone(_) | Self::Integer(_) | Self::Time(_) | Self::Uuid(_) => {
                self.compare(schema, stored).map(Ordering::is_eq)
            }
        }
    }

    /// How a stored value stands to the asserted one: `Less` when the stored value comes first.
    #[must_use]
    pub fn compare(&self, _schema: &Schema, stored: &[u8]) -> Option<Ordering> {
        match self {
            Self::Text(fold, prepared) => prepare::compare_prepared(prepared, *fold, stored),
            Self::Octets(bytes) => Some(stored.cmp(bytes)),
            Self::Numeric(digits) => Some(compare_without(b" ", digits, stored)?),
            Self::Telephone(number) => compare_without(b" -", number, stored),
            Self::Integer(number) => integer::compare(stored, number),
            Self::Time(time) => Timestamp::parse_generalized(stored).map(|stored| stored.cmp(time)),
            Self::Uuid(uuid) => Syntax::parse_uuid(stored).map(|stored| stored.cmp(uuid)),
            _ => None,
        }
    }
}

/// The text of a value that is one of the syntax.
fn valid(syntax: Syntax, value: &[u8]) -> Option<&str> {
    if syntax.is_valid(value) {
        std::str::from_utf8(value).ok()
    } else {
        None
    }
}

fn text(fold: Fold, value: &[u8]) -> Option<Assertion> {
    let prepared = prepare::prepare(valid(Syntax::DirectoryString, value)?, fold)?;
    Some(Assertion::Text(fold, prepared.into()))
}

fn ia5(fold: Fold, value: &[u8]) -> Option<Assertion> {
    let prepared = prepare::prepare(valid(Syntax::Ia5String, value)?, fold)?;
    Some(Assertion::Text(fold, prepared.into()))
}

/// RFC 4517 section 3.3.3; the words are ABNF strings, in which case does not count.
fn boolean(value: &[u8]) -> Option<bool> {
    Syntax::Boolean
        .is_valid(value)
        .then(|| value.eq_ignore_ascii_case(b"TRUE"))
}

fn normalized(schema: &Schema, name: &str) -> Option<NormalizedDn> {
    let name = Dn::parse(name).ok().filter(|name| name.is_valid(schema))?;
    Some(name.normalize(schema))
}

/// Compares digits, or a telephone number, without the insignificant characters.
fn compare_without(insignificant: &[u8], prepared: &str, stored: &[u8]) -> Option<Ordering> {
    if stored.is_ascii() {
        let significant = stored
            .iter()
            .filter(|byte| !insignificant.contains(byte) && !byte.is_ascii_control())
            .map(u8::to_ascii_lowercase);
        return Some(significant.cmp(prepared.bytes()));
    }
    let stored = std::str::from_utf8(stored).ok()?;
    let stored = if insignificant == b" " {
        prepare::prepare_numeric(stored)?
    } else {
        prepare::prepare_telephone(stored)?
    };
    Some(stored.as_str().cmp(prepared))
}

/// What follows the parenthesis of a definition (RFC 4512 section 4.1).
fn first_component(value: &[u8]) -> Option<&[u8]> {
    value
        .strip_prefix(b"(")?
        .trim_ascii_start()
        .split(|byte| matches!(byte, b' ' | b')'))
        .next()
        .filter(|first| !first.is_empty())
}
