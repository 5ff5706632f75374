//! Makes a new SQLite file from SQL scripts, for the sample directory of `demo`.

use std::path::Path;

use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, sqlite::SqliteConnectOptions};

use super::error::SqlError;

/// Makes the file and runs the scripts in it, one after the other.
///
/// # Errors
/// The file cannot be made, or a script fails.
pub async fn create(path: &Path, scripts: &[&'static str]) -> Result<(), SqlError> {
    let failed = |error: sqlx::Error| SqlError::Unavailable(error.to_string());
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut connection = options.connect().await.map_err(failed)?;
    for script in scripts {
        connection.execute(AssertSqlSafe(*script)).await.map_err(failed)?;
    }
    connection.close().await.map_err(failed)
}
