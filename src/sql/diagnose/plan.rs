//! How the engine would run a statement: which tables it reads, and by which index.

use std::collections::HashSet;

use serde_json::Value as Json;

use crate::sql::budget::Budget;
use crate::sql::database::Database;
use crate::sql::engine::Engine;
use crate::sql::error::SqlError;
use crate::sql::row::Row;
use crate::sql::statement::{Arg, Statement};

/// PostgreSQL: partial indexes. Reading one from end to end is not reading a table.
const PARTIAL_INDEXES: &str = "SELECT quote_ident(c.relname) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
    WHERE i.indpred IS NOT NULL";
const PARTIAL_INDEXES_SQLITE: &str = "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql LIKE '% WHERE %'";

/// How the rows of a table are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// The whole table is read, or a whole index over all of its rows.
    Whole {
        /// The index, where it is one.
        index: Option<String>,
    },
    /// Rows are taken in the order of an index, no more than are returned.
    InOrder {
        /// The index.
        index: String,
    },
    /// The rows wanted are found by an index.
    Index {
        /// Its name; what the engine calls its primary key's.
        index: String,
    },
}

/// A table that a statement reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The table as the plan names it: by an alias on MySQL and SQLite.
    pub table: String,
    /// How.
    pub access: Access,
}

/// What the engine says.
#[derive(Debug, Clone)]
pub struct QueryPlan {
    /// Each table, in the plan's order.
    pub reads: Vec<Read>,
    /// The whole plan in the engine's own words.
    pub text: Vec<String>,
}

impl QueryPlan {
    /// The tables, or their aliases, that are read from end to end.
    pub fn whole(&self) -> Vec<String> {
        let whole = self
            .reads
            .iter()
            .filter(|read| matches!(read.access, Access::Whole { .. }));
        let mut tables: Vec<String> = whole.map(|read| read.table.clone()).collect();
        tables.sort_unstable();
        tables.dedup();
        tables
    }
}

/// Asks for the plan of a statement with its values.
///
/// # Errors
/// The database did not explain it in time.
pub async fn plan(database: &Database, statement: &Statement, budget: Budget) -> Result<QueryPlan, SqlError> {
    let ask = |sql: String, args: Vec<Arg>| async move {
        let rows = database.fetch(&sql, &args, budget).await?;
        Ok::<_, SqlError>(rows.iter().filter_map(last_text).collect::<Vec<String>>())
    };
    let explain = |how: &str| ask(format!("{how} {}", statement.sql), statement.args.clone());
    Ok(match database.engine() {
        Engine::PostgreSql => {
            let partial = ask(PARTIAL_INDEXES.to_owned(), Vec::new()).await?;
            let json = explain("EXPLAIN (FORMAT JSON)").await?.concat();
            QueryPlan {
                reads: postgres(&json, &partial.into_iter().collect()),
                text: explain("EXPLAIN").await?,
            }
        }
        Engine::MySql => {
            let text = explain("EXPLAIN FORMAT=JSON").await?.concat();
            QueryPlan {
                reads: mysql(&text),
                text: text.lines().map(str::to_owned).collect(),
            }
        }
        Engine::Sqlite => {
            let partial = ask(PARTIAL_INDEXES_SQLITE.to_owned(), Vec::new()).await?;
            let text = explain("EXPLAIN QUERY PLAN").await?;
            QueryPlan {
                reads: sqlite(&text, &partial.into_iter().collect()),
                text,
            }
        }
    })
}

fn last_text(row: &Row) -> Option<String> {
    row.last()?.to_text().map(|text| text.into_owned())
}

/// The reads of a plan in JSON.
pub(super) fn postgres(plan: &str, partial: &HashSet<String>) -> Vec<Read> {
    let mut reads = Vec::new();
    if let Ok(plan) = serde_json::from_str::<Json>(plan) {
        let root = plan.get(0).and_then(|first| first.get("Plan"));
        root.into_iter()
            .for_each(|node| postgres_node(node, false, partial, &mut reads));
    }
    reads
}

/// `limited`: a LIMIT stands above, and nothing between needs more rows than it lets through.
fn postgres_node(node: &Json, limited: bool, partial: &HashSet<String>, reads: &mut Vec<Read>) {
    let text = |key: &str| node.get(key).and_then(Json::as_str);
    let kind = text("Node Type").unwrap_or_default();
    let table = text("Relation Name").map(|name| Engine::PostgreSql.quote(name));
    let quoted = |index: &str| match index
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    {
        true => index.to_owned(),
        false => Engine::PostgreSql.quote(index),
    };
    match (kind, table) {
        ("Seq Scan", Some(table)) => reads.push(Read {
            table,
            access: Access::Whole { index: None },
        }),
        ("Index Scan" | "Index Only Scan", Some(table)) => {
            let index = quoted(text("Index Name").unwrap_or_default());
            let finds = text("Index Cond").is_some_and(finds_rows) || partial.contains(&index);
            reads.push(Read {
                table,
                access: match (finds, limited && text("Filter").is_none()) {
                    (true, _) => Access::Index { index },
                    (false, true) => Access::InOrder { index },
                    (false, false) => Access::Whole { index: Some(index) },
                },
            });
        }
        ("Bitmap Heap Scan", Some(table)) => {
            let mut indexes = Vec::new();
            bitmap_indexes(node, &mut indexes);
            let indexes: Vec<String> = indexes.into_iter().map(quoted).collect();
            reads.push(Read {
                table,
                access: Access::Index {
                    index: indexes.join(" and "),
                },
            });
            return;
        }
        _ => {}
    }
    let passes = matches!(kind, "Subquery Scan" | "Result") && text("Filter").is_none();
    let limited = kind == "Limit" || limited && passes;
    for below in node.get("Plans").and_then(Json::as_array).into_iter().flatten() {
        postgres_node(below, limited, partial, reads);
    }
}

/// Whether a condition leaves rows out. "The key exists" and "the key comes after the last page" do not.
fn finds_rows(condition: &str) -> bool {
    condition
        .split(" AND ")
        .any(|part| !part.contains(" IS NOT NULL") && !part.contains(" > "))
}

fn bitmap_indexes<'a>(node: &'a Json, indexes: &mut Vec<&'a str>) {
    for below in node.get("Plans").and_then(Json::as_array).into_iter().flatten() {
        indexes.extend(below.get("Index Name").and_then(Json::as_str));
        bitmap_indexes(below, indexes);
    }
}

/// The reads in MySQL's and MariaDB's plans, which differ in names but not in how they tell of a table.
pub(super) fn mysql(plan: &str) -> Vec<Read> {
    let mut reads = Vec::new();
    if let Ok(plan) = serde_json::from_str::<Json>(plan) {
        mysql_node(&plan, true, &mut reads);
    }
    reads
}

fn mysql_node(node: &Json, ordered: bool, reads: &mut Vec<Read>) {
    match node {
        Json::Array(list) => {
            // The tables of a join.
            let alone = ordered && list.len() == 1;
            list.iter().for_each(|below| mysql_node(below, alone, reads));
        }
        Json::Object(fields) => {
            if let Some(read) = mysql_table(node, ordered) {
                reads.push(read);
            }
            for (name, below) in fields {
                let sorted = matches!(
                    name.as_str(),
                    "filesort" | "temporary_table" | "ordering_operation" | "subqueries"
                );
                mysql_node(below, ordered && !sorted, reads);
            }
        }
        _ => {}
    }
}

fn mysql_table(node: &Json, ordered: bool) -> Option<Read> {
    let text = |key: &str| node.get(key).and_then(Json::as_str);
    let table = text("table_name").filter(|table| !table.starts_with('<'))?.to_owned();
    let index = text("key").map(str::to_owned);
    let access = match (text("access_type")?, index) {
        ("ALL", _) => Access::Whole { index: None },
        ("index", Some(index)) if ordered && node.get("attached_condition").is_none() => Access::InOrder { index },
        ("index", index) => Access::Whole { index },
        (_, Some(index)) => Access::Index { index },
        (other, None) => Access::Index {
            index: other.to_owned(),
        },
    };
    Some(Read { table, access })
}

/// The reads of SQLite's plan, a line each.
pub(super) fn sqlite(plan: &[String], partial: &HashSet<String>) -> Vec<Read> {
    // Subqueries are no tables; what they read has lines of its own.
    let made = |line: &String| {
        let name = line.strip_prefix("CO-ROUTINE ").or(line.strip_prefix("MATERIALIZE "));
        name.map(str::to_owned)
    };
    let made: HashSet<String> = plan.iter().filter_map(made).collect();
    let tables = plan
        .iter()
        .filter(|line| (line.starts_with("SCAN ") || line.starts_with("SEARCH ")) && !line.contains("VIRTUAL TABLE"));
    let read = |line: &String| {
        let (what, rest) = line.split_once(' ')?;
        let (table, how) = rest.split_once(" USING ").unwrap_or((rest, ""));
        let table = table.split(' ').next().unwrap_or(table);
        if table == "CONSTANT" || table.starts_with('(') || made.contains(table) {
            return None;
        }
        let index = how
            .trim_start_matches("COVERING ")
            .trim_start_matches("INDEX ")
            .split(" (")
            .next()
            .filter(|index| !index.is_empty())
            .map(str::to_owned);
        let access = match index {
            Some(index) if what == "SEARCH" || partial.contains(&index) => Access::Index { index },
            // SQLite does not say whether a condition is left to be checked.
            index => Access::Whole { index },
        };
        Some(Read {
            table: table.to_owned(),
            access,
        })
    };
    tables.filter_map(read).collect()
}
