//! A pooler that shares the server's sessions among its clients: answers are those of the server itself, or none.

use crate::harness::client::{equal, search_for};
use crate::harness::gateway::run_to_end;
use crate::harness::ldap::{BASE, group_dn, password, user_dn};
use crate::harness::pgbouncer::{Mode, PgBouncer};
use crate::harness::process::run;
use crate::harness::{Client, Database, Engine, Env, Gateway, block_on, eventually, figure, scratch};
use ldap3_proto::proto::{LdapFilter, LdapOp, LdapSearchScope, LdapSubstringFilter};
use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;

const CONNECTIONS: usize = 8;
const SEARCHES: usize = 60;
const USERS: usize = 40;

/// The sample, more users than a pool has sessions, and values of types that only this database knows.
fn filled() -> Database {
    let database = Database::fresh(Engine::PostgreSql);
    database.sql(&format!(
        "CREATE SCHEMA extensions; CREATE EXTENSION citext SCHEMA extensions; \
         GRANT USAGE ON SCHEMA extensions TO PUBLIC; \
         CREATE TYPE shell AS ENUM ('/bin/sh', '/bin/bash'); CREATE DOMAIN keys AS text; \
         ALTER TABLE \"Users\" ADD nick extensions.citext, ADD sh shell NOT NULL DEFAULT '/bin/bash', ADD k keys[]; \
         INSERT INTO \"Users\" (\"uidNumber\", \"uid\", \"gidNumber\", \"givenName\", \"sn\", \"cn\", nick, k) \
         SELECT 700000 + n, 'pool' || n, 20001, 'First' || n, 'Last' || n, 'First' || n || ' Last' || n, 'Nick' || n, \
         ARRAY['ssh-ed25519 AAAA' || n, 'ssh-ed25519 BBBB' || n] FROM generate_series(0, {}) n; \
         INSERT INTO \"Groups\" (\"gidNumber\", \"cn\") SELECT 800000 + n, 'team' || n FROM generate_series(0, {}) n; \
         INSERT INTO \"UserGroups\" SELECT 700000 + n, 800000 + m FROM generate_series(0, {}) n, generate_series(0, n) m; \
         ANALYZE",
        USERS - 1,
        USERS - 1,
        USERS - 1
    ));
    database
}

/// The deployed queries, with those types.
fn settings(database: &Database) -> Env {
    database
        .deployed()
        .with_user_columns("nick AS display_name, sh AS login_shell, k AS ssh_public_keys")
        .with("SQL_POOL_SIZE", 6)
}

fn starts_with(attribute: &str, text: &str) -> LdapFilter {
    LdapFilter::Substring(
        attribute.into(),
        LdapSubstringFilter {
            initial: Some(text.into()),
            any: Vec::new(),
            final_: None,
        },
    )
}

/// The searches of one connection, no two kinds with the same columns or parameters.
fn search_of(connection: usize, round: usize) -> LdapOp {
    let n = (connection * SEARCHES + round * 7) % USERS;
    let filter = match (connection + round) % 10 {
        0 => equal("uid", &format!("pool{n}")),
        1 => equal("uidNumber", &(700_000 + n).to_string()),
        2 => equal("memberUid", &format!("pool{n}")),
        3 => equal("cn", &format!("team{n}")),
        4 => equal("gidNumber", &(800_000 + n).to_string()),
        5 => equal("uid", &format!("nobody{n}")),
        6 => starts_with("cn", &format!("First{n}")),
        7 => equal("memberOf", &group_dn(&format!("team{n}"))),
        8 => LdapFilter::And(vec![
            equal("objectClass", "posixGroup"),
            equal("member", &user_dn(&format!("pool{n}"))),
        ]),
        _ => equal(
            "objectClass",
            if n.is_multiple_of(2) {
                "posixAccount"
            } else {
                "posixGroup"
            },
        ),
    };
    search_for(BASE, LdapSearchScope::Subtree, filter, &["*", "memberOf"])
}

/// DN and attributes with their values, in no order.
type Answer = BTreeMap<String, BTreeMap<String, Vec<Vec<u8>>>>;

/// What a search brought: its code, and its entries.
async fn answer(client: &mut Client, op: LdapOp) -> Result<(i32, Answer), String> {
    let done = client.request(op).await.map_err(|closed| format!("{closed:?}"))?;
    let code = done.code();
    let entries = done.entries.into_iter().map(|entry| {
        let attributes = entry.attributes.into_iter().map(|attribute| {
            let mut values = attribute.vals;
            values.sort();
            (attribute.atype, values)
        });
        (entry.dn, attributes.collect())
    });
    Ok((code, entries.collect()))
}

/// Every search of every connection, and some binds beside them; how many searches were not answered as expected, and
/// the first search or bind that was not.
fn wrong(gateway: &Gateway, expected: &Arc<Vec<Vec<(i32, Answer)>>>) -> (usize, Option<String>) {
    block_on(async {
        let mut tasks = JoinSet::new();
        for connection in 0..CONNECTIONS {
            let mut client = Client::connect(gateway).await;
            let expected = Arc::clone(expected);
            tasks.spawn(async move {
                let (mut wrong, mut first) = (0, None);
                for round in 0..SEARCHES {
                    let got = answer(&mut client, search_of(connection, round)).await;
                    if got.as_ref() != Ok(&expected[connection][round]) {
                        wrong += 1;
                        first.get_or_insert(format!(
                            "{:?}: {:?}",
                            search_of(connection, round),
                            got.map(|(code, entries)| (code, entries.len()))
                        ));
                    }
                }
                (wrong, first)
            });
        }
        let mut binder = Client::connect(gateway).await;
        tasks.spawn(async move {
            let mut first = None;
            for (name, typed, code) in [
                ("alice", password("alice"), 0),
                ("bob", "not his", 49),
                ("nobody", "x", 49),
                ("bob", password("bob"), 0),
            ] {
                let got = binder.bind(&user_dn(name), typed).await;
                if !matches!(got, Ok(got) if got == code) {
                    first.get_or_insert(format!("bind {name}: {got:?}"));
                }
            }
            (0, first)
        });
        let mut all = (0, None);
        for (wrong, first) in tasks.join_all().await {
            all.0 += wrong;
            all.1 = all.1.or(first);
        }
        all
    })
}

/// What the server itself answers, by way of a gateway that has sessions of its own.
fn truth(gateway: &Gateway) -> Arc<Vec<Vec<(i32, Answer)>>> {
    block_on(async {
        let mut client = Client::connect(gateway).await;
        let mut known: BTreeMap<String, (i32, Answer)> = BTreeMap::new();
        let mut all = Vec::new();
        for connection in 0..CONNECTIONS {
            let mut one = Vec::new();
            for round in 0..SEARCHES {
                let op = search_of(connection, round);
                let name = format!("{op:?}");
                if !known.contains_key(&name) {
                    known.insert(name.clone(), answer(&mut client, op).await.unwrap());
                }
                one.push(known[&name].clone());
            }
            all.push(one);
        }
        Arc::new(all)
    })
}

#[test]
fn every_answer_is_right_in_every_mode() {
    let database = filled();
    let env = settings(&database);
    let direct = Gateway::start(&env);
    let expected = truth(&direct);
    let found: usize = expected.iter().flatten().map(|(_, entries)| entries.len()).sum();
    assert!(found > 5_000, "{found}");
    assert!(expected.iter().flatten().all(|(code, _)| *code == 0));
    drop(direct);
    let mut failed = Vec::new();
    for mode in Mode::ALL {
        let bouncer = PgBouncer::start(&database, mode, 2, "ignore_startup_parameters = extra_float_digits");
        let gateway = Gateway::start(&env.clone().with("SQL_URI", bouncer.uri(&database)));
        let (wrong, first) = wrong(&gateway, &expected);
        figure(&format!(
            "PgBouncer in {} mode, 2 sessions, 6 connections: {} of {} searches right",
            mode.name(),
            CONNECTIONS * SEARCHES - wrong,
            CONNECTIONS * SEARCHES
        ));
        if let Some(first) = first {
            failed.push(format!("{}: {wrong} wrong, {first}", mode.name()));
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

const USUAL: &str = "ignore_startup_parameters = extra_float_digits";
const NOTICED: &str = "shares its sessions among clients";

/// PgBouncer knows few parameters of a startup; others it refuses, or drops where it is told to.
#[test]
fn a_pooler_is_noticed_however_it_is_set_up() {
    let database = Database::shared(Engine::PostgreSql);
    let env = database.deployed();
    let direct = run_to_end(&env, &["check"], "");
    assert_eq!(direct.code, Some(0), "{}", direct.text());
    assert!(!direct.text().contains(NOTICED), "{}", direct.text());
    // All of what it says, but for the first section.
    let rest = |text: &str| -> Vec<String> {
        let lines = text
            .lines()
            .filter(|line| !line.contains("127.0.0.1:") && !line.contains(NOTICED));
        lines.map(str::to_owned).collect()
    };
    for more in ["", USUAL, "ignore_startup_parameters = extra_float_digits, options"] {
        let bouncer = PgBouncer::start(database, Mode::Transaction, 2, more);
        let env = env.clone().with("SQL_URI", bouncer.uri(database));
        let checked = run_to_end(&env, &["check"], "");
        assert_eq!(checked.code, Some(0), "{more}: {}", checked.text());
        assert!(checked.text().contains(NOTICED), "{more}: {}", checked.text());
        assert_eq!(rest(&checked.stdout), rest(&direct.stdout), "{more}");
        let explained = run_to_end(&env, &["explain", "(uid=alice)"], "");
        assert_eq!(explained.code, Some(0), "{more}: {}", explained.text());

        // Why it does not let us in is said as it says it.
        let wrong = env
            .clone()
            .changed("SQL_URI", |uri| uri.replacen("db-S3cret", "not-it", 1));
        let wrong = run_to_end(&wrong, &["check"], "");
        assert_eq!(wrong.code, Some(1), "{more}: {}", wrong.text());
        let words = wrong.text().to_lowercase();
        assert!(words.contains("authentication failed"), "{more}: {words}");
        // No session keeps what is asked of one.
        let path = env
            .clone()
            .changed("SQL_URI", |uri| format!("{uri}?options=-c%20search_path%3Dpublic"));
        let path = run_to_end(&path, &["check"], "");
        assert_eq!(path.code, Some(1), "{more}: {}", path.text());
        assert!(path.text().contains("ALTER ROLE"), "{more}: {}", path.text());
    }
}

/// What is wrong with the operator's own settings is said as the server says it, and is no sign of a pooler.
#[test]
fn a_wrong_option_is_named_and_no_pooler() {
    let database = Database::shared(Engine::PostgreSql);
    for (options, words) in [
        ("-c%20serach_path%3Dpublic", "serach_path"),
        ("-c%20statement_timeout%3Dabc", "statement_timeout"),
    ] {
        let env = database
            .deployed()
            .changed("SQL_URI", |uri| format!("{uri}?options={options}"));
        let checked = run_to_end(&env, &["check"], "");
        assert_eq!(checked.code, Some(1), "{}", checked.text());
        assert!(checked.text().contains(words), "{}", checked.text());
        assert!(!checked.text().contains("pooler"), "{}", checked.text());
    }
}

/// Whoever knows may say so.
#[test]
fn the_setting_decides_where_it_says_something() {
    let database = Database::shared(Engine::PostgreSql);
    let shared = run_to_end(&database.deployed().with("SQL_SESSIONS", "shared"), &["check"], "");
    assert_eq!(shared.code, Some(0), "{}", shared.text());
    assert!(shared.text().contains(NOTICED), "{}", shared.text());
    let env = database.deployed();
    let wrong = run_to_end(&env.with("SQL_SESSIONS", "mine"), &["check"], "");
    assert_eq!(wrong.code, Some(78), "{}", wrong.text());
}

/// TLS to the pooler is what the URI wishes.
#[test]
fn tls_to_the_pooler_obeys_the_uri() {
    let database = Database::shared(Engine::PostgreSql);
    let dir = scratch("bouncer-tls");
    let (certificate, key) = (dir.join("server.crt"), dir.join("server.key"));
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]);
    openssl.args(["-nodes", "-days", "2", "-subj", "/CN=pooler"]);
    openssl.args(["-addext", "subjectAltName=IP:127.0.0.1"]);
    openssl.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
    run(openssl.arg("-keyout").arg(&key).arg("-out").arg(&certificate));
    run(Command::new("chmod").arg("-R").arg("a+rX").arg(&dir));
    let secure = format!(
        "{USUAL}\nclient_tls_sslmode = require\nclient_tls_cert_file = {}\nclient_tls_key_file = {}",
        certificate.display(),
        key.display()
    );
    let secure = PgBouncer::start(database, Mode::Transaction, 2, &secure);
    let plain = PgBouncer::start(database, Mode::Transaction, 2, USUAL);
    let ca = certificate.display();
    let check = |uri: String, sessions: &str| {
        let env = database.deployed().with("SQL_URI", uri).with("SQL_SESSIONS", sessions);
        run_to_end(&env, &["check"], "")
    };
    for (bouncer, wish, code) in [
        (&secure, String::new(), 0),
        (&secure, "?sslmode=require".to_owned(), 0),
        (&secure, format!("?sslmode=verify-full&sslrootcert={ca}"), 0),
        (&secure, "?sslmode=verify-full".to_owned(), 1),
        (&secure, "?sslmode=verify-ca".to_owned(), 1),
        (&secure, "?sslmode=disable".to_owned(), 1),
        (&plain, "?sslmode=prefer".to_owned(), 0),
        (&plain, "?sslmode=require".to_owned(), 1),
        (&plain, format!("?sslmode=verify-full&sslrootcert={ca}"), 1),
    ] {
        let uri = format!("{}{wish}", bouncer.uri(database));
        for sessions in ["auto", "shared"] {
            let checked = check(uri.clone(), sessions);
            assert_eq!(checked.code, Some(code), "{wish} {sessions}: {}", checked.text());
            let noticed = checked.text().contains(NOTICED);
            assert_eq!(noticed, code == 0, "{wish} {sessions}: {}", checked.text());
        }
    }
    let none = format!(
        "{}?sslmode=verify-full&sslrootcert={}",
        secure.uri(database),
        key.display()
    );
    let none = check(none, "shared");
    assert_eq!(none.code, Some(78), "{}", none.text());
    assert!(none.text().contains("no certificate"), "{}", none.text());
    // The name is looked at, or not.
    for (wish, code) in [("verify-full", 1), ("verify-ca", 0)] {
        let uri = secure.uri(database).replace("@127.0.0.1:", "@localhost:");
        let checked = check(format!("{uri}?sslmode={wish}&sslrootcert={ca}"), "shared");
        assert_eq!(checked.code, Some(code), "{wish}: {}", checked.text());
    }
}

/// A search that nobody waits for any more ends in the database, and the pooler's other clients notice nothing.
#[test]
fn an_abandoned_statement_ends_behind_the_pooler() {
    let database = Database::fresh(Engine::PostgreSql);
    let slow = |query: &str| {
        let ages = "(SELECT count(*)::text FROM generate_series(1, 100000) x, generate_series(1, 100000) y \
                    WHERE x + y + \"uidNumber\" < 0) AS mail";
        query.replacen("\"mail\"", ages, 1)
    };
    let env = database.deployed().changed("SQL_QUERY_ALL_USERS", slow);
    let running = || -> usize {
        let count = database.sql(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' \
             AND usename = 'gateway' AND query LIKE '%generate_series%' AND query NOT LIKE '%HAVING%'",
        );
        count.trim().parse().unwrap()
    };
    for mode in [Mode::Transaction, Mode::Statement] {
        let bouncer = PgBouncer::start(&database, mode, 4, USUAL);
        let gateway = Gateway::start(&env.clone().with("SQL_URI", bouncer.uri(&database)));
        block_on(async {
            for closes in [false, true] {
                let mut client = Client::connect(&gateway).await;
                let everybody = equal("objectClass", "posixAccount");
                let everybody = search_for(BASE, LdapSearchScope::Subtree, everybody, &["mail"]);
                let id = client.send(everybody).await.unwrap();
                let begun = eventually(Duration::from_secs(20), || running() == 1);
                assert!(begun, "{mode:?}: nothing runs\n{}", gateway.log_tail());
                if closes {
                    drop(client);
                } else {
                    client.send(LdapOp::AbandonRequest(id)).await.unwrap();
                }
                assert!(
                    eventually(Duration::from_secs(20), || running() == 0),
                    "{mode:?}: it goes on"
                );
                let mut other = Client::connect(&gateway).await;
                for _ in 0..20 {
                    assert_eq!(other.lookup("alice").await.unwrap(), 1);
                }
            }
        });
    }
}

/// Tables change, and poolers are restarted, while answers are given: those who ask notice nothing.
#[test]
fn changes_and_restarts_cost_nobody_anything() {
    let database = filled();
    let bouncer = PgBouncer::start(&database, Mode::Transaction, 2, USUAL);
    let gateway = Gateway::start(&settings(&database).with("SQL_URI", bouncer.uri(&database)));
    block_on(async {
        let mut tasks = JoinSet::new();
        let over = Arc::new(AtomicBool::new(false));
        for number in 0..4 {
            let mut client = Client::connect(&gateway).await;
            let over = Arc::clone(&over);
            tasks.spawn(async move {
                let name = format!("pool{number}");
                let mut count = 0;
                while !over.load(Ordering::Relaxed) {
                    let done = client.search(equal("uid", &name)).await;
                    let done = done.expect("a search was not answered");
                    assert_eq!((done.code(), done.entries.len()), (0, 1));
                    assert_eq!(done.entries[0].dn, user_dn(&name));
                    count += 1;
                }
                count
            });
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        database.sql("ALTER TABLE \"Users\" ALTER \"mail\" TYPE text, ALTER \"gidNumber\" TYPE bigint");
        tokio::time::sleep(Duration::from_millis(300)).await;
        bouncer.kill();
        bouncer.launch();
        tokio::time::sleep(Duration::from_millis(1500)).await;
        database.sql("ALTER TABLE \"Users\" ALTER nick TYPE text");
        tokio::time::sleep(Duration::from_millis(300)).await;
        over.store(true, Ordering::Relaxed);
        for count in tasks.join_all().await {
            assert!(count > 10, "{count}");
        }
    });
}

/// The pooler is there, and the database behind it is not: an outage like any other.
#[test]
fn an_outage_behind_the_pooler_is_one() {
    let database = Database::private(Engine::PostgreSql);
    let more = format!("{USUAL}\nserver_login_retry = 1\nserver_connect_timeout = 1");
    let bouncer = PgBouncer::start(&database, Mode::Transaction, 3, &more);
    let gateway = Gateway::start(&database.deployed().with("SQL_URI", bouncer.uri(&database)));
    let lookup = || {
        block_on(async {
            let mut client = Client::connect(&gateway).await;
            client.lookup("alice").await
        })
    };
    assert_eq!(lookup().unwrap(), 1);
    // A restart costs nobody anything.
    database.stop();
    let held = std::thread::scope(|scope| {
        let asking = scope.spawn(lookup);
        database.launch();
        asking.join().unwrap()
    });
    assert_eq!(held.unwrap(), 1);
    // Whoever is away longer is away, and comes back.
    database.kill();
    let away = eventually(Duration::from_secs(20), || !gateway.accepts());
    assert!(away, "the port stays open\n{}", gateway.log_tail());
    database.launch();
    let back = eventually(Duration::from_secs(20), || gateway.accepts());
    assert!(back, "the port stays closed\n{}", gateway.log_tail());
    assert_eq!(lookup().unwrap(), 1);
}

/// All of the pooler's sessions run statements of ours: others wait, which is no outage.
#[test]
fn slow_statements_are_no_outage() {
    let database = Database::fresh(Engine::PostgreSql);
    let slow = |query: &str| query.replacen("\"mail\"", "(SELECT 'slow' FROM pg_sleep(7)) AS mail", 1);
    let env = database.deployed().changed("SQL_QUERY_ALL_USERS", slow);
    let bouncer = PgBouncer::start(&database, Mode::Transaction, 2, USUAL);
    let gateway = Gateway::start(&env.with("SQL_POOL_SIZE", 6).with("SQL_URI", bouncer.uri(&database)));
    block_on(async {
        let mut bystander = Client::connect(&gateway).await;
        assert_eq!(bystander.lookup("alice").await.unwrap(), 1);
        let mut slow = JoinSet::new();
        for _ in 0..2 {
            let mut client = Client::connect(&gateway).await;
            slow.spawn(async move {
                let everybody = equal("objectClass", "posixAccount");
                answer(
                    &mut client,
                    search_for(BASE, LdapSearchScope::Subtree, everybody, &["mail"]),
                )
                .await
            });
        }
        while let Some(ended) = {
            tokio::select! {
                ended = slow.join_next() => ended.map(Some),
                () = tokio::time::sleep(Duration::from_millis(200)) => Some(None),
            }
        } {
            assert!(gateway.accepts(), "the port was closed\n{}", gateway.log_tail());
            if let Some(ended) = ended {
                let (code, entries) = ended.unwrap().expect("a listing was cut off");
                assert_eq!(code, 0);
                assert!(entries.len() > 2 && entries.values().all(|entry| entry.contains_key("mail")));
            }
        }
        assert_eq!(bystander.lookup("alice").await.unwrap(), 1);
    });
    let log = gateway.log();
    assert!(!log.contains("database: holding"), "{log}");
}

/// PgBouncer's time limits end statements and idle connections, and say nothing about the server.
#[test]
fn time_limits_of_the_pooler_are_no_outage() {
    let database = Database::fresh(Engine::PostgreSql);
    let slow = |query: &str| query.replacen("\"mail\"", "(SELECT 'slow' FROM pg_sleep(20)) AS mail", 1);
    let env = database.deployed().changed("SQL_QUERY_ALL_USERS", slow);
    let limits = format!("{USUAL}\nquery_timeout = 4\nquery_wait_timeout = 1\nclient_idle_timeout = 2");
    let bouncer = PgBouncer::start(&database, Mode::Transaction, 2, &limits);
    let gateway = Gateway::start(&env.with("SQL_POOL_SIZE", 6).with("SQL_URI", bouncer.uri(&database)));
    block_on(async {
        let mut slow = JoinSet::new();
        for _ in 0..2 {
            let mut client = Client::connect(&gateway).await;
            slow.spawn(async move {
                let everybody = equal("objectClass", "posixAccount");
                answer(
                    &mut client,
                    search_for(BASE, LdapSearchScope::Subtree, everybody, &["mail"]),
                )
                .await
            });
        }
        while let Some(ended) = slow.join_next().await {
            let ended = ended.unwrap();
            assert!(!matches!(ended, Ok((0, _))), "an answer that is not complete");
        }
        for _ in 0..2 {
            let mut client = Client::connect(&gateway).await;
            assert_eq!(client.lookup("alice").await.unwrap(), 1);
            tokio::time::sleep(Duration::from_secs(3)).await;
        }
    });
    let log = gateway.log();
    assert!(log.contains("query timeout"), "{log}");
    assert!(!log.contains("database: holding"), "{log}");
}
