//! An LDAP server whose directory is the operator's own SQL database.
//!
//! A request goes down `server` → `operations` → `directory` → `sql`; `model`, LDAP's own values and rules, is below all.
//! The rooms and who may use whom are in `docs/architecture.md`.

pub mod app;
pub mod auth;
pub mod cli;
pub(crate) mod commands;
pub mod config;
pub(crate) mod database_uri;
pub mod directory;
pub mod metrics;
pub mod model;
pub mod operations;
pub mod protocol;
pub mod server;
pub mod sql;
pub(crate) mod telemetry;
mod tls_client;
