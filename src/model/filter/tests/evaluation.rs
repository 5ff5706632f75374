//! What filters mean, case by case, and against a reference that knows no schema tables.

use proptest::prelude::*;

use super::super::*;
use crate::model::entry::Entry;
use crate::model::schema::{Schema, ids};
use Truth::{False, True, Undefined};

thread_local! {
    static SCHEMA: Schema = Schema::standard();
}

fn truth_of(filter: &Filter, entry: &Entry) -> Truth {
    SCHEMA.with(|schema| filter.resolve(schema).evaluate(schema, entry, &NoRelations))
}

fn alice() -> Entry {
    let mut entry = Entry::new("uid=alice,ou=People,dc=example,dc=com");
    for class in ["top", "person", "organizationalPerson", "inetOrgPerson", "posixAccount"] {
        entry.push(ids::OBJECT_CLASS, class);
    }
    entry.push(ids::UID, "alice");
    entry.push(ids::CN, "Alice  Müller");
    entry.push(ids::SN, "Müller");
    entry.push(ids::UID_NUMBER, "1006");
    entry.push(ids::GID_NUMBER, "100");
    entry.push(ids::HOME_DIRECTORY, "/home/alice");
    entry.push(ids::MAIL, "alice@example.com");
    entry.push(ids::MEMBER_UID, "Bob");
    entry.push(ids::MEMBER, "uid=Bob\\2C Jr,dc=example,dc=com");
    entry.push(ids::MEMBER_OF, "cn=staff,dc=example,dc=com");
    entry.push(ids::MODIFY_TIMESTAMP, "20240102030405Z");
    entry.push(ids::ENTRY_UUID, "597ae2f6-16a6-1027-98f4-d28b5365dc14");
    entry.push(ids::USER_PASSWORD, "secret");
    entry
}

#[track_caller]
fn check(expected: Truth, filters: &[&str]) {
    let entry = alice();
    for text in filters {
        let filter = Filter::parse(text).unwrap();
        assert_eq!(truth_of(&filter, &entry), expected, "{text}");
        let negated = Filter::Not(Box::new(filter));
        assert_eq!(truth_of(&negated, &entry), !expected, "(!{text})");
    }
}

#[test]
fn equality_by_the_rule_of_the_attribute() {
    check(
        True,
        &[
            "(uid=ALICE)",
            "(UID= alice )",
            "(0.9.2342.19200300.100.1.1=alice)",
            "(userid=alice)",
            "(cn=alice m\u{fc}ller)",
            "(cn=ALICE MU\u{308}LLER)",
            "(commonName=Alice Müller)",
            "(uidNumber=1006)",
            "(memberUid=Bob)",
            "(mail=ALICE@Example.COM)",
            "(objectclass=POSIXACCOUNT)",
            "(objectClass=1.3.6.1.1.1.2.0)",
            "(objectClass=top)",
            "(modifyTimestamp=20240102040405+0100)",
            "(homeDirectory=/home/alice)",
            "(entryUUID=597AE2F6-16A6-1027-98F4-D28B5365DC14)",
            "(uid~=Alice)",
        ],
    );
    check(
        False,
        &[
            "(uid=alic)",
            "(memberUid=bob)",
            "(homeDirectory=/home/Alice)",
            "(uidNumber=6)",
            "(objectClass=posixGroup)",
            "(givenName=Alice)",
            "(title=*)",
            "(uid;lang-de=alice)",
        ],
    );
}

#[test]
fn names_are_compared_as_names() {
    check(
        True,
        &[
            r"(member=uid=bob\5c, jr,dc=example,dc=com)",
            r"(member=UID = Bob\5c2c Jr , DC=EXAMPLE,dc=com)",
            r"(member=0.9.2342.19200300.100.1.1=bob\5c, jr,dc=example,dc=com)",
            "(memberOf=CN=Staff, DC=example, DC=com)",
            "(memberOf:1.2.840.113556.1.4.1941:=cn=staff,dc=example,dc=com)",
            "(entryDN=UID=Alice, OU=people, dc=example,dc=com)",
            "(entryDN=*)",
        ],
    );
    check(
        False,
        &[
            "(member=uid=bob,dc=example,dc=com)",
            "(member=dc=example,dc=com)",
            "(member=)",
            "(memberOf=cn=staff,dc=example,dc=com,dc=org)",
            "(entryDN=dc=com)",
            "(memberOf:1.2.840.113556.1.4.1941:=cn=other,dc=example,dc=com)",
        ],
    );
    check(
        Undefined,
        &[
            "(member=bob)",
            "(member=uid=a;dc=x)",
            "(memberOf:1.2.840.113556.1.4.1941:=x)",
        ],
    );
}

#[test]
fn what_the_schema_cannot_decide_is_undefined() {
    check(
        Undefined,
        &[
            "(nonsense=*)",
            "(nonsense=a)",
            "(nonsense>=a)",
            "(nonsense=a*)",
            "(nonsense:=a)",
            "(cn;=a)",
            "(cn;_=a)",
            // Options that are not recognized with the type.
            "(uid;x-a=*)",
            "(cn;binary=*)",
            "(ou;x-a:dn:=people)",
            "(uidNumber=abc)",
            "(uidNumber=)",
            "(uidNumber=1*)",
            "(member=*bob*)",
            "(cn=)",
            "(cn=\\ff)",
            "(modifyTimestamp=yesterday)",
            "(modifyTimestamp>=yesterday)",
            "(memberUid>=a)",
            "(entryUUID=1)",
            "(objectClass=noSuchClass)",
            "(objectClass=1.2.3)",
            "(objectClass:=1.2.3)",
            "(objectClass=2.5.4.3)",
            "(structuralObjectClass=uid)",
            "(objectClass=*s*)",
            "(cn:nonsense:=a)",
            "(cn:1.2.3:=a)",
            "(:1.2.3:=a)",
            "(cn:integerMatch:=1)",
            "(nonsense:caseIgnoreMatch:=a)",
            "(uid:1.2.840.113556.1.4.803:=2)",
            "(uidNumber:1.2.840.113556.1.4.803:=x)",
            "(uid:1.2.840.113556.1.4.1941:=cn=a)",
            "(userAccountControl:1.2.840.113556.1.4.803:=2)",
        ],
    );
}

#[test]
fn nothing_is_said_about_passwords() {
    check(
        Undefined,
        &[
            "(userPassword=*)",
            "(userPassword=secret)",
            "(2.5.4.35=*)",
            "(userPassword;x-a=*)",
            "(userPassword>=a)",
            "(userPassword=s*)",
            "(userPassword:=secret)",
            "(userPassword:octetStringMatch:=secret)",
            "(userPassword:dn:octetStringMatch:=secret)",
            "(userPassword~=secret)",
        ],
    );
    check(
        False,
        &["(:octetStringMatch:=secret)", "(:dn:octetStringMatch:=secret)"],
    );
}

#[test]
fn substrings() {
    check(
        True,
        &[
            "(cn=ali*)",
            "(cn=*müller)",
            "(cn=*E M*)",
            "(cn=a*c*m*r)",
            "(mail=*@EXAMPLE.com)",
            "(uid=a*e)",
            "(memberUid=B*)",
            "(cn=alice *)",
        ],
    );
    check(
        False,
        &[
            "(cn=lice*)",
            "(cn=*alice)",
            "(cn=a*a*)",
            "(memberUid=b*)",
            "(uid=ali*ice)",
            "(title=a*)",
        ],
    );
}

#[test]
fn ordering() {
    check(
        True,
        &[
            "(modifyTimestamp>=20240102030405Z)",
            "(modifyTimestamp<=20240102030405Z)",
            "(modifyTimestamp>=20231231000000Z)",
        ],
    );
    check(
        False,
        &[
            "(modifyTimestamp>=20240102030406Z)",
            "(modifyTimestamp<=20240102030404Z)",
            "(createTimestamp>=20240101000000Z)",
        ],
    );
}

#[test]
fn presence() {
    check(True, &["(uid=*)", "(name=*)", "(objectClass=*)", "(memberOf=*)"]);
    check(False, &["(title=*)", "(uid;lang-de=*)", "(uniqueMember=*)"]);
}

#[test]
fn extensible() {
    check(
        True,
        &[
            "(uid:=ALICE)",
            "(uid:caseExactMatch:=alice)",
            "(uid:CASEIGNOREMATCH:=Alice)",
            "(uid:2.5.13.2:=Alice)",
            "(uidNumber:1.2.840.113556.1.4.803:=6)",
            "(uidNumber:1.2.840.113556.1.4.804:=3)",
            "(uidNumber:integerOrderingMatch:=2000)",
            r"(cn:caseIgnoreSubstringsMatch:=\2aLICE\2a)",
            "(cn:wordMatch:=müller)",
            "(:caseIgnoreMatch:=ALICE)",
            "(:distinguishedNameMatch:=cn=staff,dc=example,dc=com)",
            "(ou:dn:=people)",
            "(:dn:caseIgnoreMatch:=PEOPLE)",
            "(ou:dn:caseExactMatch:=People)",
            "(name:dn:=people)",
            "(dc:dn:=example)",
            "(objectClass:objectIdentifierMatch:=person)",
        ],
    );
    check(
        False,
        &[
            "(uid:caseExactMatch:=ALICE)",
            "(uidNumber:1.2.840.113556.1.4.803:=1)",
            "(uidNumber:1.2.840.113556.1.4.804:=1)",
            "(uidNumber:integerOrderingMatch:=1006)",
            "(:caseExactMatch:=ALICE)",
            "(ou:=people)",
            "(ou:dn:=groups)",
            "(ou:dn:caseExactMatch:=people)",
            "(ou;lang-de:dn:=people)",
            "(title:caseIgnoreMatch:=x)",
        ],
    );
}

#[test]
fn subtypes_count_for_their_supertype() {
    check(
        True,
        &["(name=müller)", "(name=Alice*)", "(name:caseExactMatch:=Müller)"],
    );
    check(False, &["(name=alice)", "(name;lang-de=Müller)"]);
}

#[test]
fn the_filters_of_clients() {
    check(
        True,
        &[
            "(&(uid=alice)(objectclass=posixAccount)(uid=*)(&(uidNumber=*)(!(uidNumber=0))))",
            "(|(uid=alice)(userAccountControl:1.2.840.113556.1.4.803:=2))",
            "(&(|(uid=*)(enable=*)(keys=*))(|(objectclass=inetorgperson)(objectclass=user)))",
            "(&)",
        ],
    );
    check(False, &["(&(uid=alice)(objectclass=posixGroup))", "(|)"]);
    check(
        Undefined,
        &[
            "(!(userAccountControl:1.2.840.113556.1.4.803:=2))",
            "(objectclass=sudoRule)",
        ],
    );
}

#[test]
fn relations_are_asked() {
    struct Members;
    impl Relations for Members {
        fn holds(&self, relation: usize, entry: &Entry) -> Truth {
            (relation == 7 && entry.dn.starts_with("uid=alice")).into()
        }
    }
    SCHEMA.with(|schema| {
        let text = "(&(uid=alice)(!(memberUid=x)))";
        let filter = Filter::parse(text).unwrap().resolve(schema);
        let replaced = filter.map_leaves(&mut |leaf| match leaf {
            ResolvedFilter::Equality {
                attribute: ids::MEMBER_UID,
                ..
            } => Some(ResolvedFilter::Relation(7)),
            _ => None,
        });
        assert!(!replaced.attributes(schema).contains(ids::MEMBER_UID));
        assert_eq!(replaced.evaluate(schema, &alice(), &Members), False);
        assert_eq!(replaced.evaluate(schema, &alice(), &NoRelations), Undefined);
    });
}

/// Values small enough that random ones meet.
fn word() -> impl Strategy<Value = String> {
    "[aAbB]( {0,2}[aAb]){0,2}"
}

fn any_entry() -> impl Strategy<Value = Entry> {
    let words = || proptest::collection::vec(word(), 0..3);
    (words(), words(), words(), proptest::option::of(0..20_u32)).prop_map(|(uid, sn, member_uid, number)| {
        let mut entry = Entry::new("uid=a,dc=b");
        let lists = [(ids::UID, uid), (ids::SN, sn), (ids::MEMBER_UID, member_uid)];
        for (id, values) in lists {
            values.into_iter().for_each(|value| entry.push(id, value));
        }
        if let Some(number) = number {
            entry.push(ids::UID_NUMBER, number.to_string());
        }
        entry
    })
}

fn any_filter() -> impl Strategy<Value = String> {
    let attribute = || {
        prop_oneof![
            Just("uid"),
            Just("USERID"),
            Just("sn"),
            Just("name"),
            Just("memberUid"),
            Just("nope"),
            Just("userPassword"),
            Just("cn;lang-x"),
            Just("sn;x")
        ]
    };
    let leaf = prop_oneof![
        4 => (attribute(), word()).prop_map(|(attribute, value)| format!("({attribute}={value})")),
        1 => attribute().prop_map(|attribute| format!("({attribute}=*)")),
        1 => (0..20_u32).prop_map(|number| format!("(uidNumber={number})")),
        1 => Just("(uidNumber=x)".to_owned()),
    ];
    leaf.prop_recursive(4, 20, 4, |inner| {
        let list = || proptest::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            list().prop_map(|parts| format!("(&{})", parts.concat())),
            list().prop_map(|parts| format!("(|{})", parts.concat())),
            inner.clone().prop_map(|inner| format!("(!{inner})")),
        ]
    })
}

/// The definition, word for word and slowly.
fn reference(filter: &Filter, entry: &Entry) -> Truth {
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let stored = |attribute: &str| match attribute {
        "uid" | "USERID" => Some(entry.values(ids::UID).to_vec()),
        "sn" => Some(entry.values(ids::SN).to_vec()),
        // Of what random entries hold, only sn is a name.
        "name" => Some(entry.values(ids::SN).to_vec()),
        "memberUid" => Some(entry.values(ids::MEMBER_UID).to_vec()),
        "uidNumber" => Some(entry.values(ids::UID_NUMBER).to_vec()),
        "cn;lang-x" => Some(Vec::new()),
        _ => None,
    };
    match filter {
        Filter::And(parts) => {
            let truths: Vec<_> = parts.iter().map(|part| reference(part, entry)).collect();
            if truths.contains(&False) {
                False
            } else if truths.contains(&Undefined) {
                Undefined
            } else {
                True
            }
        }
        Filter::Or(parts) => {
            let truths: Vec<_> = parts.iter().map(|part| reference(part, entry)).collect();
            if truths.contains(&True) {
                True
            } else if truths.contains(&Undefined) {
                Undefined
            } else {
                False
            }
        }
        Filter::Not(inner) => match reference(inner, entry) {
            True => False,
            False => True,
            Undefined => Undefined,
        },
        Filter::Present(attribute) => stored(attribute).map_or(Undefined, |values| (!values.is_empty()).into()),
        Filter::Equality { attribute, value } => {
            let Some(values) = stored(attribute) else {
                return Undefined;
            };
            let asserted = std::str::from_utf8(value).unwrap();
            if attribute == "uidNumber" && asserted.parse::<u32>().is_err() {
                return Undefined;
            }
            let same = |stored: &bytes::Bytes| {
                let (stored, asserted) = (squeezed(std::str::from_utf8(stored).unwrap()), squeezed(asserted));
                if attribute == "memberUid" {
                    stored == asserted
                } else {
                    stored.to_lowercase() == asserted.to_lowercase()
                }
            };
            values.iter().any(same).into()
        }
        other => panic!("{other}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn agrees_with_the_reference(filter in any_filter(), entry in any_entry()) {
        let filter = Filter::parse(&filter).unwrap();
        let expected = reference(&filter, &entry);
        prop_assert_eq!(truth_of(&filter, &entry), expected);
        let settled = SCHEMA.with(|schema| {
            filter.resolve(schema).matching().evaluate(schema, &entry, &NoRelations)
        });
        prop_assert_eq!(settled.matches(), expected.matches());
    }
}

#[test]
fn object_identifiers_may_be_stored_as_numbers() {
    SCHEMA.with(|schema| {
        let mut entry = Entry::new("cn=a,dc=example,dc=com");
        entry.push(ids::OBJECT_CLASS, "2.5.6.6");
        for (filter, truth) in [
            ("(objectClass=person)", True),
            ("(objectClass=2.5.6.6)", True),
            ("(objectClass=top)", False),
        ] {
            let filter = Filter::parse(filter).unwrap().resolve(schema);
            assert_eq!(filter.evaluate(schema, &entry, &NoRelations), truth);
        }
    });
}
