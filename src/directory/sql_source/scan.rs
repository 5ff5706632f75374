//! A listing that is read: the rows that can match, chunk by chunk, without those that are no entries. No connection to the
//! database is held between two chunks, except for queries that cannot be read by key.

use crate::{
    directory::{
        entry_source::{Answer, Batch, EntryScan, Key, Order, Part, ScanWay, Terms, Wanted},
        error::DirectoryError,
        kind::{PRIVATE_GROUPS, USERS},
        naming::tree::Name,
        pushdown::predicate::narrow_without,
        source::{duplicates::Shadowed, listing::Listing},
        sql_source::{rows::entries_of, source::SqlSource},
    },
    sql::{Budget, Predicate, Row, RowStream, StatementKind},
};
use std::mem;

/// A listing that is being read.
pub(super) struct ListingScan<'a> {
    source: &'a SqlSource,
    listing: &'a Listing,
    predicate: Predicate,
    after: Option<Key>,
    /// The page before ended among rows with equal keys.
    in_tie: bool,
    /// Pages need an order, whatever it costs.
    is_paged: bool,
    statements: StatementKind,
    shadowed: ShadowedRows,
    stream: Option<RowStream>,
}

/// Two rows whose names differ in case only are one DN; reading much of the table would show both.
enum ShadowedRows {
    /// Nobody looks for them: few rows are expected, and reading the whole listing for their sake would be out of proportion.
    Ignored,
    /// To be looked for in the whole listing, before the first chunk.
    ToFind,
    /// In the whole listing.
    Found(Shadowed),
    /// Looked for among the names of each chunk: a page must not cost more the more rows there are.
    ByChunk,
}

impl<'a> ListingScan<'a> {
    /// A scan of the listing of a kind.
    ///
    /// # Errors
    /// No row can have the key that it is to begin after.
    pub fn new(source: &'a SqlSource, wanted: &Wanted<'_>) -> Result<Self, DirectoryError> {
        let listing = source.listing(wanted.kind);
        let (after, in_tie) = match wanted.part {
            Part::All | Part::FirstPage => (None, false),
            Part::PageAfter(order, key) => (Some(key.clone()), order == Order::Tie),
        };
        if after.as_ref().is_some_and(|key| !listing.can_have(key)) {
            return Err(DirectoryError::Position);
        }
        let predicate = narrow_without(listing, wanted.filter, &wanted.memberships, wanted.hidden);
        let is_paged = !matches!(wanted.part, Part::All);
        Ok(ListingScan {
            source,
            listing,
            after,
            in_tie,
            is_paged,
            statements: match listing.is_lookup(&predicate) {
                true => StatementKind::Lookup,
                false => StatementKind::Scan,
            },
            shadowed: match listing.is_selective(&predicate) {
                true => ShadowedRows::Ignored,
                false if is_paged && listing.finds_names_in_any_case() => ShadowedRows::ByChunk,
                false => ShadowedRows::ToFind,
            },
            predicate,
            stream: None,
        })
    }

    /// What is looked for and opened before the first chunk.
    async fn begin(&mut self, terms: &Terms) -> Result<(), DirectoryError> {
        if matches!(self.shadowed, ShadowedRows::ToFind) {
            let budget = terms.budget(StatementKind::Scan);
            self.shadowed = ShadowedRows::Found(self.named().shadowed(budget).await?);
            if !self.listing.reads_by_key() && !self.is_paged {
                self.stream = self.listing.stream(&self.predicate, terms.scan_timeout);
            }
        }
        Ok(())
    }

    /// The rows with the key that the page before ended at, which come after it, in the order of their prepared names.
    async fn rest_of_tie(&mut self, key: &Key, terms: &Terms) -> Result<Vec<Row>, DirectoryError> {
        let budget = terms.budget(self.statements);
        let rows = self.listing.ties(&self.predicate, key, budget).await?;
        let rows = self.without_shadowed(rows, terms).await?;
        // What cannot be prepared is no entry's name.
        let done = Name::new(key).map(|name| name.prepared).unwrap_or_default();
        let projection = self.listing.maker().projection();
        let mut rest: Vec<(String, Row)> = rows
            .into_iter()
            .filter_map(|row| Some((Name::new(&projection.name(&row)?)?.prepared, row)))
            .filter(|(name, _)| *name > done)
            .collect();
        rest.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(rest.into_iter().map(|(_, row)| row).collect())
    }

    /// The next rows, and whether more may follow.
    async fn chunk(&mut self, limit: u32, terms: &Terms) -> Result<(Vec<Row>, bool), DirectoryError> {
        if let Some(stream) = &mut self.stream {
            return Ok(match stream.next().await {
                Some(rows) => (rows?, true),
                None => (Vec::new(), false),
            });
        }
        let budget = terms.budget(self.statements);
        let chunk = self.listing.chunk(&self.predicate, self.after.as_ref(), limit, budget);
        let chunk = chunk
            .await
            .map_err(|error| match self.is_paged && error.is_foreign_text() {
                true => DirectoryError::Position,
                false => error.into(),
            })?;
        self.after = chunk.next;
        Ok((chunk.rows, self.after.is_some()))
    }

    /// Those of the rows that no other row shadows.
    async fn without_shadowed(&mut self, mut rows: Vec<Row>, terms: &Terms) -> Result<Vec<Row>, DirectoryError> {
        let projection = self.listing.maker().projection();
        match &mut self.shadowed {
            ShadowedRows::Ignored | ShadowedRows::ToFind => {}
            ShadowedRows::Found(shadowed) => rows.retain(|row| shadowed.keep(projection, row)),
            ShadowedRows::ByChunk if rows.is_empty() => {}
            ShadowedRows::ByChunk => {
                let names = rows.iter().filter_map(|row| Name::new(&projection.name(row)?));
                let names: Vec<Name> = names.collect();
                let budget = Budget::scan(terms.scan_timeout);
                let mut shadowed = self.named().shadowed_among(&names, budget).await?;
                rows.retain(|row| shadowed.keep(projection, row));
            }
        }
        Ok(rows)
    }

    /// Where names are looked for whose rows may be duplicates: a private group has its user's.
    fn named(&self) -> &'a Listing {
        match self.listing.kind() == &PRIVATE_GROUPS {
            true => self.source.listing(&USERS),
            false => self.listing,
        }
    }

    /// The entries of the rows, as far as other tables decide about that.
    async fn batch(&self, mut rows: Vec<Row>, is_last: bool, terms: &Terms) -> Result<Batch, DirectoryError> {
        if let Some(private_groups) = &self.source.private_groups
            && self.listing.kind() == &PRIVATE_GROUPS
            && !rows.is_empty()
        {
            let budget = terms.budget(self.statements);
            rows = private_groups.not_named_as_groups(rows, budget).await?;
        }
        Ok(Batch {
            entries: entries_of(self.listing, rows, terms.operational).await,
            is_last,
            statements: self.statements,
        })
    }
}

impl EntryScan for ListingScan<'_> {
    fn way(&self) -> ScanWay {
        match &self.predicate {
            Predicate::True if self.listing.reads_by_key() => ScanWay::AllByKey,
            Predicate::True => ScanWay::AllStreamed,
            Predicate::False => ScanWay::Nothing,
            predicate if self.listing.is_lookup(predicate) => ScanWay::Key,
            _ => ScanWay::Condition,
        }
    }

    fn next<'b>(&'b mut self, limit: u32, terms: &'b Terms) -> Answer<'b, Batch> {
        Box::pin(async move {
            self.begin(terms).await?;
            if let (true, Some(key)) = (mem::take(&mut self.in_tie), self.after.clone()) {
                let rows = self.rest_of_tie(&key, terms).await?;
                return self.batch(rows, false, terms).await;
            }
            let (rows, more) = self.chunk(limit, terms).await?;
            let rows = self.without_shadowed(rows, terms).await?;
            let batch = self.batch(rows, !more, terms).await?;
            // Only the first chunk of a narrowed search is a lookup; one with more is a scan after all.
            self.statements = StatementKind::Scan;
            Ok(batch)
        })
    }
}
