//! Which settings were given, and where: what `check` begins with.

use super::settings::{Absent, Kind, SETTINGS, Setting, find};
use std::{collections::BTreeMap, fmt};

/// How much of a value is shown.
const SHOWN: usize = 100;

/// Where a value was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// A variable of the process.
    #[default]
    Environment,
    /// A line of a `.env` file.
    File {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
    },
    /// An option in `REALM_CONFIG`.
    Realm(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Environment => f.write_str("environment"),
            Origin::File { path, line } => write!(f, "{path}, line {line}"),
            Origin::Realm(path) => write!(f, "REALM_CONFIG, {path}"),
        }
    }
}

/// A setting that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenSetting {
    /// The variable that gave it: its name, an alias, or one of them with `_FILE`.
    pub variable: String,
    /// Where that stands.
    pub origin: Origin,
    /// The file that `NAME_FILE` names.
    pub file: Option<String>,
    /// Where else it is given another value, which does not count.
    pub hides: Vec<Origin>,
    /// Its text, where that is no secret.
    text: Option<String>,
}

impl GivenSetting {
    pub(super) fn new(setting: &Setting, variable: &str, origin: Origin, text: Option<&str>) -> Self {
        let is_shown = !setting.secret && !matches!(setting.kind, Kind::Query | Kind::Pem);
        GivenSetting {
            variable: variable.to_owned(),
            origin,
            file: None,
            hides: Vec::new(),
            text: text.filter(|_| is_shown).map(shortened),
        }
    }
}

/// The settings that were given, by their names.
#[derive(Clone, Debug, Default)]
pub struct GivenSettings(pub(super) BTreeMap<&'static str, GivenSetting>);

impl GivenSettings {
    /// Those that were given, in the order of the documentation.
    pub fn settings(&self) -> impl Iterator<Item = &'static Setting> {
        SETTINGS.iter().filter(|setting| self.0.contains_key(setting.name))
    }

    /// Whether a setting was given.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Its value as text: as it was given, `set` where it is a secret or long, else the default.
    pub fn value(&self, name: &str) -> String {
        match (self.0.get(name), find(name).map(|setting| setting.default)) {
            (Some(given), _) => given.text.clone().unwrap_or_else(|| "set".to_owned()),
            (None, Some(Absent::Value(text))) => text.to_owned(),
            _ => "none".to_owned(),
        }
    }

    /// Where its value comes from, for people: `environment`, `.env, line 3`, `default`. What it hides is said, too.
    pub fn origin(&self, name: &str) -> String {
        let Some(given) = self.0.get(name) else {
            return "default".to_owned();
        };
        let variable = match (&given.file, &given.origin) {
            (Some(file), _) => format!("file {file}, which {} names: ", given.variable),
            (None, Origin::Realm(_)) => String::new(),
            (None, _) if given.variable != name => format!("{}: ", given.variable),
            (None, _) => String::new(),
        };
        let hidden: Vec<String> = given.hides.iter().map(Origin::to_string).collect();
        let hides = match hidden.is_empty() {
            true => String::new(),
            false => format!("; it hides another value, of {}", hidden.join(" and ")),
        };
        format!("{variable}{}{hides}", given.origin)
    }
}

/// In one line, cut where it is long.
fn shortened(text: &str) -> String {
    let text = text.trim();
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown.chars().map(|c| if c.is_control() { '␤' } else { c }).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::{Config, EnvSource};

    #[test]
    fn the_first_place_hides_the_others_where_they_differ() {
        let directory = tempfile::tempdir().unwrap();
        let (local, system) = (directory.path().join(".env"), directory.path().join("system.env"));
        let secret = directory.path().join("uri");
        std::fs::write(&secret, "sqlite:hunter2").unwrap();
        let uri = secret.display();
        std::fs::write(
            &local,
            format!("PORT=1636\n\nBIND_NAMES=uid\nSQL_URI_FILE={uri}\nLOG_LEVEL=\"a\nb\"\n"),
        )
        .unwrap();
        std::fs::write(
            &system,
            "# here\nPORT=2636\nBIND_NAMES=uid\nSQL_URL=sqlite:hunter2\nBIND_IP=::\n",
        )
        .unwrap();
        let source = EnvSource::new().with_variables([("BIND_NAMES", "mail")]);
        let source = source.with_file(&local).with_file(&system);
        let (config, ..) = Config::load_leniently(&source);
        let (local, system) = (local.display(), system.display());
        for (name, value, origin) in [
            (
                "PORT",
                "1636",
                format!("{local}, line 1; it hides another value, of {system}, line 2"),
            ),
            ("BIND_IP", "::", format!("{system}, line 5")),
            (
                "BIND_NAMES",
                "mail",
                format!("environment; it hides another value, of {local}, line 3 and {system}, line 3"),
            ),
            (
                "SQL_URI",
                "set",
                format!(
                    "file {uri}, which SQL_URI_FILE names: {local}, line 4; it hides another value, of {system}, line 4"
                ),
            ),
            ("LOG_LEVEL", "a␤b", format!("{local}, line 5")),
            ("LOG_FORMAT", "text", "default".to_owned()),
            ("ADMIN_ADDR", "none", "default".to_owned()),
        ] {
            assert_eq!(
                (config.given.value(name), config.given.origin(name)),
                (value.to_owned(), origin)
            );
        }
        assert!(!format!("{:?}", config.given).contains("hunter2"));
    }
}
