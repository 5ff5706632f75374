//! What can go wrong between us and the database.
//!
//! An outage is told apart from all else: only *connectivity* may change the state, and a statement's own error is
//! never repeated. Nothing shown to clients names a host, a user or a value.

use std::fmt;

/// Why a statement has no answer.
#[derive(Clone, PartialEq, Eq)]
pub enum SqlError {
    /// The settings cannot be used: wrong URI, unknown scheme. Found without asking the database.
    Settings(String),
    /// The database cannot be reached, or was lost and did not come back in time.
    Unavailable(String),
    /// The database is there, but did not answer before the deadline.
    TimedOut,
    /// The database refused the statement itself: syntax, permission, missing column, bad value.
    Statement(StatementError),
}

/// A statement's own error, as the database named it.
#[derive(Clone, PartialEq, Eq)]
pub struct StatementError {
    /// SQLSTATE on PostgreSQL, the error number on MariaDB/MySQL, the extended result code on SQLite.
    pub code: String,
    /// The database's words, without any value that was bound.
    pub text: String,
    pub(crate) cause: Cause,
}

/// What a statement's own error is about, as far as anybody decides by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// A value that cannot be of a type.
    Value,
    /// A bound text with characters that the database cannot write, or compare with a column's.
    ForeignText,
    /// A read that was meant to be bounded and is not.
    TooManyRows,
    /// Anything else.
    Other,
}

impl SqlError {
    /// For the log: what happened, without values, password or URI.
    pub fn detail(&self) -> String {
        match self {
            SqlError::Settings(text) => text.clone(),
            SqlError::Unavailable(text) => format!("the database is not available: {text}"),
            SqlError::TimedOut => "the database did not answer in time".to_owned(),
            SqlError::Statement(error) if error.code.is_empty() => error.text.clone(),
            SqlError::Statement(error) => format!("{} ({})", error.text, error.code),
        }
    }

    /// The same where it is said already that the database is not available.
    pub fn reason(&self) -> String {
        match self {
            SqlError::Unavailable(text) => text.clone(),
            SqlError::TimedOut => "no answer in time".to_owned(),
            SqlError::Settings(_) | SqlError::Statement(_) => self.detail(),
        }
    }

    /// A bounded read brought more rows than it may.
    pub fn is_too_many_rows(&self) -> bool {
        self.cause() == Some(Cause::TooManyRows)
    }

    /// Whether the statement failed on a value that cannot be of a type or character set (PostgreSQL 22P02, MariaDB
    /// 1267, …). For a lookup by a bound value this means "no such row", never an outage. For anything else it may as
    /// well be the operator's own SQL that fails on a row.
    pub fn is_value_error(&self) -> bool {
        matches!(self.cause(), Some(Cause::Value | Cause::ForeignText))
    }

    /// Whether the statement failed on a bound text with characters that the database cannot write, or cannot compare
    /// with a column's: no row has it. Unlike other value errors, no row can cause this.
    pub fn is_foreign_text(&self) -> bool {
        self.cause() == Some(Cause::ForeignText)
    }

    fn cause(&self) -> Option<Cause> {
        match self {
            SqlError::Statement(error) => Some(error.cause),
            SqlError::Settings(_) | SqlError::Unavailable(_) | SqlError::TimedOut => None,
        }
    }
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SqlError::Settings(_) => "the database settings are not usable",
            SqlError::Unavailable(_) => "the database is not available",
            SqlError::TimedOut => "the database did not answer in time",
            SqlError::Statement(_) => "the database refused the statement",
        })
    }
}

impl fmt::Debug for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SqlError({})", self.detail())
    }
}

impl fmt::Debug for StatementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.text, self.code)
    }
}

impl std::error::Error for SqlError {}

impl StatementError {
    /// An error of our own making, without a code.
    pub fn ours(text: impl Into<String>) -> Self {
        StatementError {
            code: String::new(),
            text: text.into(),
            cause: Cause::Other,
        }
    }

    /// A read that was meant to be bounded brought more rows than it may.
    pub(crate) fn too_many_rows() -> Self {
        StatementError {
            cause: Cause::TooManyRows,
            ..StatementError::ours("more rows than a single read may have")
        }
    }
}
