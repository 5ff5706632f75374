//! The operator's database, in two halves.
//!
//! One half is pure, a step a room: `query` reads the operator's queries, `statement` is SQL text with bound values,
//! `predicate` writes conditions, `table` writes statements over a query. The other half connects (`connection`),
//! decodes (`decode`) and knows whether the database is there at all; only it runs statements through sqlx, and
//! `sqlite_file` for the demo. `clock` compares the database's clock with ours, `database` puts both together for the rest
//! of the gateway, `catalog` reads which tables there are, `diagnose` is for `check` and `explain`, and for hints to what
//! was refused. Nothing here knows LDAP
//! operations or entries.

mod budget;
mod catalog;
pub mod clock;
mod connection;
mod database;
mod decode;
mod diagnose;
mod engine;
mod error;
mod predicate;
mod query;
mod recorder;
mod row;
pub(crate) mod sqlite_file;
mod statement;
mod table;

pub use budget::{Budget, StatementKind};
pub use catalog::{Catalog, CatalogColumn, CatalogTable, ColumnClass};
pub use connection::state::State;
pub use database::transaction::{Failure, Rollback, Transaction, TransactionError, UnitOfWork};
pub use database::{Database, RowStream};
pub(crate) use diagnose::hints::spelling::written as written_name;
pub use diagnose::hints::{Hint, hint};
pub(crate) use diagnose::{indexes, plan};
pub use engine::Engine;
pub use error::{SqlError, StatementError};
pub use predicate::{NumberTest, Pattern, Predicate, Validity};
pub use query::description::{Column, ColumnKind, Origin, QueryDescription};
pub use query::error::QueryError;
pub use query::operator_query::OperatorQuery;
pub use query::operator_statements::{BoundStatement, OperatorStatement, OperatorStatements};
pub use query::type_name::TypeDescription;
pub use recorder::{Recorded, Recorder};
pub use row::Row;
pub use statement::{Arg, Statement};
pub use table::anti_join::{ANTI_JOIN_COLUMNS, Referred, Referring, without_referent};
pub use table::group_memberships::{GroupMemberships, MembershipForm, NamedQuery};
pub use table::membership_join::MembershipJoin;
pub use table::query_table::{KeyedPage, QueryTable};
