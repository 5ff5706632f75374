//! Names: the tree that entries stand in, and the entries that no row makes. No rows, no SQL.

pub(crate) mod asserted;
pub mod fixed;
pub mod subschema;
pub mod tree;
