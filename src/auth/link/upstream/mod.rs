//! `ldap`: what was typed is tried in a bind at an upstream LDAP server.
//!
//! `servers` says which server is asked next, `name` how a user is named there, `session` is the conversation with one of
//! them; ldap3's types stay in there.

mod name;
mod servers;
mod session;

use super::{Check, Link};
use crate::{
    auth::attempt::{Attempt, Unavailable},
    config::UpstreamSettings,
    tls_client::TrustError,
};
use futures::future::BoxFuture;
use name::UserName;
use servers::Servers;
use session::{Session, Tried};
use std::time::{Duration, Instant};
use tokio::{
    sync::Semaphore,
    time::{error::Elapsed, timeout},
};
use tracing::{info, warn};

/// So many binds at a time; further ones wait for their turn.
pub const MOST_AT_A_TIME: usize = 64;

/// How long [`Upstream::probe`] waits for each server.
const PROBE_TIME: Duration = Duration::from_secs(5);
/// Nobody's password.
const PROBE_PASSWORD: &str = "no password at all";

/// Tries passwords at an upstream LDAP server.
#[derive(Debug)]
pub struct Upstream {
    servers: Servers,
    session: Session,
    turns: Semaphore,
    most: usize,
}

impl Upstream {
    /// A link that asks these servers.
    ///
    /// # Errors
    /// There are no authorities to verify them by.
    pub fn new(settings: &UpstreamSettings) -> Result<Self, TrustError> {
        Ok(Upstream {
            servers: Servers::new(&settings.servers),
            session: Session::new(settings)?,
            turns: Semaphore::new(MOST_AT_A_TIME),
            most: MOST_AT_A_TIME,
        })
    }

    /// Asks each server whether somebody may sign in whom nobody knows; for `check`. What is wrong with which.
    pub async fn probe(&self) -> Vec<(String, String)> {
        let mut wrong = Vec::new();
        for known in self.servers.order() {
            let tried = self
                .session
                .try_password(known.server(), UserName::Nobody, PROBE_PASSWORD);
            let error = match timeout(PROBE_TIME, tried).await {
                Ok(Ok(Tried::Refused(_))) => continue,
                Ok(Ok(Tried::Accepted)) => "lets in a user that there is not, by any password".to_owned(),
                Ok(Err(error)) => error.to_string(),
                Err(Elapsed { .. }) => too_slow(PROBE_TIME),
            };
            wrong.push((known.uri().to_owned(), error));
        }
        wrong
    }

    /// Asks one server after the other until one of them says something.
    async fn ask(&self, attempt: &Attempt<'_>) -> Result<Check, Unavailable> {
        let password = match sendable(attempt.password) {
            Ok(password) => password,
            Err(why) => return Ok(Check::Failed(why.into())),
        };
        // Whom the directory does not know is asked for under a name that nobody has: it takes as long, and nobody guesses
        // here at, or locks, accounts that are the upstream server's alone.
        let user = match attempt.stored {
            Some(_) => UserName::Known(attempt.username),
            None => UserName::Nobody,
        };
        let left = attempt.until.saturating_duration_since(Instant::now());
        let turn = timeout(left, self.turns.acquire()).await;
        let Ok(Ok(_turn)) = turn else {
            warn!(most = self.most, "too many binds wait for the upstream LDAP servers");
            return Err(Unavailable("too many wait for the upstream LDAP servers".into()));
        };
        let order = self.servers.order();
        for (tried, server) in order.iter().enumerate() {
            let left = attempt.until.saturating_duration_since(Instant::now());
            // One that does not answer leaves the others time.
            let share = left / u32::try_from(order.len() - tried).unwrap_or(1);
            let outcome = timeout(share, self.session.try_password(server.server(), user, password)).await;
            match outcome {
                Ok(Ok(tried)) => {
                    if server.answered() {
                        info!(server = server.uri(), "the upstream LDAP server answers again");
                    }
                    return Ok(check(tried));
                }
                Ok(Err(error)) => server.failed_with(&error.to_string()),
                Err(Elapsed { .. }) => server.failed_with(&too_slow(share)),
            }
        }
        Err(Unavailable("no upstream LDAP server could say".into()))
    }
}

fn too_slow(share: Duration) -> String {
    format!("no answer within {} ms", share.as_millis())
}

fn check(tried: Tried) -> Check {
    match tried {
        Tried::Accepted => Check::Passed,
        Tried::Refused(why) => Check::Failed(format!("upstream: {why}").into()),
    }
}

/// A password as it can be sent. An empty one would be an unauthenticated bind (RFC 4513 5.1.2), which succeeds whoever is
/// named; and one that begins with NUL is empty to servers that take texts to end there.
fn sendable(password: &[u8]) -> Result<&str, &'static str> {
    if password.is_empty() {
        return Err("no password for the upstream LDAP server");
    }
    if password.contains(&0) {
        return Err("a password with NUL is not sent to the upstream LDAP server");
    }
    // RFC 4513 5.1.3: passwords are UTF-8.
    str::from_utf8(password).map_err(|_| "a password that is not UTF-8 is not sent to the upstream LDAP server")
}

impl Link for Upstream {
    fn check<'a>(&'a self, attempt: &'a Attempt<'a>) -> BoxFuture<'a, Result<Check, Unavailable>> {
        Box::pin(self.ask(attempt))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_an_anonymous_bind_is_not_sent() {
        for password in [&b""[..], b"\0", b"\0tea", b"tea\0", b"\xff"] {
            assert!(sendable(password).is_err(), "{password:?}");
        }
        assert_eq!(sendable("tée ".as_bytes()), Ok("tée "));
    }
}
