//! The operator's queries in other forms, rows that change, names that are equal.

use super::{Battery, names, search};
use crate::harness::ldap::{BASE, BATTERY_PASSWORD, group_dn, set, user_dn};
use crate::harness::{Database, Engine, Gateway, ldapwhoami};

/// What must work whatever the queries look like.
fn works(gateway: &Gateway) {
    assert_eq!(names(gateway, "(uid=ALICE)"), set(["alice"]));
    assert_eq!(names(gateway, "(memberUid=dave)"), set(["staff"]));
    assert_eq!(
        names(gateway, "(memberOf=cn=sysadmins,dc=example,dc=com)"),
        set(["alice"])
    );
    assert!(names(gateway, "(uid=nobody)").is_empty());
    assert_eq!(ldapwhoami(gateway, &user_dn("cheap"), BATTERY_PASSWORD).0, 0);
    let staff = search(gateway, &["(&(objectClass=posixGroup)(cn=staff))", "memberUid"]).only();
    assert_eq!(staff.set("memberUid"), set(["alice", "bob", "dave"]));
}

pub fn dollar_placeholders(ctx: &Battery) {
    works(&ctx.gateway_with(|env| {
        env.changed("SQL_QUERY_ONE_USER", |query| query.replace('?', "$1"))
            .changed("SQL_QUERY_GROUPS_BY_MEMBER", |query| query.replace('?', "$1"))
    }));
}

pub fn question_marks_that_are_none(ctx: &Battery) {
    works(&ctx.gateway_with(|env| {
        env.changed("SQL_QUERY_ONE_USER", |query| {
            format!("{query} /* or? not; */ AND 'it''s a ?' = 'it''s a ?' -- really?\n;  ")
        })
        .changed("SQL_QUERY_GROUPS_BY_MEMBER", |query| {
            format!("{query} AND '?' = '?' ; -- ok?")
        })
        .changed("SQL_QUERY_ALL_USERS", |query| format!("{query} -- all?"))
        .changed("SQL_QUERY_ALL_GROUPS", |query| format!("/* ? */ {query} ;"))
    }));
}

pub fn placeholder_used_twice(ctx: &Battery) {
    works(&ctx.gateway_with(|env| {
        env.changed("SQL_QUERY_ONE_USER", |query| {
            format!("{query} AND {} = ?", ctx.engine.quoted("\"uid\""))
        })
        .changed("SQL_QUERY_GROUPS_BY_MEMBER", |query| {
            format!("{query} AND {} = ?", ctx.engine.quoted("u.\"uid\""))
        })
    }));
}

pub fn queries_that_are_not_plain(ctx: &Battery) {
    works(&ctx.gateway_with(|env| {
        env.changed("SQL_QUERY_ALL_USERS", |query| {
            format!("{query} ORDER BY {}", ctx.engine.quoted("\"mail\", \"uid\""))
        })
        .changed("SQL_QUERY_ALL_GROUPS", |query| {
            query.replacen("SELECT", "SELECT DISTINCT", 1)
        })
        .changed("SQL_QUERY_GROUPS_BY_MEMBER", |query| {
            format!("{query} ORDER BY {}", ctx.engine.quoted("g.\"cn\""))
        })
    }));
    works(&ctx.gateway_with(|env| {
        env.changed("SQL_QUERY_ALL_USERS", |query| {
            ctx.engine.quoted(&format!(
                "WITH people AS ({query} WHERE \"uidNumber\" > 0) SELECT * FROM people"
            ))
        })
        .changed("SQL_QUERY_ALL_GROUPS", |query| {
            ctx.engine.quoted(&format!(
                "{query} WHERE \"gidNumber\" < 20005 UNION ALL {query} WHERE \"gidNumber\" >= 20005"
            ))
        })
        .changed("SQL_QUERY_GROUPS_BY_MEMBER", |query| {
            query.replacen("SELECT", "SELECT DISTINCT", 1)
        })
    }));
}

pub fn groups_spelled_differently(ctx: &Battery) {
    // Groups by member shouts; to LDAP these are the same groups.
    let gateway = ctx.gateway_with(|env| {
        env.changed("SQL_QUERY_GROUPS_BY_MEMBER", |query| {
            let name = ctx.engine.quoted("g.\"cn\"");
            query.replacen(&format!("{name} AS name"), &format!("UPPER({name}) AS name"), 1)
        })
    });
    works(&gateway);
    let alice = search(&gateway, &["(uid=alice)", "memberOf"]).only();
    assert!(alice.set("memberOf").contains(&group_dn("sysadmins")), "{alice:?}");
    assert_eq!(
        names(&gateway, "(&(cn=sysadmins)(!(memberUid=bob)))"),
        set(["sysadmins"])
    );
}

pub fn members_in_a_column(ctx: &Battery) {
    let member_of = "FROM \"UserGroups\" ug JOIN \"Users\" u ON u.\"uidNumber\" = ug.\"uidNumber\" WHERE ug.\"gidNumber\" = g.\"gidNumber\"";
    let column = match ctx.engine {
        Engine::PostgreSql => format!("ARRAY(SELECT u.\"uid\" {member_of})"),
        Engine::MariaDb => format!("(SELECT JSON_ARRAYAGG(u.\"uid\") {member_of})"),
        Engine::Sqlite => format!("(SELECT json_group_array(u.\"uid\") {member_of})"),
    };
    works(&ctx.gateway_with(|env| {
        env.changed("SQL_QUERY_ALL_GROUPS", |query| {
            query.replacen(
                " FROM ",
                &format!(", {} AS member_uids FROM ", ctx.engine.quoted(&column)),
                1,
            )
        })
    }));
    // Separated by commas.
    let column = match ctx.engine {
        Engine::PostgreSql => format!("(SELECT string_agg(u.\"uid\", ', ') {member_of})"),
        Engine::MariaDb | Engine::Sqlite => format!("(SELECT group_concat(u.\"uid\") {member_of})"),
    };
    works(&ctx.gateway_with(|env| {
        env.changed("SQL_QUERY_ALL_GROUPS", |query| {
            let query = query.replacen(
                " FROM ",
                &format!(", {} AS member_uids FROM ", ctx.engine.quoted(&column)),
                1,
            );
            // Names with commas cannot be in such a list.
            format!("{query} WHERE {}", ctx.engine.quoted("g.\"gidNumber\" < 30000"))
        })
    }));
}

pub fn text_compared_with_a_number(ctx: &Battery) {
    // The member is asked for by number, as one that has a number for a name.
    let database = Database::fresh(ctx.engine);
    database.sql(
        "INSERT INTO \"Users\" (\"uid\", \"uidNumber\", \"gidNumber\") VALUES ('60001', 60001, 20001);\n\
         INSERT INTO \"UserGroups\" VALUES (60001, 20001)",
    );
    let gateway = Gateway::start(&database.deployed().changed("SQL_QUERY_GROUPS_BY_MEMBER", |query| {
        query.replace(
            &ctx.engine.quoted("u.\"uid\" = ?"),
            &ctx.engine.quoted("u.\"uidNumber\" = ?"),
        )
    }));
    assert_eq!(names(&gateway, "(memberUid=60001)"), set(["staff"]));
    assert!(names(&gateway, "(memberUid=60002)").is_empty());
    // No number: no row, and no error.
    assert!(names(&gateway, "(memberUid=alice)").is_empty());
}

pub fn what_is_inserted_is_there(ctx: &Battery) {
    let database = Database::fresh(ctx.engine);
    let gateway = Gateway::start(&database.deployed());
    assert!(names(&gateway, "(uid=newcomer)").is_empty());
    database.sql("INSERT INTO \"Users\" (\"uid\", \"uidNumber\", \"gidNumber\") VALUES ('newcomer', 61000, 20001)");
    assert_eq!(names(&gateway, "(uid=newcomer)"), set(["newcomer"]));
    assert_eq!(names(&gateway, "(uid=NewComer)"), set(["newcomer"]));
    assert!(names(&gateway, "(objectClass=person)").contains("newcomer"));
    database.sql("INSERT INTO \"UserGroups\" VALUES (61000, 20012)");
    assert_eq!(names(&gateway, "(memberUid=newcomer)"), set(["empty"]));
    assert_eq!(
        search(&gateway, &["(cn=empty)", "member"]).only().one("member"),
        user_dn("newcomer")
    );
    database.sql("UPDATE \"Users\" SET \"uid\" = 'Renamed' WHERE \"uidNumber\" = 61000");
    assert!(names(&gateway, "(uid=newcomer)").is_empty());
    assert_eq!(search(&gateway, &["(uid=renamed)"]).only().dn, user_dn("Renamed"));
    assert_eq!(
        search(&gateway, &["(cn=empty)", "member"]).only().one("member"),
        user_dn("Renamed")
    );
    database.sql("DELETE FROM \"Users\" WHERE \"uidNumber\" = 61000");
    assert!(names(&gateway, "(uid=renamed)").is_empty());
    assert!(search(&gateway, &["(cn=empty)", "member"]).only().attributes.is_empty());
}

pub fn a_password_that_changes(ctx: &Battery) {
    let database = Database::fresh(ctx.engine);
    let gateway = Gateway::start(&database.deployed());
    assert_eq!(ldapwhoami(&gateway, &user_dn("cheap"), BATTERY_PASSWORD).0, 0);
    database.sql("UPDATE \"Users\" SET \"userPassword\" = (SELECT \"p\" FROM (SELECT \"userPassword\" AS \"p\" FROM \"Users\" WHERE \"uid\" = 'bob') x) WHERE \"uid\" = 'cheap'");
    assert_eq!(ldapwhoami(&gateway, &user_dn("cheap"), BATTERY_PASSWORD).0, 49);
    assert_eq!(ldapwhoami(&gateway, &user_dn("cheap"), "bob-builds-boats").0, 0);
}

pub fn a_rename_keeps_the_uuid(ctx: &Battery) {
    let database = Database::fresh(ctx.engine);
    let gateway = Gateway::start(&database.deployed());
    let uuid = |filter: &str| search(&gateway, &[filter, "entryUUID"]).only().one("entryUUID");
    let before = (uuid("(uid=dave)"), uuid("(cn=empty)"));
    database.sql("UPDATE \"Users\" SET \"uid\" = 'david' WHERE \"uid\" = 'dave'; UPDATE \"Groups\" SET \"cn\" = 'hollow' WHERE \"cn\" = 'empty'");
    assert_eq!((uuid("(uid=david)"), uuid("(cn=hollow)")), before);
}

pub fn columns_that_come_and_go(ctx: &Battery) {
    let database = Database::fresh(ctx.engine);
    let gateway = Gateway::start(&database.deployed());
    let count = names(&gateway, "(objectClass=person)").len();
    // The manager migrates its tables under a running gateway.
    database.sql("ALTER TABLE \"Users\" ADD COLUMN \"later\" varchar(20)");
    assert_eq!(names(&gateway, "(uid=alice)"), set(["alice"]));
    assert_eq!(names(&gateway, "(objectClass=person)").len(), count);
    if ctx.engine == Engine::PostgreSql {
        database.sql("ALTER TABLE \"Users\" ALTER COLUMN \"cn\" TYPE text");
    }
    assert_eq!(names(&gateway, "(uid=alice)"), set(["alice"]));
    assert_eq!(names(&gateway, "(cn=*mit*)"), set(["alice", "erin"]));
    assert_eq!(names(&gateway, "(objectClass=person)").len(), count);
}

/// A database in which names may differ by case only.
pub fn with_twins(engine: Engine) -> Database {
    let database = Database::fresh(engine);
    if engine == Engine::MariaDb {
        database.sql(
            "ALTER TABLE \"Users\" MODIFY \"uid\" varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL",
        );
    }
    // `Twin` has the lower number and cheap's password, `twin` bob's.
    for (name, number, like) in [("Twin", 62_001, "cheap"), ("twin", 62_002, "bob")] {
        database.sql(&format!(
            "INSERT INTO \"Users\" (\"uid\", \"uidNumber\", \"gidNumber\", \"userPassword\") \
             SELECT '{name}', {number}, 20001, \"userPassword\" FROM \"Users\" WHERE \"uid\" = '{like}'"
        ));
    }
    database
}

pub fn twins_are_one_entry(ctx: &Battery) {
    let gateway = Gateway::start(&with_twins(ctx.engine).deployed());
    let listed = search(&gateway, &["(objectClass=person)", "uidNumber"]).success();
    let twins: Vec<_> = listed
        .iter()
        .filter(|entry| entry.dn.to_lowercase().starts_with("uid=twin,"))
        .collect();
    assert_eq!(twins.len(), 1, "{twins:?}");
    assert_eq!(
        (twins[0].dn.clone(), twins[0].one("uidNumber")),
        (user_dn("Twin"), "62001".into())
    );
    for spelling in ["Twin", "twin", "TWIN"] {
        assert_eq!(
            search(&gateway, &[&format!("(uid={spelling})")]).success().len(),
            1,
            "{spelling}"
        );
    }
}

pub fn only_the_first_twin_may_bind(ctx: &Battery) {
    let gateway = Gateway::start(&with_twins(ctx.engine).deployed());
    for spelling in ["Twin", "twin", "TWIN"] {
        assert_eq!(
            ldapwhoami(&gateway, &user_dn(spelling), BATTERY_PASSWORD),
            (0, format!("dn:{}", user_dn("Twin"))),
            "{spelling}"
        );
        assert_eq!(
            ldapwhoami(&gateway, &user_dn(spelling), "bob-builds-boats").0,
            49,
            "{spelling}"
        );
    }
}

pub fn another_base(ctx: &Battery) {
    for (base, class, domain) in [
        ("o=Example Org,c=US", "organization", None),
        ("ou=lab,dc=example,dc=net", "organizationalUnit", Some("example.net")),
    ] {
        let gateway = ctx.gateway_with(|env| env.with("LDAP_BASE_DN", base).with("LDAP_MAIL_FALLBACK", "on"));
        let read = |arguments: &[&str]| crate::harness::ldapsearch(&gateway, &[&["-b", base], arguments].concat());
        let entry = read(&["-s", "base"]).only();
        assert!(entry.set("objectClass").contains(class), "{entry:?}");
        let erin = read(&["(uid=erin)"]).only();
        assert_eq!(erin.dn, format!("uid=erin,{base}"));
        // Without a dc in the base there is no domain to make an address of.
        assert_eq!(
            erin.values("mail"),
            domain
                .map(|domain| format!("erin@{domain}"))
                .into_iter()
                .collect::<Vec<_>>()
        );
        assert_eq!(read(&["(member=uid=dave,dc=example,dc=com)", "1.1"]).success().len(), 0);
        assert_eq!(read(&[&format!("(member=uid=dave,{base})"), "1.1"]).success().len(), 1);
        assert_eq!(
            ldapwhoami(&gateway, &format!("uid=cheap,{base}"), BATTERY_PASSWORD).0,
            0
        );
        assert_eq!(crate::harness::ldapsearch(&gateway, &["-b", BASE]).code, 32);
    }
}

pub fn base_from_the_common_name(ctx: &Battery) {
    let gateway = ctx.gateway_with(|env| {
        env.without("LDAP_BASE_DN")
            .with("LDAP_COMMON_NAME", "ldap1.corp.example.org")
    });
    let root = crate::harness::ldapsearch(&gateway, &["-b", "", "-s", "base", "namingContexts"]).only();
    let base = root.one("namingContexts");
    assert!(base.ends_with("dc=corp,dc=example,dc=org"), "{base}");
    assert_eq!(
        crate::harness::ldapsearch(&gateway, &["-b", &base, "(uid=alice)"])
            .success()
            .len(),
        1
    );
}

/// A row on which the operator's own SQL fails is not "no such row": nothing was read.
pub fn a_row_that_breaks_a_query(ctx: &Battery) {
    let database = Database::fresh(ctx.engine);
    database.sql("ALTER TABLE \"Users\" ADD COLUMN \"text_\" varchar(20)");
    database.sql("UPDATE \"Users\" SET \"text_\" = '1'");
    let number = |alias: &str| ctx.engine.quoted(&format!("CAST({alias}\"text_\" AS DECIMAL)"));
    let users = Gateway::start(&database.deployed().with_user_columns(&format!(
        "{} AS {}",
        number(""),
        ctx.engine.quoted("\"employeeNumber\"")
    )));
    let members = Gateway::start(&database.deployed().changed("SQL_QUERY_GROUPS_BY_MEMBER", |query| {
        format!("{query} AND {} = 1", number("u."))
    }));
    let everybody = names(&users, "(objectClass=person)");
    assert!(everybody.len() > 20);
    assert_eq!(names(&members, "(memberUid=dave)"), set(["staff"]));
    database.sql("UPDATE \"Users\" SET \"text_\" = 'x' WHERE \"uid\" IN ('dave', 'cheap')");
    if ctx.engine != Engine::PostgreSql {
        // Not a failure there.
        assert_eq!(names(&users, "(objectClass=person)"), everybody);
        return;
    }
    for filter in ["(objectClass=person)", "(uid=dave)", "(cn=*a*)", "(uid=DAVE)"] {
        assert_ne!(search(&users, &[filter, "1.1"]).code, 0, "{filter}");
    }
    assert_eq!(names(&users, "(uid=alice)"), set(["alice"]));
    assert_eq!(ldapwhoami(&users, &user_dn("cheap"), BATTERY_PASSWORD).0, 52);
    for arguments in [["(memberUid=dave)", "1.1"], ["(cn=staff)", "member"]] {
        assert_ne!(search(&members, &arguments).code, 0, "{arguments:?}");
    }
}

/// More groups than a statement can name, where each has to be looked for in any spelling.
pub fn very_many_groups_of_a_user(ctx: &Battery) {
    let database = Database::fresh(ctx.engine);
    let numbers = || 70_000..71_100;
    let groups: Vec<String> = numbers().map(|n| format!("({n}, 'many{n}')")).collect();
    let members: Vec<String> = numbers()
        .map(|n| format!("((SELECT \"uidNumber\" FROM \"Users\" WHERE \"uid\" = 'frank'), {n})"))
        .collect();
    database.sql(&format!(
        "INSERT INTO \"Groups\" (\"gidNumber\", \"cn\") VALUES {}; INSERT INTO \"UserGroups\" VALUES {}",
        groups.join(", "),
        members.join(", ")
    ));
    let gateway = Gateway::start(&database.deployed().changed("SQL_QUERY_GROUPS_BY_MEMBER", |query| {
        let name = ctx.engine.quoted("g.\"cn\" AS");
        query.replacen(&name, &format!("upper({}) AS", name.trim_end_matches(" AS")), 1)
    }));
    let frank = search(&gateway, &["(uid=frank)", "memberOf"]).only();
    assert!(frank.set("memberOf").len() >= 1100);
    assert!(frank.set("memberOf").contains(&group_dn("many70000")));
}

/// Rows whose name is no name do not end the list.
pub fn many_rows_without_a_name(ctx: &Battery) {
    let database = Database::fresh(ctx.engine);
    let rows: Vec<String> = (0..1100)
        .map(|n| format!("('nameless{n}', {}, 20001)", 70_000 + n))
        .collect();
    database.sql(&format!(
        "INSERT INTO \"Users\" (\"uid\", \"uidNumber\", \"gidNumber\") VALUES {}",
        rows.join(", ")
    ));
    let gateway = Gateway::start(&database.deployed().changed("SQL_QUERY_ALL_USERS", |query| {
        query.replacen(
            &ctx.engine.quoted("\"uid\" AS"),
            &ctx.engine
                .quoted("CASE WHEN \"uidNumber\" >= 70000 AND \"uid\" LIKE 'nameless%' THEN '' ELSE \"uid\" END AS"),
            1,
        )
    }));
    assert_eq!(names(&gateway, "(objectClass=person)"), ctx.users("1 = 1"));
}

pub fn groups_with_more(ctx: &Battery) {
    let gateway = ctx.gateway_with(|env| {
        env.changed("SQL_QUERY_ALL_GROUPS", |query| {
            query.replacen(" FROM ", ", 'What it is for' AS description FROM ", 1)
        })
    });
    let staff = search(&gateway, &["(&(objectClass=posixGroup)(cn=staff))"]).only();
    assert_eq!(
        (staff.dn.clone(), staff.one("description")),
        (group_dn("staff"), "What it is for".into())
    );
    assert_eq!(names(&gateway, "(description=what IT is for)"), ctx.groups("1 = 1"));
}
