//! The operator's SQL database. This half is pure: it scans the operator's queries and writes SQL text with
//! bound values. It must not know LDAP entries or attributes, nor how a statement is executed.

pub mod described;
pub mod engine;
pub mod membership;
pub mod predicate;
pub mod query;
mod scanner;
pub mod statement;
mod writer;

pub use described::{Collation, Column, ColumnKind, Described};
pub use engine::Engine;
pub use membership::{Form, Membership};
pub use predicate::Predicate;
pub use query::{OperatorQuery, QueryError};
pub use statement::{Arg, Source, Statement};
