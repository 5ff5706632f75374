//! What a search decides, told to whoever asked for it (`explain`) before the statements that follow. Nothing is decided
//! here, so that what is explained cannot differ from what is done.

use crate::{
    directory::{entry_source::ScanWay, kind::Kind},
    model::filter::ResolvedFilter,
};
use std::{fmt, sync::Arc};

/// Something that a search has decided about the entries of one kind.
#[derive(Debug, Clone)]
pub enum Decision {
    /// None of them can match.
    NoneCanMatch(Kind),
    /// How those that can match are found.
    Finds {
        /// The kind.
        kind: Kind,
        /// What is left of the filter for them.
        filter: Box<ResolvedFilter>,
        /// How many names the answer to each of its memberships has.
        memberships: Vec<usize>,
        /// The way.
        way: Way,
    },
    /// More rows follow that are not read, since only the first were wanted.
    StopsAfterFirst(Kind),
}

/// How entries are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// It is the base of the search, found by its name.
    Base,
    /// They were read with the memberships that the filter asks for.
    WithMemberships,
    /// Each is looked up by its name.
    Names(Vec<String>),
    /// By reading all that can match.
    Scan(ScanWay),
}

/// Who is told what a search decides.
#[derive(Clone)]
pub struct Observer(Arc<dyn Fn(Decision) + Send + Sync>);

impl Observer {
    /// One that hands decisions to `tell`.
    pub fn new(tell: impl Fn(Decision) + Send + Sync + 'static) -> Self {
        Observer(Arc::new(tell))
    }

    /// Tells a decision.
    pub fn tell(&self, decision: Decision) {
        (self.0)(decision);
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}
