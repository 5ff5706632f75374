//! From the operator's URI to connect options. Knows the traps of each driver's defaults; connects nothing,
//! and never repeats any part of the URI in an error.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::sqlite::SqliteConnectOptions;

use super::engine::Engine;
use super::error::SqlError;

/// Locks are waited for briefly inside SQLite and then repeated by rule 1 of design.md section 7, so
/// that a waiting statement can be cancelled.
const SQLITE_BUSY_TIMEOUT: Duration = Duration::from_millis(250);

/// Parameters the PostgreSQL driver knows; it would log the *value* of any other.
const POSTGRES_PARAMETERS: &[&str] = &[
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];

/// Where to connect, in the driver's own terms.
pub(super) enum Target {
    Postgres(Box<PgConnectOptions>),
    MySql(Box<MySqlConnectOptions>),
    Sqlite(Box<SqliteConnectOptions>, Option<PathBuf>),
}

impl Target {
    /// Reads the URI. `ssl` is `SQL_SSL`: it decides only where the URI itself does not say.
    pub(super) fn parse(uri: &str, ssl: Option<TlsMode>) -> Result<Target, SqlError> {
        let uri = uri.trim();
        let scheme = uri
            .split_once(':')
            .map_or("", |(scheme, _)| scheme)
            .to_ascii_lowercase();
        match scheme.as_str() {
            "postgres" | "postgresql" => postgres(uri, ssl),
            "mysql" | "mariadb" => mysql(uri, ssl),
            "sqlite" => sqlite(uri),
            _ => Err(SqlError::Settings(
                "must begin with postgres://, postgresql://, mysql://, mariadb:// or sqlite:".to_owned(),
            )),
        }
    }

    pub(super) fn engine(&self) -> Engine {
        match self {
            Target::Postgres(_) => Engine::PostgreSql,
            Target::MySql(_) => Engine::MySql,
            Target::Sqlite(..) => Engine::Sqlite,
        }
    }
}

/// What TLS to the database must prove, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsMode {
    /// No TLS.
    Disable,
    /// TLS if the server has it.
    Prefer,
    /// TLS, with any certificate.
    Require,
    /// TLS, with a certificate of a known authority.
    VerifyCa,
    /// TLS, with a certificate of a known authority for this host.
    VerifyFull,
}

/// The URI's wish for TLS, when it has one: forms of other drivers are understood too, since the URI
/// was usually written for the gateway this one replaces.
#[derive(Default)]
struct Query {
    kept: Vec<String>,
    says_tls: bool,
    tls: Option<TlsMode>,
}

impl Query {
    fn read(query: &str, known: &[&str]) -> Query {
        let mut parsed = Query::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match (name, value.to_ascii_lowercase().as_str()) {
                ("ssl" | "tls", "true" | "1" | "require") | ("sslmode", "no-verify") => {
                    parsed.tls = Some(TlsMode::Require)
                }
                ("ssl" | "tls", "false" | "0" | "disable") => parsed.tls = Some(TlsMode::Disable),
                _ if known.is_empty() || known.contains(&name) || name.starts_with("options[") => {
                    parsed.says_tls |= matches!(name, "sslmode" | "ssl-mode");
                    parsed.kept.push(pair.to_owned());
                }
                _ => tracing::warn!(parameter = name, "unknown parameter in the database URI is ignored"),
            }
        }
        parsed
    }

    fn rebuilt(&self, address: &str) -> String {
        if self.kept.is_empty() {
            return address.to_owned();
        }
        format!("{address}?{}", self.kept.join("&"))
    }

    /// `None`: leave what the URI or the driver's default (try TLS, fall back) says.
    fn wish(&self, ssl: Option<TlsMode>) -> Option<TlsMode> {
        if self.says_tls { None } else { self.tls.or(ssl) }
    }
}

fn postgres(uri: &str, ssl: Option<TlsMode>) -> Result<Target, SqlError> {
    let (address, query) = uri.split_once('?').unwrap_or((uri, ""));
    let query = Query::read(query, POSTGRES_PARAMETERS);
    let mut options = PgConnectOptions::from_str(&query.rebuilt(address)).map_err(|error| unusable(&error))?;
    if let Some(mode) = query.wish(ssl) {
        options = options.ssl_mode(match mode {
            TlsMode::Disable => PgSslMode::Disable,
            TlsMode::Prefer => PgSslMode::Prefer,
            TlsMode::Require => PgSslMode::Require,
            TlsMode::VerifyCa => PgSslMode::VerifyCa,
            TlsMode::VerifyFull => PgSslMode::VerifyFull,
        });
    }
    if options.get_application_name().is_none() {
        options = options.application_name("ldap-gateway");
    }
    Ok(Target::Postgres(Box::new(options.disable_statement_logging())))
}

fn mysql(uri: &str, ssl: Option<TlsMode>) -> Result<Target, SqlError> {
    let (address, query) = uri.split_once('?').unwrap_or((uri, ""));
    let query = Query::read(query, &[]);
    let mut options = MySqlConnectOptions::from_str(&query.rebuilt(address)).map_err(|error| unusable(&error))?;
    if let Some(mode) = query.wish(ssl) {
        options = options.ssl_mode(match mode {
            TlsMode::Disable => MySqlSslMode::Disabled,
            TlsMode::Prefer => MySqlSslMode::Preferred,
            TlsMode::Require => MySqlSslMode::Required,
            TlsMode::VerifyCa => MySqlSslMode::VerifyCa,
            TlsMode::VerifyFull => MySqlSslMode::VerifyIdentity,
        });
    }
    // The driver would add PIPES_AS_CONCAT and change what `||` means in the operator's queries.
    let options = options.pipes_as_concat(false).no_engine_substitution(false);
    Ok(Target::MySql(Box::new(options.disable_statement_logging())))
}

fn sqlite(uri: &str) -> Result<Target, SqlError> {
    let options = SqliteConnectOptions::from_str(uri).map_err(|error| unusable(&error))?;
    let memory = uri.contains(":memory:") || uri.contains("mode=memory");
    let file = (!memory).then(|| options.get_filename().to_path_buf());
    if let Some(file) = &file
        && file.as_os_str().is_empty()
    {
        return Err(SqlError::Settings("names no file (sqlite:PATH)".to_owned()));
    }
    let options = options
        // A missing file is an outage; an empty one made in its place would be an empty directory.
        .create_if_missing(memory)
        .busy_timeout(SQLITE_BUSY_TIMEOUT)
        .row_buffer_size(500)
        .disable_statement_logging();
    Ok(Target::Sqlite(Box::new(options), file))
}

/// The driver's words may quote parts of the URI, so only known harmless ones are passed on.
fn unusable(error: &sqlx::Error) -> SqlError {
    let words = error.to_string();
    let known = [
        ("invalid port", "the port is not a number from 0 to 65535"),
        ("empty host", "the host is missing"),
        ("relative URL", "`//` and the host are missing"),
        ("ssl_mode", "sslmode has a value this database does not know"),
        ("ssl mode", "sslmode has a value this database does not know"),
        ("for `mode`", "mode has a value SQLite does not know (ro, rw, memory)"),
        ("unknown query parameter", "has a parameter SQLite does not know"),
    ];
    let text = known.iter().find(|(part, _)| words.contains(part)).map_or(
        "is not a valid URI; special characters in user name and password must be percent-encoded",
        |(_, text)| text,
    );
    SqlError::Settings(text.to_owned())
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
        match Target::parse(uri, None) {
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
            assert_eq!(Target::parse(uri, None).ok().map(|t| t.engine()), Some(engine), "{uri}");
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
        match Target::parse(uri, ssl) {
            Ok(Target::Postgres(options)) => format!("{:?}", options.get_ssl_mode()),
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
        let Ok(Target::Sqlite(_, file)) = Target::parse("sqlite:some%20dir/a.db?mode=rwc", None) else {
            panic!()
        };
        assert_eq!(file, Some(PathBuf::from("some dir/a.db")));
        assert!(error("sqlite:").contains("no file"));
    }
}
