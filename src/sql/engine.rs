//! The three kinds of database.

/// Which dialect and which wire protocol the operator's database speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    /// PostgreSQL.
    PostgreSql,
    /// MariaDB and MySQL.
    MySql,
    /// SQLite.
    Sqlite,
}
