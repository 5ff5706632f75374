//! The one place where an error becomes a result code, a matched DN and a text, or a closed connection.
//!
//! Text that clients see carries no SQL, no host and no file name.

use super::{Outcome, output::Closed};
use crate::{
    config::OnDatabaseFailure,
    directory::DirectoryError,
    protocol::{LdapResult, ResponseKind, ResultCode},
    sql::SqlError,
};
use std::borrow::Cow;
use tracing::warn;

/// Why an operation did not come to its own end.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
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

impl Failure {
    /// The database is there, but refused a statement.
    pub fn is_refused_statement(&self) -> bool {
        matches!(self, Failure::Directory(DirectoryError::Sql(SqlError::Statement(_))))
    }
}

impl From<LdapResult> for Failure {
    fn from(result: LdapResult) -> Self {
        Failure::Result(result)
    }
}

/// What a failure means for the session, and the response to write, if any.
///
/// A search or compare that the database could not answer gets no result code at all by default: SSSD and GitLab
/// take every code for the truth, only a closed connection makes them ask again (design rule 7.2).
pub fn answer(
    failure: &Failure,
    kind: ResponseKind,
    on_database_failure: OnDatabaseFailure,
) -> (Outcome, Option<LdapResult>) {
    match failure {
        Failure::Result(result) => (Outcome::Answered, Some(result.clone())),
        Failure::Closed(Closed) => (Outcome::Abandoned, None),
        Failure::Directory(error @ DirectoryError::Position) => {
            let result = LdapResult::new(ResultCode::UnwillingToPerform, error.to_string());
            (Outcome::Answered, Some(result))
        }
        Failure::Directory(error) => {
            warn!(error = %error.detail(), "the database could not answer");
            let asks = matches!(kind, ResponseKind::SearchResultDone | ResponseKind::Compare);
            if asks && on_database_failure == OnDatabaseFailure::Disconnect {
                (Outcome::Disconnect("the directory is not available"), None)
            } else {
                let result = LdapResult::new(ResultCode::Unavailable, "the directory is not available");
                (Outcome::Answered, Some(result))
            }
        }
    }
}

/// What an operation notes of itself for the log and the metrics.
#[derive(Debug, Default)]
pub struct Report {
    /// The result code, once there is one.
    pub code: Option<ResultCode>,
    /// Entries sent.
    pub entries: u64,
    /// Why a bind was refused: for the log alone, never for the client.
    pub why: Option<Cow<'static, str>>,
}
