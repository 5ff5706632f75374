//! For `check` and `explain`: how the engine would run a statement (`plan`), and which indexes would spare it work
//! (`indexes`).

pub(crate) mod indexes;
pub(crate) mod plan;

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
