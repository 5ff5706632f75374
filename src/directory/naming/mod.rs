//! Names: the tree that entries stand in, and the entries that no row makes. No rows, no SQL.

pub mod subschema;
pub mod tree;
