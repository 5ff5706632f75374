//! The operator's database: connections, statements, decoded rows, and whether it is there at all.
//! The only module that names sqlx. It knows nothing of LDAP operations or entries.

mod connection;
pub mod database;
mod decode;
pub mod engine;
pub mod error;
pub mod health;
pub mod hold;
mod pool;
mod sink;
mod target;

pub use database::{Arg, ColumnDescription, Database, Description, RowStream, SqlSettings};
pub use engine::Engine;
pub use error::{SqlError, StatementError};
pub use health::State;
pub use hold::Class;

/// One decoded row.
pub type Row = Vec<crate::model::value::Cell>;
