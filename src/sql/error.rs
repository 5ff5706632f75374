//! What can go wrong between us and the database, and which of it is the database being away.
//!
//! Behaviour in an outage hangs on the distinction: only *connectivity* may move the state machine, and a
//! statement's own error is never repeated. Nothing shown to clients names a host, a user or a value.

use std::fmt;

use sqlx::error::DatabaseError;
use sqlx::mysql::MySqlDatabaseError;
use sqlx::postgres::PgDatabaseError;
use sqlx::sqlite::SqliteError;

use super::engine::Engine;
use super::sessionless::Refusal;

/// What a read says that was meant to be bounded and is not.
pub(super) const TOO_MANY_ROWS: &str = "more rows than a single read may have";

/// Why a statement has no answer.
#[derive(Clone, PartialEq, Eq)]
pub enum SqlError {
    /// The settings cannot be used: wrong URI, unknown scheme. Found without asking anybody.
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
    value: bool,
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

    /// A bounded read brought more rows than it may.
    pub fn is_too_many_rows(&self) -> bool {
        matches!(self, SqlError::Statement(error) if error.code.is_empty() && error.text == TOO_MANY_ROWS)
    }

    /// True when the statement failed on a value that cannot be of a type or character set (PostgreSQL
    /// 22P02, MariaDB 1267, …). For a lookup by a bound value this is "no such row", never an outage; for
    /// anything else it may as well be the operator's own SQL that fails on a row.
    pub fn is_value_error(&self) -> bool {
        matches!(self, SqlError::Statement(error) if error.value)
    }

    /// True when the statement failed on a bound text with characters that the database cannot write or
    /// compare with a column's: no row has it. Unlike other value errors no row can cause this.
    pub fn is_foreign_text(&self) -> bool {
        matches!(self, SqlError::Statement(error) if error.value && matches!(
            error.code.as_str(),
            "22021" | "22P05" | "1267" | "1270" | "1271" | "1300" | "3854" | "3988"
        ))
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

/// How one try ended, before anybody decided whether to try again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// No connection could be made.
    Connect(String),
    /// The database is there, but lets us have no further connection.
    Full(String),
    /// An established connection broke; the generation it belonged to.
    Lost {
        /// What the driver said.
        detail: String,
        /// Connections of this generation are not to be trusted any more.
        generation: u64,
    },
    /// Answered, but "not now": locked, deadlock, serialization. Repeated within the deadline.
    Busy(String),
    /// The result was not complete, or the driver did not understand it: not to be taken for an empty one.
    Odd(String),
    /// This connection's prepared statements are stale: forget them and run once more.
    Stale(StatementError),
    /// The statement's own error.
    Statement(StatementError),
    /// Decided already: not to be repeated.
    Final(SqlError),
}

impl StatementError {
    /// An error of our own making, without a code.
    pub fn ours(text: impl Into<String>) -> Self {
        StatementError {
            code: String::new(),
            text: text.into(),
            value: false,
        }
    }
}

/// Sorts an error that came up while a connection was being made: whatever it is, there is no
/// connection (a wrong password included, which may be put right on the database's side).
pub(super) fn connecting(error: &sqlx::Error) -> Failure {
    let full = match error {
        // Too many connections: in all, of this user, in this user's resources.
        sqlx::Error::Database(error) => matches!(code(error.as_ref()).as_str(), "53300" | "1040" | "1203" | "1226"),
        _ => false,
    };
    if full {
        Failure::Full(words(error))
    } else {
        Failure::Connect(words(error))
    }
}

/// Sorts an error of a statement on an established connection.
pub(super) fn running(engine: Engine, error: &sqlx::Error, generation: u64) -> Failure {
    match error {
        sqlx::Error::Database(error) => answered(engine, error.as_ref(), generation),
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) => Failure::Lost {
            detail: words(error),
            generation,
        },
        sqlx::Error::WorkerCrashed | sqlx::Error::Protocol(_) => Failure::Odd(words(error)),
        _ => Failure::Statement(StatementError::ours(words(error))),
    }
}

fn answered(engine: Engine, error: &dyn DatabaseError, generation: u64) -> Failure {
    let code = code(error);
    let statement = StatementError {
        text: error.message().to_owned(),
        value: is_value_code(engine, &code) || is_value_of_no_syntax(error, &code),
        code,
    };
    let lost = |s: StatementError| Failure::Lost {
        detail: format!("{} ({}){}", s.text, s.code, remedy(error)),
        generation,
    };
    let busy = |s: StatementError| Failure::Busy(format!("{} ({})", s.text, s.code));
    match engine {
        Engine::PostgreSql => match statement.code.as_str() {
            "57P01" | "57P02" | "57P03" | "57P04" | "57P05" | "53300" => lost(statement),
            // 08P01 is a protocol violation, by the statement (wrong number of values), not the network.
            code if code.starts_with("08") && code != "08P01" => lost(statement),
            // Serialization and conflict with recovery on a standby, deadlock, lock not available.
            "40001" | "40P01" | "55P03" => busy(statement),
            "0A000" if statement.text.contains("cached plan") => Failure::Stale(statement),
            // Parameter types changed below a text that the driver has cached by the text alone.
            "22P03" => Failure::Stale(statement),
            // Our prepared statement is not there, or somebody else's is: the session is not ours after all, and none of
            // this connection's results can be believed.
            "26000" | "42P05" => lost(statement),
            _ => Failure::Statement(statement.without_values()),
        },
        Engine::MySql => match statement.code.parse::<u16>().unwrap_or(0) {
            // Too many connections, a Galera node without a quorum, shutting down, network, killed, "server is not
            // available".
            1040 | 1047 | 1053 | 1077..=1080 | 1152..=1161 | 1184 | 1203 | 1927 | 2006 | 2013 | 3168 => lost(statement),
            1205 | 1213 => busy(statement),
            // Unknown prepared statement, needs to be re-prepared.
            1243 | 1615 => Failure::Stale(statement),
            _ => Failure::Statement(statement.without_values()),
        },
        Engine::Sqlite => match statement.code.parse::<i32>().unwrap_or(0) & 0xff {
            // BUSY, LOCKED, PROTOCOL (WAL recovery), SCHEMA.
            5 | 6 | 15 | 17 => busy(statement),
            // IOERR, CANTOPEN: the file or its file system is gone.
            10 | 14 => lost(statement),
            // A file that was moved, or that cannot be read now because of the files beside it; a plain 8 is a statement
            // that writes.
            8 if statement.code != "8" => lost(statement),
            _ => Failure::Statement(statement.without_values()),
        },
    }
}

impl StatementError {
    /// Data exceptions quote the value that was bound: keep their code, replace their words.
    fn without_values(mut self) -> Self {
        if self.value || self.code.starts_with("22") && self.code.len() == 5 {
            self.text = "a value does not fit (the database's words may quote it)".to_owned();
        }
        self
    }
}

fn is_value_code(engine: Engine, code: &str) -> bool {
    match engine {
        // Text representation, out of range, NUL or bytes the encoding lacks, dates; 22P05: no such
        // character in the server's encoding; 23502, 23514: what a domain forbids; 42602: no `name`.
        Engine::PostgreSql => {
            matches!(
                code,
                "22P02" | "22003" | "22021" | "22007" | "22008" | "22P05" | "2200N" | "23502" | "23514" | "42602"
            )
        }
        // Illegal mix of collations, wrong value for a type, invalid or
        // inconvertible character string.
        Engine::MySql => matches!(
            code,
            "1267" | "1270" | "1271" | "1292" | "1300" | "1366" | "1411" | "1525" | "3854" | "3988"
        ),
        Engine::Sqlite => false,
    }
}

/// PostgreSQL: ltree and hstore call a value that is none of theirs a syntax error. One of the statement's text says where
/// in the text it is.
fn is_value_of_no_syntax(error: &dyn DatabaseError, code: &str) -> bool {
    let of_driver = error.try_downcast_ref::<PgDatabaseError>();
    let by_pooler = error.try_downcast_ref::<Refusal>();
    code == "42601"
        && (of_driver.is_some_and(|error| error.position().is_none())
            || by_pooler.is_some_and(|error| !error.has_position))
}

/// The number of a MariaDB/MySQL error (its SQLSTATE is too coarse), the engine's own code elsewhere.
fn code(error: &dyn DatabaseError) -> String {
    if let Some(error) = error.try_downcast_ref::<MySqlDatabaseError>() {
        return error.number().to_string();
    }
    error.code().unwrap_or_default().into_owned()
}

/// What to do about an error whose own words mislead. Only SQLite's are such: it says "attempt to write a readonly
/// database" of a read that needs files beside the database (sqlite.org/wal.html, "Read-Only Databases"). Empty for all
/// others.
fn remedy(error: &dyn DatabaseError) -> &'static str {
    if error.try_downcast_ref::<SqliteError>().is_none() {
        return "";
    }
    match error.code().as_deref() {
        // READONLY_RECOVERY, READONLY_CANTLOCK, READONLY_CANTINIT, READONLY_DIRECTORY, CANTOPEN_DIRTYWAL.
        Some("264" | "520" | "1288" | "1544" | "1294") => {
            ": the file is in WAL mode, whose readers need the files -wal and -shm beside it: let the gateway's user write \
             to the directory, or run PRAGMA journal_mode = DELETE on the file"
        }
        // READONLY_ROLLBACK.
        Some("776") => {
            ": a writer was stopped in the middle, and its journal must be rolled back first: open the file once with a user \
             who may write to it and to its directory"
        }
        _ => "",
    }
}

fn words(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => {
            let error = error.as_ref();
            format!("{} ({}){}", error.message(), code(error), remedy(error))
        }
        sqlx::Error::Io(error) => error.to_string(),
        sqlx::Error::Tls(error) => format!("TLS: {error}"),
        // Encoding and decoding errors may quote values.
        sqlx::Error::Encode(_) => "a value could not be sent".to_owned(),
        sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } => "a result could not be read".to_owned(),
        other => other.to_string(),
    }
}
