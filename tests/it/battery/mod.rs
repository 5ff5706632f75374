//! What every engine must answer alike. One list of behaviours, stamped onto PostgreSQL, MariaDB and SQLite.
//!
//! The searches are stamped onto a list of entries as well (`entry_list`), a source without SQL.
//!
//! A case is a function in one of the files below and a name in the list at the end of this one; it gets a gateway with
//! the *deployed* settings on a database filled from `sql/` and `tests/data/battery.sql`, shared with the other cases.
//! A case that changes rows or settings makes its own (`Battery::gateway_with`, `Database::fresh`).

mod attributes;
mod binds;
mod columns;
mod dns;
mod filters;
mod groups;
mod hostile;
mod layouts;
mod lookups;
mod matching;
mod operations;
mod paging;
mod private_groups;
mod queries;
mod recommended;
mod scopes;

use crate::entry_list::gateway_like;
use crate::harness::ldap::BASE;
use crate::harness::{Database, Engine, Env, Gateway, Search, ldapsearch};
use std::collections::BTreeSet;
use std::sync::OnceLock;
use std::sync::RwLockReadGuard;

pub struct Battery {
    pub engine: Engine,
    pub database: &'static Database,
    /// With the deployed settings.
    pub gateway: &'static Gateway,
    _not_while_measuring: RwLockReadGuard<'static, ()>,
}

impl Battery {
    fn on(engine: Engine) -> Battery {
        static DEPLOYED: [OnceLock<Gateway>; 3] = [OnceLock::new(), OnceLock::new(), OnceLock::new()];
        let guard = crate::harness::beside_others();
        let database = Database::shared(engine);
        let gateway = DEPLOYED[engine as usize].get_or_init(|| Gateway::start(&database.deployed()));
        Battery {
            engine,
            database,
            gateway,
            _not_while_measuring: guard,
        }
    }

    /// A list of what the gateway on SQLite serves, instead of a database. What a case looks up with SQL comes from there.
    fn on_a_list() -> Battery {
        static LIST: OnceLock<Gateway> = OnceLock::new();
        let sqlite = Battery::on(Engine::Sqlite);
        Battery {
            gateway: LIST.get_or_init(|| gateway_like(sqlite.gateway)),
            ..sqlite
        }
    }

    /// The gateway with the recommended settings on the same database.
    pub fn recommended(&self) -> &'static Gateway {
        static RECOMMENDED: [OnceLock<Gateway>; 3] = [OnceLock::new(), OnceLock::new(), OnceLock::new()];
        RECOMMENDED[self.engine as usize].get_or_init(|| Gateway::start(&self.database.recommended()))
    }

    /// The gateway that wants a bind before a search, with the deployed settings otherwise.
    pub fn closed(&self) -> &'static Gateway {
        static CLOSED: [OnceLock<Gateway>; 3] = [OnceLock::new(), OnceLock::new(), OnceLock::new()];
        CLOSED[self.engine as usize]
            .get_or_init(|| Gateway::start(&self.database.deployed().with("REQUIRE_AUTH_FOR_SEARCH", true)))
    }

    /// A gateway of this case's own, on the shared database.
    pub fn gateway_with(&self, change: impl FnOnce(Env) -> Env) -> Gateway {
        Gateway::start(&change(self.database.deployed()))
    }

    /// ldapsearch below the base with these arguments.
    pub fn search(&self, arguments: &[&str]) -> Search {
        search(self.gateway, arguments)
    }

    /// The names of what a filter finds: `alice`, `staff`, `example`.
    pub fn names(&self, filter: &str) -> BTreeSet<String> {
        names(self.gateway, filter)
    }

    /// Asserts that a filter finds exactly these.
    pub fn finds<const N: usize>(&self, filter: &str, expected: [&str; N]) {
        self.finds_set(filter, &expected.into_iter().map(str::to_string).collect());
    }

    pub fn finds_set(&self, filter: &str, expected: &BTreeSet<String>) {
        assert_eq!(&self.names(filter), expected, "{filter}");
    }

    /// Asserts that a filter finds exactly the users of an SQL condition.
    pub fn finds_users(&self, filter: &str, condition: &str) {
        self.finds_set(filter, &self.users(condition));
    }

    /// Asserts that a filter finds exactly the groups of an SQL condition.
    pub fn finds_groups(&self, filter: &str, condition: &str) {
        self.finds_set(filter, &self.groups(condition));
    }

    /// The names of the users of an SQL condition.
    pub fn users(&self, condition: &str) -> BTreeSet<String> {
        self.column(&format!("SELECT \"uid\" FROM \"Users\" WHERE {condition}"))
    }

    pub fn groups(&self, condition: &str) -> BTreeSet<String> {
        self.column(&format!("SELECT \"cn\" FROM \"Groups\" WHERE {condition}"))
    }

    /// The names of the users' private groups.
    pub fn private_groups(&self) -> BTreeSet<String> {
        self.users("\"gidNumber\" IS NOT NULL AND \"gidNumber\" NOT IN (SELECT \"gidNumber\" FROM \"Groups\")")
    }

    /// The names of all groups.
    pub fn all_groups(&self) -> BTreeSet<String> {
        let mut groups = self.groups("1 = 1");
        groups.extend(self.private_groups());
        groups
    }

    pub fn column(&self, sql: &str) -> BTreeSet<String> {
        self.database
            .rows(sql)
            .into_iter()
            .map(|row| row.into_iter().next().unwrap())
            .collect()
    }

    /// How many entries there are: a private group has its user's name.
    pub fn count(&self) -> usize {
        self.users("1 = 1").len() + self.no_users().len()
    }

    /// The names of users, groups and the base entry.
    pub fn everything(&self) -> BTreeSet<String> {
        let mut all = self.users("1 = 1");
        all.extend(self.no_users());
        all
    }

    /// Groups and the base entry.
    pub fn no_users(&self) -> BTreeSet<String> {
        let mut all = self.all_groups();
        all.insert("example".to_string());
        all
    }

    pub fn everything_but(&self, name: &str) -> BTreeSet<String> {
        let mut all = self.everything();
        assert!(all.remove(name));
        all
    }
}

/// ldapsearch below the base with these arguments.
pub fn search(gateway: &Gateway, arguments: &[&str]) -> Search {
    ldapsearch(gateway, &[&["-b", BASE], arguments].concat())
}

/// The names of what a filter finds. Only attribute `1.1` is asked for, so that nothing but matching is tested.
pub fn names(gateway: &Gateway, filter: &str) -> BTreeSet<String> {
    search(gateway, &[filter, "1.1"]).short()
}

macro_rules! stamp {
    ($($file:ident: [$($case:ident),* $(,)?]),* $(,)?) => {
        stamp!(@ postgresql (crate::battery::Battery::on(crate::battery::Engine::PostgreSql)) $($file: [$($case),*])*);
        stamp!(@ mariadb (crate::battery::Battery::on(crate::battery::Engine::MariaDb)) $($file: [$($case),*])*);
        stamp!(@ sqlite (crate::battery::Battery::on(crate::battery::Engine::Sqlite)) $($file: [$($case),*])*);
        /// Every case.
        const CASES: &[&str] = &[$($(concat!(stringify!($file), "::", stringify!($case))),*),*];
    };
    (@ $stamped:ident ($made:expr) $($file:ident: [$($case:ident),*])*) => {
        mod $stamped {
            $(
                mod $file {
                    $(
                        #[test]
                        fn $case() {
                            crate::battery::$file::$case(&$made);
                        }
                    )*
                }
            )*
        }
    };
}

macro_rules! stamp_list {
    ($($file:ident: [$($case:ident),* $(,)?]),* $(,)?) => {
        stamp!(@ list (crate::battery::Battery::on_a_list()) $($file: [$($case),*])*);
        /// The cases that a list of entries can answer.
        const OF_A_LIST: &[&str] = &[$($(concat!(stringify!($file), "::", stringify!($case))),*),*];
    };
}

stamp! {
    attributes: [
        by_name,
        by_name_in_any_case,
        named_twice_comes_once,
        none,
        all_user_attributes,
        operational_attributes,
        the_name_dn_is_ignored,
        types_only,
        types_only_of_all,
        options_are_subtypes_nobody_has,
        supertypes,
        passwords_are_never_served,
        member_of_by_name_only,
        entry_uuids,
        replicas_agree,
        size_limit,
        time_limit,
        aliases_are_never_there,
    ],
    binds: [
        right_password,
        wrong_password,
        the_hash_is_no_password,
        unknown_user,
        no_password_set,
        empty_password,
        anonymous,
        by_any_spelling_of_the_dn,
        lenient_dns,
        exact_dns,
        names_that_are_odd,
        no_dn,
        search_as_a_user,
        again_on_the_same_connection,
        mechanisms_and_versions,
        searches_need_a_bind_where_it_is_required,
        required_again_after_a_failed_bind,
        requests_keep_the_identity_they_started_with,
        pending_users_may_bind_where_no_status_is_asked_for,
        a_bind_needs_the_row_of_the_one_user_query,
    ],
    columns: [
        enabled_and_locked,
        enabled_as_text,
        expiry,
        status_in_any_case,
        status_by_a_list_of_ones_own,
        expiry_in_numbers,
        account_columns_of_every_type,
        chains_with_empty_items,
        home_directories_for_everybody,
        a_row_without_a_name_is_left_out,
        a_number_that_is_none,
        select_all,
        pass_through,
        never_from_a_column,
        the_column_further_left_counts,
        the_last_column_of_a_name_counts,
        kinds_of_columns,
        other_names_of_an_attribute,
    ],
    dns: [
        spellings,
        values_in_hexadecimal,
        base_in_another_spelling,
        names_that_must_be_escaped,
        names_beyond_ascii,
        groups,
        wrong_kind_of_rdn,
        no_dn_at_all,
    ],
    filters: [
        object_classes_in_any_case,
        classes_the_database_cannot_hold,
        names_and_oids_of_attributes,
        supertypes,
        and_or_not,
        empty_and_and_or,
        unknown_attributes_are_undefined,
        values_that_break_the_syntax_are_undefined,
        presence,
        substrings,
        substrings_of_fallbacks,
        substrings_that_sql_would_misread,
        ordering,
        numbers,
        approximate,
        extensible,
        extensible_on_dns,
        bitwise,
        in_chain_is_no_error,
        passwords_never_match,
        options,
        deep_and_wide,
        wider_than_a_statement,
        fallbacks_match,
    ],
    groups: [
        members_are_listed,
        members_of_all_at_once,
        members_are_spelled_as_the_entries_are,
        member_of_is_spelled_as_the_entries_are,
        empty_groups_are_served,
        by_member,
        by_member_in_any_spelling,
        by_member_that_is_none,
        not_by_member,
        several_members,
        parts_of_members,
        by_group,
        by_group_that_is_none,
        not_by_group,
        in_any_group,
        name_of_a_like_pattern,
        by_number,
        as_clients_ask,
        without_a_number,
    ],
    hostile: [
        injections,
        injections_into_substrings,
        wildcards_are_only_in_the_filter,
        bytes_that_are_no_text,
        control_characters,
        long_values,
        dns_of_injections,
        binds_with_injections,
    ],
    layouts: [
        every_scope,
        containers_are_entries,
        missing_entries_name_the_container,
        members_and_binds_have_the_new_dns,
        one_container_for_both,
        only_users_in_a_container,
    ],
    lookups: [
        user_by_name,
        user_by_name_in_any_case,
        user_that_does_not_exist,
        all_users,
        all_groups,
        group_by_name,
        groups_of_a_member,
        name_or_mail,
        everybody_but_one,
        part_of_a_name,
        read_of_a_dn,
        read_of_a_dn_that_does_not_exist,
        fallbacks,
        no_number_no_posix_account,
        gecos_is_ascii,
        addresses_where_they_are_asked_for,
        values_are_served_as_stored,
    ],
    matching: [
        insignificant_spaces,
        accents_count,
        accents_by_the_byte,
        case_folding_beyond_ascii,
        characters_a_collation_takes_for_one,
        mail_ignores_case,
        paths_do_not,
        member_uid_does_not,
        substrings_ignore_case_and_spaces,
        quotes_and_backslashes,
    ],
    operations: [
        compares,
        compares_of_passwords,
        writes_are_refused,
        unknown_extended_operations,
        many_requests_at_once,
        connections_do_not_see_each_other,
    ],
    paging: [
        every_size,
        filters_of_every_kind,
        names_the_database_holds_equal,
        twins_between_pages,
        queries_that_are_not_read_by_key,
        entries_that_come_and_go,
    ],
    private_groups: [
        as_an_entry,
        by_every_filter,
        in_every_scope,
        none_where_a_group_is,
        twins_have_one,
        numbers_must_be_numbers,
    ],
    queries: [
        dollar_placeholders,
        question_marks_that_are_none,
        placeholder_used_twice,
        queries_that_are_not_plain,
        groups_spelled_differently,
        members_in_a_column,
        text_compared_with_a_number,
        what_is_inserted_is_there,
        a_password_that_changes,
        a_rename_keeps_the_uuid,
        columns_that_come_and_go,
        twins_are_one_entry,
        only_the_first_twin_may_bind,
        another_base,
        base_from_the_common_name,
        groups_with_more,
        a_row_that_breaks_a_query,
        many_rows_without_a_name,
        very_many_groups_of_a_user,
    ],
    recommended: [
        shells,
        ssh_keys,
        status,
        entry_uuid,
        timestamps,
        the_rest_is_as_deployed,
    ],
    scopes: [
        base_entry,
        one_level,
        subtree,
        children,
        below_a_leaf,
        every_entry_can_be_read_by_its_dn,
        order_is_fixed,
        root_dse,
        root_dse_selection,
        whole_tree_from_the_root,
        what_is_listed_is_supported,
        controls_that_are_unknown,
        subschema,
    ],
}

stamp_list! {
    attributes: [
        by_name,
        by_name_in_any_case,
        named_twice_comes_once,
        none,
        all_user_attributes,
        operational_attributes,
        the_name_dn_is_ignored,
        types_only,
        types_only_of_all,
        options_are_subtypes_nobody_has,
        supertypes,
        passwords_are_never_served,
        member_of_by_name_only,
        entry_uuids,
        size_limit,
        time_limit,
        aliases_are_never_there,
    ],
    dns: [
        spellings,
        values_in_hexadecimal,
        base_in_another_spelling,
        names_that_must_be_escaped,
        names_beyond_ascii,
        groups,
        wrong_kind_of_rdn,
        no_dn_at_all,
    ],
    filters: [
        object_classes_in_any_case,
        classes_the_database_cannot_hold,
        names_and_oids_of_attributes,
        supertypes,
        and_or_not,
        empty_and_and_or,
        unknown_attributes_are_undefined,
        values_that_break_the_syntax_are_undefined,
        presence,
        substrings,
        substrings_of_fallbacks,
        substrings_that_sql_would_misread,
        ordering,
        numbers,
        approximate,
        extensible,
        extensible_on_dns,
        bitwise,
        in_chain_is_no_error,
        passwords_never_match,
        options,
        deep_and_wide,
        wider_than_a_statement,
        fallbacks_match,
    ],
    groups: [
        members_are_listed,
        members_of_all_at_once,
        members_are_spelled_as_the_entries_are,
        member_of_is_spelled_as_the_entries_are,
        empty_groups_are_served,
        by_member,
        by_member_in_any_spelling,
        by_member_that_is_none,
        not_by_member,
        several_members,
        parts_of_members,
        by_group,
        by_group_that_is_none,
        not_by_group,
        in_any_group,
        name_of_a_like_pattern,
        by_number,
        as_clients_ask,
        without_a_number,
    ],
    hostile: [
        injections,
        injections_into_substrings,
        wildcards_are_only_in_the_filter,
        bytes_that_are_no_text,
        control_characters,
        long_values,
        dns_of_injections,
    ],
    lookups: [
        user_by_name,
        user_by_name_in_any_case,
        user_that_does_not_exist,
        all_users,
        all_groups,
        group_by_name,
        groups_of_a_member,
        name_or_mail,
        everybody_but_one,
        part_of_a_name,
        read_of_a_dn,
        read_of_a_dn_that_does_not_exist,
        fallbacks,
        no_number_no_posix_account,
        gecos_is_ascii,
        values_are_served_as_stored,
    ],
    matching: [
        insignificant_spaces,
        accents_count,
        accents_by_the_byte,
        case_folding_beyond_ascii,
        characters_a_collation_takes_for_one,
        mail_ignores_case,
        paths_do_not,
        member_uid_does_not,
        substrings_ignore_case_and_spaces,
        quotes_and_backslashes,
    ],
    operations: [
        compares,
        compares_of_passwords,
        writes_are_refused,
        unknown_extended_operations,
        many_requests_at_once,
        connections_do_not_see_each_other,
    ],
    paging: [
        every_size,
        filters_of_every_kind,
    ],
    private_groups: [
        as_an_entry,
        by_every_filter,
    ],
    scopes: [
        base_entry,
        one_level,
        subtree,
        children,
        below_a_leaf,
        every_entry_can_be_read_by_its_dn,
        order_is_fixed,
        root_dse,
        root_dse_selection,
        whole_tree_from_the_root,
        what_is_listed_is_supported,
        controls_that_are_unknown,
        subschema,
    ],
}

/// The cases that a list of entries cannot answer, or whole files of them, and why.
const LEFT_OUT: [(&str, &str); 16] = [
    ("binds::", "a list has no passwords"),
    ("columns::", "the types and names of columns"),
    ("layouts::", "settings of a gateway"),
    ("queries::", "the operator's SQL"),
    ("recommended::", "columns that are selected beside the deployed ones"),
    ("attributes::replicas_agree", "a second gateway on the database"),
    ("hostile::binds_with_injections", "binds"),
    ("lookups::addresses_where_they_are_asked_for", "a setting of a gateway"),
    ("paging::names_the_database_holds_equal", "collations"),
    ("paging::twins_between_pages", "rows that are one entry"),
    ("paging::queries_that_are_not_read_by_key", "the operator's SQL"),
    ("paging::entries_that_come_and_go", "rows that are changed"),
    ("private_groups::in_every_scope", "settings of a gateway"),
    ("private_groups::none_where_a_group_is", "rows of its own"),
    ("private_groups::twins_have_one", "rows that are one entry"),
    ("private_groups::numbers_must_be_numbers", "the types of columns"),
];

#[test]
fn a_list_answers_every_case_that_is_not_left_out() {
    let is_left_out = |case: &str| LEFT_OUT.iter().any(|(left, _)| case.starts_with(left));
    let expected: Vec<&str> = CASES.iter().copied().filter(|case| !is_left_out(case)).collect();
    assert_eq!(OF_A_LIST, expected);
    for (left, _) in LEFT_OUT {
        assert!(
            CASES.iter().any(|case| case.starts_with(left)),
            "there is no case {left}"
        );
    }
}
