//! The memberships that a filter asks for, answered beforehand: for each the set of entries that have it.

use crate::{
    directory::{
        entry_source::MembershipSet,
        error::DirectoryError,
        kind::{Kind, MembershipSide},
        naming::{
            asserted::{LONGEST_VALUE, asserted, entry_name},
            tree::{Name, Place},
        },
        search::context::SearchContext,
    },
    model::{
        dn::Dn,
        entry::Entry,
        filter::{Relations, ResolvedFilter, Truth},
        matching::Assertion,
        prepare::{Fold, prepare_exact},
        schema::ids,
    },
};
use std::{
    collections::{
        HashMap,
        hash_map::Entry::{Occupied, Vacant},
    },
    sync::Arc,
};

/// The memberships that a filter asks for of entries of one kind, by their number in the filter.
#[derive(Debug)]
pub(crate) struct AssertedMemberships {
    kind: Kind,
    sets: Vec<Arc<MembershipSet>>,
}

impl AssertedMemberships {
    /// Of a filter that asks for none.
    pub fn none(kind: Kind) -> Self {
        AssertedMemberships { kind, sets: Vec::new() }
    }

    /// The answer of this number.
    pub fn get(&self, relation: usize) -> Option<&MembershipSet> {
        self.sets.get(relation).map(|set| &**set)
    }

    /// All answers.
    pub fn sets(&self) -> &[Arc<MembershipSet>] {
        &self.sets
    }

    /// Answers the terms of a filter on entries of `kind`.
    ///
    /// # Errors
    /// The source could not answer.
    pub async fn answer(
        context: &SearchContext<'_>,
        kind: Kind,
        terms: &[MembershipTerm],
    ) -> Result<Self, DirectoryError> {
        // Clients ask for member, uniqueMember and memberUid of one user in one filter.
        let mut asked = HashMap::new();
        let mut sets = Vec::new();
        for term in terms {
            let Some(name) = term.other(context, kind) else {
                sets.push(Arc::default());
                continue;
            };
            let related = match asked.entry(name.prepared.clone()) {
                Occupied(known) => known.into_mut(),
                Vacant(new) => new.insert(context.source.related(kind, &name, &context.terms).await?),
            };
            let related = related.as_ref().filter(|related| term.means(&related.spelled));
            sets.push(related.map(|related| Arc::clone(&related.set)).unwrap_or_default());
        }
        Ok(AssertedMemberships { kind, sets })
    }
}

impl Relations for AssertedMemberships {
    fn holds(&self, relation: usize, entry: &Entry) -> Truth {
        let Some(set) = self.get(relation) else {
            return Truth::Undefined;
        };
        let name = Name::new(&entry_name(self.kind, entry));
        Truth::from(name.is_some_and(|name| set.contains(&name.prepared)))
    }
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
        match (kind.membership, id, assertion) {
            (MembershipSide::Groups, ids::MEMBER_UID, Assertion::Text(Fold::Exact, _)) => {
                Some(MembershipTerm::UserNamed(text()?.to_owned()))
            }
            (MembershipSide::Groups, ids::MEMBER, Assertion::Dn(_))
            | (MembershipSide::Groups, ids::UNIQUE_MEMBER, Assertion::NameAndUid(_, None) | Assertion::Dn(_))
            | (MembershipSide::Members, ids::MEMBER_OF, Assertion::Dn(_)) => {
                Dn::parse(text()?).ok().map(MembershipTerm::Dn)
            }
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
    fn other(&self, context: &SearchContext<'_>, kind: Kind) -> Option<Name> {
        match self {
            MembershipTerm::UserNamed(text) => Name::new(text),
            MembershipTerm::Dn(dn) => match context.tree.locate(dn, context.schema) {
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
        directory::{kind::GROUPS, search::assertions::*},
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
            let term = MembershipTerm::of(&GROUPS, &leaf).unwrap().as_filter(0);
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
