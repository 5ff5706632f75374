//! From a filter to what the database is asked: which kinds can match at all, which names are meant, and which rows
//! can be left out. Whatever it decides is a superset; the filter is evaluated on every row that comes back.

use std::{collections::HashSet, time::Instant};

use super::{
    Directory, DirectoryError,
    columns::{Kind, Role},
    membership::{By, Pair},
    search::entry_name,
    source::{Source, spellings},
    tree::{Name, Place},
};
use crate::{
    model::{
        dn::Dn,
        entry::Entry,
        filter::{Relations, ResolvedFilter, Truth},
        matching::Assertion,
        prepare::{Fold, prepare_exact},
        schema::{AttributeId, ids},
    },
    sql::{hold::Class, predicate::Predicate},
};

/// How many names a statement lists; above that the rows are read and judged one by one.
const LISTED_NAMES: usize = 1000;
/// How many names are looked up one by one.
const NAMES_LOOKED_UP: usize = 8;
/// What a statement may compare with, a listed name being one. No engine takes any number of values, and SQLite ends at
/// a depth of 1,000. What is beyond it narrows nothing: then the rows are read, and the filter decides.
const COMPARISONS: usize = 2000;
/// What a leaf that is no membership counts for.
const LEAF: usize = 4;

/// Memberships that a filter asks for one by one; Search Guard asks for some hundreds.
const MEMBERSHIPS_ASKED: usize = 500;

/// How the rows of a kind are found.
#[derive(Debug, PartialEq, Eq)]
pub enum Plan {
    /// By these names, each a lookup.
    Names(Vec<Name>),
    /// All rows that satisfy a superset of the filter.
    Rows(Predicate),
}

/// One membership that a filter asks for, answered beforehand.
#[derive(Debug, Default)]
struct RelationSet {
    /// The prepared names of the entries that have it.
    prepared: HashSet<String>,
    /// The same names as the membership's source spells them.
    spelled: Vec<String>,
}

/// The memberships that a filter asks for of entries of one kind.
#[derive(Debug)]
pub struct RelationSets {
    kind: Kind,
    sets: Vec<RelationSet>,
}

impl RelationSets {
    /// How many names have a membership.
    pub fn count(&self, relation: usize) -> usize {
        self.sets.get(relation).map_or(0, |set| set.prepared.len())
    }
}

impl Relations for RelationSets {
    fn holds(&self, relation: usize, entry: &Entry) -> Truth {
        let Some(set) = self.sets.get(relation) else {
            return Truth::Undefined;
        };
        let name = Name::new(&entry_name(self.kind, entry));
        Truth::from(name.is_some_and(|name| set.prepared.contains(&name.prepared)))
    }
}

/// The filter as it is evaluated on entries of one kind, its memberships answered.
#[derive(Debug)]
pub struct Residual {
    /// What is left of the filter.
    pub filter: ResolvedFilter,
    /// The answers to its relations.
    pub relations: RelationSets,
}

/// What is left of a filter for entries of one kind; None when none of them can match, so that the database need not
/// be asked. Memberships that it asks for are looked up, held until `deadline`.
///
/// # Errors
/// The database could not answer.
pub async fn residual(
    directory: &Directory,
    kind: Kind,
    filter: &ResolvedFilter,
    deadline: Instant,
) -> Result<Option<Residual>, DirectoryError> {
    let source = directory.source(kind);
    let mut terms = Vec::new();
    let filter = filter
        .clone()
        .map_leaves(&mut |leaf| known(source, &leaf).unwrap_or(leaf))
        .matching();
    let filter = filter.map_leaves(&mut |leaf| match MembershipTerm::of(kind, &leaf) {
        Some(term) => match terms.iter().position(|have| *have == term) {
            Some(known) => term.as_filter(known),
            // Left in place it is decided on members that are read with each entry.
            None if terms.len() >= MEMBERSHIPS_ASKED => leaf,
            None => {
                let relation = term.as_filter(terms.len());
                terms.push(term);
                relation
            }
        },
        None => leaf,
    });
    let mut sets = Vec::new();
    for term in &terms {
        sets.push(relation_set(directory, kind, term, deadline).await?);
    }
    let filter = filter.map_leaves(&mut |leaf| match leaf {
        ResolvedFilter::Relation(relation) if sets.get(relation).is_some_and(|set| set.prepared.is_empty()) => {
            ResolvedFilter::False
        }
        leaf => leaf,
    });
    Ok((filter != ResolvedFilter::False).then_some(Residual {
        filter,
        relations: RelationSets { kind, sets },
    }))
}

/// The names of the entries of `kind` for which a membership term is true.
async fn relation_set(
    directory: &Directory,
    kind: Kind,
    term: &MembershipTerm,
    deadline: Instant,
) -> Result<RelationSet, DirectoryError> {
    let (other, name) = match term {
        MembershipTerm::UserNamed(text) => match Name::new(text) {
            Some(name) => (Kind::User, name),
            None => return Ok(RelationSet::default()),
        },
        MembershipTerm::Dn(dn) => match directory.tree.locate(dn, &directory.schema) {
            Place::Entry(other, name) => (other, name),
            _ => return Ok(RelationSet::default()),
        },
    };
    if other == kind {
        return Ok(RelationSet::default());
    }
    let Some((spelled, pairs)) = memberships(directory, other, &name, deadline).await? else {
        return Ok(RelationSet::default());
    };
    // memberUid is caseExactMatch: ALICE is nobody's member where alice is.
    if let MembershipTerm::UserNamed(text) = term
        && prepare_exact(text) != prepare_exact(&spelled)
    {
        return Ok(RelationSet::default());
    }
    let related: Vec<String> = match kind {
        Kind::User => pairs.into_iter().map(|pair| pair.user).collect(),
        Kind::Group if directory.groups_spelled_alike => pairs.into_iter().map(|pair| pair.group).collect(),
        Kind::Group => directory
            .existing_groups(&pairs, Class::Lookup, deadline)
            .await?
            .into_values()
            .collect(),
    };
    let mut set = RelationSet::default();
    for related in related {
        if let Some(name) = Name::new(&related)
            && set.prepared.insert(name.prepared)
        {
            set.spelled.push(related);
        }
    }
    Ok(set)
}

/// The memberships of one user or group, and how its entry spells the name; None when there is no such entry.
async fn memberships(
    directory: &Directory,
    kind: Kind,
    name: &Name,
    deadline: Instant,
) -> Result<Option<(String, Vec<Pair>)>, DirectoryError> {
    // Who has groups is found with them, in one statement; who has none, or has twins, is looked up first.
    if kind == Kind::User {
        let mut pairs = directory
            .pairs(By::Users(&spellings(name)), Class::Lookup, deadline)
            .await?;
        pairs.retain(|pair| Name::new(&pair.user).is_some_and(|user| user.prepared == name.prepared));
        if let Some(first) = pairs.first().map(|pair| pair.user.clone())
            && pairs.iter().all(|pair| pair.user == first)
        {
            return Ok(Some((first, pairs)));
        }
    }
    let Some(row) = directory.find(kind, name, deadline).await? else {
        return Ok(None);
    };
    let spelled = directory
        .source(kind)
        .maker()
        .projection()
        .name(&row)
        .unwrap_or_default();
    let names = [spelled.clone()];
    let by = match kind {
        Kind::User => By::Users(&names),
        Kind::Group => By::Groups(&names),
    };
    Ok(Some((spelled, directory.pairs(by, Class::Lookup, deadline).await?)))
}

/// A leaf that asks for a membership.
#[derive(PartialEq)]
enum MembershipTerm {
    UserNamed(String),
    Dn(Dn),
}

impl MembershipTerm {
    fn of(kind: Kind, leaf: &ResolvedFilter) -> Option<Self> {
        let (id, assertion, text) = asserted(leaf)?;
        match (kind, id, assertion) {
            (Kind::Group, ids::MEMBER_UID, Assertion::Text(Fold::Exact, _)) => {
                Some(MembershipTerm::UserNamed(text.to_owned()))
            }
            (Kind::Group, ids::MEMBER, Assertion::Dn(_))
            | (Kind::Group, ids::UNIQUE_MEMBER, Assertion::NameAndUid(_, None) | Assertion::Dn(_))
            | (Kind::User, ids::MEMBER_OF, Assertion::Dn(_)) => Dn::parse(text).ok().map(MembershipTerm::Dn),
            _ => None,
        }
    }

    /// The term as the relation of this number. A group without a number is no posixGroup, and memberUid is an
    /// attribute of those.
    fn as_filter(&self, relation: usize) -> ResolvedFilter {
        let relation = ResolvedFilter::Relation(relation);
        match self {
            MembershipTerm::UserNamed(_) => ResolvedFilter::all([relation, ResolvedFilter::Present(ids::GID_NUMBER)]),
            MembershipTerm::Dn(_) => relation,
        }
    }
}

/// What a leaf asserts of an attribute's values to be equal to. No group is a member of a group, so a chain of
/// memberships is one link.
fn asserted(leaf: &ResolvedFilter) -> Option<(AttributeId, &Assertion, &str)> {
    match leaf {
        ResolvedFilter::Equality {
            attribute,
            assertion,
            value,
        }
        | ResolvedFilter::InChain {
            attribute,
            assertion,
            value,
        } => Some((*attribute, assertion, str::from_utf8(value).ok()?)),
        _ => None,
    }
}

/// What is known of a leaf without looking at a row: attributes that no entry of the kind has, and object classes
/// that all or none have.
fn known(source: &Source, leaf: &ResolvedFilter) -> Option<ResolvedFilter> {
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

/// How the rows of `source` that can match are found.
pub fn plan(source: &Source, residual: &Residual) -> Plan {
    match names(source, &residual.filter) {
        Some(names) if names.len() <= NAMES_LOOKED_UP => Plan::Names(names),
        _ => by_key(source, residual),
    }
}

/// The same where names are of no use.
pub fn by_key(source: &Source, residual: &Residual) -> Plan {
    let mut left = COMPARISONS;
    Plan::Rows(narrow(source, &residual.filter, &residual.relations, &mut left))
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
                if all.len() > NAMES_LOOKED_UP {
                    return None;
                }
            }
            Some(all)
        }
        leaf => match asserted(leaf)? {
            (id, Assertion::Text(..), text) if id == source.kind().naming_attribute() => Some(vec![Name::new(text)?]),
            _ => None,
        },
    }
}

/// A predicate that every matching row satisfies, made of no more than `left` comparisons.
fn narrow(source: &Source, filter: &ResolvedFilter, relations: &RelationSets, left: &mut usize) -> Predicate {
    let mut parts = |filters: &[ResolvedFilter]| -> Vec<Predicate> {
        let narrowed = filters.iter().map(|filter| narrow(source, filter, relations, left));
        narrowed.collect()
    };
    match filter {
        ResolvedFilter::False | ResolvedFilter::Undefined => Predicate::False,
        ResolvedFilter::And(filters) => source.simplify(&Predicate::And(parts(filters))),
        ResolvedFilter::Or(filters) => source.simplify(&Predicate::Or(parts(filters))),
        ResolvedFilter::Relation(relation) => match relations.sets.get(*relation) {
            Some(set) if set.spelled.len() <= LISTED_NAMES && take(left, set.spelled.len()) => {
                source.named_one_of(&set.spelled)
            }
            _ => Predicate::True,
        },
        leaf => asserted(leaf)
            .and_then(|(id, assertion, text)| equality(source, id, assertion, text))
            .filter(|_| take(left, LEAF))
            .unwrap_or(Predicate::True),
    }
}

fn take(left: &mut usize, count: usize) -> bool {
    let rest = left.checked_sub(count);
    *left = rest.unwrap_or(*left);
    rest.is_some()
}

/// Rows whose attribute, as it would be served, can equal a value.
fn equality(source: &Source, id: AttributeId, assertion: &Assertion, text: &str) -> Option<Predicate> {
    match assertion {
        Assertion::Text(..) if id == source.kind().naming_attribute() => {
            let column = source.column(Role::Name)?;
            Some(Predicate::EqualsIgnoreCase {
                column,
                prepared: Name::new(text)?.prepared,
            })
        }
        Assertion::Text(..) if id == ids::MAIL && source.kind() == Kind::User => Some(mail(source, text)),
        Assertion::Integer(_) => {
            let column = match (source.kind(), id) {
                (Kind::User, ids::UID_NUMBER) | (Kind::Group, ids::GID_NUMBER) => source.column(Role::Number)?,
                (Kind::User, ids::GID_NUMBER) => source.column(Role::PrimaryGroup)?,
                _ => return None,
            };
            Some(Predicate::IntegerEquals {
                column,
                value: text.trim().parse().ok()?,
            })
        }
        _ => None,
    }
}

/// A row without a usable mail is served with its name and the base's domain, so it must not be left out. A mail that
/// is not plain ASCII breaks the syntax; such rows are in the superset of any equality.
fn mail(source: &Source, text: &str) -> Predicate {
    let Some(prepared) = Name::new(text).map(|name| name.prepared) else {
        return Predicate::False;
    };
    let column = source.column(Role::Mail);
    let own = column.map(|column| Predicate::EqualsIgnoreCase {
        column,
        prepared: prepared.clone(),
    });
    let by_name = source.mail_domain().and_then(|domain| {
        let name = prepared.strip_suffix(&domain.to_lowercase())?.strip_suffix('@')?;
        let named = Predicate::EqualsIgnoreCase {
            column: source.column(Role::Name)?,
            prepared: name.to_owned(),
        };
        Some(match column {
            Some(column) => Predicate::And(vec![named, Predicate::IsAbsent(column)]),
            None => named,
        })
    });
    Predicate::Or(own.into_iter().chain(by_name).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::model::{filter::Filter, schema::Schema};

    #[test]
    fn a_group_without_a_number_has_no_member_uid() {
        struct Member;
        impl Relations for Member {
            fn holds(&self, _: usize, _: &Entry) -> Truth {
                Truth::True
            }
        }
        let schema = Schema::standard();
        let mut group = Entry::new("cn=staff,dc=example,dc=com");
        let found = |filter: &str, group: &Entry| {
            let leaf = Filter::parse(filter).unwrap().resolve(&schema);
            let term = MembershipTerm::of(Kind::Group, &leaf).unwrap().as_filter(0);
            (
                term.evaluate(&schema, group, &Member),
                (!term).evaluate(&schema, group, &Member),
            )
        };
        let yes = (Truth::True, Truth::False);
        assert_eq!(found("(memberUid=alice)", &group), (Truth::False, Truth::True));
        assert_eq!(found("(member=uid=alice,dc=example,dc=com)", &group), yes);
        group.push(ids::GID_NUMBER, "7");
        assert_eq!(found("(memberUid=alice)", &group), yes);
    }
}
