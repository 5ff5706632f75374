//! Which of the operator's listings reads a table that a plan names.

use crate::{
    config::QuerySet,
    directory::{
        kind::{GROUPS, Kind, USERS, role::Role},
        queries::DescribedQuery,
    },
    sql::{
        Engine, Origin,
        indexes::{TableColumn, is_name_of},
    },
};

/// The kind whose entries are named in a table, given its name or alias in a plan of `sql`; None for any other table.
pub fn kind_of_table(queries: &QuerySet<DescribedQuery>, engine: Engine, name: &str, sql: &str) -> Option<Kind> {
    let names = |query: &DescribedQuery| {
        let table = named_table(query, engine);
        table.is_some_and(|table| is_name_of(name, &table, sql))
    };
    let listings = [(&queries.all_users, &USERS), (&queries.all_groups, &GROUPS)];
    let found = listings.into_iter().find(|(query, _)| names(query));
    found.map(|(_, kind)| kind)
}

/// The table that the names of a listing come from.
fn named_table(query: &DescribedQuery, engine: Engine) -> Option<String> {
    match query.origins.get(query.column(Role::Name)?)? {
        Origin::Table { table, column } => Some(TableColumn::new(engine, table, column).table),
        Origin::Expression | Origin::Unknown => None,
    }
}
