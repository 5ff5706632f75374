//! Which module may know which: downwards only, no circles, and each package in its one place.

mod imports;

use imports::{Imports, Sources};
use std::collections::{BTreeMap, BTreeSet};

/// What each module may use of the others, from top to bottom.
pub const MAY_USE: [(&str, &str); 16] = [
    ("main", ""),
    ("cli", "commands"),
    (
        "commands",
        "app auth config database_uri directory metrics model operations server sql telemetry tls_client",
    ),
    ("app", "auth config directory metrics model operations server sql"),
    ("server", "config database_uri metrics model operations protocol sql"),
    ("operations", "auth config directory metrics model protocol sql"),
    ("auth", "config database_uri metrics model tls_client"),
    ("directory", "config database_uri metrics model sql"),
    ("sql", "config database_uri metrics model tls_client"),
    ("telemetry", "config database_uri metrics"),
    ("config", "database_uri model"),
    ("protocol", "model"),
    ("model", ""),
    ("metrics", ""),
    ("database_uri", ""),
    ("tls_client", ""),
];

/// Packages, and where alone they may be named.
const PACKAGES: [(&str, &[&str]); 14] = [
    ("hyper", &["server/admin"]),
    ("hyper_util", &["server/admin"]),
    (
        "sqlx",
        &["sql/connection", "sql/decode", "sql/sqlite_file", "sql/database/tests"],
    ),
    ("rustls", &["server/tls", "sql/connection/sessionless", "tls_client"]),
    (
        "tokio_rustls",
        &["server/tls", "sql/connection/sessionless", "tls_client"],
    ),
    ("postgres_protocol", &["sql/connection/sessionless"]),
    ("rustls_native_certs", &["sql/connection/sessionless", "tls_client"]),
    ("rustls_pemfile", &["server/tls"]),
    ("rcgen", &["server/tls"]),
    ("envy", &["config"]),
    ("dotenvy", &["config"]),
    ("argon2", &["auth/"]),
    ("reqwest", &["auth/link/notification"]),
    ("ldap3", &["auth/link/upstream"]),
];

#[test]
fn arrows_point_downwards() {
    let mut wrong = Vec::new();
    for ((from, to), names) in Sources::read().imports() {
        let allowed = MAY_USE.iter().find(|(module, _)| *module == top(&from));
        let (_, allowed) = allowed.unwrap_or_else(|| panic!("{from}: this module has no line in MAY_USE"));
        if top(&from) != top(&to) && !allowed.split(' ').any(|module| module == top(&to)) {
            wrong.push(arrow(&from, &to, &names));
        }
    }
    assert!(
        wrong.is_empty(),
        "imports that MAY_USE does not allow:\n{}",
        wrong.concat()
    );
}

#[test]
fn no_circles() {
    let imports = Sources::read().imports();
    let mut circles = circles(&imports);
    // Folders side by side are in one order, too.
    for depth in [1, 2] {
        circles.extend(self::circles(&folded(&imports, depth)));
    }
    let told: String = circles.iter().map(|circle| circle.told.as_str()).collect();
    assert!(
        told.is_empty(),
        "{told}\nThe lowest thing that all of them use belongs into a file of its own."
    );
}

/// It asks an entry source: what it knows of the database is how long something may take.
#[test]
fn a_search_knows_no_rows() {
    let may_use = [
        "directory/search/",
        "directory/naming/",
        "directory/entry_source.rs",
        "directory/hidden.rs",
        "directory/error.rs",
        "directory/kind",
        "sql/budget.rs",
    ];
    let wrong: String = Sources::read()
        .imports()
        .iter()
        .filter(|((from, _), _)| from.starts_with("directory/search/"))
        .filter(|((_, to), _)| top(to) != "model" && !may_use.iter().any(|room| to.starts_with(room)))
        .map(|((from, to), names)| arrow(from, to, names))
        .collect();
    assert!(wrong.is_empty(), "imports of a search that know too much:\n{wrong}");
}

#[test]
fn a_circle_is_found() {
    let planted = |texts: &[(&str, &str)]| {
        let texts = texts.iter().map(|(file, text)| (file.to_string(), text.to_string()));
        let circles = circles(&Sources::of(texts).imports());
        circles.into_iter().map(|circle| circle.told).collect::<String>()
    };
    // By several ways of writing an import, through a front page, and from a list.
    let circle = planted(&[
        (
            "a/mod.rs",
            "pub mod b;\nmod c;\npub use c::{C, D as E};\npub use crate::f;",
        ),
        (
            "a/b.rs",
            "use super::{E, f::F};\nfn b() { println!(\"{}\", crate::a::C) }",
        ),
        (
            "a/c.rs",
            "use std::fmt::Debug;\nuse crate::{a::{b::{self}}};\nstruct C; struct D;\nfn c() { b::b() }",
        ),
        ("f.rs", "pub struct F;"),
    ]);
    assert_eq!(
        circle,
        "2 import each other:\n  a/b.rs -> a/c.rs: C, D\n  a/c.rs -> a/b.rs: b\n"
    );
    // A front page that hands on and defines; a module written inline.
    let circle = planted(&[
        ("a/mod.rs", "mod b;\npub use b::B;\npub const A: u8 = 1;"),
        (
            "a/b.rs",
            "pub struct B;\nmod inside { use super::super::A; use super::B; }",
        ),
    ]);
    assert_eq!(
        circle,
        "2 import each other:\n  a/b.rs -> a/mod.rs: A\n  a/mod.rs -> a/b.rs: B\n"
    );
    // Tests, comments, texts and `mod` lines import nothing.
    let none = planted(&[
        (
            "a/mod.rs",
            "mod b;\npub const A: u8 = 1; // b::B\n#[cfg(test)]\n#[allow(x)]\nmod tests { use super::b::B; }",
        ),
        ("a/b.rs", "use super::A;\nconst TEXT: &str = \"crate::a::A\";"),
        ("a/c.rs", "/// Of [`super::d`].\nstruct C;"),
        ("a/d.rs", "use super::c::C;"),
    ]);
    assert_eq!(none, "");
}

#[test]
fn packages_stay_in_their_place() {
    let mut wrong = Vec::new();
    for source in Sources::read().iter() {
        for (package, places) in PACKAGES {
            let is_named = source
                .paths
                .iter()
                .any(|path| path.first().is_some_and(|first| first == package));
            if is_named && !places.iter().any(|place| source.file.starts_with(place)) {
                wrong.push(format!("{} names {package}", source.file));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn only_config_reads_the_environment() {
    for source in Sources::read().iter().filter(|source| top(&source.file) != "config") {
        for reader in ["env::var", "env::vars", "env::var_os", "env::vars_os"] {
            assert!(!source.names(reader), "{} reads the environment: {reader}", source.file);
        }
    }
}

#[test]
fn the_model_is_pure() {
    let outside = "tokio std::fs std::net std::env std::process std::thread async ldap3_proto";
    for source in Sources::read().iter() {
        if ["model", "protocol"].contains(&top(&source.file)) {
            for outside in outside.split(' ') {
                assert!(!source.names(outside), "{} names {outside}", source.file);
            }
        }
    }
}

#[test]
fn lints_are_not_allowed_again() {
    let lints = "unwrap_used expect_used clippy::panic indexing_slicing string_slice missing_docs await_holding_lock";
    for source in Sources::read().iter() {
        for lint in lints.split(' ') {
            assert!(!source.names(lint), "{} turns {lint} off outside of tests", source.file);
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
    for source in Sources::read().iter() {
        for place in places.iter().filter(|place| place.len() > 1) {
            assert!(!source.text.contains(place.as_str()), "{}: {place}", source.file);
        }
    }
}

/// The module at the top: `model` for `model/dn/parse.rs` and `model.rs`.
fn top(file: &str) -> &str {
    file.split(['/', '.']).next().unwrap()
}

/// An import as a line.
fn arrow(from: &str, to: &str, names: &BTreeSet<String>) -> String {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    format!("  {from} -> {to}: {}\n", names.join(", "))
}

/// Imports between folders of some depth, and the files beside them.
fn folded(imports: &Imports, depth: usize) -> Imports {
    let fold = |file: &str| file.split('/').take(depth).collect::<Vec<_>>().join("/");
    let mut folded = Imports::new();
    for ((from, to), names) in imports {
        let arrow = (fold(from), fold(to));
        if arrow.0 != arrow.1 {
            folded.entry(arrow).or_default().extend(names.iter().cloned());
        }
    }
    folded
}

/// Files, or folders, that import each other.
struct Circle {
    members: BTreeSet<String>,
    /// The imports that tie them, a line each.
    told: String,
}

fn circles(imports: &Imports) -> Vec<Circle> {
    let mut next: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (from, to) in imports.keys() {
        next.entry(from).or_default().insert(to);
    }
    let reached: BTreeMap<&str, BTreeSet<&str>> = next.keys().map(|from| (*from, reached(&next, from))).collect();
    let reaches = |from: &str, to: &str| reached.get(from).is_some_and(|files| files.contains(to));
    let mut circles: Vec<Circle> = Vec::new();
    for from in next.keys() {
        let members = next.keys().filter(|to| reaches(from, to) && reaches(to, from));
        let members: BTreeSet<String> = members.map(|member| member.to_string()).collect();
        if members.is_empty() || circles.iter().any(|circle| circle.members == members) {
            continue;
        }
        let ties = imports
            .iter()
            .filter(|((from, to), _)| members.contains(from) && members.contains(to));
        let ties: String = ties.map(|((from, to), names)| arrow(from, to, names)).collect();
        let told = format!("{} import each other:\n{ties}", members.len());
        circles.push(Circle { members, told });
    }
    circles
}

/// All that a file imports, and what that imports, and so on.
fn reached<'a>(next: &BTreeMap<&'a str, BTreeSet<&'a str>>, file: &str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![file];
    while let Some(file) = open.pop() {
        for to in next.get(file).into_iter().flatten() {
            if reached.insert(*to) {
                open.push(to);
            }
        }
    }
    reached
}
