//! How many rows there are, and some users to look at one by one.

use crate::{
    directory::{
        error::DirectoryError,
        facade::Directory,
        fetch::fetch,
        kind::{Kind, USERS},
    },
    model::value::Cell,
    sql::{Budget, Predicate, QueryTable, Row},
};
use std::time::{Duration, Instant};

/// Users looked at one by one.
pub const SAMPLE: u32 = 100;
/// How long each question may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// Names listed in one line.
const NAMED: usize = 5;
/// With more users the members of a group may not fit into memory at once.
pub(crate) const LARGE: u64 = 200_000;
/// Below this a scan costs nothing, and planners prefer it whatever indexes there are.
pub const SMALL: u64 = 1000;

/// How many rows a listing has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// All of them.
    pub rows: u64,
    /// Those with a name.
    pub named: u64,
}

/// Users that were looked at one by one.
pub struct Sample {
    pub(crate) rows: Vec<Row>,
    pub(crate) names: Vec<String>,
}

impl Sample {
    /// How many.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The name and number of the first.
    pub fn first(&self, directory: &Directory, kind: Kind) -> Option<(String, Option<i128>)> {
        let projection = directory.source.listing(kind).maker().projection();
        let mut named = self.rows.iter().filter_map(|row| Some((projection.name(row)?, row)));
        named.next().map(|(name, row)| (name, projection.number(row)))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// How many users or groups there are.
///
/// # Errors
/// The database could not answer.
pub async fn count(directory: &Directory, kind: Kind) -> Result<Count, DirectoryError> {
    let name = directory.source.listing(kind).name_column();
    Ok(Count {
        rows: passing(directory, kind, &Predicate::True).await?,
        named: passing(directory, kind, &Predicate::HasKey(name)).await?,
    })
}

/// How many rows a predicate lets through.
///
/// # Errors
/// The database could not answer.
pub async fn passing(directory: &Directory, kind: Kind, predicate: &Predicate) -> Result<u64, DirectoryError> {
    let query = directory.source.listing(kind).query();
    let table = QueryTable::listing(&query.query, &query.described);
    let rows = fetch(&directory.source.database, table.count(predicate), budget()).await?;
    let cell = rows.first().and_then(|row| row.first()).and_then(Cell::to_integer);
    Ok(cell.and_then(|number| u64::try_from(number).ok()).unwrap_or_default())
}

/// The first users by name.
///
/// # Errors
/// The database could not answer.
pub async fn sample(directory: &Directory) -> Result<Sample, DirectoryError> {
    let chunk = directory
        .source
        .listing(&USERS)
        .chunk(&Predicate::True, None, SAMPLE, budget())
        .await?;
    let projection = directory.source.listing(&USERS).maker().projection();
    let names = chunk.rows.iter().filter_map(|row| projection.name(row)).collect();
    Ok(Sample {
        rows: chunk.rows,
        names,
    })
}

pub(crate) fn budget() -> Budget {
    Budget::scan(PATIENCE)
}

pub(crate) fn deadline() -> Instant {
    Instant::now() + PATIENCE
}

/// The first few names.
pub fn listed(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
    let more = names.len().saturating_sub(NAMED);
    match more {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
