//! The operator's query as a table that statements are written over: `query_table` reads it, the others join several.
//! Knows the engines' dialects and how each finds an index. Does not know which column is which attribute, nor how
//! statements are run.

pub(crate) mod anti_join;
pub(crate) mod group_memberships;
pub(crate) mod membership_join;
pub(crate) mod query_table;

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]
mod tests;
