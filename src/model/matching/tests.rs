//! Every rule, with the examples of RFC 4517 where it has some.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]

use std::cmp::Ordering;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::substrings::Kind;
use super::*;
use crate::model::schema::{MatchingRule, RuleKind, Schema, Syntax};

static SCHEMA: LazyLock<Schema> = LazyLock::new(Schema::standard);

fn equal(rule: MatchingRule, asserted: &str, stored: &str) -> Option<bool> {
    rule.assertion(&SCHEMA, asserted.as_bytes())?
        .equals(&SCHEMA, stored.as_bytes())
}

fn order(rule: MatchingRule, stored: &str, asserted: &str) -> Option<Ordering> {
    rule.assertion(&SCHEMA, asserted.as_bytes())?
        .compare(&SCHEMA, stored.as_bytes())
}

/// A filter's pieces, `initial*any*final`, against a value.
fn pieces(rule: MatchingRule, pattern: &str, stored: &str) -> Option<bool> {
    SubstringAssertion::parse(rule, pattern.as_bytes())?.matches(stored.as_bytes())
}

const YES: Option<bool> = Some(true);
const NO: Option<bool> = Some(false);
const UNDEFINED: Option<bool> = None;

#[test]
fn a_name_that_the_schema_does_not_know_is_undefined() {
    let rule = MatchingRule::DistinguishedName;
    let stored = "uid=alice,dc=example,dc=com";
    assert_eq!(equal(rule, "uid=bob,dc=example,dc=com", stored), NO);
    for asserted in [
        "nonsense=bob,dc=example,dc=com",
        "uid=bob,dc=example,dc=cöm",
        "uid=bob,uidNumber=x",
    ] {
        assert_eq!(equal(rule, asserted, stored), UNDEFINED, "{asserted}");
        assert_eq!(
            equal(MatchingRule::UniqueMember, asserted, stored),
            UNDEFINED,
            "{asserted}"
        );
    }
}

#[test]
fn a_piece_of_insignificant_characters_is_in_no_number() {
    let rule = MatchingRule::TelephoneNumberSubstrings;
    assert_eq!(pieces(rule, "*-3*", "+49 30-3"), YES);
    assert_eq!(pieces(rule, "*-*", "+49 30-3"), NO);
    assert_eq!(pieces(rule, "*<*", "+49 30-3"), UNDEFINED);
    assert_eq!(pieces(rule, "+49* -", "+49 30-3"), NO);
}

#[test]
fn case_ignore() {
    let rule = MatchingRule::CaseIgnore;
    assert_eq!(equal(rule, "ALICE", "alice"), YES);
    assert_eq!(equal(rule, " Alice  Smith ", "alice smith"), YES);
    assert_eq!(equal(rule, "alice smith", "  Alice\tSmith"), YES);
    assert_eq!(equal(rule, "alicesmith", "alice smith"), NO);
    assert_eq!(equal(rule, "müller", "MÜLLER"), YES);
    assert_eq!(equal(rule, "muller", "müller"), NO);
    assert_eq!(equal(rule, "alice", "ａｌｉｃｅ"), YES);
    assert_eq!(equal(rule, "", "x"), UNDEFINED, "a directory string is not empty");
    assert_eq!(equal(rule, "\u{fffd}", "x"), UNDEFINED);
    assert_eq!(rule.assertion(&SCHEMA, b"\xff"), None);
    assert_eq!(
        rule.assertion(&SCHEMA, b"x").unwrap().equals(&SCHEMA, b"\xff"),
        UNDEFINED
    );
}

#[test]
fn case_exact() {
    let rule = MatchingRule::CaseExact;
    assert_eq!(equal(rule, "Alice", "Alice"), YES);
    assert_eq!(equal(rule, "alice", "Alice"), NO);
    assert_eq!(equal(rule, "a  b", " a b "), YES);
    assert_eq!(equal(rule, "é", "e\u{301}"), YES);
}

#[test]
fn ia5() {
    assert_eq!(equal(MatchingRule::CaseIgnoreIa5, "A@B.c", "a@b.C"), YES);
    assert_eq!(equal(MatchingRule::CaseIgnoreIa5, "ä@b.c", "a@b.c"), UNDEFINED);
    assert_eq!(equal(MatchingRule::CaseExactIa5, "/bin/sh", "/bin/sh"), YES);
    assert_eq!(equal(MatchingRule::CaseExactIa5, "/bin/SH", "/bin/sh"), NO);
}

#[test]
fn order_of_text() {
    let rule = MatchingRule::CaseIgnoreOrdering;
    assert_eq!(order(rule, "alice", "BOB"), Some(Ordering::Less));
    assert_eq!(order(rule, "Bob", "bob"), Some(Ordering::Equal));
    assert_eq!(order(rule, "a c", "a  b"), Some(Ordering::Greater));
    assert_eq!(order(MatchingRule::CaseExactOrdering, "B", "a"), Some(Ordering::Less));
    assert_eq!(order(rule, "ä", "z"), Some(Ordering::Greater));
    let assertion = rule.assertion(&SCHEMA, b"b").unwrap();
    assert_eq!(
        rule.holds(&assertion, &SCHEMA, b"a"),
        YES,
        "as an extensible rule: comes first"
    );
    assert_eq!(rule.holds(&assertion, &SCHEMA, b"b"), NO);
}

#[test]
fn substrings_of_text() {
    let rule = MatchingRule::CaseIgnoreSubstrings;
    for (pattern, expected) in [
        ("foo*", YES),
        ("*BAR", YES),
        ("f*o*r", YES),
        ("foo *bar", YES),
        ("foo* bar", YES),
        ("foo * bar", YES),
        ("*o b*", YES),
        ("*o  b*", YES),
        ("foo*foo*", NO),
        ("*bar*bar", NO),
        ("foo bar*bar", NO),
        ("oo*", NO),
        ("* *", YES),
        ("foo bar*", YES),
        ("foob*", NO),
    ] {
        assert_eq!(pieces(rule, pattern, " Foo  Bar "), expected, "{pattern}");
        // The long way, by way of a letter beyond ASCII.
        let long = pattern.replace('o', "ö").replace('O', "Ö");
        assert_eq!(pieces(rule, &long, " Föö  Bar "), expected, "{long}");
    }
    assert_eq!(pieces(rule, "foo", "foo"), UNDEFINED, "no asterisk");
    assert_eq!(pieces(rule, "*", "foo"), UNDEFINED, "no piece");
    assert_eq!(pieces(rule, "a**b", "ab"), UNDEFINED, "an empty piece");
    assert_eq!(pieces(rule, "a\\2A*", "a*b"), YES);
    assert_eq!(pieces(rule, "a\\5c*", "a\\b"), YES);
    assert_eq!(pieces(rule, "a\\zz*", "a"), UNDEFINED);
    assert_eq!(pieces(MatchingRule::CaseExactSubstrings, "F*", "foo"), NO);
    assert_eq!(
        pieces(MatchingRule::CaseIgnoreIa5Substrings, "*@EXAMPLE.com", "a@example.com"),
        YES
    );
    assert_eq!(pieces(MatchingRule::CaseIgnoreIa5Substrings, "ä*", "a"), UNDEFINED);
    let none: [&[u8]; 0] = [];
    assert_eq!(SubstringAssertion::new(rule, None, &none, None), None);
    assert_eq!(
        SubstringAssertion::new(MatchingRule::CaseIgnore, Some(b"x"), &none, None),
        None
    );
    assert_eq!(SubstringAssertion::new(rule, Some(b"\xff"), &none, None), None);
    let long = "x y ".repeat(200);
    assert_eq!(pieces(rule, "x*Y", &long), YES, "longer than the scratch space");
    let longest = ["x ".repeat(127), "z".to_owned()].concat();
    assert_eq!(longest.len(), 255);
    assert_eq!(pieces(rule, "x*Z", &longest), YES, "just fits");
}

#[test]
fn numbers_as_text() {
    let rule = MatchingRule::NumericString;
    assert_eq!(equal(rule, "15 079 672 281", "15079672281"), YES);
    assert_eq!(equal(rule, "15a", "15"), UNDEFINED);
    assert_eq!(
        order(MatchingRule::NumericStringOrdering, "1 2", "13"),
        Some(Ordering::Less)
    );
    assert_eq!(
        pieces(MatchingRule::NumericStringSubstrings, "15 0*81", "15 079 672 281"),
        YES
    );
    let rule = MatchingRule::TelephoneNumber;
    assert_eq!(equal(rule, "+1 512 305 0280", "+1512-305-0280"), YES);
    assert_eq!(equal(rule, "+1 512 305 0281", "+1512-305-0280"), NO);
    assert_eq!(equal(rule, "ext A", "EXT a"), YES);
    assert_eq!(equal(rule, "+1#", "+1"), UNDEFINED);
    assert_eq!(
        pieces(MatchingRule::TelephoneNumberSubstrings, "*305-02*", "+1 512 3050280"),
        YES
    );
}

#[test]
fn lines_of_text() {
    let rule = MatchingRule::CaseIgnoreList;
    let stored = "1234 Main St.$Anytown, CA 12345$USA";
    assert_eq!(equal(rule, "1234 main st.$anytown, ca  12345$usa", stored), YES);
    assert_eq!(equal(rule, "1234 main st.$anytown, ca 12345", stored), NO);
    assert_eq!(
        equal(
            rule,
            "\\241,000,000 Sweepstakes$PO Box 1000000",
            "\\241,000,000 SWEEPSTAKES$PO Box 1000000"
        ),
        YES
    );
    assert_eq!(equal(rule, "bad \\escape", stored), UNDEFINED);
    let rule = MatchingRule::CaseIgnoreListSubstrings;
    assert_eq!(pieces(rule, "1234*anytown*usa", stored), YES);
    assert_eq!(pieces(rule, "*st.Any*", stored), NO, "not over the end of a line");
    assert_eq!(pieces(rule, "*st. any*", stored), NO);
}

#[test]
fn integers() {
    let rule = MatchingRule::Integer;
    assert_eq!(equal(rule, "1321", "1321"), YES);
    assert_eq!(equal(rule, "-0", "0"), UNDEFINED);
    assert_eq!(equal(rule, "007", "7"), UNDEFINED);
    assert_eq!(equal(rule, "1e3", "1000"), UNDEFINED);
    assert_eq!(equal(rule, "7", "seven"), UNDEFINED);
    assert_eq!(order(MatchingRule::IntegerOrdering, "9", "10"), Some(Ordering::Less));
    assert_eq!(
        order(MatchingRule::IntegerOrdering, "-9", "-10"),
        Some(Ordering::Greater)
    );
    assert_eq!(order(MatchingRule::IntegerOrdering, "-1", "0"), Some(Ordering::Less));
    assert_eq!(
        equal(MatchingRule::IntegerFirstComponent, "2", "( 2 NAME 'x' FORM y )"),
        YES
    );
    assert_eq!(
        equal(MatchingRule::IntegerFirstComponent, "3", "( 2 NAME 'x' FORM y )"),
        NO
    );
}

#[test]
fn bits() {
    assert_eq!(equal(MatchingRule::BitAnd, "6", "7"), YES);
    assert_eq!(equal(MatchingRule::BitAnd, "6", "5"), NO);
    assert_eq!(equal(MatchingRule::BitAnd, "0", "5"), YES);
    assert_eq!(equal(MatchingRule::BitOr, "6", "4"), YES);
    assert_eq!(equal(MatchingRule::BitOr, "6", "1"), NO);
    assert_eq!(equal(MatchingRule::BitAnd, "-2147483646", "-2147483646"), YES);
    assert_eq!(equal(MatchingRule::BitOr, "x", "1"), UNDEFINED);
    assert_eq!(equal(MatchingRule::BitString, "'0101'B", "'0101'B"), YES);
    assert_eq!(equal(MatchingRule::BitString, "'0101'B", "'010100'B"), NO);
    assert_eq!(equal(MatchingRule::BitString, "0101", "'0101'B"), UNDEFINED);
}

#[test]
fn truth_bytes_times_and_uuids() {
    assert_eq!(equal(MatchingRule::Boolean, "TRUE", "TRUE"), YES);
    assert_eq!(
        equal(MatchingRule::Boolean, "true", "TRUE"),
        YES,
        "ABNF strings have no case"
    );
    assert_eq!(equal(MatchingRule::Boolean, "FALSE", "TRUE"), NO);
    assert_eq!(equal(MatchingRule::Boolean, "1", "TRUE"), UNDEFINED);
    assert_eq!(equal(MatchingRule::OctetString, "A ", "A "), YES);
    assert_eq!(equal(MatchingRule::OctetString, "a ", "A "), NO);
    assert_eq!(
        order(MatchingRule::OctetStringOrdering, "ab", "b"),
        Some(Ordering::Less)
    );
    assert_eq!(
        equal(MatchingRule::GeneralizedTime, "199412160532-0500", "19941216103200Z"),
        YES
    );
    assert_eq!(
        order(
            MatchingRule::GeneralizedTimeOrdering,
            "19941216103159Z",
            "199412161032Z"
        ),
        Some(Ordering::Less)
    );
    assert_eq!(
        equal(MatchingRule::GeneralizedTime, "1994", "19941216103200Z"),
        UNDEFINED
    );
    let uuid = "597ae2f6-16a6-1027-98f4-d28b5365dc14";
    assert_eq!(equal(MatchingRule::Uuid, &uuid.to_uppercase(), uuid), YES);
    assert_eq!(
        order(MatchingRule::UuidOrdering, "597ae2f6-16a6-1027-98f4-d28b5365dc13", uuid),
        Some(Ordering::Less)
    );
    for broken in [
        "",
        "597ae2f616a6102798f4d28b5365dc14",
        "597ae2f6-16a6-1027-98f4-d28b5365dc1g",
        "597ae2f6-16a6-1027-98f4+d28b5365dc14",
    ] {
        assert_eq!(equal(MatchingRule::Uuid, broken, uuid), UNDEFINED, "{broken}");
    }
}

#[test]
fn object_identifiers() {
    let rule = MatchingRule::ObjectIdentifier;
    assert_eq!(equal(rule, "POSIXACCOUNT", "posixAccount"), YES);
    assert_eq!(equal(rule, "1.3.6.1.1.1.2.0", "posixAccount"), YES);
    assert_eq!(equal(rule, "posixAccount", "1.3.6.1.1.1.2.0"), YES);
    assert_eq!(equal(rule, "posixGroup", "posixAccount"), NO);
    assert_eq!(equal(rule, "sudoRole", "posixAccount"), UNDEFINED);
    assert_eq!(equal(rule, "1.2.3.4", "posixAccount"), NO, "a dotted one needs no name");
    assert_eq!(equal(rule, "not an oid", "posixAccount"), UNDEFINED);
    assert_eq!(equal(rule, "1..2", "posixAccount"), UNDEFINED);
    let first = MatchingRule::ObjectIdentifierFirstComponent;
    assert_eq!(equal(first, "cn", "( 2.5.4.3 NAME 'cn' SUP name )"), YES);
    assert_eq!(equal(first, "2.5.4.3", "(2.5.4.3 NAME 'cn')"), YES);
    assert_eq!(equal(first, "sn", "( 2.5.4.3 NAME 'cn' SUP name )"), NO);
    assert_eq!(equal(first, "sn", "2.5.4.4"), UNDEFINED);
}

#[test]
fn names() {
    for rule in [MatchingRule::DistinguishedName, MatchingRule::InChain] {
        assert_eq!(
            equal(rule, "UID=Alice,DC=Example,DC=com", "uid=alice,dc=example,dc=com"),
            YES
        );
        assert_eq!(
            equal(rule, "uid=bob,dc=example,dc=com", "uid=alice,dc=example,dc=com"),
            NO
        );
        assert_eq!(equal(rule, "alice", "uid=alice"), UNDEFINED);
    }
    let rule = MatchingRule::UniqueMember;
    assert_eq!(equal(rule, "UID=Alice", "uid=alice"), YES);
    assert_eq!(equal(rule, "uid=alice#'0101'B", "uid=alice#'0101'B"), YES);
    assert_eq!(equal(rule, "uid=alice", "uid=alice#'0101'B"), NO);
    assert_eq!(equal(rule, "uid=alice#'0101'B", "uid=alice"), NO);
    assert_eq!(equal(rule, "uid=alice#'01'B", "uid=alice#'0101'B"), NO);
}

#[test]
fn words_and_first_components() {
    assert_eq!(equal(MatchingRule::Word, "BAR", "Foo Bar Baz"), YES);
    assert_eq!(equal(MatchingRule::Word, "ba", "Foo Bar Baz"), NO);
    assert_eq!(
        equal(MatchingRule::DirectoryStringFirstComponent, "Foo", "( 'foo' x )"),
        YES
    );
}

#[test]
fn every_rule_but_the_substrings_ones_makes_assertions() {
    let values = [
        "TRUE",
        "1",
        "'1'B",
        "20240101000000Z",
        "uid=x",
        "cn",
        "597ae2f6-16a6-1027-98f4-d28b5365dc14",
    ];
    for rule in MatchingRule::ALL {
        let made = values
            .iter()
            .any(|value| rule.assertion(&SCHEMA, value.as_bytes()).is_some());
        assert_eq!(made, rule.kind() != RuleKind::Substrings, "{rule:?}");
        let none: [&[u8]; 0] = [];
        let pieces = SubstringAssertion::new(*rule, Some(b"1"), &none, None);
        assert_eq!(pieces.is_some(), rule.kind() == RuleKind::Substrings, "{rule:?}");
    }
}

#[test]
fn attributes_are_compared_by_rules_that_apply_to_their_syntax() {
    for (_, attribute) in SCHEMA.attributes() {
        for rule in [attribute.equality, attribute.ordering, attribute.substrings]
            .into_iter()
            .flatten()
        {
            assert!(rule.applies_to(attribute.syntax), "{} {rule:?}", attribute.name());
        }
    }
}

proptest! {
    #[test]
    fn a_piece_cut_out_of_a_value_is_found(value in "[a-zA-Z ]{0,20}", start in 0_usize..20, end in 0_usize..20) {
        let (start, end) = (start.min(value.len()), end.min(value.len()));
        let none: [&[u8]; 0] = [];
        for rule in [MatchingRule::CaseIgnoreSubstrings, MatchingRule::CaseExactSubstrings] {
            if start < end {
                let piece = &value.as_bytes()[start..end];
                let any = SubstringAssertion::new(rule, None, &[piece], None).unwrap();
                prop_assert_eq!(any.matches(value.as_bytes()), Some(true));
                let last = SubstringAssertion::new(rule, None, &none, Some(&value.as_bytes()[start..])).unwrap();
                prop_assert_eq!(last.matches(value.as_bytes()), Some(true));
                let initial = SubstringAssertion::new(rule, Some(&value.as_bytes()[..end]), &none, None).unwrap();
                prop_assert_eq!(initial.matches(value.as_bytes()), Some(true));
            }
        }
    }

    #[test]
    fn the_stack_and_the_heap_agree(value in "[a-c \t]{0,12}", pattern in "[a-c *]{1,6}") {
        let rule = MatchingRule::CaseIgnoreSubstrings;
        if let Some(assertion) = SubstringAssertion::parse(rule, pattern.as_bytes()) {
            let whole = Kind::of(rule).unwrap().whole(&value).unwrap();
            prop_assert_eq!(assertion.matches(value.as_bytes()), Some(assertion.found_in(&whole)));
        }
    }

    #[test]
    fn no_bytes_make_a_rule_panic(asserted: Vec<u8>, stored: Vec<u8>) {
        for rule in MatchingRule::ALL {
            if let Some(assertion) = rule.assertion(&SCHEMA, &asserted) {
                let _ = assertion.equals(&SCHEMA, &stored);
                let _ = assertion.compare(&SCHEMA, &stored);
            }
            if let Some(assertion) = SubstringAssertion::parse(*rule, &asserted) {
                let _ = assertion.matches(&stored);
            }
        }
        for syntax in Syntax::ALL {
            let _ = syntax.is_valid(&stored);
        }
    }
}

#[test]
fn the_longest_base_is_found() {
    let schema = Schema::standard();
    let normalized = |dn: &str| crate::model::dn::Dn::parse(dn).unwrap().normalize(&schema);
    let bases = ["dc=example,dc=com", "dc=lab,DC=Example,dc=com", "o=other"].map(normalized);
    for (dn, expected) in [
        ("dc=example,dc=com", Some(0)),
        ("uid=alice,dc=example,dc=com", Some(0)),
        ("dc=Lab, dc=example,dc=com", Some(1)),
        (
            "uid=alice,ou=x,0.9.2342.19200300.100.1.25=lab,dc=example,dc=com",
            Some(1),
        ),
        ("dc=lab2,dc=example,dc=com", Some(0)),
        ("uid=alice,O=Other", Some(2)),
        ("dc=com", None),
        ("", None),
        ("cn=Subschema", None),
        ("dc=lab", None),
    ] {
        assert_eq!(normalized(dn).longest_of(&bases), expected, "{dn}");
    }
}
