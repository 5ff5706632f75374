//! What `explain` says of the searches that clients send: on the manager's tables, with the
//! indexes that `check` proposes, none of them reads a whole table except those that list everything.
//!
//! The tables are large and analysed, so that every engine decides by itself that an index is worth it.
//! `LDAP_GATEWAY_TEST_USERS` makes them larger: 1000000 takes minutes.

use crate::harness::gateway::{Ended, run_to_end};
use crate::harness::{Database, Engine, Env, beside_others, figure, free_port};
use serde_json::Value as Json;
use std::time::Instant;

const BASE: &str = "dc=example,dc=com";

/// A search as a client sends it.
struct Search {
    name: &'static str,
    base: &'static str,
    scope: &'static str,
    filter: &'static str,
    attributes: &'static str,
}

const fn below_base(name: &'static str, filter: &'static str, attributes: &'static str) -> Search {
    Search {
        name,
        base: BASE,
        scope: "sub",
        filter,
        attributes,
    }
}

const fn of_entry(name: &'static str, base: &'static str, filter: &'static str) -> Search {
    Search {
        name,
        base,
        scope: "base",
        filter,
        attributes: "",
    }
}

const USER: &str = "uid=u77,dc=example,dc=com";

/// Lookups, word for word apart from names and numbers.
const LOOKUPS: [Search; 37] = [
    below_base(
        "SSSD passwd by name",
        "(&(uid=u77)(objectclass=posixAccount)(uid=*)(&(uidNumber=*)(!(uidNumber=0))))",
        "objectClass uid uidNumber gidNumber cn homeDirectory loginShell modifyTimestamp sshPublicKey mail",
    ),
    below_base(
        "SSSD passwd by name, capitals",
        "(&(uid=U77)(objectclass=posixAccount)(uid=*)(&(uidNumber=*)(!(uidNumber=0))))",
        "uid",
    ),
    below_base(
        "SSSD passwd by name, nobody",
        "(&(uid=nobody-77)(objectclass=posixAccount)(uid=*)(&(uidNumber=*)(!(uidNumber=0))))",
        "uid",
    ),
    below_base(
        "SSSD passwd by name, umlaut",
        "(&(uid=müller)(objectclass=posixAccount)(uid=*)(&(uidNumber=*)(!(uidNumber=0))))",
        "uid",
    ),
    below_base(
        "SSSD passwd by uid",
        "(&(uidNumber=1000077)(objectclass=posixAccount)(uid=*)(&(uidNumber=*)(!(uidNumber=0))))",
        "uid memberOf",
    ),
    below_base(
        "SSSD passwd by uid, nobody",
        "(&(uidNumber=7)(objectclass=posixAccount)(uid=*)(&(uidNumber=*)(!(uidNumber=0))))",
        "uid",
    ),
    below_base(
        "SSSD group by name",
        "(&(cn=g77)(objectClass=posixGroup)(cn=*)(&(gidNumber=*)(!(gidNumber=0))))",
        "objectClass cn userPassword gidNumber memberuid modifyTimestamp",
    ),
    below_base(
        "SSSD group by name, capitals",
        "(&(cn=G77)(objectClass=posixGroup)(cn=*)(&(gidNumber=*)(!(gidNumber=0))))",
        "cn member",
    ),
    below_base(
        "SSSD group by name, none",
        "(&(cn=nothing-77)(objectClass=posixGroup)(cn=*)(&(gidNumber=*)(!(gidNumber=0))))",
        "cn",
    ),
    below_base(
        "SSSD group by name, umlaut",
        "(&(cn=müller)(objectClass=posixGroup)(cn=*)(&(gidNumber=*)(!(gidNumber=0))))",
        "cn",
    ),
    below_base(
        "SSSD group by gid",
        "(&(gidNumber=5000077)(objectClass=posixGroup)(cn=*)(&(gidNumber=*)(!(gidNumber=0))))",
        "cn memberuid",
    ),
    below_base(
        "SSSD initgroups, first",
        "(&(uid=u77)(objectclass=posixAccount)(&(uidNumber=*)(!(uidNumber=0))))",
        "uid",
    ),
    below_base(
        "SSSD initgroups, rfc2307",
        "(&(memberuid=u77)(objectClass=posixGroup)(cn=*)(&(gidNumber=*)(!(gidNumber=0))))",
        "objectClass cn gidNumber modifyTimestamp",
    ),
    below_base(
        "SSSD initgroups, rfc2307bis",
        "(&(member=uid=u77,dc=example,dc=com)(objectClass=posixGroup)(cn=*))",
        "objectClass cn gidNumber",
    ),
    below_base(
        "SSSD initgroups, nesting",
        "(&(member=cn=g77,dc=example,dc=com)(objectClass=posixGroup)(cn=*))",
        "cn",
    ),
    of_entry("SSSD group member", USER, "(objectclass=posixAccount)"),
    of_entry(
        "SSSD access check",
        USER,
        "(&(uid=u77)(objectclass=posixAccount)(memberOf=cn=g77,dc=example,dc=com))",
    ),
    below_base(
        "SSSD sudo",
        "(&(objectClass=sudoRole)(|(&(!(sudoHost=*))(cn=defaults))(sudoHost=ALL)(sudoHost=h)(sudoHost=+*)))",
        "",
    ),
    below_base("SSSD netgroup", "(&(cn=NAME)(objectclass=nisNetgroup))", ""),
    below_base(
        "SSSD service",
        "(&(ipServicePort=22)(ipServiceProtocol=tcp)(objectclass=ipService))",
        "",
    ),
    below_base("Proxmox login", "(uid=u77)", "dn"),
    below_base(
        "GitLab by e-mail",
        "(mail=u77@example.org)",
        "dn uid cn mail email memberof",
    ),
    below_base(
        "GitLab by e-mail, in one",
        "(|(mail=u77@example.org)(email=u77@example.org)(userPrincipalName=u77@example.org))",
        "dn uid cn mail",
    ),
    below_base("GitLab group by name", "(cn=g77)", "dn cn"),
    below_base("GitLab group by name, none", "(cn=nobody)", "dn cn"),
    of_entry("GitLab by DN", USER, "(objectClass=*)"),
    of_entry(
        "GitLab disabled check",
        USER,
        "(userAccountControl:1.2.840.113556.1.4.803:=2)",
    ),
    below_base(
        "GitLab nested groups",
        "(&(objectClass=group)(memberOf=cn=g77,dc=example,dc=com))",
        "",
    ),
    below_base(
        "GitLab group link",
        "(memberOf:1.2.840.113556.1.4.1941:=cn=g77,dc=example,dc=com)",
        "dn uid",
    ),
    below_base("Search Guard user", "(uid=u77)", "* +"),
    below_base("Search Guard roles", "(member=uid=u77,dc=example,dc=com)", "* +"),
    below_base(
        "Search Guard roles, unique",
        "(uniqueMember=uid=u77,dc=example,dc=com)",
        "",
    ),
    below_base("Search Guard owner", "(owner=uid=u77,dc=example,dc=com)", ""),
    below_base(
        "Defguard user available",
        "(&(uid=u77)(|(objectClass=inetOrgPerson)))",
        "* memberOf",
    ),
    below_base(
        "Defguard sync group",
        "(&(objectClass=inetOrgPerson)(|(memberOf=cn=g77,dc=example,dc=com)))",
        "* memberOf",
    ),
    below_base(
        "Defguard is member",
        "(&(objectClass=groupOfNames)(cn=g77)(member=uid=u77,dc=example,dc=com))",
        "*",
    ),
    below_base("Defguard members", "(&(objectClass=groupOfNames)(cn=g77))", "member"),
];

/// Lists of everything, which read whole tables by what they are.
const ENUMERATIONS: [Search; 5] = [
    below_base(
        "SSSD users",
        "(&(objectclass=posixAccount)(uid=*)(uidNumber=*)(gidNumber=*))",
        "uid",
    ),
    below_base(
        "SSSD groups",
        "(&(objectClass=posixGroup)(cn=*)(&(gidNumber=*)(!(gidNumber=0))))",
        "cn memberuid",
    ),
    below_base(
        "Proxmox users",
        "(&(|(uid=*)(enable=*)(expire=*)(firstname=*)(lastname=*)(email=*)(comment=*)(keys=*)(mail=*))\
         (|(objectclass=inetorgperson)(objectclass=posixaccount)(objectclass=person)(objectclass=user)))",
        "uid mail memberOf",
    ),
    below_base(
        "Proxmox groups",
        "(|(objectclass=groupOfNames)(objectclass=group)(objectclass=univentionGroup)(objectclass=ipausergroup))",
        "member uniqueMember",
    ),
    below_base(
        "Defguard memberships",
        "(&(objectClass=groupOfNames)(member=*))",
        "cn member",
    ),
];

/// What reads a whole table although it lists nothing, and why.
const EXCEPTIONS: [(Engine, &[&str]); 3] = [
    (Engine::PostgreSql, &[]),
    // It has no index over an expression, so names that need more than its collation are looked for in all rows.
    (
        Engine::MariaDb,
        &[
            "SSSD passwd by name, nobody",
            "SSSD passwd by name, umlaut",
            "SSSD group by name, none",
            "SSSD group by name, umlaut",
            "GitLab by e-mail",
            "GitLab by e-mail, in one",
            "GitLab group by name",
            "GitLab group by name, none",
        ],
    ),
    // What asks for the members of a group runs the groups-by-member query for each user, since nothing in its FROM can
    // refer to another table.
    (
        Engine::Sqlite,
        &[
            "GitLab group by name",
            "GitLab group by name, none",
            "SSSD group by name",
            "SSSD group by name, capitals",
            "SSSD group by gid",
            "GitLab group link",
            "Search Guard roles",
            "Search Guard roles, unique",
            "Defguard sync group",
            "Defguard members",
        ],
    ),
];

fn explain(env: &Env, arguments: &[&str]) -> Ended {
    run_to_end(env, &[&["explain"], arguments].concat(), "")
}

fn explained(env: &Env, search: &Search) -> Json {
    let mut arguments = vec!["--json", "-b", search.base, "-s", search.scope, search.filter];
    arguments.extend(search.attributes.split_whitespace());
    let report = explain(env, &arguments);
    assert_eq!(report.code, Some(0), "{}: {}", search.name, report.text());
    let json: Json = serde_json::from_str(&report.stdout).unwrap();
    for step in json["steps"].as_array().unwrap() {
        // MySQL's plan has no table where it finds out while planning that a unique index has no such value.
        let names_none = step["reads"] == Json::Array(Vec::new()) && !step["plan"].to_string().contains("Impossible");
        assert!(!names_none, "{}: {step:#}", search.name);
        assert!(step["error"].is_null(), "{}: {step:#}", search.name);
    }
    json
}

fn users(engine: Engine) -> u64 {
    let wanted = std::env::var("LDAP_GATEWAY_TEST_USERS").ok();
    wanted.and_then(|users| users.parse().ok()).unwrap_or(match engine {
        Engine::PostgreSql => 200_000,
        Engine::MariaDb | Engine::Sqlite => 50_000,
    })
}

/// The manager's tables with users u1, u2, …, each in three groups of g0, g1, …; none of the indexes that the schema
/// makes beside its keys.
fn large(engine: Engine) -> Database {
    let database = Database::fresh(engine);
    let users = users(engine);
    let groups = users / 20;
    let numbers = |from: u64, to: u64| match engine {
        Engine::PostgreSql => format!("(SELECT generate_series({from}, {to}) AS k) n"),
        Engine::MariaDb => format!("(SELECT seq AS k FROM seq_{from}_to_{to}) n"),
        Engine::Sqlite => format!("(SELECT value AS k FROM generate_series({from}, {to})) n"),
    };
    let text = |parts: &[&str]| match engine {
        Engine::MariaDb => format!("concat({})", parts.join(", ")),
        _ => parts.join(" || "),
    };
    let mut sql = match engine {
        Engine::PostgreSql => "SET session_replication_role = replica; DROP INDEX \"UserGroups_gidNumber\", \
                               \"Users_uid_lower\", \"Users_uid_not_canonical\";"
            .to_string(),
        Engine::MariaDb => "SET foreign_key_checks = 0;".to_string(),
        Engine::Sqlite => {
            let columns = ["Users_uid", "Users_mail", "Groups_cn"];
            let drops = columns.map(|of| format!("DROP INDEX \"{of}_nocase\"; DROP INDEX \"{of}_unprepared\";"));
            format!("DROP INDEX \"UserGroups_gidNumber\"; {} BEGIN;", drops.concat())
        }
    };
    sql += &format!(
        "INSERT INTO \"Users\" (\"uid\", \"uidNumber\", \"gidNumber\", \"givenName\", \"sn\", \"cn\", \"mail\") \
         SELECT {}, 1000000 + k, 5000000 + k % {groups}, {}, {}, {}, {} FROM {};",
        text(&["'u'", "k"]),
        text(&["'Given'", "k"]),
        text(&["'Sn'", "k % 5000"]),
        text(&["'Given'", "k", "' Sn'", "k % 5000"]),
        text(&["'u'", "k", "'@example.org'"]),
        numbers(1, users)
    );
    sql += &format!(
        "INSERT INTO \"Groups\" (\"cn\", \"gidNumber\") SELECT {}, 5000000 + k FROM {};",
        text(&["'g'", "k"]),
        numbers(0, groups - 1)
    );
    for step in 1..=3 {
        sql += &format!(
            "INSERT INTO \"UserGroups\" (\"uidNumber\", \"gidNumber\") \
             SELECT 1000000 + k, 5000000 + (k * 7 + {step} * 1013) % {groups} FROM {};",
            numbers(1, users)
        );
    }
    database.sql(
        &(sql
            + if engine == Engine::Sqlite {
                "COMMIT; ANALYZE;"
            } else {
                ""
            }),
    );
    analyse(&database);
    database
}

fn analyse(database: &Database) {
    database.sql(match database.engine {
        Engine::MariaDb => "ANALYZE TABLE \"Users\", \"Groups\", \"UserGroups\";",
        Engine::PostgreSql | Engine::Sqlite => "ANALYZE;",
    });
}

/// Makes what `check` proposes. How much that is.
fn make_proposed(database: &Database, env: &Env) -> usize {
    let proposed = || -> Vec<String> {
        let report = run_to_end(env, &["check"], "");
        assert_eq!(report.code, Some(0), "{}", report.text());
        let lines = report.stdout.lines().map(str::trim);
        lines
            .filter(|line| line.starts_with("CREATE INDEX"))
            .map(str::to_string)
            .collect()
    };
    let statements = proposed();
    for statement in &statements {
        database.sql(&database.engine.quoted(statement));
    }
    analyse(database);
    assert_eq!(proposed(), Vec::<String>::new());
    statements.len()
}

fn lookups_use_indexes(engine: Engine) {
    let _guard = beside_others();
    let started = Instant::now();
    let database = large(engine);
    let filled = started.elapsed();
    let env = database.deployed();
    let indexes = make_proposed(&database, &env);
    let exceptions = EXCEPTIONS.iter().find(|(of, _)| *of == engine).unwrap().1;
    let mut wrong = Vec::new();
    for search in &LOOKUPS {
        let json = explained(&env, search);
        if (json["whole"] != Json::Array(Vec::new())) != exceptions.contains(&search.name) {
            wrong.push(format!("{}: {json:#}", search.name));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} on {}:\n{}",
        wrong.len(),
        engine.name(),
        wrong.join("\n")
    );
    for search in &ENUMERATIONS {
        let json = explained(&env, search);
        let whole = json["whole"].as_array().unwrap();
        assert!(
            whole.contains(&"users".into()) || whole.contains(&"groups".into()),
            "{json:#}"
        );
        assert!(
            json["entries"].as_u64().unwrap() <= 1000,
            "{}: {}",
            search.name,
            json["entries"]
        );
    }
    // With a query of all memberships SQLite finds the members of a group as the others do; users who have a group's name
    // for theirs it still looks for in all rows.
    let listed = database.recommended().get("SQL_QUERY_ALL_MEMBERSHIPS").to_string();
    let env = env.with("SQL_QUERY_ALL_MEMBERSHIPS", listed);
    let more = make_proposed(&database, &env);
    assert_eq!(more, usize::from(engine == Engine::Sqlite), "by gidNumber");
    for search in &LOOKUPS {
        let json = explained(&env, search);
        let is_of_users = engine != Engine::Sqlite || search.name.starts_with("GitLab group by name");
        let excepted = is_of_users && exceptions.contains(&search.name);
        if (json["whole"] != Json::Array(Vec::new())) != excepted {
            wrong.push(format!("with all memberships, {}: {json:#}", search.name));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} on {}:\n{}",
        wrong.len(),
        engine.name(),
        wrong.join("\n")
    );
    figure(&format!(
        "explain on {}, {} users, {indexes} indexes proposed: {} of {} lookups use indexes only ({:.0} s, {:.0} s of \
         it for filling)",
        engine.name(),
        users(engine),
        LOOKUPS.len() - exceptions.len(),
        LOOKUPS.len(),
        started.elapsed().as_secs_f64(),
        filled.as_secs_f64()
    ));
}

#[test]
fn lookups_use_indexes_on_postgresql() {
    lookups_use_indexes(Engine::PostgreSql);
}

#[test]
fn lookups_use_indexes_on_mariadb() {
    lookups_use_indexes(Engine::MariaDb);
}

#[test]
fn lookups_use_indexes_on_sqlite() {
    lookups_use_indexes(Engine::Sqlite);
}

/// The statements, their values as far as they were typed, and nothing out of the rows.
#[test]
fn it_shows_statements_and_no_rows() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let database = Database::shared(engine);
        let report = explain(&database.deployed(), &["-v", "(memberUid=alice)", "cn", "memberUid"]);
        assert_eq!(report.code, Some(0), "{}", report.text());
        for part in [
            "resolved",
            "(memberUid=alice)",
            "users",
            "groups",
            "statement 1",
            "SELECT",
            "\"alice\"",
            "plan",
        ] {
            assert!(report.stdout.contains(part), "{part}: {}", report.stdout);
        }
        let groups = database.rows(
            "SELECT g.\"cn\" FROM \"Groups\" g JOIN \"UserGroups\" m ON m.\"gidNumber\" = g.\"gidNumber\" JOIN \"Users\" u \
             ON u.\"uidNumber\" = m.\"uidNumber\" WHERE u.\"uid\" = 'alice'",
        );
        assert!(!groups.is_empty());
        for secret in groups
            .iter()
            .flatten()
            .map(String::as_str)
            .chain(["$argon2", "db-S3cret"])
        {
            assert!(!report.text().contains(secret), "{secret} in\n{}", report.text());
        }
        let listed = database.deployed().with(
            "SQL_QUERY_ALL_MEMBERSHIPS",
            database.recommended().get("SQL_QUERY_ALL_MEMBERSHIPS"),
        );
        for arguments in [["-v", "(memberUid=alice)", "cn"], ["-v", "(cn=staff)", "memberUid"]] {
            let report = explain(&listed, &arguments);
            for part in ["SQL_QUERY_ALL_MEMBERSHIPS, joined", "gw_p.gw_user = gw_u.gw_name"] {
                assert!(report.stdout.contains(part), "{part}: {}", report.text());
            }
        }
        // The base is what it is, whatever the filter.
        let base = explain(&database.deployed(), &["-s", "base", "(objectClass=*)"]);
        assert!(base.stdout.contains("asks the database nothing"), "{}", base.text());
        let impossible = explain(&database.deployed(), &["(objectClass=sudoRole)"]);
        assert!(impossible.stdout.contains("nothing is asked"), "{}", impossible.text());
    }
}

#[test]
fn what_can_not_be_explained_is_said() {
    let _guard = beside_others();
    let env = Database::shared(Engine::Sqlite).deployed();
    let expect = |env: &Env, arguments: &[&str], code: i32, part: &str| {
        let report = explain(env, arguments);
        assert_eq!(report.code, Some(code), "{}", report.text());
        assert!(report.text().contains(part), "{part}: {}", report.text());
        assert!(!report.text().contains("hunter2"), "{}", report.text());
    };
    expect(&env, &["(uid=alice"], 2, "invalid filter");
    expect(&env, &["-b", "alice", "(uid=alice)"], 2, "--base");
    expect(&env, &["-b", "nosuch=x", "(uid=alice)"], 2, "-b");
    expect(&env, &["-s", "tree"], 2, "possible values");
    expect(&env, &["-b", "uid=nobody,dc=example,dc=com"], 1, "noSuchObject");
    expect(&env, &["-b", "dc=elsewhere"], 1, "outside of the naming context");
    expect(&env.clone().with("PORT", "seven"), &["(uid=alice)"], 78, "PORT");
    let broken = env
        .clone()
        .changed("SQL_QUERY_ONE_USER", |query| query.replace("FROM", "FORM"));
    expect(&broken, &["(uid=alice)"], 1, "SQL_QUERY_ONE_USER");
    let away = Database::shared(Engine::PostgreSql).deployed().with(
        "SQL_URI",
        format!("postgres://somebody:hunter2@127.0.0.1:{}/users", free_port()),
    );
    expect(&away, &["(uid=alice)"], 1, "SQL_URI");
}
