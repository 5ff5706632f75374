//! Definitions in the text forms that the subschema entry publishes (RFC 4512 section 4.1).

use std::fmt::Write;

use super::{AttributeId, AttributeType, MatchingRule, ObjectClass, ObjectClassKind, Schema, Syntax, Usage, ids};

impl Schema {
    /// The values of `attributeTypes`.
    pub fn attribute_type_descriptions(&self) -> impl Iterator<Item = String> {
        self.attributes()
            .map(|(_, attribute)| self.describe_attribute(attribute))
    }

    /// The values of `objectClasses`.
    pub fn object_class_descriptions(&self) -> impl Iterator<Item = String> {
        self.object_classes().map(|(_, class)| self.describe_class(class))
    }

    /// The values of `ldapSyntaxes`.
    pub fn syntax_descriptions(&self) -> impl Iterator<Item = String> {
        Syntax::ALL
            .iter()
            .map(|syntax| format!("( {} DESC '{}' )", syntax.oid(), syntax.description()))
    }

    /// The values of `matchingRules`.
    pub fn matching_rule_descriptions(&self) -> impl Iterator<Item = String> {
        MatchingRule::ALL.iter().map(|rule| {
            format!(
                "( {} NAME '{}' SYNTAX {} )",
                rule.oid(),
                rule.name(),
                rule.syntax().oid()
            )
        })
    }

    /// The values of `matchingRuleUse`: the types with which extensible filters may name a rule (RFC 4512 4.1.4). Never the
    /// password, about which no filter is answered. A rule for none is left out, as the grammar wants.
    pub fn matching_rule_use_descriptions(&self) -> impl Iterator<Item = String> {
        MatchingRule::ALL.iter().filter_map(|&rule| {
            let types: Vec<AttributeId> = self
                .attributes()
                .filter(|&(id, attribute)| id != ids::USER_PASSWORD && attribute.may_be_held_against(rule))
                .map(|(id, _)| id)
                .collect();
            let mut text = format!("( {} NAME '{}'", rule.oid(), rule.name());
            self.push_attributes(&mut text, "APPLIES", &types);
            text.push_str(" )");
            (!types.is_empty()).then_some(text)
        })
    }

    /// Leaves out what is inherited: repeating it is allowed, but nobody writes it so.
    fn describe_attribute(&self, attribute: &AttributeType) -> String {
        let superior = attribute.superior.map(|id| self.attribute_type(id));
        let mut text = format!("( {}", attribute.oid);
        push_names(&mut text, attribute.names.iter().map(AsRef::as_ref));
        push_description(&mut text, &attribute.description);
        if let Some(superior) = superior {
            push(&mut text, "SUP", superior.name());
        }
        let rules = [
            (
                "EQUALITY",
                attribute.equality,
                superior.and_then(|superior| superior.equality),
            ),
            (
                "ORDERING",
                attribute.ordering,
                superior.and_then(|superior| superior.ordering),
            ),
            (
                "SUBSTR",
                attribute.substrings,
                superior.and_then(|superior| superior.substrings),
            ),
        ];
        for (keyword, own, inherited) in rules {
            if let Some(rule) = own.filter(|rule| Some(*rule) != inherited) {
                push(&mut text, keyword, rule.name());
            }
        }
        if superior.is_none_or(|superior| superior.syntax != attribute.syntax) {
            push(&mut text, "SYNTAX", attribute.syntax.oid());
        }
        if attribute.single_value {
            text.push_str(" SINGLE-VALUE");
        }
        if attribute.no_user_modification {
            text.push_str(" NO-USER-MODIFICATION");
        }
        match attribute.usage {
            Usage::UserApplications => {}
            Usage::DirectoryOperation => push(&mut text, "USAGE", "directoryOperation"),
            Usage::DsaOperation => push(&mut text, "USAGE", "dSAOperation"),
        }
        text.push_str(" )");
        text
    }

    fn describe_class(&self, class: &ObjectClass) -> String {
        let mut text = format!("( {}", class.oid);
        push_names(&mut text, class.names.iter().copied());
        push_description(&mut text, class.description);
        if let Some(superior) = class.superior {
            push(&mut text, "SUP", self.object_class_type(superior).name());
        }
        text.push_str(match class.kind {
            ObjectClassKind::Abstract => " ABSTRACT",
            ObjectClassKind::Structural => " STRUCTURAL",
            ObjectClassKind::Auxiliary => " AUXILIARY",
        });
        self.push_attributes(&mut text, "MUST", class.must);
        self.push_attributes(&mut text, "MAY", class.may);
        text.push_str(" )");
        text
    }

    fn push_attributes(&self, text: &mut String, keyword: &str, list: &[AttributeId]) {
        let names: Vec<&str> = list.iter().map(|id| self.attribute_name(*id)).collect();
        match names.as_slice() {
            [] => {}
            [name] => push(text, keyword, name),
            names => push(text, keyword, &format!("( {} )", names.join(" $ "))),
        }
    }
}

fn push(text: &mut String, keyword: &str, value: &str) {
    // Writing to a string cannot fail.
    let _ = write!(text, " {keyword} {value}");
}

fn push_names<'a>(text: &mut String, names: impl Iterator<Item = &'a str>) {
    let quoted: Vec<String> = names.map(|name| format!("'{name}'")).collect();
    match quoted.as_slice() {
        [] => {}
        [name] => push(text, "NAME", name),
        names => push(text, "NAME", &format!("( {} )", names.join(" "))),
    }
}

/// A quoted text escapes the quote and the backslash (RFC 4512 section 4.1, `dstring`).
fn push_description(text: &mut String, description: &str) {
    if !description.is_empty() {
        push(
            text,
            "DESC",
            &format!("'{}'", description.replace('\\', "\\5C").replace('\'', "\\27")),
        );
    }
}
