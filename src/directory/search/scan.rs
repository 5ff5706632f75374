//! A search that reads a listing: the rows that can match, chunk by chunk, without those that are no entries. No
//! connection to the database is held between two chunks, except for queries that cannot be read by key.

use crate::{
    directory::{
        DirectoryError,
        kind::Kind,
        naming::tree::Name,
        search::{
            page::{Order, rest_of_tie},
            plan::Residual,
            results::{CHUNK, Results, Stage},
            trace::Decision,
        },
        source::{
            duplicates::Shadowed,
            listing::{Key, Listing},
        },
    },
    model::entry::Entry,
    sql::{Budget, Predicate, Row, RowStream, StatementKind},
};

/// The fewest: a chunk must have a row whose name can be read.
const FEWEST: u32 = 10;

/// A listing that is being read.
pub(crate) struct Scan {
    pub(crate) kind: Kind,
    predicate: Predicate,
    residual: Residual,
    after: Option<Key>,
    /// The page before ended among rows with equal keys.
    in_tie: bool,
    statements: StatementKind,
    /// Two rows whose names differ in case only are one DN; reading much of the table would show both.
    shadowed: Shadowed,
    /// They are looked for among the names of each chunk: a page must not cost more the more rows there are.
    shadowed_by_chunk: bool,
    stream: Option<RowStream>,
    /// How many rows the last chunk was to have; 0 before the first.
    asked: u32,
}

impl<'a> Results<'a> {
    /// Begins to read a listing, after `from` if a page before ended there.
    pub(crate) async fn scan(
        &self,
        kind: Kind,
        predicate: Predicate,
        residual: Residual,
        from: Option<(Order, Key)>,
    ) -> Result<Box<Scan>, DirectoryError> {
        let source = self.directory.source(kind);
        let is_lookup = source.is_lookup(&predicate);
        let is_selective = source.is_selective(&predicate);
        let shadowed_by_chunk = !is_selective && self.page.is_some() && source.finds_names_in_any_case();
        let shadowed = if is_selective || shadowed_by_chunk {
            Shadowed::default()
        } else {
            self.named(kind).shadowed(Budget::scan(self.scan_timeout)).await?
        };
        // Pages need an order, whatever it costs.
        let stream = if !is_selective && !source.reads_by_key() && self.page.is_none() {
            source.stream(&predicate, self.scan_timeout)
        } else {
            None
        };
        Ok(Box::new(Scan {
            kind,
            predicate,
            residual,
            in_tie: matches!(from, Some((Order::Tie, _))),
            after: from.map(|(_, key)| key),
            statements: if is_lookup {
                StatementKind::Lookup
            } else {
                StatementKind::Scan
            },
            shadowed,
            shadowed_by_chunk,
            stream,
            asked: 0,
        }))
    }

    /// Reads the next chunk of a scan and puts the rest of it back.
    pub(crate) async fn advance(&mut self, mut scan: Box<Scan>) -> Result<Vec<Entry>, DirectoryError> {
        let source = self.directory.source(scan.kind);
        if let (true, Some(key)) = (std::mem::take(&mut scan.in_tie), &scan.after) {
            let budget = self.budget(scan.statements);
            let rows = source.ties(&scan.predicate, key, budget).await?;
            if scan.shadowed_by_chunk {
                scan.shadowed = self.shadowed_among(scan.kind, &rows).await?;
            }
            let rows = rest_of_tie(source, &mut scan.shadowed, rows, key);
            let rows = self.only_entries(scan.kind, rows, scan.statements).await?;
            let entries = self.entries(scan.kind, rows, &scan.residual, scan.statements).await?;
            self.stages.push_front(Stage::Scan(scan));
            return Ok(entries);
        }
        let (mut rows, more) = match &mut scan.stream {
            Some(stream) => match stream.next().await {
                Some(rows) => (rows?, true),
                None => (Vec::new(), false),
            },
            None => {
                let budget = self.budget(scan.statements);
                let limit = self.rows_wanted(scan.asked);
                scan.asked = limit;
                let chunk = source
                    .chunk(&scan.predicate, scan.after.as_ref(), limit, budget)
                    .await
                    .map_err(|error| match self.page.is_some() && error.is_foreign_text() {
                        true => DirectoryError::Position,
                        false => error.into(),
                    })?;
                scan.after = chunk.next;
                (chunk.rows, scan.after.is_some())
            }
        };
        if scan.shadowed_by_chunk {
            scan.shadowed = self.shadowed_among(scan.kind, &rows).await?;
        }
        let projection = source.maker().projection();
        rows.retain(|row| scan.shadowed.keep(projection, row));
        let rows = self.only_entries(scan.kind, rows, scan.statements).await?;
        let entries = self.entries(scan.kind, rows, &scan.residual, scan.statements).await?;
        // Only the first chunk of a narrowed search is a lookup; one with more is a scan after all.
        scan.statements = StatementKind::Scan;
        if more && self.first_only {
            self.tell(|| Decision::StopsAfterFirst(scan.kind));
        } else if more {
            self.stages.push_front(Stage::Scan(scan));
        }
        Ok(entries)
    }

    /// Where names are looked for whose rows may be twins: a private group has its user's.
    fn named(&self, kind: Kind) -> &'a Listing {
        match kind {
            Kind::PrivateGroup => &self.directory.users,
            Kind::User | Kind::Group => self.directory.source(kind),
        }
    }

    /// Of the rows that have the names of these, those that are no entries.
    async fn shadowed_among(&self, kind: Kind, rows: &[Row]) -> Result<Shadowed, DirectoryError> {
        if rows.is_empty() {
            return Ok(Shadowed::default());
        }
        let projection = self.directory.source(kind).maker().projection();
        let names: Vec<Name> = rows
            .iter()
            .filter_map(|row| Name::new(&projection.name(row)?))
            .collect();
        let budget = Budget::scan(self.scan_timeout);
        Ok(self.named(kind).shadowed_among(&names, budget).await?)
    }

    /// The rows that are entries as far as other tables decide about that.
    async fn only_entries(
        &self,
        kind: Kind,
        rows: Vec<Row>,
        statements: StatementKind,
    ) -> Result<Vec<Row>, DirectoryError> {
        if kind != Kind::PrivateGroup || rows.is_empty() {
            return Ok(rows);
        }
        let source = self.directory.source(kind);
        let budget = self.budget(statements);
        self.directory.not_named_as_groups(source, rows, budget).await
    }

    /// Rows worth reading at a time, where the last chunk, not enough, was of `asked`. One entry more than wanted shows
    /// that the limit was reached; where the filter drops rows, or another row has the name, more are read next.
    fn rows_wanted(&self, asked: u32) -> u32 {
        if let Some(page) = &self.page {
            return page.rows(CHUNK);
        }
        let wanted = self
            .wanted
            .map_or(CHUNK, |wanted| u32::try_from(wanted.saturating_add(1)).unwrap_or(CHUNK));
        wanted.max(asked.saturating_mul(4)).clamp(FEWEST, CHUNK)
    }
}
