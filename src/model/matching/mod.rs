//! Matching rules at work (RFC 4517 section 4.2), and distinguished names under a schema.
//!
//! An assertion value is prepared once, then held against many stored values. `None` is Undefined throughout: a value
//! breaks the syntax, or the rule has no answer. Which values are held against it, in which entry, is decided above.
//!
//! - `assertion`: equality and ordering rules
//! - `substrings`: substrings rules
//! - `normalize`, `normalized_dn`: names, for which every value's own rule counts

mod assertion;
mod integer;
mod normalize;
mod normalized_dn;
mod substrings;
#[cfg(test)]
mod tests;

pub use assertion::Assertion;
pub use normalized_dn::{AttributeKey, NormalizedDn};
pub use substrings::{Pieces, SubstringAssertion};
