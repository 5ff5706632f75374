//! Where a query of memberships names users and groups.

use crate::{
    config::Query,
    directory::{
        kind::role::Role,
        queries::described_query::{DescribedQuery, QueryProblem},
    },
};

/// The columns of a query of memberships.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MembershipColumns {
    /// The user's name.
    pub user: usize,
    /// The group.
    pub group: GroupColumn,
}

/// A group is named by the one or the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GroupColumn {
    /// Its name.
    Name(usize),
    /// Its gid number.
    Number(usize),
}

impl GroupColumn {
    /// The column's position.
    pub fn position(self) -> usize {
        match self {
            GroupColumn::Name(column) | GroupColumn::Number(column) => column,
        }
    }
}

impl MembershipColumns {
    /// The columns of `query`.
    ///
    /// # Errors
    /// One of them is missing.
    pub fn of(query: &DescribedQuery) -> Result<Self, QueryProblem> {
        let by_name = || query.column(Role::Name).map(GroupColumn::Name);
        let group = query.column(Role::Number).map(GroupColumn::Number).or_else(by_name);
        let user = query.column(Role::Member);
        if let (Some(user), Some(group)) = (user, group) {
            return Ok(MembershipColumns { user, group });
        }
        let mut wanted = Vec::new();
        if user.is_none() {
            wanted.push("username (or uid)");
        }
        if group.is_none() {
            wanted.push("name (or cn) or gid_number (or gidNumber) for the group");
        }
        Err(query.lacks(Query::AllMemberships, &wanted))
    }

    /// The column of all-groups that the group's column refers to.
    ///
    /// # Errors
    /// There is none.
    pub fn key(self, groups: &DescribedQuery) -> Result<usize, QueryProblem> {
        match self.group {
            GroupColumn::Name(_) => groups.name_column(Query::AllGroups),
            GroupColumn::Number(_) => groups.column(Role::Number).ok_or_else(|| QueryProblem {
                query: Query::AllMemberships,
                text: format!(
                    "names groups by gid_number, which {} does not have; a column name (or cn) would be right",
                    Query::AllGroups
                ),
                unreachable: false,
                refused: None,
            }),
        }
    }
}
