//! How each kind of database spells names, placeholders and patterns.

pub use crate::database_uri::Engine;

impl Engine {
    /// The name to show to an operator.
    pub fn name(self) -> &'static str {
        match self {
            Engine::PostgreSql => "PostgreSQL",
            Engine::MySql => "MariaDB/MySQL",
            Engine::Sqlite => "SQLite",
        }
    }

    /// An identifier, quoted so that any name is taken literally. MySQL without `ANSI_QUOTES` reads double quotes as a
    /// string, so it gets backticks.
    pub fn quote(self, identifier: &str) -> String {
        let mark = match self {
            Engine::PostgreSql | Engine::Sqlite => '"',
            Engine::MySql => '`',
        };
        let mut quoted = String::with_capacity(identifier.len() + 2);
        quoted.push(mark);
        for c in identifier.chars() {
            if c == mark {
                quoted.push(mark);
            }
            quoted.push(c);
        }
        quoted.push(mark);
        quoted
    }

    /// The placeholder of the `number`th bound value (from 1), as the engine's protocol wants it.
    pub fn placeholder(self, number: usize) -> String {
        match self {
            Engine::PostgreSql => format!("${number}"),
            Engine::MySql | Engine::Sqlite => "?".to_owned(),
        }
    }
}

/// The escape character of all our patterns. A backslash would mean different things on different engines and under
/// `NO_BACKSLASH_ESCAPES`.
pub const LIKE_ESCAPE: char = '|';

/// `text` for a `LIKE … ESCAPE '|'` pattern, matching only itself.
pub fn escape_like(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '%' | '_' | LIKE_ESCAPE) {
            escaped.push(LIKE_ESCAPE);
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_quoted_and_their_quotes_doubled() {
        assert_eq!(Engine::PostgreSql.quote("uid\"Number`"), "\"uid\"\"Number`\"");
        assert_eq!(Engine::Sqlite.quote("a b"), "\"a b\"");
        assert_eq!(Engine::MySql.quote("uid\"Number`"), "`uid\"Number```");
    }

    #[test]
    fn patterns_are_escaped_with_our_own_character() {
        assert_eq!(escape_like("50%_|\\"), "50|%|_||\\");
    }
}
