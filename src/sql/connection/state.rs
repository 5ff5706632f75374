//! Whether the database is there: starting, serving, holding, away. Decided by connectivity only; a statement's own
//! error never comes here.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::futures::Notified;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tracing::Span;

use super::attempt_error::AttemptError;

/// How long requests are held. A restart of the database must cost nobody anything; beyond that, clients are better
/// served by another replica.
pub const HOLD: Duration = Duration::from_millis(4500);

/// The database's connectivity.
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
pub(crate) struct Health {
    state: watch::Sender<State>,
    generation: AtomicU64,
    pub(super) probe_now: Notify,
    /// A new generation began, or the database is there again.
    anew: Notify,
    /// Why it is not there, in the words of whoever noticed.
    why: Mutex<String>,
    /// Which database it is, for the log.
    place: String,
    /// Whose it is, for the log.
    pub(super) span: Span,
}

impl Health {
    /// Of the database at `place`.
    pub(crate) fn new(place: String) -> Self {
        Health {
            state: watch::Sender::new(State::Starting),
            generation: AtomicU64::new(1),
            probe_now: Notify::new(),
            anew: Notify::new(),
            why: Mutex::default(),
            place,
            span: Span::current(),
        }
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    pub(crate) fn state(&self) -> State {
        *self.state.borrow()
    }

    /// Nothing says that it is not there.
    pub(crate) fn is_reachable(&self) -> bool {
        matches!(self.state(), State::Starting | State::Serving)
    }

    pub(crate) fn generation(&self) -> u64 {
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
    pub(crate) fn anew(&self) -> Notified<'_> {
        self.anew.notified()
    }

    /// Begins a new generation.
    pub(crate) fn renew(&self) {
        self.distrust(self.generation());
    }

    pub(crate) fn mark_described(&self) {
        self.change(
            |state| (state == State::Starting).then_some(State::Serving),
            "all queries are described",
        );
    }

    /// A try failed to connect or lost its connection.
    pub(crate) fn failed(&self, failure: &AttemptError) {
        let detail = match failure {
            AttemptError::Connect(detail) | AttemptError::Full(detail) => detail,
            // One that was not trusted any more is no news.
            AttemptError::Lost { generation, .. } if *generation < self.generation() => return,
            AttemptError::Lost { detail, generation } => {
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
    pub(crate) fn doubt(&self) {
        self.probe_now.notify_one();
    }

    /// A statement that was begun at `begun` was answered.
    pub(crate) fn succeeded(&self, begun: Instant) {
        if let State::Holding { since } = self.state()
            && begun >= since
        {
            self.serve("a statement was answered", false);
        }
    }

    /// Why it is not there; None while it is.
    pub(crate) fn why_not_there(&self) -> Option<String> {
        let is_there = matches!(self.state(), State::Starting | State::Serving);
        (!is_there).then(|| self.why.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    fn hold(&self, since: Instant, detail: &str) -> bool {
        detail.clone_into(&mut self.why.lock().unwrap_or_else(PoisonError::into_inner));
        self.change(
            |state| (state == State::Serving).then_some(State::Holding { since }),
            detail,
        )
    }

    pub(super) fn serve(&self, why: &str, from_away: bool) -> bool {
        self.change(
            |state| match state {
                State::Holding { .. } => Some(State::Serving),
                State::Away if from_away => Some(State::Serving),
                _ => None,
            },
            why,
        )
    }

    pub(super) fn leave(&self) {
        self.renew();
        self.change(
            |state| matches!(state, State::Holding { .. }).then_some(State::Away),
            "no answer for longer than requests can be held",
        );
    }

    pub(super) fn probe_failed(&self, begun: Instant, detail: &str) {
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
            let _whose = self.span.enter();
            let place = self.place.as_str();
            match (was, self.state()) {
                (_, State::Serving) => {
                    self.anew.notify_waiters();
                    tracing::info!(was = %was, place, why, "database: serving");
                }
                (_, now) => tracing::warn!(was = %was, place, why, "database: {now}"),
            }
        }
        changed
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

    fn lost(generation: u64) -> AttemptError {
        AttemptError::Lost {
            detail: "gone".to_owned(),
            generation,
        }
    }

    #[test]
    fn only_the_owner_leaves_starting() {
        let health = Health::new(String::new());
        health.failed(&lost(1));
        health.serve("x", true);
        health.leave();
        assert_eq!(health.state(), State::Starting);
        health.mark_described();
        assert_eq!(health.state(), State::Serving);
    }

    #[test]
    fn a_failure_holds_and_a_later_success_leads_back() {
        let health = Health::new(String::new());
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
        let health = Health::new(String::new());
        health.mark_described();
        health.failed(&AttemptError::Connect("refused".to_owned()));
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
        let health = Health::new(String::new());
        health.mark_described();
        health.failed(&AttemptError::Busy("locked".to_owned()));
        health.failed(&AttemptError::Statement(crate::sql::StatementError::ours(
            "no such column",
        )));
        assert_eq!((health.state(), health.generation()), (State::Serving, 1));
    }

    #[test]
    fn many_lost_connections_make_one_new_generation() {
        let health = Health::new(String::new());
        health.failed(&lost(1));
        health.failed(&lost(1));
        assert_eq!(health.generation(), 2);
        health.failed(&AttemptError::Connect("too many".to_owned()));
        assert_eq!(health.generation(), 2, "the connections that exist are still good");
    }
}
