//! Where the queries disagree with each other or with what they seem to be, and which of their rows are not served. For
//! `check` only; nothing is served from here.
//!
//! Everything it says names users, groups, columns and tables; never a value of a password column.

use crate::{
    config::Query,
    directory::{
        diagnostics::sample::{Count, LARGE, SAMPLE, Sample, budget, deadline, listed, sample},
        error::DirectoryError,
        facade::Directory,
        fetch::{fetch, none_for_the_name},
        kind::{Kind, USERS},
        membership::{Membership, MembershipsOf, NameSet},
        naming::tree::Name,
        queries::GroupColumn,
        source::duplicates::Shadowed,
    },
    model::{entry::Entry, value::Cell},
    sql::{Budget, Engine, Origin, Predicate, QueryTable, SqlError},
};
use std::collections::{BTreeMap, BTreeSet};

/// Names that are looked up as a search would.
const SPELLINGS: usize = 20;
/// Groups of the sample whose members are listed.
const GROUPS: usize = 20;

/// Runs each query as it is run to serve: preparing them does not show a missing permission.
pub async fn refusals(directory: &Directory) -> Vec<(Query, SqlError)> {
    let mut refusals = Vec::new();
    let is_listing = |which| !matches!(which, Query::OneUser | Query::GroupsByMember);
    for (which, query) in directory.queries.each().filter(|(which, _)| is_listing(*which)) {
        let statement = QueryTable::listing(&query.query, &query.described).exists(&Predicate::True);
        let rows = fetch(&directory.source.database, statement, budget()).await;
        refusals.extend(rows.err().map(|error| (which, error)));
    }
    if !refusals.is_empty() {
        return refusals;
    }
    // A name that somebody has: it must fit where names are numbers, and any other need not.
    let found = match sample(directory).await {
        Ok(sample) => sample.names.first().cloned(),
        Err(DirectoryError::Sql(error)) => return vec![(Query::AllUsers, error)],
        Err(_) => None,
    };
    let name = found.as_deref().unwrap_or("nobody");
    if let Some(one_user) = directory.source.accounts.one_user() {
        let rows = one_user.account_rows(name, Budget::bind(deadline())).await;
        let rows = if found.is_some() { rows } else { none_for_the_name(rows) };
        refusals.extend(rows.err().map(|error| (Query::OneUser, error)));
    }
    let rows = directory.source.memberships.by_member().groups_of(name, budget()).await;
    refusals.extend(rows.err().map(|error| (Query::GroupsByMember, error)));
    refusals
}

/// The rows that are no entries, because another row's name is equal under caseIgnoreMatch.
///
/// # Errors
/// The database could not answer.
pub async fn twins(directory: &Directory, kind: Kind) -> Result<Shadowed, DirectoryError> {
    Ok(directory.source.listing(kind).shadowed(budget()).await?)
}

/// Which of these names, whose rows are in no listing, a search for that very spelling finds all the same.
///
/// # Errors
/// The database could not answer.
pub async fn found_by_spelling(
    directory: &Directory,
    kind: Kind,
    names: &[String],
) -> Result<Vec<String>, DirectoryError> {
    let projection = directory.source.listing(kind).maker().projection();
    let mut found = Vec::new();
    for spelled in names.iter().take(SPELLINGS) {
        let Some(name) = Name::new(spelled) else { continue };
        let row = directory.source.find(kind, &name, Budget::lookup(deadline())).await?;
        if row.and_then(|row| projection.name(&row)).as_ref() == Some(spelled) {
            found.push(spelled.clone());
        }
    }
    Ok(found)
}

/// Columns that hold one text in every row, which stands in the query in double quotes: on MariaDB and MySQL
/// those quote texts, on SQLite they do when there is no such column.
///
/// # Errors
/// The database could not answer.
pub async fn constants(directory: &Directory, kind: Kind) -> Result<Vec<String>, DirectoryError> {
    let (query, source) = (directory.source.listing(kind).query(), directory.source.listing(kind));
    if directory.source.database.engine() == Engine::PostgreSql || !query.origins.contains(&Origin::Expression) {
        return Ok(Vec::new());
    }
    let chunk = source.chunk(&Predicate::True, None, SAMPLE, budget()).await?;
    let text = query.query.to_describe();
    let mut found = Vec::new();
    for (position, column) in source.maker().projection().columns.iter().enumerate() {
        let mut texts = chunk.rows.iter().map(|row| row.get(position).and_then(Cell::to_text));
        let (Some(Some(first)), Some(Origin::Expression)) = (texts.next(), query.origins.get(*column)) else {
            continue;
        };
        if text.contains(&format!("\"{first}\"")) && texts.all(|text| text.as_ref() == Some(&first)) {
            let name = query.columns.get(*column).map_or("", |column| column.column.as_str());
            found.push(format!(
                "{name} is the text \"{first}\" in every row: there is no such column, or names are quoted otherwise"
            ));
        }
    }
    Ok(found)
}

/// Where the one-user query gives another entry than all-users.
///
/// # Errors
/// The database could not answer.
pub async fn one_user_differences(
    directory: &Directory,
    sample: &Sample,
    twins: &Shadowed,
) -> Result<Vec<String>, DirectoryError> {
    let Some(one_user) = directory
        .source
        .accounts
        .one_user()
        .filter(|one_user| one_user.finds_entries())
    else {
        return Ok(Vec::new());
    };
    let maker = directory.source.listing(&USERS).maker();
    let mut missing = Vec::new();
    let mut differing: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let projection = maker.projection();
    let mut numbers = Vec::new();
    for row in &sample.rows {
        let Some(name) = projection.name(row).and_then(|name| Name::new(&name)) else {
            continue;
        };
        let Some(other) = one_user.find(&name, Budget::lookup(deadline())).await? else {
            missing.push(name.spelled);
            continue;
        };
        let both = (projection.number(row), projection.number(&other));
        if both.0 != both.1 {
            // Another row of the same name under caseIgnoreMatch: that is for `twins`.
            if !twins.drops(&name.spelled, both.0) && projection.name(&other).as_ref() == Some(&name.spelled) {
                numbers.push((name.spelled, both));
            }
            continue;
        }
        let (entry, other) = (maker.entry(row.clone(), true), maker.entry(other, true));
        for attribute in differences(directory, entry.as_ref(), other.as_ref()) {
            differing.entry(attribute).or_default().push(name.spelled.clone());
        }
    }
    let mut found = Vec::new();
    if !missing.is_empty() {
        found.push(format!(
            "{} of {} users are found by SQL_QUERY_ALL_USERS but not by SQL_QUERY_ONE_USER; they cannot bind: {}",
            missing.len(),
            sample.len(),
            listed(&missing)
        ));
    }
    found.extend(other_numbers(&numbers, sample.len()));
    found.extend(differing.into_iter().map(|(attribute, names)| {
        format!(
            "SQL_QUERY_ONE_USER gives another {attribute} than SQL_QUERY_ALL_USERS for {} of {} users: {}",
            names.len(),
            sample.len(),
            listed(&names)
        )
    }));
    Ok(found)
}

/// A user's number in the listing, and where the user is asked for alone.
type Numbers = (Option<i128>, Option<i128>);

/// That users have another number where they are asked for alone, which is how `row_number()` and the like go wrong.
fn other_numbers(users: &[(String, Numbers)], total: usize) -> Option<String> {
    let number = |number: Option<i128>| number.map_or("none".to_owned(), |number| number.to_string());
    let (_, (_, first)) = users.first()?;
    let names: Vec<String> = users
        .iter()
        .map(|(name, (listed, alone))| format!("{name} ({} instead of {})", number(*alone), number(*listed)))
        .collect();
    let one = match users.iter().all(|(_, (_, alone))| alone == first) && users.len() > 1 {
        true => format!(", {} for all of them", number(*first)),
        false => String::new(),
    };
    Some(format!(
        "SQL_QUERY_ONE_USER gives another uid number than SQL_QUERY_ALL_USERS for {} of {total} users{one}; they cannot \
         bind, and a search for their name finds that number: {}; make the number of the row's own columns, not of its \
         place among the rows (row_number), and alike in both queries",
        users.len(),
        listed(&names)
    ))
}

fn differences(directory: &Directory, one: Option<&Entry>, other: Option<&Entry>) -> Vec<String> {
    let (Some(one), Some(other)) = (one, other) else {
        return Vec::new();
    };
    let ids: BTreeSet<_> = [one, other]
        .iter()
        .flat_map(|entry| entry.attributes.iter().map(|attribute| attribute.id))
        .collect();
    ids.into_iter()
        .filter(|id| one.values(*id) != other.values(*id))
        .map(|id| directory.source.schema.attribute_name(id).to_owned())
        .collect()
}

/// Where the groups of one user, asked for one by one, are others than those that whole groups are read as.
///
/// # Errors
/// The database could not answer.
pub async fn membership_differences(
    directory: &Directory,
    sample: &Sample,
    users: Count,
) -> Result<Vec<String>, DirectoryError> {
    let memberships = &directory.source.memberships;
    let by_member = memberships.by_member();
    let asked = by_member.of_users(sample.names.clone(), budget()).await?;
    let of_users = MembershipsOf::Users(&sample.names);
    let read = memberships.read(of_users, budget()).await?;
    let mut either = asked.clone();
    either.extend(read.iter().cloned());
    let existing = memberships.existing_groups(&either, budget()).await?;
    let (asked, read) = (keys(&asked), keys(&read));
    let exists = |pair: &(String, String)| existing.contains_key(&pair.1);
    let (asked, mut unknown): (BTreeSet<_>, BTreeSet<_>) = asked.into_iter().partition(exists);
    let (read, unknown_too): (BTreeSet<_>, BTreeSet<_>) = read.into_iter().partition(exists);
    unknown.extend(unknown_too);
    let mut found = Vec::new();
    let mut report = |pairs: Vec<&(String, String)>, text: &str| {
        if !pairs.is_empty() {
            let names: Vec<String> = pairs.iter().map(|(user, group)| format!("{user} in {group}")).collect();
            found.push(format!("{} memberships {text}: {}", names.len(), listed(&names)));
        }
    };
    report(
        unknown.iter().collect(),
        "do not count, because SQL_QUERY_ALL_GROUPS has no such group",
    );
    let lacking = match memberships.query() {
        Some(_) => "that SQL_QUERY_GROUPS_BY_MEMBER gives are not served: SQL_QUERY_ALL_MEMBERSHIPS does not list them",
        None => "that SQL_QUERY_GROUPS_BY_MEMBER gives are not served: memberships come from elsewhere",
    };
    report(asked.difference(&read).collect(), lacking);
    report(
        read.difference(&asked).collect(),
        "are served that SQL_QUERY_GROUPS_BY_MEMBER does not give",
    );
    let groups: BTreeSet<String> = read.iter().map(|(_, group)| group.clone()).collect();
    let groups: Vec<String> = groups
        .iter()
        .filter_map(|group| existing.get(group).cloned())
        .take(GROUPS)
        .collect();
    // User by user it would be a statement for every user there is.
    if !groups.is_empty() && !memberships.are_read_user_by_user() && users.rows <= LARGE {
        let members = memberships.read(MembershipsOf::Groups(&groups), budget()).await?;
        let members = keys(&members);
        let looked_at = NameSet::of(&groups);
        let missing = read.difference(&members).filter(|(_, group)| looked_at.has(group));
        report(missing.collect(), "are missing where the members of a group are listed");
    }
    Ok(found)
}

/// Why the memberships that a query lists take several statements.
pub fn slow_memberships(directory: &Directory) -> Option<String> {
    let listed = directory
        .source
        .memberships
        .query()
        .filter(|listed| !listed.is_joined())?;
    let mut wanted = Vec::new();
    if !listed.users_are_comparable() {
        wanted.push("username from the table column that SQL_QUERY_ALL_USERS takes it from");
    }
    if !listed.groups_are_comparable() {
        wanted.push(match listed.columns().group {
            GroupColumn::Number(_) => "gid_number as the whole number that it is in the groups' table",
            GroupColumn::Name(_) => {
                "the group's gid_number, or its name from the table column that SQL_QUERY_ALL_GROUPS takes it from"
            }
        });
    }
    let wanted = match wanted.is_empty() {
        true => "the database refuses to join them".to_owned(),
        false => format!("best it takes {}", wanted.join(", and ")),
    };
    Some(format!(
        "SQL_QUERY_ALL_MEMBERSHIPS cannot be joined with users and groups, so a search takes several statements; {wanted}"
    ))
}

/// Memberships, comparable.
fn keys(memberships: &[Membership]) -> BTreeSet<(String, String)> {
    let keys = memberships
        .iter()
        .filter_map(|found| Some((Name::new(&found.user)?.prepared, Name::new(&found.group)?.prepared)));
    keys.collect()
}
