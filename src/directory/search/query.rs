//! What a search asks of the directory.

use crate::{
    directory::search::{page::Page, trace::Observer, view::View},
    model::{dn::Dn, entry::Selection, filter::Filter, scope::Scope},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// A search request as the directory needs it.
#[derive(Debug, Clone)]
pub struct SearchQuery {
    /// Where to begin.
    pub base: Arc<Dn>,
    /// How far below.
    pub scope: Scope,
    /// What matches.
    pub filter: Filter,
    /// What is asked of each entry.
    pub selection: Selection,
    /// What the session may see.
    pub view: View,
    /// How many entries the client takes; the answer may have more.
    pub wanted: Option<u64>,
    /// Which part of the answer is wanted, where it is read in pages.
    pub page: Option<Page>,
    /// Until when lookups are held while the database is away.
    pub lookup_deadline: Instant,
    /// How long a scan waits for its next rows.
    pub scan_timeout: Duration,
    /// Who is told what is decided.
    pub observer: Option<Observer>,
}
