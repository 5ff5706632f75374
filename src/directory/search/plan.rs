//! From a filter to what the database is asked: which kinds can match at all, which names are meant, and which rows
//! can be left out. Whatever it decides is a superset; the filter is evaluated on every row that comes back.

use crate::{
    directory::{
        Directory, DirectoryError,
        kind::Kind,
        naming::{asserted::few_names, tree::Name},
        pushdown::predicate::{narrow, shared},
        search::assertions::{MembershipTerm, RelationSets},
        source::{duplicates::distinct, listing::Listing},
    },
    model::{
        filter::{Program, ResolvedFilter, Truth, Types},
        matching::Assertion,
        schema::ids,
    },
    sql::{Budget, Predicate, Row},
};
use std::{collections::HashMap, sync::OnceLock};

/// Memberships that a filter asks for one by one; Search Guard asks for some hundreds.
const MEMBERSHIPS_ASKED: usize = 500;

/// Leaves of filters that are held against entries as they are.
const FEW_LEAVES: usize = 16;

/// How the rows of a kind are found.
#[derive(Debug)]
pub enum Plan {
    /// They have been read with the memberships that the filter asks for.
    Found(Vec<Row>),
    /// By these names, each a lookup.
    Names(Vec<Name>),
    /// All rows that satisfy a superset of the filter.
    Rows(Predicate),
}

/// The filter as it is evaluated on entries of one kind, its memberships answered.
#[derive(Debug)]
pub struct Residual {
    /// What is left of the filter.
    pub filter: ResolvedFilter,
    /// The answers to its relations.
    pub relations: RelationSets,
    /// The filter has so many parts that it is laid out before it is held against entries.
    pub is_large: bool,
    program: OnceLock<Program>,
}

impl Residual {
    /// The filter, laid out.
    pub fn program(&self) -> &Program {
        self.program.get_or_init(|| Program::new(&self.filter))
    }
}

/// What is left of a filter for entries of one kind; None when none of them can match, so that the database need not
/// be asked. Memberships that it asks for are looked up, held until `deadline`. `is_found` says that the entry to judge has
/// been found already.
///
/// # Errors
/// The database could not answer.
pub async fn residual(
    directory: &Directory,
    kind: Kind,
    filter: &ResolvedFilter,
    is_found: bool,
    budget: Budget,
) -> Result<Option<Residual>, DirectoryError> {
    let source = directory.source(kind);
    let filter = filter.map_leaves(&mut |leaf| known(source, leaf)).matching();
    let (filter, relations) = if asks_memberships(kind, &filter) {
        Box::pin(with_memberships(directory, kind, filter, is_found, budget)).await?
    } else {
        (filter, RelationSets::none(kind))
    };
    Ok((filter != ResolvedFilter::False).then(|| Residual {
        is_large: is_large(&filter, |types| shared(source, types).count()),
        filter,
        relations,
        program: OnceLock::new(),
    }))
}

/// Whether a filter has so many parts that it is laid out before it is held against entries. `types_of` says how many of
/// their types entries have.
pub(crate) fn is_large(filter: &ResolvedFilter, types_of: impl Fn(Types) -> usize) -> bool {
    let mut leaves = 0;
    filter.for_each_leaf(&mut |leaf| {
        leaves += match leaf {
            // It is held against the values of each of them.
            ResolvedFilter::AnyOf { types, .. } if leaves <= FEW_LEAVES => types_of(*types),
            _ => 1,
        }
    });
    leaves > FEW_LEAVES
}

fn asks_memberships(kind: Kind, filter: &ResolvedFilter) -> bool {
    let mut asks = false;
    filter.for_each_leaf(&mut |leaf| asks = asks || MembershipTerm::of(kind, leaf).is_some());
    asks
}

/// The filter with its memberships as relations, and what the database says of those.
async fn with_memberships(
    directory: &Directory,
    kind: Kind,
    filter: ResolvedFilter,
    is_found: bool,
    budget: Budget,
) -> Result<(ResolvedFilter, RelationSets), DirectoryError> {
    // A group may have very many members and a user has few groups: memberOf is decided on those of the few users.
    if kind == Kind::User && (is_found || few_names(kind, &filter).is_some()) {
        return Ok((filter, RelationSets::none(kind)));
    }
    let mut terms = Vec::new();
    // A client may ask for thousands, and for each of them many times.
    let mut known: HashMap<MembershipTerm, usize> = HashMap::new();
    let filter = filter.map_leaves(&mut |leaf| {
        let term = MembershipTerm::of(kind, leaf)?;
        if let Some(known) = known.get(&term) {
            return Some(term.as_filter(*known));
        }
        // Left in place it is decided on members that are read with each entry.
        (terms.len() < MEMBERSHIPS_ASKED).then(|| {
            let relation = term.as_filter(terms.len());
            known.insert(term.clone(), terms.len());
            terms.push(term);
            relation
        })
    });
    let relations = RelationSets::answer(directory, kind, &terms, budget).await?;
    let filter = filter.map_leaves(&mut |leaf| match leaf {
        ResolvedFilter::Relation(relation) if relations.get(*relation)?.is_empty() => Some(ResolvedFilter::False),
        _ => None,
    });
    Ok((filter, relations))
}

/// What is known of a leaf without looking at a row: attributes that no entry of the kind has, and object classes
/// that all or none have.
fn known(source: &Listing, leaf: &ResolvedFilter) -> Option<ResolvedFilter> {
    if let ResolvedFilter::AnyOf { types, .. } = leaf {
        let is_served = types
            .shared(source.maker().schema())
            .any(|id| source.maker().serves(id));
        return (!is_served).then_some(ResolvedFilter::False);
    }
    let id = leaf.attribute()?;
    if !source.maker().serves(id) {
        return Some(ResolvedFilter::False);
    }
    if id != ids::OBJECT_CLASS {
        return None;
    }
    match leaf {
        ResolvedFilter::Present(_) => Some(ResolvedFilter::True),
        ResolvedFilter::Equality {
            assertion: Assertion::Oid(oid),
            ..
        } => source.maker().has_class(&oid.oid).map(|has| Truth::from(has).into()),
        _ => None,
    }
}

/// How the rows of `source` that can match are found. Rows that were read with memberships are used where there is room
/// for one more: where a page ends, the rest is asked for by other means.
pub fn plan(source: &Listing, residual: &Residual, room: usize) -> Plan {
    let found = (room > 0)
        .then(|| found(&residual.filter, &residual.relations))
        .flatten();
    let found = found.filter(|rows| rows.len() < room);
    match (found, few_names(source.kind(), &residual.filter)) {
        (Some(rows), _) => Plan::Found(distinct(source.maker().projection(), rows)),
        (None, Some(names)) => Plan::Names(names),
        _ => by_key(source, residual),
    }
}

/// The rows of all entries that can match, where answering the memberships has read them.
fn found(filter: &ResolvedFilter, relations: &RelationSets) -> Option<Vec<Row>> {
    match filter {
        ResolvedFilter::And(filters) => filters.iter().find_map(|filter| found(filter, relations)),
        ResolvedFilter::Or(filters) => {
            let found: Option<Vec<_>> = filters.iter().map(|filter| found(filter, relations)).collect();
            Some(found?.concat())
        }
        ResolvedFilter::Relation(relation) => relations.get(*relation)?.rows.clone(),
        _ => None,
    }
}

/// The same where names are of no use.
pub fn by_key(source: &Listing, residual: &Residual) -> Plan {
    Plan::Rows(narrow(source, &residual.filter, &residual.relations))
}
