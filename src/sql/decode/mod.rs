//! From each engine's values to `Cell`s, a file an engine. One bad value spoils nothing else: what cannot be decoded is
//! `Unreadable`, counted, and logged once a column.

pub(crate) mod mysql;
pub(crate) mod postgres;
mod scalar;
pub(crate) mod sqlite;
mod undecodable;

pub(crate) use undecodable::UndecodableValues;
