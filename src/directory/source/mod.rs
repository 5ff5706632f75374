//! The rows behind entries and accounts.
//!
//! `listing` reads all rows of a kind, in chunks by key or by name; `one_user` asks for one user. `lookup` finds a user or
//! group by name with both, `accounts` who binds, `private_groups` the groups that no row lists; `password_update` changes
//! a password, in the row that `password_row` finds. Where several rows have one
//! name, `duplicates` says which is the entry.

pub(crate) mod accounts;
pub(crate) mod duplicates;
pub(crate) mod listing;
pub(crate) mod lookup;
pub(crate) mod one_user;
pub(crate) mod password_row;
pub(crate) mod password_update;
pub(crate) mod private_groups;
