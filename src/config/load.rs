//! All settings together.

use std::time::Duration;

use super::auth::AuthBackend;
use super::errors::{ConfigErrors, Problem, Warning};
use super::log::LogSettings;
use super::network::NetworkSettings;
use super::origin::GivenSettings;
use super::parse::Reader;
use super::probe::ProbeSettings;
use super::realms::{RealmSettings, Realms};
use super::source::EnvSource;
use super::tls::TlsSettings;
use super::{names, node_gateway, unused};

/// All settings, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// The directories that are served; without `REALM_CONFIG` one.
    pub realms: Realms,
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
    /// What of all this was given, and where; the realms have their own.
    pub given: GivenSettings,
}

impl Config {
    /// The realm that clients are told of first. Without `REALM_CONFIG` there is no other.
    pub fn realm(&self) -> &RealmSettings {
        self.realms.default_realm()
    }

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
        warnings.extend(unused::warn(&config.network, &config.realms, &config.given));
        warnings.extend(names::unknown(&source.names()));
        (config, problems, warnings)
    }

    /// Reads everything. Where something is wrong, a problem is noted and a stand-in returned.
    pub(super) fn read(reader: &mut Reader) -> Self {
        node_gateway::warn(reader);
        let common_name = reader.text("LDAP_COMMON_NAME").unwrap_or_default();
        let network = NetworkSettings::read(reader);
        let realms = Realms::read(reader);
        let grace = reader.duration_or_off("SHUTDOWN_GRACE");
        Config {
            shutdown_grace: grace.unwrap_or_else(|| default_grace(&realms)),
            realms,
            tls: TlsSettings::read(reader, &common_name, network.unencrypted),
            network,
            log: LogSettings::read(reader),
            probe: ProbeSettings::read(reader),
            given: GivenSettings(reader.given_settings().clone()),
        }
    }
}

/// Without somebody who is asked on the phone; container engines kill 10 s after they asked to stop.
const GRACE: Duration = Duration::from_secs(8);
/// Who has been asked has time to answer, and the client to be told.
const GRACE_AFTER_ANSWER: Duration = Duration::from_secs(5);

fn default_grace(realms: &Realms) -> Duration {
    let asking = realms
        .iter()
        .filter(|realm| realm.auth.chain.has(AuthBackend::Notification));
    let timeouts = asking.filter_map(|realm| Some(realm.auth.notification.as_ref()?.timeout));
    match timeouts.max() {
        Some(timeout) => timeout.saturating_add(GRACE_AFTER_ANSWER),
        None => GRACE,
    }
}
