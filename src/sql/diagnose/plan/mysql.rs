//! MySQL's and MariaDB's plans: in JSON, which differ in names but not in how they tell of a table; and in the rows of the
//! older form, where the JSON cannot be read. MariaDB does not escape a double quote in a condition.

use super::asked::{Asked, hidden_by_function, last_texts, text};
use super::condition::finds_rows;
use super::reading::{Access, QueryPlan, Reading};
use crate::sql::error::SqlError;
use serde_json::Value as Json;

/// Functions whose body is statements.
const FUNCTIONS: &str = "SELECT routine_name FROM information_schema.routines WHERE routine_type = 'FUNCTION'";
/// Where no table is read, since the answer is known beforehand.
const NO_TABLES: [&str; 12] = [
    "Impossible WHERE",
    "Impossible HAVING",
    "Impossible ON condition",
    "no matching row in const table",
    "No matching rows after partition pruning",
    "No matching min/max row",
    "Select tables optimized away",
    "No tables used",
    "Zero limit",
    "Not optimized, outer query is empty",
    "unique row not found",
    "const row not found",
];
/// How a table's rows are found by an index.
const FOUND: [&str; 9] = [
    "const",
    "eq_ref",
    "ref",
    "ref_or_null",
    "fulltext",
    "index_merge",
    "unique_subquery",
    "index_subquery",
    // A table of one row.
    "system",
];

pub(super) async fn ask(asked: Asked<'_>) -> Result<QueryPlan, SqlError> {
    let sql = &asked.statement.sql;
    let json = last_texts(&asked.explained("EXPLAIN FORMAT=JSON").await?).concat();
    let mut plan = QueryPlan {
        reading: read(&json, is_limited(sql)),
        text: json.lines().map(str::to_owned).collect(),
    };
    if !plan.reading.unknown.is_empty() {
        let rows = asked.explained("EXPLAIN FORMAT=TRADITIONAL").await?;
        // The last columns of both servers; MySQL has more before them.
        let rows: Vec<Row> = rows
            .iter()
            .map(|row| Row::new(row.len(), |column| text(row, column)))
            .collect();
        let reading = read_rows(&rows);
        plan.text.extend(rows.iter().map(Row::line));
        if reading.unknown.is_empty() || plan.reading.reads.is_empty() {
            plan.reading = reading;
        }
    }
    let functions = last_texts(&asked.catalogue(FUNCTIONS).await?);
    let hidden = hidden_by_function(sql, &functions);
    // A condition of a view has it as `schema`.`name`(…).
    let of_view = json
        .contains("`(")
        .then(|| "what a function in a condition reads is in no plan".to_owned());
    plan.reading.unknown.extend(hidden.or(of_view));
    Ok(plan)
}

/// Whether a statement ends in a limit, as ours that read a page do.
fn is_limited(sql: &str) -> bool {
    let end = sql.trim_end().rsplit_once("LIMIT ");
    end.is_some_and(|(_, limit)| !limit.is_empty() && limit.chars().all(|c| c.is_ascii_digit()))
}

/// The reads of a plan in JSON. `limited`: the statement ends in a limit.
pub(super) fn read(plan: &str, limited: bool) -> Reading {
    let plan: Json = match serde_json::from_str(plan) {
        Ok(plan) => plan,
        Err(error) => return Reading::nothing(format!("the plan is no readable JSON: {error}")),
    };
    let Some(block) = plan.get("query_block") else {
        return Reading::nothing("the plan is in a form that is not known here");
    };
    let mut reading = Reading::default();
    node(block, limited, &mut reading);
    if reading == Reading::default() && !tells_of_none(&plan) {
        return Reading::nothing("the plan names no table");
    }
    reading
}

/// Whether somewhere in a plan it says why no table is read, or that what is read is made by the statement itself.
fn tells_of_none(node: &Json) -> bool {
    match node {
        Json::Array(list) => list.iter().any(tells_of_none),
        Json::Object(fields) => {
            let is_made = |name: &str| name.starts_with('<');
            fields.get("message").is_some()
                || fields.get("table_name").and_then(Json::as_str).is_some_and(is_made)
                || fields.values().any(tells_of_none)
        }
        _ => false,
    }
}

/// `ordered`: nothing above needs more rows than a limit lets through.
fn node(node_: &Json, ordered: bool, reading: &mut Reading) {
    match node_ {
        Json::Array(list) => {
            // The tables of a join.
            let alone = ordered && list.len() == 1;
            list.iter().for_each(|below| node(below, alone, reading));
        }
        Json::Object(fields) => {
            table(node_, ordered, reading);
            if let Some(message) = fields.get("message").and_then(Json::as_str)
                && !NO_TABLES.iter().any(|known| says(message, known))
            {
                reading.unknown(format!("the plan says what is not known here: {message:?}"));
            }
            for (name, below) in fields {
                let passes = matches!(name.as_str(), "nested_loop" | "table");
                node(below, ordered && passes, reading);
            }
        }
        _ => {}
    }
}

fn says(message: &str, known: &str) -> bool {
    message.to_lowercase().starts_with(&known.to_lowercase())
}

fn table(node: &Json, ordered: bool, reading: &mut Reading) {
    let text = |key: &str| node.get(key).and_then(Json::as_str);
    let Some(name) = text("table_name").filter(|table| !table.starts_with('<')) else {
        return;
    };
    let Some(how) = text("access_type") else {
        reading.unknown(format!("how {name} is read is not in the plan"));
        return;
    };
    let conditions = ["index_condition", "attached_condition"].map(|key| text(key).unwrap_or_default());
    let parts = node.get("used_key_parts").and_then(Json::as_array);
    let column = parts.and_then(|parts| parts.first()).and_then(Json::as_str);
    let is_left = !conditions.iter().all(|condition| condition.is_empty());
    let range = |column: &str| {
        let parts = conditions.iter().flat_map(|condition| condition.split(" and "));
        let about: Vec<&str> = parts.clone().filter(|part| part.contains(column)).collect();
        let others = parts.filter(|part| !part.is_empty()).count() > about.len();
        // A list or a pattern is told by the condition; a condition that is gone was wholly of the index.
        (about.is_empty() || finds_rows(about.iter().copied()), others)
    };
    let index = text("key").map(str::to_owned);
    let access = match (how, index) {
        ("ALL", _) => Access::Whole { index: None },
        ("index", Some(index)) if ordered && !is_left => Access::InOrder { index },
        ("index", index) => Access::Whole { index },
        ("range", Some(index)) => match column.map(range) {
            Some((true, _)) | None => Access::Index { index },
            Some((false, false)) if ordered => Access::InOrder { index },
            Some((false, _)) => Access::Whole { index: Some(index) },
        },
        // A join by hashes: what it is joined to is read whole first.
        (how, index) if how.starts_with("hash_") => match how {
            "hash_ALL" => Access::Whole { index: None },
            "hash_index" => Access::Whole { index },
            _ => return reading.unknown(format!("{name} is read in a way that is not known here: {how}")),
        },
        (how, Some(index)) if FOUND.contains(&how) => Access::Index { index },
        (how, None) if FOUND.contains(&how) => Access::Index { index: how.to_owned() },
        (how, _) => return reading.unknown(format!("{name} is read in a way that is not known here: {how}")),
    };
    reading.read(name, access);
}

/// A row of the older form.
#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    pub table: String,
    pub access_type: String,
    pub key: String,
    pub extra: String,
}

impl Row {
    /// From the columns of MariaDB (`id`, `select_type`, `table`, `type`, `possible_keys`, `key`, `key_len`, `ref`, `rows`,
    /// `Extra`); MySQL has `partitions` after `table`, and `filtered` before `Extra`.
    fn new(columns: usize, text: impl Fn(usize) -> String) -> Row {
        let more = usize::from(columns > 10);
        Row {
            table: text(2),
            access_type: text(3 + more),
            key: text(5 + more),
            extra: text(columns.saturating_sub(1)),
        }
    }

    fn line(&self) -> String {
        let Row {
            table,
            access_type,
            key,
            extra,
        } = self;
        format!("table {table}, type {access_type}, key {key}, {extra}")
    }
}

/// The reads of the older form, which tells no conditions: how much of an index a range is remains unknown.
pub(super) fn read_rows(rows: &[Row]) -> Reading {
    let mut reading = Reading::default();
    for row in rows {
        let Row {
            table,
            access_type,
            key,
            extra,
        } = row;
        if table.starts_with('<') {
            continue;
        }
        if table.is_empty() {
            if !NO_TABLES.iter().any(|known| says(extra, known)) {
                reading.unknown(format!("the plan says what is not known here: {extra:?}"));
            }
            continue;
        }
        let index = key.clone();
        match access_type.as_str() {
            "ALL" | "hash_ALL" => reading.read(table, Access::Whole { index: None }),
            "index" | "hash_index" => reading.read(table, Access::Whole { index: Some(index) }),
            how if FOUND.contains(&how) => {
                let index = if index.is_empty() { how.to_owned() } else { index };
                reading.read(table, Access::Index { index });
            }
            "range" => reading.unknown(format!("how much of the index {index} is read is not in the plan")),
            how => reading.unknown(format!("{table} is read in a way that is not known here: {how:?}")),
        }
    }
    if rows.is_empty() {
        reading.unknown("the plan is empty".to_owned());
    }
    reading
}
