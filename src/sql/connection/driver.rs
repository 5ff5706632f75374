//! One connection, of whichever driver: open it, describe a statement, run one, end another session's. Decides nothing
//! about repeating or about the state of the database.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::StreamExt;
use futures::stream::BoxStream;
use sqlx::mysql::{MySqlArguments, MySqlConnection};
use sqlx::postgres::{PgArguments, PgConnection};
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{Arguments, AssertSqlSafe, ConnectOptions, Connection as _, Either, Executor, SqlSafeStr};

use super::attempt_error::{self, AttemptError};
use super::describe::{described_by_mysql, described_by_postgres, described_by_sqlite};
use super::file_id::FileId;
use super::postgres_server;
use super::remedy;
use super::sessionless::{self, CancelKey, Sessionless};
use super::sink::Sink;
use super::target::Target;
use crate::sql::decode;
use crate::sql::engine::Engine;
use crate::sql::error::StatementError;
use crate::sql::query::description::StatementDescription;
use crate::sql::row::Row;
use crate::sql::statement::Arg;

/// MySQL cuts `GROUP_CONCAT` and `JSON_ARRAYAGG` silently, by default at 1,024 bytes. And a server that hangs up on
/// idle sessions would look like a lost one.
const MYSQL_SESSION: &str = "SET SESSION group_concat_max_len = 16777216, SESSION wait_timeout = 28800";

/// sqlx hides the key of cancel requests, so another session of the same role ends the statement; that needs no
/// privilege. Only while that very text runs: behind a pooler the process may work for somebody else by now. The
/// server cuts the text (`track_activity_query_size`).
const STOP: &str = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE pid = $1::int4 AND usename = current_user \
     AND state = 'active' AND query <> '' AND query = left($2::text, length(query))";

/// No privilege is needed to see one's own sessions.
const MYSQL_SELF: &str = "SELECT CAST(id AS UNSIGNED), CAST(host AS CHAR) FROM information_schema.processlist \
     WHERE id = CONNECTION_ID()";
const IS_THERE: &str = "SELECT 1 FROM information_schema.processlist WHERE id = ? AND host = ?";

/// An open connection.
pub(crate) enum Connection {
    Postgres {
        connection: PgConnection,
        /// The process that serves it.
        pid: Option<i32>,
    },
    /// PostgreSQL by way of a pooler that shares sessions.
    Sessionless(Box<Sessionless>),
    MySql {
        connection: MySqlConnection,
        session: Option<Session>,
    },
    Sqlite {
        connection: SqliteConnection,
        /// Set to end a running statement.
        stop: Arc<AtomicBool>,
        file: Option<FileId>,
    },
}

/// How a server knows a connection. A statement runs on for a while when its connection is dropped: another connection
/// must end it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Session {
    /// The process that serves it.
    Postgres(i32),
    /// What the pooler knows it by.
    Pooled(CancelKey),
    /// Its number, which starts again when the server does; and our end of the connection as the server sees it, which
    /// is nobody else's while the connection is open.
    MySql { id: u64, host: String },
}

impl From<postgres_server::Opened> for Connection {
    fn from(opened: postgres_server::Opened) -> Self {
        match opened {
            postgres_server::Opened::Own(connection, pid) => Connection::Postgres { connection, pid },
            postgres_server::Opened::Shared(connection) => Connection::Sessionless(connection),
        }
    }
}

impl Connection {
    /// Connects to one of the target's hosts; the caller limits the time, and asks for its role.
    pub(crate) async fn open(target: &Target, host: usize) -> Result<Connection, AttemptError> {
        let nowhere = || AttemptError::Connect("there is no such host".to_owned());
        let opened = match target {
            Target::Postgres(servers) => servers
                .options
                .get(host)
                .ok_or_else(nowhere)?
                .open()
                .await
                .map(Connection::from),
            Target::MySql(servers) => open_mysql(servers.options.get(host).ok_or_else(nowhere)?).await,
            Target::Sqlite(options, path) => {
                let file = match path {
                    Some(path) => match FileId::of(path) {
                        Ok(file) => Some(file),
                        Err(error) => {
                            let remedy = remedy::of_file(&error, path);
                            return Err(AttemptError::Connect(format!("the database file: {error}{remedy}")));
                        }
                    },
                    None => None,
                };
                open_sqlite(options, file).await
            }
        };
        opened.map_err(|error| attempt_error::connecting(&error, target, host))
    }

    pub(super) fn engine(&self) -> Engine {
        match self {
            Connection::Postgres { .. } | Connection::Sessionless(_) => Engine::PostgreSql,
            Connection::MySql { .. } => Engine::MySql,
            Connection::Sqlite { .. } => Engine::Sqlite,
        }
    }

    /// False when the SQLite file has been deleted or replaced since, or a pooler has closed the idle connection.
    pub(crate) fn is_current(&mut self) -> bool {
        match self {
            Connection::Sqlite { file: Some(file), .. } => FileId::of(&file.path).is_ok_and(|now| now == *file),
            Connection::Sessionless(connection) => connection.is_quiet(),
            _ => true,
        }
    }

    /// True when a pooler ended the connection with its last answer.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self, Connection::Sessionless(connection) if connection.is_over())
    }

    /// Ends the running statement, if that can be done from here; else returns the session that another connection
    /// must end.
    pub(crate) fn abort(&self) -> Option<Session> {
        match self {
            Connection::Postgres { pid, .. } => pid.map(Session::Postgres),
            Connection::Sessionless(connection) => connection.cancel_key().map(Session::Pooled),
            Connection::MySql { session, .. } => session.clone(),
            Connection::Sqlite { stop, .. } => {
                stop.store(true, Ordering::Relaxed);
                None
            }
        }
    }

    /// Ends the statement `sql` of another session of this user, whose connection is still open. False when the
    /// session is not running it now: it has ended, or has not arrived yet.
    pub(crate) async fn stop(&mut self, session: &Session, sql: &str) -> Result<bool, sqlx::Error> {
        match (self, session) {
            (Connection::Postgres { connection, .. }, Session::Postgres(pid)) => {
                let stop = sqlx::query(STOP).bind(pid).bind(sql);
                Ok(connection.fetch_optional(stop).await?.is_some())
            }
            (Connection::MySql { connection, .. }, Session::MySql { id, host }) => {
                let same = sqlx::query(IS_THERE).bind(id).bind(host);
                if connection.fetch_optional(same).await?.is_none() {
                    return Ok(true);
                }
                // Not `KILL QUERY`, which does nothing to a statement that has not arrived yet.
                let kill = sqlx::raw_sql(AssertSqlSafe(format!("KILL {id}")));
                match connection.execute(kill).await {
                    // 1094: no such session, so there is nothing to end.
                    Ok(_) | Err(sqlx::Error::Database(_)) => Ok(true),
                    Err(error) => Err(error),
                }
            }
            _ => Ok(true),
        }
    }

    /// The columns and parameters of a statement, without running it.
    pub(crate) async fn describe(&mut self, sql: &str, generation: u64) -> Result<StatementDescription, AttemptError> {
        let engine = self.engine();
        let text = sql;
        let sql = AssertSqlSafe(sql.to_owned()).into_sql_str();
        let described = match self {
            Connection::Postgres { connection, .. } => described_by_postgres(connection, sql).await,
            Connection::Sessionless(connection) => connection.describe(text).await,
            Connection::MySql { connection, .. } => described_by_mysql(connection, sql).await,
            Connection::Sqlite { connection, .. } => described_by_sqlite(connection, text, sql).await,
        };
        described.map_err(|error| attempt_error::running(engine, &error, generation))
    }

    /// Runs a statement and pushes its rows into the sink. `Ok` only after the database said that the result is
    /// complete.
    pub(crate) async fn run(
        &mut self,
        sql: &str,
        args: &[Arg],
        sink: &mut Sink<'_>,
        generation: u64,
    ) -> Result<(), AttemptError> {
        let engine = self.engine();
        let undecodable = sink.undecodable;
        let text = sql;
        // The one place where SQL text is vouched for: it is the operator's query and our wrapper, and
        // every value is bound.
        let sql = AssertSqlSafe(sql.to_owned());
        let ended = match self {
            Connection::Postgres { connection, .. } => {
                let query = sqlx::query_with(sql, postgres_arguments(args)?);
                let rows = (&mut *connection).fetch_many(query);
                drain(rows, |row| decode::postgres::row(row, undecodable), sink).await
            }
            Connection::Sessionless(connection) => {
                let rows = connection.rows(text, args);
                drain(rows, |row| sessionless::row(row, undecodable), sink).await
            }
            Connection::MySql { connection, .. } => {
                let query = sqlx::query_with(sql, mysql_arguments(args)?);
                let rows = (&mut *connection).fetch_many(query);
                drain(rows, |row| decode::mysql::row(row, undecodable), sink).await
            }
            Connection::Sqlite { connection, .. } => {
                let query = sqlx::query_with(sql, sqlite_arguments(args)?);
                let rows = (&mut *connection).fetch_many(query);
                drain(rows, |row| decode::sqlite::row(row, undecodable), sink).await
            }
        };
        ended.map_err(|ended| match ended {
            Ended::Driver(error) => attempt_error::running(engine, &error, generation),
            Ended::Other(failure) => failure,
        })
    }

    /// Forgets the prepared statements of this connection.
    pub(crate) async fn forget_statements(&mut self) -> Result<(), sqlx::Error> {
        match self {
            Connection::Postgres { connection, .. } => connection.clear_cached_statements().await,
            Connection::Sessionless(connection) => {
                connection.forget();
                Ok(())
            }
            Connection::MySql { connection, .. } => connection.clear_cached_statements().await,
            Connection::Sqlite { connection, .. } => connection.clear_cached_statements().await,
        }
    }
}

async fn open_mysql(options: &sqlx::mysql::MySqlConnectOptions) -> Result<Connection, sqlx::Error> {
    let mut connection = options.connect().await?;
    connection.execute(sqlx::raw_sql(MYSQL_SESSION)).await?;
    let session = match sqlx::query_as(MYSQL_SELF).fetch_optional(&mut connection).await {
        Ok(row) => row.map(|(id, host)| Session::MySql { id, host }),
        Err(sqlx::Error::Database(error)) => {
            tracing::debug!(%error, "the own session is not shown; abandoned statements run on");
            None
        }
        Err(error) => return Err(error),
    };
    Ok(Connection::MySql { connection, session })
}

async fn open_sqlite(
    options: &sqlx::sqlite::SqliteConnectOptions,
    file: Option<FileId>,
) -> Result<Connection, sqlx::Error> {
    let mut connection = options.connect().await?;
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    // Returning false interrupts the statement; no measurable cost at this interval.
    connection
        .lock_handle()
        .await?
        .set_progress_handler(1000, move || !stopped.load(Ordering::Relaxed));
    Ok(Connection::Sqlite { connection, stop, file })
}

enum Ended {
    Driver(sqlx::Error),
    Other(AttemptError),
}

/// Rows decoded before other tasks get their turn.
const ROWS_A_TURN: usize = 32;

/// Reads a result to its end. A driver's stream can end without an error in the middle of a result (sqlx's SQLite
/// worker after a schema change), so only "command complete" counts.
async fn drain<Done, Raw>(
    mut rows: BoxStream<'_, Result<Either<Done, Raw>, sqlx::Error>>,
    decode: impl Fn(&Raw) -> Row,
    sink: &mut Sink<'_>,
) -> Result<(), Ended> {
    let mut complete = false;
    let mut decoded = 0_usize;
    loop {
        let next = match sink.row_timeout() {
            Some(limit) => tokio::time::timeout(limit, rows.next())
                .await
                .map_err(|_| Ended::Other(AttemptError::Busy("no further row in time".to_owned())))?,
            None => rows.next().await,
        };
        match next {
            Some(Ok(Either::Right(raw))) => {
                complete = false;
                sink.push(decode(&raw)).await.map_err(Ended::Other)?;
                // Rows that have arrived do not make the task wait, and others must get their turn.
                decoded += 1;
                if decoded.is_multiple_of(ROWS_A_TURN) {
                    tokio::task::yield_now().await;
                }
            }
            Some(Ok(Either::Left(_))) => complete = true,
            Some(Err(error)) => return Err(Ended::Driver(error)),
            None if complete => return Ok(()),
            None => {
                return Err(Ended::Other(AttemptError::Odd(
                    "the result ended before it was complete".to_owned(),
                )));
            }
        }
    }
}

fn unbound(_: sqlx::error::BoxDynError) -> AttemptError {
    AttemptError::Statement(StatementError::ours("a value could not be sent"))
}

pub(super) fn postgres_arguments(args: &[Arg]) -> Result<PgArguments, AttemptError> {
    let mut bound = PgArguments::default();
    for arg in args {
        match arg {
            Arg::Text(text) => bound.add(text.as_str()),
            Arg::Integer(number) => bound.add(*number),
            Arg::TextList(list) => bound.add(list.as_slice()),
        }
        .map_err(unbound)?;
    }
    Ok(bound)
}

pub(super) fn mysql_arguments(args: &[Arg]) -> Result<MySqlArguments, AttemptError> {
    let mut bound = MySqlArguments::default();
    for arg in args {
        match arg {
            Arg::Text(text) => bound.add(text.as_str()),
            Arg::Integer(number) => bound.add(*number),
            Arg::TextList(list) => bound.add(json_array(list)),
        }
        .map_err(unbound)?;
    }
    Ok(bound)
}

pub(super) fn sqlite_arguments(args: &[Arg]) -> Result<SqliteArguments, AttemptError> {
    let mut bound = SqliteArguments::default();
    for arg in args {
        match arg {
            Arg::Text(text) => bound.add(text.clone()),
            Arg::Integer(number) => bound.add(*number),
            Arg::TextList(list) => bound.add(json_array(list)),
        }
        .map_err(unbound)?;
    }
    Ok(bound)
}

/// For `json_each` and `JSON_TABLE` on the engines without arrays.
fn json_array(list: &[String]) -> String {
    sqlx::types::JsonValue::from(list.to_vec()).to_string()
}
