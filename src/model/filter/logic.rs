//! Three-valued logic (RFC 4511 4.5.1.7), and filters under a schema, simplified.

use bytes::Bytes;

use super::types::Types;
use crate::model::matching::{Assertion, SubstringAssertion};
use crate::model::schema::{AttributeId, AttributeSet, MatchingRule, Schema, ids};

/// What a filter is for an entry. Only `True` matches; `Undefined` is not the opposite of anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// The entry matches.
    True,
    /// The entry does not match, so the negation does.
    False,
    /// Cannot be told, and nor can the negation.
    Undefined,
}

impl Truth {
    /// `True` only if both are.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::True, Self::True) => Self::True,
            _ => Self::Undefined,
        }
    }

    /// `True` if one is.
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::True, _) | (_, Self::True) => Self::True,
            (Self::False, Self::False) => Self::False,
            _ => Self::Undefined,
        }
    }

    /// Whether the entry is returned.
    pub fn matches(self) -> bool {
        self == Self::True
    }
}

impl std::ops::Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Undefined => Self::Undefined,
        }
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}

/// A filter whose names are looked up and whose assertion values are prepared. What the schema alone
/// decides is a constant; a leaf has one attribute type, or stands for several in one
/// ([`ResolvedFilter::AnyOf`]): the subtypes of a type (RFC 4512 2.5.1), or what a rule can be held against.
///
/// Constructors and methods keep it simplified: no constant inside `And` or `Or` but `Undefined`, no
/// `And` in `And`, no `Or` in `Or`, no `Not` of a constant or of a `Not`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ResolvedFilter {
    /// Matches every entry.
    True,
    /// Matches none; its negation every one.
    False,
    /// Matches none, and nor does its negation.
    Undefined,
    /// All of them.
    And(Vec<ResolvedFilter>),
    /// One of them.
    Or(Vec<ResolvedFilter>),
    /// The opposite.
    Not(Box<ResolvedFilter>),
    /// The attribute has a value.
    Present(AttributeId),
    /// A value is equal under the attribute's own equality rule.
    Equality {
        /// The attribute type.
        attribute: AttributeId,
        /// The prepared value.
        assertion: Assertion,
        /// The value as it was received.
        value: Bytes,
    },
    /// A value has these parts, under the attribute's own substrings rule.
    Substrings {
        /// The attribute type.
        attribute: AttributeId,
        /// The prepared parts.
        assertion: SubstringAssertion,
        /// What the value begins with, as received.
        initial: Option<Bytes>,
        /// What follows, as received.
        any: Vec<Bytes>,
        /// What the value ends with, as received.
        last: Option<Bytes>,
    },
    /// A value is on this side of the asserted one, or equal to it, under the attribute's own
    /// ordering rule.
    Ordering {
        /// The attribute type.
        attribute: AttributeId,
        /// Which side.
        side: Side,
        /// The prepared value.
        assertion: Assertion,
        /// The value as it was received.
        value: Bytes,
    },
    /// A value passes a test under another rule than the attribute's own, such as a bit rule: nothing
    /// can be concluded from how the attribute is compared otherwise.
    Extensible {
        /// The attribute type.
        attribute: AttributeId,
        /// The matching rule.
        rule: MatchingRule,
        /// The test.
        test: ValueTest,
    },
    /// A DN value equals the asserted one, or leads to it through a chain of entries
    /// (1.2.840.113556.1.4.1941). The evaluator sees one entry and decides the first link; the
    /// directory replaces the leaf where chains can be longer.
    InChain {
        /// The attribute type.
        attribute: AttributeId,
        /// The DN at the chain's end.
        assertion: Assertion,
        /// The DN as it was received.
        value: Bytes,
    },
    /// A value of one of these types in the entry's own DN, in whichever RDN, passes the test (`:dn:`).
    InName {
        /// The attribute types.
        attributes: Types,
        /// The test.
        test: ValueTest,
    },
    /// The leaf is true of one of these types, those that have a leaf of their own excepted. It is there once, and not
    /// for each type: there may be a hundred of them.
    AnyOf {
        /// The attribute types.
        types: Types,
        /// What is asked, its own attribute being of no account.
        leaf: Box<ResolvedFilter>,
    },
    /// A leaf the directory has replaced by something it asks elsewhere, such as a membership.
    Relation(usize),
}

/// What an extensible match asks of a value; which question it is follows from the rule's kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ValueTest {
    /// Is it the asserted one?
    Equal(Assertion),
    /// Does it come before the asserted one? (RFC 4517 4.2.4 and the other ordering rules.)
    Less(Assertion),
    /// Has it these parts?
    Substrings(SubstringAssertion),
}

/// The side of an ordering match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// `>=`
    GreaterOrEqual,
    /// `<=`
    LessOrEqual,
}

impl From<Truth> for ResolvedFilter {
    fn from(value: Truth) -> Self {
        match value {
            Truth::True => Self::True,
            Truth::False => Self::False,
            Truth::Undefined => Self::Undefined,
        }
    }
}

impl std::ops::Not for ResolvedFilter {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Undefined => Self::Undefined,
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }
}

impl ResolvedFilter {
    /// All of `filters`, simplified; of none: `True`.
    pub fn all(filters: impl IntoIterator<Item = Self>) -> Self {
        let filters = filters.into_iter();
        let mut parts = Parts::with_capacity(filters.size_hint().0);
        for filter in filters {
            match filter {
                Self::True => {}
                Self::False => return Self::False,
                Self::And(inner) => inner.into_iter().for_each(|part| parts.add(part)),
                part => parts.add(part),
            }
        }
        parts.join(Self::True, Self::And)
    }

    /// One of `filters`, simplified; of none: `False`.
    pub fn any(filters: impl IntoIterator<Item = Self>) -> Self {
        let filters = filters.into_iter();
        let mut parts = Parts::with_capacity(filters.size_hint().0);
        for filter in filters {
            match filter {
                Self::False => {}
                Self::True => return Self::True,
                Self::Or(inner) => inner.into_iter().for_each(|part| parts.add(part)),
                part => parts.add(part),
            }
        }
        parts.join(Self::False, Self::Or)
    }

    /// The parts that must all be true: of an `And` its operands, of anything else itself.
    pub fn conjuncts(&self) -> &[Self] {
        match self {
            Self::And(parts) => parts,
            other => std::slice::from_ref(other),
        }
    }

    /// The alternatives: of an `Or` its operands, of anything else itself.
    pub fn disjuncts(&self) -> &[Self] {
        match self {
            Self::Or(parts) => parts,
            other => std::slice::from_ref(other),
        }
    }

    /// Whether it is a constant.
    pub fn constant(&self) -> Option<Truth> {
        match self {
            Self::True => Some(Truth::True),
            Self::False => Some(Truth::False),
            Self::Undefined => Some(Truth::Undefined),
            _ => None,
        }
    }

    /// With each leaf replaced by what `replace` makes of it, if anything, and simplified. Constants are not leaves.
    /// Where a part decides the whole, those after it are not looked at.
    #[must_use]
    pub fn map_leaves(&self, replace: &mut dyn FnMut(&Self) -> Option<Self>) -> Self {
        match self {
            Self::True => Self::True,
            Self::False => Self::False,
            Self::Undefined => Self::Undefined,
            Self::And(parts) => Self::all(parts.iter().map(|part| part.map_leaves(replace))),
            Self::Or(parts) => Self::any(parts.iter().map(|part| part.map_leaves(replace))),
            Self::Not(inner) => !inner.map_leaves(replace),
            leaf => replace(leaf).unwrap_or_else(|| leaf.clone()),
        }
    }

    /// The filter for somebody who only asks what matches: the same entries, `Undefined` gone. It is
    /// `False` where that keeps it from matching, which under a NOT is `True`. So a filter that can
    /// match nothing becomes `False`, whatever it is made of.
    #[must_use]
    pub fn matching(self) -> Self {
        fn settle(filter: ResolvedFilter, positive: bool) -> ResolvedFilter {
            use ResolvedFilter as R;
            match filter {
                R::Undefined if positive => R::False,
                R::Undefined => R::True,
                R::And(parts) => R::all(parts.into_iter().map(|part| settle(part, positive))),
                R::Or(parts) => R::any(parts.into_iter().map(|part| settle(part, positive))),
                R::Not(inner) => !settle(*inner, !positive),
                other => other,
            }
        }
        if self.has_undefined() { settle(self, true) } else { self }
    }

    fn has_undefined(&self) -> bool {
        match self {
            Self::Undefined => true,
            Self::And(parts) | Self::Or(parts) => parts.iter().any(Self::has_undefined),
            Self::Not(inner) => inner.has_undefined(),
            _ => false,
        }
    }

    /// Calls `visit` for each leaf, from left to right.
    pub fn for_each_leaf(&self, visit: &mut dyn FnMut(&Self)) {
        match self {
            Self::True | Self::False | Self::Undefined => {}
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.for_each_leaf(visit)),
            Self::Not(inner) => inner.for_each_leaf(visit),
            leaf => visit(leaf),
        }
    }

    /// The attributes whose values in the entry are looked at. Leaves about the entry's name need only the name.
    pub fn attributes(&self, schema: &Schema) -> AttributeSet {
        let mut attributes = AttributeSet::default();
        // There may be thousands that stand for the same types.
        let mut seen: Option<Types> = None;
        self.for_each_leaf(&mut |leaf| match leaf {
            Self::AnyOf { types, .. } if seen != Some(*types) => {
                types.shared(schema).for_each(|id| attributes.insert(id));
                seen = Some(*types);
            }
            leaf => leaf.attribute().into_iter().for_each(|id| attributes.insert(id)),
        });
        attributes
    }

    /// The same leaf about another attribute.
    #[must_use]
    pub fn about(&self, id: AttributeId) -> Self {
        let mut leaf = self.clone();
        match &mut leaf {
            Self::Present(attribute)
            | Self::Equality { attribute, .. }
            | Self::Substrings { attribute, .. }
            | Self::Ordering { attribute, .. }
            | Self::Extensible { attribute, .. }
            | Self::InChain { attribute, .. } => *attribute = id,
            _ => {}
        }
        leaf
    }

    /// Octets of a leaf's prepared value.
    pub fn octets(&self) -> usize {
        match self {
            Self::Equality { assertion, .. } | Self::Ordering { assertion, .. } | Self::InChain { assertion, .. } => {
                assertion.octets()
            }
            Self::Substrings { assertion, .. } => assertion.octets(),
            Self::Extensible { test, .. } | Self::InName { test, .. } => match test {
                ValueTest::Equal(assertion) | ValueTest::Less(assertion) => assertion.octets(),
                ValueTest::Substrings(assertion) => assertion.octets(),
            },
            Self::AnyOf { leaf, .. } => leaf.octets(),
            _ => 0,
        }
    }

    /// The attribute a leaf looks at, where it is one.
    pub fn attribute(&self) -> Option<AttributeId> {
        match self {
            Self::Present(attribute)
            | Self::Equality { attribute, .. }
            | Self::Substrings { attribute, .. }
            | Self::Ordering { attribute, .. }
            | Self::Extensible { attribute, .. }
            | Self::InChain { attribute, .. } => Some(*attribute).filter(|&id| id != ids::ENTRY_DN),
            _ => None,
        }
    }
}

/// The operands of an `And` or `Or` under construction.
struct Parts {
    list: Vec<ResolvedFilter>,
    undefined: bool,
}

impl Parts {
    fn with_capacity(parts: usize) -> Self {
        Self {
            list: Vec::with_capacity(parts),
            undefined: false,
        }
    }

    /// Adds an operand; a second `Undefined` says no more than the first.
    fn add(&mut self, part: ResolvedFilter) {
        let undefined = matches!(part, ResolvedFilter::Undefined);
        if !(undefined && self.undefined) {
            self.list.push(part);
        }
        self.undefined |= undefined;
    }

    fn join(mut self, empty: ResolvedFilter, wrap: fn(Vec<ResolvedFilter>) -> ResolvedFilter) -> ResolvedFilter {
        if self.list.len() > 1 {
            wrap(self.list)
        } else {
            self.list.pop().unwrap_or(empty)
        }
    }
}
