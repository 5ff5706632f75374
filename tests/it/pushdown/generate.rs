//! Filters of every kind, about values that some entry has, or nearly has.

use crate::harness::Engine;
use crate::harness::random::Random;
use bytes::Bytes;
use ldap_gateway::model::entry::Entry;
use ldap_gateway::model::filter::Filter;
use ldap_gateway::model::schema::Schema;

use super::tables::{Fill, text};

const ATTRIBUTES: [&str; 30] = [
    "uid",
    "cn",
    "sn",
    "givenName",
    "mail",
    "gecos",
    "uidNumber",
    "gidNumber",
    "homeDirectory",
    "loginShell",
    "title",
    "telephoneNumber",
    "shadowMax",
    "employeeNumber",
    "labeledURI",
    "createTimestamp",
    "modifyTimestamp",
    "entryUUID",
    "sshPublicKey",
    "flag",
    "description",
    "serialNumber",
    "objectClass",
    "entryDN",
    "structuralObjectClass",
    "hasSubordinates",
    "name",
    "memberOf",
    "memberUid",
    "nosuchattribute",
];
const RULES: [&str; 12] = [
    "caseExactMatch",
    "caseIgnoreMatch",
    "caseIgnoreIA5Match",
    "caseExactIA5Match",
    "integerMatch",
    "caseIgnoreOrderingMatch",
    "1.2.840.113556.1.4.803",
    "1.2.840.113556.1.4.804",
    "caseIgnoreSubstringsMatch",
    "caseExactSubstringsMatch",
    "integerOrderingMatch",
    "generalizedTimeOrderingMatch",
];
const NUMBERS: [&str; 16] = [
    "7",
    "0",
    "-7",
    "12",
    "100",
    "4096",
    "1",
    "99999999999999999999",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "9007199254740993",
    "-99999999999999999999999",
    "6",
    "8",
    "007",
];
const TIMES: [&str; 8] = [
    "20240102030405Z",
    "20240102030405.5Z",
    "20240102000000Z",
    "19991231235959Z",
    "99991231235959Z",
    "20240103043000Z",
    "202401020304Z",
    "00000101000000Z",
];

pub struct Generator<'a> {
    random: Random,
    schema: &'a Schema,
    entries: &'a [Entry],
}

impl<'a> Generator<'a> {
    pub fn new(random: Random, schema: &'a Schema, entries: &'a [Entry]) -> Generator<'a> {
        Generator {
            random,
            schema,
            entries,
        }
    }

    fn below(&mut self, limit: usize) -> usize {
        self.random.below(limit)
    }

    fn attribute(&mut self) -> String {
        ATTRIBUTES[self.random.below(ATTRIBUTES.len())].to_owned()
    }

    /// A value of the attribute in some entry, if there is one after a few tries.
    fn stored(&mut self, attribute: &str) -> Option<String> {
        let id = self.schema.attribute(attribute)?;
        for _ in 0..12 {
            let entry = &self.entries[self.random.below(self.entries.len())];
            let values = entry.values(id);
            if !values.is_empty() {
                return Some(String::from_utf8_lossy(&values[self.random.below(values.len())]).into_owned());
            }
        }
        None
    }

    fn value(&mut self, attribute: &str) -> String {
        let stored = match self.below(8) {
            0 => None,
            _ => self.stored(attribute),
        };
        let value = stored.unwrap_or_else(|| match self.below(5) {
            0 => NUMBERS[self.random.below(NUMBERS.len())].to_owned(),
            1 => TIMES[self.random.below(TIMES.len())].to_owned(),
            _ => text(Engine::MariaDb, 60, Fill::Text(60), &mut self.random),
        });
        let numeric = ["uidNumber", "gidNumber", "shadowMax"].contains(&attribute);
        if numeric && self.below(3) == 0 {
            return NUMBERS[self.random.below(NUMBERS.len())].to_owned();
        }
        if attribute.ends_with("Timestamp") && self.below(2) == 0 {
            return TIMES[self.random.below(TIMES.len())].to_owned();
        }
        match self.below(12) {
            0 | 1 => value.to_uppercase(),
            2 => value.to_lowercase(),
            3 => format!(" {value} "),
            4 => value.replace(' ', "  "),
            5 => value.trim().to_owned(),
            6 => value.chars().skip(1).collect(),
            _ => value,
        }
    }

    /// Parts of a value, in order.
    fn pieces(&mut self, attribute: &str) -> Filter {
        let value: Vec<char> = self.value(attribute).chars().take(80).collect();
        let part = |from: usize, to: usize| -> Option<Bytes> {
            let text: String = value.get(from..to)?.iter().collect();
            (!text.is_empty()).then(|| Bytes::from(text))
        };
        let length = value.len();
        let mut cuts: Vec<usize> = (0..4).map(|_| self.random.below(length + 1)).collect();
        cuts.sort_unstable();
        let (mut initial, mut any, mut last) = (None, Vec::new(), None);
        let shape = self.below(7);
        if [0, 2, 4, 6].contains(&shape) {
            initial = part(0, cuts[0]);
        }
        if shape > 2 {
            any.extend(part(cuts[1], cuts[2]));
        }
        if shape == 1 || shape == 2 || shape == 6 {
            last = part(cuts[3], length);
        }
        if initial.is_none() && any.is_empty() && last.is_none() {
            any.push(Bytes::from("a"));
        }
        Filter::Substrings {
            attribute: attribute.to_owned(),
            initial,
            any,
            last,
        }
    }

    fn extensible(&mut self) -> Filter {
        let attribute = self.attribute();
        let rule = RULES[self.below(RULES.len())];
        let mut value = self.value(&attribute);
        if rule.contains("Substrings") {
            value = format!(
                "{}*",
                value
                    .chars()
                    .filter(|c| !"*\\".contains(*c))
                    .take(3)
                    .collect::<String>()
            );
        }
        if rule.starts_with("1.2") || rule.starts_with("integer") {
            value = NUMBERS[self.below(NUMBERS.len())].to_owned();
        }
        let dn_attributes = self.below(4) == 0;
        Filter::Extensible {
            rule: (self.below(6) > 0).then(|| rule.to_owned()),
            attribute: (self.below(10) > 0).then_some(attribute),
            value: Bytes::from(value),
            dn_attributes,
        }
    }

    fn leaf(&mut self) -> Filter {
        let attribute = self.attribute();
        if attribute == "objectClass" && self.below(2) == 0 {
            let classes = [
                "posixAccount",
                "posixGroup",
                "ldapPublicKey",
                "person",
                "groupOfNames",
                "nosuchclass",
            ];
            let value = Bytes::from(classes[self.below(classes.len())]);
            return Filter::Equality { attribute, value };
        }
        match self.below(20) {
            0..=6 => {
                let value = Bytes::from(self.value(&attribute));
                Filter::Equality { attribute, value }
            }
            7 => {
                let value = Bytes::from(self.value(&attribute));
                Filter::Approx { attribute, value }
            }
            8..=10 => Filter::Present(attribute),
            11..=14 => self.pieces(&attribute),
            15 | 16 => {
                let attribute = self.ordered();
                let value = Bytes::from(self.value(&attribute));
                Filter::GreaterOrEqual { attribute, value }
            }
            17 | 18 => {
                let attribute = self.ordered();
                let value = Bytes::from(self.value(&attribute));
                Filter::LessOrEqual { attribute, value }
            }
            _ => self.extensible(),
        }
    }

    fn ordered(&mut self) -> String {
        [
            "uidNumber",
            "gidNumber",
            "shadowMax",
            "createTimestamp",
            "modifyTimestamp",
            "entryUUID",
        ][self.below(6)]
        .to_owned()
    }

    pub fn filter(&mut self, depth: usize) -> Filter {
        let several = |generator: &mut Self| -> Vec<Filter> {
            (0..generator.below(3) + 1)
                .map(|_| generator.filter(depth + 1))
                .collect()
        };
        match self.below(if depth > 2 { 6 } else { 10 }) {
            6 | 7 => Filter::Not(Box::new(self.filter(depth + 1))),
            8 => Filter::And(several(self)),
            9 => Filter::Or(several(self)),
            _ => self.leaf(),
        }
    }
}
