//! Messages to and from the server, and its errors.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use bytes::BytesMut;
use postgres_protocol::message::backend::{ErrorResponseBody, Header, Message};
use sqlx::error::{BoxDynError, DatabaseError, ErrorKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

use super::address::{Address, Place};
use super::tls::{self, Octets};
use fallible_iterator::FallibleIterator;
use futures::FutureExt;

/// The longest message that PostgreSQL can send (`MaxAllocSize`).
const LONGEST: i32 = 0x3fff_ffff;
/// Room that is made for octets that arrive.
const READ: usize = 16 * 1024;

/// A connection that speaks in messages.
pub(crate) struct Wire {
    stream: Box<dyn Octets>,
    incoming: BytesMut,
    outgoing: BytesMut,
    /// The other side has ended it.
    is_over: bool,
    /// A transaction is open. Until it ends, a pooler gives the session to nobody else.
    in_transaction: bool,
}

/// How a session stands after an answer (PostgreSQL's manual, 55.7, `ReadyForQuery`).
const IDLE: u8 = b'I';
const IN_TRANSACTION: u8 = b'T';
const IN_FAILED_TRANSACTION: u8 = b'E';

impl Wire {
    /// Connects, and begins TLS if it is wished.
    pub(crate) async fn connect(address: &Address) -> Result<Wire, sqlx::Error> {
        let stream: Box<dyn Octets> = match &address.place {
            Place::Tcp(host, port) => {
                let tcp = TcpStream::connect((host.as_str(), *port)).await?;
                tcp.set_nodelay(true)?;
                tls::wrapped(tcp, host, &address.tls).await?
            }
            Place::Socket(path) => {
                let socket = UnixStream::connect(path).await?;
                tls::wrapped(socket, "localhost", &address.tls).await?
            }
        };
        Ok(Wire::over(stream))
    }

    /// Uses a stream that is already there.
    pub(crate) fn over(stream: Box<dyn Octets>) -> Wire {
        Wire {
            stream,
            incoming: BytesMut::with_capacity(READ),
            outgoing: BytesMut::new(),
            is_over: false,
            in_transaction: false,
        }
    }

    /// A transaction is about to begin or to end.
    pub(crate) fn set_in_transaction(&mut self, in_transaction: bool) {
        self.in_transaction = in_transaction;
    }

    /// Whether the other side has ended it, as far as is known.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Whether nothing has come since the last answer, neither its end nor a reason for that. Does not wait.
    pub(crate) fn is_quiet(&mut self) -> bool {
        !self.is_over && self.incoming.is_empty() && self.stream.read_buf(&mut self.incoming).now_or_never().is_none()
    }

    /// Where messages are written before they are sent.
    pub(crate) fn outgoing(&mut self) -> &mut BytesMut {
        &mut self.outgoing
    }

    /// Sends what was written, in one go.
    pub(crate) async fn flush(&mut self) -> Result<(), sqlx::Error> {
        self.stream.write_all(&self.outgoing).await?;
        self.stream.flush().await?;
        self.outgoing.clear();
        Ok(())
    }

    /// The next message that belongs to an answer. Nothing is lost when this is dropped.
    pub(crate) async fn receive(&mut self) -> Result<Message, sqlx::Error> {
        loop {
            if Header::parse(&self.incoming)?.is_some_and(|header| header.len() > LONGEST) {
                return Err(sqlx::Error::Protocol("a message is too long".to_owned()));
            }
            match Message::parse(&mut self.incoming)? {
                Some(Message::NoticeResponse(_) | Message::NotificationResponse(_)) => {}
                Some(Message::ParameterStatus(status)) => {
                    // Another encoding's octets would be other characters.
                    if status.name()? == "client_encoding" && !matches!(status.value()?, "UTF8" | "UNICODE") {
                        return Err(sqlx::Error::Protocol("the session does not speak UTF-8".to_owned()));
                    }
                }
                Some(message) => return Ok(message),
                None => {
                    self.incoming.reserve(READ);
                    if self.stream.read_buf(&mut self.incoming).await? == 0 {
                        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the connection was closed").into());
                    }
                }
            }
        }
    }

    /// Reads the end of an answer. The session may go to somebody else now unless a transaction of ours is open, so it must
    /// be outside of any other.
    pub(crate) async fn ready(&mut self) -> Result<(), sqlx::Error> {
        let expected = if self.in_transaction { IN_TRANSACTION } else { IDLE };
        match self.receive().await? {
            Message::ReadyForQuery(body) if body.status() == expected => Ok(()),
            Message::ReadyForQuery(_) if self.in_transaction => {
                Err(sqlx::Error::Protocol("a statement ended the transaction".to_owned()))
            }
            Message::ReadyForQuery(_) => Err(sqlx::Error::Protocol("a statement left a transaction open".to_owned())),
            other => Err(self.unexpected(other).await),
        }
    }

    /// Reads an answer to its end.
    pub(crate) async fn until_ready(&mut self) -> Result<(), sqlx::Error> {
        loop {
            match self.receive().await? {
                Message::ReadyForQuery(_) => return Ok(()),
                Message::ErrorResponse(body) => return Err(self.failed(&body).await),
                _ => {}
            }
        }
    }

    /// The error for an unexpected message: most likely the server's. What follows it is read, so that the connection
    /// can be used again.
    pub(crate) async fn unexpected(&mut self, message: Message) -> sqlx::Error {
        match message {
            Message::ErrorResponse(body) => self.failed(&body).await,
            _ => sqlx::Error::Protocol("messages came in another order than they must".to_owned()),
        }
    }

    async fn failed(&mut self, body: &ErrorResponseBody) -> sqlx::Error {
        let error = Refusal::read(body);
        self.is_over |= error.is_fatal;
        match error.code.as_str() {
            // A time limit of the pooler. It ends this connection and says nothing about the server.
            _ if error.is_fatal && error.is_of_time() => error.into(),
            // The connection ends with it. PgBouncer says 08P01, whatever happens to the server.
            _ if error.is_fatal => io::Error::new(io::ErrorKind::ConnectionAborted, error.to_string()).into(),
            // No such statement: the pooler took the batch apart.
            "26000" | "34000" => sqlx::Error::Protocol(error.to_string()),
            // Cancelled. We do that to no statement that is waited for, so the cancel was meant for whoever had the
            // session before. The server's own limit is about this statement.
            "57014" if !error.message.contains("statement timeout") => sqlx::Error::Protocol(error.to_string()),
            _ => loop {
                match self.receive().await {
                    Ok(Message::ReadyForQuery(ready)) if ready.status() == IDLE => break error.into(),
                    Ok(Message::ReadyForQuery(ready))
                        if self.in_transaction && ready.status() == IN_FAILED_TRANSACTION =>
                    {
                        break error.into();
                    }
                    Ok(Message::ReadyForQuery(_)) => {
                        break sqlx::Error::Protocol("a statement left a transaction open".to_owned());
                    }
                    Ok(_) => {}
                    Err(error) => break error,
                }
            },
        }
    }

    /// Waits until the other side has closed the connection.
    pub(crate) async fn until_closed(&mut self) -> Result<(), sqlx::Error> {
        loop {
            self.incoming.clear();
            self.incoming.reserve(READ);
            if self.stream.read_buf(&mut self.incoming).await? == 0 {
                return Ok(());
            }
        }
    }
}

/// An error as the server tells it.
pub(crate) fn refusal(body: &ErrorResponseBody) -> sqlx::Error {
    Refusal::read(body).into()
}

/// The pooler has fewer sessions than we have connections: "too many connections", as a server would say.
pub(crate) fn no_session() -> sqlx::Error {
    Refusal {
        code: "53300".to_owned(),
        message: "the pooler has no session free".to_owned(),
        is_fatal: true,
        has_position: false,
    }
    .into()
}

/// An error of the server or the pooler.
#[derive(Debug)]
pub(crate) struct Refusal {
    code: String,
    message: String,
    is_fatal: bool,
    /// Whether it says where in the statement's text it is.
    pub(crate) has_position: bool,
}

/// PgBouncer's words for a statement that ran for too long.
const RAN_TOO_LONG: [&str; 2] = ["query timeout", "query_timeout"];
/// PgBouncer's words for a statement that was not run: no session was free in time, or nothing was asked for a while.
const NOT_RUN: [&str; 4] = [
    "query_wait_timeout",
    "client_idle_timeout",
    "idle transaction timeout",
    "idle_transaction_timeout",
];
/// The code for "try again": lock not available.
const NOT_NOW: &str = "55P03";

impl Refusal {
    fn read(body: &ErrorResponseBody) -> Refusal {
        let mut refusal = Refusal {
            code: String::new(),
            message: String::new(),
            is_fatal: false,
            has_position: false,
        };
        let mut fields = body.fields();
        while let Ok(Some(field)) = fields.next() {
            let text = || String::from_utf8_lossy(field.value_bytes()).into_owned();
            match field.type_() {
                b'C' => refusal.code = text(),
                b'M' => refusal.message = text(),
                b'P' => refusal.has_position = true,
                // The first in the server's language, the second in English; poolers send the first.
                b'S' | b'V' => refusal.is_fatal |= matches!(field.value_bytes(), b"FATAL" | b"PANIC"),
                _ => {}
            }
        }
        // PgBouncer's `max_client_conn` has no code of its own.
        if refusal.is_fatal && refusal.message.starts_with("no more connections allowed") {
            refusal.code = "53300".to_owned();
        }
        // Nor do its time limits.
        if refusal.is_fatal && NOT_RUN.contains(&refusal.message.as_str()) {
            refusal.code = NOT_NOW.to_owned();
        }
        refusal
    }

    /// Whether it is one of the pooler's time limits.
    fn is_of_time(&self) -> bool {
        self.code == NOT_NOW || RAN_TOO_LONG.contains(&self.message.as_str())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

impl StdError for Refusal {}

impl DatabaseError for Refusal {
    fn message(&self) -> &str {
        &self.message
    }

    fn code(&self) -> Option<std::borrow::Cow<'_, str>> {
        Some(self.code.as_str().into())
    }

    fn as_error(&self) -> &(dyn StdError + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn StdError + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> BoxDynError {
        self
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}
