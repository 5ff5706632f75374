//! Statements that do not do what they are there for: everything is undone, and the client is told which setting it is.

use super::{Pair, ldappasswd, on_each_engine, own};
use crate::harness::ldap::{password, user_dn};
use crate::harness::{Engine, note_secret};

on_each_engine! {
    several_statements_in_one_transaction,
    statements_that_do_something_else,
    a_statement_that_the_database_refuses,
}

const NEW: &str = "alice-now-likes-coffee";

fn quoted(engine: Engine, sql: &str) -> String {
    engine.quoted(sql)
}

fn several_statements_in_one_transaction(engine: Engine) {
    let pair = {
        let log = "CREATE TABLE \"Changes\" (\"uid\" varchar(255), \"note\" varchar(255))";
        Pair::prepared(engine, log, |env| {
            env.changed("SQL_UPDATE_PASSWORD", |update| {
                quoted(
                    engine,
                    &format!(
                        "INSERT INTO \"Changes\" VALUES (:username, 'a; :password'); -- :password\n\
                         {update}; INSERT INTO \"Changes\" VALUES (:username, 'b');"
                    ),
                )
            })
        })
    };
    let notes = || {
        pair.database
            .rows("SELECT \"uid\", \"note\" FROM \"Changes\" ORDER BY \"note\"")
    };
    assert_eq!(own(&pair.one, "alice", password("alice"), NEW), (0, String::new()));
    pair.assert_password("alice", NEW, &[password("alice")]);
    assert_eq!(notes(), [["alice", "a; :password"], ["alice", "b"]]);
    // The last one fails, so the first ones are undone.
    let drop_table = match engine {
        Engine::PostgreSql => "ALTER TABLE \"Changes\" ADD CHECK (\"note\" <> 'b') NOT VALID",
        Engine::MariaDb => {
            "CREATE TRIGGER no_b BEFORE INSERT ON \"Changes\" FOR EACH ROW SET NEW.\"uid\" = IF(NEW.\"note\" = 'b', REPEAT('x', 300), NEW.\"uid\")"
        }
        Engine::Sqlite => {
            "CREATE TRIGGER no_b BEFORE INSERT ON \"Changes\" WHEN NEW.\"note\" = 'b' BEGIN SELECT RAISE(ABORT, 'no'); END"
        }
    };
    pair.database.sql(drop_table);
    let (code, text) = own(&pair.one, "alice", NEW, "some-Passw0rd");
    assert_eq!(code, 53, "{text}");
    assert!(text.contains("the database refuses SQL_UPDATE_PASSWORD"), "{text}");
    pair.assert_password("alice", NEW, &["some-Passw0rd"]);
    assert_eq!(notes().len(), 2);
}

fn statements_that_do_something_else(engine: Engine) {
    note_secret(NEW);
    let users = quoted(engine, "\"Users\"");
    let column = quoted(engine, "\"userPassword\"");
    let uid = quoted(engine, "\"uid\"");
    for (update, says) in [
        (
            format!("UPDATE {users} SET {column} = :password WHERE {uid} = 'x' AND {uid} = :username"),
            "changes no row",
        ),
        (
            format!("UPDATE {users} SET {column} = :password WHERE {uid} IN (:username, 'bob')"),
            "would change 2 rows",
        ),
        (
            format!("UPDATE {users} SET {column} = :password WHERE :username = :username"),
            "would change",
        ),
        (
            format!("UPDATE {users} SET {column} = SUBSTR(:password, 1, 50) WHERE {uid} = :username"),
            "has another one",
        ),
        (
            format!("UPDATE {users} SET {column} = {column} WHERE {uid} = :username OR {uid} = :password"),
            "still has the old one",
        ),
        (
            format!("UPDATE {users} SET {column} = NULLIF(:password, :password) WHERE {uid} = :username"),
            "has no password",
        ),
    ] {
        let pair = Pair::with(engine, |env| env.with("SQL_UPDATE_PASSWORD", update.as_str()));
        let before = (pair.hash("alice"), pair.hash("bob"));
        let (code, text) = own(&pair.one, "alice", password("alice"), NEW);
        assert_eq!(code, 53, "{update}: {text}");
        assert!(
            text.contains("SQL_UPDATE_PASSWORD") && text.contains(says),
            "{update}: {text}"
        );
        assert_eq!((pair.hash("alice"), pair.hash("bob")), before, "{update}");
    }
}

/// Without the right to change the table; SQLite has no rights, but triggers.
fn a_statement_that_the_database_refuses(engine: Engine) {
    let pair = Pair::start(engine);
    match engine {
        Engine::PostgreSql => drop(pair.database.sql("REVOKE UPDATE (\"userPassword\", \"updatedAt\") ON \"Users\" FROM gateway")),
        Engine::MariaDb => drop(pair.database.sql(
            "CREATE TRIGGER no_change BEFORE UPDATE ON \"Users\" FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no'",
        )),
        Engine::Sqlite => drop(pair.database.sql(
            "CREATE TRIGGER no_change BEFORE UPDATE ON \"Users\" BEGIN SELECT RAISE(ABORT, 'no'); END",
        )),
    }
    let (code, text) = own(&pair.one, "alice", password("alice"), NEW);
    assert_eq!(code, 53, "{text}");
    assert!(
        text.contains("the database refuses SQL_UPDATE_PASSWORD: nothing was changed"),
        "{text}"
    );
    // The connection is none the worse.
    pair.assert_password("alice", password("alice"), &[NEW]);
    let again = ldappasswd(
        &pair.one,
        &["-D", &user_dn("alice"), "-w", password("alice"), "-s", NEW],
    );
    assert_eq!(again.0, 53);
}
