//! Reading a URI, by its scheme.

use super::engine::Engine;
use super::tls::TlsMode;
use super::uri::DatabaseUri;
use super::{server, sqlite};

const SCHEMES: &str = "must begin with postgres://, postgresql://, mysql://, mariadb:// or sqlite: \
     (without jdbc: before it and without +driver)";

const QUOTED: &str = "stands in quotes, which whatever passes it on has not taken off: leave them out";

impl DatabaseUri {
    /// Reads a URI.
    ///
    /// `ssl` is what was asked of TLS beside it: it counts where the URI leaves room for it.
    ///
    /// # Errors
    /// Everything that is wrong with it, each of which completes "SQL_URI: …". Shows nothing that may be a secret.
    pub fn parse(uri: &str, ssl: Option<TlsMode>) -> Result<DatabaseUri, Vec<String>> {
        let uri = uri.trim();
        if uri.starts_with(['"', '\'', '`']) {
            return Err(vec![QUOTED.to_owned()]);
        }
        let (scheme, rest) = uri.split_once(':').ok_or_else(|| vec![SCHEMES.to_owned()])?;
        match scheme.to_ascii_lowercase().as_str() {
            "postgres" | "postgresql" => server::parse(Engine::PostgreSql, rest, ssl),
            "mysql" | "mariadb" => server::parse(Engine::MySql, rest, ssl),
            "sqlite" => sqlite::parse(uri, rest),
            _ => Err(vec![SCHEMES.to_owned()]),
        }
    }
}
