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
    sql::{
        Engine, OperatorQuery, QueryError, Source as Table, SqlError,
        database::{Database, Origin},
        described::Described,
        hold::Class,
    },
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
    ALL_GROUPS,
    GROUPS_BY_MEMBER,
];
pub(super) const ALL_GROUPS: &str = "SQL_QUERY_ALL_GROUPS";
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
    /// Where each column comes from.
    pub origins: Vec<Origin>,
    /// What each column becomes.
    pub columns: Vec<ColumnUse>,
}

impl DescribedQuery {
    /// The column of a role.
    pub fn column(&self, role: Role) -> Option<usize> {
        self.columns.iter().position(|column| column.role == Ok(role))
    }
}

impl DescribedQuery {
    /// Whether two queries take their names from the same column of the same table, so that they spell them alike.
    pub fn names_as(&self, other: &DescribedQuery) -> bool {
        let origin = |query: &DescribedQuery| query.origins.get(query.column(Role::Name)?).cloned();
        matches!((origin(self), origin(other)), (Some(own @ Origin::Table { .. }), Some(others)) if own == others)
    }
}

impl Queries {
    /// The queries in the order of [`VARIABLES`], with their placeholders found.
    ///
    /// # Errors
    /// What is wrong with any of them without asking the database.
    pub fn parse(&self, engine: Engine) -> Result<[OperatorQuery; 4], Vec<QueryProblem>> {
        let mut problems = Vec::new();
        let mut queries = Vec::new();
        for parsed in self.parse_each(engine) {
            match parsed {
                Ok(query) => queries.push(query),
                Err(problem) => problems.push(problem),
            }
        }
        queries.try_into().map_err(|_| problems)
    }

    /// Each query for itself, in the order of [`VARIABLES`].
    pub fn parse_each(&self, engine: Engine) -> [Result<OperatorQuery, QueryProblem>; 4] {
        let [all_users, one_user, all_groups, groups_by_member] = VARIABLES;
        let named = |variable, parsed: Result<OperatorQuery, QueryError>| {
            parsed.map_err(|error| QueryProblem {
                variable,
                text: error.to_string(),
                unreachable: false,
            })
        };
        [
            named(all_users, OperatorQuery::listing(&self.all_users, engine)),
            named(one_user, OperatorQuery::lookup(&self.one_user, engine)),
            named(all_groups, OperatorQuery::listing(&self.all_groups, engine)),
            named(groups_by_member, OperatorQuery::lookup(&self.groups_by_member, engine)),
        ]
    }
}

/// What is known of the four queries, and everything that is wrong with them.
pub struct Examination {
    /// The published schema with what the queries add to it.
    pub schema: Arc<Schema>,
    /// In the order of [`VARIABLES`]; None where a query was not given or could not be described.
    pub queries: [Option<DescribedQuery>; 4],
    /// Everything that is wrong.
    pub problems: Vec<QueryProblem>,
}

/// Asks the database what the queries take and give, and finds the use of every column.
///
/// # Errors
/// Every problem of every query.
pub async fn describe(
    database: &Database,
    queries: &[OperatorQuery; 4],
) -> Result<(Arc<Schema>, [DescribedQuery; 4]), Vec<QueryProblem>> {
    let examined = examine(database, queries.each_ref().map(Some)).await;
    match examined.queries {
        [Some(all_users), Some(one_user), Some(all_groups), Some(by_member)] if examined.problems.is_empty() => {
            Ok((examined.schema, [all_users, one_user, all_groups, by_member]))
        }
        _ => Err(examined.problems),
    }
}

/// Describes each query for itself, so that one that is wrong does not hide what is wrong with the others.
pub async fn examine(database: &Database, queries: [Option<&OperatorQuery>; 4]) -> Examination {
    let mut found = [None, None, None, None];
    let mut problems = Vec::new();
    for ((slot, variable), query) in found.iter_mut().zip(VARIABLES).zip(queries) {
        let Some(query) = query else { continue };
        match describe_query(database, query).await {
            Ok((described, origins)) => *slot = Some((query, described, origins)),
            Err(error) => problems.push(QueryProblem::of_database(variable, &error)),
        }
    }
    let names = found.iter().flatten().flat_map(|(_, described, _)| {
        let columns = described.columns.iter();
        columns.map(|column| column.name.as_str())
    });
    let schema = Arc::new(Schema::standard().extended_with(&columns::pass_through_names(names)));
    let mut kinds = [Kind::User, Kind::User, Kind::Group, Kind::Group].into_iter();
    let queries = found.map(|found| {
        let kind = kinds.next().unwrap_or(Kind::Group);
        let (query, described, origins) = found?;
        let names = described.columns.iter().map(|column| column.name.as_str());
        let columns = columns::assign(kind, names, &schema);
        Some((
            kind,
            DescribedQuery {
                query: query.clone(),
                described,
                origins,
                columns,
            },
        ))
    });
    for (variable, query) in VARIABLES.into_iter().zip(&queries) {
        problems.extend(
            query
                .as_ref()
                .and_then(|(kind, query)| missing_name(variable, query, *kind)),
        );
    }
    Examination {
        schema,
        queries: queries.map(|query| query.map(|(_, query)| query)),
        problems,
    }
}

async fn describe_query(database: &Database, query: &OperatorQuery) -> Result<(Described, Vec<Origin>), SqlError> {
    let description = database.describe(&query.to_describe()).await?;
    let origins = description.columns.iter().map(|column| column.origin.clone()).collect();
    let columns = description
        .columns
        .into_iter()
        .map(|column| (column.name, column.type_name));
    let mut described = Described::new(query, columns, description.parameters);
    set_collations(database, query, &mut described).await;
    Ok((described, origins))
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
        Kind::Group | Kind::PrivateGroup => "name (or cn)",
    };
    let names: Vec<&str> = query.columns.iter().map(|column| column.column.as_str()).collect();
    let text = format!("no column {wanted} among the columns found: {}", names.join(", "));
    Some(QueryProblem {
        variable,
        text,
        unreachable: false,
    })
}
