//! PostgreSQL's plans in JSON.

use super::asked::{Asked, hidden_by_function, last_texts, text};
use super::condition::finds_rows;
use super::reading::{Access, QueryPlan, Reading};
use crate::sql::{engine::Engine, error::SqlError};
use serde_json::Value as Json;
use std::collections::HashMap;

/// Each index of other schemas than the server's: its access method, its first column, and whether it is one that holds only
/// the names that are written in other ways (`check` proposes it; few rows have one). Reading that from end to end is not
/// reading a table; any other partial index may hold nearly all of one.
const INDEXES: &str = "SELECT c.relname::text, m.amname::text, coalesce(a.attname::text, ''), \
    CASE WHEN strpos(pg_get_expr(i.indpred, i.indrelid), '[^ -~]') > 0 THEN 'few' ELSE '' END \
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam \
    LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] AND i.indkey[0] > 0 \
    WHERE c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace)";
/// Functions whose body is statements.
const FUNCTIONS: &str = "SELECT p.proname::text FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang \
    WHERE l.lanname NOT IN ('internal', 'c') AND p.pronamespace NOT IN \
    ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)";

/// Nodes that read no table by themselves; what is below them is looked at.
const PASSED: [&str; 30] = [
    "Result",
    "ProjectSet",
    "Append",
    "Merge Append",
    "Recursive Union",
    "BitmapAnd",
    "BitmapOr",
    "Nested Loop",
    "Merge Join",
    "Hash Join",
    "Subquery Scan",
    "Values Scan",
    "CTE Scan",
    "WorkTable Scan",
    "Materialize",
    "Memoize",
    "Sort",
    "Incremental Sort",
    "Group",
    "Aggregate",
    "WindowAgg",
    "Unique",
    "SetOp",
    "LockRows",
    "Limit",
    "Hash",
    "Gather",
    "Gather Merge",
    "Table Function Scan",
    "Bitmap Index Scan",
];
/// Functions in FROM that make rows of their arguments.
const NO_TABLES: [&str; 9] = [
    "unnest",
    "generate_series",
    "json_array_elements",
    "json_array_elements_text",
    "jsonb_array_elements",
    "jsonb_array_elements_text",
    "regexp_split_to_table",
    "string_to_table",
    "generate_subscripts",
];

/// What is known of an index.
#[derive(Debug, Clone, Default)]
pub struct Index {
    /// As `btree`.
    pub method: String,
    /// Its first column; empty for an expression.
    pub first_column: String,
    /// It holds few rows by its condition.
    pub is_of_few: bool,
}

pub(super) async fn ask(asked: Asked<'_>) -> Result<QueryPlan, SqlError> {
    let indexes = asked.catalogue(INDEXES).await?;
    let index = |row| {
        let known = Index {
            method: text(row, 1),
            first_column: text(row, 2),
            is_of_few: text(row, 3) == "few",
        };
        (text(row, 0), known)
    };
    let indexes: HashMap<String, Index> = indexes.iter().map(index).collect();
    let functions = last_texts(&asked.catalogue(FUNCTIONS).await?);
    // Whole output columns: a function can stand there.
    let json = last_texts(&asked.explained("EXPLAIN (VERBOSE, FORMAT JSON)").await?).concat();
    let mut reading = read(&json, &indexes);
    reading.unknown.extend(hidden_by_function(&json, &functions));
    Ok(QueryPlan {
        reading,
        text: last_texts(&asked.explained("EXPLAIN").await?),
    })
}

/// The reads of a plan in JSON, given the indexes that are known.
pub(super) fn read(plan: &str, indexes: &HashMap<String, Index>) -> Reading {
    let plan: Json = match serde_json::from_str(plan) {
        Ok(plan) => plan,
        Err(error) => return Reading::nothing(format!("the plan is no readable JSON: {error}")),
    };
    let Some(root) = plan.get(0).and_then(|first| first.get("Plan")) else {
        return Reading::nothing("the plan is in another form than PostgreSQL's");
    };
    let mut reading = Reading::default();
    node(root, false, indexes, &mut reading);
    reading
}

/// `limited`: a LIMIT stands above, and nothing between needs more rows than it lets through.
fn node(node_: &Json, limited: bool, indexes: &HashMap<String, Index>, reading: &mut Reading) {
    let text = |key: &str| node_.get(key).and_then(Json::as_str);
    let kind = text("Node Type").unwrap_or_default();
    let relation = text("Relation Name").unwrap_or_default();
    let table = Engine::PostgreSql.quote(relation);
    match kind {
        "Seq Scan" | "Sample Scan" => reading.read(&table, Access::Whole { index: None }),
        "Tid Scan" => reading.read(
            &table,
            Access::Index {
                index: "row number".to_owned(),
            },
        ),
        "Index Scan" | "Index Only Scan" => {
            let name = text("Index Name").unwrap_or_default();
            let (finds, index) = (found_by(node_, name, indexes), quoted(name));
            let access = match (finds, limited && text("Filter").is_none()) {
                (true, _) => Access::Index { index },
                (false, true) => Access::InOrder { index },
                (false, false) => Access::Whole { index: Some(index) },
            };
            reading.read(&table, access);
        }
        "Bitmap Heap Scan" => {
            let mut names = Vec::new();
            let finds = below(node_).any(|of| bitmap(of, indexes, &mut names));
            let index = names.into_iter().map(quoted).collect::<Vec<String>>().join(" and ");
            let access = match finds {
                true => Access::Index { index },
                false => Access::Whole { index: Some(index) },
            };
            reading.read(&table, access);
        }
        "Function Scan" => {
            let function = text("Function Name").unwrap_or("in FROM");
            if !NO_TABLES.contains(&function) {
                reading.unknown(format!("what the function {function} reads is in no plan"));
            }
        }
        "Foreign Scan" => reading.unknown(format!(
            "how another server finds the rows of the foreign table {table} is not in the plan"
        )),
        _ if PASSED.contains(&kind) => {}
        other => reading.unknown(format!("the plan has a step that is not known here: {other:?}")),
    }
    let passes = matches!(kind, "Subquery Scan" | "Result" | "ProjectSet" | "LockRows") && text("Filter").is_none();
    let limited = kind == "Limit" || limited && passes;
    for of in below(node_) {
        // What a value is computed from is read to its own end.
        let parent = of.get("Parent Relationship").and_then(Json::as_str);
        let is_apart = matches!(parent, Some("InitPlan" | "SubPlan"));
        let is_of_bitmap = kind == "Bitmap Heap Scan" && !is_apart;
        if !is_of_bitmap {
            node(of, limited && !is_apart, indexes, reading);
        }
    }
}

fn below(node: &Json) -> impl Iterator<Item = &Json> {
    node.get("Plans").and_then(Json::as_array).into_iter().flatten()
}

/// As an index's name can stand in a statement.
fn quoted(index: &str) -> String {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    match index.chars().all(is_plain) {
        true => index.to_owned(),
        false => Engine::PostgreSql.quote(index),
    }
}

/// Whether a scan of an index finds the rows wanted by it, and need not read all of it.
fn found_by(node: &Json, name: &str, indexes: &HashMap<String, Index>) -> bool {
    let index = indexes.get(name).cloned().unwrap_or_default();
    if index.is_of_few {
        return true;
    }
    let Some(condition) = node.get("Index Cond").and_then(Json::as_str) else {
        return false;
    };
    // It keeps no values, only the ends of ranges of pages: all of it is read, and tables as far as it cannot tell.
    if index.method == "brin" {
        return false;
    }
    let parts = condition.split(" AND ");
    // A condition on the second column alone reads the whole index.
    if index.method == "btree" && !index.first_column.is_empty() {
        let column = index.first_column.as_str();
        return finds_rows(parts.filter(|part| names(part, column)));
    }
    finds_rows(parts)
}

/// Whether a part of a condition is about a column.
fn names(part: &str, column: &str) -> bool {
    part.match_indices(column).any(|(at, _)| {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let before = part.get(..at).and_then(|before| before.chars().next_back());
        let after = part.get(at + column.len()..).and_then(|after| after.chars().next());
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

/// Whether a bitmap leaves rows out: of several that are joined by OR each must, of those joined by AND one.
fn bitmap<'a>(node: &'a Json, indexes: &HashMap<String, Index>, names: &mut Vec<&'a str>) -> bool {
    let kind = node.get("Node Type").and_then(Json::as_str).unwrap_or_default();
    if kind == "Bitmap Index Scan" {
        let name = node.get("Index Name").and_then(Json::as_str).unwrap_or_default();
        names.push(name);
        return found_by(node, name, indexes);
    }
    let each: Vec<bool> = below(node).map(|of| bitmap(of, indexes, names)).collect();
    match kind {
        "BitmapOr" => !each.is_empty() && each.iter().all(|finds| *finds),
        "BitmapAnd" => each.contains(&true),
        _ => false,
    }
}
