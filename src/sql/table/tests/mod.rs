mod group_memberships;

use super::query_table::{KeyedPage, QueryTable};
use crate::sql::engine::Engine;
use crate::sql::predicate::Predicate;
use crate::sql::query::bound::Bound;
use crate::sql::query::description::{ColumnKind, QueryDescription};
use crate::sql::query::operator_query::OperatorQuery;
use crate::sql::query::tests::{ALL_USERS, GROUPS_BY_MEMBER};
use crate::sql::statement::{Arg, Statement};

fn described(query: &OperatorQuery, columns: &[(&str, &str)], parameters: &[&str]) -> QueryDescription {
    let columns = columns
        .iter()
        .map(|(name, type_name)| (name.to_string(), type_name.to_string()));
    QueryDescription::new(
        query,
        columns,
        parameters.iter().map(|name| Some(name.to_string())).collect(),
    )
}

fn listing(text: &str, engine: Engine, columns: &[(&str, &str)]) -> (OperatorQuery, QueryDescription) {
    let query = OperatorQuery::listing(text, engine).unwrap();
    let described = described(&query, columns, &[]);
    (query, described)
}

fn text(value: &str) -> Arg {
    Arg::Text(value.to_owned())
}

#[test]
fn columns_are_named_and_the_query_keeps_its_lines() {
    let (query, described) = listing(
        "SELECT * FROM t -- all",
        Engine::PostgreSql,
        &[("uid", "TEXT"), ("a\"b", "TEXT")],
    );
    let statement = QueryTable::listing(&query, &described)
        .select(&[1, 0, 7], &Predicate::True)
        .unwrap();
    assert_eq!(
        statement.sql,
        "SELECT q.\"a\"\"b\", q.\"uid\", NULL FROM (\nSELECT * FROM t\n) q"
    );
    assert!(statement.args.is_empty());
    let source = QueryTable::listing(&query, &described);
    assert_eq!(source.select(&[0], &Predicate::False), None);
    assert_eq!(
        source.exists(&Predicate::True).unwrap().sql,
        "SELECT 1 FROM (\nSELECT * FROM t\n) q\nLIMIT 1"
    );
    assert_eq!(
        source.count(&Predicate::HasKey(0)).unwrap().sql,
        "SELECT count(*) FROM (\nSELECT * FROM t\n) q\nWHERE q.\"uid\" IS NOT NULL"
    );
}

#[test]
fn the_parameter_is_text_of_the_type_the_operator_wants() {
    let query = OperatorQuery::lookup(&format!("{ALL_USERS} WHERE \"uidNumber\" = ?"), Engine::PostgreSql).unwrap();
    let wanted = |name: &str| described(&query, &[("username", "VARCHAR")], &[name]);
    let end = |name: &str| query.bound(&wanted(name)).sql.rsplit_once("= ").unwrap().1.to_owned();
    assert_eq!(end("TEXT"), "$1::text");
    assert_eq!(end("VARCHAR"), "$1::text");
    assert_eq!(end("INT4"), "($1::text)::int4");
    assert_eq!(end("UUID"), "($1::text)::uuid");
    assert_eq!(end("CHAR"), "($1::text)::bpchar");
    assert_eq!(end("citext"), "($1::text)::\"citext\"");
    assert_eq!(end("Mood"), "($1::text)::\"Mood\"");
    assert_eq!(end("TEXT[]"), "ARRAY[$1::text]::text[]");
    assert_eq!(end("JSONB"), "to_jsonb($1::text)");
}

#[test]
fn a_value_is_bound_as_often_as_the_engine_counts() {
    let twice = "SELECT uid FROM t WHERE uid = ? OR id = ?";
    let query = OperatorQuery::lookup(twice, Engine::PostgreSql).unwrap();
    let is = described(&query, &[("uid", "TEXT")], &["TEXT", "INT4"]);
    let bound = query.bound(&is);
    assert_eq!(
        (bound.sql.as_str(), bound.binds),
        ("SELECT uid FROM t WHERE uid = $1::text OR id = ($1::text)::int4", 1)
    );
    let source = QueryTable::lookup(&query, &is, "al").unwrap();
    let statement = source
        .select(
            &[0],
            &Predicate::EqualsAny {
                column: 0,
                values: vec!["al".to_owned()],
            },
        )
        .unwrap();
    assert!(statement.sql.ends_with("WHERE q.\"uid\" = $2::text"));
    assert_eq!(statement.args, [text("al"), text("al")]);
    for engine in [Engine::MySql, Engine::Sqlite] {
        let query = OperatorQuery::lookup(twice, engine).unwrap();
        let is = described(&query, &[("uid", "TEXT")], &[]);
        assert_eq!(
            query.bound(&is),
            Bound {
                sql: twice.to_owned(),
                binds: 2
            }
        );
        let statement = QueryTable::lookup(&query, &is, "al")
            .unwrap()
            .select(&[0], &Predicate::True)
            .unwrap();
        assert_eq!(statement.args, [text("al"), text("al")]);
    }
    assert!(QueryTable::lookup(&query, &is, "a\0").is_none());
}

#[test]
fn pages_compare_the_key_as_its_own_type() {
    let page = |engine, kind: &str, last: Option<&str>| {
        let (query, described) = listing("SELECT 1", engine, &[("k", kind)]);
        QueryTable::listing(&query, &described)
            .page_after(
                &[0],
                &Predicate::True,
                KeyedPage {
                    key: 0,
                    after: last,
                    limit: 9,
                },
            )
            .map(|s| s.sql.split_once("WHERE ").unwrap().1.to_owned())
    };
    let end = "\nORDER BY q.\"k\"\nLIMIT 9";
    assert_eq!(
        page(Engine::PostgreSql, "VARCHAR", None).unwrap(),
        format!("q.\"k\" IS NOT NULL{end}")
    );
    assert_eq!(
        page(Engine::PostgreSql, "VARCHAR", Some("a")).unwrap(),
        format!("q.\"k\" > $1::text{end}")
    );
    assert_eq!(
        page(Engine::PostgreSql, "citext", Some("a")).unwrap(),
        format!("q.\"k\" > ($1::text)::citext{end}")
    );
    assert_eq!(
        page(Engine::PostgreSql, "CHAR", Some("a")).unwrap(),
        format!("q.\"k\" > ($1::text)::bpchar{end}")
    );
    assert_eq!(
        page(Engine::PostgreSql, "INT4", Some("5")).unwrap(),
        format!("q.\"k\" > $1::int8{end}")
    );
    assert_eq!(
        page(Engine::PostgreSql, "UUID", Some("5")).unwrap(),
        format!("q.\"k\" > ($1::text)::uuid{end}")
    );
    assert_eq!(
        page(Engine::MySql, "VARCHAR", Some("a")).unwrap(),
        "q.`k` > ?\nORDER BY q.`k`\nLIMIT 9"
    );
    assert_eq!(
        page(Engine::Sqlite, "TEXT", Some("a")).unwrap(),
        format!("q.\"k\" > ? AND typeof(q.\"k\") = 'text'{end}")
    );
    // An expression has no affinity: every number would be before every text.
    assert_eq!(
        page(Engine::Sqlite, "NULL", Some("a")).unwrap(),
        "CAST(q.\"k\" AS TEXT) > ?\nORDER BY CAST(q.\"k\" AS TEXT)\nLIMIT 9"
    );
    // Forged cookies.
    assert_eq!(page(Engine::PostgreSql, "INT4", Some("x")), None);
    assert_eq!(page(Engine::PostgreSql, "TEXT", Some("\0")), None);
}

#[test]
fn columns_of_one_name_are_renamed_in_the_form_the_engine_takes() {
    let columns = [("uid", "VARCHAR"), ("cn", "VARCHAR"), ("UID", "VARCHAR")];
    let select = |engine, columns: &[(&str, &str)]| {
        let (query, described) = listing("SELECT 1", engine, columns);
        QueryTable::listing(&query, &described)
            .select(&[2, 1], &Predicate::HasKey(0))
            .unwrap()
            .sql
    };
    let with =
        "WITH gw_q (gw_1, gw_2, gw_3) AS (\nSELECT 1\n)\nSELECT q.gw_3, q.gw_2 FROM gw_q q\nWHERE q.gw_1 IS NOT NULL";
    assert_eq!(select(Engine::MySql, &columns), with);
    assert_eq!(select(Engine::Sqlite, &columns), with);
    assert!(select(Engine::PostgreSql, &columns).starts_with("SELECT q.\"UID\", q.\"cn\" FROM (\nSELECT 1\n) q\n"));
    assert_eq!(
        select(Engine::PostgreSql, &[("a", "TEXT"), ("b", "TEXT"), ("a", "TEXT")]),
        "SELECT q.gw_3, q.gw_2 FROM (\nSELECT 1\n) q(gw_1, gw_2, gw_3)\nWHERE q.gw_1 IS NOT NULL"
    );
}

#[test]
fn twins_are_found_by_the_folded_key() {
    let (query, mut described) = listing("SELECT 1", Engine::PostgreSql, &[("k", "TEXT"), ("n", "INT4")]);
    described.set_collations(Engine::PostgreSql, [(0, Some("true true \"default\"".to_owned()))]);
    assert_eq!(
        QueryTable::listing(&query, &described)
            .duplicates(&[0, 1], 0)
            .unwrap()
            .sql,
        "SELECT q.\"k\", q.\"n\" FROM (\nSELECT 1\n) q\nWHERE lower(q.\"k\") IN (SELECT lower(t.\"k\") FROM (\nSELECT 1\n) t \
         GROUP BY lower(t.\"k\") HAVING count(*) > 1)\nAND NOT (q.\"k\" ~ '[^ -~]|^ |  | $')\nUNION ALL\n\
         SELECT q.\"k\", q.\"n\" FROM (\nSELECT 1\n) q\nWHERE q.\"k\" ~ '[^ -~]|^ |  | $'"
    );
}

#[test]
fn sqlite_gets_an_arm_for_each_index() {
    let condition = |c: &str| {
        format!(
            "(length({c}) <> length(CAST({c} AS BLOB)) OR {c} GLOB '*[^ -~]*' OR {c} GLOB ' *' OR {c} GLOB '* ' OR \
             {c} GLOB '*  *' OR typeof({c}) NOT IN ('text', 'null'))"
        )
    };
    let other = |c: &str| {
        let (outer, inner) = (condition(&format!("q.{c}")), condition(&format!("z.{c}")));
        format!("({outer} AND q.{c} COLLATE NOCASE IN (SELECT z.{c} FROM (\nSELECT 1\n) z WHERE {inner}))")
    };
    let of = |query: &OperatorQuery, described: &QueryDescription, predicate: &Predicate| {
        let statement = QueryTable::listing(query, described).select(&[0], predicate).unwrap();
        let (_, condition) = statement.sql.split_once("\nWHERE ").unwrap();
        condition.to_owned()
    };
    let is = |column, prepared: &str| Predicate::EqualsIgnoreCase {
        column,
        prepared: prepared.to_owned(),
    };
    let columns = [("k", "TEXT"), ("m", "TEXT"), ("n", "INTEGER")];
    let (query, described) = listing("SELECT 1", Engine::Sqlite, &columns);
    let name = |predicate: &Predicate| of(&query, &described, predicate);
    assert_eq!(
        name(&is(0, "alice")),
        format!("(q.\"k\" = ? COLLATE NOCASE OR {})", other("\"k\""))
    );
    // No value is equal to it but those that need preparation.
    let unusual = name(&is(0, "zoë"));
    assert!(
        unusual.ends_with(&other("\"k\"")[condition("q.\"k\"").len() + 1..]),
        "{unusual}"
    );
    // What holds for both arms stands in each of them.
    let guard = Predicate::HasKey(2);
    let either = Predicate::Or(vec![is(1, "a"), Predicate::And(vec![guard.clone(), is(0, "b")])]);
    let held = name(&guard);
    assert_eq!(
        name(&either),
        format!(
            "((q.\"m\" = ? COLLATE NOCASE OR {}) OR ({held} AND q.\"k\" = ? COLLATE NOCASE) OR ({held} AND {}))",
            other("\"m\""),
            other("\"k\"")
        )
    );
    // An expression has no index, and too many are not worth it.
    let many = (0..40).map(|at| is(0, &format!("u{at}"))).collect();
    for plain in [is(2, "7"), Predicate::Or(many)] {
        assert!(!name(&plain).contains("SELECT"), "{}", name(&plain));
    }
    // Nor is a table that has to be made first, or that has names of ours.
    for (text, columns) in [
        ("SELECT DISTINCT 1", &columns[..1]),
        ("SELECT 1", &[("k", "TEXT"), ("K", "TEXT")][..]),
    ] {
        let (query, described) = listing(text, Engine::Sqlite, columns);
        let written = of(&query, &described, &is(0, "alice"));
        assert!(!written.contains("SELECT"), "{written}");
    }
    let query = OperatorQuery::lookup("SELECT k FROM t WHERE k = ?", Engine::Sqlite).unwrap();
    let described = self::described(&query, &columns[..1], &[]);
    let lookup = QueryTable::lookup(&query, &described, "x").unwrap();
    let statement = lookup.select(&[0], &is(0, "alice")).unwrap();
    assert_eq!(statement.sql.matches("SELECT k").count(), 1);
    assert_eq!(statement.args, [text("x"), text("alice")]);
}

#[test]
fn collations_are_asked_of_text_only_and_of_what_mysql_calls_binary() {
    let (query, mut described) = listing(
        "SELECT 1",
        Engine::MySql,
        &[("n", "INT"), ("a", "VARCHAR"), ("b", "VARBINARY"), ("c", "BLOB")],
    );
    let (positions, statement) = QueryTable::listing(&query, &described).collations().unwrap();
    assert_eq!(positions, [1, 2, 3]);
    assert_eq!(
        statement.sql,
        "SELECT COLLATION(s.c1), COLLATION(s.c2), COLLATION(s.c3) FROM (SELECT 1 AS one) o LEFT JOIN \
         (SELECT q.`a` AS c1, q.`b` AS c2, q.`c` AS c3 FROM (\nSELECT 1\n) q LIMIT 1) s ON 1 = 1"
    );
    let answer = ["utf8mb4_turkish_ci", "utf8mb4_bin", "binary"].map(|name| Some(name.to_owned()));
    described.set_collations(Engine::MySql, positions.into_iter().zip(answer));
    let kinds: Vec<ColumnKind> = described.columns.iter().map(|column| column.kind).collect();
    assert_eq!(
        kinds,
        [
            ColumnKind::Integer,
            ColumnKind::TextIgnoreCase,
            ColumnKind::Text,
            ColumnKind::Other
        ]
    );
    assert!(!described.columns[1].collation.as_ref().unwrap().folds_ascii);
    let (query, described) = listing("SELECT 1", Engine::Sqlite, &[("a", "TEXT")]);
    assert!(QueryTable::listing(&query, &described).collations().is_none());
}

#[test]
fn deployed_lookup_is_wrapped_with_its_parameter() {
    let query = OperatorQuery::lookup(GROUPS_BY_MEMBER, Engine::PostgreSql).unwrap();
    let is = described(&query, &[("name", "VARCHAR"), ("gid_number", "INT4")], &["TEXT"]);
    let statement = QueryTable::lookup(&query, &is, "x")
        .unwrap()
        .select(&[0, 1], &Predicate::True)
        .unwrap();
    assert!(
        statement
            .sql
            .starts_with("SELECT q.\"name\", q.\"gid_number\" FROM (\nSELECT g.\"cn\" AS name")
    );
    assert!(statement.sql.ends_with("WHERE u.\"uid\" = $1::text\n) q"));
}

#[test]
fn values_do_not_show_in_debug_output() {
    let statement = Statement {
        sql: String::new(),
        args: vec![text("hunter2"), Arg::Integer(77)],
    };
    let shown = format!("{statement:?}");
    assert!(!shown.contains("hunter2") && !shown.contains("77"), "{shown}");
}
