//! Questions that `check` asks about rows, and that may fail.

use super::report::Report;
use crate::{directory::DirectoryError, sql::SqlError};

/// The answer to a question about `what`. None, and a warning, where it failed or took too long: the gateway serves without
/// these answers.
///
/// # Errors
/// The database cannot be reached any more.
pub fn answered<T>(
    what: &str,
    answer: Result<T, DirectoryError>,
    report: &mut Report,
) -> Result<Option<T>, DirectoryError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error @ (DirectoryError::Unreachable | DirectoryError::Sql(SqlError::Unavailable(_)))) => Err(error),
        Err(error) => {
            report.warn(format!("{what}: this could not be looked at: {}", error.detail()));
            Ok(None)
        }
    }
}
