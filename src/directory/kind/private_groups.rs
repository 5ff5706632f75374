//! Private groups: the group of one user alone, whose gid number no group has.

use crate::{
    directory::kind::{
        entry_kind::{EntryKind, MembershipSide},
        groups::GROUPS,
        role::Role,
        rule::{ValueSource, always, rule},
    },
    model::schema::ids,
};

/// Private groups. Their rows are those of all-users whose gid number no group has. They have no columns of their own: the
/// gateway makes the table.
pub static PRIVATE_GROUPS: EntryKind = EntryKind {
    singular: "private group",
    plural: "private groups",
    cookie: 0x30,
    rdn: "cn",
    naming_attribute: ids::CN,
    container: |layout| layout.groups.clone(),
    gives_way_to: Some(&GROUPS),
    membership: MembershipSide::None,
    structural_class: "namedObject",
    uuid_label: "private-group",
    columns: &[],
    required_numbers: &[Role::Number, Role::PrimaryGroup],
    rules: &[
        rule(ids::CN, &[ValueSource::Name]),
        rule(ids::GID_NUMBER, &[ValueSource::OwnNumber(Role::PrimaryGroup)]),
    ],
    // No groupOfNames: clients that synchronise groups by their members do not look at these.
    classes: &[always("top"), always("namedObject"), always("posixGroup")],
    membership_attributes: &[],
};
