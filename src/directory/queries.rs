//! The operator's queries, four and one that may be absent: parsed without asking anybody, then described by the database.
//!
//! What is wrong with a query is said under its variable's name, and all of it at once.

use crate::{
    config::Queries,
    directory::{
        mapping::columns::{self, ColumnUse, Kind, Role},
        source::listing::fetch,
    },
    model::schema::Schema,
    sql::{
        Budget, Database, Described, Engine, OperatorQuery, Origin, QueryError, Source as Table, SqlError,
        TypeDescription,
    },
};
use std::{
    collections::HashSet,
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

/// SQLSTATE `indeterminate_datatype`.
const UNKNOWN_TYPE: &str = "42P18";
/// How long asking for collations may take, at start.
const COLLATIONS_TIMEOUT: Duration = Duration::from_secs(3);

/// The operator's queries with their placeholders found.
#[derive(Debug, Clone)]
pub struct ParsedQueries {
    /// Those that make a directory, in the order of [`VARIABLES`].
    pub base: [OperatorQuery; 4],
    /// All memberships.
    pub memberships: Option<OperatorQuery>,
}

/// The variables that name the queries, in the order they are described.
pub const VARIABLES: [&str; 5] = [ALL_USERS, ONE_USER, ALL_GROUPS, GROUPS_BY_MEMBER, ALL_MEMBERSHIPS];
pub(crate) const ALL_USERS: &str = "SQL_QUERY_ALL_USERS";
pub(crate) const ONE_USER: &str = "SQL_QUERY_ONE_USER";
pub(crate) const ALL_GROUPS: &str = "SQL_QUERY_ALL_GROUPS";
pub(crate) const GROUPS_BY_MEMBER: &str = "SQL_QUERY_GROUPS_BY_MEMBER";
pub(crate) const ALL_MEMBERSHIPS: &str = "SQL_QUERY_ALL_MEMBERSHIPS";

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
    pub(crate) fn of_database(variable: &'static str, error: &SqlError) -> Self {
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
}

impl DescribedQuery {
    /// Whether two queries take their names from the same column of the same table, so that they spell them alike.
    pub fn names_as(&self, other: &DescribedQuery) -> bool {
        self.names_by(Role::Name, other)
    }

    /// The same with the names that this one has in the column of `role`.
    pub fn names_by(&self, role: Role, other: &DescribedQuery) -> bool {
        self.takes_as(role, other, Role::Name)
    }

    /// Whether two queries have the same columns that decide about binds, each from the same column of the same table.
    pub fn judges_as(&self, other: &DescribedQuery) -> bool {
        let roles = |query: &DescribedQuery| -> HashSet<Role> {
            let roles = query.columns.iter().filter_map(|column| column.role.ok());
            roles.filter(|role| role.is_standing()).collect()
        };
        let own = roles(self);
        own == roles(other) && own.into_iter().all(|role| self.takes_as(role, other, role))
    }

    fn takes_as(&self, role: Role, other: &DescribedQuery, others: Role) -> bool {
        let origin = |query: &DescribedQuery, role| query.origins.get(query.column(role)?).cloned();
        let origins = (origin(self, role), origin(other, others));
        // Of a compound query SQLite tells where the first arm's column comes from.
        let is_told = |query: &OperatorQuery| query.engine() != Engine::Sqlite || !query.is_compound();
        is_told(&self.query)
            && is_told(&other.query)
            && matches!(origins, (Some(own @ Origin::Table { .. }), Some(others)) if own == others)
    }
}

impl Queries {
    /// The queries with their placeholders found.
    ///
    /// # Errors
    /// What is wrong with any of them without asking the database.
    pub fn parse(&self, engine: Engine) -> Result<ParsedQueries, Vec<QueryProblem>> {
        match self.parse_each(engine) {
            [
                Some(Ok(all_users)),
                Some(Ok(one_user)),
                Some(Ok(all_groups)),
                Some(Ok(by_member)),
                memberships @ (None | Some(Ok(_))),
            ] => Ok(ParsedQueries {
                base: [all_users, one_user, all_groups, by_member],
                memberships: memberships.and_then(Result::ok),
            }),
            parsed => Err(parsed.into_iter().flatten().filter_map(Result::err).collect()),
        }
    }

    /// Each query for itself, in the order of [`VARIABLES`]; None where it is not given.
    pub fn parse_each(&self, engine: Engine) -> [Option<Result<OperatorQuery, QueryProblem>>; 5] {
        let [all_users, one_user, all_groups, groups_by_member, memberships] = VARIABLES;
        let named = |variable, parsed: Result<OperatorQuery, QueryError>| {
            parsed.map_err(|error| QueryProblem {
                variable,
                text: error.to_string(),
                unreachable: false,
            })
        };
        let listing = |variable, text: &str| named(variable, OperatorQuery::listing(text, engine));
        let lookup = |variable, text: &str| named(variable, OperatorQuery::lookup(text, engine));
        [
            Some(listing(all_users, &self.all_users)),
            Some(lookup(one_user, &self.one_user)),
            Some(listing(all_groups, &self.all_groups)),
            Some(lookup(groups_by_member, &self.groups_by_member)),
            self.all_memberships.as_ref().map(|text| listing(memberships, text)),
        ]
    }
}

/// What is known of the queries, and everything that is wrong with them.
pub struct Examination {
    /// The published schema with what the queries add to it.
    pub schema: Arc<Schema>,
    /// In the order of [`VARIABLES`]; None where a query was not given or could not be described.
    pub queries: [Option<DescribedQuery>; 5],
    /// Everything that is wrong.
    pub problems: Vec<QueryProblem>,
}

/// Asks the database what the queries take and give, and finds the use of every column.
///
/// # Errors
/// Every problem of every query.
pub async fn describe(database: &Database, queries: &ParsedQueries) -> Result<DescribedQueries, Vec<QueryProblem>> {
    let [all_users, one_user, all_groups, by_member] = queries.base.each_ref().map(Some);
    let memberships = queries.memberships.as_ref();
    let examined = examine(database, [all_users, one_user, all_groups, by_member, memberships]).await;
    match examined.queries {
        [
            Some(all_users),
            Some(one_user),
            Some(all_groups),
            Some(by_member),
            memberships,
        ] if examined.problems.is_empty() => Ok(DescribedQueries {
            schema: examined.schema,
            base: [all_users, one_user, all_groups, by_member],
            memberships,
        }),
        _ => Err(examined.problems),
    }
}

/// What is known of queries with which nothing is wrong.
pub struct DescribedQueries {
    /// The published schema with what the queries add to it.
    pub schema: Arc<Schema>,
    /// In the order of [`VARIABLES`].
    pub base: [DescribedQuery; 4],
    /// All memberships, where there is such a query.
    pub memberships: Option<DescribedQuery>,
}

/// Describes each query for itself, so that one that is wrong does not hide what is wrong with the others.
pub async fn examine(database: &Database, queries: [Option<&OperatorQuery>; 5]) -> Examination {
    let mut found = [None, None, None, None, None];
    let mut problems = Vec::new();
    for ((slot, variable), query) in found.iter_mut().zip(VARIABLES).zip(queries) {
        let Some(query) = query else { continue };
        match describe_query(database, query).await {
            Ok(answer) => *slot = Some((query, answer)),
            Err(error) => problems.push(QueryProblem::of_database(variable, &error)),
        }
    }
    // The rows of the last one are no entries.
    let names = found.iter().take(KINDS.len()).flatten().flat_map(|(_, answer)| {
        let columns = answer.described.columns.iter();
        columns.map(|column| column.name.as_str())
    });
    let schema = Arc::new(Schema::standard().extended_with(&columns::pass_through_names(names)));
    let mut kinds = KINDS.into_iter();
    let queries = found.map(|found| {
        let kind = kinds.next();
        let (query, answer) = found?;
        let Answer {
            described,
            origins,
            types,
        } = answer;
        let names = described.columns.iter().map(|column| column.name.as_str());
        let columns = match kind {
            Some(kind) => columns::assign(kind, names, &schema),
            None => columns::assign_membership(names),
        };
        Some(DescribedQuery {
            query: query.clone(),
            described,
            origins,
            types,
            columns,
        })
    });
    for ((variable, query), kind) in VARIABLES.into_iter().zip(&queries).zip(KINDS) {
        problems.extend(query.as_ref().and_then(|query| missing_name(variable, query, kind)));
    }
    for (variable, query) in VARIABLES.into_iter().zip(&queries) {
        let unreadable = query.iter().flat_map(|query| query.unreadable(variable));
        let deciding = unreadable.filter(|unreadable| unreadable.decides);
        problems.extend(deciding.map(|unreadable| unreadable.problem));
    }
    if let [_, _, all_groups, _, Some(memberships)] = &queries {
        problems.extend(missing_side(memberships, all_groups.as_ref()));
    }
    Examination {
        schema,
        queries,
        problems,
    }
}

/// What the rows of each query are, except of the last one.
const KINDS: [Kind; 4] = [Kind::User, Kind::User, Kind::Group, Kind::Group];

/// What the database says of a query.
struct Answer {
    described: Described,
    origins: Vec<Origin>,
    types: Vec<TypeDescription>,
}

async fn describe_query(database: &Database, query: &OperatorQuery) -> Result<Answer, SqlError> {
    let description = match database.describe(&query.to_describe()).await {
        // PostgreSQL cannot tell the parameter's type, as of concat(?). It will be text, and so may be described as such.
        Err(SqlError::Statement(error)) if error.code == UNKNOWN_TYPE => {
            let as_text = query.render(|_, number| format!("${number}::text"));
            let described = database.describe(&as_text).await;
            described.map_err(|_| SqlError::Statement(error))?
        }
        described => described?,
    };
    let origins = description.columns.iter().map(|column| column.origin.clone()).collect();
    let types = description.columns.iter().map(|column| column.kind.clone()).collect();
    let columns = description
        .columns
        .into_iter()
        .map(|column| (column.name, column.kind.name));
    let mut described = Described::new(query, columns, description.parameters);
    set_collations(database, query, &mut described).await;
    Ok(Answer {
        described,
        origins,
        types,
    })
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
    if let Ok(rows) = fetch(database, Some(statement), Budget::lookup(deadline)).await
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
    Some(QueryProblem {
        variable,
        text: missing(&[wanted], query),
        unreachable: false,
    })
}

fn missing(wanted: &[&str], query: &DescribedQuery) -> String {
    let names: Vec<&str> = query.columns.iter().map(|column| column.column.as_str()).collect();
    let wanted = wanted.join(", and no column ");
    format!("no column {wanted} among the columns found: {}", names.join(", "))
}

/// What a query of memberships lacks.
fn missing_side(query: &DescribedQuery, all_groups: Option<&DescribedQuery>) -> Option<QueryProblem> {
    let mut wanted = Vec::new();
    if query.column(Role::Member).is_none() {
        wanted.push("username (or uid)");
    }
    let by_number = query.column(Role::Number).is_some();
    if !by_number && query.column(Role::Name).is_none() {
        wanted.push("name (or cn) or gid_number (or gidNumber) for the group");
    }
    let text = if !wanted.is_empty() {
        missing(&wanted, query)
    } else if by_number && all_groups.is_some_and(|groups| groups.column(Role::Number).is_none()) {
        format!("names groups by gid_number, which {ALL_GROUPS} does not have; a column name (or cn) would be right")
    } else {
        return None;
    };
    Some(QueryProblem {
        variable: ALL_MEMBERSHIPS,
        text,
        unreachable: false,
    })
}
