//! What a refused request says: to the operator everything, in the log; to the client nothing that helps a guess, and of
//! what is not there what to do instead. And what `check` says of accounts and addresses before anybody is refused.

use crate::harness::client::{bind, equal, extended, search};
use crate::harness::gateway::run_to_end;
use crate::harness::ldap::{BASE, BATTERY_PASSWORD, group_dn, user_dn};
use crate::harness::{Client, Database, Engine, Env, Gateway, beside_others, block_on, eventually, ldapsearch};
use ldap3_proto::proto::{LdapBindCred, LdapBindRequest, LdapFilter, LdapOp, SaslCredentials};
use std::time::Duration;

/// A database in which `cheap` has copies, each with something changed.
fn with_copies(engine: Engine, copies: &[(&str, &str)]) -> Database {
    let database = Database::fresh(engine);
    for column in [
        "on_ varchar(10)",
        "lock_ varchar(10)",
        "until_ varchar(40)",
        "chain_ varchar(40)",
    ] {
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

fn with_account_columns(database: &Database, engine: Engine) -> Env {
    let columns = "on_ AS enabled, lock_ AS locked, until_ AS expires_at, chain_ AS auth_backends, \"status\"";
    database.deployed().with_user_columns(&engine.quoted(columns))
}

const COPIES: [(&str, &str); 9] = [
    ("left", "\"status\" = ' Archived'"),
    ("forged", "\"status\" = 'active'"),
    ("off", "on_ = 'no'"),
    ("shut", "lock_ = 'yes'"),
    ("over", "until_ = '1600000000000'"),
    ("elsewhere", "chain_ = 'sql,notification'"),
    ("unclear", "until_ = 'next year'"),
    ("plain", "\"userPassword\" = 'as it was typed'"),
    ("bare", "\"userPassword\" = NULL"),
];

async fn answer(client: &mut Client, op: LdapOp) -> (i32, String) {
    let done = client.request(op).await.unwrap();
    (done.code(), done.result.message)
}

#[test]
fn a_refused_bind_says_why_in_the_log_and_nowhere_else() {
    let _guard = beside_others();
    let database = with_copies(Engine::Sqlite, &COPIES);
    let gateway = Gateway::start(
        &with_account_columns(&database, Engine::Sqlite)
            .changed("SQL_QUERY_ONE_USER", |query| format!("{query} AND \"uid\" <> 'forged'")),
    );
    let right = BATTERY_PASSWORD;
    let cases = [
        (user_dn("nobody"), right, "unknown name"),
        (
            user_dn("forged"),
            right,
            "unknown name: SQL_QUERY_ONE_USER has no such row",
        ),
        (user_dn("cheap"), "wrong-Passw0rd", "wrong password"),
        (user_dn("left"), "wrong-Passw0rd", "wrong password"),
        (user_dn("bare"), right, "no hash"),
        (user_dn("plain"), "as it was typed", "hash unusable"),
        (user_dn("left"), right, "status archived"),
        (user_dn("off"), right, "disabled"),
        (user_dn("shut"), right, "locked"),
        (user_dn("over"), right, "expired"),
        (
            user_dn("elsewhere"),
            right,
            "auth_backends: `notification` is not set up",
        ),
        (user_dn("unclear"), right, "expires_at cannot be read"),
        (
            "uid=cheap,dc=other".to_owned(),
            right,
            "not a user: outside of dc=example,dc=com",
        ),
        (BASE.to_owned(), right, "not a user"),
        (format!("uid=cheap+cn=cheap,{BASE}"), right, "not a user"),
        // As lenient binds are read, that is a user's name.
        (group_dn("staff"), right, "unknown name"),
    ];
    let sasl = LdapOp::BindRequest(LdapBindRequest {
        version: 3,
        dn: String::new(),
        cred: LdapBindCred::SASL(SaslCredentials {
            mechanism: "PLAIN".into(),
            credentials: vec![],
        }),
    });
    let others = [
        (bind("no dn", right), 34, "not a DN"),
        (bind(&user_dn("cheap"), ""), 53, "no password"),
        (bind("", right), 49, "no name"),
        (sasl, 7, "not a simple bind"),
    ];
    block_on(async {
        let mut client = Client::connect(&gateway).await;
        for (dn, password, _) in &cases {
            let told = answer(&mut client, bind(dn, password)).await;
            assert_eq!(told, (49, "invalid credentials".to_owned()), "{dn}");
        }
        for (op, code, _) in &others {
            assert_eq!(answer(&mut client, op.clone()).await.0, *code);
        }
        assert_eq!(answer(&mut client, bind(&user_dn("cheap"), right)).await.0, 0);
    });
    let expected: Vec<&str> = cases
        .iter()
        .map(|case| case.2)
        .chain(others.iter().map(|case| case.2))
        .collect();
    let binds = || -> Vec<String> {
        let log = gateway.log();
        let lines = log.lines().filter(|line| line.contains("operation=\"bind\""));
        lines.map(str::to_owned).collect()
    };
    assert!(eventually(Duration::from_secs(10), || binds().len() > expected.len()));
    for (line, why) in binds().iter().zip(&expected) {
        assert!(line.contains(&format!("why={why:?}")), "{why}: {line}");
    }
    let last = binds().pop().unwrap();
    assert!(!last.contains("why="), "a bind that succeeds has no reason: {last}");
}

#[test]
fn filters_show_their_values_where_that_is_asked_for() {
    let _guard = beside_others();
    let database = Database::shared(Engine::Sqlite);
    for (setting, shown) in [("shape", "(uid=?)"), ("values", "(uid=whom-they-seek)")] {
        let gateway = Gateway::start(&database.deployed().with("LOG_FILTERS", setting));
        block_on(async {
            let mut client = Client::connect(&gateway).await;
            for filter in [
                equal("uid", "whom-they-seek"),
                equal("userPassword", "a-S3cret"),
                equal("2.5.4.35", "a-S3cret"),
                LdapFilter::And(vec![equal("uid", "forged\n2026 INFO (x)")]),
            ] {
                client.request(search(filter)).await.unwrap();
            }
        });
        let searches = || gateway.log().matches("operation=\"search\"").count();
        assert!(eventually(Duration::from_secs(10), || searches() >= 4));
        let log = gateway.log();
        assert!(log.contains(&format!("filter={shown:?}")), "{log}");
        assert!(log.contains("filter=\"(userPassword=?)\""), "{log}");
        assert!(!log.contains("a-S3cret") && !log.contains("\n2026 INFO (x)"), "{log}");
        assert_eq!(log.contains("whom-they-seek"), setting == "values");
    }
}

#[test]
fn what_is_not_there_says_what_to_do_instead() {
    let _guard = beside_others();
    let gateway = Gateway::start(&Database::shared(Engine::Sqlite).deployed());
    let operations = [
        ("1.3.6.1.4.1.1466.20037", "ldaps://"),
        ("1.3.6.1.4.1.4203.1.11.1", "where the accounts are managed"),
        ("1.3.6.1.1.21.1", "RFC 5805"),
        ("1.2.3.4", "unknown extended operation"),
    ];
    block_on(async {
        let mut client = Client::connect(&gateway).await;
        for (oid, part) in operations {
            let id = client.send(extended(oid)).await.unwrap();
            let message = client.receive().await.unwrap();
            assert_eq!(message.msgid, id);
            let LdapOp::ExtendedResponse(response) = message.op else {
                panic!("{:?}", message.op)
            };
            let (code, text) = (response.res.code as i32, response.res.message);
            assert!(code == 2 && text.contains(part), "{oid}: {code} {text}");
        }
    });
    for (control, part) in [
        ("!sss=cn", "sort"),
        ("!sync=ro", "synchronisation"),
        ("!1.2.3.4", "critical control 1.2.3.4 is not supported"),
        ("!deref=member:uid", "memberOf"),
    ] {
        let found = ldapsearch(&gateway, &["-b", BASE, "-E", control, "(uid=alice)", "1.1"]);
        assert_eq!(found.code, 12, "{control}");
        assert!(found.errors.contains(part), "{control}: {}", found.errors);
    }
}

#[test]
fn check_counts_words_addresses_and_what_is_made_up() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let database = with_copies(engine, &COPIES);
        for set in [
            "\"mail\" = 'BOB.jones@example.com' WHERE \"uid\" = 'off'",
            "\"status\" = 'on leave' WHERE \"uid\" = 'off'",
            "\"homeDirectory\" = '/home/nulls' WHERE \"uid\" = 'alice'",
            "\"homeDirectory\" = NULL WHERE \"uid\" = 'jörg'",
        ] {
            database.sql(&format!("UPDATE \"Users\" SET {set}"));
        }
        // Numbers of a query need not be unique.
        let twice = |query: &str| {
            let (own, other) = (
                engine.quoted("\"uidNumber\" AS"),
                engine.quoted("CASE WHEN \"uid\" = 'shut' THEN 10002 ELSE \"uidNumber\" END AS"),
            );
            query.replacen(&own, &other, 1)
        };
        let env = with_account_columns(&database, engine)
            .changed("SQL_QUERY_ALL_USERS", twice)
            .changed("SQL_QUERY_ONE_USER", twice);
        let report = run_to_end(&env, &["check"], "");
        assert_eq!(report.code, Some(0), "{}", report.text());
        let text = report.text();
        let line = |parts: &[&str]| {
            let found = text.lines().any(|line| parts.iter().all(|part| line.contains(part)));
            assert!(found, "{}: no line with {parts:?} in\n{text}", engine.name());
        };
        let count = |sql: &str| database.rows(&format!("SELECT count(*) FROM \"Users\" WHERE {sql}"))[0][0].clone();
        let total = count("1 = 1");
        line(&[&format!("Accounts of {total} users")]);
        line(&["status active ", &count("\"status\" = 'active'"), "may bind"]);
        line(&["status on leave ", "1 ", "may bind"]);
        line(&["status Archived ", "1 ", "cannot bind"]);
        let chain = "auth_backends: `notification` is not set up";
        for why in ["disabled", "locked", "expired", chain] {
            line(&[&format!("  {why} "), "1 ", "cannot bind"]);
        }
        line(&[&format!(
            "1 of {total} users cannot bind: their expires_at cannot be read"
        )]);
        let without = count("\"mail\" IS NULL OR \"mail\" = ''");
        line(&[&format!("{without} of {total} users have no mail address")]);
        assert_eq!(text.matches("LDAP_MAIL_FALLBACK=on").count(), 1, "{text}");
        line(&["Values that are missing, and what is served instead"]);
        line(&[
            &format!("2 of {total} users have a mail address that is also another one's"),
            "bob, off",
        ]);
        line(&[
            &format!("2 of {total} users have a uid number that is also another one's"),
            "bob, shut",
        ]);
        line(&[
            &format!("2 of {total} users have an entryUUID that is also another one's"),
            "bob, shut",
        ]);
        line(&["get one that is also another one's", "nulls"]);
        line(&["homeDirectory ", "users have no usable value", "for 1 /home/UIDNUMBER"]);
        line(&[
            &format!("1 of {total} users have no usable uid_number or gid_number, and so no posixAccount"),
            "nogid",
        ]);
        let made_up = run_to_end(&env.with("LDAP_MAIL_FALLBACK", "on"), &["check"], "");
        assert!(
            !made_up.text().contains("users have no mail address"),
            "{}",
            made_up.text()
        );
        assert!(
            !text.contains("argon2id$") && !text.contains("as it was typed"),
            "{text}"
        );
    }
}

/// Binds read SQL_QUERY_ONE_USER: a column that only all-users has refuses nobody, and neither `check` nor `serve` says so.
#[test]
fn account_columns_count_where_binds_read_them() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let database = with_copies(engine, &COPIES);
        let columns = engine.quoted("on_ AS enabled, lock_ AS locked, until_ AS expires_at, chain_ AS auth_backends");
        let status = format!(", {}", engine.quoted("\"status\""));
        for (instead, idle, bound) in [
            (
                String::new(),
                "columns enabled, locked, expires_at, auth_backends, status",
                ["off", "shut"],
            ),
            (
                format!(", {}, 'no' AS locked", columns.replace(", lock_ AS locked", "")),
                "column status",
                ["left", "shut"],
            ),
        ] {
            let env = with_account_columns(&database, engine).changed("SQL_QUERY_ONE_USER", |query| {
                query.replace(&status, "").replace(&format!(", {columns}"), &instead)
            });
            let said = format!("SQL_QUERY_ONE_USER has no {idle}, which SQL_QUERY_ALL_USERS has: ");
            let report = run_to_end(&env, &["check"], "");
            let text = report.text();
            assert_eq!(report.code, Some(0), "{text}");
            assert!(text.contains(&said), "{}: no {said:?} in\n{text}", engine.name());
            assert!(text.contains("which has no such column"), "{text}");
            let refuses = |why: &str| {
                let mut lines = text.lines();
                lines.any(|line| line.contains(why) && line.contains("  cannot bind"))
            };
            assert!(!refuses("locked "), "{}: {text}", engine.name());
            assert!(!refuses("status Archived "), "{}: {text}", engine.name());
            assert_eq!(refuses("expired "), !instead.is_empty(), "{}: {text}", engine.name());
            let gateway = Gateway::start(&env);
            let is_logged = eventually(Duration::from_secs(20), || gateway.log().contains(&said));
            assert!(is_logged, "{}", gateway.log());
            block_on(async {
                for name in bound {
                    let mut client = Client::connect(&gateway).await;
                    assert_eq!(
                        client.bind(&user_dn(name), BATTERY_PASSWORD).await.unwrap(),
                        0,
                        "{name}"
                    );
                }
            });
        }
    }
}
