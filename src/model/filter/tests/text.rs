//! RFC 4515 text in and out.

use bytes::Bytes;
use proptest::prelude::*;

use super::super::*;

fn parse(text: &str) -> Filter {
    Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn equality(attribute: &str, value: &'static [u8]) -> Filter {
    Filter::Equality {
        attribute: attribute.to_owned(),
        value: Bytes::from_static(value),
    }
}

#[test]
fn the_examples_of_rfc_4515_are_printed_as_they_were_read() {
    for text in [
        "(cn=Babs Jensen)",
        "(!(cn=Tim Howes))",
        "(&(objectClass=Person)(|(sn=Jensen)(cn=Babs J*)))",
        "(o=univ*of*mich*)",
        "(seeAlso=)",
        "(cn:caseExactMatch:=Fred Flintstone)",
        "(cn:=Betty Rubble)",
        "(sn:dn:2.4.6.8.10:=Barney Rubble)",
        "(o:dn:=Ace Industry)",
        "(:1.2.3:=Wilma Flintstone)",
        "(:dn:2.4.6.8.10:=Dino)",
        r"(o=Parens R Us \28for all your parenthetical needs\29)",
        r"(cn=*\2a*)",
        r"(filename=C:\5cMyFile)",
        r"(bin=\00\00\00\04)",
        "(sn=Lučić)",
        r"(1.3.6.1.4.1.1466.0=\04\02Hi)",
        "(&)",
        "(|)",
        "(cn;lang-de=*)",
        "(uidNumber>=5)",
        "(uidNumber<=5)",
        "(cn~=x)",
        r"(b=\ff)",
        r"(b=\c2\85)",
    ] {
        assert_eq!(parse(text).to_string(), text);
    }
    assert_eq!(parse(r"(sn=Lu\c4\8di\c4\87)"), parse("(sn=Lučić)"));
    assert_eq!(parse(r"(bin=\00\ff)"), equality("bin", &[0, 255]));
}

#[test]
fn what_clients_really_send() {
    for text in [
        "(&(uid=alice)(objectclass=posixAccount)(uid=*)(&(uidNumber=*)(!(uidNumber=0))))",
        "(userAccountControl:1.2.840.113556.1.4.803:=2)",
        "(memberOf:1.2.840.113556.1.4.1941:=cn=a,dc=x)",
        "(&(|(uid=*)(enable=*))(|(objectclass=inetorgperson)(objectclass=user)))",
        "(|(&(!(sudoHost=*))(cn=defaults))(sudoHost=ALL)(sudoHost=+*))",
    ] {
        assert_eq!(parse(text).to_string(), text);
    }
}

#[test]
fn tolerates_what_ldapsearch_does() {
    assert_eq!(parse("uid=a"), parse("(uid=a)"));
    assert_eq!(parse(" ( & (uid=a) (cn=b) ) "), parse("(&(uid=a)(cn=b))"));
    assert_eq!(parse("(! (uid=a) )"), parse("(!(uid=a))"));
    assert_eq!(parse("(uid=**)"), parse("(uid=*)"));
    assert_eq!(parse("(uid=a**b)"), parse("(uid=a*b)"));
    assert_eq!(parse("(uid= a )"), equality("uid", b" a "));
}

#[test]
fn refuses_what_is_no_filter() {
    for text in [
        "",
        "(",
        ")",
        "()",
        "(uid)",
        "(uid=a",
        "(uid=a))",
        "(uid=a)(cn=b)",
        "(=a)",
        "(uid=(a)",
        r"(uid=\2)",
        r"(uid=\zz)",
        r"(uid=a\)",
        "(uid>a)",
        "(uid>=a*)",
        "(uid~=*)",
        "(!)",
        "(!(a=b)(c=d))",
        "(:=a)",
        "(:dn:=a)",
        "(a:b:c:=d)",
        "(a:dn:dn:b:=d)",
        "(a::=b)",
        "(a:b=c)",
        "(&(a=b)",
        "(&a=b)",
        "(a b=c)",
        "(é=c)",
        "(a=\0)",
        "(a:=b*)",
    ] {
        assert!(Filter::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn depth_is_limited() {
    let nested = |depth| format!("{}(a=b){}", "(!".repeat(depth), ")".repeat(depth));
    assert!(Filter::parse(&nested(MAX_DEPTH - 1)).is_ok());
    assert_eq!(Filter::parse(&nested(MAX_DEPTH)), Err(FilterError::TooDeep));
    assert_eq!(Filter::parse(&"(&".repeat(1_000_000)), Err(FilterError::TooDeep));
}

#[test]
fn values_are_shown_where_they_are_no_secrets() {
    for (text, shown) in [
        ("(&(uid=alice)(!(cn>=b))(mail=*))", "(&(uid=alice)(!(cn>=b))(mail=*))"),
        ("(cn=a*b*c)", "(cn=a*b*c)"),
        ("(cn:caseExactMatch:=x)", "(cn:caseExactMatch:=x)"),
        ("(cn=a\\0ab\\28)", "(cn=a\\0ab\\28)"),
        ("(userPassword=s)", "(userPassword=?)"),
        ("(USERPASSWORD;x-y=s*t)", "(USERPASSWORD;x-y=?*?)"),
        ("(2.5.4.35=s)", "(2.5.4.35=?)"),
        ("(userPKCS12=s)", "(userPKCS12=?)"),
        ("(sambaNTPassword>=s)", "(sambaNTPassword>=?)"),
        ("(apiToken~=s)", "(apiToken~=?)"),
        ("(passwordHash:dn:2.5.13.2:=s)", "(passwordHash:dn:2.5.13.2:=?)"),
        ("(:caseExactMatch:=s)", "(:caseExactMatch:=?)"),
    ] {
        assert_eq!(parse(text).with_values(), shown);
    }
    let long = (0..1000).map(|n| format!("(a{n}=b)")).collect::<String>();
    let text = parse(&format!("(|{long})")).with_values();
    assert!(text.len() < 1100 && text.ends_with('…'), "{text}");
}

#[test]
fn shape_has_no_values() {
    for (text, shape) in [
        ("(&(uid=alice)(!(cn>=b))(mail=*))", "(&(uid=?)(!(cn>=?))(mail=*))"),
        ("(cn=a*b*c)", "(cn=?*?*?)"),
        ("(cn=*b)", "(cn=*?)"),
        ("(a:dn:1.2:=x)", "(a:dn:1.2:=?)"),
        ("(|(uid=a)(uid=b)(uid=c)(cn=d))", "(|(uid=?){3}(cn=?))"),
        ("(&)", "(&)"),
    ] {
        assert_eq!(parse(text).shape(), shape);
    }
    let long = (0..1000).map(|n| format!("(a{n}=b)")).collect::<String>();
    let shape = parse(&format!("(|{long})")).shape();
    assert!(shape.len() < 1100 && shape.ends_with('…'), "{shape}");
}

#[test]
fn names_cannot_break_a_line_of_the_log() {
    let filter = equality("a\n=)(b", b"c");
    assert_eq!(filter.to_string(), r"(a\0a\3d\29\28b=c)");
}

fn any_bytes() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        any::<String>().prop_map(Bytes::from),
        "[ a*()\\\\:=!&|]{0,6}".prop_map(Bytes::from),
        proptest::collection::vec(any::<u8>(), 0..5).prop_map(Bytes::from),
    ]
}

fn any_filter() -> impl Strategy<Value = Filter> {
    let name = || "[a-zA-Z][a-zA-Z0-9-]{0,5}(;[a-z]{1,3})?|2\\.5\\.4\\.[0-9]{1,2}";
    let rule = || "rule[A-Z]{0,3}|1\\.2\\.[0-9]{1,2}";
    let piece = || any_bytes().prop_filter("no empty pieces", |piece| !piece.is_empty());
    let leaf = prop_oneof![
        (name(), any_bytes()).prop_map(|(attribute, value)| Filter::Equality { attribute, value }),
        (name(), any_bytes()).prop_map(|(attribute, value)| Filter::GreaterOrEqual { attribute, value }),
        (name(), any_bytes()).prop_map(|(attribute, value)| Filter::LessOrEqual { attribute, value }),
        (name(), any_bytes()).prop_map(|(attribute, value)| Filter::Approx { attribute, value }),
        name().prop_map(Filter::Present),
        (
            name(),
            proptest::option::of(piece()),
            proptest::collection::vec(piece(), 0..3),
            proptest::option::of(piece())
        )
            .prop_filter("no empty substrings", |(_, initial, any, last)| {
                initial.is_some() || last.is_some() || !any.is_empty()
            })
            .prop_map(|(attribute, initial, any, last)| Filter::Substrings {
                attribute,
                initial,
                any,
                last
            }),
        (
            proptest::option::of(rule()),
            proptest::option::of(name()),
            any_bytes(),
            any::<bool>()
        )
            .prop_filter("a rule or an attribute", |(rule, attribute, _, _)| {
                rule.is_some() || attribute.is_some()
            })
            .prop_map(|(rule, attribute, value, dn_attributes)| Filter::Extensible {
                rule,
                attribute,
                value,
                dn_attributes
            }),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Filter::And),
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Filter::Or),
            inner.prop_map(|inner| Filter::Not(Box::new(inner))),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_printed_is_read_back(filter in any_filter()) {
        prop_assert_eq!(Filter::parse(&filter.to_string()), Ok(filter));
    }

    #[test]
    fn no_text_panics(text in "[a(&|!)=*:\\\\0f<>~ ]{0,40}", other in any::<String>()) {
        if let Ok(filter) = Filter::parse(&text) {
            prop_assert_eq!(Filter::parse(&filter.to_string()), Ok(filter.clone()));
            filter.shape();
        }
        let _ = Filter::parse(&other);
    }
}
