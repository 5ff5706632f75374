//! Searches made of the directory's own values, changed in ways that must or must not matter.

use super::data::{BASE, Directory, EXCEPTION, Entry, hostile_text};
use super::wire::{Filter, Request};
use crate::harness::random::Random;
use unicode_normalization::UnicodeNormalization;

/// Attribute types that filters name: by their names, other names, OIDs, in odd case, one with an option, supertypes, and
/// some that no entry has, or no schema.
const NAMED: [(&str, &[&str]); 44] = [
    ("uid", &["UID", "userid", "0.9.2342.19200300.100.1.1"]),
    ("cn", &["CN", "commonName", "2.5.4.3"]),
    ("sn", &["SurName", "2.5.4.4"]),
    ("givenName", &["GIVENNAME", "gn", "2.5.4.42"]),
    ("name", &["NAME", "2.5.4.41"]),
    ("mail", &["rfc822Mailbox", "MAIL"]),
    ("uidNumber", &["uidnumber", "1.3.6.1.1.1.1.0"]),
    ("gidNumber", &["GIDNUMBER"]),
    ("homeDirectory", &["homedirectory"]),
    ("loginShell", &["LoginShell"]),
    ("gecos", &["GECOS"]),
    ("memberUid", &["MEMBERUID", "1.3.6.1.1.1.1.12"]),
    ("member", &["Member", "2.5.4.31"]),
    ("memberOf", &["MEMBEROF", "1.2.840.113556.1.2.102"]),
    ("description", &["2.5.4.13"]),
    ("title", &["TITLE"]),
    ("telephoneNumber", &["2.5.4.20"]),
    ("homePhone", &["homeTelephoneNumber"]),
    ("employeeNumber", &["employeenumber"]),
    ("postalAddress", &["2.5.4.16"]),
    ("labeledURI", &["labeleduri"]),
    ("manager", &["MANAGER"]),
    ("shadowMax", &["shadowmax"]),
    ("l", &["localityName"]),
    ("preferredLanguage", &["preferredlanguage"]),
    ("businessCategory", &["2.5.4.15"]),
    ("sshPublicKey", &["SSHPUBLICKEY"]),
    ("objectClass", &["OBJECTCLASS", "2.5.4.0"]),
    ("entryUUID", &["ENTRYUUID", "1.3.6.1.1.16.4"]),
    ("createTimestamp", &["createtimestamp"]),
    ("modifyTimestamp", &["2.5.18.2"]),
    ("structuralObjectClass", &["STRUCTURALOBJECTCLASS"]),
    ("entryDN", &["ENTRYDN", "1.3.6.1.1.20"]),
    ("hasSubordinates", &["HASSUBORDINATES"]),
    ("dc", &["domainComponent"]),
    ("distinguishedName", &["2.5.4.49"]),
    ("seeAlso", &["o"]),
    (
        "noSuchAttribute",
        &["1.2.3.4.5", "x-unknown", "OID.2.5.4.3", "oid.2.5.4.3"],
    ),
    (
        "cn;lang-de",
        &[
            "cn;LANG-en;lang-de",
            "2.5.4.3;lang-de",
            "uid;lang-en",
            "uidNumber;lang-x",
        ],
    ),
    (
        "cn;binary",
        &[
            "uid;binary",
            "jpegPhoto;binary",
            "cn;x-foo",
            "cn;",
            "cn;lang-de;x-foo",
            "uidNumber;binary",
            "member;range=0-*",
        ],
    ),
    ("jpegPhoto", &["JPEGPHOTO", "0.9.2342.19200300.100.1.60"]),
    (
        "userCertificate",
        &[
            "userCertificate;binary",
            "usercertificate;BINARY",
            "2.5.4.36",
            "userCertificate;lang-de;binary",
        ],
    ),
    ("badgeColour", &["BADGECOLOUR"]),
    ("departmentNumber", &["2.16.840.1.113730.3.1.2"]),
];

pub struct Generator<'a> {
    pub random: Random,
    pub directory: &'a Directory,
}

const RULES: [&str; 8] = [
    "caseExactIA5Match",
    "caseIgnoreIA5Match",
    "integerMatch",
    "distinguishedNameMatch",
    "octetStringMatch",
    "numericStringMatch",
    "noSuchMatch",
    "generalizedTimeMatch",
];

impl Generator<'_> {
    fn below(&mut self, limit: usize) -> usize {
        self.random.below(limit)
    }

    fn pick<'t, T: ?Sized>(&mut self, list: &[&'t T]) -> &'t T {
        list[self.below(list.len())]
    }

    /// A type; the name under which the directory has its values, and how it is called this time.
    fn attribute(&mut self) -> (&'static str, String) {
        let (name, others) = NAMED[self.below(NAMED.len())];
        (name, self.called(name, others))
    }

    fn called(&mut self, name: &str, others: &[&'static str]) -> String {
        if self.below(3) > 0 {
            name.to_string()
        } else {
            self.pick(others).to_string()
        }
    }

    /// Those whose values are asked for.
    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.directory
            .entries
            .iter()
            .filter(|entry| !entry.dn.contains(EXCEPTION))
    }

    /// A value of the attribute that some entry has; or any text.
    fn stored(&mut self, name: &str) -> String {
        if name == "hasSubordinates" {
            return self.pick(&["TRUE", "FALSE", "1"]).to_string();
        }
        let mut values = Vec::new();
        if name == "entryDN" {
            values.extend(self.entries().map(|entry| &entry.dn));
        }
        for entry in self.entries() {
            for (have, list) in &entry.attributes {
                let of_name = name == "name" && ["cn", "sn", "givenName", "title", "l"].contains(have);
                if *have == name || of_name {
                    values.extend(list);
                }
            }
        }
        let values: Vec<String> = values.into_iter().cloned().collect();
        // Which values the options are about does not matter.
        if let Some((plain, _)) = name.split_once(';') {
            return self.stored(plain);
        }
        if name == "departmentNumber" && self.below(2) == 0 {
            return self.stored("roomNumber");
        }
        if values.is_empty() || self.below(15) == 0 {
            return hostile_text(&mut self.random, 3);
        }
        values[self.below(values.len())].clone()
    }

    /// The value spelled in another way, or another value near it.
    fn changed(&mut self, value: String) -> Vec<u8> {
        let text = match self.below(20) {
            0 => value.to_uppercase(),
            1 => value.to_lowercase(),
            2 => format!("  {value} "),
            3 => value.replace(' ', "   "),
            4 => value.nfd().collect(),
            5 => value.nfc().collect(),
            6 => value.nfkd().collect(),
            7 => value.chars().take(1 + self.random.below(4)).collect(),
            8 => format!("{value}{}", hostile_text(&mut self.random, 1)),
            9 => value.replace("  ", " "),
            10 => return [value.as_bytes(), &[[0xff, 0xc3, 0xed][self.below(3)]]].concat(),
            11 if self.below(3) == 0 => String::new(),
            12 => self.number(),
            _ => value,
        };
        text.into_bytes()
    }

    fn number(&mut self) -> String {
        self.pick(&[
            "0",
            "7",
            "8",
            "-9",
            "007",
            "+8",
            "20001",
            "20000",
            "10005",
            "1e3",
            "99999999999999999999",
            "-",
            "10 ",
            "2",
        ])
        .to_string()
    }

    fn assertion(&mut self) -> (String, Vec<u8>) {
        let (name, called) = self.attribute();
        let value = self.stored(name);
        if name == "hasSubordinates" {
            return (called, value.into_bytes());
        }
        let value = match name {
            "uidNumber" | "gidNumber" | "shadowMax" if self.below(3) == 0 => self.number(),
            "objectClass" | "structuralObjectClass" if self.below(3) == 0 => self
                .pick(&[
                    "1.3.6.1.1.1.2.0",
                    "2.16.840.1.113730.3.2.2",
                    "sudoRole",
                    "INETORGPERSON",
                    "2.5.6.9",
                    "ipService",
                    "1.2.3",
                    "uid",
                    "domain",
                ])
                .to_string(),
            "createTimestamp" | "modifyTimestamp" if self.below(3) == 0 => self
                .pick(&[
                    "20240415093003Z",
                    "202404150930Z",
                    "2025",
                    "20250301235959.0Z",
                    "20250302005959+0100",
                    "20250101000000",
                ])
                .to_string(),
            _ => value,
        };
        let mut value = self.changed(value);
        // See `exceptions`.
        if name == "postalAddress" && value.is_empty() {
            value = b"x".to_vec();
        }
        (called, value)
    }

    /// A part of a value, by characters.
    fn part(&mut self, characters: &[char]) -> Vec<u8> {
        let start = self.below(characters.len());
        let length = 1 + self.below(4.min(characters.len() - start));
        let text: String = characters[start..start + length].iter().collect();
        match self.below(5) {
            0 => text.to_uppercase(),
            1 => text.nfd().collect(),
            _ => text,
        }
        .into_bytes()
    }

    fn substrings(&mut self) -> Filter {
        let (name, called) = self.attribute();
        let mut value = self.stored(name);
        if name == "postalAddress" {
            value = value.split(['$', '\\']).next().unwrap_or_default().to_string();
        }
        let characters: Vec<char> = value.chars().take(60).collect();
        if characters.is_empty() {
            return Filter::Present(called);
        }
        let end = characters.len();
        let cut = |from: usize, to: usize| characters[from..to].iter().collect::<String>().into_bytes();
        let middle = self.below(end);
        match self.below(7) {
            0 => Filter::Substrings(called, Some(cut(0, middle + 1)), vec![], None),
            1 if value.len() < 60 => Filter::Substrings(called, None, vec![], Some(cut(middle, end))),
            2 if value.len() < 60 && middle > 0 => {
                Filter::Substrings(called, Some(cut(0, middle)), vec![], Some(cut(middle, end)))
            }
            3 => {
                let parts = (0..1 + self.below(3)).map(|_| self.part(&characters)).collect();
                Filter::Substrings(called, None, parts, None)
            }
            4 => {
                let parts = vec![self.part(&characters)];
                Filter::Substrings(called, Some(cut(0, 1)), parts, None)
            }
            5 => {
                let mut part = hostile_text(&mut self.random, 1);
                // See `exceptions`.
                if name == "postalAddress" {
                    part = part.replace('\\', "x");
                }
                Filter::Substrings(called, None, vec![part.into_bytes()], None)
            }
            _ => {
                let part = self.part(&characters);
                Filter::Substrings(called, None, vec![part], None)
            }
        }
    }

    /// A substrings filter without pieces that begin or end with a space: see `exceptions`.
    fn solid_substrings(&mut self) -> Filter {
        loop {
            let filter = self.substrings();
            let Filter::Substrings(_, first, any, last) = &filter else {
                return filter;
            };
            let solid = |piece: &Vec<u8>| !piece.starts_with(b" ") && !piece.ends_with(b" ");
            if first.iter().chain(any).chain(last).all(solid) {
                return filter;
            }
        }
    }

    fn extensible(&mut self) -> Filter {
        let (mut attribute, mut value) = self.assertion();
        let mut rule = None;
        let mut dn = self.below(3) == 0;
        match self.below(8) {
            0 => {}
            1 | 2 => {
                attribute = self.pick(&["uidNumber", "shadowMax"]).to_string();
                value = self
                    .pick(&["1", "2", "4", "3", "7", "0", "16", "-1", "x"])
                    .as_bytes()
                    .to_vec();
                rule = Some(
                    self.pick(&["1.2.840.113556.1.4.803", "1.2.840.113556.1.4.804"])
                        .to_string(),
                );
            }
            3 | 4 => {
                let (name, others) = NAMED[self.below(5)];
                attribute = self.called(name, others);
                let stored = self.stored(name);
                value = self.changed(stored);
                rule = Some(
                    self.pick(&["caseExactMatch", "caseIgnoreMatch", "2.5.13.5"])
                        .to_string(),
                );
            }
            5 => {
                let (name, text) = [
                    ("dc", "example"),
                    ("uid", "alice"),
                    ("cn", "STAFF"),
                    ("dc", "com"),
                    ("uid", "star*"),
                ][self.below(5)];
                (attribute, value, dn) = (name.into(), text.into(), true);
            }
            6 => {
                let rule = Some(self.pick(&RULES).to_string());
                return Filter::Extensible {
                    rule,
                    attribute: None,
                    value,
                    dn,
                };
            }
            _ => rule = Some(self.pick(&RULES).to_string()),
        }
        Filter::Extensible {
            rule,
            attribute: Some(attribute),
            value,
            dn,
        }
    }

    fn leaf(&mut self) -> Filter {
        match self.below(20) {
            0..6 => {
                let (attribute, value) = self.assertion();
                Filter::Equal(attribute, value)
            }
            6..11 => self.solid_substrings(),
            11..13 => Filter::Present(self.attribute().1),
            13..16 => {
                let (mut attribute, mut value) = self.assertion();
                if self.below(3) > 0 {
                    let name = self.pick(&[
                        "uidNumber",
                        "gidNumber",
                        "shadowMax",
                        "createTimestamp",
                        "modifyTimestamp",
                        "entryUUID",
                    ]);
                    let stored = self.stored(name);
                    (attribute, value) = (name.to_string(), self.changed(stored));
                }
                if self.below(2) == 0 {
                    Filter::Greater(attribute, value)
                } else {
                    Filter::Less(attribute, value)
                }
            }
            16 => {
                let name = self.pick(&[
                    "uidNumber",
                    "gidNumber",
                    "member",
                    "entryUUID",
                    "objectClass",
                    "memberOf",
                    "sshPublicKey",
                ]);
                let value = self.stored(name);
                Filter::Approx(name.into(), self.changed(value))
            }
            _ => loop {
                let filter = self.extensible();
                // See `exceptions`.
                let made = match &filter {
                    Filter::Extensible {
                        attribute: Some(name), ..
                    } => ["hasSubordinates", "entryUUID", "1.3.6.1.1.16.4"]
                        .iter()
                        .any(|made| name.eq_ignore_ascii_case(made)),
                    Filter::Extensible { rule: Some(rule), .. } => rule == "distinguishedNameMatch",
                    _ => false,
                };
                if !made {
                    return filter;
                }
            },
        }
    }

    fn filter(&mut self, depth: usize) -> Filter {
        if depth == 0 {
            return self.leaf();
        }
        match self.below(9) {
            0 | 1 => {
                let count = self.below(4);
                Filter::And((0..count).map(|_| self.filter(depth - 1)).collect())
            }
            2 | 3 => {
                let count = self.below(4);
                Filter::Or((0..count).map(|_| self.filter(depth - 1)).collect())
            }
            4 | 5 => Filter::Not(Box::new(self.filter(depth - 1))),
            6 => {
                let class = self.pick(&["posixAccount", "posixGroup", "person", "inetOrgPerson", "groupOfNames"]);
                Filter::And(vec![
                    Filter::Equal("objectClass".into(), class.into()),
                    self.filter(depth - 1),
                ])
            }
            _ => self.leaf(),
        }
    }

    /// A DN of an entry, spelled in one of many ways.
    fn spelled(&mut self, dn: &str) -> String {
        match self.below(9) {
            0 => dn.to_lowercase(),
            1 => dn.replace(",dc=", " , DC = "),
            2 => dn
                .replace("uid=", "0.9.2342.19200300.100.1.1=")
                .replace("cn=", "2.5.4.3="),
            3 => dn.replace("uid=", "UserID=").replace("cn=", "COMMONNAME="),
            4 => dn.replace("dc=example", "dc=EXAMPLE"),
            5 => dn.replace("dc=com", "dc=\\63om"),
            6 => dn.replace("=", "= "),
            _ => dn.to_string(),
        }
    }

    fn base(&mut self) -> String {
        let entry = self.directory.entries[self.random.below(self.directory.entries.len())]
            .dn
            .clone();
        let dn = match self.below(24) {
            0..14 => BASE.to_string(),
            14..18 => entry,
            18 => format!("cn=deeper,ou=x,{entry}"),
            19 => self
                .pick(&[
                    "uid=nosuchuser,dc=example,dc=com",
                    "cn=nosuchgroup,dc=example,dc=com",
                    "ou=people,dc=example,dc=com",
                    "uid=x,ou=people,dc=example,dc=com",
                    "uid=alice+cn=alice,dc=example,dc=com",
                    "cn=Bob,dc=example,dc=com",
                    "uid=staff,dc=example,dc=com",
                    "uid=alice,uid=alice,dc=example,dc=com",
                    "unknownType=x,dc=example,dc=com",
                    "2.5.4.999=x,dc=example,dc=com",
                    "uid=\\61lice,dc=example,dc=com",
                    "uid=,dc=example,dc=com",
                    "dc=exämple,dc=example,dc=com",
                    "uidNumber=x,dc=example,dc=com",
                    "uidNumber=10001,dc=example,dc=com",
                    "uid=jürgen ,dc=example,dc=com",
                    "uid=JU\u{308}RGEN,dc=example,dc=com",
                ])
                .to_string(),
            20 => self
                .pick(&[
                    "dc=com",
                    "dc=example,dc=org",
                    "o=other",
                    "dc=x,dc=example2,dc=com",
                    "cn=x,o=other,c=de",
                ])
                .to_string(),
            21 => self
                .pick(&[
                    "nonsense",
                    "uid=a,,dc=example,dc=com",
                    "=x,dc=example,dc=com",
                    "uid,dc=example,dc=com",
                    "uid=a\\",
                    "uid=a\\zz,dc=com",
                ])
                .to_string(),
            _ => return BASE.into(),
        };
        self.spelled(&dn)
    }

    fn attributes(&mut self) -> Vec<String> {
        match self.below(10) {
            0..3 => Vec::new(),
            3 => vec!["*".into()],
            4 => vec!["*".into(), "+".into()],
            5 => vec!["1.1".into()],
            _ => (0..1 + self.below(4))
                .map(|_| match self.below(12) {
                    0 => self
                        .pick(&[
                            "1.1",
                            "*",
                            "+",
                            "dn",
                            "unknown",
                            "cn;lang-de",
                            "cn;binary",
                            "OID.2.5.4.3",
                            "name",
                            "CN",
                            "cn",
                            "objectclass",
                        ])
                        .to_string(),
                    1 => self
                        .pick(&[
                            "hasSubordinates",
                            "entryDN",
                            "subschemaSubentry",
                            "structuralObjectClass",
                        ])
                        .to_string(),
                    _ => self.attribute().1,
                })
                .collect(),
        }
    }

    pub fn request(&mut self) -> Request {
        let base = self.base();
        let depth = self.below(4);
        Request {
            page: if self.below(12) == 0 {
                [3, 7, 20, 100][self.below(4)]
            } else {
                0
            },
            scope: [2, 2, 2, 2, 1, 1, 3, 0][self.below(8)],
            base,
            size_limit: if self.below(8) == 0 {
                [1, 2, 5, 40, 1000][self.below(5)]
            } else {
                0
            },
            types_only: self.below(12) == 0,
            filter: self.filter(depth),
            attributes: self.attributes(),
        }
    }
}
