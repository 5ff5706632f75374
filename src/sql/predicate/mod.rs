//! Conditions on the columns of an operator's query. Their SQL lets through a guaranteed *superset* of the rows that
//! LDAP means: SQL narrows, the evaluator decides. Knows the engines' collations and types, and no attributes.
//!
//! `expression` has the conditions as values; `simplify` folds away what cannot be asked of the given columns; `write`
//! writes them, with a file for each kind of value; `negation` writes what stands under a NOT. To push a condition
//! down on one engine, begin with the file of its kind of value.
//!
//! A value is *canonical* when it is printable ASCII without outer or double blanks. A canonical value is equal to an
//! assertion under caseIgnoreMatch exactly when its ASCII lower case is the assertion prepared by RFC 4518. Every
//! other value may be equal in ways that no engine computes, so all of those rows are let through.

mod comparison;
pub(crate) mod equality;
pub(crate) mod equals_any;
pub(crate) mod expression;
mod negation;
mod number;
mod pattern;
pub(crate) mod scope;
mod simplify;
mod time;
mod write;

pub(crate) use comparison::{folded, is_canonical, key, not_canonical};
pub use expression::{Predicate, Validity};
pub use number::NumberTest;
pub use pattern::Pattern;
pub(crate) use simplify::possible_value;

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
