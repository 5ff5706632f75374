//! The operator's queries as text: cut into tokens (`lexer`), checked and taken apart (`operator_query`), with what the
//! database says of their columns (`description`). Knows the surface of SQL and how the engines name types. Asks no
//! database, and does not know what a column means.

pub(crate) mod bound;
pub(crate) mod description;
pub(crate) mod error;
mod lexer;
pub(crate) mod operator_query;
pub(crate) mod type_name;

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]
pub(crate) mod tests;
