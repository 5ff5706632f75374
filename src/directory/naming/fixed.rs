//! The entries that no row makes, and which is which.

use crate::{
    directory::naming::{
        subschema::{Capabilities, root_dse, service_account, subschema, superior},
        tree::Tree,
    },
    model::{entry::Entry, schema::Schema},
};

/// An entry that no row makes. In the order in which a search gives them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FixedEntry {
    /// The root DSE (RFC 4512 5.1).
    RootDse,
    /// The subschema subentry (RFC 4512 4.2).
    Subschema,
    /// The naming context.
    Base,
    /// A container, by its position in [`Tree::containers`].
    Container(usize),
    /// A service account, by its position in [`Tree::service_accounts`].
    ServiceAccount(usize),
}

/// All of them, made once.
#[derive(Debug, Clone)]
pub struct FixedEntries {
    root_dse: Entry,
    subschema: Entry,
    base: Entry,
    containers: Vec<Entry>,
    service_accounts: Vec<Entry>,
}

impl FixedEntries {
    /// The fixed entries of a tree.
    pub fn new(schema: &Schema, tree: &Tree, capabilities: Capabilities) -> Self {
        FixedEntries {
            root_dse: root_dse(schema, &[tree.base_text()], capabilities),
            subschema: subschema(schema),
            base: superior(schema, tree, tree.base()),
            containers: tree.containers().map(|dn| superior(schema, tree, dn)).collect(),
            service_accounts: tree.service_accounts().map(|dn| service_account(schema, dn)).collect(),
        }
    }

    /// The same where there are other naming contexts: the root DSE lists these, the default one first, and the subschema what
    /// `schema` has.
    pub fn beside(&self, contexts: &[&str], schema: &Schema, capabilities: Capabilities) -> Self {
        FixedEntries {
            root_dse: root_dse(schema, contexts, capabilities),
            subschema: subschema(schema),
            ..self.clone()
        }
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = (FixedEntry, &Entry)> {
        let containers = self.containers.iter().enumerate();
        let accounts = self.service_accounts.iter().enumerate();
        [
            (FixedEntry::RootDse, &self.root_dse),
            (FixedEntry::Subschema, &self.subschema),
            (FixedEntry::Base, &self.base),
        ]
        .into_iter()
        .chain(containers.map(|(position, entry)| (FixedEntry::Container(position), entry)))
        .chain(accounts.map(|(position, entry)| (FixedEntry::ServiceAccount(position), entry)))
    }
}
