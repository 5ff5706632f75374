//! The rows behind the entries: listings in chunks by key, one row by name, and which of several with one name counts.

pub mod accounts;
pub mod duplicates;
pub mod listing;
pub mod lookup;
pub mod one_user;
pub mod private_groups;
