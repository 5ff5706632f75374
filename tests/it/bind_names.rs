//! `BIND_NAMES`: login names that are no DN.

use crate::harness::client::{Client, bind};
use crate::harness::gateway::run_to_end;
use crate::harness::ldap::{BATTERY_PASSWORD, password, user_dn};
use crate::harness::{Database, Engine, Env, Gateway, alone, beside_others, block_on, figure, ldapwhoami};
use crate::observability::Observed;
use std::time::{Duration, Instant};

/// `cheap` with other names and addresses.
const COPIES: [(&str, &str); 8] = [
    ("mailed", "'First.Last@Example.org'"),
    ("twin1", "'both@example.org'"),
    ("twin2", "'Both@example.org'"),
    // Her name with the domain is somebody else's address.
    ("victim", "NULL"),
    ("thief", "'victim@example.com'"),
    ("odd@example.org", "NULL"),
    ("owner", "'odd@example.org'"),
    ("same", "'same@example.com'"),
];

fn database(engine: Engine) -> Database {
    let database = Database::fresh(engine);
    for (number, (name, mail)) in COPIES.iter().enumerate() {
        database.sql(&format!(
            "INSERT INTO \"Users\" (\"uid\", \"uidNumber\", \"gidNumber\", \"userPassword\", \"mail\") \
             SELECT '{name}', {}, \"gidNumber\", \"userPassword\", {mail} FROM \"Users\" WHERE \"uid\" = 'cheap'",
            52_000 + number
        ));
    }
    database
}

fn env(database: &Database) -> Env {
    // So many binds fail here that later ones would have to wait.
    database
        .deployed()
        .with("BIND_NAMES", "uid,mail,upn")
        .with("GUESSING_DELAY", "off")
}

/// Whose session a bind with the right password is, or its code.
fn bound(gateway: &Gateway, name: &str) -> Result<String, i32> {
    match ldapwhoami(gateway, name, BATTERY_PASSWORD) {
        (0, identity) => Ok(identity),
        (code, _) => Err(code),
    }
}

#[test]
fn a_login_name_is_the_user_whose_it_is() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let gateway = Gateway::start(&env(&database(engine)));
        for (name, user) in [
            ("cheap", "cheap"),
            ("CHEAP", "cheap"),
            ("cheap@example.com", "cheap"),
            ("Cheap@EXAMPLE.COM", "cheap"),
            ("EXAMPLE\\cheap", "cheap"),
            ("example\\CHEAP", "cheap"),
            ("example.com\\cheap", "cheap"),
            ("first.last@example.org", "mailed"),
            ("FIRST.LAST@example.ORG", "mailed"),
            ("mailed@example.com", "mailed"),
            // Her address is her name with the domain.
            ("same@example.com", "same"),
            (&user_dn("cheap"), "cheap"),
        ] {
            assert_eq!(
                bound(&gateway, name),
                Ok(format!("dn:{}", user_dn(user))),
                "{name} on {engine:?}"
            );
        }
        let (code, identity) = ldapwhoami(&gateway, "alice", password("alice"));
        assert_eq!((code, identity), (0, format!("dn:{}", user_dn("alice"))));
    }
}

#[test]
fn where_it_could_be_two_users_nobody_gets_in() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let gateway = Gateway::start(&env(&database(engine)));
        for name in ["both@example.org", "victim@example.com", "odd@example.org"] {
            assert_eq!(bound(&gateway, name), Err(49), "{name} on {engine:?}");
        }
        let log = gateway.log();
        assert_eq!(log.matches("unknown name: several users have it").count(), 3, "{log}");
        // Each is still known by what is nobody else's.
        for name in ["victim", "thief", "twin1", "EXAMPLE\\victim", "owner@example.com"] {
            assert!(bound(&gateway, name).is_ok(), "{name}");
        }
    }
}

#[test]
fn other_names_are_refused_as_before() {
    let _guard = beside_others();
    let database = database(Engine::Sqlite);
    let gateway = Gateway::start(&env(&database));
    for (name, code) in [
        ("nobody", 49),
        ("nobody@example.com", 49),
        ("nobody@elsewhere.org", 49),
        ("cheap@elsewhere.org", 49),
        ("EXAMPLE\\nobody", 49),
        ("ELSEWHERE\\cheap", 49),
        ("com\\cheap", 49),
        ("*", 49),
        ("c*", 49),
        ("*@example.org", 49),
        ("cheap)(uid=*", 34),
        ("uid=cheap,,dc=example,dc=com", 34),
        ("cheap,dc=example,dc=com", 34),
        ("\\cheap", 34),
        ("EXAMPLE\\", 34),
        ("cheap\n", 34),
    ] {
        assert_eq!(bound(&gateway, name), Err(code), "{name:?}");
    }
    for (names, allowed) in [
        ("none", &[][..]),
        ("uid", &["cheap"]),
        ("mail", &["first.last@example.org", "cheap@example.com"]),
        ("upn", &["cheap@example.com", "EXAMPLE\\cheap"]),
    ] {
        let gateway = Gateway::start(&env(&database).with("BIND_NAMES", names));
        for name in ["cheap", "first.last@example.org", "cheap@example.com", "EXAMPLE\\cheap"] {
            let code = ldapwhoami(&gateway, name, BATTERY_PASSWORD).0;
            let is_form = match names {
                "uid" => !name.contains('\\'),
                "mail" => name.contains('@'),
                "upn" => name.contains(['@', '\\']),
                _ => false,
            };
            let expected = if allowed.contains(&name) {
                0
            } else if is_form {
                49
            } else {
                34
            };
            assert_eq!(code, expected, "{name} with {names}");
        }
    }
    let wrong = run_to_end(&env(&database).with("BIND_NAMES", "uid,cn"), &["check"], "");
    assert_eq!(wrong.code, Some(78), "{}", wrong.text());
}

#[test]
fn invented_addresses_are_addresses() {
    let _guard = beside_others();
    let database = database(Engine::Sqlite);
    let gateway = Gateway::start(
        &env(&database)
            .with("BIND_NAMES", "mail")
            .with("LDAP_MAIL_FALLBACK", "on"),
    );
    assert_eq!(
        bound(&gateway, "cheap@example.com"),
        Ok(format!("dn:{}", user_dn("cheap")))
    );
    // Invented for one and another's own.
    assert_eq!(bound(&gateway, "victim@example.com"), Err(49));
}

#[test]
fn a_database_that_is_away_says_nothing_about_a_login_name() {
    let _guard = beside_others();
    let database = Database::private(Engine::PostgreSql);
    let gateway = Gateway::start(&env(&database).with("BIND_HOLD", "1s"));
    block_on(async {
        let mut client = Client::connect(&gateway).await;
        assert_eq!(client.bind("cheap", BATTERY_PASSWORD).await.unwrap(), 0);
        database.freeze();
        for name in ["cheap", "cheap@example.com", "nobody@example.org"] {
            assert_eq!(client.bind(name, BATTERY_PASSWORD).await.unwrap(), 52, "{name}");
        }
        database.thaw();
    });
}

/// Which names exist cannot be told by how long a refusal takes: the statements are the same. The times are figures: on a busy
/// machine they say little.
#[test]
fn unknown_names_take_the_same_work() {
    let _guard = alone();
    let database = database(Engine::PostgreSql);
    // Of one scheme, so that the decoy of a name costs as much as the hash of another.
    database.sql(
        "UPDATE \"Users\" SET \"userPassword\" = (SELECT \"userPassword\" FROM \"Users\" WHERE \"uid\" = 'cheap')",
    );
    let observed = Observed::start(&env(&database).with("LOG_LEVEL", "error"));
    let statements = || -> f64 {
        let metrics = observed.metrics();
        let sent = metrics
            .iter()
            .filter(|(name, _)| name.starts_with("ldap_gateway_sql_statements_total{"));
        sent.map(|(_, count)| count).sum()
    };
    let median = |mut times: Vec<Duration>| {
        times.sort();
        times[times.len() / 2].as_secs_f64() * 1e6
    };
    block_on(async {
        let mut client = Client::connect(&observed.gateway).await;
        for (known, unknown) in [
            ("cheap@example.com", "cheaq@example.com"),
            ("first.last@example.org", "first.lost@example.org"),
            ("EXAMPLE\\cheap", "EXAMPLE\\cheaq"),
            ("both@example.org", "botj@example.org"),
            ("victim@example.com", "victin@example.com"),
            ("cheap", "cheaq"),
        ] {
            let (mut of_known, mut of_unknown) = ((Vec::new(), 0.0), (Vec::new(), 0.0));
            for _ in 0..200 {
                for (name, (times, sent)) in [(known, &mut of_known), (unknown, &mut of_unknown)] {
                    let before = statements();
                    let begun = Instant::now();
                    let done = client.request(bind(name, "wrong-Passw0rd")).await.unwrap();
                    times.push(begun.elapsed());
                    assert_eq!(done.code(), 49);
                    *sent += statements() - before;
                }
            }
            assert_eq!(of_known.1, of_unknown.1, "statements for {known}");
            let (of_known, of_unknown) = (median(of_known.0), median(of_unknown.0));
            figure(&format!(
                "bind of {known}: {of_known:.0} us, of {unknown}: {of_unknown:.0} us"
            ));
        }
    });
}
