//! What the database's URI says, in terms of our own: which servers, as whom, how well protected, which of them may
//! serve. It understands what other drivers' URIs say, and refuses what it does not understand: a wish for TLS that is
//! dropped sends passwords in clear text. Must not know: how connections are made, and where the text came from.

mod address;
mod parameters;
mod server;
mod sqlite;
mod tls;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

pub use address::redacted;
pub use tls::{WITHOUT_CERTIFICATE, has_certificate};

/// The database engines, by what the URI begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DatabaseKind {
    /// `postgres://`, `postgresql://`
    #[default]
    PostgreSql,
    /// `mysql://`, `mariadb://`
    MySql,
    /// `sqlite:`
    Sqlite,
}

/// What TLS to the database must prove, weakest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsMode {
    /// No TLS.
    Disable,
    /// TLS if the server has it.
    #[default]
    Prefer,
    /// TLS, with any certificate.
    Require,
    /// TLS, with a certificate of a known authority.
    VerifyCa,
    /// TLS, with a certificate of a known authority for this host.
    VerifyFull,
}

impl TlsMode {
    /// As `sslmode` spells it.
    pub fn word(self) -> &'static str {
        match self {
            TlsMode::Disable => "disable",
            TlsMode::Prefer => "prefer",
            TlsMode::Require => "require",
            TlsMode::VerifyCa => "verify-ca",
            TlsMode::VerifyFull => "verify-full",
        }
    }

    /// The words of `sslmode` (PostgreSQL) and `ssl-mode` (MySQL), in any case, and yes and no. None for other words.
    pub fn from_word(word: &str) -> Option<TlsMode> {
        match word.to_ascii_lowercase().replace('_', "-").as_str() {
            "disable" | "disabled" => Some(TlsMode::Disable),
            "prefer" | "preferred" | "allow" => Some(TlsMode::Prefer),
            "require" | "required" => Some(TlsMode::Require),
            "verify-ca" => Some(TlsMode::VerifyCa),
            "verify-full" | "verify-identity" => Some(TlsMode::VerifyFull),
            other => parameters::boolean(other).map(|on| if on { TlsMode::Require } else { TlsMode::Disable }),
        }
    }
}

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
    pub kind: DatabaseKind,
    /// Where it may be, in the order to try. Never empty.
    pub hosts: Vec<Host>,
    /// Which of them may serve.
    pub target: TargetSession,
    /// Whom to log in as.
    pub user: Option<String>,
    /// The password.
    pub password: Option<Hidden>,
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
    /// Whichever answers: nothing is ever written.
    #[default]
    Any,
    /// One that takes writes.
    ReadWrite,
    /// One that takes none.
    ReadOnly,
    /// One that is no standby.
    Primary,
    /// A standby.
    Standby,
    /// A standby, or else whichever answers.
    PreferStandby,
    /// One that is no standby, or else whichever answers.
    PreferPrimary,
}

/// TLS to a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// What it must prove. None: the driver decides (where the server has it; PostgreSQL's `PGSSLMODE`).
    pub mode: Option<TlsMode>,
    /// True when the URI says so itself, and what was asked for beside it is something else.
    pub overrules: bool,
    /// What the operator should know about it, each a sentence.
    pub remarks: Vec<&'static str>,
    /// The authorities to believe, besides the system's.
    pub ca: Option<Pem>,
    /// Our certificate.
    pub certificate: Option<Pem>,
    /// Its key.
    pub key: Option<Pem>,
}

/// Certificates or a key.
#[derive(Clone, PartialEq, Eq)]
pub enum Pem {
    /// In this file.
    File(PathBuf),
    /// This text.
    Inline(Vec<u8>),
}

impl fmt::Debug for Pem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pem::File(path) => write!(formatter, "{}", path.display()),
            Pem::Inline(_) => formatter.write_str("PEM"),
        }
    }
}

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(String);

impl Hidden {
    /// The text.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

/// A SQLite file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqliteUri {
    /// The file; None for a database in memory.
    pub file: Option<PathBuf>,
    /// The whole URI, whose parameters are all known to the driver.
    pub text: String,
}

impl DatabaseUri {
    /// Reads a URI.
    ///
    /// `ssl` is what was asked of TLS beside it: it counts where the URI leaves room for it.
    ///
    /// # Errors
    /// Everything that is wrong with it, each of which completes "SQL_URI: …". Shows nothing that may be a secret.
    pub fn parse(uri: &str, ssl: Option<TlsMode>) -> Result<DatabaseUri, Vec<String>> {
        let uri = uri.trim();
        let (scheme, rest) = uri.split_once(':').ok_or_else(|| vec![SCHEMES.to_owned()])?;
        match scheme.to_ascii_lowercase().as_str() {
            "postgres" | "postgresql" => server::parse(DatabaseKind::PostgreSql, rest, ssl),
            "mysql" | "mariadb" => server::parse(DatabaseKind::MySql, rest, ssl),
            "sqlite" => sqlite::parse(uri, rest),
            _ => Err(vec![SCHEMES.to_owned()]),
        }
    }

    /// The kind of database.
    pub fn kind(&self) -> DatabaseKind {
        match self {
            DatabaseUri::Server(server) => server.kind,
            DatabaseUri::Sqlite(_) => DatabaseKind::Sqlite,
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

const SCHEMES: &str = "must begin with postgres://, postgresql://, mysql://, mariadb:// or sqlite: \
     (without jdbc: before it and without +driver)";

#[cfg(test)]
mod tests;
