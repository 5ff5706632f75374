//! Ends on the server the statements that nobody waits for any more: abandoned, cancelled, out of time, or of a client
//! that went. Knows nothing of why.
//!
//! The connection stays open and keeps its place in the pool until the server was told. So its session can not be
//! somebody else's meanwhile, and however many searches are abandoned at once, there are never more connections than
//! places, and this one. Afterwards it is closed and not used again: a cancel that arrives late must find nothing.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use tokio::time::{sleep, timeout};

use super::connection::Session;
use super::health::State;
use super::pool::{Idle, Member, Pool};

/// How long connections and their places wait for their statements to be ended. The server notices by itself that they
/// are closed, later (`connection::POSTGRES_SESSION`).
const PATIENCE: Duration = Duration::from_secs(1);
/// A statement may still be on its way to the server when it is abandoned: it is looked for this often.
const TRIES: u32 = 4;
const BETWEEN_TRIES: Duration = Duration::from_millis(20);

/// The connection that ends the others is closed when it had nothing to do for so long.
const QUIET: Duration = Duration::from_secs(60);

/// A statement that runs on in the server though nobody listens, with its connection and place.
pub(super) struct Abandoned {
    // In this order: the place is free when the connection is closed.
    _member: Member,
    _permit: OwnedSemaphorePermit,
    session: Session,
    sql: String,
}

impl Abandoned {
    pub(super) fn new(member: Member, session: Session, sql: &str, permit: OwnedSemaphorePermit) -> Self {
        Abandoned {
            _member: member,
            _permit: permit,
            session,
            sql: sql.to_owned(),
        }
    }
}

/// Ends abandoned statements, for ever. The connection for it is made at the first one and kept while it is used.
pub(super) async fn bury(pool: Arc<Pool>, mut abandoned: mpsc::UnboundedReceiver<Abandoned>) {
    let mut control: Option<Idle> = None;
    loop {
        let first = match &control {
            None => abandoned.recv().await,
            Some(_) => match timeout(QUIET, abandoned.recv()).await {
                Ok(first) => first,
                Err(_) => {
                    control = None;
                    continue;
                }
            },
        };
        let Some(first) = first else { return };
        let mut list = vec![first];
        while let Ok(next) = abandoned.try_recv() {
            list.push(next);
        }
        let mut states = pool.health().subscribe();
        let last = control.take();
        // What is left of the list is closed whatever happens.
        control = tokio::select! {
            stopped = timeout(PATIENCE, stop(&pool, last, list)) => stopped.ok().flatten(),
            () = unreachable(&mut states) => None,
        };
        if control.is_none() {
            tracing::debug!("abandoned statements could not be ended; their connections are closed");
        }
    }
}

/// Ends all of these; the connection that did it, if it still works.
async fn stop(pool: &Pool, last: Option<Idle>, mut list: Vec<Abandoned>) -> Option<Idle> {
    let mut control = pool.control(last).await.ok()?;
    for _ in 0..TRIES {
        let mut left = Vec::new();
        for abandoned in list {
            if !control.connection.stop(abandoned.session, &abandoned.sql).await.ok()? {
                left.push(abandoned);
            }
        }
        if left.is_empty() {
            break;
        }
        list = left;
        sleep(BETWEEN_TRIES).await;
    }
    Some(control.rest())
}

/// Resolves when the database can not be asked: then nobody waits for it with a place in the pool.
async fn unreachable(states: &mut watch::Receiver<State>) {
    let away = |state: &State| matches!(state, State::Holding { .. } | State::Away);
    if states.wait_for(away).await.is_err() {
        std::future::pending().await
    }
}
