//! A change of a stored password hash, and how it can end. Knows no SQL.

use crate::{
    config::Secret,
    directory::account::decision::Account,
    sql::{SqlError, StatementError},
};
use futures::future::BoxFuture;

/// A hash that is to take the place of another.
#[derive(Debug)]
pub struct PasswordChange {
    /// The user's name, as the entry spells it.
    pub username: String,
    /// The user's number; none where the row has none.
    pub number: Option<i128>,
    /// The hash that is to be replaced: where another is stored by then, nothing is changed. None replaces whatever is
    /// stored.
    pub present: Option<Secret>,
    /// The new hash.
    pub new: Secret,
}

impl PasswordChange {
    /// A new hash for this account. `only_present`: in the place of the one that the account has, and of no other.
    pub fn new(account: Account, new: String, only_present: bool) -> Self {
        PasswordChange {
            username: account.username,
            number: account.number,
            present: account.password.filter(|_| only_present),
            new: Secret::new(new),
        }
    }

    /// The new hash.
    pub fn new_hash(&self) -> &str {
        self.new.reveal()
    }

    /// A new hash for the user of this name and number, whatever is stored.
    pub fn of_user(username: String, number: Option<i128>, new: String) -> Self {
        PasswordChange {
            username,
            number,
            present: None,
            new: Secret::new(new),
        }
    }
}

/// Why a hash was not changed, or is not known to be.
#[derive(Debug, thiserror::Error)]
pub enum PasswordChangeError {
    /// Somebody else has changed it in between.
    #[error("the password has been changed in the meantime")]
    ChangedMeanwhile,
    /// There is no such user any more, or not exactly one.
    #[error("the user is not there any more")]
    NoSuchUser,
    /// The statement needs the user's number, and the row has none.
    #[error("the user has no uid number, which SQL_UPDATE_PASSWORD needs")]
    NoNumber,
    /// The operator's statement did not do what it is there for; everything was undone.
    #[error("{0}")]
    Ineffective(String),
    /// The database refused a statement.
    #[error("the database refuses it: {} ({})", .0.text, .0.code)]
    Refused(StatementError),
    /// The database could not do it, and it was not done.
    #[error("the password was not changed: {}", .0.detail())]
    NotDone(SqlError),
    /// The connection was lost meanwhile, and nobody can say whether it was done.
    #[error("it is not known whether the password was changed: {}", .0.detail())]
    Unknown(SqlError),
}

/// Where password hashes are kept.
pub trait PasswordStore: Send + Sync {
    /// Changes a hash: when it is done, it is seen by everybody who asks the database. Once begun it goes on to its end
    /// within the time that a bind may take; it must not be dropped in the middle.
    fn change_password<'a>(&'a self, change: &'a PasswordChange) -> BoxFuture<'a, Result<(), PasswordChangeError>>;
}
