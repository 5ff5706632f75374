//! Environment → typed settings: read from one table, checked as far as is possible without asking
//! anybody, all errors at once. The only reader of the environment.
//! Must not know: databases, sockets, LDAP operations.

mod database;
mod dotenv;
mod errors;
mod load;
mod names;
mod node_gateway;
mod parse;
mod resolve;
mod secret;
pub mod settings;
mod source;
#[cfg(test)]
pub(crate) mod tests;
mod types;

pub use database::{DatabaseKind, SslMode};
pub use errors::{ConfigErrors, EXIT_CODE, Problem, Warning};
pub use secret::Secret;
pub use source::EnvSource;
pub use types::{
    AccessSettings, AuthBackend, BindDn, CertificateSource, DatabaseSettings, LogFormat, LogSettings, NetworkSettings,
    OnDatabaseFailure, ProbeSettings, Queries, SqlSessions, TlsSettings, TlsVersion,
};

use std::time::Duration;

/// All settings, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// `LDAP_BASE_DN`, or what was derived from `LDAP_COMMON_NAME`.
    pub base_dn: String,
    /// `LDAP_USERS_RDN`
    pub users_rdn: Option<String>,
    /// `LDAP_GROUPS_RDN`
    pub groups_rdn: Option<String>,
    /// `LDAP_USER_PRIVATE_GROUPS`
    pub private_groups: bool,
    /// `LDAP_MAIL_FALLBACK`
    pub mail_fallback: bool,
    /// `EMPTY_BASE`: whether it means the whole directory.
    pub empty_base: bool,
    /// `LDAP_COMMON_NAME`
    pub common_name: String,
    /// The database and what to ask it.
    pub database: DatabaseSettings,
    /// Who may bind and search.
    pub access: AccessSettings,
    /// The listening socket and its limits.
    pub network: NetworkSettings,
    /// Certificate and TLS parameters; without effect where `network.unencrypted`.
    pub tls: TlsSettings,
    /// How to log.
    pub log: LogSettings,
    /// `SHUTDOWN_GRACE`
    pub shutdown_grace: Duration,
    /// Whom `probe` binds as.
    pub probe: Option<ProbeSettings>,
}

/// Says why a text is no name of the kind that a setting wants; what a DN is, is not known here.
#[derive(Clone, Copy, Debug)]
pub struct NameChecks {
    /// Of a DN that can be a base.
    pub dn: fn(&str) -> Result<(), String>,
    /// Of an RDN that can name a container.
    pub rdn: fn(&str) -> Result<(), String>,
}

impl Config {
    /// Reads and checks all settings.
    ///
    /// # Errors
    /// Everything that is wrong, at once; the program then ends with [`EXIT_CODE`].
    pub fn load(source: &EnvSource, names: NameChecks) -> Result<(Self, Vec<Warning>), ConfigErrors> {
        load::load(source, names)
    }

    /// For `check`, which goes on in spite of problems: a value whose setting a problem names is a stand-in, and
    /// must not be taken for what the operator means.
    pub fn load_leniently(source: &EnvSource, names: NameChecks) -> (Self, Vec<Problem>, Vec<Warning>) {
        load::load_leniently(source, names)
    }
}

impl LogSettings {
    /// `LOG_LEVEL` and `LOG_FORMAT` alone, so that the other settings' errors can be logged as asked.
    pub fn from_source(source: &EnvSource) -> Self {
        load::log(&mut parse::Reader::new(source))
    }
}
