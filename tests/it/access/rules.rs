//! `SEARCH_ALLOWED_TO`, `ATTRIBUTES_AUTHENTICATED` and `ATTRIBUTES_SELF`, as clients meet them.

use crate::harness::gateway::run_to_end;
use crate::harness::ldap::{BASE, Search, code, group_dn, password, set, tool, user_dn};
use crate::harness::{Database, Engine, Env, Gateway, beside_others, ldapsearch};

fn env() -> Env {
    Database::shared(Engine::Sqlite)
        .recommended()
        .without("REQUIRE_AUTH_FOR_SEARCH")
}

/// A search in the session of a user, or of nobody.
fn search_as(gateway: &Gateway, user: Option<&str>, arguments: &[&str]) -> Search {
    let base: &[&str] = if arguments.contains(&"-b") { &[] } else { &["-b", BASE] };
    let Some(user) = user else {
        return ldapsearch(gateway, &[base, arguments].concat());
    };
    let dn = user_dn(user);
    ldapsearch(gateway, &[base, &["-D", &dn, "-w", password(user)], arguments].concat())
}

fn compare_as(gateway: &Gateway, user: &str, dn: &str, assertion: &str) -> i32 {
    let output = tool("ldapcompare", gateway)
        .args(["-D", &user_dn(user), "-w", password(user), dn, assertion])
        .output();
    code(&output.unwrap())
}

#[test]
fn who_may_search() {
    let _guard = beside_others();
    for (allowed, anonymous, alice, heidis_colleague) in [
        ("anyone", 0, 0, 0),
        ("authenticated", 50, 0, 0),
        ("group:sysadmins", 50, 0, 50),
        ("group:SysAdmins,group:nobody", 50, 0, 50),
        ("group:no-such-group", 50, 50, 50),
    ] {
        let gateway = Gateway::start(&env().with("SEARCH_ALLOWED_TO", allowed));
        for (user, expected) in [
            (None, anonymous),
            (Some("alice"), alice),
            (Some("erin"), heidis_colleague),
        ] {
            let found = search_as(&gateway, user, &["(uid=carol)"]);
            assert_eq!(
                (found.code, found.entries.len()),
                (expected, usize::from(expected == 0)),
                "{allowed}: {user:?}"
            );
            // A refusal tells nothing of what there is, and Compare is refused alike.
            for base in [user_dn("carol"), user_dn("no-such-user"), "dc=elsewhere".to_owned()] {
                let found = search_as(&gateway, user, &["-b", &base, "-s", "base"]);
                assert!(
                    expected == 0 || found.code == expected && found.matched.is_none(),
                    "{allowed}: {base}"
                );
            }
            // What clients need before they bind.
            assert_eq!(search_as(&gateway, user, &["-b", "", "-s", "base"]).success().len(), 1);
            assert_eq!(
                search_as(&gateway, user, &["-b", "cn=Subschema", "-s", "base"])
                    .success()
                    .len(),
                1
            );
        }
        if heidis_colleague == 50 {
            assert_eq!(compare_as(&gateway, "erin", &user_dn("erin"), "uid:erin"), 50);
        }
    }
}

#[test]
fn who_leaves_a_group_loses_what_it_gave_at_once() {
    let _guard = beside_others();
    let database = Database::fresh(Engine::Sqlite);
    let env = database.deployed().without("REQUIRE_AUTH_FOR_SEARCH");
    let gateway = Gateway::start(&env.with("SEARCH_ALLOWED_TO", "self,group:sysadmins"));
    let found = || {
        search_as(&gateway, Some("alice"), &["(objectClass=person)", "1.1"])
            .success()
            .len()
    };
    assert!(found() > 5);
    database.sql("DELETE FROM \"UserGroups\" WHERE \"uidNumber\" = 10001 AND \"gidNumber\" = 20011");
    assert_eq!(found(), 1);
}

#[test]
fn users_find_themselves_and_their_groups() {
    let _guard = beside_others();
    let gateway = Gateway::start(&env().with("SEARCH_ALLOWED_TO", "self"));
    let of = |arguments: &[&str]| search_as(&gateway, Some("erin"), arguments);
    let all = of(&["(objectClass=*)"]).success();
    let dns: Vec<&str> = all.iter().map(|entry| entry.dn.as_str()).collect();
    assert_eq!(dns[..2], [BASE, &user_dn("erin")]);
    let groups = of(&["(objectClass=groupOfNames)", "cn"]).short();
    assert_eq!(groups, set(["developers"]));
    // A member's name is a member's name; the entry is not there.
    assert!(
        of(&["(cn=developers)", "memberUid"])
            .only()
            .set("memberUid")
            .contains("alice")
    );
    for nobody in [
        user_dn("alice"),
        user_dn("no-such-user"),
        group_dn("sysadmins"),
        group_dn("no-such-group"),
    ] {
        let base = of(&["-b", &nobody, "-s", "base"]);
        assert_eq!((base.code, base.matched.as_deref()), (32, Some(BASE)), "{nobody}");
        assert_eq!(compare_as(&gateway, "erin", &nobody, "cn:alice"), 32, "{nobody}");
        let below = of(&["-b", &format!("cn=x,{nobody}")]);
        assert_eq!((below.code, below.matched.as_deref()), (32, Some(BASE)), "{nobody}");
    }
    assert_eq!(compare_as(&gateway, "erin", &user_dn("erin"), "uid:ERIN"), 6);
    assert_eq!(
        compare_as(
            &gateway,
            "erin",
            &group_dn("developers"),
            &format!("member:{}", user_dn("alice"))
        ),
        6
    );
    for filter in [
        "(uid=alice)",
        "(memberOf=cn=sysadmins,dc=example,dc=com)",
        "(uidNumber=10001)",
        "(cn=sysadmins)",
    ] {
        assert!(of(&[filter]).success().is_empty(), "{filter}");
    }
    for filter in [
        "(uid=ERIN)",
        "(!(uid=alice))",
        "(uidNumber=10005)",
        "(memberOf=cn=developers,dc=example,dc=com)",
    ] {
        assert!(of(&[filter, "1.1"]).dns().contains(&user_dn("erin")), "{filter}");
    }
    // Page by page it is the same.
    let paged = of(&["-E", "pr=1/noprompt", "(objectClass=*)", "1.1"]);
    assert_eq!(paged.success().len(), all.len());
    assert_eq!(search_as(&gateway, None, &["(uid=erin)"]).code, 50);
}

#[test]
fn hidden_attributes_are_not_there() {
    let _guard = beside_others();
    let gateway = Gateway::start(
        &env()
            .with("SEARCH_ALLOWED_TO", "anyone")
            .with("ATTRIBUTES_AUTHENTICATED", "uidNumber")
            .with("ATTRIBUTES_SELF", "MAIL,sshPublicKey,memberOf"),
    );
    let names = |user, arguments: &[&str]| search_as(&gateway, user, arguments).only().names();
    let hidden = ["mail", "sshPublicKey", "memberOf"];
    let all = [
        "(uid=alice)",
        "*",
        "+",
        "mail",
        "memberOf",
        "sshPublicKey",
        "0.9.2342.19200300.100.1.3",
        "uidNumber",
    ];
    for user in [None, Some("erin")] {
        let names = names(user, &all);
        assert!(hidden.iter().all(|name| !names.contains(*name)), "{user:?}: {names:?}");
        assert_eq!(names.contains("uidNumber"), user.is_some(), "{names:?}");
        assert!(names.contains("cn"));
        let classes = search_as(&gateway, user, &["(uid=alice)", "objectClass"])
            .only()
            .set("objectClass");
        assert!(!classes.contains("ldapPublicKey"), "{classes:?}");
        assert_eq!(classes.contains("posixAccount"), user.is_some(), "{classes:?}");
        let group = search_as(&gateway, user, &["(cn=staff)", "*", "uniqueMember"])
            .only()
            .names();
        assert!(
            ["member", "memberUid", "uniqueMember"]
                .iter()
                .all(|name| !group.contains(*name)),
            "{group:?}"
        );
    }
    let own = names(Some("alice"), &all);
    assert!(hidden.iter().all(|name| own.contains(*name)), "{own:?}");
    // Neither a filter nor its negation matches, whether or not there is a value.
    for filter in [
        "(mail=alice@example.com)",
        "(mail=nobody@example.com)",
        "(mail=*)",
        "(mail=a*)",
        "(rfc822Mailbox=*)",
        "(mail:caseIgnoreIA5Match:=alice@example.com)",
        "(mail:dn:=alice@example.com)",
        "(memberOf=cn=staff,dc=example,dc=com)",
        "(memberOf:1.2.840.113556.1.4.1941:=cn=staff,dc=example,dc=com)",
        "(objectClass=ldapPublicKey)",
        "(objectClass=1.3.6.1.4.1.24552.500.1.1.2.0)",
        "(sshPublicKey=*)",
    ] {
        for asked in [filter.to_owned(), format!("(!{filter})")] {
            let scoped = format!("(&(uid=alice){asked})");
            assert!(
                search_as(&gateway, Some("erin"), &[&scoped]).success().is_empty(),
                "{scoped}"
            );
            let base = search_as(&gateway, Some("erin"), &["-b", &user_dn("alice"), "-s", "base", &asked]);
            assert!(base.success().is_empty(), "{asked}");
        }
        let assertion = format!("!assert={filter}");
        let asserted = search_as(&gateway, Some("erin"), &["-b", &user_dn("alice"), "-e", &assertion]);
        assert_eq!(asserted.code, 122, "{filter}");
    }
    for (assertion, expected) in [
        ("mail:alice@example.com", 16),
        ("mail:nobody@example.com", 16),
        ("memberOf:cn=staff,dc=example,dc=com", 16),
        ("objectClass:ldapPublicKey", 5),
        ("cn:Alice Smith", 6),
    ] {
        assert_eq!(
            compare_as(&gateway, "erin", &user_dn("alice"), assertion),
            expected,
            "{assertion}"
        );
        assert_eq!(
            compare_as(&gateway, "erin", &user_dn("heidi"), assertion) == 16,
            expected == 16,
            "{assertion}"
        );
    }
    let member = format!("member:{}", user_dn("alice"));
    assert_eq!(compare_as(&gateway, "erin", &group_dn("staff"), &member), 16);
    assert_eq!(
        compare_as(&gateway, "alice", &user_dn("alice"), "mail:ALICE@example.com"),
        6
    );
    // The own entry is found by all of it, alone and with others.
    for filter in [
        "(mail=alice@example.com)",
        "(mail=*)",
        "(sshPublicKey=*)",
        "(memberOf=cn=staff,dc=example,dc=com)",
        "(objectClass=ldapPublicKey)",
        "(|(mail=alice@example.com)(mail=bob.jones@example.com))",
        "(&(mail=a*)(cn=Alice*))",
    ] {
        let found = search_as(&gateway, Some("alice"), &[filter, "1.1"]).short();
        assert_eq!(found, set(["alice"]), "{filter}");
    }
    let both = search_as(
        &gateway,
        Some("alice"),
        &["(|(mail=alice@example.com)(uid=bob))", "mail"],
    )
    .success();
    let mails = |name: &str| {
        both.iter()
            .find(|entry| entry.dn == user_dn(name))
            .map(|entry| entry.values("mail").len())
    };
    assert_eq!((mails("alice"), mails("bob"), both.len()), (Some(1), Some(0), 2));
}

#[test]
fn what_is_made_of_a_hidden_attribute_is_hidden_too() {
    let _guard = beside_others();
    let gateway = Gateway::start(&env().with("ATTRIBUTES_SELF", "cn"));
    let names = search_as(&gateway, Some("erin"), &["(uid=alice)"]).only().names();
    for hidden in ["cn", "gecos", "sn"] {
        assert!(!names.contains(hidden), "{names:?}");
    }
    assert!(names.contains("givenName"));
    // A group is named by it: its DN says so.
    assert_eq!(
        search_as(&gateway, Some("erin"), &["(cn=staff)", "cn"])
            .only()
            .one("cn"),
        "staff"
    );
    // A name that has no column is put together of others, and a UUID is made of the number.
    let columns = r#"SELECT uid AS username, "uidNumber" AS uid_number, "gidNumber" AS gid_number, "userPassword" AS password,
        'Ada' AS first_name, 'Zander' AS last_name FROM "Users""#;
    let put_together = env()
        .with("SQL_QUERY_ALL_USERS", columns)
        .with("SQL_QUERY_ONE_USER", format!("{columns} WHERE uid = ?"));
    for (hidden, others) in [
        ("sn", vec!["sn", "cn", "gecos"]),
        ("givenName", vec!["givenName", "cn", "gecos", "sn"]),
        ("uidNumber", vec!["uidNumber", "homeDirectory", "entryUUID"]),
    ] {
        let gateway = Gateway::start(&put_together.clone().with("ATTRIBUTES_SELF", hidden));
        let names = search_as(&gateway, Some("erin"), &["(uid=alice)", "*", "+"])
            .only()
            .names();
        assert!(others.iter().all(|name| !names.contains(*name)), "{hidden}: {names:?}");
        for filter in [
            "(cn=Ada Zander)",
            "(gecos=*zander)",
            "(homeDirectory=*)",
            "(entryUUID=*)",
            "(displayName=*)",
        ] {
            let attribute = filter.trim_start_matches('(').split('=').next().unwrap();
            let found = search_as(&gateway, Some("erin"), &[filter, "1.1"]).dns();
            let is_hidden = others.contains(&attribute);
            assert!(
                !is_hidden || !found.iter().any(|dn| dn.starts_with("uid=alice")),
                "{hidden}: {filter}: {found:?}"
            );
        }
    }
    let gateway = Gateway::start(&env().with("ATTRIBUTES_SELF", "name"));
    let names = search_as(&gateway, Some("erin"), &["(uid=alice)"]).only().names();
    assert!(
        ["cn", "sn", "givenName", "gecos"]
            .iter()
            .all(|name| !names.contains(*name)),
        "{names:?}"
    );
}

#[test]
fn what_contradicts_itself_does_not_start() {
    let _guard = beside_others();
    let wrong = env()
        .with("REQUIRE_AUTH_FOR_SEARCH", "false")
        .with("SEARCH_ALLOWED_TO", "self")
        .with("ATTRIBUTES_SELF", "maill,uid")
        .with(
            "SERVICE_ACCOUNTS",
            "[{\"dn\": \"cn=a,dc=example,dc=com\", \"password\": \"hunter2\", \"rights\": []}]",
        );
    for command in ["serve", "check"] {
        let ended = run_to_end(&wrong, &[command], "");
        let text = ended.text();
        assert_eq!(ended.code, Some(78), "{text}");
        for expected in [
            "SEARCH_ALLOWED_TO: contradicts REQUIRE_AUTH_FOR_SEARCH=false",
            "ATTRIBUTES_SELF: found `maill,uid`, must be a list of attributes; `maill` is none of the schema",
            "ATTRIBUTES_SELF: `uid` cannot be hidden",
            "SERVICE_ACCOUNTS: the password of cn=a,dc=example,dc=com must be a hash",
        ] {
            assert!(text.contains(expected), "{expected}: {text}");
        }
        assert!(!text.contains("hunter2"), "{text}");
    }
}

/// A group that is not there lets nobody in, and somebody who mistyped it is told.
#[test]
fn check_names_groups_that_do_not_exist() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let env = Database::shared(engine).deployed().without("REQUIRE_AUTH_FOR_SEARCH");
        let env = env.with("SEARCH_ALLOWED_TO", "group:ldapusers,group:LDAPUSERS ,group:ldapuser");
        let text = run_to_end(&env, &["check"], "").text();
        let named: Vec<&str> = text
            .lines()
            .filter(|line| line.contains("SEARCH_ALLOWED_TO: there"))
            .collect();
        assert_eq!(named.len(), 1, "{engine:?}: {text}");
        assert!(named[0].contains("there is no group `ldapuser`"), "{engine:?}: {text}");
    }
}
