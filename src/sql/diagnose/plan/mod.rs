//! How the engine would run a statement: which tables it reads, and by which index. What a plan does not tell is kept as
//! not known, with the reason: it never passes for an index.
//!
//! `reading` is what a plan comes to, `asked` how an engine is asked for it; then one file for each engine.

mod asked;
mod condition;
mod mysql;
mod postgres;
mod reading;
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

pub use reading::{Access, QueryPlan};

use self::asked::Asked;
use crate::sql::budget::Budget;
use crate::sql::database::Database;
use crate::sql::engine::Engine;
use crate::sql::error::SqlError;
use crate::sql::statement::Statement;

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
