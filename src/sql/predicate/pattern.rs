//! Substrings assertions as LIKE. The engine compares canonical values; all others are let through.

use super::comparison::{
    NOT_ASCII, NOT_CANONICAL, as_text, folds_ascii, is_deterministic, postgres_text, write_not_canonical,
};
use crate::sql::engine::{Engine, LIKE_ESCAPE, escape_like};
use crate::sql::query::description::{Column, ColumnKind};
use crate::sql::statement::Writer;

/// Longer patterns are not worth their price, and SQLite refuses them at some length.
const LONGEST: usize = 2000;

/// The pieces of a substrings assertion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// None where no canonical value can match.
    like: Option<String>,
    ignore_case: bool,
    /// The pieces are ASCII, so values that are not canonical ASCII can have them too.
    ascii: bool,
    exact: bool,
    nul: bool,
}

impl Pattern {
    /// From pieces as RFC 4518 2.6.1 prepares them for substrings: one blank where a piece must begin or end a word,
    /// two between words.
    pub fn new<'a>(
        initial: Option<&str>,
        any: impl IntoIterator<Item = &'a str>,
        last: Option<&str>,
        ignore_case: bool,
    ) -> Pattern {
        let mut pattern = Pattern {
            like: Some(String::new()),
            ignore_case,
            ascii: true,
            exact: true,
            nul: false,
        };
        match initial {
            Some(piece) => pattern.push(piece.strip_prefix(' ').unwrap_or(piece)),
            None => pattern.wild(),
        }
        if initial.is_some() {
            pattern.wild();
        }
        for piece in any {
            pattern.push(piece);
            pattern.wild();
        }
        if let Some(piece) = last {
            pattern.push(piece.strip_suffix(' ').unwrap_or(piece));
        }
        if pattern.like.as_ref().is_some_and(|like| like.len() > LONGEST) {
            pattern.like = Some("%".to_owned());
            pattern.exact = false;
        }
        pattern
    }

    /// Characters that must follow each other, with anything in between.
    pub fn scattered(characters: &str) -> Pattern {
        let pieces: Vec<String> = characters.chars().map(String::from).collect();
        let mut pattern = Pattern::new(None, pieces.iter().map(String::as_str), None, true);
        pattern.exact = false;
        pattern
    }

    fn wild(&mut self) {
        if let Some(like) = &mut self.like
            && (!like.ends_with('%') || like.ends_with("|%"))
        {
            like.push('%');
        }
    }

    /// An outer blank may stand for the end of the value as well as for a blank.
    fn push(&mut self, piece: &str) {
        let words = piece.trim_matches(' ');
        self.nul |= words.contains('\0');
        self.ascii &= words.is_ascii();
        if words.len() != piece.len() {
            self.exact = false;
        }
        if piece.starts_with(' ') {
            self.wild();
        }
        let text = words.replace("  ", " ");
        match &mut self.like {
            Some(like) if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) => like.push_str(&escape_like(&text)),
            like => *like = None,
        }
        if piece.ends_with(' ') {
            self.wild();
        }
    }

    pub(super) fn has_nul(&self) -> bool {
        self.nul
    }

    /// Whether `write_exactly` says of canonical values what the assertion means.
    pub(super) fn is_exact(&self) -> bool {
        self.exact && self.like.is_some()
    }

    pub(super) fn write(&self, writer: &mut Writer, column: &Column, name: &str) {
        let other = if self.ascii { NOT_CANONICAL } else { NOT_ASCII };
        if column.kind == ColumnKind::Integer && writer.engine != Engine::Sqlite {
            // Digits and a sign.
            let text = match writer.engine {
                Engine::PostgreSql => format!("{name}::text"),
                _ => format!("CAST({name} AS CHAR)"),
            };
            return match &self.like {
                Some(like) => write_like(writer, &text, like),
                None => writer.put("1 = 0"),
            };
        }
        let Some(like) = &self.like else {
            return write_not_canonical(writer, column, name, other);
        };
        let text = self.compared(writer.engine, column, name);
        writer.push("(");
        write_like(writer, &text, like);
        writer.push(" OR ");
        write_not_canonical(writer, column, name, other);
        writer.push(")");
    }

    /// The column as LIKE compares it; where possible as an index has it.
    fn compared(&self, engine: Engine, column: &Column, name: &str) -> String {
        match engine {
            Engine::PostgreSql => {
                let safe = is_deterministic(column) && (folds_ascii(column) || !self.ignore_case);
                let text = postgres_text(column, name, safe);
                if self.ignore_case {
                    format!("lower({text})")
                } else {
                    text
                }
            }
            Engine::MySql => match (folds_ascii(column), column.kind) {
                (true, ColumnKind::TextIgnoreCase) => name.to_owned(),
                (true, _) if !self.ignore_case => name.to_owned(),
                (true, _) => format!("LOWER({name})"),
                (false, _) => format!("CONVERT({name} USING utf8mb4) COLLATE utf8mb4_general_ci"),
            },
            // LIKE ignores the case of ASCII by itself.
            Engine::Sqlite => as_text(engine, column, name),
        }
    }

    /// `text` is compared by code points, and known to be canonical.
    pub(super) fn write_exactly(&self, writer: &mut Writer, text: &str) {
        let like = self.like.as_deref().unwrap_or_default();
        let text = match self.ignore_case {
            true => format!("lower({text})"),
            false => text.to_owned(),
        };
        match (writer.engine, self.ignore_case) {
            (Engine::PostgreSql, _) | (Engine::Sqlite, true) => write_like(writer, &text, like),
            (Engine::MySql, _) => {
                let value = writer.text(like);
                writer.put(&format!(
                    "CAST({text} AS BINARY) LIKE CAST({value} AS BINARY) ESCAPE '{LIKE_ESCAPE}'"
                ));
            }
            // LIKE ignores case whatever the column's collation.
            (Engine::Sqlite, false) => {
                let value = writer.text(&glob(like));
                writer.put(&format!("{text} GLOB {value}"));
            }
        }
    }
}

fn write_like(writer: &mut Writer, text: &str, like: &str) {
    let value = writer.text(like);
    writer.put(&format!("{text} LIKE {value} ESCAPE '{LIKE_ESCAPE}'"));
}

/// A LIKE pattern of ours as SQLite's GLOB has it.
fn glob(like: &str) -> String {
    let mut glob = String::new();
    let mut characters = like.chars();
    while let Some(character) = characters.next() {
        let literal = match character {
            LIKE_ESCAPE => characters.next().unwrap_or(LIKE_ESCAPE),
            '%' => {
                glob.push('*');
                continue;
            }
            other => other,
        };
        match literal {
            '*' | '?' | '[' => glob.extend(['[', literal, ']']),
            other => glob.push(other),
        }
    }
    glob
}
