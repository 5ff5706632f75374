//! The rows of one of the operator's listings, read in chunks by key.
//!
//! It knows which column is which; what a row means as an entry is the mapping's business.

use crate::{
    directory::{
        entry_source::Key,
        fetch::{fetch, fetch_or_collect},
        kind::{Kind, role::Role},
        mapping::entry::EntryMaker,
        naming::tree::Name,
        queries::EntryQuery,
        source::duplicates::{Precedence, Shadowed, pick},
    },
    model::value::Cell,
    sql::{
        Budget, Database, Engine, KeyedPage, Predicate, QueryTable, Row, RowStream, SqlError, Statement, StatementError,
    },
};
use std::{collections::HashSet, time::Duration};

/// Rows of a superset read at a time; more than one chunk only where many names are not plain ASCII.
const SPELLINGS: u32 = 500;
/// Names that one statement lists.
const NAMES_A_STATEMENT: usize = 1000;

/// Some rows of a listing, in the order of their keys.
#[derive(Debug, Default)]
pub struct Chunk {
    /// The rows.
    pub rows: Vec<Row>,
    /// Where the next chunk begins; None at the end.
    pub next: Option<Key>,
}

/// A listing: all users, all groups, or all private groups.
pub struct Listing {
    database: Database,
    query: EntryQuery,
    maker: EntryMaker,
}

impl Listing {
    /// The listing that `query` describes; its rows become entries by `maker`.
    pub fn new(database: Database, query: EntryQuery, maker: EntryMaker) -> Self {
        Listing { database, query, maker }
    }

    /// The database that it is read from.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The operator's query.
    pub fn query(&self) -> &EntryQuery {
        &self.query
    }

    /// The kind of its entries.
    pub fn kind(&self) -> Kind {
        self.maker.kind()
    }

    /// What makes entries of the rows.
    pub fn maker(&self) -> &EntryMaker {
        &self.maker
    }

    /// The column of a role.
    pub fn column(&self, role: Role) -> Option<usize> {
        self.query.column(role)
    }

    fn role(&self, column: usize) -> Option<Role> {
        self.query.columns.get(column).and_then(|column| column.role.ok())
    }

    /// The column that names the rows.
    pub fn name_column(&self) -> usize {
        self.query.name()
    }

    /// The predicate as far as it narrows these rows; [`Predicate::True`] when it does not.
    pub fn simplify(&self, predicate: &Predicate) -> Predicate {
        predicate.simplify(self.query.query.engine(), &self.query.described.columns)
    }

    /// Whether rows are found by a key: by names or numbers. Any other predicate may have to read the table, and
    /// must not be cut short for being slow.
    pub fn is_lookup(&self, predicate: &Predicate) -> bool {
        match predicate {
            Predicate::And(parts) => parts.iter().any(|part| self.is_lookup(part)),
            Predicate::Or(parts) => parts.iter().all(|part| self.is_lookup(part)),
            Predicate::False => true,
            Predicate::EqualsIgnoreCase { column, .. } | Predicate::EqualsAny { column, .. } => {
                *column == self.query.name()
            }
            Predicate::IntegerEquals { column, .. } | Predicate::KeyEquals { column, .. } => {
                matches!(self.role(*column), Some(Role::Name | Role::Number | Role::PrimaryGroup))
            }
            // Kept as text they are compared in all spellings.
            Predicate::UuidEquals { column, .. } => {
                let column = self.query.described.columns.get(*column);
                column.is_some_and(|column| column.type_name == "UUID")
            }
            _ => false,
        }
    }

    /// Whether only few rows are expected, so that reading all of the listing for their sake would be out of proportion:
    /// some value is asked for, and not only that there is one, or none, or a greater one.
    pub fn is_selective(&self, predicate: &Predicate) -> bool {
        match predicate {
            Predicate::And(parts) => parts.iter().any(|part| self.is_selective(part)),
            Predicate::Or(parts) => parts.iter().all(|part| self.is_selective(part)),
            Predicate::False
            | Predicate::EqualsIgnoreCase { .. }
            | Predicate::EqualsExact { .. }
            | Predicate::EqualsAny { .. }
            | Predicate::Like { .. }
            // Part of every comparison with a text.
            | Predicate::NotCanonical { .. }
            | Predicate::IntegerEquals { .. }
            | Predicate::KeyEquals { .. }
            | Predicate::UuidEquals { .. }
            | Predicate::Time { .. } => true,
            _ => false,
        }
    }

    /// Rows that have one of these names, as this listing or the membership's source spells them.
    pub fn named_one_of(&self, names: &[String]) -> Predicate {
        Predicate::EqualsAny {
            column: self.query.name(),
            values: names.to_vec(),
        }
    }

    /// Whether a chunk costs what its rows cost. A listing of which that is not true is better streamed.
    pub fn reads_by_key(&self) -> bool {
        self.query.query.reads_by_key()
    }

    /// Up to about `limit` rows after `after` that satisfy `predicate`.
    ///
    /// Where the column's collation holds two spellings equal, a page may end between them; so all rows with the
    /// last key are read again, and a chunk never ends inside of them.
    ///
    /// # Errors
    /// The database could not answer in time.
    pub async fn chunk(
        &self,
        predicate: &Predicate,
        after: Option<&Key>,
        limit: u32,
        budget: Budget,
    ) -> Result<Chunk, SqlError> {
        let table = self.table();
        let columns = &self.maker.projection().columns;
        let page = table.page_after(
            columns,
            predicate,
            KeyedPage {
                key: self.query.name(),
                after: after.map(String::as_str),
                limit,
            },
        );
        let mut rows = match (after, page) {
            // A key that the database gave can be compared; one that cannot is forged, and not the end.
            (Some(_), Some(page)) => self.database.fetch(&page.sql, &page.args, budget).await?,
            (_, page) => self.fetch(page, budget).await?,
        };
        if rows.len() < usize::try_from(limit).unwrap_or(usize::MAX) {
            return Ok(Chunk { rows, next: None });
        }
        let position = self.maker.projection().position(Role::Name);
        let key = |row: &Row| row.get(position?).and_then(key_of);
        // Rows after the last key that can be read have no name and are no entries: they may come again.
        let Some(last) = rows.iter().rev().find_map(key) else {
            return Err(SqlError::Statement(StatementError::ours(
                "no name in a whole chunk of rows can be read",
            )));
        };
        if after == Some(&last) {
            return Err(SqlError::Statement(StatementError::ours("the names do not go on")));
        }
        for row in self.ties(predicate, &last, budget).await? {
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
        Ok(Chunk { rows, next: Some(last) })
    }

    /// The rows that satisfy `predicate` and whose key the database holds equal to `key`.
    ///
    /// # Errors
    /// The database could not answer in time.
    pub async fn ties(&self, predicate: &Predicate, key: &Key, budget: Budget) -> Result<Vec<Row>, SqlError> {
        let same_key = Predicate::KeyEquals {
            column: self.query.name(),
            last: key.clone(),
        };
        let predicate = Predicate::And(vec![predicate.clone(), same_key]);
        let statement = self.table().select(&self.maker.projection().columns, &predicate);
        self.fetch(statement, budget).await
    }

    /// Whether a row can have this key at all.
    pub fn can_have(&self, key: &Key) -> bool {
        let same_key = Predicate::KeyEquals {
            column: self.query.name(),
            last: key.clone(),
        };
        self.simplify(&same_key) != Predicate::False
    }

    /// The row of the entry with this name; None when there is no such entry.
    ///
    /// # Errors
    /// The database could not answer in time.
    pub async fn find(&self, name: &Name, budget: Budget) -> Result<Option<Row>, SqlError> {
        if let Some(row) = self.find_spelled(name, budget).await? {
            return Ok(Some(row));
        }
        Box::pin(self.find_in_any_spelling(name, budget)).await
    }

    /// The row with the asked name, if the database has it in the asked spelling or in lower case.
    ///
    /// # Errors
    /// The database could not answer in time.
    pub async fn find_spelled(&self, name: &Name, budget: Budget) -> Result<Option<Row>, SqlError> {
        let rows = self.named(&spellings(name), budget).await?;
        Ok(pick(self.maker.projection(), rows, name))
    }

    /// Of all rows whose name equals the asked one under caseIgnoreMatch, the one that is the entry.
    ///
    /// # Errors
    /// The database could not answer in time.
    pub async fn find_in_any_spelling(&self, name: &Name, budget: Budget) -> Result<Option<Row>, SqlError> {
        let projection = self.maker.projection();
        let predicate = Predicate::EqualsIgnoreCase {
            column: self.query.name(),
            prepared: name.prepared.clone(),
        };
        let mut best: Option<(Precedence, Row)> = None;
        let mut after: Option<Key> = None;
        loop {
            let chunk = self.chunk(&predicate, after.as_ref(), SPELLINGS, budget).await?;
            for row in chunk.rows {
                if let Some(precedence) = Precedence::of(projection, &row, name)
                    && best.as_ref().is_none_or(|(least, _)| precedence < *least)
                {
                    best = Some((precedence, row));
                }
            }
            after = chunk.next;
            if after.is_none() {
                return Ok(best.map(|(_, row)| row));
            }
        }
    }

    /// The rows with exactly these names, as the database compares.
    ///
    /// # Errors
    /// The database could not answer in time.
    pub async fn named(&self, names: &[String], budget: Budget) -> Result<Vec<Row>, SqlError> {
        let statement = self
            .table()
            .select(&self.maker.projection().columns, &self.named_one_of(names));
        self.fetch(statement, budget).await
    }

    /// The rows that have one of these prepared names in whatever spelling, and others.
    ///
    /// # Errors
    /// The database could not answer in time.
    pub async fn named_in_any_case(&self, prepared: &[String], budget: Budget) -> Result<Vec<Row>, SqlError> {
        let columns = &self.maker.projection().columns;
        self.in_any_case(columns, prepared, budget).await
    }

    /// Which of these names rows have, prepared: whatever their spelling.
    ///
    /// # Errors
    /// The database could not answer in time.
    pub async fn names_among(&self, asked: &[Name], budget: Budget) -> Result<HashSet<String>, SqlError> {
        let prepared: Vec<String> = asked.iter().map(|name| name.prepared.clone()).collect();
        let rows = self.in_any_case(&[self.query.name()], &prepared, budget).await?;
        let asked: HashSet<String> = prepared.into_iter().collect();
        let names = rows.iter().filter_map(|row| Name::new(&row.first()?.to_text()?));
        Ok(names
            .map(|name| name.prepared)
            .filter(|name| asked.contains(name))
            .collect())
    }

    /// Whether looking for some names is less than looking through all rows. SQLite has no index for it.
    pub fn finds_names_in_any_case(&self) -> bool {
        self.database.engine() != Engine::Sqlite
    }

    /// As [`Listing::shadowed`], of the rows that have one of these names.
    ///
    /// # Errors
    /// The database could not answer in time.
    pub async fn shadowed_among(&self, names: &[Name], budget: Budget) -> Result<Shadowed, SqlError> {
        let projection = &self.maker.projection().of_names();
        let prepared: Vec<String> = names.iter().map(|name| name.prepared.clone()).collect();
        let rows = self.in_any_case(&projection.columns, &prepared, budget).await?;
        Ok(Shadowed::among(projection, &rows))
    }

    async fn in_any_case(&self, columns: &[usize], prepared: &[String], budget: Budget) -> Result<Vec<Row>, SqlError> {
        let statement = self.table().in_any_case(columns, self.query.name(), prepared);
        fetch_or_collect(&self.database, statement, |_| true, budget).await
    }

    /// The rows that satisfy a predicate that finds few.
    ///
    /// # Errors
    /// The database could not answer in time.
    pub async fn rows(&self, predicate: &Predicate, budget: Budget) -> Result<Vec<Row>, SqlError> {
        let statement = self.table().select(&self.maker.projection().columns, predicate);
        self.fetch(statement, budget).await
    }

    /// The rows as they come, for listings that cannot be read by key.
    pub fn stream(&self, predicate: &Predicate, row_timeout: Duration) -> Option<RowStream> {
        let statement = self.table().select(&self.maker.projection().columns, predicate)?;
        Some(self.database.stream(statement.sql, statement.args, row_timeout))
    }

    /// The rows that are no entries because another row has the same name under caseIgnoreMatch and a lower number.
    ///
    /// # Errors
    /// The database could not answer in time.
    pub async fn shadowed(&self, budget: Budget) -> Result<Shadowed, SqlError> {
        // Rows may be large, and those with names beyond ASCII are all among them.
        let projection = &self.maker.projection().of_names();
        let duplicates = self.table().duplicates(&projection.columns, self.query.name());
        let mut rows = fetch_or_collect(&self.database, duplicates, |_| true, budget).await?;
        // The canonical spelling of a name that another row writes in an uncommon way is not among them yet.
        let canonical: Vec<String> = rows
            .iter()
            .filter_map(|row| Name::new(&projection.name(row)?))
            .filter(|name| name.prepared != name.spelled.to_ascii_lowercase())
            .map(|name| name.prepared)
            .filter(|prepared| prepared.is_ascii())
            .collect();
        for names in canonical.chunks(NAMES_A_STATEMENT) {
            let named = self.table().select(&projection.columns, &self.named_one_of(names));
            rows.extend(self.fetch(named, budget).await?);
        }
        Ok(Shadowed::among(projection, &rows))
    }

    /// Hands over every row, until that is enough.
    ///
    /// # Errors
    /// The database could not answer.
    pub async fn each(&self, patience: Duration, mut enough: impl FnMut(Row) -> bool) -> Result<(), SqlError> {
        let columns = &self.maker.projection().columns;
        let Some(statement) = self.table().select(columns, &Predicate::True) else {
            return Ok(());
        };
        let mut stream = self.database.stream(statement.sql, statement.args, patience);
        while let Some(batch) = stream.next().await {
            for row in batch? {
                if enough(row) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn table(&self) -> QueryTable<'_> {
        QueryTable::listing(&self.query.query, &self.query.described)
    }

    async fn fetch(&self, statement: Option<Statement>, budget: Budget) -> Result<Vec<Row>, SqlError> {
        fetch(&self.database, statement, budget).await
    }
}

/// A name as a key. The empty text is no name, and yet a key.
fn key_of(cell: &Cell) -> Option<Key> {
    match cell {
        Cell::Text(text) => Some(text.clone()),
        other => other.to_text().map(|key| key.into_owned()),
    }
}

/// The asked spelling, and its lower case where that is another.
pub(crate) fn spellings(name: &Name) -> Vec<String> {
    let lower = name.spelled.to_lowercase();
    let mut spellings = vec![name.spelled.clone()];
    if lower != name.spelled {
        spellings.push(lower);
    }
    spellings
}
