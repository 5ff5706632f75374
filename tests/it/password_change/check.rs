//! What `check` says of the statement: it tries it, and nothing stays.

use super::{grant, hash, on_each_engine, settings};
use crate::harness::gateway::run_to_end;
use crate::harness::{Database, Engine, beside_others};

on_each_engine! {
    it_is_tried_and_undone,
}

fn it_is_tried_and_undone(engine: Engine) {
    let _guard = beside_others();
    let database = Database::fresh(engine);
    let env = settings(&database);
    let everybody = || database.rows("SELECT \"uid\", \"userPassword\", \"updatedAt\" FROM \"Users\" ORDER BY \"uid\"");
    let before = everybody();
    hash(&database, "alice");
    let check = |update: &str| {
        let ended = run_to_end(&env.clone().with("SQL_UPDATE_PASSWORD", update), &["check"], "");
        (ended.code, ended.text())
    };
    let shipped = env.get("SQL_UPDATE_PASSWORD");
    if engine != Engine::Sqlite {
        let (code, text) = check(shipped);
        assert_eq!(code, Some(1), "{text}");
        assert!(
            text.contains("SQL_UPDATE_PASSWORD: ")
                && text.contains("denied")
                && text.contains("its owner can allow it: GRANT SELECT, UPDATE ON "),
            "{text}"
        );
        grant(&database);
    }
    let (code, text) = check(shipped);
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains("they can be changed: SQL_UPDATE_PASSWORD was tried on"),
        "{text}"
    );
    let all = shipped.split(" WHERE ").next().unwrap();
    let uid = engine.quoted("\"uid\"");
    for (update, code, says) in [
        (format!("{all} WHERE :uid_number > 0"), 1, "would change"),
        (format!("{all} WHERE {uid} = :username AND 1 = 0"), 1, "changes no row"),
        (shipped.replace("userPassword", "password"), 1, "SQL_UPDATE_PASSWORD: "),
        (all.to_string(), 78, "no statement says whose password"),
        (
            shipped.replace(":password", ":passwort"),
            78,
            "there is no parameter :passwort; there are :password",
        ),
        (format!("{shipped}; COMMIT"), 78, "begins with COMMIT"),
    ] {
        let (found, text) = check(&update);
        assert_eq!(found, Some(code), "{update}: {text}");
        assert!(text.contains(says), "{update}: {text}");
    }
    assert_eq!(everybody(), before);
}

/// A table without transactions is not even tried on.
#[test]
fn tables_without_transactions() {
    let _guard = beside_others();
    let database = Database::fresh(Engine::MariaDb);
    database.sql(
        "ALTER TABLE \"UserGroups\" DROP FOREIGN KEY \"UserGroups_ibfk_1\"; ALTER TABLE \"Users\" ENGINE = MyISAM",
    );
    grant(&database);
    let ended = run_to_end(&settings(&database), &["check"], "");
    assert_eq!(ended.code, Some(1), "{}", ended.text());
    assert!(
        ended.text().contains("SQL_UPDATE_PASSWORD: Users know no transactions"),
        "{}",
        ended.text()
    );
}
