//! Membership as a relation between users and groups: `memberUid`, `member`, `uniqueMember` and `memberOf` are four
//! views of what is read here, so they always agree.

use crate::{
    config::Query,
    directory::{
        error::DirectoryError,
        fetch::{collect, fetch},
        membership::{
            by_member::ByMember,
            members_column::MembersColumn,
            memberships_query::MembershipsQuery,
            relation::{Membership, MembershipsOf, NameSet, grouped},
            resolve::{as_spelled, in_any_spelling},
            rows::{ReadGroup, joined_user_and_group, membership, undecided},
        },
        naming::tree::Name,
        queries::{DescribedQuery, EntryQuery, QueryProblem},
        source::listing::Listing,
    },
    sql::{Budget, Database, MembershipForm, Row, Statement},
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// Who is in which group. A membership counts only between a user and a group that exist.
pub struct Memberships {
    database: Database,
    groups: Arc<Listing>,
    /// Also where memberships come from elsewhere: `check` compares the two.
    by_member: ByMember,
    source: Source,
}

/// Where memberships come from.
enum Source {
    /// The groups-by-member query.
    ByMember,
    /// A column of all-groups lists the members.
    Column(MembersColumn),
    /// A query lists the memberships.
    Query(Box<MembershipsQuery>),
}

impl Memberships {
    /// From the first source that there is: a query of memberships, a members column, or groups-by-member in the first form
    /// that the database takes.
    ///
    /// # Errors
    /// A column is missing, or the database could not be asked.
    pub async fn new(
        users: &Arc<Listing>,
        groups: &Arc<Listing>,
        by_member: EntryQuery,
        memberships: Option<DescribedQuery>,
    ) -> Result<Self, QueryProblem> {
        let mut by_member = ByMember::new(users, groups, by_member);
        let source = if let Some(query) = memberships {
            Source::Query(Box::new(MembershipsQuery::new(users, groups, query).await?))
        } else if let Some(column) = MembersColumn::new(users, groups) {
            Source::Column(column)
        } else {
            let chosen = by_member.choose_form().await;
            chosen.map_err(|error| QueryProblem::of_database(Query::GroupsByMember, &error))?;
            Source::ByMember
        };
        Ok(Memberships {
            database: users.database().clone(),
            groups: Arc::clone(groups),
            by_member,
            source,
        })
    }

    /// For `check` and `explain`.
    pub fn name(&self) -> &'static str {
        match &self.source {
            Source::ByMember => match self.by_member.form() {
                MembershipForm::Lateral => "groups-by-member, joined laterally",
                MembershipForm::RowIn => "groups-by-member, as a row comparison",
                MembershipForm::JsonEach => "groups-by-member, as a scalar subquery",
                MembershipForm::PerUser => "groups-by-member, one statement a user",
            },
            Source::Column(_) => "a column of all-groups",
            Source::Query(query) if query.is_joined() => "SQL_QUERY_ALL_MEMBERSHIPS, joined with users and groups",
            Source::Query(_) => "SQL_QUERY_ALL_MEMBERSHIPS, its users and groups looked up",
        }
    }

    /// The query that lists memberships, where they come from one.
    pub(crate) fn query(&self) -> Option<&MembershipsQuery> {
        match &self.source {
            Source::Query(query) => Some(query),
            Source::ByMember | Source::Column(_) => None,
        }
    }

    /// The groups-by-member query, whether or not memberships come from it.
    pub(crate) fn by_member(&self) -> &ByMember {
        &self.by_member
    }

    /// Whether the members of a group take a statement for every user there is.
    pub(crate) fn are_read_user_by_user(&self) -> bool {
        matches!(self.source, Source::ByMember) && self.by_member.form() == MembershipForm::PerUser
    }

    /// Whether the groups' names are spelled as all-groups spells them, so that SQL can compare them.
    pub(crate) fn spell_groups_alike(&self) -> bool {
        match &self.source {
            Source::Query(query) => query.gives_groups_own_names(),
            Source::ByMember | Source::Column(_) => self.by_member.spells_groups_alike(),
        }
    }

    /// The memberships of some users or groups. The users exist; that the groups do is for the caller to find out.
    ///
    /// # Errors
    /// The database could not answer.
    pub(crate) async fn read(&self, of: MembershipsOf<'_>, budget: Budget) -> Result<Vec<Membership>, DirectoryError> {
        match &self.source {
            Source::Column(column) => column.read(of, budget).await,
            Source::Query(query) if !query.is_joined() => query.look_up(of, budget).await,
            Source::ByMember if self.by_member.form() == MembershipForm::PerUser => {
                self.by_member.user_by_user(of, budget).await
            }
            Source::ByMember | Source::Query(_) => self.at_once(of, budget).await,
        }
    }

    /// In parts, where it is more than is read at once. Not recursive: a task's stack is small.
    async fn at_once(&self, of: MembershipsOf<'_>, budget: Budget) -> Result<Vec<Membership>, DirectoryError> {
        let mut memberships = Vec::new();
        let mut parts = vec![of];
        while let Some(of) = parts.pop() {
            let statement = self.statement(of);
            let rows = match fetch(&self.database, statement.clone(), budget).await {
                Err(error) if error.is_too_many_rows() => {
                    if let Some((first, second)) = of.halves().filter(|_| self.spell_groups_alike()) {
                        parts.extend([second, first]);
                        continue;
                    }
                    // One group of very many members: they are one entry and have to be held together anyway.
                    collect(&self.database, statement, concerns(of), budget).await?
                }
                rows => rows?,
            };
            memberships.extend(self.decided(of, rows, budget).await?);
        }
        Ok(memberships)
    }

    /// The memberships that rows of the question's statement tell.
    async fn decided(
        &self,
        of: MembershipsOf<'_>,
        rows: Vec<Row>,
        budget: Budget,
    ) -> Result<Vec<Membership>, DirectoryError> {
        let mut memberships: Vec<Membership> = rows.iter().filter_map(|row| membership(row)).collect();
        if let MembershipsOf::Groups(names) = of {
            // More may have been read, and a collation may hold a group's name equal to another's.
            let asked: HashSet<&str> = names.iter().map(String::as_str).collect();
            let wanted = NameSet::of(names);
            memberships.retain(|found| asked.contains(found.group.as_str()) || wanted.has(&found.group));
        }
        // Groups that the form cannot decide, because a column that it compares is NULL (`MembershipForm::RowIn`).
        let undecided: Vec<String> = rows.iter().filter_map(|row| undecided(row)).collect();
        if undecided.is_empty() {
            return Ok(memberships);
        }
        match of {
            MembershipsOf::Users(_) => self.by_member.user_by_user(of, budget).await,
            MembershipsOf::Groups(_) => {
                let doubtful = NameSet::of(&undecided);
                memberships.retain(|found| !doubtful.has(&found.group));
                let of_doubtful = self.by_member.user_by_user(MembershipsOf::Groups(&undecided), budget);
                memberships.extend(of_doubtful.await?);
                Ok(memberships)
            }
        }
    }

    /// What asks for all memberships at once; None where no statement can.
    pub(crate) fn statement(&self, of: MembershipsOf<'_>) -> Option<Statement> {
        match &self.source {
            Source::ByMember => self.by_member.statement(of),
            Source::Query(query) => query.statement(of),
            Source::Column(_) => None,
        }
    }

    /// For each group, by its prepared name, the names of its members as their entries spell them.
    ///
    /// # Errors
    /// The database could not answer.
    pub(crate) async fn members_of(
        &self,
        groups: &[String],
        budget: Budget,
    ) -> Result<HashMap<String, Vec<String>>, DirectoryError> {
        let memberships = self.read(MembershipsOf::Groups(groups), budget).await?;
        Ok(grouped(memberships.into_iter().map(|found| (found.group, found.user))))
    }

    /// For each user, by its prepared name, the names of the groups as their entries spell them.
    ///
    /// # Errors
    /// The database could not answer.
    pub(crate) async fn groups_of(
        &self,
        users: &[String],
        budget: Budget,
    ) -> Result<HashMap<String, Vec<String>>, DirectoryError> {
        let names = [self.groups.name_column()];
        if let Some(found) = self.groups_with_rows(users, &names, budget).await? {
            let named = |row: Row| Some(row.first()?.to_text()?.into_owned());
            return Ok(grouped(
                found.into_iter().filter_map(|(user, row)| Some((user, named(row?)?))),
            ));
        }
        let memberships = self.read(MembershipsOf::Users(users), budget).await?;
        let existing = self.existing_groups(&memberships, budget).await?;
        Ok(grouped(memberships.into_iter().filter_map(|found| {
            let group = existing.get(&Name::new(&found.group)?.prepared)?;
            Some((found.user, group.clone()))
        })))
    }

    /// The groups of these memberships that all-groups knows, by prepared name, as it spells them: a memberOf that points
    /// nowhere would make clients fail.
    ///
    /// # Errors
    /// The database could not answer.
    pub(crate) async fn existing_groups(
        &self,
        memberships: &[Membership],
        budget: Budget,
    ) -> Result<HashMap<String, String>, DirectoryError> {
        let names = memberships.iter().map(|found| found.group.clone()).collect();
        match self.spell_groups_alike() {
            true => as_spelled(&self.groups, names, budget).await,
            false => in_any_spelling(&self.groups, names, budget).await,
        }
    }

    /// What asks for these users' groups with these columns of their rows, and how a row of the answer is read; None where
    /// one statement cannot tell.
    fn groups_with_rows_asked(&self, users: &[String], columns: &[usize]) -> Option<(Statement, ReadGroup)> {
        match &self.source {
            Source::ByMember => self.by_member.groups_with_rows(users, columns),
            Source::Query(query) => Some((query.groups_with_rows(users, columns)?, joined_user_and_group)),
            Source::Column(_) => None,
        }
    }

    /// What asks for these users' groups with the columns that entries are made of.
    pub(crate) fn groups_with_rows_statement(&self, users: &[String]) -> Option<Statement> {
        let columns = &self.groups.maker().projection().columns;
        let (statement, _) = self.groups_with_rows_asked(users, columns)?;
        Some(statement)
    }

    /// The users that have one of these names, as the database compares, each with these columns of the rows of
    /// all-groups that are its groups, in one statement. A user without any comes once or not at all. None where one
    /// statement cannot tell.
    ///
    /// # Errors
    /// The database could not answer.
    pub(crate) async fn groups_with_rows(
        &self,
        users: &[String],
        columns: &[usize],
        budget: Budget,
    ) -> Result<Option<Vec<(String, Option<Row>)>>, DirectoryError> {
        let Some((statement, read)) = self.groups_with_rows_asked(users, columns) else {
            return Ok(None);
        };
        let rows = match fetch(&self.database, Some(statement), budget).await {
            Err(error) if error.is_too_many_rows() => return Ok(None),
            rows => rows?,
        };
        Ok(rows.into_iter().map(read).collect())
    }
}

/// Whether a row is about what was asked, or about nobody that is known.
fn concerns(of: MembershipsOf<'_>) -> impl Fn(&Row) -> bool {
    let wanted = NameSet::of(of.names());
    move |row| membership(row).is_none_or(|found| wanted.has(of.side(&found)))
}
