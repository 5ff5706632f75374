//! From the operator's URI to connect options. Knows the traps of each driver's defaults; connects nothing,
//! and never repeats any part of the URI in an error.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::sqlite::SqliteConnectOptions;

use super::postgres_server::PostgresServer;
use super::sessionless::Address;
use crate::config::Sessions;
use crate::database_uri::{DatabaseUri, Engine, Host, Pem, Secret, ServerUri, TargetSession, TlsMode};
use crate::sql::error::SqlError;

/// Locks are waited for briefly inside SQLite and then repeated while there is time (`hold`), so
/// that a waiting statement can be cancelled.
const SQLITE_BUSY_TIMEOUT: Duration = Duration::from_millis(250);

/// What sessions call themselves where nobody says.
const APPLICATION_NAME: &str = "ldap-gateway";

/// Where to connect, in the driver's own terms.
pub(crate) enum Target {
    Postgres(Servers<PostgresServer>),
    MySql(Servers<MySqlConnectOptions>),
    Sqlite(Box<SqliteConnectOptions>, Option<PathBuf>),
}

/// A database on one of several servers.
pub(crate) struct Servers<Options> {
    /// What was asked for.
    pub(crate) uri: Box<ServerUri>,
    /// How to reach each of its hosts, in their order. Never empty.
    pub(crate) options: Vec<Options>,
}

impl Target {
    /// Reads the URI. `ssl` is `SQL_SSL`: it decides only where the URI itself does not say.
    pub(crate) fn parse(uri: &str, ssl: Option<TlsMode>, sessions: Sessions) -> Result<Target, SqlError> {
        let unusable = |problems: Vec<String>| SqlError::Settings(problems.join("; "));
        match DatabaseUri::parse(uri, ssl).map_err(unusable)? {
            DatabaseUri::Server(uri) if uri.engine == Engine::PostgreSql => {
                let options = uri.hosts.iter().map(|host| postgres(&uri, host, sessions));
                let options = options.collect::<Result<_, _>>()?;
                Ok(Target::Postgres(Servers { uri, options }))
            }
            DatabaseUri::Server(uri) => {
                let options = uri.hosts.iter().map(|host| mysql(&uri, host)).collect();
                Ok(Target::MySql(Servers { uri, options }))
            }
            DatabaseUri::Sqlite(uri) => sqlite(&uri.text, uri.file),
        }
    }

    /// Whether a pooler was found that shares sessions.
    pub(crate) fn shares_sessions(&self) -> bool {
        matches!(self, Target::Postgres(servers) if servers.options.iter().any(PostgresServer::is_shared))
    }

    /// Makes the next connections read the files for TLS again.
    pub(crate) fn forget_files(&self) {
        if let Target::Postgres(servers) = self {
            servers.options.iter().for_each(PostgresServer::forget_files);
        }
    }

    /// Whether a pooler that shares sessions lets us in, be one of them free or not.
    pub(crate) async fn lets_in(&self) -> bool {
        let Target::Postgres(servers) = self else {
            return false;
        };
        for server in servers.options.iter().filter(|server| server.is_shared()) {
            if server.lets_in().await.is_ok() {
                return true;
            }
        }
        false
    }

    fn uri(&self) -> Option<&ServerUri> {
        match self {
            Target::Postgres(servers) => Some(&servers.uri),
            Target::MySql(servers) => Some(&servers.uri),
            Target::Sqlite(..) => None,
        }
    }

    /// How many hosts there are to try; one for a file.
    pub(crate) fn hosts(&self) -> usize {
        self.uri().map_or(1, |uri| uri.hosts.len())
    }

    /// A host's name, for the log.
    pub(crate) fn host_name(&self, host: usize) -> String {
        let host = self.uri().and_then(|uri| uri.hosts.get(host));
        host.map(Host::to_string).unwrap_or_default()
    }

    /// Which hosts may serve.
    pub(crate) fn session(&self) -> TargetSession {
        self.uri().map(|uri| uri.target).unwrap_or_default()
    }

    /// How long one host may take to let us in, where the URI says it.
    pub(crate) fn connect_timeout(&self) -> Option<Duration> {
        self.uri().and_then(|uri| uri.connect_timeout)
    }

    pub(crate) fn engine(&self) -> Engine {
        match self {
            Target::Postgres(_) => Engine::PostgreSql,
            Target::MySql(_) => Engine::MySql,
            Target::Sqlite(..) => Engine::Sqlite,
        }
    }
}

fn postgres(uri: &ServerUri, host: &Host, sessions: Sessions) -> Result<PostgresServer, SqlError> {
    let mut options = postgres_base(uri, host)?;
    if let Some(mode) = uri.tls.mode {
        options = options.ssl_mode(match mode {
            // The server has none there, and would be asked in vain.
            _ if matches!(host, Host::Socket(..)) => PgSslMode::Disable,
            TlsMode::Disable => PgSslMode::Disable,
            TlsMode::Prefer => PgSslMode::Prefer,
            TlsMode::Require => PgSslMode::Require,
            TlsMode::VerifyCa => PgSslMode::VerifyCa,
            TlsMode::VerifyFull => PgSslMode::VerifyFull,
        });
    }
    options = match &uri.tls.ca {
        Some(Pem::File(path)) => options.ssl_root_cert(path),
        Some(Pem::Inline(text)) => options.ssl_root_cert_from_pem(text.clone()),
        None => options,
    };
    options = match &uri.tls.certificate {
        Some(Pem::File(path)) => options.ssl_client_cert(path),
        Some(Pem::Inline(text)) => options.ssl_client_cert_from_pem(text),
        None => options,
    };
    options = match &uri.tls.key {
        Some(Pem::File(path)) => options.ssl_client_key(path),
        Some(Pem::Inline(text)) => options.ssl_client_key_from_pem(text),
        None => options,
    };
    if let Some(capacity) = uri.statement_cache_capacity {
        options = options.statement_cache_capacity(capacity);
    }
    if let Some(name) = &uri.application_name {
        options = options.application_name(name);
    } else if options.get_application_name().is_none() {
        options = options.application_name(APPLICATION_NAME);
    }
    let options = options.disable_statement_logging();
    let address = Address::of(&options);
    Ok(PostgresServer::new(options, address, sessions))
}

/// The driver's defaults, and what it does with a URI only: it looks for a password in `~/.pgpass` where there is no
/// other, and takes the session's settings as they stand.
fn postgres_base(uri: &ServerUri, host: &Host) -> Result<PgConnectOptions, SqlError> {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let port = match host {
        Host::Usual(port) => port,
        Host::Tcp(name, port) => {
            query.append_pair("host", name);
            port
        }
        Host::Socket(directory, port) => {
            query.append_pair("host", &directory.to_string_lossy());
            port
        }
    };
    let port = port.map(|port| port.to_string());
    let password = uri.password.as_ref().map(Secret::reveal);
    let pairs = [
        ("port", port.as_deref()),
        ("user", uri.user.as_deref()),
        ("password", password),
        ("dbname", uri.database.as_deref()),
        ("options", uri.options.as_deref()),
    ];
    let given = pairs.into_iter().filter_map(|(name, value)| Some((name, value?)));
    query.extend_pairs(given);
    // The error may quote the password.
    PgConnectOptions::from_str(&format!("postgres:///?{}", query.finish()))
        .map_err(|_| SqlError::Settings("has a host, user or database that the driver does not take".to_owned()))
}

fn mysql(uri: &ServerUri, host: &Host) -> MySqlConnectOptions {
    let mut options = match host {
        Host::Usual(_) => MySqlConnectOptions::new(),
        Host::Tcp(name, _) => MySqlConnectOptions::new().host(name),
        Host::Socket(path, _) => MySqlConnectOptions::new().socket(path),
    };
    if let Host::Tcp(_, Some(port)) = host {
        options = options.port(*port);
    }
    if let Some(user) = &uri.user {
        options = options.username(user);
    }
    if let Some(password) = uri.password.as_ref().map(Secret::reveal) {
        options = options.password(password);
    }
    if let Some(database) = &uri.database {
        options = options.database(database);
    }
    if let Some(mode) = uri.tls.mode {
        options = options.ssl_mode(match mode {
            TlsMode::Disable => MySqlSslMode::Disabled,
            TlsMode::Prefer => MySqlSslMode::Preferred,
            TlsMode::Require => MySqlSslMode::Required,
            TlsMode::VerifyCa => MySqlSslMode::VerifyCa,
            TlsMode::VerifyFull => MySqlSslMode::VerifyIdentity,
        });
    }
    options = match &uri.tls.ca {
        Some(Pem::File(path)) => options.ssl_ca(path),
        Some(Pem::Inline(text)) => options.ssl_ca_from_pem(text.clone()),
        None => options,
    };
    options = match &uri.tls.certificate {
        Some(Pem::File(path)) => options.ssl_client_cert(path),
        Some(Pem::Inline(text)) => options.ssl_client_cert_from_pem(text),
        None => options,
    };
    options = match &uri.tls.key {
        Some(Pem::File(path)) => options.ssl_client_key(path),
        Some(Pem::Inline(text)) => options.ssl_client_key_from_pem(text),
        None => options,
    };
    if let Some(capacity) = uri.statement_cache_capacity {
        options = options.statement_cache_capacity(capacity);
    }
    if let Some(collation) = &uri.collation {
        options = options.collation(collation);
    }
    // The driver would add PIPES_AS_CONCAT and change what `||` means in the operator's queries.
    let options = options.pipes_as_concat(false).no_engine_substitution(false);
    options.disable_statement_logging()
}

fn sqlite(text: &str, file: Option<PathBuf>) -> Result<Target, SqlError> {
    let options = SqliteConnectOptions::from_str(text)
        .map_err(|_| SqlError::Settings("is not a URI that SQLite takes".to_owned()))?
        // A missing file is an outage; an empty one made in its place would be an empty directory.
        .create_if_missing(file.is_none())
        .busy_timeout(SQLITE_BUSY_TIMEOUT)
        .row_buffer_size(500)
        .disable_statement_logging();
    Ok(Target::Sqlite(Box::new(options), file))
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

    fn error(uri: &str) -> String {
        match Target::parse(uri, None, Sessions::Auto) {
            Ok(_) => panic!("accepted"),
            Err(error) => format!("{error} {error:?}"),
        }
    }

    #[test]
    fn schemes() {
        for (uri, engine) in [
            ("postgres://u:p@h:5432/d", Engine::PostgreSql),
            ("postgresql://h/d", Engine::PostgreSql),
            ("mysql://u:p@h/d", Engine::MySql),
            ("mariadb://u:p@h:3306/d", Engine::MySql),
            ("sqlite:some/file.db", Engine::Sqlite),
            ("sqlite:///some/file.db", Engine::Sqlite),
            ("sqlite::memory:", Engine::Sqlite),
        ] {
            assert_eq!(
                Target::parse(uri, None, Sessions::Auto).ok().map(|t| t.engine()),
                Some(engine),
                "{uri}"
            );
        }
        assert!(error("oracle://u:hunter2@h/d").contains("postgres://"));
    }

    #[test]
    fn errors_never_repeat_the_uri() {
        for uri in [
            "postgres://scott:hunter2@db.internal:99999/d",
            "postgres://scott:hunter2@/d?sslmode=hunter2",
            "mysql://scott:hunter2@db.internal:hunter2/d",
            "mysql://scott:hunter2@db.internal/d?ssl-mode=hunter2",
            "scott:hunter2@db.internal",
            "sqlite:x?mode=hunter2",
            "sqlite:x?hunter2=1",
            "postgres://scott:hun%FFter2@db.internal/d",
        ] {
            let text = error(uri);
            for secret in ["hunter2", "scott", "db.internal"] {
                assert!(!text.contains(secret), "{text}");
            }
        }
    }

    fn pg(uri: &str, ssl: Option<TlsMode>) -> String {
        match Target::parse(uri, ssl, Sessions::Auto) {
            Ok(Target::Postgres(servers)) => format!("{:?}", servers.options[0].options.get_ssl_mode()),
            _ => panic!("{uri}"),
        }
    }

    #[test]
    fn the_uri_decides_about_tls_then_the_setting() {
        assert_eq!(pg("postgres://h/d", None), "Prefer");
        assert_eq!(pg("postgres://h/d", Some(TlsMode::Require)), "Require");
        assert_eq!(pg("postgres://h/d", Some(TlsMode::Disable)), "Disable");
        assert_eq!(pg("postgres://h/d", Some(TlsMode::VerifyFull)), "VerifyFull");
        assert_eq!(
            pg("postgres://h/d?sslmode=verify-full", Some(TlsMode::Require)),
            "VerifyFull"
        );
        assert_eq!(pg("postgres://h/d?sslmode=disable", Some(TlsMode::Require)), "Disable");
        assert_eq!(pg("postgres://h/d?ssl=true", Some(TlsMode::Disable)), "Require");
        assert_eq!(pg("postgres://h/d?schema=public&sslmode=require", None), "Require");
    }

    #[test]
    fn a_sqlite_file_is_never_created() {
        let Ok(Target::Sqlite(_, file)) = Target::parse("sqlite:some%20dir/a.db?mode=rwc", None, Sessions::Auto) else {
            panic!()
        };
        assert_eq!(file, Some(PathBuf::from("some dir/a.db")));
        assert!(error("sqlite:").contains("no file"));
    }
}
