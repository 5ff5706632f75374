//! The names of settings as options of a realm: `SQL_QUERY_ONE_USER` is `sqlQueryOneUser`. A leading `LDAP_` may be left out,
//! as far as no other setting is called so.

use super::super::settings::{SETTINGS, Section, Setting};

/// Settings that are not of one realm, beside those of the sections below.
const OF_THE_GATEWAY: [&str; 6] = [
    "REALM_CONFIG",
    "LDAP_COMMON_NAME",
    "EMPTY_BASE",
    "HASHING_THREADS",
    "HASHING_MEMORY",
    "MEMORY_LIMIT",
];

/// A setting under the name of one of its options.
#[derive(Clone, Debug)]
pub(crate) struct OptionName {
    /// As it is written in `REALM_CONFIG`.
    pub option: String,
    /// The variable that it stands for: the setting's name, an alias, or one of them with `_FILE`.
    pub variable: String,
    /// The setting.
    pub setting: &'static Setting,
}

/// Whether a setting is one of the whole gateway, and so is none of a realm.
pub fn is_of_the_gateway(setting: &Setting) -> bool {
    matches!(setting.section, Section::Network | Section::Tls | Section::Operation)
        || OF_THE_GATEWAY.contains(&setting.name)
}

/// All option names, those of settings of the whole gateway as well: who gives one is told where it belongs.
pub(crate) fn option_names() -> Vec<OptionName> {
    let mut names: Vec<OptionName> = Vec::new();
    for setting in SETTINGS {
        for name in std::iter::once(setting.name).chain(setting.alias) {
            names.push(OptionName {
                option: camel_case(name),
                variable: name.to_owned(),
                setting,
            });
            if setting.secret {
                let variable = format!("{name}_FILE");
                names.push(OptionName {
                    option: camel_case(&variable),
                    variable,
                    setting,
                });
            }
        }
    }
    let short = names.iter().filter_map(|name| {
        let option = camel_case(name.variable.strip_prefix("LDAP_")?);
        let is_free = names.iter().all(|other| other.option != option);
        is_free.then(|| OptionName { option, ..name.clone() })
    });
    let short: Vec<OptionName> = short.collect();
    names.extend(short);
    names
}

/// The name under which an option that is missing is to be given.
pub(crate) fn option_name(variable: &str) -> String {
    let all = option_names();
    let mut names = all.iter().rev().filter(|name| name.variable == variable);
    names
        .next()
        .map_or_else(|| camel_case(variable), |name| name.option.clone())
}

/// The option whose name is nearest to one that is none, of those that a realm may have.
pub(crate) fn nearest_option(unknown: &str) -> Option<String> {
    let plain = |name: &str| name.to_ascii_lowercase().replace(['_', '-'], "");
    let unknown = plain(unknown);
    let known = option_names()
        .into_iter()
        .filter(|name| !is_of_the_gateway(name.setting));
    let nearest = known.min_by_key(|name| strsim::damerau_levenshtein(&plain(&name.option), &unknown));
    nearest.map(|name| name.option)
}

/// `SQL_QUERY_ONE_USER` → `sqlQueryOneUser`.
fn camel_case(name: &str) -> String {
    let mut written = String::new();
    for (number, word) in name.split('_').enumerate() {
        let word = word.to_ascii_lowercase();
        let mut letters = word.chars();
        match letters.next() {
            Some(first) if number > 0 => {
                written.push(first.to_ascii_uppercase());
                written.push_str(letters.as_str());
            }
            _ => written.push_str(&word),
        }
    }
    written
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn variable(option: &str) -> Option<String> {
        let names = option_names();
        names
            .iter()
            .find(|name| name.option == option)
            .map(|name| name.variable.clone())
    }

    #[test]
    fn every_name_stands_for_one_variable() {
        let names = option_names();
        let distinct: BTreeSet<_> = names.iter().map(|name| &name.option).collect();
        assert_eq!(distinct.len(), names.len());
        for (option, expected) in [
            ("sqlUri", "SQL_URI"),
            ("sqlUrl", "SQL_URL"),
            ("sqlUriFile", "SQL_URI_FILE"),
            ("sqlQueryGroupsByMember", "SQL_QUERY_GROUPS_BY_MEMBER"),
            ("ldapUsersRdn", "LDAP_USERS_RDN"),
            ("usersRdn", "LDAP_USERS_RDN"),
            ("bindDn", "BIND_DN"),
            ("ldapBaseDn", "LDAP_BASE_DN"),
            ("notificationUrl", "NOTIFICATION_URL"),
        ] {
            assert_eq!(variable(option).as_deref(), Some(expected), "{option}");
        }
        assert_eq!(variable("SQL_URI"), None);
        assert_eq!(option_name("LDAP_USERS_RDN"), "usersRdn");
        assert_eq!(option_name("SQL_QUERY_ONE_USER"), "sqlQueryOneUser");
    }

    #[test]
    fn misspelt_options_come_with_the_nearest() {
        for (wrong, right) in [
            ("sqlURI", "sqlUri"),
            ("SQL_QUERY_ONE_USER", "sqlQueryOneUser"),
            ("sqlQueryAllUser", "sqlQueryAllUsers"),
            ("userRdn", "usersRdn"),
        ] {
            assert_eq!(nearest_option(wrong).as_deref(), Some(right), "{wrong}");
        }
    }
}
