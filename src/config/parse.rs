//! Reads typed values by name. It remembers everything that is wrong, so that all of it is reported at once. Names, defaults
//! and secrecy come from the table. What the values are used for is not known here.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::errors::{Problem, Warning};
use super::origin::GivenSetting;
use super::resolve::Resolved;
use super::settings::{Absent, find};
use super::source::EnvSource;
use crate::database_uri::Secret;

/// The longest duration: longer than anybody means, and short enough for every clock.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// Switches of the Node gateway that mean nothing here. Whoever gives one is warned.
const NODE_GATEWAY: &[&str] = &["ENABLE_NOTIFICATION"];

/// Hands out settings and collects problems. For a wrong value it notes a problem and returns some stand-in, which nobody
/// uses because of the problem.
pub(super) struct Reader {
    /// Where the settings were looked for.
    source: EnvSource,
    resolved: Resolved,
    foreign: BTreeMap<String, String>,
    pub problems: Vec<Problem>,
    pub warnings: Vec<Warning>,
    /// The names that were asked for; a test compares them with the table.
    pub asked: BTreeSet<&'static str>,
}

/// A setting's text and the variable that gave it.
struct Found {
    variable: String,
    text: String,
}

impl Reader {
    pub fn new(source: &EnvSource) -> Self {
        let mut resolved = Resolved::new(source);
        let mut problems = source.problems.clone();
        problems.append(&mut resolved.problems);
        let foreign = source
            .names()
            .into_iter()
            .filter(|(name, _)| NODE_GATEWAY.contains(name))
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .collect();
        Self {
            source: source.clone(),
            resolved,
            foreign,
            problems,
            warnings: source.warnings.clone(),
            asked: BTreeSet::new(),
        }
    }

    /// Other settings, by variables, laid over these.
    pub fn below(&self, texts: impl IntoIterator<Item = (String, String)>) -> Self {
        let source = self.source.clone().beneath(texts);
        let mut resolved = Resolved::new(&source);
        let problems = std::mem::take(&mut resolved.problems);
        Self {
            source,
            resolved,
            foreign: BTreeMap::new(),
            problems,
            warnings: Vec::new(),
            asked: BTreeSet::new(),
        }
    }

    /// What was given, and where.
    pub fn given_settings(&self) -> &BTreeMap<&'static str, GivenSetting> {
        self.resolved.given()
    }

    /// Whether the operator gave this setting, right or wrong.
    pub fn is_given(&self, name: &str) -> bool {
        self.resolved.get(name).is_some()
    }

    /// The variable that gave a setting, right or wrong.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.resolved.get(name).map(|(variable, _)| variable)
    }

    /// The text of a setting exactly as it was given, blanks and all.
    pub fn given(&self, name: &str) -> Option<&str> {
        self.resolved.get(name)?.1
    }

    /// The text of one of the Node gateway's switches.
    pub fn foreign(&self, name: &str) -> Option<&str> {
        self.foreign.get(name).map(String::as_str)
    }

    /// A setting's text or its default. None where there is neither.
    pub fn text(&mut self, name: &'static str) -> Option<String> {
        self.find(name).map(|found| found.text.trim().to_owned())
    }

    /// A secret, with the blanks around it.
    pub fn secret(&mut self, name: &'static str) -> Option<Secret> {
        self.find(name).map(|found| Secret::new(found.text))
    }

    /// A value that `parse` understands. `expected` completes "must be …".
    pub fn parsed<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let found = self.find(name)?;
        let text = found.text.trim();
        let value = parse(text);
        if value.is_none() {
            let secret = find(name).is_none_or(|setting| setting.secret);
            self.problems.push(if secret {
                Problem::other(&found.variable, format!("must be {expected}"))
            } else {
                Problem::wrong(&found.variable, text, expected)
            });
        }
        value
    }

    pub fn boolean(&mut self, name: &'static str) -> bool {
        self.parsed(name, "true or false (1, 0, yes, no, on, off)", boolean)
            .unwrap_or_default()
    }

    pub fn number<T: TryFrom<u64> + Default>(&mut self, name: &'static str, least: u64, most: u64) -> Option<T> {
        self.parsed(name, &format!("a whole number from {least} to {most}"), |text| {
            let number: u64 = text.parse().ok()?;
            (least..=most).contains(&number).then_some(number)?.try_into().ok()
        })
    }

    pub fn duration(&mut self, name: &'static str) -> Duration {
        self.parsed(
            name,
            "a time greater than zero, such as 5s, 500ms, 10m, 1h or bare seconds",
            |text| duration(text).filter(|duration| !duration.is_zero()),
        )
        .unwrap_or_default()
    }

    /// A time, or none for `off`.
    pub fn duration_or_off(&mut self, name: &'static str) -> Option<Duration> {
        let expected = "a time greater than zero, such as 5m, or `off`";
        let parsed = self.parsed(name, expected, |text| match text.eq_ignore_ascii_case("off") {
            true => Some(None),
            false => duration(text).filter(|duration| !duration.is_zero()).map(Some),
        });
        parsed.flatten()
    }

    /// One of several words, in any letter case.
    pub fn choice<T: Copy + Default>(&mut self, name: &'static str, words: &[(&str, T)]) -> T {
        let expected = words
            .iter()
            .map(|(word, _)| format!("`{word}`"))
            .collect::<Vec<_>>()
            .join(" or ");
        self.parsed(name, &expected, |text| {
            words
                .iter()
                .find(|(word, _)| word.eq_ignore_ascii_case(text))
                .map(|(_, value)| *value)
        })
        .unwrap_or_default()
    }

    /// Notes a problem where only one of two settings that need each other is given.
    pub fn half_given(&mut self, first: &'static str, second: &'static str) {
        let (given, missing) = match (self.is_given(first), self.is_given(second)) {
            (true, false) => (first, second),
            (false, true) => (second, first),
            _ => return,
        };
        self.problems
            .push(Problem::other(missing, format!("is missing, though {given} is given")));
    }

    /// What was given, or else the default. It is a problem where a required setting has neither.
    fn find(&mut self, name: &'static str) -> Option<Found> {
        self.asked.insert(name);
        let setting = find(name)?;
        if let Some((variable, text)) = self.resolved.get(name) {
            // A setting without a text has its problem already.
            return Some(Found {
                variable: variable.to_owned(),
                text: text?.to_owned(),
            });
        }
        match setting.default {
            Absent::Value(text) => Some(Found {
                variable: name.into(),
                text: text.into(),
            }),
            Absent::Required => {
                let alternative = if setting.secret {
                    format!(" (or {name}_FILE)")
                } else {
                    String::new()
                };
                self.problems
                    .push(Problem::other(name, format!("is required and missing{alternative}")));
                None
            }
            Absent::None | Absent::Computed(_) => None,
        }
    }
}

/// The words for yes and no that operators write.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// `5s`, `500ms`, `10m`, `1h`, `1d`, or bare seconds.
fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let number: u64 = number.parse().ok()?;
    let milliseconds = match unit.trim_start().to_ascii_lowercase().as_str() {
        "ms" => 1,
        "" | "s" => 1000,
        "m" | "min" => 60 * 1000,
        "h" => 60 * 60 * 1000,
        "d" => 24 * 60 * 60 * 1000,
        _ => return None,
    };
    let duration = Duration::from_millis(number.checked_mul(milliseconds)?);
    (duration <= LONGEST).then_some(duration)
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
    use proptest::prelude::*;

    fn reader_of(variables: &[(&str, &str)], read: impl FnOnce(&mut Reader)) -> Vec<String> {
        let source = EnvSource::new().with_variables(variables.iter().copied());
        let mut reader = Reader::new(&source);
        read(&mut reader);
        reader.problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn booleans() {
        for (words, value) in [(["true", "1", "Yes", "ON"], true), (["FALSE", "0", "no", "Off"], false)] {
            for word in words {
                assert_eq!(boolean(word), Some(value), "{word}");
            }
        }
        assert_eq!(boolean("maybe"), None);
        let problems = reader_of(&[("LDAP_UNENCRYPTED", "maybe")], |reader| {
            reader.boolean("LDAP_UNENCRYPTED");
            assert!(reader.boolean("REQUIRE_AUTH_FOR_SEARCH"));
        });
        assert_eq!(
            problems,
            ["LDAP_UNENCRYPTED: found `maybe`, must be true or false (1, 0, yes, no, on, off)"]
        );
    }

    #[test]
    fn durations() {
        for (text, milliseconds) in [
            ("5s", 5_000),
            ("500ms", 500),
            ("1h", 3_600_000),
            ("7", 7_000),
            ("2 min", 120_000),
            ("1D", 86_400_000),
        ] {
            assert_eq!(duration(text), Some(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in [
            "",
            "s",
            "5 parsecs",
            "-1s",
            "1.5s",
            "99999999999999999999",
            "18446744073709551615d",
            "400d",
        ] {
            assert_eq!(duration(text), None, "{text}");
        }
        assert_eq!(
            reader_of(&[("BIND_HOLD", "0")], |reader| {
                reader.duration("BIND_HOLD");
            })
            .len(),
            1
        );
    }

    #[test]
    fn secrets_come_from_files_too() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        std::fs::write(&path, " p ss\r\n").unwrap();
        let path = path.to_str().unwrap();
        let problems = reader_of(&[("PROBE_BIND_PASSWORD_FILE", path)], |reader| {
            assert_eq!(reader.secret("PROBE_BIND_PASSWORD").unwrap().reveal(), " p ss");
            assert!(reader.is_given("PROBE_BIND_PASSWORD"));
        });
        assert!(problems.is_empty(), "{problems:?}");
        let both = [("SQL_URI", "sqlite:hunter2"), ("SQL_URI_FILE", path)];
        let problems = reader_of(&both, |reader| drop(reader.secret("SQL_URI")));
        assert_eq!(
            problems,
            ["SQL_URI: is given and so is SQL_URI_FILE; give only one of them"]
        );
        let problems = reader_of(&[("SQL_URL_FILE", "/nowhere/x")], |reader| {
            drop(reader.secret("SQL_URI"))
        });
        assert!(
            problems[0].starts_with("SQL_URL_FILE: the file /nowhere/x cannot be read: No such file"),
            "{problems:?}"
        );
        std::fs::write(path, "\n").unwrap();
        assert_eq!(
            reader_of(&[("SQL_URI_FILE", path)], |reader| drop(reader.secret("SQL_URI"))).len(),
            1
        );
        std::fs::write(path, b"\xff").unwrap();
        assert_eq!(
            reader_of(&[("SQL_URI_FILE", path)], |reader| drop(reader.secret("SQL_URI"))).len(),
            1
        );
    }

    #[test]
    fn the_first_layer_decides_in_whichever_form() {
        let source = EnvSource::new()
            .with_variables([("SQL_URL", "sqlite:a")])
            .with_variables([("SQL_URI_FILE", "/nowhere")]);
        let mut reader = Reader::new(&source);
        assert_eq!(reader.secret("SQL_URI").unwrap().reveal(), "sqlite:a");
        assert!(reader.problems.is_empty());
        let problems = reader_of(&[("SQL_URI", "a"), ("SQL_URL", "a")], |reader| {
            drop(reader.secret("SQL_URI"))
        });
        assert!(problems.is_empty(), "{problems:?}");
    }

    #[test]
    fn wrong_secrets_are_not_shown() {
        let problems = reader_of(&[("SQL_URI", "hunter2")], |reader| {
            assert_eq!(reader.parsed("SQL_URI", "a database", |_| None::<()>), None);
        });
        assert_eq!(problems, ["SQL_URI: must be a database"]);
    }

    #[test]
    fn numbers_and_choices() {
        let variables = [("SQL_POOL_SIZE", "1001"), ("PORT", "636x"), ("BIND_DN", "strict")];
        let problems = reader_of(&variables, |reader| {
            assert_eq!(reader.number::<u32>("SQL_POOL_SIZE", 1, 1000), None);
            assert_eq!(reader.number::<u16>("PORT", 0, 65535), None);
            assert_eq!(reader.choice("BIND_DN", &[("lenient", 1), ("exact", 2)]), 0);
            assert_eq!(reader.choice("LOG_FORMAT", &[("TEXT", 1)]), 1);
        });
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert_eq!(problems[2], "BIND_DN: found `strict`, must be `lenient` or `exact`");
    }

    proptest! {
        #[test]
        fn durations_never_panic(text in "\\PC{0,12}") {
            duration(&text);
        }
    }
}
