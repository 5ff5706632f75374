//! The operator's five queries, one of which is optional: first parsed, without the database, then described by it.
//! What is wrong with a query is said under its variable's name, and all of it at once.
//!
//! `describe` is the way in. `described_query` is what it makes: a query, its columns and what each is for;
//! `membership_columns` the same of a query that lists memberships. `remarks` says
//! which columns are ignored or cannot be read, and `hints` which of the ignored ones were probably meant.

mod describe;
mod described_query;
pub mod hints;
mod membership_columns;
mod remarks;

pub use describe::{Examination, describe, describe_passwords, examine, parse, parse_all};
pub use described_query::{DescribedQuery, EntryQuery, QueryProblem};
pub(crate) use membership_columns::{GroupColumn, MembershipColumns};
pub use remarks::remarks;
