//! Search filters: as a client sent them ([`Filter`], RFC 4511 4.5.1.7), and what they mean under a
//! schema ([`ResolvedFilter`]), decided in three-valued logic.
//!
//! Nothing else judges what matches. Nothing here knows SQL, nor how entries are made.

mod evaluate;
mod expression;
mod logic;
mod parse;
mod print;
mod print_resolved;
mod program;
mod resolve;
#[cfg(test)]
mod tests;
mod types;

pub use evaluate::{NoRelations, Relations};
pub use expression::{Filter, MAX_DEPTH};
pub use logic::{ResolvedFilter, Side, Truth, ValueTest};
pub use parse::FilterError;
pub use program::{Program, Run};
pub use types::Types;
