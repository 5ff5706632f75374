//! Sockets, connections and sessions: bytes in, operations out.
//! Must not know: SQL, or how entries are made.

pub mod admin;
pub mod connection;
mod corked;
mod in_flight;
pub mod listener;
mod own_wakes;
mod queue;
mod running;
pub mod tls;
mod writer;
