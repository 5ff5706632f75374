//! LDAP operations: what an answer says. Nothing here knows sockets or SQL.
//!
//! `dispatch` is the way in: it hands a request to its operation, each of which is one file (`bind`, `search`, `compare`,
//! `extended`). An operation has a [`Context`](context::Context), writes to a [`Reply`](reply::Reply), and returns what
//! that means for the session. What goes wrong becomes an answer in `result`, and nowhere else.
//!
//! - `catalog`: the realms, and which of them a request is about
//! - `whole`: a search of all realms at once; `sending`: the entries of a search
//! - `controls`: request controls
//! - `access`: whether this session may search or compare, and what it sees then
//! - `service_account`: binds of those who stand in the settings
//! - `base`: the entry that a search or compare begins at
//! - `password_hashes`: hashes for the account that may read them
//! - `password`: a change of a password; `password_policy`: the control that says what is wrong with one
//! - `unsupported`: what is said of operations and controls that are not there
//! - `output`, `record`: the bytes on their way to the connection, and the line in the log

mod access;
mod base;
pub(crate) mod bind;
mod bind_name;
pub mod catalog;
pub(crate) mod compare;
pub mod context;
pub(crate) mod controls;
mod dispatch;
pub(crate) mod extended;
mod outcome;
pub(crate) mod output;
mod password;
mod password_hashes;
mod password_policy;
pub(crate) mod record;
pub(crate) mod reply;
pub(crate) mod result;
pub(crate) mod search;
mod sending;
mod service_account;
mod unsupported;
mod whole;

pub use dispatch::dispatch;
pub use outcome::{Notes, Outcome};
