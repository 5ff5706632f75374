//! A statement that runs on in the server though nobody waits for it any more.

use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::driver::Session;
use super::member::Member;

/// How long places in the pool wait for their statements to be ended, and how long one attempt may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);
/// How long connections to MariaDB wait for it, which runs a statement whose client is gone to its end; where it has no
/// connection left to be told by, no longer than places do. PostgreSQL notices by itself (`client_connection_check_interval`).
const MEMORY: Duration = Duration::from_secs(30);
/// A statement that runs on in the server though nobody listens, with its connection and place.
pub(crate) struct Abandoned {
    // In this order: the place is free when the connection is closed.
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
