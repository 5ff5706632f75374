//! What a database says about a statement without running it, and what writing SQL over a query needs of that.

use super::operator_query::OperatorQuery;
use super::type_name::{TypeDescription, is_citext, operator};
use crate::sql::engine::Engine;

/// A result column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnDescription {
    /// Its name as the database spells it.
    pub name: String,
    /// Its type.
    pub kind: TypeDescription,
    /// Where its values come from.
    pub origin: Origin,
}

/// Where a result column comes from, as far as the database says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A column of a table.
    Table {
        /// Ready to stand in a statement on PostgreSQL, bare elsewhere.
        table: String,
        /// The column's own name, bare.
        column: String,
    },
    /// A constant, or computed.
    Expression,
    /// The database did not say.
    Unknown,
}

/// What a statement takes and gives, found out without running it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementDescription {
    /// The result columns, in order.
    pub columns: Vec<ColumnDescription>,
    /// The parameters' types, as a [`TypeDescription`] has its name; PostgreSQL alone tells them.
    pub parameters: Vec<Option<String>>,
}

/// How values of a column compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text that its database compares exactly, or in an unknown way.
    Text,
    /// `citext` on PostgreSQL, a `*_ci` collation on MySQL.
    TextIgnoreCase,
    /// `char(n)` on PostgreSQL, whose index works for its own type only.
    FixedText,
    /// Whole numbers.
    Integer,
    /// Truth values.
    Boolean,
    /// Everything else, and every expression on SQLite.
    Other,
}

impl ColumnKind {
    /// Whether values are text in the database.
    pub fn is_text(self) -> bool {
        matches!(
            self,
            ColumnKind::Text | ColumnKind::TextIgnoreCase | ColumnKind::FixedText
        )
    }
}

/// What is guaranteed of a text column's collation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collation {
    /// The database's name for it.
    pub name: String,
    /// False for a PostgreSQL collation that regular expressions refuse.
    pub deterministic: bool,
    /// False where `I` and `i` are not two cases of one letter (Turkish, Azeri).
    pub folds_ascii: bool,
}

impl Collation {
    /// Reads what the database answers to `QueryTable::collations` for a column; `None` when it said nothing.
    pub fn parse(engine: Engine, text: &str) -> Option<Collation> {
        match engine {
            Engine::PostgreSql => {
                let mut words = text.splitn(3, ' ');
                let (deterministic, folds, name) = (words.next()?, words.next()?, words.next()?);
                Some(Collation {
                    name: name.to_owned(),
                    deterministic: deterministic.starts_with('t'),
                    folds_ascii: folds.starts_with('t'),
                })
            }
            Engine::MySql => {
                let name = text.to_ascii_lowercase();
                let turkish = name.contains("turkish") || name.contains("_tr_") || name.contains("_az_");
                (!name.is_empty()).then_some(Collation {
                    name,
                    deterministic: true,
                    folds_ascii: !turkish,
                })
            }
            Engine::Sqlite => None,
        }
    }

    /// Whether the column's character set holds every character (MySQL). Comparing it with any text is then no error
    /// 1267.
    pub fn is_unicode(&self) -> bool {
        self.name.starts_with("utf8mb4")
    }
}

/// A result column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name as the database spells it.
    pub name: String,
    /// The database's type, as a [`TypeDescription`](crate::sql::TypeDescription) has its name.
    pub type_name: String,
    /// How its values compare.
    pub kind: ColumnKind,
    /// What is known of its collation. Without it the SQL is right on any collation, and uses fewer indexes.
    pub collation: Option<Collation>,
}

impl Column {
    /// Whether a value is served as PostgreSQL's own text of it, so that names can be looked for in lists. Bytes,
    /// times, fractions, JSON and addresses are not.
    pub(crate) fn is_its_text(&self) -> bool {
        let own = self.type_name.contains('.') && !self.type_name.ends_with("[]");
        self.kind.is_text() || self.kind == ColumnKind::Integer || own || self.type_name == "UUID"
    }

    /// An operator between two values of the column's own type.
    pub(crate) fn operator(&self, symbol: &str) -> String {
        operator(&self.type_name, symbol)
    }
}

/// What is known of an operator's query: what it takes and gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryDescription {
    /// The result columns, in order.
    pub columns: Vec<Column>,
    /// The parameters' types, in the same spelling; PostgreSQL alone tells them.
    pub parameters: Vec<Option<String>>,
    /// Whether the columns need our own names, because theirs cannot be referred to. Kept, because every statement
    /// asks.
    pub(crate) renames: bool,
}

impl QueryDescription {
    /// From names and types.
    pub fn new(
        query: &OperatorQuery,
        columns: impl IntoIterator<Item = (String, String)>,
        parameters: Vec<Option<String>>,
    ) -> QueryDescription {
        let columns = columns.into_iter().map(|(name, type_name)| {
            let kind = kind(query, &type_name);
            Column {
                name,
                type_name,
                kind,
                collation: None,
            }
        });
        let columns: Vec<Column> = columns.collect();
        let unusable = |name: &str| name.is_empty() || name.len() > 63 || name.ends_with(' ') || name.contains('\0');
        QueryDescription {
            renames: has_duplicate_names(&columns, query.engine())
                || columns.iter().any(|column| unusable(&column.name)),
            columns,
            parameters,
        }
    }

    /// Takes the answer to `QueryTable::collations`, one text for each column it asked for.
    pub fn set_collations(&mut self, engine: Engine, answer: impl IntoIterator<Item = (usize, Option<String>)>) {
        for (position, text) in answer {
            let Some(column) = self.columns.get_mut(position) else {
                continue;
            };
            column.collation = text.and_then(|text| Collation::parse(engine, &text));
            if engine == Engine::MySql {
                column.kind = match &column.collation {
                    Some(collation) if collation.name == "binary" => ColumnKind::Other,
                    Some(collation) if collation.name.contains("_ci") => ColumnKind::TextIgnoreCase,
                    Some(_) => ColumnKind::Text,
                    None => column.kind,
                };
            }
        }
    }

    /// The columns whose collation should be asked for. sqlx calls text with a `_bin` collation binary on MySQL; only
    /// the collation tells what it really is.
    pub fn collated(&self, engine: Engine) -> Vec<usize> {
        let binary = |column: &Column| {
            engine == Engine::MySql && (column.type_name.ends_with("BINARY") || column.type_name.ends_with("BLOB"))
        };
        let asked =
            |(position, column): (usize, &Column)| (column.kind.is_text() || binary(column)).then_some(position);
        match engine {
            Engine::Sqlite => Vec::new(),
            Engine::PostgreSql | Engine::MySql => self.columns.iter().enumerate().filter_map(asked).collect(),
        }
    }
}

/// Whether two columns have one name. MySQL and SQLite compare names without case.
fn has_duplicate_names(columns: &[Column], engine: Engine) -> bool {
    let mut names: Vec<String> = columns
        .iter()
        .map(|column| match engine {
            Engine::PostgreSql => column.name.clone(),
            Engine::MySql | Engine::Sqlite => column.name.to_lowercase(),
        })
        .collect();
    names.sort_unstable();
    names
        .windows(2)
        .any(|pair| matches!(pair, [first, second] if first == second))
}

fn kind(query: &OperatorQuery, type_name: &str) -> ColumnKind {
    match query.engine() {
        Engine::PostgreSql => match type_name {
            "TEXT" | "VARCHAR" | "NAME" => ColumnKind::Text,
            "CHAR" => ColumnKind::FixedText,
            "INT2" | "INT4" | "INT8" => ColumnKind::Integer,
            "BOOL" => ColumnKind::Boolean,
            name if is_citext(name) => ColumnKind::TextIgnoreCase,
            _ => ColumnKind::Other,
        },
        Engine::MySql => match type_name.trim_end_matches(" UNSIGNED") {
            "CHAR" | "VARCHAR" | "TINYTEXT" | "TEXT" | "MEDIUMTEXT" | "LONGTEXT" => ColumnKind::Text,
            "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" => ColumnKind::Integer,
            "BOOLEAN" => ColumnKind::Boolean,
            _ => ColumnKind::Other,
        },
        // The declared type gives the affinity, which decides what a comparison means (sqlite.org/datatype3, 4.2). In
        // a compound query it speaks for one arm only: numbers are then cast before they are compared.
        Engine::Sqlite => match type_name {
            "TEXT" => ColumnKind::Text,
            "INTEGER" | "BIGINT" | "INT4" | "INT8" if !query.is_compound() => ColumnKind::Integer,
            "BOOLEAN" => ColumnKind::Boolean,
            _ => ColumnKind::Other,
        },
    }
}
