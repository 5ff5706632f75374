//! The kinds of entries. Each is a value that says what its columns are for, where the values of its attributes come from
//! and which object classes it has. To give a column a meaning or an attribute a fallback, change `users` or `groups`.
//!
//! Knows attributes; no rows, no SQL.

pub(crate) mod entry_kind;
pub(crate) mod groups;
pub(crate) mod private_groups;
pub mod role;
pub(crate) mod rule;
pub(crate) mod users;

use crate::{
    directory::kind::{entry_kind::EntryKind, groups::GROUPS, private_groups::PRIVATE_GROUPS, users::USERS},
    model::schema::AttributeId,
};

/// Whether a row describes a user or a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A row of all-users or one-user.
    User,
    /// A row of all-groups or groups-by-member.
    Group,
    /// A row of all-users whose gid number no group has: the group of that user alone.
    PrivateGroup,
}

impl Kind {
    /// The attribute that names an entry of this kind.
    pub fn naming_attribute(self) -> AttributeId {
        self.data().naming_attribute
    }

    /// What the kind is.
    pub(crate) fn data(self) -> &'static EntryKind {
        match self {
            Kind::User => &USERS,
            Kind::Group => &GROUPS,
            Kind::PrivateGroup => &PRIVATE_GROUPS,
        }
    }
}
