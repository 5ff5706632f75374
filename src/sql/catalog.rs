//! Which tables a database has, and of which columns: what its catalog shows the account that asks. Read by the commands
//! that help somebody with queries; never while a request waits.

use std::collections::BTreeSet;
use std::time::Duration;

use super::database::Database;
use super::engine::Engine;
use super::error::SqlError;
use super::statement::Arg;
use crate::model::value::Cell;

/// The most columns that are read of a catalog.
const MOST_COLUMNS: usize = 100_000;

/// The catalog itself and not `information_schema`, which hides what the account may not read.
const POSTGRES: &str = "SELECT n.nspname::text, c.relname::text, c.relkind IN ('v', 'm'), pg_table_is_visible(c.oid), \
    has_schema_privilege(n.oid, 'USAGE') AND has_column_privilege(c.oid, a.attnum, 'SELECT'), a.attname::text, \
    format_type(a.atttypid, a.atttypmod), \
    CASE WHEN t.typtype = 'e' THEN 'enum' WHEN t.typtype = 'd' THEN format_type(t.typbasetype, NULL) \
    ELSE format_type(t.oid, NULL) END, NOT a.attnotnull, \
    EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL \
    AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum) \
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped JOIN pg_type t ON t.oid = a.atttypid \
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition \
    AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg|_%' ESCAPE '|' \
    ORDER BY 4 DESC, 1, 2, a.attnum LIMIT 100000";
/// `information_schema` shows what the account has some privilege on.
const MYSQL: &str = "SELECT CAST(c.table_schema AS CHAR), CAST(c.table_name AS CHAR), t.table_type LIKE '%VIEW%', \
    COALESCE(c.table_schema = DATABASE(), FALSE), FIND_IN_SET('select', c.privileges) > 0, CAST(c.column_name AS CHAR), \
    CAST(c.column_type AS CHAR), CAST(c.data_type AS CHAR), c.is_nullable = 'YES', FALSE \
    FROM information_schema.columns c JOIN information_schema.tables t \
    ON t.table_schema = c.table_schema AND t.table_name = c.table_name \
    WHERE c.table_schema NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys') \
    ORDER BY 4 DESC, 1, 2, c.ordinal_position LIMIT 100000";
/// The columns that are a unique key alone and whole.
const MYSQL_UNIQUE: &str = "SELECT CAST(table_schema AS CHAR), CAST(table_name AS CHAR), CAST(MIN(column_name) AS CHAR) \
    FROM information_schema.statistics WHERE non_unique = 0 \
    AND table_schema NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys') \
    GROUP BY table_schema, table_name, index_name HAVING COUNT(*) = 1 AND COUNT(sub_part) = 0 LIMIT 100000";
const SQLITE_TABLES: &str = "SELECT name, type = 'view' FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite|_%' ESCAPE '|' \
    ORDER BY name LIMIT 10000";
const SQLITE_COLUMNS: &str = "SELECT p.name, p.type, p.\"notnull\" = 0 AND p.pk = 0, \
    (p.pk = 1 AND NOT EXISTS (SELECT 1 FROM pragma_table_xinfo(?) o WHERE o.pk > 1)) \
    OR EXISTS (SELECT 1 FROM pragma_index_list(?) l WHERE l.\"unique\" = 1 AND l.partial = 0 \
    AND (SELECT COUNT(*) FROM pragma_index_info(l.name)) = 1 \
    AND (SELECT i.name FROM pragma_index_info(l.name) i) = p.name) \
    FROM pragma_table_xinfo(?) p WHERE p.hidden <> 1 ORDER BY p.cid";

/// What a database's catalog shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalog {
    /// Tables and views: those that statements find by their bare names first, then by schema and name. Those of the
    /// database system itself are left out.
    pub tables: Vec<CatalogTable>,
    /// There are more columns than are read; the tables of the others are not here.
    pub is_cut: bool,
}

/// A table or view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogTable {
    /// PostgreSQL's schema, MariaDB's database, `main` on SQLite.
    pub schema: String,
    /// Its name, as the database spells it and unquoted.
    pub name: String,
    /// It is no table of its own.
    pub is_view: bool,
    /// Statements find it by its bare name: it is on the search path, or in the current database.
    pub is_found: bool,
    /// Its columns, in order.
    pub columns: Vec<CatalogColumn>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogColumn {
    /// Its name, as the database spells it and unquoted.
    pub name: String,
    /// Its type, as the database spells it.
    pub type_name: String,
    /// The kind of its values.
    pub class: ColumnClass,
    /// This account may select it.
    pub is_readable: bool,
    /// It may be NULL.
    pub is_nullable: bool,
    /// The database lets no value be in it twice, by a key of this column alone.
    pub is_unique: bool,
}

/// Kinds of values, as far as the declared type tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnClass {
    /// Text, also enums.
    Text,
    /// Whole numbers.
    Integer,
    /// Truth values; on MariaDB `tinyint(1)`.
    Boolean,
    /// Dates and points in time.
    Time,
    /// UUIDs that are a type of their own.
    Uuid,
    /// Octets.
    Bytes,
    /// Any other, and none.
    Other,
}

impl Catalog {
    /// Reads it, in read-only transactions. Each statement may take `limit`.
    ///
    /// # Errors
    /// The database cannot be reached, took too long, or refuses to tell.
    pub async fn read(database: &Database, limit: Duration) -> Result<Catalog, SqlError> {
        match database.engine() {
            Engine::Sqlite => sqlite(database, limit).await,
            Engine::PostgreSql => {
                let rows = database.fetch_read_only(POSTGRES, &[], limit).await?;
                Ok(Catalog::of_rows(Engine::PostgreSql, &rows, &BTreeSet::new()))
            }
            Engine::MySql => {
                let rows = database.fetch_read_only(MYSQL, &[], limit).await?;
                let unique = database.fetch_read_only(MYSQL_UNIQUE, &[], limit).await?;
                let unique = unique.iter().filter_map(|row| match row.as_slice() {
                    [schema, table, column] => Some([text(schema)?, text(table)?, text(column)?]),
                    _ => None,
                });
                Ok(Catalog::of_rows(Engine::MySql, &rows, &unique.collect()))
            }
        }
    }

    /// Tables and views with this name in any letter case, those that statements find by it first.
    pub fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a CatalogTable> {
        let is_named = |table: &&CatalogTable| table.name.to_lowercase() == name.to_lowercase();
        self.tables.iter().filter(is_named)
    }

    fn of_rows(engine: Engine, rows: &[Vec<Cell>], unique: &BTreeSet<[String; 3]>) -> Catalog {
        let mut catalog = Catalog::default();
        for row in rows {
            let [
                schema,
                table,
                is_view,
                is_found,
                is_readable,
                column,
                type_name,
                base,
                is_nullable,
                is_unique,
            ] = row.as_slice()
            else {
                continue;
            };
            let (Some(schema), Some(table), Some(column)) = (text(schema), text(table), text(column)) else {
                continue;
            };
            let type_name = text(type_name).unwrap_or_default();
            let is_key = unique.contains(&[schema.clone(), table.clone(), column.clone()]);
            let column = CatalogColumn {
                class: class(engine, &type_name, &text(base).unwrap_or_default()),
                name: column,
                type_name,
                is_readable: is(is_readable),
                is_nullable: is(is_nullable),
                is_unique: is_key || is(is_unique),
            };
            match catalog.tables.last_mut() {
                Some(last) if last.schema == schema && last.name == table => last.columns.push(column),
                _ => catalog.tables.push(CatalogTable {
                    schema,
                    name: table,
                    is_view: is(is_view),
                    is_found: is(is_found),
                    columns: vec![column],
                }),
            }
        }
        if rows.len() >= MOST_COLUMNS {
            // Of the last table some columns may be missing.
            catalog.tables.pop();
            catalog.is_cut = true;
        }
        catalog
    }
}

impl CatalogTable {
    /// The column of this name; where there is none, the only one that differs from it in letter case alone.
    pub fn column(&self, name: &str) -> Option<&CatalogColumn> {
        let exact = self.columns.iter().find(|column| column.name == name);
        exact.or_else(|| {
            let mut similar = self
                .columns
                .iter()
                .filter(|column| column.name.to_lowercase() == name.to_lowercase());
            let only = similar.next();
            similar.next().is_none().then_some(only).flatten()
        })
    }

    /// Whether this account may select something of it.
    pub fn is_readable(&self) -> bool {
        self.columns.iter().any(|column| column.is_readable)
    }
}

async fn sqlite(database: &Database, limit: Duration) -> Result<Catalog, SqlError> {
    let mut catalog = Catalog::default();
    for row in database.fetch_read_only(SQLITE_TABLES, &[], limit).await? {
        let [name, is_view] = row.as_slice() else { continue };
        let Some(name) = text(name) else { continue };
        let argument = Arg::Text(name.clone());
        let arguments = [argument.clone(), argument.clone(), argument];
        let columns = match database.fetch_read_only(SQLITE_COLUMNS, &arguments, limit).await {
            Ok(columns) => columns,
            // A view on what is gone, or a module that is not here.
            Err(SqlError::Statement(_)) => Vec::new(),
            Err(error) => return Err(error),
        };
        let columns = columns.iter().filter_map(|row| {
            let [name, type_name, is_nullable, is_unique] = row.as_slice() else {
                return None;
            };
            let type_name = text(type_name).unwrap_or_default();
            Some(CatalogColumn {
                name: text(name)?,
                class: class(Engine::Sqlite, &type_name, &type_name),
                type_name,
                is_readable: true,
                is_nullable: is(is_nullable),
                is_unique: is(is_unique),
            })
        });
        catalog.tables.push(CatalogTable {
            schema: "main".to_owned(),
            name,
            is_view: is(is_view),
            is_found: true,
            columns: columns.collect(),
        });
    }
    Ok(catalog)
}

fn text(cell: &Cell) -> Option<String> {
    Some(cell.to_text()?.into_owned())
}

fn is(cell: &Cell) -> bool {
    cell.to_boolean() == Some(true)
}

/// The class of a type. `base` is what it is made of: a domain's type on PostgreSQL, the bare name on MariaDB.
fn class(engine: Engine, type_name: &str, base: &str) -> ColumnClass {
    let base = base.to_ascii_lowercase();
    match engine {
        Engine::PostgreSql => match base.rsplit('.').next().unwrap_or(&base) {
            "text" | "character varying" | "character" | "name" | "enum" | "citext" => ColumnClass::Text,
            "smallint" | "integer" | "bigint" => ColumnClass::Integer,
            "boolean" => ColumnClass::Boolean,
            "uuid" => ColumnClass::Uuid,
            "bytea" => ColumnClass::Bytes,
            "date" => ColumnClass::Time,
            other if other.starts_with("timestamp") && !other.ends_with("[]") => ColumnClass::Time,
            _ => ColumnClass::Other,
        },
        Engine::MySql => match base.as_str() {
            "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" | "enum" => ColumnClass::Text,
            "tinyint" if type_name.to_ascii_lowercase().starts_with("tinyint(1)") => ColumnClass::Boolean,
            "tinyint" | "smallint" | "mediumint" | "int" | "bigint" => ColumnClass::Integer,
            "date" | "datetime" | "timestamp" => ColumnClass::Time,
            "uuid" => ColumnClass::Uuid,
            "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => ColumnClass::Bytes,
            _ => ColumnClass::Other,
        },
        // A declared type is any words there; these are what sqlite.org/datatype3 makes of them, and what people mean.
        Engine::Sqlite => {
            let has = |part: &str| base.contains(part);
            if has("bool") {
                ColumnClass::Boolean
            } else if has("date") || has("time") {
                ColumnClass::Time
            } else if has("uuid") {
                ColumnClass::Uuid
            } else if has("int") {
                ColumnClass::Integer
            } else if has("char") || has("clob") || has("text") {
                ColumnClass::Text
            } else if has("blob") {
                ColumnClass::Bytes
            } else {
                ColumnClass::Other
            }
        }
    }
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]
mod tests {
    use super::*;
    use crate::config::DatabaseSettings;
    use crate::metrics::Metrics;

    const LIMIT: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn a_file_tells_its_tables_and_is_not_changed() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("tables.sqlite");
        crate::sql::sqlite_file::create(
            &file,
            &["CREATE TABLE \"Odd \"\"name\" (\"a b\" INTEGER PRIMARY KEY, mail VARCHAR(20) UNIQUE, flag bool NOT NULL, x);
             CREATE TABLE pair (a int, b int, PRIMARY KEY (a, b));
             CREATE VIEW seen AS SELECT mail FROM \"Odd \"\"name\";
             CREATE VIEW broken AS SELECT y FROM pair;"],
        )
        .await
        .unwrap();
        let uri = format!("sqlite:{}", file.display());
        let database = Database::new(&DatabaseSettings::new(uri), Metrics::default()).unwrap();
        let catalog = Catalog::read(&database, LIMIT).await.unwrap();
        let names: Vec<_> = catalog
            .tables
            .iter()
            .map(|table| (table.name.as_str(), table.is_view, table.columns.len()))
            .collect();
        assert_eq!(
            names,
            [
                ("Odd \"name", false, 4),
                ("broken", true, 0),
                ("pair", false, 2),
                ("seen", true, 1)
            ]
        );
        let odd = &catalog.tables[0];
        let classes: Vec<_> = odd
            .columns
            .iter()
            .map(|column| (column.class, column.is_unique, column.is_nullable))
            .collect();
        assert_eq!(
            classes,
            [
                (ColumnClass::Integer, true, false),
                (ColumnClass::Text, true, true),
                (ColumnClass::Boolean, false, false),
                (ColumnClass::Other, false, true)
            ]
        );
        assert!(catalog.tables[2].columns.iter().all(|column| !column.is_unique));
        assert_eq!(odd.column("MAIL").map(|column| column.name.as_str()), Some("mail"));
        assert_eq!(catalog.named("PAIR").count(), 1);
        let written = database.fetch_read_only("DELETE FROM pair", &[], LIMIT).await;
        assert!(matches!(written, Err(SqlError::Statement(_))), "{written:?}");
    }

    #[test]
    fn types_have_classes() {
        for (engine, type_name, base, expected) in [
            (
                Engine::PostgreSql,
                "character varying(20)",
                "character varying",
                ColumnClass::Text,
            ),
            (
                Engine::PostgreSql,
                "extensions.citext",
                "extensions.citext",
                ColumnClass::Text,
            ),
            (Engine::PostgreSql, "text[]", "text[]", ColumnClass::Other),
            (
                Engine::PostgreSql,
                "timestamp(6) with time zone",
                "timestamp with time zone",
                ColumnClass::Time,
            ),
            (Engine::PostgreSql, "interval", "interval", ColumnClass::Other),
            (Engine::MySql, "tinyint(1)", "tinyint", ColumnClass::Boolean),
            (Engine::MySql, "tinyint(4)", "tinyint", ColumnClass::Integer),
            (Engine::MySql, "bigint(20) unsigned", "bigint", ColumnClass::Integer),
            (Engine::MySql, "decimal(10,0)", "decimal", ColumnClass::Other),
            (Engine::Sqlite, "varchar(150)", "varchar(150)", ColumnClass::Text),
            (
                Engine::Sqlite,
                "integer unsigned",
                "integer unsigned",
                ColumnClass::Integer,
            ),
            (Engine::Sqlite, "", "", ColumnClass::Other),
        ] {
            assert_eq!(class(engine, type_name, base), expected, "{type_name}");
        }
    }

    #[test]
    fn a_cut_catalog_has_no_table_in_part() {
        let cell = |text: &str| Cell::Text(text.to_owned());
        let row = |table: &str, column: usize| {
            let flags = [Cell::Boolean(false), Cell::Boolean(true), Cell::Boolean(true)];
            let names = [cell("public"), cell(table)].into_iter().chain(flags);
            let rest = [
                cell(&column.to_string()),
                cell("integer"),
                cell("integer"),
                Cell::Boolean(false),
                Cell::Boolean(false),
            ];
            names.chain(rest).collect::<Vec<_>>()
        };
        let rows: Vec<_> = (0..MOST_COLUMNS)
            .map(|at| row(if at < 5 { "a" } else { "b" }, at))
            .collect();
        let catalog = Catalog::of_rows(Engine::PostgreSql, &rows, &BTreeSet::new());
        assert!(catalog.is_cut);
        assert_eq!(
            catalog
                .tables
                .iter()
                .map(|table| table.name.as_str())
                .collect::<Vec<_>>(),
            ["a"]
        );
    }
}
