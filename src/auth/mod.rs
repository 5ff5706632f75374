//! Who may bind: the chain of checks that a bind must pass.
//!
//! [`authenticator`] runs the chain, [`attempt`] says what goes into it and what comes out. Each check is a [`link`] in a file
//! of its own. `password` knows the stored hashes, [`hashing_pool`] the threads that verify them, [`bind_cache`] those that need
//! not be verified again. Before all that, [`guessing`] makes a bind wait where too many have failed. `keyed_digest`
//! is how something is recognised without being kept; [`hash_maker`] makes new hashes.
//!
//! Knows nothing of LDAP messages, of clients' sockets or of SQL.

pub mod attempt;
pub mod authenticator;
pub mod bind_cache;
pub mod guessing;
pub mod hash_maker;
pub mod hashing_pool;
pub(crate) mod keyed_digest;
pub mod link;
mod memory;
pub(crate) mod password;
pub mod source_network;
pub mod standing;
mod turns;
mod user_turns;
