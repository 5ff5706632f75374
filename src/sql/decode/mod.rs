//! From each engine's values to `Cell`s, a file an engine. One bad value spoils nothing else: what cannot be decoded is
//! `Unreadable`, counted, and logged once a column.

mod losses;
pub(crate) mod mysql;
pub(crate) mod postgres;
mod scalar;
pub(crate) mod sqlite;

pub(crate) use losses::Losses;
