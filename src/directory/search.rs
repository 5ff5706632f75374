//! A search below the naming context: stages in a fixed order (base, containers, users, groups, private groups), each read
//! in chunks, whose rows `entries` makes into those that match.
//!
//! No database connection is held between two batches, except for queries that can not be read by key.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::{
    Directory, DirectoryError, Found,
    columns::Kind,
    entries::entry_name,
    explain,
    planner::{Plan, Residual, by_key, plan, residual},
    private_groups::Served,
    source::Key,
    tree::{Name, Place},
    twins::Losers,
    walk::{Order, Origin, Page, Position, Progress, names_after, order_tied, rest_of_tie},
};
use crate::{
    model::{
        dn::Dn,
        entry::{Entry, Selection},
        filter::{Filter, NoRelations, ResolvedFilter, Truth},
        scope::Scope,
    },
    sql::{Row, database::RowStream, hold::Class, predicate::Predicate},
};

/// Rows of a scan read at a time: what one search holds, and what one statement costs.
pub(super) const CHUNK: u32 = 500;

/// The fewest: a chunk must have a row whose name can be read.
const FEWEST: u32 = 10;

/// A search request as the directory needs it.
#[derive(Debug, Clone)]
pub struct Query {
    /// Where to begin.
    pub base: Dn,
    /// How far below.
    pub scope: Scope,
    /// What matches.
    pub filter: Filter,
    /// What is asked of each entry.
    pub selection: Selection,
    /// How many entries the client takes; the answer may have more.
    pub wanted: Option<u64>,
    /// Which part of the answer is wanted, where it is read in pages.
    pub page: Option<Page>,
    /// Until when lookups are held while the database is away.
    pub lookup_deadline: Instant,
    /// How long a scan waits for its next rows.
    pub scan_timeout: Duration,
}

/// The matching entries of one search, batch by batch.
pub struct Results<'a> {
    pub(super) directory: &'a Directory,
    filter: ResolvedFilter,
    pub(super) selection: Selection,
    lookup_deadline: Instant,
    scan_timeout: Duration,
    pub(super) served: Served,
    /// Entries that the client still takes.
    wanted: Option<u64>,
    stages: VecDeque<Stage>,
    page: Option<Progress>,
    first_only: bool,
}

enum Stage {
    /// The base or a container, which has passed the filter.
    Superior(u8, Entry),
    /// A kind that has not been planned yet.
    Kind(Kind, Option<(Order, Key)>),
    /// Rows found by name.
    Rows(Kind, Vec<Row>, Residual),
    /// Rows still to be read.
    Scan(Box<Scan>),
}

struct Scan {
    kind: Kind,
    predicate: Predicate,
    residual: Residual,
    after: Option<Key>,
    /// The page before ended among rows with equal keys.
    in_tie: bool,
    class: Class,
    losers: Losers,
    stream: Option<RowStream>,
    /// How many rows the last chunk was to have; 0 before the first.
    asked: u32,
}

impl Directory {
    /// Begins a search.
    ///
    /// # Errors
    /// The database could not say whether the base exists.
    pub async fn search(&self, query: Query) -> Result<Found<'_>, DirectoryError> {
        let place = self.tree.locate(&query.base, &self.schema);
        let mut results = Results::new(self, &query);
        if results.is_resumed() && !matches!(place, Place::RootDse | Place::Base | Place::Container(_)) {
            return Err(DirectoryError::Position);
        }
        let scope = query.scope;
        let below = matches!(scope, Scope::OneLevel | Scope::Subtree | Scope::Subordinates);
        let itself = matches!(scope, Scope::Base | Scope::Subtree);
        match place {
            Place::RootDse if scope == Scope::Base => results.own_entry(0, &self.root_dse),
            // Clients whose base is left empty mean the whole directory.
            Place::RootDse => {
                let has_base = scope != Scope::Subordinates || !self.tree.base().is_root();
                results.superiors(|number| match number {
                    0 => has_base,
                    _ => scope != Scope::OneLevel,
                });
                if scope != Scope::OneLevel {
                    results.kinds(|_| true)?;
                }
            }
            Place::Subschema if itself => results.own_entry(0, &self.subschema),
            Place::Subschema => {}
            Place::Base => {
                results.superiors(|number| if number == 0 { itself } else { below });
                match scope {
                    Scope::Base => {}
                    Scope::OneLevel => results.kinds(|kind| self.tree.stands_below(kind, None))?,
                    Scope::Subtree | Scope::Subordinates => results.kinds(|_| true)?,
                }
            }
            Place::Container(container) => {
                results.superiors(|number| itself && number == container + 1);
                if below {
                    results.kinds(|kind| self.tree.stands_below(kind, Some(container)))?;
                }
            }
            Place::Entry(kind, name) => {
                let Some((kind, row)) = self.standing_at(kind, &name, query.lookup_deadline).await? else {
                    return Ok(self.nothing_below(kind));
                };
                if itself {
                    results.found(kind, vec![row]).await?;
                }
            }
            Place::Below(kind, name) => {
                return Ok(match self.standing_at(kind, &name, query.lookup_deadline).await? {
                    Some((kind, row)) => {
                        let name = self.source(kind).maker().projection().name(&row);
                        Found::NoSuchObject {
                            matched: self.tree.entry_dn(kind, &name.unwrap_or_default()),
                        }
                    }
                    None => self.nothing_below(kind),
                });
            }
            Place::Nowhere(matched) => return Ok(Found::NoSuchObject { matched }),
            Place::Foreign => {
                return Ok(Found::NoSuchObject { matched: String::new() });
            }
        }
        Ok(Found::Results(Box::new(results)))
    }

    /// The row of the entry at a user's or group's place, and what it is.
    async fn standing_at(
        &self,
        kind: Kind,
        name: &Name,
        deadline: Instant,
    ) -> Result<Option<(Kind, Row)>, DirectoryError> {
        match kind {
            Kind::User => Ok(self.find(kind, name, deadline).await?.map(|row| (kind, row))),
            Kind::Group | Kind::PrivateGroup => self.any_group(name, deadline).await,
        }
    }

    fn nothing_below(&self, kind: Kind) -> Found<'_> {
        Found::NoSuchObject {
            matched: self.tree.superior_text(kind).to_owned(),
        }
    }
}

impl<'a> Results<'a> {
    fn new(directory: &'a Directory, query: &Query) -> Self {
        let filter = query.filter.resolve(&directory.schema);
        Results {
            directory,
            filter,
            selection: query.selection.clone(),
            lookup_deadline: query.lookup_deadline,
            scan_timeout: query.scan_timeout,
            served: Served::default(),
            wanted: query.wanted,
            stages: VecDeque::new(),
            page: query.page.clone().map(Progress::new),
            first_only: false,
        }
    }

    /// Of each scan only the first rows are wanted: `explain` reads no whole table to say that one is read.
    pub fn first_rows_only(&mut self) {
        self.first_only = true;
    }

    /// The next matching entries, never none of them; None at the end, or where the page ends.
    ///
    /// # Errors
    /// The database could not answer: what came so far is not the whole answer.
    pub async fn next_batch(&mut self) -> Result<Option<Vec<Entry>>, DirectoryError> {
        while let Some(stage) = self.stages.pop_front() {
            let (origin, entries) = match stage {
                Stage::Superior(number, entry) => (Origin::Superior(number), vec![entry]),
                Stage::Kind(kind, from) => {
                    self.plan(kind, from).await?;
                    continue;
                }
                Stage::Rows(kind, rows, residual) => {
                    let entries = self.entries(kind, rows, &residual, Class::Lookup).await?;
                    (Origin::Named(kind), entries)
                }
                Stage::Scan(scan) => (Origin::Keyed(scan.kind), self.advance(scan).await?),
            };
            let entries = self.fit(origin, entries).await?;
            if !entries.is_empty() {
                self.wanted = self.wanted.map(|wanted| wanted.saturating_sub(entries.len() as u64));
                return Ok(Some(entries));
            }
        }
        Ok(None)
    }

    /// Where the next page begins, if there is one. Known when [`Results::next_batch`] has come to its end.
    pub fn into_next(self) -> Option<Position> {
        self.page.and_then(Progress::into_next)
    }

    /// What of a batch goes into the page. Where the page ends, nothing comes after.
    async fn fit(&mut self, origin: Origin, mut entries: Vec<Entry>) -> Result<Vec<Entry>, DirectoryError> {
        let Some(page) = &mut self.page else {
            return Ok(entries);
        };
        if entries.is_empty() {
            return Ok(entries);
        }
        let fitting = page.take(origin, &entries);
        if fitting == entries.len() {
            return Ok(entries);
        }
        self.stages.clear();
        if let (Origin::Keyed(kind), Some(last)) = (origin, fitting.checked_sub(1).and_then(|last| entries.get(last))) {
            let key = entry_name(kind, last);
            let source = self.directory.source(kind);
            let deadline = Instant::now() + self.scan_timeout;
            let rows = source.ties(&Predicate::True, &key, Class::ScanChunk, deadline).await?;
            if rows.len() > 1 {
                let projection = source.maker().projection();
                let tied = rows.iter().filter_map(|row| projection.name(row)).collect();
                let splits = order_tied(kind, &mut entries, fitting, &tied);
                page.end_at(origin, entries.get(fitting - 1), splits);
            }
        }
        entries.truncate(fitting);
        Ok(entries)
    }

    fn is_resumed(&self) -> bool {
        self.page.as_ref().is_some_and(|page| page.from.is_some())
    }

    fn own_entry(&mut self, number: u8, entry: &Entry) {
        let is_done = match self.page.as_ref().and_then(|page| page.from.as_ref()) {
            None => false,
            Some(Position::Superior(last)) => number <= *last,
            Some(Position::After { .. }) => true,
        };
        let schema = &self.directory.schema;
        if !is_done && self.filter.evaluate(schema, entry, &NoRelations) == Truth::True {
            self.stages.push_back(Stage::Superior(number, entry.clone()));
        }
    }

    /// The base, which is 0, and its containers, as far as they are in scope.
    fn superiors(&mut self, in_scope: impl Fn(usize) -> bool) {
        for (number, (index, entry)) in (0..).zip(self.directory.superiors.iter().enumerate()) {
            if in_scope(index) {
                self.own_entry(number, entry);
            }
        }
    }

    /// The users and groups, as far as they are in scope.
    fn kinds(&mut self, in_scope: impl Fn(Kind) -> bool) -> Result<(), DirectoryError> {
        let mut from = match self.page.as_mut().and_then(|page| page.from.take()) {
            Some(Position::After { kind, order, key }) => Some((kind, (order, key))),
            Some(Position::Superior(_)) | None => None,
        };
        let kinds = self.directory.kinds().iter().copied();
        for kind in kinds.filter(|kind| in_scope(*kind)) {
            let after = match &from {
                // A page that ended in a later kind has had all of this one.
                Some((last, _)) if *last != kind => continue,
                _ => from.take().map(|(_, after)| after),
            };
            self.stages.push_back(Stage::Kind(kind, after));
        }
        match from {
            Some(_) => Err(DirectoryError::Position),
            None => Ok(()),
        }
    }

    /// The base of the search itself, found by its DN.
    async fn found(&mut self, kind: Kind, rows: Vec<Row>) -> Result<(), DirectoryError> {
        if let Some(residual) = residual(self.directory, kind, &self.filter, true, self.lookup_deadline).await? {
            explain::base_entry(self.directory, kind, &residual);
            self.stages.push_back(Stage::Rows(kind, rows, residual));
        }
        Ok(())
    }

    async fn plan(&mut self, kind: Kind, from: Option<(Order, Key)>) -> Result<(), DirectoryError> {
        let filter = match kind {
            Kind::PrivateGroup => &self.served.fold(&self.filter),
            Kind::User | Kind::Group => &self.filter,
        };
        let Some(residual) = residual(self.directory, kind, filter, false, self.lookup_deadline).await? else {
            explain::impossible(self.directory, kind);
            return Ok(());
        };
        let source = self.directory.source(kind);
        if from.as_ref().is_some_and(|(_, key)| !source.can_have(key)) {
            return Err(DirectoryError::Position);
        }
        let plan = match from {
            // Memberships that the filter asks for may have changed, and with them what can be looked up.
            Some((Order::Key | Order::Tie, _)) => by_key(source, &residual),
            Some((Order::Name, _)) => plan(source, &residual, 0),
            None => plan(source, &residual, self.page.as_ref().map_or(usize::MAX, Progress::room)),
        };
        explain::planned(self.directory, source, &residual, &plan);
        let stage = match (plan, from) {
            (Plan::Found(rows), _) => Stage::Rows(kind, rows, residual),
            (Plan::Names(names), from) => {
                let names = match &self.page {
                    Some(_) => names_after(names, from.as_ref().map(|(_, key)| key)),
                    None => names,
                };
                let mut rows = Vec::new();
                for name in names {
                    rows.extend(self.directory.find(kind, &name, self.lookup_deadline).await?);
                }
                Stage::Rows(kind, rows, residual)
            }
            (Plan::Rows(_), Some((Order::Name, _))) => return Err(DirectoryError::Position),
            (Plan::Rows(predicate), from) => Stage::Scan(self.scan(kind, predicate, residual, from).await?),
        };
        self.stages.push_front(stage);
        Ok(())
    }

    async fn scan(
        &self,
        kind: Kind,
        predicate: Predicate,
        residual: Residual,
        from: Option<(Order, Key)>,
    ) -> Result<Box<Scan>, DirectoryError> {
        let source = self.directory.source(kind);
        let is_lookup = source.is_lookup(&predicate);
        let is_selective = source.is_selective(&predicate);
        // Two rows whose names differ in case only are one DN; reading much of the table would show both.
        let losers = if !is_selective {
            let named = match kind {
                Kind::PrivateGroup => &self.directory.users,
                Kind::User | Kind::Group => source,
            };
            named.losers(Instant::now() + self.scan_timeout).await?
        } else {
            Losers::default()
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
            class: if is_lookup { Class::Lookup } else { Class::ScanChunk },
            losers,
            stream,
            asked: 0,
        }))
    }

    /// Reads the next chunk of a scan and puts the rest of it back.
    async fn advance(&mut self, mut scan: Box<Scan>) -> Result<Vec<Entry>, DirectoryError> {
        let source = self.directory.source(scan.kind);
        if let (true, Some(key)) = (std::mem::take(&mut scan.in_tie), &scan.after) {
            let deadline = self.deadline(scan.class);
            let rows = source.ties(&scan.predicate, key, scan.class, deadline).await?;
            let rows = rest_of_tie(source, &mut scan.losers, rows, key);
            let rows = self.only_entries(scan.kind, rows, scan.class).await?;
            let entries = self.entries(scan.kind, rows, &scan.residual, scan.class).await?;
            self.stages.push_front(Stage::Scan(scan));
            return Ok(entries);
        }
        let (mut rows, more) = match &mut scan.stream {
            Some(stream) => match stream.next().await {
                Some(rows) => (rows?, true),
                None => (Vec::new(), false),
            },
            None => {
                let deadline = self.deadline(scan.class);
                let limit = self.rows_wanted(scan.asked);
                scan.asked = limit;
                let chunk = source
                    .chunk(&scan.predicate, scan.after.as_ref(), limit, scan.class, deadline)
                    .await
                    .map_err(|error| match self.page.is_some() && error.is_foreign_text() {
                        true => DirectoryError::Position,
                        false => error.into(),
                    })?;
                scan.after = chunk.next;
                (chunk.rows, scan.after.is_some())
            }
        };
        let projection = source.maker().projection();
        rows.retain(|row| scan.losers.keep(projection, row));
        let rows = self.only_entries(scan.kind, rows, scan.class).await?;
        let entries = self.entries(scan.kind, rows, &scan.residual, scan.class).await?;
        // Only the first chunk of a narrowed search is a lookup; one with more is a scan after all.
        scan.class = Class::ScanChunk;
        if more && self.first_only {
            explain::stopped(self.directory, scan.kind);
        } else if more {
            self.stages.push_front(Stage::Scan(scan));
        }
        Ok(entries)
    }

    /// The rows that are entries as far as other tables decide about that.
    async fn only_entries(&self, kind: Kind, rows: Vec<Row>, class: Class) -> Result<Vec<Row>, DirectoryError> {
        if kind != Kind::PrivateGroup || rows.is_empty() {
            return Ok(rows);
        }
        let source = self.directory.source(kind);
        let deadline = self.deadline(class);
        self.directory.not_named_as_groups(source, rows, class, deadline).await
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

    pub(super) fn deadline(&self, class: Class) -> Instant {
        match class {
            Class::ScanChunk => Instant::now() + self.scan_timeout,
            Class::Lookup | Class::Bind => self.lookup_deadline,
        }
    }
}
