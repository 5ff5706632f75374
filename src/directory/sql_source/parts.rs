//! What the source of entries is made of, and the rows behind entries of every kind.

use crate::{
    directory::{
        error::DirectoryError,
        kind::Kind,
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
    pub(in crate::directory) lookup: Arc<Lookup>,
    pub(in crate::directory) private_groups: Option<PrivateGroups>,
    pub(in crate::directory) memberships: Memberships,
    pub(in crate::directory) accounts: Accounts,
}

impl SqlSource {
    /// The kinds of entries that rows are made into, in the order in which searches give them.
    pub fn kinds(&self) -> &'static [Kind] {
        match self.private_groups {
            Some(_) => &[Kind::User, Kind::Group, Kind::PrivateGroup],
            None => &[Kind::User, Kind::Group],
        }
    }

    /// All rows of one kind.
    pub fn listing(&self, kind: Kind) -> &Listing {
        match (kind, &self.private_groups) {
            (Kind::User, _) => self.lookup.users(),
            (Kind::PrivateGroup, Some(private_groups)) => private_groups.listing(),
            // Without private groups nothing asks for theirs (`SqlSource::kinds`).
            (Kind::Group | Kind::PrivateGroup, _) => self.lookup.groups(),
        }
    }

    /// The row of the entry with this name; None when there is no such entry.
    ///
    /// # Errors
    /// The database could not answer in time.
    pub async fn find(&self, kind: Kind, name: &Name, budget: Budget) -> Result<Option<Row>, DirectoryError> {
        Ok(match kind {
            Kind::User => self.lookup.user(name, budget).await?,
            Kind::Group => self.lookup.group(name, budget).await?,
            Kind::PrivateGroup => match Box::pin(self.standing_row(Kind::Group, name, budget)).await? {
                Some((Kind::PrivateGroup, row)) => Some(row),
                _ => None,
            },
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
        if kind == Kind::User {
            return Ok(self.lookup.user(name, budget).await?.map(|row| (kind, row)));
        }
        if let Some(row) = self.lookup.group(name, budget).await? {
            return Ok(Some((Kind::Group, row)));
        }
        let Some(private_groups) = &self.private_groups else {
            return Ok(None);
        };
        let row = private_groups.find(name, budget).await?;
        Ok(row.map(|row| (Kind::PrivateGroup, row)))
    }
}
