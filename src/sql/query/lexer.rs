//! Cuts an operator's query into tokens, just far enough to know what is *not* inside quotes and comments. Knows each
//! engine's lexical rules, and no grammar.

use super::error::QueryError;
use crate::sql::engine::Engine;

/// What a token is, as far as anybody asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Blanks and comments.
    Blank,
    /// An unquoted identifier or keyword.
    Word,
    /// A number.
    Number,
    /// A string literal in any notation.
    Text,
    /// A MySQL string literal written with double quotes, which other engines read as an identifier.
    DoubleQuotedText,
    /// A quoted identifier.
    Identifier,
    /// `(` or `[`.
    Open,
    /// `)` or `]`.
    Close,
    /// `;`.
    Semicolon,
    /// `?`, or `??` on PostgreSQL; what it means depends on what stands around it.
    Question,
    /// `$1`, or `?1` on SQLite.
    Numbered(usize),
    /// `:name`, `@name`, `$name` on SQLite.
    Named,
    /// Any other character.
    Symbol,
}

/// A piece of the query.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token<'a> {
    /// What it is.
    pub kind: Kind,
    /// Its text; all texts together are the query.
    pub text: &'a str,
    /// The line it starts on, from 1.
    pub line: usize,
}

/// Cuts `text` into tokens that together are the whole of it.
pub(crate) fn scan(text: &str, engine: Engine) -> Result<Vec<Token<'_>>, QueryError> {
    let mut scanner = Scanner {
        engine,
        rest: text,
        line: 1,
    };
    let mut tokens = Vec::new();
    while let Some(token) = scanner.token()? {
        scanner.line += token.text.matches('\n').count();
        tokens.push(token);
    }
    Ok(tokens)
}

struct Scanner<'a> {
    engine: Engine,
    rest: &'a str,
    line: usize,
}

impl<'a> Scanner<'a> {
    fn token(&mut self) -> Result<Option<Token<'a>>, QueryError> {
        let Some(first) = self.rest.chars().next() else {
            return Ok(None);
        };
        let (kind, length) = self.measure(first)?;
        // A length that is no boundary cannot happen. If it did, the rest would be one token, and the database would
        // refuse it.
        let (token, rest) = self.rest.split_at_checked(length.max(1)).unwrap_or((self.rest, ""));
        self.rest = rest;
        Ok(Some(Token {
            kind,
            text: token,
            line: self.line,
        }))
    }

    fn measure(&self, first: char) -> Result<(Kind, usize), QueryError> {
        let postgres = self.engine == Engine::PostgreSql;
        let mysql = self.engine == Engine::MySql;
        let sqlite = self.engine == Engine::Sqlite;
        let unterminated_text = QueryError::UnterminatedString { line: self.line };
        let unterminated_name = QueryError::UnterminatedIdentifier { line: self.line };
        Ok(match first {
            '\0' => return Err(QueryError::NulCharacter { line: self.line }),
            c if c.is_ascii_whitespace() || c == '\u{b}' => {
                (Kind::Blank, self.run(0, |c| c.is_ascii_whitespace() || c == '\u{b}'))
            }
            '-' if self.starts_line_comment() => (Kind::Blank, self.line_end()),
            '#' if mysql => (Kind::Blank, self.line_end()),
            '/' if self.rest.starts_with("/*") => (Kind::Blank, self.block_comment()?),
            '\'' => (Kind::Text, self.quoted(0, '\'', mysql).ok_or(unterminated_text)?),
            'e' | 'E' if postgres && self.after(1).starts_with('\'') => {
                (Kind::Text, self.escape_string().ok_or(unterminated_text)?)
            }
            '"' if mysql => (
                Kind::DoubleQuotedText,
                self.quoted(0, '"', true).ok_or(unterminated_text)?,
            ),
            '"' => (Kind::Identifier, self.quoted(0, '"', false).ok_or(unterminated_name)?),
            '`' if !postgres => (Kind::Identifier, self.quoted(0, '`', false).ok_or(unterminated_name)?),
            '[' if sqlite => (Kind::Identifier, self.rest.find(']').ok_or(unterminated_name)? + 1),
            '$' => self.dollar()?,
            '?' => self.question(),
            ':' | '@' if sqlite && self.after(1).starts_with(is_word_part) => (Kind::Named, self.run(1, is_word_part)),
            '(' | '[' => (Kind::Open, 1),
            ')' | ']' => (Kind::Close, 1),
            ';' => (Kind::Semicolon, 1),
            c if c.is_ascii_digit() => (Kind::Number, self.number()),
            c if is_word_start(c) => (Kind::Word, self.run(0, is_word_part)),
            c => (Kind::Symbol, c.len_utf8()),
        })
    }

    /// What follows the first `offset` bytes.
    fn after(&self, offset: usize) -> &'a str {
        self.rest.get(offset..).unwrap_or("")
    }

    /// Where the characters that are `part` end, from `offset` on.
    fn run(&self, offset: usize, part: impl Fn(char) -> bool) -> usize {
        let rest = self.after(offset);
        offset + rest.find(|c| !part(c)).unwrap_or(rest.len())
    }

    fn line_end(&self) -> usize {
        self.rest.find('\n').unwrap_or(self.rest.len())
    }

    /// `--` begins a comment; on MySQL only before a blank or the end (`5--1` is a subtraction there).
    fn starts_line_comment(&self) -> bool {
        self.rest.starts_with("--")
            && (self.engine != Engine::MySql
                || self
                    .after(2)
                    .chars()
                    .next()
                    .is_none_or(|c| c.is_ascii_whitespace() || c.is_ascii_control()))
    }

    /// `/* … */`, nested on PostgreSQL.
    fn block_comment(&self) -> Result<usize, QueryError> {
        let mysql = self.engine == Engine::MySql;
        if mysql && (self.rest.starts_with("/*!") || self.rest.starts_with("/*M!")) {
            return Err(QueryError::ExecutableComment { line: self.line });
        }
        let (mut at, mut depth) = (2, 1_usize);
        while depth > 0 {
            let rest = self.after(at);
            let end = rest
                .find("*/")
                .ok_or(QueryError::UnterminatedComment { line: self.line })?;
            match rest.find("/*") {
                Some(start) if self.engine == Engine::PostgreSql && start < end => {
                    depth += 1;
                    at += start + 2;
                }
                _ => {
                    depth -= 1;
                    at += end + 2;
                }
            }
        }
        Ok(at)
    }

    /// The end of what is quoted from `offset` on; a doubled mark stands for itself.
    fn quoted(&self, offset: usize, mark: char, backslash: bool) -> Option<usize> {
        let mut characters = self.after(offset).char_indices().skip(1).peekable();
        while let Some((at, c)) = characters.next() {
            if backslash && c == '\\' {
                characters.next();
            } else if c == mark && characters.next_if(|&(_, next)| next == mark).is_none() {
                return Some(offset + at + mark.len_utf8());
            }
        }
        None
    }

    /// `E'…'` and its continuations: literals with only blanks, comments and a line end between them are one literal,
    /// by the rules of the first.
    fn escape_string(&self) -> Option<usize> {
        let mut end = self.quoted(1, '\'', true)?;
        loop {
            let mut next = end;
            loop {
                next = self.run(next, |c| c.is_ascii_whitespace());
                if !self.after(next).starts_with("--") {
                    break;
                }
                next = self.run(next, |c| c != '\n');
            }
            let between = self.rest.get(end..next).unwrap_or("");
            if !between.contains('\n') || !self.after(next).starts_with('\'') {
                return Some(end);
            }
            end = self.quoted(next, '\'', true)?;
        }
    }

    /// `$1`, `$tag$ … $tag$` on PostgreSQL, `$name` on SQLite.
    fn dollar(&self) -> Result<(Kind, usize), QueryError> {
        let digits = self.run(1, |c| c.is_ascii_digit());
        if digits > 1 {
            return Ok((Kind::Numbered(self.parameter(digits)), digits));
        }
        let name = self.run(1, |c| is_word_part(c) && c != '$');
        match self.engine {
            Engine::PostgreSql if self.after(name).starts_with('$') => {
                let tag = self.rest.get(..=name).unwrap_or("$");
                let end = self.after(name + 1).find(tag);
                let end = end.ok_or(QueryError::UnterminatedString { line: self.line })?;
                Ok((Kind::Text, name + 1 + end + tag.len()))
            }
            Engine::Sqlite if name > 1 => Ok((Kind::Named, name)),
            Engine::MySql => Ok((Kind::Word, self.run(1, is_word_part))),
            _ => Ok((Kind::Symbol, 1)),
        }
    }

    /// `?`; `?1` on SQLite; `??` on PostgreSQL.
    fn question(&self) -> (Kind, usize) {
        let digits = self.run(1, |c| c.is_ascii_digit());
        match self.engine {
            Engine::Sqlite if digits > 1 => (Kind::Numbered(self.parameter(digits)), digits),
            Engine::PostgreSql if self.rest.starts_with("??") => (Kind::Question, 2),
            _ => (Kind::Question, 1),
        }
    }

    /// The number from the second byte to `end`; one too large is no parameter of ours anyway.
    fn parameter(&self, end: usize) -> usize {
        self.rest
            .get(1..end)
            .and_then(|digits| digits.parse().ok())
            .unwrap_or(usize::MAX)
    }

    /// `12`, `1.5`, `1e5`, `0x1f`; a sign after `e` is a symbol of its own, which does no harm.
    fn number(&self) -> usize {
        self.run(0, |c| c.is_ascii_alphanumeric() || c == '.' || c == '_')
    }
}

fn is_word_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || !c.is_ascii()
}

/// Whether the character continues an unquoted name.
pub(crate) fn is_word_part(c: char) -> bool {
    is_word_start(c) || c.is_ascii_digit() || c == '$'
}
