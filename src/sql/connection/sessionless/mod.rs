//! PostgreSQL behind a pooler that shares the server's sessions among its clients (PgBouncer in transaction or
//! statement mode): a client that relies on nothing that a session keeps from one statement to the next.
//!
//! Each statement is *one* write: `Parse` without a name, `Bind`, `Describe`, `Execute`, `Sync`. A pooler hands a
//! session on only between a `ReadyForQuery` and the next message (PostgreSQL's manual, 55.2.3), so nothing of another
//! client comes in between. sqlx cannot be used: it waits for an answer after `Parse`, and names its statements with a
//! counter, so it believed other clients' rows. No settings are made, no process numbers are used, nothing is kept
//! prepared.
//!
//! A result is believed only if its columns are those that the statement was described with on this connection.

mod address;
mod cancel;
mod certificates;
mod login;
mod tls;
mod transaction;
mod types;
mod wire;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, BoxStream, StreamExt};
use postgres_protocol::IsNull;
use postgres_protocol::message::backend::{DataRowBody, Message, RowDescriptionBody};
use postgres_protocol::message::frontend;
use sqlx::Either;
use sqlx::error::BoxDynError;
use tokio::time::timeout;

pub(crate) use address::Address;
pub(crate) use cancel::CancelKey;
pub(crate) use wire::Refusal;

use crate::model::value::Cell;
use crate::sql::decode::UndecodableValues;
use crate::sql::query::description::{ColumnDescription, Origin, StatementDescription};
use crate::sql::row::Row;
use crate::sql::statement::Arg;
use fallible_iterator::FallibleIterator;
use types::{Type, Types};
use wire::Wire;

/// The binary format, which the values are decoded from.
const BINARY: i16 = 1;
/// How long a pooler may take to find a session for the first, empty question.
const FIRST_ANSWER: Duration = Duration::from_millis(500);
/// Described statements that a connection remembers: as many as sqlx keeps prepared.
const REMEMBERED: usize = 100;

/// The names and numbers of columns. All of it is text: every type fits into that.
const ORIGINS: &str = "SELECT a.attrelid::int8::text, a.attnum::text, a.attrelid::regclass::text, a.attname::text \
     FROM pg_catalog.pg_attribute a WHERE a.attrelid = ANY($1::text[]::oid[]) AND a.attnum > 0";

/// A connection to the pooler.
pub(crate) struct Sessionless {
    wire: Wire,
    address: Arc<Address>,
    key: Option<(i32, i32)>,
    types: Types,
    described: HashMap<String, Arc<Described>>,
}

/// What a statement takes and gives.
struct Described {
    parameters: Vec<u32>,
    columns: Vec<Column>,
}

/// A column of a result, as the server describes it.
#[derive(Clone)]
struct Column {
    name: String,
    oid: u32,
    table: u32,
    number: i16,
    of: Arc<Type>,
}

/// A row as it came, and how to read it.
pub(crate) struct RawRow {
    body: DataRowBody,
    described: Arc<Described>,
}

impl Sessionless {
    /// Connects, logs in and finds a session; the caller limits the time.
    pub(crate) async fn open(address: &Arc<Address>) -> Result<Sessionless, sqlx::Error> {
        let mut opened = Sessionless::log_in(address).await?;
        // A pooler lets us in whether or not it has a session for us; in session mode it may never have one.
        match timeout(FIRST_ANSWER, opened.ping()).await {
            Ok(answered) => answered.map(|()| opened),
            Err(_) => Err(wire::no_session()),
        }
    }

    /// Connects and logs in. The pooler does that by itself, without a session.
    pub(crate) async fn log_in(address: &Arc<Address>) -> Result<Sessionless, sqlx::Error> {
        if address.options.is_some() {
            return Err(sqlx::Error::Configuration(
                "sessions are shared among clients by a pooler, so settings in SQL_URI (options, search_path) \
                 cannot hold for ours: make them for the role or the database instead, as in \
                 ALTER ROLE … SET search_path = …"
                    .into(),
            ));
        }
        let (wire, key) = login::connect(address).await?;
        Ok(Sessionless {
            wire,
            address: Arc::clone(address),
            key,
            types: Types::default(),
            described: HashMap::new(),
        })
    }

    /// Whether the other side has ended the connection, as far as is known.
    pub(crate) fn is_over(&self) -> bool {
        self.wire.is_over()
    }

    /// Whether an idle connection can still be used: nothing has come, neither its end nor a reason for that.
    pub(crate) fn is_quiet(&mut self) -> bool {
        self.wire.is_quiet()
    }

    /// What ends the running statement.
    pub(crate) fn cancel_key(&self) -> Option<CancelKey> {
        self.key.map(|key| CancelKey::new(&self.address, key))
    }

    /// Asks for nothing but an answer.
    pub(crate) async fn ping(&mut self) -> Result<(), sqlx::Error> {
        frontend::query("SELECT 1", self.wire.outgoing())?;
        self.wire.flush().await?;
        self.wire.until_ready().await
    }

    /// Forgets how statements were described.
    pub(crate) fn forget(&mut self) {
        self.described.clear();
        self.types = Types::default();
    }

    /// The columns and parameters of a statement, without running it; asked anew each time.
    pub(crate) async fn describe(&mut self, sql: &str) -> Result<StatementDescription, sqlx::Error> {
        self.forget();
        let described = self.described(sql, &[]).await?;
        let mut unknown: Vec<u32> = described.parameters.clone();
        self.types.unknown_of(&mut unknown);
        self.resolve(unknown).await?;
        let origins = self.origins(&described.columns).await?;
        let columns = described.columns.iter().map(|column| ColumnDescription {
            name: column.name.clone(),
            kind: column.of.describe(),
            origin: match origins.get(&(column.table, column.number)) {
                Some((table, column)) => Origin::Table {
                    table: table.clone(),
                    column: column.clone(),
                },
                None if column.table == 0 => Origin::Expression,
                None => Origin::Unknown,
            },
        });
        Ok(StatementDescription {
            columns: columns.collect(),
            parameters: described
                .parameters
                .iter()
                .map(|oid| Some(self.types.get(*oid).describe().name))
                .collect(),
        })
    }

    /// The rows of a statement; then `Left`, when all have come and the session is free again.
    pub(crate) fn rows<'c>(
        &'c mut self,
        sql: &'c str,
        args: &'c [Arg],
    ) -> BoxStream<'c, Result<Either<(), RawRow>, sqlx::Error>> {
        let steps = stream::try_unfold((self, Step::Ask), move |(connection, step)| async move {
            let described = match step {
                Step::Over => return Ok(None),
                Step::Read(described) => described,
                Step::Ask => connection.begin(sql, args).await?,
            };
            match connection.wire.receive().await? {
                Message::DataRow(body) => {
                    if body.ranges().size_hint().0 != described.columns.len() {
                        return Err(sqlx::Error::Protocol("a row has another number of columns".to_owned()));
                    }
                    let row = RawRow {
                        body,
                        described: Arc::clone(&described),
                    };
                    Ok(Some((Either::Right(row), (connection, Step::Read(described)))))
                }
                Message::CommandComplete(_) => {
                    connection.wire.ready().await?;
                    Ok(Some((Either::Left(()), (connection, Step::Over))))
                }
                other => Err(connection.wire.unexpected(other).await),
            }
        });
        steps.boxed()
    }

    /// Sends a statement and reads the answer up to its first row. When a table has changed since the statement was
    /// described, describes it anew and sends it again.
    async fn begin(&mut self, sql: &str, args: &[Arg]) -> Result<Arc<Described>, sqlx::Error> {
        let described = self.described(sql, args).await?;
        if self.ask(sql, args, &described).await? {
            return Ok(described);
        }
        self.wire.until_ready().await?;
        self.forget();
        let described = self.described(sql, args).await?;
        match self.ask(sql, args, &described).await? {
            true => Ok(described),
            false => Err(sqlx::Error::Protocol(
                "a result has other columns than its statement: it is not believed".to_owned(),
            )),
        }
    }

    /// Sends a statement with its values and reads the answer up to its first row. False when its columns are not
    /// those that it was described with.
    async fn ask(&mut self, sql: &str, args: &[Arg], described: &Described) -> Result<bool, sqlx::Error> {
        let out = self.wire.outgoing();
        if let Err(error) = write_statement(sql, args, out) {
            // Half of a batch would be sent with the next one.
            out.clear();
            return Err(error);
        }
        self.wire.flush().await?;
        match self.wire.receive().await? {
            Message::ParseComplete => {}
            other => return Err(self.wire.unexpected(other).await),
        }
        match self.wire.receive().await? {
            Message::BindComplete => {}
            other => return Err(self.wire.unexpected(other).await),
        }
        match self.wire.receive().await? {
            Message::RowDescription(body) => Ok(described.is_of(&body)?),
            other => Err(self.wire.unexpected(other).await),
        }
    }

    /// What the statement takes and gives; the server is asked once, in one write.
    async fn described(&mut self, sql: &str, args: &[Arg]) -> Result<Arc<Described>, sqlx::Error> {
        if let Some(described) = self.described.get(sql) {
            return Ok(Arc::clone(described));
        }
        let (parameters, fields) = self.look(sql, args).await?;
        let mut unknown: Vec<u32> = fields.iter().map(|field| field.oid).collect();
        self.types.unknown_of(&mut unknown);
        self.resolve(unknown).await?;
        let columns = fields.into_iter().map(|field| Column {
            of: self.types.get(field.oid),
            ..field
        });
        let described = Arc::new(Described {
            parameters,
            columns: columns.collect(),
        });
        if self.described.len() >= REMEMBERED {
            self.described.clear();
        }
        self.described.insert(sql.to_owned(), Arc::clone(&described));
        Ok(described)
    }

    async fn look(&mut self, sql: &str, args: &[Arg]) -> Result<(Vec<u32>, Vec<Column>), sqlx::Error> {
        let out = self.wire.outgoing();
        if let Err(error) = frontend::parse("", sql, args.iter().map(type_of), out) {
            out.clear();
            return Err(unsendable(error));
        }
        frontend::describe(b'S', "", out)?;
        frontend::sync(out);
        self.wire.flush().await?;
        match self.wire.receive().await? {
            Message::ParseComplete => {}
            other => return Err(self.wire.unexpected(other).await),
        }
        let parameters = match self.wire.receive().await? {
            Message::ParameterDescription(body) => body.parameters().collect()?,
            other => return Err(self.wire.unexpected(other).await),
        };
        let columns = match self.wire.receive().await? {
            Message::RowDescription(body) => columns(&body)?,
            Message::NoData => Vec::new(),
            other => return Err(self.wire.unexpected(other).await),
        };
        self.wire.ready().await?;
        Ok((parameters, columns))
    }

    /// Asks what these types are, and what they are made of.
    async fn resolve(&mut self, mut unknown: Vec<u32>) -> Result<(), sqlx::Error> {
        for _ in 0..types::DEPTH {
            if unknown.is_empty() {
                break;
            }
            let rows = self.texts(types::QUESTION, &unknown, types::COLUMNS).await?;
            unknown = self.types.learn(&rows);
        }
        self.types.join();
        Ok(())
    }

    /// Where the columns come from: the names of table and column, by their numbers.
    async fn origins(&mut self, columns: &[Column]) -> Result<HashMap<(u32, i16), (String, String)>, sqlx::Error> {
        let mut tables: Vec<u32> = columns
            .iter()
            .map(|column| column.table)
            .filter(|table| *table != 0)
            .collect();
        tables.sort_unstable();
        tables.dedup();
        if tables.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = self.texts(ORIGINS, &tables, 4).await?;
        let origin = |row: Vec<String>| match row.as_slice() {
            [table, number, table_name, name] => {
                let place = (table.parse().ok()?, number.parse().ok()?);
                Some((place, (table_name.clone(), name.clone())))
            }
            _ => None,
        };
        Ok(rows.into_iter().filter_map(origin).collect())
    }

    /// The rows of one of our own statements, which takes numbers and gives texts.
    async fn texts(&mut self, sql: &str, numbers: &[u32], columns: usize) -> Result<Vec<Vec<String>>, sqlx::Error> {
        let numbers = [Arg::TextList(numbers.iter().map(u32::to_string).collect())];
        let (_, fields) = self.look(sql, &numbers).await?;
        if fields.len() != columns || fields.iter().any(|field| field.oid != types::TEXT) {
            return Err(sqlx::Error::Protocol("the catalogue has another form".to_owned()));
        }
        let text = self.types.get(types::TEXT);
        let described = Described {
            parameters: Vec::new(),
            columns: fields
                .into_iter()
                .map(|field| Column {
                    of: Arc::clone(&text),
                    ..field
                })
                .collect(),
        };
        if !self.ask(sql, &numbers, &described).await? {
            return Err(sqlx::Error::Protocol("the catalogue has another form".to_owned()));
        }
        let mut rows = Vec::new();
        loop {
            match self.wire.receive().await? {
                Message::DataRow(body) => {
                    let cells = body.ranges().map(|range| {
                        let octets = range.and_then(|range| body.buffer().get(range));
                        Ok(octets
                            .map(|octets| String::from_utf8_lossy(octets).into_owned())
                            .unwrap_or_default())
                    });
                    rows.push(cells.collect()?);
                }
                Message::CommandComplete(_) => {
                    self.wire.ready().await?;
                    return Ok(rows);
                }
                other => return Err(self.wire.unexpected(other).await),
            }
        }
    }
}

/// How far a statement has come.
enum Step {
    Ask,
    Read(Arc<Described>),
    Over,
}

impl Described {
    /// Whether a result has these columns, in the format that was asked for.
    fn is_of(&self, body: &RowDescriptionBody) -> Result<bool, sqlx::Error> {
        let mut fields = body.fields();
        let mut columns = self.columns.iter();
        loop {
            match (fields.next()?, columns.next()) {
                (None, None) => return Ok(true),
                (Some(field), Some(column))
                    if field.name() == column.name
                        && field.type_oid() == column.oid
                        && field.table_oid() == column.table
                        && field.column_id() == column.number
                        && field.format() == BINARY => {}
                _ => return Ok(false),
            }
        }
    }
}

fn columns(body: &RowDescriptionBody) -> Result<Vec<Column>, sqlx::Error> {
    let column = body.fields().map(|field| {
        Ok(Column {
            name: field.name().to_owned(),
            oid: field.type_oid(),
            table: field.table_oid(),
            number: field.column_id(),
            of: types::unknown(),
        })
    });
    Ok(column.collect()?)
}

/// Decodes a row.
pub(crate) fn row(raw: &RawRow, undecodable: &UndecodableValues) -> Row {
    let columns = &raw.described.columns;
    let mut cells = Vec::with_capacity(columns.len());
    let mut ranges = raw.body.ranges();
    for column in columns {
        let octets = match ranges.next() {
            Ok(Some(None)) => {
                cells.push(Cell::Null);
                continue;
            }
            Ok(Some(Some(range))) => raw.body.buffer().get(range),
            Ok(None) | Err(_) => None,
        };
        cells.push(match octets {
            Some(octets) => types::cell(&column.of, octets, &column.name, undecodable),
            None => undecodable.note(&column.name, &column.of.name),
        });
    }
    cells
}

/// Writes a whole statement with its values.
fn write_statement(sql: &str, args: &[Arg], out: &mut bytes::BytesMut) -> Result<(), sqlx::Error> {
    frontend::parse("", sql, args.iter().map(type_of), out).map_err(unsendable)?;
    frontend::bind("", "", [BINARY], args, value, [BINARY], out).map_err(|error| match error {
        frontend::BindError::Conversion(error) => sqlx::Error::Encode(error),
        frontend::BindError::Serialization(error) => unsendable(error),
    })?;
    frontend::describe(b'P', "", out).map_err(unsendable)?;
    frontend::execute("", 0, out).map_err(unsendable)?;
    frontend::sync(out);
    Ok(())
}

/// More values than a statement can have, or a text that cannot be one. Nothing has happened to the connection.
fn unsendable(error: std::io::Error) -> sqlx::Error {
    sqlx::Error::Encode(error.into())
}

fn type_of(arg: &Arg) -> u32 {
    match arg {
        Arg::Text(_) => types::TEXT,
        Arg::Integer(_) => types::INT8,
        Arg::TextList(_) => types::TEXT_ARRAY,
    }
}

/// A value in PostgreSQL's binary format.
fn value(arg: &Arg, out: &mut bytes::BytesMut) -> Result<IsNull, BoxDynError> {
    match arg {
        Arg::Text(text) => out.extend_from_slice(text.as_bytes()),
        Arg::Integer(number) => out.extend_from_slice(&number.to_be_bytes()),
        Arg::TextList(list) => {
            let length = i32::try_from(list.len())?;
            // Dimensions, no NULLs, the elements' type; then length and lower bound of the only dimension.
            for word in [1, 0, i32::try_from(types::TEXT)?, length, 1] {
                out.extend_from_slice(&word.to_be_bytes());
            }
            for text in list {
                out.extend_from_slice(&i32::try_from(text.len())?.to_be_bytes());
                out.extend_from_slice(text.as_bytes());
            }
        }
    }
    Ok(IsNull::No)
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]
mod tests;
