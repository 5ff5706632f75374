//! Where a server is and how to be let in, in terms of this client's own.

use std::path::{Path, PathBuf};

use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::database_uri::{Pem, ServerUri, TlsMode};

/// A server.
#[derive(Clone)]
pub(in crate::sql) struct Address {
    pub(in crate::sql) place: Place,
    pub(in crate::sql) user: String,
    pub(in crate::sql) password: Option<String>,
    pub(in crate::sql) database: Option<String>,
    pub(in crate::sql) tls: Certificates,
    pub(in crate::sql) application_name: Option<String>,
    /// Settings that were asked for, which no shared session can keep.
    pub(in crate::sql) options: Option<String>,
}

impl Address {
    /// Where the driver would go, with what it does not tell: the password, and the certificates.
    pub(in crate::sql) fn of(options: &PgConnectOptions, uri: &ServerUri) -> Address {
        let (host, port) = (options.get_host(), options.get_port());
        let directory = Path::new(host);
        let socket = match options.get_socket() {
            None if host.starts_with('/') => Some(directory),
            socket => socket.map(PathBuf::as_path),
        };
        Address {
            place: match socket {
                Some(directory) => Place::Socket(directory.join(format!(".s.PGSQL.{port}"))),
                None => Place::Tcp(host.to_owned(), port),
            },
            user: options.get_username().to_owned(),
            password: uri.password.as_ref().map(|password| password.reveal().to_owned()),
            database: options.get_database().map(str::to_owned),
            tls: Certificates {
                mode: match options.get_ssl_mode() {
                    PgSslMode::Disable | PgSslMode::Allow => TlsMode::Disable,
                    PgSslMode::Prefer => TlsMode::Prefer,
                    PgSslMode::Require => TlsMode::Require,
                    PgSslMode::VerifyCa => TlsMode::VerifyCa,
                    PgSslMode::VerifyFull => TlsMode::VerifyFull,
                },
                ca: uri.tls.ca.clone(),
                certificate: uri.tls.certificate.clone(),
                key: uri.tls.key.clone(),
            },
            application_name: options.get_application_name().map(str::to_owned),
            options: options
                .get_options()
                .filter(|options| !options.is_empty())
                .map(str::to_owned),
        }
    }
}

/// Where it listens.
#[derive(Clone)]
pub(in crate::sql) enum Place {
    Tcp(String, u16),
    /// The socket itself.
    Socket(PathBuf),
}

/// TLS to it.
#[derive(Clone)]
pub(in crate::sql) struct Certificates {
    /// What it must prove.
    pub(in crate::sql) mode: TlsMode,
    /// PEM: the authorities to believe besides the system's, our certificate and its key.
    pub(in crate::sql) ca: Option<Pem>,
    pub(in crate::sql) certificate: Option<Pem>,
    pub(in crate::sql) key: Option<Pem>,
}
