//! `ldap3_proto` as an independent peer: what it encodes we decode to the same, and the other way round.

use super::*;
use crate::model::filter::Filter;
use crate::model::scope::Scope;
use bytes::Bytes;
use ldap3_proto::LdapCodec;
use ldap3_proto::control::LdapControl;
use ldap3_proto::proto as peer;
use proptest::prelude::*;
use tokio_util::codec::{Decoder, Encoder};

fn encode(message: peer::LdapMsg) -> BytesMut {
    let mut buffer = BytesMut::new();
    LdapCodec::default().encode(message, &mut buffer).unwrap();
    buffer
}

/// Reads all that we wrote as the peer does.
fn read(buffer: BytesMut) -> Vec<peer::LdapMsg> {
    let mut buffer = buffer;
    let mut codec = LdapCodec::new(Some(1 << 24), None);
    let mut messages = Vec::new();
    while let Some(message) = codec.decode(&mut buffer).unwrap() {
        messages.push(message);
    }
    assert!(buffer.is_empty());
    messages
}

fn ours(filter: &peer::LdapFilter) -> Filter {
    let bytes = |text: &String| Bytes::copy_from_slice(text.as_bytes());
    match filter.clone() {
        peer::LdapFilter::And(members) => Filter::And(members.iter().map(ours).collect()),
        peer::LdapFilter::Or(members) => Filter::Or(members.iter().map(ours).collect()),
        peer::LdapFilter::Not(inner) => Filter::Not(Box::new(ours(&inner))),
        peer::LdapFilter::Equality(attribute, value) => Filter::Equality {
            attribute,
            value: bytes(&value),
        },
        peer::LdapFilter::GreaterOrEqual(attribute, value) => Filter::GreaterOrEqual {
            attribute,
            value: bytes(&value),
        },
        peer::LdapFilter::LessOrEqual(attribute, value) => Filter::LessOrEqual {
            attribute,
            value: bytes(&value),
        },
        peer::LdapFilter::Approx(attribute, value) => Filter::Approx {
            attribute,
            value: bytes(&value),
        },
        peer::LdapFilter::Present(attribute) => Filter::Present(attribute),
        peer::LdapFilter::Substring(attribute, parts) => Filter::Substrings {
            attribute,
            initial: parts.initial.as_ref().map(bytes),
            any: parts.any.iter().map(bytes).collect(),
            last: parts.final_.as_ref().map(bytes),
        },
        peer::LdapFilter::Extensible(rule) => Filter::Extensible {
            rule: rule.matching_rule,
            attribute: rule.type_,
            value: bytes(&rule.match_value),
            dn_attributes: rule.dn_attributes,
        },
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~]{0,12}", "\\PC{0,8}", "[a-z]{120,140}"]
}

fn substrings() -> impl Strategy<Value = peer::LdapSubstringFilter> {
    (
        prop::option::of(text()),
        prop::collection::vec(text(), 0..4),
        prop::option::of(text()),
    )
        .prop_map(|(initial, any, final_)| peer::LdapSubstringFilter { initial, any, final_ })
        .prop_filter("one part at least", |parts| {
            *parts != peer::LdapSubstringFilter::default()
        })
}

fn rule() -> impl Strategy<Value = peer::LdapMatchingRuleAssertion> {
    (
        prop::option::of(text()),
        prop::option::of(text()),
        text(),
        any::<bool>(),
    )
        .prop_filter("a rule or a type", |(rule, attribute, ..)| {
            rule.is_some() || attribute.is_some()
        })
        .prop_map(
            |(matching_rule, type_, match_value, dn_attributes)| peer::LdapMatchingRuleAssertion {
                matching_rule,
                type_,
                match_value,
                dn_attributes,
            },
        )
}

fn filter() -> impl Strategy<Value = peer::LdapFilter> {
    use peer::LdapFilter::{
        And, Approx, Equality, Extensible, GreaterOrEqual, LessOrEqual, Not, Or, Present, Substring,
    };
    let leaf = prop_oneof![
        text().prop_map(Present),
        (text(), text()).prop_map(|(attribute, value)| Equality(attribute, value)),
        (text(), text()).prop_map(|(attribute, value)| GreaterOrEqual(attribute, value)),
        (text(), text()).prop_map(|(attribute, value)| LessOrEqual(attribute, value)),
        (text(), text()).prop_map(|(attribute, value)| Approx(attribute, value)),
        (text(), substrings()).prop_map(|(attribute, parts)| Substring(attribute, parts)),
        rule().prop_map(Extensible),
    ];
    leaf.prop_recursive(5, 30, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(And),
            prop::collection::vec(inner.clone(), 0..5).prop_map(Or),
            inner.prop_map(|inner| Not(Box::new(inner))),
        ]
    })
}

fn search() -> impl Strategy<Value = (peer::LdapOp, Request)> {
    let scope = prop::sample::select(vec![
        (peer::LdapSearchScope::Base, Scope::Base),
        (peer::LdapSearchScope::OneLevel, Scope::OneLevel),
        (peer::LdapSearchScope::Subtree, Scope::Subtree),
        (peer::LdapSearchScope::Children, Scope::Subordinates),
    ]);
    let aliases = prop::sample::select(vec![
        (peer::LdapDerefAliases::Never, DerefAliases::Never),
        (peer::LdapDerefAliases::InSearching, DerefAliases::InSearching),
        (peer::LdapDerefAliases::FindingBaseObj, DerefAliases::FindingBaseObject),
        (peer::LdapDerefAliases::Always, DerefAliases::Always),
    ]);
    let limits = (0..=i32::MAX, 0..=i32::MAX);
    (
        text(),
        scope,
        aliases,
        limits,
        any::<bool>(),
        filter(),
        prop::collection::vec(text(), 0..5),
    )
        .prop_map(
            |(base, scope, aliases, (sizelimit, timelimit), typesonly, filter, attrs)| {
                let request = SearchRequest {
                    base: base.clone(),
                    scope: scope.1,
                    deref_aliases: aliases.1,
                    size_limit: sizelimit as u32,
                    time_limit: timelimit as u32,
                    types_only: typesonly,
                    filter: ours(&filter),
                    attributes: attrs.iter().map(|name| name.clone().into()).collect(),
                };
                let (scope, aliases) = (scope.0, aliases.0);
                let op = peer::LdapSearchRequest {
                    base,
                    scope,
                    aliases,
                    sizelimit,
                    timelimit,
                    typesonly,
                    filter,
                    attrs,
                };
                (peer::LdapOp::SearchRequest(op), Request::Search(request))
            },
        )
}

fn bind() -> impl Strategy<Value = (peer::LdapOp, Request)> {
    let credentials = prop_oneof![
        text().prop_map(|password| {
            let ours = Credentials::Simple(password.as_bytes().into());
            (peer::LdapBindCred::Simple(password), ours)
        }),
        (text(), prop::collection::vec(any::<u8>(), 0..9)).prop_map(|(mechanism, credentials)| {
            let ours = Credentials::Sasl {
                mechanism: mechanism.clone(),
            };
            (
                peer::LdapBindCred::SASL(peer::SaslCredentials { mechanism, credentials }),
                ours,
            )
        }),
    ];
    (1..=127_u8, text(), credentials).prop_map(|(version, name, (cred, credentials))| {
        let op = peer::LdapBindRequest {
            version: version.into(),
            dn: name.clone(),
            cred,
        };
        (
            peer::LdapOp::BindRequest(op),
            Request::Bind(BindRequest {
                version,
                name,
                credentials,
            }),
        )
    })
}

fn other() -> impl Strategy<Value = (peer::LdapOp, Request)> {
    let octets = || prop::collection::vec(any::<u8>(), 0..200);
    let attribute = move || {
        (text(), prop::collection::vec(octets(), 0..3))
            .prop_map(|(atype, vals)| peer::LdapPartialAttribute { atype, vals })
    };
    let change = attribute().prop_map(|modification| {
        let values = modification.vals.iter().map(|value| value.as_slice().into());
        let ours = Change {
            operation: ChangeOperation::Replace,
            attribute: modification.atype.clone(),
            values: values.collect(),
        };
        let operation = peer::LdapModifyType::Replace;
        (
            peer::LdapModify {
                operation,
                modification,
            },
            ours,
        )
    });
    prop_oneof![
        Just((peer::LdapOp::UnbindRequest, Request::Unbind)),
        (1..=i32::MAX).prop_map(|id| (peer::LdapOp::AbandonRequest(id), Request::Abandon(id))),
        (text(), text(), octets()).prop_map(|(dn, atype, val)| {
            let ours = Request::Compare(CompareRequest {
                entry: dn.clone(),
                attribute: atype.clone(),
                value: Bytes::from(val.clone()),
            });
            (
                peer::LdapOp::CompareRequest(peer::LdapCompareRequest { dn, atype, val }),
                ours,
            )
        }),
        (text(), prop::option::of(octets())).prop_map(|(name, value)| {
            let ours = Request::Extended(ExtendedRequest {
                name: name.clone(),
                value: value.clone().map(Bytes::from),
            });
            (
                peer::LdapOp::ExtendedRequest(peer::LdapExtendedRequest { name, value }),
                ours,
            )
        }),
        text().prop_map(|dn| (peer::LdapOp::DelRequest(dn), Request::Delete)),
        (text(), prop::collection::vec(attribute(), 0..4)).prop_map(|(dn, attributes)| {
            (
                peer::LdapOp::AddRequest(peer::LdapAddRequest { dn, attributes }),
                Request::Add,
            )
        }),
        (text(), prop::collection::vec(change, 0..4)).prop_map(|(dn, changes)| {
            let (changes, ours) = changes.into_iter().unzip();
            let request = ModifyRequest {
                entry: dn.clone(),
                changes: ours,
            };
            (
                peer::LdapOp::ModifyRequest(peer::LdapModifyRequest { dn, changes }),
                Request::Modify(request),
            )
        }),
        (text(), text(), any::<bool>(), prop::option::of(text())).prop_map(
            |(dn, newrdn, deleteoldrdn, new_superior)| {
                let op = peer::LdapModifyDNRequest {
                    dn,
                    newrdn,
                    deleteoldrdn,
                    new_superior,
                };
                (peer::LdapOp::ModifyDNRequest(op), Request::ModifyDn)
            }
        ),
    ]
}

fn control() -> impl Strategy<Value = (LdapControl, Control)> {
    let octets = || prop::collection::vec(any::<u8>(), 0..200);
    prop_oneof![
        (0..=i32::MAX, octets()).prop_map(|(size, cookie)| {
            let ours = PagedResults {
                size: size as u32,
                cookie: Bytes::from(cookie.clone()),
            }
            .control();
            (
                LdapControl::SimplePagedResults {
                    size: size.into(),
                    cookie,
                },
                ours,
            )
        }),
        // An OID the peer does not interpret.
        (any::<bool>(), prop::option::of(octets())).prop_map(|(criticality, value)| {
            let oid = "1.2.3.4".to_owned();
            let ours = Control {
                oid: oid.clone(),
                critical: criticality,
                value: value.clone().map(Bytes::from),
            };
            (
                LdapControl::Unknown {
                    oid,
                    criticality,
                    value,
                },
                ours,
            )
        }),
    ]
}

fn result() -> impl Strategy<Value = (LdapResult, peer::LdapResult)> {
    let known: Vec<_> = ResultCode::ALL
        .iter()
        .filter_map(|code| Some((*code, peer::LdapResultCode::try_from(i64::from(code.number())).ok()?)))
        .collect();
    // All of RFC 4511's and then some: the filter above must not hide a wrong number of ours.
    assert!(known.len() >= 45, "{}", known.len());
    (prop::sample::select(known), text(), text()).prop_map(|((ours, theirs), matcheddn, message)| {
        let result = LdapResult::new(ours, message.clone()).with_matched_dn(matcheddn.clone());
        (
            result,
            peer::LdapResult {
                code: theirs,
                matcheddn,
                message,
                referral: Vec::new(),
            },
        )
    })
}

fn operation_of(kind: ResponseKind, result: peer::LdapResult) -> peer::LdapOp {
    match kind {
        ResponseKind::Bind => peer::LdapOp::BindResponse(peer::LdapBindResponse {
            res: result,
            saslcreds: None,
        }),
        ResponseKind::SearchResultDone => peer::LdapOp::SearchResultDone(result),
        ResponseKind::Modify => peer::LdapOp::ModifyResponse(result),
        ResponseKind::Add => peer::LdapOp::AddResponse(result),
        ResponseKind::Delete => peer::LdapOp::DelResponse(result),
        ResponseKind::ModifyDn => peer::LdapOp::ModifyDNResponse(result),
        ResponseKind::Compare => peer::LdapOp::CompareResult(result),
        ResponseKind::Extended => peer::LdapOp::ExtendedResponse(peer::LdapExtendedResponse {
            res: result,
            name: None,
            value: None,
        }),
    }
}

fn kind() -> impl Strategy<Value = ResponseKind> {
    prop::sample::select(vec![
        ResponseKind::Bind,
        ResponseKind::SearchResultDone,
        ResponseKind::Modify,
        ResponseKind::Add,
        ResponseKind::Delete,
        ResponseKind::ModifyDn,
        ResponseKind::Compare,
        ResponseKind::Extended,
    ])
}

proptest! {
    #[test]
    fn requests_of_the_peer(
        id in 1..=i32::MAX,
        (op, request) in prop_oneof![search(), bind(), other()],
        controls in prop::collection::vec(control(), 0..3),
    ) {
        let (theirs, controls) = controls.into_iter().unzip();
        let buffer = encode(peer::LdapMsg::new_with_ctrls(id, op, theirs));
        prop_assert_eq!(message(&buffer), Message { id, request, controls });
    }

    #[test]
    fn results_for_the_peer(
        id in 1..=i32::MAX,
        kind in kind(),
        (result, theirs) in result(),
        controls in prop::collection::vec(control(), 0..3),
    ) {
        let (their_controls, controls): (Vec<_>, Vec<_>) = controls.into_iter().unzip();
        let mut buffer = BytesMut::new();
        ResponseWriter::new(&mut buffer, id).result(kind, &result, &controls);
        let expected = peer::LdapMsg::new_with_ctrls(id, operation_of(kind, theirs), their_controls);
        prop_assert_eq!(read(buffer), vec![expected]);
    }

    #[test]
    fn extended_responses_for_the_peer(
        id in 0..=i32::MAX,
        (result, res) in result(),
        name in prop::option::of(text()),
        value in prop::option::of(prop::collection::vec(any::<u8>(), 0..300)),
    ) {
        let mut buffer = BytesMut::new();
        ResponseWriter::new(&mut buffer, id).extended(&result, name.as_deref(), value.as_deref(), &[]);
        let response = peer::LdapExtendedResponse { res, name, value };
        prop_assert_eq!(read(buffer), vec![peer::LdapMsg::new(id, peer::LdapOp::ExtendedResponse(response))]);
    }

    #[test]
    fn entries_for_the_peer(
        id in 1..=i32::MAX,
        dn in text(),
        attributes in prop::collection::vec(
            (text(), prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..4)), 0..6),
        types_only: bool,
    ) {
        let ours: Vec<(String, Vec<Bytes>)> = attributes
            .iter()
            .map(|(name, values)| (name.clone(), values.iter().cloned().map(Bytes::from).collect()))
            .collect();
        let mut buffer = BytesMut::new();
        for _ in 0..2 {
            let attributes = ours.iter().map(|(name, values)| (name.as_str(), values.as_slice()));
            ResponseWriter::new(&mut buffer, id).named_entry(&dn, attributes, types_only);
        }
        let attributes = attributes
            .into_iter()
            .filter(|(_, values)| !values.is_empty())
            .map(|(atype, vals)| peer::LdapPartialAttribute { atype, vals: if types_only { vec![] } else { vals } })
            .collect();
        let entry = peer::LdapMsg::new(
            id,
            peer::LdapOp::SearchResultEntry(peer::LdapSearchResultEntry { dn, attributes }),
        );
        prop_assert_eq!(read(buffer), vec![entry.clone(), entry]);
    }
}
