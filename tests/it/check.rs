//! What `check` finds.

use crate::harness::gateway::{Ended, Gateway, run_in, run_to_end};
use crate::harness::process::{command, run};
use crate::harness::{Database, Engine, Env, beside_others, eventually, figure, free_port, scratch};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

fn check(env: &Env) -> Ended {
    run_to_end(env, &["check"], "")
}

/// A certificate, its key, and the key of another.
fn pair() -> [PathBuf; 3] {
    let dir = scratch("pair");
    let make = |name: &str| {
        let (cert, key) = (dir.join(format!("{name}.crt")), dir.join(format!("{name}.key")));
        run(Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
            ])
            .args(["-nodes", "-days", "1", "-subj", "/CN=ldap1", "-keyout"])
            .arg(&key)
            .arg("-out")
            .arg(&cert));
        (cert, key)
    };
    let ((cert, key), (_, other)) = (make("one"), make("other"));
    [cert, key, other]
}

/// Nothing of what may be in no output.
fn expect_no_secret(report: &Ended) {
    let text = report.text();
    for secret in ["$argon2", "db-S3cret", "hunter2", "gateway:"] {
        assert!(!text.contains(secret), "{secret} in\n{text}");
    }
}

fn expect(report: &Ended, parts: &[&str]) {
    for part in parts {
        assert!(report.text().contains(part), "{part:?} is not in\n{}", report.text());
    }
}

fn expect_not(report: &Ended, parts: &[&str]) {
    for part in parts {
        assert!(!report.text().contains(part), "{part:?} is in\n{}", report.text());
    }
}

#[test]
fn a_good_setup_shows_its_columns_and_what_the_recommended_one_adds() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let database = Database::shared(engine);
        let report = check(&database.deployed());
        assert_eq!(report.code, Some(0), "{}", report.text());
        let row = |column: &str| {
            let line = report.stdout.lines().find(|line| line.trim_start().starts_with(column));
            line.unwrap_or_else(|| panic!("{column}: {}", report.stdout))
                .to_string()
        };
        for (column, attribute) in [
            ("username ", "→ uid"),
            ("uid_number ", "→ uidNumber"),
            ("gid_number ", "→ gidNumber"),
            ("first_name ", "→ givenName"),
            ("full_name ", "→ cn"),
            ("last_name ", "→ sn"),
            ("mail ", "→ mail"),
            ("home_directory ", "→ homeDirectory"),
            ("name ", "→ cn"),
        ] {
            assert!(row(column).contains(attribute), "{}", row(column));
        }
        let users = &database.rows("SELECT count(*) FROM \"Users\"")[0][0];
        let groups = &database.rows("SELECT count(*) FROM \"Groups\"")[0][0];
        expect(
            &report,
            &[
                &format!("{users} users, {groups} groups"),
                "memberships are read from groups-by-member",
                "1 user private groups, of gid numbers that no group has",
                "a column login_shell",
                "a column ssh_public_key",
                "a column status",
                "a column entry_uuid",
                "a column created_at",
                "a column updated_at",
                "Argon2id",
                "have no password",
                "made when the gateway starts",
            ],
        );
        expect_not(
            &report,
            &["CREATE INDEX", "is the text", "SQL_QUERY_ONE_USER gives another"],
        );
        expect_no_secret(&report);

        let recommended = check(&database.recommended());
        assert_eq!(recommended.code, Some(0), "{}", recommended.text());
        expect(
            &recommended,
            &["→ sshPublicKey", "→ loginShell", "→ entryUUID", "→ modifyTimestamp"],
        );
        expect_not(&recommended, &["a column "]);
    }
}

#[test]
fn everything_that_is_broken_is_said_at_once() {
    let _guard = beside_others();
    let [cert, _, other] = pair();
    let database = Database::shared(Engine::PostgreSql);
    let broken = database
        .deployed()
        .with("LDAP_CERT_PATH", cert.display())
        .with("LDAP_KEY_PATH", other.display())
        .with("PORT", "seven")
        .changed("SQL_QUERY_ONE_USER", |query| query.replace("FROM", "FORM"))
        .changed("SQL_QUERY_GROUPS_BY_MEMBER", |query| {
            query.replacen("g.\"cn\"", "g.\"noSuchColumn\"", 1)
        })
        .changed("SQL_QUERY_ALL_USERS", |query| query.replace("AS username", "AS login"))
        .without("SQL_QUERY_ALL_GROUPS");
    let report = check(&broken);
    assert_eq!(report.code, Some(78), "{}", report.text());
    let problem = |variable: &str, part: &str| {
        let found = report
            .stderr
            .lines()
            .any(|line| line.starts_with(variable) && line.contains(part));
        assert!(found, "{variable}, {part}:\n{}", report.stderr);
    };
    problem("PORT", "seven");
    problem("SQL_QUERY_ALL_GROUPS", "missing");
    problem("LDAP_KEY_PATH", "does not belong");
    problem("SQL_QUERY_ONE_USER", "syntax error");
    problem("SQL_QUERY_GROUPS_BY_MEMBER", "noSuchColumn");
    problem("SQL_QUERY_ALL_USERS", "no column username");
    assert_eq!(report.stderr.lines().count(), 7, "{}", report.stderr);
    expect_no_secret(&report);
}

#[test]
fn an_unreachable_host_hides_nothing_else() {
    let _guard = beside_others();
    let [cert, _, other] = pair();
    let port = free_port();
    let database = Database::shared(Engine::PostgreSql);
    let broken = database
        .deployed()
        .with("SQL_URI", format!("postgres://somebody:hunter2@127.0.0.1:{port}/users"))
        .with("LDAP_CERT_PATH", cert.display())
        .with("LDAP_KEY_PATH", other.display())
        .changed("SQL_QUERY_ALL_USERS", |query| query.replace("SELECT", "SELCT"))
        .changed("SQL_QUERY_ONE_USER", |query| query.replace('?', "'alice'"))
        .without("SQL_QUERY_ALL_GROUPS");
    let report = check(&broken);
    assert_eq!(report.code, Some(78));
    for (variable, part) in [
        ("SQL_URI", format!("postgres://127.0.0.1:{port}/users")),
        ("SQL_QUERY_ALL_GROUPS", "missing".into()),
        ("SQL_QUERY_ALL_USERS", "SELCT".into()),
        ("SQL_QUERY_ONE_USER", "placeholder".into()),
        ("LDAP_KEY_PATH", "does not belong".into()),
    ] {
        let found = report
            .stderr
            .lines()
            .any(|line| line.starts_with(variable) && line.contains(&part));
        assert!(found, "{variable}, {part}:\n{}", report.stderr);
    }
    expect_no_secret(&report);
    expect_not(&report, &["somebody"]);

    // Nothing but the database: another exit code.
    let away = database
        .deployed()
        .with("SQL_URI", format!("postgres://somebody:hunter2@127.0.0.1:{port}/users"));
    let report = check(&away);
    assert_eq!(report.code, Some(1), "{}", report.text());
    let file = Database::shared(Engine::Sqlite)
        .deployed()
        .with("SQL_URI", "sqlite:/nonexistent/users.db");
    assert_eq!(check(&file).code, Some(1));
    // No URI: the texts can still be looked at.
    let report = check(&broken.without("SQL_URI"));
    expect(&report, &["SQL_URI: is required", "SELCT", "no placeholder"]);
}

/// `check` as a user who may read the file and not write to its directory.
#[test]
fn what_wal_mode_needs_is_said() {
    let _guard = beside_others();
    let database = Database::fresh(Engine::Sqlite);
    let file = database.sqlite_file();
    let directory = file.parent().unwrap();
    // The program may stand where that user cannot go.
    let program = scratch("program").join("ldap-gateway");
    fs::copy(env!("CARGO_BIN_EXE_ldap-gateway"), &program).unwrap();
    let check = || {
        let mut check = command(&program, Some("daemon"));
        check.arg("check").env_clear().envs(database.deployed().iter());
        check.env("PATH", std::env::var_os("PATH").unwrap()).current_dir("/");
        let output = check.output().unwrap();
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let mode = |mode| fs::set_permissions(directory, fs::Permissions::from_mode(mode)).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    run(Command::new("sqlite3")
        .arg(&file)
        .arg("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = WAL"));
    mode(0o555);
    let (code, said) = check();
    mode(0o755);
    assert_eq!(code, Some(1), "{said}");
    for part in [
        "SQL_URI: ",
        "(1544)",
        "WAL mode",
        "write to the directory",
        "journal_mode = DELETE",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    // Each of the two remedies.
    mode(0o777);
    let (code, said) = check();
    assert_eq!(code, Some(0), "{said}");
    mode(0o755);
    run(Command::new("sqlite3").arg(&file).arg("PRAGMA journal_mode = DELETE"));
    mode(0o555);
    let (code, said) = check();
    mode(0o755);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn a_query_that_may_not_be_run_is_a_problem() {
    let _guard = beside_others();
    let database = Database::fresh(Engine::PostgreSql);
    database.sql("REVOKE SELECT ON \"UserGroups\" FROM gateway");
    let report = check(&database.deployed());
    assert_eq!(report.code, Some(1), "{}", report.text());
    assert!(
        report.stderr.contains("SQL_QUERY_GROUPS_BY_MEMBER: permission denied") || report.stderr.contains("42501"),
        "{}",
        report.text()
    );
    // And the port stays closed until it may be run.
    let mut gateway = Gateway::spawn(&database.deployed());
    assert!(
        eventually(Duration::from_secs(30), || gateway.log().contains("42501")),
        "{}",
        gateway.log_tail()
    );
    assert!(!gateway.accepts());
    database.sql("GRANT SELECT ON \"UserGroups\" TO gateway");
    gateway.expect_ready();
}

#[test]
fn rows_that_are_odd_are_named() {
    let _guard = beside_others();
    for engine in [Engine::PostgreSql, Engine::Sqlite] {
        let database = Database::fresh(engine);
        database.sql(
            "INSERT INTO \"Users\" (\"uid\", \"uidNumber\", \"gidNumber\", \"userPassword\") VALUES \
             ('ALICE', 77001, 77001, '$P$BhUnTeR2hUnTeR2'), ('plain', 77002, 77002, 'hunter2'), \
             ('aanobody', 77003, NULL, '{SASL}x')",
        );
        let env = database
            .deployed()
            .changed("SQL_QUERY_ONE_USER", |query| {
                format!(
                    "{} AND \"uid\" <> 'bob'",
                    query.replacen("\"mail\"", "'x@y' AS \"mail\"", 1)
                )
            })
            .changed("SQL_QUERY_GROUPS_BY_MEMBER", |query| {
                format!("{query} AND g.\"cn\" <> 'nothing'")
            });
        let report = check(&env);
        assert_eq!(report.code, Some(0), "{}", report.text());
        expect(
            &report,
            &[
                "users that are not served, because another one's name differs only in case or blanks: ALICE",
                "but not by SQL_QUERY_ONE_USER; they cannot bind: bob",
                "SQL_QUERY_ONE_USER gives another mail",
                "no posixAccount: aanobody",
                "phpass ($P$): the hash is cut off",
                "unknown form: no hash that is known",
                "{SASL}: it says that the password is verified elsewhere",
            ],
        );
        expect_no_secret(&report);
    }
}

/// What `serve` does not ask keeps it from nothing.
#[test]
fn what_cannot_be_looked_at_is_a_warning() {
    let _guard = beside_others();
    let env = Database::shared(Engine::PostgreSql)
        .deployed()
        .changed("SQL_QUERY_ONE_USER", |query| {
            let failing = "CASE WHEN \"uid\" = 'bob' THEN 1 / (\"uidNumber\" - \"uidNumber\") END AS locked";
            query.replacen(" FROM ", &format!(", {failing} FROM "), 1)
        });
    let report = check(&env);
    assert_eq!(report.code, Some(0), "{}", report.text());
    expect(
        &report,
        &[
            "users cannot bind: the query fails for them: a value does not fit",
            "the stored hashes: this could not be looked at: a value does not fit",
            " users, ",
            "The gateway can serve this.",
        ],
    );
    expect_not(&report, &["SQL_URI: "]);
}

/// On SQLite a name may be a blob among texts.
#[test]
fn names_of_another_kind_and_hashes_that_nobody_has_are_told() {
    let _guard = beside_others();
    let database = Database::fresh(Engine::Sqlite);
    database.sql("UPDATE \"Users\" SET \"uid\" = CAST(\"uid\" AS BLOB) WHERE \"uid\" = 'bob'");
    database.sql("UPDATE \"Users\" SET \"userPassword\" = NULL");
    let report = check(&database.deployed());
    assert_eq!(report.code, Some(0), "{}", report.text());
    expect(
        &report,
        &[
            "1 rows of users have no name, or one of another kind than the others",
            "users have a usable hash\n",
        ],
    );
}

#[test]
fn columns_that_are_ignored_or_texts_are_named() {
    let _guard = beside_others();
    let env = Database::shared(Engine::PostgreSql)
        .deployed()
        .with_user_columns("'x' AS \"favouriteFood\", 'y' AS \"apiSecret\", 'z' AS \"MAIL\", 'w' AS \"attr:colour\"");
    let report = check(&env);
    assert_eq!(report.code, Some(0), "{}", report.text());
    let line = |column: &str| report.stdout.lines().find(|line| line.contains(column)).unwrap();
    assert!(line("favouriteFood").contains("no attribute"));
    assert!(line("apiSecret").contains("never"));
    assert!(line("attr:colour").contains("→ colour"));
    expect(
        &report,
        &[
            "SQL_QUERY_ALL_USERS: mail is the name of several columns: the last of them counts",
            "SQL_QUERY_ONE_USER: mail is the name of several columns: the last of them counts",
        ],
    );

    // A misspelt name in double quotes is a text on SQLite, and every such name is one on MariaDB.
    let env = Database::shared(Engine::Sqlite)
        .deployed()
        .changed("SQL_QUERY_ALL_USERS", |query| {
            query
                .replace("\"givenName\" AS", "\"givenNmae\" AS")
                .replace("\"mail\"", "\"email\"")
        });
    expect(
        &check(&env),
        &["first_name is the text \"givenNmae\"", "there is no column \"email\""],
    );
    let env = Database::shared(Engine::MariaDb)
        .deployed()
        .changed("SQL_QUERY_ALL_USERS", |query| {
            query.replace("`givenName`", "\"givenName\"")
        });
    expect(
        &check(&env),
        &["SQL_QUERY_ALL_USERS: \"givenName\" in double quotes is a text"],
    );

    let env = Database::shared(Engine::PostgreSql)
        .deployed()
        .changed("SQL_QUERY_ONE_USER", |query| query.replace(", \"cn\" AS full_name", ""));
    expect(&check(&env), &["SQL_QUERY_ONE_USER has no column for cn"]);
}

/// What it proposes is taken by the engine, and helps: proposed no more after it was run.
#[test]
fn the_indexes_it_proposes_help() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let database = Database::fresh(engine);
        if engine != Engine::MariaDb {
            let named = |name: &str| format!("DROP INDEX \"{name}\";");
            let names: &[&str] = match engine {
                Engine::PostgreSql => &["UserGroups_gidNumber", "Users_uid_lower", "Users_uid_not_canonical"],
                _ => &[
                    "UserGroups_gidNumber",
                    "Users_uid_nocase",
                    "Users_uid_unprepared",
                    "Users_mail_nocase",
                    "Users_mail_unprepared",
                    "Groups_cn_nocase",
                    "Groups_cn_unprepared",
                ],
            };
            database.sql(&names.iter().map(|name| named(name)).collect::<String>());
        }
        let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 999), \
                       m(j) AS (SELECT i FROM n WHERE i <= 5) SELECT i * 5 + j AS k FROM n, m";
        database.sql(
            &format!(
                "INSERT INTO \"Users\" (\"uid\", \"uidNumber\", \"gidNumber\", \"mail\") \
             SELECT concat('u', k), 100000 + k, 100000 + k, concat('u', k, '@example.org') FROM ({numbers}) x"
            )
            .replace(
                "concat('u', k, '@example.org')",
                if engine == Engine::Sqlite {
                    "'u' || k || '@example.org'"
                } else {
                    "concat('u', k, '@example.org')"
                },
            )
            .replace(
                "concat('u', k)",
                if engine == Engine::Sqlite {
                    "'u' || k"
                } else {
                    "concat('u', k)"
                },
            ),
        );
        database.sql(&format!(
            "INSERT INTO \"Groups\" (\"cn\", \"gidNumber\") SELECT {} , 100000 + k FROM ({numbers}) x",
            if engine == Engine::Sqlite {
                "'g' || k"
            } else {
                "concat('g', k)"
            }
        ));
        database.sql(&format!(
            "INSERT INTO \"UserGroups\" (\"uidNumber\", \"gidNumber\") SELECT 100000 + k, 100000 + k FROM ({numbers}) x"
        ));
        if engine == Engine::PostgreSql {
            database.sql("ANALYZE");
        }
        let proposed = |report: &Ended| -> Vec<String> {
            let lines = report.stdout.lines().map(str::trim);
            lines
                .filter(|line| line.starts_with("CREATE INDEX"))
                .map(str::to_string)
                .collect()
        };
        let before = check(&database.deployed());
        assert_eq!(before.code, Some(0), "{}", before.text());
        let statements = proposed(&before);
        let wanted: &[&str] = match engine {
            Engine::PostgreSql => &[
                "CREATE INDEX ON \"Users\" (lower(\"uid\"));",
                "CREATE INDEX ON \"Users\" (\"uid\") WHERE \"uid\" ~ '[^ -~]|^ |  | $';",
                "CREATE INDEX ON \"Users\" (lower(\"mail\"));",
                "CREATE INDEX ON \"Users\" (\"gidNumber\");",
                "CREATE INDEX ON \"UserGroups\" (\"gidNumber\");",
                "CREATE INDEX ON \"Groups\" (lower(\"cn\"));",
            ],
            Engine::MariaDb => &["CREATE INDEX `Users_gidNumber` ON `Users` (`gidNumber`);"],
            Engine::Sqlite => &[
                "CREATE INDEX \"Users_gidNumber\" ON \"Users\" (\"gidNumber\");",
                "CREATE INDEX \"Users_uid_nocase\" ON \"Users\" (\"uid\" COLLATE NOCASE);",
                "CREATE INDEX \"Users_mail_nocase\" ON \"Users\" (\"mail\" COLLATE NOCASE);",
                "CREATE INDEX \"Groups_cn_nocase\" ON \"Groups\" (\"cn\" COLLATE NOCASE);",
            ],
        };
        for wanted in wanted {
            assert!(
                statements.iter().any(|found| found == wanted),
                "{wanted}: {}",
                before.text()
            );
        }
        for statement in &statements {
            database.sql(&engine.quoted(statement));
        }
        if engine == Engine::PostgreSql {
            database.sql("ANALYZE");
        }
        let after = check(&database.deployed());
        assert_eq!(proposed(&after), Vec::<String>::new(), "{}", after.text());
        figure(&format!(
            "check on {}: {} indexes proposed, none after they were made",
            engine.name(),
            statements.len()
        ));
    }
}

#[test]
fn memberships_that_disagree_are_named() {
    let _guard = beside_others();
    let env = Database::shared(Engine::PostgreSql).deployed();
    let everywhere = env.clone().with(
        "SQL_QUERY_ALL_GROUPS",
        "SELECT \"cn\" AS name, \"gidNumber\" AS gid_number, ARRAY['erin'] AS member_uids FROM \"Groups\"",
    );
    let report = check(&everywhere);
    assert_eq!(report.code, Some(0), "{}", report.text());
    expect(
        &report,
        &[
            "memberships are read from a column of all-groups",
            "memberships that SQL_QUERY_GROUPS_BY_MEMBER gives are not served: memberships come from elsewhere: alice in",
            "memberships are served that SQL_QUERY_GROUPS_BY_MEMBER does not give: erin in",
        ],
    );
    let fewer = env.changed("SQL_QUERY_ALL_GROUPS", |query| {
        format!("{query} WHERE g.\"cn\" <> 'staff'")
    });
    let report = check(&fewer);
    expect(
        &report,
        &["because SQL_QUERY_ALL_GROUPS has no such group: alice in staff"],
    );
    expect_not(&report, &["are not served", "does not give"]);
}

const MEMBERSHIPS: &str = "SQL_QUERY_ALL_MEMBERSHIPS";

#[test]
fn listed_memberships_are_compared_with_groups_by_member() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let database = Database::shared(engine);
        let env = |change: &dyn Fn(&str) -> String| {
            let listed = change(database.recommended().get(MEMBERSHIPS));
            database.deployed().with(MEMBERSHIPS, engine.quoted(&listed))
        };
        let differences = [
            "memberships that",
            "memberships are served",
            "memberships do not count",
            "memberships are missing",
        ];
        let report = check(&env(&str::to_string));
        assert_eq!(report.code, Some(0), "{}", report.text());
        expect(
            &report,
            &[
                "memberships are read from SQL_QUERY_ALL_MEMBERSHIPS, joined with users and groups",
                "→ the user, by its uid",
                "→ the group, by its gidNumber",
            ],
        );
        expect_not(&report, &differences);
        expect_not(&report, &["cannot be joined"]);

        // Nobody in staff but erin, who is not; and a group that does not exist.
        let planted = check(&env(&|query| {
            format!(
                "SELECT 'a note' AS note, x.*, 'staff' AS name FROM ({query} WHERE ug.\"gidNumber\" <> 20010 \
                 UNION ALL SELECT 'erin', 20010 UNION ALL SELECT 'erin', 77) x"
            )
        }));
        assert_eq!(planted.code, Some(0), "{}", planted.text());
        expect(
            &planted,
            &[
                "memberships that SQL_QUERY_GROUPS_BY_MEMBER gives are not served: SQL_QUERY_ALL_MEMBERSHIPS does not list them: ",
                "1 memberships are served that SQL_QUERY_GROUPS_BY_MEMBER does not give: erin in",
                "ignored: a membership is a user and a group",
                "SQL_QUERY_ALL_MEMBERSHIPS: name is ignored: a column further left has the same meaning",
            ],
        );
        let unknown = check(&env(&|_| {
            "SELECT u.\"uid\" AS username, 'nosuch' AS name FROM \"Users\" u WHERE u.\"uid\" = 'bob'".to_string()
        }));
        expect(
            &unknown,
            &[
                "1 memberships do not count, because SQL_QUERY_ALL_GROUPS has no such group: bob in nosuch",
                "its users and groups looked up",
                "SQL_QUERY_ALL_MEMBERSHIPS cannot be joined with users and groups",
            ],
        );
    }
    let database = Database::shared(Engine::Sqlite);
    let both = database
        .deployed()
        .with(MEMBERSHIPS, database.recommended().get(MEMBERSHIPS))
        .changed("SQL_QUERY_ALL_GROUPS", |query| {
            query.replacen(" FROM ", ", 'alice' AS member_uids FROM ", 1)
        });
    let report = check(&both);
    expect(
        &report,
        &["SQL_QUERY_ALL_GROUPS: member_uids is not read: memberships come from SQL_QUERY_ALL_MEMBERSHIPS"],
    );
    expect_not(&report, &["memberships that", "memberships are served"]);
}

#[test]
fn a_query_of_memberships_that_is_none_is_a_problem() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let database = Database::shared(engine);
        let broken = [
            (
                "SELECT \"uid\" AS username FROM \"Users\" WHERE \"uid\" = ?",
                78,
                "the query has a placeholder",
            ),
            ("DELETE FROM \"UserGroups\"", 78, "must be a SELECT"),
            ("SELECT 1 AS name, (2", 78, "parentheses"),
            (
                "SELECT \"uid\" AS username FROM \"Users\"",
                1,
                "no column name (or cn) or gid_number (or gidNumber) for the group among the columns found: username",
            ),
            (
                "SELECT \"uidNumber\", \"gidNumber\" FROM \"UserGroups\"",
                1,
                "no column username (or uid) among the columns found: uidNumber, gidNumber",
            ),
            (
                "SELECT 1 AS one",
                1,
                "no column username (or uid), and no column name (or cn) or gid_number (or gidNumber) for the group among",
            ),
            ("SELECT username, name FROM \"NoSuchTable\"", 1, "NoSuchTable"),
        ];
        for (query, code, text) in broken {
            let env = database.deployed().with(MEMBERSHIPS, engine.quoted(query));
            let report = check(&env);
            assert_eq!(report.code, Some(code), "{query}: {}", report.text());
            let line = report.stderr.lines().find(|line| line.starts_with(MEMBERSHIPS));
            assert!(
                line.is_some_and(|line| line.contains(text)),
                "{query}: {}",
                report.text()
            );
            if code == 78 {
                let served = run_to_end(&env, &["serve"], "");
                assert_eq!(served.code, Some(78), "{}", served.text());
                expect(&served, &[MEMBERSHIPS, text]);
            }
        }
        let numberless = database
            .deployed()
            .with(MEMBERSHIPS, database.recommended().get(MEMBERSHIPS))
            .with(
                "SQL_QUERY_ALL_GROUPS",
                engine.quoted("SELECT \"cn\" AS name FROM \"Groups\""),
            );
        let report = check(&numberless);
        assert_eq!(report.code, Some(1), "{}", report.text());
        expect(
            &report,
            &["names groups by gid_number, which SQL_QUERY_ALL_GROUPS does not have"],
        );
    }
}

/// What is proposed for it is taken by the engine, and helps.
#[test]
fn the_indexes_for_memberships_help() {
    let _guard = beside_others();
    for engine in [Engine::PostgreSql, Engine::Sqlite] {
        let database = Database::fresh(engine);
        let numbers =
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) SELECT i AS k FROM n";
        database.sql(&format!(
            "DROP INDEX \"UserGroups_gidNumber\"; CREATE TABLE named (username varchar(80), name varchar(80));\n\
             INSERT INTO \"Users\" (\"uid\", \"uidNumber\", \"gidNumber\") SELECT 'u' || k, 100000 + k, 20001 FROM ({numbers}) x;\n\
             INSERT INTO \"Groups\" (\"cn\", \"gidNumber\") SELECT 'g' || k, 100000 + k FROM ({numbers}) x;\n\
             INSERT INTO \"UserGroups\" (\"uidNumber\", \"gidNumber\") SELECT 100000 + k, 100000 + k FROM ({numbers}) x;\n\
             INSERT INTO named SELECT 'U' || k, 'g' || k FROM ({numbers}) x;\nANALYZE;"
        ));
        let proposed = |query: &str| -> Vec<String> {
            let report = check(&database.deployed().with(MEMBERSHIPS, query));
            assert_eq!(report.code, Some(0), "{}", report.text());
            let lines = report.stdout.lines().map(str::trim);
            lines
                .filter(|line| {
                    line.starts_with("CREATE INDEX") && (line.contains("UserGroups") || line.contains("named"))
                })
                .map(str::to_string)
                .collect()
        };
        for (query, wanted) in [
            (database.recommended().get(MEMBERSHIPS), 1),
            ("SELECT username, name FROM named", 4),
        ] {
            let statements = proposed(query);
            assert_eq!(statements.len(), wanted, "{query} on {}: {statements:?}", engine.name());
            database.sql(&(statements.concat() + "ANALYZE;"));
            assert_eq!(proposed(query), Vec::<String>::new(), "{query} on {}", engine.name());
        }
    }
}

#[test]
fn nothing_is_left_behind() {
    let _guard = beside_others();
    let dir = scratch("clean");
    let report = run_in(&dir, &Database::shared(Engine::Sqlite).deployed(), &["check"], "");
    assert_eq!(report.code, Some(0), "{}", report.text());
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 0);
}
