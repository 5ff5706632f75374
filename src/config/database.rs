//! The database: how to reach it.
//!
//! Everything about the URI is checked that can be checked without connecting. How connections are made is not known here.

use std::time::Duration;

use super::errors::{Problem, Warning};
use super::parse::Reader;
use crate::database_uri::{DatabaseUri, Engine, Pem, Secret, TlsMode, WITHOUT_CERTIFICATE, has_certificate};

/// How to reach the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseSettings {
    /// `SQL_URI`, checked as far as is possible without connecting.
    pub uri: Secret,
    /// The engine, from the scheme of the URI.
    pub engine: Engine,
    /// `SQL_SSL`, to be applied over the URI; absent where the URI says it itself or nobody does.
    pub ssl: Option<TlsMode>,
    /// `SQL_SESSIONS`
    pub sessions: Sessions,
    /// `SQL_POOL_SIZE`: connections for statements. The probe has one more, and so have abandoned statements.
    pub pool_size: usize,
    /// `SQL_CONNECT_TIMEOUT`: the longest that connecting may take.
    pub connect_timeout: Duration,
}

/// Whose a session of PostgreSQL is where a pooler may be in between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sessions {
    /// To be found out for each connection.
    #[default]
    Auto,
    /// A pooler shares them among clients.
    Shared,
}

impl DatabaseSettings {
    /// The database at `uri`; the rest is as without a setting. A URI that is wrong has the default engine.
    pub fn new(uri: impl Into<String>) -> Self {
        let uri = Secret::new(uri);
        DatabaseSettings {
            engine: DatabaseUri::parse(uri.reveal(), None).map_or_else(|_| Engine::default(), |found| found.engine()),
            uri,
            ssl: None,
            sessions: Sessions::Auto,
            pool_size: 10,
            connect_timeout: Duration::from_secs(2),
        }
    }

    pub(super) fn read(reader: &mut Reader) -> Self {
        let (uri, engine, ssl) = uri(reader);
        DatabaseSettings {
            uri,
            engine,
            ssl,
            sessions: reader.choice(
                "SQL_SESSIONS",
                &[("auto", Sessions::Auto), ("shared", Sessions::Shared)],
            ),
            pool_size: reader.number("SQL_POOL_SIZE", 1, 1000).unwrap_or_default(),
            connect_timeout: reader.duration("SQL_CONNECT_TIMEOUT"),
        }
    }

    /// The certificates that a connection is verified by, and the one that it shows, as PEM texts, as far as they can be
    /// read.
    pub fn certificates(&self) -> Vec<String> {
        let Ok(DatabaseUri::Server(server)) = DatabaseUri::parse(self.uri.reveal(), None) else {
            return Vec::new();
        };
        let given = [&server.tls.ca, &server.tls.certificate].into_iter().flatten();
        let read = given.filter_map(|pem| match pem {
            Pem::File(path) => std::fs::read_to_string(path).ok(),
            Pem::Inline(text) => String::from_utf8(text.clone()).ok(),
        });
        read.collect()
    }
}

/// The URI, its engine, and what `SQL_SSL` leaves to be done beside it; everything wrong with them is noted.
fn uri(reader: &mut Reader) -> (Secret, Engine, Option<TlsMode>) {
    let uri = Secret::new(reader.secret("SQL_URI").unwrap_or_default().reveal().trim());
    let mut word = String::new();
    let asked = reader.parsed(
        "SQL_SSL",
        "true, false, prefer, require, verify-ca or verify-full",
        |text| {
            text.to_ascii_lowercase().clone_into(&mut word);
            TlsMode::from_word(text)
        },
    );
    if uri.reveal().is_empty() {
        return (uri, Engine::default(), asked);
    }
    let found = match DatabaseUri::parse(uri.reveal(), asked) {
        Ok(found) => found,
        Err(problems) => {
            let problems = problems.into_iter().map(|why| Problem::other("SQL_URI", why));
            reader.problems.extend(problems);
            return (uri, Engine::default(), asked);
        }
    };
    for (parameter, file) in found.files() {
        let why = match std::fs::read(file) {
            Ok(text) if parameter == "sslrootcert" && !has_certificate(&text) => WITHOUT_CERTIFICATE.to_owned(),
            Ok(_) => continue,
            Err(error) => format!("cannot be read: {}", error.kind()),
        };
        let why = format!("the file of its `{parameter}` {why}");
        reader.problems.push(Problem::other("SQL_URI", why));
    }
    if let DatabaseUri::Server(server) = &found {
        let remarks = server.tls.remarks.iter();
        let remarks = remarks.map(|remark| Warning::new("SQL_URI", *remark));
        reader.warnings.extend(remarks);
    }
    let engine = found.engine();
    let ssl = match &found {
        DatabaseUri::Server(server) if server.tls.overrules => {
            let mode = server.tls.mode.unwrap_or_default();
            // A mere `true` did nothing in deployments of the gateway for Node, beside whatever URI. Any other word was
            // written for this one, and who wrote it believes that the connection is at least that safe.
            if word != "true" && asked.is_some_and(|asked| asked > mode) {
                let why = format!(
                    "asks for `{word}`, and SQL_URI only for `{}`: let both ask for the same, or leave one of them out",
                    mode.word()
                );
                reader.problems.push(Problem::other("SQL_SSL", why));
            } else {
                let why = format!("has no effect: SQL_URI asks for `{}`", mode.word());
                reader.warnings.push(Warning::new("SQL_SSL", why));
            }
            None
        }
        DatabaseUri::Server(_) => asked,
        DatabaseUri::Sqlite(_) => {
            if asked.is_some_and(|asked| asked != TlsMode::Disable) {
                reader
                    .warnings
                    .push(Warning::new("SQL_SSL", "has no effect: a SQLite file has no TLS"));
            }
            None
        }
    };
    (uri, engine, ssl)
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

    fn inspect(uri: &str) -> Result<Engine, String> {
        DatabaseUri::parse(uri, None)
            .map(|found| found.engine())
            .map_err(|problems| problems.join("; "))
    }

    #[test]
    fn usable_uris() {
        for (uri, kind) in [
            (
                "postgres://username:password@hostname:5432/database",
                Engine::PostgreSql,
            ),
            ("postgresql://u@[::1]/d", Engine::PostgreSql),
            ("postgres:///d?host=/run/postgresql", Engine::PostgreSql),
            ("mysql://u:p%40@h/d", Engine::MySql),
            ("mariadb://h/d", Engine::MySql),
            ("sqlite:users.db", Engine::Sqlite),
            ("sqlite://users.db?mode=ro", Engine::Sqlite),
            ("sqlite::memory:", Engine::Sqlite),
            ("SQLITE:/x", Engine::Sqlite),
        ] {
            assert_eq!(inspect(uri), Ok(kind), "{uri}");
        }
    }

    #[test]
    fn unusable_uris_are_not_quoted() {
        for uri in [
            "",
            "hunter2",
            "http://u:hunter2@h/",
            "postgres://u:hunter2@h:port/d",
            "mysql://",
            "mysql:hunter2",
            "sqlite:",
            "sqlite://?mode=ro",
            "postgres:hunter2",
            "postgres://h/d?sslmode=hunter2",
            "postgres://u:hunter2@exa mple/d",
        ] {
            let error = inspect(uri).expect_err(uri);
            assert!(!error.contains("hunter2"));
        }
    }

    #[test]
    fn words_for_ssl() {
        assert_eq!(TlsMode::from_word("TRUE"), Some(TlsMode::Require));
        assert_eq!(TlsMode::from_word("no"), Some(TlsMode::Disable));
        assert_eq!(TlsMode::from_word("verify_ca"), Some(TlsMode::VerifyCa));
        assert_eq!(TlsMode::from_word("perhaps"), None);
    }
}
