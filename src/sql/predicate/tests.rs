//! Such predicates were run by hand as prepared statements on PostgreSQL 15.18 (default, ICU level2 nondeterministic,
//! tr-x-icu, citext, char(n)), MariaDB 10.11.19 (utf8mb4_bin, general_ci, turkish_ci, latin1) and sqlx's SQLite
//! (text, blobs, expressions, UNION): for some fifteen names, no row was missed that is equal after NFKC, lower-casing
//! and squeezing of blanks, which is less than RFC 4518. Not run: MySQL 8, and keys of type uuid, enum or boolean.

use super::scope::Scope;
use super::*;
use crate::sql::engine::Engine;
use crate::sql::query::description::{Collation, Column, ColumnKind};
use crate::sql::statement::{Arg, Statement, Writer};

fn column(type_name: &str, kind: ColumnKind) -> Column {
    Column {
        name: "c".to_owned(),
        type_name: type_name.to_owned(),
        kind,
        collation: None,
    }
}

fn with(mut column: Column, name: &str, deterministic: bool, folds_ascii: bool) -> Column {
    column.collation = Some(Collation {
        name: name.to_owned(),
        deterministic,
        folds_ascii,
    });
    column
}

fn plain(engine: Engine) -> Column {
    match engine {
        Engine::PostgreSql => with(column("VARCHAR", ColumnKind::Text), "\"default\"", true, true),
        Engine::MySql => with(
            column("VARCHAR", ColumnKind::TextIgnoreCase),
            "utf8mb4_general_ci",
            true,
            true,
        ),
        Engine::Sqlite => column("TEXT", ColumnKind::Text),
    }
}

/// The rendered predicate over the one column `c`; constants as `TRUE` and `FALSE`.
fn render(engine: Engine, column: &Column, predicate: &Predicate) -> Statement {
    let mut writer = Writer::new(engine);
    let columns = std::slice::from_ref(column);
    match predicate.simplify(engine, columns) {
        Predicate::True => writer.put("TRUE"),
        Predicate::False => writer.put("FALSE"),
        simple => simple.write(
            &mut writer,
            &Scope {
                columns,
                names: vec!["c".to_owned()],
                again: None,
            },
        ),
    }
    writer.finish()
}

fn sql(engine: Engine, column: &Column, predicate: &Predicate) -> String {
    render(engine, column, predicate).sql
}

fn ignore_case(prepared: &str) -> Predicate {
    Predicate::EqualsIgnoreCase {
        column: 0,
        prepared: prepared.to_owned(),
    }
}

fn exact(value: &str) -> Predicate {
    Predicate::EqualsExact {
        column: 0,
        value: value.to_owned(),
    }
}

fn integer(value: i64) -> Predicate {
    Predicate::IntegerEquals { column: 0, value }
}

fn any_of(values: &[&str]) -> Predicate {
    Predicate::EqualsAny {
        column: 0,
        values: values.iter().map(|v| v.to_string()).collect(),
    }
}

const SQLITE_NOT_CANONICAL: &str = "(length(c) <> length(CAST(c AS BLOB)) OR c GLOB '*[^ -~]*' OR c GLOB ' *' OR c GLOB '* ' OR c GLOB '*  *' OR typeof(c) NOT IN ('text', 'null'))";

#[test]
fn an_ascii_assertion_is_its_folded_half_or_not_canonical() {
    let of = |column: &Column, engine| sql(engine, column, &ignore_case("alice"));
    let pg = plain(Engine::PostgreSql);
    assert_eq!(
        of(&pg, Engine::PostgreSql),
        "(lower(c) = $1::text OR c ~ '[^ -~]|^ |  | $')"
    );
    assert_eq!(
        of(&plain(Engine::MySql), Engine::MySql),
        "(c = ? OR c REGEXP '(?-i)[^ -~]|^ |  | $')"
    );
    let cs = with(column("VARBINARY", ColumnKind::Text), "utf8mb4_bin", true, true);
    assert_eq!(
        of(&cs, Engine::MySql),
        "(LOWER(c) = ? OR c REGEXP '(?-i)[^ -~]|^ |  | $')"
    );
    assert_eq!(
        of(&plain(Engine::Sqlite), Engine::Sqlite),
        format!("(c = ? COLLATE NOCASE OR {SQLITE_NOT_CANONICAL})")
    );
    // The caller's capitals would be found nowhere.
    assert_eq!(
        render(Engine::PostgreSql, &pg, &ignore_case("ALICE")).args,
        [Arg::Text("alice".to_owned())]
    );
}

#[test]
fn collations_that_do_not_fold_as_english_are_replaced() {
    let of = |column: &Column, engine| sql(engine, column, &ignore_case("ii"));
    let base = || column("TEXT", ColumnKind::Text);
    let safe = "(lower(c COLLATE \"C\") = $1::text OR c COLLATE \"C\" ~ '[^ -~]|^ |  | $')";
    assert_eq!(of(&base(), Engine::PostgreSql), safe, "nothing is known");
    assert_eq!(
        of(&with(base(), "nd", false, true), Engine::PostgreSql),
        safe,
        "regular expressions are an error there"
    );
    assert_eq!(
        of(&with(base(), "tr", true, false), Engine::PostgreSql),
        "(lower(c COLLATE \"C\") = $1::text OR c ~ '[^ -~]|^ |  | $')"
    );
    let turkish = with(
        column("VARCHAR", ColumnKind::TextIgnoreCase),
        "utf8mb4_turkish_ci",
        true,
        false,
    );
    let converted = "(CONVERT(c USING utf8mb4) COLLATE utf8mb4_general_ci = ? OR c REGEXP '(?-i)[^ -~]|^ |  | $')";
    assert_eq!(of(&turkish, Engine::MySql), converted);
    assert_eq!(of(&column("VARCHAR", ColumnKind::Text), Engine::MySql), converted);
}

#[test]
fn citext_and_fixed_text_are_compared_as_such() {
    let citext = with(column("citext", ColumnKind::TextIgnoreCase), "\"default\"", true, true);
    let fixed = with(column("CHAR", ColumnKind::FixedText), "\"default\"", true, true);
    let of = |column, predicate: &Predicate| sql(Engine::PostgreSql, column, predicate);
    assert_eq!(
        of(&citext, &ignore_case("a")),
        "(c = ($1::text)::citext OR c::text ~ '[^ -~]|^ |  | $')"
    );
    assert_eq!(
        of(&fixed, &ignore_case("a")),
        "(lower(c::text) = $1::text OR c::text ~ '[^ -~]|^ |  | $')"
    );
    assert_eq!(
        of(&fixed, &exact("a")),
        "(c = ($1::text)::bpchar OR c::text ~ '[^ -~]|^ |  | $')"
    );
    assert_eq!(of(&citext, &any_of(&["a", "b"])), "c = ANY(($1::text[])::citext[])");
    assert_eq!(of(&fixed, &any_of(&["a", "b"])), "c = ANY(($1::text[])::bpchar[])");
    assert_eq!(of(&citext, &any_of(&["a"])), "c = ($1::text)::citext");
    assert_eq!(of(&fixed, &any_of(&["a"])), "c = ($1::text)::bpchar");
}

#[test]
fn what_is_not_ascii_is_no_canonical_row() {
    for predicate in [ignore_case("jörg"), exact("Jörg")] {
        let of = |engine| render(engine, &plain(engine), &predicate);
        assert_eq!(of(Engine::PostgreSql).sql, "(c ~ '[^ -~]|^ |  | $' AND c ~ '[^ -~]')");
        assert_eq!(of(Engine::MySql).sql, "c REGEXP '(?-i)[^ -~]'");
        assert_eq!(
            of(Engine::Sqlite).sql,
            "(length(c) <> length(CAST(c AS BLOB)) OR c GLOB '*[^ -~]*' OR typeof(c) NOT IN ('text', 'null'))"
        );
        assert!(
            of(Engine::MySql).args.is_empty(),
            "a latin1 column would refuse some values"
        );
    }
    assert_eq!(
        sql(Engine::PostgreSql, &plain(Engine::PostgreSql), &ignore_case(" a")),
        "c ~ '[^ -~]|^ |  | $'"
    );
}

#[test]
fn sqlite_expressions_are_cast_since_they_have_no_affinity() {
    let expression = column("NULL", ColumnKind::Other);
    let of = |predicate: &Predicate| sql(Engine::Sqlite, &expression, predicate);
    assert!(of(&ignore_case("10001")).starts_with("(CAST(c AS TEXT) = ? COLLATE NOCASE OR (length("));
    assert!(of(&ignore_case("10001")).ends_with("typeof(c) NOT IN ('text', 'integer', 'null')))"));
    assert_eq!(of(&integer(5)), "(CAST(c AS INTEGER) = ? OR c GLOB '*[^ -~]*')");
    let affine = column("INTEGER", ColumnKind::Integer);
    assert_eq!(
        sql(Engine::Sqlite, &affine, &integer(5)),
        "(c = ? OR unlikely(c >= ''))"
    );
    assert_eq!(
        of(&any_of(&["5"])),
        "CAST(c AS TEXT) IN (SELECT value FROM json_each(?))"
    );
}

#[test]
fn integer_columns_equal_canonical_digits_only() {
    let number = column("INT4", ColumnKind::Integer);
    for engine in [Engine::PostgreSql, Engine::MySql] {
        assert_eq!(render(engine, &number, &ignore_case("42")).args, [Arg::Integer(42)]);
        for impossible in ["042", "alice", "", "+1"] {
            assert_eq!(sql(engine, &number, &ignore_case(impossible)), "FALSE", "{impossible}");
        }
        assert_eq!(sql(engine, &number, &any_of(&["x", "01"])), "FALSE");
    }
    assert_eq!(sql(Engine::PostgreSql, &number, &integer(42)), "c = $1::int8");
    assert_eq!(
        sql(Engine::PostgreSql, &number, &any_of(&["1", "x", "2"])),
        "c = ANY(($1::text[])::int8[])"
    );
    assert_eq!(
        sql(Engine::PostgreSql, &number, &any_of(&["1", "x"])),
        "c = ($1::text)::int8"
    );
    // BIGINT UNSIGNED goes further than a bound integer.
    assert_eq!(
        sql(Engine::MySql, &number, &exact("18446744073709551615")),
        "(c IS NOT NULL)"
    );
    assert_eq!(
        sql(Engine::PostgreSql, &number, &exact("18446744073709551615")),
        "FALSE"
    );
}

#[test]
fn numbers_kept_as_text_never_make_the_statement_fail() {
    let pg = plain(Engine::PostgreSql);
    let pattern = |value| match render(Engine::PostgreSql, &pg, &integer(value)).args.pop() {
        Some(Arg::Text(pattern)) => pattern,
        other => panic!("{other:?}"),
    };
    assert_eq!(sql(Engine::PostgreSql, &pg, &integer(12)), "c ~ $1::text");
    // Blanks beyond ASCII are trimmed by us, and by no engine.
    assert_eq!(pattern(12), "^[[:space:]+]*0*12[[:space:]]*$|[^ -~]");
    assert_eq!(pattern(0), "^[[:space:]+-]*0+[[:space:]]*$|[^ -~]");
    assert_eq!(
        pattern(i64::MIN),
        "^[[:space:]]*-0*9223372036854775808[[:space:]]*$|[^ -~]"
    );
    assert_eq!(
        sql(Engine::MySql, &plain(Engine::MySql), &integer(12)),
        "(c + 0 = ? OR c REGEXP '(?-i)[^ -~]')"
    );
    assert_eq!(
        sql(Engine::Sqlite, &plain(Engine::Sqlite), &integer(12)),
        "(CAST(c AS INTEGER) = ? OR c GLOB '*[^ -~]*')"
    );
    let at_least = Predicate::Number {
        column: 0,
        test: NumberTest::AtLeast(12),
    };
    assert_eq!(
        sql(Engine::PostgreSql, &pg, &at_least),
        "CASE WHEN c ~ '^-?[0-9]{1,18}$' THEN (c::int8) >= $1::int8 ELSE c IS NOT NULL END"
    );
}

#[test]
fn spellings_are_one_list_whatever_its_length() {
    let (pg, my) = (plain(Engine::PostgreSql), plain(Engine::MySql));
    assert_eq!(
        sql(Engine::PostgreSql, &pg, &any_of(&["a", "b"])),
        "c = ANY($1::text[])"
    );
    let three = render(Engine::MySql, &my, &any_of(&["a", "b", "c"]));
    assert_eq!(three.sql, "c IN (?, ?, ?, ?)");
    assert_eq!(three.args.last(), Some(&Arg::Text("c".to_owned())));
    // Error 1267 on a latin1 column.
    let latin = with(
        column("VARCHAR", ColumnKind::TextIgnoreCase),
        "latin1_swedish_ci",
        true,
        true,
    );
    assert_eq!(
        sql(Engine::MySql, &latin, &any_of(&["😀"])),
        "CONVERT(c USING utf8mb4) IN (?)"
    );
    assert_eq!(sql(Engine::MySql, &latin, &any_of(&["a"])), "c IN (?)");
    assert_eq!(sql(Engine::MySql, &my, &any_of(&["😀"])), "c IN (?)");
}

#[test]
fn a_nul_is_in_no_value_of_postgresql() {
    for predicate in [
        ignore_case("a\0"),
        exact("\0"),
        like(&["a\0"]),
        any_of(&["\0"]),
        any_of(&[]),
    ] {
        assert_eq!(sql(Engine::PostgreSql, &plain(Engine::PostgreSql), &predicate), "FALSE");
    }
    // The others keep it, and SQLite's patterns end at it.
    assert_eq!(
        sql(Engine::MySql, &plain(Engine::MySql), &exact("a\0")),
        "c REGEXP '(?-i)[^ -~]|^ |  | $'"
    );
    assert!(sql(Engine::Sqlite, &plain(Engine::Sqlite), &exact("a\0")).contains("CAST(c AS BLOB)"));
}

fn not_null() -> Predicate {
    present(Validity::Unknown)
}

fn present(validity: Validity) -> Predicate {
    Predicate::Present { column: 0, validity }
}

fn like(any: &[&str]) -> Predicate {
    Predicate::Like {
        column: 0,
        pattern: Pattern::new(None, any.iter().copied(), None, true),
    }
}

#[test]
fn constants_fold() {
    let pg = column("INT4", ColumnKind::Integer);
    let of = |predicate: Predicate| sql(Engine::PostgreSql, &pg, &predicate);
    use Predicate::{And, False, Or, True};
    assert_eq!(of(And(vec![])), "TRUE");
    assert_eq!(of(Or(vec![])), "FALSE");
    assert_eq!(of(And(vec![True, not_null(), not_null()])), "(c IS NOT NULL)");
    assert_eq!(of(And(vec![not_null(), False])), "FALSE");
    assert_eq!(of(Or(vec![not_null(), True])), "TRUE");
    assert_eq!(
        of(Or(vec![
            And(vec![not_null(), And(vec![integer(1), integer(2)])]),
            False
        ])),
        "((c IS NOT NULL) AND c = $1::int8 AND c = $2::int8)",
        "no AND in an AND"
    );
    let elsewhere = Predicate::HasKey(9);
    assert_eq!(of(elsewhere), "TRUE", "an unknown column excludes nothing");
    assert_eq!(of(not_null().negated().negated()), "(c IS NOT NULL)");
    assert_eq!(of(not_null().inexact()), "(c IS NOT NULL)");
    assert_eq!(of(not_null().inexact().negated()), "TRUE");
}

#[test]
fn what_is_assured_is_negated() {
    let number = column("INT4", ColumnKind::Integer);
    let pg = |inner: Predicate| sql(Engine::PostgreSql, &plain(Engine::PostgreSql), &inner.negated());
    for told_by_nobody in [
        any_of(&["a"]),
        integer(1),
        Predicate::True.inexact(),
        not_null(),
        exact("ä"),
        exact(" a"),
    ] {
        assert_eq!(pg(told_by_nobody), "TRUE");
    }
    // Only of rows that compare by ASCII.
    let canonical = "NOT (c ~ '[^ -~]|^ |  | $') AND";
    assert_eq!(
        pg(ignore_case("a")),
        format!("({canonical} lower(c COLLATE \"C\") = $1::text) IS NOT TRUE")
    );
    assert_eq!(
        pg(like(&["a"])),
        format!(
            "(c IS NOT NULL AND c <> '' AND {canonical} lower(c COLLATE \"C\") LIKE $1::text ESCAPE '|') IS NOT TRUE"
        )
    );
    assert_eq!(pg(like(&[" a"])), "TRUE", "a blank or the beginning");
    assert_eq!(pg(present(Validity::Text)), "(c IS NULL OR c = '')", "by an index");
    let of = |inner: Predicate| sql(Engine::PostgreSql, &number, &inner.negated());
    assert_eq!(of(integer(1)), "(c = $1::int8) IS NOT TRUE");
    assert_eq!(of(Predicate::False), "TRUE");
    assert_eq!(of(Predicate::True), "FALSE");
    // Each part by itself.
    assert_eq!(
        of(Predicate::Or(vec![integer(1), Predicate::unknown()])),
        "(c = $1::int8) IS NOT TRUE"
    );
    assert_eq!(of(Predicate::And(vec![integer(1), Predicate::unknown()])), "TRUE");
    // No padding, no collation.
    assert_eq!(
        sql(Engine::MySql, &plain(Engine::MySql), &ignore_case("a").negated()),
        "(NOT (c REGEXP '(?-i)[^ -~]|^ |  | $') AND CAST(lower(c) AS BINARY) = CAST(? AS BINARY)) IS NOT TRUE"
    );
}

#[test]
fn pieces_become_patterns() {
    let written = |initial, any: &[&str], last, ignore_case| {
        let pattern = Pattern::new(initial, any.iter().copied(), last, ignore_case);
        let column = plain(Engine::PostgreSql);
        let mut statement = render(Engine::PostgreSql, &column, &Predicate::Like { column: 0, pattern });
        (statement.sql, statement.args.pop())
    };
    let text = |text: &str| Some(Arg::Text(text.to_owned()));
    // As RFC 4518 2.6.1 prepares them.
    let (sql_text, argument) = written(Some(" a%_|b"), &["x  y", " z"], Some("c "), true);
    assert_eq!(sql_text, "(lower(c) LIKE $1::text ESCAPE '|' OR c ~ '[^ -~]|^ |  | $')");
    assert_eq!(argument, text("a|%|_||b%x y%z%c"));
    assert_eq!(written(Some(" a"), &[], None, true).1, text("a%"));
    assert_eq!(written(None, &["%"], None, true).1, text("%|%%"));
    assert_eq!(
        written(None, &[], Some("a "), false).0,
        "(c LIKE $1::text ESCAPE '|' OR c ~ '[^ -~]|^ |  | $')"
    );
    // No canonical value has it.
    assert_eq!(written(None, &["ä"], None, true), ("c ~ '[^ -~]'".to_owned(), None));
    // A nondeterministic collation has no LIKE at all; a citext's ignores case in ways of its own.
    let nondeterministic = with(column("TEXT", ColumnKind::Text), "nd", false, true);
    assert!(sql(Engine::PostgreSql, &nondeterministic, &like(&["a"])).starts_with("(lower(c COLLATE \"C\") LIKE"));
    let citext = with(column("citext", ColumnKind::TextIgnoreCase), "\"default\"", true, true);
    assert!(sql(Engine::PostgreSql, &citext, &like(&["a"])).starts_with("(lower(c::text) LIKE"));
    assert!(sql(Engine::MySql, &plain(Engine::MySql), &like(&["a"])).starts_with("(c LIKE ? ESCAPE '|' OR"));
    assert!(sql(Engine::Sqlite, &plain(Engine::Sqlite), &like(&["a"])).starts_with("(c LIKE ? ESCAPE '|' OR"));
    let long = "x".repeat(3000);
    assert_eq!(written(None, &[&long], None, true).1, text("%"));
}

#[test]
fn other_types_are_not_compared() {
    for (engine, name) in [
        (Engine::PostgreSql, "JSONB"),
        (Engine::MySql, "VARBINARY"),
        (Engine::Sqlite, "DATETIME"),
    ] {
        let other = column(name, ColumnKind::Other);
        for predicate in [ignore_case("a"), exact("a"), like(&["a"]), integer(1)] {
            assert_eq!(sql(engine, &other, &predicate), "(c IS NOT NULL)");
            assert_eq!(sql(engine, &other, &predicate.negated()), "TRUE");
        }
        assert_eq!(sql(engine, &other, &any_of(&["a"])), "TRUE");
    }
    let truth = column("BOOLEAN", ColumnKind::Boolean);
    assert_eq!(sql(Engine::PostgreSql, &truth, &exact("TRUE")), "c");
    assert_eq!(sql(Engine::PostgreSql, &truth, &exact("True")), "FALSE");
    assert_eq!(sql(Engine::MySql, &truth, &ignore_case("false")), "c = 0");
    assert_eq!(sql(Engine::Sqlite, &truth, &exact("TRUE")), "(c IS NOT NULL)");
}

#[test]
fn times_are_compared_as_such() {
    let from = Predicate::Time {
        column: 0,
        from: Some(0),
        before: None,
    };
    let of = |engine, name| render(engine, &column(name, ColumnKind::Other), &from);
    assert_eq!(
        of(Engine::PostgreSql, "TIMESTAMPTZ").sql,
        "(c IS NOT NULL AND c >= (($1::text || '+00')::timestamptz))"
    );
    assert_eq!(of(Engine::MySql, "DATETIME").sql, "(c IS NOT NULL AND c >= ?)");
    assert_eq!(
        of(Engine::MySql, "DATETIME").args,
        [Arg::Text("1970-01-01 00:00:00".to_owned())]
    );
    // Two days earlier: the zone is part of the text.
    assert_eq!(
        of(Engine::Sqlite, "DATETIME").args,
        [Arg::Text("1969-12-30 00:00:00".to_owned())]
    );
    let far = Predicate::Time {
        column: 0,
        from: None,
        before: Some(i64::MAX),
    };
    let stamp = column("TIMESTAMP", ColumnKind::Other);
    assert_eq!(sql(Engine::PostgreSql, &stamp, &far), "(c IS NOT NULL)");
}
