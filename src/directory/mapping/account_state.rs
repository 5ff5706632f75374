//! What an entry shows of an account. What the account columns mean is said elsewhere.

use crate::model::value::Cell;
use std::fmt;

/// Reads the account columns of a row that an entry is made of.
pub trait AccountState: fmt::Debug + Send + Sync {
    /// Whether the account may not bind now.
    fn is_locked(&self, row: &[Cell]) -> bool;

    /// The day on which the account ends, in days since 1970; None where it never does.
    fn expiry_day(&self, row: &[Cell]) -> Option<i64>;
}
