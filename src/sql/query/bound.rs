//! The operator's query by itself, its parameter a bound value.

use super::description::QueryDescription;
use super::operator_query::OperatorQuery;
use super::type_name::cast_text;
use crate::sql::engine::Engine;
use crate::sql::statement::{Arg, Statement};

/// A query with one parameter as the engine wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// The text.
    pub sql: String,
    /// How often the value, always as text, is to be bound.
    pub binds: usize,
}

impl OperatorQuery {
    /// The query by itself. Its parameter is a bound text whatever type the operator's SQL wants there, as it behaved
    /// when it was a literal.
    pub fn bound(&self, described: &QueryDescription) -> Bound {
        let sql = self.render(|_, number| match self.engine() {
            Engine::PostgreSql => {
                let wanted = described
                    .parameters
                    .get(number.saturating_sub(1))
                    .and_then(|name| name.as_deref());
                cast_text("$1::text", wanted)
            }
            engine @ (Engine::MySql | Engine::Sqlite) => engine.placeholder(number),
        });
        let binds = match self.engine() {
            Engine::PostgreSql => self.placeholders().min(1),
            Engine::MySql | Engine::Sqlite => self.placeholders(),
        };
        Bound { sql, binds }
    }

    /// The value as each parameter has it, and nothing else. No row is read, so a failure is the value's. `None` when
    /// the engine tells no types.
    pub fn value_alone(&self, described: &QueryDescription, value: &str) -> Option<Statement> {
        let casts = described.parameters.iter().flatten();
        let casts: Vec<String> = casts
            .map(|wanted| format!("({}) IS NULL", cast_text("$1::text", Some(wanted))))
            .collect();
        let asks = self.engine() == Engine::PostgreSql && !casts.is_empty() && !value.contains('\0');
        asks.then(|| Statement {
            sql: format!("SELECT {}", casts.join(", ")),
            args: vec![Arg::Text(value.to_owned())],
        })
    }
}
