//! From a filter to what the database is asked: which kinds can match at all, which names are meant, and which rows
//! can be left out. Whatever it decides is a superset; the filter is evaluated on every row that comes back.

use std::{collections::HashSet, time::Instant};

use super::{
    Directory, DirectoryError,
    columns::{Kind, Role},
    search::entry_name,
    source::Source,
    tree::{Name, Place},
};
use crate::{
    model::{
        dn::Dn,
        entry::Entry,
        filter::{Leaf, Relations, ResolvedFilter, Truth},
        schema::{AttributeId, Schema, ids},
    },
    sql::{hold::Class, predicate::Predicate},
};

/// How many names a statement lists; above that the rows are read and judged one by one.
const LISTED_NAMES: usize = 1000;
/// How many names are looked up one by one.
const NAMES_LOOKED_UP: usize = 8;

/// How the rows of a kind are found.
#[derive(Debug)]
pub enum Plan {
    /// By these names, each a lookup.
    Names(Vec<Name>),
    /// All rows that satisfy a superset of the filter.
    Rows(Predicate),
}

/// The memberships that a filter asks for, answered beforehand: for each relation, the prepared names of the entries
/// that have it.
#[derive(Debug, Default)]
pub struct RelationSets {
    kind: Option<Kind>,
    sets: Vec<HashSet<String>>,
}

impl Relations for RelationSets {
    fn holds(&self, relation: usize, entry: &Entry) -> Truth {
        let (Some(set), Some(kind)) = (self.sets.get(relation), self.kind) else {
            return Truth::Undefined;
        };
        let name = Name::new(&entry_name(kind, entry));
        Truth::from(name.is_some_and(|name| set.contains(&name.prepared)))
    }
}

/// Asks the database for what a filter needs to know about memberships.
pub struct Asked<'a> {
    directory: &'a Directory,
    kind: Kind,
    deadline: Instant,
}

impl<'a> Asked<'a> {
    /// For the entries of one kind; lookups are held until `deadline`.
    pub fn new(directory: &'a Directory, kind: Kind, deadline: Instant) -> Self {
        Asked { directory, kind, deadline }
    }

    /// The filter as it is left for entries of this kind, with its memberships answered; None when no entry of this
    /// kind can match, so that the database need not be asked.
    ///
    /// # Errors
    /// The database could not answer.
    pub async fn residual(
        &self,
        filter: &ResolvedFilter,
    ) -> Result<Option<(ResolvedFilter, RelationSets)>, DirectoryError> {
        let schema = &self.directory.schema;
        let source = self.directory.source(self.kind);
        let filter = filter
            .map_leaves(&mut |leaf| constant_for(source, leaf))
            .simplify();
        let mut terms = Vec::new();
        let filter = filter.map_leaves(&mut |leaf| {
            let term = MembershipTerm::of(schema, self.kind, leaf)?;
            terms.push(term);
            Some(ResolvedFilter::Relation(terms.len() - 1))
        });
        let mut relations = RelationSets { kind: Some(self.kind), sets: Vec::new() };
        for term in &terms {
            relations.sets.push(self.names(term).await?);
        }
        let sets = &relations.sets;
        let filter = filter
            .map_leaves(&mut |leaf| match leaf {
                Leaf::Relation(relation) => sets
                    .get(relation)
                    .is_some_and(HashSet::is_empty)
                    .then_some(ResolvedFilter::False),
                _ => None,
            })
            .simplify();
        Ok(match filter {
            ResolvedFilter::False | ResolvedFilter::Undefined => None,
            filter => Some((filter, relations)),
        })
    }

    /// The prepared names of the entries for which a membership term is true.
    async fn names(&self, term: &MembershipTerm) -> Result<HashSet<String>, DirectoryError> {
        let directory = self.directory;
        let (kind, name) = match term {
            MembershipTerm::UserNamed(text) => match Name::new(text) {
                Some(name) => (Kind::User, name),
                None => return Ok(HashSet::new()),
            },
            MembershipTerm::Dn(dn) => match directory.tree.locate(dn, &directory.schema) {
                Place::Entry(kind, name) => (kind, name),
                _ => return Ok(HashSet::new()),
            },
        };
        if kind == self.kind {
            return Ok(HashSet::new());
        }
        let Some(row) = directory.find(kind, &name, self.deadline).await? else {
            return Ok(HashSet::new());
        };
        let Some(spelled) = directory.source(kind).maker().projection().name(&row) else {
            return Ok(HashSet::new());
        };
        // memberUid is caseExactMatch: ALICE is nobody's member where alice is.
        if let MembershipTerm::UserNamed(text) = term
            && crate::model::prepare::prepare_exact(text) != crate::model::prepare::prepare_exact(&spelled)
        {
            return Ok(HashSet::new());
        }
        let names = [spelled];
        let related = match kind {
            Kind::User => directory.groups_of(&names, Class::Lookup, self.deadline).await?,
            Kind::Group => directory.members_of(&names, Class::Lookup, self.deadline).await?,
        };
        Ok(related
            .into_values()
            .flatten()
            .filter_map(|name| Some(Name::new(&name)?.prepared))
            .collect())
    }
}

/// A leaf that asks for a membership.
enum MembershipTerm {
    UserNamed(String),
    Dn(Dn),
}

impl MembershipTerm {
    fn of(schema: &Schema, kind: Kind, leaf: Leaf<'_>) -> Option<Self> {
        let (id, value) = leaf.asserted_text()?;
        let asks = match kind {
            Kind::Group => [ids::MEMBER, ids::UNIQUE_MEMBER, ids::MEMBER_UID].contains(&id),
            Kind::User => id == ids::MEMBER_OF,
        };
        let _ = schema;
        if !asks {
            None
        } else if id == ids::MEMBER_UID {
            Some(MembershipTerm::UserNamed(value.to_owned()))
        } else {
            Some(MembershipTerm::Dn(Dn::parse(value).ok()?))
        }
    }
}

/// What is known of a leaf without looking at a row: attributes that no entry of the kind has, and object classes
/// that all or none have.
fn constant_for(source: &Source, leaf: Leaf<'_>) -> Option<ResolvedFilter> {
    let id = leaf.attribute()?;
    if !source.serves(id) {
        return Some(ResolvedFilter::False);
    }
    if id != ids::OBJECT_CLASS {
        return None;
    }
    match leaf {
        Leaf::Present(_) => Some(ResolvedFilter::True),
        Leaf::Equality { .. } => source.has_class(leaf).map(|has| {
            if has { ResolvedFilter::True } else { ResolvedFilter::False }
        }),
        _ => None,
    }
}

/// How the rows of `source` that can match `filter` are found.
pub fn plan(source: &Source, filter: &ResolvedFilter, relations: &RelationSets) -> Plan {
    match names(source, filter) {
        Some(names) if names.len() <= NAMES_LOOKED_UP => Plan::Names(names),
        _ => Plan::Rows(narrow(source, filter, relations)),
    }
}

/// The names that an entry must have one of, where the filter says so.
fn names(source: &Source, filter: &ResolvedFilter) -> Option<Vec<Name>> {
    match filter {
        ResolvedFilter::And(filters) => filters
            .iter()
            .filter_map(|filter| names(source, filter))
            .min_by_key(Vec::len),
        ResolvedFilter::Or(filters) => {
            let mut all: Vec<Name> = Vec::new();
            for filter in filters {
                for name in names(source, filter)? {
                    if !all.iter().any(|have| have.prepared == name.prepared) {
                        all.push(name);
                    }
                }
            }
            Some(all)
        }
        ResolvedFilter::False => Some(Vec::new()),
        other => {
            let (id, value) = other.leaf()?.asserted_text()?;
            let own = match source.kind() {
                Kind::User => ids::UID,
                Kind::Group => ids::CN,
            };
            if id == own { Some(vec![Name::new(value)?]) } else { None }
        }
    }
}

/// A predicate that every matching row satisfies.
fn narrow(source: &Source, filter: &ResolvedFilter, relations: &RelationSets) -> Predicate {
    match filter {
        ResolvedFilter::And(filters) => Predicate::and(
            filters.iter().map(|filter| narrow(source, filter, relations)),
        ),
        ResolvedFilter::Or(filters) => Predicate::or(
            filters.iter().map(|filter| narrow(source, filter, relations)),
        ),
        ResolvedFilter::False | ResolvedFilter::Undefined => Predicate::False,
        ResolvedFilter::Relation(relation) => match relations.sets.get(*relation) {
            Some(names) if names.len() <= LISTED_NAMES => Predicate::or(names.iter().map(|prepared| {
                Predicate::EqualsIgnoreCase { column: source.name_column(), prepared: prepared.clone() }
            })),
            _ => Predicate::True,
        },
        other => other
            .leaf()
            .and_then(|leaf| leaf.asserted_text())
            .and_then(|(id, value)| equality(source, id, value))
            .unwrap_or(Predicate::True),
    }
}

/// Rows whose attribute, as it would be served, can equal a value.
fn equality(source: &Source, id: AttributeId, value: &str) -> Option<Predicate> {
    let role = match (source.kind(), id) {
        (Kind::User, ids::UID) | (Kind::Group, ids::CN) => Role::Name,
        (Kind::User, ids::UID_NUMBER) | (Kind::Group, ids::GID_NUMBER) => Role::Number,
        (Kind::User, ids::GID_NUMBER) => Role::PrimaryGroup,
        (Kind::User, ids::MAIL) => return Some(mail(source, value)),
        _ => return None,
    };
    let column = source.column(role)?;
    if role == Role::Name {
        let prepared = Name::new(value)?.prepared;
        return Some(Predicate::EqualsIgnoreCase { column, prepared });
    }
    // A number that no 64-bit column can hold may still stand in a text or numeric column.
    let value = value.parse().ok()?;
    Some(Predicate::IntegerEquals { column, value })
}

/// A row without a usable mail is served with its name and the base's domain, so it must not be left out.
fn mail(source: &Source, value: &str) -> Predicate {
    let Some(prepared) = Name::new(value).map(|name| name.prepared) else {
        return Predicate::False;
    };
    let own = source.column(Role::Mail).map(|column| Predicate::EqualsIgnoreCase {
        column,
        prepared: prepared.clone(),
    });
    let by_name = source.mail_domain().and_then(|domain| {
        let name = prepared.strip_suffix(&domain.to_lowercase())?.strip_suffix('@')?;
        let named = Predicate::EqualsIgnoreCase {
            column: source.name_column(),
            prepared: name.to_owned(),
        };
        Some(match source.column(Role::Mail) {
            Some(column) => Predicate::and([named, Predicate::IsAbsent(column)]),
            None => named,
        })
    });
    Predicate::or(own.into_iter().chain(by_name))
}
