//! User private groups: a user whose gid number no group has gets a group of its own, unless a group has its name. Of
//! several users with one such number it is the one with the lowest uid number.
//!
//! They are the rows of a table over the operator's listings (`sql::derived`), which compares the numbers; whether a
//! group has the name only caseIgnoreMatch can say, so that is looked at here, row by row or batch by batch.

use crate::{
    directory::{
        Directory,
        error::DirectoryError,
        kind::{Kind, role::Role},
        mapping::columns::ColumnUse,
        naming::{asserted::NAMES_LOOKED_UP, tree::Name},
        queries::{DescribedQuery, EntryQuery},
        source::listing::Listing,
    },
    sql::{
        ANTI_JOIN_COLUMNS, Budget, Database, Origin, Predicate, Referred, Referring, Row, SqlError, without_referent,
    },
};
use std::collections::HashSet;

/// Whether there are private groups, and if not, why.
#[derive(Debug)]
pub(crate) enum PrivateGroups {
    /// `LDAP_USER_PRIVATE_GROUPS=off`.
    Off,
    /// They cannot be found out.
    Impossible(String),
    /// The table that lists them.
    Listed(Box<EntryQuery>),
}

impl PrivateGroups {
    /// The listing, made of those of all users and all groups.
    ///
    /// # Errors
    /// The database could not be asked.
    pub async fn new(database: &Database, users: &DescribedQuery, groups: &DescribedQuery) -> Result<Self, SqlError> {
        let own = [Role::Name, Role::Number, Role::PrimaryGroup].map(|role| users.column(role));
        let ([Some(name), Some(number), Some(gid)], Some(number_of_groups)) = (own, groups.column(Role::Number)) else {
            let text = "a column uid_number or gid_number is missing";
            return Ok(PrivateGroups::Impossible(text.to_owned()));
        };
        let from = Referring {
            query: &users.query,
            described: &users.described,
            columns: [name, number, gid],
        };
        let to = Referred {
            query: &groups.query,
            described: &groups.described,
            number: number_of_groups,
        };
        let Some((query, described)) = without_referent(from, to) else {
            let text = "uid_number and gid_number of users and groups are not all whole numbers in the database";
            return Ok(PrivateGroups::Impossible(text.to_owned()));
        };
        match database.describe(&query.to_describe()).await {
            Ok(_) => {}
            Err(SqlError::Statement(error)) => return Ok(PrivateGroups::Impossible(error.text)),
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
        Ok(PrivateGroups::Listed(Box::new(EntryQuery::new(query, 0))))
    }

    /// The listing, where there is one.
    pub fn listing(&self) -> Option<&EntryQuery> {
        match self {
            PrivateGroups::Listed(listing) => Some(listing),
            PrivateGroups::Off | PrivateGroups::Impossible(_) => None,
        }
    }
}

impl Directory {
    /// Why there are no private groups though the settings ask for them.
    pub fn no_private_groups(&self) -> Option<&str> {
        match &self.private_groups {
            PrivateGroups::Impossible(why) => Some(why),
            PrivateGroups::Off | PrivateGroups::Listed(_) => None,
        }
    }

    /// The row of the private group with this name; that no group has the name is known.
    pub(crate) async fn private_group(&self, name: &Name, budget: Budget) -> Result<Option<Row>, DirectoryError> {
        let Some(source) = &self.private_source else {
            return Ok(None);
        };
        // The user first, by the fast way: another spelling, and which of twins is the entry, are decided there.
        let Some(user) = self.find(Kind::User, name, budget).await? else {
            return Ok(None);
        };
        let projection = self.users.maker().projection();
        let (Some(spelled), Some(number)) = (projection.name(&user), projection.number(&user)) else {
            return Ok(None);
        };
        let gid = projection
            .position(Role::PrimaryGroup)
            .and_then(|at| user.get(at)?.to_integer());
        let (Some(gid), Some(column)) = (gid, source.column(Role::PrimaryGroup)) else {
            return Ok(None);
        };
        let gid = Predicate::KeyEquals {
            column,
            last: gid.to_string(),
        };
        let named = source.named_one_of(std::slice::from_ref(&spelled));
        let rows = source.rows(&Predicate::And(vec![gid, named]), budget).await?;
        let own = source.maker().projection();
        let is_own = |row: &Row| own.name(row).as_ref() == Some(&spelled) && own.number(row) == Some(number);
        Ok(rows.into_iter().find(is_own))
    }

    /// The row of the group with this name, or else of the private group.
    pub(crate) async fn any_group(&self, name: &Name, budget: Budget) -> Result<Option<(Kind, Row)>, DirectoryError> {
        if let Some(row) = self.find(Kind::Group, name, budget).await? {
            return Ok(Some((Kind::Group, row)));
        }
        let row = self.private_group(name, budget).await?;
        Ok(row.map(|row| (Kind::PrivateGroup, row)))
    }

    /// Those of the listing's rows whose names no group has.
    pub(crate) async fn not_named_as_groups(
        &self,
        source: &Listing,
        rows: Vec<Row>,
        budget: Budget,
    ) -> Result<Vec<Row>, DirectoryError> {
        let projection = source.maker().projection();
        let mut names: Vec<Name> = Vec::new();
        for row in &rows {
            names.extend(projection.name(row).and_then(|name| Name::new(&name)));
        }
        let taken: HashSet<String> = if names.len() <= NAMES_LOOKED_UP {
            let mut taken = HashSet::new();
            for name in names {
                if self.find(Kind::Group, &name, budget).await?.is_some() {
                    taken.insert(name.prepared);
                }
            }
            taken
        } else {
            self.groups.names_among(&names, budget).await?
        };
        let is_free = |row: &Row| {
            let name = projection.name(row).and_then(|name| Name::new(&name));
            name.is_some_and(|name| !taken.contains(&name.prepared))
        };
        Ok(rows.into_iter().filter(is_free).collect())
    }
}
