//! The kinds of entries.

use crate::model::schema::{AttributeId, ids};

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
        match self {
            Kind::User => ids::UID,
            Kind::Group | Kind::PrivateGroup => ids::CN,
        }
    }
}
