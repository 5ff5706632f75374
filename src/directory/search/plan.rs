//! From a filter to how the entries of one kind are found: whether any can match, which memberships it asks for, which
//! names are meant. What is found is a superset; the filter is evaluated on every entry.

use crate::{
    directory::{
        error::DirectoryError,
        kind::{Kind, MembershipSide},
        naming::{
            asserted::{entry_name, few_names},
            tree::Name,
        },
        search::{
            assertions::{AssertedMemberships, MembershipTerm},
            context::SearchContext,
        },
    },
    model::{
        entry::Entry,
        filter::{Program, ResolvedFilter, Truth, Types},
        matching::Assertion,
        schema::ids,
    },
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::OnceLock,
};

/// Memberships that a filter asks for one by one; Search Guard asks for some hundreds.
const MEMBERSHIPS_ASKED: usize = 500;

/// Leaves of filters that are held against entries as they are.
const FEW_LEAVES: usize = 16;

/// How the entries of a kind are found.
#[derive(Debug)]
pub(crate) enum Plan {
    /// They have been read with the memberships that the filter asks for.
    Found(Vec<Entry>),
    /// By these names, each a lookup.
    Names(Vec<Name>),
    /// By reading all that can match.
    Scan,
}

/// The filter as it is evaluated on entries of one kind, its memberships answered.
#[derive(Debug)]
pub(crate) struct Residual {
    /// The kind.
    pub kind: Kind,
    /// What is left of the filter.
    pub filter: ResolvedFilter,
    /// The answers to its relations.
    pub relations: AssertedMemberships,
    /// The filter has so many parts that it is laid out before it is held against entries.
    pub is_large: bool,
    /// The session's own entry, where the filter means something else for it.
    pub own: Option<Box<OwnEntry>>,
    program: OnceLock<Program>,
}

/// The session's own entry among those that are looked for.
#[derive(Debug)]
pub(crate) struct OwnEntry {
    /// The filter as it is evaluated on it.
    pub residual: Residual,
    /// The entries to look for: it, and those that the filter can match which is evaluated on others.
    finding: ResolvedFilter,
}

impl Residual {
    /// What finds the entries.
    pub fn finding(&self) -> &ResolvedFilter {
        self.own.as_ref().map_or(&self.filter, |own| &own.finding)
    }

    /// Of a filter that no entry can match.
    fn none(kind: Kind) -> Self {
        Residual {
            kind,
            filter: ResolvedFilter::False,
            relations: AssertedMemberships::none(kind),
            is_large: false,
            own: None,
            program: OnceLock::new(),
        }
    }

    /// The filter, laid out.
    pub fn program(&self) -> &Program {
        self.program.get_or_init(|| Program::new(&self.filter))
    }
}

/// What is left of a filter for entries of one kind; None when none of them can match, so that nothing need be asked.
/// Memberships that it asks for are looked up. `is_found` says that the entry to judge has been found already.
///
/// # Errors
/// The source could not answer.
pub(crate) async fn residual(
    context: &SearchContext<'_>,
    kind: Kind,
    filter: &ResolvedFilter,
    is_found: bool,
) -> Result<Option<Residual>, DirectoryError> {
    if context.view.is_everything() {
        return whole_residual(context, kind, filter, is_found).await;
    }
    Box::pin(residual_in_view(context, kind, filter, is_found)).await
}

/// The same for a session that may not see everything.
async fn residual_in_view(
    context: &SearchContext<'_>,
    kind: Kind,
    filter: &ResolvedFilter,
    is_found: bool,
) -> Result<Option<Residual>, DirectoryError> {
    let SearchContext { view, schema, tree, .. } = context;
    let shown = view.filter(filter, kind, (schema, tree));
    let others = whole_residual(context, kind, &shown, is_found).await?;
    let Some(own_name) = view.own_apart(filter, kind, schema) else {
        return Ok(others);
    };
    let Some(own) = whole_residual(context, kind, filter, true).await? else {
        return Ok(others);
    };
    let mut others = others.unwrap_or_else(|| Residual::none(kind));
    others.own = Some(Box::new(OwnEntry {
        residual: own,
        finding: ResolvedFilter::any([others.filter.clone(), own_name]),
    }));
    Ok(Some(others))
}

/// What is left of a filter that may look at everything.
async fn whole_residual(
    context: &SearchContext<'_>,
    kind: Kind,
    filter: &ResolvedFilter,
    is_found: bool,
) -> Result<Option<Residual>, DirectoryError> {
    let filter = filter.map_leaves(&mut |leaf| known(context, kind, leaf)).matching();
    let (filter, relations) = if asks_memberships(kind, &filter) {
        Box::pin(with_memberships(context, kind, filter, is_found)).await?
    } else {
        (filter, AssertedMemberships::none(kind))
    };
    let served = |types: Types| {
        let shared = types.shared(context.schema);
        shared.filter(|&id| context.source.serves(kind, id)).count()
    };
    Ok((filter != ResolvedFilter::False).then(|| Residual {
        kind,
        is_large: is_large(&filter, served),
        filter,
        relations,
        own: None,
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

/// The filter with its memberships as relations, and who has them.
async fn with_memberships(
    context: &SearchContext<'_>,
    kind: Kind,
    filter: ResolvedFilter,
    is_found: bool,
) -> Result<(ResolvedFilter, AssertedMemberships), DirectoryError> {
    // A group may have very many members and a user has few groups: memberOf is decided on those of the few users.
    if kind.membership == MembershipSide::Members && (is_found || few_names(kind, &filter).is_some()) {
        return Ok((filter, AssertedMemberships::none(kind)));
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
    let relations = AssertedMemberships::answer(context, kind, &terms).await?;
    let filter = filter.map_leaves(&mut |leaf| match leaf {
        ResolvedFilter::Relation(relation) if relations.get(*relation)?.is_empty() => Some(ResolvedFilter::False),
        _ => None,
    });
    Ok((filter, relations))
}

/// What is known of a leaf without looking at an entry: attributes that no entry of the kind has, and object classes
/// that all or none have.
fn known(context: &SearchContext<'_>, kind: Kind, leaf: &ResolvedFilter) -> Option<ResolvedFilter> {
    let serves = |id| context.source.serves(kind, id);
    if let ResolvedFilter::AnyOf { types, .. } = leaf {
        let is_served = types.shared(context.schema).any(serves);
        return (!is_served).then_some(ResolvedFilter::False);
    }
    let id = leaf.attribute()?;
    if !serves(id) {
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
        } => {
            let has = context.source.has_class(kind, &oid.oid)?;
            Some(Truth::from(has).into())
        }
        _ => None,
    }
}

/// How the entries that can match are found. Those that were read with memberships are used where there is room for one
/// more: where a page ends, the rest is asked for by other means.
pub(crate) fn plan(residual: &Residual, room: usize) -> Plan {
    let found = (room > 0)
        .then(|| found(residual.finding(), &residual.relations))
        .flatten();
    match (found, few_names(residual.kind, residual.finding())) {
        (Some(entries), _) if entries.len() < room => Plan::Found(distinct(residual.kind, entries)),
        (_, Some(names)) => Plan::Names(names),
        _ => Plan::Scan,
    }
}

/// All entries that can match, where answering the memberships has read them.
fn found<'a>(filter: &ResolvedFilter, relations: &'a AssertedMemberships) -> Option<Vec<&'a Entry>> {
    match filter {
        ResolvedFilter::And(filters) => filters.iter().find_map(|filter| found(filter, relations)),
        ResolvedFilter::Or(filters) => {
            let found: Option<Vec<_>> = filters.iter().map(|filter| found(filter, relations)).collect();
            Some(found?.concat())
        }
        ResolvedFilter::Relation(relation) => Some(relations.get(*relation)?.entries()?.iter().collect()),
        _ => None,
    }
}

/// Of the entries of each name one, in the order of the prepared names. Two that spell it differently are duplicates: the
/// one with the lower number counts, then the plain spelling.
fn distinct(kind: Kind, entries: Vec<&Entry>) -> Vec<Entry> {
    let mut by_name = BTreeMap::new();
    for entry in entries {
        let Some(name) = Name::new(&entry_name(kind, entry)) else {
            continue;
        };
        let number = entry.values(ids::GID_NUMBER).first();
        let number: Option<i128> = number.and_then(|number| str::from_utf8(number).ok()?.parse().ok());
        let precedence = (number.is_none(), number, name.spelled != name.prepared, name.spelled);
        let known = by_name
            .entry(name.prepared)
            .or_insert_with(|| (precedence.clone(), entry));
        if precedence < known.0 {
            *known = (precedence, entry);
        }
    }
    by_name.into_values().map(|(_, entry)| entry.clone()).collect()
}
