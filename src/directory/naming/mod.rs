//! Names: the tree that entries stand in, and the entries that no row makes. No rows, no SQL.
//!
//! `tree` says what a DN names and where entries stand; `asserted` which names a filter asks for; `fixed` lists the entries
//! that no row makes, `subschema` makes them.

pub(crate) mod asserted;
pub(crate) mod fixed;
pub mod subschema;
pub mod tree;
