//! The database engines.

/// The operator's database: which dialect and which wire protocol it speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Engine {
    /// PostgreSQL: `postgres://`, `postgresql://`
    #[default]
    PostgreSql,
    /// MariaDB and MySQL: `mysql://`, `mariadb://`
    MySql,
    /// SQLite: `sqlite:`
    Sqlite,
}
