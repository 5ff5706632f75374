//! Ends on the server the statements that nobody waits for any more: abandoned, cancelled, out of time, or of a client
//! that went. Knows nothing of why.
//!
//! The connection stays open until the server was told, so its session can not be somebody else's meanwhile. Afterwards
//! it is closed and not used again: a cancel that arrives late must find nothing. It also keeps its place in the pool,
//! for a second or two at most: however many searches are abandoned at once, there are never more connections than places,
//! and this one; and a server that can not be told takes no place from those who wait.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::connection::Session;
use super::pool::{Idle, Member, Pool};

/// How long places in the pool wait for their statements to be ended, and how long one attempt may take.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long connections to MariaDB wait for it, which runs a statement whose client is gone to its end; where it has no
/// connection left to be told by, no longer than places do. PostgreSQL notices by itself (`connection::POSTGRES_SESSION`).
const MEMORY: Duration = Duration::from_secs(30);
/// After an attempt that failed.
const PAUSE: Duration = Duration::from_millis(250);

/// A statement may still be on its way to the server when it is abandoned: it is looked for so long, this often.
const ARRIVAL: Duration = Duration::from_millis(80);
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// The connection that ends the others is closed when it had nothing to do for so long.
const QUIET: Duration = Duration::from_secs(60);

/// A statement that runs on in the server though nobody listens, with its connection and place.
pub(super) struct Abandoned {
    // In this order: the place is free when the connection is closed.
    _member: Member,
    permit: Option<OwnedSemaphorePermit>,
    session: Session,
    sql: String,
    since: Instant,
}

impl Abandoned {
    pub(super) fn new(member: Member, session: Session, sql: &str, permit: Option<OwnedSemaphorePermit>) -> Self {
        Abandoned {
            _member: member,
            permit,
            session,
            sql: sql.to_owned(),
            since: Instant::now(),
        }
    }

    /// How long its connection is kept when the server can not be told.
    fn memory(&self) -> Duration {
        match &self.session {
            // Over a Unix socket all hosts are the same, and a number may be somebody else's after a restart.
            Session::MySql { host, .. } if host.contains(':') => MEMORY,
            Session::MySql { .. } | Session::Postgres(_) | Session::Pooled(_) => PATIENCE,
        }
    }
}

/// Ends abandoned statements, for ever. The connection for it is made at the first one and kept while it is used.
pub(super) async fn bury(pool: Arc<Pool>, mut abandoned: mpsc::UnboundedReceiver<Abandoned>) {
    let mut control: Option<Idle> = None;
    let mut list: Vec<Abandoned> = Vec::new();
    let mut told = JoinSet::new();
    let mut pause = Duration::ZERO;
    loop {
        let wait = match (list.is_empty(), &control) {
            (false, _) => Some(pause),
            (true, Some(_)) => Some(QUIET),
            (true, None) => None,
        };
        match receive(&mut abandoned, wait).await {
            Received::One(next) => sort(next, &mut list, &mut told),
            Received::Nothing if list.is_empty() => {
                control = None;
                continue;
            }
            Received::Nothing => {}
            Received::End => return,
        }
        while let Ok(next) = abandoned.try_recv() {
            sort(next, &mut list, &mut told);
        }
        while told.try_join_next().is_some() {}
        if list.is_empty() {
            continue;
        }
        let last = control.take();
        if pool.health().is_reachable() {
            control = timeout(PATIENCE, stop(&pool, last, &mut list)).await.ok().flatten();
        }
        pause = if control.is_some() { BETWEEN_LOOKS } else { PAUSE };
        if control.is_none() {
            tracing::debug!(statements = list.len(), "abandoned statements could not be ended yet");
            // Also of a database that is away: nobody waits for it with a place in the pool.
            list.iter_mut().for_each(|abandoned| abandoned.permit = None);
        }
        // Where there is no connection to be had, they are what others wait for.
        let is_full = pool.is_full();
        let memory = |abandoned: &Abandoned| if is_full { PATIENCE } else { abandoned.memory() };
        list.retain(|abandoned| abandoned.since.elapsed() < memory(abandoned));
        let too_many = list.len().saturating_sub(pool.usage().size);
        list.drain(..too_many);
    }
}

/// A pooler is told by a connection that is nothing else; all others by the one that is kept for it.
fn sort(abandoned: Abandoned, list: &mut Vec<Abandoned>, told: &mut JoinSet<()>) {
    match &abandoned.session {
        Session::Pooled(key) => {
            let key = key.clone();
            told.spawn(async move {
                match timeout(PATIENCE, key.cancel()).await {
                    Ok(Ok(())) => {}
                    _ => tracing::debug!("an abandoned statement could not be ended"),
                }
                // Now its connection is closed, and its place is free.
                drop(abandoned);
            });
        }
        Session::Postgres(_) | Session::MySql { .. } => list.push(abandoned),
    }
}

enum Received {
    One(Abandoned),
    Nothing,
    End,
}

/// The next one, if it comes in this time.
async fn receive(abandoned: &mut mpsc::UnboundedReceiver<Abandoned>, wait: Option<Duration>) -> Received {
    let next = match wait {
        None => abandoned.recv().await,
        Some(wait) => match timeout(wait, abandoned.recv()).await {
            Ok(next) => next,
            Err(_) => return Received::Nothing,
        },
    };
    next.map_or(Received::End, Received::One)
}

/// Looks for each of these once, and takes those off the list that need it no more; the connection that did it, if it
/// still works.
async fn stop(pool: &Pool, last: Option<Idle>, list: &mut Vec<Abandoned>) -> Option<Idle> {
    let mut control = pool.control(last).await.ok()?;
    let mut next = 0;
    while let Some(abandoned) = list.get_mut(next) {
        let ended = control.connection.stop(&abandoned.session, &abandoned.sql).await.ok()?;
        if ended || abandoned.since.elapsed() >= ARRIVAL {
            list.remove(next);
        } else {
            next += 1;
        }
    }
    Some(control.rest())
}
