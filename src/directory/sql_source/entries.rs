//! Entries by name, by membership and in order, from the operator's listings.

use crate::{
    config::RefusedWords,
    directory::{
        account::{AccountOutcome, AccountSource},
        entry_source::{Answer, EntryScan, EntrySource, Memberships, Order, Related, Terms, Wanted},
        error::DirectoryError,
        kind::{Kind, MembershipSide},
        naming::{
            asserted::entry_name,
            tree::{Name, Tree},
        },
        sql_source::{related, scan::ListingScan, source::SqlSource},
    },
    model::{
        entry::Entry,
        schema::{AttributeId, Schema},
    },
    sql::{Budget, Predicate, State, StatementKind},
};
use futures::future::BoxFuture;
use std::{collections::HashSet, sync::Arc};

impl EntrySource for SqlSource {
    fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    fn tree(&self) -> &Arc<Tree> {
        &self.tree
    }

    fn is_reachable(&self) -> bool {
        self.database.state() == State::Serving
    }

    fn kinds(&self) -> &[Kind] {
        SqlSource::kinds(self)
    }

    fn serves(&self, kind: Kind, id: AttributeId) -> bool {
        self.listing(kind).maker().serves(id)
    }

    fn has_class(&self, kind: Kind, oid: &str) -> Option<bool> {
        self.listing(kind).maker().has_class(oid)
    }

    fn standing_at<'a>(&'a self, kind: Kind, name: &'a Name, terms: &'a Terms) -> Answer<'a, Option<(Kind, Entry)>> {
        Box::pin(async move {
            let found = self.standing_row(kind, name, terms.lookup).await?;
            Ok(found.and_then(|(kind, row)| {
                let entry = self.listing(kind).maker().entry(row, terms.operational)?;
                Some((kind, entry))
            }))
        })
    }

    fn named<'a>(&'a self, kind: Kind, names: &'a [Name], terms: &'a Terms) -> Answer<'a, Vec<Entry>> {
        Box::pin(async move {
            let maker = self.listing(kind).maker();
            let mut entries = Vec::new();
            for name in names {
                let row = self.find(kind, name, terms.lookup).await?;
                entries.extend(row.and_then(|row| maker.entry(row, terms.operational)));
            }
            Ok(entries)
        })
    }

    fn scan<'a>(&'a self, wanted: &Wanted<'_>) -> Result<Box<dyn EntryScan + 'a>, DirectoryError> {
        Ok(Box::new(ListingScan::new(self, wanted)?))
    }

    fn end_page<'a>(
        &'a self,
        kind: Kind,
        entries: &'a mut [Entry],
        fitting: usize,
        terms: &'a Terms,
    ) -> Answer<'a, Order> {
        Box::pin(async move {
            let Some(last) = fitting.checked_sub(1).and_then(|last| entries.get(last)) else {
                return Ok(Order::Key);
            };
            let (key, listing) = (entry_name(kind, last), self.listing(kind));
            let budget = terms.budget(StatementKind::Scan);
            let rows = listing.ties(&Predicate::True, &key, budget).await?;
            let names = rows.iter().filter_map(|row| listing.maker().projection().name(row));
            let tied: HashSet<String> = names.collect();
            Ok(match rows.len() > 1 && order_tied(kind, entries, fitting, &tied) {
                true => Order::Tie,
                false => Order::Key,
            })
        })
    }

    fn memberships<'a>(&'a self, kind: Kind, names: &'a [String], budget: Budget) -> Answer<'a, Memberships> {
        Box::pin(async move {
            match kind.membership {
                MembershipSide::Members => self.memberships.groups_of(names, budget).await,
                MembershipSide::Groups => self.memberships.members_of(names, budget).await,
                MembershipSide::None => Ok(Memberships::default()),
            }
        })
    }

    fn related<'a>(&'a self, kind: Kind, other: &'a Name, terms: &'a Terms) -> Answer<'a, Option<Related>> {
        Box::pin(async move {
            match kind.membership {
                MembershipSide::Members => related::members(self, other, terms).await,
                MembershipSide::Groups => related::groups(self, other, terms).await,
                MembershipSide::None => Ok(None),
            }
        })
    }
}

impl AccountSource for SqlSource {
    fn account<'a>(
        &'a self,
        name: &'a Name,
        refused: &'a RefusedWords,
        budget: Budget,
    ) -> BoxFuture<'a, Result<AccountOutcome, DirectoryError>> {
        Box::pin(async move { Ok(self.accounts.find(name, refused, budget).await?) })
    }
}

/// Puts those of `entries` whose names are `tied` with that of the entry before `cut` in the order of their prepared
/// names. Whether some of them are behind `cut`.
///
/// Rows come in the order of their keys as the database compares them, which may hold several names equal. Only the
/// database can say which; the order of their prepared names is the same on every replica, whatever is inserted or deleted
/// meanwhile.
fn order_tied(kind: Kind, entries: &mut [Entry], cut: usize, tied: &HashSet<String>) -> bool {
    let Some(last) = cut.checked_sub(1) else { return false };
    let is_tied = |entry: &Entry| tied.contains(&entry_name(kind, entry));
    // Tied rows stand together; one that was deleted meanwhile is no longer known to be tied.
    let first = entries.iter().position(is_tied).map_or(last, |first| first.min(last));
    let end = entries.iter().rposition(is_tied).map_or(last, |end| end.max(last));
    if let Some(together) = entries.get_mut(first..=end) {
        together.sort_by_cached_key(|entry| Name::new(&entry_name(kind, entry)).map(|name| name.prepared));
    }
    end >= cut
}
