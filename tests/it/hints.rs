//! What a refused query could have meant, as each engine's catalog and the query's own text show it: told by `check` and by
//! the log of `serve` alike, and told of nothing that is right.

use crate::harness::database::Server;
use crate::harness::gateway::{Gateway, run_to_end};
use crate::harness::{Database, Engine, Env, beside_others, eventually};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(30);

const QUERIES: [&str; 4] = [
    "SQL_QUERY_ALL_USERS",
    "SQL_QUERY_ONE_USER",
    "SQL_QUERY_ALL_GROUPS",
    "SQL_QUERY_GROUPS_BY_MEMBER",
];

/// The problems of `check`, as lines.
fn problems(env: &Env) -> Vec<String> {
    let report = run_to_end(env, &["check"], "");
    let lines = report.stderr.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert!(!lines.is_empty(), "{}", report.text());
    lines
}

/// The one problem, of the setting or settings before the colon.
fn problem(env: &Env, settings: &str, parts: &[&str]) -> String {
    let problems = problems(env);
    assert_eq!(problems.len(), 1, "{problems:#?}");
    let line = problems[0].clone();
    assert!(line.starts_with(&format!("{settings}: ")), "{settings}: {line}");
    for part in parts {
        assert!(line.contains(part), "{part}: {line}");
    }
    line
}

/// `serve` says the same, and opens no port.
fn logged(env: &Env, line: &str) {
    let gateway = Gateway::spawn(env);
    let is_told = || {
        gateway
            .log()
            .lines()
            .any(|told| told.contains("ERROR") && told.contains(line))
    };
    assert!(eventually(LONG, is_told), "{line}:\n{}", gateway.log_tail());
    assert!(!gateway.accepts());
}

fn replaced(env: &Env, name: &str, from: &str, to: &str) -> Env {
    assert!(env.get(name).contains(from), "{from}: {}", env.get(name));
    env.clone().changed(name, |query| query.replace(from, to))
}

/// The same in every query that has it.
fn everywhere(env: &Env, from: &str, to: &str) -> Env {
    QUERIES.iter().fold(env.clone(), |env, name| {
        env.changed(name, |query| query.replace(from, to))
    })
}

#[test]
fn names_that_are_not_there() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let database = Database::shared(engine);
        let env = database.deployed();
        let name = |name: &str| engine.quoted(&format!("\"{name}\""));
        // As the schema spells it where letter case matters, else nearly.
        let (wrong, right) = match engine {
            Engine::PostgreSql => ("users", "did you mean \"Users\"?"),
            Engine::MariaDb => ("users", "did you mean Users?"),
            Engine::Sqlite => ("Usres", "did you mean Users?"),
        };
        // One cause, one problem: the table that three queries read.
        let broken = everywhere(&env, &name("Users"), wrong);
        let users = "SQL_QUERY_ALL_USERS, SQL_QUERY_ONE_USER, SQL_QUERY_GROUPS_BY_MEMBER";
        let line = problem(&broken, users, &[right]);
        logged(&broken, &line);
        let explained = run_to_end(&broken, &["explain", "(uid=alice)"], "");
        assert!(explained.stderr.contains(&line), "{}", explained.text());

        let wrong = if engine == Engine::PostgreSql {
            "uidnumber"
        } else {
            "uidNumbre"
        };
        let broken = replaced(
            &env,
            "SQL_QUERY_ALL_USERS",
            &format!("{} AS", name("uidNumber")),
            &format!("{wrong} AS"),
        );
        let right = if engine == Engine::PostgreSql {
            "\"uidNumber\"?"
        } else {
            "uidNumber?"
        };
        let line = problem(&broken, "SQL_QUERY_ALL_USERS", &[&format!("did you mean {right}")]);
        logged(&broken, &line);
        let broken = replaced(
            &env,
            "SQL_QUERY_ALL_GROUPS",
            &format!("g.{}", name("cn")),
            "g.nothing_like_it",
        );
        problem(&broken, "SQL_QUERY_ALL_GROUPS", &["there are ", "cn"]);
        let broken = replaced(&env, "SQL_QUERY_ALL_GROUPS", &name("Groups"), "machines");
        problem(&broken, "SQL_QUERY_ALL_GROUPS", &["machines"]);
    }
}

#[test]
fn spellings_of_other_engines_and_tools() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let env = Database::shared(engine).deployed();
        for (meant, part) in [
            (":username", ":username is"),
            ("%s", "%s is"),
            ("{username}", "{username} is"),
            ("'?'", "'?' is a text"),
            ("'$1'", "'$1' is a text"),
            ("'{username}'", "'{username}' is a text"),
        ] {
            let broken = replaced(&env, "SQL_QUERY_ONE_USER", "?", meant);
            problem(&broken, "SQL_QUERY_ONE_USER", &[part, "?"]);
        }
        // Not in the place of a value: a text as any other.
        let fine = replaced(&env, "SQL_QUERY_ONE_USER", "?", "? AND ':x' <> '%s'");
        assert_eq!(run_to_end(&fine, &["check"], "").code, Some(0));
        let interchanged = env
            .clone()
            .with("SQL_QUERY_ALL_USERS", env.get("SQL_QUERY_ONE_USER"))
            .with("SQL_QUERY_ONE_USER", env.get("SQL_QUERY_ALL_USERS"));
        problem(
            &interchanged,
            "SQL_QUERY_ALL_USERS, SQL_QUERY_ONE_USER",
            &["interchanged"],
        );
    }
    let postgres = Database::shared(Engine::PostgreSql).deployed();
    let broken = postgres
        .clone()
        .changed("SQL_QUERY_ALL_USERS", |query| query.replace('"', "`"));
    let line = problem(
        &broken,
        "SQL_QUERY_ALL_USERS",
        &["`uid` is quoted as another engine does it; write \"uid\""],
    );
    logged(&broken, &line);
    let brackets = |env: &Env, quoted: &str| replaced(env, "SQL_QUERY_ALL_USERS", quoted, "[uid]");
    problem(
        &brackets(&postgres, "\"uid\""),
        "SQL_QUERY_ALL_USERS",
        &["write \"uid\""],
    );
    let text = replaced(&postgres, "SQL_QUERY_ONE_USER", "?", "? AND \"uid\" <> \"nobody\"");
    problem(&text, "SQL_QUERY_ONE_USER", &["the text is written 'nobody'"]);

    let mariadb = Database::shared(Engine::MariaDb).deployed();
    let broken = mariadb
        .clone()
        .changed("SQL_QUERY_ALL_GROUPS", |query| query.replace('`', "\""));
    let line = problem(
        &broken,
        "SQL_QUERY_ALL_GROUPS",
        &["is quoted as another engine does it; write `"],
    );
    logged(&broken, &line);
    // No error of the engine: everybody would be called uid.
    let silent = replaced(&mariadb, "SQL_QUERY_ALL_USERS", "`uid` AS", "\"uid\" AS");
    let text = "\"uid\" in double quotes is a text on MariaDB";
    let report = run_to_end(&silent, &["check"], "");
    assert_eq!(report.text().matches(text).count(), 1, "{}", report.text());
    let gateway = Gateway::start(&silent);
    assert!(gateway.log().contains(text), "{}", gateway.log_tail());
    let literal = replaced(&mariadb, "SQL_QUERY_ONE_USER", "?", "? AND `uid` <> \"nobody\"");
    let gateway = Gateway::start(&literal);
    assert!(!gateway.log().contains("in double quotes"), "{}", gateway.log_tail());
    problem(&brackets(&mariadb, "`uid`"), "SQL_QUERY_ALL_USERS", &["write `uid`"]);
}

#[test]
fn what_may_not_be_read_and_where_else_tables_are() {
    let _guard = beside_others();
    let database = Database::fresh(Engine::PostgreSql);
    let env = database.deployed();
    database.sql("REVOKE SELECT ON \"Users\", \"UserGroups\" FROM gateway");
    let grant = "GRANT SELECT ON \"UserGroups\", \"Users\" TO gateway;";
    let found = problems(&env);
    assert!(found.iter().any(|line| line.contains(grant)), "{found:#?}");
    logged(&env, grant);
    database.sql(grant);
    assert_eq!(
        run_to_end(&env, &["check"], "").code,
        Some(0),
        "the hint's own statement is enough"
    );

    database.sql(
        "CREATE SCHEMA app; CREATE TABLE app.people AS SELECT * FROM \"Users\"; CREATE TABLE \"group\" AS SELECT * FROM \"Groups\"; \
         CREATE TABLE \"user\" AS SELECT * FROM \"Users\"; GRANT SELECT ON app.people, \"group\", \"user\" TO gateway; \
         GRANT USAGE ON SCHEMA app TO gateway",
    );
    let people = replaced(&env, "SQL_QUERY_ALL_USERS", "\"Users\"", "people");
    problem(
        &people,
        "SQL_QUERY_ALL_USERS",
        &["the table is in app", "write app.people"],
    );
    let group = replaced(&env, "SQL_QUERY_ALL_GROUPS", "\"Groups\"", "group");
    problem(
        &group,
        "SQL_QUERY_ALL_GROUPS",
        &["group is a word of SQL; the name is written \"group\""],
    );
    let user = replaced(&env, "SQL_QUERY_ALL_USERS", "\"Users\"", "user");
    problem(
        &user,
        "SQL_QUERY_ALL_USERS",
        &["user is a function here, and the table is written \"user\""],
    );
    database.sql("REVOKE USAGE ON SCHEMA app FROM gateway");
    let people = replaced(&env, "SQL_QUERY_ALL_USERS", "\"Users\"", "app.people");
    problem(
        &people,
        "SQL_QUERY_ALL_USERS",
        &["GRANT USAGE ON SCHEMA app TO gateway; GRANT SELECT ON app.people TO gateway;"],
    );

    let database = Database::fresh(Engine::MariaDb);
    let env = database.deployed();
    let other = Database::empty_on(database.server.clone());
    // A name that the databases of other tests have not.
    other.sql("CREATE TABLE people_elsewhere (uid VARCHAR(20))");
    let people = replaced(&env, "SQL_QUERY_ALL_GROUPS", "`Groups`", "people_elsewhere");
    problem(
        &people,
        "SQL_QUERY_ALL_GROUPS",
        &[&format!("write {}.people_elsewhere", other.name())],
    );
    let denied = replaced(&env, "SQL_QUERY_ALL_GROUPS", "`Groups`", "mysql.`user`");
    problem(
        &denied,
        "SQL_QUERY_ALL_GROUPS",
        &["GRANT SELECT ON", "TO 'gateway'@'%';"],
    );

    for engine in Engine::ALL {
        let empty = Database::empty_on(Server::shared(engine));
        if engine == Engine::Sqlite {
            std::fs::write(empty.sqlite_file(), "").unwrap();
        }
        let env = Database::shared(engine).deployed().with("SQL_URI", empty.uri());
        // A MariaDB user who sees the databases of other tests is told of those.
        let part = match engine {
            Engine::MariaDb => "which is not looked into",
            _ => "no table at all",
        };
        let found = problems(&env);
        assert!(found.iter().all(|line| line.contains(part)), "{found:#?}");
    }
}

#[test]
fn columns_that_are_ignored_and_were_meant() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let database = Database::empty_on(Server::shared(engine));
        database.sql(
            "CREATE TABLE accounts (id INTEGER PRIMARY KEY, login VARCHAR(50), email VARCHAR(100), is_active BOOLEAN, \
             encrypted_password VARCHAR(200), shell VARCHAR(50), notes VARCHAR(50)); \
             CREATE TABLE teams (id INTEGER PRIMARY KEY, group_name VARCHAR(50), gid INTEGER); \
             INSERT INTO accounts VALUES (1, 'ann', 'ann@example.com', TRUE, 'x', '/bin/sh', 'y')",
        );
        if engine == Engine::PostgreSql {
            database.sql("GRANT SELECT ON accounts, teams TO gateway");
        }
        let env = Env::default()
            .with("SQL_URI", database.uri())
            .with("LDAP_COMMON_NAME", "ldap1.example.com")
            .with("SQL_QUERY_ALL_USERS", "SELECT *, login AS username FROM accounts")
            .with("SQL_QUERY_ONE_USER", "SELECT * FROM accounts WHERE login = ?")
            .with("SQL_QUERY_ALL_GROUPS", "SELECT * FROM teams")
            .with(
                "SQL_QUERY_GROUPS_BY_MEMBER",
                "SELECT group_name AS name FROM teams WHERE group_name = ?",
            );
        let found = problems(&env);
        assert_eq!(found.len(), 2, "{found:#?}");
        for (setting, part) in [
            (
                "SQL_QUERY_ONE_USER: ",
                "(SQL_QUERY_ALL_USERS has one); did you mean `login AS username`?",
            ),
            ("SQL_QUERY_ALL_GROUPS: ", "did you mean `group_name AS name`?"),
        ] {
            let is_told = |line: &String| line.starts_with(setting) && line.contains(part);
            assert!(found.iter().any(is_told), "{part}: {found:#?}");
        }
        logged(&env, "did you mean `login AS username`?");

        let named = env
            .with(
                "SQL_QUERY_ONE_USER",
                "SELECT *, login AS username FROM accounts WHERE login = ?",
            )
            .with("SQL_QUERY_ALL_GROUPS", "SELECT *, group_name AS name FROM teams");
        let report = run_to_end(&named, &["check"], "");
        assert_eq!(report.code, Some(0), "{}", report.text());
        for part in [
            "SQL_QUERY_ALL_USERS, SQL_QUERY_ONE_USER: email is ignored; `email AS mail`",
            "SQL_QUERY_ONE_USER: is_active is ignored, so it refuses nobody; `is_active AS enabled`",
            "no column password: nobody can bind; did you mean `encrypted_password AS password`?",
            "did you mean `shell AS login_shell`?",
            "did you mean `gid AS gid_number`?",
            "no column uid_number, no column gid_number: users are served without posixAccount; did you mean \
             `id + 10000 AS uid_number` and `id + 10000 AS gid_number`?",
        ] {
            assert!(report.stdout.contains(part), "{part}:\n{}", report.stdout);
        }
        // That nobody has a number follows from it.
        for part in ["no usable uid_number", "no private groups are served"] {
            assert!(!report.stdout.contains(part), "{part}:\n{}", report.stdout);
        }
        let gateway = Gateway::start(&named);
        for part in [
            "`email AS mail`",
            "`is_active AS enabled`",
            "`encrypted_password AS password`",
        ] {
            assert_eq!(gateway.log().matches(part).count(), 1, "{part}: {}", gateway.log_tail());
        }
        assert!(!gateway.log().contains("login_shell"), "a matter of taste");
        drop(gateway);

        let all = ", email AS mail, is_active AS enabled, encrypted_password AS password, shell AS login_shell FROM";
        let meant = ["SQL_QUERY_ALL_USERS", "SQL_QUERY_ONE_USER"]
            .iter()
            .fold(named, |env, name| replaced(&env, name, " FROM", all));
        let report = run_to_end(&meant, &["check"], "");
        for part in ["AS mail`", "AS enabled`", "AS password`", "AS login_shell`"] {
            assert!(!report.stdout.contains(part), "{part}:\n{}", report.stdout);
        }
    }
}

#[test]
fn what_is_right_gets_no_hint() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        for env in [
            Database::shared(engine).deployed(),
            Database::shared(engine).recommended(),
        ] {
            let report = run_to_end(&env, &["check"], "");
            for part in [
                "did you mean",
                "is ignored;",
                "is ignored, so",
                "GRANT",
                "placeholder",
                "interchanged",
            ] {
                assert!(!report.text().contains(part), "{part}:\n{}", report.text());
            }
        }
    }
}
