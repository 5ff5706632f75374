//! Where settings come from: the process environment, then `.env` in the working directory, then `/etc/ldap-gateway/.env`.
//! The first that gives a setting wins. Nothing else in the gateway reads the environment.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::Path;

use super::dotenv;
use super::errors::{Problem, Warning};
use super::origin::Origin;
use super::settings::{SETTINGS, Setting};

/// The `.env` file below the working directory.
const LOCAL_FILE: &str = ".env";

/// The `.env` file of a packaged installation.
const SYSTEM_FILE: &str = "/etc/ldap-gateway/.env";

/// Names and values in layers, of which the first wins. Tests and `demo` put their own together; only
/// [`EnvSource::from_process`] looks at the process.
#[derive(Clone, Debug, Default)]
pub struct EnvSource {
    layers: Vec<Layer>,
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<Warning>,
}

/// Variables from one place.
#[derive(Clone, Debug, Default)]
pub(super) struct Layer {
    values: BTreeMap<String, Given>,
    place: Place,
}

/// Where a layer comes from.
#[derive(Clone, Debug, Default)]
enum Place {
    #[default]
    Process,
    /// A `.env` file, and the line of each variable.
    File(String, BTreeMap<String, usize>),
    Realm,
}

impl Layer {
    pub(super) fn get(&self, variable: &str) -> Option<&Given> {
        self.values.get(variable)
    }

    /// Where a variable of this layer stands.
    pub(super) fn origin(&self, variable: &str) -> Origin {
        match &self.place {
            Place::Process => Origin::Environment,
            Place::File(path, lines) => Origin::File {
                path: path.clone(),
                line: lines.get(variable).copied().unwrap_or_default(),
            },
            Place::Realm => Origin::Realm(variable.to_owned()),
        }
    }
}

/// A value as it was given. `Debug` hides it: it may be a secret.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Given {
    Text(String),
    NotUnicode,
    /// A URI of which a `.env` file lost the end, at a `#` of the password.
    Cut,
}

impl std::fmt::Debug for Given {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("***")
    }
}

impl EnvSource {
    /// Nothing at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// What `serve` and `check` see: the process environment and the two `.env` files.
    pub fn from_process() -> Self {
        Self::new()
            .with_os_variables(std::env::vars_os())
            .with_file(Path::new(LOCAL_FILE))
            .with_file(Path::new(SYSTEM_FILE))
    }

    /// Adds a layer below the ones that are there.
    pub fn with_variables<N: Into<String>, V: Into<String>>(self, variables: impl IntoIterator<Item = (N, V)>) -> Self {
        self.with_layer(
            Place::Process,
            variables
                .into_iter()
                .map(|(name, value)| (name.into(), Given::Text(value.into()))),
        )
    }

    /// Adds a layer above the ones that are there.
    pub(super) fn beneath(self, texts: impl IntoIterator<Item = (String, String)>) -> Self {
        let texts = texts.into_iter().map(|(name, text)| (name, Given::Text(text)));
        let mut above = Self::new().with_layer(Place::Realm, texts);
        above.layers.extend(self.layers);
        EnvSource {
            layers: above.layers,
            ..self
        }
    }

    /// Adds a layer of variables as the system gives them. `env::vars` would panic at a name or value that is not Unicode.
    /// Here such a name is left out, and such a value is an error only if it is a setting's.
    pub fn with_os_variables(self, variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let variables = variables.into_iter().filter_map(|(name, value)| {
            let value = value.into_string().map_or(Given::NotUnicode, Given::Text);
            name.into_string().ok().map(|name| (name, value))
        });
        self.with_layer(Place::Process, variables)
    }

    /// Adds a `.env` file as a layer; a file that does not exist adds nothing.
    pub fn with_file(mut self, path: &Path) -> Self {
        let shown = path.display().to_string();
        let text = match std::fs::read(path) {
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(text) => text,
                Err(_) => {
                    self.problems.push(Problem::other(&shown, "is not UTF-8 text"));
                    return self;
                }
            },
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return self;
            }
            // systemd reads an `EnvironmentFile=` as root and starts us with its contents, so nothing is missing although
            // we may not read it. Where something is missing, the warning is shown with the errors.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                self.warnings
                    .push(Warning::new(&shown, format!("is not used: it cannot be read: {error}")));
                return self;
            }
            Err(error) => {
                self.problems
                    .push(Problem::other(&shown, format!("cannot be read: {error}")));
                return self;
            }
        };
        let parsed = dotenv::parse(&text);
        for (lines, what) in [
            (&parsed.ignored, "is no NAME=value and is ignored"),
            (
                &parsed.unclosed,
                "begins a value with a quote that is never closed; the quote is part of the value",
            ),
            (
                &parsed.cut,
                "has a value that ends at its `#`, a comment; values with `#` need quotes",
            ),
        ] {
            for line in lines {
                self.warnings.push(Warning::new(&shown, format!("line {line} {what}")));
            }
        }
        self.warnings.extend(repeated(&shown, &parsed));
        let names = parsed.values.iter().map(|(name, _)| name.clone());
        let lines = names.zip(parsed.lines.iter().copied()).collect();
        let values = parsed.values.into_iter().zip(parsed.lines);
        let values = values.map(|((name, value), line)| {
            let given = match parsed.cut_uris.contains(&line) {
                true => Given::Cut,
                false => Given::Text(value),
            };
            (name, given)
        });
        self.with_layer(Place::File(shown, lines), values)
    }

    fn with_layer(mut self, place: Place, variables: impl Iterator<Item = (String, Given)>) -> Self {
        let mut values: BTreeMap<_, _> = variables.collect();
        values.retain(|_, given| !given.is_empty());
        self.layers.push(Layer { values, place });
        self
    }

    /// The layers, of which the first wins. They have no empty values: empty means absent.
    pub(super) fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Every name that any layer gives, once, with its value where that is text.
    pub(super) fn names(&self) -> BTreeMap<&str, &str> {
        let mut names = BTreeMap::new();
        for (name, given) in self.layers.iter().flat_map(|layer| &layer.values) {
            let text = match given {
                Given::Text(text) => text.as_str(),
                Given::NotUnicode | Given::Cut => "",
            };
            names.entry(name.as_str()).or_insert(text);
        }
        names
    }
}

/// That settings of a file are given twice in it, with two values.
fn repeated(file: &str, parsed: &dotenv::Parsed) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let values: Vec<_> = parsed.values.iter().zip(&parsed.lines).collect();
    for (at, ((name, value), line)) in values.iter().enumerate() {
        let mut later = values.iter().skip(at + 1);
        if let Some((_, last)) = later.find(|((other, another), _)| other == name && another != value)
            && is_setting(name)
        {
            let text = format!("line {line} gives {name}, and so does line {last}: the last one counts");
            warnings.push(Warning::new(file, text));
        }
    }
    warnings
}

/// Whether a variable gives a setting.
fn is_setting(variable: &str) -> bool {
    let name = variable.strip_suffix("_FILE").unwrap_or(variable);
    let is = |setting: &Setting| {
        let names = [Some(setting.name), setting.alias];
        names.contains(&Some(variable)) || (setting.secret && names.contains(&Some(name)))
    };
    SETTINGS.iter().any(is)
}

impl Given {
    fn is_empty(&self) -> bool {
        matches!(self, Self::Text(text) if text.trim().is_empty())
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
    fn empty_variables_let_the_file_speak() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(".env");
        std::fs::write(&path, "PORT=1636\nA=1\nA=2\nnonsense\nC=1\nC=\n").unwrap();
        let source = EnvSource::new()
            .with_variables([("PORT", ""), ("B", "3")])
            .with_file(&path);
        let names = source.names();
        assert_eq!(names.get("PORT"), Some(&"1636"));
        assert_eq!(names.get("A"), Some(&"2"));
        assert_eq!(names.get("B"), Some(&"3"));
        assert_eq!(names.get("C"), None);
        assert_eq!(source.warnings.len(), 1);
        assert!(
            source.warnings[0].to_string().contains("line 4"),
            "{:?}",
            source.warnings
        );
    }

    #[test]
    fn a_missing_file_is_nothing_and_an_unreadable_one_a_problem() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("none/.env");
        assert!(EnvSource::new().with_file(&path).problems.is_empty());
        assert_eq!(EnvSource::new().with_file(directory.path()).problems.len(), 1);
        let path = directory.path().join("latin1");
        std::fs::write(&path, b"A=\xe9\n").unwrap();
        assert_eq!(EnvSource::new().with_file(&path).problems.len(), 1);
        std::fs::write(&path, "A='b\nB=c#d\n").unwrap();
        let source = EnvSource::new().with_file(&path);
        assert_eq!((source.problems.len(), source.warnings.len()), (0, 2), "{source:?}");
    }

    /// In a `.env` file a `#` of a password begins a comment: what is left would be a URI of another host.
    #[test]
    fn a_uri_that_is_cut_in_its_password_is_no_uri() {
        use crate::config::Config;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(".env");
        let problems = |text: &str| {
            std::fs::write(&path, text).unwrap();
            let (_, problems, _) = Config::load_leniently(&EnvSource::new().with_file(&path));
            let problems = problems.iter().filter(|problem| problem.variable.starts_with("SQL_UR"));
            problems.map(ToString::to_string).collect::<Vec<_>>()
        };
        for uri in [
            "SQL_URI=postgres://u:12#34@db/people",
            "SQL_URI=postgres://u:hunter2@x#y@db/people",
            "export SQL_URL=mysql://u:#hunter2@db/people # the users",
        ] {
            let problems = problems(uri);
            assert_eq!(problems.len(), 1, "{uri}: {problems:?}");
            assert!(
                problems[0].contains("%23") && !problems[0].contains("hunter2"),
                "{problems:?}"
            );
        }
        for uri in [
            "SQL_URI=postgres://u:p@db/people#the users",
            "SQL_URI='postgres://u:12%2334@db/people'#of me@home",
            "SQL_URI=postgres://u:p@db/people # of me@home",
        ] {
            assert_eq!(problems(uri), Vec::<String>::new(), "{uri}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn variables_that_are_not_unicode_do_not_panic() {
        use std::os::unix::ffi::OsStringExt;
        let bad = || OsString::from_vec(vec![b'x', 0xff]);
        let source = EnvSource::new().with_os_variables([(bad(), "a".into()), ("LDAP_BASE_DN".into(), bad())]);
        assert_eq!(source.names().len(), 1);
        assert!(!format!("{source:?}").contains('x'));
    }
}
