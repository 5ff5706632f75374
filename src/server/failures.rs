//! Connections that came to nothing: counted by cause, and told with their addresses. Strangers can cause any number of
//! them, so that each cause has a few lines a minute, and one with the number of those that had none.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};
use tracing::info;

use super::opening::Opening;
use crate::metrics::{ConnectionFailure, Metrics};

/// Lines about one cause in each minute.
const LINES: u32 = 10;
const MINUTE: Duration = Duration::from_secs(60);

/// Counts and tells them; clones share the counts.
#[derive(Debug, Clone)]
pub struct FailedConnections(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    metrics: Metrics,
    /// In the order of the causes.
    minutes: [Mutex<Minute>; ConnectionFailure::COUNT],
}

/// What was told of one cause in a minute.
#[derive(Debug, Default)]
struct Minute {
    begun: Option<Instant>,
    told: u32,
    untold: u64,
}

/// What becomes of a line.
#[derive(Debug, PartialEq, Eq)]
enum Line {
    Told,
    /// Only counted; the first of its minute, whose end somebody must wait for.
    FirstUntold(Instant),
    Untold,
}

impl Minute {
    fn next(&mut self, now: Instant) -> Line {
        let begun = *self.begun.get_or_insert(now);
        if now >= begun + MINUTE && self.untold == 0 {
            *self = Minute {
                begun: Some(now),
                ..Minute::default()
            };
        }
        if self.told < LINES {
            self.told += 1;
            return Line::Told;
        }
        self.untold += 1;
        match self.untold {
            1 => Line::FirstUntold(self.begun.unwrap_or(now) + MINUTE),
            _ => Line::Untold,
        }
    }

    /// The minute is over: how many had no line.
    fn end(&mut self) -> u64 {
        std::mem::take(self).untold
    }
}

impl FailedConnections {
    /// None so far.
    pub fn new(metrics: Metrics) -> Self {
        FailedConnections(Arc::new(Inner {
            metrics,
            minutes: Default::default(),
        }))
    }

    /// One came to nothing. `error` says why, for people.
    pub(super) fn handshake(&self, connection: u64, client: SocketAddr, (cause, error): (ConnectionFailure, &str)) {
        if self.is_told(cause) {
            info!(connection, %client, cause = cause.name(), error, "TLS handshake failed");
        }
    }

    /// A client that spoke something else on a port without TLS, or closed too soon. It has a line of its own about its
    /// end, which says so.
    pub(super) fn counted(&self, cause: ConnectionFailure) {
        self.0.metrics.connection_failed(cause);
    }

    /// What came is no LDAP message, and what is said of that; `requests` came before it, and `octets` begins with it.
    pub(super) fn no_message(&self, requests: u64, octets: &[u8]) -> &'static str {
        if requests > 0 {
            return "not an LDAP message";
        }
        let (cause, text) = on_plain_port(Opening::of(octets));
        self.counted(cause);
        text
    }

    fn is_told(&self, cause: ConnectionFailure) -> bool {
        self.counted(cause);
        let line = self.minute(cause, |minute| minute.next(Instant::now()));
        if let Some(Line::FirstUntold(end)) = line {
            let this = self.clone();
            tokio::spawn(async move {
                sleep_until(end).await;
                let connections = this.minute(cause, Minute::end).unwrap_or_default();
                info!(
                    connections,
                    cause = cause.name(),
                    "TLS handshakes failed that have no line of their own: within a minute, {LINES} have"
                );
            });
        }
        matches!(line, None | Some(Line::Told))
    }

    fn minute<T>(&self, cause: ConnectionFailure, change: impl FnOnce(&mut Minute) -> T) -> Option<T> {
        let minute = self.0.minutes.get(cause as usize)?;
        Some(change(&mut minute.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// What is wrong with a client that speaks something else than TLS on a port for TLS; None where it is TLS.
pub(super) fn on_tls_port(opening: Opening) -> Option<(ConnectionFailure, &'static str)> {
    Some(match opening {
        Opening::Tls => return None,
        Opening::Ldap => (
            ConnectionFailure::NoTls,
            "the client speaks no TLS (ldap://): this port wants ldaps://",
        ),
        Opening::StartTls => (
            ConnectionFailure::StartTls,
            "the client speaks no TLS yet and asks for it (StartTLS): this port wants TLS at once, ldaps:// without StartTLS",
        ),
        Opening::Http => (ConnectionFailure::Http, "the client speaks HTTP: this is an LDAP port"),
        Opening::Ssh => (ConnectionFailure::Ssh, "the client speaks SSH: this is an LDAP port"),
        Opening::ProxyProtocol => (
            ConnectionFailure::ProxyProtocol,
            "the load balancer speaks the PROXY protocol, which is not understood here: turn it off for this port",
        ),
        Opening::Other => (
            ConnectionFailure::Unknown,
            "what the client speaks is neither TLS nor LDAP",
        ),
    })
}

/// What is wrong with a client that speaks no LDAP on a port without TLS.
fn on_plain_port(opening: Opening) -> (ConnectionFailure, &'static str) {
    match opening {
        Opening::Tls => (
            ConnectionFailure::TlsOnPlainPort,
            "the client speaks TLS (ldaps://), and this port has none (LDAP_UNENCRYPTED)",
        ),
        Opening::Ldap | Opening::StartTls | Opening::Other => (ConnectionFailure::Unknown, "not an LDAP message"),
        other => on_tls_port(other).unwrap_or((ConnectionFailure::Unknown, "not an LDAP message")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn ten_lines_a_minute_and_the_others_are_counted() {
        let mut minute = Minute::default();
        let now = Instant::now();
        for _ in 0..LINES {
            assert_eq!(minute.next(now), Line::Told);
        }
        let end = now + MINUTE;
        assert_eq!(minute.next(now), Line::FirstUntold(end));
        assert_eq!(minute.next(now), Line::Untold);
        // Whoever waits for the end tells how many there were.
        assert_eq!(minute.next(end), Line::Untold);
        assert_eq!(minute.end(), 3);
        assert_eq!(minute.next(end), Line::Told);
        // A quiet minute leaves nothing behind.
        for _ in 1..LINES {
            assert_eq!(minute.next(end), Line::Told);
        }
        assert_eq!(minute.next(end + MINUTE), Line::Told);
    }
}
