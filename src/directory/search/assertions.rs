//! The memberships that a filter asks for, answered beforehand: for each the set of entries that have it. Where one
//! statement can, a user's groups come as rows of all-groups, so that they need not be read again.

use crate::{
    directory::{
        Directory, DirectoryError,
        kind::Kind,
        membership::MembershipsOf,
        naming::{
            asserted::{LONGEST_VALUE, asserted, entry_name},
            tree::{Name, Place},
        },
        pushdown::predicate::Listed,
        source::{duplicates::distinct, listing::spellings},
    },
    model::{
        dn::Dn,
        entry::Entry,
        filter::{Relations, ResolvedFilter, Truth},
        matching::Assertion,
        prepare::{Fold, prepare_exact},
        schema::ids,
    },
    sql::{Budget, Row},
};
use std::collections::{
    HashMap, HashSet,
    hash_map::Entry::{Occupied, Vacant},
};

/// One membership that a filter asks for, answered beforehand.
#[derive(Debug, Clone, Default)]
pub struct RelationSet {
    /// The prepared names of the entries that have it.
    prepared: HashSet<String>,
    /// The same names as the membership's source spells them.
    pub(crate) spelled: Vec<String>,
    /// The entries' rows, in the order of their prepared names, where the same statement has read them.
    pub(crate) rows: Option<Vec<Row>>,
}

impl RelationSet {
    fn named(names: impl IntoIterator<Item = String>) -> Self {
        let mut set = RelationSet::default();
        for spelled in names {
            if let Some(name) = Name::new(&spelled)
                && set.prepared.insert(name.prepared)
            {
                set.spelled.push(spelled);
            }
        }
        set
    }

    /// How many entries have it.
    pub fn len(&self) -> usize {
        self.prepared.len()
    }

    /// Whether no entry has it.
    pub fn is_empty(&self) -> bool {
        self.prepared.is_empty()
    }
}

/// The memberships that a filter asks for of entries of one kind.
#[derive(Debug)]
pub struct RelationSets {
    kind: Kind,
    sets: Vec<RelationSet>,
}

impl RelationSets {
    /// Of a filter that asks for none.
    pub fn none(kind: Kind) -> Self {
        RelationSets { kind, sets: Vec::new() }
    }

    /// How many names each answer has.
    pub fn counts(&self) -> Vec<usize> {
        self.sets.iter().map(RelationSet::len).collect()
    }

    /// The answer of this number.
    pub fn get(&self, relation: usize) -> Option<&RelationSet> {
        self.sets.get(relation)
    }

    /// Answers the terms of a filter on entries of `kind`; the database is held until `deadline`.
    ///
    /// # Errors
    /// The database could not answer.
    pub(crate) async fn answer(
        directory: &Directory,
        kind: Kind,
        terms: &[MembershipTerm],
        budget: Budget,
    ) -> Result<Self, DirectoryError> {
        // Clients ask for member, uniqueMember and memberUid of one user in one filter.
        let mut asked: HashMap<String, Option<Related>> = HashMap::new();
        let mut sets = Vec::new();
        for term in terms {
            let Some(name) = term.other(directory, kind) else {
                sets.push(RelationSet::default());
                continue;
            };
            let related = match asked.entry(name.prepared.clone()) {
                Occupied(known) => known.into_mut(),
                Vacant(new) => new.insert(match kind {
                    Kind::User => Box::pin(members(directory, &name, budget)).await?,
                    Kind::Group => Box::pin(groups(directory, &name, budget)).await?,
                    // They have no members and are none.
                    Kind::PrivateGroup => None,
                }),
            };
            let related = related.as_ref().filter(|related| term.means(&related.spelled));
            sets.push(related.map(|related| related.set.clone()).unwrap_or_default());
        }
        Ok(RelationSets { kind, sets })
    }
}

impl Listed for RelationSets {
    fn listed(&self, relation: usize) -> Option<&[String]> {
        Some(&self.sets.get(relation)?.spelled)
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

/// What one user's or group's memberships are.
struct Related {
    /// How the entry of the user or group spells its name.
    spelled: String,
    /// The entries on the other side.
    set: RelationSet,
}

/// The members of a group; None when there is no such group.
async fn members(directory: &Directory, group: &Name, budget: Budget) -> Result<Option<Related>, DirectoryError> {
    let Some(spelled) = spelled(directory, Kind::Group, group, budget).await? else {
        return Ok(None);
    };
    let names = [spelled.clone()];
    let pairs = directory
        .memberships
        .read(MembershipsOf::Groups(&names), budget)
        .await?;
    let set = RelationSet::named(pairs.into_iter().map(|pair| pair.user));
    Ok(Some(Related { spelled, set }))
}

/// The groups of a user; None when there is no such user.
async fn groups(directory: &Directory, user: &Name, budget: Budget) -> Result<Option<Related>, DirectoryError> {
    // A user is found together with the groups; another spelling, or one of twins, is looked up first.
    if let Some(found) = groups_of_spellings(directory, &spellings(user), user, budget).await? {
        return Ok(Some(found));
    }
    let Some(spelled) = spelled(directory, Kind::User, user, budget).await? else {
        return Ok(None);
    };
    let found = groups_of_spellings(directory, std::slice::from_ref(&spelled), user, budget).await?;
    // Who is in no group may not be found in this way.
    Ok(Some(found.unwrap_or(Related {
        spelled,
        set: RelationSet::default(),
    })))
}

/// The groups of the one user that these spellings find; None when they find nobody, or several.
async fn groups_of_spellings(
    directory: &Directory,
    spellings: &[String],
    user: &Name,
    budget: Budget,
) -> Result<Option<Related>, DirectoryError> {
    let is_meant = |found: &str| Name::new(found).is_some_and(|found| found.prepared == user.prepared);
    let columns = &directory.groups.maker().projection().columns;
    if let Some(mut found) = directory
        .memberships
        .groups_with_rows(spellings, columns, budget)
        .await?
    {
        found.retain(|(user, _)| is_meant(user));
        let Some(spelled) = only(found.iter().map(|(user, _)| user)) else {
            return Ok(None);
        };
        let rows = found.into_iter().filter_map(|(_, row)| row).collect();
        let rows = distinct(directory.groups.maker().projection(), rows);
        let names = rows
            .iter()
            .filter_map(|row| directory.groups.maker().projection().name(row));
        let mut set = RelationSet::named(names);
        set.rows = Some(rows);
        return Ok(Some(Related { spelled, set }));
    }
    let mut pairs = directory
        .memberships
        .read(MembershipsOf::Users(spellings), budget)
        .await?;
    pairs.retain(|pair| is_meant(&pair.user));
    let Some(spelled) = only(pairs.iter().map(|pair| &pair.user)) else {
        return Ok(None);
    };
    let set = match directory.memberships.spell_groups_alike() {
        true => RelationSet::named(pairs.into_iter().map(|pair| pair.group)),
        false => {
            let existing = directory.memberships.existing_groups(&pairs, budget).await?;
            RelationSet::named(existing.into_values())
        }
    };
    Ok(Some(Related { spelled, set }))
}

/// How the entry with this name spells it.
async fn spelled(
    directory: &Directory,
    kind: Kind,
    name: &Name,
    budget: Budget,
) -> Result<Option<String>, DirectoryError> {
    let row = directory.find(kind, name, budget).await?;
    Ok(row.and_then(|row| directory.source(kind).maker().projection().name(&row)))
}

/// The one that all of them are.
fn only<'a>(mut names: impl Iterator<Item = &'a String>) -> Option<String> {
    let first = names.next()?;
    names.all(|name| name == first).then(|| first.clone())
}

/// A leaf that asks for a membership.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum MembershipTerm {
    /// `memberUid=NAME`.
    UserNamed(String),
    /// `member=DN`, `uniqueMember=DN`, `memberOf=DN`.
    Dn(Dn),
}

impl MembershipTerm {
    /// What a leaf asks of entries of `kind`, if it is a membership.
    pub fn of(kind: Kind, leaf: &ResolvedFilter) -> Option<Self> {
        let (id, assertion, value) = asserted(leaf)?;
        let text = || str::from_utf8(value).ok().filter(|text| text.len() <= LONGEST_VALUE);
        match (kind, id, assertion) {
            (Kind::Group, ids::MEMBER_UID, Assertion::Text(Fold::Exact, _)) => {
                Some(MembershipTerm::UserNamed(text()?.to_owned()))
            }
            (Kind::Group, ids::MEMBER, Assertion::Dn(_))
            | (Kind::Group, ids::UNIQUE_MEMBER, Assertion::NameAndUid(_, None) | Assertion::Dn(_))
            | (Kind::User, ids::MEMBER_OF, Assertion::Dn(_)) => Dn::parse(text()?).ok().map(MembershipTerm::Dn),
            _ => None,
        }
    }

    /// The term as the relation of this number. A group without a number is no posixGroup, and memberUid is an
    /// attribute of those.
    pub fn as_filter(&self, relation: usize) -> ResolvedFilter {
        let relation = ResolvedFilter::Relation(relation);
        match self {
            MembershipTerm::UserNamed(_) => ResolvedFilter::all([relation, ResolvedFilter::Present(ids::GID_NUMBER)]),
            MembershipTerm::Dn(_) => relation,
        }
    }

    /// The user or group that entries of `kind` are asked to have a membership with; None when there can be none.
    fn other(&self, directory: &Directory, kind: Kind) -> Option<Name> {
        match self {
            MembershipTerm::UserNamed(text) => Name::new(text),
            MembershipTerm::Dn(dn) => match directory.tree.locate(dn, &directory.schema) {
                Place::Entry(other, name) if other != kind => Some(name),
                _ => None,
            },
        }
    }

    /// Whether it is true of an entry that spells its name so. memberUid is caseExactMatch: ALICE is nobody's member
    /// where alice is.
    fn means(&self, spelled: &str) -> bool {
        match self {
            MembershipTerm::UserNamed(text) => prepare_exact(text) == prepare_exact(spelled),
            MembershipTerm::Dn(_) => true,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::{
        directory::search::assertions::*,
        model::{filter::Filter, schema::Schema},
    };

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
