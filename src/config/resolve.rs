//! Picks one text for each setting out of layers, aliases and files. It does not know what the texts mean.

use std::collections::BTreeMap;

use super::errors::Problem;
use super::origin::{GivenSetting, Origin};
use super::settings::{SETTINGS, Setting, Texts, find};
use super::source::{EnvSource, Given};
use crate::database_uri::ESCAPE;

/// What the operator gave.
#[derive(Default)]
pub(super) struct Resolved {
    texts: Texts,
    /// What was given, and where.
    given: BTreeMap<&'static str, GivenSetting>,
    /// What could not be read, in the order of the table.
    pub problems: Vec<Problem>,
}

impl Resolved {
    pub fn new(source: &EnvSource) -> Self {
        let mut resolved = Self::default();
        let mut texts = Vec::new();
        for setting in SETTINGS {
            if let Some((given, text)) = resolve(setting, source) {
                match text {
                    Ok(text) => texts.push((setting.name.to_owned(), text)),
                    Err(text) => resolved.problems.push(Problem::other(&given.variable, text)),
                }
                resolved.given.insert(setting.name, given);
            }
        }
        match envy::from_iter(texts) {
            Ok(texts) => resolved.texts = texts,
            // `envy` may quote a value, so its error is not shown.
            Err(_) => resolved.problems.push(Problem::other(
                "settings",
                "the list of settings and their type differ; this is a bug of the gateway",
            )),
        }
        resolved
    }

    /// The variable that gave a setting, be its value right or wrong, and its text where there is one.
    pub fn get(&self, name: &str) -> Option<(&str, Option<&str>)> {
        let given = self.given.get(name)?;
        Some((&given.variable, self.texts.get(name)))
    }

    /// What was given, and where.
    pub fn given(&self) -> &BTreeMap<&'static str, GivenSetting> {
        &self.given
    }
}

/// What gives a setting; None where nothing does. Its value stays where it is.
pub fn given_by(source: &EnvSource, name: &str) -> Option<GivenSetting> {
    resolve(find(name)?, source).map(|(given, _)| given)
}

/// What gives a setting, and its text or what is wrong with it. The first layer that gives the setting in any form decides.
fn resolve(setting: &Setting, source: &EnvSource) -> Option<(GivenSetting, Result<String, String>)> {
    let names = candidates(setting);
    let mut layers = source.layers().iter();
    let (mut found, value, text) = layers.find_map(|layer| {
        let mut given = names
            .iter()
            .filter_map(|(name, from_file)| Some((name, *from_file, layer.get(name)?)));
        let (variable, from_file, value) = given.next()?;
        let text = match (given.find(|(_, _, other)| *other != value), value) {
            (Some((other, ..)), _) => Err(format!("is given and so is {other}; give only one of them")),
            (None, Given::NotUnicode) => Err("is not UTF-8 text".to_owned()),
            (None, Given::Cut) => Err(format!(
                "ends at its `#`, which begins a comment in a .env file; {ESCAPE}"
            )),
            (None, Given::Text(path)) if from_file => contents(path.trim()),
            (None, Given::Text(text)) => Ok(text.clone()),
        };
        let shown = text.as_deref().ok();
        let mut found = GivenSetting::new(setting, variable, layer.origin(variable), shown);
        if let (true, Given::Text(path)) = (from_file, value) {
            found.file = Some(path.trim().to_owned());
        }
        Some((found, value, text))
    })?;
    // A realm's options lie over plain settings by their nature.
    if !matches!(found.origin, Origin::Realm(_)) {
        for layer in layers {
            let mut others = names.iter().filter_map(|(name, _)| Some((name, layer.get(name)?)));
            if let Some((variable, _)) =
                others.find(|(variable, other)| **variable != found.variable || *other != value)
            {
                found.hides.push(layer.origin(variable));
            }
        }
    }
    Some((found, text))
}

/// The variables that can give a setting, each with whether it names a file that holds the value.
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

    #[test]
    fn a_setting_tells_who_gives_it_and_not_its_value() {
        let given = |name: &str, value: &str| {
            let source = EnvSource::new().with_variables([(name, value)]);
            given_by(&source, "SQL_URI").map(|given| (given.variable, given.file))
        };
        assert_eq!(given("SQL_URI", "sqlite:x"), Some(("SQL_URI".to_owned(), None)));
        assert_eq!(given("SQL_URL", "sqlite:x"), Some(("SQL_URL".to_owned(), None)));
        let file = Some("/run/secrets/uri".to_owned());
        assert_eq!(
            given("SQL_URI_FILE", " /run/secrets/uri "),
            Some(("SQL_URI_FILE".to_owned(), file))
        );
        assert_eq!(given("PORT", "1"), None);
    }

    #[test]
    fn every_setting_is_found_under_its_name() {
        let source = EnvSource::new().with_variables(SETTINGS.iter().map(|setting| (setting.name, setting.name)));
        let resolved = Resolved::new(&source);
        assert_eq!(resolved.problems, []);
        for setting in SETTINGS {
            assert_eq!(resolved.get(setting.name), Some((setting.name, Some(setting.name))));
        }
    }

    #[test]
    fn names_that_differ_in_case_are_not_confused() {
        // `envy` would call them duplicates, so it is given names of the table only.
        let source = EnvSource::new().with_variables([("port", "1"), ("Port", "2"), ("PORT", "3")]);
        let resolved = Resolved::new(&source);
        assert_eq!(resolved.problems, []);
        assert_eq!(resolved.get("PORT"), Some(("PORT", Some("3"))));
        assert_eq!(resolved.get("BIND_IP"), None);
    }

    #[test]
    fn what_cannot_be_read_is_given_without_a_text() {
        let source = EnvSource::new().with_variables([("SQL_URL_FILE", "/nowhere/x")]);
        let resolved = Resolved::new(&source);
        assert_eq!(resolved.get("SQL_URI"), Some(("SQL_URL_FILE", None)));
        assert_eq!(resolved.problems.len(), 1);
    }
}
