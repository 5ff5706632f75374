//! Memberships from the groups-by-member query: turned round in the form that the engine can, so that one statement asks
//! for many users or groups, or asked user by user.

use crate::{
    directory::{
        entry_source::Key,
        error::DirectoryError,
        fetch::{fetch, none_for_the_name},
        membership::{
            relation::{CHUNK, Membership, MembershipsOf, NameSet},
            rows::{ReadGroup, user_and_group},
        },
        queries::EntryQuery,
        source::listing::Listing,
    },
    sql::{Budget, Database, GroupMemberships, MembershipForm, Predicate, Row, SqlError, Statement},
};
use futures::{StreamExt, TryStreamExt, stream};
use std::sync::Arc;

/// Users asked one by one at a time, where no form of the query can ask for many.
const PIPELINED: usize = 4;

/// The groups-by-member query.
pub(crate) struct ByMember {
    database: Database,
    users: Arc<Listing>,
    groups: Arc<Listing>,
    query: EntryQuery,
    form: MembershipForm,
    /// It spells the groups' names as all-groups does, so that SQL can compare them.
    spells_groups_alike: bool,
}

impl ByMember {
    /// The query, asked user by user.
    pub fn new(users: &Arc<Listing>, groups: &Arc<Listing>, query: EntryQuery) -> Self {
        ByMember {
            database: users.database().clone(),
            users: Arc::clone(users),
            groups: Arc::clone(groups),
            form: MembershipForm::PerUser,
            spells_groups_alike: groups.query().names_as(&query),
            query,
        }
    }

    /// Chooses the first form that the database takes.
    ///
    /// # Errors
    /// The database could not be asked.
    pub async fn choose_form(&mut self) -> Result<(), SqlError> {
        let relation = self.relation();
        for form in relation.forms() {
            let Some(statement) = relation.pairs(form, None, None) else {
                continue;
            };
            match self.database.describe(&statement.sql).await {
                Ok(_) => {
                    self.form = form;
                    return Ok(());
                }
                // This form is not for these queries; the next one may be.
                Err(SqlError::Statement(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// What asks for the groups of one user.
    pub fn statement_of_one(&self, user: &str) -> Option<Statement> {
        self.relation().groups_of(user)
    }

    /// The form in which many users or groups are asked for.
    pub fn form(&self) -> MembershipForm {
        self.form
    }

    /// Whether SQL can compare its groups' names with those of all-groups.
    pub fn spells_groups_alike(&self) -> bool {
        self.spells_groups_alike
    }

    fn relation(&self) -> GroupMemberships<'_> {
        GroupMemberships {
            users: self.users.query().named(),
            groups: self.groups.query().named(),
            by_member: self.query.named(),
        }
    }

    /// What asks for all memberships at once; None where no form of the query can.
    pub fn statement(&self, of: MembershipsOf<'_>) -> Option<Statement> {
        let (of_users, of_groups) = match of {
            MembershipsOf::Users(names) => (Some(names), None),
            MembershipsOf::Groups(names) if self.spells_groups_alike || self.form == MembershipForm::RowIn => {
                (None, Some(names))
            }
            // The database would compare spellings; every membership is read, and the names are compared then.
            MembershipsOf::Groups(_) => (None, None),
        };
        self.relation().pairs(self.form, of_users, of_groups)
    }

    /// What asks for users' groups with these columns of their rows, and how a row of the answer is read; None where one
    /// statement cannot tell.
    pub fn groups_with_rows(&self, users: &[String], columns: &[usize]) -> Option<(Statement, ReadGroup)> {
        if !self.spells_groups_alike || self.form == MembershipForm::PerUser {
            return None;
        }
        let statement = self.relation().groups_with(self.form, users, columns)?;
        Some((statement, user_and_group))
    }

    /// Statement by statement, a few at a time; for groups, of every user there is.
    ///
    /// # Errors
    /// The database could not answer.
    pub async fn user_by_user(&self, of: MembershipsOf<'_>, budget: Budget) -> Result<Vec<Membership>, DirectoryError> {
        let projection = self.users.maker().projection();
        let wanted = NameSet::of(of.names());
        if let MembershipsOf::Users(users) = of {
            // The query may find more than all-users has, and knows nobody's spelling.
            let rows = self.users.named(users, budget).await?;
            // Names that the database cannot look for are read all: nobody is asked about another one's row.
            let users = rows.iter().filter_map(|row| projection.name(row));
            let users = users.filter(|name| wanted.has(name)).collect();
            return Ok(self.of_users(users, budget).await?);
        }
        let mut memberships = Vec::new();
        let mut after: Option<Key> = None;
        loop {
            let chunk = self.users.chunk(&Predicate::True, after.as_ref(), CHUNK, budget);
            let chunk = chunk.await?;
            let users = chunk.rows.iter().filter_map(|row| projection.name(row)).collect();
            let mut found = self.of_users(users, budget).await?;
            found.retain(|membership| wanted.has(&membership.group));
            memberships.extend(found);
            after = chunk.next;
            if after.is_none() {
                return Ok(memberships);
            }
        }
    }

    /// The memberships of users that exist, each asked for by a statement of its own.
    ///
    /// # Errors
    /// The database could not answer.
    pub async fn of_users(&self, users: Vec<String>, budget: Budget) -> Result<Vec<Membership>, SqlError> {
        let found: Vec<Vec<Membership>> = stream::iter(users)
            .map(|user| async move {
                let rows = self.groups_of(&user, budget).await?;
                let groups = rows.iter().filter_map(|row| Some(row.first()?.to_text()?.into_owned()));
                let of_user = groups.map(|group| Membership {
                    user: user.clone(),
                    group,
                });
                Ok::<_, SqlError>(of_user.collect())
            })
            .buffered(PIPELINED)
            .try_collect()
            .await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// The rows that name one user's groups.
    ///
    /// Where a value does not fit, it may be one in the user's rows that the operator's SQL fails on: that is no reason to
    /// find nothing. So the name alone is tried; only where the types of the query's parameters cannot hold it there is no
    /// row.
    ///
    /// # Errors
    /// The database could not answer, or its rows do not fit the query.
    pub async fn groups_of(&self, user: &str, budget: Budget) -> Result<Vec<Row>, SqlError> {
        let error = match fetch(&self.database, self.statement_of_one(user), budget).await {
            Err(error) if error.is_value_error() => error,
            other => return other,
        };
        let Some(alone) = self.query.query.value_alone(&self.query.described, user) else {
            return Err(error);
        };
        match self.database.fetch(&alone.sql, &alone.args, budget).await {
            Ok(_) => Err(error),
            refused => none_for_the_name(refused),
        }
    }
}
