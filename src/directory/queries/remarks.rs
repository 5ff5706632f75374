//! What an operator should know about the columns of a query: which of several counts, and which can never be read. For
//! `check` and the log of the start.

use crate::{
    config::{Query, QuerySet},
    directory::{
        kind::role::Role,
        mapping::columns::Ignored,
        queries::described_query::{DescribedQuery, QueryProblem},
    },
    sql::Origin,
};

/// A column of a type whose values cannot be decoded, ever.
pub struct Unreadable {
    /// What is wrong, and what would be right.
    pub problem: QueryProblem,
    /// Whether it decides which entries there are, who is in which group or who can log in: then all of these would be
    /// missing, and nothing may be served.
    pub decides: bool,
}

impl DescribedQuery {
    /// Which column counts where several mean the same, and that a text stands for all names.
    pub fn remarks(&self, which: Query) -> Vec<String> {
        let variable = which.variable();
        let mut remarks = Vec::new();
        if self.has_a_text_for_a_name() {
            remarks.extend(self.double_quoted(which));
        }
        let mut repeated: Vec<String> = Vec::new();
        for column in &self.columns {
            let name = column.column.as_str();
            match column.role {
                Err(Ignored::Repeated) => {
                    let lower = name.to_ascii_lowercase();
                    if !repeated.contains(&lower) {
                        remarks.push(format!(
                            "{variable}: {name} is the name of several columns: the last of them counts"
                        ));
                        repeated.push(lower);
                    }
                }
                Err(Ignored::Duplicate) => remarks.push(format!(
                    "{variable}: {name} is ignored: a column further left has the same meaning"
                )),
                _ => {}
            }
        }
        remarks
    }

    /// That something in double quotes is a text (MariaDB and MySQL); None where nothing stands in them.
    pub fn double_quoted(&self, which: Query) -> Option<String> {
        let quoted = self.query.double_quoted_strings();
        (!quoted.is_empty()).then(|| {
            format!(
                "{which}: {} in double quotes is a text on MariaDB and MySQL, unless their sql_mode has ANSI_QUOTES; names are \
                 quoted with `…`",
                quoted.join(", ")
            )
        })
    }

    /// Whether such a text is probably the name of all rows: it was meant for a column.
    pub fn has_a_text_for_a_name(&self) -> bool {
        let name = self.column(Role::Name).and_then(|at| self.origins.get(at));
        !self.query.double_quoted_strings().is_empty()
            && name.is_some_and(|origin| !matches!(origin, Origin::Table { .. }))
    }

    /// That columns of all-users refuse nobody, because `one_user`, which binds read, has no such column; None where
    /// there are none.
    pub fn unread_account_columns(&self, one_user: &DescribedQuery) -> Option<String> {
        let columns = self.columns.iter().filter(|column| {
            let role = column.role.ok().filter(|role| role.is_account());
            role.is_some_and(|role| one_user.column(role).is_none())
        });
        let names: Vec<&str> = columns.map(|column| column.column.as_str()).collect();
        let (noun, refuse, them) = match names.len() {
            0 => return None,
            1 => ("column", "it refuses", "it"),
            _ => ("columns", "they refuse", "them"),
        };
        let (all_users, one_user) = (Query::AllUsers.variable(), Query::OneUser.variable());
        Some(format!(
            "{one_user} has no {noun} {}, which {all_users} has: {refuse} nobody; select {them} in {one_user} too, \
             or leave {them} out of {all_users}",
            names.join(", ")
        ))
    }

    /// The account columns of all-users that entries show: those that binds read by `one_user`, if all of these are here.
    /// Some of them would say of a locked account that it is not.
    pub fn shown_account_columns(&self, one_user: &DescribedQuery) -> Vec<Role> {
        let roles = one_user.columns.iter().filter_map(|column| column.role.ok());
        let roles: Vec<Role> = roles.filter(|role| role.is_account_state()).collect();
        match roles.iter().all(|role| self.column(*role).is_some()) {
            true => roles,
            false => Vec::new(),
        }
    }

    /// The columns that are read and whose type can never be decoded.
    pub fn unreadable(&self, which: Query) -> Vec<Unreadable> {
        let columns = self.columns.iter().zip(&self.types);
        let unreadable = columns.filter_map(|(column, kind)| {
            let role = column.role.ok().filter(|_| !kind.is_readable)?;
            // A group's row comes from all-groups.
            if which == Query::GroupsByMember && role != Role::Name {
                return None;
            }
            // Binds read one-user.
            if which == Query::AllUsers && role.is_private() {
                return None;
            }
            let meaning = meaning(role);
            let text = format!(
                "column {} is of type {}, whose values cannot be decoded{meaning}; the query should give it as text",
                column.column, kind.shown
            );
            Some(Unreadable {
                problem: QueryProblem {
                    query: which,
                    text,
                    unreachable: false,
                    refused: None,
                },
                decides: !meaning.is_empty(),
            })
        });
        unreadable.collect()
    }
}

/// What would be missing without a column that something depends on; empty where it is only an attribute.
fn meaning(role: Role) -> &'static str {
    match role {
        Role::Name => ", and no row would have a name",
        Role::Number | Role::PrimaryGroup => ", and no row would have its number",
        Role::Member | Role::Members | Role::MemberUids => ", and no group would have members",
        Role::Password => ", and nobody could bind",
        Role::TotpSecret => ", and nobody could bind whose chain has `totp`",
        Role::Status | Role::Enabled | Role::Locked | Role::ExpiresAt | Role::AuthBackends => {
            ", and nobody with a value could bind"
        }
        _ => "",
    }
}

/// What is odd about the columns: which of several counts, and which are absent from all entries.
pub fn remarks(queries: &QuerySet<DescribedQuery>) -> Vec<String> {
    let of_each = queries.each().flat_map(|(which, query)| {
        let unreadable = query.unreadable(which).into_iter();
        let unreadable = unreadable.map(|unreadable| unreadable.problem.to_string());
        query.remarks(which).into_iter().chain(unreadable)
    });
    let idle = queries.all_users.unread_account_columns(&queries.one_user);
    of_each.chain(idle).collect()
}
