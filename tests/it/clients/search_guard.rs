//! Search Guard: logins, and the roles of who has logged in, by JNDI.

use super::program::rules;

rules! {
    SearchGuard:
    tls_1_2_with_the_host_name,
    search_before_bind,
    one_user_by_name,
    manage_dsa_it,
    binds,
    binds_again_and_back,
    roles_by_member,
    roles_by_other_attributes,
    every_group_can_be_read,
    member_of_is_what_the_role_search_finds,
    attributes_asked_for,
    no_nested_roles,
    hundreds_of_terms,
    validation_of_pooled_connections,
    an_empty_base,
    no_referrals,
    sasl_external,
    all_groups_of_a_user,
    idle_connections,
    first_server_dead,
}
