//! Plans as the engines print them, and what is read out of them.

use super::{
    asked::hidden_by_function,
    mysql::{self, Row},
    postgres::{self, Index},
    reading::{Access, Reading},
    sqlite::{self, Known},
};
use std::collections::{HashMap, HashSet};

/// Each read in short; what is not known at the end.
fn shown(reading: &Reading) -> Vec<String> {
    let reads = reading.reads.iter().map(|read| match &read.access {
        Access::Whole { index: None } => format!("{} whole", read.table),
        Access::Whole { index: Some(index) } => format!("{} whole by {index}", read.table),
        Access::InOrder { index } => format!("{} in order of {index}", read.table),
        Access::Index { index } => format!("{} by {index}", read.table),
    });
    let unknown = reading.unknown.iter().map(|why| format!("? {why}"));
    reads.chain(unknown).collect()
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(|line| line.trim().to_owned()).collect()
}

fn postgres(plan: &str) -> Vec<String> {
    let index = |method: &str, first_column: &str, is_of_few| Index {
        method: method.to_owned(),
        first_column: first_column.to_owned(),
        is_of_few,
    };
    let indexes = HashMap::from([
        ("odd".to_owned(), index("btree", "uid", true)),
        ("active".to_owned(), index("btree", "uid", false)),
        ("pair".to_owned(), index("btree", "tenant", false)),
        ("blocks".to_owned(), index("brin", "uid", false)),
        ("words".to_owned(), index("gin", "uid", false)),
        ("lower".to_owned(), index("btree", "", false)),
    ]);
    shown(&postgres::read(&format!("[{{\"Plan\": {plan}}}]"), &indexes))
}

fn index_scan(kind: &str, index: &str, more: &str) -> String {
    format!(r#"{{"Node Type": "{kind}", "Relation Name": "Users", "Index Name": "{index}"{more}}}"#)
}

#[test]
fn postgres_plans() {
    let scan = r#"{"Node Type": "Seq Scan", "Parallel Aware": true, "Relation Name": "UserGroups", "Alias": "ug"}"#;
    let joined = format!(
        r#"{{"Node Type": "Gather", "Plans": [{{"Node Type": "Hash Join", "Plans": [{scan},
        {{"Node Type": "Hash", "Plans": [{scan}]}}]}}]}}"#
    );
    assert_eq!(postgres(&joined), ["\"UserGroups\" whole", "\"UserGroups\" whole"]);
    let index = |more: &str| index_scan("Index Scan", "Users_uid_key", more);
    let limit = |below: &str| format!(r#"{{"Node Type": "Limit", "Plans": [{below}]}}"#);
    assert_eq!(
        postgres(&index(r#", "Index Cond": "((uid)::text = 'a'::text)""#)),
        ["\"Users\" by \"Users_uid_key\""]
    );
    // Only a limit ends it early, and only where no condition is left.
    assert_eq!(
        postgres(&limit(&index(""))),
        ["\"Users\" in order of \"Users_uid_key\""]
    );
    assert_eq!(postgres(&index("")), ["\"Users\" whole by \"Users_uid_key\""]);
    for condition in ["(uid IS NOT NULL)", "((uid IS NOT NULL) AND ((uid)::text > 'a'::text))"] {
        let more = format!(r#", "Index Cond": "{condition}", "Filter": "(mail = 'x')""#);
        assert_eq!(
            postgres(&limit(&index(&more))),
            ["\"Users\" whole by \"Users_uid_key\""]
        );
    }
    let sorted = format!(r#"{{"Node Type": "Sort", "Plans": [{}]}}"#, index(""));
    assert_eq!(postgres(&limit(&sorted)), ["\"Users\" whole by \"Users_uid_key\""]);
    let bitmap = |indexes: &[(&str, &str)], how: &str| {
        let each = indexes.iter().map(|(index, condition)| {
            format!(r#"{{"Node Type": "Bitmap Index Scan", "Index Name": "{index}", "Index Cond": "{condition}"}}"#)
        });
        let each = each.collect::<Vec<String>>().join(",");
        postgres(&format!(
            r#"{{"Node Type": "Bitmap Heap Scan", "Relation Name": "Users", "Recheck Cond": "x", "Plans": [
            {{"Node Type": "{how}", "Plans": [{each}]}}]}}"#
        ))
    };
    let found = ("lower", "(lower(uid) = 'a')");
    let exists = ("active", "(uid IS NOT NULL)");
    assert_eq!(
        bitmap(&[found, ("odd", "")], "BitmapOr"),
        ["\"Users\" by lower and odd"]
    );
    assert_eq!(bitmap(&[found, exists], "BitmapAnd"), ["\"Users\" by lower and active"]);
    assert_eq!(
        bitmap(&[found, exists], "BitmapOr"),
        ["\"Users\" whole by lower and active"]
    );
}

#[test]
fn postgres_plans_that_only_look_like_lookups() {
    let by = |kind: &str, name: &str, condition: &str| match condition {
        "" => postgres(&index_scan(kind, name, "")),
        _ => postgres(&index_scan(kind, name, &format!(r#", "Index Cond": "{condition}""#))),
    };
    // The whole of an index is no lookup, and one that is partial may hold nearly every row.
    assert_eq!(by("Index Only Scan", "active", ""), ["\"Users\" whole by active"]);
    assert_eq!(by("Index Scan", "active", ""), ["\"Users\" whole by active"]);
    // The few names that are written in other ways have an index of their own.
    assert_eq!(by("Index Scan", "odd", ""), ["\"Users\" by odd"]);
    // The second column alone; a range that is open at one end; ranges of blocks.
    assert_eq!(by("Index Scan", "pair", "(u.uid = 'a')"), ["\"Users\" whole by pair"]);
    assert_eq!(
        by("Index Scan", "pair", "((u.tenant = 3) AND (u.uid = 'a'))"),
        ["\"Users\" by pair"]
    );
    assert_eq!(
        by("Index Scan", "active", "(uid >= 'a')"),
        ["\"Users\" whole by active"]
    );
    assert_eq!(by("Index Scan", "active", "(uid < 'z')"), ["\"Users\" whole by active"]);
    assert_eq!(
        by("Index Scan", "active", "((uid >= 'a') AND (uid < 'b'))"),
        ["\"Users\" by active"]
    );
    assert_eq!(by("Index Scan", "blocks", "(uid = 'a')"), ["\"Users\" whole by blocks"]);
    assert_eq!(by("Index Scan", "words", "(uid ~~ '%a%')"), ["\"Users\" by words"]);
    // What a value is computed from is not ended by the limit of the rest.
    let apart = index_scan("Index Scan", "active", r#", "Parent Relationship": "InitPlan""#);
    assert_eq!(
        postgres(&format!(r#"{{"Node Type": "Limit", "Plans": [{apart}]}}"#)),
        ["\"Users\" whole by active"]
    );
    let cte = format!(
        r#"{{"Node Type": "CTE Scan", "Plans": [{}]}}"#,
        index_scan("Index Only Scan", "active", "")
    );
    assert_eq!(postgres(&cte), ["\"Users\" whole by active"]);
    assert_eq!(
        postgres(r#"{"Node Type": "Sample Scan", "Relation Name": "Users"}"#),
        ["\"Users\" whole"]
    );
}

#[test]
fn postgres_plans_that_do_not_tell() {
    assert_eq!(
        postgres(r#"{"Node Type": "Foreign Scan", "Relation Name": "Users"}"#),
        ["? how another server finds the rows of the foreign table \"Users\" is not in the plan"]
    );
    assert_eq!(
        postgres(r#"{"Node Type": "Function Scan", "Function Name": "members_of"}"#),
        ["? what the function members_of reads is in no plan"]
    );
    assert_eq!(
        postgres(r#"{"Node Type": "Function Scan", "Function Name": "unnest"}"#),
        Vec::<String>::new()
    );
    let custom = format!(
        r#"{{"Node Type": "Append", "Plans": [{{"Node Type": "Custom Scan", "Custom Plan Provider": "Columnar"}}, {}]}}"#,
        index_scan("Index Scan", "active", r#", "Index Cond": "(uid = 'a')""#)
    );
    assert_eq!(
        postgres(&custom),
        [
            "\"Users\" by active",
            "? the plan has a step that is not known here: \"Custom Scan\""
        ]
    );
    let read = |plan: &str| shown(&postgres::read(plan, &HashMap::new()));
    for cut in ["", "[", r#"[{"Plan": {"Node Type": "Index Sc"#, "QUERY PLAN"] {
        let read = read(cut);
        assert!(
            read.len() == 1 && read[0].starts_with("? the plan is no readable JSON: "),
            "{read:?}"
        );
    }
    assert_eq!(read("[]"), ["? the plan is in another form than PostgreSQL's"]);
    assert_eq!(
        read(r#"[{"Plan": {}}]"#),
        ["? the plan has a step that is not known here: \"\""]
    );
}

#[test]
fn functions_with_statements_in_them_hide_what_they_read() {
    let functions = ["is_member".to_owned(), "Members".to_owned()];
    for (text, called) in [
        ("Filter: is_member(u.uid)", Some("is_member")),
        ("SELECT public.members (1), \"Members\"(2)", Some("Members")),
        ("SELECT not_is_member(1), is_member FROM t", None),
    ] {
        let why = called.map(|name| format!("what the function {name} reads is in no plan"));
        assert_eq!(hidden_by_function(text, &functions), why, "{text}");
    }
}

fn mysql(plan: &str) -> Vec<String> {
    shown(&mysql::read(plan, true))
}

#[test]
fn mysql_plans() {
    let plan = r#"{"query_block": {"nested_loop": [
        {"table": {"table_name": "Users", "access_type": "ALL", "rows": 8}},
        {"table": {"table_name": "g", "access_type": "eq_ref", "key": "PRIMARY"}},
        {"table": {"table_name": "<derived2>", "access_type": "ALL"}}]}}"#;
    assert_eq!(mysql(plan), ["Users whole", "g by PRIMARY"]);
    let page = |more: &str| {
        format!(
            r#"{{"query_block": {{"table": {{"table_name": "Users", "access_type": "index", "key": "uid"{more}}}}}}}"#
        )
    };
    assert_eq!(mysql(&page("")), ["Users in order of uid"]);
    assert_eq!(shown(&mysql::read(&page(""), false)), ["Users whole by uid"]);
    assert_eq!(
        mysql(&page(
            r#", "using_index": true, "attached_condition": "Users.mail = 'x'""#
        )),
        ["Users whole by uid"]
    );
    for above in [
        "filesort",
        "temporary_table",
        "ordering_operation",
        "grouping_operation",
        "materialized",
        "subqueries",
    ] {
        let plan = page("").replacen("{\"table\"", &format!("{{\"{above}\": {{\"table\""), 1) + "}";
        assert_eq!(mysql(&plan), ["Users whole by uid"], "{above}");
    }
}

#[test]
fn mysql_plans_that_only_look_like_lookups() {
    let range = |condition: &str| {
        mysql(&format!(
            r#"{{"query_block": {{"table": {{"table_name": "u", "access_type": "range", "key": "uid",
            "used_key_parts": ["uid"], "attached_condition": "{condition}"}}}}}}"#
        ))
    };
    assert_eq!(range("u.uid in ('a','b')"), ["u by uid"]);
    assert_eq!(range("u.uid like 'a%' and u.mail > 'x'"), ["u by uid"]);
    assert_eq!(range("u.uid is not null and u.mail = 'x'"), ["u whole by uid"]);
    assert_eq!(range("u.uid > 'x' and u.mail = 'x'"), ["u whole by uid"]);
    assert_eq!(range("u.uid > 'x'"), ["u in order of uid"]);
    let joined = r#"{"query_block": {"nested_loop": [{"block-nl-join": {"table": {"table_name": "g",
        "access_type": "hash_ALL", "key": "\#hash\#$hj"}}}, {"block-nl-join": {"table": {"table_name": "m",
        "access_type": "hash_index", "key": "\#hash\#m:m"}}}]}}"#
        .replace("\\#", "#");
    assert_eq!(mysql(&joined), ["g whole", "m whole by #hash#m:m"]);
    let checked = r#"{"query_block": {"range-checked-for-each-record": {"keys": ["a"],
        "table": {"table_name": "g", "access_type": "ALL"}}}}"#;
    assert_eq!(mysql(checked), ["g whole"]);
}

#[test]
fn mysql_plans_that_do_not_tell() {
    // MariaDB leaves the double quote of a condition as it is.
    let broken = r#"{"query_block": {"table": {"table_name": "u", "access_type": "ALL",
        "attached_condition": "u.note <> 'a "b" c'"}}}"#;
    let read = mysql(broken);
    assert!(
        read.len() == 1 && read[0].starts_with("? the plan is no readable JSON: "),
        "{read:?}"
    );
    for cut in ["", "{", "EXPLAIN", "null"] {
        assert!(
            mysql(cut).iter().all(|read| read.starts_with("? ")) && !mysql(cut).is_empty(),
            "{cut:?}"
        );
    }
    // The second version of MySQL's form.
    let second = r#"{"query": "select 1", "operation": "Table scan on u", "access_type": "table", "table_name": "u"}"#;
    assert_eq!(mysql(second), ["? the plan is in a form that is not known here"]);
    assert_eq!(
        mysql(r#"{"query_block": {"select_id": 1}}"#),
        ["? the plan names no table"]
    );
    let table = |fields: &str| mysql(&format!(r#"{{"query_block": {{"table": {{{fields}}}}}}}"#));
    assert_eq!(
        table(r#""message": "Impossible WHERE noticed after reading const tables""#),
        Vec::<String>::new()
    );
    assert_eq!(
        table(r#""message": "Answered elsewhere""#),
        ["? the plan says what is not known here: \"Answered elsewhere\""]
    );
    assert_eq!(table(r#""table_name": "u""#), ["? how u is read is not in the plan"]);
    assert_eq!(
        table(r#""table_name": "u", "access_type": "vector", "key": "v""#),
        ["? u is read in a way that is not known here: vector"]
    );
}

#[test]
fn mysql_plans_in_rows() {
    let row = |table: &str, access_type: &str, key: &str, extra: &str| Row {
        table: table.to_owned(),
        access_type: access_type.to_owned(),
        key: key.to_owned(),
        extra: extra.to_owned(),
    };
    let read = |rows: &[Row]| shown(&mysql::read_rows(rows));
    assert_eq!(
        read(&[
            row("u", "ALL", "", "Using where"),
            row("g", "eq_ref", "PRIMARY", ""),
            row("m", "index", "m_user", "Using index"),
            row("<derived2>", "ALL", "", "")
        ]),
        ["u whole", "g by PRIMARY", "m whole by m_user"]
    );
    assert_eq!(
        read(&[row("u", "range", "uid", "Using where")]),
        ["? how much of the index uid is read is not in the plan"]
    );
    assert_eq!(
        read(&[row("", "", "", "no matching row in const table")]),
        Vec::<String>::new()
    );
    assert_eq!(
        read(&[row("", "", "", "Something new")]),
        ["? the plan says what is not known here: \"Something new\""]
    );
    assert_eq!(
        read(&[row("u", "vector", "", "")]),
        ["? u is read in a way that is not known here: \"vector\""]
    );
    assert_eq!(read(&[]), ["? the plan is empty"]);
}

fn sqlite(plan: &str) -> Vec<String> {
    let known = Known {
        of_few: HashSet::from(["odd".to_owned()]),
        of_modules: HashSet::from(["notes".to_owned()]),
        sql: "SELECT 1 FROM json_each('[]') AS j JOIN notes AS n",
    };
    shown(&sqlite::read(&lines(plan), &known))
}

#[test]
fn sqlite_plans() {
    let plan = "CO-ROUTINE gw_g
        SEARCH t USING INDEX t_cn (cn=?)
        SCAN gw_g
        SCAN json_each VIRTUAL TABLE INDEX 1:
        SCAN ug
        SEARCH g USING INTEGER PRIMARY KEY (rowid=?)
        SCAN u USING COVERING INDEX u_uid
        SCAN u USING INDEX odd
        MULTI-INDEX OR
        INDEX 1
        USE TEMP B-TREE FOR ORDER BY
        SCAN 3 CONSTANT ROWS
        SEARCH u USING COVERING INDEX u_nocase (uid=?)";
    assert_eq!(
        sqlite(plan),
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

#[test]
fn sqlite_plans_that_only_look_like_lookups() {
    for (line, read) in [
        ("SCAN u USING INDEX u_uid", "u whole by u_uid"),
        ("SCAN u USING COVERING INDEX active", "u whole by active"),
        ("SEARCH u USING AUTOMATIC COVERING INDEX (uid=?)", "u whole"),
        ("SEARCH u USING AUTOMATIC PARTIAL COVERING INDEX (uid=?)", "u whole"),
        ("SEARCH u USING INDEX u_uid (uid>?)", "u whole by u_uid"),
        (
            "SEARCH u USING INTEGER PRIMARY KEY (rowid>?)",
            "u whole by INTEGER PRIMARY KEY",
        ),
        ("SEARCH u USING INDEX u_uid (uid>? AND uid<?)", "u by u_uid"),
        ("SEARCH u USING INDEX pair (ANY(tenant) AND uid=?)", "u whole by pair"),
    ] {
        assert_eq!(sqlite(line), [read], "{line}");
    }
}

#[test]
fn sqlite_plans_that_do_not_tell() {
    assert_eq!(sqlite("SCAN j VIRTUAL TABLE INDEX 1:"), Vec::<String>::new());
    assert_eq!(
        sqlite("SCAN n VIRTUAL TABLE INDEX 0:M1"),
        ["? how the virtual table notes finds its rows is not in the plan"]
    );
    assert_eq!(
        sqlite("PROBE u BY MAGIC"),
        ["? the plan has a step that is not known here: \"PROBE u BY MAGIC\""]
    );
    assert_eq!(shown(&sqlite::read(&[], &Known::default())), ["? the plan is empty"]);
}
