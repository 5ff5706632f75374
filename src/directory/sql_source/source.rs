//! What the source of entries is made of, and the rows behind entries of every kind.

use crate::{
    directory::{
        error::DirectoryError,
        kind::{Kind, PRIVATE_GROUPS, USERS},
        membership::Memberships,
        naming::tree::{Name, Tree},
        source::{accounts::Accounts, listing::Listing, lookup::Lookup, private_groups::PrivateGroups},
    },
    model::schema::Schema,
    sql::{Budget, Database, Row},
};
use std::sync::Arc;

/// The operator's database as a source of entries and accounts.
pub(crate) struct SqlSource {
    pub(in crate::directory) database: Database,
    pub(in crate::directory) schema: Arc<Schema>,
    pub(in crate::directory) tree: Arc<Tree>,
    pub(in crate::directory) kinds: Vec<Kind>,
    pub(in crate::directory) lookup: Arc<Lookup>,
    pub(in crate::directory) private_groups: Option<PrivateGroups>,
    /// Of kinds that are neither users nor groups.
    pub(in crate::directory) further: Vec<Listing>,
    pub(in crate::directory) memberships: Memberships,
    pub(in crate::directory) accounts: Accounts,
}

impl SqlSource {
    /// The kinds of entries that rows are made into, in the order in which searches give them.
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// All rows of one kind.
    pub fn listing(&self, kind: Kind) -> &Listing {
        match &self.private_groups {
            _ if kind == &USERS => self.lookup.users(),
            Some(private_groups) if kind == &PRIVATE_GROUPS => private_groups.listing(),
            _ => {
                let mut further = self.further.iter();
                // Nothing asks for kinds that there are not (`SqlSource::kinds`).
                further
                    .find(|listing| listing.kind() == kind)
                    .unwrap_or(self.lookup.groups())
            }
        }
    }

    /// The row of the entry with this name; None when there is no such entry.
    ///
    /// # Errors
    /// The database could not answer in time.
    pub async fn find(&self, kind: Kind, name: &Name, budget: Budget) -> Result<Option<Row>, DirectoryError> {
        // No private group has the name of a group, so only who wants one need know of the other.
        if kind == kind.place() {
            return self.row_at(kind, name, budget).await;
        }
        let standing = self.standing_row(kind, name, budget).await?;
        Ok(standing.filter(|(found, _)| *found == kind).map(|(_, row)| row))
    }

    /// The row with this name of a kind that has a place of its own.
    async fn row_at(&self, place: Kind, name: &Name, budget: Budget) -> Result<Option<Row>, DirectoryError> {
        Ok(match place == &USERS {
            true => self.lookup.user(name, budget).await?,
            false => self.listing(place).find(name, budget).await?,
        })
    }

    /// The row of the entry that stands where one of this kind and name would, and its kind: a private group stands where a
    /// group would.
    ///
    /// # Errors
    /// The database could not answer in time.
    pub async fn standing_row(
        &self,
        kind: Kind,
        name: &Name,
        budget: Budget,
    ) -> Result<Option<(Kind, Row)>, DirectoryError> {
        let place = kind.place();
        if let Some(row) = self.row_at(place, name, budget).await? {
            return Ok(Some((place, row)));
        }
        let Some(private_groups) = self.private_groups.as_ref().filter(|_| place == PRIVATE_GROUPS.place()) else {
            return Ok(None);
        };
        let row = private_groups.find(name, budget).await?;
        Ok(row.map(|row| (&PRIVATE_GROUPS, row)))
    }
}
