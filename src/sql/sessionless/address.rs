//! Where a server is and how to be let in, in terms of this client's own.

use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::tls::Built;
use crate::database_uri::{Pem, TlsMode};

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
    /// Where the driver would go, and with what: the URI's, else the environment's (`PGPASSWORD`, `PGSSLROOTCERT`, …) or
    /// `~/.pgpass`.
    pub(in crate::sql) fn of(options: &PgConnectOptions) -> Address {
        let secrets = Secrets::of(options);
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
            password: secrets.password,
            database: options.get_database().map(str::to_owned),
            tls: Certificates {
                mode: match options.get_ssl_mode() {
                    PgSslMode::Disable | PgSslMode::Allow => TlsMode::Disable,
                    PgSslMode::Prefer => TlsMode::Prefer,
                    PgSslMode::Require => TlsMode::Require,
                    PgSslMode::VerifyCa => TlsMode::VerifyCa,
                    PgSslMode::VerifyFull => TlsMode::VerifyFull,
                },
                ca: secrets.ca,
                certificate: secrets.certificate,
                key: secrets.key,
                built: Built::default(),
            },
            application_name: options.get_application_name().map(str::to_owned),
            options: options
                .get_options()
                .filter(|options| !options.is_empty())
                .map(str::to_owned),
        }
    }
}

/// What the driver keeps to itself, but for its URL.
#[derive(Default)]
struct Secrets {
    password: Option<String>,
    ca: Option<Pem>,
    certificate: Option<Pem>,
    key: Option<Pem>,
}

impl Secrets {
    fn of(options: &PgConnectOptions) -> Secrets {
        // It makes no URL of every host and user: these are names that it takes.
        let named = options.clone().host("localhost").username("user").database("database");
        let named = match named.get_socket() {
            Some(_) => named.socket("socket"),
            None => named,
        };
        let url = named.to_url_lossy();
        let mut secrets = Secrets::default();
        if let Some(password) = url.password() {
            secrets.password = Some(percent_decode_str(password).decode_utf8_lossy().into_owned());
        }
        for (name, value) in url.query_pairs() {
            let pem = match value.strip_prefix("file: ") {
                Some(path) => Pem::File(PathBuf::from(path)),
                None => Pem::Inline(value.as_bytes().to_vec()),
            };
            match &*name {
                "sslrootcert" => secrets.ca = Some(pem),
                "sslcert" => secrets.certificate = Some(pem),
                "sslkey" => secrets.key = Some(pem),
                _ => {}
            }
        }
        secrets
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
    /// PEM: the authorities to believe instead of the system's, our certificate and its key.
    pub(in crate::sql) ca: Option<Pem>,
    pub(in crate::sql) certificate: Option<Pem>,
    pub(in crate::sql) key: Option<Pem>,
    pub(in crate::sql) built: Built,
}
