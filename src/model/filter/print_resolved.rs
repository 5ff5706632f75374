//! [`ResolvedFilter`] to text in the manner of RFC 4515, names as the schema spells them, for `explain`.

use bytes::Bytes;

use super::logic::{ResolvedFilter, Side, ValueTest};
use super::print::write_value;
use super::types::Types;
use crate::model::schema::{AttributeId, Schema};

impl ResolvedFilter {
    /// The filter for people. `relation` says what a relation of this number is.
    pub fn text(&self, schema: &Schema, relation: &dyn Fn(usize) -> String) -> String {
        let name = |id: &AttributeId| schema.attribute_name(*id).to_owned();
        let list = |sign: char, parts: &[ResolvedFilter]| {
            let parts: String = parts.iter().map(|part| part.text(schema, relation)).collect();
            format!("({sign}{parts})")
        };
        match self {
            // RFC 4526.
            Self::True => "(&)".to_owned(),
            Self::False => "(|)".to_owned(),
            Self::Undefined => "(Undefined)".to_owned(),
            Self::And(parts) => list('&', parts),
            Self::Or(parts) => list('|', parts),
            Self::Not(inner) => format!("(!{})", inner.text(schema, relation)),
            Self::Present(id) => format!("({}=*)", name(id)),
            Self::Equality { attribute, value, .. } => format!("({}={})", name(attribute), escaped(value)),
            Self::Ordering {
                attribute, side, value, ..
            } => {
                let operator = match side {
                    Side::GreaterOrEqual => ">=",
                    Side::LessOrEqual => "<=",
                };
                format!("({}{operator}{})", name(attribute), escaped(value))
            }
            Self::Substrings {
                attribute,
                initial,
                any,
                last,
                ..
            } => {
                let end = |part: &Option<Bytes>| part.as_ref().map(escaped).unwrap_or_default();
                let middle: String = any.iter().map(|part| format!("{}*", escaped(part))).collect();
                format!("({}={}*{middle}{})", name(attribute), end(initial), end(last))
            }
            Self::Extensible { attribute, rule, test } => {
                format!("({}:{}:={})", name(attribute), rule.name(), asserted(test))
            }
            Self::InChain { attribute, value, .. } => {
                format!("({}:1.2.840.113556.1.4.1941:={})", name(attribute), escaped(value))
            }
            Self::InName { attributes, test } => {
                let names: Vec<String> = attributes.of(schema).map(|id| name(&id)).collect();
                format!("({}:dn:={})", names.join("|"), asserted(test))
            }
            Self::AnyOf { types, leaf } => match types {
                Types::SubtypesOf(id) => leaf.about(*id).text(schema, relation),
                Types::HeldAgainst(rule) => match &**leaf {
                    Self::Extensible { test, .. } => format!("(:{}:={})", rule.name(), asserted(test)),
                    Self::Equality { value, .. } | Self::InChain { value, .. } => {
                        format!("(:{}:={})", rule.name(), escaped(value))
                    }
                    leaf => leaf.text(schema, relation),
                },
            },
            Self::Relation(number) => format!("({})", relation(*number)),
        }
    }
}

fn escaped(value: &Bytes) -> String {
    let mut text = String::new();
    let _ = write_value(&mut text, value);
    text
}

/// Only the prepared value is kept.
fn asserted(test: &ValueTest) -> String {
    match test {
        ValueTest::Equal(assertion) => format!("{assertion:?}"),
        ValueTest::Less(assertion) => format!("less than {assertion:?}"),
        ValueTest::Substrings(assertion) => format!("{assertion:?}"),
    }
}
