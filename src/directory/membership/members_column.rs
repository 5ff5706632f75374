//! Memberships from a column of all-groups that lists the members: user names or DNs, as an array, JSON or text.

use crate::{
    directory::{
        Directory,
        error::DirectoryError,
        kind::Kind,
        mapping::{columns::Role, entry::cell_values},
        membership::{
            memberships::{By, CHUNK, Pair, prepared},
            resolve::with_existing_users,
        },
        naming::tree::{Name, Place},
        source::listing::Key,
    },
    model::{dn::Dn, value::Cell},
    sql::{Budget, Predicate, Row},
};
use std::collections::HashSet;

impl Directory {
    /// From a members column: of the asked groups, or looked for in all of them.
    pub(crate) async fn pairs_of_column(
        &self,
        role: Role,
        by: By<'_>,
        budget: Budget,
    ) -> Result<Vec<Pair>, DirectoryError> {
        let mut pairs = Vec::new();
        match by {
            By::Groups(names) => {
                let rows = self.groups.named(names, budget).await?;
                pairs.extend(rows.into_iter().flat_map(|row| self.listed(role, row)));
            }
            By::Users(names) => {
                let wanted: HashSet<String> = prepared(names);
                let mut after: Option<Key> = None;
                loop {
                    let chunk = self
                        .groups
                        .chunk(&Predicate::True, after.as_ref(), CHUNK, budget)
                        .await?;
                    let listed = chunk.rows.into_iter().flat_map(|row| self.listed(role, row));
                    pairs.extend(
                        listed.filter(|pair| Name::new(&pair.user).is_some_and(|name| wanted.contains(&name.prepared))),
                    );
                    after = chunk.next;
                    if after.is_none() {
                        break;
                    }
                }
            }
        }
        self.of_existing_users(pairs, budget).await
    }

    /// The members that a row of all-groups lists.
    fn listed(&self, role: Role, mut row: Row) -> Vec<Pair> {
        let projection = self.groups.maker().projection();
        let Some(group) = projection.name(&row) else {
            return Vec::new();
        };
        let members = match projection.take(&mut row, role) {
            Cell::Text(text) => json_array(&text).unwrap_or_else(|| {
                // DNs hold commas themselves.
                let separators: &[char] = if role == Role::Members { &[';', '\n'] } else { &[','] };
                text.split(separators)
                    .map(|member| Cell::Text(member.trim().to_owned()))
                    .collect()
            }),
            other => vec![other],
        };
        let values = members.into_iter().flat_map(cell_values);
        let users = values.filter_map(|value| {
            let text = String::from_utf8(value.to_vec()).ok()?;
            if role == Role::MemberUids {
                Some(text)
            } else {
                self.user_of(&text)
            }
        });
        users
            .map(|user| Pair {
                user,
                group: group.clone(),
            })
            .collect()
    }

    /// The user that a member's DN names.
    fn user_of(&self, dn: &str) -> Option<String> {
        match self.tree.locate(&Dn::parse(dn).ok()?, &self.schema) {
            Place::Entry(Kind::User, name) => Some(name.spelled),
            _ => None,
        }
    }

    async fn of_existing_users(&self, pairs: Vec<Pair>, budget: Budget) -> Result<Vec<Pair>, DirectoryError> {
        // A list may spell a name in another case than its user does.
        let mut names: Vec<String> = pairs.iter().map(|pair| pair.user.clone()).collect();
        names.extend(pairs.iter().map(|pair| pair.user.to_lowercase()));
        let existing = self.existing(Kind::User, names, true, budget).await?;
        Ok(with_existing_users(pairs, &existing))
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
