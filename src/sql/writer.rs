//! Statements and how they are written: text on one side, bound values on the other. Knows nothing of what the
//! statement is for.

use std::fmt;

use super::described::{Column, ColumnKind};
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
    /// Values are what clients typed, passwords in the wrong field included.
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
pub(super) struct Writer {
    pub(super) engine: Engine,
    pub(super) sql: String,
    pub(super) args: Vec<Arg>,
}

impl Writer {
    pub(super) fn new(engine: Engine) -> Writer {
        Writer {
            engine,
            sql: String::new(),
            args: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, text: &str) -> &mut Writer {
        self.sql.push_str(text);
        self
    }

    /// `push` where nothing follows.
    pub(super) fn put(&mut self, text: &str) {
        self.sql.push_str(text);
    }

    /// Binds a value; gives its placeholder, on PostgreSQL with the type (sqlx caches statements by text only).
    pub(super) fn bind(&mut self, arg: Arg) -> String {
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

    pub(super) fn text(&mut self, value: &str) -> String {
        self.bind(Arg::Text(value.to_owned()))
    }

    /// Whether `name`, of `column`'s type, is equal to any of `values` by `=`, its index usable. The values
    /// must be possible ones.
    pub(super) fn equals_any(&mut self, name: &str, column: &Column, values: &[String]) {
        let comparison = match self.engine {
            // For one value there is a plan for all values; a list is planned anew each time, which costs more than the
            // lookup itself.
            Engine::PostgreSql if values.len() == 1 => {
                let value = self.text(values.first().map_or("", String::as_str));
                match column.kind {
                    ColumnKind::Text => format!("{name} = {value}"),
                    ColumnKind::TextIgnoreCase => {
                        format!("{name} {} ({value})::{}", column.operator("="), column.type_name)
                    }
                    ColumnKind::FixedText => format!("{name} = ({value})::bpchar"),
                    ColumnKind::Integer => format!("{name} = ({value})::int8"),
                    ColumnKind::Boolean | ColumnKind::Other => format!("{name}::text = {value}"),
                }
            }
            Engine::PostgreSql => {
                let list = self.bind(Arg::TextList(values.to_vec()));
                match column.kind {
                    ColumnKind::Text => format!("{name} = ANY({list})"),
                    ColumnKind::TextIgnoreCase => {
                        format!("{name} {} ANY(({list})::{}[])", column.operator("="), column.type_name)
                    }
                    ColumnKind::FixedText => format!("{name} = ANY(({list})::bpchar[])"),
                    ColumnKind::Integer => format!("{name} = ANY(({list})::int8[])"),
                    ColumnKind::Boolean | ColumnKind::Other => {
                        format!("{name}::text = ANY({list})")
                    }
                }
            }
            Engine::MySql => {
                let lossy = column.kind.is_text() && !column.collation.as_ref().is_some_and(|c| c.is_unicode());
                let list = self.padded_list(column, values);
                // Comparing with a character that the column's character set lacks is error 1267.
                match lossy && !values.iter().all(|value| value.is_ascii()) {
                    true => format!("CONVERT({name} USING utf8mb4) IN ({list})"),
                    false => format!("{name} IN ({list})"),
                }
            }
            Engine::Sqlite => {
                let list = self.bind(Arg::TextList(values.to_vec()));
                let name = match column.kind {
                    // Its affinity makes numbers of the list's texts.
                    ColumnKind::Integer => name.to_owned(),
                    _ => super::predicate::as_text(self.engine, column, name),
                };
                format!("{name} IN (SELECT value FROM json_each({list}))")
            }
        };
        self.put(&comparison);
    }

    /// Placeholders for all values: one text per power of two instead of one per length, since repeating the
    /// last value changes nothing.
    fn padded_list(&mut self, column: &Column, values: &[String]) -> String {
        let length = values.len().next_power_of_two();
        let padding = std::iter::repeat_n(values.last(), length).flatten();
        let padded = values.iter().chain(padding).take(length);
        let bound = padded.map(|value| match (column.kind, value.parse()) {
            (ColumnKind::Integer, Ok(number)) => self.bind(Arg::Integer(number)),
            _ => self.text(value),
        });
        bound.collect::<Vec<_>>().join(", ")
    }

    pub(super) fn finish(self) -> Statement {
        Statement {
            sql: self.sql,
            args: self.args,
        }
    }
}
