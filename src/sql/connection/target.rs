//! Where to connect: the operator's URI, with the connect options of each of its hosts. Connects nothing.

use std::path::PathBuf;
use std::time::Duration;

use sqlx::mysql::MySqlConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

use super::connect_options;
use super::postgres_server::PostgresServer;
use super::sessionless::Address;
use crate::config::Sessions;
use crate::database_uri::{DatabaseUri, Engine, Host, ServerUri, TargetSession, TlsMode};
use crate::sql::error::SqlError;

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
                let options = uri.hosts.iter().map(|host| {
                    let options = connect_options::postgres(&uri, host)?;
                    let address = Address::of(&options);
                    Ok(PostgresServer::new(options, address, sessions))
                });
                let options = options.collect::<Result<_, SqlError>>()?;
                Ok(Target::Postgres(Servers { uri, options }))
            }
            DatabaseUri::Server(uri) => {
                let options = uri
                    .hosts
                    .iter()
                    .map(|host| connect_options::mysql(&uri, host))
                    .collect();
                Ok(Target::MySql(Servers { uri, options }))
            }
            DatabaseUri::Sqlite(uri) => {
                let options = connect_options::sqlite(&uri)?;
                Ok(Target::Sqlite(Box::new(options), uri.file))
            }
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

    /// Where it is, for people: `the database people at db:5432`, `the database file /var/lib/users.db`.
    pub(crate) fn place(&self) -> String {
        let Some(uri) = self.uri() else {
            return match self {
                Target::Sqlite(_, Some(path)) => format!("the database file {}", path.display()),
                _ => "the database in memory".to_owned(),
            };
        };
        let port = match uri.engine {
            Engine::MySql => 3306,
            _ => 5432,
        };
        let hosts = uri.hosts.iter().map(|host| match host {
            Host::Usual(_) => "this machine".to_owned(),
            Host::Tcp(_, None) => format!("{host}:{port}"),
            _ => host.to_string(),
        });
        let hosts: Vec<String> = hosts.collect();
        let name = uri.database.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
        format!("the database{name} at {}", hosts.join(", "))
    }

    /// Whether a host is this machine, by a Unix socket.
    pub(crate) fn is_socket(&self, host: usize) -> bool {
        let host = self.uri().and_then(|uri| uri.hosts.get(host));
        matches!(host, Some(Host::Socket(..)))
    }

    pub(crate) fn uri(&self) -> Option<&ServerUri> {
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
