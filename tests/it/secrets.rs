//! No password, hash or database password in a log, however verbose.
//!
//! Here on purpose-made traffic; `tests/run` looks through every log of the whole run after the last test.

use crate::harness::client::{bind, equal};
use crate::harness::database::{APP_PASSWORD, APP_PASSWORD_IN_URI};
use crate::harness::gateway::run_to_end;
use crate::harness::ldap::{BATTERY_PASSWORD, password, user_dn};
use crate::harness::{Client, Database, Engine, Gateway, beside_others, block_on, note_secret};

/// Typed by somebody, right nowhere.
const TYPED: &str = "typed-Wr0ng-secret-83f1";

fn check(what: &str, text: &str, secrets: &[String]) {
    for secret in secrets {
        assert!(!text.contains(secret.as_str()), "{what} holds {secret:?}");
    }
}

fn secrets(database: &Database) -> Vec<String> {
    let mut secrets: Vec<String> = database.column_of_passwords();
    secrets.extend(
        [
            TYPED,
            APP_PASSWORD,
            APP_PASSWORD_IN_URI,
            password("alice"),
            password("bob"),
            BATTERY_PASSWORD,
        ]
        .map(String::from),
    );
    secrets.extend(
        secrets
            .clone()
            .iter()
            .filter_map(|hash| hash.rsplit_once('$'))
            .map(|(_, end)| end.to_string()),
    );
    secrets
}

impl Database {
    fn column_of_passwords(&self) -> Vec<String> {
        self.rows("SELECT \"userPassword\" FROM \"Users\" WHERE \"userPassword\" IS NOT NULL")
            .into_iter()
            .map(|row| row[0].clone())
            .collect()
    }
}

#[test]
fn logs_at_the_most_verbose_level() {
    let _guard = beside_others();
    note_secret(TYPED);
    for engine in Engine::ALL {
        for format in ["text", "json"] {
            let database = Database::fresh(engine);
            let secrets = secrets(&database);
            let env = database
                .recommended()
                .with("LOG_LEVEL", "trace")
                .with("LOG_FORMAT", format);
            let gateway = Gateway::start(&env);
            block_on(async {
                let mut client = Client::connect(&gateway).await;
                assert_eq!(client.bind(&user_dn("alice"), password("alice")).await.unwrap(), 0);
                assert_eq!(client.bind(&user_dn("alice"), TYPED).await.unwrap(), 49);
                assert_eq!(client.bind(&user_dn("nobody"), TYPED).await.unwrap(), 49);
                assert_eq!(client.bind(&user_dn("heidi"), TYPED).await.unwrap(), 49);
                for secret in [&secrets[0], TYPED] {
                    client.search(equal("userPassword", secret)).await.unwrap();
                }
                assert_eq!(client.lookup("alice").await.unwrap(), 1);
                // A message that breaks off behind a password.
                let mut stream = client.into_stream();
                use tokio::io::AsyncWriteExt;
                let name = user_dn("alice");
                let mut broken = vec![
                    0x30,
                    100,
                    2,
                    1,
                    9,
                    0x60,
                    95,
                    2,
                    1,
                    3,
                    4,
                    u8::try_from(name.len()).unwrap(),
                ];
                broken.extend(name.as_bytes());
                broken.extend([0x80, 0x7f]);
                broken.extend(TYPED.as_bytes());
                broken.resize(102, b' ');
                stream.write_all(&broken).await.unwrap();
            });
            // An error of the database's own.
            database.sql("ALTER TABLE \"Users\" RENAME TO \"Elsewhere\"");
            block_on(async {
                let mut client = Client::connect(&gateway).await;
                let _ = client.request(bind(&user_dn("alice"), TYPED)).await;
                let mut client = Client::connect(&gateway).await;
                let _ = client.search(equal("uid", "alice")).await;
            });
            let log = gateway.log();
            assert!(log.lines().count() > 20, "the log is empty: {log}");
            check(&format!("the log on {}", engine.name()), &log, &secrets);
        }
    }
}

#[test]
fn a_database_that_refuses() {
    let _guard = beside_others();
    // Errors of the start quote what was tried: not with the password in it.
    for engine in [Engine::PostgreSql, Engine::MariaDb] {
        let database = Database::fresh(engine);
        let wrong = "refused-S3cret-77aa";
        note_secret(wrong);
        let env = database
            .deployed()
            .changed("SQL_URI", |uri| uri.replace(APP_PASSWORD_IN_URI, wrong));
        let gateway = Gateway::spawn(&env);
        std::thread::sleep(std::time::Duration::from_secs(2));
        let log = gateway.log();
        assert!(log.contains("SQL_URI"), "{log}");
        check("the log", &log, &[wrong.to_string()]);
        let report = run_to_end(&env, &["check"], "");
        check("check", &report.text(), &[wrong.to_string()]);
    }
}

#[test]
fn settings_that_are_wrong() {
    let _guard = beside_others();
    let secret = "in-a-wr0ng-uri-5b2c";
    note_secret(secret);
    for uri in [
        format!("oracle://user:{secret}@localhost/db"),
        format!("postgres://user:{secret}@[::1/db"),
        format!("postgres://user:{secret}@localhost:99999/db"),
        format!("user:{secret}@localhost/db"),
    ] {
        let database = Database::shared(Engine::Sqlite);
        let ended = run_to_end(&database.deployed().with("SQL_URI", &uri), &[], "");
        assert_eq!(ended.code, Some(78), "{}", ended.text());
        assert!(ended.text().contains("SQL_URI"), "{}", ended.text());
        check(&uri, &ended.text(), &[secret.to_string()]);
    }
}
