//! A search below the naming context: stages in a fixed order (base, containers, users, groups, private groups), each read
//! in chunks (`scan`) or by name, whose rows `entries` makes into those that match.

use crate::{
    directory::{
        Directory, DirectoryError,
        kind::Kind,
        naming::{
            asserted::entry_name,
            fixed::FixedEntry,
            tree::{Name, Place},
        },
        search::{
            assemble::matching,
            page::{Order, Origin, Position, Progress, names_after, order_tied},
            plan::{Plan, Residual, by_key, is_large, plan, residual},
            query::SearchQuery,
            scan::Scan,
            trace::{Decision, Observer, Way},
        },
        source::{
            listing::{Key, Listing},
            private_groups::Served,
        },
    },
    model::{
        entry::{Entry, Selection},
        filter::{Filter, NoRelations, Program, ResolvedFilter, Truth},
        scope::Scope,
    },
    sql::{Budget, Predicate, Row, StatementKind},
};
use std::{borrow::Cow, collections::VecDeque, time::Duration};

/// Rows of a scan read at a time: what one search holds, and what one statement costs.
pub(crate) const CHUNK: u32 = 500;

/// The answer to a search before its first entry.
pub enum SearchOutcome<'a> {
    /// The base exists; these are the entries below it that match.
    Results(Box<Results<'a>>),
    /// The base does not exist.
    NoSuchObject {
        /// The deepest ancestor that does (RFC 4511 4.1.9); empty when there is none.
        matched: String,
    },
}

/// The matching entries of one search, batch by batch.
pub struct Results<'a> {
    pub(crate) directory: &'a Directory,
    filter: ResolvedFilter,
    /// The filter is laid out before it is held against entries.
    is_large: bool,
    pub(crate) selection: Selection,
    lookup: Budget,
    pub(crate) scan_timeout: Duration,
    pub(crate) served: Served,
    /// Entries that the client still takes.
    pub(crate) wanted: Option<u64>,
    pub(crate) stages: VecDeque<Stage>,
    pub(crate) page: Option<Progress>,
    pub(crate) first_only: bool,
    observer: Option<Observer>,
}

pub(crate) enum Stage {
    /// An entry that no row made. It has passed the filter, if that is not a large one.
    Fixed(FixedEntry, Entry),
    /// A kind that has not been planned yet.
    Kind(Kind, Option<(Order, Key)>),
    /// Rows found by name.
    Rows(Kind, Vec<Row>, Box<Residual>),
    /// Rows still to be read.
    Scan(Box<Scan>),
}

impl Directory {
    /// Begins a search.
    ///
    /// # Errors
    /// The database could not say whether the base exists.
    pub async fn search(&self, mut query: SearchQuery) -> Result<SearchOutcome<'_>, DirectoryError> {
        let place = self.tree.locate(&query.base, &self.schema);
        let filter = self.prepared(std::mem::replace(&mut query.filter, Filter::And(Vec::new())));
        let mut results = Results::new(self, filter.await, &query);
        if results.is_resumed() && !matches!(place, Place::RootDse | Place::Base | Place::Container(_)) {
            return Err(DirectoryError::Position);
        }
        let scope = query.scope;
        let below = matches!(scope, Scope::OneLevel | Scope::Subtree | Scope::Subordinates);
        let itself = matches!(scope, Scope::Base | Scope::Subtree);
        match place {
            Place::RootDse if scope == Scope::Base => results.add_fixed(|entry| entry == FixedEntry::RootDse),
            // Nothing but the root DSE has this name. A client that asks so by mistake may rely on it: lighttpd 1.4.69
            // takes what is found for the membership of a group.
            Place::RootDse if !self.empty_base => {
                return Ok(SearchOutcome::NoSuchObject { matched: String::new() });
            }
            Place::RootDse => {
                let has_base = scope != Scope::Subordinates || !self.tree.base().is_root();
                results.add_fixed(|entry| match entry {
                    FixedEntry::RootDse | FixedEntry::Subschema => false,
                    FixedEntry::Base => has_base,
                    FixedEntry::Container(_) => scope != Scope::OneLevel,
                });
                if scope != Scope::OneLevel {
                    results.kinds(|_| true)?;
                }
            }
            Place::Subschema if itself => results.add_fixed(|entry| entry == FixedEntry::Subschema),
            Place::Subschema => {}
            Place::Base => {
                results.add_fixed(|entry| match entry {
                    FixedEntry::RootDse | FixedEntry::Subschema => false,
                    FixedEntry::Base => itself,
                    FixedEntry::Container(_) => below,
                });
                match scope {
                    Scope::Base => {}
                    Scope::OneLevel => results.kinds(|kind| self.tree.stands_below(kind, None))?,
                    Scope::Subtree | Scope::Subordinates => results.kinds(|_| true)?,
                }
            }
            Place::Container(container) => {
                results.add_fixed(|entry| itself && entry == FixedEntry::Container(container));
                if below {
                    results.kinds(|kind| self.tree.stands_below(kind, Some(container)))?;
                }
            }
            Place::Entry(kind, name) => {
                let Some((kind, row)) = Box::pin(self.standing_at(kind, &name, results.lookup)).await? else {
                    return Ok(self.nothing_below(kind));
                };
                if itself {
                    Box::pin(results.found(kind, vec![row])).await?;
                }
            }
            Place::Below(kind, name) => {
                return Ok(match Box::pin(self.standing_at(kind, &name, results.lookup)).await? {
                    Some((kind, row)) => {
                        let name = self.source(kind).maker().projection().name(&row);
                        SearchOutcome::NoSuchObject {
                            matched: self.tree.entry_dn(kind, &name.unwrap_or_default()),
                        }
                    }
                    None => self.nothing_below(kind),
                });
            }
            Place::Nowhere(matched) => return Ok(SearchOutcome::NoSuchObject { matched }),
            Place::Foreign => {
                return Ok(SearchOutcome::NoSuchObject { matched: String::new() });
            }
        }
        Ok(SearchOutcome::Results(Box::new(results)))
    }

    /// The row of the entry at a user's or group's place, and what it is.
    async fn standing_at(
        &self,
        kind: Kind,
        name: &Name,
        budget: Budget,
    ) -> Result<Option<(Kind, Row)>, DirectoryError> {
        match kind {
            Kind::User => Ok(self.find(kind, name, budget).await?.map(|row| (kind, row))),
            Kind::Group | Kind::PrivateGroup => self.any_group(name, budget).await,
        }
    }

    fn nothing_below(&self, kind: Kind) -> SearchOutcome<'_> {
        SearchOutcome::NoSuchObject {
            matched: self.tree.superior_text(kind).to_owned(),
        }
    }
}

impl<'a> Results<'a> {
    fn new(directory: &'a Directory, filter: ResolvedFilter, query: &SearchQuery) -> Self {
        Results {
            directory,
            // The entries above the others have few attributes.
            is_large: is_large(&filter, |_| 1),
            filter,
            selection: query.selection.clone(),
            lookup: Budget::lookup(query.lookup_deadline),
            scan_timeout: query.scan_timeout,
            served: Served::default(),
            wanted: query.wanted,
            stages: VecDeque::new(),
            page: query.page.clone().map(Progress::new),
            first_only: false,
            observer: query.observer.clone(),
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
                Stage::Fixed(fixed, entry) if self.is_large => {
                    let (schema, program) = (&self.directory.schema, Program::new(&self.filter));
                    let entries = Box::pin(matching(schema, &program, &NoRelations, vec![entry]));
                    (Origin::Fixed(fixed), entries.await)
                }
                Stage::Fixed(fixed, entry) => (Origin::Fixed(fixed), vec![entry]),
                Stage::Kind(kind, from) => {
                    self.plan(kind, from).await?;
                    continue;
                }
                Stage::Rows(kind, rows, residual) => {
                    let entries = self.entries(kind, rows, &residual, StatementKind::Lookup).await?;
                    (Origin::Named(kind), entries)
                }
                Stage::Scan(scan) => (Origin::Keyed(scan.kind), Box::pin(self.advance(scan)).await?),
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
            let budget = Budget::scan(self.scan_timeout);
            let rows = Box::pin(source.ties(&Predicate::True, &key, budget)).await?;
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

    /// The fixed entries in scope that match and that no page before had.
    fn add_fixed(&mut self, in_scope: impl Fn(FixedEntry) -> bool) {
        let schema = &self.directory.schema;
        for (fixed, entry) in self.directory.fixed.iter().filter(|(fixed, _)| in_scope(*fixed)) {
            let is_done = match self.page.as_ref().and_then(|page| page.from.as_ref()) {
                None => false,
                Some(Position::Fixed(last)) => fixed <= *last,
                Some(Position::After { .. }) => true,
            };
            if !is_done && (self.is_large || self.filter.evaluate(schema, entry, &NoRelations) == Truth::True) {
                self.stages.push_back(Stage::Fixed(fixed, entry.clone()));
            }
        }
    }

    /// The users and groups, as far as they are in scope.
    fn kinds(&mut self, in_scope: impl Fn(Kind) -> bool) -> Result<(), DirectoryError> {
        let mut from = match self.page.as_mut().and_then(|page| page.from.take()) {
            Some(Position::After { kind, order, key }) => Some((kind, (order, key))),
            Some(Position::Fixed(_)) | None => None,
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
        if let Some(residual) = residual(self.directory, kind, &self.filter, true, self.lookup).await? {
            self.tell(|| found(kind, &residual, Way::Base));
            self.stages.push_back(Stage::Rows(kind, rows, Box::new(residual)));
        }
        Ok(())
    }

    /// What comes next for a kind.
    async fn plan(&mut self, kind: Kind, from: Option<(Order, Key)>) -> Result<(), DirectoryError> {
        let filter = match kind {
            Kind::PrivateGroup => self.served.fold(&self.filter),
            Kind::User | Kind::Group => Cow::Borrowed(&self.filter),
        };
        let Some(residual) = residual(self.directory, kind, &filter, false, self.lookup).await? else {
            self.tell(|| Decision::NoneCanMatch(kind));
            return Ok(());
        };
        // Boxed, because it is large and most searches do this for one kind only: a small future is cheap to move.
        let stage = Box::pin(self.stage(kind, residual, from)).await?;
        self.stages.push_front(stage);
        Ok(())
    }

    /// How the rows that can match are found, and those of a lookup.
    async fn stage(&self, kind: Kind, residual: Residual, from: Option<(Order, Key)>) -> Result<Stage, DirectoryError> {
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
        self.tell(|| found(kind, &residual, way(source, &plan)));
        Ok(match (plan, from) {
            (Plan::Found(rows), _) => Stage::Rows(kind, rows, Box::new(residual)),
            (Plan::Names(names), from) => {
                let names = match &self.page {
                    Some(_) => names_after(names, from.as_ref().map(|(_, key)| key)),
                    None => names,
                };
                let mut rows = Vec::new();
                for name in names {
                    rows.extend(self.directory.find(kind, &name, self.lookup).await?);
                }
                Stage::Rows(kind, rows, Box::new(residual))
            }
            (Plan::Rows(_), Some((Order::Name, _))) => return Err(DirectoryError::Position),
            (Plan::Rows(predicate), from) => Stage::Scan(Box::pin(self.scan(kind, predicate, residual, from)).await?),
        })
    }

    pub(crate) fn tell(&self, decision: impl FnOnce() -> Decision) {
        if let Some(observer) = &self.observer {
            observer.tell(decision());
        }
    }

    /// For a statement that begins now.
    pub(crate) fn budget(&self, kind: StatementKind) -> Budget {
        match kind {
            StatementKind::Scan => Budget::scan(self.scan_timeout),
            StatementKind::Lookup | StatementKind::Bind => self.lookup,
        }
    }
}

fn found(kind: Kind, residual: &Residual, way: Way) -> Decision {
    Decision::Finds {
        kind,
        filter: residual.filter.clone(),
        memberships: residual.relations.counts(),
        way,
    }
}

fn way(source: &Listing, plan: &Plan) -> Way {
    match plan {
        Plan::Found(_) => Way::WithMemberships,
        Plan::Names(names) => Way::Names(names.iter().map(|name| name.spelled.clone()).collect()),
        Plan::Rows(Predicate::True) if source.reads_by_key() => Way::AllByKey,
        Plan::Rows(Predicate::True) => Way::AllStreamed,
        Plan::Rows(Predicate::False) => Way::Nothing,
        Plan::Rows(predicate) if source.is_lookup(predicate) => Way::Key,
        Plan::Rows(_) => Way::Condition,
    }
}
