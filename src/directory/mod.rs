//! The directory: entries made of rows, found by name or by filter, and accounts for binds.
//!
//! A [`Directory`] is what was described at one moment: queries, columns, schema. It is replaced as a whole when the
//! database is described again. It knows SQL results, not connections to clients.

pub mod account;
pub mod advice;
pub mod columns;
mod lookup;
pub mod mapping;
mod membership;
mod planner;
pub mod search;
mod source;
pub mod subschema;
pub mod tree;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use self::{
    columns::{ColumnUse, Kind, Role},
    mapping::{EntryMaker, Projection},
    membership::Membership,
    source::{OneUser, Source, fetch},
    subschema::Capabilities,
    tree::{Place, Tree},
};
use crate::{
    model::{dn::Dn, entry::Entry, schema::Schema},
    sql::{
        database::{Database, Origin},
        described::Described,
        engine::Engine,
        error::SqlError,
        hold::Class,
        query::OperatorQuery,
        statement::Source as Table,
    },
};

/// How long asking for collations may take, at start.
const COLLATIONS_TIMEOUT: Duration = Duration::from_secs(3);

/// Why the directory could not answer. Never a result code by itself: what it means is decided in one place.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DirectoryError {
    /// The database has never been described.
    #[error("the directory is not available yet")]
    NotDescribed,
    /// The database.
    #[error(transparent)]
    Sql(#[from] SqlError),
}

impl DirectoryError {
    /// For the log: what happened, without values, password or URI.
    pub fn detail(&self) -> String {
        match self {
            DirectoryError::NotDescribed => self.to_string(),
            DirectoryError::Sql(error) => error.detail(),
        }
    }
}

/// The answer to a search before its first entry.
pub enum Found<'a> {
    /// The base exists; these are the entries below it that match.
    Results(Box<search::Results<'a>>),
    /// The base does not exist.
    NoSuchObject {
        /// The deepest ancestor that does (RFC 4511 4.1.9); empty when there is none.
        matched: String,
    },
}

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
const GROUPS_BY_MEMBER: &str = "SQL_QUERY_GROUPS_BY_MEMBER";

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
    fn of_database(variable: &'static str, error: &SqlError) -> Self {
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

/// The directory as last described.
pub struct Directory {
    database: Database,
    schema: Arc<Schema>,
    tree: Arc<Tree>,
    users: Source,
    groups: Source,
    one_user: Option<OneUser>,
    membership: Membership,
    root_dse: Entry,
    subschema: Entry,
    base: Entry,
    queries: [DescribedQuery; 4],
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Directory({})", self.tree.base_text())
    }
}

impl Directory {
    /// Describes the four queries and builds the directory on them.
    ///
    /// # Errors
    /// Every problem of every query, each with the name of its variable.
    pub async fn describe(
        database: &Database,
        base: &Dn,
        queries: &Queries,
        capabilities: Capabilities,
    ) -> Result<Directory, Vec<QueryProblem>> {
        let (schema, queries) = describe_queries(database, queries).await?;
        let tree = Arc::new(Tree::new(base.clone(), &schema));
        let membership = Membership::choose(database, &queries)
            .await
            .map_err(|error| vec![QueryProblem::of_database(GROUPS_BY_MEMBER, &error)])?;
        let [all_users, one_user, all_groups, _] = &queries;
        let source = |kind, query: &DescribedQuery| {
            let projection = Projection::of_entries(&query.columns);
            let maker = EntryMaker::new(kind, Arc::clone(&tree), Arc::clone(&schema), projection);
            Source::new(database.clone(), kind, query, maker, tree.mail_domain())
        };
        let users = source(Kind::User, all_users);
        let groups = source(Kind::Group, all_groups);
        let one_user = OneUser::new(database.clone(), one_user, &users);
        Ok(Directory {
            database: database.clone(),
            root_dse: subschema::root_dse(&schema, &tree, capabilities),
            subschema: subschema::subschema(&schema),
            base: subschema::base(&schema, &tree, &mapping::base_uuid(&tree).to_string()),
            one_user,
            users,
            groups,
            membership,
            schema,
            tree,
            queries,
        })
    }

    /// Everything an answer can refer to.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// What the operator's queries were found to be, in the order of [`VARIABLES`].
    pub fn queries(&self) -> &[DescribedQuery; 4] {
        &self.queries
    }

    /// How whole groups are read.
    pub fn membership_form(&self) -> &'static str {
        self.membership.name()
    }

    /// The root DSE and the subschema can be read by anybody: clients need them before they bind.
    pub fn is_public(&self, dn: &Dn) -> bool {
        matches!(self.tree.locate(dn, &self.schema), Place::RootDse | Place::Subschema)
    }
}

/// What is known of the four queries, and everything that is wrong with them.
pub struct Examination {
    /// The published schema with what the queries add to it.
    pub schema: Arc<Schema>,
    /// In the order of [`VARIABLES`]; None where a problem kept a query from being described.
    pub queries: [Option<DescribedQuery>; 4],
    /// Everything that is wrong, in the order of [`VARIABLES`].
    pub problems: Vec<QueryProblem>,
}

async fn describe_queries(
    database: &Database,
    queries: &Queries,
) -> Result<(Arc<Schema>, [DescribedQuery; 4]), Vec<QueryProblem>> {
    let examined = examine(database, queries).await;
    match examined.queries {
        [Some(all_users), Some(one_user), Some(all_groups), Some(by_member)] if examined.problems.is_empty() => {
            Ok((examined.schema, [all_users, one_user, all_groups, by_member]))
        }
        _ => Err(examined.problems),
    }
}

/// Describes each query for itself, so that one that is wrong does not hide what is wrong with the others.
pub async fn examine(database: &Database, queries: &Queries) -> Examination {
    let mut described = Vec::new();
    for (variable, (text, parameters)) in VARIABLES.into_iter().zip(queries.texts()) {
        described.push(describe_query(database, variable, text, parameters).await);
    }
    let names = described
        .iter()
        .filter_map(|query| query.as_ref().ok())
        .flat_map(|(_, described, _)| described.columns.iter().map(|column| column.name.as_str()));
    let schema = Arc::new(Schema::standard().extended_with(&columns::pass_through_names(names)));
    let kinds = [Kind::User, Kind::User, Kind::Group, Kind::Group];
    let mut queries = [None, None, None, None];
    let mut problems = Vec::new();
    let each = queries.iter_mut().zip(described).zip(VARIABLES.into_iter().zip(kinds));
    for ((slot, described), (variable, kind)) in each {
        match described {
            Ok((query, described, origins)) => {
                let names = described.columns.iter().map(|column| column.name.as_str());
                let columns = columns::assign(kind, names, &schema);
                let found = DescribedQuery {
                    query,
                    described,
                    origins,
                    columns,
                };
                problems.extend(missing_columns(variable, &found));
                *slot = Some(found);
            }
            Err(problem) => problems.push(problem),
        }
    }
    Examination {
        schema,
        queries,
        problems,
    }
}

/// What is wrong with the queries' texts, without asking anybody. Without an engine only what is wrong on every one.
pub fn scan_queries(queries: &Queries, engine: Option<Engine>) -> Vec<QueryProblem> {
    let engines: Vec<Engine> = match engine {
        Some(engine) => vec![engine],
        None => vec![Engine::PostgreSql, Engine::MySql, Engine::Sqlite],
    };
    let each = VARIABLES.into_iter().zip(queries.texts());
    each.filter_map(|(variable, (text, parameters))| {
        let refusals = engines
            .iter()
            .map(|engine| read_query(variable, text, parameters, *engine).err());
        // Some only if every one refuses.
        refusals.collect::<Option<Vec<_>>>()?.into_iter().next()
    })
    .collect()
}

impl Queries {
    /// The texts with the number of values each takes, in the order of [`VARIABLES`].
    fn texts(&self) -> [(&str, usize); 4] {
        [
            (&self.all_users, 0),
            (&self.one_user, 1),
            (&self.all_groups, 0),
            (&self.groups_by_member, 1),
        ]
    }
}

fn read_query(
    variable: &'static str,
    text: &str,
    parameters: usize,
    engine: Engine,
) -> Result<OperatorQuery, QueryProblem> {
    let parsed = match parameters {
        0 => OperatorQuery::listing(text, engine),
        _ => OperatorQuery::lookup(text, engine),
    };
    parsed.map_err(|error| QueryProblem {
        variable,
        text: error.to_string(),
        unreachable: false,
    })
}

async fn describe_query(
    database: &Database,
    variable: &'static str,
    text: &str,
    parameters: usize,
) -> Result<(OperatorQuery, Described, Vec<Origin>), QueryProblem> {
    let engine = database.engine();
    let query = read_query(variable, text, parameters, engine)?;
    let native = query.render(|_, _| engine.placeholder(1));
    let description = database
        .describe(&native)
        .await
        .map_err(|error| QueryProblem::of_database(variable, &error))?;
    let origins = description.columns.iter().map(|column| column.origin.clone()).collect();
    let columns = description
        .columns
        .into_iter()
        .map(|column| (column.name, column.type_name));
    let mut described = Described::new(&query, columns, description.parameters);
    set_collations(database, &query, &mut described).await;
    Ok((query, described, origins))
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

fn missing_columns(variable: &'static str, query: &DescribedQuery) -> Option<QueryProblem> {
    let has_name = query.columns.iter().any(|column| column.role == Ok(Role::Name));
    let names: Vec<&str> = query.columns.iter().map(|column| column.column.as_str()).collect();
    let wanted = if variable.contains("USER") && !variable.contains("GROUPS") {
        "username (or uid)"
    } else {
        "name (or cn)"
    };
    (!has_name).then(|| QueryProblem {
        variable,
        text: format!("no column {wanted} among the columns found: {}", names.join(", ")),
        unreachable: false,
    })
}
