//! Schemas on PostgreSQL. Types of extensions, and the operators' own, are in schemas that are not on the search path.

use super::*;

/// What the gateway's role needs to see of a schema.
fn granted(schema: &str) -> String {
    format!("GRANT USAGE ON SCHEMA {schema} TO gateway; GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO gateway;")
}

/// An extension in a schema of its own.
fn extension(name: &str, schema: &str) -> String {
    format!(
        "CREATE SCHEMA {schema}; CREATE EXTENSION {name} SCHEMA {schema}; {}",
        granted(schema)
    )
}

/// `login` becomes another type.
fn login_is(before: &str, kind: &str) -> String {
    format!("{before} ALTER TABLE people ALTER login TYPE {kind} USING login::text::{kind};")
}

/// A column that can never be decoded, where a name belongs and where an attribute does.
fn undecodable() -> Vec<Case> {
    let name = |name, kind: &str, value: &str| {
        case(
            name,
            format!("ALTER TABLE people ADD odd {kind}; UPDATE people SET odd = {value};"),
        )
        .replaced("login AS username", "odd AS username")
    };
    vec![
        name("a name that is an interval", "interval", "'1 day'").refused("SQL_QUERY_ALL_USERS", "interval"),
        name("a name that is a point", "point", "'(1,2)'").refused("SQL_QUERY_ONE_USER", "point"),
        name("a name that is money", "money", "7").refused("SQL_QUERY_ALL_USERS", "username"),
        name("a name that is a range", "int4range", "'[1,2]'").refused("SQL_QUERY_ALL_USERS", "int4range"),
        case(
            "a name that is a row",
            "CREATE SCHEMA app; CREATE TYPE app.\"Full.Name\" AS (a text, b text); GRANT USAGE ON SCHEMA app TO gateway;
             ALTER TABLE people ADD odd app.\"Full.Name\";",
        )
        .replaced("login AS username", "odd AS username")
        .refused("SQL_QUERY_ALL_USERS", "app.\"Full.Name\""),
        case("a number that is a range", "")
            .replaced("id AS uid_number", "int4range(id, id, '[]') AS uid_number")
            .refused("SQL_QUERY_ALL_USERS", "uid_number"),
        case("a group that is a box", "")
            .groups("SELECT box(point(1, 2)) AS name, gid AS gid_number FROM teams")
            .refused("SQL_QUERY_ALL_GROUPS", "name"),
        case("a member that is a path", "")
            .memberships("SELECT path '((0,0),(1,1))' AS username, gid AS gid_number FROM belongs")
            .refused("SQL_QUERY_ALL_MEMBERSHIPS", "path"),
        case("attributes that cannot be decoded", "")
            .with_column("interval '1 day' AS title, ARRAY[money '1'] AS mobile, row(1, 2) AS description")
            .lacking(&["SQL_QUERY_ALL_USERS: column title", "SQL_QUERY_ONE_USER: column mobile", "description"]),
        case("a status that cannot be decoded", "CREATE DOMAIN stay AS daterange;")
            .with_column("NULL::stay AS expires_at")
            .refused("SQL_QUERY_ONE_USER", "column expires_at is of type daterange, whose values cannot be decoded, and nobody with a value could bind"),
        case("a chain that cannot be decoded", "")
            .with_column("NULL::money AS status, NULL::interval AS enabled, NULL::point AS locked, NULL::int4range AS auth_backends")
            .refused("SQL_QUERY_ONE_USER", "column auth_backends is of type"),
        case("a status that cannot be decoded and is not read", "")
            .users("SELECT *, login AS username, id AS uid_number, gid AS gid_number, pw AS password, '7'::money AS locked FROM people", "")
            .one(format!("{USERS} WHERE login = ?"))
            .said("SQL_QUERY_ONE_USER has no column locked, which SQL_QUERY_ALL_USERS has: it refuses nobody"),
    ]
}

fn types() -> Vec<Case> {
    let citext = || extension("citext", "extensions");
    vec![
        case("citext elsewhere", login_is(&citext(), "extensions.citext")),
        case("citext elsewhere, cast", login_is(&citext(), "extensions.citext"))
            .replaced("login = ?", "login = ?::extensions.citext"),
        case(
            "citext in a schema with an odd name",
            login_is(&extension("citext", "\"My ext.1\"\"x\""), "\"My ext.1\"\"x\".citext"),
        )
        .replaced("login = ?", "login = $1::\"My ext.1\"\"x\".citext"),
        case("citext in public", login_is("CREATE EXTENSION citext;", "citext")),
        case(
            "citext elsewhere, memberships listed",
            citext()
                + "CREATE TABLE mine (login extensions.citext, team extensions.citext); \
                INSERT INTO mine VALUES ('Alice', 'ADMINS');",
        )
        .memberships("SELECT login AS username, team AS name FROM mine"),
        case(
            "domain over citext",
            login_is(
                &(citext()
                    + "CREATE SCHEMA app; GRANT USAGE ON SCHEMA app TO gateway; \
                    CREATE DOMAIN app.\"Login\" AS extensions.citext CHECK (VALUE ~ '^[A-Za-z0-9]+$');"),
                "app.\"Login\"",
            ),
        )
        .replaced("login = ?", "login = ?::app.\"Login\""),
        case(
            "domain of a domain",
            login_is(
                "CREATE SCHEMA app; GRANT USAGE ON SCHEMA app TO gateway; CREATE DOMAIN app.word AS varchar(20); \
                 CREATE DOMAIN app.login AS app.word NOT NULL CHECK (VALUE !~ ' ');",
                "app.login",
            ),
        )
        .replaced("login = ?", "login = ?::app.login"),
        case(
            "enum in a schema with an odd name",
            login_is(
                &("CREATE SCHEMA \"odd.schema\"; CREATE TYPE \"odd.schema\".\"Login Name\" AS ENUM ('alice', 'bob');"
                    .to_string()
                    + &granted("\"odd.schema\"")),
                "\"odd.schema\".\"Login Name\"",
            ),
        )
        .replaced("login = ?", "login = ?::\"odd.schema\".\"Login Name\""),
        case(
            "enum called citext",
            login_is(
                &("CREATE SCHEMA app; CREATE TYPE app.citext AS ENUM ('alice', 'bob');".to_string() + &granted("app")),
                "app.citext",
            ),
        ),
        case(
            "ltree elsewhere",
            login_is(&extension("ltree", "extensions"), "extensions.ltree"),
        )
        .replaced("login = ?", "login OPERATOR(extensions.=) ?::extensions.ltree"),
        case(
            "values of extensions",
            extension("hstore", "h") + &extension("ltree", "\"L\"") + &extension("citext", "c"),
        )
        .with_column(
            "h.hstore('a', '1') AS title, text2ltree('x.y') AS description, \
             ARRAY['A', 'b']::c.citext[] AS mobile",
        )
        .replaced("text2ltree(", "\"L\".text2ltree(")
        .has("title", &["\"a\"=>\"1\""])
        .has("description", &["x.y"])
        .has("mobile", &["A", "b"]),
        case(
            "lists of own types",
            "CREATE SCHEMA \"S.1\"; CREATE TYPE \"S.1\".\"Mood\" AS ENUM ('sad', 'OK'); \
             CREATE DOMAIN \"S.1\".moods AS \"S.1\".\"Mood\"[]; CREATE DOMAIN \"S.1\".word AS text; \
             GRANT USAGE ON SCHEMA \"S.1\" TO gateway;",
        )
        .with_column(
            "ARRAY['sad', 'OK']::\"S.1\".\"Mood\"[] AS title, ARRAY['sad']::\"S.1\".moods AS description, \
             ARRAY['x', 'y']::\"S.1\".word[] AS mobile",
        )
        .has("title", &["sad", "OK"])
        .has("description", &["sad"])
        .has("mobile", &["x", "y"]),
        case(
            "uuid names",
            login_is(
                "UPDATE people SET login = CASE id WHEN 1001 THEN \
             '5f0c7a52-0000-4000-8000-000000000001' ELSE '5f0c7a52-0000-4000-8000-000000000002' END;",
                "uuid",
            ),
        )
        .named(
            "5f0c7a52-0000-4000-8000-000000000001",
            "5f0c7a52-0000-4000-8000-000000000002",
        ),
        case(
            "uuid keys",
            "ALTER TABLE people ADD u uuid DEFAULT gen_random_uuid(); \
             CREATE TABLE joined AS SELECT p.u, b.gid FROM belongs b JOIN people p ON p.id = b.id;",
        )
        .with_column("u AS entry_uuid")
        .by_member(
            "SELECT t.name FROM teams t JOIN joined j USING (gid) WHERE j.u = (SELECT u FROM people WHERE login = ?)",
        ),
        case("integer names", "")
            .users(
                "SELECT id AS username, id AS uid_number, gid AS gid_number, pw AS password FROM people",
                "id = ?",
            )
            .replaced("p.login = ?", "p.id = ?")
            .named("1001", "1002"),
        case("decimal names", "ALTER TABLE people ALTER id TYPE numeric(12);")
            .users(
                "SELECT id AS username, id AS uid_number, gid AS gid_number, pw AS password FROM people",
                "id = ?",
            )
            .replaced("p.login = ?", "p.id = ?")
            .named("1001", "1002"),
        case(
            "bigint names, nobody there",
            "DELETE FROM belongs; INSERT INTO belongs VALUES (1001, 2002);
              ALTER TABLE people ALTER id TYPE bigint;",
        )
        .users(
            "SELECT id AS username, id AS uid_number, gid AS gid_number, pw AS password FROM people",
            "$1 = id",
        )
        .replaced("p.login = ?", "p.id = $1")
        .named("1001", "1002"),
        case("names of fixed length", login_is("", "char(20)")),
        case("names of type name", login_is("", "name")),
        case(
            "names as bytes",
            "ALTER TABLE people ALTER login TYPE bytea USING convert_to(login, 'UTF8');",
        ),
        case(
            "a collation without case",
            "CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false); \
             ALTER TABLE people ALTER login TYPE text COLLATE nocase;",
        ),
        case(
            "JSON",
            "CREATE TABLE docs AS SELECT jsonb_build_object('login', login, 'id', id, 'gid', gid, 'pw', pw, \
              'title', jsonb_build_array('a', 'b')) AS data FROM people;",
        )
        .users(
            "SELECT data->>'login' AS username, (data->>'id')::int AS uid_number, data->'gid' AS gid_number, \
                 data->>'pw' AS password, data->'title' AS title FROM docs",
            "data @> jsonb_build_object('login', ?::text)",
        )
        .has("title", &["a", "b"]),
        case(
            "names in a list",
            "ALTER TABLE people ADD also text[]; UPDATE people SET also = ARRAY[login, 'x'];",
        )
        .users(USERS, "? = ANY(also) AND also <> ARRAY['nobody']"),
    ]
}

fn forms() -> Vec<Case> {
    vec![
        case("plain", ""),
        case("a view", "CREATE VIEW accounts AS SELECT * FROM people WHERE pw <> '';").replaced("FROM people", "FROM accounts"),
        case("a materialized view", "CREATE MATERIALIZED VIEW accounts AS SELECT * FROM people;")
            .replaced("FROM people", "FROM accounts"),
        case("generated", "ALTER TABLE people ADD lower_login text GENERATED ALWAYS AS (lower(login)) STORED;")
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
        case(
            "a function",
            "CREATE FUNCTION people_of(text) RETURNS TABLE (login text, id int, gid int, pw text) LANGUAGE sql STABLE \
             AS 'SELECT login, id, gid, pw FROM people WHERE $1 IS NULL OR login = $1';",
        )
        .replaced("FROM people", "FROM people_of(NULL)")
        .one("SELECT login AS username, id AS uid_number, gid AS gid_number, pw AS password FROM people_of(?)")
        .by_member("SELECT name FROM teams JOIN belongs USING (gid) WHERE id IN (SELECT id FROM people_of(?))"),
        case(
            "partitions",
            "CREATE TABLE parted (LIKE people) PARTITION BY HASH (login); \
             CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 0); \
             CREATE TABLE parted_1 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 1); \
             INSERT INTO parted SELECT * FROM people;",
        )
        .replaced("FROM people", "FROM parted"),
        case("another schema", "CREATE SCHEMA app; ALTER TABLE people SET SCHEMA app;".to_string() + &granted("app"))
            .replaced("people", "app.people"),
        case("odd names", "ALTER TABLE people RENAME TO \"we ird.table\"\"\"; \
             ALTER TABLE \"we ird.table\"\"\" RENAME login TO \"log'in ?\";")
            .replaced("people", "\"we ird.table\"\"\"")
            .replaced("login", "\"log'in ?\""),
        case("reserved words", "ALTER TABLE people RENAME TO \"user\"; ALTER TABLE \"user\" RENAME login TO \"order\"; \
             ALTER TABLE teams RENAME TO \"group\";")
            .replaced("people", "\"user\"")
            .replaced("login", "\"order\"")
            .replaced("teams", "\"group\""),
        case("casts of the parameter", "")
            .users(USERS, "login = lower(CAST(? AS varchar(64))) OR (? = 'x' AND login = $$y$$)")
            .replaced("p.login = ?", "p.login = concat(?)"),
        case("members in a column", "ALTER TABLE teams ADD who varchar(20)[]; UPDATE teams SET who = '{alice}' WHERE gid = 2002;")
            .groups("SELECT name, gid AS gid_number, who AS member_uids FROM teams"),
        case("memberships listed", "")
            .memberships("SELECT login AS username, b.gid AS gid_number FROM belongs b JOIN people p USING (id)"),
        case("an aggregate", "").users(
            "SELECT * FROM (SELECT login AS username, id AS uid_number, gid AS gid_number, max(pw) AS password \
             FROM people GROUP BY login, id, gid LIMIT 100) q",
            "username = ?",
        ),
        case("the last of a name counts", "ALTER TABLE people ADD password text DEFAULT '{SHA}wrong', ADD locked boolean;
              UPDATE people SET locked = true;")
            .users("SELECT *, login AS username, id AS uid_number, gid AS gid_number, pw AS password, false AS locked FROM people", "login = ?")
            .said("SQL_QUERY_ONE_USER: password is the name of several columns")
            .said("SQL_QUERY_ONE_USER: locked is the name of several columns"),
        case("no such operator", "")
            .users("SELECT login::json AS username, id AS uid_number, gid AS gid_number, pw AS password FROM people", "login = ?")
            .refused("SQL_QUERY_ALL_USERS", "json"),
        case("no such type", "").replaced("login = ?", "login = ?::extensions.citext")
            .refused("SQL_QUERY_ONE_USER", "extensions"),
    ]
}

#[test]
fn check_says_what_serve_does_on_postgresql() {
    run_all(Engine::PostgreSql, [types(), forms(), undecodable()].concat());
}
