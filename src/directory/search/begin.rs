//! The beginning of a search: what its base names, and which entries are in scope.

use crate::{
    directory::{
        entry_source::{EntrySource, Terms},
        error::DirectoryError,
        kind::{GROUPS, Kind, MembershipSide},
        naming::{
            fixed::{FixedEntries, FixedEntry},
            tree::{Name, Place, Tree},
        },
        search::{context::SearchContext, query::SearchQuery, required::operational, results::Results},
    },
    model::{entry::Entry, filter::ResolvedFilter, schema::Schema, scope::Scope},
    sql::Budget,
};

/// The answer to a search before its first entry.
pub enum SearchOutcome<'a> {
    /// The base exists; these are the entries below it that match.
    Results(Box<Results<'a>>),
    /// The base does not exist.
    NoSuchObject {
        /// The deepest ancestor that does (RFC 4511 4.1.9); empty when there is none.
        matched: String,
    },
}

/// What is searched.
#[derive(Clone, Copy)]
pub(crate) struct Searched<'a> {
    /// What attributes mean.
    pub schema: &'a Schema,
    /// What DNs name.
    pub tree: &'a Tree,
    /// The entries that need no source.
    pub fixed: &'a FixedEntries,
    /// All others.
    pub source: &'a dyn EntrySource,
    /// A search below the empty base is one of the whole directory.
    pub empty_base: bool,
}

/// Begins a search for entries that match `filter`, which is what the query's means here.
///
/// # Errors
/// The source could not say whether the base exists, or no page of this search ended where this one is to begin.
pub(crate) async fn begin<'a>(
    searched: Searched<'a>,
    filter: ResolvedFilter,
    query: &SearchQuery,
) -> Result<SearchOutcome<'a>, DirectoryError> {
    let Searched { tree, fixed, .. } = searched;
    let sees_accounts = query.view.only().is_none();
    let place = match sees_accounts {
        true => tree.locate(&query.base, searched.schema),
        false => tree.locate_beside_accounts(&query.base, searched.schema),
    };
    let mut results = Results::new(context(searched, &filter, query), filter, query);
    if results.is_resumed() && !matches!(place, Place::RootDse | Place::Base | Place::Container(_)) {
        return Err(DirectoryError::Position);
    }
    let scope = query.scope;
    let below = matches!(scope, Scope::OneLevel | Scope::Subtree | Scope::Subordinates);
    let itself = matches!(scope, Scope::Base | Scope::Subtree);
    match place {
        Place::RootDse if scope == Scope::Base => results.add_fixed(fixed, |entry| entry == FixedEntry::RootDse),
        // Nothing but the root DSE has this name. A client that asks so by mistake may rely on it: lighttpd 1.4.69
        // takes what is found for the membership of a group.
        Place::RootDse if !searched.empty_base => return Ok(no_such_object("")),
        Place::RootDse => {
            let has_base = scope != Scope::Subordinates || !tree.base().is_root();
            results.add_fixed(fixed, |entry| match entry {
                FixedEntry::RootDse | FixedEntry::Subschema => false,
                FixedEntry::Base => has_base,
                FixedEntry::Container(_) => scope != Scope::OneLevel,
                FixedEntry::ServiceAccount(_) => sees_accounts && scope != Scope::OneLevel,
            });
            if scope != Scope::OneLevel {
                results.add_kinds(|_| true)?;
            }
        }
        Place::Subschema => results.add_fixed(fixed, |entry| itself && entry == FixedEntry::Subschema),
        Place::Base => {
            results.add_fixed(fixed, |entry| match entry {
                FixedEntry::RootDse | FixedEntry::Subschema => false,
                FixedEntry::Base => itself,
                FixedEntry::Container(_) => below,
                FixedEntry::ServiceAccount(account) => {
                    sees_accounts && below && (scope != Scope::OneLevel || tree.account_stands_below(account, None))
                }
            });
            match scope {
                Scope::Base => {}
                Scope::OneLevel => results.add_kinds(|kind| tree.stands_below(kind, None))?,
                Scope::Subtree | Scope::Subordinates => results.add_kinds(|_| true)?,
            }
        }
        Place::Container(container) => {
            results.add_fixed(fixed, |entry| match entry {
                FixedEntry::Container(other) => itself && other == container,
                FixedEntry::ServiceAccount(account) => {
                    sees_accounts && below && tree.account_stands_below(account, Some(container))
                }
                FixedEntry::RootDse | FixedEntry::Subschema | FixedEntry::Base => false,
            });
            if below {
                results.add_kinds(|kind| tree.stands_below(kind, Some(container)))?;
            }
        }
        Place::ServiceAccount(account) => {
            results.add_fixed(fixed, |entry| itself && entry == FixedEntry::ServiceAccount(account));
        }
        Place::Entry(kind, name) => {
            let Some((kind, entry)) = standing_at(results.context(), kind, &name).await? else {
                return Ok(no_such_object(tree.superior_text(kind)));
            };
            if itself {
                Box::pin(results.add_base(kind, entry)).await?;
            }
        }
        Place::Below(kind, name) => {
            return Ok(match standing_at(results.context(), kind, &name).await? {
                Some((_, entry)) => no_such_object(&entry.dn),
                None => no_such_object(tree.superior_text(kind)),
            });
        }
        Place::Nowhere(matched) => return Ok(no_such_object(&matched)),
        Place::Foreign => return Ok(no_such_object("")),
    }
    Ok(SearchOutcome::Results(Box::new(results)))
}

/// The entry that stands where one of this kind and name would, if the session may see it. One that it may not see does not
/// exist: whether it does is not even asked.
async fn standing_at(
    context: &SearchContext<'_>,
    kind: Kind,
    name: &Name,
) -> Result<Option<(Kind, Entry)>, DirectoryError> {
    let SearchContext {
        source, terms, view, ..
    } = context;
    if let Some(own) = view.only() {
        let is_own_name = own.name.prepared == name.prepared;
        let is_own_group = match kind.membership {
            MembershipSide::Groups => {
                let groups = source.related(kind, &own.name, terms).await?;
                groups.is_some_and(|groups| groups.set.contains(&name.prepared))
            }
            MembershipSide::Members | MembershipSide::None => false,
        };
        if !is_own_name && !is_own_group {
            return Ok(None);
        }
        let found = source.standing_at(kind, name, terms).await?;
        // A group that is named as the user is not the user's, unless it is the private one.
        let is_shown = |kind: Kind, entry: &Entry| view.shows(kind, entry) && (kind != &GROUPS || is_own_group);
        return Ok(found.filter(|(kind, entry)| is_shown(kind, entry)));
    }
    source.standing_at(kind, name, terms).await
}

fn context<'a>(searched: Searched<'a>, filter: &ResolvedFilter, query: &SearchQuery) -> SearchContext<'a> {
    SearchContext {
        source: searched.source,
        schema: searched.schema,
        tree: searched.tree,
        selection: query.selection.clone(),
        view: query.view.clone(),
        terms: Terms {
            operational: operational(searched.schema, filter, &query.selection),
            lookup: Budget::lookup(query.lookup_deadline),
            scan_timeout: query.scan_timeout,
        },
        observer: query.observer.clone(),
    }
}

fn no_such_object<'a>(matched: &str) -> SearchOutcome<'a> {
    SearchOutcome::NoSuchObject {
        matched: matched.to_owned(),
    }
}
