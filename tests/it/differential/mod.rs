//! The same directory behind the gateway and in OpenLDAP's slapd: a search must not tell which is which.
//!
//! `data` makes the directory, `generate` the searches, `wire` asks. What differs on purpose is listed in
//! docs/differences-from-openldap.md and asserted in `exceptions`, case by case; the generated searches stay clear of it.
//! LDAP_GATEWAY_TEST_SEED makes other searches.

mod attributes;
mod data;
mod exceptions;
mod generate;
mod wire;

use crate::harness::random::Random;
use crate::harness::{Database, Engine, Gateway, Slapd, beside_others, figure};
use data::{BASE, Directory};
use std::sync::OnceLock;
use std::time::Instant;
use wire::{Answer, Attributes, Request, ask};

const SEARCHES: usize = 2400;
/// Searches that ask for memberships.
const OF_MEMBERS: usize = 300;
const SEED: u64 = 3;

fn seed() -> u64 {
    std::env::var("LDAP_GATEWAY_TEST_SEED").map_or(SEED, |seed| seed.parse().expect("a number"))
}

/// A gateway for each engine, and slapd, all with the same directory. There are two of slapd: one has the attributes
/// with several values that can only be columns on some engines, the other has all the rest.
struct Peers {
    directory: Directory,
    slapds: [Slapd; 2],
    gateways: [Gateway; 3],
    databases: [Database; 3],
}

impl Peers {
    fn shared() -> &'static Peers {
        static PEERS: OnceLock<Peers> = OnceLock::new();
        PEERS.get_or_init(|| {
            let directory = Directory::generate(&mut Random::new(seed()));
            let slapds = [false, true].map(|lists| Slapd::start(BASE, &directory.ldif(lists)));
            let databases =
                Engine::ALL.map(|engine| Database::empty_on(crate::harness::database::Server::shared(engine)));
            let gateways = [0, 1, 2].map(|number| {
                let env = directory.load(&databases[number]);
                // Thousands of searches at the level `trace` take longer to log than to answer.
                Gateway::start_plain(&env.with("LOG_LEVEL", "info"))
            });
            Peers {
                directory,
                slapds,
                gateways,
                databases,
            }
        })
    }

    /// What the two of slapd say, and what the three say.
    fn ask(&self, requests: &[Request]) -> ([Vec<Answer>; 2], [Vec<Answer>; 3]) {
        std::thread::scope(|scope| {
            let oracles = scope.spawn(|| self.ask_slapd(requests));
            let asked = [0, 1, 2].map(|number| {
                let port = self.gateways[number].port;
                scope.spawn(move || ask(Engine::ALL[number].name(), port, requests))
            });
            let oracles = oracles.join().unwrap();
            (oracles, asked.map(|thread| thread.join().unwrap()))
        })
    }

    fn ask_slapd(&self, requests: &[Request]) -> [Vec<Answer>; 2] {
        [0, 1].map(|which| ask("slapd", self.slapds[which].port, requests))
    }
}

/// Which of the two of slapd an engine is compared with.
fn oracle_of(engine: Engine) -> usize {
    usize::from(data::has_lists(engine))
}

/// What one of the two servers does not have, or has otherwise, with the reason. Left out of `+`, of nothing else.
const NOT_COMPARED: [(&str, &str); 1] = [(
    "uniqueMember",
    "another view of member that the gateway serves by name; no group of the LDIF has it, or `*` would return it",
)];

/// How two answers to one search differ; None when they do not. `all` is slapd's answer without a size limit.
fn difference(expected: &Answer, all: &Answer, got: &Answer) -> Option<String> {
    let mut found = Vec::new();
    if expected.code != got.code {
        found.push(format!("code {} and not {}", got.code, expected.code));
    }
    if expected.matched != got.matched {
        found.push(format!("matched DN {:?} and not {:?}", got.matched, expected.matched));
    }
    found.extend(got.repeated.iter().map(|what| format!("twice: {what}")));
    if expected.code == 4 {
        // Which of them come first is each server's own business.
        if expected.entries.len() != got.entries.len() {
            found.push(format!(
                "{} entries and not {}",
                got.entries.len(),
                expected.entries.len()
            ));
        }
    } else {
        found.extend(
            all.entries
                .keys()
                .filter(|dn| !got.entries.contains_key(*dn))
                .map(|dn| format!("missing: {dn}")),
        );
    }
    for (dn, attributes) in &got.entries {
        match all.entries.get(dn) {
            Some(expected) => {
                found.extend(attribute_difference(expected, attributes).map(|what| format!("{dn}: {what}")))
            }
            None => found.push(format!("too much: {dn}")),
        }
    }
    (!found.is_empty()).then(|| {
        let more = found.len().saturating_sub(4);
        found.truncate(4);
        format!(
            "{}{}",
            found.join("; "),
            if more > 0 {
                format!("; and {more} more")
            } else {
                String::new()
            }
        )
    })
}

fn attribute_difference(expected: &Attributes, got: &Attributes) -> Option<String> {
    let compared = |name: &&String| NOT_COMPARED.iter().all(|(not, _)| not != name);
    let shown = |attributes: &Attributes, name: &String| {
        attributes.get(name).map_or("absent".to_string(), |values| {
            let values: Vec<_> = values
                .iter()
                .map(|value| String::from_utf8_lossy(value).chars().take(60).collect::<String>())
                .collect();
            format!("{values:?}")
        })
    };
    expected
        .keys()
        .chain(got.keys())
        .filter(compared)
        .find(|name| expected.get(*name) != got.get(*name))
        .map(|name| format!("{name} is {} and not {}", shown(got, name), shown(expected, name)))
}

#[test]
fn searches_agree_with_slapd() {
    let _guard = beside_others();
    let peers = Peers::shared();
    let start = Instant::now();
    let mut generator = generate::Generator {
        random: Random::new(seed() ^ 0x5eed),
        directory: &peers.directory,
    };
    let requests: Vec<Request> = (0..SEARCHES).map(|_| generator.request()).collect();
    let (expected, answers) = peers.ask(&requests);
    // What a search with a size limit may return.
    let limited: Vec<usize> = (0..requests.len())
        .filter(|&index| expected.iter().any(|expected| expected[index].code == 4))
        .collect();
    let unlimited: Vec<Request> = limited
        .iter()
        .map(|&index| Request {
            size_limit: 0,
            page: 0,
            ..requests[index].clone()
        })
        .collect();
    let unlimited = peers.ask_slapd(&unlimited);
    let mut all = [0, 1].map(|which| expected[which].iter().collect::<Vec<&Answer>>());
    for (all, unlimited) in all.iter_mut().zip(&unlimited) {
        limited
            .iter()
            .zip(unlimited)
            .for_each(|(&index, answer)| all[index] = answer);
    }
    let mut report = Vec::new();
    let mut count = 0;
    for index in 0..requests.len() {
        let differences: Vec<Option<String>> = Engine::ALL
            .iter()
            .zip(&answers)
            .map(|(engine, answers)| {
                let oracle = oracle_of(*engine);
                difference(&expected[oracle][index], all[oracle][index], &answers[index])
            })
            .collect();
        if differences.iter().all(Option::is_none) {
            continue;
        }
        count += 1;
        let mut text = format!("{index}: {}", requests[index]);
        for (engine, difference) in Engine::ALL.iter().zip(&differences) {
            text += &format!(
                "\n    {}: {}",
                engine.name(),
                difference.as_deref().unwrap_or("as slapd")
            );
        }
        report.push(text);
    }
    let expected = &expected[1];
    let entries: usize = expected.iter().map(|answer| answer.entries.len()).sum();
    let with_some = expected.iter().filter(|answer| !answer.entries.is_empty()).count();
    report.truncate(std::env::var("LDAP_GATEWAY_TEST_SHOWN").map_or(25, |shown| shown.parse().unwrap()));
    assert!(
        count == 0,
        "{count} of {SEARCHES} searches differ (LDAP_GATEWAY_TEST_SEED={}):\n{}",
        seed(),
        report.join("\n")
    );
    // The searches must find something, or they compare nothing.
    assert!(
        with_some * 3 > SEARCHES,
        "only {with_some} of {SEARCHES} searches found entries"
    );
    figure(&format!(
        "differential: {SEARCHES} searches, {with_some} of them with {entries} entries, 0 differences to slapd on each of 3 engines, {:.1} s",
        start.elapsed().as_secs_f64()
    ));
}

/// Memberships from a query of their own, joined with users and groups, and looked up because they are expressions.
#[test]
fn listed_memberships_agree_with_slapd() {
    let _guard = beside_others();
    let peers = Peers::shared();
    let start = Instant::now();
    let mut generator = generate::Generator {
        random: Random::new(seed() ^ 0xd00d),
        directory: &peers.directory,
    };
    let mut requests = Vec::new();
    while requests.len() < OF_MEMBERS {
        let request = generator.request();
        let text = request.to_string().to_lowercase();
        if text.contains("member") && !text.contains("uniquemember") {
            requests.push(Request {
                size_limit: 0,
                page: 0,
                ..request
            });
        }
    }
    let expected = peers.ask_slapd(&requests);
    let forms = ["{}", "COALESCE({}, '')"];
    let cases = Engine::ALL.iter().flat_map(|engine| forms.map(|form| (*engine, form)));
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let asked: Vec<_> = cases
            .map(|(engine, form)| {
                let (expected, requests) = (&expected[oracle_of(engine)], &requests);
                scope.spawn(move || {
                    let env = peers.directory.with_listed(&peers.databases[engine as usize], form);
                    let gateway = Gateway::start_plain(&env.with("LOG_LEVEL", "info"));
                    let answers = ask(engine.name(), gateway.port, requests);
                    let all = requests.iter().zip(expected).zip(&answers);
                    let wrong = all.filter_map(|((request, expected), answer)| {
                        let difference = difference(expected, expected, answer)?;
                        Some(format!("{request}\n    {}, {form}: {difference}", engine.name()))
                    });
                    wrong.collect::<Vec<_>>()
                })
            })
            .collect();
        asked.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(
        wrong.is_empty(),
        "{} wrong (LDAP_GATEWAY_TEST_SEED={}):\n{}",
        wrong.len(),
        seed(),
        wrong.iter().take(10).cloned().collect::<Vec<_>>().join("\n")
    );
    let found = expected[1].iter().filter(|answer| !answer.entries.is_empty()).count();
    assert!(
        found * 4 > OF_MEMBERS,
        "only {found} of {OF_MEMBERS} searches found entries"
    );
    figure(&format!(
        "differential: {OF_MEMBERS} searches of memberships that a query lists, {found} with entries, 0 differences to slapd \
         on each of 3 engines, joined and looked up, {:.1} s",
        start.elapsed().as_secs_f64()
    ));
}
