//! The probe finds out whether the database is there, on a connection of its own, and drives the state.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};

use super::attempt_error::{self, AttemptError};
use super::driver::Connection;
use super::hosts::{self, Fit};
use super::pool::Pool;
use super::role;
use super::state::{HOLD, Health, State};

const PROBE_WHILE_SERVING: Duration = Duration::from_secs(1);
/// The same while holding: requests are held for `HOLD` only, and a probe costs nothing.
const PROBE_WHILE_DOWN: Duration = Duration::from_millis(500);
/// Limited, because a frozen database accepts connections and says nothing.
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);
/// Behind a pooler: how long our own short statements may hold all sessions without one being answered.
const IN_TURN: Duration = Duration::from_secs(30);

/// Probes for ever, on a connection outside the pool.
pub(crate) async fn watch_over(health: Arc<Health>, pool: Arc<Pool>) {
    let mut own: Option<Connection> = None;
    let mut answered = (0, Instant::now());
    let mut states = health.subscribe();
    loop {
        let state = *states.borrow_and_update();
        let (pause, give_up) = match state {
            State::Starting => {
                // The owner describes its queries again and again, which tells as much.
                if states.changed().await.is_err() {
                    return;
                }
                continue;
            }
            State::Serving => (PROBE_WHILE_SERVING, None),
            State::Holding { since } => (PROBE_WHILE_DOWN, Some(since + HOLD)),
            State::Away => (PROBE_WHILE_DOWN, None),
        };
        tokio::select! {
            () = sleep(pause) => {}
            () = health.probe_now.notified() => {}
            () = sleep_until(give_up.unwrap_or_else(Instant::now)), if give_up.is_some() => {}
        }
        let begun = Instant::now();
        // The state may have changed while we slept.
        let give_up = match health.state() {
            State::Holding { since } => Some(since + HOLD),
            _ => None,
        };
        if give_up.is_some_and(|at| begun >= at) {
            health.leave();
            continue;
        }
        pool.prune();
        let limit = begun + PROBE_TIMEOUT;
        let limit = give_up.map_or(limit, |at| at.min(limit));
        let probed = timeout_at(limit, probe(&health, &pool, own.take()))
            .await
            .unwrap_or_else(|_| Err(Unanswered::Waits("the probe was not answered in time".to_owned())));
        let count = pool.answered();
        if probed.is_ok() || count != answered.0 {
            answered = (count, Instant::now());
        }
        match probed {
            Ok(connection) => {
                own = Some(connection);
                health.serve("the database answers again", true);
            }
            // All of the pooler's sessions run our statements, and the probe waits behind them.
            Err(Unanswered::Waits(detail)) if waits_in_turn(&pool, answered.1).await => {
                tracing::debug!(detail, "the pooler has no session for the probe while statements run");
                health.serve("the pooler lets us in, and statements run", false);
            }
            Err(Unanswered::Waits(detail) | Unanswered::Failed(detail)) => health.probe_failed(begun, &detail),
        }
    }
}

/// Why the probe has no answer.
enum Unanswered {
    /// It did not get its turn.
    Waits(String),
    Failed(String),
}

/// Whether the probe waits for our own statements: they have taken all sessions that the pooler lends us, and it still
/// lets us in. Long ones prove nothing more. Of short ones one must be answered now and then, or the server behind the
/// pooler hangs.
async fn waits_in_turn(pool: &Pool, answered: Instant) -> bool {
    let is_ours = pool.target().shares_sessions()
        && pool.usage().in_use > 0
        && (pool.runs_long() || answered.elapsed() < IN_TURN);
    is_ours && matches!(timeout(PROBE_TIMEOUT, pool.target().lets_in()).await, Ok(true))
}

/// One question on the probe's connection, or on a new one when that is gone.
async fn probe(health: &Health, pool: &Pool, own: Option<Connection>) -> Result<Connection, Unanswered> {
    if let Some(mut connection) = own
        && connection.is_current()
    {
        if answers(&mut connection, pool).await.is_ok() {
            return still_open(connection);
        }
        // Most likely the pool's connections are gone too.
        health.renew();
    }
    let mut connection = match pool.connect().await {
        Ok(opened) => opened.connection,
        // No *new* connection (too many, a changed password): the existing ones may work for days.
        Err(AttemptError::Full(detail)) => pool.spare().ok_or(Unanswered::Waits(detail))?,
        Err(AttemptError::Connect(detail)) => pool.spare().ok_or(Unanswered::Failed(detail))?,
        Err(_) => return Err(Unanswered::Failed("connecting failed".to_owned())),
    };
    answers(&mut connection, pool).await.map_err(Unanswered::Failed)?;
    still_open(connection)
}

/// The connection, unless the pooler ended it with its answer.
fn still_open(connection: Connection) -> Result<Connection, Unanswered> {
    match connection.is_over() {
        true => Err(Unanswered::Waits(
            "the pooler let the probe wait for too long".to_owned(),
        )),
        false => Ok(connection),
    }
}

/// Whether the server answers and may still serve. Apart from its role any answer will do, even an error about the
/// question.
async fn answers(connection: &mut Connection, pool: &Pool) -> Result<(), String> {
    let session = pool.target().session();
    match role::ask(connection, session).await {
        Ok(role) => match hosts::fit(session, &role) {
            Fit::Unfit(why) => Err(why),
            Fit::Best | Fit::Second => Ok(()),
        },
        Err(error) => match attempt_error::running(pool.target().engine(), &error, 0) {
            AttemptError::Lost { detail, .. }
            | AttemptError::Connect(detail)
            | AttemptError::Full(detail)
            | AttemptError::Odd(detail) => Err(detail),
            AttemptError::Busy(_) | AttemptError::Stale(_) | AttemptError::Statement(_) | AttemptError::Final(_) => {
                Ok(())
            }
        },
    }
}
