//! Passwords in another table than the users, and in another database.

use super::{OUTER, env, realm};
use crate::harness::gateway::run_to_end;
use crate::harness::ldap::{password, user_dn};
use crate::harness::{Database, Engine, Env, Gateway, beside_others, eventually, ldapwhoami, note_secret};
use crate::password_change::own;
use serde_json::{Value, json};
use std::time::Duration;

const ELSEWHERE: &str = "kept-elsewhere-Passw0rd";

/// A table with passwords of some users, in a database of its own or beside the users.
fn shadow(database: &Database) {
    note_secret(ELSEWHERE);
    let hash = run_to_end(&Env::default(), &["hash-password"], ELSEWHERE)
        .stdout
        .trim()
        .to_owned();
    database.sql(&format!(
        "CREATE TABLE shadow (login VARCHAR(64), hash VARCHAR(255), state VARCHAR(20));
         INSERT INTO shadow VALUES ('alice', '{hash}', 'active'), ('carol', '{hash}', 'suspended'), ('zoe', '{hash}', 'active'),
                                   ('grace', '{hash}', 'active'), ('grace', 'another', 'active');"
    ));
    if let crate::harness::database::Server::Postgres(_) = &database.server {
        database.sql("GRANT SELECT ON shadow TO gateway");
    }
}

const QUERY: &str = "SELECT login AS username, hash AS password, state AS status FROM shadow WHERE login = ?";

fn gateway(users: &Database, options: Value) -> Gateway {
    let mut realm = realm("all", OUTER, &users.deployed());
    realm["auth"]["backends"][0]["options"] = options;
    Gateway::start(&env(&[realm]))
}

fn check_binds(gateway: &Gateway) {
    for (user, password, code) in [
        ("alice", ELSEWHERE, 0),
        // The hash in the users' own table counts no more.
        ("alice", password("alice"), 49),
        ("ALICE", ELSEWHERE, 0),
        // No row there.
        ("bob", password("bob"), 49),
        ("bob", ELSEWHERE, 49),
        // That row's own status refuses.
        ("carol", ELSEWHERE, 49),
        // A password and no user; two passwords.
        ("zoe", ELSEWHERE, 49),
        ("grace", ELSEWHERE, 49),
    ] {
        let (got, identity) = ldapwhoami(gateway, &user_dn(user), password);
        assert_eq!(got, code, "{user}\n{}", gateway.log_tail());
        if code == 0 {
            assert_eq!(identity, format!("dn:{}", user_dn("alice")));
        }
    }
}

#[test]
fn in_another_table_of_the_database() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let users = Database::fresh(engine);
        shadow(&users);
        check_binds(&gateway(&users, json!({"sqlQueryOneUser": QUERY})));
    }
}

#[test]
fn in_another_database() {
    let _guard = beside_others();
    let (users, passwords) = (
        Database::fresh(Engine::PostgreSql),
        Database::empty_on(crate::harness::database::Server::shared(Engine::MariaDb)),
    );
    shadow(&passwords);
    // A query that gives no name has found by it.
    let query = "SELECT hash AS password, state AS status FROM shadow WHERE login = ?";
    check_binds(&gateway(
        &users,
        json!({"sqlUri": passwords.uri(), "sqlQueryOneUser": query}),
    ));
}

/// The option stands under the backend or under the directory; the statement goes to where the passwords are.
#[test]
fn they_are_changed_where_they_are() {
    let _guard = beside_others();
    let update = "UPDATE shadow SET hash = :password WHERE login = :username";
    let new = "a-changed-Passw0rd";
    note_secret(new);
    let users = Database::fresh(Engine::Sqlite);
    let elsewhere = Database::empty_on(crate::harness::database::Server::shared(Engine::MariaDb));
    for passwords in [&users, &elsewhere] {
        shadow(passwords);
        if passwords.engine == Engine::MariaDb {
            passwords.sql(&format!("GRANT UPDATE ON {}.shadow TO gateway", passwords.name()));
        }
        let options = json!({"sqlUri": passwords.uri(), "sqlQueryOneUser": QUERY, "sqlUpdatePassword": update});
        let gateway = gateway(&users, options);
        assert_eq!(own(&gateway, "alice", ELSEWHERE, new).0, 0, "{}", gateway.log_tail());
        for (password, code) in [(new, 0), (ELSEWHERE, 49), (password("alice"), 49)] {
            assert_eq!(ldapwhoami(&gateway, &user_dn("alice"), password).0, code);
        }
    }
}

#[test]
fn away_they_are_no_wrong_passwords() {
    let _guard = beside_others();
    let (users, passwords) = (Database::fresh(Engine::Sqlite), Database::private(Engine::PostgreSql));
    shadow(&passwords);
    let gateway = gateway(&users, json!({"sqlUri": passwords.uri(), "sqlQueryOneUser": QUERY}));
    assert_eq!(ldapwhoami(&gateway, &user_dn("alice"), ELSEWHERE).0, 0);
    passwords.kill();
    // Held, and then unavailable; when it is away the port is closed, as by any database that a realm needs.
    let codes = [
        ("alice", ELSEWHERE),
        ("alice", "wrong-Passw0rd"),
        ("nobody", "wrong-Passw0rd"),
    ];
    let codes = codes.map(|(user, password)| ldapwhoami(&gateway, &user_dn(user), password).0);
    assert!(codes.iter().all(|code| [52, 255, 1].contains(code)), "{codes:?}");
    assert!(
        eventually(Duration::from_secs(20), || !gateway.accepts()),
        "open though nobody can log in"
    );
    passwords.launch();
    assert!(eventually(Duration::from_secs(20), || ldapwhoami(
        &gateway,
        &user_dn("alice"),
        ELSEWHERE
    )
    .0 == 0));
}
