//! Which software's tables a catalog has. A software is recognised only when every table and column is there that its
//! queries use, with fitting types. Pure.

use super::software::{SOFTWARE, Software, Table};
use crate::sql::{Catalog, CatalogTable, ColumnClass, Engine};

/// A software's tables in one schema, with one prefix.
#[derive(Debug, Clone)]
pub struct Recognised<'c> {
    /// Which one.
    pub software: &'static Software,
    /// What the names of its tables begin with, where it has prefixes.
    pub prefix: &'c str,
    /// Its tables in the catalog, in the order of [`Software::tables`].
    pub tables: Vec<&'c CatalogTable>,
}

impl<'c> Recognised<'c> {
    /// The table of its users.
    pub fn users(&self) -> Option<&'c CatalogTable> {
        self.tables.first().copied()
    }

    /// Tables of which the account may not read a column that is needed.
    pub fn unreadable(&self) -> Vec<&'c CatalogTable> {
        let pairs = self.tables.iter().zip(self.software.tables);
        let unreadable = pairs.filter(|(table, wanted)| {
            let mut columns = wanted.columns.iter().filter_map(|(name, _)| table.column(name));
            columns.any(|column| !column.is_readable)
        });
        unreadable.map(|(table, _)| *table).collect()
    }
}

/// Everything that is recognised, in the order of the catalog's tables of users.
pub fn recognise(catalog: &Catalog, engine: Engine) -> Vec<Recognised<'_>> {
    let mut found: Vec<Recognised<'_>> = Vec::new();
    for users in &catalog.tables {
        for software in SOFTWARE.iter().filter(|software| software.recipe(engine).is_some()) {
            let is_known = |known: &Recognised<'_>| {
                known.software.name == software.name && known.users().is_some_and(|table| std::ptr::eq(table, users))
            };
            if found.iter().any(is_known) {
                continue;
            }
            found.extend(recognise_one(catalog, engine, software, users));
        }
    }
    found
}

fn recognise_one<'c>(
    catalog: &'c Catalog,
    engine: Engine,
    software: &'static Software,
    users: &'c CatalogTable,
) -> Option<Recognised<'c>> {
    let (of_users, others) = software.tables.split_first()?;
    let prefix = match software.prefix {
        None => "",
        Some(usual) => {
            let rest = of_users.name.strip_prefix(usual)?;
            users
                .name
                .strip_suffix(rest)
                .filter(|prefix| is_prefix(engine, prefix))?
        }
    };
    let bare = |table: &Table| {
        table
            .name
            .strip_prefix(software.prefix.unwrap_or_default())
            .unwrap_or(table.name)
    };
    let is_named = |table: &CatalogTable, wanted: &Table| {
        let name = format!("{prefix}{}", bare(wanted));
        match engine {
            Engine::PostgreSql => table.name == name,
            Engine::MySql | Engine::Sqlite => table.name.eq_ignore_ascii_case(&name),
        }
    };
    if !is_named(users, of_users) || !has_columns(engine, users, of_users) {
        return None;
    }
    let mut tables = vec![users];
    for wanted in others {
        let mut beside = catalog.tables.iter().filter(|table| table.schema == users.schema);
        tables.push(beside.find(|table| is_named(table, wanted) && has_columns(engine, table, wanted))?);
    }
    Some(Recognised {
        software,
        prefix,
        tables,
    })
}

/// Prefixes that can stand in a query as they are. The empty one is a prefix as well.
fn is_prefix(engine: Engine, prefix: &str) -> bool {
    let fits = |c: char| match engine {
        Engine::PostgreSql => c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_',
        Engine::MySql | Engine::Sqlite => c.is_ascii_alphanumeric() || c == '_',
    };
    prefix.chars().all(fits) && !prefix.starts_with(|c: char| c.is_ascii_digit())
}

fn has_columns(engine: Engine, table: &CatalogTable, wanted: &Table) -> bool {
    wanted.columns.iter().all(|(name, classes)| {
        let column = match engine {
            Engine::PostgreSql => table.columns.iter().find(|column| column.name == *name),
            Engine::MySql | Engine::Sqlite => table.column(name),
        };
        column.is_some_and(|column| fits(engine, column.class, classes))
    })
}

/// Engines have fewer types than software believes: SQLite keeps what it is given, and Django's UUIDs are text on MariaDB.
fn fits(engine: Engine, class: ColumnClass, wanted: &[ColumnClass]) -> bool {
    let is_loose = engine == Engine::Sqlite && class == ColumnClass::Other;
    wanted.is_empty() || wanted.contains(&class) || is_loose
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
    use crate::sql::CatalogColumn;

    /// The software's tables as it would find them.
    fn tables(software: &Software, prefix: &str) -> Vec<CatalogTable> {
        let table = |table: &Table| CatalogTable {
            schema: "public".to_owned(),
            name: match software.prefix {
                Some(usual) => table.name.replacen(usual, prefix, 1),
                None => table.name.to_owned(),
            },
            is_view: false,
            is_found: true,
            columns: table
                .columns
                .iter()
                .map(|(name, classes)| CatalogColumn {
                    name: (*name).to_owned(),
                    type_name: String::new(),
                    class: classes.first().copied().unwrap_or(ColumnClass::Other),
                    is_readable: true,
                    is_nullable: false,
                    is_unique: false,
                })
                .collect(),
        };
        software.tables.iter().map(table).collect()
    }

    fn names(catalog: &Catalog, engine: Engine) -> Vec<(&'static str, String)> {
        let found = recognise(catalog, engine);
        found
            .iter()
            .map(|found| (found.software.name, found.prefix.to_owned()))
            .collect()
    }

    #[test]
    fn each_is_recognised_and_nothing_less_is() {
        for software in SOFTWARE {
            for (engine, _) in software.recipes {
                let whole = Catalog {
                    tables: tables(software, software.prefix.unwrap_or_default()),
                    is_cut: false,
                };
                let prefix = software.prefix.unwrap_or_default().to_owned();
                assert_eq!(names(&whole, *engine), [(software.name, prefix)]);
                for table in 0..whole.tables.len() {
                    let mut less = whole.clone();
                    less.tables.remove(table);
                    assert_eq!(names(&less, *engine), [], "{} without table {table}", software.name);
                    for column in 0..whole.tables[table].columns.len() {
                        let mut less = whole.clone();
                        less.tables[table].columns.remove(column);
                        let rest = names(&less, *engine);
                        assert!(
                            rest.iter()
                                .all(|(_, rest)| software.title == "the manager" && rest.is_empty()),
                            "{rest:?}"
                        );
                        let mut other = whole.clone();
                        other.tables[table].columns[column].class = ColumnClass::Bytes;
                        let rest = names(&other, *engine);
                        let is_any = software.tables[table].columns[column].1.is_empty();
                        assert!(is_any || software.title == "the manager" || rest.is_empty(), "{rest:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn prefixes_are_what_they_are_and_two_are_two() {
        let wordpress = SOFTWARE.iter().find(|software| software.name == "wordpress").unwrap();
        let mut both = tables(wordpress, "blog2_");
        both.extend(tables(wordpress, ""));
        both.extend(tables(wordpress, "x'; --"));
        let catalog = Catalog {
            tables: both,
            is_cut: false,
        };
        let found = names(&catalog, Engine::MySql);
        assert_eq!(
            found,
            [("wordpress", "blog2_".to_owned()), ("wordpress", String::new())]
        );
    }
}
