//! The operator's SQL as text: cut into tokens (`lexer`; `tokens` tells what they are to each other), checked and taken apart (`operator_query`, and
//! `operator_statements` for what changes something), with what the database says of a query's columns
//! (`description`), and what they are computed of (`computed`). `foreign`
//! knows what other engines and tools would have written. Knows the surface of SQL and how the engines name types. Asks no
//! database, and does not know what a column means.

pub(crate) mod bound;
pub(crate) mod computed;
pub(crate) mod description;
pub(crate) mod error;
pub(crate) mod foreign;
mod lexer;
pub(crate) mod operator_query;
pub(crate) mod operator_statements;
mod tokens;
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
