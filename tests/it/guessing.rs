//! Who guesses passwords waits for each further guess; the owner does not. Nothing here looks at a clock: what is counted
//! is how many guesses were looked at.

use crate::harness::client::bind;
use crate::harness::gateway::Env;
use crate::harness::ldap::{BATTERY_PASSWORD, password, user_dn};
use crate::harness::{Client, Database, Engine, alone, beside_others, block_on, eventually, figure};
use crate::observability::{Observed, operations};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::sleep;

const GUESSER: [u8; 4] = [127, 9, 9, 9];
const OWNER: [u8; 4] = [127, 0, 0, 2];
const NEW: [u8; 4] = [127, 0, 0, 3];
const WRONG: &str = "wrong-Passw0rd";
const LONG: Duration = Duration::from_secs(20);

fn env() -> Env {
    let env = Database::shared(Engine::Sqlite).deployed().with("LOG_LEVEL", "info");
    // Fewer than by default, so that it begins sooner.
    env.with("GUESSING_FREE_FAILURES", 5)
}

fn waiting(observed: &Observed) -> f64 {
    observed.metrics()["ldap_gateway_binds_waiting"]
}

/// A bind by the user with a quick hash.
async fn sign_in(observed: &Observed, source: [u8; 4], password: &str) -> i32 {
    let mut client = Client::connect_from(&observed.gateway, source).await;
    client.bind(&user_dn("cheap"), password).await.unwrap()
}

#[test]
fn a_thousand_guesses_delay_the_guesser_and_not_the_owner() {
    let _guard = beside_others();
    let observed = Observed::start(&env().with("BIND_HOLD", "20s"));
    block_on(async {
        assert_eq!(sign_in(&observed, OWNER, BATTERY_PASSWORD).await, 0);
        let mut clients = Vec::new();
        for _ in 0..1_000 {
            clients.push(Client::connect_from(&observed.gateway, GUESSER).await);
        }
        let mut guesses = JoinSet::new();
        for (number, mut client) in clients.into_iter().enumerate() {
            let dn = user_dn("cheap");
            guesses.spawn(async move { client.bind(&dn, &format!("guess-{number}")).await.unwrap() });
        }
        for _ in 0..20 {
            assert_eq!(sign_in(&observed, OWNER, BATTERY_PASSWORD).await, 0);
        }
        // Nor from where the owner has never been.
        assert_eq!(sign_in(&observed, NEW, BATTERY_PASSWORD).await, 0);
        assert!(eventually(LONG, || waiting(&observed) >= 1.0), "the guesser waits");
        let codes = guesses.join_all().await;
        let looked_at = codes.iter().filter(|code| **code == 49).count();
        // The first five, and those after 1 s, 2 s, 4 s and 8 s more; a few more where the machine is so busy that not all
        // come at once.
        assert!((5..=12).contains(&looked_at), "{looked_at}");
        // The others' passwords were not looked at, so they are not called wrong.
        assert_eq!(
            codes.iter().filter(|code| **code == 52).count(),
            codes.len() - looked_at
        );
    });
    let log = observed.gateway.log();
    assert!(
        log.contains("many binds of this name from this source have failed"),
        "{log}"
    );
    assert!(log.contains("too many binds have failed"), "{log}");
    assert_eq!(waiting(&observed), 0.0);
}

#[test]
fn names_that_nobody_has_are_slowed_down_as_others_are() {
    let _guard = beside_others();
    let observed = Observed::start(&env().with("BIND_HOLD", "2s"));
    block_on(async {
        let mut delayed = Vec::new();
        for (number, name) in ["cheap", "nobody", "heidi"].into_iter().enumerate() {
            let before = observed.metrics();
            let source = [127, 9, 1, u8::try_from(number).unwrap() + 1];
            let mut client = Client::connect_from(&observed.gateway, source).await;
            for _ in 0..7 {
                assert_eq!(client.bind(&user_dn(name), WRONG).await.unwrap(), 49);
            }
            let after = observed.metrics();
            let total = "ldap_gateway_binds_delayed_total";
            delayed.push(after[total] - before[total]);
        }
        assert_eq!(delayed, [2.0, 2.0, 2.0]);
    });
}

#[test]
fn another_spelling_is_the_same_name() {
    let _guard = beside_others();
    let observed = Observed::start(&env().with("BIND_HOLD", "2s"));
    block_on(async {
        let mut client = Client::connect_from(&observed.gateway, GUESSER).await;
        for dn in [
            "uid=cheap,dc=example,dc=com",
            "UID=CHEAP,DC=example,DC=com",
            "cn=cheap,dc=example,dc=com",
            "uid=\\63heap,dc=example,dc=com",
            "uid= cheap ,dc=example,dc=com",
            "mail=Cheap,ou=x,dc=example,dc=com",
        ] {
            assert_eq!(client.bind(dn, WRONG).await.unwrap(), 49, "{dn}");
        }
        assert_eq!(observed.metrics()["ldap_gateway_binds_delayed_total"], 1.0);
    });
}

#[test]
fn who_leaves_while_waiting_holds_nothing() {
    let _guard = beside_others();
    let observed = Observed::start(&env().with("BIND_HOLD", "60s"));
    block_on(async {
        let mut client = Client::connect_from(&observed.gateway, GUESSER).await;
        for _ in 0..9 {
            assert_eq!(client.bind(&user_dn("cheap"), WRONG).await.unwrap(), 49);
        }
        // 16 s now: by hanging up, by unbinding, by abandoning.
        let mut hangs_up = Client::connect_from(&observed.gateway, GUESSER).await;
        hangs_up.send(bind(&user_dn("cheap"), WRONG)).await.unwrap();
        assert!(eventually(LONG, || waiting(&observed) == 1.0));
        let statements = |metrics: &std::collections::BTreeMap<String, f64>| {
            let of =
                |series: &&String| series.starts_with("ldap_gateway_sql_statements_total") && series.contains("bind");
            metrics
                .iter()
                .filter(|(series, _)| of(series))
                .map(|(_, count)| count)
                .sum::<f64>()
        };
        let metrics = observed.metrics();
        assert_eq!(
            (
                metrics["ldap_gateway_hashing_running"],
                metrics["ldap_gateway_sql_pool_in_use"]
            ),
            (0.0, 0.0)
        );
        let before = statements(&metrics);
        drop(hangs_up);
        assert!(eventually(LONG, || waiting(&observed) == 0.0));
        let id = client.send(bind(&user_dn("cheap"), WRONG)).await.unwrap();
        assert!(eventually(LONG, || waiting(&observed) == 1.0));
        client
            .send(ldap3_proto::proto::LdapOp::AbandonRequest(id))
            .await
            .unwrap();
        assert!(eventually(LONG, || waiting(&observed) == 0.0));
        // The connection goes on, and the database was not asked for those that left.
        assert_eq!(client.bind("", "").await.unwrap(), 0);
        assert_eq!(statements(&observed.metrics()), before);
    });
}

#[test]
fn an_address_that_tries_many_names_is_slowed_down_unless_many_people_share_it() {
    let _guard = beside_others();
    let env = env()
        .with("BIND_HOLD", "1s")
        .with("GUESSING_FREE_FAILURES_PER_ADDRESS", "10")
        .with("GUESSING_SHARED_ADDRESSES", "127.8.0.0/16");
    let observed = Observed::start(&env);
    block_on(async {
        let delayed = || observed.metrics()["ldap_gateway_binds_delayed_total"];
        for (source, expected) in [([127, 8, 0, 1], 0.0), ([127, 7, 0, 1], 2.0)] {
            let before = delayed();
            let mut client = Client::connect_from(&observed.gateway, source).await;
            for number in 0..12 {
                assert_eq!(
                    client.bind(&user_dn(&format!("nobody{number}")), WRONG).await.unwrap(),
                    49
                );
            }
            assert_eq!(delayed() - before, expected, "{source:?}");
        }
    });
}

#[test]
fn it_can_be_turned_off() {
    let _guard = beside_others();
    let observed = Observed::start(&env().with("GUESSING_DELAY", "off"));
    block_on(async {
        let mut client = Client::connect_from(&observed.gateway, GUESSER).await;
        for _ in 0..150 {
            assert_eq!(client.bind(&user_dn("cheap"), WRONG).await.unwrap(), 49);
        }
    });
    let metrics = observed.metrics();
    assert_eq!(metrics["ldap_gateway_binds_delayed_total"], 0.0);
    assert_eq!(operations(&metrics, "bind", "invalidCredentials"), 150.0);
}

/// Sign-ins from a source, again and again until it is over: how many there were, how many had no turn in time, and the
/// longest wait.
async fn worst_wait(observed: &Observed, source: [u8; 4], over: &AtomicBool) -> (usize, usize, Duration) {
    let (mut count, mut refused, mut worst) = (0, 0, Duration::ZERO);
    while !over.load(Ordering::Relaxed) {
        let mut client = Client::connect_from(&observed.gateway, source).await;
        let begun = Instant::now();
        let code = client.bind(&user_dn("alice"), password("alice")).await.unwrap();
        // On a busy machine there may be no turn in time.
        assert!([0, 52].contains(&code), "{code}");
        refused += usize::from(code == 52);
        (count, worst) = (count + 1, worst.max(begun.elapsed()));
        sleep(Duration::from_millis(100)).await;
    }
    (count, refused, worst)
}

/// Waits of somebody who signs in with an Argon2 hash while others do something, from where that account has signed in and
/// from ten addresses where it never has. Figures; what must be so is that no password is called wrong.
async fn while_others(observed: &Observed, what: &str, others: JoinSet<usize>) {
    let others = others.join_all();
    let over = AtomicBool::new(false);
    let memory = observed.gateway.process.rss();
    let cpu = observed.gateway.process.cpu();
    let known = worst_wait(observed, OWNER, &over);
    let new = async {
        let (mut worst, mut refused) = (Duration::ZERO, 0);
        // By then it is known whose binds fail.
        sleep(Duration::from_secs(3)).await;
        for number in 0..10 {
            let mut client = Client::connect_from(&observed.gateway, [127, 1, 1, number + 1]).await;
            let begun = Instant::now();
            let code = client.bind(&user_dn("alice"), password("alice")).await.unwrap();
            // On a busy machine there may be no turn in time.
            assert!([0, 52].contains(&code), "{code}");
            refused += usize::from(code == 52);
            worst = worst.max(begun.elapsed());
            sleep(Duration::from_millis(300)).await;
        }
        (worst, refused)
    };
    let ended = async {
        let done = others.await;
        over.store(true, Ordering::Relaxed);
        done.into_iter().sum::<usize>()
    };
    let ((count, known_refused, known), (new, refused), done) = futures::join!(known, new, ended);
    figure(&format!(
        "guessing: {what}, {done} binds answered: {count} logins of the owner beside it, {known_refused} refused, the worst took {:.0} ms, from ten new addresses {:.0} ms \
         and {refused} refused; CPU {:.1} s, RSS {:.0} MB more",
        known.as_secs_f64() * 1e3,
        new.as_secs_f64() * 1e3,
        (observed.gateway.process.cpu() - cpu).as_secs_f64(),
        observed.gateway.process.rss().saturating_sub(memory) as f64 / 1024.0
    ));
}

/// Binds again and again for a while; how many were answered.
async fn loops(mut client: Client, name: impl Fn(usize) -> (String, String)) -> usize {
    let begun = Instant::now();
    let mut count = 0;
    while begun.elapsed() < Duration::from_secs(10) {
        let (name, password) = name(count);
        let code = client.bind(&user_dn(&name), &password).await.unwrap();
        assert!([0, 49, 52].contains(&code), "{code}");
        count += 1;
    }
    count
}

/// A gateway where the owner has signed in once.
async fn with_an_owner(env: &Env) -> Observed {
    let observed = Observed::start(env);
    let mut client = Client::connect_from(&observed.gateway, OWNER).await;
    assert_eq!(client.bind(&user_dn("alice"), password("alice")).await.unwrap(), 0);
    observed
}

#[test]
fn owners_sign_in_while_others_guess() {
    let _guard = alone();
    let env = Database::shared(Engine::PostgreSql)
        .deployed()
        .with("LOG_LEVEL", "info");
    let guess = |count: usize| format!("guess-{count}");
    block_on(async {
        let observed = with_an_owner(&env).await;
        let mut others = JoinSet::new();
        for number in 0..50 {
            let client = Client::connect_from(&observed.gateway, GUESSER).await;
            others.spawn(loops(client, move |count| ("alice".into(), guess(count * 50 + number))));
        }
        while_others(
            &observed,
            "50 connections of one address at the owner's account",
            others,
        )
        .await;

        let observed = with_an_owner(&env).await;
        let mut others = JoinSet::new();
        for address in 0..100 {
            for _ in 0..2 {
                let client = Client::connect_from(&observed.gateway, [127, 9, 2, address + 1]).await;
                let name = move |count: usize| {
                    (
                        format!("user{}", (count * 7 + usize::from(address)) % 1_000),
                        guess(count),
                    )
                };
                others.spawn(loops(client, name));
            }
        }
        while_others(&observed, "200 connections of 100 addresses at 1,000 accounts", others).await;

        let observed = with_an_owner(&env).await;
        let mut others = JoinSet::new();
        for _ in 0..100 {
            let client = Client::connect_from(&observed.gateway, GUESSER).await;
            others.spawn(loops(client, |_| ("bob".into(), password("bob").into())));
        }
        while_others(
            &observed,
            "100 connections of one address that sign in again and again (Argon2)",
            others,
        )
        .await;
    });
}

/// Hashes of other tools: of different schemes, some quick and some slow.
const HASHES: [&str; 4] = [
    "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
    "$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/",
    "$2a$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a",
    "$argon2id$v=19$m=2048,t=1,p=1$YmF0dGVyeXNhbHQxMjM0NQ$wtsDgfm758Ux6AUfODbs6u7xg1i7xtPM+Y0T48VhK8w",
];

#[test]
fn names_of_nobody_take_the_time_of_users() {
    const USERS: usize = 200;
    const BINDS: usize = 1_000;
    let _guard = alone();
    let database = Database::fresh(Engine::Sqlite);
    for user in 0..USERS {
        // Most have a slow one, and some a quick one.
        let hash = HASHES[[3, 3, 3, 1, 2, 0, 1, 3][user % 8]];
        let number = 500_000 + user;
        database.sql(&format!(
            "INSERT INTO \"Users\" (\"uidNumber\", \"uid\", \"gidNumber\", \"givenName\", \"sn\", \"cn\", \"userPassword\") \
             VALUES ({number}, 'mixed{user}', 20001, 'M', 'M', 'M M', '{hash}')"
        ));
    }
    let env = database
        .deployed()
        .with("LOG_LEVEL", "info")
        .with("GUESSING_DELAY", "off");
    let observed = Observed::start(&env);
    block_on(async {
        let mut client = Client::connect(&observed.gateway).await;
        for user in 0..USERS {
            assert_eq!(client.bind(&user_dn(&format!("mixed{user}")), WRONG).await.unwrap(), 49);
        }
        let mut times = [Vec::new(), Vec::new()];
        for round in 0..BINDS {
            // In turn, so that what else the machine does falls on both.
            for (times, name) in times
                .iter_mut()
                .zip([format!("mixed{}", round % USERS), format!("nobody{round}")])
            {
                let begun = Instant::now();
                assert_eq!(client.bind(&user_dn(&name), WRONG).await.unwrap(), 49);
                times.push(begun.elapsed().as_secs_f64() * 1e6);
            }
        }
        let quartiles = times.map(|mut times| {
            times.sort_by(f64::total_cmp);
            [1, 2, 3]
                .map(|quarter| format!("{:.0}", times[BINDS * quarter / 4]))
                .join(", ")
        });
        figure(&format!(
            "guessing: {BINDS} binds of users with hashes of four schemes, quartiles in µs: {}; of names of nobody: {}",
            quartiles[0], quartiles[1]
        ));
    });
}
