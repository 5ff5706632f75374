//! The operator's queries, and one thing for each of them: its text, what it was parsed to, what the database said of it.

use super::parse::Reader;
use std::fmt;

/// One of the operator's queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Query {
    /// `SQL_QUERY_ALL_USERS`.
    AllUsers,
    /// `SQL_QUERY_ONE_USER`.
    OneUser,
    /// `SQL_QUERY_ALL_GROUPS`.
    AllGroups,
    /// `SQL_QUERY_GROUPS_BY_MEMBER`.
    GroupsByMember,
    /// `SQL_QUERY_ALL_MEMBERSHIPS`.
    AllMemberships,
    /// `SQL_UPDATE_PASSWORD`, which is a statement and in no [`QuerySet`].
    UpdatePassword,
}

impl Query {
    /// The variable that holds it.
    pub fn variable(self) -> &'static str {
        match self {
            Query::AllUsers => "SQL_QUERY_ALL_USERS",
            Query::OneUser => "SQL_QUERY_ONE_USER",
            Query::AllGroups => "SQL_QUERY_ALL_GROUPS",
            Query::GroupsByMember => "SQL_QUERY_GROUPS_BY_MEMBER",
            Query::AllMemberships => "SQL_QUERY_ALL_MEMBERSHIPS",
            Query::UpdatePassword => "SQL_UPDATE_PASSWORD",
        }
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.variable())
    }
}

/// One thing for each query. That of all memberships may be absent, the others may not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QuerySet<T> {
    /// For `SQL_QUERY_ALL_USERS`.
    pub all_users: T,
    /// For `SQL_QUERY_ONE_USER`.
    pub one_user: T,
    /// For `SQL_QUERY_ALL_GROUPS`.
    pub all_groups: T,
    /// For `SQL_QUERY_GROUPS_BY_MEMBER`.
    pub groups_by_member: T,
    /// For `SQL_QUERY_ALL_MEMBERSHIPS`.
    pub all_memberships: Option<T>,
}

impl<T> QuerySet<T> {
    /// Each of them, in the order in which they are reported.
    pub fn each(&self) -> impl Iterator<Item = (Query, &T)> {
        let four = [
            (Query::AllUsers, &self.all_users),
            (Query::OneUser, &self.one_user),
            (Query::AllGroups, &self.all_groups),
            (Query::GroupsByMember, &self.groups_by_member),
        ];
        let fifth = self.all_memberships.as_ref().map(|one| (Query::AllMemberships, one));
        four.into_iter().chain(fifth)
    }

    /// Something else for each, made of these in the same order.
    pub fn map<U>(self, mut make: impl FnMut(Query, T) -> U) -> QuerySet<U> {
        QuerySet {
            all_users: make(Query::AllUsers, self.all_users),
            one_user: make(Query::OneUser, self.one_user),
            all_groups: make(Query::AllGroups, self.all_groups),
            groups_by_member: make(Query::GroupsByMember, self.groups_by_member),
            all_memberships: self.all_memberships.map(|one| make(Query::AllMemberships, one)),
        }
    }

    /// References to each.
    pub fn as_ref(&self) -> QuerySet<&T> {
        QuerySet {
            all_users: &self.all_users,
            one_user: &self.one_user,
            all_groups: &self.all_groups,
            groups_by_member: &self.groups_by_member,
            all_memberships: self.all_memberships.as_ref(),
        }
    }
}

impl QuerySet<String> {
    /// Their texts, as they are given.
    pub(super) fn read(reader: &mut Reader) -> Self {
        let mut query = |query: Query| reader.text(query.variable());
        QuerySet {
            all_users: query(Query::AllUsers).unwrap_or_default(),
            one_user: query(Query::OneUser).unwrap_or_default(),
            all_groups: query(Query::AllGroups).unwrap_or_default(),
            groups_by_member: query(Query::GroupsByMember).unwrap_or_default(),
            all_memberships: query(Query::AllMemberships),
        }
    }
}

impl<T> QuerySet<Option<T>> {
    /// All of them, if none lacks.
    pub fn complete(self) -> Option<QuerySet<T>> {
        Some(QuerySet {
            all_users: self.all_users?,
            one_user: self.one_user?,
            all_groups: self.all_groups?,
            groups_by_member: self.groups_by_member?,
            all_memberships: match self.all_memberships {
                Some(one) => Some(one?),
                None => None,
            },
        })
    }
}
