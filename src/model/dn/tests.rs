#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]

use proptest::prelude::*;

use super::*;
use crate::model::schema::Schema;

fn text_of(dn: &str) -> Vec<(String, String)> {
    let dn = Dn::parse(dn).unwrap();
    let rdns = dn.rdns().iter();
    rdns.map(|rdn| {
        let (attribute, value) = rdn.single().unwrap();
        (attribute.to_owned(), value.to_owned())
    })
    .collect()
}

fn one(value: &str) -> String {
    text_of(&format!("cn={value}"))[0].1.clone()
}

#[test]
fn reads_the_examples_of_rfc_4514() {
    assert_eq!(
        text_of("UID=jsmith,DC=example,DC=net"),
        [("UID", "jsmith"), ("DC", "example"), ("DC", "net")].map(|(a, b)| (a.into(), b.into()))
    );
    let dn = Dn::parse("OU=Sales+CN=J.  Smith,DC=example,DC=net").unwrap();
    assert_eq!(dn.rdns()[0].avas().len(), 2);
    assert_eq!(one(r#"James \"Jim\" Smith\, III"#), r#"James "Jim" Smith, III"#);
    assert_eq!(one(r"Before\0dAfter"), "Before\rAfter");
    assert_eq!(one(r"Lu\C4\8Di\C4\87"), "Lučić");
    let dn = Dn::parse("1.3.6.1.4.1.1466.0=#04024869").unwrap();
    assert_eq!(
        dn.rdns()[0].avas()[0].value(),
        &AvaValue::Encoded(vec![4, 2, b'H', b'i'])
    );
    assert_eq!(dn.to_string(), "1.3.6.1.4.1.1466.0=#04024869");
}

#[test]
fn spaces_that_are_not_escaped_do_not_count() {
    assert_eq!(text_of(" uid = a b  , dc = x "), text_of("uid=a b,dc=x"));
    assert_eq!(one(r"\20a\ "), " a ");
    assert_eq!(one(r"a\  "), "a ");
    assert_eq!(one(r"  \  "), " ");
    assert_eq!(one(""), "");
    assert!(Dn::parse("").unwrap().is_root());
    assert!(Dn::parse("  ").unwrap().is_root());
    let dn = Dn::parse(" ou = a + cn = b , dc = x").unwrap();
    assert_eq!(dn.to_string(), "ou=a+cn=b,dc=x");
}

#[test]
fn names_the_place_of_an_error() {
    for (dn, error) in [
        ("uid", DnError::Equals(3)),
        ("=a", DnError::AttributeType(0)),
        ("uid=a,", DnError::AttributeType(6)),
        ("uid=a,,dc=x", DnError::AttributeType(6)),
        ("uid=a+", DnError::AttributeType(6)),
        ("2.05=a", DnError::AttributeType(0)),
        ("1=a", DnError::AttributeType(0)),
        ("-a=a", DnError::AttributeType(0)),
        ("u d=a", DnError::Equals(2)),
        ("uid=a;dc=x", DnError::Character(5)),
        ("uid=a<b", DnError::Character(5)),
        ("uid=\"a\"", DnError::Character(4)),
        ("uid=a\0", DnError::Character(5)),
        ("uid=\\z", DnError::Escape(4)),
        ("uid=a\\", DnError::Escape(5)),
        ("uid=a\\4", DnError::Escape(5)),
        ("uid=a\\é1", DnError::Escape(5)),
        ("uid=\\ff", DnError::Utf8(4)),
        ("uid=#", DnError::HexString(5)),
        ("uid=#4", DnError::HexString(5)),
        ("uid=#41x", DnError::Character(7)),
    ] {
        assert_eq!(Dn::parse(dn), Err(error), "{dn:?}");
    }
}

#[test]
fn oid_prefix_of_rfc_2253() {
    assert_eq!(text_of("OID.2.5.4.3=a"), text_of("2.5.4.3=a"));
    assert_eq!(text_of("oid.2.5.4.3=a"), text_of("2.5.4.3=a"));
}

#[test]
fn escapes_only_what_must_be() {
    for (value, escaped) in [
        ("plain", "plain"),
        ("a=b #c", "a=b #c"),
        (" a ", r"\ a\ "),
        (" ", r"\ "),
        ("  ", r"\ \ "),
        ("#a", r"\#a"),
        ("a,b+c\"d\\e<f>g;h", r#"a\,b\+c\"d\\e\<f\>g\;h"#),
        ("a\0b", r"a\00b"),
        ("é ", r"é\ "),
    ] {
        assert_eq!(escape_value(value), escaped, "{value:?}");
    }
    assert!(matches!(escape_value("alice"), std::borrow::Cow::Borrowed("alice")));
}

#[test]
fn types_and_values_must_be_of_the_schema() {
    let schema = Schema::standard();
    let valid = |dn: &str| Dn::parse(dn).unwrap().is_valid(&schema);
    for dn in [
        "",
        "uid=jürgen,dc=example,dc=com",
        "0.9.2342.19200300.100.1.1=x",
        "UID=a+CN=b",
        "uid=#0c0161",
    ] {
        assert!(valid(dn), "{dn}");
    }
    for dn in [
        "nonsense=x,dc=com",
        "uid=x+2.5.4.999=y",
        "uid=x,dc=exämple",
        "uidNumber=x",
        "uid=,dc=com",
    ] {
        assert!(!valid(dn), "{dn}");
    }
}

#[test]
fn parents_and_children() {
    let dn = Dn::parse("uid=a,dc=x").unwrap();
    let base = dn.parent().unwrap();
    assert_eq!(base.to_string(), "dc=x");
    assert_eq!(base.child(Rdn::new("uid", "a")), dn);
    assert!(base.parent().unwrap().is_root());
    assert_eq!(Dn::root().parent(), None);
}

/// Values made of what hurts.
pub fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just(" "),
        Just("  "),
        Just("#"),
        Just(","),
        Just("+"),
        Just("="),
        Just("\\"),
        Just("\""),
        Just("\\2c"),
        Just("\0"),
        Just(";"),
        Just("<"),
        Just(">"),
        Just("é"),
        Just("\u{1F600}"),
        Just("a"),
        Just("B"),
        Just("\n"),
        Just("\u{a0}"),
        Just("ß"),
    ];
    prop_oneof![
        proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat()),
        any::<String>(),
    ]
}

pub fn any_dn() -> impl Strategy<Value = Dn> {
    let attribute = prop_oneof![
        Just("uid".to_owned()),
        Just("CN".to_owned()),
        Just("2.5.4.3".to_owned()),
        Just("x-unknown".to_owned()),
    ];
    let value = prop_oneof![
        4 => hostile().prop_map(AvaValue::Text),
        1 => proptest::collection::vec(any::<u8>(), 1..6).prop_map(AvaValue::Encoded),
    ];
    let ava = (attribute, value).prop_map(|(attribute, value)| Ava { attribute, value });
    let rdn = proptest::collection::vec(ava, 1..3).prop_map(|avas| Rdn { avas });
    proptest::collection::vec(rdn, 0..4).prop_map(|rdns| Dn { rdns })
}

proptest! {
    #[test]
    fn what_is_printed_is_read_back(dn in any_dn()) {
        prop_assert_eq!(Dn::parse(&dn.to_string()), Ok(dn));
    }

    #[test]
    fn no_text_panics(text in any::<String>(), hostile in hostile()) {
        let _ = Dn::parse(&text);
        let _ = Dn::parse(&hostile);
        if let Ok(dn) = Dn::parse(&format!("cn={hostile}")) {
            prop_assert_eq!(Dn::parse(&dn.to_string()), Ok(dn));
        }
    }
}
