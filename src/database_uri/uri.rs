//! What a URI says, as plain values.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::engine::Engine;
use super::secret::Secret;
use super::tls::{Pem, Tls};

/// A database, as its URI describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseUri {
    /// PostgreSQL, MariaDB or MySQL.
    Server(Box<ServerUri>),
    /// SQLite.
    Sqlite(SqliteUri),
}

/// A database on one of several servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerUri {
    /// PostgreSQL or MySQL.
    pub engine: Engine,
    /// Where it may be, in the order to try. Never empty.
    pub hosts: Vec<Host>,
    /// Which of them may serve.
    pub target: TargetSession,
    /// Whom to log in as.
    pub user: Option<String>,
    /// The password.
    pub password: Option<Secret>,
    /// Whether it was written with percent-encoding: it may have a `%` that was not meant so.
    pub is_password_encoded: bool,
    /// The database's name.
    pub database: Option<String>,
    /// TLS to it.
    pub tls: Tls,
    /// What sessions call themselves (PostgreSQL).
    pub application_name: Option<String>,
    /// Settings for the session, as libpq's `options` has them: `-c search_path=a -c geqo=off` (PostgreSQL).
    pub options: Option<String>,
    /// How long one host may take to let us in.
    pub connect_timeout: Option<Duration>,
    /// How many prepared statements a connection keeps.
    pub statement_cache_capacity: Option<usize>,
    /// The collation of the session (MySQL).
    pub collation: Option<String>,
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// Where the driver looks when nobody says (PostgreSQL: `PGHOST`, else the usual socket, else this machine).
    Usual(Option<u16>),
    /// A name or an address without brackets, and a port; without one it is the engine's.
    Tcp(String, Option<u16>),
    /// PostgreSQL: the socket's directory, and the port that is part of the socket's name. MySQL: the socket.
    Socket(PathBuf, Option<u16>),
}

impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = match self {
            Host::Usual(port) => port,
            Host::Socket(path, port) => {
                write!(formatter, "{}", path.display())?;
                port
            }
            Host::Tcp(name, port) if name.contains(':') => {
                write!(formatter, "[{name}]")?;
                port
            }
            Host::Tcp(name, port) => {
                formatter.write_str(name)?;
                port
            }
        };
        port.map_or(Ok(()), |port| write!(formatter, ":{port}"))
    }
}

/// Which servers may serve, as libpq's `target_session_attrs` has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TargetSession {
    /// Any that answers: the gateway never writes.
    #[default]
    Any,
    /// One that takes writes.
    ReadWrite,
    /// One that takes none.
    ReadOnly,
    /// A primary: a server that is not a standby.
    Primary,
    /// A standby.
    Standby,
    /// A standby, or else any that answers.
    PreferStandby,
    /// A primary, or else any that answers.
    PreferPrimary,
}

/// A SQLite file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqliteUri {
    /// The file. None for a database in memory.
    pub file: Option<PathBuf>,
    /// The whole URI, whose parameters are all known to the driver.
    pub text: String,
}

impl DatabaseUri {
    /// The engine.
    pub fn engine(&self) -> Engine {
        match self {
            DatabaseUri::Server(server) => server.engine,
            DatabaseUri::Sqlite(_) => Engine::Sqlite,
        }
    }

    /// The files that must be there, each with the parameter that names it.
    pub fn files(&self) -> Vec<(&'static str, &PathBuf)> {
        let DatabaseUri::Server(server) = self else {
            return Vec::new();
        };
        let tls = &server.tls;
        [
            ("sslrootcert", &tls.ca),
            ("sslcert", &tls.certificate),
            ("sslkey", &tls.key),
        ]
        .into_iter()
        .filter_map(|(name, pem)| match pem {
            Some(Pem::File(path)) => Some((name, path)),
            _ => None,
        })
        .collect()
    }
}
