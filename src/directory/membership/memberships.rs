//! Membership as a relation between users and groups: `memberUid`, `member`, `uniqueMember` and `memberOf` are four
//! views of the pairs that are read here, so they always agree.
//!
//! The source is the query of all memberships, or a members column of the all-groups query, or the groups-by-member
//! query, turned round in the form that the engine can. A pair counts only between a user and a group that exist.

use crate::{
    config::QuerySet,
    directory::{
        Directory,
        error::DirectoryError,
        mapping::columns::Role,
        membership::memberships_query::MembershipsQuery,
        naming::tree::Name,
        queries::DescribedQuery,
        source::listing::{Key, fetch, none_for_the_name_alone},
    },
    model::value::Cell,
    sql::{Budget, Database, GroupMemberships, MembershipForm, NamedQuery, Predicate, Row, SqlError, Statement},
};
use futures::{StreamExt, TryStreamExt, stream};
use std::collections::{HashMap, HashSet};

/// Users asked one by one at a time, where no form of the query can ask for many.
const PIPELINED: usize = 4;
/// Rows read at a time while looking through a whole table.
pub(crate) const CHUNK: u32 = 1000;
/// Names in any spelling looked for one by one, so that each is found by an index; more of them are one list, which each
/// row is compared with once.
pub(crate) const FEW: usize = 8;
/// Numbers that one statement looks for: SQLite ends at a depth of 1,000.
pub(crate) const ALTERNATIVES: usize = 200;
/// Names that one statement lists.
pub(crate) const CHUNK_SIZE: usize = 1000;

/// One membership, both sides spelled as the database spells them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The user's name.
    pub user: String,
    /// The group's name.
    pub group: String,
}

/// Which memberships are asked for.
#[derive(Debug, Clone, Copy)]
pub enum By<'a> {
    /// All groups of these users.
    Users(&'a [String]),
    /// All users of these groups.
    Groups(&'a [String]),
}

impl<'a> By<'a> {
    /// The same question in two parts; none when it is about one name.
    fn halves(self) -> Option<(By<'a>, By<'a>)> {
        let split = |names: &'a [String]| (names.len() > 1).then(|| names.split_at(names.len() / 2));
        match self {
            By::Users(names) => split(names).map(|(first, second)| (By::Users(first), By::Users(second))),
            By::Groups(names) => split(names).map(|(first, second)| (By::Groups(first), By::Groups(second))),
        }
    }
}

/// Where memberships come from.
#[derive(Debug)]
pub enum Membership {
    /// The groups-by-member query, in a form that asks for many users or groups at once or, with
    /// [`MembershipForm::PerUser`], for one user at a time.
    ByMember(MembershipForm),
    /// A column of all-groups lists the members.
    Column(Role),
    /// A query lists the memberships.
    Listed(Box<MembershipsQuery>),
}

/// The three queries that memberships are read from, as the SQL layer takes them.
fn relation(queries: &QuerySet<DescribedQuery>) -> GroupMemberships<'_> {
    GroupMemberships {
        users: named(&queries.all_users),
        groups: named(&queries.all_groups),
        by_member: named(&queries.groups_by_member),
    }
}

/// A query of users or groups as the SQL layer takes it.
pub(crate) fn named(query: &DescribedQuery) -> NamedQuery<'_> {
    NamedQuery {
        query: &query.query,
        described: &query.described,
        name: query.column(Role::Name).unwrap_or_default(),
    }
}

impl Membership {
    /// The source of memberships: a query of them, a members column, or the first form that the database takes.
    ///
    /// # Errors
    /// The database could not be asked.
    pub async fn choose(database: &Database, queries: &QuerySet<DescribedQuery>) -> Result<Self, SqlError> {
        let (users, groups) = (&queries.all_users, &queries.all_groups);
        if let Some(memberships) = &queries.all_memberships {
            let listed = MembershipsQuery::new(database, users, groups, memberships.clone()).await?;
            return Ok(Membership::Listed(Box::new(listed)));
        }
        for role in [Role::MemberUids, Role::Members] {
            if groups.column(role).is_some() {
                return Ok(Membership::Column(role));
            }
        }
        let relation = relation(queries);
        for form in relation.forms() {
            let Some(statement) = relation.pairs(form, None, None) else {
                continue;
            };
            match database.describe(&statement.sql).await {
                Ok(_) => return Ok(Membership::ByMember(form)),
                // This form is not for these queries; the next one may be.
                Err(SqlError::Statement(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Membership::ByMember(MembershipForm::PerUser))
    }

    /// For `check` and `explain`.
    pub fn name(&self) -> &'static str {
        match self {
            Membership::ByMember(MembershipForm::Lateral) => "groups-by-member, joined laterally",
            Membership::ByMember(MembershipForm::RowIn) => "groups-by-member, as a row comparison",
            Membership::ByMember(MembershipForm::JsonEach) => "groups-by-member, as a scalar subquery",
            Membership::ByMember(MembershipForm::PerUser) => "groups-by-member, one statement a user",
            Membership::Column(_) => "a column of all-groups",
            Membership::Listed(listed) if listed.is_joined() => {
                "SQL_QUERY_ALL_MEMBERSHIPS, joined with users and groups"
            }
            Membership::Listed(_) => "SQL_QUERY_ALL_MEMBERSHIPS, its users and groups looked up",
        }
    }
}

impl Directory {
    /// The memberships of some users or groups. The users exist; that the groups do is for the caller to find out.
    pub(crate) async fn pairs(&self, by: By<'_>, budget: Budget) -> Result<Vec<Pair>, DirectoryError> {
        match &self.membership {
            Membership::Column(role) => self.pairs_of_column(*role, by, budget).await,
            Membership::Listed(listed) if !listed.is_joined() => self.pairs_looked_up(listed, by, budget).await,
            Membership::ByMember(MembershipForm::PerUser) => self.pairs_per_user(by, budget).await,
            Membership::ByMember(_) | Membership::Listed(_) => self.pairs_at_once(by, budget).await,
        }
    }

    /// In parts, where it is more than is read at once. Not recursive: a task's stack is small.
    async fn pairs_at_once(&self, by: By<'_>, budget: Budget) -> Result<Vec<Pair>, DirectoryError> {
        let mut pairs = Vec::new();
        let mut parts = vec![by];
        while let Some(by) = parts.pop() {
            let statement = self.pairs_statement(by);
            let rows = match fetch(&self.database, statement.clone(), budget).await {
                Err(error) if error.is_too_many_rows() => {
                    if let Some((first, second)) = by.halves().filter(|_| self.groups_spelled_alike) {
                        parts.extend([second, first]);
                        continue;
                    }
                    // One group of very many members: they are one entry and have to be held together anyway.
                    self.collect(statement, concerns(by), budget).await?
                }
                rows => rows?,
            };
            pairs.extend(self.decided(by, rows, budget).await?);
        }
        Ok(pairs)
    }

    /// The pairs that rows of the question's statement tell.
    async fn decided(&self, by: By<'_>, rows: Vec<Row>, budget: Budget) -> Result<Vec<Pair>, DirectoryError> {
        let mut pairs: Vec<Pair> = rows.iter().filter_map(|row| pair(row)).collect();
        if let By::Groups(names) = by {
            // More may have been read, and a collation may hold a group's name equal to another's.
            let asked: HashSet<&str> = names.iter().map(String::as_str).collect();
            let wanted = prepared(names);
            let is_wanted = |group: &str| Name::new(group).is_some_and(|name| wanted.contains(&name.prepared));
            pairs.retain(|pair| asked.contains(pair.group.as_str()) || is_wanted(&pair.group));
        }
        // Groups that the form cannot decide, because a column that it compares is NULL (`MembershipForm::RowIn`).
        let undecided: Vec<String> = rows.iter().filter_map(|row| undecided(row)).collect();
        if undecided.is_empty() {
            return Ok(pairs);
        }
        match by {
            By::Users(_) => self.pairs_per_user(by, budget).await,
            By::Groups(_) => {
                let doubtful = prepared(&undecided);
                pairs.retain(|pair| Name::new(&pair.group).is_none_or(|name| !doubtful.contains(&name.prepared)));
                pairs.extend(self.pairs_per_user(By::Groups(&undecided), budget).await?);
                Ok(pairs)
            }
        }
    }

    /// The rows that concern what was asked, of a result of any size.
    pub(crate) async fn collect(
        &self,
        statement: Option<Statement>,
        concerns: impl Fn(&Row) -> bool,
        budget: Budget,
    ) -> Result<Vec<Row>, SqlError> {
        let Some(statement) = statement else {
            return Ok(Vec::new());
        };
        let patience = budget.left();
        let mut stream = self.database.stream(statement.sql, statement.args, patience);
        let mut rows = Vec::new();
        while let Some(batch) = stream.next().await {
            rows.extend(batch?.into_iter().filter(|row| concerns(row)));
        }
        Ok(rows)
    }

    /// What asks for all pairs at once; None where no form of the query can.
    pub(crate) fn pairs_statement(&self, by: By<'_>) -> Option<Statement> {
        let (users, groups) = (&self.queries.all_users, &self.queries.all_groups);
        let form = match &self.membership {
            Membership::ByMember(form) => *form,
            Membership::Listed(listed) => {
                let relation = listed.joined(users, groups)?;
                return match by {
                    By::Users(names) => relation.pairs(Some(names), None),
                    By::Groups(names) => relation.pairs(None, Some(names)),
                };
            }
            Membership::Column(_) => return None,
        };
        let (of_users, of_groups) = match by {
            By::Users(names) => (Some(names), None),
            By::Groups(names) if self.groups_spelled_alike || form == MembershipForm::RowIn => (None, Some(names)),
            // The database would compare spellings; every membership is read, and `pairs_at_once` compares names.
            By::Groups(_) => (None, None),
        };
        relation(&self.queries).pairs(form, of_users, of_groups)
    }

    /// For each group, by its prepared name, the names of its members as their entries spell them.
    pub(crate) async fn members_of(
        &self,
        groups: &[String],
        budget: Budget,
    ) -> Result<HashMap<String, Vec<String>>, DirectoryError> {
        let pairs = self.pairs(By::Groups(groups), budget).await?;
        Ok(grouped(pairs.into_iter().map(|pair| (pair.group, pair.user))))
    }

    /// For each user, by its prepared name, the names of the groups as their entries spell them.
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
        let pairs = self.pairs(By::Users(users), budget).await?;
        let existing = self.existing_groups(&pairs, budget).await?;
        Ok(grouped(pairs.into_iter().filter_map(|pair| {
            let group = existing.get(&Name::new(&pair.group)?.prepared)?;
            Some((pair.user, group.clone()))
        })))
    }

    /// What [`Directory::groups_with_rows`] asks, and how a row of the answer is read.
    fn groups_with_rows_asked(&self, users: &[String], columns: &[usize]) -> Option<(Statement, ReadGroup)> {
        let (all_users, all_groups) = (&self.queries.all_users, &self.queries.all_groups);
        match &self.membership {
            Membership::ByMember(form) if self.groups_spelled_alike && *form != MembershipForm::PerUser => {
                let relation = relation(&self.queries);
                Some((relation.groups_with(*form, users, columns)?, user_and_group))
            }
            Membership::Listed(listed) => {
                let relation = listed.joined(all_users, all_groups)?;
                Some((relation.groups_with(users, columns)?, listed_user_and_group))
            }
            Membership::ByMember(_) | Membership::Column(_) => None,
        }
    }

    /// What asks for these users' groups with the columns that entries are made of.
    pub(crate) fn groups_with_rows_statement(&self, users: &[String]) -> Option<Statement> {
        let columns = &self.groups.maker().projection().columns;
        self.groups_with_rows_asked(users, columns)
            .map(|(statement, _)| statement)
    }

    /// The users that have one of these names, as the database compares, each with these columns of the rows of
    /// all-groups that are its groups, in one statement. A user without any comes once or not at all. None where one
    /// statement cannot tell.
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

    /// Statement by statement, a few at a time; for groups, of every user there is.
    async fn pairs_per_user(&self, by: By<'_>, budget: Budget) -> Result<Vec<Pair>, DirectoryError> {
        match by {
            By::Users(users) => {
                // The query may find more than all-users has, and knows nobody's spelling.
                let projection = self.users.maker().projection();
                let rows = self.users.named(users, budget).await?;
                // Names that the database cannot look for are read all: nobody is asked about another one's row.
                let wanted = prepared(users);
                let is_wanted = |name: &String| Name::new(name).is_some_and(|name| wanted.contains(&name.prepared));
                let users = rows.iter().filter_map(|row| projection.name(row)).filter(is_wanted);
                self.pairs_of_users(users.collect(), budget).await
            }
            By::Groups(groups) => {
                let wanted: HashSet<String> = prepared(groups);
                let mut pairs = Vec::new();
                let mut after: Option<Key> = None;
                loop {
                    let chunk = self
                        .users
                        .chunk(&Predicate::True, after.as_ref(), CHUNK, budget)
                        .await?;
                    let projection = self.users.maker().projection();
                    let users = chunk.rows.iter().filter_map(|row| projection.name(row)).collect();
                    let mut found = self.pairs_of_users(users, budget).await?;
                    found.retain(|pair| Name::new(&pair.group).is_some_and(|name| wanted.contains(&name.prepared)));
                    pairs.extend(found);
                    after = chunk.next;
                    if after.is_none() {
                        return Ok(pairs);
                    }
                }
            }
        }
    }

    pub(crate) async fn pairs_of_users(&self, users: Vec<String>, budget: Budget) -> Result<Vec<Pair>, DirectoryError> {
        let by_member = &self.queries.groups_by_member;
        let relation = relation(&self.queries);
        let found: Vec<Vec<Pair>> = stream::iter(users)
            .map(|user| async move {
                let rows = fetch(&self.database, relation.groups_of(&user), budget).await;
                let rows = none_for_the_name_alone(&self.database, by_member, &user, rows, budget).await?;
                let groups = rows.iter().filter_map(|row| Some(row.first()?.to_text()?.into_owned()));
                Ok::<_, SqlError>(
                    groups
                        .map(|group| Pair {
                            user: user.clone(),
                            group,
                        })
                        .collect(),
                )
            })
            .buffered(PIPELINED)
            .try_collect()
            .await?;
        Ok(found.into_iter().flatten().collect())
    }
}

/// What makes of a row its user and the group's row; None where it is not known whose group it is.
type ReadGroup = fn(Row) -> Option<(String, Option<Row>)>;

/// Whether a row is about what was asked, or about nobody that is known.
fn concerns(by: By<'_>) -> impl Fn(&Row) -> bool {
    let (By::Users(names) | By::Groups(names)) = by;
    let wanted = prepared(names);
    move |row| {
        let Some(pair) = pair(row) else { return true };
        let name = match by {
            By::Users(_) => pair.user,
            By::Groups(_) => pair.group,
        };
        Name::new(&name).is_some_and(|name| wanted.contains(&name.prepared))
    }
}

fn pair(row: &[Cell]) -> Option<Pair> {
    let (user, group) = match row {
        [user, group] => (user, group),
        [user, user_there, group, group_there]
            if is_same(user, user_there) && (*group_there == Cell::Null || is_same(group, group_there)) =>
        {
            (user, group)
        }
        _ => return None,
    };
    Some(Pair {
        user: user.to_text()?.into_owned(),
        group: group.to_text()?.into_owned(),
    })
}

/// A row as [`GroupMemberships::groups_with`] gives it.
fn user_and_group(mut row: Row) -> Option<(String, Option<Row>)> {
    let group_row = row.split_off(row.len().min(3));
    let [user, by_member, group] = row.as_slice() else {
        return None;
    };
    Some((
        user.to_text()?.into_owned(),
        is_same(by_member, group).then_some(group_row),
    ))
}

/// The same of a row as [`MembershipJoin::groups_with`](crate::sql::MembershipJoin::groups_with) gives it.
fn listed_user_and_group(mut row: Row) -> Option<(String, Option<Row>)> {
    let group_row = row.split_off(row.len().min(4));
    let pair = pair(&row);
    Some((row.first()?.to_text()?.into_owned(), pair.map(|_| group_row)))
}

/// Whether two cells are one name: the database may hold two names equal that are two entries' names.
fn is_same(one: &Cell, other: &Cell) -> bool {
    let prepared = |cell: &Cell| Some(Name::new(&cell.to_text()?)?.prepared);
    *one != Cell::Null && (one == other || prepared(one).is_some_and(|name| prepared(other) == Some(name)))
}

fn undecided(row: &[Cell]) -> Option<String> {
    match row {
        [Cell::Null, group] => Some(group.to_text()?.into_owned()),
        _ => None,
    }
}

pub(crate) fn prepared(names: &[String]) -> HashSet<String> {
    names
        .iter()
        .filter_map(|name| Some(Name::new(name)?.prepared))
        .collect()
}

/// The right sides by the prepared left ones, each once: values of an attribute are a set under its matching rule.
fn grouped(pairs: impl Iterator<Item = (String, String)>) -> HashMap<String, Vec<String>> {
    let mut grouped: HashMap<String, (Vec<String>, HashSet<String>)> = HashMap::new();
    for (left, right) in pairs {
        let (Some(left), Some(name)) = (Name::new(&left), Name::new(&right)) else {
            continue;
        };
        let (values, seen) = grouped.entry(left.prepared).or_default();
        if seen.insert(name.prepared) {
            values.push(right);
        }
    }
    grouped.into_iter().map(|(left, (values, _))| (left, values)).collect()
}
