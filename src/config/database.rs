//! Checks of the database's URI that need nobody to ask. Must not know: how connections are made.

use url::Url;

/// The database engines, by what `SQL_URI` begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DatabaseKind {
    /// `postgres://`, `postgresql://`
    #[default]
    PostgreSql,
    /// `mysql://`, `mariadb://`
    MySql,
    /// `sqlite:`
    Sqlite,
}

/// What TLS to the database must prove, weakest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum SslMode {
    /// No TLS.
    Disable,
    /// TLS if the server has it.
    #[default]
    Prefer,
    /// TLS, with any certificate.
    Require,
    /// TLS, with a certificate of a known authority.
    VerifyCa,
    /// TLS, with a certificate of a known authority for this host.
    VerifyFull,
}

/// What a usable URI says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DatabaseUri {
    pub kind: DatabaseKind,
    /// The mode that the URI itself asks for.
    pub ssl: Option<SslMode>,
}

/// Looks at a URI; the error completes "SQL_URI: …" and shows nothing of it: it holds a password.
pub(super) fn inspect(uri: &str) -> Result<DatabaseUri, &'static str> {
    let (scheme, rest) = uri.split_once(':').ok_or(SCHEMES)?;
    let kind = match scheme.to_ascii_lowercase().as_str() {
        "postgres" | "postgresql" => DatabaseKind::PostgreSql,
        "mysql" | "mariadb" => DatabaseKind::MySql,
        "sqlite" => DatabaseKind::Sqlite,
        _ => return Err(SCHEMES),
    };
    if kind == DatabaseKind::Sqlite {
        let path = rest.strip_prefix("//").unwrap_or(rest);
        let path = path.split_once('?').map_or(path, |(path, _)| path);
        return if path.is_empty() {
            Err("names no database file")
        } else {
            Ok(DatabaseUri { kind, ssl: None })
        };
    }
    let url = Url::parse(uri).map_err(|error| match error {
        url::ParseError::InvalidPort => {
            "has a port that is no number (or a password with a character that must be written as %40 and so on)"
        }
        _ => "is no URI (a password's special characters must be written as %40 and so on)",
    })?;
    // A PostgreSQL URI without a host means the local socket.
    let no_host = url.host_str().unwrap_or("").is_empty();
    if no_host && (kind == DatabaseKind::MySql || !rest.starts_with("//")) {
        return Err("names no host");
    }
    let mode = url
        .query_pairs()
        .find(|(name, _)| matches!(name.as_ref(), "sslmode" | "ssl-mode" | "ssl_mode"))
        .map(|(_, value)| ssl_mode(&value).ok_or("has an sslmode that is none"))
        .transpose()?;
    Ok(DatabaseUri { kind, ssl: mode })
}

const SCHEMES: &str = "must begin with postgres://, postgresql://, mysql://, mariadb:// or sqlite:";

/// The words of `SQL_SSL`, and of `sslmode` (PostgreSQL) and `ssl-mode` (MySQL).
pub(super) fn ssl_mode(text: &str) -> Option<SslMode> {
    match text.to_ascii_lowercase().replace('_', "-").as_str() {
        "disable" | "disabled" => Some(SslMode::Disable),
        "prefer" | "preferred" | "allow" => Some(SslMode::Prefer),
        "require" | "required" => Some(SslMode::Require),
        "verify-ca" => Some(SslMode::VerifyCa),
        "verify-full" | "verify-identity" => Some(SslMode::VerifyFull),
        other => super::parse::boolean(other).map(|on| if on { SslMode::Require } else { SslMode::Disable }),
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

    #[test]
    fn usable_uris() {
        for (uri, kind) in [
            (
                "postgres://username:password@hostname:5432/database",
                DatabaseKind::PostgreSql,
            ),
            ("postgresql://u@[::1]/d", DatabaseKind::PostgreSql),
            ("postgres:///d?host=/run/postgresql", DatabaseKind::PostgreSql),
            ("mysql://u:p%40@h/d", DatabaseKind::MySql),
            ("mariadb://h/d", DatabaseKind::MySql),
            ("sqlite:users.db", DatabaseKind::Sqlite),
            ("sqlite://users.db?mode=ro", DatabaseKind::Sqlite),
            ("sqlite::memory:", DatabaseKind::Sqlite),
            ("SQLITE:/x", DatabaseKind::Sqlite),
        ] {
            assert_eq!(inspect(uri).map(|found| found.kind), Ok(kind), "{uri}");
        }
        assert_eq!(
            inspect("mysql://h/d?ssl-mode=VERIFY_IDENTITY").unwrap().ssl,
            Some(SslMode::VerifyFull)
        );
        assert_eq!(
            inspect("postgres://h/d?sslmode=require").unwrap().ssl,
            Some(SslMode::Require)
        );
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
        assert_eq!(ssl_mode("TRUE"), Some(SslMode::Require));
        assert_eq!(ssl_mode("no"), Some(SslMode::Disable));
        assert_eq!(ssl_mode("verify_ca"), Some(SslMode::VerifyCa));
        assert_eq!(ssl_mode("perhaps"), None);
    }
}
