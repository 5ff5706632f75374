//! Sockets, connections and sessions: bytes in, operations out. Nothing here knows SQL, or how entries are made.
//!
//! - `listener`: the socket; open while the database can be asked
//! - `connection`: one client from its first byte to its last, which is where to begin reading. It has its parts in
//!   `request_queue` (what waits), `operation_set` (what runs), `in_flight` (by message ID) and `writer` (what is sent)
//! - `availability`: whether the port is open
//! - `buffered_socket`, `local_join`: few large writes, few wake-ups
//! - `tls`: certificate, versions, cipher suites
//! - `admin`: health and metrics over HTTP

pub(crate) mod admin;
pub mod availability;
mod buffered_socket;
pub mod connection;
mod in_flight;
pub mod listener;
mod local_join;
mod operation_set;
mod request_queue;
pub(crate) mod tls;
mod writer;
