//! What a directory is, without any I/O: values, schema, matching rules, names, filters and entries.
//!
//! Everything here is pure and synchronous. Nothing here knows how requests arrive (`protocol`), where rows come from
//! (`sql`), or what the settings are (`config`).
//!
//! - `schema`: attribute types, object classes, syntaxes and the names of matching rules
//! - `dn`: names as text; `matching`: how values and names are compared; `prepare`: the form in which texts are compared
//! - `filter`: filters, and which entries they match
//! - `entry`, `value`, `time`, `scope`: what the others are made of

pub mod dn;
pub mod entry;
pub mod filter;
pub(crate) mod matching;
pub mod prepare;
pub mod schema;
pub mod scope;
pub(crate) mod time;
pub(crate) mod value;
