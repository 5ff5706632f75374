//! The operator's query as a value: checked, without what cannot stand in parentheses, its placeholders found. Knows
//! the surface of SQL only.
//!
//! **`?` on PostgreSQL** is an operator of jsonb, hstore and the geometric types, and also the placeholder. After a
//! value (a name, literal, placeholder or closing bracket) only an operator can follow, so `?`, `?|`, `?&` are
//! operators there; so is the `?` of `value @? path`. Everywhere else `?` is a placeholder. `??` always writes the
//! operator `?`; in a query with `$1`, `?` is never a placeholder.

use std::fmt;

use super::error::QueryError;
use super::foreign::{Foreign, foreign};
use super::lexer::{Kind, Token, is_word_part, scan};
use super::tokens::{ends_value, is_one_of, touch};
use crate::sql::engine::Engine;

/// One of the operator's queries, ready to stand in a statement.
#[derive(Clone, PartialEq, Eq)]
pub struct OperatorQuery {
    engine: Engine,
    parts: Vec<Part>,
    first_placeholder: Option<usize>,
    reads_by_key: bool,
    compound: bool,
    double_quoted: Vec<String>,
}

#[derive(Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Hole(usize),
}

impl OperatorQuery {
    /// Checks `text` and finds its placeholders. Leaves out what cannot stand inside parentheses, at the end only:
    /// blanks, comments and semicolons.
    pub fn parse(text: &str, engine: Engine) -> Result<OperatorQuery, QueryError> {
        let mut tokens = scan(text, engine)?;
        while tokens
            .last()
            .is_some_and(|token| matches!(token.kind, Kind::Blank | Kind::Semicolon))
        {
            tokens.pop();
        }
        let leading = tokens.iter().take_while(|token| token.kind == Kind::Blank).count();
        tokens.drain(..leading);
        let code: Vec<Token> = tokens
            .iter()
            .filter(|token| token.kind != Kind::Blank)
            .copied()
            .collect();
        check_shape(&code)?;
        let meanings = questions(&code, engine)?;
        let mut query = OperatorQuery {
            engine,
            parts: Vec::new(),
            first_placeholder: None,
            reads_by_key: reads_by_key(&code, engine),
            compound: code
                .iter()
                .any(|token| is_one_of(token, &["UNION", "INTERSECT", "EXCEPT"])),
            double_quoted: Vec::new(),
        };
        let mut meanings = meanings.into_iter();
        for token in &tokens {
            match token.kind {
                Kind::Question => match meanings.next() {
                    Some(Question::Placeholder(number)) => query.push_hole(number, token.line),
                    // `??` is our way to write the operator; the engine knows only `?`.
                    _ => query.push_text("?"),
                },
                Kind::Numbered(number) => query.push_hole(number, token.line),
                Kind::DoubleQuotedText => {
                    query.double_quoted.push(token.text.to_owned());
                    query.push_text(token.text);
                }
                _ => query.push_text(token.text),
            }
        }
        Ok(query)
    }

    /// `parse` for a query without a parameter: all users, all groups.
    pub fn listing(text: &str, engine: Engine) -> Result<OperatorQuery, QueryError> {
        let query = OperatorQuery::parse(text, engine)?;
        match query.first_placeholder {
            None => Ok(query),
            Some(line) => Err(QueryError::HasPlaceholder {
                line,
                hint: match engine {
                    Engine::PostgreSql => " (the operator ? is written ?? where it follows no value)",
                    Engine::MySql | Engine::Sqlite => "",
                },
            }),
        }
    }

    /// `parse` for a query with the one parameter, in one or several places: one user, groups by member.
    pub fn lookup(text: &str, engine: Engine) -> Result<OperatorQuery, QueryError> {
        let query = OperatorQuery::parse(text, engine)?;
        if query.first_placeholder.is_none() {
            return Err(QueryError::NoPlaceholder {
                found: meant_as_placeholder(text, engine),
            });
        }
        Ok(query)
    }

    /// A query of our own, which is not read by key.
    pub(crate) fn of_ours(text: String, engine: Engine) -> OperatorQuery {
        OperatorQuery {
            engine,
            parts: vec![Part::Text(text)],
            first_placeholder: None,
            reads_by_key: false,
            compound: false,
            double_quoted: Vec::new(),
        }
    }

    /// The engine whose rules it was read by.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// In how many places the parameter stands.
    pub fn placeholders(&self) -> usize {
        self.parts.iter().filter(|part| matches!(part, Part::Hole(_))).count()
    }

    /// The query with each placeholder replaced. The function gets the occurrence (from 0) and the parameter's
    /// number (from 1): `?` counts up, `$1` is always 1.
    pub fn render(&self, mut replacement: impl FnMut(usize, usize) -> String) -> String {
        let mut text = String::new();
        let mut occurrence = 0;
        for part in &self.parts {
            match part {
                Part::Text(part) => text.push_str(part),
                Part::Hole(number) => {
                    text.push_str(&replacement(occurrence, *number));
                    occurrence += 1;
                }
            }
        }
        text
    }

    /// The text to prepare when columns and parameter types are described.
    pub fn to_describe(&self) -> String {
        self.render(|_, number| self.engine.placeholder(number))
    }

    /// Whether pages by key can use an index. False when the engine evaluates the whole query before it compares the
    /// key: every page would cost a scan, and one stream is better.
    pub fn reads_by_key(&self) -> bool {
        self.reads_by_key
    }

    /// Whether a UNION, INTERSECT or EXCEPT occurs anywhere: on SQLite the declared type of a result column
    /// then speaks for the first arm only.
    pub fn is_compound(&self) -> bool {
        self.compound
    }

    /// What stands in double quotes on MySQL. It is a string there, while on PostgreSQL and SQLite the same text names
    /// a column: `check` warns.
    pub fn double_quoted_strings(&self) -> &[String] {
        &self.double_quoted
    }

    fn push_text(&mut self, text: &str) {
        match self.parts.last_mut() {
            Some(Part::Text(last)) => last.push_str(text),
            // `?AND` must not become `$1AND`.
            Some(Part::Hole(_)) => self.parts.push(Part::Text(match text.starts_with(is_word_part) {
                true => format!(" {text}"),
                false => text.to_owned(),
            })),
            None => self.parts.push(Part::Text(text.to_owned())),
        }
    }

    fn push_hole(&mut self, number: usize, line: usize) {
        self.first_placeholder.get_or_insert(line);
        // `LIKE?` must not become the name `LIKE$1`.
        match self.parts.last_mut() {
            Some(Part::Text(last)) if last.ends_with(is_word_part) => last.push(' '),
            _ => {}
        }
        self.parts.push(Part::Hole(number));
    }
}

impl fmt::Debug for OperatorQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OperatorQuery({:?}, {:?})", self.engine, self.to_describe())
    }
}

/// What was probably meant to be the placeholder, and why it is none.
fn meant_as_placeholder(text: &str, engine: Engine) -> Option<String> {
    foreign(text, engine).into_iter().find_map(|foreign| match foreign {
        Foreign::Placeholder(text) => Some(format!("{text} is none, write ? instead")),
        Foreign::QuotedPlaceholder(text) => Some(format!("{text} is a text, write ? instead, without quotes")),
        Foreign::Quoted(..) => None,
    })
}

/// The words and quoted names of a query, without their quotes.
pub(crate) fn words_of(text: &str, engine: Engine) -> Vec<String> {
    let tokens = scan(text, engine).unwrap_or_default();
    let words = tokens
        .iter()
        .filter(|token| matches!(token.kind, Kind::Word | Kind::Identifier));
    words
        .map(|token| token.text.trim_matches(['"', '`', '[', ']']).to_owned())
        .collect()
}

/// One SELECT, in balanced parentheses, that locks nothing.
fn check_shape(code: &[Token]) -> Result<(), QueryError> {
    let first = code
        .iter()
        .find(|token| token.kind != Kind::Open)
        .ok_or(QueryError::Empty)?;
    if first.kind == Kind::Semicolon {
        return Err(QueryError::SecondStatement { line: first.line });
    }
    if !is_one_of(first, &["SELECT", "WITH", "VALUES", "TABLE"]) {
        if matches!(first.kind, Kind::Text | Kind::DoubleQuotedText | Kind::Identifier) && code.len() == 1 {
            return Err(QueryError::InQuotes);
        }
        return Err(QueryError::NotASelect(first.text.chars().take(32).collect()));
    }
    let mut depth = 0_usize;
    for token in code {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => {
                let unbalanced = QueryError::UnbalancedParentheses { line: token.line };
                depth = depth.checked_sub(1).ok_or(unbalanced)?;
            }
            Kind::Semicolon => return Err(QueryError::SecondStatement { line: token.line }),
            _ => {}
        }
    }
    if depth > 0 {
        return Err(QueryError::UnbalancedParentheses {
            line: code.last().map_or(1, |token| token.line),
        });
    }
    for pair in code.windows(2) {
        let [first, second] = pair else { continue };
        let locks = is_one_of(first, &["FOR"]) && is_one_of(second, &["UPDATE", "SHARE", "NO", "KEY"])
            || is_one_of(first, &["LOCK"]) && is_one_of(second, &["IN"]);
        if locks {
            return Err(QueryError::Locking { line: first.line });
        }
    }
    Ok(())
}

/// What a `?` token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    Placeholder(usize),
    Operator,
}

/// The meaning of each `?` token in turn, by the rule in this module's head.
fn questions(code: &[Token], engine: Engine) -> Result<Vec<Question>, QueryError> {
    let postgres = engine == Engine::PostgreSql;
    for token in code {
        match token.kind {
            Kind::Numbered(number) if number != 1 => {
                return Err(QueryError::UnknownParameter {
                    number,
                    line: token.line,
                });
            }
            Kind::Named => {
                return Err(QueryError::NamedPlaceholder {
                    name: token.text.to_owned(),
                    line: token.line,
                });
            }
            _ => {}
        }
    }
    let numbered = code.iter().any(|token| matches!(token.kind, Kind::Numbered(_)));
    let mut meanings = Vec::new();
    let mut placeholders = 0;
    let mut previous: Option<&Token> = None;
    // Whether a value has ended with the token before this one, and with the one before that.
    let (mut ended, mut ended_earlier) = (false, false);
    let mut in_operator = false;
    for token in code {
        let now_ended = if token.kind == Kind::Question {
            if numbered && !postgres {
                return Err(QueryError::MixedPlaceholders { line: token.line });
            }
            let jsonpath =
                ended_earlier && previous.is_some_and(|previous| previous.text == "@" && touch(previous, token));
            let operator = postgres && (numbered || token.text == "??" || ended || jsonpath);
            meanings.push(if operator {
                Question::Operator
            } else {
                placeholders += 1;
                Question::Placeholder(placeholders)
            });
            !operator
        } else if in_operator && token.kind == Kind::Close {
            // `a OPERATOR(schema.=) ?`: the operator ends there, and no value.
            in_operator = false;
            false
        } else {
            in_operator |= token.kind == Kind::Open && previous.is_some_and(|word| is_one_of(word, &["OPERATOR"]));
            ends_value(token, previous)
        };
        (ended, ended_earlier, previous) = (now_ended, ended, Some(token));
    }
    Ok(meanings)
}

/// `OperatorQuery::reads_by_key`, by the words outside of parentheses.
fn reads_by_key(code: &[Token], engine: Engine) -> bool {
    let Some(first) = code.first() else {
        return false;
    };
    if !is_one_of(first, &["SELECT"]) {
        return false;
    }
    let mut depth = 0_usize;
    let mut previous: Option<&Token> = None;
    for token in code {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        let after = |words: &[&str]| previous.is_some_and(|token| is_one_of(token, words));
        let column = previous.is_some_and(|token| token.text == ".") || after(&["AS"]);
        let reads_all = is_one_of(token, &["UNION", "INTERSECT", "EXCEPT", "HAVING", "LIMIT", "OFFSET", "FETCH", "OVER"])
            || is_one_of(token, &["WINDOW"])
            // `IS [NOT] DISTINCT FROM` is a comparison, `WITHIN GROUP` part of an aggregate.
            || is_one_of(token, &["DISTINCT", "DISTINCTROW"]) && !after(&["IS", "NOT"])
            || is_one_of(token, &["GROUP"]) && !after(&["WITHIN"])
            || is_one_of(token, &["ORDER"]) && engine == Engine::PostgreSql;
        if depth == 0 && reads_all && !column {
            return false;
        }
        previous = Some(token);
    }
    true
}
