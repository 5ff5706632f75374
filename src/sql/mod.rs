//! The operator's database, in two halves. One is pure: it reads the operator's queries (`query`), and writes SQL text
//! with bound values (`statement`, `predicate`, `table`). The other connects, runs and decodes, and knows whether the
//! database is there at all; it is the only code that names sqlx. Neither knows LDAP operations or entries.

mod abandoned;
pub mod budget;
mod catalog;
mod connection;
pub mod database;
mod decode;
pub mod engine;
pub mod error;
pub mod health;
mod hold;
mod hosts;
pub mod indexes;
mod opening;
pub mod plan;
mod pool;
pub mod predicate;
mod query;
pub mod record;
mod role;
mod row;
mod sessionless;
pub mod sessions;
mod sink;
pub mod sqlite_file;
mod statement;
mod table;
mod target;
mod waiting;

pub use crate::database_uri::TlsMode;
pub use budget::{Budget, StatementKind};
pub use database::{ColumnDescription, Database, Description, RowStream, SqlSettings};
pub use engine::Engine;
pub use error::{SqlError, StatementError};
pub use health::State;
pub use pool::PoolUsage;
pub use predicate::Predicate;
pub use query::bound::Bound;
pub use query::description::{Collation, Column, ColumnKind, Described};
pub use query::error::QueryError;
pub use query::operator_query::OperatorQuery;
pub use query::type_name::TypeDescription;
pub use row::Row;
pub use statement::{Arg, Statement};
pub use table::anti_join::{ANTI_JOIN_COLUMNS, Referred, Referring, without_referent};
pub use table::group_memberships::{Form, Membership, Named};
pub use table::membership_join::Pairs;
pub use table::query_table::Source;
