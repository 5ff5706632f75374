//! From a row to an entry: which column means what (`columns`), which of them a statement reads (`projection`), where each
//! attribute comes from (`provenance`), and the entry made of it (`entry`), with what it shows of an account
//! (`account_state`). Knows rows as cells; no SQL, no filters.

pub(crate) mod account_state;
pub(crate) mod columns;
pub(crate) mod entry;
pub(crate) mod gecos;
pub(crate) mod projection;
pub(crate) mod provenance;

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
