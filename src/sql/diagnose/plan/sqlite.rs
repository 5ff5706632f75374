//! SQLite's plans, a line a step.

use super::asked::{Asked, last_texts};
use super::condition::finds_rows;
use super::reading::{Access, QueryPlan, Reading};
use crate::sql::{error::SqlError, indexes::unaliased};
use std::collections::HashSet;

/// The partial indexes that hold only the names that are written in other ways, as `check` proposes them. Reading one of
/// these from end to end is not reading a table.
const INDEXES_OF_FEW: &str = "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql LIKE '% WHERE %[^ -~]%'";
/// Tables that a module of SQLite's answers for.
const VIRTUAL_TABLES: &str = "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL TABLE%'";
/// Beginnings of lines about no table.
const PASSED: [&str; 24] = [
    "CO-ROUTINE ",
    "MATERIALIZE ",
    "USE TEMP B-TREE ",
    "MULTI-INDEX OR",
    "INDEX ",
    "COMPOUND QUERY",
    "LEFT-MOST SUBQUERY",
    "UNION ALL",
    "UNION USING ",
    "INTERSECT USING ",
    "EXCEPT USING ",
    "MERGE (",
    "LEFT",
    "RIGHT",
    "SCALAR SUBQUERY ",
    "CORRELATED SCALAR SUBQUERY ",
    "LIST SUBQUERY ",
    "CORRELATED LIST SUBQUERY ",
    "REUSE SUBQUERY ",
    "REUSE LIST SUBQUERY ",
    "SETUP",
    "RECURSIVE STEP",
    "BLOOM FILTER ON ",
    "USING ROWID SEARCH ON TABLE ",
];
/// Functions in FROM that make rows of their arguments.
const NO_TABLES: [&str; 3] = ["json_each", "json_tree", "generate_series"];

pub(super) async fn ask(asked: Asked<'_>) -> Result<QueryPlan, SqlError> {
    let of_few = last_texts(&asked.catalogue(INDEXES_OF_FEW).await?);
    let of_modules = last_texts(&asked.catalogue(VIRTUAL_TABLES).await?);
    let text = last_texts(&asked.explained("EXPLAIN QUERY PLAN").await?);
    let known = Known {
        of_few: of_few.into_iter().collect(),
        of_modules: of_modules.into_iter().collect(),
        sql: &asked.statement.sql,
    };
    Ok(QueryPlan {
        reading: read(&text, &known),
        text,
    })
}

/// What is known beside the plan.
#[derive(Debug, Default)]
pub(super) struct Known<'a> {
    /// Indexes that hold few rows by their condition.
    pub of_few: HashSet<String>,
    /// Tables that a module answers for.
    pub of_modules: HashSet<String>,
    /// The statement.
    pub sql: &'a str,
}

/// The reads of a plan, a line each.
pub(super) fn read(plan: &[String], known: &Known) -> Reading {
    if plan.is_empty() {
        return Reading::nothing("the plan is empty");
    }
    // Subqueries are no tables; what they read has lines of its own.
    let made = |line: &String| {
        let name = line.strip_prefix("CO-ROUTINE ").or(line.strip_prefix("MATERIALIZE "));
        name.map(str::to_owned)
    };
    let made: HashSet<String> = plan.iter().filter_map(made).collect();
    let mut reading = Reading::default();
    let mut before = "";
    for line in plan {
        match line.split_once(' ') {
            // Texts among numbers, which come after all of them: our own condition on a column of numbers looks for these.
            Some(("SEARCH", rest)) if before.starts_with("INDEX ") && known.sql.contains(" OR unlikely(") => {
                let ours = rest.replace(">?)", "=?)");
                table("SEARCH", &ours, (&made, known), &mut reading);
            }
            Some((what @ ("SCAN" | "SEARCH"), rest)) => table(what, rest, (&made, known), &mut reading),
            _ if PASSED.iter().any(|passed| line.starts_with(passed)) => {}
            _ => reading.unknown(format!("the plan has a step that is not known here: {line:?}")),
        }
        before = line;
    }
    reading
}

fn table(what: &str, rest: &str, (made, known): (&HashSet<String>, &Known), reading: &mut Reading) {
    let (table, how) = rest.split_once(" USING ").unwrap_or((rest, ""));
    let table = table.split(' ').next().unwrap_or(table);
    if rest.contains("CONSTANT ROW") || table.starts_with('(') || made.contains(table) {
        return;
    }
    if rest.contains(" VIRTUAL TABLE") {
        let name = unaliased(table, known.sql);
        let calls = |function: &&str| known.sql.to_lowercase().contains(&format!("{function}("));
        let is_function = NO_TABLES.contains(&name.as_str()) || name.starts_with("pragma_");
        // `FROM json_each(…) AS name`: no table has that name.
        let is_result = name == table && NO_TABLES.iter().any(calls);
        if known.of_modules.contains(&name) || !is_function && !is_result {
            reading.unknown(format!(
                "how the virtual table {name} finds its rows is not in the plan"
            ));
        }
        return;
    }
    let index = how.trim_start_matches("COVERING ");
    let index = index.strip_prefix("INDEX ").unwrap_or(index);
    let (index, condition) = index.split_once(" (").unwrap_or((index, ""));
    // An index that is made for this statement, of all rows.
    if index.starts_with("AUTOMATIC ") {
        reading.read(table, Access::Whole { index: None });
        return;
    }
    let index = (!index.is_empty()).then(|| index.to_owned());
    let access = match index {
        Some(index) if known.of_few.contains(&index) => Access::Index { index },
        // `ANY(column)`: a condition on the second column, tried with each value of the first.
        Some(index) if what == "SEARCH" && !condition.starts_with("ANY(") && searches(condition) => {
            Access::Index { index }
        }
        // SQLite does not say whether a condition is left to be checked.
        index => Access::Whole { index },
    };
    reading.read(table, access);
}

fn searches(condition: &str) -> bool {
    finds_rows(condition.trim_end_matches(')').split(" AND "))
}
