//! Distinguished names as text (RFC 4514): read, taken apart, written.
//!
//! A [`Dn`] is what somebody typed. What it means under a schema, and which names are equal, is in
//! [`matching`](super::matching); nothing here knows a schema, nor how this directory is laid out.

mod name;
mod parse;
#[cfg(test)]
pub(super) mod tests;

pub use name::{Ava, AvaValue, Dn, LONGEST, Rdn, escape_value};
pub use parse::DnError;
pub(super) use parse::{AvaReader, RawValue, Separator};
