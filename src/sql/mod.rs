//! The operator's database, in two halves. One is pure: it scans the operator's queries and writes SQL
//! text with bound values. The other connects, runs and decodes, and knows whether the database is there
//! at all; it is the only code that names sqlx. Neither knows LDAP operations or entries.

mod abandoned;
mod catalog;
mod connection;
pub mod database;
mod decode;
pub mod derived;
pub mod described;
pub mod engine;
pub mod error;
pub mod health;
pub mod hold;
mod hosts;
pub mod indexes;
pub mod membership;
mod opening;
pub mod pairs;
pub mod plan;
mod pool;
pub mod predicate;
pub mod query;
pub mod record;
mod role;
mod scanner;
mod sessionless;
pub mod sessions;
mod sink;
pub mod sqlite_file;
pub mod statement;
mod target;
mod waiting;
mod writer;

pub use crate::database_uri::TlsMode;
pub use catalog::TypeDescription;
pub use database::{ColumnDescription, Database, Description, RowStream, SqlSettings};
pub use described::{Collation, Column, ColumnKind, Described};
pub use engine::Engine;
pub use error::{SqlError, StatementError};
pub use health::State;
pub use hold::Class;
pub use membership::{Form, Membership};
pub use pool::PoolUsage;
pub use predicate::Predicate;
pub use query::{OperatorQuery, QueryError};
pub use statement::{Arg, Source, Statement};

/// One row: the cells of its columns, in order.
pub type Row = Vec<crate::model::value::Cell>;
