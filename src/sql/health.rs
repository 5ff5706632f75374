//! Is the database there? The state machine (serving, holding, away), and the probe that drives it.
//! Decided by connectivity only: a statement's own error never comes here.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::futures::Notified;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};

use super::connection::Connection;
use super::error::{self, Failure};
use super::hosts::{self, Fit};
use super::pool::Pool;
use super::role;

/// A restart must cost nobody anything; longer, and clients are better served by the other replica.
pub const HOLD: Duration = Duration::from_millis(4500);
const PROBE_WHILE_SERVING: Duration = Duration::from_secs(1);
/// Also while holding: held requests have only `HOLD`, and a probe costs nothing.
const PROBE_WHILE_DOWN: Duration = Duration::from_millis(500);
/// A frozen database accepts connections and says nothing.
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);
/// Behind a pooler: how long short statements of our own may hold all sessions without one of them being answered.
const IN_TURN: Duration = Duration::from_secs(30);

/// What the database's connectivity is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Not yet described; only the owner leaves this state, by `Database::mark_described`.
    Starting,
    /// Reachable.
    Serving,
    /// Failed a moment ago: what can wait is held.
    Holding {
        /// When the first failure happened.
        since: Instant,
    },
    /// Away for longer than anybody should be held.
    Away,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            State::Starting => "starting",
            State::Serving => "serving",
            State::Holding { .. } => "holding",
            State::Away => "away",
        })
    }
}

/// The current state, and the generation of connections that can be trusted.
pub(super) struct Health {
    state: watch::Sender<State>,
    generation: AtomicU64,
    probe_now: Notify,
    /// A new generation began, or the database is there again.
    anew: Notify,
}

impl Health {
    pub(super) fn new() -> Self {
        Health {
            state: watch::Sender::new(State::Starting),
            generation: AtomicU64::new(1),
            probe_now: Notify::new(),
            anew: Notify::new(),
        }
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    pub(super) fn state(&self) -> State {
        *self.state.borrow()
    }

    /// Nothing says that it is not there.
    pub(super) fn is_reachable(&self) -> bool {
        matches!(self.state(), State::Starting | State::Serving)
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Connections of `generation` are not used again. Of many that break at once, the first one counts,
    /// so that those made after it are kept.
    fn distrust(&self, generation: u64) {
        let begun = self
            .generation
            .compare_exchange(generation, generation + 1, Ordering::AcqRel, Ordering::Acquire);
        if begun.is_ok() {
            self.anew.notify_waiters();
        }
    }

    /// Ends when a connection that is being opened is better begun again: it would be of an old generation, or may
    /// wait for a server that was away and knows nothing of it. Counts from the call, not from when it is first polled.
    pub(super) fn anew(&self) -> Notified<'_> {
        self.anew.notified()
    }

    /// Begins a new generation.
    pub(super) fn renew(&self) {
        self.distrust(self.generation());
    }

    pub(super) fn mark_described(&self) {
        self.change(
            |state| (state == State::Starting).then_some(State::Serving),
            "all queries are described",
        );
    }

    /// A try failed to connect or lost its connection.
    pub(super) fn failed(&self, failure: &Failure) {
        let detail = match failure {
            Failure::Connect(detail) | Failure::Full(detail) => detail,
            // One that was not trusted any more is no news.
            Failure::Lost { generation, .. } if *generation < self.generation() => return,
            Failure::Lost { detail, generation } => {
                self.distrust(*generation);
                detail
            }
            _ => return,
        };
        if self.hold(Instant::now(), detail) {
            self.probe_now.notify_one();
        }
    }

    /// Somebody waits: look now whether the database is there, and not only when the next probe is due. A frozen
    /// one is then away in time for a search to end within the 5 s that clients give it.
    pub(super) fn doubt(&self) {
        self.probe_now.notify_one();
    }

    /// A statement that was begun at `begun` was answered.
    pub(super) fn succeeded(&self, begun: Instant) {
        if let State::Holding { since } = self.state()
            && begun >= since
        {
            self.serve("a statement was answered", false);
        }
    }

    fn hold(&self, since: Instant, detail: &str) -> bool {
        self.change(
            |state| (state == State::Serving).then_some(State::Holding { since }),
            detail,
        )
    }

    fn serve(&self, why: &str, from_away: bool) -> bool {
        self.change(
            |state| match state {
                State::Holding { .. } => Some(State::Serving),
                State::Away if from_away => Some(State::Serving),
                _ => None,
            },
            why,
        )
    }

    fn leave(&self) {
        self.renew();
        self.change(
            |state| matches!(state, State::Holding { .. }).then_some(State::Away),
            "no answer for longer than requests can be held",
        );
    }

    fn probe_failed(&self, begun: Instant, detail: &str) {
        if self.hold(begun, detail) {
            self.renew();
        }
    }

    fn change(&self, next: impl FnOnce(State) -> Option<State>, why: &str) -> bool {
        let mut was = State::Starting;
        let changed = self.state.send_if_modified(|state| match next(*state) {
            Some(new) => {
                was = *state;
                *state = new;
                true
            }
            None => false,
        });
        if changed {
            match (was, self.state()) {
                (_, State::Serving) => {
                    self.anew.notify_waiters();
                    tracing::info!(was = %was, why, "database: serving");
                }
                (_, now) => tracing::warn!(was = %was, why, "database: {now}"),
            }
        }
        changed
    }
}

/// The probe: runs for ever on a connection of its own, outside the pool.
pub(super) async fn watch_over(health: Arc<Health>, pool: Arc<Pool>) {
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
            // All of a pooler's sessions run statements of ours, and the probe waits behind them.
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
    /// It came to nobody's turn.
    Waits(String),
    Failed(String),
}

/// Whether it is our own statements that a probe waits for: some have taken all sessions that a pooler lends us, and it
/// still lets us in. Of long ones nothing can be expected; of short ones that one is answered now and then, or the server
/// behind the pooler hangs.
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
        // The pool's connections have most likely gone the same way.
        health.renew();
    }
    let mut connection = match pool.connect().await {
        Ok(opened) => opened.connection,
        // No *new* connection (too many, a changed password): those that exist may work for days.
        Err(Failure::Full(detail)) => pool.spare().ok_or(Unanswered::Waits(detail))?,
        Err(Failure::Connect(detail)) => pool.spare().ok_or(Unanswered::Failed(detail))?,
        Err(_) => return Err(Unanswered::Failed("connecting failed".to_owned())),
    };
    answers(&mut connection, pool).await.map_err(Unanswered::Failed)?;
    still_open(connection)
}

/// The connection, unless a pooler's answer was that it has nothing for us.
fn still_open(connection: Connection) -> Result<Connection, Unanswered> {
    match connection.is_over() {
        true => Err(Unanswered::Waits(
            "the pooler let the probe wait for too long".to_owned(),
        )),
        false => Ok(connection),
    }
}

/// Whether the server may serve still. Else any answer will do, an error about the question as well.
async fn answers(connection: &mut Connection, pool: &Pool) -> Result<(), String> {
    let session = pool.target().session();
    match role::ask(connection, session).await {
        Ok(role) => match hosts::fit(session, &role) {
            Fit::Unfit(why) => Err(why),
            Fit::Best | Fit::Second => Ok(()),
        },
        Err(error) => match error::running(pool.target().engine(), &error, 0) {
            Failure::Lost { detail, .. } | Failure::Connect(detail) | Failure::Full(detail) | Failure::Odd(detail) => {
                Err(detail)
            }
            Failure::Busy(_) | Failure::Stale(_) | Failure::Statement(_) | Failure::Final(_) => Ok(()),
        },
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

    fn lost(generation: u64) -> Failure {
        Failure::Lost {
            detail: "gone".to_owned(),
            generation,
        }
    }

    #[test]
    fn only_the_owner_leaves_starting() {
        let health = Health::new();
        health.failed(&lost(1));
        health.serve("x", true);
        health.leave();
        assert_eq!(health.state(), State::Starting);
        health.mark_described();
        assert_eq!(health.state(), State::Serving);
    }

    #[test]
    fn a_failure_holds_and_a_later_success_leads_back() {
        let health = Health::new();
        health.mark_described();
        let before = Instant::now();
        std::thread::sleep(Duration::from_millis(2));
        health.failed(&lost(1));
        assert!(matches!(health.state(), State::Holding { .. }));
        health.succeeded(before);
        assert!(
            matches!(health.state(), State::Holding { .. }),
            "an answer from before proves nothing"
        );
        health.succeeded(Instant::now());
        assert_eq!(health.state(), State::Serving);
    }

    #[test]
    fn from_away_only_the_probe_leads_back() {
        let health = Health::new();
        health.mark_described();
        health.failed(&Failure::Connect("refused".to_owned()));
        health.leave();
        assert_eq!(health.state(), State::Away);
        health.succeeded(Instant::now());
        health.mark_described();
        assert_eq!(health.state(), State::Away);
        health.serve("probe", true);
        assert_eq!(health.state(), State::Serving);
    }

    #[test]
    fn a_statements_own_error_changes_nothing() {
        let health = Health::new();
        health.mark_described();
        health.failed(&Failure::Busy("locked".to_owned()));
        health.failed(&Failure::Statement(error::StatementError::ours("no such column")));
        assert_eq!((health.state(), health.generation()), (State::Serving, 1));
    }

    #[test]
    fn many_lost_connections_make_one_new_generation() {
        let health = Health::new();
        health.failed(&lost(1));
        health.failed(&lost(1));
        assert_eq!(health.generation(), 2);
        health.failed(&Failure::Connect("too many".to_owned()));
        assert_eq!(health.generation(), 2, "the connections that exist are still good");
    }
}
