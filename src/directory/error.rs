//! Why the directory could not answer. `operations::result` alone decides what a client is told.

use crate::sql::SqlError;

/// Why the directory could not answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DirectoryError {
    /// The database has never been described.
    #[error("the directory is not available yet")]
    NotDescribed,
    /// The client's time limit ended the wait for a database that does not answer.
    #[error("the database does not answer")]
    Unreachable,
    /// The database failed, or is away.
    #[error(transparent)]
    Sql(#[from] SqlError),
    /// No page of this search ended where the next one is to begin.
    #[error("the search cannot be resumed there")]
    Position,
}

impl DirectoryError {
    /// For the log: what happened, without values, password or URI.
    pub fn detail(&self) -> String {
        match self {
            DirectoryError::NotDescribed | DirectoryError::Unreachable | DirectoryError::Position => self.to_string(),
            DirectoryError::Sql(error) => error.detail(),
        }
    }
}
