//! Parses the operator's queries and has the database describe them, each for itself, so that one that is wrong does not
//! hide what is wrong with the others.

use crate::{
    config::{Query, QuerySet},
    directory::{
        fetch::fetch,
        kind::{GROUPS, Kind, USERS, role::Role},
        mapping::columns,
        queries::{
            described_query::{DescribedQuery, QueryProblem},
            hints,
            membership_columns::{GroupColumn, MembershipColumns},
        },
    },
    model::schema::Schema,
    sql::{
        Budget, Database, Engine, OperatorQuery, Origin, QueryDescription, QueryError, QueryTable, SqlError,
        TypeDescription,
    },
};
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

/// SQLSTATE `indeterminate_datatype`.
const UNKNOWN_TYPE: &str = "42P18";
/// How long asking for collations may take, at start.
const COLLATIONS_TIMEOUT: Duration = Duration::from_secs(3);

/// The operator's queries with their placeholders found; of each that cannot be, what is wrong with it without asking the
/// database.
pub fn parse(texts: &QuerySet<String>, engine: Engine) -> QuerySet<Result<OperatorQuery, QueryProblem>> {
    let parsed = texts.as_ref().map(|query, text| match query {
        Query::AllUsers | Query::AllGroups | Query::AllMemberships | Query::UpdatePassword => {
            OperatorQuery::listing(text, engine)
        }
        Query::OneUser | Query::GroupsByMember => OperatorQuery::lookup(text, engine),
    });
    let interchanged = [
        (Query::AllUsers, Query::OneUser, &parsed.all_users, &parsed.one_user),
        (
            Query::AllGroups,
            Query::GroupsByMember,
            &parsed.all_groups,
            &parsed.groups_by_member,
        ),
    ];
    let interchanged: Vec<Query> = interchanged
        .into_iter()
        .filter(|(.., listing, lookup)| are_interchanged(listing, lookup))
        .flat_map(|(listing, lookup, ..)| [listing, lookup])
        .collect();
    parsed.map(|query, parsed| {
        parsed.map_err(|error| {
            let text = match interchanged.contains(&query) {
                true => INTERCHANGED.to_owned(),
                false => error.to_string(),
            };
            QueryProblem::new(query, text)
        })
    })
}

/// Of a listing and the lookup beside it.
const INTERCHANGED: &str =
    "are the two interchanged? The first has a placeholder and must have none, the second has none and needs one";

fn are_interchanged(listing: &Result<OperatorQuery, QueryError>, lookup: &Result<OperatorQuery, QueryError>) -> bool {
    let is_without = |error: &QueryError| matches!(error, QueryError::NoPlaceholder { found: None });
    matches!(listing, Err(QueryError::HasPlaceholder { .. })) && lookup.as_ref().is_err_and(is_without)
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
            Err(error) => problems.push(QueryProblem::refused(which, &query.to_describe(), &error)),
        }
        // Each of the others would wait as long for the same answer.
        if problems.last().is_some_and(|problem| problem.unreachable) {
            break;
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
        let nameless = kind_of(which).and_then(|_| query.name_column(which).err());
        problems.extend(nameless.map(|problem| QueryProblem {
            text: problem.text + &hints::nameless(which, query, &queries),
            ..problem
        }));
    }
    for (which, query) in described() {
        let deciding = query.unreadable(which).into_iter().filter(|column| column.decides);
        problems.extend(deciding.map(|column| column.problem));
    }
    if let Some(Some(memberships)) = &queries.all_memberships {
        problems.extend(membership_problem(memberships, queries.all_groups.as_ref()));
    }
    Examination {
        schema,
        queries,
        problems,
    }
}

/// What a query of memberships lacks, which names groups as all-groups does.
fn membership_problem(memberships: &DescribedQuery, groups: Option<&DescribedQuery>) -> Option<QueryProblem> {
    match (MembershipColumns::of(memberships), groups) {
        (Ok(columns), Some(groups)) if matches!(columns.group, GroupColumn::Number(_)) => columns.key(groups).err(),
        (Ok(_), _) => None,
        (Err(problem), _) => {
            let roles: &[Role] = match memberships.column(Role::Number) {
                None => &[Role::Member, Role::Name],
                Some(_) => &[Role::Member],
            };
            let hint = hints::alias(Query::AllMemberships, memberships, roles);
            Some(QueryProblem {
                text: problem.text + &hint,
                ..problem
            })
        }
    }
}

/// Asks the database about a query that finds passwords by a user's name. It needs no column for the name.
///
/// # Errors
/// Everything that is wrong with it.
pub async fn describe_passwords(
    database: &Database,
    query: &OperatorQuery,
) -> Result<DescribedQuery, Vec<QueryProblem>> {
    let which = Query::OneUser;
    let answer = describe_query(database, query).await;
    let Answer {
        described,
        origins,
        types,
    } = match answer {
        Ok(answer) => answer,
        Err(error) => {
            let sql = query.to_describe();
            return Err(vec![QueryProblem::refused(which, &sql, &error)]);
        }
    };
    let names = described.columns.iter().map(|column| column.name.as_str());
    let columns = columns::assign(&USERS, names, &Schema::standard());
    let query = DescribedQuery {
        query: query.clone(),
        described,
        origins,
        types,
        columns,
    };
    let lacking = query.column(Role::Password).is_none();
    let lacking = lacking.then(|| query.lacks(which, &["password (or userPassword)"]));
    let unreadable = query.unreadable(which).into_iter().filter(|column| column.decides);
    let problems: Vec<_> = lacking
        .into_iter()
        .chain(unreadable.map(|column| column.problem))
        .collect();
    match problems.is_empty() {
        true => Ok(query),
        false => Err(problems),
    }
}

/// What the rows of a query are; None where they are no entries.
fn kind_of(query: Query) -> Option<Kind> {
    match query {
        Query::AllUsers | Query::OneUser => Some(&USERS),
        Query::AllGroups | Query::GroupsByMember => Some(&GROUPS),
        Query::AllMemberships | Query::UpdatePassword => None,
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
