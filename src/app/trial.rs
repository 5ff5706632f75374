//! Whether queries that were described still work: small statements of theirs are run now and then, so that a table that is gone
//! is noticed before somebody signs in.

use crate::{
    config::Query,
    sql::{Database, SqlError, Statement},
};

/// Codes of statements that were refused for no fault of the query's: raised by a function, without or with too many rows, or
/// cancelled because they took too long.
const NOT_ITS_OWN: [&str; 10] = [
    "P0001", "P0002", "P0003", "P0004", "57014", "1644", "1329", "1172", "1969", "3024",
];

/// What shows whether a query still works.
pub struct Trial {
    /// Which it is.
    pub query: Query,
    /// Where it was given.
    pub place: String,
    /// Whom to ask.
    pub database: Database,
    /// What costs next to nothing and needs what the query needs.
    pub statement: Statement,
}

/// The trials that the database refuses, and why; None where it could not be asked, which others find out. Values are not what
/// they are refused for, and neither is what a function of the operator's raises on purpose, perhaps because there is no such
/// user.
pub async fn refused(trials: &[Trial]) -> Option<Vec<(&Trial, String)>> {
    let mut refused: Vec<(&Trial, String)> = Vec::new();
    for trial in trials {
        if refused.iter().any(|(other, _)| other.place == trial.place) {
            continue;
        }
        match trial.database.ask_once(&trial.statement).await {
            Ok(_) => {}
            Err(SqlError::Statement(error)) if NOT_ITS_OWN.contains(&error.code.as_str()) => {}
            Err(error @ SqlError::Statement(_)) if error.is_value_error() => {}
            Err(error @ SqlError::Statement(_)) => refused.push((trial, error.detail())),
            Err(SqlError::Settings(_) | SqlError::Unavailable(_) | SqlError::TimedOut) => return None,
        }
    }
    Some(refused)
}
