//! The directory: entries made of rows, found by name or by filter, and accounts for binds. It knows SQL results, not
//! connections to clients.
//!
//! Operations ask a `realm`: a naming context and where its entries come from. [`Directory`] (`facade`) is the operator's
//! database as described at one moment, which `build` makes; a realm serves its source. The rooms, from low to high; each
//! uses those before it:
//!
//! - `kind`: users, groups, private groups; `naming`: where entries stand; `mapping`: what a row is as an entry; `account`:
//!   who may bind; `hidden`: attributes that a session may not see;
//! - `queries`: the operator's queries as described; `source`: listings, lookups by name, accounts;
//! - `pushdown`: from a filter to a condition on rows; `membership`: who is in which group;
//! - `login_name`: who is meant by a name that is no DN;
//! - `search`: plans, pages and results, on whatever implements `entry_source`; `sql_source` does, with the rooms above;
//! - `preparation`: what the database is asked before anything is served; `diagnostics`: what `check` and `explain` know.

pub mod account;
mod build;
pub mod diagnostics;
pub mod entry_source;
pub(crate) mod error;
mod facade;
mod fetch;
pub mod hidden;
pub mod kind;
pub mod login_name;
pub(crate) mod mapping;
pub(crate) mod membership;
pub mod naming;
pub mod passwords;
mod preparation;
pub(crate) mod pushdown;
pub mod queries;
pub mod realm;
pub mod search;
pub(crate) mod source;
mod sql_source;

pub use error::DirectoryError;
pub use facade::Directory;
pub use source::{
    duplicates::Shadowed,
    password_row::PasswordRow,
    password_update::{PasswordUpdate, parse_password_update},
};

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]
mod tests;
