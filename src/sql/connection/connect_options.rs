//! The drivers' connect options, made of the operator's URI. Knows the traps of each driver's defaults, and never repeats
//! any part of the URI in an error.

use std::str::FromStr;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::sqlite::SqliteConnectOptions;

use crate::database_uri::{Host, Pem, Secret, ServerUri, SqliteUri, TlsMode};
use crate::sql::error::SqlError;

/// SQLite waits briefly for a lock; then the statement is repeated while there is time, and so can be cancelled.
const SQLITE_BUSY_TIMEOUT: Duration = Duration::from_millis(250);

/// What sessions call themselves unless the URI says otherwise.
const APPLICATION_NAME: &str = "ldap-gateway";

pub(super) fn postgres(uri: &ServerUri, host: &Host) -> Result<PgConnectOptions, SqlError> {
    let mut options = postgres_base(uri, host)?;
    if let Some(mode) = uri.tls.mode {
        options = options.ssl_mode(match mode {
            // A server has no TLS on its socket.
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
    Ok(options.disable_statement_logging())
}

/// Made from a URI, because only then the driver looks for a password in `~/.pgpass` where none is given, and takes
/// the session's settings as they stand.
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

pub(super) fn mysql(uri: &ServerUri, host: &Host) -> MySqlConnectOptions {
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

pub(super) fn sqlite(uri: &SqliteUri) -> Result<SqliteConnectOptions, SqlError> {
    Ok(SqliteConnectOptions::from_str(&uri.text)
        .map_err(|_| SqlError::Settings("is not a URI that SQLite takes".to_owned()))?
        // A missing file is an outage; an empty one made in its place would be an empty directory.
        .create_if_missing(uri.file.is_none())
        .busy_timeout(SQLITE_BUSY_TIMEOUT)
        .row_buffer_size(500)
        .disable_statement_logging())
}
