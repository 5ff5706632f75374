//! Kanidm's sync tool: what it reads, but for the content sync, by python-ldap.

use super::program::rules;

rules! {
    Kanidm:
    persons_and_groups,
    single_values,
    members_are_dns_of_persons,
    members_by_name,
    uuids_of_entries,
    content_sync_is_refused,
    certificate,
}
