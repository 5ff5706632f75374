//! How the engine would run a statement: which tables it reads, and by which index. What a plan does not tell is kept as
//! not known, with the reason: it never passes for an index.

mod condition;
mod mysql;
mod postgres;
mod sqlite;
#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]
mod tests;

use crate::sql::budget::Budget;
use crate::sql::database::Database;
use crate::sql::engine::Engine;
use crate::sql::error::SqlError;
use crate::sql::row::Row;
use crate::sql::statement::{Arg, Statement};

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

/// What is read out of a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// Each table, in the plan's order.
    pub reads: Vec<Read>,
    /// Why there may be more to read than these tables: empty when the whole plan was understood.
    pub unknown: Vec<String>,
}

impl Reading {
    /// Nothing of the plan is understood.
    fn nothing(why: impl Into<String>) -> Self {
        Reading {
            reads: Vec::new(),
            unknown: vec![why.into()],
        }
    }

    fn read(&mut self, table: &str, access: Access) {
        self.reads.push(Read {
            table: table.to_owned(),
            access,
        });
    }

    /// Says once that something is not known.
    fn unknown(&mut self, why: String) {
        if !self.unknown.contains(&why) {
            self.unknown.push(why);
        }
    }
}

/// What the engine says.
#[derive(Debug, Clone)]
pub struct QueryPlan {
    /// What is read out of it.
    pub reading: Reading,
    /// The whole plan in the engine's own words.
    pub text: Vec<String>,
}

impl QueryPlan {
    /// The tables, or their aliases, that are read from end to end.
    pub fn whole(&self) -> Vec<String> {
        let reads = self.reading.reads.iter();
        let whole = reads.filter(|read| matches!(read.access, Access::Whole { .. }));
        let mut tables: Vec<String> = whole.map(|read| read.table.clone()).collect();
        tables.sort_unstable();
        tables.dedup();
        tables
    }

    /// Why other tables may be read than those that it names; None when the whole plan was understood.
    pub fn not_known(&self) -> Option<String> {
        (!self.reading.unknown.is_empty()).then(|| self.reading.unknown.join(", "))
    }
}

/// Asks for the plan of a statement with its values.
///
/// # Errors
/// The database did not explain it in time, or refused to.
pub async fn plan(database: &Database, statement: &Statement, budget: Budget) -> Result<QueryPlan, SqlError> {
    let asked = Asked {
        database,
        statement,
        budget,
    };
    match database.engine() {
        Engine::PostgreSql => postgres::ask(asked).await,
        Engine::MySql => mysql::ask(asked).await,
        Engine::Sqlite => sqlite::ask(asked).await,
    }
}

/// A statement whose plan is asked for.
#[derive(Clone, Copy)]
struct Asked<'a> {
    database: &'a Database,
    statement: &'a Statement,
    budget: Budget,
}

impl Asked<'_> {
    /// The rows that a way of explaining the statement has.
    async fn explained(self, how: &str) -> Result<Vec<Row>, SqlError> {
        let sql = format!("{how} {}", self.statement.sql);
        self.database.fetch(&sql, &self.statement.args, self.budget).await
    }

    /// The rows of a catalogue.
    async fn catalogue(self, sql: &str) -> Result<Vec<Row>, SqlError> {
        self.database.fetch(sql, &[] as &[Arg], self.budget).await
    }
}

/// A column of a row as text; empty for NULL.
fn text(row: &Row, column: usize) -> String {
    let value = row.get(column).and_then(|value| value.to_text());
    value.map(|text| text.into_owned()).unwrap_or_default()
}

fn last_texts(rows: &[Row]) -> Vec<String> {
    let last = |row: &Row| Some(row.last()?.to_text()?.into_owned());
    rows.iter().filter_map(last).collect()
}

/// Why a statement that calls one of these functions reads what no plan shows; None if it calls none of them.
fn hidden_by_function(text: &str, functions: &[String]) -> Option<String> {
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
