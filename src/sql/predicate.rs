//! Conditions on the columns of an operator's query, rendered as a guaranteed *superset* of what LDAP means: the
//! evaluator decides, SQL only narrows. Knows the engines' collations and types; must not know attributes.
//!
//! Let a value be *canonical* when it is printable ASCII without outer or double blanks. A canonical value is
//! equal to an assertion under caseIgnoreMatch exactly when its ASCII lower case is the assertion prepared by
//! RFC 4518. Every other value may be equal in ways no engine computes, so all of those rows are let through.

use std::fmt::Write as _;

use super::described::{Column, ColumnKind};
use super::engine::Engine;
use super::statement::{Arg, Scope, Writer};

/// A condition; columns are positions in `Described::columns`. Columns must hold one value per row, served as
/// the text it is: a list in a JSON or comma-separated text column must not be compared with this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Predicate {
    /// Everything, or: nothing is known.
    True,
    /// Nothing at all.
    False,
    /// All of them.
    And(Vec<Predicate>),
    /// Any of them.
    Or(Vec<Predicate>),
    /// Not that; taken for everything unless the inner one is exact, since the complement of a superset is none.
    Not(Box<Predicate>),
    /// There is a value; the empty text counts as one.
    IsNotNull(usize),
    /// NULL or the empty text. A value that breaks its attribute's syntax is absent too, and is not found by
    /// this: for such a syntax add `NotCanonical`.
    IsAbsent(usize),
    /// caseIgnoreMatch with a prepared assertion.
    EqualsIgnoreCase {
        /// The column.
        column: usize,
        /// The assertion after RFC 4518 preparation with case folding.
        prepared: String,
    },
    /// caseExactMatch with a prepared assertion.
    EqualsExact {
        /// The column.
        column: usize,
        /// The assertion after RFC 4518 preparation without case folding.
        value: String,
    },
    /// One of these spellings as the database compares, by its plain index: finds what is there, but what it
    /// does not find may still be there in another spelling. **No superset** of an LDAP match.
    EqualsAny {
        /// The column.
        column: usize,
        /// The spellings.
        values: Vec<String>,
    },
    /// integerMatch, also on numbers kept as text.
    IntegerEquals {
        /// The column.
        column: usize,
        /// The number.
        value: i64,
    },
    /// The value is not printable ASCII, or has outer or double blanks.
    NotCanonical {
        /// The column.
        column: usize,
    },
    /// The column has a value that pages can be ordered by.
    HasKey(usize),
    /// The key is after `last`, in the database's order.
    KeyAfter {
        /// The column.
        column: usize,
        /// A key as the database gave it.
        last: String,
    },
    /// The key is equal to `last`, for the database.
    KeyEquals {
        /// The column.
        column: usize,
        /// A key as the database gave it.
        last: String,
    },
}

const NOT_CANONICAL: &str = "'[^ -~]|^ |  | $'";
const NOT_ASCII: &str = "'[^ -~]'";

/// Printable ASCII without outer or double blanks.
pub(super) fn is_canonical(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
        && !text.starts_with(' ')
        && !text.ends_with(' ')
        && !text.contains("  ")
}

impl Predicate {
    /// The same for these columns, with what is always or never true folded away: what can not be pushed
    /// becomes `True`, what no row can meet `False`. Columns that do not exist count as unknown.
    pub fn simplify(&self, engine: Engine, columns: &[Column]) -> Predicate {
        let column = |position: &usize| columns.get(*position);
        match self {
            Predicate::True => Predicate::True,
            Predicate::False => Predicate::False,
            Predicate::And(parts) => fold(
                parts,
                engine,
                columns,
                Predicate::False,
                Predicate::True,
                Predicate::And,
            ),
            Predicate::Or(parts) => fold(parts, engine, columns, Predicate::True, Predicate::False, Predicate::Or),
            Predicate::Not(inner) => match inner.simplify(engine, columns) {
                Predicate::False => Predicate::True,
                inner if inner.is_exact(engine, columns) => Predicate::Not(Box::new(inner)),
                _ => Predicate::True,
            },
            Predicate::IsNotNull(position) => self.known(column(position).is_some()),
            Predicate::IsAbsent(position) => {
                // What else is served as absent, empty arrays for one, is not ours to know.
                let simple = column(position).is_some_and(|c| c.kind != ColumnKind::Other || engine == Engine::Sqlite);
                self.known(simple)
            }
            Predicate::EqualsIgnoreCase {
                column: position,
                prepared: value,
            }
            | Predicate::EqualsExact {
                column: position,
                value,
            } => match column(position) {
                _ if value.contains('\0') => Predicate::False,
                Some(c) => self.simplify_equals(engine, c, *position, value),
                None => Predicate::True,
            },
            Predicate::EqualsAny {
                column: position,
                values,
            } => match column(position) {
                Some(c) if c.kind.is_text() || c.kind == ColumnKind::Integer || is_sqlite_expression(engine, c) => {
                    let values: Vec<String> = values.iter().filter(|v| possible(c, v)).cloned().collect();
                    match values.is_empty() {
                        true => Predicate::False,
                        false => Predicate::EqualsAny {
                            column: *position,
                            values,
                        },
                    }
                }
                _ => Predicate::True,
            },
            Predicate::IntegerEquals { column: position, .. } => self.known(
                column(position).is_some_and(|c| c.kind.is_text() || is_number(c) || is_sqlite_expression(engine, c)),
            ),
            Predicate::NotCanonical { column: position } => match column(position) {
                Some(c) if c.kind.is_text() || is_sqlite_expression(engine, c) => self.clone(),
                Some(c) if matches!(c.kind, ColumnKind::Integer | ColumnKind::Boolean) && engine != Engine::Sqlite => {
                    Predicate::False
                }
                _ => Predicate::True,
            },
            Predicate::HasKey(position) => self.known(column(position).is_some()),
            Predicate::KeyAfter { column: position, last } | Predicate::KeyEquals { column: position, last } => {
                match column(position) {
                    Some(c) if possible_key(c, last) => self.clone(),
                    _ => Predicate::False,
                }
            }
        }
    }

    fn known(&self, known: bool) -> Predicate {
        if known { self.clone() } else { Predicate::True }
    }

    /// An integer column is served in decimal digits, so it can equal nothing else.
    fn simplify_equals(&self, engine: Engine, column: &Column, position: usize, value: &str) -> Predicate {
        match column.kind {
            ColumnKind::Integer if engine != Engine::Sqlite => match value.parse::<i64>() {
                Ok(number) if number.to_string() == value => Predicate::IntegerEquals {
                    column: position,
                    value: number,
                },
                Err(_) if engine == Engine::MySql && value.bytes().all(|b| b.is_ascii_digit()) => Predicate::True,
                _ => Predicate::False,
            },
            kind if kind.is_text() || is_sqlite_expression(engine, column) => self.clone(),
            _ => Predicate::True,
        }
    }

    /// Whether its SQL is true of exactly the rows it means.
    fn is_exact(&self, engine: Engine, columns: &[Column]) -> bool {
        match self {
            Predicate::False | Predicate::IsNotNull(_) => true,
            Predicate::And(parts) | Predicate::Or(parts) => parts.iter().all(|part| part.is_exact(engine, columns)),
            Predicate::Not(inner) => inner.is_exact(engine, columns),
            Predicate::IntegerEquals { column, .. } => {
                engine != Engine::Sqlite && columns.get(*column).is_some_and(|c| c.kind == ColumnKind::Integer)
            }
            _ => false,
        }
    }

    /// Writes what `simplify` made.
    pub(super) fn write(&self, writer: &mut Writer, scope: &Scope<'_>) {
        let at = |position: &usize| Some((scope.columns.get(*position)?, scope.names.get(*position)?.as_str()));
        match self {
            Predicate::True => writer.put("1 = 1"),
            Predicate::False => writer.put("1 = 0"),
            Predicate::And(parts) => write_list(writer, scope, parts, " AND "),
            Predicate::Or(parts) => write_list(writer, scope, parts, " OR "),
            Predicate::Not(inner) => {
                // Of a NULL the inner one is not true either.
                writer.push("(");
                inner.write(writer, scope);
                writer.push(") IS NOT TRUE");
            }
            Predicate::IsNotNull(column) => {
                with(writer, at(column), |w, _, name| w.put(&format!("{name} IS NOT NULL")))
            }
            Predicate::IsAbsent(column) => with(writer, at(column), write_absent),
            Predicate::EqualsIgnoreCase { column, prepared } => {
                let folded = prepared.to_ascii_lowercase();
                with(writer, at(column), |w, c, name| {
                    write_equals(w, c, name, &folded, write_folded_half)
                });
            }
            Predicate::EqualsExact { column, value } => {
                with(writer, at(column), |w, c, name| {
                    write_equals(w, c, name, value, write_exact_half)
                });
            }
            Predicate::EqualsAny { column, values } => with(writer, at(column), |w, c, name| {
                w.equals_any(name, c, values);
            }),
            Predicate::IntegerEquals { column, value } => {
                with(writer, at(column), |w, c, name| write_integer(w, c, name, *value));
            }
            Predicate::NotCanonical { column } => {
                with(writer, at(column), |w, c, name| {
                    write_not_canonical(w, c, name, NOT_CANONICAL)
                });
            }
            Predicate::HasKey(column) => with(writer, at(column), |w, c, name| write_key(w, c, name, None)),
            Predicate::KeyAfter { column, last } => {
                with(writer, at(column), |w, c, name| {
                    write_key(w, c, name, Some((" > ", last)))
                });
            }
            Predicate::KeyEquals { column, last } => {
                with(writer, at(column), |w, c, name| {
                    write_key(w, c, name, Some((" = ", last)))
                });
            }
        }
    }
}

/// Simplifies and joins; `absorbing` decides the whole, `neutral` is left out.
fn fold(
    parts: &[Predicate],
    engine: Engine,
    columns: &[Column],
    absorbing: Predicate,
    neutral: Predicate,
    join: fn(Vec<Predicate>) -> Predicate,
) -> Predicate {
    let mut kept = Vec::new();
    for part in parts {
        let part = part.simplify(engine, columns);
        if part == absorbing {
            return absorbing;
        }
        if part != neutral && !kept.contains(&part) {
            kept.push(part);
        }
    }
    match kept.len() {
        0 => neutral,
        1 => kept.pop().unwrap_or(neutral),
        _ => join(kept),
    }
}

fn write_list(writer: &mut Writer, scope: &Scope<'_>, parts: &[Predicate], between: &str) {
    writer.push("(");
    for (at, part) in parts.iter().enumerate() {
        writer.push(if at == 0 { "" } else { between });
        part.write(writer, scope);
    }
    writer.push(")");
}

/// A column that does not exist can not be compared, so nothing is excluded.
fn with(writer: &mut Writer, column: Option<(&Column, &str)>, write: impl FnOnce(&mut Writer, &Column, &str)) {
    match column {
        Some((column, name)) => write(writer, column, name),
        None => writer.put("1 = 1"),
    }
}

/// An expression on SQLite has no affinity: compared with a text it is silently never equal unless it is cast.
fn is_sqlite_expression(engine: Engine, column: &Column) -> bool {
    engine == Engine::Sqlite
        && (column.kind == ColumnKind::Integer
            || column.kind == ColumnKind::Other && matches!(column.type_name.as_str(), "NULL" | "" | "INTEGER"))
}

fn is_number(column: &Column) -> bool {
    column.kind == ColumnKind::Integer || matches!(column.type_name.as_str(), "NUMERIC" | "DECIMAL")
}

/// Whether a value of the column can be `value` at all.
pub(super) fn possible(column: &Column, value: &str) -> bool {
    let integer = || value.parse::<i64>().is_ok_and(|number| number.to_string() == value);
    !value.contains('\0') && (column.kind != ColumnKind::Integer || integer())
}

fn possible_key(column: &Column, last: &str) -> bool {
    !last.contains('\0') && (column.kind != ColumnKind::Integer || last.parse::<i64>().is_ok())
}

/// The column as text where comparing it as it is would be wrong; its index is lost then.
pub(super) fn as_text(engine: Engine, column: &Column, name: &str) -> String {
    match engine {
        Engine::Sqlite if column.kind != ColumnKind::Text => format!("CAST({name} AS TEXT)"),
        _ => name.to_owned(),
    }
}

/// PostgreSQL: the column for functions and regular expressions that must work by code point.
fn postgres_text(column: &Column, name: &str, safe: bool) -> String {
    let cast = if column.kind == ColumnKind::Text { "" } else { "::text" };
    let collate = if safe { "" } else { " COLLATE \"C\"" };
    format!("{name}{cast}{collate}")
}

fn is_deterministic(column: &Column) -> bool {
    column.collation.as_ref().is_some_and(|c| c.deterministic)
}

/// Whether the engine's own lower-casing by this column's collation is right for ASCII.
fn folds_ascii(column: &Column) -> bool {
    column.collation.as_ref().is_some_and(|c| c.folds_ascii)
}

/// The column such that values equal but for ASCII case are equal; may hold more equal.
pub(super) fn folded(engine: Engine, column: &Column, name: &str) -> String {
    match engine {
        Engine::PostgreSql if column.kind == ColumnKind::TextIgnoreCase && folds_ascii(column) => name.to_owned(),
        Engine::PostgreSql => {
            let safe = folds_ascii(column) && is_deterministic(column);
            // An integer has no collation, and no case.
            match column.kind.is_text() {
                true => format!("lower({})", postgres_text(column, name, safe)),
                false => format!("{name}::text"),
            }
        }
        Engine::MySql if !column.kind.is_text() => name.to_owned(),
        Engine::MySql => match (folds_ascii(column), column.kind) {
            (true, ColumnKind::TextIgnoreCase) => name.to_owned(),
            (true, _) => format!("LOWER({name})"),
            (false, _) => format!("CONVERT({name} USING utf8mb4) COLLATE utf8mb4_general_ci"),
        },
        Engine::Sqlite => format!("lower({})", as_text(engine, column, name)),
    }
}

/// `half OR not canonical`, or only what can be equal to an assertion that is not canonical itself.
fn write_equals(
    writer: &mut Writer,
    column: &Column,
    name: &str,
    value: &str,
    half: fn(&mut Writer, &Column, &str, &str),
) {
    if !value.is_ascii() {
        // What is ASCII stays ASCII when it is prepared.
        return write_not_canonical(writer, column, name, NOT_ASCII);
    }
    if !is_canonical(value) {
        return write_not_canonical(writer, column, name, NOT_CANONICAL);
    }
    writer.push("(");
    half(writer, column, name, value);
    writer.push(" OR ");
    write_not_canonical(writer, column, name, NOT_CANONICAL);
    writer.push(")");
}

fn write_folded_half(writer: &mut Writer, column: &Column, name: &str, value: &str) {
    let engine = writer.engine;
    let value = writer.text(value);
    let comparison = match engine {
        Engine::PostgreSql if column.kind == ColumnKind::TextIgnoreCase && folds_ascii(column) => {
            format!("{name} = ({value})::citext")
        }
        // The plain spelling is the one an index on `lower(column)` has.
        Engine::PostgreSql | Engine::MySql => format!("{} = {value}", folded(engine, column, name)),
        Engine::Sqlite => format!("{} = {value} COLLATE NOCASE", as_text(engine, column, name)),
    };
    writer.put(&comparison);
}

fn write_exact_half(writer: &mut Writer, column: &Column, name: &str, value: &str) {
    let value = writer.text(value);
    let value = match (writer.engine, column.kind) {
        (Engine::PostgreSql, ColumnKind::TextIgnoreCase) => format!("({value})::citext"),
        (Engine::PostgreSql, ColumnKind::FixedText) => format!("({value})::bpchar"),
        _ => value,
    };
    writer
        .push(&as_text(writer.engine, column, name))
        .push(" = ")
        .push(&value);
}

/// A regular expression by code point on every engine. `(?-i)`: on a `*_ci` collation the class would not flag
/// U+212A and U+017F, which fold into `k` and `s`.
fn write_not_canonical(writer: &mut Writer, column: &Column, name: &str, pattern: &str) {
    match writer.engine {
        Engine::PostgreSql => {
            let text = postgres_text(column, name, is_deterministic(column));
            writer.push(&text).push(" ~ ").push(pattern);
        }
        Engine::MySql => {
            writer
                .push(name)
                .push(" REGEXP '(?-i)")
                .push(pattern.trim_start_matches('\''));
        }
        Engine::Sqlite => {
            let text = as_text(Engine::Sqlite, column, name);
            let mut globs = vec!["*[^ -~]*"];
            if pattern == NOT_CANONICAL {
                globs.extend([" *", "* ", "*  *"]);
            }
            let mut condition = String::from("(");
            for glob in globs {
                let _ = write!(condition, "{text} GLOB '{glob}' OR ");
            }
            // A blob equals no text even when it is served as the same characters, and a number in a compound
            // query may stand where text is declared.
            let expected = if column.kind == ColumnKind::Text {
                "'text', 'null'"
            } else {
                "'text', 'integer', 'null'"
            };
            let _ = write!(condition, "typeof({name}) NOT IN ({expected}))");
            writer.push(&condition);
        }
    }
}

/// The half of every comparison for rows that only RFC 4518 preparation can judge, as an index's condition.
pub(super) fn not_canonical(engine: Engine, column: &Column, name: &str) -> String {
    let mut writer = Writer::new(engine);
    write_not_canonical(&mut writer, column, name, NOT_CANONICAL);
    writer.finish().sql
}

fn write_absent(writer: &mut Writer, column: &Column, name: &str) {
    match column.kind {
        kind if kind.is_text() || writer.engine == Engine::Sqlite => {
            writer.push(&format!("({name} IS NULL OR {name} = '')"));
        }
        _ => writer.put(&format!("{name} IS NULL")),
    }
}

fn write_integer(writer: &mut Writer, column: &Column, name: &str, value: i64) {
    match writer.engine {
        Engine::PostgreSql if column.kind.is_text() => {
            // A cast would fail on the first row that is no number.
            let pattern = match value {
                0 => "^[[:space:]+-]*0+[[:space:]]*$".to_owned(),
                1.. => format!("^[[:space:]+]*0*{value}[[:space:]]*$"),
                _ => format!("^[[:space:]]*-0*{}[[:space:]]*$", value.unsigned_abs()),
            };
            let pattern = writer.text(&pattern);
            let text = postgres_text(column, name, is_deterministic(column));
            writer.push(&text).push(" ~ ").push(&pattern);
        }
        Engine::MySql if column.kind.is_text() => {
            let value = writer.bind(Arg::Integer(value));
            writer.push(&format!("{name} + 0 = {value}"));
        }
        Engine::Sqlite if column.kind != ColumnKind::Integer => {
            let value = writer.bind(Arg::Integer(value));
            writer.push(&format!("CAST({name} AS INTEGER) = {value}"));
        }
        _ => {
            let value = writer.bind(Arg::Integer(value));
            writer.push(&format!("{name} = {value}"));
        }
    }
}

/// What pages are ordered and continued by.
pub(super) fn key(engine: Engine, column: &Column, name: &str) -> String {
    match (engine, column.kind) {
        (Engine::Sqlite, ColumnKind::Integer) => name.to_owned(),
        _ => as_text(engine, column, name),
    }
}

/// The key compared as its own type, so that the column's index is used. SQLite keeps any type in any column
/// and sorts all blobs after all texts: a text compared with them would never get past them.
fn write_key(writer: &mut Writer, column: &Column, name: &str, comparison: Option<(&str, &String)>) {
    let engine = writer.engine;
    let key = key(engine, column, name);
    let Some((operator, last)) = comparison else {
        writer.push(name).push(" IS NOT NULL");
        write_key_type(writer, column, name);
        return;
    };
    let value = match (column.kind, last.parse::<i64>()) {
        (ColumnKind::Integer, Ok(number)) => writer.bind(Arg::Integer(number)),
        _ => writer.text(last),
    };
    let value = match (engine, column.kind) {
        (Engine::PostgreSql, ColumnKind::TextIgnoreCase) => format!("({value})::citext"),
        (Engine::PostgreSql, ColumnKind::FixedText) => format!("({value})::bpchar"),
        (Engine::PostgreSql, ColumnKind::Boolean | ColumnKind::Other) => {
            super::statement::cast_text(&value, Some(&column.type_name))
        }
        _ => value,
    };
    writer.push(&key).push(operator).push(&value);
    write_key_type(writer, column, name);
}

fn write_key_type(writer: &mut Writer, column: &Column, name: &str) {
    if writer.engine != Engine::Sqlite {
        return;
    }
    match column.kind {
        ColumnKind::Text => writer.put(&format!(" AND typeof({name}) = 'text'")),
        ColumnKind::Integer => writer.put(&format!(" AND typeof({name}) = 'integer'")),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
