//! Makes `Cell`s of each engine's values, a file an engine. One bad value spoils nothing else: it becomes
//! `Unreadable`, is counted, and is logged once a column.

pub(crate) mod mysql;
pub(crate) mod postgres;
mod scalar;
pub(crate) mod sqlite;
mod undecodable;

pub(crate) use undecodable::UndecodableValues;
