//! All settings together.

use std::time::Duration;

use super::auth::AuthSettings;
use super::database::DatabaseSettings;
use super::directory::{Layout, base_dn};
use super::errors::{ConfigErrors, Problem, Warning};
use super::log::LogSettings;
use super::network::NetworkSettings;
use super::parse::Reader;
use super::policy::Policy;
use super::probe::ProbeSettings;
use super::query_set::QuerySet;
use super::source::EnvSource;
use super::tls::TlsSettings;
use super::{names, node_gateway};
use crate::model::dn::Dn;

/// All settings, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// `LDAP_BASE_DN`, or what was derived from the common name.
    pub base: Dn,
    /// What stands below the base.
    pub layout: Layout,
    /// How to reach the database.
    pub database: DatabaseSettings,
    /// What to ask it.
    pub queries: QuerySet<String>,
    /// How passwords are verified.
    pub auth: AuthSettings,
    /// What operations obey.
    pub policy: Policy,
    /// Where clients connect, and their limits.
    pub network: NetworkSettings,
    /// Certificate and TLS parameters; without effect where `network.unencrypted`.
    pub tls: TlsSettings,
    /// How to log.
    pub log: LogSettings,
    /// `SHUTDOWN_GRACE`: how long requests may take to end after SIGTERM.
    pub shutdown_grace: Duration,
    /// Whom `probe` binds as.
    pub probe: Option<ProbeSettings>,
}

impl Config {
    /// Reads and checks all settings.
    ///
    /// # Errors
    /// Everything that is wrong. The program then ends with [`EXIT_CODE`](super::EXIT_CODE).
    pub fn load(source: &EnvSource) -> Result<(Self, Vec<Warning>), ConfigErrors> {
        let (config, problems, warnings) = Config::load_leniently(source);
        if problems.is_empty() {
            Ok((config, warnings))
        } else {
            Err(ConfigErrors { problems, warnings })
        }
    }

    /// Reads all settings for a command that goes on in spite of problems. Where a problem names a setting, its value is a
    /// stand-in and does not say what the operator means.
    pub fn load_leniently(source: &EnvSource) -> (Self, Vec<Problem>, Vec<Warning>) {
        let mut reader = Reader::new(source);
        let config = Config::read(&mut reader);
        let Reader {
            problems, mut warnings, ..
        } = reader;
        warnings.extend(names::unknown(&source.names()));
        (config, problems, warnings)
    }

    /// Reads everything. Where something is wrong, a problem is noted and a stand-in returned.
    pub(super) fn read(reader: &mut Reader) -> Self {
        let _: Option<()> = reader.parsed("DIRECTORY_BACKEND", "`sql`", |text| {
            text.eq_ignore_ascii_case("sql").then_some(())
        });
        reader.not_supported_yet("REALM_CONFIG");
        node_gateway::warn(reader);
        let common_name = reader.text("LDAP_COMMON_NAME").unwrap_or_default();
        let network = NetworkSettings::read(reader);
        let policy = Policy::read(reader);
        let mut auth = AuthSettings::read(reader);
        auth.guessing.longest_delay = auth.guessing.longest_delay.min(policy.bind_hold);
        Config {
            layout: Layout::read(reader),
            base: base_dn(reader, &common_name),
            database: DatabaseSettings::read(reader),
            queries: QuerySet::read(reader),
            auth,
            policy,
            tls: TlsSettings::read(reader, &common_name, network.unencrypted),
            network,
            log: LogSettings::read(reader),
            shutdown_grace: reader.duration("SHUTDOWN_GRACE"),
            probe: ProbeSettings::read(reader),
        }
    }
}
