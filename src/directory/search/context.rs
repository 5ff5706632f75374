//! What all steps of one search are given.

use crate::{
    directory::{
        entry_source::{EntrySource, Terms},
        naming::tree::Tree,
        search::{
            trace::{Decision, Observer},
            view::View,
        },
    },
    model::{entry::Selection, schema::Schema},
};

/// What all steps of one search are given.
pub(crate) struct SearchContext<'a> {
    /// Where entries come from.
    pub source: &'a dyn EntrySource,
    /// What attributes mean.
    pub schema: &'a Schema,
    /// What DNs name.
    pub tree: &'a Tree,
    /// What is asked of each entry.
    pub selection: Selection,
    /// What the session may see.
    pub view: View,
    /// What the source is told with each question.
    pub terms: Terms,
    /// Who is told what is decided.
    pub observer: Option<Observer>,
}

impl SearchContext<'_> {
    /// Tells whoever listens.
    pub fn tell(&self, decision: impl FnOnce() -> Decision) {
        if let Some(observer) = &self.observer {
            observer.tell(decision());
        }
    }
}
