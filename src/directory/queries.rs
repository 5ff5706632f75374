//! The operator's queries, four and one that may be absent: parsed without asking anybody, then described by the database.
//!
//! What is wrong with a query is said under its variable's name, and all of it at once.

use crate::{
    config::{Query, QuerySet},
    directory::{
        kind::Kind,
        mapping::columns::{self, ColumnUse, Role},
        source::fetch::fetch,
    },
    model::schema::Schema,
    sql::{
        Budget, Database, Engine, NamedQuery, OperatorQuery, Origin, QueryDescription, QueryTable, SqlError,
        TypeDescription,
    },
};
use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

/// SQLSTATE `indeterminate_datatype`.
const UNKNOWN_TYPE: &str = "42P18";
/// How long asking for collations may take, at start.
const COLLATIONS_TIMEOUT: Duration = Duration::from_secs(3);

/// What is wrong with one query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryProblem {
    /// Which it is.
    pub query: Query,
    /// What was found and what would be right.
    pub text: String,
    /// The query was not looked at, because the database could not be asked.
    pub unreachable: bool,
}

impl QueryProblem {
    pub(crate) fn of_database(query: Query, error: &SqlError) -> Self {
        QueryProblem {
            query,
            text: error.detail(),
            unreachable: !matches!(error, SqlError::Statement(_)),
        }
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
    /// As the SQL layer takes it.
    pub(crate) fn named(&self) -> NamedQuery<'_> {
        NamedQuery {
            query: &self.query,
            described: &self.described,
            name: self.column(Role::Name).unwrap_or_default(),
        }
    }

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

/// The operator's queries with their placeholders found; of each that cannot be, what is wrong with it without asking the
/// database.
pub fn parse(texts: &QuerySet<String>, engine: Engine) -> QuerySet<Result<OperatorQuery, QueryProblem>> {
    texts.as_ref().map(|query, text| {
        let parsed = match query {
            Query::AllUsers | Query::AllGroups | Query::AllMemberships => OperatorQuery::listing(text, engine),
            Query::OneUser | Query::GroupsByMember => OperatorQuery::lookup(text, engine),
        };
        parsed.map_err(|error| QueryProblem {
            query,
            text: error.to_string(),
            unreachable: false,
        })
    })
}

/// The same where nothing may be wrong with any of them.
///
/// # Errors
/// What is wrong with each.
pub fn parse_all(texts: &QuerySet<String>, engine: Engine) -> Result<QuerySet<OperatorQuery>, Vec<QueryProblem>> {
    let mut problems = Vec::new();
    let parsed = parse(texts, engine).map(|_, parsed| parsed.map_err(|problem| problems.push(problem)).ok());
    parsed.complete().ok_or(problems)
}

/// What is known of the queries, and everything that is wrong with them.
pub struct Examination {
    /// The published schema with what the queries add to it.
    pub schema: Arc<Schema>,
    /// None where a query was not given or could not be described.
    pub queries: QuerySet<Option<DescribedQuery>>,
    /// Everything that is wrong.
    pub problems: Vec<QueryProblem>,
}

/// Asks the database what the queries take and give, and finds the use of every column.
///
/// # Errors
/// Every problem of every query.
pub async fn describe(
    database: &Database,
    queries: &QuerySet<OperatorQuery>,
) -> Result<(Arc<Schema>, QuerySet<DescribedQuery>), Vec<QueryProblem>> {
    let examined = examine(database, &queries.clone().map(|_, query| Some(query))).await;
    match examined.queries.complete() {
        Some(queries) if examined.problems.is_empty() => Ok((examined.schema, queries)),
        _ => Err(examined.problems),
    }
}

/// Describes each query for itself, so that one that is wrong does not hide what is wrong with the others.
pub async fn examine(database: &Database, queries: &QuerySet<Option<OperatorQuery>>) -> Examination {
    let mut answers: HashMap<Query, Answer> = HashMap::new();
    let mut problems = Vec::new();
    for (which, query) in queries.each() {
        let Some(query) = query else { continue };
        match describe_query(database, query).await {
            Ok(answer) => drop(answers.insert(which, answer)),
            Err(error) => problems.push(QueryProblem::of_database(which, &error)),
        }
    }
    let of_entries = queries.each().filter(|(which, _)| kind_of(*which).is_some());
    let columns = of_entries.filter_map(|(which, _)| Some(&answers.get(&which)?.described.columns));
    let names = columns.flatten().map(|column| column.name.as_str());
    let schema = Arc::new(Schema::standard().extended_with(&columns::pass_through_names(names)));
    let queries = queries.as_ref().map(|which, query| {
        let Answer {
            described,
            origins,
            types,
        } = answers.remove(&which)?;
        let names = described.columns.iter().map(|column| column.name.as_str());
        let columns = match kind_of(which) {
            Some(kind) => columns::assign(kind, names, &schema),
            None => columns::assign_membership(names),
        };
        Some(DescribedQuery {
            query: query.clone()?,
            described,
            origins,
            types,
            columns,
        })
    });
    let described = || {
        queries
            .each()
            .filter_map(|(which, query)| Some((which, query.as_ref()?)))
    };
    for (which, query) in described() {
        problems.extend(kind_of(which).and_then(|kind| missing_name(which, query, kind)));
    }
    for (which, query) in described() {
        let deciding = query.unreadable(which).into_iter().filter(|column| column.decides);
        problems.extend(deciding.map(|column| column.problem));
    }
    if let Some(Some(memberships)) = &queries.all_memberships {
        problems.extend(missing_side(memberships, queries.all_groups.as_ref()));
    }
    Examination {
        schema,
        queries,
        problems,
    }
}

/// What the rows of a query are; None where they are no entries.
fn kind_of(query: Query) -> Option<Kind> {
    match query {
        Query::AllUsers | Query::OneUser => Some(Kind::User),
        Query::AllGroups | Query::GroupsByMember => Some(Kind::Group),
        Query::AllMemberships => None,
    }
}

/// What the database says of a query.
struct Answer {
    described: QueryDescription,
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
    let mut described = QueryDescription::new(query, columns, description.parameters);
    set_collations(database, query, &mut described).await;
    Ok(Answer {
        described,
        origins,
        types,
    })
}

/// Without it the statements are right on any collation, and use fewer indexes; so a refusal is no problem.
async fn set_collations(database: &Database, query: &OperatorQuery, described: &mut QueryDescription) {
    let Some(table) = QueryTable::lookup(query, described, "") else {
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

fn missing_name(which: Query, query: &DescribedQuery, kind: Kind) -> Option<QueryProblem> {
    if query.column(Role::Name).is_some() {
        return None;
    }
    let wanted = match kind {
        Kind::User => "username (or uid)",
        Kind::Group | Kind::PrivateGroup => "name (or cn)",
    };
    Some(QueryProblem {
        query: which,
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
        format!(
            "names groups by gid_number, which {} does not have; a column name (or cn) would be right",
            Query::AllGroups.variable()
        )
    } else {
        return None;
    };
    Some(QueryProblem {
        query: Query::AllMemberships,
        text,
        unreachable: false,
    })
}
