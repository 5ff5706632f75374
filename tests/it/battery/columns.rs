//! Columns become attributes: account columns, pass-through, what is never served, rows that are bad.

use super::{Battery, names, search};
use crate::harness::gateway::run_to_end;
use crate::harness::ldap::{BATTERY_PASSWORD, set, user_dn};
use crate::harness::{Database, Engine, Env, Gateway, ldapwhoami};
use std::time::{SystemTime, UNIX_EPOCH};

/// Refused by a bind, all with the same right password?
fn refuses(gateway: &Gateway, user: &str) -> bool {
    match ldapwhoami(gateway, &user_dn(user), BATTERY_PASSWORD).0 {
        0 => false,
        49 => true,
        code => panic!("{user}: {code}"),
    }
}

/// A database of the case's own in which `cheap` has copies of several names.
fn with_copies(engine: Engine, columns: &str, copies: &[(&str, &str)]) -> Database {
    let database = Database::fresh(engine);
    for column in columns.split(", ") {
        database.sql(&format!("ALTER TABLE \"Users\" ADD COLUMN {column}"));
    }
    for (number, (name, set)) in copies.iter().enumerate() {
        database.sql(&format!(
            "INSERT INTO \"Users\" (\"uid\", \"uidNumber\", \"gidNumber\", \"userPassword\") \
             SELECT '{name}', {}, \"gidNumber\", \"userPassword\" FROM \"Users\" WHERE \"uid\" = 'cheap';\n\
             UPDATE \"Users\" SET {set} WHERE \"uid\" = '{name}'",
            50_000 + number
        ));
    }
    database
}

pub fn enabled_and_locked(ctx: &Battery) {
    let copies = [
        ("yes", "\"on_\" = TRUE"),
        ("no", "\"on_\" = FALSE"),
        ("unset", "\"on_\" = NULL"),
        ("locked1", "\"lock_\" = 1"),
        ("locked0", "\"lock_\" = 0"),
        ("locked7", "\"lock_\" = 7"),
    ];
    let database = with_copies(ctx.engine, "\"on_\" boolean, \"lock_\" integer", &copies);
    let gateway = Gateway::start(
        &database
            .deployed()
            .with_user_columns(&ctx.engine.quoted("\"on_\" AS enabled, \"lock_\" AS locked")),
    );
    assert!(!refuses(&gateway, "yes"));
    assert!(refuses(&gateway, "no"));
    assert!(!refuses(&gateway, "unset"));
    assert!(refuses(&gateway, "locked1"));
    assert!(!refuses(&gateway, "locked0"));
    assert!(refuses(&gateway, "locked7"), "a value that cannot be read refuses");
    assert!(
        search(&gateway, &["(uid=no)", "enabled", "locked"])
            .only()
            .attributes
            .is_empty()
    );
}

pub fn enabled_as_text(ctx: &Battery) {
    let words = [
        "true", "T", "yes", "Y", "on", "1", "false", "F", "no", "N", "off", "0", "perhaps",
    ];
    let names: Vec<String> = (0..words.len()).map(|n| format!("word{n}")).collect();
    let sets: Vec<String> = words.iter().map(|word| format!("\"on_\" = '{word}'")).collect();
    let copies: Vec<(&str, &str)> = names
        .iter()
        .map(String::as_str)
        .zip(sets.iter().map(String::as_str))
        .collect();
    let database = with_copies(ctx.engine, "\"on_\" varchar(10)", &copies);
    let enabled = Gateway::start(
        &database
            .deployed()
            .with_user_columns(&ctx.engine.quoted("\"on_\" AS enabled")),
    );
    let locked = Gateway::start(
        &database
            .deployed()
            .with_user_columns(&ctx.engine.quoted("\"on_\" AS locked")),
    );
    for (number, (name, word)) in names.iter().zip(words).enumerate() {
        assert_eq!(refuses(&enabled, name), number >= 6, "enabled = {word}");
        assert_eq!(refuses(&locked, name), !(6..12).contains(&number), "locked = {word}");
    }
}

pub fn expiry(ctx: &Battery) {
    let copies = [
        ("past", "\"until_\" = '2001-02-03 04:05:06'"),
        ("future", "\"until_\" = '2099-02-03 04:05:06'"),
        ("never", "\"until_\" = NULL"),
    ];
    let kind = if ctx.engine == Engine::PostgreSql {
        "timestamp with time zone"
    } else {
        "datetime"
    };
    let database = with_copies(ctx.engine, &format!("\"until_\" {kind}"), &copies);
    let gateway = Gateway::start(
        &database
            .deployed()
            .with_user_columns(&ctx.engine.quoted("\"until_\" AS expires_at")),
    );
    assert!(refuses(&gateway, "past"));
    assert!(!refuses(&gateway, "future"));
    assert!(!refuses(&gateway, "never"));
}

pub fn status_in_any_case(ctx: &Battery) {
    let copies = [
        ("s1", "\"status\" = 'Pending'"),
        ("s2", "\"status\" = 'SUSPENDED'"),
        ("s3", "\"status\" = 'active'"),
        ("s4", "\"status\" = 'whatever'"),
        ("s5", "\"status\" = ''"),
    ];
    let database = with_copies(ctx.engine, "\"unused_\" integer", &copies);
    let gateway = Gateway::start(&database.deployed().with_user_columns(&ctx.engine.quoted("\"status\"")));
    assert_eq!(
        ["s1", "s2", "s3", "s4", "s5"].map(|name| refuses(&gateway, name)),
        [true, true, false, false, false]
    );
}

pub fn status_by_a_list_of_ones_own(ctx: &Battery) {
    let words = [
        "pending",
        "suspended",
        "disabled",
        "inactive",
        "deactivated",
        "locked",
        "blocked",
        "banned",
        "deleted",
        "archived",
        "expired",
        " Banned ",
        "active",
        "Gesperrt",
        "AUSSER DIENST",
    ];
    let names: Vec<String> = (0..words.len()).map(|n| format!("st{n}")).collect();
    let sets: Vec<String> = words.iter().map(|word| format!("\"status\" = '{word}'")).collect();
    let copies = names.iter().map(String::as_str).zip(sets.iter().map(String::as_str));
    let database = with_copies(ctx.engine, "\"unused_\" integer", &copies.collect::<Vec<_>>());
    let env = database.deployed().with_user_columns(&ctx.engine.quoted("\"status\""));
    let usual = Gateway::start(&env);
    let own = Gateway::start(&env.with("ACCOUNT_STATUS_REFUSED", "gesperrt, außer dienst"));
    for (number, (name, word)) in names.iter().zip(words).enumerate() {
        assert_eq!(refuses(&usual, name), number < 12, "{word}");
        assert_eq!(refuses(&own, name), number > 12, "{word}");
    }
}

/// Yesterday and tomorrow, in seconds since 1970.
fn around_now() -> [u64; 2] {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    [now - 86_400, now + 86_400]
}

pub fn expiry_in_numbers(ctx: &Battery) {
    let [past, future] = around_now();
    let mut cases: Vec<(String, bool)> = Vec::new();
    for unit in ["", "000", "000000"] {
        cases.extend([(format!("{past}{unit}"), true), (format!("{future}{unit}"), false)]);
    }
    for refused in [
        "0",
        "-1",
        "-9223372036854775808",
        "9223372036854775807",
        "20200102030405",
    ] {
        cases.push((refused.to_owned(), true));
    }
    cases.push(("253402300799".to_owned(), false));
    let names: Vec<String> = (0..cases.len()).map(|n| format!("ex{n}")).collect();
    let sets: Vec<String> = cases
        .iter()
        .map(|(number, _)| format!("\"until_\" = {number}, \"words_\" = '{number}'"))
        .collect();
    let copies = names.iter().map(String::as_str).zip(sets.iter().map(String::as_str));
    let mut copies: Vec<(&str, &str)> = copies.collect();
    copies.extend([
        ("never", "\"words_\" = 'never'"),
        ("infinity", "\"words_\" = 'infinity'"),
        ("local", "\"words_\" = '31.12.2099'"),
        ("blank", "\"words_\" = ' '"),
        ("late", "\"words_\" = '10000-01-01'"),
        ("zoned", "\"words_\" = '2099-01-02 03:04:05+02'"),
        ("empty", "\"words_\" = ''"),
    ]);
    let database = with_copies(ctx.engine, "\"until_\" bigint, \"words_\" varchar(40)", &copies);
    let with = |column: &str| {
        let columns = ctx.engine.quoted(&format!("\"{column}\" AS expires_at"));
        Gateway::start(&database.deployed().with_user_columns(&columns))
    };
    let (numbers, texts) = (with("until_"), with("words_"));
    for (name, (number, refused)) in names.iter().zip(&cases) {
        assert_eq!(refuses(&numbers, name), *refused, "{number}");
        assert_eq!(refuses(&texts, name), *refused, "{number} as text");
    }
    for (name, refused) in [
        ("never", true),
        ("infinity", true),
        ("local", true),
        ("blank", true),
        ("late", true),
        ("zoned", false),
        ("empty", false),
    ] {
        assert_eq!(refuses(&texts, name), refused, "{name}");
    }
}

/// Values of a column that refuse, and those that do not.
type Values = (
    &'static str,
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

/// Each with its alias, its type, what refuses and what allows.
fn typed(engine: Engine) -> Vec<Values> {
    match engine {
        Engine::PostgreSql => vec![
            (
                "enabled",
                "jsonb",
                &["'false'", "'0'", "'{}'", "'[true, true]'", "'2.5'"],
                &["'true'", "'1'", "'\"yes\"'", "'null'", "NULL"],
            ),
            ("locked", "bit(1)", &["B'1'"], &["B'0'", "NULL"]),
            ("status", "bytea", &["'banned'", "'\\xff'"], &["'active'", "''"]),
            (
                "expires_at",
                "timestamptz",
                &["'-infinity'", "'2001-01-01'", "'4000-01-01 BC'"],
                &["'infinity'", "'20000-01-01'", "NULL"],
            ),
            ("enabled", "numeric", &["0", "'NaN'", "0.5", "-1"], &["1", "1.00"]),
            (
                "locked",
                "text[]",
                &["'{t}'", "'{f}'", "'{f,f}'"],
                &["'{}'", "'{NULL}'"],
            ),
            (
                "status",
                "jsonb",
                &["'\"Banned\"'", "'[\"banned\"]'", "'[\"a\", \"b\"]'"],
                &["'\"active\"'", "'null'"],
            ),
            (
                "expires_at",
                "date",
                &["'0001-01-01'", "'2001-01-01'", "'-infinity'"],
                &["'infinity'", "'2099-01-01'"],
            ),
            ("enabled", "char(8)", &["'no'", "'0'"], &["'yes'", "''", "' '"]),
            ("locked", "smallint", &["1", "-1"], &["0"]),
            ("status", "char(20)", &["'banned'", "' LOCKED'"], &["'active'", "''"]),
            (
                "expires_at",
                "double precision",
                &["'NaN'", "'Infinity'", "1e300", "1000000000.5"],
                &["4000000000.5"],
            ),
        ],
        Engine::MariaDb => vec![
            ("enabled", "bit(1)", &["b'0'"], &["b'1'", "NULL"]),
            ("locked", "bit(8)", &["b'1'", "b'100'"], &["b'0'"]),
            (
                "status",
                "enum('active','banned')",
                &["'banned'"],
                &["'active'", "NULL"],
            ),
            (
                "expires_at",
                "datetime",
                &["'0000-00-00 00:00:00'", "'2001-01-01'"],
                &["'2099-01-01'", "NULL"],
            ),
            ("enabled", "tinyint", &["0", "-1"], &["1", "2"]),
            ("locked", "decimal(10,2)", &["1.00", "0.5"], &["0.00"]),
            (
                "status",
                "set('active','banned','vip')",
                &["'banned'", "'active,banned'"],
                &["'active,vip'", "''"],
            ),
            (
                "expires_at",
                "bigint unsigned",
                &["18446744073709551615", "1000000000000"],
                &["4000000000000"],
            ),
            ("enabled", "json", &["'false'", "'{}'"], &["'true'", "'1'"]),
            ("locked", "char(8)", &["'yes'", "'x'"], &["'no'", "''"]),
            ("status", "binary(10)", &["'banned'"], &["'active'"]),
            (
                "expires_at",
                "date",
                &["'0000-00-00'", "'2001-01-01'"],
                &["'2099-01-01'"],
            ),
            ("status", "json", &["'\"banned\"'", "'[\"banned\"]'"], &["'\"active\"'"]),
            ("expires_at", "time", &["'12:00:00'"], &["NULL"]),
        ],
        Engine::Sqlite => vec![
            (
                "enabled",
                "",
                &["0", "'no'", "x'00'", "x'ff'", "0.5", "-1"],
                &["1", "'yes'", "x'01'", "1.0", "''", "NULL"],
            ),
            ("locked", "", &["1", "'on'", "2", "x'01'"], &["0", "'off'", "0.0"]),
            (
                "status",
                "",
                &["'banned'", "x'62616e6e656400'", "x'ff'", "'\"banned\"'"],
                &["'active'", "0", "''"],
            ),
            (
                "expires_at",
                "",
                &[
                    "'2001-01-01'",
                    "1e300",
                    "1000000000.5",
                    "'infinity'",
                    "9e999",
                    "x'ff'",
                    "1000000000000",
                ],
                &["'2099-01-01'", "4000000000.5", "4000000000000", "NULL"],
            ),
        ],
    }
}

/// Whatever its type, no value is read as more than it says.
pub fn account_columns_of_every_type(ctx: &Battery) {
    let typed = typed(ctx.engine);
    let mut columns = Vec::new();
    let mut copies = Vec::new();
    for (number, (_, kind, refusing, allowing)) in typed.iter().enumerate() {
        columns.push(format!("\"c{number}\" {kind}"));
        for (which, values) in [("r", refusing), ("a", allowing)] {
            let values = values.iter().enumerate();
            copies.extend(values.map(|(n, value)| {
                (
                    format!("{which}{number}x{n}"),
                    format!("\"c{number}\" = {value}"),
                    *value,
                )
            }));
        }
    }
    let plain: Vec<(&str, &str)> = copies
        .iter()
        .map(|(name, set, _)| (name.as_str(), set.as_str()))
        .collect();
    let database = with_copies(ctx.engine, &columns.join(", "), &plain);
    // As many columns at once as have different names.
    let mut rounds: Vec<Vec<usize>> = Vec::new();
    for (number, (alias, ..)) in typed.iter().enumerate() {
        match rounds
            .iter_mut()
            .find(|round| round.iter().all(|other| typed[*other].0 != *alias))
        {
            Some(round) => round.push(number),
            None => rounds.push(vec![number]),
        }
    }
    for round in rounds {
        let columns: Vec<String> = round
            .iter()
            .map(|number| format!("\"c{number}\" AS {}", typed[*number].0))
            .collect();
        let gateway = Gateway::start(
            &database
                .deployed()
                .with_user_columns(&ctx.engine.quoted(&columns.join(", "))),
        );
        for number in round {
            for (name, _, value) in &copies {
                let expected =
                    [format!("r{number}x"), format!("a{number}x")].map(|beginning| name.starts_with(&beginning));
                if expected.contains(&true) {
                    let (alias, kind, ..) = typed[number];
                    assert_eq!(refuses(&gateway, name), expected[0], "{alias} {kind} {value}");
                }
            }
        }
    }
}

pub fn chains_with_empty_items(ctx: &Battery) {
    let chains = [
        ("sql", false),
        ("sql,", false),
        (",SQL , ", false),
        (",", false),
        (" , ", false),
        ("  ", false),
        ("", false),
        ("sql,notification", true),
        ("totp,", true),
        ("none", true),
    ];
    let names: Vec<String> = (0..chains.len()).map(|n| format!("ch{n}")).collect();
    let sets: Vec<String> = chains
        .iter()
        .map(|(chain, _)| format!("\"chain_\" = '{chain}'"))
        .collect();
    let copies = names.iter().map(String::as_str).zip(sets.iter().map(String::as_str));
    let database = with_copies(ctx.engine, "\"chain_\" varchar(40)", &copies.collect::<Vec<_>>());
    let columns = ctx.engine.quoted("\"chain_\" AS auth_backends");
    let gateway = Gateway::start(&database.deployed().with_user_columns(&columns));
    for (name, (chain, refused)) in names.iter().zip(chains) {
        assert_eq!(refuses(&gateway, name), refused, "{chain:?}");
    }
}

/// posixAccount requires one, and SSSD ignores a user without.
pub fn home_directories_for_everybody(ctx: &Battery) {
    let gateway = ctx.gateway_with(|env| exchanged(env, ctx.engine, "\"homeDirectory\"", "NULL"));
    let whole = names(&gateway, "(&(objectClass=posixAccount)(homeDirectory=*))");
    assert_eq!(whole, names(&gateway, "(objectClass=posixAccount)"));
    assert!(whole.contains("jörg"));
    for entry in search(&gateway, &["(objectClass=posixAccount)"]).success() {
        for required in ["cn", "uid", "uidNumber", "gidNumber", "homeDirectory"] {
            assert_eq!(entry.values(required).len(), 1, "{required} of {}", entry.dn);
        }
    }
    let joerg = search(&gateway, &["(uid=jörg)"]).only();
    let home = format!("/home/{}", joerg.one("uidNumber"));
    assert_eq!(joerg.one("homeDirectory"), home);
    assert_eq!(names(&gateway, &format!("(homeDirectory={home})")), set(["jörg"]));
    assert!(!names(&gateway, &format!("(!(homeDirectory={home}))")).contains("jörg"));
    assert_eq!(names(&gateway, "(homeDirectory=/home/alice)"), set(["alice"]));
    let alice = search(&gateway, &["(uid=alice)"]).only().one("uidNumber");
    assert!(names(&gateway, &format!("(homeDirectory=/home/{alice})")).is_empty());
    assert!(names(&gateway, &format!("(!(homeDirectory=/home/{alice}))")).contains("alice"));
    assert_eq!(names(&gateway, "(&(uid=nogid)(homeDirectory=*))"), set([]));
}

/// User queries with one expression exchanged for another.
fn exchanged(env: Env, engine: Engine, from: &str, to: &str) -> Env {
    let (from, to) = (engine.quoted(from), engine.quoted(to));
    let change = |query: &str| {
        assert!(query.contains(&from), "{from} in {query}");
        query.replacen(&from, &to, 1)
    };
    env.changed("SQL_QUERY_ALL_USERS", change)
        .changed("SQL_QUERY_ONE_USER", change)
}

pub fn a_row_without_a_name_is_left_out(ctx: &Battery) {
    let gateway = ctx.gateway_with(|env| {
        exchanged(
            env,
            ctx.engine,
            "\"uid\" AS username",
            "NULLIF(\"uid\", 'bob') AS username",
        )
    });
    let mut others = ctx.users("1 = 1");
    others.remove("bob");
    assert_eq!(names(&gateway, "(objectClass=person)"), others);
    assert!(names(&gateway, "(uid=bob)").is_empty());
    assert!(
        !search(&gateway, &["(cn=staff)", "memberUid"])
            .only()
            .set("memberUid")
            .contains("bob"),
        "a membership needs both"
    );
}

pub fn a_number_that_is_none(ctx: &Battery) {
    let text = if ctx.engine == Engine::MariaDb {
        "char(20)"
    } else {
        "varchar(20)"
    };
    let gateway = ctx.gateway_with(|env| {
        let number = format!("CASE \"uid\" WHEN 'bob' THEN 'abc' ELSE CAST(\"uidNumber\" AS {text}) END AS uid_number");
        exchanged(env, ctx.engine, "\"uidNumber\" AS uid_number", &number)
    });
    let bob = search(&gateway, &["(uid=bob)"]).only();
    assert!(
        !bob.set("objectClass").contains("posixAccount") && bob.values("uidNumber").is_empty(),
        "{bob:?}"
    );
    assert_eq!(bob.one("mail"), "bob.jones@example.com");
    assert_eq!(
        search(&gateway, &["(uid=alice)"]).only().one("uidNumber"),
        "10001",
        "text will do"
    );
    assert_eq!(names(&gateway, "(uidNumber=10001)"), set(["alice"]));
    assert_eq!(
        names(&gateway, "(&(uidNumber>=10002)(uidNumber<=10003))"),
        set(["carol"])
    );
}

pub fn select_all(ctx: &Battery) {
    let database = Database::fresh(ctx.engine);
    for column in [
        "apiToken",
        "notes",
        "passwordHash",
        "clientSecret",
        "telephoneNumber",
        "title",
        "description",
    ] {
        database.sql(&format!("ALTER TABLE \"Users\" ADD COLUMN \"{column}\" varchar(100)"));
        database.sql(&format!("UPDATE \"Users\" SET \"{column}\" = 'value of {column}'"));
    }
    let users = ctx.engine.quoted("SELECT * FROM \"Users\"");
    let gateway = Gateway::start(&database.deployed().with("SQL_QUERY_ALL_USERS", &users).with(
        "SQL_QUERY_ONE_USER",
        ctx.engine.quoted(&format!("{users} WHERE \"uid\" = ?")),
    ));
    let alice = search(&gateway, &["(uid=alice)", "*", "+"]).only();
    // The manager's own names work unaliased.
    for (name, value) in [
        ("cn", "Alice Smith"),
        ("uidNumber", "10001"),
        ("homeDirectory", "/home/alice"),
        ("mail", "alice@example.com"),
    ] {
        assert_eq!(alice.one(name), value);
    }
    assert_eq!(alice.one("createTimestamp"), "20240115093000Z");
    assert_eq!(alice.values("sshPublicKey").len(), 1);
    // Columns named like attributes of the schema are served, others are not.
    assert_eq!(alice.one("title"), "value of title");
    assert_eq!(alice.one("description"), "value of description");
    assert_eq!(names(&gateway, "(&(uid=alice)(title=VALUE OF TITLE))"), set(["alice"]));
    for (name, value) in &alice.attributes {
        let value = String::from_utf8_lossy(value);
        for hidden in ["apiToken", "notes", "passwordHash", "clientSecret", "$argon2"] {
            assert!(!value.contains(hidden), "{name}: {value}");
        }
    }
    assert!(names(&gateway, "(notes=*)").is_empty());
    assert!(
        refuses(&gateway, "shouting"),
        "the status column counts under its own name"
    );
    assert!(!refuses(&gateway, "cheap"));
}

pub fn pass_through(ctx: &Battery) {
    let columns = "'42' AS \"employeeNumber\", 'Blue' AS \"attr:badgeColour\", 'no' AS \"attr:mySecret\", 'no' AS \"attr:oldPassword\", \
                   'no' AS \"attr:tokenHash\", 'no' AS \"attr:pkcs12Key\", 'no' AS \"badgeShape\"";
    let gateway = ctx.gateway_with(|env| env.with_user_columns(&ctx.engine.quoted(columns)));
    let alice = search(&gateway, &["(uid=alice)"]).only();
    assert_eq!(
        (alice.one("employeeNumber"), alice.one("badgeColour")),
        ("42".into(), "Blue".into())
    );
    assert!(alice.attributes.iter().all(|(_, value)| value != b"no"), "{alice:?}");
    // No class of its allows badgeColour.
    assert!(alice.set("objectClass").contains("extensibleObject"));
    assert_eq!(names(&gateway, "(&(uid=alice)(badgecolour=BLUE))"), set(["alice"]));
    assert_eq!(
        search(&gateway, &["(uid=alice)", "badgecolour"])
            .only()
            .attributes
            .len(),
        1
    );
    for hidden in ["mySecret", "oldPassword", "tokenHash", "pkcs12Key", "badgeShape"] {
        assert!(names(&gateway, &format!("({hidden}=*)")).is_empty(), "{hidden}");
    }
}

pub fn never_from_a_column(ctx: &Battery) {
    let columns = "'posixGroup' AS \"objectClass\", 'cn=root' AS \"dn\", 'cn=nowhere,dc=example,dc=com' AS \"memberOf\", \
                   'uid=bob,dc=example,dc=com' AS \"member\", 'x' AS \"creatorsName\"";
    let gateway = ctx.gateway_with(|env| env.with_user_columns(&ctx.engine.quoted(columns)));
    let alice = search(&gateway, &["(uid=alice)", "*", "+"]).only();
    assert_eq!(alice.dn, user_dn("alice"));
    assert!(!alice.set("objectClass").contains("posixGroup"));
    assert!(!alice.values("memberOf").iter().any(|dn| dn.contains("nowhere")));
    assert!(alice.values("member").is_empty() && alice.values("creatorsName").is_empty());
}

pub fn the_column_further_left_counts(ctx: &Battery) {
    let shells = "'/bin/first' AS login_shell, '/bin/second' AS \"loginShell\"";
    let gateway = ctx.gateway_with(|env| env.with_user_columns(&ctx.engine.quoted(shells)));
    let alice = search(&gateway, &["(uid=alice)"]).only();
    assert_eq!(alice.one("loginShell"), "/bin/first");
}

/// Names that differ in letter case only are one name, also where the database tells them apart.
pub fn the_last_column_of_a_name_counts(ctx: &Battery) {
    let cheap = "CASE WHEN \"uid\" = 'cheap' THEN";
    let columns = format!(
        "'active' AS \"Status\", {cheap} 'locked' ELSE 'active' END AS status, 'second@example.com' AS \"MAIL\""
    );
    let env = ctx.database.deployed().with_user_columns(&ctx.engine.quoted(&columns));
    assert!(!refuses(ctx.gateway, "cheap"));
    let gateway = Gateway::start(&env);
    assert!(refuses(&gateway, "cheap"), "the last status locks");
    let alice = search(&gateway, &["(uid=alice)"]).only();
    assert_eq!(alice.one("mail"), "second@example.com");
    assert_eq!(
        names(&gateway, "(&(uid=alice)(mail=second@example.com))"),
        set(["alice"])
    );
    assert!(names(&gateway, "(mail=alice@example.com)").is_empty());
    let report = run_to_end(&env, &["check"], "").text();
    assert!(
        report.contains("SQL_QUERY_ONE_USER: Status is the name of several columns"),
        "{report}"
    );

    let new_password = "'no hash' AS \"Password\"";
    let gateway = ctx.gateway_with(|env| env.with_user_columns(&ctx.engine.quoted(new_password)));
    assert!(refuses(&gateway, "cheap"), "the old hash does not count");
}

pub fn kinds_of_columns(ctx: &Battery) {
    let columns = match ctx.engine {
        Engine::PostgreSql => {
            "12::smallint AS \"employeeNumber\", 1234567890123::bigint AS \"carLicense\", 12.50::numeric(8,2) AS \"departmentNumber\", \
             TRUE AS \"employeeType\", DATE '2024-05-06' AS \"description\", ARRAY['a','b'] AS \"title\", '[\"x\",\"y\"]'::json AS \"l\", \
             'padded'::char(10) AS \"roomNumber\", '5f0c6d3e-8a41-4c57-9b1e-000000010001'::uuid AS \"st\", '\\xffd8'::bytea AS \"jpegPhoto\", \
             'n'::name AS \"street\""
        }
        Engine::MariaDb => {
            "CAST(12 AS UNSIGNED) AS `employeeNumber`, 1234567890123 AS `carLicense`, CAST(12.50 AS DECIMAL(8,2)) AS `departmentNumber`, \
             TRUE AS `employeeType`, DATE '2024-05-06' AS `description`, JSON_ARRAY('a','b') AS `title`, \
             CONCAT('[\"x\",\"y\"]') AS `l`, 'padded' AS `roomNumber`, X'ffd8' AS `jpegPhoto`, 'n' AS `street`"
        }
        Engine::Sqlite => {
            "12 AS \"employeeNumber\", 1234567890123 AS \"carLicense\", '12.50' AS \"departmentNumber\", 1 AS \"employeeType\", \
             '2024-05-06' AS \"description\", json_array('a','b') AS \"title\", json('[\"x\",\"y\"]') AS \"l\", 'padded' AS \"roomNumber\", \
             X'ffd8' AS \"jpegPhoto\", 'n' AS \"street\""
        }
    };
    let gateway = ctx.gateway_with(|env| env.with_user_columns(columns));
    let alice = search(&gateway, &["(uid=alice)"]).only();
    assert_eq!(alice.one("employeeNumber"), "12");
    assert_eq!(alice.one("carLicense"), "1234567890123");
    assert_eq!(alice.one("departmentNumber"), "12.50");
    assert!(["TRUE", "1"].contains(&alice.one("employeeType").as_str()), "{alice:?}");
    assert!(alice.one("description").starts_with("2024"), "{alice:?}");
    if ctx.engine == Engine::PostgreSql {
        // MariaDB and SQLite know JSON only as text.
        assert_eq!((alice.set("title"), alice.set("l")), (set(["a", "b"]), set(["x", "y"])));
    }
    assert_eq!(alice.one("roomNumber").trim_end(), "padded");
    assert_eq!(alice.one("street"), "n");
    let photo: Vec<&Vec<u8>> = alice
        .attributes
        .iter()
        .filter(|(name, _)| name == "jpegPhoto")
        .map(|(_, value)| value)
        .collect();
    assert_eq!(photo, [&vec![0xff, 0xd8]]);
    assert_eq!(
        names(&gateway, "(&(uid=alice)(street=N)(carLicense=1234567890123))"),
        set(["alice"])
    );
    assert_eq!(names(&gateway, "(&(uid=bob)(employeeNumber=12))"), set(["bob"]));
}

/// Other names of the same attribute mean the same column, so that filters and entries see one value.
pub fn other_names_of_an_attribute(ctx: &Battery) {
    let mail = ctx.engine.quoted("\"mail\"");
    let renamed = |query: &str| {
        query.replacen(
            &mail,
            &format!("{mail} AS {}", ctx.engine.quoted("\"rfc822Mailbox\"")),
            1,
        )
    };
    let gateway = ctx.gateway_with(|env| {
        env.changed("SQL_QUERY_ALL_USERS", renamed)
            .changed("SQL_QUERY_ONE_USER", renamed)
            .with_user_columns(&ctx.engine.quoted("'x' AS \"attr:uid\", 7 AS \"attr:uidNumber\""))
    });
    for filter in ["(mail=alice@example.com)", "(mail=nulls@example.com)", "(cn=*)"] {
        assert_eq!(names(&gateway, filter), ctx.names(filter), "{filter}");
    }
    assert_eq!(
        search(&gateway, &["(uid=alice)"]).only(),
        search(ctx.gateway, &["(uid=alice)"]).only()
    );
    assert!(names(&gateway, "(uid=x)").is_empty());
}
