//! Schemas on SQLite, where a column has no type that binds.

use super::*;

/// The table made anew, with `login` declared so.
fn login_is(declared: &str) -> String {
    format!(
        "ALTER TABLE people RENAME TO old; \
         CREATE TABLE people (id INTEGER PRIMARY KEY, gid INTEGER, login {declared}, pw TEXT); \
         INSERT INTO people SELECT id, gid, login, pw FROM old;"
    )
}

const BY_NUMBER: &str = "SELECT id AS username, id AS uid_number, gid AS gid_number, pw AS password FROM people";

fn cases() -> Vec<Case> {
    vec![
        case("plain", ""),
        case("no type", login_is("")),
        case("a type nobody knows", login_is("citext")),
        case("NUMERIC affinity", login_is("STRING")),
        case("varchar", login_is("VARCHAR(20) COLLATE NOCASE")),
        case("blobs", login_is("BLOB") + "UPDATE people SET login = CAST(login AS BLOB);")
            .replaced("login = ?", "login = CAST(? AS BLOB)"),
        case("strict", "ALTER TABLE people RENAME TO old; CREATE TABLE people (id INT PRIMARY KEY, gid INT, login TEXT, pw ANY) STRICT; \
             INSERT INTO people SELECT id, gid, login, pw FROM old;"),
        case("without rowid", "ALTER TABLE people RENAME TO old; CREATE TABLE people (login TEXT PRIMARY KEY, id INT, gid INT, pw TEXT) WITHOUT ROWID; \
             INSERT INTO people SELECT login, id, gid, pw FROM old;"),
        case("integer names", "").users(BY_NUMBER, "id = ?").replaced("p.login = ?", "p.id = ?").named("1001", "1002"),
        case("names that are numbers of text", "UPDATE people SET login = id;").named("1001", "1002"),
        case("uuid names", "UPDATE people SET login = '5f0c7a52-0000-4000-8000-00000000000' || (id - 1000);")
            .named("5f0c7a52-0000-4000-8000-000000000001", "5f0c7a52-0000-4000-8000-000000000002"),
        case("a view", "CREATE VIEW accounts AS SELECT * FROM people WHERE pw <> '';").replaced("FROM people", "FROM accounts"),
        case("generated", "ALTER TABLE people ADD lower_login TEXT AS (lower(login)) VIRTUAL;").replaced("login", "lower_login"),
        case("JSON", "CREATE TABLE docs AS SELECT json_object('login', login, 'id', id, 'gid', gid, 'pw', pw) AS data FROM people;")
            .users(
                "SELECT data->>'login' AS username, data->>'id' AS uid_number, data->>'gid' AS gid_number, \
                 data->>'pw' AS password FROM docs",
                "data->>'login' = ?",
            ),
        case("a table function", "CREATE TABLE ids AS SELECT json_group_array(id) AS list FROM people;").users(
            "SELECT login AS username, id AS uid_number, gid AS gid_number, pw AS password FROM people \
             WHERE id IN (SELECT value FROM json_each((SELECT list FROM ids)))",
            "",
        )
        .one(format!("{USERS} WHERE id IN (SELECT value FROM json_each((SELECT list FROM ids))) AND login = ?"))
        .replaced("json_each((SELECT list FROM ids))) WHERE ", "json_each((SELECT list FROM ids)))"),
        case("WITH", "").users(
            "WITH p AS (SELECT * FROM people) SELECT login AS username, id AS uid_number, gid AS gid_number, \
             pw AS password FROM p",
            "login = ?",
        ),
        case("UNION", "").users(
            "SELECT * FROM (SELECT login AS username, id AS uid_number, gid AS gid_number, pw AS password FROM people \
             WHERE id = 1001 UNION SELECT login, id, gid, pw FROM people WHERE id <> 1001) u",
            "username = ?",
        ),
        case("another schema", "").replaced("FROM people", "FROM main.people"),
        case("odd names", "ALTER TABLE people RENAME TO \"we ird.table\"\"\"; ALTER TABLE \"we ird.table\"\"\" RENAME login TO \"log'in ?\";")
            .replaced("people", "\"we ird.table\"\"\"")
            .replaced("login", "\"log'in ?\""),
        case("reserved words", "ALTER TABLE people RENAME TO \"user\"; ALTER TABLE \"user\" RENAME login TO \"order\"; \
             ALTER TABLE teams RENAME TO \"group\";")
            .replaced("people", "\"user\"").replaced("login", "\"order\"").replaced("teams", "\"group\""),
        case("casts of the parameter", "").users(USERS, "login = lower(CAST(? AS TEXT))"),
        case("members in a column", "ALTER TABLE teams ADD who TEXT; UPDATE teams SET who = '[\"alice\"]' WHERE gid = 2002;")
            .groups("SELECT name, gid AS gid_number, who AS member_uids FROM teams"),
        case("memberships listed", "")
            .memberships("SELECT login AS username, b.gid AS gid_number FROM belongs b JOIN people p USING (id)"),
        case("an aggregate", "").users(
            "SELECT * FROM (SELECT login AS username, id AS uid_number, gid AS gid_number, max(pw) AS password \
             FROM people GROUP BY login, id, gid LIMIT 100) q",
            "username = ?",
        ),
        case("the last of a name counts", "ALTER TABLE people ADD password TEXT DEFAULT '{SHA}wrong'; ALTER TABLE people ADD locked BOOLEAN DEFAULT 1;")
            .users("SELECT *, login AS username, id AS uid_number, gid AS gid_number, pw AS password, 0 AS locked FROM people", "login = ?")
            .said("SQL_QUERY_ONE_USER: password is the name of several columns")
            .said("SQL_QUERY_ONE_USER: locked is the name of several columns"),
        case("no such column", "").replaced("login = ?", "logon = ?").refused("SQL_QUERY_ONE_USER", "logon"),
    ]
}

#[test]
fn check_says_what_serve_does_on_sqlite() {
    run_all(Engine::Sqlite, cases());
}
