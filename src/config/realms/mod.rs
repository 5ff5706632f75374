//! Realms: the directories of one gateway, each with its base, its database and its rules. Without `REALM_CONFIG` there is one,
//! made of the plain settings.
//!
//! `written` takes the list apart (`json` reads it, `option_names` knows what options are called), `settings` is what a realm has,
//! `nested` looks at bases below bases. What the options mean is read by the code that reads plain settings, from a [`Reader`]
//! over the realm's options laid over the plain ones: so every setting works in a realm.

mod json;
mod nested;
mod option_names;
mod settings;
#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]
mod tests;
mod written;

use super::auth::names;
use super::database::DatabaseSettings;
use super::errors::{Problem, Warning};
use super::origin::{GivenSettings, Origin};
use super::parse::Reader;
use super::query_set::Query;
use super::settings::find;
use crate::model::{dn::Dn, schema::Schema};
pub use option_names::is_of_the_gateway;
use option_names::option_names;
use settings::Places;
pub use settings::{PasswordSettings, RealmSettings};
use std::{collections::BTreeSet, sync::Arc};
use written::{Options, Written, WrittenRealm, read_list};

/// The realms of a gateway, in their order. There is one at least.
#[derive(Clone, Debug)]
pub struct Realms {
    first: RealmSettings,
    others: Vec<RealmSettings>,
    default: usize,
}

impl Realms {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &RealmSettings> {
        [&self.first].into_iter().chain(&self.others)
    }

    /// The one that clients are told of first: `defaultNamingContext`.
    pub fn default_realm(&self) -> &RealmSettings {
        self.iter().nth(self.default).unwrap_or(&self.first)
    }

    /// The one that a DN belongs to: that with the longest base.
    pub fn owner_of(&self, dn: &Dn) -> Option<&RealmSettings> {
        let schema = Schema::standard();
        let bases: Vec<_> = self.iter().map(|realm| realm.base.normalize(&schema)).collect();
        dn.normalize(&schema)
            .longest_of(&bases)
            .and_then(|position| self.iter().nth(position))
    }

    /// The position of the default one.
    pub fn default_position(&self) -> usize {
        self.default
    }

    /// Whether there are several.
    pub fn are_several(&self) -> bool {
        !self.others.is_empty()
    }

    /// Reads `REALM_CONFIG`, or the one realm of the plain settings.
    pub(super) fn read(reader: &mut Reader) -> Self {
        if !reader.is_given("REALM_CONFIG") {
            // Asked for all the same: it is a setting.
            reader.secret("REALM_CONFIG");
            return Realms {
                first: RealmSettings::read(reader),
                others: Vec::new(),
                default: 0,
            };
        }
        let written = written(reader);
        let mut realms: Vec<RealmSettings> = written.iter().map(|written| realm(written, reader)).collect();
        check_names(&written, &mut reader.problems);
        nested::check(&realms, &mut reader.problems);
        without_effect(&realms, reader);
        let default = written.iter().position(|realm| realm.is_default).unwrap_or_default();
        let first = match realms.is_empty() {
            // Nobody uses it: there is a problem.
            true => RealmSettings::read(&mut reader.below([])),
            false => realms.remove(0),
        };
        Realms {
            first,
            others: realms,
            default,
        }
    }
}

/// The list, from the variable or from the file that it names.
fn written(reader: &mut Reader) -> Vec<WrittenRealm> {
    let Some(text) = reader.secret("REALM_CONFIG") else {
        return Vec::new();
    };
    let text = text.reveal().trim().trim_start_matches('\u{feff}');
    if text.starts_with(['[', '{', '"']) {
        return read_list(text, &mut reader.problems);
    }
    match std::fs::read(text).map(String::from_utf8) {
        Ok(Ok(list)) => read_list(list.trim_start_matches('\u{feff}'), &mut reader.problems),
        Ok(Err(_)) => {
            let why = format!("the file {text} is not UTF-8 text");
            reader.problems.push(Problem::other("REALM_CONFIG", why));
            Vec::new()
        }
        Err(error) => {
            // What looks like no path may be a list, or the URI of a database, with a password in it.
            let is_path = text.len() < 256 && !text.contains(['{', '}', '[', ']', '"', '\n', ':', '=', '@']);
            let file = if is_path {
                format!("the file {text}")
            } else {
                "the file".to_owned()
            };
            let why = format!("{file} cannot be read: {error}; give a file, or a list of realms that begins with `[`");
            reader.problems.push(Problem::other("REALM_CONFIG", why));
            Vec::new()
        }
    }
}

/// Reads settings of a realm: its options, laid over the plain settings.
struct RealmReader<'a> {
    reader: Reader,
    path: &'a str,
    options: &'a Options,
}

impl<'a> RealmReader<'a> {
    fn new(plain: &Reader, path: &'a str, options: &'a Options) -> Self {
        let texts = options
            .iter()
            .map(|(variable, option)| (variable.clone(), option.text.clone()));
        RealmReader {
            reader: plain.below(texts),
            path,
            options,
        }
    }

    /// Where each setting was given.
    fn places(&self) -> Places {
        let given = self.reader.given_settings().iter().map(|(name, given)| {
            let option = self.options.get(&given.variable);
            let place = option.map_or_else(|| given.variable.clone(), |option| option.path.clone());
            (*name, place)
        });
        Places {
            realm: Some(self.path.to_owned()),
            given: given.collect(),
        }
    }

    /// What holds for the realm, and where it was given.
    fn given(&self) -> GivenSettings {
        let given = self.reader.given_settings().iter().map(|(name, given)| {
            let mut given = given.clone();
            if let (Origin::Realm(place), Some(option)) = (&mut given.origin, self.options.get(&given.variable)) {
                place.clone_from(&option.path);
            }
            (*name, given)
        });
        GivenSettings(given.collect())
    }

    /// Tells what was found wrong and odd, each under the place where it was given, and once where several realms take it
    /// from the plain settings.
    fn tell(self, plain: &mut Reader) {
        let places = self.places();
        let place = |variable: &str| match self.options.get(variable) {
            Some(option) => option.path.clone(),
            None if find(variable).is_some() => places.of(variable),
            None => variable.to_owned(),
        };
        for problem in self.reader.problems {
            let variable = place(&problem.variable);
            let problem = Problem { variable, ..problem };
            if !plain.problems.contains(&problem) {
                plain.problems.push(problem);
            }
        }
        for warning in self.reader.warnings {
            let warning = Warning::new(place(&warning.variable), warning.text);
            if !plain.warnings.contains(&warning) {
                plain.warnings.push(warning);
            }
        }
    }
}

/// Reads one realm.
fn realm(written: &WrittenRealm, plain: &mut Reader) -> RealmSettings {
    let mut options = written.options.clone();
    // That it is missing has been noted. It is not derived, and not taken from elsewhere.
    options.entry("LDAP_BASE_DN".to_owned()).or_insert_with(|| Written {
        text: "dc=missing".to_owned(),
        path: format!("{}.baseDn", written.path),
    });
    let mut reader = RealmReader::new(plain, &written.path, &options);
    let mut settings = RealmSettings::read(&mut reader.reader);
    settings.name = Some(Arc::from(written.name.as_str()));
    settings.places = reader.places();
    settings.given = reader.given();
    reader.tell(plain);
    settings.passwords = passwords(written, &settings, plain);
    settings
}

/// Where passwords are read, where the backend `sql` has options about that which say something else.
fn passwords(written: &WrittenRealm, realm: &RealmSettings, plain: &mut Reader) -> Option<PasswordSettings> {
    if written.passwords.is_empty() {
        return None;
    }
    let options = laid_over(&written.options, &written.passwords);
    let mut reader = RealmReader::new(plain, &written.path, &options);
    let database = DatabaseSettings::read(&mut reader.reader);
    let one_user = reader.reader.text(Query::OneUser.variable()).unwrap_or_default();
    let places = reader.places();
    reader.tell(plain);
    let is_same_database = database == realm.database;
    (!is_same_database || one_user != realm.queries.one_user).then(|| PasswordSettings {
        database: (!is_same_database).then_some(database),
        one_user,
        places,
    })
}

/// Options over others: one replaces all forms of its setting, such as `sqlUriFile` beside `sqlUri`.
fn laid_over(below: &Options, above: &Options) -> Options {
    let names = option_names();
    let setting = |variable: &str| {
        let mut names = names.iter();
        names
            .find(|name| name.variable == variable)
            .map(|name| name.setting.name)
    };
    let mut options = below.clone();
    options.retain(|variable, _| above.keys().all(|other| setting(other) != setting(variable)));
    options.extend(above.clone());
    options
}

fn check_names(written: &[WrittenRealm], problems: &mut Vec<Problem>) {
    for (position, realm) in written.iter().enumerate() {
        let path = format!("{}.name", realm.path);
        let mut before = written.iter().take(position);
        if realm.name.chars().any(char::is_control) {
            problems.push(Problem::other(&path, "must be one line of text"));
        } else if !realm.name.is_empty()
            && let Some(other) = before.find(|other| other.name == realm.name)
        {
            problems.push(Problem::other(&path, format!("is the name of {} too", other.path)));
        }
    }
    let mut defaults = written.iter().filter(|realm| realm.is_default);
    if let Some(first) = defaults.next() {
        for other in defaults {
            let path = format!("{}.default", other.path);
            problems.push(Problem::other(
                &path,
                format!("is true, and so is that of {}", first.path),
            ));
        }
    }
}

/// Warns of plain settings that say nothing beside `REALM_CONFIG`, and seem to.
fn without_effect(realms: &[RealmSettings], reader: &mut Reader) {
    let is_base = |text: &str| Dn::parse(text).is_ok_and(|base| realms.iter().any(|realm| realm.base == base));
    if reader.given("LDAP_BASE_DN").is_some_and(|text| !is_base(text.trim())) {
        let text = "has no effect: REALM_CONFIG gives the bases, and this is none of them";
        reader.warnings.push(Warning::new("LDAP_BASE_DN", text));
    }
    let chain = |text: &str| names(text).map(str::to_ascii_lowercase).collect::<BTreeSet<_>>();
    if let Some(text) = reader.given("AUTH_BACKENDS") {
        let plain = chain(text);
        let differs = |realm: &&RealmSettings| {
            let links = realm.auth.chain.links().iter();
            links.map(|link| link.name().to_owned()).collect::<BTreeSet<_>>() != plain
        };
        if let Some(realm) = realms.iter().find(differs) {
            let text = format!(
                "has no effect: REALM_CONFIG gives the chains, and that of {} is another",
                realm.title()
            );
            reader.warnings.push(Warning::new("AUTH_BACKENDS", text));
        }
    }
}
