//! Who may bind: stored password hashes (`password`) and the threads that verify them (`hashing_pool`).
//!
//! Knows nothing of LDAP messages, sockets or SQL. The way in is `HashingPool::verify`.

pub mod hashing_pool;
pub(crate) mod password;
