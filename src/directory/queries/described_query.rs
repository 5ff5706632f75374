//! One of the operator's queries with what the database says of it, and what is wrong with one.

use crate::{
    config::Query,
    directory::{kind::role::Role, mapping::columns::ColumnUse},
    sql::{
        Database, Engine, NamedQuery, OperatorQuery, Origin, QueryDescription, QueryTable, SqlError, StatementError,
        TypeDescription, hint,
    },
};
use std::{collections::HashSet, fmt, ops::Deref};

/// What is wrong with one query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryProblem {
    /// Which it is.
    pub query: Query,
    /// What was found and what would be right.
    pub text: String,
    /// The query was not looked at, because the database could not be asked.
    pub unreachable: bool,
    /// What the database refused, where it did: the query's text, and its words.
    pub refused: Option<Box<(String, StatementError)>>,
}

impl QueryProblem {
    pub(crate) fn of_database(query: Query, error: &SqlError) -> Self {
        QueryProblem {
            query,
            text: error.reason(),
            unreachable: !matches!(error, SqlError::Statement(_)),
            refused: None,
        }
    }

    /// Something that is wrong with a query that the database did not say.
    pub(crate) fn new(query: Query, text: impl Into<String>) -> Self {
        QueryProblem {
            query,
            text: text.into(),
            unreachable: false,
            refused: None,
        }
    }

    /// The same of a query with the text `sql`, so that a hint can be given.
    pub(crate) fn refused(query: Query, sql: &str, error: &SqlError) -> Self {
        let refused = match error {
            SqlError::Statement(error) => Some(Box::new((sql.to_owned(), error.clone()))),
            _ => None,
        };
        QueryProblem {
            refused,
            ..QueryProblem::of_database(query, error)
        }
    }

    /// The problem with what would put it right, where the database's catalog or the query's text show that.
    pub async fn with_hint(self, database: &Database) -> Self {
        let Some((sql, error)) = self.refused.as_deref() else {
            return self;
        };
        match hint(database, sql, error).await {
            Some(hint) => {
                let error = SqlError::Statement(error.clone());
                QueryProblem::new(self.query, format!("{}: {hint}", error.detail()))
            }
            None => self,
        }
    }

    /// All of them with their hints.
    pub async fn with_hints(problems: Vec<Self>, database: &Database) -> Vec<Self> {
        let mut told = Vec::new();
        for problem in problems {
            told.push(problem.with_hint(database).await);
        }
        told
    }

    /// One line for problems of several queries that are the same: under which settings, and the problem. One cause, such
    /// as a table that all of them read and that is not there, is told once.
    pub fn together(problems: Vec<QueryProblem>) -> Vec<(Vec<Query>, String)> {
        let mut lines: Vec<(Vec<Query>, String)> = Vec::new();
        for problem in problems {
            match lines.iter_mut().find(|(_, text)| *text == problem.text) {
                Some((queries, _)) => queries.push(problem.query),
                None => lines.push((vec![problem.query], problem.text)),
            }
        }
        lines
    }
}

impl fmt::Display for QueryProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.query.variable(), self.text)
    }
}

/// One query with what the database says about it.
#[derive(Debug, Clone)]
pub struct DescribedQuery {
    /// The query's text, parsed.
    pub query: OperatorQuery,
    /// Its columns and parameters.
    pub described: QueryDescription,
    /// Where each column comes from.
    pub origins: Vec<Origin>,
    /// The type of each column.
    pub types: Vec<TypeDescription>,
    /// What each column becomes.
    pub columns: Vec<ColumnUse>,
}

impl DescribedQuery {
    /// The column of a role.
    pub fn column(&self, role: Role) -> Option<usize> {
        self.columns.iter().position(|column| column.role == Ok(role))
    }

    /// Whether users have columns for both numbers that a posixAccount needs.
    pub fn has_numbers(&self) -> bool {
        self.column(Role::Number).is_some() && self.column(Role::PrimaryGroup).is_some()
    }

    /// The column that names the rows.
    ///
    /// # Errors
    /// There is none.
    pub fn name_column(&self, which: Query) -> Result<usize, QueryProblem> {
        let wanted = match which {
            Query::AllUsers | Query::OneUser => "username (or uid)",
            Query::AllGroups | Query::GroupsByMember | Query::AllMemberships | Query::UpdatePassword => "name (or cn)",
        };
        self.column(Role::Name).ok_or_else(|| self.lacks(which, &[wanted]))
    }

    /// That columns are missing.
    pub(super) fn lacks(&self, which: Query, wanted: &[&str]) -> QueryProblem {
        let names: Vec<&str> = self.columns.iter().map(|column| column.column.as_str()).collect();
        let wanted = wanted.join(", and no column ");
        QueryProblem {
            query: which,
            text: format!("no column {wanted} among the columns found: {}", names.join(", ")),
            unreachable: false,
            refused: None,
        }
    }

    /// Whether two queries take their names from the same column of the same table, so that they spell them alike.
    pub fn names_as(&self, other: &DescribedQuery) -> bool {
        self.takes_as(Role::Name, other)
    }

    /// The same of the names that this one has in the column at `position`.
    pub fn takes_name_as(&self, position: usize, other: &DescribedQuery) -> bool {
        self.is_one_column(Some(position), other, other.column(Role::Name))
    }

    /// Whether two queries have the same columns that decide about binds, each from the same column of the same table.
    pub fn judges_as(&self, other: &DescribedQuery) -> bool {
        let roles = |query: &DescribedQuery| -> HashSet<Role> {
            let roles = query.columns.iter().filter_map(|column| column.role.ok());
            roles.filter(|role| role.is_account()).collect()
        };
        let own = roles(self);
        own == roles(other) && own.into_iter().all(|role| self.takes_as(role, other))
    }

    /// Whether a row of this query says all that a row of `other` says about a bind: both take names, numbers and private
    /// columns from the same columns of the same table.
    pub fn signs_in_as(&self, other: &DescribedQuery) -> bool {
        let mut needed = other.columns.iter().filter_map(|column| column.role.ok());
        needed.all(|role| {
            let counts = role.is_private() || matches!(role, Role::Name | Role::Number);
            !counts || self.takes_as(role, other)
        })
    }

    fn takes_as(&self, role: Role, other: &DescribedQuery) -> bool {
        self.is_one_column(self.column(role), other, other.column(role))
    }

    fn is_one_column(&self, own: Option<usize>, other: &DescribedQuery, others: Option<usize>) -> bool {
        let origin = |query: &DescribedQuery, position: Option<usize>| query.origins.get(position?).cloned();
        let origins = (origin(self, own), origin(other, others));
        // Of a compound query SQLite tells where the first arm's column comes from.
        let is_told = |query: &OperatorQuery| query.engine() != Engine::Sqlite || !query.is_compound();
        is_told(&self.query)
            && is_told(&other.query)
            && matches!(origins, (Some(own @ Origin::Table { .. }), Some(others)) if own == others)
    }
}

/// A query with a column that names its rows.
#[derive(Debug, Clone)]
pub struct EntryQuery {
    query: DescribedQuery,
    name: usize,
}

impl EntryQuery {
    /// A query that was described.
    ///
    /// # Errors
    /// No column names its rows.
    pub fn of(which: Query, query: &DescribedQuery) -> Result<Self, QueryProblem> {
        Ok(EntryQuery {
            name: query.name_column(which)?,
            query: query.clone(),
        })
    }

    /// The query whose rows are named by the column at `name`.
    pub fn new(query: DescribedQuery, name: usize) -> Self {
        EntryQuery { query, name }
    }

    /// The column that names the rows.
    pub fn name(&self) -> usize {
        self.name
    }

    /// As the SQL layer takes it.
    pub(crate) fn named(&self) -> NamedQuery<'_> {
        NamedQuery {
            table: QueryTable::listing(&self.query.query, &self.query.described),
            name: self.name,
        }
    }
}

impl Deref for EntryQuery {
    type Target = DescribedQuery;

    fn deref(&self) -> &DescribedQuery {
        &self.query
    }
}
