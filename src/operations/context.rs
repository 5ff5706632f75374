//! What every operation is given besides its request: who asks, since when, and the parts of the gateway that it uses.

use super::catalog::{Catalog, RealmId, RealmServices};
use crate::{
    auth::{hash_maker::HashMaker, hashing_pool::HashingPool},
    config::Rights,
    metrics::Metrics,
};
use std::{
    hash::{BuildHasher, RandomState},
    net::SocketAddr,
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// The authorization identity of a session (RFC 4511 4.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// Not bound, or bound anonymously.
    Anonymous,
    /// Bound as the user whose entry has this DN, spelled as the entry spells it.
    User(Arc<str>),
    /// Bound as an account of `SERVICE_ACCOUNTS`.
    ServiceAccount(Arc<BoundAccount>),
}

/// A service account that a session is bound as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundAccount {
    /// Its DN, as its entry spells it.
    pub dn: String,
    /// What it may do.
    pub rights: Rights,
}

impl Identity {
    /// The DN for a log line; empty when anonymous.
    pub fn dn(&self) -> &str {
        match self {
            Identity::Anonymous => "",
            Identity::User(dn) => dn,
            Identity::ServiceAccount(account) => &account.dn,
        }
    }

    /// What the session may do beyond what users may: only service accounts have rights.
    pub fn rights(&self) -> Rights {
        match self {
            Identity::Anonymous | Identity::User(_) => Rights::default(),
            Identity::ServiceAccount(account) => account.rights,
        }
    }
}

/// Recognises the stored hash that a bind was verified by, without keeping it. It means nothing in another process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashMark(u64);

impl HashMark {
    /// The mark of this hash.
    pub fn of(hash: &str) -> Self {
        static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        HashMark(KEY.hash_one(hash))
    }
}

/// Who a connection speaks for, and in which realm: in others it is anonymous. Only the connection's loop replaces it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Who was bound.
    pub identity: Identity,
    /// The stored hash that proved it; none where there was none.
    pub verified: Option<HashMark>,
    home: Option<RealmId>,
}

impl Session {
    /// Not bound.
    pub const ANONYMOUS: Session = Session {
        identity: Identity::Anonymous,
        verified: None,
        home: None,
    };

    /// Bound in a realm.
    pub fn bound(identity: Identity, realm: RealmId) -> Self {
        Session {
            home: Some(realm).filter(|_| identity != Identity::Anonymous),
            identity,
            verified: None,
        }
    }

    /// The same, proved by this hash.
    #[must_use]
    pub fn verified_by(self, verified: Option<HashMark>) -> Self {
        Session { verified, ..self }
    }

    /// The realm that it was bound in; none where it is anonymous.
    pub fn home(&self) -> Option<RealmId> {
        self.home
    }

    /// Who it is in a realm: binds of one say nothing in another.
    pub fn identity_in(&self, realm: RealmId) -> Identity {
        match self.home == Some(realm) {
            true => self.identity.clone(),
            false => Identity::Anonymous,
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
    /// The realms, each with what it alone is served with.
    pub catalog: Catalog,
    /// The threads that password hashes are verified on.
    pub hashing: Arc<HashingPool>,
    /// Where hashes of new passwords are made.
    pub hash_maker: HashMaker,
    /// Where operations are counted.
    pub metrics: Metrics,
    /// Whether the log shows the values of filters.
    pub log_filter_values: bool,
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

/// One operation's surroundings, in the realm that its request is about.
#[derive(Debug, Clone)]
pub struct Context {
    /// The parts of the gateway.
    pub services: Arc<Services>,
    /// Which realm that is.
    pub realm: RealmId,
    /// The identity the operation started with; anonymous where the session was bound in another realm.
    pub identity: Identity,
    /// The stored hash that proved the identity.
    pub verified: Option<HashMark>,
    /// Whose connection it is.
    pub client: Client,
    /// Nobody on the network reads the connection.
    pub encrypted: bool,
    /// When the request was decoded: every hold is counted from here.
    pub received: Instant,
}

impl Context {
    /// What the realm is served with.
    pub fn realm(&self) -> &RealmServices {
        self.services.catalog.realm(self.realm)
    }
}
