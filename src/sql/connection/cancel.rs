//! Ends abandoned statements on the server: of operations that were abandoned, cancelled, out of time, or whose client
//! went away.
//!
//! The connection stays open until the server was told; until then nobody else can get its session. Then it is closed
//! and never used again, because a cancel that arrives late must find nothing. It keeps its place in the pool for a
//! second or two at most. So a flood of abandoned searches never takes more connections than the pool has places, and
//! this one; and a server that cannot be told takes no place from those who wait.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::abandoned::{Abandoned, PATIENCE};
use super::driver::Session;
use super::member::Idle;
use super::pool::Pool;

/// The pause after a failed attempt.
const PAUSE: Duration = Duration::from_millis(250);

/// An abandoned statement may still be on its way to the server: it is looked for during this time, this often.
const ARRIVAL: Duration = Duration::from_millis(80);
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// The connection that ends other connections' statements is closed after this time without work.
const QUIET: Duration = Duration::from_secs(60);

/// The abandoned statements of one host, and the connection that ends them.
struct Host {
    host: usize,
    control: Option<Idle>,
    list: Vec<Abandoned>,
}

/// Ends abandoned statements, for ever. Each host's connection for it is made at the first such statement, and kept
/// while it is used.
pub(crate) async fn cancel_abandoned(pool: Arc<Pool>, mut abandoned: mpsc::UnboundedReceiver<Abandoned>) {
    let mut hosts: Vec<Host> = Vec::new();
    let mut told = JoinSet::new();
    let mut pause = Duration::ZERO;
    loop {
        let is_empty = hosts.iter().all(|host| host.list.is_empty());
        let wait = match (is_empty, hosts.is_empty()) {
            (false, _) => Some(pause),
            (true, false) => Some(QUIET),
            (true, true) => None,
        };
        match receive(&mut abandoned, wait).await {
            Received::One(next) => sort(*next, &mut hosts, &mut told),
            Received::Nothing if is_empty => {
                hosts.clear();
                continue;
            }
            Received::Nothing => {}
            Received::End => return,
        }
        while let Ok(next) = abandoned.try_recv() {
            sort(next, &mut hosts, &mut told);
        }
        while told.try_join_next().is_some() {}
        if hosts.iter().all(|host| host.list.is_empty()) {
            continue;
        }
        let is_reachable = pool.health().is_reachable();
        // Side by side: a host that is away does not hold up the others.
        join_all(hosts.iter_mut().map(|host| end(&pool, host, is_reachable))).await;
        let all_told = hosts.iter().all(|host| host.list.is_empty() || host.control.is_some());
        pause = if all_told { BETWEEN_LOOKS } else { PAUSE };
        hosts.retain(|host| host.control.is_some() || !host.list.is_empty());
    }
}

/// A pooler is told by a new connection each time, all others by the one that is kept.
fn sort(abandoned: Abandoned, hosts: &mut Vec<Host>, told: &mut JoinSet<()>) {
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
        Session::Postgres(_) | Session::MySql { .. } => sort_in(hosts, abandoned),
    }
}

fn sort_in(hosts: &mut Vec<Host>, next: Abandoned) {
    match hosts.iter_mut().find(|host| host.host == next.member.host) {
        Some(host) => host.list.push(next),
        None => hosts.push(Host {
            host: next.member.host,
            control: None,
            list: vec![next],
        }),
    }
}

/// Ends the statements of one host, as far as that is possible now.
async fn end(pool: &Pool, host: &mut Host, is_reachable: bool) {
    if host.list.is_empty() {
        return;
    }
    let last = host.control.take();
    if is_reachable {
        host.control = timeout(PATIENCE, stop(pool, host.host, last, &mut host.list))
            .await
            .ok()
            .flatten();
    }
    if host.control.is_none() {
        tracing::debug!(
            statements = host.list.len(),
            "abandoned statements could not be ended yet"
        );
        // Also when the database is away: nobody waits for it with a place in the pool.
        host.list.iter_mut().for_each(|abandoned| abandoned.permit = None);
    }
    // When the server allows no further connection, others wait for these.
    let is_full = pool.is_full();
    let memory = |abandoned: &Abandoned| if is_full { PATIENCE } else { abandoned.memory() };
    host.list
        .retain(|abandoned| abandoned.since.elapsed() < memory(abandoned));
    let too_many = host.list.len().saturating_sub(pool.usage().size);
    host.list.drain(..too_many);
}

enum Received {
    One(Box<Abandoned>),
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
    next.map_or(Received::End, |next| Received::One(Box::new(next)))
}

/// Looks for each statement once, and takes it off the list when it has ended. Returns the connection, if it still
/// works.
async fn stop(pool: &Pool, host: usize, last: Option<Idle>, list: &mut Vec<Abandoned>) -> Option<Idle> {
    let mut control = pool.control(host, last).await.ok()?;
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
