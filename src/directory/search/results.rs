//! The entries of a search, batch by batch: stages in a fixed order (fixed entries, then each kind), each planned when its
//! turn comes, and cut where a page ends.

use crate::{
    directory::{
        entry_source::{EntryScan, Key, Order, Part, Wanted},
        error::DirectoryError,
        kind::{Kind, MembershipSide},
        naming::fixed::{FixedEntries, FixedEntry},
        search::{
            assemble::{assemble, matching},
            context::SearchContext,
            found_groups::FoundGroups,
            page::{Origin, Position, Progress, names_after},
            plan::{Plan, Residual, is_large, plan, residual},
            query::SearchQuery,
            trace::{Decision, Way},
        },
    },
    model::{
        entry::Entry,
        filter::{NoRelations, Program, ResolvedFilter, Truth},
    },
    sql::StatementKind,
};
use std::{borrow::Cow, collections::VecDeque};

/// Entries of a scan read at a time: what one search holds, and what one statement costs.
pub(crate) const CHUNK: u32 = 500;
/// The fewest: a chunk must have an entry whose name can be read.
const FEWEST: u32 = 10;

/// The matching entries of one search, batch by batch.
pub struct Results<'a> {
    context: SearchContext<'a>,
    filter: ResolvedFilter,
    /// The filter is laid out before it is held against entries.
    is_large: bool,
    found_groups: FoundGroups,
    /// Entries that the client still takes.
    wanted: Option<u64>,
    stages: VecDeque<Stage<'a>>,
    page: Option<Progress>,
    first_only: bool,
}

enum Stage<'a> {
    /// An entry that no row made. It has passed the filter, if that is not a large one.
    Fixed(FixedEntry, Entry),
    /// A kind that has not been planned yet.
    Kind(Kind, Option<(Order, Key)>),
    /// Entries found by name.
    Entries(Vec<Entry>, Box<Residual>),
    /// Entries still to be read.
    Scan(Box<Scanning<'a>>),
}

struct Scanning<'a> {
    scan: Box<dyn EntryScan + 'a>,
    residual: Residual,
    /// How many entries the last chunk was to have; 0 before the first.
    asked: u32,
}

impl<'a> Results<'a> {
    pub(crate) fn new(context: SearchContext<'a>, filter: ResolvedFilter, query: &SearchQuery) -> Self {
        Results {
            context,
            // Fixed entries have few attributes.
            is_large: is_large(&filter, |_| 1),
            filter,
            found_groups: FoundGroups::default(),
            wanted: query.wanted,
            stages: VecDeque::new(),
            page: query.page.clone().map(Progress::new),
            first_only: false,
        }
    }

    /// What all steps are given.
    pub(crate) fn context(&self) -> &SearchContext<'a> {
        &self.context
    }

    /// Whether a page before has begun the search.
    pub(crate) fn is_resumed(&self) -> bool {
        self.page.as_ref().is_some_and(|page| page.from.is_some())
    }

    /// Of each scan only the first entries are wanted: `explain` reads no whole table to say that one is read.
    pub fn first_rows_only(&mut self) {
        self.first_only = true;
    }

    /// Adds the fixed entries in scope that match and that no page before had.
    pub(crate) fn add_fixed(&mut self, entries: &FixedEntries, in_scope: impl Fn(FixedEntry) -> bool) {
        for (fixed, entry) in entries.iter().filter(|(fixed, _)| in_scope(*fixed)) {
            let is_done = match self.page.as_ref().and_then(|page| page.from.as_ref()) {
                None => false,
                Some(Position::Fixed(last)) => fixed <= *last,
                Some(Position::After { .. }) => true,
            };
            let matches = || self.filter.evaluate(self.context.schema, entry, &NoRelations) == Truth::True;
            if !is_done && (self.is_large || matches()) {
                self.stages.push_back(Stage::Fixed(fixed, entry.clone()));
            }
        }
    }

    /// Adds the kinds in scope that no page before has finished.
    ///
    /// # Errors
    /// The page before ended in a kind that is not in scope.
    pub(crate) fn add_kinds(&mut self, in_scope: impl Fn(Kind) -> bool) -> Result<(), DirectoryError> {
        let mut from = match self.page.as_mut().and_then(|page| page.from.take()) {
            Some(Position::After { kind, order, key }) => Some((kind, (order, key))),
            Some(Position::Fixed(_)) | None => None,
        };
        let kinds = self.context.source.kinds().iter().copied();
        for kind in kinds.filter(|kind| in_scope(kind)) {
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

    /// Adds the base of the search itself, if it matches.
    ///
    /// # Errors
    /// The source could not answer.
    pub(crate) async fn add_base(&mut self, kind: Kind, entry: Entry) -> Result<(), DirectoryError> {
        if let Some(residual) = residual(&self.context, kind, &self.filter, true).await? {
            self.context.tell(|| finds(&residual, Way::Base));
            self.stages.push_back(Stage::Entries(vec![entry], Box::new(residual)));
        }
        Ok(())
    }

    /// The next matching entries, never none of them; None at the end, or where the page ends.
    ///
    /// # Errors
    /// The source could not answer: what came so far is not the whole answer.
    pub async fn next_batch(&mut self) -> Result<Option<Vec<Entry>>, DirectoryError> {
        while let Some(stage) = self.stages.pop_front() {
            let (origin, entries) = match stage {
                Stage::Fixed(fixed, entry) if self.is_large => {
                    let program = Program::new(&self.filter);
                    let entries = Box::pin(matching(self.context.schema, &program, &NoRelations, vec![entry]));
                    (Origin::Fixed(fixed), entries.await)
                }
                Stage::Fixed(fixed, entry) => (Origin::Fixed(fixed), vec![entry]),
                Stage::Kind(kind, from) => {
                    self.begin(kind, from).await?;
                    continue;
                }
                Stage::Entries(entries, residual) => {
                    let origin = Origin::Kind(residual.kind, Order::Name);
                    (origin, self.assemble(&residual, entries, StatementKind::Lookup).await?)
                }
                Stage::Scan(scanning) => {
                    let origin = Origin::Kind(scanning.residual.kind, Order::Key);
                    (origin, Box::pin(self.advance(scanning)).await?)
                }
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

    /// Plans a kind and puts what comes of it in front.
    async fn begin(&mut self, kind: Kind, from: Option<(Order, Key)>) -> Result<(), DirectoryError> {
        let filter = match kind.gives_way_to {
            Some(_) => self.found_groups.fold(&self.filter),
            None => Cow::Borrowed(&self.filter),
        };
        let Some(residual) = residual(&self.context, kind, &filter, false).await? else {
            self.context.tell(|| Decision::NoneCanMatch(kind));
            return Ok(());
        };
        let room = self.page.as_ref().map_or(usize::MAX, Progress::room);
        let plan = match &from {
            None => plan(&residual, room),
            Some((Order::Name, _)) => plan(&residual, 0),
            // Memberships that the filter asks for may have changed, and with them what can be looked up.
            Some((Order::Key | Order::Tie, _)) => Plan::Scan,
        };
        let stage = match plan {
            Plan::Found(entries) => {
                self.context.tell(|| finds(&residual, Way::WithMemberships));
                Stage::Entries(entries, Box::new(residual))
            }
            Plan::Names(names) => {
                let spelled = || names.iter().map(|name| name.spelled.clone()).collect();
                self.context.tell(|| finds(&residual, Way::Names(spelled())));
                let names = match &self.page {
                    Some(_) => names_after(names, from.as_ref().map(|(_, key)| key)),
                    None => names,
                };
                let SearchContext { source, terms, .. } = &self.context;
                Stage::Entries(source.named(kind, &names, terms).await?, Box::new(residual))
            }
            Plan::Scan => Stage::Scan(self.scan(residual, from.as_ref())?),
        };
        self.stages.push_front(stage);
        Ok(())
    }

    fn scan(&self, residual: Residual, from: Option<&(Order, Key)>) -> Result<Box<Scanning<'a>>, DirectoryError> {
        let part = match from {
            // They would be looked up by name now as well.
            Some((Order::Name, _)) => return Err(DirectoryError::Position),
            Some((order, key)) => Part::PageAfter(*order, key),
            None if self.page.is_some() => Part::FirstPage,
            None => Part::All,
        };
        let scan = self.context.source.scan(&Wanted {
            kind: residual.kind,
            filter: residual.finding(),
            hidden: self.context.view.unasked(residual.kind),
            memberships: residual.relations.sets(),
            part,
        })?;
        self.context.tell(|| finds(&residual, Way::Scan(scan.way())));
        Ok(Box::new(Scanning {
            scan,
            residual,
            asked: 0,
        }))
    }

    /// Reads the next entries of a scan and puts the rest of it back.
    async fn advance(&mut self, mut scanning: Box<Scanning<'a>>) -> Result<Vec<Entry>, DirectoryError> {
        scanning.asked = self.entries_wanted(scanning.asked);
        let batch = scanning.scan.next(scanning.asked, &self.context.terms).await?;
        let entries = self
            .assemble(&scanning.residual, batch.entries, batch.statements)
            .await?;
        if !batch.is_last && self.first_only {
            self.context.tell(|| Decision::StopsAfterFirst(scanning.residual.kind));
        } else if !batch.is_last {
            self.stages.push_front(Stage::Scan(scanning));
        }
        Ok(entries)
    }

    async fn assemble(
        &mut self,
        residual: &Residual,
        entries: Vec<Entry>,
        statements: StatementKind,
    ) -> Result<Vec<Entry>, DirectoryError> {
        let entries = assemble(&self.context, residual, entries, statements).await?;
        if residual.kind.membership == MembershipSide::Groups {
            self.found_groups.add(&entries);
        }
        Ok(entries)
    }

    /// What of a batch goes into the page. Where the page ends, nothing comes after.
    async fn fit(&mut self, origin: Origin, mut entries: Vec<Entry>) -> Result<Vec<Entry>, DirectoryError> {
        let Some(page) = self.page.as_mut().filter(|_| !entries.is_empty()) else {
            return Ok(entries);
        };
        let fitting = page.take(entries.len());
        let is_end = fitting < entries.len();
        if let Some(last) = fitting.checked_sub(1) {
            let origin = match origin {
                Origin::Kind(kind, Order::Key) if is_end => {
                    let SearchContext { source, terms, .. } = &self.context;
                    Origin::Kind(kind, source.end_page(kind, &mut entries, fitting, terms).await?)
                }
                origin => origin,
            };
            page.last = entries.get(last).map(|entry| origin.after(entry));
        }
        if is_end {
            page.end();
            self.stages.clear();
            entries.truncate(fitting);
        }
        Ok(entries)
    }

    /// Entries worth reading at a time, where the last chunk, not enough, was of `asked`. One entry more than wanted shows
    /// that the limit was reached; where the filter drops entries, or another one has the name, more are read next.
    fn entries_wanted(&self, asked: u32) -> u32 {
        if let Some(page) = &self.page {
            return page.wanted(CHUNK);
        }
        let wanted = self
            .wanted
            .map_or(CHUNK, |wanted| u32::try_from(wanted.saturating_add(1)).unwrap_or(CHUNK));
        wanted.max(asked.saturating_mul(4)).clamp(FEWEST, CHUNK)
    }
}

fn finds(residual: &Residual, way: Way) -> Decision {
    Decision::Finds {
        kind: residual.kind,
        filter: Box::new(residual.finding().clone()),
        memberships: residual.relations.sets().iter().map(|set| set.len()).collect(),
        way,
    }
}
