//! Slows down who guesses passwords: failed binds are counted, and later ones wait for their turn.
//!
//! Four things are counted: the failures of one source at one account, those at one account from wherever, those of one
//! source, and all. Each has failures that cost nothing, then a delay that grows and is forgotten (`pace`). A source from
//! which an account has logged in before is judged, for that account, by its own failures there only: a stranger cannot
//! lock the owner out. An account's count takes only the first few failures of each source, so one address delays nobody
//! but itself.
//!
//! - `counts`: what is remembered, in tables of fixed size (`table`), and what it says about the next bind.
//! - `turn`: how a bind waits, and tells how it ended.
//!
//! Names are counted as they were typed, before the database is asked, so delays say nothing about which names exist. All
//! of it is this process's own: other replicas count for themselves, and a restart forgets.

mod counts;
mod pace;
mod table;
mod turn;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
mod tests;

pub use turn::{Guessing, NoTurn, Turn};
