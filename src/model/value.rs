//! SQL values.

use super::time::Timestamp;

/// One SQL value, decoded.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// NULL.
    Null,
    /// Text.
    Text(String),
    /// An integer.
    Integer(i128),
    /// A boolean.
    Boolean(bool),
    /// A point in time.
    Time(Timestamp),
    /// Bytes.
    Bytes(Vec<u8>),
    /// An array.
    List(Vec<Cell>),
}
