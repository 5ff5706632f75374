//! Statements, and the writer that they are made with: text on one side, bound values on the other. Does not know what
//! a statement is for.

use std::fmt;

use super::engine::Engine;

/// A value to bind.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Arg {
    /// Text; on PostgreSQL of type `text`.
    Text(String),
    /// A 64-bit integer; on PostgreSQL of type `int8`.
    Integer(i64),
    /// `text[]` on PostgreSQL; a JSON array as text on the others, for `json_each`.
    TextList(Vec<String>),
}

impl fmt::Debug for Arg {
    /// Values are what clients typed, even passwords in the wrong field.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Arg::Text(_) => f.write_str("Text(…)"),
            Arg::Integer(_) => f.write_str("Integer(…)"),
            Arg::TextList(list) => write!(f, "TextList({} …)", list.len()),
        }
    }
}

/// SQL text and the values of its placeholders, in order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Statement {
    /// The text; equal for all values wherever the engine allows, so that it is prepared once.
    pub sql: String,
    /// The values.
    pub args: Vec<Arg>,
}

/// A statement being written.
pub(crate) struct Writer {
    pub(crate) engine: Engine,
    pub(crate) sql: String,
    pub(crate) args: Vec<Arg>,
}

impl Writer {
    pub(crate) fn new(engine: Engine) -> Writer {
        Writer {
            engine,
            sql: String::new(),
            args: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, text: &str) -> &mut Writer {
        self.sql.push_str(text);
        self
    }

    /// `push`, when nothing follows.
    pub(crate) fn put(&mut self, text: &str) {
        self.sql.push_str(text);
    }

    /// Binds a value and returns its placeholder; on PostgreSQL with the type, since sqlx caches statements by their
    /// text only.
    pub(crate) fn bind(&mut self, arg: Arg) -> String {
        let kind = match arg {
            Arg::Text(_) => "text",
            Arg::Integer(_) => "int8",
            Arg::TextList(_) => "text[]",
        };
        self.args.push(arg);
        match self.engine {
            Engine::PostgreSql => format!("${}::{kind}", self.args.len()),
            Engine::MySql | Engine::Sqlite => "?".to_owned(),
        }
    }

    pub(crate) fn text(&mut self, value: &str) -> String {
        self.bind(Arg::Text(value.to_owned()))
    }

    pub(crate) fn finish(self) -> Statement {
        Statement {
            sql: self.sql,
            args: self.args,
        }
    }
}
