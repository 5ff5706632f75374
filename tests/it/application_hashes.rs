//! Hashes as the tables of other applications hold them: binds verify them as they are stored, `check` names what cannot be
//! verified, and the expressions of docs/passwords.md put together what applications keep in columns.

use crate::harness::client::bind;
use crate::harness::gateway::run_to_end;
use crate::harness::ldap::user_dn;
use crate::harness::{Client, Database, Engine, Gateway, beside_others, block_on, eventually, repository};
use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

/// One hash of each form, by its beginning, of the password that is not ASCII.
fn vectors() -> BTreeMap<String, (String, String)> {
    let text = fs::read_to_string(repository("tests/data/application-vectors.tsv")).unwrap();
    let mut chosen = BTreeMap::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [scheme, _, password, stored] = fields.try_into().unwrap();
        if !password.is_ascii() {
            chosen
                .entry(scheme.to_owned())
                .or_insert((password.to_owned(), stored.to_owned()));
        }
    }
    chosen
}

/// A text in SQL, which MariaDB reads backslashes in.
fn literal(engine: Engine, text: &str) -> String {
    let text = text.replace('\'', "''");
    match engine {
        Engine::MariaDb => format!("'{}'", text.replace('\\', "\\\\")),
        Engine::PostgreSql | Engine::Sqlite => format!("'{text}'"),
    }
}

fn with_hashes(engine: Engine, hashes: &[(String, String)]) -> Database {
    let database = Database::fresh(engine);
    // Some hashes are longer than the columns of the sample.
    match engine {
        Engine::PostgreSql => drop(database.sql("ALTER TABLE \"Users\" ALTER COLUMN \"userPassword\" TYPE text")),
        Engine::MariaDb => drop(database.sql("ALTER TABLE \"Users\" MODIFY \"userPassword\" text")),
        Engine::Sqlite => {}
    }
    for (number, (name, hash)) in hashes.iter().enumerate() {
        database.sql(&format!(
            "INSERT INTO \"Users\" (\"uid\", \"uidNumber\", \"gidNumber\", \"userPassword\") VALUES ('{name}', {}, 1, {})",
            60_000 + number,
            literal(engine, hash)
        ));
    }
    database
}

async fn code(client: &mut Client, name: &str, password: &str) -> i32 {
    client.request(bind(&user_dn(name), password)).await.unwrap().code()
}

#[test]
fn hashes_of_applications_are_verified_as_they_are_stored() {
    let _guard = beside_others();
    let vectors = vectors();
    assert!(vectors.len() > 35, "{}", vectors.len());
    for engine in Engine::ALL {
        let users: Vec<(String, String)> = vectors
            .values()
            .enumerate()
            .map(|(number, (_, stored))| (format!("app{number}"), stored.clone()))
            .collect();
        let database = with_hashes(engine, &users);
        let gateway = Gateway::start(&database.deployed());
        block_on(async {
            let mut client = Client::connect(&gateway).await;
            for (number, (scheme, (password, _))) in vectors.iter().enumerate() {
                let name = format!("app{number}");
                assert_eq!(code(&mut client, &name, password).await, 0, "{scheme}");
                assert_eq!(code(&mut client, &name, "wrong").await, 49, "{scheme}");
            }
        });
    }
}

const UNUSABLE: [(&str, &str, &str); 11] = [
    (
        "django",
        "!0123456789abcdefghijABCDEFGHIJ0123456789",
        "Django's unusable password: this account has none",
    ),
    ("starred", "*", "a mark in place of a hash: "),
    ("shadowed", "x", "a mark in place of a hash: "),
    (
        "usermod",
        "!$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/",
        "locked: `!` or `*` stands before the hash",
    ),
    (
        "md5",
        "0123456789abcdef0123456789abcdef",
        "MD5 in hexadecimal: it has no name, and may as well be an NT hash",
    ),
    (
        "sha256",
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "SHA-256 in hexadecimal: it has no name: if it has no salt, let the query name it: '{SHA256}' || password",
    ),
    (
        "role",
        "md50123456789abcdef0123456789abcdef",
        "PostgreSQL's own (md5…, SCRAM-SHA-256$…): ",
    ),
    (
        "short",
        "$2y$10$abcdefghijklmnopqrstuuOQiyCxlgf",
        "bcrypt: the hash is cut off: the column is too short",
    ),
    (
        "phpass",
        "$P$Bsaltsaltabc",
        "phpass ($P$): the hash is cut off: the column is too short",
    ),
    (
        "pbkdf2",
        "{PBKDF2-SHA512}1000$c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "{PBKDF2…}: the key is cut off, or of a length that this form cannot tell from one that is",
    ),
    (
        "typed",
        "hunter2-in-plain-text",
        "unknown form: no hash that is known: in plain text, perhaps",
    ),
];

#[test]
fn check_names_what_cannot_be_verified_and_the_cure_and_shows_no_value() {
    let _guard = beside_others();
    let users: Vec<(String, String)> = UNUSABLE
        .iter()
        .map(|(name, stored, _)| ((*name).to_owned(), (*stored).to_owned()))
        .collect();
    let database = with_hashes(Engine::PostgreSql, &users);
    let env = database.deployed();
    let report = run_to_end(&env, &["check"], "");
    assert_eq!(report.code, Some(0), "{}", report.text());
    for (name, stored, said) in UNUSABLE {
        assert!(report.text().contains(said), "{name}: {}", report.text());
        assert!(stored.len() < 3 || !report.text().contains(stored), "{name}");
    }
    let marks: Vec<&str> = ["Django's unusable", "a mark in place", "locked"].to_vec();
    for mark in marks {
        let line = report.text();
        let line = line
            .lines()
            .find(|line| line.contains(&format!(": {mark}")))
            .unwrap()
            .to_owned();
        assert!(line.contains("have no password and cannot bind"), "{line}");
    }
    assert!(!report.text().contains("(scheme:") && !report.text().contains("malformed"));

    let gateway = Gateway::start(&env);
    block_on(async {
        let mut client = Client::connect(&gateway).await;
        for (name, stored, _) in UNUSABLE {
            assert_eq!(code(&mut client, name, stored).await, 49, "{name}");
            assert_eq!(code(&mut client, name, "wrong").await, 49, "{name}");
        }
    });
    let said = |why: &str| gateway.log().matches(&format!("why=\"{why}\"")).count();
    assert!(eventually(Duration::from_secs(10), || said("no hash") == 8
        && said("hash unusable") == 14));
    let log = gateway.log();
    assert!(log.contains("MD5 in hexadecimal") && log.contains("let the query name it"));
    for (name, stored, _) in UNUSABLE {
        assert!(stored.len() < 3 || !log.contains(stored), "{name}");
    }
}

/// The expression of the page for an engine, in one line.
fn keycloak_expression(engine: Engine) -> String {
    let page = fs::read_to_string(repository("docs/passwords.md")).unwrap();
    let (_, section) = page.split_once("### Keycloak\n").unwrap();
    let heading = match engine {
        Engine::PostgreSql => "PostgreSQL, where",
        Engine::MariaDb => "MariaDB:",
        Engine::Sqlite => "SQLite, for",
    };
    let (_, section) = section.split_once(&format!("\n{heading}")).unwrap();
    let block = section.split("```sql\n").nth(1).unwrap().split("```").next().unwrap();
    block.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

/// Keycloak's rows: what its columns hold, of the password `secret`.
fn keycloak_rows() -> Vec<(String, String)> {
    let text = fs::read_to_string(repository("tests/data/application-vectors.tsv")).unwrap();
    let of_pbkdf2 = text.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        let [scheme, "hashlib", "secret", stored] = fields[..] else {
            return None;
        };
        let algorithm = scheme.strip_prefix('{')?.strip_suffix('}')?;
        let parts: Vec<&str> = stored.strip_prefix(scheme)?.split('$').collect();
        let [rounds, salt, value] = parts.try_into().unwrap();
        Some((
            format!(r#"{{"hashIterations":{rounds},"algorithm":"{algorithm}","additionalParameters":{{}}}}"#),
            format!(r#"{{"value":"{value}","salt":"{salt}","additionalParameters":{{}}}}"#),
        ))
    });
    let of_argon2 = text.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        let ["$argon2id$", "laravel", "secret", stored] = fields[..] else {
            return None;
        };
        let parts: Vec<&str> = stored.split('$').collect();
        let ["", "argon2id", "v=19", "m=1024,t=2,p=2", salt, value] = parts[..] else {
            panic!("{stored}");
        };
        let parameters =
            r#"{"hashLength":["32"],"memory":["1024"],"type":["id"],"version":["1.3"],"parallelism":["2"]}"#;
        Some((
            format!(r#"{{"hashIterations":2,"algorithm":"argon2","additionalParameters":{parameters}}}"#),
            format!(r#"{{"value":"{value}","salt":"{salt}","additionalParameters":{{}}}}"#),
        ))
    });
    of_pbkdf2.chain(of_argon2).collect()
}

#[test]
fn keycloaks_columns_are_put_together_as_the_page_says() {
    let _guard = beside_others();
    let rows = keycloak_rows();
    assert!(rows.len() >= 6, "{rows:?}");
    for engine in Engine::ALL {
        let users: Vec<(String, String)> = (0..rows.len())
            .map(|number| (format!("kc{number}"), "x".to_owned()))
            .collect();
        let database = with_hashes(engine, &users);
        let (table, columns) = match engine {
            Engine::MariaDb => ("CREDENTIAL", ["CREDENTIAL_DATA", "SECRET_DATA"]),
            Engine::PostgreSql | Engine::Sqlite => ("credential", ["credential_data", "secret_data"]),
        };
        database.sql(&format!(
            "CREATE TABLE {table} (who varchar(20), {} text, {} text)",
            columns[0], columns[1]
        ));
        for (number, (credential, secret)) in rows.iter().enumerate() {
            database.sql(&format!(
                "INSERT INTO {table} VALUES ('kc{number}', {}, {})",
                literal(engine, credential),
                literal(engine, secret)
            ));
        }
        grant(&database, table);
        let expression = keycloak_expression(engine);
        let env = database.deployed().changed("SQL_QUERY_ONE_USER", |query| {
            let query = query.replacen(&engine.quoted("\"userPassword\" AS password"), &expression, 1);
            let joined = format!(" INNER JOIN {table} c ON c.who = {} WHERE ", engine.quoted("\"uid\""));
            query.replacen(" WHERE ", &joined, 1)
        });
        let gateway = Gateway::start(&env);
        block_on(async {
            let mut client = Client::connect(&gateway).await;
            for (number, row) in rows.iter().enumerate() {
                let name = format!("kc{number}");
                assert_eq!(code(&mut client, &name, "secret").await, 0, "{engine:?} {row:?}");
                assert_eq!(code(&mut client, &name, "Secret").await, 49, "{engine:?} {row:?}");
            }
        });
    }
}

/// The gateway's role reads only what it has been granted.
fn grant(database: &Database, table: &str) {
    match database.engine {
        Engine::PostgreSql => drop(database.sql(&format!("GRANT SELECT ON {table} TO gateway"))),
        Engine::MariaDb | Engine::Sqlite => {}
    }
}

/// Grafana's and Joomla's columns as the page puts them together, on the engines for which it says it.
#[test]
fn grafanas_and_joomlas_columns_are_put_together_as_the_page_says() {
    let _guard = beside_others();
    let page = fs::read_to_string(repository("docs/passwords.md")).unwrap();
    let expression = |software: &str, engine: Engine| {
        let row = page.replace("\\|", "¦");
        let row = row
            .lines()
            .find(|line| line.starts_with(&format!("| {software}")))
            .unwrap()
            .to_owned();
        let cell = row
            .split('|')
            .nth(if engine == Engine::PostgreSql { 2 } else { 3 })
            .unwrap();
        cell.trim().trim_matches('`').replace('¦', "|")
    };
    for engine in [Engine::PostgreSql, Engine::MariaDb] {
        let database = Database::fresh(engine);
        for (software, password, salt, expected) in [
            // hashlib.pbkdf2_hmac("sha256", b"secret", b"YObSoLj55S", 10000, 50).hex()
            ("Grafana", GRAFANA, "YObSoLj55S", "grafana"),
            // hashlib.md5(b"secret" + salt).hexdigest() + ":" + salt
            ("Joomla before 3.2", JOOMLA, "", "joomla"),
        ] {
            database.sql(&format!(
                "CREATE TABLE {expected} (password varchar(120), salt varchar(40));\n\
                 INSERT INTO {expected} VALUES ('{password}', '{salt}')"
            ));
            grant(&database, expected);
            let expression = expression(software, engine);
            let env = database.deployed().changed("SQL_QUERY_ONE_USER", |query| {
                let hash = format!("(SELECT {expression} FROM {expected}) AS password");
                query.replacen(&engine.quoted("\"userPassword\" AS password"), &hash, 1)
            });
            let gateway = Gateway::start(&env);
            block_on(async {
                let mut client = Client::connect(&gateway).await;
                assert_eq!(code(&mut client, "alice", "secret").await, 0, "{software} {engine:?}");
                assert_eq!(code(&mut client, "alice", "Secret").await, 49, "{software} {engine:?}");
            });
        }
    }
}

const GRAFANA: &str =
    "399dcfbdfa0609bd23a4d43971c0b15b07fca77eae7802d2f7dfff90a8402e03744be0a171349fb64d85d898309670c38578";
const JOOMLA: &str = "2b12cdc3382cbd75be173e137e29e0e1:abcdefghijABCDEFGHIJ0123456789xy";
