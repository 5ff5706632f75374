//! The entry that a search begins at or a compare is about, in a session that may read there.

use super::{access, context::Context, result::OperationError};
use crate::{
    config::Policy,
    directory::{
        DirectoryError,
        realm::Realm,
        search::{begin::SearchOutcome, query::SearchQuery, view::View},
    },
    model::{
        dn::Dn,
        entry::{Entry, Selection},
        filter::Filter,
        scope::Scope,
    },
    protocol::{LdapResult, ResultCode},
};
use std::sync::Arc;

/// A base and scope that this session may read.
pub(super) struct Base<'a> {
    pub(super) context: &'a Context,
    pub(super) realm: Arc<Realm>,
    pub(super) dn: Arc<Dn>,
    scope: Scope,
    /// What the session sees from here on.
    view: View,
}

/// What there is at a base.
pub(super) enum BaseEntry {
    /// Nothing; `matched` is the deepest ancestor that exists (RFC 4511 4.1.9).
    NoSuchObject { matched: String },
    /// An entry that does not match the filter.
    FilteredOut,
    /// An entry that matches.
    Found(Box<Entry>),
}

impl<'a> Base<'a> {
    /// Reads a DN of the client's. The session's right is checked before the entry is looked for, so that a refusal tells
    /// nobody what exists.
    ///
    /// # Errors
    /// The text is no DN, or the session may not read there.
    pub(super) async fn readable(context: &'a Context, dn: &str, scope: Scope) -> Result<Self, OperationError> {
        let realm = context.realm().described().ok_or(DirectoryError::NotDescribed)?;
        let dn = realm.read_dn(dn);
        let dn = dn.ok_or_else(|| LdapResult::new(ResultCode::InvalidDNSyntax, "the base is not a DN"))?;
        let view = match realm.is_public(&dn, scope) {
            true => View::default(),
            false => access::view(context, &realm).await?,
        };
        Ok(Base {
            context,
            realm,
            dn,
            scope,
            view,
        })
    }

    /// The answer where there is nothing at the base. One that is nobody's is probably a setting of the client that is wrong,
    /// so that it is told ours, which the root DSE shows to anybody.
    pub(super) fn no_such_object(&self, matched: String) -> LdapResult {
        let catalog = &self.context.services.catalog;
        let text = match matched.is_empty() && catalog.is_outside(&self.dn) {
            true if catalog.are_several() => format!("the base DNs of this directory are {}", catalog.bases_in_words()),
            true => format!("the base DN of this directory is {}", catalog.bases_in_words()),
            false => String::new(),
        };
        LdapResult::new(ResultCode::NoSuchObject, text).with_matched_dn(matched)
    }

    /// The query for all entries from here on that match.
    pub(super) fn query(&self, filter: Filter, selection: Selection) -> SearchQuery {
        SearchQuery {
            base: Arc::clone(&self.dn),
            scope: self.scope,
            filter,
            selection,
            view: self.view.clone(),
            wanted: None,
            page: None,
            lookup_deadline: self.context.received + Policy::LOOKUP_HOLD,
            scan_timeout: self.context.realm().policy.scan_timeout,
            observer: None,
        }
    }

    /// The entry itself with the values of one attribute.
    ///
    /// # Errors
    /// The directory could not answer.
    pub(super) async fn entry(&self, filter: Filter, attribute: &str) -> Result<BaseEntry, DirectoryError> {
        let selection = Selection::new(self.realm.schema(), &[attribute.to_owned()]);
        let query = SearchQuery {
            scope: Scope::Base,
            wanted: Some(1),
            ..self.query(filter, selection)
        };
        let mut results = match self.realm.search(query).await? {
            SearchOutcome::NoSuchObject { matched } => return Ok(BaseEntry::NoSuchObject { matched }),
            SearchOutcome::Results(results) => results,
        };
        let entries = results.next_batch().await?.unwrap_or_default();
        Ok(match entries.into_iter().next() {
            Some(entry) => BaseEntry::Found(Box::new(entry)),
            None => BaseEntry::FilteredOut,
        })
    }
}
