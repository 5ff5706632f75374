//! [`Filter`] to [`ResolvedFilter`], once for each search: names are looked up, values are prepared. What the schema cannot
//! decide becomes Undefined (RFC 4511 4.5.1.7), as in OpenLDAP.

use bytes::Bytes;

use super::logic::{ResolvedFilter, Side, ValueTest};
use super::{Filter, MAX_DEPTH, Types};
use crate::model::matching::SubstringAssertion;
use crate::model::schema::{AttributeId, AttributeType, MatchingRule, RuleKind, Schema, ids};

use ResolvedFilter::Undefined;

impl Filter {
    /// What the filter means under a schema. Levels deeper than [`MAX_DEPTH`] are Undefined; the
    /// decoders refuse them before.
    pub fn resolve(&self, schema: &Schema) -> ResolvedFilter {
        resolve(schema, self, 0)
    }
}

fn resolve(schema: &Schema, filter: &Filter, depth: usize) -> ResolvedFilter {
    if depth > MAX_DEPTH {
        return Undefined;
    }
    let inner = |part: &Filter| resolve(schema, part, depth + 1);
    match filter {
        Filter::And(parts) => ResolvedFilter::all(parts.iter().map(inner)),
        Filter::Or(parts) => ResolvedFilter::any(parts.iter().map(inner)),
        Filter::Not(part) => !inner(part),
        Filter::Present(attribute) => match Description::find(schema, attribute) {
            Some(description) => description.each(schema, ResolvedFilter::Present),
            None => Undefined,
        },
        // RFC 4511 4.5.1.7.6: without an approximate rule, equality.
        Filter::Equality { attribute, value } | Filter::Approx { attribute, value } => {
            equality(schema, attribute, value).unwrap_or(Undefined)
        }
        Filter::GreaterOrEqual { attribute, value } => {
            ordering(schema, attribute, Side::GreaterOrEqual, value).unwrap_or(Undefined)
        }
        Filter::LessOrEqual { attribute, value } => {
            ordering(schema, attribute, Side::LessOrEqual, value).unwrap_or(Undefined)
        }
        Filter::Substrings {
            attribute,
            initial,
            any,
            last,
        } => {
            let pieces = Pieces { initial, any, last };
            substrings(schema, attribute, pieces).unwrap_or(Undefined)
        }
        Filter::Extensible {
            rule,
            attribute,
            value,
            dn_attributes,
        } => {
            let extensible = Extensible {
                rule: rule.as_deref(),
                attribute: attribute.as_deref(),
                value,
                dn_attributes: *dn_attributes,
            };
            extensible.resolve(schema).unwrap_or(Undefined)
        }
    }
}

/// An attribute description that the schema knows.
struct Description {
    id: AttributeId,
    /// With a language. It describes the values tagged with them (RFC 4512 2.5.2), and none are.
    tagged: bool,
}

impl Description {
    /// None for what a filter must take as Undefined: a name or an option the schema does not have, and the
    /// password, about which no question is answered.
    fn find(schema: &Schema, description: &str) -> Option<Self> {
        let (id, tagged) = schema.describe(description)?;
        (id != ids::USER_PASSWORD).then_some(Self { id, tagged })
    }

    fn definition<'a>(&self, schema: &'a Schema) -> &'a AttributeType {
        schema.attribute_type(self.id)
    }

    /// A leaf about the types whose values are meant, itself and its subtypes, one of which must match.
    fn each(&self, schema: &Schema, leaf: impl Fn(AttributeId) -> ResolvedFilter) -> ResolvedFilter {
        match schema.subtypes(self.id) {
            _ if self.tagged => ResolvedFilter::False,
            // Nearly always.
            [only] => leaf(*only),
            _ => one_of(schema, Types::SubtypesOf(self.id), leaf),
        }
    }
}

/// A leaf about several types: one for each that has its own, and one for the others.
fn one_of(schema: &Schema, types: Types, leaf: impl Fn(AttributeId) -> ResolvedFilter) -> ResolvedFilter {
    let mut shared = types.shared(schema);
    let rest = match (shared.next(), shared.next()) {
        (None, _) => ResolvedFilter::False,
        (Some(only), None) => leaf(only),
        (Some(first), Some(_)) => ResolvedFilter::AnyOf {
            types,
            leaf: Box::new(leaf(first)),
        },
    };
    ResolvedFilter::any(types.separate(schema).map(&leaf).chain([rest]))
}

fn equality(schema: &Schema, attribute: &str, value: &Bytes) -> Option<ResolvedFilter> {
    let description = Description::find(schema, attribute)?;
    let rule = description.definition(schema).equality?;
    if !may_be_class(schema, description.id, value) {
        return None;
    }
    let assertion = rule.assertion(schema, value)?;
    Some(description.each(schema, |attribute| ResolvedFilter::Equality {
        attribute,
        assertion: assertion.clone(),
        value: value.clone(),
    }))
}

fn ordering(schema: &Schema, attribute: &str, side: Side, value: &Bytes) -> Option<ResolvedFilter> {
    let description = Description::find(schema, attribute)?;
    let rule = description.definition(schema).ordering?;
    let assertion = rule.assertion(schema, value)?;
    Some(description.each(schema, |attribute| ResolvedFilter::Ordering {
        attribute,
        side,
        assertion: assertion.clone(),
        value: value.clone(),
    }))
}

/// The pieces of a substring filter.
struct Pieces<'a> {
    initial: &'a Option<Bytes>,
    any: &'a [Bytes],
    last: &'a Option<Bytes>,
}

fn substrings(schema: &Schema, attribute: &str, pieces: Pieces<'_>) -> Option<ResolvedFilter> {
    let Pieces { initial, any, last } = pieces;
    let description = Description::find(schema, attribute)?;
    let rule = description.definition(schema).substrings?;
    let assertion = SubstringAssertion::new(rule, initial.as_deref(), any, last.as_deref())?;
    Some(description.each(schema, |attribute| ResolvedFilter::Substrings {
        attribute,
        assertion: assertion.clone(),
        initial: initial.clone(),
        any: any.to_vec(),
        last: last.clone(),
    }))
}

/// What is asserted of an attribute that holds classes must be one, also where it is a number and
/// objectIdentifierMatch could tell by itself: Undefined otherwise, as in OpenLDAP.
fn may_be_class(schema: &Schema, attribute: AttributeId, value: &[u8]) -> bool {
    ![ids::OBJECT_CLASS, ids::STRUCTURAL_OBJECT_CLASS].contains(&attribute)
        || std::str::from_utf8(value).is_ok_and(|name| schema.object_class(name).is_some())
}

/// An extensible filter (RFC 4511 4.5.1.7.7).
struct Extensible<'a> {
    rule: Option<&'a str>,
    attribute: Option<&'a str>,
    value: &'a Bytes,
    dn_attributes: bool,
}

impl Extensible<'_> {
    fn resolve(&self, schema: &Schema) -> Option<ResolvedFilter> {
        let description = match self.attribute {
            Some(attribute) => Some(Description::find(schema, attribute)?),
            None => None,
        };
        let rule = match (self.rule, &description) {
            (Some(name), _) => schema.matching_rule(name)?,
            (None, Some(description)) if may_be_class(schema, description.id, self.value) => {
                description.definition(schema).equality?
            }
            (None, _) => return None,
        };
        let types = match &description {
            Some(description) if !description.definition(schema).may_be_held_against(rule) => return None,
            Some(description) if description.tagged => None,
            Some(description) => Some(Types::SubtypesOf(description.id)),
            None => Some(Types::HeldAgainst(rule)),
        };
        let test = ValueTest::new(schema, rule, self.value)?;
        let Some(types) = types.filter(|types| types.of(schema).next().is_some()) else {
            return Some(ResolvedFilter::False);
        };
        let held = one_of(schema, types, |id| {
            let is_own = schema.attribute_type(id).equality == Some(rule);
            self.leaf(id, rule, &test, is_own)
        });
        let in_name = self.dn_attributes.then(|| ResolvedFilter::InName {
            attributes: types,
            test: test.clone(),
        });
        Some(ResolvedFilter::any([held].into_iter().chain(in_name)))
    }

    /// What is asked of one attribute; `is_own`: by the attribute's own equality rule.
    fn leaf(&self, attribute: AttributeId, rule: MatchingRule, test: &ValueTest, is_own: bool) -> ResolvedFilter {
        match test {
            ValueTest::Equal(assertion) if rule == MatchingRule::InChain => ResolvedFilter::InChain {
                attribute,
                assertion: assertion.clone(),
                value: self.value.clone(),
            },
            ValueTest::Equal(assertion) if is_own => ResolvedFilter::Equality {
                attribute,
                assertion: assertion.clone(),
                value: self.value.clone(),
            },
            test => ResolvedFilter::Extensible {
                attribute,
                rule,
                test: test.clone(),
            },
        }
    }
}

impl ValueTest {
    /// None when the value breaks the rule's syntax.
    fn new(schema: &Schema, rule: MatchingRule, value: &[u8]) -> Option<Self> {
        match rule.kind() {
            RuleKind::Equality => rule.assertion(schema, value).map(Self::Equal),
            RuleKind::Ordering => rule.assertion(schema, value).map(Self::Less),
            RuleKind::Substrings => SubstringAssertion::parse(rule, value).map(Self::Substrings),
        }
    }
}
