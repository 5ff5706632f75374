//! The settings: from environment variables and `.env` files to checked values, all errors at once.
//!
//! Others use these types directly. This room alone reads the environment, and knows of the rest of the gateway only what a
//! DN is (`model`) and what a database's URI says (`database_uri`).
//!
//! [`settings`] is the table of all settings. Their types stand in one file for each part of the gateway, each beside the
//! code that reads it: [`Layout`], [`Access`], [`DatabaseSettings`], [`QuerySet`], [`AuthSettings`], [`GuessingSettings`], [`Policy`],
//! [`NetworkSettings`], [`TlsSettings`], [`LogSettings`], [`ProbeSettings`]. [`Config`] holds them all, those of each directory in [`Realms`]
//! (`realms` reads `REALM_CONFIG`). `source` finds the variables,
//! `dotenv` reads `.env` files, `resolve` picks one text for each setting, `origin` remembers where it stood, `parse` reads values of it.

mod access;
mod auth;
mod bind_names;
mod database;
mod directory;
mod dotenv;
mod errors;
mod guessing;
mod load;
mod log;
mod names;
mod network;
mod node_gateway;
mod notification;
mod origin;
mod parse;
mod passwords;
mod policy;
mod probe;
mod query_set;
mod realms;
mod refused_words;
mod resolve;
pub mod settings;
mod source;
#[cfg(test)]
mod tests;
mod tls;
mod totp;
mod unused;
mod upstream;

pub use crate::database_uri::{Engine, Secret, TlsMode};
pub use access::{Access, HiddenAttributes, Readers, Rights, ServiceAccount};
pub use auth::{AuthBackend, AuthSettings, Chain, ChainError, Stage, names};
pub use bind_names::BindNames;
pub use database::{DatabaseSettings, Sessions};
pub use directory::{Layout, container_rdn};
pub use dotenv::{line as dotenv_line, reads_as as dotenv_reads_as};
pub use errors::{ConfigErrors, EXIT_CODE, Problem, Warning};
pub use guessing::GuessingSettings;
pub use load::Config;
pub use log::{LogFormat, LogSettings};
pub use network::NetworkSettings;
pub use notification::NotificationSettings;
pub use origin::{GivenSettings, Origin};
pub use passwords::{PasswordChangeSettings, PasswordScheme};
pub use policy::{BindDn, OnDatabaseFailure, Policy};
pub use probe::ProbeSettings;
pub use query_set::{Query, QuerySet};
pub use realms::{PasswordSettings, RealmSettings, Realms, is_of_the_gateway};
pub use refused_words::RefusedWords;
pub use resolve::given_by;
pub use source::EnvSource;
pub use tls::{CertificateSource, TlsSettings, TlsVersion};
pub use totp::TotpSettings;
pub use upstream::{USERNAME, UpstreamEncryption, UpstreamSearch, UpstreamServer, UpstreamSettings, UpstreamUser};
