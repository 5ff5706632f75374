//! The upstream servers, and which of them is asked first.

use crate::config::UpstreamServer;
use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};
use tracing::warn;

/// A server that failed is asked after the others for so long.
const SHUNNED: Duration = Duration::from_secs(30);

/// All servers, in the order of the setting.
#[derive(Debug)]
pub(super) struct Servers(Vec<Known>);

/// A server, and when it failed.
#[derive(Debug)]
pub(super) struct Known {
    server: UpstreamServer,
    failed: Mutex<Option<Instant>>,
}

impl Servers {
    pub fn new(servers: &[UpstreamServer]) -> Self {
        let known = servers.iter().map(|server| Known {
            server: server.clone(),
            failed: Mutex::new(None),
        });
        Servers(known.collect())
    }

    /// All of them: first those that did not fail lately.
    pub fn order(&self) -> Vec<&Known> {
        let (shunned, mut order): (Vec<_>, Vec<_>) = self.0.iter().partition(|server| server.is_shunned());
        order.extend(shunned);
        order
    }
}

impl Known {
    /// The server.
    pub fn server(&self) -> &UpstreamServer {
        &self.server
    }

    /// Where it is.
    pub fn uri(&self) -> &str {
        &self.server.uri
    }

    fn is_shunned(&self) -> bool {
        self.with_failed(|failed| failed.is_some_and(|at| at.elapsed() < SHUNNED))
    }

    /// It has answered. Whether it had failed before.
    pub fn answered(&self) -> bool {
        self.with_failed(|failed| failed.take().is_some())
    }

    /// It has not answered, or said that it cannot. The log is told once in a while.
    pub fn failed_with(&self, error: &str) {
        let is_new = self.with_failed(|failed| {
            let is_new = failed.is_none_or(|at| at.elapsed() >= SHUNNED);
            if is_new {
                *failed = Some(Instant::now());
            }
            is_new
        });
        if is_new {
            warn!(
                server = self.uri(),
                error, "the upstream LDAP server cannot verify passwords"
            );
        }
    }

    fn with_failed<T>(&self, act: impl FnOnce(&mut Option<Instant>) -> T) -> T {
        act(&mut self.failed.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::UpstreamEncryption;

    #[test]
    fn who_failed_is_asked_last() {
        let servers = ["ldaps://a", "ldaps://b", "ldaps://c"].map(|uri| UpstreamServer {
            uri: uri.to_owned(),
            encryption: UpstreamEncryption::Tls,
        });
        let servers = Servers::new(&servers);
        let order = || servers.order().iter().map(|known| known.uri()).collect::<Vec<_>>();
        assert_eq!(order(), ["ldaps://a", "ldaps://b", "ldaps://c"]);
        for known in servers.order().into_iter().take(2) {
            known.failed_with("away");
        }
        assert_eq!(order(), ["ldaps://c", "ldaps://a", "ldaps://b"]);
        assert!(servers.order().last().is_some_and(|known| known.answered()));
        assert_eq!(order(), ["ldaps://b", "ldaps://c", "ldaps://a"]);
    }
}
