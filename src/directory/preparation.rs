//! Has the database prepare the statements that searches and binds are answered with, before anything is served: the
//! operator's queries may be right, and what is made of them wrong. Then runs each query for no row at all, which shows
//! what may not be read.

use crate::{
    config::Query,
    directory::{
        facade::Directory,
        kind::{GROUPS, USERS, role::Role},
        membership::MembershipsOf,
        queries::QueryProblem,
        source::listing::Listing,
    },
    sql::{Budget, KeyedPage, Predicate, QueryTable, SqlError, Statement},
};
use std::time::{Duration, Instant};

/// Some name, also of users that have numbers for names; it is not looked for.
const A_NAME: &str = "1";

/// Whose query a statement is made of, the statement, and whether it takes a value of ours.
type Prepared = (Query, String, bool);

/// For a statement that reads nothing.
const NOTHING_TIMEOUT: Duration = Duration::from_secs(5);

/// Has the database prepare every kind of statement.
///
/// # Errors
/// The first statement of each query that the database refuses, or that it could not be asked.
pub(crate) async fn prepare(directory: &Directory) -> Result<(), Vec<QueryProblem>> {
    let mut problems: Vec<QueryProblem> = Vec::new();
    for (which, sql, takes_value) in statements(directory) {
        if problems.iter().any(|problem| problem.query == which) {
            continue;
        }
        let prepared = directory.source.database.describe(&sql).await;
        problems.extend(problem(directory, which, prepared, takes_value)?);
    }
    for (which, nothing) in of_no_rows(directory) {
        if problems.iter().any(|problem| problem.query == which) {
            continue;
        }
        let budget = Budget::lookup(Instant::now() + NOTHING_TIMEOUT);
        let run = directory.source.database.fetch(&nothing.sql, &nothing.args, budget);
        problems.extend(problem(directory, which, run.await, !nothing.args.is_empty())?);
    }
    match problems.is_empty() {
        true => Ok(()),
        false => Err(problems),
    }
}

/// Each query as a statement that reads no row.
fn of_no_rows(directory: &Directory) -> impl Iterator<Item = (Query, Statement)> + '_ {
    directory.queries.each().filter_map(|(which, query)| {
        let table = QueryTable::lookup(&query.query, &query.described, A_NAME)?;
        Some((which, table.nothing()?))
    })
}

impl Directory {
    /// Statements that cost next to nothing and show whether the queries still work: each for no row at all, and the lookups for
    /// a name that hardly anybody has, which run what stands in the operator's functions and views.
    pub fn trials(&self) -> Vec<(Query, Statement)> {
        let account = self
            .source
            .accounts
            .one_user()
            .map(|one_user| one_user.statement_of_account(A_NAME));
        let groups = self.source.memberships.by_member().statement_of_one(A_NAME);
        let account = account.map(|account| (Query::OneUser, account));
        let groups = groups.map(|groups| (Query::GroupsByMember, groups));
        of_no_rows(self).chain(account).chain(groups).collect()
    }
}

fn statements(directory: &Directory) -> Vec<Prepared> {
    let mut statements = Vec::new();
    let mut add = |which, statement: Option<Statement>| {
        statements.extend(statement.map(|statement| (which, statement.sql, !statement.args.is_empty())));
    };
    for statement in listing(directory.source.listing(&USERS)) {
        add(Query::AllUsers, statement);
    }
    for statement in listing(directory.source.listing(&GROUPS)) {
        add(Query::AllGroups, statement);
    }
    let by_member = directory.source.memberships.by_member();
    add(Query::GroupsByMember, by_member.statement_of_one(A_NAME));
    let asked = match &directory.queries.all_memberships {
        Some(_) => Query::AllMemberships,
        None => Query::GroupsByMember,
    };
    let names = [A_NAME.to_owned()];
    for of in [MembershipsOf::Users(&names), MembershipsOf::Groups(&names)] {
        add(asked, directory.source.memberships.statement(of));
    }
    add(asked, directory.source.memberships.groups_with_rows_statement(&names));
    if let Some(query) = &directory.queries.all_memberships {
        for role in [Role::Member, Role::Name] {
            let table = QueryTable::listing(&query.query, &query.described);
            let wanted = query.column(role);
            add(
                Query::AllMemberships,
                wanted.and_then(|column| any_case(table, &[column], column)),
            );
        }
    }
    let lookups = directory
        .source
        .accounts
        .one_user()
        .into_iter()
        .flat_map(|one_user| one_user.statements());
    statements.extend(lookups.map(|sql| (Query::OneUser, sql.to_owned(), true)));
    statements
}

/// What is wrong with a query by what the database said of a statement made of it. `takes_value` says that one of ours is
/// in it: else it is a constant of the query's own that its type cannot hold, and nobody would ever be answered.
///
/// # Errors
/// It could not be asked: then no other statement can be, either.
fn problem<T>(
    directory: &Directory,
    which: Query,
    said: Result<T, SqlError>,
    takes_value: bool,
) -> Result<Option<QueryProblem>, Vec<QueryProblem>> {
    match said {
        Ok(_) => Ok(None),
        // Of our value, which is none that anybody asks for.
        Err(error) if takes_value && error.is_value_error() => Ok(None),
        Err(error) => {
            let query = directory.queries.each().find(|(query, _)| *query == which);
            let text = query.map(|(_, query)| query.query.to_describe()).unwrap_or_default();
            match QueryProblem::refused(which, &text, &error) {
                problem if problem.unreachable => Err(vec![problem]),
                problem => Ok(Some(QueryProblem {
                    text: format!("as the gateway asks it: {}", problem.text),
                    ..problem
                })),
            }
        }
    }
}

/// What a listing is read by: in pages, by name as it is spelled and in any case.
fn listing(listing: &Listing) -> Vec<Option<Statement>> {
    let query = listing.query();
    let table = QueryTable::listing(&query.query, &query.described);
    let columns = &listing.maker().projection().columns;
    let name = listing.name_column();
    let page = |after| {
        let page = KeyedPage {
            key: name,
            after,
            limit: 1,
        };
        table.page_after(columns, &Predicate::True, page)
    };
    vec![
        page(None),
        page(Some(A_NAME)),
        table.ties(columns, name, A_NAME),
        table.select(columns, &listing.named_one_of(&[A_NAME.to_owned()])),
        any_case(table, columns, name),
        table.in_any_case(columns, name, &[A_NAME.to_owned()]),
        table.duplicates(columns, name),
    ]
}

fn any_case(table: QueryTable<'_>, columns: &[usize], column: usize) -> Option<Statement> {
    let predicate = Predicate::EqualsIgnoreCase {
        column,
        prepared: A_NAME.to_owned(),
    };
    table.select(columns, &predicate)
}
