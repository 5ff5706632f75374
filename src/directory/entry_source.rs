//! Where a search's entries come from. A search knows entries, names and filters; how entries are kept, found and
//! ordered is the source's business: rows and SQL stay behind this.

use crate::{
    directory::{
        error::DirectoryError,
        hidden::Hidden,
        kind::Kind,
        naming::tree::{Name, Tree},
    },
    model::{
        entry::Entry,
        filter::ResolvedFilter,
        schema::{AttributeId, Schema},
    },
    sql::{Budget, StatementKind},
};
use futures::future::BoxFuture;
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

/// What a source answers, or why it cannot.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, DirectoryError>>;

/// Entries of some kinds. They come without memberUid, member, uniqueMember and memberOf, which are asked for by names.
pub trait EntrySource: Send + Sync {
    /// What the attributes of its entries mean.
    fn schema(&self) -> &Arc<Schema>;

    /// Where its entries stand.
    fn tree(&self) -> &Arc<Tree>;

    /// Whether it answers as far as is known.
    fn is_reachable(&self) -> bool;

    /// The kinds of entries that there are, in the order in which searches give them.
    fn kinds(&self) -> &[Kind];

    /// Whether an entry of this kind can have values of an attribute.
    fn serves(&self, kind: Kind, id: AttributeId) -> bool;

    /// Whether all entries of this kind have the object class with this OID, or none; None when it depends on the entry.
    fn has_class(&self, kind: Kind, oid: &str) -> Option<bool>;

    /// The entry that stands where one of this kind and name would, and its kind.
    fn standing_at<'a>(&'a self, kind: Kind, name: &'a Name, terms: &'a Terms) -> Answer<'a, Option<(Kind, Entry)>>;

    /// The entries of one kind that have these names, in the order of the names.
    fn named<'a>(&'a self, kind: Kind, names: &'a [Name], terms: &'a Terms) -> Answer<'a, Vec<Entry>>;

    /// Begins to read the entries that can match; nothing is asked yet.
    ///
    /// # Errors
    /// No page can have ended where this one is to begin.
    fn scan<'a>(&'a self, wanted: &Wanted<'_>) -> Result<Box<dyn EntryScan + 'a>, DirectoryError>;

    /// A page takes `fitting` of the entries that a scan gave. If the source's order cannot tell the last of them from
    /// others, these are put in the order of their prepared names. How the next page has to begin.
    fn end_page<'a>(
        &'a self,
        kind: Kind,
        entries: &'a mut [Entry],
        fitting: usize,
        terms: &'a Terms,
    ) -> Answer<'a, Order>;

    /// For entries of one kind with these names: the groups of users, the members of groups. By prepared name, the names
    /// on the other side.
    fn memberships<'a>(&'a self, kind: Kind, names: &'a [String], budget: Budget) -> Answer<'a, Memberships>;

    /// The entries of one kind that have a membership with the entry of that name on the other side; None when there is no
    /// such entry.
    fn related<'a>(&'a self, kind: Kind, other: &'a Name, terms: &'a Terms) -> Answer<'a, Option<Related>>;
}

/// The entries of one kind that can match, in the source's order.
pub trait EntryScan: Send {
    /// How they are read.
    fn way(&self) -> ScanWay;

    /// The next of them, about `limit` where the source can choose. Entries that its order holds equal come together.
    fn next<'a>(&'a mut self, limit: u32, terms: &'a Terms) -> Answer<'a, Batch>;
}

/// Names by prepared names.
pub type Memberships = HashMap<String, Vec<String>>;

/// What all questions of one search have in common.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// The entries need their operational attributes.
    pub operational: bool,
    /// For finding something by a key.
    pub lookup: Budget,
    /// How long a part of a scan may take.
    pub scan_timeout: Duration,
}

impl Terms {
    /// For a statement that begins now.
    pub fn budget(&self, kind: StatementKind) -> Budget {
        match kind {
            StatementKind::Scan => Budget::scan(self.scan_timeout),
            StatementKind::Lookup | StatementKind::Bind => self.lookup,
        }
    }
}

/// Which entries are to be read.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// Their kind.
    pub kind: Kind,
    /// What they must satisfy, as far as the source can tell: others may come as well.
    pub filter: &'a ResolvedFilter,
    /// What must not be asked about, though the filter may stand for it among others.
    pub hidden: Option<&'a Hidden>,
    /// The entries that have the memberships in the filter, by their number.
    pub memberships: &'a [Arc<MembershipSet>],
    /// Which part of them.
    pub part: Part<'a>,
}

/// Which part of some entries is read.
#[derive(Debug, Clone, Copy)]
pub enum Part<'a> {
    /// All of them, in any order.
    All,
    /// The first page.
    FirstPage,
    /// The page after a position.
    PageAfter(Order, &'a Key),
}

/// A name as the source spells it: where a page ended.
pub type Key = String;

/// How the entries up to a position were found; the rest must be found in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Looked up one by one, in the order of their prepared names.
    Name,
    /// In the source's order, and all entries that it holds equal to this one are done.
    Key,
    /// In the source's order, and of the entries that it holds equal to this one those are done whose prepared name is not
    /// after it.
    Tie,
}

/// Some of the entries that a scan reads.
#[derive(Debug)]
pub struct Batch {
    /// The entries; there may be none though more follow.
    pub entries: Vec<Entry>,
    /// None follow.
    pub is_last: bool,
    /// What they were read by: what else is asked about them is of the same kind.
    pub statements: StatementKind,
}

/// How a scan reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScanWay {
    /// Nothing can satisfy the condition.
    Nothing,
    /// All entries, in chunks by key.
    AllByKey,
    /// All entries, in one stream.
    AllStreamed,
    /// By a condition on a key.
    Key,
    /// By some other condition, in chunks.
    Condition,
}

/// The entries that have a membership with one entry.
#[derive(Debug)]
pub struct Related {
    /// How that entry spells its name.
    pub spelled: String,
    /// Those that have it.
    pub set: Arc<MembershipSet>,
}

/// The entries that have a membership.
#[derive(Debug, Default)]
pub struct MembershipSet {
    prepared: HashSet<String>,
    spelled: Vec<String>,
    entries: Option<Vec<Entry>>,
}

impl MembershipSet {
    /// Those with these names, each once.
    pub fn named(names: impl IntoIterator<Item = String>) -> Self {
        let mut set = MembershipSet::default();
        for spelled in names {
            if let Some(name) = Name::new(&spelled)
                && set.prepared.insert(name.prepared)
            {
                set.spelled.push(spelled);
            }
        }
        set
    }

    /// The same with the entries themselves, in the order of their prepared names, where they have been read already.
    pub fn with_entries(self, entries: Vec<Entry>) -> Self {
        MembershipSet {
            entries: Some(entries),
            ..self
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.prepared.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.prepared.is_empty()
    }

    /// Whether the entry with this prepared name is one of them.
    pub fn contains(&self, prepared: &str) -> bool {
        self.prepared.contains(prepared)
    }

    /// Their names, as the source of memberships spells them.
    pub fn names(&self) -> &[String] {
        &self.spelled
    }

    /// The entries, where they have been read.
    pub fn entries(&self) -> Option<&[Entry]> {
        self.entries.as_deref()
    }
}
