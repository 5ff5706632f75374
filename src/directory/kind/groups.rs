//! Groups: `groupOfNames`, and `posixGroup` (RFC 2307) where there is a number.

use crate::{
    directory::kind::{
        entry_kind::{EntryKind, MembershipSide},
        role::Role,
        rule::{Class, ClassWhen, ValueSource, always, rule},
    },
    model::schema::ids,
};

/// Groups.
///
/// Time stamps are not among their columns: a group's row does not change when its members do, and SSSD would then never
/// see the new members.
pub static GROUPS: EntryKind = EntryKind {
    singular: "group",
    plural: "groups",
    cookie: 0x20,
    rdn: "cn",
    naming_attribute: ids::CN,
    container: |layout| layout.groups.clone(),
    gives_way_to: None,
    membership: MembershipSide::Groups,
    structural_class: "groupOfNames",
    uuid_label: "group",
    columns: &[
        ("name", Role::Name),
        ("cn", Role::Name),
        ("gid_number", Role::Number),
        ("gidnumber", Role::Number),
        ("entry_uuid", Role::EntryUuid),
        ("entryuuid", Role::EntryUuid),
        ("member_uids", Role::MemberUids),
        ("memberuid", Role::MemberUids),
        ("members", Role::Members),
        ("member", Role::Members),
        ("uniquemember", Role::Members),
    ],
    required_numbers: &[],
    rules: &[
        rule(ids::CN, &[ValueSource::Name]),
        rule(ids::GID_NUMBER, &[ValueSource::Number(Role::Number)]),
    ],
    classes: &[
        always("top"),
        always("groupOfNames"),
        Class {
            name: "posixGroup",
            when: ClassWhen::Numbers(&[Role::Number]),
        },
    ],
    membership_attributes: &[ids::MEMBER_UID, ids::MEMBER, ids::UNIQUE_MEMBER],
};
