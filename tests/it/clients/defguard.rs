//! Defguard: what its sync reads, and its logins, by python-ldap.

use super::program::rules;

rules! {
    Defguard:
    attribute_names_as_spelled,
    all_and_only_users,
    groups_below_the_base,
    memberships_agree,
    filters,
    one_user_by_dn,
    pages,
    replicas_spell_alike,
    binds,
    writes_change_nothing,
}
