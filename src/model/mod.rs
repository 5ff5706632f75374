//! What a directory is, without any I/O: values, schema, matching rules, names, filters and entries.
//!
//! Everything here is pure and synchronous. It must not know how requests arrive (`protocol`), where
//! rows come from (`sql`) or what the settings are (`config`).

pub mod dn;
pub mod entry;
pub mod filter;
pub mod matching;
pub mod prepare;
pub mod schema;
pub mod scope;
pub mod time;
pub mod value;
