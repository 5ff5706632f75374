//! Every attribute type of the schema with every kind of filter, bare and under NOT, and in Compare: True, False and
//! Undefined as in slapd, whether or not entries of a kind have the attribute. What differs on purpose is left out here and
//! asserted in `exceptions`.

use super::data::BASE;
use super::wire::{Filter, Request, Verdict, ask, compare};
use super::{Peers, oracle_of};
use crate::harness::{Engine, beside_others, figure};
use ldap_gateway::model::schema::{AttributeType, MatchingRule, RuleKind, Schema, Syntax};
use std::time::Instant;

/// Attribute types that slapd does not have, or answers in another way as `exceptions` says.
const NOT_ASKED: [&str; 22] = [
    "supportedFeatures",
    "organizationIdentifier",
    "authorizedService",
    "nisPublicKey",
    "nisSecretKey",
    "nisDomain",
    "automountMapName",
    "automountKey",
    "automountInformation",
    "governingStructureRule",
    "dITContentRules",
    "dITStructureRules",
    "nameForms",
    "subtreeSpecification",
    "defaultNamingContext",
    "uniqueMember",
    "userPassword",
    "structuralObjectClass",
    "subschemaSubentry",
    "hasSubordinates",
    "entryDN",
    "entryUUID",
];

const VALUES: [&str; 6] = ["1", "x", "", "20240101000000Z", "dc=example,dc=com", "(a,b,c)"];

fn asked(schema: &Schema) -> impl Iterator<Item = &AttributeType> {
    let types = schema.attributes().map(|(_, definition)| definition);
    types.filter(|definition| !NOT_ASKED.contains(&definition.name()))
}

/// Definitions of the schema are compared by their first components, of which RFC and slapd think differently.
fn is_of_definitions(definition: &AttributeType) -> bool {
    definition.equality == Some(MatchingRule::ObjectIdentifierFirstComponent)
}

fn is_certificate(definition: &AttributeType) -> bool {
    [Syntax::Certificate].contains(&definition.syntax)
}

/// Values to assert of it, the last one being what an entry has.
fn values(peers: &Peers, definition: &AttributeType) -> Vec<String> {
    let entries = peers
        .directory
        .entries
        .iter()
        .filter(|entry| entry.dn.contains("alice"));
    let mut stored = entries.flat_map(|entry| &entry.attributes);
    let stored = stored.find(|(name, _)| *name == definition.name());
    let fits = |value: &&str| !(value.is_empty() && definition.syntax == Syntax::PostalAddress);
    let made = VALUES.iter().copied().filter(fits).map(str::to_string);
    made.chain(stored.map(|(_, values)| values[0].clone())).collect()
}

fn leaves(peers: &Peers, definition: &AttributeType) -> Vec<Filter> {
    let name = definition.name().to_string();
    let is_binary = definition.served_as().ends_with(";binary");
    let values = values(peers, definition);
    let mut leaves = Vec::new();
    let mut compared = |name: &str, value: &str| {
        let (name, bytes) = (name.to_string(), value.as_bytes().to_vec());
        if !is_of_definitions(definition) && !is_certificate(definition) {
            leaves.push(Filter::Equal(name.clone(), bytes.clone()));
            if [Syntax::Integer, Syntax::Dn, Syntax::Oid, Syntax::Jpeg].contains(&definition.syntax) {
                leaves.push(Filter::Approx(name.clone(), bytes.clone()));
            }
        }
        leaves.push(Filter::Greater(name.clone(), bytes.clone()));
        leaves.push(Filter::Less(name.clone(), bytes.clone()));
        if !value.is_empty() && !value.starts_with(' ') && !value.ends_with(' ') && !value.contains(['$', '\\']) {
            leaves.push(Filter::Substrings(name.clone(), Some(bytes.clone()), vec![], None));
            leaves.push(Filter::Substrings(name, None, vec![bytes], None));
        }
    };
    values.iter().for_each(|value| compared(&name, value));
    let mut names = vec![definition.oid.to_string(), name.to_uppercase()];
    if takes_options_alike(definition) {
        names.push(format!("{name};lang-de"));
    }
    if !is_binary || is_certificate(definition) {
        names.push(format!("{name};binary"));
    }
    for name in &names {
        compared(name, "1");
        compared(name, values.last().unwrap());
    }
    names.push(name.clone());
    leaves.extend(names.into_iter().map(Filter::Present));
    leaves.extend(
        MatchingRule::ALL
            .iter()
            .filter(|rule| is_asked(definition, **rule))
            .flat_map(|rule| {
                let value = ["x", "dc=example,dc=com"].map(str::to_string);
                let values = value.into_iter().chain(values.last().cloned());
                values.enumerate().map(|(number, value)| Filter::Extensible {
                    rule: Some(rule.name().to_string()),
                    attribute: Some(name.clone()),
                    value: value.into_bytes(),
                    dn: number % 2 == 1,
                })
            }),
    );
    leaves
}

/// Operational attributes take no options (RFC 4512 3.4), and this one is none to slapd, which lets no file declare any.
fn takes_options_alike(definition: &AttributeType) -> bool {
    definition.name() != "nsAccountLock"
}

/// See `exceptions` for the rules that slapd has otherwise.
fn is_asked(definition: &AttributeType, rule: MatchingRule) -> bool {
    use MatchingRule as R;
    let is_text = [R::CaseIgnore, R::CaseExact, R::CaseIgnoreOrdering, R::CaseExactOrdering].contains(&rule);
    let elsewhere = [
        R::Word,
        R::Keyword,
        R::InChain,
        R::ObjectIdentifier,
        R::ObjectIdentifierFirstComponent,
        R::IntegerFirstComponent,
        R::DirectoryStringFirstComponent,
    ];
    let left_out = rule.kind() == RuleKind::Substrings
        || elsewhere.contains(&rule)
        || (is_text && definition.syntax == Syntax::Ia5String)
        || is_certificate(definition)
        || definition.syntax == Syntax::CountryString;
    !left_out
}

fn request(base: &str, scope: u8, filter: Filter) -> Request {
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

/// One user, one group, the base: of each kind an entry, none of which is read by a scan.
fn of_each_kind() -> Filter {
    let named = |attribute: &str, name: &str| Filter::Equal(attribute.into(), name.into());
    Filter::Or(vec![
        named("uid", "alice"),
        named("cn", "everybody"),
        named("dc", "example"),
    ])
}

fn searches(peers: &Peers, schema: &Schema) -> Vec<Request> {
    let mut requests = Vec::new();
    // No entry has a value of most of them: the case that was seen first.
    let expire = Filter::Greater("shadowExpire".into(), b"1".to_vec());
    requests.push(request(BASE, 2, Filter::Not(Box::new(expire.clone()))));
    requests.push(request(
        BASE,
        2,
        Filter::Or(vec![expire.clone(), Filter::Not(Box::new(expire))]),
    ));
    for scope in 1..4 {
        for filter in [Filter::And(vec![]), Filter::Equal("uid".into(), b"alice".to_vec())] {
            requests.push(request("", scope, filter));
        }
    }
    let unknown = ["noSuchType", "1.2.3.4.5", "cn;x-foo", "OID.2.5.4.3"].map(|name| name.to_string());
    let unknown = unknown.into_iter().flat_map(|name| {
        [
            Filter::Present(name.clone()),
            Filter::Equal(name.clone(), b"x".to_vec()),
            Filter::Substrings(name.clone(), Some(b"x".to_vec()), vec![], None),
            Filter::Less(name, b"1".to_vec()),
        ]
    });
    let known = asked(schema).flat_map(|definition| leaves(peers, definition));
    for (number, leaf) in unknown.chain(known).enumerate() {
        let not = Filter::Not(Box::new(leaf.clone()));
        let all = |parts: Vec<Filter>| Filter::And(parts);
        match number % 16 {
            0 => requests.extend([request(BASE, 2, leaf), request(BASE, 2, not)]),
            1 => {
                let either = Filter::Or(vec![Filter::Not(Box::new(all(vec![leaf.clone(), not]))), leaf]);
                requests.push(request(BASE, 2, all(vec![of_each_kind(), either])));
            }
            // Read by its name an entry costs least.
            _ => {
                let entry = [format!("uid=alice,{BASE}"), format!("cn=everybody,{BASE}"), BASE.into()];
                requests.extend([leaf, not].map(|filter| request(&entry[number % 3], 0, filter)));
            }
        }
    }
    requests
}

#[test]
fn every_attribute_is_decided_as_in_slapd() {
    let _guard = beside_others();
    let peers = Peers::shared();
    let start = Instant::now();
    let requests = searches(peers, &Schema::standard());
    // A leaf is decided before a database is asked: one engine for each will do.
    let asked: Vec<(Engine, Vec<Request>)> = Engine::ALL
        .iter()
        .enumerate()
        .map(|(number, engine)| {
            // Both halves of a pair go to one engine, whichever it is.
            let own = requests.chunks(2).skip(number).step_by(3).flatten();
            (*engine, own.cloned().collect())
        })
        .collect();
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = asked
            .iter()
            .map(|(engine, requests)| {
                scope.spawn(move || {
                    let expected = ask("slapd", peers.slapds[oracle_of(*engine)].port, requests);
                    let answers = ask(engine.name(), peers.gateways[*engine as usize].port, requests);
                    let all = requests.iter().zip(&expected).zip(&answers);
                    let wrong = all.filter(|((_, expected), answer)| {
                        (expected.code, expected.entries.keys().collect::<Vec<_>>())
                            != (answer.code, answer.entries.keys().collect::<Vec<_>>())
                    });
                    let shown = wrong.map(|((request, expected), answer)| {
                        let [(code, count), (other, others)] =
                            [answer, expected].map(|answer| (answer.code, answer.entries.len()));
                        format!(
                            "{request}: {} gives {code} {count}, slapd {other} {others}",
                            engine.name()
                        )
                    });
                    shown.collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(
        wrong.is_empty(),
        "{} of {} differ:\n{}",
        wrong.len(),
        requests.len(),
        wrong.iter().take(40).cloned().collect::<Vec<_>>().join("\n")
    );
    figure(&format!(
        "differential: {} searches over all attribute types, 0 differences to slapd, {:.1} s",
        requests.len(),
        start.elapsed().as_secs_f64()
    ));
}

fn comparisons(peers: &Peers, schema: &Schema) -> Vec<Verdict> {
    let alice = format!("uid=alice,{BASE}");
    let mut list = Vec::new();
    let mut add = |entry: &str, attribute: &str, value: &[u8]| {
        list.push(Verdict {
            entry: entry.into(),
            attribute: attribute.into(),
            value: value.into(),
        });
    };
    let comparable = |definition: &&AttributeType| !is_certificate(definition) && !is_of_definitions(definition);
    for definition in asked(schema).filter(comparable) {
        let name = definition.name();
        for value in values(peers, definition) {
            add(&alice, name, value.as_bytes());
        }
        add(&alice, name, b"\xff\xfe");
        let last = values(peers, definition).pop().unwrap();
        let mut names = vec![name.to_string(), definition.oid.to_string(), format!("{name};x-foo")];
        if takes_options_alike(definition) {
            names.push(format!("{name};lang-de"));
        }
        for name in &names {
            for entry in [BASE, &format!("cn=everybody,{BASE}"), &format!("uid=nobody,{BASE}")] {
                add(entry, name, last.as_bytes());
            }
        }
    }
    for attribute in ["noSuchType", "1.2.3.4.5", "cn;", "OID.2.5.4.3"] {
        for entry in [&alice, "nonsense", "dc=org", &format!("uid=nobody,{BASE}")] {
            add(entry, attribute, b"x");
        }
    }
    for class in ["person", "top", "noSuchClass", "2.5.6.6", "1.2.3", "cn", "2.5.4.3", "-"] {
        for entry in [&alice, BASE, &format!("uid=nobody,{BASE}")] {
            add(entry, "objectClass", class.as_bytes());
        }
    }
    list
}

#[test]
fn comparisons_agree_with_slapd() {
    let _guard = beside_others();
    let peers = Peers::shared();
    let list = comparisons(peers, &Schema::standard());
    let expected = [0, 1].map(|which| compare("slapd", peers.slapds[which].port, &list));
    let mut wrong = Vec::new();
    for engine in Engine::ALL {
        let answers = compare(engine.name(), peers.gateways[engine as usize].port, &list);
        let all = list.iter().zip(&expected[oracle_of(engine)]).zip(&answers);
        wrong.extend(
            all.filter(|((_, expected), answer)| expected != answer)
                .map(|((asked, expected), answer)| {
                    format!("{asked:?}: {} says {answer}, slapd {expected}", engine.name())
                }),
        );
    }
    assert!(
        wrong.is_empty(),
        "{} of {} differ:\n{}",
        wrong.len(),
        3 * list.len(),
        wrong.iter().take(40).cloned().collect::<Vec<_>>().join("\n")
    );
    // Each of the answers that there are.
    for code in [5, 6, 16, 17, 18, 21, 32, 34] {
        assert!(expected[0].contains(&code), "{code}");
    }
}
