//! What every operation is given besides its request: who asks, since when, and the parts of the gateway that it uses.

use crate::{
    auth::{authenticator::Authenticator, hashing_pool::HashingPool},
    config::Policy,
    directory::realm::Realm,
    metrics::Metrics,
};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::{Notify, watch};

/// The authorization identity of a session (RFC 4511 4.2.1). A value: only the connection's loop replaces it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// Not bound, or bound anonymously.
    Anonymous,
    /// Bound as the user whose entry has this DN, spelled as the entry spells it.
    User(Arc<str>),
}

impl Identity {
    /// The DN for a log line; empty when anonymous.
    pub fn dn(&self) -> &str {
        match self {
            Identity::Anonymous => "",
            Identity::User(dn) => dn,
        }
    }
}

/// Whose operation it is.
#[derive(Debug, Clone, Copy)]
pub struct Client {
    /// The connection's number in the log.
    pub connection: u64,
    /// Where the client is.
    pub address: SocketAddr,
}

/// The parts of the gateway that operations use, shared by all connections.
#[derive(Debug)]
pub struct Services {
    /// The realm as last described; none until the database could be asked for the first time.
    pub realm: watch::Receiver<Option<Arc<Realm>>>,
    /// What a bind must pass.
    pub authenticator: Authenticator,
    /// The threads that it verifies password hashes on.
    pub hashing: Arc<HashingPool>,
    /// What the operator decided.
    pub policy: Policy,
    /// Where operations are counted.
    pub metrics: Metrics,
    /// Told when a statement was refused: the tables may have changed since the queries were described.
    pub describe_again: Arc<Notify>,
    /// When the empty base was last warned of.
    pub empty_base_used: Seldom,
}

/// Lets something through once in a while: for warnings that clients can cause as often as they like.
#[derive(Debug, Default)]
pub struct Seldom(Mutex<Option<Instant>>);

impl Seldom {
    /// Whether it is the first time within `pause`.
    pub fn is_due(&self, pause: Duration) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = last.is_none_or(|last| last.elapsed() >= pause);
        if is_due {
            *last = Some(Instant::now());
        }
        is_due
    }
}

impl Services {
    /// The realm as last described.
    pub fn realm(&self) -> Option<Arc<Realm>> {
        self.realm.borrow().clone()
    }
}

/// One operation's surroundings.
#[derive(Debug, Clone)]
pub struct Context {
    /// The parts of the gateway.
    pub services: Arc<Services>,
    /// The identity the operation started with.
    pub identity: Identity,
    /// Whose connection it is.
    pub client: Client,
    /// Nobody on the network reads the connection.
    pub encrypted: bool,
    /// When the request was decoded: every hold is counted from here.
    pub received: Instant,
}
