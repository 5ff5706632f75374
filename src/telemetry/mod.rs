//! Logging: sets it up as the settings say, and keeps secrets out of it at every level. It does not know what is logged.
//!
//! [`init`] is called once a process, by the command. `lines` is the way of a line to standard error, `writer` its end.

mod lines;
mod writer;

use std::io::{self, IsTerminal};
use std::str::FromStr;

use thiserror::Error;
use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::{FilterExt, Targets, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{LogFormat, LogSettings};
use crate::database_uri;
use crate::metrics::Metrics;

pub use lines::Flush;
use lines::{Escapes, Lines};

/// The most that other people's modules may say, by the beginning of their names; the first that fits counts.
/// `ldap3_proto` prints bind passwords at `trace`, `ldap3` what an upstream server sent at `warn`. `sqlx` prints statements at `debug` and slow ones at `warn`, and passes on
/// what the server says, values included.
const CAPS: &[(&str, LevelFilter)] = &[
    ("ldap3_proto", LevelFilter::DEBUG),
    ("ldap3_lber", LevelFilter::DEBUG),
    ("ldap3::", LevelFilter::OFF),
    ("sqlx::query", LevelFilter::OFF),
    ("sqlx::postgres::notice", LevelFilter::OFF),
    ("sqlx", LevelFilter::WARN),
    ("rustls", LevelFilter::DEBUG),
    ("tokio_rustls", LevelFilter::DEBUG),
];

/// Why logging could not be set up.
#[derive(Debug, Error)]
pub enum TelemetryError {
    /// The filter does not understand `LOG_LEVEL`, though the settings have checked it.
    #[error("LOG_LEVEL: {0}")]
    Directives(#[from] tracing_subscriber::filter::ParseError),
    /// Something else has set up logging in this process.
    #[error("logging is already set up: {0}")]
    AlreadySet(#[from] tracing_subscriber::util::TryInitError),
    /// The operating system refuses a thread.
    #[error("no thread for it: {0}")]
    Thread(#[from] io::Error),
}

/// Sends this process's log to standard error, panics included, as the settings say. The caller keeps what is returned
/// until the end of the process; dropping it writes the last lines.
///
/// # Errors
/// Logging is set up already, or the system refuses a thread.
pub fn init(settings: &LogSettings, metrics: Metrics) -> Result<Flush, TelemetryError> {
    let colours = io::stderr().is_terminal();
    let escapes = match settings.format {
        LogFormat::Json => Escapes::Json,
        LogFormat::Text if colours => Escapes::Colours,
        LogFormat::Text => Escapes::Text,
    };
    let (lines, flush) = Lines::start(io::stderr(), escapes, metrics)?;
    subscriber(settings, colours, lines)?.try_init()?;
    // The standard hook writes several lines in no format of ours, and waits for the reader.
    std::panic::set_hook(Box::new(|panic| {
        tracing::error!(backtrace = %std::backtrace::Backtrace::capture(), "a bug: {panic}");
    }));
    Ok(flush)
}

/// The subscriber that [`init`] installs, with a writer of one's own.
fn subscriber<W>(
    settings: &LogSettings,
    colours: bool,
    writer: W,
) -> Result<impl Subscriber + for<'span> LookupSpan<'span> + Send + Sync, TelemetryError>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let asked = Targets::from_str(&settings.directives)?;
    let filter = asked.and(filter_fn(is_within_cap).with_max_level_hint(LevelFilter::TRACE));
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match settings.format {
        LogFormat::Text => lines.with_ansi(colours).boxed(),
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .boxed(),
    };
    Ok(Registry::default().with(lines.with_filter(filter)))
}

fn is_within_cap(metadata: &Metadata<'_>) -> bool {
    CAPS.iter()
        .find(|(module, _)| metadata.target().starts_with(module))
        .is_none_or(|(_, most)| *metadata.level() <= *most)
}

/// A database URI as it may be logged: scheme, host, port and database, without user, password and parameters (which may
/// hold a password too). A URI that cannot be understood is not shown at all.
pub fn redact_uri(uri: &str) -> String {
    let Some((scheme, rest)) = uri.trim().split_once(':') else {
        return "…".into();
    };
    let known = ["postgres", "postgresql", "mysql", "mariadb", "sqlite", "http", "https"];
    if !known.iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return "…".into();
    }
    if !scheme.to_ascii_lowercase().starts_with("http") && !scheme.eq_ignore_ascii_case("sqlite") {
        return database_uri::redacted(uri).unwrap_or_else(|| format!("{scheme}:…"));
    }
    if scheme.eq_ignore_ascii_case("sqlite") {
        return format!("sqlite:{}", rest.split_once('?').map_or(rest, |(path, _)| path));
    }
    let Ok(url) = url::Url::parse(uri.trim()) else {
        return format!("{scheme}:…");
    };
    if !rest.starts_with("//") {
        return format!("{scheme}:…");
    }
    // An unescaped `#`, `?` or `/` in a password cuts the URI short: the rest of the password, up to its
    // `@`, would be taken for path, query or fragment, and the user for the host.
    let after_host = [Some(url.path()), url.query(), url.fragment()];
    if url.fragment().is_some() || after_host.iter().flatten().any(|part| part.contains('@')) {
        return format!("{scheme}:…");
    }
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    // The path may hold a token.
    format!("{scheme}://{host}{port}")
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
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(directives: &str, format: LogFormat, log: impl FnOnce()) -> String {
        let captured = Captured::default();
        let writer = captured.clone();
        let settings = LogSettings {
            format,
            directives: directives.into(),
        };
        let subscriber = subscriber(&settings, false, move || writer.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, log);
        let bytes = captured.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    fn everything() {
        tracing::trace!(target: "ldap3_proto::proto", "hunter2");
        tracing::trace!(target: "ldap3_lber", "hunter2");
        tracing::debug!(target: "sqlx::query", "hunter2");
        tracing::warn!(target: "sqlx::query", "hunter2");
        tracing::info!(target: "sqlx_core::pool", "hunter2");
        tracing::trace!(target: "rustls::server", "hunter2");
        tracing::debug!(target: "ldap3_proto", "shown");
        tracing::warn!(target: "sqlx_postgres::connection", "shown");
        tracing::trace!(target: "ldap_gateway::server", "shown");
    }

    #[test]
    fn secrets_of_other_modules_stay_out_whatever_is_asked() {
        for directives in [
            "trace",
            "info,ldap3_proto=trace,ldap3_lber=trace,sqlx=trace,sqlx::query=trace,rustls=trace",
        ] {
            let text = logged(directives, LogFormat::Text, everything);
            assert!(!text.contains("hunter2"), "{text}");
        }
        assert_eq!(logged("trace", LogFormat::Text, everything).lines().count(), 3);
        assert_eq!(logged("off", LogFormat::Text, everything), "");
    }

    #[test]
    fn json_lines_are_objects_with_flat_fields() {
        let text = logged("info", LogFormat::Json, || tracing::info!(entries = 3, "search"));
        assert_eq!(text.lines().count(), 1);
        assert!(
            text.starts_with('{') && text.contains(r#""entries":3"#) && text.contains(r#""message":"search""#),
            "{text}"
        );
    }

    #[test]
    fn uris_lose_what_is_secret() {
        for (uri, shown) in [
            (
                "postgres://u:hunter2@db.example.com:5432/users",
                "postgres://db.example.com:5432/users",
            ),
            ("mysql://u:hunter2@[::1]/users?ssl-key=hunter2", "mysql://[::1]/users"),
            ("postgres:///users?host=/run&password=hunter2", "postgres:///users"),
            ("sqlite:///var/users.db?key=hunter2", "sqlite:///var/users.db"),
            ("https://example.com/hunter2", "https://example.com"),
            ("postgres://u:hunter2@h:port/d", "postgres:…"),
            ("postgres://u:p@hunter2@h/d", "postgres://h/d"),
            ("postgres://hunter2#x@h/d", "postgres:…"),
            ("postgres://u:1/hunter2@h/d", "postgres:…"),
            ("postgres://u:1?hunter2@h/d", "postgres:…"),
            ("hunter2:5432/d", "…"),
            ("hunter2", "…"),
        ] {
            assert_eq!(redact_uri(uri), shown, "{uri}");
        }
    }
}
