//! Plans as the engines print them, and what is read out of them.

use std::collections::HashSet;

use super::plan::{Access, Read, mysql, postgres, sqlite};

fn shown(reads: &[Read]) -> Vec<String> {
    let show = |read: &Read| match &read.access {
        Access::Whole { index: None } => format!("{} whole", read.table),
        Access::Whole { index: Some(index) } => format!("{} whole by {index}", read.table),
        Access::InOrder { index } => format!("{} in order of {index}", read.table),
        Access::Index { index } => format!("{} by {index}", read.table),
    };
    reads.iter().map(show).collect()
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(|line| line.trim().to_owned()).collect()
}

#[test]
fn postgres_plans() {
    let read = |plan: &str| {
        let plan = format!("[{{\"Plan\": {plan}}}]");
        shown(&postgres(&plan, &HashSet::from(["odd".to_owned()])))
    };
    let scan = r#"{"Node Type": "Seq Scan", "Relation Name": "UserGroups", "Alias": "ug"}"#;
    let joined =
        format!(r#"{{"Node Type": "Hash Join", "Plans": [{scan}, {{"Node Type": "Hash", "Plans": [{scan}]}}]}}"#);
    assert_eq!(read(&joined), ["\"UserGroups\" whole", "\"UserGroups\" whole"]);
    let index = |more: &str| {
        format!(r#"{{"Node Type": "Index Scan", "Relation Name": "Users", "Index Name": "Users_uid_key"{more}}}"#)
    };
    let limit = |below: &str| format!(r#"{{"Node Type": "Limit", "Plans": [{below}]}}"#);
    assert_eq!(
        read(&index(r#", "Index Cond": "((uid)::text = 'a'::text)""#)),
        ["\"Users\" by \"Users_uid_key\""]
    );
    // Only a limit ends it early, and only where no condition is left.
    assert_eq!(read(&limit(&index(""))), ["\"Users\" in order of \"Users_uid_key\""]);
    assert_eq!(read(&index("")), ["\"Users\" whole by \"Users_uid_key\""]);
    for condition in ["(uid IS NOT NULL)", "((uid IS NOT NULL) AND ((uid)::text > 'a'::text))"] {
        let more = format!(r#", "Index Cond": "{condition}", "Filter": "(mail = 'x')""#);
        assert_eq!(read(&limit(&index(&more))), ["\"Users\" whole by \"Users_uid_key\""]);
    }
    let sorted = format!(r#"{{"Node Type": "Sort", "Plans": [{}]}}"#, index(""));
    assert_eq!(read(&limit(&sorted)), ["\"Users\" whole by \"Users_uid_key\""]);
    let partial = r#"{"Node Type": "Index Scan", "Relation Name": "Users", "Index Name": "odd", "Filter": "x"}"#;
    assert_eq!(read(partial), ["\"Users\" by odd"]);
    let bitmap = r#"{"Node Type": "Bitmap Heap Scan", "Relation Name": "Users", "Plans": [{"Node Type": "BitmapOr",
        "Plans": [{"Node Type": "Bitmap Index Scan", "Index Name": "lower"},
        {"Node Type": "Bitmap Index Scan", "Index Name": "odd"}]}]}"#;
    assert_eq!(read(bitmap), ["\"Users\" by lower and odd"]);
}

#[test]
fn mysql_plans() {
    let plan = r#"{"query_block": {"nested_loop": [
        {"table": {"table_name": "Users", "access_type": "ALL", "rows": 8}},
        {"table": {"table_name": "g", "access_type": "eq_ref", "key": "PRIMARY"}},
        {"table": {"table_name": "<derived2>", "access_type": "ALL"}}]}}"#;
    assert_eq!(shown(&mysql(plan)), ["Users whole", "g by PRIMARY"]);
    let page = |more: &str| {
        format!(
            r#"{{"query_block": {{"table": {{"table_name": "Users", "access_type": "index", "key": "uid"{more}}}}}}}"#
        )
    };
    assert_eq!(shown(&mysql(&page(""))), ["Users in order of uid"]);
    let left = r#", "attached_condition": "Users.mail = 'x'""#;
    assert_eq!(shown(&mysql(&page(left))), ["Users whole by uid"]);
}

#[test]
fn sqlite_plans() {
    let plan = lines(
        "CO-ROUTINE gw_g
        SEARCH t USING INDEX t_cn (cn=?)
        SCAN gw_g
        SCAN json_each VIRTUAL TABLE INDEX 1:
        SCAN ug
        SEARCH g USING INTEGER PRIMARY KEY (rowid=?)
        SCAN u USING COVERING INDEX u_uid
        SCAN u USING INDEX odd
        MULTI-INDEX OR
        SEARCH u USING COVERING INDEX u_nocase (uid=?)",
    );
    assert_eq!(
        shown(&sqlite(&plan, &HashSet::from(["odd".to_owned()]))),
        [
            "t by t_cn",
            "ug whole",
            "g by INTEGER PRIMARY KEY",
            "u whole by u_uid",
            "u by odd",
            "u by u_nocase"
        ]
    );
}
