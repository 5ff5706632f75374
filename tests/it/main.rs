//! The one integration binary: the real program, started with environment variables, against real databases.
//!
//! One binary and not a file each, because every file in `tests/` is a link step of its own. New tests go into a module
//! below, and behaviour that must be the same on every engine into `battery`. `tests/run` installs what this needs.
//!
//! - `battery`: what searches and binds answer, stamped onto PostgreSQL, MariaDB and SQLite
//! - `outage`: the database restarted, away, frozen, broken
//! - `settings`: wrong settings, `.env` files, commands
//! - `check`: what `check` finds
//! - `controls`: request controls, Cancel
//! - `differential`: two thousand searches, compared with what slapd answers
//! - `load`, `membership`: many clients, big tables, agreement with SQL
//! - `wire`: bytes, TLS versions
//! - `sssd`: logins and lookups through a real SSSD, with both replicas
//! - `secrets`, `layers`: what logs must not hold, which module may know which

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::print_stderr
)]

mod battery;
mod check;
mod controls;
mod differential;
mod harness;
mod layers;
mod load;
mod membership;
mod outage;
mod secrets;
mod settings;
mod sssd;
mod wire;
