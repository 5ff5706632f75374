//! Where the gateway differs from slapd on purpose: docs/differences-from-openldap.md has a heading for each case below,
//! and no other. Both answers are asserted, so that a difference that goes away is noticed too.

use super::Peers;
use super::data::{BASE, EXCEPTION};
use super::wire::{Answer, Filter, Request};
use crate::harness::{Engine, beside_others, repository};
use std::collections::BTreeSet;
use std::fs;

/// A result code and the names of the entries found.
type Expected = (u8, &'static [&'static str]);

struct Case {
    name: &'static str,
    request: Request,
    slapd: Expected,
    gateway: Expected,
}

fn case(name: &'static str, request: Request, slapd: Expected, gateway: Expected) -> Case {
    Case {
        name,
        request,
        slapd,
        gateway,
    }
}

fn based(base: &str, scope: u8, filter: Filter) -> Request {
    Request {
        base: base.into(),
        scope,
        size_limit: 0,
        page: 0,
        types_only: false,
        filter,
        attributes: vec!["1.1".into()],
    }
}

/// A search below the base; of users only, so that what is found can be listed.
fn users(filter: Filter) -> Request {
    let users = Filter::Equal("objectClass".into(), "person".into());
    based(BASE, 2, Filter::And(vec![users, filter]))
}

/// The same, and the user with the values that matter.
fn one(filter: Filter) -> Request {
    users(Filter::And(vec![equal("uid", EXCEPTION), filter]))
}

fn equal(attribute: &str, value: &str) -> Filter {
    Filter::Equal(attribute.into(), value.into())
}

fn any(attribute: &str, piece: &str) -> Filter {
    Filter::Substrings(attribute.into(), None, vec![piece.into()], None)
}

fn not(filter: Filter) -> Filter {
    Filter::Not(Box::new(filter))
}

fn ruled(attribute: &str, rule: &str, value: &str) -> Filter {
    Filter::Extensible {
        rule: Some(rule.into()),
        attribute: Some(attribute.into()),
        value: value.into(),
        dn: false,
    }
}

const IT: Expected = (0, &[EXCEPTION]);
const ALICE: Expected = (0, &["alice"]);
const NOBODY: Expected = (0, &[]);
const NO_DN: Expected = (34, &[]);

fn cases() -> Vec<Case> {
    let all = || Filter::And(vec![]);
    let alice = |rdn: &str| based(&format!("{rdn},{BASE}"), 0, all());
    let below = format!("uid=alice,{BASE}");
    vec![
        case("Hexadecimal values in DNs", alice("uid=#0C05616C696365"), NO_DN, ALICE),
        case("Hexadecimal values in DNs", alice("uid=#0405616C696365"), NO_DN, ALICE),
        case("DNs of LDAPv2", alice("uid=\"alice\""), ALICE, NO_DN),
        case(
            "DNs of LDAPv2",
            based("uid=alice;dc=example;dc=com", 0, all()),
            ALICE,
            NO_DN,
        ),
        case(
            "DNs of LDAPv2",
            alice("OID.0.9.2342.19200300.100.1.1=alice"),
            NO_DN,
            ALICE,
        ),
        case("Options in DNs", alice("uid;lang-de=alice"), ALICE, NO_DN),
        case("Letters that fold to several", one(equal("cn", "STRASSE")), NOBODY, IT),
        case(
            "Letters that fold to several",
            one(equal("sn", "i\u{307}pek")),
            NOBODY,
            IT,
        ),
        case("The final sigma", one(equal("givenName", "ΣΊΣΥΦΟΣ")), NOBODY, IT),
        case("U+0000", one(equal("homeDirectory", "/home/exception\0")), IT, NOBODY),
        case(
            "Rules for text on IA5 strings",
            one(ruled("loginShell", "caseExactMatch", "/bin/bash")),
            NOBODY,
            IT,
        ),
        case("Tabs", one(equal("description", "tab here")), NOBODY, IT),
        case("Pieces with spaces at their ends", one(any("title", " q")), NOBODY, IT),
        case("Pieces with spaces at their ends", one(any("title", " ")), NOBODY, IT),
        case(
            "Letters in telephone numbers",
            one(equal("telephoneNumber", "+1z9")),
            NOBODY,
            IT,
        ),
        case(
            "Lines of postal addresses",
            one(any("postalAddress", "q$w")),
            IT,
            NOBODY,
        ),
        case(
            "Lines of postal addresses",
            one(any("postalAddress", "q$q")),
            NOBODY,
            IT,
        ),
        case("Lines of postal addresses", one(any("postalAddress", "\\")), NOBODY, IT),
        case(
            "Empty postal addresses",
            one(not(equal("postalAddress", ""))),
            IT,
            NOBODY,
        ),
        case(
            "entryUUID in extensible filters",
            one(ruled("entryUUID", "UUIDMatch", "5f0c6d3e-8a41-4c57-9b1e-000000000320")),
            NOBODY,
            IT,
        ),
        case(
            "entryUUID in extensible filters",
            one(not(ruled(
                "entryUUID",
                "UUIDMatch",
                "5f0c6d3e-8a41-4c57-9b1e-000000000001",
            ))),
            NOBODY,
            IT,
        ),
        case(
            "Bits of large numbers",
            one(ruled("gidNumber", "1.2.840.113556.1.4.803", "1")),
            NOBODY,
            IT,
        ),
        case(
            "Truth in lower case",
            users(Filter::And(vec![
                equal("uid", "alice"),
                equal("hasSubordinates", "false"),
            ])),
            NOBODY,
            ALICE,
        ),
        case(
            "Searching for what is made for each answer",
            based(&below, 0, equal("subschemaSubentry", "cn=Subschema")),
            NOBODY,
            ALICE,
        ),
        case(
            "Searching for what is made for each answer",
            based(
                &below,
                0,
                Filter::Extensible {
                    rule: None,
                    attribute: Some("hasSubordinates".into()),
                    value: b"FALSE".into(),
                    dn: true,
                },
            ),
            NOBODY,
            ALICE,
        ),
        case(
            "Searching for what is made for each answer",
            based(
                &below,
                0,
                Filter::Extensible {
                    rule: Some("distinguishedNameMatch".into()),
                    attribute: None,
                    value: below.clone().into(),
                    dn: false,
                },
            ),
            NOBODY,
            ALICE,
        ),
        case(
            "Superclasses of structuralObjectClass",
            based(&below, 0, equal("structuralObjectClass", "person")),
            ALICE,
            NOBODY,
        ),
        case(
            "objectIdentifierMatch by name",
            based(&below, 0, ruled("objectClass", "objectIdentifierMatch", "person")),
            NOBODY,
            ALICE,
        ),
        case(
            "Substrings rules in extensible filters",
            based(&below, 0, ruled("uid", "caseIgnoreSubstringsMatch", "*lic*")),
            NOBODY,
            ALICE,
        ),
        case(
            "Chains of memberships",
            based(
                &below,
                0,
                not(ruled(
                    "memberOf",
                    "1.2.840.113556.1.4.1941",
                    "cn=nobody,dc=example,dc=com",
                )),
            ),
            NOBODY,
            ALICE,
        ),
        case(
            "Words and keywords",
            based(&below, 0, not(ruled("cn", "wordMatch", "nobody"))),
            NOBODY,
            ALICE,
        ),
        case(
            "Names of definitions that nobody has",
            based(&below, 0, not(equal("attributeTypes", "noSuchType"))),
            ALICE,
            NOBODY,
        ),
        case(
            "Identifiers of one number",
            based(&below, 0, not(equal("supportedFeatures", "1"))),
            ALICE,
            NOBODY,
        ),
        case(
            "First components of plain values",
            based(&below, 0, not(ruled("uidNumber", "integerFirstComponentMatch", "1"))),
            ALICE,
            NOBODY,
        ),
        case(
            "Certificates",
            based(
                &below,
                0,
                not(equal(
                    "userCertificate",
                    "{ serialNumber 1, issuer rdnSequence:\"cn=nobody\" }",
                )),
            ),
            ALICE,
            NOBODY,
        ),
        case(
            "Certificates",
            based(&below, 0, not(Filter::Present("userPKCS12;binary".into()))),
            NOBODY,
            ALICE,
        ),
        case(
            "Approximate matching",
            users(Filter::Approx("uid".into(), "alise".into())),
            ALICE,
            NOBODY,
        ),
        case(
            "userPassword",
            based(&below, 0, not(Filter::Present("userPassword".into()))),
            ALICE,
            NOBODY,
        ),
        case(
            "uniqueMember",
            based(&format!("cn=everybody,{BASE}"), 0, equal("uniqueMember", &below)),
            NOBODY,
            (0, &["everybody"]),
        ),
    ]
}

/// The value of the first RDN of each entry.
fn names(answer: &Answer) -> BTreeSet<String> {
    let name = |dn: &String| dn.split_once('=').unwrap().1.split(" ,").next().unwrap().to_string();
    answer.entries.keys().map(name).collect()
}

fn agrees(answer: &Answer, (code, expected): Expected) -> bool {
    let found = names(answer);
    answer.code == code && found == expected.iter().map(|name| (*name).to_string()).collect()
}

#[test]
fn differences_are_the_documented_ones() {
    let _guard = beside_others();
    let peers = Peers::shared();
    let cases = cases();
    let requests: Vec<Request> = cases.iter().map(|case| case.request.clone()).collect();
    let ([oracle, _], answers) = peers.ask(&requests);
    let mut wrong = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        let mut check = |who: &str, answer: &Answer, expected: Expected| {
            if !agrees(answer, expected) {
                wrong.push(format!(
                    "{}: {who}: {} gives {} {:?}, not {expected:?}",
                    case.name,
                    case.request,
                    answer.code,
                    names(answer)
                ));
            }
        };
        check("slapd", &oracle[index], case.slapd);
        for (engine, answers) in Engine::ALL.iter().zip(&answers) {
            check(engine.name(), &answers[index], case.gateway);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let text = fs::read_to_string(repository("docs/differences-from-openldap.md")).unwrap();
    let documented: BTreeSet<&str> = text.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    assert_eq!(documented, cases.iter().map(|case| case.name).collect());
}
