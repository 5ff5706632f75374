//! The operator's four queries: parsed without asking anybody, then described by the database.
//!
//! What is wrong with a query is said under its variable's name, and all of it at once.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    columns::{self, ColumnUse, Kind, Role},
    source::fetch,
};
use crate::{
    model::schema::Schema,
    sql::{Engine, OperatorQuery, Source as Table, SqlError, database::Database, described::Described, hold::Class},
};

/// How long asking for collations may take, at start.
const COLLATIONS_TIMEOUT: Duration = Duration::from_secs(3);

/// The operator's queries, under their variables' names.
#[derive(Debug, Clone)]
pub struct Queries {
    /// `SQL_QUERY_ALL_USERS`.
    pub all_users: String,
    /// `SQL_QUERY_ONE_USER`.
    pub one_user: String,
    /// `SQL_QUERY_ALL_GROUPS`.
    pub all_groups: String,
    /// `SQL_QUERY_GROUPS_BY_MEMBER`.
    pub groups_by_member: String,
}

/// The variables that name the queries, in the order they are described.
pub const VARIABLES: [&str; 4] = [
    "SQL_QUERY_ALL_USERS",
    "SQL_QUERY_ONE_USER",
    "SQL_QUERY_ALL_GROUPS",
    GROUPS_BY_MEMBER,
];
pub(super) const GROUPS_BY_MEMBER: &str = "SQL_QUERY_GROUPS_BY_MEMBER";

/// What is wrong with one query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryProblem {
    /// The variable that holds the query.
    pub variable: &'static str,
    /// What was found and what would be right.
    pub text: String,
    /// The query was not looked at, because the database could not be asked.
    pub unreachable: bool,
}

impl QueryProblem {
    pub(super) fn of_database(variable: &'static str, error: &SqlError) -> Self {
        QueryProblem {
            variable,
            text: error.detail(),
            unreachable: !matches!(error, SqlError::Statement(_)),
        }
    }
}

impl fmt::Display for QueryProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.variable, self.text)
    }
}

/// One query with what the database says about it.
#[derive(Debug, Clone)]
pub struct DescribedQuery {
    /// The query's text, parsed.
    pub query: OperatorQuery,
    /// Its columns and parameters.
    pub described: Described,
    /// What each column becomes.
    pub columns: Vec<ColumnUse>,
}

impl DescribedQuery {
    /// The column of a role.
    pub fn column(&self, role: Role) -> Option<usize> {
        self.columns.iter().position(|column| column.role == Ok(role))
    }
}

impl Queries {
    /// The queries in the order of [`VARIABLES`], with their placeholders found.
    ///
    /// # Errors
    /// What is wrong with any of them without asking the database.
    pub fn parse(&self, engine: Engine) -> Result<[OperatorQuery; 4], Vec<QueryProblem>> {
        let parsed = [
            OperatorQuery::listing(&self.all_users, engine),
            OperatorQuery::lookup(&self.one_user, engine),
            OperatorQuery::listing(&self.all_groups, engine),
            OperatorQuery::lookup(&self.groups_by_member, engine),
        ];
        let mut problems = Vec::new();
        let mut queries = Vec::new();
        for (variable, parsed) in VARIABLES.into_iter().zip(parsed) {
            match parsed {
                Ok(query) => queries.push(query),
                Err(error) => problems.push(QueryProblem {
                    variable,
                    text: error.to_string(),
                    unreachable: false,
                }),
            }
        }
        queries.try_into().map_err(|_| problems)
    }
}

/// Asks the database what the queries take and give, and finds the use of every column.
///
/// # Errors
/// Every problem of every query.
pub async fn describe(
    database: &Database,
    queries: &[OperatorQuery; 4],
) -> Result<(Arc<Schema>, [DescribedQuery; 4]), Vec<QueryProblem>> {
    let mut found = Vec::new();
    let mut problems = Vec::new();
    for (variable, query) in VARIABLES.into_iter().zip(queries) {
        match describe_query(database, query).await {
            Ok(described) => found.push(described),
            Err(error) => problems.push(QueryProblem::of_database(variable, &error)),
        }
    }
    let names = found
        .iter()
        .flat_map(|described| described.columns.iter().map(|column| column.name.as_str()));
    let schema = Arc::new(Schema::standard().extended_with(&columns::pass_through_names(names)));
    let kinds = [Kind::User, Kind::User, Kind::Group, Kind::Group];
    let described: Vec<DescribedQuery> = queries
        .iter()
        .zip(found)
        .zip(kinds)
        .map(|((query, described), kind)| {
            let names = described.columns.iter().map(|column| column.name.as_str());
            let columns = columns::assign(kind, names, &schema);
            DescribedQuery {
                query: query.clone(),
                described,
                columns,
            }
        })
        .collect();
    // With a problem before, the queries that are left stand at other places.
    if problems.is_empty() {
        let named = VARIABLES.into_iter().zip(&described).zip(kinds);
        problems.extend(named.filter_map(|((variable, query), kind)| missing_name(variable, query, kind)));
    }
    match described.try_into() {
        Ok(described) if problems.is_empty() => Ok((schema, described)),
        _ => Err(problems),
    }
}

async fn describe_query(database: &Database, query: &OperatorQuery) -> Result<Described, SqlError> {
    let description = database.describe(&query.to_describe()).await?;
    let columns = description
        .columns
        .into_iter()
        .map(|column| (column.name, column.type_name));
    let mut described = Described::new(query, columns, description.parameters);
    set_collations(database, query, &mut described).await;
    Ok(described)
}

/// Without it the statements are right on any collation, and use fewer indexes; so a refusal is no problem.
async fn set_collations(database: &Database, query: &OperatorQuery, described: &mut Described) {
    let Some(table) = Table::lookup(query, described, "") else {
        return;
    };
    let Some((positions, statement)) = table.collations() else {
        return;
    };
    let deadline = Instant::now() + COLLATIONS_TIMEOUT;
    if let Ok(rows) = fetch(database, Some(statement), Class::Lookup, deadline).await
        && let Some(row) = rows.first()
    {
        let texts = row.iter().map(|cell| cell.to_text().map(|text| text.into_owned()));
        described.set_collations(database.engine(), positions.into_iter().zip(texts));
    }
}

fn missing_name(variable: &'static str, query: &DescribedQuery, kind: Kind) -> Option<QueryProblem> {
    if query.column(Role::Name).is_some() {
        return None;
    }
    let wanted = match kind {
        Kind::User => "username (or uid)",
        Kind::Group => "name (or cn)",
    };
    let names: Vec<&str> = query.columns.iter().map(|column| column.column.as_str()).collect();
    let text = format!("no column {wanted} among the columns found: {}", names.join(", "));
    Some(QueryProblem {
        variable,
        text,
        unreachable: false,
    })
}
