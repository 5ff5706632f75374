//! One text a setting, out of layers, aliases and files. Which names there are is a type, [`Texts`], filled by `envy`:
//! a setting that the table lists and the type does not have, or the other way round, fails a test.
//! Must not know: what the texts mean.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::errors::Problem;
use super::settings::{SETTINGS, Setting};
use super::source::{EnvSource, Given};

/// Declares [`Texts`], and reading it by a setting's name.
macro_rules! texts {
    ($($field:ident)*) => {
        /// The text of each setting that was given, under its name in lower case (as `envy` spells names). Text and
        /// not values: `envy` ends at the first value it cannot parse and quotes it, be it a secret or not.
        #[derive(Default, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Texts {
            $($field: Option<String>,)*
        }

        impl Texts {
            fn get(&self, name: &str) -> Option<&str> {
                match name.to_ascii_lowercase().as_str() {
                    $(stringify!($field) => self.$field.as_deref(),)*
                    _ => None,
                }
            }
        }

        #[cfg(test)]
        const FIELDS: &[&str] = &[$(stringify!($field)),*];
    };
}

texts! {
    ldap_base_dn ldap_common_name directory_backend ldap_users_rdn ldap_groups_rdn ldap_user_private_groups
    ldap_mail_fallback empty_base realm_config
    sql_uri sql_ssl sql_query_all_users sql_query_one_user sql_query_all_groups sql_query_groups_by_member
    sql_query_all_memberships sql_pool_size sql_sessions sql_connect_timeout scan_timeout on_database_failure
    auth_backends notification_url require_auth_for_search bind_dn account_status_refused bind_hold hashing_threads
    port bind_ip ldap_unencrypted max_connections ldap_idle_timeout write_timeout admin_addr
    ldap_cert_content ldap_key_content ldap_cert_path ldap_key_path tls_min_version tls_max_version tls_ciphers
    log_level log_format log_filters shutdown_grace probe_bind_dn probe_bind_password
}

/// What the operator gave.
#[derive(Default)]
pub(super) struct Resolved {
    texts: Texts,
    /// Which variable gave a setting: its name, an alias, or either with `_FILE`.
    variables: BTreeMap<&'static str, String>,
    /// What could not be read, in the order of the table.
    pub problems: Vec<Problem>,
}

impl Resolved {
    pub fn new(source: &EnvSource) -> Self {
        let mut resolved = Self::default();
        let mut texts = Vec::new();
        for setting in SETTINGS {
            if let Some((variable, text)) = resolve(setting, source) {
                match text {
                    Ok(text) => texts.push((setting.name.to_owned(), text)),
                    Err(text) => resolved.problems.push(Problem::other(&variable, text)),
                }
                resolved.variables.insert(setting.name, variable);
            }
        }
        match envy::from_iter(texts) {
            Ok(texts) => resolved.texts = texts,
            // The error itself is not shown: `envy` may quote values.
            Err(_) => resolved.problems.push(Problem::other(
                "settings",
                "the list of settings and their type differ; this is a bug of the gateway",
            )),
        }
        resolved
    }

    /// The variable that gave a setting, be its value right or wrong, and its text where there is one.
    pub fn get(&self, name: &str) -> Option<(&str, Option<&str>)> {
        let variable = self.variables.get(name)?;
        Some((variable, self.texts.get(name)))
    }
}

/// The first layer that gives the setting decides, in whichever form: the variable and its text, or what is wrong.
fn resolve(setting: &Setting, source: &EnvSource) -> Option<(String, Result<String, String>)> {
    let names = candidates(setting);
    source.layers().iter().find_map(|layer| {
        let mut given = names
            .iter()
            .filter_map(|(name, from_file)| Some((name, *from_file, layer.get(name)?)));
        let (variable, from_file, value) = given.next()?;
        let text = match (given.find(|(_, _, other)| *other != value), value) {
            (Some((other, ..)), _) => Err(format!("is given and so is {other}; give only one of them")),
            (None, Given::NotUnicode) => Err("is not UTF-8 text".to_owned()),
            (None, Given::Text(path)) if from_file => contents(path.trim()),
            (None, Given::Text(text)) => Ok(text.clone()),
        };
        Some((variable.clone(), text))
    })
}

/// The variables that can give a setting, and whether they name a file that holds the value.
fn candidates(setting: &Setting) -> Vec<(String, bool)> {
    let mut names = Vec::new();
    for name in std::iter::once(setting.name).chain(setting.alias) {
        names.push((name.to_owned(), false));
        if setting.secret {
            names.push((format!("{name}_FILE"), true));
        }
    }
    names
}

/// The secret in the file that `NAME_FILE` names.
fn contents(path: &str) -> Result<String, String> {
    match std::fs::read(path).map(String::from_utf8) {
        Ok(Ok(text)) => {
            let text = text.trim_end_matches(['\n', '\r']);
            if text.trim().is_empty() {
                Err(format!("the file {path} is empty"))
            } else {
                Ok(text.to_owned())
            }
        }
        Ok(Err(_)) => Err(format!("the file {path} is not UTF-8 text")),
        Err(error) => Err(format!("the file {path} cannot be read: {error}")),
    }
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_type_has_a_field_for_each_setting_and_no_other() {
        let table: BTreeSet<_> = SETTINGS.iter().map(|setting| setting.name.to_lowercase()).collect();
        let fields: BTreeSet<_> = FIELDS.iter().map(|field| (*field).to_owned()).collect();
        assert_eq!(fields, table);
        assert_eq!(FIELDS.len(), SETTINGS.len());
        let source = EnvSource::new().with_variables(SETTINGS.iter().map(|setting| (setting.name, setting.name)));
        let resolved = Resolved::new(&source);
        assert_eq!(resolved.problems, []);
        for setting in SETTINGS {
            assert_eq!(resolved.get(setting.name), Some((setting.name, Some(setting.name))));
        }
    }

    #[test]
    fn names_that_differ_in_case_are_not_confused() {
        // `envy` would call them duplicates; it is only given names of the table.
        let source = EnvSource::new().with_variables([("port", "1"), ("Port", "2"), ("PORT", "3")]);
        let resolved = Resolved::new(&source);
        assert_eq!(resolved.problems, []);
        assert_eq!(resolved.get("PORT"), Some(("PORT", Some("3"))));
        assert_eq!(resolved.get("BIND_IP"), None);
    }

    #[test]
    fn what_can_not_be_read_is_given_without_a_text() {
        let source = EnvSource::new().with_variables([("SQL_URL_FILE", "/nowhere/x")]);
        let resolved = Resolved::new(&source);
        assert_eq!(resolved.get("SQL_URI"), Some(("SQL_URL_FILE", None)));
        assert_eq!(resolved.problems.len(), 1);
    }
}
