//! Who may bind: stored password hashes and the threads that verify them.
//!
//! Knows nothing of LDAP messages, sockets or SQL.

pub mod hashing_pool;
pub mod password;
