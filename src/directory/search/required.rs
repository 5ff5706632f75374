//! Which attributes of a search's entries cost statements or work of their own, and whether they are needed.

use crate::{
    directory::hidden::Hidden,
    model::{
        entry::Selection,
        filter::ResolvedFilter,
        schema::{Schema, ids},
    },
};

/// Which costly attributes the entries of a search must have, because they were asked for or are filtered on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Required {
    /// memberUid.
    pub member_uid: bool,
    /// member.
    pub member: bool,
    /// uniqueMember.
    pub unique_member: bool,
    /// memberOf.
    pub member_of: bool,
    /// The filter itself looks at membership values, so they are needed before it decides.
    pub before_filter: bool,
}

impl Required {
    pub fn of(schema: &Schema, filter: &ResolvedFilter, selection: &Selection) -> Self {
        let filtered = filter.attributes(schema);
        let filtered = |id| filtered.contains(id);
        // `uniqueMember` is another view of `member`: served when asked for by name, not with `*`.
        let selected = |id| {
            if id == ids::UNIQUE_MEMBER {
                selection.lists(id)
            } else {
                selection.includes(schema, id)
            }
        };
        let wanted = |id| selected(id) || filtered(id);
        let membership = [ids::MEMBER_UID, ids::MEMBER, ids::UNIQUE_MEMBER, ids::MEMBER_OF];
        Required {
            member_uid: wanted(ids::MEMBER_UID),
            member: wanted(ids::MEMBER),
            unique_member: wanted(ids::UNIQUE_MEMBER),
            member_of: wanted(ids::MEMBER_OF),
            before_filter: membership.into_iter().any(filtered),
        }
    }

    /// The same where something is hidden: memberships are not even read then.
    pub fn without(self, hidden: &Hidden) -> Self {
        match hidden.hides_memberships() {
            true => Required {
                member_uid: false,
                member: false,
                unique_member: false,
                member_of: false,
                before_filter: false,
            },
            false => self,
        }
    }
}

/// Whether the entries of a search must have operational attributes other than memberOf.
pub(crate) fn operational(schema: &Schema, filter: &ResolvedFilter, selection: &Selection) -> bool {
    let operational = [
        ids::ENTRY_UUID,
        ids::ENTRY_DN,
        ids::STRUCTURAL_OBJECT_CLASS,
        ids::SUBSCHEMA_SUBENTRY,
        ids::HAS_SUBORDINATES,
        ids::CREATE_TIMESTAMP,
        ids::MODIFY_TIMESTAMP,
        ids::NS_ACCOUNT_LOCK,
    ];
    let filtered = filter.attributes(schema);
    let mut operational = operational.into_iter();
    let by_name = [ids::SHADOW_EXPIRE];
    operational.any(|id| selection.includes(schema, id) || filtered.contains(id))
        || by_name
            .into_iter()
            .any(|id| selection.lists(id) || filtered.contains(id))
}
