//! The settings of a recipe for tables as they are called here: another prefix, another spelling, a schema before them.
//! Pure.

use super::recognise::Recognised;
use crate::sql::{CatalogTable, Engine};

/// Settings that a proposal takes from a recipe; the others of the shipped files are for the operator to decide.
const TAKEN: [&str; 8] = [
    "SQL_QUERY_",
    "BIND_NAMES",
    "LDAP_USERS_RDN",
    "LDAP_GROUPS_RDN",
    "ACCOUNT_STATUS_REFUSED",
    "LDAP_USER_PRIVATE_GROUPS",
    "LDAP_GROUP_CLASSES",
    "LDAP_MAIL_FALLBACK",
];

/// A line of a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// A comment, without its sign.
    Comment(String),
    /// A setting.
    Setting(String, String),
}

/// The recipe's lines with the names of these tables. None where the software does not run on the engine.
pub fn lines(recognised: &Recognised<'_>, engine: Engine) -> Option<Vec<Line>> {
    let text = recognised.software.recipe(engine)?;
    let lines = text.lines().filter_map(|line| {
        if let Some(comment) = line.strip_prefix('#') {
            return Some(Line::Comment(comment.trim().to_owned()));
        }
        let (name, value) = line.split_once('=')?;
        let is_taken = TAKEN.iter().any(|taken| name.starts_with(taken));
        is_taken.then(|| Line::Setting(name.to_owned(), renamed(value, recognised, engine)))
    });
    Some(lines.collect())
}

/// A value with the names of the tables as they are here. Names stand as whole words; in a text only the prefix is
/// another one.
fn renamed(value: &str, recognised: &Recognised<'_>, engine: Engine) -> String {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut renamed = String::with_capacity(value.len());
    let mut rest = value;
    let mut in_text = false;
    while let Some(first) = rest.chars().next() {
        let length = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
        let (word, after) = rest
            .split_at_checked(length.max(first.len_utf8()))
            .unwrap_or((rest, ""));
        if first == '\'' {
            in_text = !in_text;
        }
        let pairs = recognised.software.tables.iter().zip(&recognised.tables);
        let is_named = |usual: &str| match engine {
            // Upper case is what some software writes there.
            Engine::MySql => usual.eq_ignore_ascii_case(word),
            Engine::PostgreSql | Engine::Sqlite => usual == word,
        };
        let table = pairs.clone().find(|(usual, _)| is_named(usual.name) && !in_text);
        match (table, recognised.software.prefix) {
            (Some((_, table)), _) => put(&mut renamed, table, engine),
            (None, Some(prefix)) if word.starts_with(prefix) => {
                renamed.push_str(recognised.prefix);
                renamed.push_str(word.strip_prefix(prefix).unwrap_or(word));
            }
            (None, _) => renamed.push_str(word),
        }
        rest = after;
    }
    renamed
}

/// Writes a table's name, after a quote mark without marks of its own, and its schema where it is needed.
fn put(text: &mut String, table: &CatalogTable, engine: Engine) {
    let mark = text.chars().next_back().filter(|last| matches!(last, '"' | '`'));
    if mark.is_some() {
        text.pop();
    }
    if !table.is_found {
        text.push_str(&engine.quote(&table.schema));
        text.push('.');
    }
    match mark {
        Some(mark) => {
            text.push(mark);
            text.push_str(&table.name);
        }
        None => text.push_str(&table.name),
    }
}

/// The name of a table as a statement of our own has it.
pub fn table_name(table: &CatalogTable, engine: Engine) -> String {
    let name = engine.quote(&table.name);
    match table.is_found {
        true => name,
        false => format!("{}.{name}", engine.quote(&table.schema)),
    }
}
