//! A PostgreSQL server, and whether its sessions are ours: for as long as a connection is open, or shared by a pooler
//! from transaction to transaction (PgBouncer). That is found out for each connection. A session that is not proven to
//! be ours counts as shared: what it keeps may be another client's.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Executor, Row as _};

use super::sessionless::{Address, Sessionless};
use crate::config::Sessions;

/// The first setting ends a statement within half a second after its connection was closed, when `STOP` could not be
/// sent (PostgreSQL 14 and later). Asked of `pg_settings`, so that servers skip a name that they do not know.
const SETTINGS: &str = "SELECT pg_backend_pid(), count(set_config(name, \
     CASE name WHEN 'idle_session_timeout' THEN '0' ELSE '500' END, false)) \
     FROM pg_settings WHERE name IN ('client_connection_check_interval', 'idle_session_timeout')";

/// A setting of our own. A server keeps it for the session that was opened with it; a pooler refuses or drops it.
const PROOF: &str = "ldap_gateway.session";

/// A connection to a PostgreSQL server.
pub(super) enum Opened {
    /// With a session of its own, and the process that serves it.
    Own(PgConnection, Option<i32>),
    /// By way of a pooler that shares sessions.
    Shared(Box<Sessionless>),
}

/// A PostgreSQL server, or a pooler in front of one.
pub(crate) struct PostgresServer {
    pub(crate) options: PgConnectOptions,
    address: Arc<Address>,
    sessions: Sessions,
    /// Whether the last connection's session was not proven to be ours.
    shared: AtomicBool,
}

impl PostgresServer {
    pub(crate) fn new(options: PgConnectOptions, address: Address, sessions: Sessions) -> PostgresServer {
        PostgresServer {
            options,
            address: Arc::new(address),
            sessions,
            shared: AtomicBool::new(sessions == Sessions::Shared),
        }
    }

    /// True when the last connection could not be proven to have a session of its own.
    pub(crate) fn is_shared(&self) -> bool {
        self.shared.load(Ordering::Relaxed)
    }

    /// Connects.
    pub(super) async fn open(&self) -> Result<Opened, sqlx::Error> {
        match self.sessions {
            Sessions::Shared => self.open_sessionless().await,
            // A pooler is not asked again while it works: it logs what it refuses.
            Sessions::Auto if self.is_shared() => {
                let opened = self.open_sessionless().await;
                // The pooler is gone, and something else may come in its place.
                self.shared
                    .store(!matches!(opened, Err(sqlx::Error::Io(_))), Ordering::Relaxed);
                opened
            }
            Sessions::Auto => match self.open_own().await? {
                Some(connection) => settled(connection).await,
                None => {
                    let opened = self.open_sessionless().await;
                    // It let us in, or would if a session were free.
                    let is_there = opened.is_ok() || matches!(&opened, Err(error) if is_full(error));
                    self.shared.store(is_there, Ordering::Relaxed);
                    let opened = opened?;
                    tracing::info!(
                        "the sessions of the database are shared among clients, by a pooler such as PgBouncer: each \
                         statement is sent without a name and in one piece, and is planned each time"
                    );
                    Ok(opened)
                }
            },
        }
    }

    /// A connection whose session is proven to be its own; None where that cannot be proven.
    async fn open_own(&self) -> Result<Option<PgConnection>, sqlx::Error> {
        let mut random = [0_u8; 16];
        getrandom::fill(&mut random).map_err(|error| sqlx::Error::Protocol(format!("no random numbers: {error}")))?;
        let proof: String = random.iter().map(|octet| format!("{octet:02x}")).collect();
        let options = self.options.clone().options([(PROOF, proof.as_str())]);
        let mut connection = match options.connect().await {
            Ok(connection) => connection,
            Err(sqlx::Error::Database(error)) if self.may_be_the_proof(error.code().as_deref().unwrap_or_default()) => {
                tracing::debug!(%error, "a session of our own was refused");
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let ask = format!("SELECT current_setting('{PROOF}', true) IS NOT DISTINCT FROM '{proof}'");
        match connection.fetch_one(sqlx::raw_sql(AssertSqlSafe(ask))).await {
            Ok(row) if row.try_get(0).unwrap_or(false) => Ok(Some(connection)),
            Ok(_) | Err(sqlx::Error::Database(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether the proof may be what was refused. The operator's own settings go along with it; what a server says of
    /// those is never what a pooler says of a parameter.
    fn may_be_the_proof(&self, code: &str) -> bool {
        may_be_the_proof(code) && (self.address.options.is_none() || code == "08P01")
    }

    /// Makes the next connection read the files for TLS again.
    pub(crate) fn forget_files(&self) {
        self.address.tls.forget();
    }

    /// Logs in to a pooler, and asks nothing of a session.
    pub(crate) async fn lets_in(&self) -> Result<(), sqlx::Error> {
        Sessionless::log_in(&self.address).await.map(drop)
    }

    async fn open_sessionless(&self) -> Result<Opened, sqlx::Error> {
        let opened = Sessionless::open(&self.address).await?;
        Ok(Opened::Shared(Box::new(opened)))
    }
}

/// Whether the setting may be why a login was refused, and not who we are or how the server is. Poolers call it an
/// unsupported parameter (08P01). When in doubt it may: then the login is tried without it, and that answer counts.
fn may_be_the_proof(code: &str) -> bool {
    // Authorization, database, resources, operator's intervention, system, permission.
    let others = ["28", "3D", "53", "57", "58", "42501"];
    !others.iter().any(|other| code.starts_with(other))
}

/// Too many connections, or none of the pooler's sessions free.
fn is_full(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .is_some_and(|error| error.code().is_some_and(|code| code == "53300"))
}

/// Makes the session's settings.
async fn settled(mut connection: PgConnection) -> Result<Opened, sqlx::Error> {
    // Some platforms refuse them: a loss of tidiness, not of correctness.
    let pid = match connection.fetch_one(sqlx::raw_sql(SETTINGS)).await {
        Ok(row) => row.try_get(0).ok(),
        Err(error @ sqlx::Error::Database(_)) => {
            tracing::debug!(%error, "the session settings were refused; abandoned statements may run on");
            None
        }
        Err(error) => return Err(error),
    };
    Ok(Opened::Own(connection, pid))
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
mod tests {
    use super::*;

    #[test]
    fn a_login_that_fails_for_another_reason_is_not_tried_again() {
        for code in ["28P01", "28000", "3D000", "53300", "57P03", "42501"] {
            assert!(!may_be_the_proof(code), "{code}");
        }
        for code in ["08P01", "0A000", "42704", "22023", ""] {
            assert!(may_be_the_proof(code), "{code}");
        }
    }
}
