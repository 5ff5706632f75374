//! What `check`, `explain`, `probe` and the start say of several realms.

use super::{INNER, OUTER, env, make_inner, realm};
use crate::harness::gateway::run_to_end;
use crate::harness::{Database, Engine, Gateway, beside_others};
use serde_json::{Value, json};

fn two() -> Vec<Value> {
    let (outer, inner) = (Database::fresh(Engine::Sqlite), Database::fresh(Engine::Sqlite));
    make_inner(&inner);
    vec![
        realm("all", OUTER, &outer.recommended()),
        realm("lab", INNER, &inner.recommended()),
    ]
}

#[test]
fn check_looks_at_all_realms_at_once() {
    let _guard = beside_others();
    let ended = run_to_end(&env(&two()), &["check"], "");
    assert_eq!(ended.code, Some(0), "{}", ended.text());
    for title in [
        "all: SQL_QUERY_ALL_USERS",
        "lab: SQL_QUERY_ALL_USERS",
        "all: Directory",
        "lab: Directory",
    ] {
        assert!(
            ended.stdout.lines().any(|line| line == title),
            "{title}\n{}",
            ended.stdout
        );
    }
}

#[test]
fn every_problem_of_every_realm_is_told_with_its_path() {
    let _guard = beside_others();
    let mut realms = two();
    realms[0]["directory"]["options"]["sqlQueryAllUsers"] = json!("SELECT nonsense FROM \"Users\"");
    realms[1]["directory"]["options"]["sqlQueryAllGroups"] = json!("SELECT 1; SELECT 2");
    realms[1]["auth"]["backends"][0]["options"] =
        json!({"sqlQueryOneUser": "SELECT \"uid\" AS username FROM \"Users\" WHERE \"uid\" = ?"});
    let ended = run_to_end(&env(&realms), &["check"], "");
    assert!(matches!(ended.code, Some(1 | 78)), "{}", ended.text());
    for place in [
        "realms[0].directory.options.sqlQueryAllUsers: ",
        "realms[1].directory.options.sqlQueryAllGroups: ",
        "realms[1].auth.backends[0].options.sqlQueryOneUser: no column password",
    ] {
        assert!(
            ended.stderr.lines().any(|line| line.starts_with(place)),
            "{place}\n{}",
            ended.stderr
        );
    }
    // What can be known without a database ends the start.
    let ended = run_to_end(&env(&realms), &["serve"], "");
    assert_eq!(ended.code, Some(78), "{}", ended.text());
    assert!(
        ended.stderr.contains("realms[1].directory.options.sqlQueryAllGroups: "),
        "{}",
        ended.stderr
    );
    realms[0]["directory"]["options"]["sqlUri"] = json!("sqlite:");
    realms[1]["baseDn"] = json!("nonsense");
    for command in ["serve", "check"] {
        let ended = run_to_end(&env(&realms), &[command], "");
        assert_eq!(ended.code, Some(78), "{}", ended.text());
        for place in ["realms[0].directory.options.sqlUri: ", "realms[1].baseDn: "] {
            assert!(
                ended.stderr.lines().any(|line| line.starts_with(place)),
                "{place}\n{}",
                ended.stderr
            );
        }
    }
}

#[test]
fn what_is_no_list_of_realms_is_not_shown() {
    let _guard = beside_others();
    for list in [
        "postgres://reader:hunter2@db/people",
        "sqlUri: mysql://reader:hunter2@db/people",
        "password=hunter2",
        "- name: people, password: hunter2",
        "[{\"sqlUri\": \"hunter2\" \"name\": 1}]",
    ] {
        let ended = run_to_end(&env(&two()).with("REALM_CONFIG", list), &["check"], "");
        let text = ended.text();
        assert_eq!(ended.code, Some(78), "{text}");
        assert!(text.contains("REALM_CONFIG: ") && !text.contains("hunter2"), "{text}");
    }
    let ended = run_to_end(
        &env(&two()).with("REALM_CONFIG", "/etc/no such/realms.json"),
        &["check"],
        "",
    );
    assert!(
        ended
            .text()
            .contains("the file /etc/no such/realms.json cannot be read"),
        "{}",
        ended.text()
    );
}

#[test]
fn explain_takes_the_realm_of_its_base() {
    let _guard = beside_others();
    let mut realms = two();
    // Its queries tell them apart.
    let options = realms[1]["directory"]["options"].as_object_mut().unwrap();
    let query = options["sqlQueryOneUser"]
        .as_str()
        .unwrap()
        .replace(" WHERE ", " WHERE 'lab' = 'lab' AND ");
    options.insert("sqlQueryOneUser".into(), json!(query));
    for (base, is_lab) in [(Some(INNER), true), (Some(OUTER), false), (None, false)] {
        let mut arguments = vec!["explain"];
        arguments.extend(base.iter().flat_map(|base| ["-b", base]));
        arguments.push("(uid=alice)");
        let ended = run_to_end(&env(&realms), &arguments, "");
        assert_eq!(ended.code, Some(0), "{}", ended.text());
        assert_eq!(ended.stdout.contains("'lab'"), is_lab, "{base:?}\n{}", ended.stdout);
    }
}

#[test]
fn probe_asks_all_realms() {
    let _guard = beside_others();
    let gateway = Gateway::start(&env(&two()));
    let ended = run_to_end(&env(&[]).without("REALM_CONFIG"), &["probe", &gateway.uri()], "");
    assert_eq!(
        (ended.code, ended.stdout.trim()),
        (Some(0), "ready"),
        "{}",
        ended.text()
    );
}
