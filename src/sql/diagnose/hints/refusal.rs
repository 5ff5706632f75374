//! What a statement was refused for, by the engine's code; the names come from its words, which are in the server's language.

use crate::sql::{engine::Engine, error::StatementError};

/// What a statement was refused for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// There is no such table: its name, perhaps with a schema before it.
    Table(String),
    /// There is no such column: its name, perhaps with a table before it.
    Column(String),
    /// What may not be read: a table.
    Denied(String),
    /// A schema that may not be used (PostgreSQL).
    DeniedSchema(String),
    /// The text is no SQL of this engine: what it stumbled over, where it says so.
    Syntax(Option<String>),
}

impl Refusal {
    /// None for what no hint is known.
    pub(super) fn of(engine: Engine, error: &StatementError) -> Option<Refusal> {
        let text = error.text.as_str();
        match (engine, error.code.as_str()) {
            // The same code says that a qualifier is no table of the query: `missing FROM-clause entry for table "u"`, whose
            // keyword is in no translation of the other.
            (Engine::PostgreSql, "42P01") if text.contains("FROM") => None,
            (Engine::PostgreSql, "42P01") => in_quotes(text).map(Refusal::Table),
            (Engine::PostgreSql, "42703") => column_of_postgres(text).map(Refusal::Column),
            (Engine::PostgreSql, "42501") => {
                let name = text.rsplit(' ').next().map(bare)?;
                Some(match text.contains(" schema ") {
                    true => Refusal::DeniedSchema(name),
                    false => Refusal::Denied(name),
                })
            }
            (Engine::PostgreSql, "42601") => Some(Refusal::Syntax(in_quotes(text))),
            (Engine::MySql, "1146") => {
                let name = in_quotes(text)?;
                // The database before it is the one of the URI, or was written.
                Some(Refusal::Table(name))
            }
            (Engine::MySql, "1054") => in_quotes(text).map(Refusal::Column),
            (Engine::MySql, "1142" | "1143") => {
                let name = text.rsplit(' ').next()?;
                let table = name.rsplit(['.']).next().map(bare)?;
                Some(Refusal::Denied(table))
            }
            (Engine::MySql, "1064") => Some(Refusal::Syntax(near_of_mysql(text))),
            (Engine::Sqlite, "1") => of_sqlite(text),
            _ => None,
        }
    }
}

fn of_sqlite(text: &str) -> Option<Refusal> {
    if let Some(name) = text.strip_prefix("no such table: ") {
        return Some(Refusal::Table(bare(name)));
    }
    if let Some(name) = text.strip_prefix("no such column: ") {
        // Newer versions add a question: `"x" - should this be a string literal in single-quotes?`.
        let name = name.split(" - ").next().unwrap_or(name);
        return Some(Refusal::Column(bare(name)));
    }
    text.contains("syntax error").then(|| Refusal::Syntax(in_quotes(text)))
}

/// `column "uidnumber" does not exist`, `column u.uidnumber does not exist`.
fn column_of_postgres(text: &str) -> Option<String> {
    let qualified = text
        .strip_prefix("column ")
        .and_then(|rest| rest.strip_suffix(" does not exist"))
        .filter(|name| !name.contains(' '));
    qualified.map(bare).or_else(|| in_quotes(text))
}

/// `… right syntax to use near '"users" WHERE' at line 1`: the first word.
fn near_of_mysql(text: &str) -> Option<String> {
    let (_, rest) = text.split_once('\'')?;
    let word: String = rest
        .chars()
        .take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '$'))
        .collect();
    (!word.is_empty()).then_some(word)
}

/// What stands in the first quotes, of whichever language.
fn in_quotes(text: &str) -> Option<String> {
    const PAIRS: [(char, char); 6] = [('"', '"'), ('\'', '\''), ('«', '»'), ('»', '«'), ('„', '“'), ('“', '”')];
    let (at, open) = text
        .char_indices()
        .find(|(_, c)| PAIRS.iter().any(|(open, _)| open == c))?;
    let (_, close) = PAIRS.into_iter().find(|(first, _)| *first == open)?;
    let rest = text.get(at + open.len_utf8()..)?;
    let end = rest.find(close)?;
    rest.get(..end)
        .filter(|name| !name.is_empty())
        .map(|name| name.trim().to_owned())
}

/// A name without quotes.
fn bare(name: &str) -> String {
    name.replace(['"', '`', '\''], "").trim().to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use Engine::{MySql, PostgreSql, Sqlite};

    fn of(engine: Engine, code: &str, text: &str) -> Option<Refusal> {
        let error = StatementError {
            code: code.to_owned(),
            ..StatementError::ours(text)
        };
        Refusal::of(engine, &error)
    }

    #[test]
    fn names_come_from_the_words() {
        let table = |name: &str| Some(Refusal::Table(name.to_owned()));
        let column = |name: &str| Some(Refusal::Column(name.to_owned()));
        let denied = |name: &str| Some(Refusal::Denied(name.to_owned()));
        let syntax = |near: &str| Some(Refusal::Syntax(Some(near.to_owned())));
        for (engine, code, text, expected) in [
            (PostgreSql, "42P01", "relation \"users\" does not exist", table("users")),
            (
                PostgreSql,
                "42P01",
                "relation \"app.users\" does not exist",
                table("app.users"),
            ),
            (PostgreSql, "42P01", "Relation »users« existiert nicht", table("users")),
            (
                PostgreSql,
                "42703",
                "column \"uidnumber\" does not exist",
                column("uidnumber"),
            ),
            (
                PostgreSql,
                "42703",
                "column u.uidnumber does not exist",
                column("u.uidnumber"),
            ),
            (
                PostgreSql,
                "42703",
                "column \"user name\" does not exist",
                column("user name"),
            ),
            (
                PostgreSql,
                "42501",
                "permission denied for table Users",
                denied("Users"),
            ),
            (
                PostgreSql,
                "42601",
                "syntax error at or near \"group\"",
                syntax("group"),
            ),
            (
                PostgreSql,
                "42601",
                "syntax error at end of input",
                Some(Refusal::Syntax(None)),
            ),
            (MySql, "1146", "Table 'd.users' doesn't exist", table("d.users")),
            (
                MySql,
                "1054",
                "Unknown column 'u.uidnumber' in 'field list'",
                column("u.uidnumber"),
            ),
            (
                MySql,
                "1142",
                "SELECT command denied to user 'g'@'h' for table `d`.`users`",
                denied("users"),
            ),
            (
                MySql,
                "1142",
                "SELECT command denied to user 'g'@'h' for table 'users'",
                denied("users"),
            ),
            (
                MySql,
                "1064",
                "You have an error in your SQL syntax; check the manual for the right syntax to use near 'groups g' at line 1",
                syntax("groups"),
            ),
            (Sqlite, "1", "no such table: main.users", table("main.users")),
            (Sqlite, "1", "no such column: u.uidnumber", column("u.uidnumber")),
            (
                Sqlite,
                "1",
                "no such column: \"x\" - should this be a string literal in single-quotes?",
                column("x"),
            ),
            (Sqlite, "1", "near \"FORM\": syntax error", syntax("FORM")),
            (Sqlite, "1", "no such function: now", None),
            (PostgreSql, "42P01", "missing FROM-clause entry for table \"u\"", None),
            (PostgreSql, "42883", "function now(int) does not exist", None),
        ] {
            assert_eq!(of(engine, code, text), expected, "{text}");
        }
        let schema = of(PostgreSql, "42501", "permission denied for schema app");
        assert_eq!(schema, Some(Refusal::DeniedSchema("app".to_owned())));
    }
}
