//! Indexes that would help: the engine's planner is asked how it would run our lookups. An index is proposed only where a
//! lookup can use it: over a plain column of a table.

use crate::{
    directory::{
        diagnostics::sample::{Count, SMALL, Sample, budget},
        error::DirectoryError,
        facade::Directory,
        kind::{GROUPS, role::Role},
        membership::{MembershipsOf, MembershipsQuery},
        naming::tree::Name,
        queries::{DescribedQuery, GroupColumn},
    },
    sql::{
        Engine, Origin, Predicate, QueryTable, Statement,
        indexes::{self, TableColumn},
        plan::plan,
    },
};

/// An index that would spare the reading of a whole table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexAdvice {
    /// Which searches read the whole of what.
    pub reason: String,
    /// What to run.
    pub statements: Vec<String>,
}

/// Some number that few rows have.
const A_NUMBER: &str = "987654321";

/// What is looked for in a column, given its position and some user's name.
type Wanted = fn(usize, &str) -> Predicate;

/// A lookup whose plan is looked at.
struct Lookup {
    what: &'static str,
    statement: Option<Statement>,
    column: TableColumn,
    indexes: Vec<String>,
}

/// Indexes that would help. Asks the planner, so only where tables are large enough for it to want one.
///
/// # Errors
/// The database could not answer.
pub async fn index_advice(
    directory: &Directory,
    sample: &Sample,
    users: Count,
    groups: Count,
) -> Result<Vec<IndexAdvice>, DirectoryError> {
    let mut advice = Vec::new();
    if users.rows >= SMALL {
        for lookup in user_lookups(directory, sample) {
            advice.extend(advice_for(directory, lookup).await?);
        }
    }
    if groups.rows >= SMALL {
        for lookup in group_lookups(directory) {
            advice.extend(advice_for(directory, lookup).await?);
        }
    }
    if users.rows >= SMALL || groups.rows >= SMALL {
        advice.extend(membership_indexes(directory, sample).await?);
    }
    // One index may help several lookups.
    let mut known: Vec<Vec<String>> = Vec::new();
    advice.retain(|advice| {
        let is_new = !known.contains(&advice.statements);
        known.push(advice.statements.clone());
        is_new
    });
    Ok(advice)
}

fn user_lookups(directory: &Directory, sample: &Sample) -> Vec<Lookup> {
    let (all_users, one_user) = (&directory.queries.all_users, &directory.queries.one_user);
    let engine = directory.source.database.engine();
    let Some(name) = sample.names.first() else {
        return Vec::new();
    };
    let mut lookups = Vec::new();
    if let (Some(wanted), Some(column)) = (one_user.column(Role::Name), table_column(engine, one_user, Role::Name)) {
        lookups.push(Lookup {
            what: "SQL_QUERY_ONE_USER",
            statement: QueryTable::lookup(&one_user.query, &one_user.described, name)
                .and_then(|table| table.select(&[wanted], &Predicate::True)),
            indexes: vec![column.index(engine)],
            column,
        });
    }
    let select = |role, what, predicate: Wanted, any_case: bool| {
        let position = all_users.column(role)?;
        let column = table_column(engine, all_users, role)?;
        let indexes = if any_case {
            column.case_ignore_indexes(engine, all_users.described.columns.get(position)?)
        } else {
            vec![column.index(engine)]
        };
        let table = QueryTable::listing(&all_users.query, &all_users.described);
        Some(Lookup {
            what,
            statement: table.select(&[position], &predicate(position, name)),
            column,
            indexes,
        })
    };
    lookups.extend(select(
        Role::Name,
        "(uid=NAME) in another spelling or of nobody",
        any_spelling,
        true,
    ));
    lookups.extend(select(Role::Mail, "(mail=ADDRESS)", any_spelling, true));
    // GitLab looks for groups by `(cn=NAME)` alone, which users may have too; in rows without a name it is another.
    if engine == Engine::PostgreSql {
        let any_name = select(Role::FullName, "(cn=NAME) of users", any_spelling, true);
        lookups.extend(any_name.map(|mut lookup| {
            lookup.indexes.push(lookup.column.index(engine));
            lookup
        }));
    }
    lookups.extend(select(Role::Number, "(uidNumber=NUMBER)", by_number, false));
    lookups.extend(select(
        Role::PrimaryGroup,
        "(gidNumber=NUMBER) of users",
        by_number,
        false,
    ));
    lookups
}

fn group_lookups(directory: &Directory) -> Vec<Lookup> {
    let all_groups = &directory.queries.all_groups;
    let engine = directory.source.database.engine();
    let table = QueryTable::listing(&all_groups.query, &all_groups.described);
    let roles: [(Role, &'static str, Wanted, bool); 3] = [
        (Role::Name, "(cn=NAME) of groups", by_name, false),
        (
            Role::Name,
            "(cn=NAME) of groups in another spelling or of none",
            any_spelling,
            true,
        ),
        (Role::Number, "(gidNumber=NUMBER) of groups", by_number, false),
    ];
    let lookups = roles.into_iter().filter_map(|(role, what, wanted, any_case)| {
        let position = all_groups.column(role)?;
        let column = table_column(engine, all_groups, role)?;
        Some(Lookup {
            what,
            statement: table.select(&[position], &wanted(position, "nobody")),
            indexes: match any_case {
                true => column.case_ignore_indexes(engine, all_groups.described.columns.get(position)?),
                false => vec![column.index(engine)],
            },
            column,
        })
    });
    lookups.collect()
}

async fn advice_for(directory: &Directory, lookup: Lookup) -> Result<Option<IndexAdvice>, DirectoryError> {
    let Some(statement) = lookup.statement.filter(|_| !lookup.indexes.is_empty()) else {
        return Ok(None);
    };
    let scanned = plan(&directory.source.database, &statement, budget()).await?.whole();
    let hit = scanned
        .iter()
        .any(|name| indexes::is_name_of(name, &lookup.column.table, &statement.sql));
    Ok(hit.then(|| IndexAdvice {
        reason: format!("{} reads all of {}", lookup.what, lookup.column.table),
        statements: lookup.indexes,
    }))
}

/// The table between users and groups: its columns are in no query's result, so its foreign keys tell them.
async fn membership_indexes(directory: &Directory, sample: &Sample) -> Result<Vec<IndexAdvice>, DirectoryError> {
    let queries = &directory.queries;
    let engine = directory.source.database.engine();
    let asked = queries.all_memberships.as_ref().unwrap_or(&queries.groups_by_member);
    let (users, groups) = (
        table_column(engine, &queries.all_users, Role::Name),
        table_column(engine, &queries.all_groups, Role::Name),
    );
    let Some(group) = some_group(directory).await? else {
        return Ok(Vec::new());
    };
    let mut advice = Vec::new();
    let views = [
        (
            MembershipsOf::Groups(std::slice::from_ref(&group)),
            &groups,
            "listing the members of a group",
        ),
        (
            MembershipsOf::Users(sample.names.get(..1).unwrap_or_default()),
            &users,
            "listing the groups of a user",
        ),
    ];
    for (of, side, what) in views {
        let Some(statement) = directory.source.memberships.statement(of) else {
            continue;
        };
        let scanned = plan(&directory.source.database, &statement, budget()).await?.whole();
        let keys = match side {
            Some(side) if !scanned.is_empty() => {
                indexes::bare_foreign_keys(&directory.source.database, &side.table, budget()).await?
            }
            _ => Vec::new(),
        };
        for key in keys {
            let text = asked.query.to_describe();
            // Joined, the rows of a key without an index are found by reading another table.
            let is_joined = queries.all_memberships.is_some() && asked.query.reads_by_key();
            if is_joined || scanned.iter().any(|name| indexes::is_name_of(name, &key.table, &text)) {
                advice.push(IndexAdvice {
                    reason: format!("{what} reads all of {}", key.table),
                    statements: vec![key.index(engine)],
                });
            }
        }
    }
    if let Some(listed) = directory.source.memberships.query() {
        for lookup in memberships_lookups(directory, listed, sample, &group) {
            advice.extend(advice_for(directory, lookup).await?);
        }
    }
    Ok(advice)
}

/// By each of its columns that is one of a table.
fn memberships_lookups(directory: &Directory, listed: &MembershipsQuery, sample: &Sample, group: &str) -> Vec<Lookup> {
    let engine = directory.source.database.engine();
    let query = listed.query();
    let columns = listed.columns();
    let user_name = sample.names.first().map_or("", String::as_str);
    let (role, group) = match columns.group {
        GroupColumn::Number(_) => (Role::Number, A_NUMBER),
        GroupColumn::Name(_) => (Role::Name, group),
    };
    let sides = [
        (columns.user, Role::Member, user_name, "listing the groups of a user"),
        (columns.group.position(), role, group, "listing the members of a group"),
    ];
    // By itself: joined, another table may be read instead of the one that lacks an index.
    let table = QueryTable::listing(&query.query, &query.described);
    let lookups = sides.into_iter().filter_map(|(position, role, value, what)| {
        let column = table_column(engine, query, role)?;
        let described = query.described.columns.get(position)?;
        let by: Wanted = match (listed.is_joined(), role) {
            (true, _) => by_name,
            (false, Role::Number) => by_number,
            (false, _) => any_spelling,
        };
        let statement = table.select(&[position], &by(position, value));
        let indexes = match listed.is_joined() || role == Role::Number {
            true => vec![column.index(engine)],
            false => column.case_ignore_indexes(engine, described),
        };
        Some(Lookup {
            what,
            statement,
            column,
            indexes,
        })
    });
    lookups.collect()
}

async fn some_group(directory: &Directory) -> Result<Option<String>, DirectoryError> {
    let chunk = directory
        .source
        .listing(&GROUPS)
        .chunk(&Predicate::True, None, 1, budget())
        .await?;
    let projection = directory.source.listing(&GROUPS).maker().projection();
    Ok(chunk.rows.first().and_then(|row| projection.name(row)))
}

fn any_spelling(column: usize, name: &str) -> Predicate {
    let prepared = Name::new(name).map_or_else(|| name.to_owned(), |name| name.prepared);
    Predicate::EqualsIgnoreCase { column, prepared }
}

fn by_number(column: usize, _: &str) -> Predicate {
    Predicate::IntegerEquals {
        column,
        value: A_NUMBER.parse().unwrap_or_default(),
    }
}

fn by_name(column: usize, name: &str) -> Predicate {
    Predicate::EqualsAny {
        column,
        values: vec![name.to_owned()],
    }
}

/// The table's column that a query's column is, unless it is computed.
fn table_column(engine: Engine, query: &DescribedQuery, role: Role) -> Option<TableColumn> {
    match query.origins.get(query.column(role)?)? {
        Origin::Table { table, column } => Some(TableColumn::new(engine, table, column)),
        Origin::Expression | Origin::Unknown => None,
    }
}
