//! Who may bind: the chain of checks that a bind must pass.
//!
//! [`authenticator`] runs the chain, [`attempt`] says what goes into it and what comes out. Each check is a [`link`] in a file
//! of its own. `password` knows the stored hashes, [`hashing_pool`] the threads that verify them.
//!
//! Knows nothing of LDAP messages, of clients' sockets or of SQL.

pub mod attempt;
pub mod authenticator;
pub mod hashing_pool;
pub mod link;
pub(crate) mod password;
