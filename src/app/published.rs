//! What the realms publish: each is replaced as a whole when it has been described, and the root DSE and the schema are those
//! of all.

use crate::directory::{naming::subschema::Capabilities, realm::Realm};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// A realm as operations see it; none until it has been described.
pub type PublishedRealm = Option<Arc<Realm>>;

/// The realms of a gateway.
pub struct Published {
    /// What clients are told can be done, in whichever realm.
    pub capabilities: Capabilities,
    /// The naming contexts, the default one first.
    contexts: Vec<String>,
    senders: Vec<watch::Sender<PublishedRealm>>,
    /// As they were described, each for itself.
    described: Mutex<Vec<PublishedRealm>>,
}

impl Published {
    /// So many realms that have not been described, and what operations see of each.
    pub fn new(
        realms: usize,
        contexts: Vec<String>,
        capabilities: Capabilities,
    ) -> (Self, Vec<watch::Receiver<PublishedRealm>>) {
        let (senders, receivers) = (0..realms).map(|_| watch::channel(None)).unzip();
        let published = Published {
            capabilities,
            contexts,
            senders,
            described: Mutex::new(vec![None; realms]),
        };
        (published, receivers)
    }

    /// Whether the realm at `position` has been described, now or before.
    pub fn is_published(&self, position: usize) -> bool {
        let sender = self.senders.get(position);
        sender.is_some_and(|sender| sender.borrow().is_some())
    }

    /// The realm at `position` has been described. Where that adds attributes to the schema, the others publish them too.
    pub fn publish(&self, position: usize, realm: Realm) {
        if let [only] = self.senders.as_slice() {
            only.send_replace(Some(Arc::new(realm)));
            return;
        }
        let contexts: Vec<&str> = self.contexts.iter().map(String::as_str).collect();
        let mut described = self.described.lock().unwrap_or_else(PoisonError::into_inner);
        let before = names(&described);
        if let Some(place) = described.get_mut(position) {
            *place = Some(Arc::new(realm));
        }
        let names = names(&described);
        for (number, (realm, sender)) in described.iter().zip(&self.senders).enumerate() {
            if let Some(realm) = realm
                && (number == position || names != before)
            {
                sender.send_replace(Some(Arc::new(realm.beside(&contexts, &names))));
            }
        }
    }
}

/// The attributes that the realms add to the published schema.
fn names(realms: &[PublishedRealm]) -> Vec<String> {
    let mut names: Vec<String> = realms
        .iter()
        .flatten()
        .flat_map(|realm| realm.added_attributes())
        .collect();
    names.sort();
    names.dedup();
    names
}
