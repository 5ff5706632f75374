//! An LDAP server whose directory is the operator's own SQL database.
//!
//! Modules depend on each other in one direction only, from the command line at the top to the pure
//! model at the bottom: `cli` → `app` → `server` → `operations` → `auth` → `directory` → `sql` → `model`.

pub mod app;
pub mod auth;
pub mod cli;
pub mod commands;
pub mod config;
pub mod database_uri;
pub mod directory;
pub mod metrics;
pub mod model;
pub mod operations;
pub mod protocol;
pub mod server;
pub mod sql;
pub mod telemetry;
mod tls_client;
