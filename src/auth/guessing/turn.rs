//! How a bind waits for its turn, and tells how it ended. Waiting is asleep: it holds no thread and no connection to the
//! database, and whoever drops it leaves at once.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    net::IpAddr,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    sync::oneshot,
    time::{Instant, sleep_until, timeout_at},
};
use tracing::warn;

use super::{
    counts::{Attempt, Begins, Counts, Limits},
    pace::{Moment, millis},
};
use crate::{
    auth::{source_network::SourceNetwork, standing::Standing},
    config::GuessingSettings,
    metrics::Metrics,
};

/// The longest name in a log line, in characters.
const LONGEST_NAME: usize = 256;

/// Why a bind had no turn: its password was not looked at. Neither says anything about the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoTurn {
    /// Too many binds have failed, and others wait for the turns that are left.
    #[error("too many binds have failed")]
    TooManyFailures,
    /// Too many binds of this source are under way.
    #[error("too many binds are under way")]
    TooManyUnderWay,
}

/// Counts failed binds and makes those after them wait.
pub struct Guessing {
    /// None where it is off.
    waiting: Option<Waiting>,
    metrics: Metrics,
}

struct Waiting {
    settings: GuessingSettings,
    began: Instant,
    state: Mutex<State>,
}

struct State {
    counts: Counts,
    /// Sources with binds under way.
    lines: HashMap<SourceNetwork, Line>,
    last_number: u64,
}

/// The binds of one source.
#[derive(Default)]
struct Line {
    /// Those that are under way, by their numbers: whether they are judged by all failures of the source.
    under_way: HashMap<u64, bool>,
    /// How many are under way at each account.
    own: HashMap<u64, u64>,
    /// How many are under way that are judged by all failures of the source.
    judged: u64,
    /// Those that wait until one of the others has ended, in the order in which they came.
    queue: BTreeMap<u64, (Attempt, oneshot::Sender<()>)>,
}

impl fmt::Debug for Guessing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guessing")
    }
}

impl Guessing {
    /// Nobody has failed so far.
    pub fn new(settings: &GuessingSettings, metrics: Metrics) -> Self {
        let limits = Limits {
            own: settings.free_failures,
            // Several sources must have spent theirs.
            account: settings.free_failures.saturating_mul(4),
            source: settings.free_failures_per_address,
            longest: settings.longest_delay,
        };
        let waiting = settings.enabled.then(|| Waiting {
            settings: settings.clone(),
            began: Instant::now(),
            state: Mutex::new(State {
                counts: Counts::new(limits),
                lines: HashMap::new(),
                last_number: 0,
            }),
        });
        Guessing { waiting, metrics }
    }

    /// Waits until a bind of `account` by `client` may be looked at, at the latest until `until`. `account` is the name as it
    /// was typed, in the form in which equal names are equal texts.
    ///
    /// # Errors
    /// It may not before `until`, which is over now.
    pub async fn turn(&self, account: &str, client: IpAddr, until: Instant) -> Result<Turn<'_>, NoTurn> {
        let Some(waiting) = &self.waiting else {
            return Ok(Turn(None));
        };
        let shared = waiting.settings.is_shared(client);
        let attempt = waiting
            .lock()
            .counts
            .attempt(account, SourceNetwork::of(client), shared);
        let began = waiting.now();
        let turn = waiting.place(attempt, until).await;
        let turn = match turn {
            Some(place) => waiting.delay(place, began, until, &self.metrics).await,
            None => None,
        };
        match turn {
            Some((place, standing)) => Ok(Turn(Some(Looked {
                place,
                standing,
                name: account.chars().take(LONGEST_NAME).collect(),
                verified: AtomicBool::new(false),
            }))),
            None => {
                sleep_until(until).await;
                self.metrics.bind_without_turn();
                Err(waiting.why(&attempt))
            }
        }
    }
}

#[cfg(test)]
impl Guessing {
    /// Nothing is under way or waits.
    pub(super) fn is_idle(&self) -> bool {
        let lines = self.waiting.as_ref().map(|waiting| waiting.lock().lines.len());
        lines.unwrap_or_default() == 0
    }

    /// Whether the account has signed in from there.
    pub(super) fn is_familiar(&self, account: &str, client: IpAddr) -> bool {
        let waiting = self.waiting.as_ref();
        waiting.is_some_and(|waiting| {
            let counts = &waiting.lock().counts;
            let attempt = counts.attempt(account, SourceNetwork::of(client), false);
            counts.standing(&attempt, waiting.now()) == Standing::Familiar
        })
    }
}

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Never 0, which is before everything.
    fn now(&self) -> Moment {
        millis(self.began.elapsed()).saturating_add(1)
    }

    fn at(&self, moment: Moment) -> Instant {
        self.began + Duration::from_millis(moment.saturating_sub(1))
    }

    /// Waits for a place among the binds of this source that are under way.
    async fn place(&self, attempt: Attempt, until: Instant) -> Option<Place<'_>> {
        let (admitted, admission) = oneshot::channel();
        let now = self.now();
        let place = {
            let mut state = self.lock();
            state.last_number += 1;
            let number = state.last_number;
            let line = state.lines.entry(attempt.source).or_default();
            line.queue.insert(number, (attempt, admitted));
            // Whoever waits has no room; so nobody who came before is overtaken.
            state.admit_one(number, &attempt, now);
            Place {
                waiting: self,
                attempt,
                number,
            }
        };
        match timeout_at(until, admission).await {
            Ok(Ok(())) => Some(place),
            Ok(Err(_)) | Err(_) => None,
        }
    }

    /// Waits for the delay. None when it would end too late.
    async fn delay<'a>(
        &'a self,
        place: Place<'a>,
        began: Moment,
        until: Instant,
        metrics: &Metrics,
    ) -> Option<(Place<'a>, Standing)> {
        let mut delayed = None;
        loop {
            let due = {
                let mut state = self.lock();
                let now = self.now();
                let due = state.counts.due(&place.attempt, began, now);
                if due <= now {
                    state.counts.take_turn(&place.attempt, now);
                    let standing = state.counts.standing(&place.attempt, now);
                    return Some((place, standing));
                }
                self.at(due)
            };
            if due > until {
                return None;
            }
            delayed.get_or_insert_with(|| metrics.bind_delayed());
            sleep_until(due).await;
        }
    }

    fn why(&self, attempt: &Attempt) -> NoTurn {
        let now = self.now();
        if self.lock().counts.due(attempt, now, now) > now {
            NoTurn::TooManyFailures
        } else {
            NoTurn::TooManyUnderWay
        }
    }
}

impl State {
    /// Lets in whom an end has left room for, in the order in which they came.
    fn admit(&mut self, source: SourceNetwork, now: Moment) {
        let waiting = self.lines.get(&source).into_iter().flat_map(|line| &line.queue);
        let waiting: Vec<_> = waiting.map(|(number, (attempt, _))| (*number, *attempt)).collect();
        // An end leaves one place, and time may have left another.
        let mut admitted = 0;
        for (number, attempt) in waiting {
            admitted += usize::from(self.admit_one(number, &attempt, now));
            if admitted == 2 {
                return;
            }
        }
    }

    /// Lets it in if it has room; whether it did.
    fn admit_one(&mut self, number: u64, attempt: &Attempt, now: Moment) -> bool {
        let (own_room, judged_room) = self.counts.room(attempt, now);
        let Some(line) = self.lines.get_mut(&attempt.source) else {
            return false;
        };
        let own = line.own.get(&attempt.own()).copied().unwrap_or_default();
        if own >= own_room || judged_room.is_some_and(|room| line.judged >= room) {
            return false;
        }
        let Some((_, admitted)) = line.queue.remove(&number) else {
            return false;
        };
        line.own.insert(attempt.own(), own + 1);
        line.judged += u64::from(judged_room.is_some());
        line.under_way.insert(number, judged_room.is_some());
        // Who is about to go gives the place back.
        let _ = admitted.send(());
        true
    }

    /// It waits no longer, or is not under way any more.
    fn leave(&mut self, number: u64, attempt: &Attempt, now: Moment) {
        let Some(line) = self.lines.get_mut(&attempt.source) else {
            return;
        };
        line.queue.remove(&number);
        if let Some(judged) = line.under_way.remove(&number) {
            line.judged = line.judged.saturating_sub(u64::from(judged));
            let own = line.own.entry(attempt.own()).or_default();
            *own = own.saturating_sub(1);
            if *own == 0 {
                line.own.remove(&attempt.own());
            }
            self.admit(attempt.source, now);
        }
        if let Some(line) = self.lines.get(&attempt.source)
            && line.under_way.is_empty()
            && line.queue.is_empty()
        {
            self.lines.remove(&attempt.source);
        }
    }
}

/// A place among the binds of a source that are under way, or in their queue. Given back when dropped.
struct Place<'a> {
    waiting: &'a Waiting,
    attempt: Attempt,
    number: u64,
}

impl Place<'_> {
    /// Gives it back. A second time nothing happens.
    fn leave(&self) {
        let now = self.waiting.now();
        self.waiting.lock().leave(self.number, &self.attempt, now);
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}

/// A bind that may be looked at now. Dropped without saying how it ended, it counts as nothing: nobody learned anything.
#[must_use]
pub struct Turn<'a>(Option<Looked<'a>>);

struct Looked<'a> {
    place: Place<'a>,
    standing: Standing,
    name: String,
    verified: AtomicBool,
}

impl fmt::Debug for Turn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Turn")
    }
}

impl Turn<'_> {
    /// What is known of who binds.
    pub fn standing(&self) -> Standing {
        self.0.as_ref().map_or(Standing::default(), |looked| looked.standing)
    }

    /// What was typed is right, and somebody else is asked now. Others need not wait for that, and it is no guess any more.
    pub fn verified(&self) {
        if let Some(Looked { place, verified, .. }) = &self.0 {
            verified.store(true, Relaxed);
            place.leave();
        }
    }

    /// The client is who it says. From now on its source is one from which this account logs in.
    pub fn passed(self) {
        if let Some(Looked { place, .. }) = self.0 {
            let now = place.waiting.now();
            place.waiting.lock().counts.succeeded(&place.attempt, now);
        }
    }

    /// The client is refused.
    pub fn failed(self) {
        let Some(looked) = self.0 else { return };
        let Looked {
            place, name, verified, ..
        } = looked;
        if verified.load(Relaxed) {
            return;
        }
        let now = place.waiting.now();
        // Before the place is free for the next.
        let begins = place.waiting.lock().counts.failed(&place.attempt, now);
        let source = place.attempt.source;
        match begins {
            Begins::Nothing => {}
            Begins::Own => {
                warn!(name, %source, "many binds of this name from this source have failed: they are delayed now")
            }
            Begins::Account => warn!(
                name,
                "many binds of this name have failed: those from new sources are delayed now"
            ),
            Begins::Source => {
                warn!(%source, "many binds from this source have failed: those of names new to it are delayed now")
            }
            Begins::All => warn!("very many binds have failed: those from sources new to their names are delayed now"),
        }
    }
}
