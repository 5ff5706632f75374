//! Which of the database's servers is used: in their order, the first that answers and may serve.

use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::time::{Instant, sleep_until, timeout};

use super::attempt_error::{self, AttemptError};
use super::driver::Connection;
use super::role::{self, Role};
use super::target::Target;
use crate::database_uri::TargetSession;
use crate::sql::engine::Engine;

/// The next server is tried beside one that says nothing after this time: a lookup has no time to lose.
const STAGGER: Duration = Duration::from_millis(250);

/// What is said of a host that does not answer.
const NO_ANSWER: &str =
    "no answer in time: are host and port right, is it a server of this kind, is a firewall in between?";

/// A connection to a server that may serve, and the host's position.
pub(crate) struct Opened {
    pub(crate) connection: Connection,
    pub(crate) host: usize,
}

/// How well a server fits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fit {
    /// As asked for.
    Best,
    /// Used when there is none better.
    Second,
    /// Must not serve, for this reason.
    Unfit(String),
}

/// Connects to the first host that answers and may serve, or to `only` if that is given. `limit` is for one host.
pub(crate) async fn open(target: &Target, only: Option<usize>, limit: Duration) -> Result<Opened, AttemptError> {
    let hosts = only.map_or(0..target.hosts(), |only| only..only + 1);
    // One given host is wanted whatever its role.
    let matters = only.is_none() && (target.engine() == Engine::MySql || target.session() != TargetSession::Any);
    if hosts.len() == 1 {
        return match open_at(target, hosts.start, matters, limit).await {
            (_, Ok((opened, _))) => Ok(opened),
            (_, Err(failure)) => Err(failure),
        };
    }
    let mut waiting = hosts;
    let mut running = FuturesUnordered::new();
    let mut second: Option<Opened> = None;
    let mut failures: Vec<(usize, AttemptError)> = Vec::new();
    let mut next_at = Instant::now();
    loop {
        tokio::select! {
            biased;
            Some((host, ended)) = running.next() => match ended {
                Ok((opened, Fit::Best)) => return Ok(opened),
                Ok((opened, _)) => {
                    second = Some(second.take().filter(|second| second.host < host).unwrap_or(opened));
                    next_at = Instant::now();
                }
                Err(failure) => {
                    failures.push((host, failure));
                    next_at = Instant::now();
                }
            },
            () = sleep_until(next_at), if !waiting.is_empty() => {
                running.extend(waiting.next().map(|host| open_at(target, host, matters, limit)));
                next_at = Instant::now() + STAGGER;
            }
            else => break,
        }
    }
    second.ok_or_else(|| together(target, failures))
}

/// Connects to one host, and asks for its role where that `matters`.
async fn open_at(
    target: &Target,
    host: usize,
    matters: bool,
    limit: Duration,
) -> (usize, Result<(Opened, Fit), AttemptError>) {
    let opening = async {
        let mut connection = Connection::open(target, host).await?;
        let session = target.session();
        let fit = if matters {
            let role = role::ask(&mut connection, session)
                .await
                .map_err(|error| attempt_error::connecting(&error, target, host))?;
            fit(session, &role)
        } else {
            Fit::Best
        };
        match fit {
            Fit::Unfit(why) => Err(AttemptError::Connect(why)),
            fit => Ok((Opened { connection, host }, fit)),
        }
    };
    let ended = timeout(limit, opening)
        .await
        .unwrap_or_else(|_| Err(AttemptError::Connect(NO_ANSWER.to_owned())));
    (host, ended)
}

/// Whether a server of this role may serve. Nothing is ever written, so a standby or a read-only server may, unless
/// something else was asked for.
pub(crate) fn fit(session: TargetSession, role: &Role) -> Fit {
    if let Some(why) = &role.apart {
        return Fit::Unfit(why.clone());
    }
    let if_not = |is_so: bool, what: &str| {
        if is_so {
            Fit::Best
        } else {
            Fit::Unfit(format!("is {what}, and target_session_attrs asks for another"))
        }
    };
    let if_possible = |is_so: bool| if is_so { Fit::Best } else { Fit::Second };
    let fit = match session {
        TargetSession::Any => Fit::Best,
        TargetSession::ReadWrite => if_not(!role.is_standby && !role.is_read_only, "read-only"),
        TargetSession::ReadOnly => if_not(role.is_standby || role.is_read_only, "not read-only"),
        TargetSession::Primary => if_not(!role.is_standby, "a standby"),
        TargetSession::Standby => if_not(role.is_standby, "no standby"),
        TargetSession::PreferStandby => if_possible(role.is_standby),
        TargetSession::PreferPrimary => if_possible(!role.is_standby),
    };
    fit.max(if_possible(!role.is_behind))
}

/// The failures of all hosts as one.
fn together(target: &Target, mut failures: Vec<(usize, AttemptError)>) -> AttemptError {
    failures.sort_by_key(|(host, _)| *host);
    let mut is_full = false;
    let details: Vec<String> = failures
        .into_iter()
        .map(|(host, failure)| {
            let name = target.host_name(host);
            match failure {
                AttemptError::Full(detail) => {
                    is_full = true;
                    format!("{name}: {detail}")
                }
                AttemptError::Connect(detail) | AttemptError::Lost { detail, .. } => format!("{name}: {detail}"),
                _ => format!("{name}: connecting failed"),
            }
        })
        .collect();
    let detail = details.join("; ");
    if is_full {
        AttemptError::Full(detail)
    } else {
        AttemptError::Connect(detail)
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
    fn who_may_serve() {
        use TargetSession::{Any, PreferPrimary, PreferStandby, Primary, ReadOnly, ReadWrite, Standby};
        let primary = Role::default();
        let standby = Role {
            is_standby: true,
            is_read_only: true,
            ..Role::default()
        };
        let read_only = Role {
            is_read_only: true,
            ..Role::default()
        };
        // Of a primary, a standby, a primary that is read-only: 0 is best, 1 second best, 2 never.
        for (session, expected) in [
            (Any, [0, 0, 0]),
            (ReadWrite, [0, 2, 2]),
            (ReadOnly, [2, 0, 0]),
            (Primary, [0, 2, 0]),
            (Standby, [2, 0, 2]),
            (PreferStandby, [1, 0, 1]),
            (PreferPrimary, [0, 1, 0]),
        ] {
            let found = [&primary, &standby, &read_only].map(|role| match fit(session, role) {
                Fit::Best => 0,
                Fit::Second => 1,
                Fit::Unfit(_) => 2,
            });
            assert_eq!(found, expected, "{session:?}");
        }
        let behind = Role {
            is_behind: true,
            ..Role::default()
        };
        assert_eq!(fit(Any, &behind), Fit::Second);
        let apart = Role {
            apart: Some("no quorum".to_owned()),
            ..Role::default()
        };
        assert!(matches!(fit(Any, &apart), Fit::Unfit(_)));
    }
}
