//! Where a server is and how to log in, in this client's own terms.

use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::certificates::{Built, Certificates};
use crate::database_uri::{Pem, TlsMode};

/// A server.
#[derive(Clone)]
pub(crate) struct Address {
    pub(crate) place: Place,
    pub(crate) user: String,
    pub(crate) password: Option<String>,
    pub(crate) database: Option<String>,
    pub(crate) tls: Certificates,
    pub(crate) application_name: Option<String>,
    /// Settings that were asked for; no shared session can keep them.
    pub(crate) options: Option<String>,
}

impl Address {
    /// Where the driver would go, and with what: from the URI, else from the environment (`PGPASSWORD`,
    /// `PGSSLROOTCERT`, …) or `~/.pgpass`.
    pub(crate) fn of(options: &PgConnectOptions) -> Address {
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

/// What the driver tells only in its URL.
#[derive(Default)]
struct Secrets {
    password: Option<String>,
    ca: Option<Pem>,
    certificate: Option<Pem>,
    key: Option<Pem>,
}

impl Secrets {
    fn of(options: &PgConnectOptions) -> Secrets {
        // The driver cannot make a URL of every host and user: these names it takes.
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
pub(crate) enum Place {
    Tcp(String, u16),
    /// The socket itself.
    Socket(PathBuf),
}
