//! Asking an engine for a plan, and what all engines' answers have in common.

use crate::sql::budget::Budget;
use crate::sql::database::Database;
use crate::sql::error::SqlError;
use crate::sql::row::Row;
use crate::sql::statement::{Arg, Statement};

/// A statement whose plan is asked for.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub database: &'a Database,
    pub statement: &'a Statement,
    pub budget: Budget,
}

impl Asked<'_> {
    /// The rows that a way of explaining the statement has.
    pub(super) async fn explained(self, how: &str) -> Result<Vec<Row>, SqlError> {
        let sql = format!("{how} {}", self.statement.sql);
        self.database.fetch(&sql, &self.statement.args, self.budget).await
    }

    /// The rows of a catalogue.
    pub(super) async fn catalogue(self, sql: &str) -> Result<Vec<Row>, SqlError> {
        self.database.fetch(sql, &[] as &[Arg], self.budget).await
    }
}

/// A column of a row as text; empty for NULL.
pub(super) fn text(row: &Row, column: usize) -> String {
    let value = row.get(column).and_then(|value| value.to_text());
    value.map(|text| text.into_owned()).unwrap_or_default()
}

pub(super) fn last_texts(rows: &[Row]) -> Vec<String> {
    let last = |row: &Row| Some(row.last()?.to_text()?.into_owned());
    rows.iter().filter_map(last).collect()
}

/// Why a statement that calls one of these functions reads what no plan shows; None if it calls none of them.
pub(super) fn hidden_by_function(text: &str, functions: &[String]) -> Option<String> {
    let text = text.to_lowercase().replace(['"', '`'], "");
    let calls = |name: &str| {
        text.match_indices(&format!("{name}(")).any(|(at, _)| {
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            before.is_none_or(|c| !c.is_alphanumeric() && c != '_')
        })
    };
    let called = functions.iter().find(|name| calls(&name.to_lowercase()))?;
    Some(format!("what the function {called} reads is in no plan"))
}
