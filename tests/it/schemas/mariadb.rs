//! Schemas on MariaDB.

use super::*;

fn login_is(kind: &str) -> String {
    format!("ALTER TABLE people MODIFY login {kind} NOT NULL;")
}

const BY_NUMBER: &str = "SELECT id AS username, id AS uid_number, gid AS gid_number, pw AS password FROM people";

fn types() -> Vec<Case> {
    vec![
        case("latin1", login_is("VARCHAR(100) CHARACTER SET latin1")),
        case("binary collation", login_is("VARCHAR(100) COLLATE utf8mb4_bin")),
        case("collation without case", login_is("VARCHAR(100) COLLATE utf8mb4_unicode_ci")),
        case("Turkish", login_is("VARCHAR(100) COLLATE utf8mb4_turkish_ci")),
        case("names as bytes", login_is("VARBINARY(100)")),
        case("fixed length", login_is("CHAR(20)")),
        case("enum", login_is("ENUM('alice', 'bob')")),
        case("set", login_is("SET('alice', 'bob')")),
        case("unsigned", "ALTER TABLE people MODIFY id BIGINT UNSIGNED, MODIFY gid SMALLINT UNSIGNED;"),
        case("integer names", "").users(BY_NUMBER, "id = ?").replaced("p.login = ?", "p.id = ?").named("1001", "1002"),
        case("unsigned names", "ALTER TABLE people MODIFY id BIGINT UNSIGNED;")
            .users(BY_NUMBER, "id = ?").replaced("p.login = ?", "p.id = ?").named("1001", "1002"),
        case("decimal names", "ALTER TABLE people MODIFY id DECIMAL(12, 0);")
            .users(BY_NUMBER, "id = ?").replaced("p.login = ?", "p.id = ?").named("1001", "1002"),
        case("uuid names", "UPDATE people SET login = CONCAT('5f0c7a52-0000-4000-8000-00000000000', id - 1000);".to_string()
            + &login_is("UUID"))
            .named("5f0c7a52-0000-4000-8000-000000000001", "5f0c7a52-0000-4000-8000-000000000002"),
        case("inet6 names", "UPDATE people SET login = CONCAT('2001:db8::', id - 1000);".to_string() + &login_is("INET6"))
            .named("2001:db8::1", "2001:db8::2"),
        case("a few types", "")
            .with_column("CAST('2020' AS YEAR) AS title, b'101' AS description, CAST('[\"a\"]' AS CHAR) AS mobile")
            .replaced("CAST('2020' AS YEAR)", "YEAR('2020-01-01')")
            .has("title", &["2020"]),
        case("year and bits", "ALTER TABLE people ADD y YEAR DEFAULT 2020, ADD locked BIT(1) DEFAULT b'0', ADD b BIT(20) DEFAULT 5, ADD s SET('x', 'y') DEFAULT 'x,y';")
            .with_column("y AS title, locked, b AS description, s AS mobile")
            .has("title", &["2020"]).has("description", &["5"]).has("mobile", &["x,y"]),
        case("JSON", "CREATE TABLE docs AS SELECT JSON_OBJECT('login', login, 'id', id, 'gid', gid, 'pw', pw) AS data FROM people;")
            .users(
                "SELECT JSON_VALUE(data, '$.login') AS username, JSON_VALUE(data, '$.id') AS uid_number, \
                 JSON_VALUE(data, '$.gid') AS gid_number, JSON_VALUE(data, '$.pw') AS password FROM docs",
                "JSON_VALUE(data, '$.login') = ?",
            ),
        case("a name that is a point", "ALTER TABLE people ADD odd POINT;")
            .replaced("login AS username", "odd AS username")
            .refused("SQL_QUERY_ALL_USERS", "GEOMETRY"),
        case("a group that is a shape", "").groups("SELECT POINT(1, 2) AS name, gid AS gid_number FROM teams")
            .refused("SQL_QUERY_ALL_GROUPS", "name"),
        case("attributes that cannot be decoded", "").with_column("POINT(1, 2) AS title")
            .lacking(&["SQL_QUERY_ALL_USERS: column title", "SQL_QUERY_ONE_USER: column title"]),
    ]
}

fn forms() -> Vec<Case> {
    vec![
        case("plain", ""),
        case("a view", "CREATE SQL SECURITY INVOKER VIEW accounts AS SELECT * FROM people;").replaced("FROM people", "FROM accounts"),
        case("generated", "ALTER TABLE people ADD lower_login VARCHAR(100) AS (LOWER(login)) VIRTUAL;")
            .replaced("login", "lower_login"),
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
        case("partitions", "ALTER TABLE people DROP INDEX login; ALTER TABLE people PARTITION BY HASH (id) PARTITIONS 3;"),
        case("odd names", "ALTER TABLE people RENAME `we ird.table```; ALTER TABLE `we ird.table``` CHANGE login `log'in ?` VARCHAR(100);".replace('`', "\""))
            .replaced("people", "`we ird.table\"`")
            .replaced("login", "`log'in ?`"),
        case("reserved words", "ALTER TABLE people RENAME \"user\"; ALTER TABLE \"user\" CHANGE login \"order\" VARCHAR(100); \
             ALTER TABLE teams RENAME \"group\";")
            .replaced("people", "`user`").replaced("login", "`order`").replaced("teams", "`group`"),
        case("casts of the parameter", "").users(USERS, "login = LOWER(CAST(? AS CHAR(64)))")
            .replaced("p.login = ?", "p.login = CONCAT(?)"),
        case("members in a column", "ALTER TABLE teams ADD who JSON; UPDATE teams SET who = '[\"alice\"]' WHERE gid = 2002;")
            .groups("SELECT name, gid AS gid_number, who AS member_uids FROM teams"),
        case("memberships listed", "")
            .memberships("SELECT login AS username, b.gid AS gid_number FROM belongs b JOIN people p USING (id)"),
        case("an aggregate", "").users(
            "SELECT * FROM (SELECT login AS username, id AS uid_number, gid AS gid_number, MAX(pw) AS password \
             FROM people GROUP BY login, id, gid LIMIT 100) q",
            "username = ?",
        ),
        case("the last of a name counts", "ALTER TABLE people ADD password VARCHAR(50) DEFAULT '{SHA}wrong', ADD locked BOOLEAN DEFAULT TRUE;")
            .users("SELECT people.*, login AS username, id AS uid_number, gid AS gid_number, pw AS password, FALSE AS locked FROM people", "login = ?")
            .said("SQL_QUERY_ONE_USER: password is the name of several columns")
            .said("SQL_QUERY_ONE_USER: locked is the name of several columns"),
        case("no such column", "").replaced("login = ?", "logon = ?").refused("SQL_QUERY_ONE_USER", "logon"),
    ]
}

#[test]
fn check_says_what_serve_does_on_mariadb() {
    run_all(Engine::MariaDb, [types(), forms()].concat());
}
