//! Hold, then decide: a short outage costs waiting, and no answer. How often and how long a statement is tried depends
//! on what it is for. Knows no SQL: a try is a future.

use std::future::Future;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::attempt_error::AttemptError;
use super::pool::Pool;
use super::state::{Health, State};
use crate::sql::budget::StatementKind;
use crate::sql::error::{SqlError, StatementError};

/// One try of a lookup; three fit into what SSSD waits.
pub(crate) const TRY: Duration = Duration::from_millis(1500);
/// After an outage: how long a scan's statement may stay silent before its connection counts as lost in it.
const AFTERMATH: Duration = Duration::from_secs(2);
/// How often a result that was incomplete or not understood is asked for again.
const ODD: u32 = 2;
/// A statement that loses its connection more often than this is not in an outage.
const LOST: u32 = 8;

/// How a kind of statement is tried.
pub(crate) struct Rule {
    /// The longest that one try may take.
    pub(crate) cut: Option<Duration>,
    /// True when the deadline is for the beginning of a try, and the try limits itself.
    pub(crate) open_ended: bool,
}

impl StatementKind {
    pub(crate) fn rule(self) -> Rule {
        Rule {
            cut: match self {
                StatementKind::Lookup | StatementKind::Bind => Some(TRY),
                StatementKind::Scan => None,
            },
            open_ended: false,
        }
    }
}

#[derive(Default)]
struct Count {
    slow: u32,
    odd: u32,
    lost: u32,
    busy: u32,
}

/// Tries until there is an answer, a statement's own error, or the deadline.
pub(crate) async fn retry<T, F, Fut>(rule: &Rule, deadline: Instant, pool: &Pool, attempt: F) -> Result<T, SqlError>
where
    F: Fn(OwnedSemaphorePermit) -> Fut,
    Fut: Future<Output = Result<T, AttemptError>>,
{
    let health = pool.health();
    let mut states = health.subscribe();
    let mut count = Count::default();
    loop {
        admitted(&mut states, deadline).await?;
        let repeat = match count.slow {
            0 => None,
            _ => Some(until(deadline, pool.repeats.acquire()).await?),
        };
        let permit = match until(deadline, pool.permit()).await? {
            Ok(permit) => permit,
            Err(_) => return Err(SqlError::Unavailable("the pool is closed".to_owned())),
        };
        // The state may have changed while it waited in the queue.
        if matches!(health.state(), State::Holding { .. } | State::Away) {
            continue;
        }
        let begun = Instant::now();
        let cut = rule
            .cut
            .map(|cut| (begun + cut).min(deadline))
            .or((!rule.open_ended).then_some(deadline));
        let mut outage = health.subscribe();
        let ended = tokio::select! {
            ended = attempt(permit) => ended,
            () = at(cut) => {
                if Instant::now() >= deadline {
                    return Err(out_of_time(health));
                }
                count.slow += 1;
                drop(repeat);
                sleep(jitter(Duration::from_millis(50)).min(deadline.saturating_duration_since(Instant::now()))).await;
                continue;
            }
            () = lost_in_outage(&mut outage, rule.open_ended) => {
                if health.state() == State::Away {
                    return Err(away());
                }
                Err(AttemptError::Busy("no answer after an outage".to_owned()))
            }
        };
        drop(repeat);
        match ended {
            Ok(value) => {
                health.succeeded(begun);
                return Ok(value);
            }
            Err(failure) => {
                health.failed(&failure);
                again(failure, &mut count, deadline).await?;
            }
        }
    }
}

/// After a failed try: returns when the next one may begin, or the error when there is none.
async fn again(failure: AttemptError, count: &mut Count, deadline: Instant) -> Result<(), SqlError> {
    let (times, most, detail) = match failure {
        AttemptError::Statement(error) | AttemptError::Stale(error) => {
            return Err(SqlError::Statement(error));
        }
        AttemptError::Final(error) => return Err(error),
        AttemptError::Connect(detail) | AttemptError::Full(detail) | AttemptError::Lost { detail, .. } => {
            count.lost += 1;
            if count.lost > LOST {
                return Err(SqlError::Unavailable(detail));
            }
            (count.lost, 500, detail)
        }
        AttemptError::Odd(detail) => {
            count.odd += 1;
            if count.odd > ODD {
                return Err(SqlError::Statement(StatementError::ours(detail)));
            }
            (count.odd, 100, detail)
        }
        AttemptError::Busy(detail) => {
            count.busy += 1;
            (count.busy, 250, detail)
        }
    };
    tracing::debug!(times, detail, "a statement is tried again");
    let pause = Duration::from_millis((5 << times.min(8)).min(most));
    let pause = pause / 2 + jitter(pause / 2);
    if Instant::now() + pause >= deadline {
        sleep_until(deadline).await;
        return match failure_kind(count) {
            Kind::Connectivity => Err(SqlError::Unavailable(detail)),
            Kind::Answered => Err(SqlError::TimedOut),
        };
    }
    sleep(pause).await;
    Ok(())
}

enum Kind {
    Connectivity,
    Answered,
}

fn failure_kind(count: &Count) -> Kind {
    if count.lost > 0 {
        Kind::Connectivity
    } else {
        Kind::Answered
    }
}

/// Waits while requests are held, instead of hammering at the database.
pub(crate) async fn admitted(states: &mut watch::Receiver<State>, deadline: Instant) -> Result<(), SqlError> {
    loop {
        match *states.borrow_and_update() {
            State::Starting | State::Serving => return Ok(()),
            State::Away => return Err(away()),
            State::Holding { .. } => {}
        }
        match timeout_at(deadline, states.changed()).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(away()),
            Err(_) => {
                return Err(SqlError::Unavailable("it did not come back in time".to_owned()));
            }
        }
    }
}

/// Resolves when the running statement can have no answer: the database went away; or it was away, is back, and still
/// says nothing on this connection. A stream may be silent because its reader is slow, and limits the time to its next
/// row itself.
async fn lost_in_outage(states: &mut watch::Receiver<State>, stream: bool) {
    let mut held = false;
    loop {
        let state = *states.borrow_and_update();
        match state {
            State::Away => return,
            State::Holding { .. } => held = true,
            State::Serving if held && !stream => {
                tokio::select! {
                    () = sleep(AFTERMATH) => return,
                    _ = states.changed() => continue,
                }
            }
            State::Starting | State::Serving => {}
        }
        if states.changed().await.is_err() {
            return;
        }
    }
}

async fn until<T>(deadline: Instant, wait: impl Future<Output = T>) -> Result<T, SqlError> {
    timeout_at(deadline, wait).await.map_err(|_| SqlError::TimedOut)
}

async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}

fn away() -> SqlError {
    SqlError::Unavailable("it is away".to_owned())
}

fn out_of_time(health: &Health) -> SqlError {
    match health.state() {
        State::Holding { .. } | State::Away => SqlError::Unavailable("it did not come back in time".to_owned()),
        State::Starting | State::Serving => SqlError::TimedOut,
    }
}

/// A random time up to `most`.
pub(crate) fn jitter(most: Duration) -> Duration {
    let share = RandomState::new().build_hasher().finish() % 1024;
    most * u32::try_from(share).unwrap_or(0) / 1024
}
