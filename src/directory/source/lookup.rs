//! Finds the row of a user or group by its name, however that is spelled.
//!
//! uid and cn are caseIgnoreMatch while most databases compare exactly: the spelling that was asked for and its
//! lower case are tried by the fast query first, and only a miss looks at every spelling.

use crate::{
    directory::{
        naming::tree::Name,
        source::{listing::Listing, one_user::OneUser},
    },
    sql::{Budget, Row, SqlError},
};
use std::sync::Arc;

/// Finds users and groups by name.
pub(crate) struct Lookup {
    users: Arc<Listing>,
    groups: Arc<Listing>,
    one_user: Option<Arc<OneUser>>,
}

impl Lookup {
    /// Looks in these listings, and for users by the one-user query first.
    pub fn new(users: Arc<Listing>, groups: Arc<Listing>, one_user: Option<Arc<OneUser>>) -> Self {
        Lookup {
            users,
            groups,
            one_user,
        }
    }

    /// All users.
    pub fn users(&self) -> &Listing {
        &self.users
    }

    /// All groups.
    pub fn groups(&self) -> &Listing {
        &self.groups
    }

    /// The row of the user with this name; None when there is no such user.
    ///
    /// # Errors
    /// The database could not answer in time.
    pub async fn user(&self, name: &Name, budget: Budget) -> Result<Option<Row>, SqlError> {
        if let Some(one_user) = &self.one_user
            && let Some(row) = one_user.find(name, budget).await?
        {
            return Ok(Some(row));
        }
        Box::pin(self.users.find_in_any_spelling(name, budget)).await
    }

    /// The row of the group with this name; None when there is no such group.
    ///
    /// # Errors
    /// The database could not answer in time.
    pub async fn group(&self, name: &Name, budget: Budget) -> Result<Option<Row>, SqlError> {
        self.groups.find(name, budget).await
    }
}
