//! Why one try of a statement failed, sorted by what may be done about it. Knows the engines' error codes.

use sqlx::error::DatabaseError;
use sqlx::mysql::MySqlDatabaseError;
use sqlx::postgres::PgDatabaseError;
use sqlx::sqlite::SqliteError;

use super::remedy;
use super::sessionless::Refusal;
use super::target::Target;
use crate::sql::engine::Engine;
use crate::sql::error::{Cause, SqlError, StatementError};

/// Why one try failed, before anybody decided whether to try again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AttemptError {
    /// No connection could be made.
    Connect(String),
    /// The database is there, but allows no further connection.
    Full(String),
    /// An established connection broke.
    Lost {
        /// What the driver said.
        detail: String,
        /// The connection's generation, which is not trusted any more.
        generation: u64,
    },
    /// The answer was "not now": locked, deadlock, serialization. Repeated until the deadline.
    Busy(String),
    /// The result was incomplete, or the driver did not understand it. It must not be taken for an empty one.
    Odd(String),
    /// This connection's prepared statements are stale: forget them and run once more.
    Stale(StatementError),
    /// The statement's own error.
    Statement(StatementError),
    /// Decided already; not repeated.
    Final(SqlError),
}

/// Sorts an error of connecting. Whatever it is, there is no connection. A wrong password counts too: it may be put
/// right on the database's side. `host` is one of the target's.
pub(crate) fn connecting(error: &sqlx::Error, target: &Target, host: usize) -> AttemptError {
    let code = match error {
        sqlx::Error::Database(error) => code(error.as_ref()),
        _ => String::new(),
    };
    // Too many connections: in all, of this user, in this user's resources.
    if matches!(code.as_str(), "53300" | "1040" | "1203" | "1226") {
        return AttemptError::Full(words(error));
    }
    AttemptError::Connect(match remedy::of(error, target, host, &code) {
        Some(remedy) => format!("{}: {remedy}", words(error)),
        None => words(error),
    })
}

/// Sorts an error of a statement on an established connection.
pub(crate) fn running(engine: Engine, error: &sqlx::Error, generation: u64) -> AttemptError {
    match error {
        sqlx::Error::Database(error) => answered(engine, error.as_ref(), generation),
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) => AttemptError::Lost {
            detail: words(error),
            generation,
        },
        sqlx::Error::WorkerCrashed | sqlx::Error::Protocol(_) => AttemptError::Odd(words(error)),
        _ => AttemptError::Statement(StatementError::ours(words(error))),
    }
}

fn answered(engine: Engine, error: &dyn DatabaseError, generation: u64) -> AttemptError {
    let code = code(error);
    let statement = StatementError {
        text: error.message().to_owned(),
        cause: cause(engine, error, &code),
        code,
    };
    let lost = |s: StatementError| AttemptError::Lost {
        detail: format!("{} ({}){}", s.text, s.code, remedy(error)),
        generation,
    };
    let busy = |s: StatementError| AttemptError::Busy(format!("{} ({})", s.text, s.code));
    match engine {
        Engine::PostgreSql => match statement.code.as_str() {
            "57P01" | "57P02" | "57P03" | "57P04" | "57P05" | "53300" => lost(statement),
            // 08P01 is a protocol violation, by the statement (wrong number of values), not the network.
            code if code.starts_with("08") && code != "08P01" => lost(statement),
            // Serialization and conflict with recovery on a standby, deadlock, lock not available.
            "40001" | "40P01" | "55P03" => busy(statement),
            "0A000" if statement.text.contains("cached plan") => AttemptError::Stale(statement),
            // Parameter types changed below a text that the driver has cached by the text alone.
            "22P03" => AttemptError::Stale(statement),
            // Our prepared statement is missing, or somebody else's has its name: the session is not ours, and no
            // result of this connection can be believed.
            "26000" | "42P05" => lost(statement),
            _ => AttemptError::Statement(statement.without_values()),
        },
        Engine::MySql => match statement.code.parse::<u16>().unwrap_or(0) {
            // Too many connections, a Galera node without a quorum, shutting down, network, killed, "server is not
            // available".
            1040 | 1047 | 1053 | 1077..=1080 | 1152..=1161 | 1184 | 1203 | 1927 | 2006 | 2013 | 3168 => lost(statement),
            1205 | 1213 => busy(statement),
            // Unknown prepared statement, needs to be re-prepared.
            1243 | 1615 => AttemptError::Stale(statement),
            _ => AttemptError::Statement(statement.without_values()),
        },
        Engine::Sqlite => match statement.code.parse::<i32>().unwrap_or(0) & 0xff {
            // BUSY, LOCKED, PROTOCOL (WAL recovery), SCHEMA.
            5 | 6 | 15 | 17 => busy(statement),
            // IOERR, CANTOPEN: the file or its file system is gone.
            10 | 14 => lost(statement),
            // A file that was moved, or that cannot be read because of the files beside it. A plain 8 is a statement
            // that writes.
            8 if statement.code != "8" => lost(statement),
            _ => AttemptError::Statement(statement.without_values()),
        },
    }
}

impl StatementError {
    /// Data exceptions quote the bound value: the code is kept, the words are replaced.
    fn without_values(mut self) -> Self {
        if self.cause != Cause::Other || self.code.starts_with("22") && self.code.len() == 5 {
            self.text = "a value does not fit (the database's words may quote it)".to_owned();
        }
        self
    }
}

/// What the error is about, by its code.
fn cause(engine: Engine, error: &dyn DatabaseError, code: &str) -> Cause {
    match (engine, code) {
        // Bytes that the encoding lacks, no such character in the server's encoding.
        (Engine::PostgreSql, "22021" | "22P05") => Cause::ForeignText,
        // Text representation, out of range, dates, an XML document; 23502, 23514: what a domain forbids; 42602: no
        // `name`.
        (Engine::PostgreSql, "22P02" | "22003" | "22007" | "22008" | "2200N" | "23502" | "23514" | "42602") => {
            Cause::Value
        }
        (Engine::PostgreSql, "42601") if is_value_of_no_syntax(error) => Cause::Value,
        // Illegal mix of collations, invalid or inconvertible character string.
        (Engine::MySql, "1267" | "1270" | "1271" | "1300" | "3854" | "3988") => Cause::ForeignText,
        // Wrong value for a type.
        (Engine::MySql, "1292" | "1366" | "1411" | "1525") => Cause::Value,
        _ => Cause::Other,
    }
}

/// PostgreSQL: ltree and hstore report an unfit value as a syntax error, without a position in the statement's text. A
/// syntax error of the statement has one.
fn is_value_of_no_syntax(error: &dyn DatabaseError) -> bool {
    let of_driver = error.try_downcast_ref::<PgDatabaseError>();
    let by_pooler = error.try_downcast_ref::<Refusal>();
    of_driver.is_some_and(|error| error.position().is_none()) || by_pooler.is_some_and(|error| !error.has_position)
}

/// The error's number on MariaDB and MySQL, whose SQLSTATE is too coarse; the engine's own code elsewhere.
fn code(error: &dyn DatabaseError) -> String {
    if let Some(error) = error.try_downcast_ref::<MySqlDatabaseError>() {
        return error.number().to_string();
    }
    error.code().unwrap_or_default().into_owned()
}

/// A hint for errors whose own words mislead; empty for all others. SQLite says "attempt to write a readonly database"
/// of a read that needs files beside the database (sqlite.org/wal.html, "Read-Only Databases").
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
