//! What names mean under a schema, and when they are equal (distinguishedNameMatch, RFC 4517 4.2.15).
//!
//! Each value of a name is compared by its own type's equality rule, which may be this very rule.

use super::assertion::Assertion;
use super::normalized_dn::{AttributeKey, NormalizedAva, NormalizedDn, NormalizedRdn, NormalizedValue};
use crate::model::dn::{Ava, AvaReader, AvaValue, Dn, RawValue, Rdn, Separator};
use crate::model::prepare::{Fold, equals_prepared, prepare};
use crate::model::schema::{AttributeId, MatchingRule, Schema};

impl Dn {
    /// Whether the schema knows every attribute type and every value is one of its type's syntax: what
    /// else is no DN to a server (RFC 4511 appendix A.2, invalidDNSyntax), as in OpenLDAP.
    pub fn is_valid(&self, schema: &Schema) -> bool {
        self.rdns().iter().flat_map(Rdn::avas).all(|ava| {
            let known = schema.attribute(ava.attribute()).map(|id| schema.attribute_type(id));
            known.is_some_and(|known| match ava.value() {
                AvaValue::Text(text) => known.syntax.is_valid(text.as_bytes()),
                AvaValue::Encoded(_) => true,
            })
        })
    }

    /// What the DN means under a schema.
    pub fn normalize(&self, schema: &Schema) -> NormalizedDn {
        let rdns = self.rdns().iter();
        NormalizedDn {
            rdns: rdns.map(|rdn| rdn.normalize(schema)).collect(),
        }
    }
}

impl Rdn {
    /// What the RDN means under a schema.
    pub fn normalize(&self, schema: &Schema) -> NormalizedRdn {
        let avas = self.avas().iter();
        NormalizedRdn::new(avas.map(|ava| ava.normalize(schema)).collect())
    }
}

impl Ava {
    fn normalize(&self, schema: &Schema) -> NormalizedAva {
        let value = match self.value() {
            AvaValue::Text(text) => WrittenValue::Text(text),
            AvaValue::Encoded(octets) => WrittenValue::Encoded(octets),
        };
        normalize_ava(schema, self.attribute(), &value)
    }
}

impl NormalizedDn {
    /// Whether the text is this name. Unlike parsing and normalising it, this allocates nothing for
    /// plain names and stops at the first difference: a group can have thousands of members.
    /// None if the difference was not found before the text turned out to be no DN.
    pub fn equals_text(&self, schema: &Schema, text: &str) -> Option<bool> {
        let mut reader = AvaReader::new(text);
        for rdn in &self.rdns {
            let Some((ava, separator)) = reader.next_ava().ok()? else {
                return Some(false);
            };
            let equal = match rdn.avas.as_slice() {
                [only] if separator != Separator::Plus => {
                    only.equals(schema, ava.attribute, &WrittenValue::from(&ava.value))
                }
                expected => {
                    let mut avas = vec![normalize_ava(schema, ava.attribute, &WrittenValue::from(&ava.value))];
                    let mut separator = separator;
                    while separator == Separator::Plus {
                        let (ava, next) = reader.next_ava().ok()??;
                        avas.push(normalize_ava(schema, ava.attribute, &WrittenValue::from(&ava.value)));
                        separator = next;
                    }
                    avas.sort_unstable();
                    avas == expected
                }
            };
            if !equal {
                return Some(false);
            }
        }
        Some(reader.next_ava().ok()?.is_none())
    }
}

impl NormalizedAva {
    fn equals(&self, schema: &Schema, attribute: &str, value: &WrittenValue<'_>) -> bool {
        match (&self.attribute, schema.attribute(attribute)) {
            (AttributeKey::Known(id), Some(other)) if *id == other => {
                if let (NormalizedValue::Text(prepared), WrittenValue::Text(text)) = (&self.value, value)
                    && let Some(equal) =
                        text_fold(schema, *id).and_then(|fold| equals_prepared(prepared, fold, text.as_bytes()))
                {
                    return equal;
                }
                normalize_value(schema, *id, value) == self.value
            }
            (AttributeKey::Unknown(name), None) => {
                name.eq_ignore_ascii_case(attribute) && as_written(value) == self.value
            }
            _ => false,
        }
    }
}

/// A value before it is prepared.
enum WrittenValue<'a> {
    Text(&'a str),
    Encoded(&'a [u8]),
}

impl<'a> From<&'a RawValue<'_>> for WrittenValue<'a> {
    fn from(value: &'a RawValue<'_>) -> Self {
        match value {
            RawValue::Text(text) => Self::Text(text),
            RawValue::Encoded(octets) => Self::Encoded(octets),
        }
    }
}

fn normalize_ava(schema: &Schema, attribute: &str, value: &WrittenValue<'_>) -> NormalizedAva {
    match schema.attribute(attribute) {
        Some(id) => NormalizedAva {
            attribute: AttributeKey::Known(id),
            value: normalize_value(schema, id, value),
        },
        None => NormalizedAva {
            attribute: AttributeKey::Unknown(attribute.to_ascii_lowercase().into()),
            value: as_written(value),
        },
    }
}

fn as_written(value: &WrittenValue<'_>) -> NormalizedValue {
    match value {
        WrittenValue::Text(text) => NormalizedValue::Text((*text).into()),
        WrittenValue::Encoded(octets) => NormalizedValue::Raw((*octets).into()),
    }
}

fn normalize_value(schema: &Schema, id: AttributeId, value: &WrittenValue<'_>) -> NormalizedValue {
    match value {
        WrittenValue::Text(text) => prepared(schema, id, text),
        WrittenValue::Encoded(octets) => match decode_string(octets) {
            Some(text) => prepared(schema, id, &text),
            None => NormalizedValue::Raw((*octets).into()),
        },
    }
}

/// Whether case counts, where values are compared as text.
fn text_fold(schema: &Schema, id: AttributeId) -> Option<Fold> {
    match schema.attribute_type(id).equality? {
        MatchingRule::CaseIgnore | MatchingRule::CaseIgnoreIa5 => Some(Fold::Ignore),
        MatchingRule::CaseExact | MatchingRule::CaseExactIa5 => Some(Fold::Exact),
        _ => None,
    }
}

/// The text as the type's equality rule compares it.
fn prepared(schema: &Schema, id: AttributeId, text: &str) -> NormalizedValue {
    let prepared = match (text_fold(schema, id), schema.attribute_type(id).equality) {
        (Some(fold), _) => prepare(text, fold),
        (None, Some(MatchingRule::ObjectIdentifier)) => schema.resolve_oid(text).map(str::to_owned),
        (None, Some(rule)) => rule.assertion(schema, text.as_bytes()).and_then(canonical),
        (None, None) => None,
    };
    match prepared {
        Some(prepared) => NormalizedValue::Text(prepared.into()),
        None => NormalizedValue::Raw(text.as_bytes().into()),
    }
}

/// One spelling for all equal assertions. Values of these syntaxes name entries only in theory.
fn canonical(assertion: Assertion) -> Option<String> {
    match assertion {
        Assertion::Numeric(text) | Assertion::Telephone(text) | Assertion::Integer(text) => Some(text.to_string()),
        Assertion::Boolean(value) => Some(if value { "TRUE" } else { "FALSE" }.to_owned()),
        Assertion::Time(time) => Some(format!("{}.{:09}", time.seconds, time.nanos)),
        Assertion::Uuid(uuid) => Some(uuid.simple().to_string()),
        Assertion::Lines(lines) => Some(lines.join("$")),
        Assertion::Dn(dn) => Some(dn.to_string()),
        Assertion::NameAndUid(dn, uid) => Some(format!("{dn}#{}", uid.unwrap_or_default())),
        _ => None,
    }
}

/// The string in a BER encoding (RFC 4514 2.4), if it is one of the ASN.1 string types.
fn decode_string(encoded: &[u8]) -> Option<String> {
    let (&tag, rest) = encoded.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, content) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (length, content) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = length.iter().fold(0_usize, |sum, &byte| sum << 8 | usize::from(byte));
            (length, content)
        }
        _ => return None,
    };
    if content.len() != length {
        return None;
    }
    match tag {
        // OCTET STRING, UTF8String, NumericString, PrintableString, IA5String.
        0x04 | 0x0c | 0x12 | 0x13 | 0x16 => String::from_utf8(content.to_vec()).ok(),
        // BMPString.
        0x1e => {
            let pairs = content.chunks(2);
            let units = pairs.map(|pair| <[u8; 2]>::try_from(pair).map(u16::from_be_bytes));
            String::from_utf16(&units.collect::<Result<Vec<_>, _>>().ok()?).ok()
        }
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::model::dn::escape_value;
    use crate::model::dn::tests::{any_dn, hostile};
    use crate::model::schema::ids;
    use proptest::prelude::*;

    thread_local! {
        static SCHEMA: Schema = Schema::standard();
    }

    fn normal(dn: &str) -> NormalizedDn {
        let dn = Dn::parse(dn).unwrap_or_else(|error| panic!("{dn:?}: {error}"));
        SCHEMA.with(|schema| dn.normalize(schema))
    }

    fn equals_text(dn: &NormalizedDn, text: &str) -> Option<bool> {
        SCHEMA.with(|schema| dn.equals_text(schema, text))
    }

    #[test]
    fn spellings_of_one_name() {
        let dn = normal("uid=john.doe,ou=people,dc=example,dc=com");
        for spelling in [
            "UID=John.Doe,OU=People,DC=Example,DC=COM",
            " uid = john.doe , ou = people , dc=example,dc=com ",
            "0.9.2342.19200300.100.1.1=john.doe,2.5.4.11=people,dc=example,dc=com",
            "OID.0.9.2342.19200300.100.1.1=john.doe,ou=people,dc=example,dc=com",
            "userid=john.doe,organizationalUnitName=people,domainComponent=example,dc=com",
            "uid=\\6aohn.doe,ou=people,dc=example,dc=com",
            "uid=#0c086a6f686e2e646f65,ou=people,dc=example,dc=com",
            "uid=\\20john.doe\\ ,ou=people,dc=example,dc=com",
        ] {
            assert_eq!(normal(spelling), dn, "{spelling}");
            assert_eq!(equals_text(&dn, spelling), Some(true), "{spelling}");
        }
        for other in [
            "uid=john doe,ou=people,dc=example,dc=com",
            "cn=john.doe,ou=people,dc=example,dc=com",
            "uid=john.doe,dc=example,dc=com",
            "uid=john.doe,ou=people,dc=example",
            "uid=john.doe,ou=people,dc=example,dc=com,dc=org",
            "uid=john.doe+cn=x,ou=people,dc=example,dc=com",
            "",
        ] {
            assert_ne!(normal(other), dn, "{other}");
            assert_eq!(equals_text(&dn, other), Some(false), "{other}");
        }
        assert_eq!(equals_text(&dn, "uid"), None);
    }

    #[test]
    fn values_are_prepared_by_their_rule() {
        for (one, other) in [
            ("cn=Smith\\, J.", "cn=smith\\2c  J."),
            ("cn=a\\+b", "cn=A\\2Bb"),
            ("cn=Mu\u{308}ller", "CN=MÜLLER"),
            ("cn=stra\u{df}e", "cn=STRASSE"),
            ("cn=a+sn=b", "sn=B+CN=A"),
            ("uidNumber=5", "uidNumber=5 "),
            ("x-unknown=A", "X-UNKNOWN= A"),
        ] {
            assert_eq!(normal(one), normal(other), "{one} {other}");
            assert_eq!(equals_text(&normal(one), other), Some(true), "{one} {other}");
        }
        for (one, other) in [
            ("memberUid=a", "memberUid=A"),
            ("homeDirectory=/a", "homeDirectory=/A"),
            ("x-unknown=a", "x-unknown=A"),
            ("x-unknown=a", "x-other=a"),
            ("cn=a+sn=b", "cn=b+sn=a"),
            ("cn=a+sn=b", "cn=a,sn=b"),
            ("cn=\\#0c0161", "cn=#0c0161"),
        ] {
            assert_ne!(normal(one), normal(other), "{one} {other}");
            assert_eq!(equals_text(&normal(one), other), Some(false), "{one} {other}");
        }
    }

    #[test]
    fn places_in_the_tree() {
        let base = normal("dc=example,dc=com");
        let user = normal("uid=a,DC=Example,dc=com");
        let deep = normal("cn=x,uid=a,dc=example,dc=com");
        assert!(user.is_descendant_of(&base) && deep.is_descendant_of(&base));
        assert!(user.is_child_of(&base) && !deep.is_child_of(&base));
        assert!(!base.is_descendant_of(&base) && !base.is_descendant_of(&user));
        assert!(base.is_descendant_of(&NormalizedDn::root()));
        assert!(!normal("uid=a,dc=xexample,dc=com").is_descendant_of(&base));
        assert_eq!(user.parent().as_ref(), Some(&base));
        assert_eq!((base.depth(), NormalizedDn::root().depth()), (2, 0));
        let leaf = user.leaf().unwrap();
        assert_eq!(leaf.single(), Some((&AttributeKey::Known(ids::UID), "a")));
        assert_eq!(base.child(leaf.clone()), user);
        assert_eq!(normal("cn=a+sn=b").leaf().unwrap().single(), None);
    }

    /// The same name in another spelling.
    fn respelled(dn: &Dn, upper: bool) -> String {
        let rdns = dn.rdns().iter().map(|rdn| {
            let avas = rdn.avas().iter().rev().map(|ava| {
                let value = match ava.value() {
                    AvaValue::Text(text) => text.bytes().map(|byte| format!("\\{byte:02X}")).collect(),
                    AvaValue::Encoded(octets) => {
                        let digits: String = octets.iter().map(|byte| format!("{byte:02X}")).collect();
                        format!("#{digits}")
                    }
                };
                let attribute = if upper {
                    ava.attribute().to_uppercase()
                } else {
                    ava.attribute().to_owned()
                };
                format!(" {attribute} = {value} ")
            });
            avas.collect::<Vec<_>>().join("+")
        });
        rdns.collect::<Vec<_>>().join(",")
    }

    proptest! {
        #[test]
        fn spelling_does_not_count(dn in any_dn(), upper in any::<bool>()) {
            let printed = dn.to_string();
            let expected = normal(&printed);
            let other = respelled(&dn, upper);
            prop_assert_eq!(normal(&other), expected.clone());
            prop_assert_eq!(equals_text(&expected, &printed), Some(true));
            prop_assert_eq!(equals_text(&expected, &other), Some(true));
        }

        #[test]
        fn comparing_text_is_comparing_names(one in any_dn(), other in any_dn()) {
            let (one, other) = (one.to_string(), other.to_string());
            prop_assert_eq!(equals_text(&normal(&one), &other), Some(normal(&one) == normal(&other)));
        }

        #[test]
        fn ascii_case_and_spaces_do_not_count(words in proptest::collection::vec("[a-zA-Z0-9.@_-]{1,5}", 1..4)) {
            let plain = format!("cn={},dc=x", words.join(" "));
            let loud = format!("CN={},DC=X", words.join("   ").to_uppercase());
            prop_assert_eq!(normal(&plain), normal(&loud));
            prop_assert_eq!(equals_text(&normal(&plain), &loud), Some(true));
        }

        #[test]
        fn one_value_one_answer(value in hostile(), other in hostile()) {
            let (one, two) = (format!("cn={}", escape_value(&value)), format!("cn={}", escape_value(&other)));
            let equal = normal(&one) == normal(&two);
            prop_assert_eq!(equals_text(&normal(&one), &two), Some(equal));
        }
    }
}
