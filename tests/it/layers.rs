//! Which module may know which (the arrows of the house plan): downwards only, and each package in its one place.

use crate::harness::repository;
use std::fs;
use std::path::{Path, PathBuf};

/// From top to bottom; a layer may use those below it, except where `FORBIDDEN` says otherwise. `config` and `protocol`
/// are on their own, above `model` only.
const LAYERS: [&str; 7] = ["app", "server", "operations", "auth", "directory", "sql", "model"];

/// What a module must not name of ours, beyond what is above it.
const FORBIDDEN: [(&str, &[&str]); 6] = [
    (
        "metrics",
        &[
            "app",
            "server",
            "operations",
            "auth",
            "directory",
            "sql",
            "model",
            "protocol",
            "config",
            "telemetry",
            "commands",
            "cli",
        ],
    ),
    (
        "database_uri",
        &[
            "app",
            "server",
            "operations",
            "auth",
            "directory",
            "sql",
            "model",
            "protocol",
            "config",
            "telemetry",
            "metrics",
            "commands",
            "cli",
        ],
    ),
    ("model", &["config", "protocol", "telemetry", "commands", "cli"]),
    (
        "protocol",
        &[
            "app",
            "server",
            "operations",
            "auth",
            "directory",
            "sql",
            "config",
            "telemetry",
            "commands",
            "cli",
        ],
    ),
    (
        "config",
        &[
            "app",
            "server",
            "operations",
            "auth",
            "directory",
            "sql",
            "protocol",
            "commands",
            "cli",
        ],
    ),
    ("sql", &["protocol"]),
];

/// Packages, and where alone they may be named.
const PACKAGES: [(&str, &[&str]); 12] = [
    ("hyper", &["server/admin"]),
    ("hyper_util", &["server/admin"]),
    ("sqlx", &["sql/"]),
    ("rustls", &["server/tls", "sql/sessionless/tls"]),
    ("tokio_rustls", &["server/tls", "sql/sessionless/tls"]),
    ("postgres_protocol", &["sql/sessionless"]),
    ("rustls_native_certs", &["sql/sessionless/tls"]),
    ("rustls_pemfile", &["server/tls"]),
    ("rcgen", &["server/tls"]),
    ("envy", &["config"]),
    ("dotenvy", &["config"]),
    ("argon2", &["auth/"]),
];

/// `(path below src, text without comments and tests)` of every source file.
fn sources() -> Vec<(String, String)> {
    fn walk(dir: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).unwrap().flatten() {
            if entry.path().is_dir() {
                walk(&entry.path(), files)
            } else {
                files.push(entry.path())
            }
        }
    }
    let src = repository("src");
    let mut files = Vec::new();
    walk(&src, &mut files);
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rs"));
    files.sort();
    files
        .iter()
        .map(|file| {
            let name = file.strip_prefix(&src).unwrap().display().to_string();
            let text = fs::read_to_string(file).unwrap();
            // Tests may name what they like: what follows the first test attribute, and files of tests.
            let mut code = if name.contains("tests") {
                ""
            } else {
                text.split("#[cfg(test)]").next().unwrap()
            };
            // Its other attributes may stand before that one.
            if let Some(at) = code
                .rfind("#[allow(")
                .filter(|at| code[*at..].trim_end().ends_with(")]"))
            {
                code = &code[..at];
            }
            let lines = code.lines().map(|line| line.split("//").next().unwrap_or_default());
            (name, lines.collect::<Vec<_>>().join("\n"))
        })
        .collect()
}

/// Whether a text names a package: `word::` at the start of a path, or `use word`.
fn names(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + word.len()..]);
        // A quote stands before the name of a log target.
        let starts = !before.ends_with(|c: char| c.is_alphanumeric() || "_:\",".contains(c));
        starts && (after.starts_with("::") || (before.trim_end().ends_with("use") && after.starts_with([';', ' '])))
    })
}

/// `crate::{a::b, c}` as `crate::a`, `crate::c`: the modules of ours that a text names.
fn ours(text: &str) -> Vec<String> {
    let mut modules = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        if let Some(list) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut start = true;
            let mut name = String::new();
            for c in list.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => start = true,
                    c if start && (c.is_alphanumeric() || c == '_') => name.push(c),
                    c if start && c.is_whitespace() && name.is_empty() => {}
                    _ => start = false,
                }
                let ends = !(c.is_alphanumeric() || c == '_');
                if ends && !name.is_empty() {
                    modules.push(std::mem::take(&mut name));
                }
            }
            modules.extend((!name.is_empty()).then_some(name));
        } else {
            modules.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    modules
}

/// The module a file belongs to: `model` for `model/dn.rs` and `model.rs`.
fn module(path: &str) -> &str {
    path.split(['/', '.']).next().unwrap()
}

#[test]
fn imports_are_read() {
    assert_eq!(ours("use crate::model::dn; crate::sql::x()"), ["model", "sql"]);
    assert_eq!(
        ours("use crate::{model::{dn, entry}, sql, config::Config};"),
        ["model", "sql", "config"]
    );
    assert!(names("use sqlx::Pool;", "sqlx") && names("(sqlx::query())", "sqlx") && names("use sqlx;", "sqlx"));
    assert!(
        !names("let sqlx_like = 1;", "sqlx")
            && !names("use crate::sqlx::x", "sqlx")
            && !names("tokio_rustls::x", "rustls")
    );
}

#[test]
fn arrows_point_downwards() {
    let mut wrong = Vec::new();
    let sources = sources();
    assert!(!sources.is_empty());
    for (path, text) in &sources {
        let from = module(path);
        let mut forbidden: Vec<&str> = Vec::new();
        if let Some(level) = LAYERS.iter().position(|layer| *layer == from) {
            forbidden.extend(&LAYERS[..level]);
        }
        forbidden.extend(
            FORBIDDEN
                .iter()
                .filter(|(module, _)| *module == from)
                .flat_map(|(_, names)| *names),
        );
        for to in ours(text) {
            if forbidden.contains(&to.as_str()) {
                wrong.push(format!("{path} names crate::{to}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn packages_stay_in_their_place() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        for (package, places) in PACKAGES {
            if !places.iter().any(|place| path.starts_with(place)) && names(&text, package) {
                wrong.push(format!("{path} names {package}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn only_config_reads_the_environment() {
    let readers = ["env::var", "env::vars", "env::var_os", "env::vars_os"];
    for (path, text) in sources() {
        if module(&path) != "config" {
            for reader in readers {
                assert!(!text.contains(reader), "{path} reads the environment: {reader}");
            }
        }
    }
}

#[test]
fn the_model_is_pure() {
    for (path, text) in sources() {
        if ["model", "protocol"].contains(&module(&path)) {
            for outside in [
                "tokio",
                "std::fs",
                "std::net",
                "std::env",
                "async ",
                "ldap3_proto",
                "std::process",
                "std::thread",
            ] {
                assert!(!text.contains(outside), "{path} names {outside}");
            }
        }
    }
}

#[test]
fn lints_are_not_allowed_again() {
    for (path, text) in sources() {
        for lint in [
            "unwrap_used",
            "expect_used",
            "clippy::panic",
            "indexing_slicing",
            "string_slice",
            "missing_docs",
            "await_holding_lock",
        ] {
            assert!(!text.contains(lint), "{path} turns {lint} off outside of tests");
        }
    }
}

#[test]
fn no_names_of_machines() {
    // Paths of the machine that this runs on have no place in what is delivered.
    let places = [
        env!("CARGO_MANIFEST_DIR").to_owned(),
        std::env::var("HOME").unwrap_or_default() + "/",
    ];
    for (path, text) in sources() {
        for place in places.iter().filter(|place| place.len() > 1) {
            assert!(!text.contains(place.as_str()), "{path}: {place}");
        }
    }
}
