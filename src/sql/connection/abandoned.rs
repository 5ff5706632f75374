//! A statement that nobody waits for any more, and that still runs in the server.

use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::driver::Session;
use super::member::Member;

/// How long an abandoned statement keeps its place in the pool, and how long one attempt to end it may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);
/// How long a connection to MariaDB is kept until the server can be told: it would run the statement to its end. While
/// MariaDB has no connection left for telling it, connections are kept no longer than places. PostgreSQL notices by
/// itself (`client_connection_check_interval`).
const MEMORY: Duration = Duration::from_secs(30);
/// An abandoned statement, with its connection and its place.
pub(crate) struct Abandoned {
    // In this order: the place becomes free after the connection is closed.
    pub(super) member: Member,
    pub(super) permit: Option<OwnedSemaphorePermit>,
    pub(super) session: Session,
    pub(super) sql: String,
    pub(super) since: Instant,
}

impl Abandoned {
    pub(crate) fn new(member: Member, session: Session, sql: &str, permit: Option<OwnedSemaphorePermit>) -> Self {
        Abandoned {
            member,
            permit,
            session,
            sql: sql.to_owned(),
            since: Instant::now(),
        }
    }

    /// How long its connection is kept when the server cannot be told.
    pub(super) fn memory(&self) -> Duration {
        match &self.session {
            // Over a Unix socket all hosts are the same, and a number may be somebody else's after a restart.
            Session::MySql { host, .. } if host.contains(':') => MEMORY,
            Session::MySql { .. } | Session::Postgres(_) | Session::Pooled(_) => PATIENCE,
        }
    }
}
