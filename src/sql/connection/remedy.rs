//! What puts right why no connection can be made, where the server's or the system's own words name the cause alone. In one
//! line, and without any part of the URI that may be secret.

use std::borrow::Cow;
use std::io::{Error, ErrorKind};

use super::target::Target;
use crate::database_uri::{ESCAPE, Engine, ServerUri, TlsMode};

/// What is known of the way to the server, as far as it decides what to say.
#[derive(Debug, Clone, Copy, Default)]
struct Facts {
    has_login: bool,
    has_password: bool,
    is_password_encoded: bool,
    is_tls_off: bool,
    /// By the system's socket, or to a file.
    is_local: bool,
}

impl Facts {
    fn of(uri: &ServerUri, is_local: bool) -> Facts {
        Facts {
            has_login: uri.user.is_some(),
            has_password: uri.password.is_some(),
            is_password_encoded: uri.is_password_encoded,
            is_tls_off: uri.tls.mode == Some(TlsMode::Disable),
            is_local,
        }
    }
}

/// What to do about an error of connecting to one of the target's hosts; None where its own words say it, or nobody knows.
pub(super) fn of(error: &sqlx::Error, target: &Target, host: usize, code: &str) -> Option<String> {
    let facts = match target.uri() {
        Some(uri) => Facts::of(uri, target.is_socket(host)),
        None => Facts {
            is_local: true,
            ..Facts::default()
        },
    };
    match (error, target.engine()) {
        (sqlx::Error::Io(error), _) => of_io(error, facts),
        (sqlx::Error::Tls(error), _) => of_tls(&error.to_string()).map(str::to_owned),
        (sqlx::Error::Database(error), Engine::PostgreSql) => of_postgres(code, error.message(), facts),
        (sqlx::Error::Database(_), Engine::MySql) => of_mysql(code, facts),
        (sqlx::Error::Database(_), Engine::Sqlite) => of_sqlite(code).map(str::to_owned),
        (sqlx::Error::Protocol(_), engine) => Some(format!(
            "what listens there does not speak as {} does: are scheme and port of SQL_URI right?",
            engine.name()
        )),
        _ => None,
    }
}

/// What to do where a SQLite file cannot be found.
pub(super) fn of_file(error: &Error, path: &std::path::Path) -> String {
    match error.kind() {
        ErrorKind::NotFound if path.is_relative() => {
            let place = std::env::current_dir();
            let place = place.map_or(Cow::Borrowed("the working directory"), |path| {
                path.display().to_string().into()
            });
            format!(": there is no file {}; SQL_URI means it below {place}", path.display())
        }
        ErrorKind::NotFound => format!(": there is no file {}", path.display()),
        ErrorKind::PermissionDenied => ": this user may not enter its directory".to_owned(),
        _ => String::new(),
    }
}

fn of_io(error: &Error, facts: Facts) -> Option<String> {
    let text = error.to_string();
    let is_name = text.contains("failed to lookup address") || text.contains("no record found");
    Some(match error.kind() {
        _ if is_name && facts.has_login => "SQL_URI's host is no name that this machine can resolve".to_owned(),
        _ if is_name => {
            format!("SQL_URI's host is no name that this machine can resolve; it has no user before an `@`: {ESCAPE}")
        }
        ErrorKind::ConnectionRefused if facts.is_local => {
            "there is a socket and nobody listens: is the database running?".to_owned()
        }
        ErrorKind::ConnectionRefused => {
            "nothing listens there: is the database running, are host and port right?".to_owned()
        }
        ErrorKind::NotFound if facts.is_local => {
            "there is no such socket: is the database running on this machine?".to_owned()
        }
        ErrorKind::PermissionDenied if facts.is_local => "this user may not use the socket".to_owned(),
        _ => return of_tls(&text).map(str::to_owned),
    })
}

/// By the words of rustls and of the drivers.
fn of_tls(text: &str) -> Option<&'static str> {
    let found = [
        (
            "does not support TLS",
            "TLS is asked for and the server has none: turn it on there, or do without by SQL_SSL=prefer",
        ),
        (
            "UnknownIssuer",
            "the authority of its certificate is not known here: name its file as sslrootcert in SQL_URI",
        ),
        (
            "NotValidForName",
            "its certificate is for another name: write that name as host in SQL_URI, or ask for verify-ca",
        ),
        (
            "not valid for name",
            "its certificate is for another name: write that name as host in SQL_URI, or ask for verify-ca",
        ),
        ("Expired", "its certificate has ended"),
        ("certificate expired", "its certificate has ended"),
        (
            "not valid yet",
            "its certificate is not valid yet: is this machine's clock right?",
        ),
        (
            "CaUsedAsEndEntity",
            "its certificate is an authority's: name its file as sslrootcert in SQL_URI",
        ),
    ];
    let found = found.into_iter().find(|(words, _)| text.contains(words));
    found.map(|(_, remedy)| remedy)
}

fn of_postgres(code: &str, message: &str, facts: Facts) -> Option<String> {
    Some(match code {
        "28P01" => wrong_password(facts, "user or password of SQL_URI is wrong"),
        "28000" if message.contains("pg_hba.conf") => match facts.is_tls_off {
            true => "the server lets nobody in this way: it may ask for TLS, which SQL_URI or SQL_SSL turns off; else its \
                     pg_hba.conf needs a line for this user, database and address"
                .to_owned(),
            false => "the server's pg_hba.conf needs a line for this user, database and address".to_owned(),
        },
        "28000" if message.contains("authentication failed") => {
            "the server lets in by the system's user here: name a host in SQL_URI, and a password, or change its pg_hba.conf"
                .to_owned()
        }
        "28000" => "SQL_URI names the user before its password: postgres://USER:PASSWORD@HOST/DATABASE".to_owned(),
        "3D000" => "SQL_URI names the database at its end: postgres://USER:PASSWORD@HOST/DATABASE".to_owned(),
        "42501" => "the database's owner can allow it: GRANT CONNECT ON DATABASE … TO the user of SQL_URI".to_owned(),
        _ => return None,
    })
}

fn of_mysql(code: &str, facts: Facts) -> Option<String> {
    Some(match code {
        // MariaDB says it also where require_secure_transport or REQUIRE SSL asks for TLS.
        "1045" if facts.is_tls_off => wrong_password(
            facts,
            "user or password of SQL_URI is wrong, or the server asks for TLS (SQL_SSL=require)",
        ),
        "1045" => wrong_password(
            facts,
            "user or password of SQL_URI is wrong, or this user may not come from this host",
        ),
        "1698" => "this user is let in by the system's user alone: make one with a password".to_owned(),
        "1044" => {
            "there is no such database, or this user may not use it: GRANT SELECT ON DATABASE.* TO the user of SQL_URI"
                .to_owned()
        }
        "1049" => "SQL_URI names the database at its end: mysql://USER:PASSWORD@HOST/DATABASE".to_owned(),
        "1130" => "no user may come from this host: CREATE USER for it".to_owned(),
        // MySQL, where require_secure_transport is on.
        "3159" => "the server asks for TLS: SQL_SSL=require".to_owned(),
        _ => return None,
    })
}

fn of_sqlite(code: &str) -> Option<&'static str> {
    match code {
        "14" => Some("this user may not read the file of SQL_URI, or it is a directory"),
        "26" => Some("the file of SQL_URI is something else"),
        _ => None,
    }
}

fn wrong_password(facts: Facts, what: &str) -> String {
    if !facts.has_password {
        format!("{what}: it has no password")
    } else if facts.is_password_encoded {
        format!("{what}: a `%` before two digits or letters a-f stands for another character; {ESCAPE}")
    } else {
        what.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Facts = Facts {
        has_login: true,
        has_password: true,
        is_password_encoded: false,
        is_tls_off: false,
        is_local: false,
    };

    #[test]
    fn a_wrong_password_is_told_of_encoding_only_where_that_may_be_it() {
        for tell in [
            |facts| of_postgres("28P01", "password authentication failed for user \"x\"", facts),
            |facts| of_mysql("1045", facts),
        ] {
            let text = |facts| tell(facts).unwrap_or_default();
            assert!(text(USUAL).contains("is wrong") && !text(USUAL).contains("%40"));
            let encoded = Facts {
                is_password_encoded: true,
                ..USUAL
            };
            assert!(text(encoded).contains("%40"));
            let without = Facts {
                has_password: false,
                ..USUAL
            };
            assert!(text(without).ends_with("it has no password"));
        }
    }

    #[test]
    fn each_cause_has_its_cure() {
        let clear = Facts {
            is_tls_off: true,
            ..USUAL
        };
        let local = Facts {
            is_local: true,
            ..USUAL
        };
        let hba = "no pg_hba.conf entry for host \"127.0.0.1\", user \"x\", database \"d\", no encryption";
        for (code, message, facts, part) in [
            ("28000", hba, clear, "may ask for TLS"),
            ("28000", hba, USUAL, "pg_hba.conf needs a line"),
            ("28000", "role \"x\" does not exist", USUAL, "USER:PASSWORD"),
            (
                "28000",
                "Peer authentication failed for user \"x\"",
                local,
                "system's user",
            ),
            ("3D000", "database \"x\" does not exist", USUAL, "/DATABASE"),
        ] {
            let found = of_postgres(code, message, facts).unwrap_or_default();
            assert!(found.contains(part), "{code}: {found}");
        }
        for (code, part) in [
            ("1698", "with a password"),
            ("1044", "GRANT SELECT"),
            ("1049", "/DATABASE"),
            ("3159", "SQL_SSL=require"),
        ] {
            let found = of_mysql(code, USUAL).unwrap_or_default();
            assert!(found.contains(part), "{code}: {found}");
        }
        let io = |kind, text: &str, facts| of_io(&Error::new(kind, text), facts).unwrap_or_default();
        assert!(io(ErrorKind::ConnectionRefused, "x", USUAL).contains("nothing listens"));
        assert!(io(ErrorKind::NotFound, "x", local).contains("no such socket"));
        let lookup = "failed to lookup address information: Name or service not known";
        assert!(!io(ErrorKind::Other, lookup, USUAL).contains("%40"));
        assert!(io(ErrorKind::Other, lookup, Facts::default()).contains("%40"));
        assert_eq!(of_io(&Error::other("x"), USUAL), None);
        assert_eq!(
            (of_postgres("57P03", "x", USUAL), of_mysql("1040", USUAL)),
            (None, None)
        );
    }
}
