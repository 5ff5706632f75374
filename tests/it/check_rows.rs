//! What `check` says of the rows of users and groups: each line where it must be said, and none where all is well.

use crate::harness::gateway::{Ended, run_to_end};
use crate::harness::{Database, Engine, Env, beside_others};

const HASH: &str = "$argon2id$v=19$m=64,t=1,p=1$YmF0dGVyeXNhbHQxMjM0NQ$wtsDgfm758Ux6AUfODbs6u7xg1i7xtPM+Y0T48VhK8w";

/// Tables of an application, in which a test puts whatever it likes.
const TABLES: &str = "CREATE TABLE people (id bigint, login varchar(80), uid_number varchar(40), gid_number varchar(40), \
     mail varchar(80), home_directory varchar(80), login_shell varchar(80), password varchar(200), status varchar(80), \
     enabled varchar(40), locked varchar(40), expires_at varchar(40), auth_backends varchar(80)); \
     CREATE TABLE teams (name varchar(80), gid_number bigint); \
     CREATE TABLE team_members (login varchar(80), team varchar(80));";
const COLUMNS: &str = "login AS username, uid_number, gid_number, mail, home_directory, login_shell";
const PRIVATE: &str = "password, status, enabled, locked, expires_at, auth_backends";

/// An application's database with these people: each is a name, and assignments that differ from the usual.
struct App {
    database: Database,
    engine: Engine,
}

impl App {
    fn new(engine: Engine, people: &[(&str, &str)], teams: &[(&str, i64)]) -> App {
        App::with_tables(engine, TABLES, people, teams)
    }

    fn with_tables(engine: Engine, tables: &str, people: &[(&str, &str)], teams: &[(&str, i64)]) -> App {
        let database = Database::fresh(engine);
        database.sql(tables);
        let app = App { database, engine };
        for (at, (name, set)) in people.iter().enumerate() {
            app.person(at, name, set);
        }
        for (name, number) in teams {
            app.database
                .sql(&format!("INSERT INTO teams VALUES ('{name}', {number})"));
        }
        app
    }

    fn person(&self, at: usize, name: &str, set: &str) {
        let (id, name) = (at + 1, name.replace('\'', "''"));
        self.database.sql(&format!(
            "INSERT INTO people (id, login, uid_number, gid_number, mail, home_directory, login_shell, password) VALUES \
             ({id}, '{name}', '{0}', '{0}', 'person{id}@example.com', '/home/person{id}', '/bin/bash', '{HASH}')",
            20_000 + id
        ));
        if !set.is_empty() {
            self.database.sql(&format!("UPDATE people SET {set} WHERE id = {id}"));
        }
    }

    /// Many people.
    fn fill(&self, thousands: u32) {
        let text = |parts: &str| match self.engine {
            Engine::MariaDb => format!("concat({})", parts.replace("||", ",")),
            _ => parts.to_string(),
        };
        self.database.sql(&format!(
            "INSERT INTO people (id, login, uid_number, gid_number, mail, home_directory, login_shell, password) \
             WITH RECURSIVE d(k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM d WHERE k < 999), \
             n(i) AS (SELECT a.k * 1000 + b.k + 1 FROM d a, d b WHERE a.k < {thousands}) \
             SELECT i, {}, 100000 + i, 100000 + i, {}, {}, '/bin/bash', '{HASH}' FROM n",
            text("'u' || i"),
            text("'u' || i || '@example.com'"),
            text("'/home/u' || i")
        ));
    }

    fn env(&self) -> Env {
        self.database
            .deployed()
            .with("SQL_QUERY_ALL_USERS", format!("SELECT {COLUMNS} FROM people"))
            .with(
                "SQL_QUERY_ONE_USER",
                format!("SELECT {COLUMNS}, {PRIVATE} FROM people WHERE login = ?"),
            )
            .with("SQL_QUERY_ALL_GROUPS", "SELECT name, gid_number FROM teams")
            .with(
                "SQL_QUERY_GROUPS_BY_MEMBER",
                "SELECT t.name, t.gid_number FROM teams t JOIN team_members m ON m.team = t.name WHERE m.login = ?",
            )
    }

    fn check(&self) -> Said {
        self.checked(&self.env())
    }

    fn checked(&self, env: &Env) -> Said {
        let ended = run_to_end(env, &["check"], "");
        assert_eq!(ended.code, Some(0), "{}: {}", self.engine.name(), ended.text());
        let said = Said(ended, self.engine);
        said.silent(&["$argon2", "could not be looked at"]);
        said
    }
}

struct Said(Ended, Engine);

impl Said {
    /// Some line has all of these parts.
    fn line(&self, parts: &[&str]) {
        let text = self.0.text();
        let found = text.lines().any(|line| parts.iter().all(|part| line.contains(part)));
        assert!(found, "{}: no line with {parts:?} in\n{text}", self.1.name());
    }

    /// The statements that it says would help.
    fn proposed(&self) -> Vec<String> {
        let lines = self.0.stdout.lines().map(str::trim);
        let begins = ["CREATE INDEX", "ALTER TABLE", "ANALYZE"];
        let statements = lines.filter(|line| begins.iter().any(|begin| line.starts_with(begin)));
        statements.map(str::to_string).collect()
    }

    fn silent(&self, parts: &[&str]) {
        for part in parts {
            let text = self.0.text();
            assert!(!text.contains(part), "{}: {part:?} is in\n{text}", self.1.name());
        }
    }
}

const USUAL: [(&str, &str); 3] = [("ann", ""), ("bob", ""), ("cid", "")];

#[test]
fn it_says_who_can_log_in_and_why_the_others_cannot() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let app = App::new(
            engine,
            &[
                ("ann", "enabled = 'Y'"),
                (
                    "bob",
                    "enabled = 'true', locked = 'N', expires_at = '2999-12-31', status = 'on leave'",
                ),
                ("cid", "enabled = 'perhaps'"),
                ("dan", "expires_at = '31.12.2030'"),
                ("eve", "status = 'Banned'"),
                ("fay", "enabled = 'no'"),
                ("gus", "locked = 'on'"),
                ("hal", "expires_at = '2020-01-01'"),
                ("ida", "password = NULL"),
                ("jim", "password = 'hunter2'"),
                ("kay", "auth_backends = 'kerberos'"),
                ("leo", "enabled = 'wahr'"),
            ],
            &[],
        );
        let said = app.check();
        said.line(&["Accounts of 12 users"]);
        said.line(&["2 of 12 users can log in, as far as their rows tell"]);
        for (why, who) in [
            ("enabled is not understood", "2  cannot bind  cid, leo"),
            ("expires_at is not understood", "1  cannot bind  dan"),
            ("status Banned", "1  cannot bind  eve"),
            ("disabled", "1  cannot bind  fay"),
            ("locked", "1  cannot bind  gus"),
            ("expired", "1  cannot bind  hal"),
            ("no password", "1  cannot bind  ida"),
            (
                "auth_backends: `kerberos` is no link of the chain",
                "1  cannot bind  kay",
            ),
            ("unusable hash (unknown form)", "1  cannot bind  jim"),
            ("status on leave", "1  may bind"),
        ] {
            said.line(&[why, who]);
        }
        said.line(&[
            "SQL_QUERY_ONE_USER: 2 of 12 users cannot bind: their enabled cannot be read (\"perhaps\", \"wahr\")",
            "understood are true and false, yes and no",
            ": cid, leo",
        ]);
        said.line(&[
            "1 of 12 users cannot bind: their expires_at cannot be read (\"31.12.2030\")",
            "YYYY-MM-DD",
        ]);
        said.silent(&["hunter2", "none of"]);

        app.database.sql("UPDATE people SET locked = 'x' WHERE id <= 2");
        let said = app.check();
        said.line(&["0 of 12 users can log in"]);
        said.line(&["none of 12 users can log in"]);

        app.database
            .sql(&format!("UPDATE people SET enabled = 't', locked = NULL, expires_at = NULL, status = NULL, auth_backends = NULL, password = '{HASH}'"));
        let said = app.check();
        said.line(&["12 of 12 users can log in"]);
        said.silent(&["cannot bind", "cannot be read", "none of"]);
    }
}

/// What decides is the row that a bind reads.
#[test]
fn users_whom_the_one_user_query_has_otherwise_cannot_log_in() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let app = App::new(engine, &USUAL, &[]);
        app.checked(&app.env()).silent(&["cannot bind", "another uid number"]);
        // Counted among the one row that is asked for, everybody is the first.
        let counted = "row_number() OVER (ORDER BY login) + 20000 AS uid_number";
        let counting = |query: &str| query.replacen("uid_number", counted, 1);
        let said = app.checked(
            &app.env()
                .changed("SQL_QUERY_ALL_USERS", counting)
                .changed("SQL_QUERY_ONE_USER", counting),
        );
        said.line(&[
            "SQL_QUERY_ONE_USER gives another uid number than SQL_QUERY_ALL_USERS for 2 of 3 users, 20001 for all of them",
            "bob (20001 instead of 20002), cid (20001 instead of 20003)",
            "row_number",
        ]);
        said.line(&["1 of 3 users can log in"]);
        said.line(&["another uid number in SQL_QUERY_ONE_USER", "2  cannot bind  bob, cid"]);

        let said = app.checked(
            &app.env()
                .changed("SQL_QUERY_ONE_USER", |query| format!("{query} AND id <> 2")),
        );
        said.line(&["not found by SQL_QUERY_ONE_USER", "1  cannot bind  bob"]);

        // A join that finds several rows which differ.
        app.database
            .sql("INSERT INTO team_members VALUES ('cid', 'secret'), ('cid', 'secret2')");
        let said = app.checked(&app.env().changed("SQL_QUERY_ONE_USER", |_| {
            "SELECT p.login AS username, p.uid_number, p.password, m.team AS status FROM people p LEFT JOIN team_members m \
             ON m.login = p.login WHERE p.login = ?"
                .to_string()
        }));
        said.line(&["several rows that differ in SQL_QUERY_ONE_USER", "1  cannot bind  cid"]);
        said.line(&["1 of 3 users cannot bind: it has several rows for them that differ: cid"]);
    }
}

#[test]
fn numbers_that_clients_stumble_over_are_named() {
    let _guard = beside_others();
    let all = |what: &str| format!("SQL_QUERY_ALL_USERS: {what}");
    for engine in Engine::ALL {
        let app = App::new(
            engine,
            &[
                ("root2", "uid_number = '0', gid_number = '0'"),
                ("daemon2", "uid_number = '33', gid_number = '27'"),
                ("nobody2", "uid_number = '65534'"),
                ("minus", "uid_number = '-5'"),
                ("huge", "uid_number = '4294967295', gid_number = '99999999999'"),
                ("half", "uid_number = '12.5'"),
                ("text", "gid_number = 'staff'"),
                ("twice", "uid_number = '20009'"),
                ("again", ""),
                ("one", "gid_number = '77000'"),
                ("other", "gid_number = '77000'"),
                ("third", "gid_number = '77000'"),
                ("hit", ""),
                ("devs", ""),
            ],
            &[
                ("devs", 30_000),
                ("ops", 20_013),
                ("sudoers", 27),
                ("nil", 0),
                ("a", 30_001),
                ("b", 30_001),
            ],
        );
        let said = app.check();
        for (what, who) in [
            ("1 of 14 users have uid number 0, which is root's", ": root2"),
            ("1 of 14 users have a uid number below 1000", ": daemon2"),
            ("1 of 14 users have uid number 65534 or 65535", ": nobody2"),
            (
                "2 of 14 users have a uid number that is negative or beyond 4294967294",
                ": huge, minus",
            ),
            ("1 of 14 users have gid number 0", ": root2"),
            ("1 of 14 users have a gid number below 1000", ": daemon2"),
            ("1 of 14 users have a gid number that is negative or beyond", ": huge"),
            (
                "2 of 14 users have no usable uid_number or gid_number, and so no posixAccount",
                ": half (its number \"12.5\"), text (gid_number \"staff\")",
            ),
            (
                "2 of 14 users have a uid number that is also another one's",
                ": 20009 (again, twice)",
            ),
            (
                "3 of 14 users share a gid number with another one, and no group has it",
                ": 77000 (one, other, third)",
            ),
            (
                "2 of 14 users have a gid number that is computed or their uid number, and that another group has",
                ": hit, root2",
            ),
        ] {
            said.line(&[&all(what), who]);
        }
        for (what, who) in [
            ("1 of 6 groups have gid number 0", ": nil"),
            ("1 of 6 groups have a gid number below 1000", ": sudoers"),
            (
                "2 of 6 groups have a gid number that is also another one's",
                ": 30001 (a, b)",
            ),
        ] {
            said.line(&[&format!("SQL_QUERY_ALL_GROUPS: {what}"), who]);
        }

        // Private groups are served where numbers are whole ones.
        let whole = TABLES.replace("number varchar(40)", "number bigint");
        let app = App::with_tables(engine, &whole, &USUAL, &[("bob", 30_000)]);
        app.check().line(&[
            &all(
                "1 of 3 users have a gid number of no group, and get no private group, because a group has their name",
            ),
            ": bob",
        ]);
        app.check().silent(&["share a gid number"]);

        let good = App::new(engine, &USUAL, &[("devs", 30_000)]);
        good.check()
            .silent(&["SQL_QUERY_ALL_USERS: ", "SQL_QUERY_ALL_GROUPS: "]);
        // A group of all, and each one's own, are as they should be.
        let named = App::new(engine, &USUAL, &[("ann", 20_001), ("bob", 20_002), ("all", 30_000)]);
        named
            .database
            .sql("UPDATE people SET gid_number = '30000' WHERE id = 3");
        named
            .check()
            .silent(&["SQL_QUERY_ALL_USERS: ", "SQL_QUERY_ALL_GROUPS: "]);
    }
}

/// gid numbers made of ids meet groups whose numbers are made of theirs.
#[test]
fn computed_group_numbers_that_meet_other_groups_are_named() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let people: Vec<(String, &str)> = (1..=6).map(|at| (format!("user{at}"), "")).collect();
        let people: Vec<(&str, &str)> = people.iter().map(|(name, set)| (name.as_str(), *set)).collect();
        let app = App::new(engine, &people, &[("admins", 50_002)]);
        let computed = |change: &'static str| {
            let change = move |query: &str| query.replacen("gid_number", change, 1);
            app.env()
                .changed("SQL_QUERY_ALL_USERS", change)
                .changed("SQL_QUERY_ONE_USER", change)
        };
        let said = app.checked(&computed("id + 50000 AS gid_number"));
        said.line(&[
            "1 of 6 users have a gid number that is computed or their uid number",
            ": user2",
        ]);
        // One that all have is meant.
        app.checked(&computed("50000 + 2 AS gid_number"))
            .silent(&["number that is computed"]);
    }
}

#[test]
fn values_of_several_users_are_named() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let app = App::new(
            engine,
            &[
                ("ann", "mail = 'Info@Example.com'"),
                ("bob", "mail = 'info@example.COM', home_directory = '/srv/shared'"),
                ("cid", "mail = 'cid', home_directory = '/srv/shared'"),
                ("dan", "home_directory = 'dan', login_shell = 'bash'"),
                ("1234", "home_directory = '/nonexistent'"),
                ("Eve", "home_directory = '/nonexistent'"),
                ("fay smith", ""),
            ],
            &[("99", 30_000)],
        );
        app.person(3, "dan", "");
        let said = app.check();
        for (what, who) in [
            (
                "2 of 8 users have a mail address that is also another one's",
                "(ann, bob)",
            ),
            ("1 of 8 users have a mail address without @", ": cid"),
            (
                "2 of 8 users have a home directory that is also another one's",
                ": /srv/shared (bob, cid)",
            ),
            ("1 of 8 users have a home directory that does not begin with /", ": dan"),
            ("1 of 8 users have a login shell that does not begin with /", ": dan"),
            ("1 of 8 users have a name of digits only", ": 1234"),
            ("1 of 8 users have a name with capital letters", ": Eve"),
            ("1 of 8 users have a name with a blank", ": fay smith"),
            ("1 of 8 users repeat the very name of a row before them", ": dan"),
        ] {
            said.line(&[&format!("SQL_QUERY_ALL_USERS: {what}"), who]);
        }
        said.line(&["SQL_QUERY_ALL_GROUPS: 1 of 1 groups have a name of digits only", ": 99"]);
        said.silent(&["/nonexistent"]);
    }
}

/// Names that differ in case only, as they are found by each way.
#[test]
fn twins_are_told_as_they_are_served() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let app = App::new(engine, &[("ann", ""), ("bob", ""), ("BOB", "")], &[]);
        let said = app.check();
        said.line(&["users that are not served, because another one's name differs only in case or blanks: BOB"]);
        said.line(&[
            "another one's name differs only in case or blanks",
            "1  cannot bind  BOB",
        ]);
        said.line(&["2 of 3 users can log in"]);
        let also = "and yet a search for that very spelling finds: BOB";
        match engine {
            // Its collation finds both rows, and so the one that is the entry.
            Engine::MariaDb => said.silent(&[also]),
            _ => said.line(&[also]),
        }
        App::new(engine, &USUAL, &[]).check().silent(&["differs only in case"]);
    }
}

/// Proposed for what is computed: taken by the engine, and then nothing reads the whole table.
#[test]
fn keys_that_are_computed_get_indexes() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let app = App::new(engine, &[], &[]);
        app.fill(3);
        let columns =
            "lower(p.login) AS username, p.id + 10000 AS uid_number, 50000 + p.id AS gid_number, lower(p.mail) AS mail";
        let env = |columns: &str, wanted: &str| {
            app.env()
                .with("SQL_QUERY_ALL_USERS", format!("SELECT {columns} FROM people p"))
                .with(
                    "SQL_QUERY_ONE_USER",
                    format!("SELECT {columns}, p.password FROM people AS p WHERE {wanted} = ?"),
                )
        };
        let before = app.checked(&env(columns, "lower(p.login)"));
        let proposed = before.proposed();
        let wanted: &[&str] = match engine {
            Engine::PostgreSql => &[
                "CREATE INDEX ON people ((lower(login)));",
                "CREATE INDEX ON people ((id + 10000));",
                "CREATE INDEX ON people ((50000 + id));",
                "CREATE INDEX ON people ((lower(mail)));",
                "CREATE INDEX ON people (lower((lower(mail))));",
                "ANALYZE people;",
            ],
            Engine::Sqlite => &[
                "CREATE INDEX \"people_login\" ON people ((lower(login)));",
                "ALTER TABLE people ADD COLUMN \"uid_number_for_ldap\" INTEGER AS (id + 10000);",
                "CREATE INDEX \"people_uid_number_for_ldap\" ON people (\"uid_number_for_ldap\");",
                "ALTER TABLE people ADD COLUMN \"mail_for_ldap\" TEXT AS (lower(mail));",
                "CREATE INDEX \"people_mail_for_ldap_nocase\" ON people (\"mail_for_ldap\" COLLATE NOCASE);",
            ],
            Engine::MariaDb => &[
                "ALTER TABLE people ADD COLUMN `login_for_ldap` VARCHAR(255) AS (lower(login));",
                "CREATE INDEX `people_login_for_ldap` ON people (`login_for_ldap`);",
                "ALTER TABLE people ADD COLUMN `uid_number_for_ldap` BIGINT AS (id + 10000);",
                "CREATE INDEX `people_uid_number_for_ldap` ON people (`uid_number_for_ldap`);",
            ],
        };
        for wanted in wanted {
            assert!(
                proposed.iter().any(|found| found == wanted),
                "{wanted}: {}",
                before.0.text()
            );
        }
        for statement in &proposed {
            app.database.sql(statement);
        }
        let env = match engine {
            Engine::MariaDb => {
                before.line(&["and take `uid_number_for_ldap` AS uid_number in the queries"]);
                before.line(&["and compare `login_for_ldap` in SQL_QUERY_ONE_USER"]);
                env(
                    "p.login_for_ldap AS username, p.uid_number_for_ldap AS uid_number, p.gid_number_for_ldap AS gid_number",
                    "p.login_for_ldap",
                )
            }
            Engine::Sqlite => {
                before.line(&["and take \"mail_for_ldap\" AS mail in the queries"]);
                env(
                    "p.username_for_ldap AS username, p.uid_number_for_ldap AS uid_number, p.gid_number_for_ldap AS gid_number, \
                     p.mail_for_ldap AS mail",
                    "lower(p.login)",
                )
            }
            Engine::PostgreSql => env(columns, "lower(p.login)"),
        };
        let after = app.checked(&env);
        assert_eq!(
            after.proposed(),
            Vec::<String>::new(),
            "{}: {}",
            engine.name(),
            after.0.text()
        );
        if engine == Engine::MariaDb {
            let numbering = "id bigint AUTO_INCREMENT PRIMARY KEY";
            let app = App::with_tables(engine, &TABLES.replacen("id bigint", numbering, 1), &[], &[]);
            app.fill(3);
            let said = app.checked(&app.env().changed("SQL_QUERY_ALL_USERS", |query| {
                query.replacen("uid_number", "id + 10000 AS uid_number", 1)
            }));
            said.line(&["(id + 10000) is computed of id, which is AUTO_INCREMENT"]);
            said.silent(&["ALTER TABLE"]);
        }
    }
}

#[test]
fn numbers_that_are_texts_are_told_not_to_be_found_by_an_index() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let app = App::new(engine, &[], &[]);
        app.fill(3);
        let said = app.check();
        said.line(&[
            "(uidNumber=NUMBER) reads all of",
            "uid_number is text, in which no index finds numbers",
        ]);
        said.line(&["gid_number is text, in which no index finds numbers"]);
        let whole = TABLES.replace("number varchar(40)", "number bigint");
        let app = App::with_tables(engine, &whole, &[], &[]);
        app.fill(3);
        app.check().silent(&["is text, in which"]);
    }
}
