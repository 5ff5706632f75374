//! Every request, from raw octets: as clients send them, at the edges of the value ranges, and broken.

use super::super::filter::MAX_ELEMENTS;
use super::*;
use crate::model::filter::{Filter, MAX_DEPTH};
use crate::model::scope::Scope;
use bytes::Bytes;

const SCOPE: usize = 1;
const DEREF: usize = 2;
const SIZE_LIMIT: usize = 3;
const TYPES_ONLY: usize = 5;
const FILTER: usize = 6;
const ATTRIBUTES: usize = 7;

fn search(octets: &[u8]) -> SearchRequest {
    match message(octets).request {
        Request::Search(search) => search,
        other => panic!("{other:?}"),
    }
}

fn refused_search(octets: &[u8], code: ResultCode) {
    assert_eq!(unusable(octets), (1, ResponseKind::SearchResultDone, code));
}

fn filter(octets: &[u8]) -> Filter {
    search(&search_with(FILTER, octets)).filter
}

#[test]
fn sssd_binds_with_a_password_policy_control_without_value() {
    let octets = b"\x30\x42\x02\x01\x02\x60\x1e\x02\x01\x03\x04\x12\x75\x69\x64\x3d\x61\x6c\x69\x63\x65\x2c\x64\x63\
                   \x3d\x65\x78\x2c\x6f\x3d\x80\x05\x70\x77\xff\x00\x21\xa0\x1d\x30\x1b\x04\x19\
                   1.3.6.1.4.1.42.2.27.8.5.1";
    let message = message(octets);
    assert_eq!(message.id, 2);
    let control = Control {
        oid: "1.3.6.1.4.1.42.2.27.8.5.1".into(),
        critical: false,
        value: None,
    };
    assert_eq!(message.controls, [control]);
    let Request::Bind(bind) = message.request else { panic!() };
    assert_eq!((bind.version, bind.name.as_str()), (3, "uid=alice,dc=ex,o="));
    let Credentials::Simple(password) = &bind.credentials else {
        panic!()
    };
    assert_eq!(password.as_bytes(), b"pw\xff\x00!");
    assert_eq!(format!("{password:?} {bind:?}").matches("pw").count(), 0);
}

#[test]
fn binds_of_other_kinds() {
    let bind = |choice: &[u8]| envelope(&tlv(0x60, &[&[2, 1, 3], &[4, 0], choice]));
    let Request::Bind(anonymous) = message(&bind(&[0x80, 0])).request else {
        panic!()
    };
    assert!(matches!(&anonymous.credentials, Credentials::Simple(password) if password.is_empty()));
    let sasl = Credentials::Sasl {
        mechanism: "EXTERNAL".into(),
    };
    for octets in [&b"\xa3\x0a\x04\x08EXTERNAL"[..], b"\xa3\x0c\x04\x08EXTERNAL\x04\x00"] {
        let Request::Bind(bind) = message(&bind(octets)).request else {
            panic!()
        };
        assert_eq!(bind.credentials, sasl);
    }
    let refused = (1, ResponseKind::Bind, ResultCode::AuthMethodNotSupported);
    assert_eq!(unusable(&bind(&[0x81, 0])), refused);
    assert_eq!(unusable(&bind(&[0xaa, 0])), refused);
    for wrong in [
        &[0xa0, 0][..],
        &[0x83, 0],
        &[],
        &[0xa3, 0],
        &[0xa3, 3, 4, 5, 0],
        &[0x80, 0, 0x80, 0],
    ] {
        broken(&bind(wrong));
    }
}

#[test]
fn bind_versions_and_names() {
    let bind = |version: &[u8], name: &[u8]| envelope(&tlv(0x60, &[version, name, &[0x80, 0]]));
    let Request::Bind(old) = message(&bind(&[2, 1, 2], &[4, 0])).request else {
        panic!()
    };
    assert_eq!(old.version, 2);
    let refused = (1, ResponseKind::Bind, ResultCode::ProtocolError);
    for version in [
        &[2, 1, 0][..],
        &[2, 1, 0xff],
        &[2, 2, 0, 0x80],
        &[2, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0],
    ] {
        assert_eq!(unusable(&bind(version, &[4, 0])), refused);
    }
    assert_eq!(unusable(&bind(&[2, 1, 3], &[4, 2, b'a', 0xff])), refused);
    broken(&bind(&[2, 0], &[4, 0]));
    broken(&bind(&[2, 1, 3], &[0x24, 0]));
}

#[test]
fn sssd_pages_through_groups() {
    let octets =
        b"\x30\x62\x02\x01\x05\x63\x37\x04\x04dc=x\x0a\x01\x02\x0a\x01\x00\x02\x01\x00\x02\x01\x00\x01\x01\x00\
                   \xa3\x11\x04\x09memberuid\x04\x04\xff\x2a\x28\x00\x30\x0d\x04\x02cn\x04\x02cn\x04\x03gid\
                   \xa0\x24\x30\x22\x04\x161.2.840.113556.1.4.319\x04\x08\x30\x06\x02\x02\x03\xe8\x04\x00";
    let message = message(octets);
    assert_eq!(message.controls.len(), 1);
    let page = PagedResults::decode(message.controls[0].value.as_ref().unwrap()).unwrap();
    assert_eq!(
        page,
        PagedResults {
            size: 1000,
            cookie: Bytes::new()
        }
    );
    let Request::Search(search) = message.request else {
        panic!()
    };
    // The list may have duplicates, and the value is no text.
    assert_eq!(search.attributes, ["cn", "cn", "gid"]);
    let value = Bytes::from_static(b"\xff*(\0");
    assert_eq!(
        search.filter,
        Filter::Equality {
            attribute: "memberuid".into(),
            value
        }
    );
    assert_eq!((search.base.as_str(), search.scope), ("dc=x", Scope::Subtree));
}

#[test]
fn scopes_and_aliases() {
    let scopes = [Scope::Base, Scope::OneLevel, Scope::Subtree, Scope::Subordinates];
    let aliases = [
        DerefAliases::Never,
        DerefAliases::InSearching,
        DerefAliases::FindingBaseObject,
        DerefAliases::Always,
    ];
    for number in 0..4 {
        assert_eq!(
            search(&search_with(SCOPE, &[0x0a, 1, number])).scope,
            scopes[usize::from(number)]
        );
        assert_eq!(
            search(&search_with(DEREF, &[0x0a, 1, number])).deref_aliases,
            aliases[usize::from(number)]
        );
    }
    for position in [SCOPE, DEREF] {
        refused_search(&search_with(position, &[0x0a, 1, 4]), ResultCode::ProtocolError);
        refused_search(&search_with(position, &[0x0a, 1, 0xff]), ResultCode::ProtocolError);
        broken(&search_with(position, &[0x0a, 0]));
        broken(&search_with(position, &[0x02, 1, 0]));
    }
}

#[test]
fn limits() {
    for position in [SIZE_LIMIT, SIZE_LIMIT + 1] {
        let largest = search(&search_with(position, &[2, 4, 0x7f, 0xff, 0xff, 0xff]));
        assert_eq!(largest.size_limit.max(largest.time_limit), 0x7fff_ffff);
        assert_eq!(largest.size_limit.min(largest.time_limit), 0);
        // ldap3_proto reads the first of these as 255.
        for value in [
            &[2, 1, 0xff][..],
            &[2, 5, 0, 0x80, 0, 0, 0],
            &[2, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0],
        ] {
            refused_search(&search_with(position, value), ResultCode::ProtocolError);
        }
    }
    assert!(search(&search_with(TYPES_ONLY, &[1, 1, 0xff])).types_only);
    broken(&search_with(TYPES_ONLY, &[1, 2, 0, 0]));
}

#[test]
fn attribute_lists() {
    assert!(search(&search_with(ATTRIBUTES, &[0x30, 0])).attributes.is_empty());
    let options = search(&search_with(
        ATTRIBUTES,
        b"\x30\x1b\x04\x16userCertificate;binary\x04\x01+",
    ));
    assert_eq!(options.attributes, ["userCertificate;binary", "+"]);
    refused_search(
        &search_with(ATTRIBUTES, &[0x30, 3, 4, 1, 0x80]),
        ResultCode::ProtocolError,
    );
    refused_search(
        &search_with(ATTRIBUTES, &tlv(0x30, &[&[4, 0].repeat(4097)])),
        ResultCode::UnwillingToPerform,
    );
    broken(&search_with(ATTRIBUTES, &[0x30, 2, 0x24, 0]));
    broken(&search_with(ATTRIBUTES, &[]));
    // A component of a later version of the protocol, and one that is out of place.
    assert_eq!(
        search(&search_with(ATTRIBUTES, &[0x30, 0, 0x80, 1, 7]))
            .attributes
            .len(),
        0
    );
    broken(&search_with(ATTRIBUTES, &[0x30, 0, 0x30, 0]));
}

#[test]
fn every_kind_of_filter() {
    let attribute = || "a".to_owned();
    let value = || Bytes::from_static(b"\xfe");
    let assertion = [4, 1, b'a', 4, 1, 0xfe];
    let of = |tag: u8| filter(&[&[tag, 6][..], &assertion].concat());
    assert_eq!(
        of(0xa3),
        Filter::Equality {
            attribute: attribute(),
            value: value()
        }
    );
    assert_eq!(
        of(0xa5),
        Filter::GreaterOrEqual {
            attribute: attribute(),
            value: value()
        }
    );
    assert_eq!(
        of(0xa6),
        Filter::LessOrEqual {
            attribute: attribute(),
            value: value()
        }
    );
    assert_eq!(
        of(0xa8),
        Filter::Approx {
            attribute: attribute(),
            value: value()
        }
    );
    assert_eq!(filter(&[0x87, 1, b'a']), Filter::Present(attribute()));
    let present = || Filter::Present(attribute());
    assert_eq!(filter(&[0xa2, 3, 0x87, 1, b'a']), Filter::Not(Box::new(present())));
    assert_eq!(
        filter(&[0xa0, 6, 0x87, 1, b'a', 0x87, 1, b'a']),
        Filter::And(vec![present(), present()])
    );
    assert_eq!(filter(&[0xa1, 3, 0x87, 1, b'a']), Filter::Or(vec![present()]));
    // RFC 4526.
    assert_eq!(filter(&[0xa0, 0]), Filter::And(Vec::new()));
    assert_eq!(filter(&[0xa1, 0]), Filter::Or(Vec::new()));
}

#[test]
fn broken_filters() {
    for wrong in [
        &[0x80, 0][..],
        &[0xa7, 0],
        &[0x83, 6, 4, 1, b'a', 4, 1, b'b'],
        &[0xa2, 0],
        &[0xa2, 4, 0x87, 0, 0x87, 0],
        &[0xa3, 3, 4, 1, b'a'],
        &[0xa3, 6, 4, 1, b'a', 0x0c, 1, b'b'],
        &[0xa0, 3, 0x87, 2, b'a'],
        &[0xa0, 1, 0x87],
    ] {
        broken(&search_with(FILTER, wrong));
    }
}

#[test]
fn filters_nobody_knows_are_answered() {
    for unknown in [
        &[0xaa, 0][..],
        &[0x8a, 0],
        &[0x04, 0],
        &[0xa0, 2, 0xbe, 0],
        &[0xbf, 0x21, 0],
    ] {
        refused_search(&search_with(FILTER, unknown), ResultCode::ProtocolError);
    }
    refused_search(&search_with(FILTER, &[0x87, 1, 0xff]), ResultCode::ProtocolError);
    refused_search(
        &search_with(FILTER, &[0xa3, 5, 4, 1, 0xff, 4, 0]),
        ResultCode::ProtocolError,
    );
}

#[test]
fn substrings() {
    let of = |parts: &[u8]| search_with(FILTER, &tlv(0xa4, &[&[4, 1, b'a'], &tlv(0x30, &[parts])]));
    let bytes = Bytes::copy_from_slice;
    let all = search(&of(b"\x80\x01i\x81\x01j\x81\x01\xff\x82\x01l")).filter;
    let expected = Filter::Substrings {
        attribute: "a".into(),
        initial: Some(bytes(b"i")),
        any: vec![bytes(b"j"), bytes(b"\xff")],
        last: Some(bytes(b"l")),
    };
    assert_eq!(all, expected);
    let any = search(&of(b"\x81\x03mit")).filter;
    let expected = Filter::Substrings {
        attribute: "a".into(),
        initial: None,
        any: vec![bytes(b"mit")],
        last: None,
    };
    assert_eq!(any, expected);
    for order in [
        &b"\x80\x01a\x80\x01b"[..],
        b"\x81\x01a\x80\x01b",
        b"\x82\x01a\x82\x01b",
        b"\x82\x01a\x81\x01b",
    ] {
        refused_search(&of(order), ResultCode::ProtocolError);
    }
    refused_search(&of(b""), ResultCode::ProtocolError);
    refused_search(&of(b"\x83\x01a"), ResultCode::ProtocolError);
    broken(&of(b"\xa1\x00"));
}

#[test]
fn extensible_matches() {
    let of = |parts: &[u8]| search_with(FILTER, &tlv(0xa9, &[parts]));
    let gitlab = search(&of(b"\x81\x171.2.840.113556.1.4.1941\x82\x08memberOf\x83\x04cn=x")).filter;
    let expected = Filter::Extensible {
        rule: Some("1.2.840.113556.1.4.1941".into()),
        attribute: Some("memberOf".into()),
        value: Bytes::from_static(b"cn=x"),
        dn_attributes: false,
    };
    assert_eq!(gitlab, expected);
    // dnAttributes sent although it has its default value, as ldap3_proto does.
    assert_eq!(
        search(&of(
            b"\x81\x171.2.840.113556.1.4.1941\x82\x08memberOf\x83\x04cn=x\x84\x01\x00"
        ))
        .filter,
        expected
    );
    let dn = search(&of(b"\x82\x02ou\x83\x01x\x84\x01\xff")).filter;
    assert!(matches!(
        dn,
        Filter::Extensible {
            rule: None,
            attribute: Some(_),
            dn_attributes: true,
            ..
        }
    ));
    refused_search(&of(b"\x83\x01x"), ResultCode::ProtocolError);
    broken(&of(b"\x82\x02ou"));
    broken(&of(b"\x83\x01x\x82\x02ou"));
    broken(&of(b"\xa2\x00\x83\x01x"));
}

#[test]
fn deep_filters_are_answered_without_recursing() {
    let nested = |levels: usize| (0..levels).fold(vec![0x87, 1, b'a'], |inner, _| tlv(0xa2, &[&inner]));
    let mut deepest = filter(&nested(MAX_DEPTH - 1));
    let mut levels = 0;
    while let Filter::Not(inner) = deepest {
        deepest = *inner;
        levels += 1;
    }
    assert_eq!(levels, MAX_DEPTH - 1);
    refused_search(&search_with(FILTER, &nested(MAX_DEPTH)), ResultCode::UnwillingToPerform);
    // Deeper than any stack would allow.
    refused_search(&search_with(FILTER, &nested(5_000)), ResultCode::UnwillingToPerform);
}

#[test]
fn wide_filters_are_limited() {
    let many = |count: usize| tlv(0xa1, &[&[0x87, 1, b'a'].repeat(count)]);
    assert!(matches!(filter(&many(MAX_ELEMENTS - 1)), Filter::Or(members) if members.len() == MAX_ELEMENTS - 1));
    refused_search(
        &search_with(FILTER, &many(MAX_ELEMENTS)),
        ResultCode::UnwillingToPerform,
    );
    let parts = tlv(0xa4, &[&[4, 1, b'a'], &tlv(0x30, &[&[0x81, 0].repeat(MAX_ELEMENTS)])]);
    refused_search(&search_with(FILTER, &parts), ResultCode::UnwillingToPerform);
}

#[test]
fn compares() {
    let compare = |assertion: &[u8]| envelope(&tlv(0x6e, &[b"\x04\x04cn=a", &tlv(0x30, &[assertion])]));
    let expected = Request::Compare(CompareRequest {
        entry: "cn=a".into(),
        attribute: "userPassword".into(),
        value: Bytes::from_static(b"secret\xff"),
    });
    let message = message(&compare(b"\x04\x0cuserPassword\x04\x07secret\xff"));
    assert_eq!(message.request, expected);
    assert!(!format!("{message:?}").contains("secret"));
    assert_eq!(
        unusable(&compare(b"\x04\x01\xff\x04\x00")),
        (1, ResponseKind::Compare, ResultCode::ProtocolError)
    );
    broken(&compare(b"\x04\x01a"));
}

#[test]
fn extended_requests() {
    let whoami = message(b"\x30\x1e\x02\x01\x02\x77\x19\x80\x171.3.6.1.4.1.4203.1.11.3").request;
    assert_eq!(
        whoami,
        Request::Extended(ExtendedRequest {
            name: "1.3.6.1.4.1.4203.1.11.3".into(),
            value: None
        })
    );
    let extended = |parts: &[u8]| envelope(&tlv(0x77, &[parts]));
    let empty = message(&extended(b"\x80\x031.2\x81\x00")).request;
    assert_eq!(
        empty,
        Request::Extended(ExtendedRequest {
            name: "1.2".into(),
            value: Some(Bytes::new())
        })
    );
    let secret = message(&extended(b"\x80\x031.2\x81\x06secret"));
    assert!(!format!("{secret:?}").contains("secret"));
    assert_eq!(
        unusable(&extended(b"\x80\x01\xff")),
        (1, ResponseKind::Extended, ResultCode::ProtocolError)
    );
    broken(&extended(b""));
    broken(&extended(b"\x80\x031.2\xa1\x00"));
    broken(&extended(b"\x81\x00\x80\x031.2"));
}

#[test]
fn abandons_and_unbinds() {
    let abandon = |id: &[u8]| message(&envelope(&tlv(0x50, &[id]))).request;
    assert_eq!(abandon(&[5]), Request::Abandon(5));
    assert_eq!(abandon(&[0x7f, 0xff, 0xff, 0xff]), Request::Abandon(i32::MAX));
    for impossible in [&[0][..], &[0xff], &[0, 0x80, 0, 0, 0], &[1; 9]] {
        assert_eq!(abandon(impossible), Request::Abandon(0));
    }
    broken(&envelope(&[0x50, 0]));
    assert_eq!(message(&envelope(&[0x42, 0])).request, Request::Unbind);
    broken(&envelope(&[0x42, 1, 0]));
}

#[test]
fn writes_are_recognised_and_checked() {
    let attribute = tlv(0x30, &[b"\x04\x02cn", &tlv(0x31, &[b"\x04\x01a\x04\x01\xff"])]);
    let add = |attributes: &[u8]| envelope(&tlv(0x68, &[b"\x04\x04cn=a", &tlv(0x30, &[attributes])]));
    assert_eq!(message(&add(&attribute)).request, Request::Add);
    broken(&add(b"\x04\x02cn"));
    assert_eq!(message(&envelope(b"\x4a\x04cn=a")).request, Request::Delete);
    assert_eq!(
        unusable(&envelope(b"\x4a\x01\xff")),
        (1, ResponseKind::Delete, ResultCode::ProtocolError)
    );
    broken(&envelope(b"\x6a\x04cn=a"));
    let rename = |rest: &[u8]| envelope(&tlv(0x6c, &[b"\x04\x04cn=a\x04\x04cn=b\x01\x01\xff", rest]));
    assert_eq!(message(&rename(b"")).request, Request::ModifyDn);
    assert_eq!(message(&rename(b"\x80\x04dc=x")).request, Request::ModifyDn);
    assert_eq!(
        unusable(&rename(b"\x80\x01\xff")),
        (1, ResponseKind::ModifyDn, ResultCode::ProtocolError)
    );
    broken(&rename(b"\xa0\x00"));
}

#[test]
fn modifies_with_their_changes_in_order() {
    let attribute = tlv(0x30, &[b"\x04\x02cn", &tlv(0x31, &[b"\x04\x01a\x04\x01\xff"])]);
    let none = tlv(0x30, &[b"\x04\x02sn", &tlv(0x31, &[])]);
    let change = |operation: u8, attribute: &[u8]| tlv(0x30, &[&[0x0a, 1, operation], attribute]);
    let modify = |changes: &[&[u8]]| envelope(&tlv(0x66, &[b"\x04\x04cn=a", &tlv(0x30, changes)]));
    let all = [
        change(0, &attribute),
        change(1, &none),
        change(2, &none),
        change(2, &attribute),
    ];
    let all: Vec<&[u8]> = all.iter().map(Vec::as_slice).collect();
    let Request::Modify(request) = message(&modify(&all)).request else {
        panic!()
    };
    assert_eq!(request.entry, "cn=a");
    let seen: Vec<_> = request
        .changes
        .iter()
        .map(|change| (change.operation, change.attribute.as_str(), change.values.len()))
        .collect();
    use ChangeOperation::{Add, Delete, Replace};
    assert_eq!(
        seen,
        [
            (Add, "cn", 2),
            (Delete, "sn", 0),
            (Replace, "sn", 0),
            (Replace, "cn", 2)
        ]
    );
    assert_eq!(request.changes[3].values[1].as_bytes(), [0xff]);
    let none_at_all = Request::Modify(ModifyRequest {
        entry: "cn=a".into(),
        changes: Vec::new(),
    });
    assert_eq!(message(&modify(&[])).request, none_at_all);

    broken(&modify(&[&tlv(0x30, &[&attribute])]));
    broken(&modify(&[&tlv(0x30, &[&[0x0a, 1, 2]])]));
    broken(&modify(&[&tlv(0x30, &[&[0x02, 1, 2], &attribute])]));
    broken(&modify(&[&tlv(0x30, &[&[0x0a, 1, 2], b"\x30\x04\x04\x02cn"])]));
    let refused = |changes: &[&[u8]], code| {
        assert_eq!(unusable(&modify(changes)), (1, ResponseKind::Modify, code));
    };
    refused(&[&change(3, &attribute)], ResultCode::ProtocolError);
    refused(&[&change(0xff, &attribute)], ResultCode::ProtocolError);
    refused(&[&change(0, &none)], ResultCode::ProtocolError);
    refused(
        &[&change(2, b"\x30\x05\x04\x01\xff\x31\x00")],
        ResultCode::ProtocolError,
    );
    let many = tlv(0x30, &[b"\x04\x02cn", &tlv(0x31, &[&b"\x04\x00".repeat(4_097)])]);
    refused(&[&change(2, &many)], ResultCode::UnwillingToPerform);
    let empty = change(2, &none);
    refused(&vec![empty.as_slice(); 4_097], ResultCode::UnwillingToPerform);
}

#[test]
fn password_modify_is_an_extended_request_whose_value_is_decoded() {
    let extended = |value: &[u8]| {
        let name = tlv(0x80, &[PASSWORD_MODIFY.as_bytes()]);
        envelope(&tlv(0x77, &[&name, value]))
    };
    let absent = Request::PasswordModify(PasswordModifyRequest::default());
    assert_eq!(message(&extended(b"")).request, absent);
    assert_eq!(absent.response_kind(), Some(ResponseKind::Extended));
    let Request::PasswordModify(request) = message(&extended(b"\x81\x05\x30\x03\x82\x01x")).request else {
        panic!()
    };
    assert_eq!(request.new.unwrap().as_bytes(), b"x");
    assert_eq!(
        unusable(&extended(b"\x81\x02\x30\x01")),
        (1, ResponseKind::Extended, ResultCode::ProtocolError)
    );
}

#[test]
fn names_and_kinds_of_requests() {
    assert_eq!(Request::ModifyDn.name(), "modifyDN");
    assert_eq!(Request::Add.response_kind(), Some(ResponseKind::Add));
    assert_eq!(Request::Abandon(1).response_kind(), None);
    assert_eq!(
        message(&search_with(SCOPE, &[0x0a, 1, 1])).request.response_kind(),
        Some(ResponseKind::SearchResultDone)
    );
}
