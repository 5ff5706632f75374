//! Memberships from a query that lists them all, a user and a group a row, the group by its name or by its number.
//!
//! Where SQL may compare what it lists with the users and groups, a question is one statement that joins the three
//! queries. Otherwise the rows are found in any spelling, and their users and groups are looked up: what a table of names
//! holds is compared as LDAP does, whatever its collation.

use crate::{
    config::Query,
    directory::{
        error::DirectoryError,
        fetch::fetch_or_collect,
        membership::{
            relation::{FEW, Membership, MembershipsOf, NAMES_A_STATEMENT, NameSet},
            resolve::{in_any_spelling, with_users},
            rows::membership,
        },
        queries::{DescribedQuery, GroupColumn, MembershipColumns, QueryProblem},
        source::listing::Listing,
    },
    model::value::Cell,
    sql::{Budget, ColumnKind, Database, MembershipJoin, Predicate, QueryTable, Row, SqlError, Statement},
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// Numbers that one statement looks for: SQLite ends at a depth of 1,000.
const NUMBERS_A_STATEMENT: usize = 200;

/// The query, and how it names groups.
pub(crate) struct MembershipsQuery {
    database: Database,
    users: Arc<Listing>,
    groups: Arc<Listing>,
    query: DescribedQuery,
    columns: MembershipColumns,
    /// The column of all-groups that the group's column refers to.
    key: usize,
    is_joined: bool,
}

impl MembershipsQuery {
    /// Finds out whether the database can join it with users and groups.
    ///
    /// # Errors
    /// A column is missing, or the database could not be asked.
    pub async fn new(users: &Arc<Listing>, groups: &Arc<Listing>, query: DescribedQuery) -> Result<Self, QueryProblem> {
        let columns = MembershipColumns::of(&query)?;
        let mut listed = MembershipsQuery {
            database: users.database().clone(),
            users: Arc::clone(users),
            groups: Arc::clone(groups),
            columns,
            key: columns.key(groups.query())?,
            is_joined: false,
            query,
        };
        if listed.users_are_comparable() && listed.groups_are_comparable() {
            let can_be_joined = listed.can_be_joined().await;
            listed.is_joined =
                can_be_joined.map_err(|error| QueryProblem::of_database(Query::AllMemberships, &error))?;
        }
        Ok(listed)
    }

    /// Whether the database takes every statement of that kind.
    async fn can_be_joined(&self) -> Result<bool, SqlError> {
        let join = self.join();
        if !join.names_are_texts() {
            return Ok(false);
        }
        let name = ["name".to_owned()];
        let statements = [
            join.pairs(None, None),
            join.pairs(None, Some(&name)),
            join.groups_with(&name, &[self.key]),
        ];
        for statement in statements {
            let Some(statement) = statement else { return Ok(false) };
            match self.database.describe(&statement.sql).await {
                Ok(_) => {}
                // Looked up one after the other they are found as well.
                Err(SqlError::Statement(_)) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Whether SQL may compare its users with those of all-users: both are one table's column.
    pub fn users_are_comparable(&self) -> bool {
        self.query.takes_name_as(self.columns.user, self.users.query())
    }

    /// The same of groups: names where they are one column's, numbers where they are whole ones in all rows.
    pub fn groups_are_comparable(&self) -> bool {
        let is_whole = |query: &DescribedQuery, column: usize| {
            let column = query.described.columns.get(column);
            column.is_some_and(|column| column.kind == ColumnKind::Integer)
        };
        let groups = self.groups.query();
        match self.columns.group {
            GroupColumn::Number(number) => is_whole(&self.query, number) && is_whole(groups, self.key),
            GroupColumn::Name(name) => self.query.takes_name_as(name, groups),
        }
    }

    fn join(&self) -> MembershipJoin<'_> {
        MembershipJoin {
            users: self.users.query().named(),
            groups: self.groups.query().named(),
            key: self.key,
            pairs: self.table(),
            user: self.columns.user,
            group: self.columns.group.position(),
        }
    }

    /// What asks for memberships in one statement, where SQL may compare.
    pub fn statement(&self, of: MembershipsOf<'_>) -> Option<Statement> {
        let join = self.is_joined.then(|| self.join())?;
        match of {
            MembershipsOf::Users(names) => join.pairs(Some(names), None),
            MembershipsOf::Groups(names) => join.pairs(None, Some(names)),
        }
    }

    /// The same for users' groups with these columns of all-groups.
    pub fn groups_with_rows(&self, users: &[String], columns: &[usize]) -> Option<Statement> {
        let join = self.is_joined.then(|| self.join())?;
        join.groups_with(users, columns)
    }

    /// Whether a question is one statement.
    pub fn is_joined(&self) -> bool {
        self.is_joined
    }

    /// Whether its groups are spelled as all-groups spells them: joined or found by number they are.
    pub fn gives_groups_own_names(&self) -> bool {
        self.is_joined || matches!(self.columns.group, GroupColumn::Number(_))
    }

    /// The query.
    pub fn query(&self) -> &DescribedQuery {
        &self.query
    }

    /// The columns that it names users and groups in.
    pub fn columns(&self) -> MembershipColumns {
        self.columns
    }

    /// The same as a statement selects them.
    fn positions(&self) -> [usize; 2] {
        [self.columns.user, self.columns.group.position()]
    }

    /// The memberships, where SQL may not compare them with the users and groups.
    ///
    /// # Errors
    /// The database could not answer.
    pub async fn look_up(&self, of: MembershipsOf<'_>, budget: Budget) -> Result<Vec<Membership>, DirectoryError> {
        let wanted = NameSet::of(of.names());
        let memberships = match (of, self.columns.group) {
            (MembershipsOf::Users(_), GroupColumn::Name(_)) => named(&self.rows_of_users(&wanted, budget).await?),
            (MembershipsOf::Users(_), GroupColumn::Number(_)) => {
                let rows = self.rows_of_users(&wanted, budget).await?;
                let numbers = rows.iter().filter_map(|row| number(row.get(1)?)).collect();
                numbered(&rows, &self.groups_by_number(numbers, budget).await?)
            }
            (MembershipsOf::Groups(_), GroupColumn::Name(name)) => {
                let statements = self.named(name, &wanted);
                let is_meant = |row: &Row| wanted.has_cell(row.get(1));
                named(&self.rows(statements, is_meant, budget).await?)
            }
            (MembershipsOf::Groups(names), GroupColumn::Number(column)) => {
                let groups = self.numbers_of_groups(names, &wanted, budget).await?;
                let statements = self.numbered(column, &groups.keys().copied().collect());
                let is_meant = |row: &Row| {
                    let number = row.get(1).and_then(number);
                    number.is_some_and(|number| groups.contains_key(&number))
                };
                numbered(&self.rows(statements, is_meant, budget).await?, &groups)
            }
        };
        // Spelled as the users' entries are.
        let names = memberships.iter().map(|listed| listed.user.clone()).collect();
        let existing = in_any_spelling(&self.users, names, budget).await?;
        Ok(with_users(memberships, &existing))
    }

    async fn rows_of_users(&self, wanted: &NameSet, budget: Budget) -> Result<Vec<Row>, SqlError> {
        let statements = self.named(self.columns.user, wanted);
        self.rows(statements, |row| wanted.has_cell(row.first()), budget).await
    }

    /// The rows that are meant, however many there are: they belong to entries that are held at once anyway.
    async fn rows(
        &self,
        statements: Vec<Option<Statement>>,
        is_meant: impl Fn(&Row) -> bool,
        budget: Budget,
    ) -> Result<Vec<Row>, SqlError> {
        let mut rows = Vec::new();
        for statement in statements {
            rows.extend(fetch_or_collect(&self.database, statement, &is_meant, budget).await?);
        }
        Ok(rows)
    }

    /// Reads the rows whose name in this column may be one of these: all that are, and others.
    fn named(&self, column: usize, names: &NameSet) -> Vec<Option<Statement>> {
        let names: Vec<String> = names.prepared().cloned().collect();
        if names.len() <= FEW {
            let equal = names
                .into_iter()
                .map(|prepared| Predicate::EqualsIgnoreCase { column, prepared });
            return vec![self.table().select(&self.positions(), &Predicate::Or(equal.collect()))];
        }
        let parts = names.chunks(NAMES_A_STATEMENT);
        parts
            .map(|names| self.table().in_any_case(&self.positions(), column, names))
            .collect()
    }

    /// Reads the rows with these groups' numbers.
    fn numbered(&self, column: usize, numbers: &HashSet<i64>) -> Vec<Option<Statement>> {
        let parts = any_number(column, numbers).into_iter();
        parts.map(|any| self.table().select(&self.positions(), &any)).collect()
    }

    fn table(&self) -> QueryTable<'_> {
        QueryTable::listing(&self.query.query, &self.query.described)
    }

    /// The groups that have one of these names, by number; several may have one.
    async fn numbers_of_groups(
        &self,
        names: &[String],
        wanted: &NameSet,
        budget: Budget,
    ) -> Result<HashMap<i64, Vec<String>>, DirectoryError> {
        let mut groups: HashMap<i64, Vec<String>> = HashMap::new();
        for names in names.chunks(NAMES_A_STATEMENT) {
            self.add_numbers(&mut groups, &self.groups.named(names, budget).await?);
        }
        // A collation may hold another group's name equal.
        groups.retain(|_, names| {
            names.retain(|name| wanted.has(name));
            !names.is_empty()
        });
        Ok(groups)
    }

    /// The groups that have these numbers; several may have one.
    async fn groups_by_number(
        &self,
        numbers: HashSet<i64>,
        budget: Budget,
    ) -> Result<HashMap<i64, Vec<String>>, DirectoryError> {
        let mut groups = HashMap::new();
        for any in any_number(self.key, &numbers) {
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
}

/// The memberships of rows that name their groups.
fn named(rows: &[Row]) -> Vec<Membership> {
    rows.iter().filter_map(|row| membership(row)).collect()
}

/// The memberships of rows that number their groups.
fn numbered(rows: &[Row], groups: &HashMap<i64, Vec<String>>) -> Vec<Membership> {
    let memberships = rows.iter().flat_map(|row| {
        let user = row.first().and_then(Cell::to_text).map(|user| user.into_owned());
        let names = row.get(1).and_then(number).and_then(|number| groups.get(&number));
        let names = names.map(Vec::as_slice).unwrap_or_default();
        names.iter().filter_map(move |group| {
            Some(Membership {
                user: user.clone()?,
                group: group.clone(),
            })
        })
    });
    memberships.collect()
}

/// Any of these numbers, some at a time.
fn any_number(column: usize, numbers: &HashSet<i64>) -> Vec<Predicate> {
    let numbers: Vec<i64> = numbers.iter().copied().collect();
    let parts = numbers.chunks(NUMBERS_A_STATEMENT).map(|numbers| {
        let equal = numbers
            .iter()
            .map(|value| Predicate::IntegerEquals { column, value: *value });
        Predicate::Or(equal.collect())
    });
    parts.collect()
}

fn number(cell: &Cell) -> Option<i64> {
    i64::try_from(cell.to_integer()?).ok()
}
