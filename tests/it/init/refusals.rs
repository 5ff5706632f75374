//! When nothing is proposed, what is never changed, and the files that are written.

use super::{database, env, expect_no_secret, init, proposed, refused};
use crate::harness::database::Server;
use crate::harness::gateway::{run_in, run_to_end};
use crate::harness::{Database, Engine, Env, beside_others, free_port, scratch};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

const USERS: &str = "CREATE TABLE members (id integer PRIMARY KEY, username varchar(50) UNIQUE, password varchar(200));
    INSERT INTO members VALUES (1, 'ada', '{hash}');";

#[test]
fn an_empty_database_says_so() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let empty = Database::empty_on(Server::shared(engine));
        if engine == Engine::Sqlite {
            empty.sql("PRAGMA user_version = 1; VACUUM;");
        }
        refused(&empty, &[], &["no tables", "GRANT SELECT"]);
    }
}

#[test]
fn a_database_that_is_not_there_is_named_without_its_password() {
    let _guard = beside_others();
    let port = free_port();
    for (uri, parts) in [
        (
            format!("postgres://gateway:db-S3cret@127.0.0.1:{port}/people"),
            vec!["SQL_URI: ", "127.0.0.1", "people"],
        ),
        (
            format!("mysql://gateway:db-S3cret@127.0.0.1:{port}/people"),
            vec!["SQL_URI: ", "127.0.0.1", "people"],
        ),
        (
            "sqlite:/nonexistent/people.sqlite".to_owned(),
            vec!["SQL_URI: ", "people.sqlite"],
        ),
    ] {
        let ended = run_to_end(&Env::default().with("SQL_URI", uri), &["init"], "");
        expect_no_secret(&ended);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{}", ended.text());
        for part in parts {
            assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
        }
    }
    let ended = run_to_end(&Env::default(), &["init"], "");
    assert_eq!(ended.code, Some(78), "{}", ended.text());
    assert!(
        ended.stderr.contains("SQL_URI") && !ended.stderr.contains("SQL_QUERY"),
        "{}",
        ended.stderr
    );
}

#[test]
fn what_may_not_be_read_is_said() {
    let _guard = beside_others();
    let closed = database(Engine::PostgreSql, USERS);
    closed.sql("REVOKE ALL ON members FROM gateway");
    refused(
        &closed,
        &[],
        &["no table of users was recognised", "1 that this account may not read"],
    );
    let schema = database(
        Engine::PostgreSql,
        "CREATE SCHEMA hidden; CREATE TABLE hidden.members (username text, password text)",
    );
    refused(
        &schema,
        &[],
        &[
            "1 table seen, 1 of them outside of what is searched",
            "1 that this account may not read",
        ],
    );
    let closed = Database::schema_on(Server::shared(Engine::PostgreSql));
    closed.sql("REVOKE ALL ON \"UserGroups\" FROM gateway; REVOKE ALL ON \"Users\" FROM gateway; GRANT SELECT (uid) ON \"Users\" TO gateway");
    refused(
        &closed,
        &[],
        &[
            "these are the tables of the manager",
            "GRANT SELECT ON Users, UserGroups TO",
        ],
    );
}

/// The account of the tests may only read. Here it may do everything, and nothing changes.
#[test]
fn nothing_is_changed_even_by_an_account_that_may() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let members = database(engine, USERS);
        match engine {
            Engine::PostgreSql => {
                members.sql("GRANT ALL ON members TO gateway");
                // A view that writes when it is read.
                members.sql(
                    "CREATE TABLE seen (at timestamp); GRANT ALL ON seen TO gateway;
                     CREATE FUNCTION note() RETURNS text LANGUAGE plpgsql AS
                        'BEGIN INSERT INTO seen VALUES (now()); RETURN ''x''; END';
                     CREATE VIEW watched AS SELECT id, username, note() AS password FROM members;
                     GRANT SELECT ON watched TO gateway;",
                );
                let ended = refused(&members, &["--table", "watched"], &["read-only transaction"]);
                assert_eq!(ended.code, Some(1));
                assert_eq!(members.sql("SELECT count(*) FROM seen").trim(), "0");
            }
            Engine::MariaDb => {
                members.sql(&format!("GRANT ALL ON {}.* TO gateway", members.name()));
                members.sql(
                    "CREATE TABLE seen (n integer);\nDELIMITER //\nCREATE FUNCTION note() RETURNS varchar(10) MODIFIES SQL DATA
                     BEGIN INSERT INTO seen VALUES (1); RETURN 'x'; END//\nDELIMITER ;",
                );
                members.sql("CREATE VIEW watched AS SELECT id, username, note() AS password FROM members");
                // In a read-only transaction its catalog does not even show such a view.
                refused(&members, &["--table", "watched"], &["no table watched"]);
                assert_eq!(members.sql("SELECT count(*) FROM seen").trim(), "0");
            }
            Engine::Sqlite => {
                let before = fs::read(members.sqlite_file()).unwrap();
                proposed(&members, &[]);
                assert!(before == fs::read(members.sqlite_file()).unwrap());
            }
        }
        proposed(&members, &["--table", "members"]).expect_binds(&[("ada", 0)]);
    }
}

#[test]
fn a_file_is_new_and_only_its_owners() {
    let _guard = beside_others();
    let members = database(Engine::Sqlite, USERS);
    let dir = scratch("write");
    let printed = init(&members, &[]).stdout;
    let write = |name: &str| run_in(&dir, &env(&members), &["init", "--write", name], "");
    let ended = write(".env");
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""), "{}", ended.text());
    assert!(ended.stderr.contains(".env was written"), "{}", ended.stderr);
    assert_eq!(fs::read_to_string(dir.join(".env")).unwrap(), printed);
    assert_eq!(
        fs::metadata(dir.join(".env")).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let report = run_in(&dir, &Env::default(), &["check"], "");
    assert_eq!(report.code, Some(0), "{}", report.text());
    // What is there stays, whatever it is.
    fs::write(dir.join("other"), "mine").unwrap();
    symlink(dir.join("other"), dir.join("link")).unwrap();
    symlink(dir.join("nothing"), dir.join("dangling")).unwrap();
    for name in [".env", "other", "link", "dangling", ".", "no/such/place"] {
        let ended = write(name);
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (Some(1), ""),
            "{name}: {}",
            ended.text()
        );
        assert!(ended.stderr.contains("was not written"), "{name}: {}", ended.stderr);
    }
    assert_eq!(fs::read_to_string(dir.join("other")).unwrap(), "mine");
    assert!(!dir.join("nothing").exists());
    let ended = run_in(&dir, &env(&members), &["init", "--table", "none", "--write", "new"], "");
    assert!(ended.code == Some(1) && !dir.join("new").exists(), "{}", ended.text());
}

#[test]
fn the_database_is_named_without_its_password() {
    let _guard = beside_others();
    let members = database(Engine::PostgreSql, USERS);
    let text = proposed(&members, &[]).text;
    assert!(
        text.contains(&format!("/{}, is not written down", members.name())),
        "{text}"
    );
    assert!(text.lines().all(|line| !line.starts_with("SQL_URI")), "{text}");
    let dir = scratch("uri");
    fs::write(dir.join("uri"), members.uri()).unwrap();
    let by_file = Env::default().with("SQL_URI_FILE", dir.join("uri").display());
    let ended = run_to_end(&by_file, &["init"], "");
    expect_no_secret(&ended);
    assert!(
        ended
            .stdout
            .contains(&format!("\nSQL_URI_FILE={}\n", dir.join("uri").display())),
        "{}",
        ended.text()
    );
    fs::write(dir.join(".env"), &ended.stdout).unwrap();
    let report = run_in(&dir, &Env::default(), &["check"], "");
    assert_eq!(report.code, Some(0), "{}", report.text());
    // Settings that are wrong or there already do not matter.
    let ended = run_to_end(
        &env(&members).with("PORT", "x").with("LDAP_BASE_DN", "dc=own"),
        &["init"],
        "",
    );
    assert!(
        ended.code == Some(0) && ended.stdout.contains("\nLDAP_BASE_DN=dc=own\n"),
        "{}",
        ended.text()
    );
    let ended = run_to_end(&env(&members), &["init", "--base-dn", "nonsense"], "");
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{}", ended.text());
}

#[test]
fn help_says_where_the_database_is_named() {
    let _guard = beside_others();
    let help = run_to_end(&Env::default(), &["init", "--help"], "");
    for part in [
        "SQL_URI_FILE",
        "--write",
        "--table",
        "--software",
        "--base-dn",
        "writes nothing",
    ] {
        assert!(help.stdout.contains(part), "{part}: {}", help.stdout);
    }
}
