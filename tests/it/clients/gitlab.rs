//! GitLab: sign-ins, checks whether users still may, and the sync of groups, by net-ldap.

use super::program::rules;

rules! {
    GitLab:
    root_dse,
    pages_with_one_message_id,
    users_by_dn,
    nobody_is_disabled,
    members_in_chain,
    no_nested_groups,
    groups_by_cn,
    members_can_be_read,
    no_member_of_without_member,
    size_limits,
    person_attributes,
    the_attribute_dn,
    sign_in,
    values_in_lower_case,
    first_server_dead,
}
