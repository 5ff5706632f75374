//! Ends on the server the statements that nobody waits for any more: abandoned, cancelled, out of time, or of a client
//! that went. Knows nothing of why.
//!
//! The connection stays open until the server was told, so its session cannot be somebody else's meanwhile. Afterwards
//! it is closed and not used again: a cancel that arrives late must find nothing. It also keeps its place in the pool,
//! for a second or two at most: however many searches are abandoned at once, there are never more connections than places,
//! and this one; and a server that cannot be told takes no place from those who wait.

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

/// After an attempt that failed.
const PAUSE: Duration = Duration::from_millis(250);

/// A statement may still be on its way to the server when it is abandoned: it is looked for so long, this often.
const ARRIVAL: Duration = Duration::from_millis(80);
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// The connection that ends the others is closed when it had nothing to do for so long.
const QUIET: Duration = Duration::from_secs(60);

/// What is to be ended on one host, and the connection that did the last of it.
struct Host {
    host: usize,
    control: Option<Idle>,
    list: Vec<Abandoned>,
}

/// Ends abandoned statements, for ever. The connection for it is made at a host's first one and kept while it is used.
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
        // Side by side: a host that is away holds up none of the others'.
        join_all(hosts.iter_mut().map(|host| end(&pool, host, is_reachable))).await;
        let all_told = hosts.iter().all(|host| host.list.is_empty() || host.control.is_some());
        pause = if all_told { BETWEEN_LOOKS } else { PAUSE };
        hosts.retain(|host| host.control.is_some() || !host.list.is_empty());
    }
}

/// A pooler is told by a connection that is nothing else; all others by the one that is kept for it.
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

/// Ends what is on one host's list, as far as that is possible now.
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
        // Also of a database that is away: nobody waits for it with a place in the pool.
        host.list.iter_mut().for_each(|abandoned| abandoned.permit = None);
    }
    // Where there is no connection to be had, they are what others wait for.
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

/// Looks for each of these once, and takes those off the list that need it no more; the connection that did it, if it
/// still works.
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
