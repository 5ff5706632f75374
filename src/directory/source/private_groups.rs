//! User private groups: a user whose gid number no group has gets a group of its own, unless a group has its name. Of
//! several users with one such number the one with the lowest uid number gets it.
//!
//! They are the rows of a table that joins the operator's listings and compares the numbers in SQL. Whether a group has the
//! name only caseIgnoreMatch can say; that is looked at here, row by row or batch by batch.

use crate::{
    directory::{
        kind::role::Role,
        mapping::columns::ColumnUse,
        naming::{asserted::NAMES_LOOKED_UP, tree::Name},
        queries::{DescribedQuery, EntryQuery},
        source::{listing::Listing, lookup::Lookup},
    },
    sql::{
        ANTI_JOIN_COLUMNS, Budget, Database, Origin, Predicate, QueryTable, Referred, Referring, Row, SqlError,
        without_referent,
    },
};
use std::{collections::HashSet, sync::Arc};

/// The table of private groups, or why there is none.
#[derive(Debug)]
pub(crate) enum PrivateGroupsQuery {
    /// `LDAP_USER_PRIVATE_GROUPS=off`.
    Off,
    /// They cannot be found out.
    Impossible(String),
    /// The table that lists them.
    Listed(Box<EntryQuery>),
}

impl PrivateGroupsQuery {
    /// The table, made of those of all users and all groups.
    ///
    /// # Errors
    /// The database could not be asked.
    pub async fn describe(
        database: &Database,
        users: &DescribedQuery,
        groups: &DescribedQuery,
    ) -> Result<Self, SqlError> {
        let own = [Role::Name, Role::Number, Role::PrimaryGroup].map(|role| users.column(role));
        let ([Some(name), Some(number), Some(gid)], Some(number_of_groups)) = (own, groups.column(Role::Number)) else {
            let text = "a column uid_number or gid_number is missing";
            return Ok(PrivateGroupsQuery::Impossible(text.to_owned()));
        };
        let from = Referring {
            table: QueryTable::listing(&users.query, &users.described),
            name,
            number,
            reference: gid,
        };
        let to = Referred {
            table: QueryTable::listing(&groups.query, &groups.described),
            number: number_of_groups,
        };
        let Some((query, described)) = without_referent(from, to) else {
            let text = "uid_number and gid_number of users and groups are not all whole numbers in the database";
            return Ok(PrivateGroupsQuery::Impossible(text.to_owned()));
        };
        match database.describe(&query.to_describe()).await {
            Ok(_) => {}
            Err(SqlError::Statement(error)) => return Ok(PrivateGroupsQuery::Impossible(error.text)),
            Err(error) => return Err(error),
        }
        let roles = ANTI_JOIN_COLUMNS
            .into_iter()
            .zip([Role::Name, Role::Number, Role::PrimaryGroup]);
        let columns = roles.map(|(column, role)| ColumnUse {
            column: column.to_owned(),
            role: Ok(role),
        });
        let query = DescribedQuery {
            query,
            described,
            origins: ANTI_JOIN_COLUMNS.map(|_| Origin::Unknown).to_vec(),
            types: Vec::new(),
            columns: columns.collect(),
        };
        // Its first column is the name.
        Ok(PrivateGroupsQuery::Listed(Box::new(EntryQuery::new(query, 0))))
    }
}

/// The private groups: their listing, and how users and groups are found.
pub(crate) struct PrivateGroups {
    listing: Listing,
    lookup: Arc<Lookup>,
}

impl PrivateGroups {
    /// The private groups of a listing.
    pub fn new(listing: Listing, lookup: Arc<Lookup>) -> Self {
        PrivateGroups { listing, lookup }
    }

    /// The listing; among its rows are those that have a group's name.
    pub fn listing(&self) -> &Listing {
        &self.listing
    }

    /// The listing of the users that they are named like.
    pub fn users(&self) -> &Listing {
        self.lookup.users()
    }

    /// The row of the private group with this name; that no group has the name is known.
    ///
    /// # Errors
    /// The database could not answer in time.
    pub async fn find(&self, name: &Name, budget: Budget) -> Result<Option<Row>, SqlError> {
        // The user first, by the fast way: another spelling, and which of duplicates is the entry, are decided there.
        let Some(user) = self.lookup.user(name, budget).await? else {
            return Ok(None);
        };
        let projection = self.users().maker().projection();
        let (Some(spelled), Some(number)) = (projection.name(&user), projection.number(&user)) else {
            return Ok(None);
        };
        let gid = projection
            .position(Role::PrimaryGroup)
            .and_then(|at| user.get(at)?.to_integer());
        let (Some(gid), Some(column)) = (gid, self.listing.column(Role::PrimaryGroup)) else {
            return Ok(None);
        };
        let gid = Predicate::KeyEquals {
            column,
            last: gid.to_string(),
        };
        let named = self.listing.named_one_of(std::slice::from_ref(&spelled));
        let rows = self.listing.rows(&Predicate::And(vec![gid, named]), budget).await?;
        let own = self.listing.maker().projection();
        let is_own = |row: &Row| own.name(row).as_ref() == Some(&spelled) && own.number(row) == Some(number);
        Ok(rows.into_iter().find(is_own))
    }

    /// Those of the listing's rows whose names no group has.
    ///
    /// # Errors
    /// The database could not answer in time.
    pub async fn not_named_as_groups(&self, rows: Vec<Row>, budget: Budget) -> Result<Vec<Row>, SqlError> {
        let projection = self.listing.maker().projection();
        let named = rows.iter().filter_map(|row| Name::new(&projection.name(row)?));
        let names: Vec<Name> = named.collect();
        let taken: HashSet<String> = if names.len() <= NAMES_LOOKED_UP {
            let mut taken = HashSet::new();
            let lookup = Budget::lookup(budget.deadline);
            for name in names {
                if self.lookup.group(&name, lookup).await?.is_some() {
                    taken.insert(name.prepared);
                }
            }
            taken
        } else {
            self.lookup.groups().names_among(&names, budget).await?
        };
        let is_free = |row: &Row| {
            let name = projection.name(row).and_then(|name| Name::new(&name));
            name.is_some_and(|name| !taken.contains(&name.prepared))
        };
        Ok(rows.into_iter().filter(is_free).collect())
    }
}
