//! [`Filter`] to [`ResolvedFilter`]: names are looked up and values prepared once per search, and what
//! a schema cannot decide becomes Undefined (RFC 4511 4.5.1.7), as in OpenLDAP.

use bytes::Bytes;

use super::logic::{ResolvedFilter, Side, ValueTest};
use super::{Filter, MAX_DEPTH};
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
        } => substrings(schema, attribute, initial.as_ref(), any, last.as_ref()).unwrap_or(Undefined),
        Filter::Extensible {
            rule,
            attribute,
            value,
            dn_attributes,
        } => extensible(schema, rule.as_deref(), attribute.as_deref(), value, *dn_attributes).unwrap_or(Undefined),
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
    /// password, about which no question is answered (design.md promise 4).
    fn find(schema: &Schema, description: &str) -> Option<Self> {
        let (id, tagged) = schema.describe(description)?;
        (id != ids::USER_PASSWORD).then_some(Self { id, tagged })
    }

    fn definition<'a>(&self, schema: &'a Schema) -> &'a AttributeType {
        schema.attribute_type(self.id)
    }

    /// The types whose values are meant: itself and its subtypes.
    fn types<'a>(&self, schema: &'a Schema) -> impl Iterator<Item = AttributeId> + use<'a> {
        let types = if self.tagged { &[] } else { schema.subtypes(self.id) };
        types.iter().copied().filter(|&id| id != ids::USER_PASSWORD)
    }

    /// A leaf for each type, one of which must match.
    fn each(&self, schema: &Schema, leaf: impl FnMut(AttributeId) -> ResolvedFilter) -> ResolvedFilter {
        let mut leaves = self.types(schema).map(leaf);
        match (leaves.next(), leaves.next()) {
            (None, _) => ResolvedFilter::False,
            // Nearly always.
            (Some(only), None) => only,
            (Some(first), Some(second)) => ResolvedFilter::any([first, second].into_iter().chain(leaves)),
        }
    }
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

fn substrings(
    schema: &Schema,
    attribute: &str,
    initial: Option<&Bytes>,
    any: &[Bytes],
    last: Option<&Bytes>,
) -> Option<ResolvedFilter> {
    let description = Description::find(schema, attribute)?;
    let rule = description.definition(schema).substrings?;
    let (first, end) = (initial.map(Bytes::as_ref), last.map(Bytes::as_ref));
    let assertion = SubstringAssertion::new(rule, first, any, end)?;
    Some(description.each(schema, |attribute| ResolvedFilter::Substrings {
        attribute,
        assertion: assertion.clone(),
        initial: initial.cloned(),
        any: any.to_vec(),
        last: last.cloned(),
    }))
}

/// What is asserted of an attribute that holds classes must be one, also where it is a number and
/// objectIdentifierMatch could tell by itself: Undefined otherwise, as in OpenLDAP.
pub fn may_be_class(schema: &Schema, attribute: AttributeId, value: &[u8]) -> bool {
    ![ids::OBJECT_CLASS, ids::STRUCTURAL_OBJECT_CLASS].contains(&attribute)
        || std::str::from_utf8(value).is_ok_and(|name| schema.object_class(name).is_some())
}

/// RFC 4511 4.5.1.7.7.
fn extensible(
    schema: &Schema,
    rule: Option<&str>,
    attribute: Option<&str>,
    value: &Bytes,
    dn_attributes: bool,
) -> Option<ResolvedFilter> {
    let description = match attribute {
        Some(attribute) => Some(Description::find(schema, attribute)?),
        None => None,
    };
    let rule = match (rule, &description) {
        (Some(name), _) => schema.matching_rule(name)?,
        (None, Some(description)) if may_be_class(schema, description.id, value) => {
            description.definition(schema).equality?
        }
        (None, _) => return None,
    };
    let types: Vec<_> = match &description {
        Some(description) if !description.definition(schema).may_be_held_against(rule) => return None,
        Some(description) => description.types(schema).collect(),
        None => schema
            .attributes()
            .filter(|&(id, definition)| id != ids::USER_PASSWORD && definition.may_be_held_against(rule))
            .map(|(id, _)| id)
            .collect(),
    };
    let test = ValueTest::new(schema, rule, value)?;
    let mut leaves = Vec::with_capacity(types.len() + 1);
    leaves.extend(types.iter().map(|&id| leaf(schema, id, rule, &test, value)));
    if dn_attributes && !types.is_empty() {
        leaves.push(ResolvedFilter::InName {
            attributes: types,
            test,
        });
    }
    Some(ResolvedFilter::any(leaves))
}

fn leaf(
    schema: &Schema,
    attribute: AttributeId,
    rule: MatchingRule,
    test: &ValueTest,
    value: &Bytes,
) -> ResolvedFilter {
    let own = schema.attribute_type(attribute).equality == Some(rule);
    match test {
        ValueTest::Equal(assertion) if rule == MatchingRule::InChain => ResolvedFilter::InChain {
            attribute,
            assertion: assertion.clone(),
            value: value.clone(),
        },
        ValueTest::Equal(assertion) if own => ResolvedFilter::Equality {
            attribute,
            assertion: assertion.clone(),
            value: value.clone(),
        },
        test => ResolvedFilter::Extensible {
            attribute,
            rule,
            test: test.clone(),
        },
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
