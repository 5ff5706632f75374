//! Sockets, connections and sessions: bytes in, operations out. Nothing here knows SQL, or how entries are made.
//!
//! - `listener`: the socket; open while the database can be asked
//! - `connection`: one client from its first byte to its last, which is where to begin reading. It has its parts in
//!   `request_queue` (what waits), `operation_set` (what runs), `in_flight` (by message ID) and `writer` (what is sent)
//! - `availability`: whether the port is open
//! - `buffered_socket`, `local_join`: few large writes, few wake-ups
//! - `opening`, `failures`: connections that came to nothing, and why
//! - `tls`: certificate, versions, cipher suites
//! - `admin`: readiness and metrics over HTTP; `health`: what is known of a realm's queries

pub(crate) mod admin;
pub mod availability;
mod buffered_socket;
pub mod connection;
mod connection_end;
pub mod failures;
pub mod health;
mod in_flight;
pub mod listener;
mod local_join;
mod opening;
mod operation_set;
mod request_queue;
pub(crate) mod tls;
mod writer;
