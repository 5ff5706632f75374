//! `sqlite:` URIs. The path is taken as it stands, but for its percent-encoding.

use std::path::PathBuf;

use super::address::decoded;
use super::tls::name_shown;
use super::uri::{DatabaseUri, SqliteUri};

/// Reads what follows `sqlite:`.
pub(super) fn parse(uri: &str, rest: &str) -> Result<DatabaseUri, Vec<String>> {
    let mut problems = Vec::new();
    let path = rest.strip_prefix("//").unwrap_or(rest);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    if path.is_empty() {
        problems.push("names no file (sqlite:PATH)".to_owned());
    }
    let mut seen: Vec<(String, String)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if seen.iter().any(|(other, found)| other == name && found != value) {
            problems.push(format!("`{}` is given twice, with two values", name_shown(name)));
        }
        seen.push((name.to_owned(), value.to_owned()));
        if let Err(why) = parameter(name, value) {
            problems.push(format!("`{}` {why}", name_shown(name)));
        }
    }
    let file = decoded(path, "the path")
        .map_err(|why| problems.push(why))
        .unwrap_or_default();
    if !problems.is_empty() {
        return Err(problems);
    }
    let is_memory = path == ":memory:" || seen.iter().any(|(name, value)| name == "mode" && value == "memory");
    Ok(DatabaseUri::Sqlite(SqliteUri {
        file: (!is_memory).then(|| PathBuf::from(file)),
        text: uri.to_owned(),
    }))
}

/// The driver's parameters, in its spelling.
fn parameter(name: &str, value: &str) -> Result<(), String> {
    let values: &[&str] = match name {
        "mode" => &["ro", "rw", "rwc", "memory"],
        "cache" => &["shared", "private"],
        "immutable" => &["true", "1", "false", "0"],
        "vfs" if !value.is_empty() => return Ok(()),
        "vfs" => return Err("has no value: name one or leave it out".to_owned()),
        _ if name.to_ascii_lowercase().contains("ssl") || name.eq_ignore_ascii_case("tls") => {
            return Err("asks for TLS, and a file has none: leave it out".to_owned());
        }
        _ => {
            return Err("is not known: mode, cache, immutable and vfs are (a ? of the path is written %3F)".to_owned());
        }
    };
    if values.contains(&value) {
        return Ok(());
    }
    Err(format!("must be one of {}", values.join(", ")))
}
