//! The tables are whole and consistent.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]

use std::collections::HashSet;

use super::*;

#[test]
fn identifiers_are_places() {
    let schema = Schema::standard();
    for (id, name) in [
        (ids::NAME, "name"),
        (ids::UID, "uid"),
        (ids::MAIL, "mail"),
        (ids::SSH_PUBLIC_KEY, "sshPublicKey"),
        (ids::CAR_LICENSE, "carLicense"),
        (ids::UID_NUMBER, "uidNumber"),
        (ids::AUTOMOUNT_INFORMATION, "automountInformation"),
        (ids::OBJECT_CLASS, "objectClass"),
        (ids::ENTRY_UUID, "entryUUID"),
        (ids::VENDOR_VERSION, "vendorVersion"),
    ] {
        assert_eq!(schema.attribute_name(id), name);
        assert_eq!(schema.attribute(name), Some(id));
    }
    assert_eq!(schema.attributes().count(), usize::from(operational::END));
    for (id, class) in schema.object_classes() {
        assert_eq!(schema.object_class(class.name()), Some(id));
        assert_eq!(schema.object_class(class.oid), Some(id));
    }
    assert_eq!(
        schema.object_class_type(class_ids::GROUP_OF_MEMBERS).name(),
        "groupOfMembers"
    );
}

#[test]
fn names_and_identifiers_are_unique() {
    let schema = Schema::standard();
    let (mut oids, mut names) = (HashSet::new(), HashSet::new());
    for (_, attribute) in schema.attributes() {
        assert!(oids.insert(attribute.oid.to_string()), "{}", attribute.oid);
        assert!(syntax::is_numeric_oid(attribute.oid.as_bytes()), "{}", attribute.oid);
        assert!(!attribute.names.is_empty());
        for name in &attribute.names {
            assert!(names.insert(name.to_ascii_lowercase()), "{name}");
            assert!(syntax::is_descriptor(name.as_bytes()), "{name}");
        }
    }
    let mut class_names = HashSet::new();
    for (_, class) in schema.object_classes() {
        assert!(oids.insert(class.oid.to_owned()), "{}", class.oid);
        for name in class.names {
            assert!(class_names.insert(name.to_ascii_lowercase()), "{name}");
        }
        let listed: Vec<_> = class.must.iter().chain(class.may).collect();
        assert_eq!(
            listed.iter().collect::<HashSet<_>>().len(),
            listed.len(),
            "{}",
            class.name()
        );
    }
    for rule in MatchingRule::ALL {
        assert!(oids.insert(rule.oid().to_owned()), "{rule:?}");
        assert_eq!(schema.matching_rule(&rule.name().to_uppercase()), Some(*rule));
        assert_eq!(schema.matching_rule(rule.oid()), Some(*rule));
    }
    let syntaxes: HashSet<_> = Syntax::ALL.iter().map(|syntax| syntax.oid()).collect();
    assert_eq!(syntaxes.len(), Syntax::ALL.len());
}

#[test]
fn rules_are_of_their_kind_and_subtypes_inherit() {
    let schema = Schema::standard();
    for (id, attribute) in schema.attributes() {
        for (rule, kind) in [
            (attribute.equality, RuleKind::Equality),
            (attribute.ordering, RuleKind::Ordering),
            (attribute.substrings, RuleKind::Substrings),
        ] {
            assert!(rule.is_none_or(|rule| rule.kind() == kind), "{}", attribute.name());
        }
        if let Some(superior) = attribute.superior {
            assert!(schema.is_subtype(id, superior));
            let superior = schema.attribute_type(superior);
            assert_eq!(attribute.equality, superior.equality, "{}", attribute.name());
            assert_eq!(attribute.usage, superior.usage, "{}", attribute.name());
        }
    }
}

#[test]
fn lookups_take_any_case_and_identifiers() {
    let schema = Schema::standard();
    assert_eq!(schema.attribute("UIDNUMBER"), Some(ids::UID_NUMBER));
    assert_eq!(schema.attribute("commonName"), Some(ids::CN));
    assert_eq!(schema.attribute("2.5.4.3"), Some(ids::CN));
    assert_eq!(schema.attribute("cn;lang-de"), None);
    assert_eq!(schema.attribute(""), None);
    assert_eq!(schema.object_class("INETORGPERSON"), Some(class_ids::INET_ORG_PERSON));
    assert_eq!(schema.resolve_oid("1.2.3"), Some("1.2.3"));
    assert_eq!(schema.resolve_oid("caseExactMatch"), Some("2.5.13.5"));
    assert_eq!(schema.resolve_oid("nothing"), None);
    assert_eq!(schema.name_of_oid("2.5.6.6"), Some("person"));
}

#[test]
fn name_covers_what_inherits_from_it() {
    let schema = Schema::standard();
    let covered = schema.subtypes(ids::NAME);
    for id in [ids::NAME, ids::CN, ids::SN, ids::GIVEN_NAME, ids::OU, ids::C] {
        assert!(covered.contains(&id), "{}", schema.attribute_name(id));
    }
    assert!(!covered.contains(&ids::UID));
    assert_eq!(schema.subtypes(ids::CN), [ids::CN]);
    assert!(schema.is_subtype(ids::MEMBER, ids::DISTINGUISHED_NAME));
}

#[test]
fn what_design_asks_of_the_schema() {
    let schema = Schema::standard();
    let gecos = schema.attribute_type(ids::GECOS);
    assert_eq!(
        (gecos.syntax, gecos.equality),
        (Syntax::DirectoryString, Some(MatchingRule::CaseIgnore))
    );
    let member_uid = schema.attribute_type(ids::MEMBER_UID);
    assert_eq!(
        (member_uid.syntax, member_uid.equality),
        (Syntax::DirectoryString, Some(MatchingRule::CaseExact))
    );
    let posix_group = schema.object_class_type(class_ids::POSIX_GROUP);
    assert_eq!(posix_group.kind, ObjectClassKind::Auxiliary);
    let group = schema.object_class_type(class_ids::GROUP_OF_NAMES);
    assert!(group.may.contains(&ids::MEMBER) && !group.must.contains(&ids::MEMBER));
    assert!(schema.attribute_type(ids::MEMBER_OF).is_operational());
}

#[test]
fn classes_allow_what_they_and_their_superiors_list() {
    let schema = Schema::standard();
    let person = class_ids::INET_ORG_PERSON;
    assert!(schema.class_allows(person, ids::MAIL));
    assert!(schema.class_allows(person, ids::TITLE));
    assert!(schema.class_allows(person, ids::SN));
    assert!(schema.class_allows(person, ids::OBJECT_CLASS));
    assert!(!schema.class_allows(person, ids::UID_NUMBER));
    assert!(schema.class_allows(class_ids::EXTENSIBLE_OBJECT, ids::UID_NUMBER));
    assert!(!schema.class_allows(class_ids::EXTENSIBLE_OBJECT, ids::MEMBER_OF));
    let chain: Vec<_> = schema
        .class_chain(person)
        .map(|class| schema.object_class_type(class).name())
        .collect();
    assert_eq!(chain, ["inetOrgPerson", "organizationalPerson", "person", "top"]);
}

#[test]
fn passing_through_extends_the_schema() {
    let standard = Schema::standard();
    let names = ["badgeColour", "BADGECOLOUR", "mail", "no good", "1st", ""].map(String::from);
    let schema = standard.extended_with(&names);
    assert_eq!(schema.attributes().count(), standard.attributes().count() + 1);
    let id = schema.attribute("badgecolour").unwrap();
    let attribute = schema.attribute_type(id);
    assert_eq!(attribute.name(), "badgeColour");
    assert!(attribute.oid.starts_with("2.25.") && syntax::is_numeric_oid(attribute.oid.as_bytes()));
    assert_eq!(schema.attribute(&*attribute.oid), Some(id));
    // Replicas must publish the same identifier, whatever else they pass through.
    let other = standard.extended_with(&["zzz".to_owned(), "BadgeColour".to_owned()]);
    assert_eq!(
        other.attribute_type(other.attribute("badgeColour").unwrap()).oid,
        attribute.oid
    );
    assert_eq!(schema.attribute("mail"), Some(ids::MAIL));
    assert_eq!(
        standard.attribute_type(id).name(),
        "name",
        "an identifier of another schema does no harm"
    );
    assert_eq!(schema.subtypes(id), [id]);
}

#[test]
fn definitions_in_text() {
    let schema = Schema::standard();
    let attributes: Vec<_> = schema.attribute_type_descriptions().collect();
    let classes: Vec<_> = schema.object_class_descriptions().collect();
    for expected in [
        "( 2.5.4.3 NAME ( 'cn' 'commonName' ) DESC 'common name (RFC 4519)' SUP name )",
        "( 2.5.4.6 NAME ( 'c' 'countryName' ) DESC 'two-letter country code (RFC 4519)' SUP name SYNTAX 1.3.6.1.4.1.1466.115.121.1.11 SINGLE-VALUE )",
        "( 1.3.6.1.1.1.1.0 NAME 'uidNumber' DESC 'number of a user' EQUALITY integerMatch ORDERING integerOrderingMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )",
        "( 2.5.18.1 NAME 'createTimestamp' DESC 'when the entry was created (RFC 4512)' EQUALITY generalizedTimeMatch ORDERING generalizedTimeOrderingMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.24 SINGLE-VALUE NO-USER-MODIFICATION USAGE directoryOperation )",
    ] {
        assert!(
            attributes.iter().any(|text| text == expected),
            "{expected}\n{attributes:#?}"
        );
    }
    for expected in [
        "( 2.5.6.0 NAME 'top' DESC 'top of the class hierarchy (RFC 4512)' ABSTRACT MUST objectClass )",
        "( 1.3.6.1.1.1.2.2 NAME 'posixGroup' DESC 'POSIX group (RFC 2307bis)' SUP top AUXILIARY MUST gidNumber MAY ( userPassword $ memberUid $ description ) )",
    ] {
        assert!(classes.iter().any(|text| text == expected), "{expected}\n{classes:#?}");
    }
    let syntaxes: Vec<_> = schema.syntax_descriptions().collect();
    assert!(syntaxes.contains(&"( 1.3.6.1.4.1.1466.115.121.1.12 DESC 'DN' )".to_owned()));
    let rules: Vec<_> = schema.matching_rule_descriptions().collect();
    assert!(rules.contains(&"( 2.5.13.2 NAME 'caseIgnoreMatch' SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )".to_owned()));
    let uses: Vec<_> = schema.matching_rule_use_descriptions().collect();
    for expected in [
        "( 2.5.13.13 NAME 'booleanMatch' APPLIES hasSubordinates )",
        "( 2.5.13.8 NAME 'numericStringMatch' APPLIES ( x121Address $ internationalISDNNumber ) )",
    ] {
        assert!(uses.iter().any(|text| text == expected), "{expected}\n{uses:#?}");
    }
    assert!(uses.iter().all(|text| !text.contains("userPassword")), "{uses:#?}");
    for text in [&attributes, &classes, &syntaxes, &rules, &uses].into_iter().flatten() {
        assert!(Syntax::AttributeTypeDescription.is_valid(text.as_bytes()));
        assert_eq!(text.matches('(').count(), text.matches(')').count(), "{text}");
    }
}

#[test]
fn values_of_syntaxes() {
    let cases: &[(Syntax, &[&str], &[&str])] = &[
        (Syntax::DirectoryString, &["x", " ", "ü"], &[""]),
        (Syntax::Ia5String, &["", "a@b"], &["ü"]),
        (
            Syntax::PrintableString,
            &["This is a PrintableString."],
            &["", "a@b", "ü", "a*"],
        ),
        (
            Syntax::TelephoneNumber,
            &["+1 512 315 0280", "+61 3 9896 7830"],
            &["", "#1"],
        ),
        (Syntax::CountryString, &["US", "AU"], &["U", "USA", "ÜS"]),
        (Syntax::NumericString, &["15 079 672 281"], &["", "1a"]),
        (
            Syntax::Integer,
            &["1321", "0", "-1"],
            &["", "-", "-0", "01", "+1", "1.0", " 1"],
        ),
        (Syntax::Boolean, &["TRUE", "FALSE"], &["", "1", "yes"]),
        (
            Syntax::BitString,
            &["'0101111101'B", "''B"],
            &["'012'B", "0101", "'01'"],
        ),
        (
            Syntax::Oid,
            &["1.2.3.4", "cn", "a-1"],
            &["", "1", "1.", "1.02", "1a", "-a", "a_b"],
        ),
        (
            Syntax::GeneralizedTime,
            &["199412161032Z", "199412160532-0500"],
            &["", "1994-12-16"],
        ),
        (Syntax::UtcTime, &["9412161032Z"], &["", "94"]),
        (
            Syntax::PostalAddress,
            &["1234 Main St.$Anytown, CA 12345$USA", "\\241,000,000"],
            &["", "a\\b", "a\\"],
        ),
        (
            Syntax::DeliveryMethod,
            &["telephone", "telephone $ videotex"],
            &["", "pigeon"],
        ),
        (
            Syntax::Uuid,
            &["597ae2f6-16a6-1027-98f4-d28b5365dc14"],
            &["", "{597ae2f6-16a6-1027-98f4-d28b5365dc14}"],
        ),
        (Syntax::OtherMailbox, &["a$b@c"], &["", "a", "a$", "$b"]),
        (
            Syntax::FacsimileTelephoneNumber,
            &["+61 3 9896 7801", "+81 3 347 7418$fineResolution"],
            &["", "$x"],
        ),
        (Syntax::TelexNumber, &["12345$US$ABC"], &["12345", "1$2$3$4"]),
        (
            Syntax::NisNetgroupTriple,
            &["(host,user,domain)", "(,alice,)"],
            &["host"],
        ),
        (Syntax::Dn, &["uid=x,dc=example", ""], &["x"]),
        (Syntax::OctetString, &["", "x"], &[]),
    ];
    for (syntax, right, wrong) in cases {
        for value in *right {
            assert!(syntax.is_valid(value.as_bytes()), "{syntax:?} {value:?}");
        }
        for value in *wrong {
            assert!(!syntax.is_valid(value.as_bytes()), "{syntax:?} {value:?}");
        }
    }
    assert!(!Syntax::DirectoryString.is_valid(b"\xff"));
    assert!(Syntax::OctetString.is_valid(b"\xff"));
    assert_eq!(Syntax::split_uid("cn=a#'01'B"), ("cn=a", Some("'01'B")));
    assert_eq!(Syntax::split_uid("cn=a#b"), ("cn=a#b", None));
}

#[test]
fn options_of_attribute_descriptions() {
    let schema = Schema::standard();
    let described = |text: &str| {
        schema
            .describe(text)
            .map(|(id, tagged)| (schema.attribute_name(id), tagged))
    };
    assert_eq!(described("CN"), Some(("cn", false)));
    assert_eq!(described("2.5.4.3;lang-DE-ch"), Some(("cn", true)));
    assert_eq!(described("cn;LANG-de;lang-fr"), Some(("cn", true)));
    assert_eq!(described("userCertificate;Binary"), Some(("userCertificate", false)));
    assert_eq!(described("2.5.4.36;lang-de;binary"), Some(("userCertificate", true)));
    for unrecognized in [
        "cn;binary",
        "jpegPhoto;binary",
        "userCertificate;binary;binary",
        "cn;",
        "cn;x-foo",
        "cn;lang",
        "cn;lang-d_e",
        "cn;lang-de;foo",
        "nothing;lang-de",
        ";lang-de",
        "OID.2.5.4.3",
        "",
    ] {
        assert_eq!(described(unrecognized), None, "{unrecognized}");
    }
    let served = |name: &str| {
        schema
            .attribute_type(schema.attribute(name).unwrap())
            .served_as()
            .to_owned()
    };
    assert_eq!(served("usercertificate"), "userCertificate;binary");
    assert_eq!(served("jpegPhoto"), "jpegPhoto");
}
