//! The one place where an error becomes a result code, a matched DN and a text, or a closed connection.
//!
//! Text that clients see carries no SQL, no host and no file name.

use super::{catalog::RealmServices, outcome::Outcome, output::Closed};
use crate::{
    config::OnDatabaseFailure,
    directory::DirectoryError,
    protocol::{LdapResult, ResponseKind, ResultCode},
    sql::SqlError,
};
use tracing::warn;

/// Why an operation did not come to its own end.
#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    /// The request is answered with this result.
    #[error("{}", .0.text)]
    Result(LdapResult),
    /// The directory could not answer.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The client is gone.
    #[error(transparent)]
    Closed(#[from] Closed),
}

impl OperationError {
    /// The database is there, but refused a statement.
    pub fn is_refused_statement(&self) -> bool {
        matches!(
            self,
            OperationError::Directory(DirectoryError::Sql(SqlError::Statement(_)))
        )
    }
}

impl From<LdapResult> for OperationError {
    fn from(result: LdapResult) -> Self {
        OperationError::Result(result)
    }
}

/// The one answer to all binds that are refused.
pub(super) fn invalid_credentials() -> OperationError {
    LdapResult::new(ResultCode::InvalidCredentials, "invalid credentials").into()
}

/// What an error means for the session, and the response to write, if any.
///
/// A search or compare that the database could not answer gets no result code at all by default: SSSD and GitLab
/// take every code for the truth, and only a closed connection makes them ask again.
pub fn answer(error: &OperationError, kind: ResponseKind, realm: &RealmServices) -> (Outcome, Option<LdapResult>) {
    match error {
        OperationError::Result(result) => (Outcome::Answered, Some(result.clone())),
        OperationError::Closed(Closed) => (Outcome::Abandoned, None),
        OperationError::Directory(position @ DirectoryError::Position) => {
            let result = LdapResult::new(ResultCode::UnwillingToPerform, position.to_string());
            (Outcome::Answered, Some(result))
        }
        OperationError::Directory(error) => {
            let name = realm.name.as_deref();
            warn!(realm = name, error = %error.detail(), "the database could not answer");
            let asks = matches!(kind, ResponseKind::SearchResultDone | ResponseKind::Compare);
            if asks && realm.policy.on_database_failure == OnDatabaseFailure::Disconnect {
                (Outcome::Disconnect("the directory is not available"), None)
            } else {
                let result = LdapResult::new(ResultCode::Unavailable, "the directory is not available");
                (Outcome::Answered, Some(result))
            }
        }
    }
}
