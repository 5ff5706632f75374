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
        Column, ColumnKind, Engine, Origin, Predicate, QueryTable, Statement,
        indexes::{self, TableColumn},
        plan::{QueryPlan, plan},
    },
};

/// An index that would spare the reading of a whole table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexAdvice {
    /// Which searches read the whole of what.
    pub reason: String,
    /// What to run.
    pub statements: Vec<String>,
    /// What to change in the queries, where statements alone do not help.
    pub also: Option<String>,
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
    also: Option<String>,
}

/// A column of a query as an index could hold it.
struct Indexed<'a> {
    name: &'a str,
    column: TableColumn,
    described: &'a Column,
    is_computed: bool,
}

impl<'a> Indexed<'a> {
    /// The column of a role; None where no index can hold what it is.
    fn new(engine: Engine, query: &'a DescribedQuery, role: Role) -> Option<Self> {
        let position = query.column(role)?;
        let name = query.columns.get(position)?.column.as_str();
        let described = query.described.columns.get(position)?;
        let plain = table_column(engine, query, role);
        let is_computed = plain.is_none();
        let column = match plain {
            Some(column) => column,
            None => TableColumn::computed(name, query.query.computed(name)?),
        };
        Some(Indexed {
            name,
            column,
            described,
            is_computed,
        })
    }

    /// The indexes for comparisons in any case, or exact ones; and what else is to be done.
    fn advice(&self, engine: Engine, any_case: bool) -> (Vec<String>, Option<String>) {
        match (self.is_computed, engine, any_case) {
            // None would help, whatever the column.
            (true, Engine::MySql, true) => return (Vec::new(), None),
            (true, Engine::MySql | Engine::Sqlite, _) => return self.generated(engine, false),
            _ => {}
        }
        let mut indexes = match any_case {
            true => self.column.case_ignore_indexes(engine, self.described),
            false => vec![self.column.index(engine)],
        };
        if self.is_computed && engine == Engine::PostgreSql && !indexes.is_empty() {
            // It has statistics of an expression only from an index over that very one, and only once it has looked.
            let plain = self.column.index(engine);
            if !indexes.contains(&plain) {
                indexes.insert(0, plain);
            }
            indexes.push(format!("ANALYZE {};", self.column.table));
        }
        (indexes, None)
    }

    /// A column of the table that is what the query computes.
    fn generated(&self, engine: Engine, is_number: bool) -> (Vec<String>, Option<String>) {
        let (statement, column) = self.column.generated(engine, is_number);
        let indexes = match engine {
            Engine::Sqlite if !is_number => {
                let text = Column {
                    kind: ColumnKind::Text,
                    ..self.described.clone()
                };
                column.case_ignore_indexes(engine, &text)
            }
            _ => vec![column.index(engine)],
        };
        let also = format!(
            "and take {} AS {} in the queries, which then stands for {}",
            column.column, self.name, self.column.column
        );
        ([vec![statement], indexes].concat(), Some(also))
    }

    /// For comparisons of numbers.
    fn number_advice(&self, engine: Engine) -> (Vec<String>, Option<String>) {
        if !self.described.kind.is_text() {
            return match self.is_computed && engine != Engine::PostgreSql {
                true => self.generated(engine, true),
                false => self.advice(engine, false),
            };
        }
        let whole = if engine == Engine::MySql { "SIGNED" } else { "bigint" };
        let name = self.name;
        let also = format!(
            "{name} is text, in which no index finds numbers: a column of whole numbers would help, or CAST(… AS {whole}) AS \
             {name} in the queries"
        );
        (Vec::new(), Some(also))
    }
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
        let told = [&advice.statements[..], advice.also.as_slice()].concat();
        let is_new = !known.contains(&told);
        known.push(told);
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
    if let (Some(wanted), Some((column, indexes, also))) = (one_user.column(Role::Name), compared(engine, one_user)) {
        lookups.push(Lookup {
            what: "SQL_QUERY_ONE_USER",
            statement: QueryTable::lookup(&one_user.query, &one_user.described, name)
                .and_then(|table| table.select(&[wanted], &Predicate::True)),
            column,
            indexes,
            also,
        });
    }
    let select = |role, what, predicate: Wanted, any_case: bool| {
        let position = all_users.column(role)?;
        let indexed = Indexed::new(engine, all_users, role)?;
        let (indexes, also) = match role {
            Role::Number | Role::PrimaryGroup => indexed.number_advice(engine),
            _ => indexed.advice(engine, any_case),
        };
        let table = QueryTable::listing(&all_users.query, &all_users.described);
        Some(Lookup {
            what,
            statement: table.select(&[position], &predicate(position, name)),
            column: indexed.column,
            indexes,
            also,
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
        let indexed = Indexed::new(engine, all_groups, role)?;
        let (indexes, also) = match role {
            Role::Number => indexed.number_advice(engine),
            _ => indexed.advice(engine, any_case),
        };
        Some(Lookup {
            what,
            statement: table.select(&[position], &wanted(position, "nobody")),
            column: indexed.column,
            indexes,
            also,
        })
    });
    lookups.collect()
}

async fn advice_for(directory: &Directory, lookup: Lookup) -> Result<Option<IndexAdvice>, DirectoryError> {
    let is_any = !lookup.indexes.is_empty() || lookup.also.is_some();
    let Some(statement) = lookup.statement.filter(|_| is_any) else {
        return Ok(None);
    };
    let plan = plan(&directory.source.database, &statement, budget()).await?;
    let is_its = |name: &String| indexes::is_name_of(name, &lookup.column.table, &statement.sql);
    if !plan.whole().iter().any(is_its) {
        return Ok(not_known(lookup.what, &plan));
    }
    let mut advice = IndexAdvice {
        reason: format!("{} reads all of {}", lookup.what, lookup.column.table),
        statements: lookup.indexes,
        also: lookup.also,
    };
    let computed = Some(&lookup.column).filter(|column| column.column.starts_with('('));
    if let Some(column) = computed
        && let Some(numbered) = indexes::auto_increment_in(&directory.source.database, column, budget()).await?
    {
        advice.statements = Vec::new();
        advice.also = Some(format!(
            "{} is computed of {numbered}, which is AUTO_INCREMENT, and of such a column the database keeps no other and no \
             index; take a column that holds the number itself, set when the row is made",
            column.column
        ));
    }
    Ok(Some(advice))
}

/// Where a plan does not tell whether a table is read from end to end, nothing is said to be fine.
fn not_known(what: &str, plan: &QueryPlan) -> Option<IndexAdvice> {
    let why = plan.not_known()?;
    Some(IndexAdvice {
        reason: format!("whether {what} reads the whole of a table is not known"),
        statements: Vec::new(),
        also: Some(why),
    })
}

/// What the one-user query compares with the name, as an index could hold it, and what would help.
fn compared(engine: Engine, one_user: &DescribedQuery) -> Option<(TableColumn, Vec<String>, Option<String>)> {
    let own = table_column(engine, one_user, Role::Name);
    let column = match (one_user.query.compared(), own) {
        (Some(compared), None) => TableColumn::computed("login", compared),
        (Some(compared), Some(_)) if !compared.is_plain => TableColumn::computed("login", compared),
        (_, own) => own?,
    };
    let is_computed = column.column.starts_with('(');
    if is_computed && engine == Engine::MySql {
        let (statement, added) = column.generated(engine, false);
        let also = format!(
            "and compare {} in SQL_QUERY_ONE_USER, which then stands for {}",
            added.column, column.column
        );
        return Some((column, vec![statement, added.index(engine)], Some(also)));
    }
    let mut indexes = vec![column.index(engine)];
    if is_computed && engine == Engine::PostgreSql {
        indexes.push(format!("ANALYZE {};", column.table));
    }
    Some((column, indexes, None))
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
        let plan = plan(&directory.source.database, &statement, budget()).await?;
        let scanned = plan.whole();
        advice.extend(not_known(what, &plan).filter(|_| scanned.is_empty()));
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
                    also: None,
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
            also: None,
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
