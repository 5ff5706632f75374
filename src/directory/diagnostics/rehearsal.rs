//! The statements that searches and binds are answered with, prepared once before anything is served: the operator's
//! queries by themselves may be right, and what is made of them wrong. Then each query is run for no row at all, which
//! shows what may not be read.

use crate::{
    config::{Query, QuerySet},
    directory::{
        Directory,
        mapping::columns::Role,
        membership::MembershipsOf,
        queries::{DescribedQuery, QueryProblem},
        source::listing::Listing,
    },
    sql::{Budget, KeyedPage, Predicate, QueryTable, SqlError, Statement},
};
use std::time::{Duration, Instant};

/// Some name, also of users that have numbers for names; it is not looked for.
const A_NAME: &str = "1";

/// Whose query a statement is made of, the statement, and whether it takes a value of ours.
type Rehearsed = (Query, String, bool);

/// For a statement that reads nothing.
const NOTHING_TIMEOUT: Duration = Duration::from_secs(5);

impl Directory {
    /// Has the database prepare them.
    ///
    /// # Errors
    /// The first statement of each query that the database refuses, or that it could not be asked.
    pub(crate) async fn rehearse(&self) -> Result<(), Vec<QueryProblem>> {
        let mut problems: Vec<QueryProblem> = Vec::new();
        for (which, sql, takes_value) in self.rehearsed() {
            if problems.iter().any(|problem| problem.query == which) {
                continue;
            }
            let prepared = self.database.describe(&sql).await;
            problems.extend(problem(which, prepared, takes_value)?);
        }
        for (which, query) in self.queries.each() {
            if problems.iter().any(|problem| problem.query == which) {
                continue;
            }
            let Some(nothing) =
                QueryTable::lookup(&query.query, &query.described, A_NAME).and_then(|table| table.nothing())
            else {
                continue;
            };
            let budget = Budget::lookup(Instant::now() + NOTHING_TIMEOUT);
            let run = self.database.fetch(&nothing.sql, &nothing.args, budget);
            problems.extend(problem(which, run.await, !nothing.args.is_empty())?);
        }
        match problems.is_empty() {
            true => Ok(()),
            false => Err(problems),
        }
    }

    fn rehearsed(&self) -> Vec<Rehearsed> {
        let QuerySet {
            all_users,
            all_groups,
            groups_by_member,
            all_memberships,
            ..
        } = &self.queries;
        let mut statements = Vec::new();
        let mut add = |which, statement: Option<Statement>| {
            statements.extend(statement.map(|statement| (which, statement.sql, !statement.args.is_empty())));
        };
        for statement in listing(all_users, &self.users) {
            add(Query::AllUsers, statement);
        }
        for statement in listing(all_groups, &self.groups) {
            add(Query::AllGroups, statement);
        }
        let name = groups_by_member.column(Role::Name).unwrap_or_default();
        let groups_of = QueryTable::lookup(&groups_by_member.query, &groups_by_member.described, A_NAME);
        add(
            Query::GroupsByMember,
            groups_of.and_then(|table| table.select(&[name], &Predicate::True)),
        );
        let asked = match all_memberships {
            Some(_) => Query::AllMemberships,
            None => Query::GroupsByMember,
        };
        let names = [A_NAME.to_owned()];
        for of in [MembershipsOf::Users(&names), MembershipsOf::Groups(&names)] {
            add(asked, self.memberships.statement(of));
        }
        add(asked, self.memberships.groups_with_rows_statement(&names));
        if let Some(query) = all_memberships {
            for role in [Role::Member, Role::Name] {
                let table = QueryTable::listing(&query.query, &query.described);
                let wanted = query.column(role);
                add(
                    Query::AllMemberships,
                    wanted.and_then(|column| any_case(table, &[column], column)),
                );
            }
        }
        let lookups = self.one_user.iter().flat_map(|one_user| one_user.statements());
        statements.extend(lookups.map(|sql| (Query::OneUser, sql.to_owned(), true)));
        statements
    }
}

/// What is wrong with a query by what the database said of a statement made of it. `takes_value` says that one of ours is
/// in it: else it is a constant of the query's own that its type cannot hold, and nobody would ever be answered.
///
/// # Errors
/// It could not be asked: then no other statement can be, either.
fn problem<T>(
    which: Query,
    said: Result<T, SqlError>,
    takes_value: bool,
) -> Result<Option<QueryProblem>, Vec<QueryProblem>> {
    match said {
        Ok(_) => Ok(None),
        // Of our value, which is none that anybody asks for.
        Err(error) if takes_value && error.is_value_error() => Ok(None),
        Err(error) => match QueryProblem::of_database(which, &error) {
            problem if problem.unreachable => Err(vec![problem]),
            problem => Ok(Some(QueryProblem {
                text: format!("as the gateway asks it: {}", problem.text),
                ..problem
            })),
        },
    }
}

/// What a listing is read by: in pages, by name as it is spelled and in any case.
fn listing(query: &DescribedQuery, source: &Listing) -> Vec<Option<Statement>> {
    let table = QueryTable::listing(&query.query, &query.described);
    let columns = &source.maker().projection().columns;
    let name = source.name_column();
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
        table.select(columns, &source.named_one_of(&[A_NAME.to_owned()])),
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
