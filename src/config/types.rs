//! The settings as typed values, grouped as `settings` lists them. Must not know: how they are read.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use super::{DatabaseKind, Secret, SslMode};

/// The database and what to ask it.
#[derive(Clone, Debug)]
pub struct DatabaseSettings {
    /// `SQL_URI`, checked as far as is possible without connecting.
    pub uri: Secret,
    /// The engine, from the scheme of the URI.
    pub kind: DatabaseKind,
    /// `SQL_SSL`, to be applied over the URI; absent where the URI says it itself or nobody does.
    pub ssl: Option<SslMode>,
    /// The operator's queries.
    pub queries: Queries,
    /// `SQL_POOL_SIZE`
    pub pool_size: u32,
    /// `SQL_SESSIONS`
    pub sessions: SqlSessions,
    /// `SQL_CONNECT_TIMEOUT`
    pub connect_timeout: Duration,
    /// `SCAN_TIMEOUT`
    pub scan_timeout: Duration,
    /// `ON_DATABASE_FAILURE`
    pub on_failure: OnDatabaseFailure,
}

/// The operator's queries, as they were given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Queries {
    /// `SQL_QUERY_ALL_USERS`
    pub all_users: String,
    /// `SQL_QUERY_ONE_USER`
    pub one_user: String,
    /// `SQL_QUERY_ALL_GROUPS`
    pub all_groups: String,
    /// `SQL_QUERY_GROUPS_BY_MEMBER`
    pub groups_by_member: String,
    /// `SQL_QUERY_ALL_MEMBERSHIPS`
    pub all_memberships: Option<String>,
}

/// How a search ends that the database cannot answer: never with a success, from which clients would delete users.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnDatabaseFailure {
    /// Notice of Disconnection and a closed connection.
    #[default]
    Disconnect,
    /// Result code 52, `unavailable`.
    Unavailable,
}

/// Whether a connection to PostgreSQL keeps its session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SqlSessions {
    /// To be found out for each connection.
    #[default]
    Auto,
    /// A pooler shares them.
    Shared,
}

/// Who may bind and search.
#[derive(Clone, Debug)]
pub struct AccessSettings {
    /// `AUTH_BACKENDS`: all must succeed, in this order; never empty.
    pub auth_backends: Vec<AuthBackend>,
    /// `REQUIRE_AUTH_FOR_SEARCH`
    pub require_auth_for_search: bool,
    /// `BIND_DN`
    pub bind_dn: BindDn,
    /// `ACCOUNT_STATUS_REFUSED`
    pub status_refused: Vec<String>,
    /// `BIND_HOLD`
    pub bind_hold: Duration,
    /// `HASHING_THREADS`
    pub hashing_threads: NonZeroUsize,
}

/// One link of the authentication chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthBackend {
    /// The hash in the password column.
    Sql,
}

/// Which DNs a user may bind with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BindDn {
    /// Any below the base whose first RDN is a single value: that is the user's name.
    #[default]
    Lenient,
    /// Only the user's own.
    Exact,
}

/// The listening socket and its limits.
#[derive(Clone, Debug)]
pub struct NetworkSettings {
    /// `BIND_IP` and `PORT`
    pub address: SocketAddr,
    /// `ADMIN_ADDR`
    pub admin: Option<SocketAddr>,
    /// `LDAP_UNENCRYPTED`
    pub unencrypted: bool,
    /// `MAX_CONNECTIONS`
    pub max_connections: usize,
    /// `LDAP_IDLE_TIMEOUT`
    pub idle_timeout: Duration,
    /// `WRITE_TIMEOUT`
    pub write_timeout: Duration,
}

/// Certificate and TLS parameters.
#[derive(Clone, Debug)]
pub struct TlsSettings {
    /// Where certificate and key are.
    pub certificate: CertificateSource,
    /// `TLS_MIN_VERSION`; not above `max_version`.
    pub min_version: TlsVersion,
    /// `TLS_MAX_VERSION`
    pub max_version: TlsVersion,
    /// `TLS_CIPHERS` as given; absent for all.
    pub ciphers: Option<String>,
    /// The name in a certificate that is made.
    pub common_name: String,
}

/// Where certificate and key are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateSource {
    /// `LDAP_CERT_CONTENT`, `LDAP_KEY_CONTENT`: PEM, line ends perhaps as `\n`.
    Content {
        /// The certificate chain.
        certificate: String,
        /// The private key.
        key: Secret,
    },
    /// `LDAP_CERT_PATH`, `LDAP_KEY_PATH`
    Files {
        /// The certificate chain.
        certificate: PathBuf,
        /// The private key.
        key: PathBuf,
    },
    /// A pair in this directory, made there if it is missing.
    Directory(PathBuf),
}

/// A TLS version that the gateway can speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// RFC 5246
    #[default]
    V1_2,
    /// RFC 8446
    V1_3,
}

/// How to log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// `LOG_FILTERS`: whether the values of filters are shown.
    pub filter_values: bool,
    /// `LOG_FORMAT`
    pub format: LogFormat,
    /// `LOG_LEVEL`, checked: `level` and `module=level`, with commas between them.
    pub directives: String,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Whom `probe` binds as.
#[derive(Clone, Debug)]
pub struct ProbeSettings {
    /// `PROBE_BIND_DN`
    pub dn: String,
    /// `PROBE_BIND_PASSWORD`
    pub password: Secret,
}
