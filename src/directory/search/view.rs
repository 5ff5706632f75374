//! What a session may see, as data. A search knows no policy: whoever asks says what is hidden, and whose session it is.
//!
//! What is hidden is decided before a filter sees a value, and before the source is asked with it. A filter may then mean
//! something else for the session's own entry than for all others; that entry is looked for by its name.

use crate::{
    directory::{
        hidden::Hidden,
        kind::{GROUPS, Kind, PRIVATE_GROUPS, USERS},
        naming::{
            asserted::entry_name,
            tree::{Name, Tree},
        },
    },
    model::{
        entry::Entry,
        filter::{Filter, ResolvedFilter},
        schema::Schema,
    },
};
use bytes::Bytes;
use std::sync::Arc;

/// What a session may see of the directory. The default is everything.
#[derive(Debug, Clone, Default)]
pub struct View {
    own: Option<Arc<Own>>,
    is_own_only: bool,
    hidden: Option<Arc<Hidden>>,
}

/// A user, by the entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own {
    /// The DN as it is served: of names that differ in case, only this one is the session's own.
    pub dn: Arc<str>,
    /// The user name in it.
    pub name: Name,
}

impl View {
    /// All entries without `hidden`, but everything of the entry of the user `own`.
    pub fn without(hidden: Option<Arc<Hidden>>, own: Option<Own>) -> Self {
        View {
            own: own.map(Arc::new).filter(|_| hidden.is_some()),
            is_own_only: false,
            hidden,
        }
    }

    /// The user's own entry and the groups that the user is in, those without `hidden`. All entries that no row makes can
    /// be seen.
    pub fn of_own(own: Own, hidden: Option<Arc<Hidden>>) -> Self {
        View {
            own: Some(Arc::new(own)),
            is_own_only: true,
            hidden,
        }
    }

    /// Whether nothing is hidden.
    pub(crate) fn is_everything(&self) -> bool {
        self.hidden.is_none() && !self.is_own_only
    }

    /// What is hidden in all entries but the session's own.
    pub(crate) fn hidden(&self) -> Option<&Hidden> {
        self.hidden.as_deref()
    }

    /// What the source must not be asked about when it looks for entries of a kind: nothing where only the own one is
    /// looked for.
    pub(crate) fn unasked(&self, kind: Kind) -> Option<&Hidden> {
        self.hidden().filter(|_| kind != &USERS || !self.is_own_only)
    }

    /// The user who alone can be seen, with the groups that the user is in.
    pub(crate) fn only(&self) -> Option<&Own> {
        self.own.as_deref().filter(|_| self.is_own_only)
    }

    /// Whether it is the session's own entry.
    pub(crate) fn is_own(&self, kind: Kind, entry: &Entry) -> bool {
        kind == &USERS && self.own.as_ref().is_some_and(|own| *own.dn == *entry.dn)
    }

    /// Whether the entry can be seen. Groups were found by the user's memberships.
    pub(crate) fn shows(&self, kind: Kind, entry: &Entry) -> bool {
        match self.only() {
            Some(_) if kind == &USERS => self.is_own(kind, entry),
            Some(own) if kind == &PRIVATE_GROUPS => entry_name(kind, entry) == own.name.spelled,
            Some(_) => kind == &GROUPS,
            None => true,
        }
    }

    /// What a filter means for entries of a kind. The session's own entry is one of them only where nothing else can be
    /// seen.
    pub(crate) fn filter(&self, filter: &ResolvedFilter, kind: Kind, known: (&Schema, &Tree)) -> ResolvedFilter {
        let (schema, tree) = known;
        let is_own = kind == &USERS && self.is_own_only;
        let hidden = self.hidden.as_ref().filter(|_| !is_own);
        let shown = hidden.and_then(|hidden| hidden.undefined_in(filter, kind, schema));
        let shown = shown.unwrap_or_else(|| filter.clone());
        match self.only() {
            Some(own) => ResolvedFilter::all([own.reach(kind, schema, tree), shown]),
            None => shown,
        }
    }

    /// What finds the session's own entry, where a filter means something else for it than for others.
    pub(crate) fn own_apart(&self, filter: &ResolvedFilter, kind: Kind, schema: &Schema) -> Option<ResolvedFilter> {
        if kind != &USERS || self.is_own_only {
            return None;
        }
        self.hidden.as_ref()?.undefined_in(filter, kind, schema)?;
        Some(named(kind, &self.own.as_ref()?.name, schema))
    }
}

impl Own {
    /// The entries of a kind that the user may see.
    fn reach(&self, kind: Kind, schema: &Schema, tree: &Tree) -> ResolvedFilter {
        if kind == &USERS || kind == &PRIVATE_GROUPS {
            return named(kind, &self.name, schema);
        }
        if kind != &GROUPS {
            return ResolvedFilter::False;
        }
        let member = Filter::Equality {
            attribute: "member".to_owned(),
            value: Bytes::from(tree.entry_dn(&USERS, &self.name.spelled)),
        };
        member.resolve(schema)
    }
}

/// An entry of a kind that has this name.
fn named(kind: Kind, name: &Name, schema: &Schema) -> ResolvedFilter {
    let named = Filter::Equality {
        attribute: kind.rdn.to_owned(),
        value: Bytes::from(name.spelled.clone()),
    };
    named.resolve(schema)
}
