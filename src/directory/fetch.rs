//! Runs statements that look for something by name: what no row can hold is in no row, and is no error.

use crate::sql::{Budget, Database, Row, SqlError, Statement};

/// Runs a statement over a listing; none asks nothing, and a text that the database cannot write is in no row. Any
/// other value that does not fit is a row's, and nothing was read: that must not look like "no rows".
///
/// # Errors
/// The database could not answer in time, or the rows are more than are read at once.
pub(crate) async fn fetch(
    database: &Database,
    statement: Option<Statement>,
    budget: Budget,
) -> Result<Vec<Row>, SqlError> {
    let Some(statement) = statement else {
        return Ok(Vec::new());
    };
    none_for_foreign_text(database.fetch(&statement.sql, &statement.args, budget).await)
}

/// The rows that are `meant`, of a result of any size: only these are held.
///
/// # Errors
/// The database could not answer in time.
pub(crate) async fn collect(
    database: &Database,
    statement: Option<Statement>,
    is_meant: impl Fn(&Row) -> bool,
    budget: Budget,
) -> Result<Vec<Row>, SqlError> {
    let Some(statement) = statement else {
        return Ok(Vec::new());
    };
    let mut stream = database.stream(statement.sql, statement.args, budget.left());
    let mut rows = Vec::new();
    while let Some(batch) = stream.next().await {
        rows.extend(batch?.into_iter().filter(|row| is_meant(row)));
    }
    Ok(rows)
}

/// As [`fetch`], and as [`collect`] where that is too much at once.
///
/// # Errors
/// The database could not answer in time.
pub(crate) async fn fetch_or_collect(
    database: &Database,
    statement: Option<Statement>,
    is_meant: impl Fn(&Row) -> bool,
    budget: Budget,
) -> Result<Vec<Row>, SqlError> {
    match fetch(database, statement.clone(), budget).await {
        Err(error) if error.is_too_many_rows() => collect(database, statement, is_meant, budget).await,
        rows => Ok(rows?.into_iter().filter(|row| is_meant(row)).collect()),
    }
}

/// A text that the database cannot write is in no row.
pub(crate) fn none_for_foreign_text(rows: Result<Vec<Row>, SqlError>) -> Result<Vec<Row>, SqlError> {
    match rows {
        Err(error) if error.is_foreign_text() => Ok(Vec::new()),
        other => other,
    }
}

/// Of a query by name: a name that the types it is compared with cannot hold is in no row.
pub(crate) fn none_for_the_name(rows: Result<Vec<Row>, SqlError>) -> Result<Vec<Row>, SqlError> {
    match rows {
        Err(error) if error.is_value_error() => Ok(Vec::new()),
        other => other,
    }
}
