//! Memberships from a query that lists them all, a user and a group a row, the group by its name or by its number.
//!
//! Where SQL may compare what it lists with the users and groups (`sql::pairs`), a question is one statement. Otherwise
//! the rows are found in any spelling, and their users and groups are looked up: what a table of names holds is compared
//! as LDAP does, whatever its collation.

use crate::{
    directory::{
        Directory,
        error::DirectoryError,
        kind::Kind,
        mapping::columns::Role,
        membership::{
            memberships::{ALTERNATIVES, By, CHUNK_SIZE, FEW, Pair, named, prepared},
            resolve::with_existing_users,
        },
        naming::tree::Name,
        queries::DescribedQuery,
        source::listing::fetch,
    },
    model::value::Cell,
    sql::{Budget, ColumnKind, Database, MembershipJoin, Predicate, QueryTable, Row, SqlError, Statement},
};
use std::collections::{HashMap, HashSet};

/// The query, and how it names groups.
#[derive(Debug)]
pub struct MembershipsQuery {
    query: DescribedQuery,
    user: usize,
    group: usize,
    by_number: bool,
    /// The column of all-groups that `group` refers to.
    key: usize,
    is_joined: bool,
}

impl MembershipsQuery {
    /// Finds out whether the database can join it with users and groups.
    ///
    /// # Errors
    /// The database could not be asked.
    pub(crate) async fn new(
        database: &Database,
        users: &DescribedQuery,
        groups: &DescribedQuery,
        query: DescribedQuery,
    ) -> Result<Self, SqlError> {
        let by_number = query.column(Role::Number).is_some();
        let role = if by_number { Role::Number } else { Role::Name };
        let mut listed = MembershipsQuery {
            user: query.column(Role::Member).unwrap_or_default(),
            group: query.column(role).unwrap_or_default(),
            by_number,
            key: groups.column(role).unwrap_or_default(),
            is_joined: false,
            query,
        };
        if listed.query.names_by(Role::Member, users) && listed.groups_are_comparable(groups) {
            listed.is_joined = listed.can_be_joined(database, users, groups).await?;
        }
        Ok(listed)
    }

    /// Whether the database takes every statement of that kind.
    async fn can_be_joined(
        &self,
        database: &Database,
        users: &DescribedQuery,
        groups: &DescribedQuery,
    ) -> Result<bool, SqlError> {
        let relation = self.relation(users, groups);
        if !relation.names_are_texts() {
            return Ok(false);
        }
        let name = ["name".to_owned()];
        let statements = [
            relation.pairs(None, None),
            relation.pairs(None, Some(&name)),
            relation.groups_with(&name, &[self.key]),
        ];
        for statement in statements {
            let Some(statement) = statement else { return Ok(false) };
            match database.describe(&statement.sql).await {
                Ok(_) => {}
                // Looked up one after the other they are found as well.
                Err(SqlError::Statement(_)) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Names are comparable where they are one column's, numbers where they are whole ones in all rows.
    pub(crate) fn groups_are_comparable(&self, groups: &DescribedQuery) -> bool {
        let is_whole = |query: &DescribedQuery, column: usize| {
            let column = query.described.columns.get(column);
            column.is_some_and(|column| column.kind == ColumnKind::Integer)
        };
        match self.by_number {
            true => is_whole(&self.query, self.group) && is_whole(groups, self.key),
            false => self.query.names_by(Role::Name, groups),
        }
    }

    fn relation<'a>(&'a self, users: &'a DescribedQuery, groups: &'a DescribedQuery) -> MembershipJoin<'a> {
        MembershipJoin {
            users: named(users),
            groups: named(groups),
            key: self.key,
            query: &self.query.query,
            described: &self.query.described,
            columns: [self.user, self.group],
        }
    }

    /// What asks for pairs in one statement, where SQL may.
    pub(crate) fn joined<'a>(
        &'a self,
        users: &'a DescribedQuery,
        groups: &'a DescribedQuery,
    ) -> Option<MembershipJoin<'a>> {
        self.is_joined.then(|| self.relation(users, groups))
    }

    /// Whether a question is one statement.
    pub fn is_joined(&self) -> bool {
        self.is_joined
    }

    /// Whether the groups of its pairs are spelled as all-groups spells them: joined or found by number they are.
    pub(crate) fn gives_groups_own_names(&self) -> bool {
        self.is_joined || self.by_number
    }

    /// The query.
    pub fn query(&self) -> &DescribedQuery {
        &self.query
    }

    fn table(&self) -> QueryTable<'_> {
        QueryTable::listing(&self.query.query, &self.query.described)
    }

    /// The rows whose name in this column may be one of these: all that are, and others.
    fn named(&self, column: usize, names: &HashSet<String>) -> Vec<Option<Statement>> {
        let columns = [self.user, self.group];
        let names: Vec<String> = names.iter().cloned().collect();
        if names.len() <= FEW {
            let equal = names
                .into_iter()
                .map(|prepared| Predicate::EqualsIgnoreCase { column, prepared });
            return vec![self.table().select(&columns, &Predicate::Or(equal.collect()))];
        }
        let parts = names.chunks(CHUNK_SIZE);
        parts
            .map(|names| self.table().in_any_case(&columns, column, names))
            .collect()
    }

    fn numbered(&self, numbers: &HashSet<i64>) -> Vec<Option<Statement>> {
        let parts = any_number(self.group, numbers);
        parts
            .map(|any| self.table().select(&[self.user, self.group], &any))
            .collect()
    }

    /// The columns that it names users and groups in.
    pub(crate) fn columns(&self) -> [usize; 2] {
        [self.user, self.group]
    }

    /// Whether it has the numbers of groups and not their names.
    pub(crate) fn is_by_number(&self) -> bool {
        self.by_number
    }
}

impl Directory {
    /// Memberships of a query that SQL may not compare with the users and groups.
    pub(crate) async fn pairs_looked_up(
        &self,
        listed: &MembershipsQuery,
        by: By<'_>,
        budget: Budget,
    ) -> Result<Vec<Pair>, DirectoryError> {
        match (by, listed.by_number) {
            (By::Users(names), by_number) => {
                let wanted = prepared(names);
                let statements = listed.named(listed.user, &wanted);
                let is_meant = |row: &Row| {
                    row.first()
                        .and_then(prepared_name)
                        .is_some_and(|name| wanted.contains(&name))
                };
                let rows = self.rows_of_list(statements, is_meant, budget).await?;
                if by_number {
                    let groups = self.groups_by_number(numbers(&rows), budget).await?;
                    self.pairs_by_number(rows, &groups, budget).await
                } else {
                    self.with_users(rows.iter().filter_map(user_and_name).collect(), budget)
                        .await
                }
            }
            (By::Groups(names), false) => {
                let wanted = prepared(names);
                let statements = listed.named(listed.group, &wanted);
                let is_meant = |row: &Row| {
                    row.get(1)
                        .and_then(prepared_name)
                        .is_some_and(|name| wanted.contains(&name))
                };
                let rows = self.rows_of_list(statements, is_meant, budget).await?;
                self.with_users(rows.iter().filter_map(user_and_name).collect(), budget)
                    .await
            }
            (By::Groups(names), true) => {
                let mut groups: HashMap<i64, Vec<String>> = HashMap::new();
                let wanted = prepared(names);
                for names in names.chunks(CHUNK_SIZE) {
                    self.add_numbers(&mut groups, &self.groups.named(names, budget).await?);
                }
                // A collation may hold another group's name equal.
                groups.retain(|_, names| {
                    names.retain(|name| Name::new(name).is_some_and(|name| wanted.contains(&name.prepared)));
                    !names.is_empty()
                });
                let statements = listed.numbered(&groups.keys().copied().collect());
                let is_meant = |row: &Row| {
                    row.get(1)
                        .and_then(number)
                        .is_some_and(|number| groups.contains_key(&number))
                };
                let rows = self.rows_of_list(statements, is_meant, budget).await?;
                self.pairs_by_number(rows, &groups, budget).await
            }
        }
    }

    /// The rows that are meant, however many there are: they belong to entries that are held at once anyway.
    async fn rows_of_list(
        &self,
        statements: Vec<Option<Statement>>,
        is_meant: impl Fn(&Row) -> bool,
        budget: Budget,
    ) -> Result<Vec<Row>, DirectoryError> {
        let mut rows = Vec::new();
        for statement in statements {
            match fetch(&self.database, statement.clone(), budget).await {
                Err(error) if error.is_too_many_rows() => {
                    rows.extend(self.collect(statement, &is_meant, budget).await?);
                }
                found => rows.extend(found?.into_iter().filter(|row| is_meant(row))),
            }
        }
        Ok(rows)
    }

    /// The groups that have these numbers; several may have one.
    async fn groups_by_number(
        &self,
        numbers: HashSet<i64>,
        budget: Budget,
    ) -> Result<HashMap<i64, Vec<String>>, DirectoryError> {
        let mut groups = HashMap::new();
        let Some(column) = self.groups.column(Role::Number) else {
            return Ok(groups);
        };
        for any in any_number(column, &numbers) {
            self.add_numbers(&mut groups, &self.groups.rows(&any, budget).await?);
        }
        Ok(groups)
    }

    fn add_numbers(&self, groups: &mut HashMap<i64, Vec<String>>, rows: &[Row]) {
        let projection = self.groups.maker().projection();
        for row in rows {
            if let (Some(number), Some(name)) = (projection.number(row), projection.name(row))
                && let Ok(number) = i64::try_from(number)
            {
                let names = groups.entry(number).or_default();
                // A listing that joins groups with their members has each of them often.
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
    }

    async fn pairs_by_number(
        &self,
        rows: Vec<Row>,
        groups: &HashMap<i64, Vec<String>>,
        budget: Budget,
    ) -> Result<Vec<Pair>, DirectoryError> {
        let pairs = rows.iter().flat_map(|row| {
            let user = row.first().and_then(Cell::to_text).map(|user| user.into_owned());
            let names = row.get(1).and_then(number).and_then(|number| groups.get(&number));
            let names = names.map(Vec::as_slice).unwrap_or_default();
            names.iter().filter_map(move |group| {
                Some(Pair {
                    user: user.clone()?,
                    group: group.clone(),
                })
            })
        });
        self.with_users(pairs.collect(), budget).await
    }

    /// The pairs whose user exists, spelled as its entry is.
    pub(crate) async fn with_users(&self, pairs: Vec<Pair>, budget: Budget) -> Result<Vec<Pair>, DirectoryError> {
        let names = pairs.iter().map(|pair| pair.user.clone()).collect();
        let existing = self.existing(Kind::User, names, false, budget).await?;
        Ok(with_existing_users(pairs, &existing))
    }
}

/// Any of these numbers, some at a time.
fn any_number(column: usize, numbers: &HashSet<i64>) -> impl Iterator<Item = Predicate> {
    let numbers: Vec<i64> = numbers.iter().copied().collect();
    let parts: Vec<Predicate> = numbers
        .chunks(ALTERNATIVES)
        .map(|numbers| {
            let equal = numbers
                .iter()
                .map(|value| Predicate::IntegerEquals { column, value: *value });
            Predicate::Or(equal.collect())
        })
        .collect();
    parts.into_iter()
}

fn numbers(rows: &[Row]) -> HashSet<i64> {
    rows.iter().filter_map(|row| number(row.get(1)?)).collect()
}

fn number(cell: &Cell) -> Option<i64> {
    i64::try_from(cell.to_integer()?).ok()
}

fn prepared_name(cell: &Cell) -> Option<String> {
    Some(Name::new(&cell.to_text()?)?.prepared)
}

fn user_and_name(row: &Row) -> Option<Pair> {
    let [user, group] = row.as_slice() else {
        return None;
    };
    Some(Pair {
        user: user.to_text()?.into_owned(),
        group: group.to_text()?.into_owned(),
    })
}
