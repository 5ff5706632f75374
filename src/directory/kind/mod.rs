//! The kinds of entries. Each is a value that says what its columns are for, where the values of its attributes come from
//! and which object classes it has. To give a column a meaning or an attribute a fallback, change `users` or `groups`, in the
//! words of `rule` and `role`; a kind more is one value more.
//!
//! Knows attributes; no rows, no SQL.

mod entry_kind;
mod groups;
mod private_groups;
pub(crate) mod role;
pub(crate) mod rule;
mod users;

pub use entry_kind::{EntryKind, Kind, MembershipSide};
pub use groups::GROUPS;
pub use private_groups::PRIVATE_GROUPS;
pub use users::USERS;

/// The kinds that every directory may have, in the order in which searches give their entries.
pub const KINDS: [Kind; 3] = [&USERS, &GROUPS, &PRIVATE_GROUPS];
