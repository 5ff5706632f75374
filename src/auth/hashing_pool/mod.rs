//! Threads for password hashes, so that searches stay fast while binds hash.
//!
//! It knows nothing of users: a stored hash or none comes in, a verdict goes out. Sources of binds take turns, so that nobody
//! waits for more than a few hashes of whoever sends many.
//!
//! - `pool`: which threads a hash goes to, and how its caller waits.
//! - `lane`: threads of one kind, and the queue before them.

mod error;
mod lane;
mod pool;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, missing_docs)]
mod tests;

pub use error::PoolError;
pub use pool::{HashingLimits, HashingPool, HashingUsage, Question};
