//! The attribute types that one leaf of a filter is about. They are kept as what they have in common, because a list of
//! them would take more memory than the filter that a client sent.

use crate::model::schema::{AttributeId, MatchingRule, Schema, ids};

/// Types with a leaf of their own: the planner knows more of them than their values, or the values are elsewhere.
const SEPARATE: [AttributeId; 7] = [
    ids::OBJECT_CLASS,
    ids::STRUCTURAL_OBJECT_CLASS,
    ids::MEMBER,
    ids::UNIQUE_MEMBER,
    ids::MEMBER_UID,
    ids::MEMBER_OF,
    ids::ENTRY_DN,
];

/// Attribute types of a schema. `userPassword` is never among them (no question is answered about it).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Types {
    /// The type and those that inherit from it.
    SubtypesOf(AttributeId),
    /// Those that a matching rule can be held against.
    HeldAgainst(MatchingRule),
}

impl Types {
    /// All of them.
    pub fn of(self, schema: &Schema) -> impl Iterator<Item = AttributeId> + '_ {
        let (listed, all) = match self {
            Self::SubtypesOf(id) => (schema.subtypes(id), None),
            Self::HeldAgainst(_) => (&[][..], Some(schema.attributes().map(|(id, _)| id))),
        };
        listed
            .iter()
            .copied()
            .chain(all.into_iter().flatten())
            .filter(move |&id| self.contains(schema, id))
    }

    /// Those that share a leaf.
    pub fn shared(self, schema: &Schema) -> impl Iterator<Item = AttributeId> + '_ {
        self.of(schema).filter(|id| !SEPARATE.contains(id))
    }

    /// Those that have a leaf each.
    pub fn separate(self, schema: &Schema) -> impl Iterator<Item = AttributeId> {
        SEPARATE.into_iter().filter(move |&id| self.contains(schema, id))
    }

    /// Whether a type is one of them.
    pub fn contains(self, schema: &Schema, id: AttributeId) -> bool {
        id != ids::USER_PASSWORD
            && match self {
                Self::SubtypesOf(ancestor) => schema.is_subtype(id, ancestor),
                Self::HeldAgainst(rule) => schema.attribute_type(id).may_be_held_against(rule),
            }
    }

    /// Whether it is one of those that share a leaf.
    pub fn shares(self, schema: &Schema, id: AttributeId) -> bool {
        !SEPARATE.contains(&id) && self.contains(schema, id)
    }
}
