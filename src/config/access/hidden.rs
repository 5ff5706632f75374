//! Attributes that not everybody sees.

use crate::config::{errors::Problem, parse::Reader, query_set::QuerySet};
use crate::model::schema::{AttributeId, Schema, ids};

const AUTHENTICATED: &str = "ATTRIBUTES_AUTHENTICATED";
const OWN: &str = "ATTRIBUTES_SELF";

/// What every entry shows in any case: in its DN, or because nothing can be read without it.
const NEVER_HIDDEN: [AttributeId; 6] = [
    ids::UID,
    ids::OBJECT_CLASS,
    ids::STRUCTURAL_OBJECT_CLASS,
    ids::ENTRY_DN,
    ids::SUBSCHEMA_SUBENTRY,
    ids::HAS_SUBORDINATES,
];

/// Names of attributes, as they were given, by who may see them. Service accounts with the right `read` see all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HiddenAttributes {
    /// Those that only users see who are bound.
    pub authenticated: Vec<String>,
    /// Those that a user sees in the own entry only.
    pub own: Vec<String>,
}

impl HiddenAttributes {
    pub(super) fn read(reader: &mut Reader, queries: &QuerySet<String>) -> Self {
        let hidden = HiddenAttributes {
            authenticated: names(reader, AUTHENTICATED, queries),
            own: names(reader, OWN, queries),
        };
        let schema = Schema::standard();
        let id = |name: &String| schema.attribute(name);
        for name in hidden.authenticated.iter().filter(|name| {
            let is_same = |own: &String| own.eq_ignore_ascii_case(name) || (id(own).is_some() && id(own) == id(name));
            hidden.own.iter().any(is_same)
        }) {
            let text = format!("`{name}` is in {OWN} too; give it in one of them");
            reader.problems.push(Problem::other(AUTHENTICATED, text));
        }
        hidden
    }

    /// Whether everybody sees everything.
    pub fn is_empty(&self) -> bool {
        self.authenticated.is_empty() && self.own.is_empty()
    }
}

/// The names in a list. A misspelt one would hide nothing, so it is refused.
fn names(reader: &mut Reader, variable: &'static str, queries: &QuerySet<String>) -> Vec<String> {
    let text = reader.text(variable).unwrap_or_default();
    let schema = Schema::standard();
    let mut names = Vec::new();
    for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        match schema.attribute(name) {
            Some(id) if NEVER_HIDDEN.contains(&id) => {
                let text = format!("`{name}` cannot be hidden: every entry shows it");
                reader.problems.push(Problem::other(variable, text));
            }
            Some(_) => names.push(name.to_owned()),
            None if is_alias(name, queries) => names.push(name.to_owned()),
            None => {
                let right = format!(
                    "a list of attributes; `{name}` is none of the schema, and no query has a column named attr:{name}"
                );
                reader.problems.push(Problem::wrong(variable, &text, &right));
            }
        }
    }
    names
}

/// Whether a query names a column that becomes an attribute of this name.
fn is_alias(name: &str, queries: &QuerySet<String>) -> bool {
    let alias = format!("attr:{}", name.to_ascii_lowercase());
    let ends = |rest: &str| !rest.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '-');
    queries.each().any(|(_, query)| {
        let query = query.to_ascii_lowercase();
        query.split(&alias).skip(1).any(ends)
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::EnvSource;

    fn read(variables: &[(&str, &str)]) -> (HiddenAttributes, Vec<String>) {
        let source = EnvSource::new().with_variables(variables.iter().copied());
        let mut reader = Reader::new(&source);
        let queries = QuerySet {
            all_users: "SELECT *, badge AS \"attr:badgeNumber\" FROM users".to_owned(),
            ..QuerySet::default()
        };
        let hidden = HiddenAttributes::read(&mut reader, &queries);
        (hidden, reader.problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn names_may_be_in_any_spelling() {
        let (hidden, problems) = read(&[(AUTHENTICATED, " Mail, 2.5.4.20,,"), (OWN, "sshPublicKey,BADGENUMBER")]);
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(hidden.authenticated, ["Mail", "2.5.4.20"]);
        assert_eq!(hidden.own, ["sshPublicKey", "BADGENUMBER"]);
        assert!(read(&[]).0.is_empty() && !hidden.is_empty());
    }

    #[test]
    fn what_would_hide_nothing_is_refused() {
        for (variables, expected) in [
            (
                vec![(OWN, "mail,maill")],
                "`maill` is none of the schema, and no query has a column named attr:maill",
            ),
            (vec![(OWN, "badge")], "`badge` is none of the schema"),
            (vec![(OWN, "mail;lang-de")], "`mail;lang-de` is none of the schema"),
            (vec![(OWN, "*")], "`*` is none of the schema"),
            (vec![(AUTHENTICATED, "userid")], "`userid` cannot be hidden"),
            (vec![(OWN, "objectClass")], "`objectClass` cannot be hidden"),
            (
                vec![(AUTHENTICATED, "mail"), (OWN, "rfc822Mailbox")],
                "`mail` is in ATTRIBUTES_SELF too",
            ),
        ] {
            let (_, problems) = read(&variables);
            assert!(
                problems.len() == 1 && problems.iter().all(|text| text.contains(expected)),
                "{problems:?}"
            );
        }
    }
}
