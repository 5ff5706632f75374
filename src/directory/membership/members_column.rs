//! Memberships from a column of all-groups that lists the members: user names or DNs, as an array, JSON or text.

use crate::{
    directory::{
        entry_source::Key,
        error::DirectoryError,
        kind::{USERS, role::Role},
        mapping::entry::cell_values,
        membership::{
            relation::{CHUNK, Membership, MembershipsOf, NameSet},
            resolve::{as_spelled, with_users},
        },
        naming::tree::Place,
        source::listing::Listing,
    },
    model::{dn::Dn, value::Cell},
    sql::{Budget, Predicate, Row},
};
use std::sync::Arc;

/// The column, and the listings of both sides.
pub(crate) struct MembersColumn {
    users: Arc<Listing>,
    groups: Arc<Listing>,
    /// What the column holds.
    role: Role,
}

impl MembersColumn {
    /// The column of all-groups that lists members, if there is one.
    pub fn new(users: &Arc<Listing>, groups: &Arc<Listing>) -> Option<Self> {
        let mut roles = [Role::MemberUids, Role::Members].into_iter();
        let role = roles.find(|role| groups.column(*role).is_some())?;
        Some(MembersColumn {
            users: Arc::clone(users),
            groups: Arc::clone(groups),
            role,
        })
    }

    /// The memberships of the asked groups, or of the asked users in all groups.
    ///
    /// # Errors
    /// The database could not answer.
    pub async fn read(&self, of: MembershipsOf<'_>, budget: Budget) -> Result<Vec<Membership>, DirectoryError> {
        let mut memberships = Vec::new();
        match of {
            MembershipsOf::Groups(names) => {
                let rows = self.groups.named(names, budget).await?;
                memberships.extend(rows.into_iter().flat_map(|row| self.listed(row)));
            }
            MembershipsOf::Users(names) => {
                let wanted = NameSet::of(names);
                let mut after: Option<Key> = None;
                loop {
                    let chunk = self.groups.chunk(&Predicate::True, after.as_ref(), CHUNK, budget);
                    let chunk = chunk.await?;
                    let listed = chunk.rows.into_iter().flat_map(|row| self.listed(row));
                    memberships.extend(listed.filter(|membership| wanted.has(&membership.user)));
                    after = chunk.next;
                    if after.is_none() {
                        break;
                    }
                }
            }
        }
        // A list may spell a name in another case than its user does.
        let mut names: Vec<String> = memberships.iter().map(|listed| listed.user.clone()).collect();
        names.extend(memberships.iter().map(|listed| listed.user.to_lowercase()));
        let existing = as_spelled(&self.users, names, budget).await?;
        Ok(with_users(memberships, &existing))
    }

    /// The members that a row of all-groups lists.
    fn listed(&self, mut row: Row) -> Vec<Membership> {
        let projection = self.groups.maker().projection();
        let Some(group) = projection.name(&row) else {
            return Vec::new();
        };
        let members = match projection.take(&mut row, self.role) {
            Cell::Text(text) => json_array(&text).unwrap_or_else(|| {
                // DNs hold commas themselves.
                let separators: &[char] = match self.role {
                    Role::Members => &[';', '\n'],
                    _ => &[','],
                };
                text.split(separators)
                    .map(|member| Cell::Text(member.trim().to_owned()))
                    .collect()
            }),
            other => vec![other],
        };
        let values = members.into_iter().flat_map(cell_values);
        let users = values.filter_map(|value| {
            let text = String::from_utf8(value.to_vec()).ok()?;
            match self.role {
                Role::Members => self.user_of(&text),
                _ => Some(text),
            }
        });
        let memberships = users.map(|user| Membership {
            user,
            group: group.clone(),
        });
        memberships.collect()
    }

    /// The user that a member's DN names.
    fn user_of(&self, dn: &str) -> Option<String> {
        let maker = self.groups.maker();
        match maker.tree().locate(&Dn::parse(dn).ok()?, maker.schema()) {
            Place::Entry(kind, name) if kind == &USERS => Some(name.spelled),
            _ => None,
        }
    }
}

/// The elements of a JSON array of texts or numbers; MariaDB and SQLite know such columns only as text.
fn json_array(text: &str) -> Option<Vec<Cell>> {
    let values: Vec<serde_json::Value> = serde_json::from_str(text).ok()?;
    let texts = values.into_iter().filter_map(|value| match value {
        serde_json::Value::String(text) => Some(text),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    });
    Some(texts.map(Cell::Text).collect())
}
