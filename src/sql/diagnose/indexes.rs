//! The indexes that spare reading a whole table (`plan` finds where that happens). Proposes none that our statements
//! could not use: their text and the index's come from the same functions.

use crate::sql::budget::Budget;
use crate::sql::database::Database;
use crate::sql::engine::Engine;
use crate::sql::error::SqlError;
use crate::sql::predicate;
use crate::sql::query::computed::Computed;
use crate::sql::query::description::Column;
use crate::sql::statement::Arg;

/// Foreign keys to a table that lead no index: PostgreSQL and SQLite make none by themselves.
const BARE_KEYS_POSTGRES: &str = "SELECT c.conrelid::regclass::text, a.attname::text FROM pg_constraint c \
    JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] \
    WHERE c.contype = 'f' AND c.confrelid = to_regclass($1::text) AND NOT EXISTS (SELECT 1 FROM pg_index i \
    WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1] AND i.indpred IS NULL)";
const BARE_KEYS_SQLITE: &str = "SELECT m.name, f.\"from\" FROM sqlite_schema m \
    JOIN pragma_foreign_key_list(m.name) f ON f.\"table\" = ? COLLATE NOCASE \
    WHERE m.type = 'table' AND f.seq = 0 AND NOT EXISTS (SELECT 1 FROM pragma_index_list(m.name) l \
    JOIN pragma_index_info(l.name) i ON i.seqno = 0 AND i.name = f.\"from\" COLLATE NOCASE) \
    AND NOT EXISTS (SELECT 1 FROM pragma_table_info(m.name) t WHERE t.pk = 1 AND t.name = f.\"from\" COLLATE NOCASE)";

const AUTO_INCREMENT: &str = "SELECT column_name FROM information_schema.columns WHERE table_schema = database() \
    AND table_name = ? AND extra LIKE '%auto_increment%'";

/// A column of a table, spelled as it can stand in a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableColumn {
    /// The table.
    pub table: String,
    /// The column; an expression in parentheses where it is computed.
    pub column: String,
    /// What an index of it is called after.
    name: String,
}

impl TableColumn {
    /// From the driver's names: on PostgreSQL the table is already quoted, MySQL puts the schema first.
    pub fn new(engine: Engine, table: &str, column: &str) -> TableColumn {
        let table = match engine {
            Engine::PostgreSql => table.to_owned(),
            Engine::MySql => engine.quote(table.split_once('.').map_or(table, |(_, table)| table)),
            Engine::Sqlite => engine.quote(table),
        };
        TableColumn {
            table,
            column: engine.quote(column),
            name: column.to_owned(),
        }
    }

    /// From what a query computes. `name` is that of its column.
    pub fn computed(name: &str, computed: Computed) -> TableColumn {
        TableColumn {
            table: computed.table,
            column: match computed.is_plain {
                true => computed.expression,
                false => format!("({})", computed.expression),
            },
            name: name.to_owned(),
        }
    }

    /// The statement that adds a column which computes itself, and that column: for engines whose indexes do not find what a
    /// query computes.
    pub fn generated(&self, engine: Engine, is_number: bool) -> (String, TableColumn) {
        let name = format!("{}_for_ldap", self.name);
        let type_name = match (engine, is_number) {
            (Engine::Sqlite, true) => "INTEGER",
            (Engine::Sqlite, false) => "TEXT",
            (_, true) => "BIGINT",
            (_, false) => "VARCHAR(255)",
        };
        let (table, quoted, expression) = (&self.table, engine.quote(&name), &self.column);
        let statement = format!("ALTER TABLE {table} ADD COLUMN {quoted} {type_name} AS {expression};");
        let column = TableColumn {
            table: table.clone(),
            column: quoted,
            name,
        };
        (statement, column)
    }

    /// An index for comparisons by `=`.
    pub fn index(&self, engine: Engine) -> String {
        let TableColumn { table, column, .. } = self;
        match engine {
            // It finds a name by itself.
            Engine::PostgreSql => format!("CREATE INDEX ON {table} ({column});"),
            Engine::MySql | Engine::Sqlite => {
                let name = self.index_name(engine, "");
                format!("CREATE INDEX {name} ON {table} ({column});")
            }
        }
    }

    fn index_name(&self, engine: Engine, end: &str) -> String {
        let bare = |name: &str| name.trim_matches(['"', '`']).to_owned();
        engine.quote(&format!("{}_{}{end}", bare(&self.table), bare(&self.name)))
    }

    /// The two indexes for comparisons by caseIgnoreMatch; empty when the engine cannot use any for them.
    pub fn case_ignore_indexes(&self, engine: Engine, described: &Column) -> Vec<String> {
        if !described.kind.is_text() {
            return Vec::new();
        }
        let TableColumn { table, column, .. } = self;
        let other = predicate::not_canonical(engine, described, column);
        match engine {
            Engine::PostgreSql => {
                let folded = predicate::folded(engine, described, column);
                vec![
                    format!("CREATE INDEX ON {table} ({folded});"),
                    format!("CREATE INDEX ON {table} ({column}) WHERE {other};"),
                ]
            }
            // A name of its own: the older index with another condition may still be there.
            Engine::Sqlite => [("_nocase", String::new()), ("_unprepared", format!(" WHERE {other}"))]
                .map(|(end, which)| {
                    let name = self.index_name(engine, end);
                    format!("CREATE INDEX {name} ON {table} ({column} COLLATE NOCASE){which};")
                })
                .to_vec(),
            Engine::MySql => Vec::new(),
        }
    }
}

/// The column of `table` (as a query spells it) that numbers its rows by itself, where an expression reads it: MariaDB and
/// MySQL compute no other column of it.
///
/// # Errors
/// The database did not answer in time.
pub async fn auto_increment_in(
    database: &Database,
    column: &TableColumn,
    budget: Budget,
) -> Result<Option<String>, SqlError> {
    if database.engine() != Engine::MySql {
        return Ok(None);
    }
    let table = column.table.rsplit('.').next().unwrap_or_default().trim_matches('`');
    let rows = database
        .fetch(AUTO_INCREMENT, &[Arg::Text(table.to_owned())], budget)
        .await?;
    let numbered = rows
        .first()
        .and_then(|row| row.first()?.to_text())
        .map(|name| name.into_owned());
    let is_read = |name: &String| {
        let mut words = column
            .column
            .split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'));
        words.any(|word| word.eq_ignore_ascii_case(name))
    };
    Ok(numbered.filter(is_read))
}

/// Foreign keys to `table` (as [`TableColumn`] spells it) that lead no index.
///
/// # Errors
/// The database did not answer in time.
pub async fn bare_foreign_keys(database: &Database, table: &str, budget: Budget) -> Result<Vec<TableColumn>, SqlError> {
    let engine = database.engine();
    let (sql, table) = match engine {
        Engine::PostgreSql => (BARE_KEYS_POSTGRES, table.to_owned()),
        Engine::Sqlite => (BARE_KEYS_SQLITE, table.trim_matches('"').to_owned()),
        // It makes an index with every foreign key.
        Engine::MySql => return Ok(Vec::new()),
    };
    let rows = database.fetch(sql, &[Arg::Text(table)], budget).await?;
    let keys = rows.iter().filter_map(|row| match row.as_slice() {
        [table, column] => Some(TableColumn::new(engine, &table.to_text()?, &column.to_text()?)),
        _ => None,
    });
    Ok(keys.collect())
}

/// Whether a name in a plan means this table: by its own name, or by an alias that the query gives it.
pub fn is_name_of(name: &str, table: &str, query: &str) -> bool {
    let bare = |text: &str| text.replace(['"', '`'], "").to_lowercase();
    let (name, table) = (bare(name), bare(table));
    let unqualified = table.rsplit('.').next().unwrap_or(&table);
    if name == unqualified {
        return true;
    }
    let query = bare(query);
    let words = words(&query);
    words.iter().enumerate().any(|(at, word)| {
        let mut next = words.iter().skip(at + 1).filter(|word| **word != "as");
        word.rsplit('.').next() == Some(unqualified) && next.next() == Some(&name.as_str())
    })
}

/// The table that a name in a plan of `query` means, if it is an alias.
pub fn unaliased(name: &str, query: &str) -> String {
    let words = words(query);
    let is_name = |word: &str| word.trim_matches(['"', '`']) == name.trim_matches(['"', '`']);
    let table = words.iter().enumerate().find_map(|(at, word)| {
        let from = at.checked_sub(1).and_then(|before| words.get(before))?;
        let mut next = words
            .iter()
            .skip(at + 1)
            .filter(|word| !word.eq_ignore_ascii_case("as"));
        let named = ["from", "join"]
            .iter()
            .any(|keyword| from.eq_ignore_ascii_case(keyword));
        (named && is_name(next.next()?)).then_some(*word)
    });
    table.unwrap_or(name).trim_matches(['"', '`']).to_owned()
}

fn words(query: &str) -> Vec<&str> {
    query
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | '(' | ')'))
        .filter(|word| !word.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::query::description::ColumnKind;

    #[test]
    fn a_plan_names_tables_or_aliases() {
        let query = "SELECT g.cn FROM \"Groups\" g INNER JOIN public.\"UserGroups\" AS ug ON g.n = ug.n";
        for (name, table, is) in [
            ("ug", "\"UserGroups\"", true),
            ("\"UserGroups\"", "other.\"UserGroups\"", true),
            ("g", "\"Groups\"", true),
            ("g", "\"UserGroups\"", false),
            ("Users", "\"UserGroups\"", false),
            ("cn", "\"Groups\"", false),
        ] {
            assert_eq!(is_name_of(name, table, query), is, "{name} {table}");
        }
    }

    #[test]
    fn aliases_are_replaced_by_their_tables() {
        let query = "SELECT g.cn FROM \"Groups\" g INNER JOIN `UserGroups` AS ug ON g.n = ug.n";
        for (name, table) in [("ug", "UserGroups"), ("g", "Groups"), ("`x`", "x")] {
            assert_eq!(unaliased(name, query), table);
        }
    }

    #[test]
    fn indexes_are_spelled_for_each_engine() {
        let index = |engine, table| TableColumn::new(engine, table, "gidNumber").index(engine);
        assert_eq!(
            index(Engine::PostgreSql, "\"UserGroups\""),
            "CREATE INDEX ON \"UserGroups\" (\"gidNumber\");"
        );
        assert_eq!(
            index(Engine::MySql, "db.UserGroups"),
            "CREATE INDEX `UserGroups_gidNumber` ON `UserGroups` (`gidNumber`);"
        );
        assert_eq!(
            index(Engine::Sqlite, "UserGroups"),
            "CREATE INDEX \"UserGroups_gidNumber\" ON \"UserGroups\" (\"gidNumber\");"
        );
    }

    #[test]
    fn the_indexes_for_any_spelling_are_the_advised_ones() {
        let column = Column {
            name: "username".to_owned(),
            type_name: "VARCHAR".to_owned(),
            kind: ColumnKind::Text,
            collation: crate::sql::query::description::Collation::parse(Engine::PostgreSql, "true true \"C.UTF-8\""),
        };
        let uid = TableColumn::new(Engine::PostgreSql, "\"Users\"", "uid");
        assert_eq!(
            uid.case_ignore_indexes(Engine::PostgreSql, &column),
            [
                "CREATE INDEX ON \"Users\" (lower(\"uid\"));",
                "CREATE INDEX ON \"Users\" (\"uid\") WHERE \"uid\" ~ '[^ -~]|^ |  | $';"
            ]
        );
        let uid = TableColumn::new(Engine::Sqlite, "Users", "uid");
        let other = "(length(\"uid\") <> length(CAST(\"uid\" AS BLOB)) OR \"uid\" GLOB '*[^ -~]*' OR \"uid\" GLOB ' *' OR \
                     \"uid\" GLOB '* ' OR \"uid\" GLOB '*  *' OR typeof(\"uid\") NOT IN ('text', 'null'))";
        assert_eq!(
            uid.case_ignore_indexes(Engine::Sqlite, &column),
            [
                "CREATE INDEX \"Users_uid_nocase\" ON \"Users\" (\"uid\" COLLATE NOCASE);".to_owned(),
                format!("CREATE INDEX \"Users_uid_unprepared\" ON \"Users\" (\"uid\" COLLATE NOCASE) WHERE {other};"),
            ]
        );
        assert!(uid.case_ignore_indexes(Engine::MySql, &column).is_empty());
    }
}
