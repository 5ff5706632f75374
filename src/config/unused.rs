//! Settings that were given and have no effect beside the others: probably something else was meant.

use super::{
    auth::AuthBackend,
    errors::Warning,
    network::NetworkSettings,
    origin::GivenSettings,
    realms::{RealmSettings, Realms},
};
use crate::database_uri::Engine;

/// What is given for nothing in the whole gateway, and in each realm.
pub(super) fn warn(network: &NetworkSettings, realms: &Realms, given: &GivenSettings) -> Vec<Warning> {
    let mut warnings = of_gateway(network, given);
    for realm in realms.iter() {
        for (setting, why) in of_realm(realm, &realm.given) {
            let warning = Warning::new(realm.place(setting), format!("has no effect: {why}"));
            // Of a plain setting it is said once, whichever realms take it.
            if !warnings.contains(&warning) {
                warnings.push(warning);
            }
        }
    }
    warnings
}

fn of_gateway(network: &NetworkSettings, given: &GivenSettings) -> Vec<Warning> {
    let idle = |setting: &str, why: &str| Warning::new(setting, format!("has no effect: {why}"));
    let mut warnings = Vec::new();
    if network.unencrypted {
        for setting in ["TLS_MIN_VERSION", "TLS_MAX_VERSION", "TLS_CIPHERS"] {
            if given.has(setting) {
                warnings.push(idle(setting, "LDAP_UNENCRYPTED is true, so there is no TLS"));
            }
        }
    }
    if given.has("PROBE_BIND_PASSWORD") && !given.has("PROBE_BIND_DN") {
        warnings.push(idle("PROBE_BIND_PASSWORD", "PROBE_BIND_DN is not given"));
    }
    warnings
}

/// The settings of a realm that were given for nothing, each with the reason.
fn of_realm(realm: &RealmSettings, given: &GivenSettings) -> Vec<(&'static str, &'static str)> {
    let chain = &realm.auth.chain;
    let groups: [(bool, &[&'static str], &'static str); 6] = [
        (
            realm.auth.notification.is_none() && !given.has("NOTIFICATION_URL"),
            &[
                "NOTIFICATION_TIMEOUT",
                "NOTIFICATION_CA_PATH",
                "NOTIFICATION_API_KEY",
                "NOTIFICATION_CLIENT_ID",
                "NOTIFICATION_REMEMBER",
            ],
            "NOTIFICATION_URL is not given, so nobody is asked",
        ),
        (
            realm.policy.password_changes.update.is_none() && !given.has("SQL_UPDATE_PASSWORD"),
            &["PASSWORD_SCHEME", "PASSWORD_MIN_LENGTH"],
            "SQL_UPDATE_PASSWORD is not given, so nobody can set a password",
        ),
        (
            !realm.auth.guessing.enabled,
            &[
                "GUESSING_FREE_FAILURES",
                "GUESSING_FREE_FAILURES_PER_ADDRESS",
                "GUESSING_LONGEST_DELAY",
                "GUESSING_SHARED_ADDRESSES",
            ],
            "GUESSING_DELAY is off",
        ),
        (
            realm.database.engine != Engine::PostgreSql && given.has("SQL_URI"),
            &["SQL_SESSIONS"],
            "it is about PostgreSQL, and SQL_URI names another database",
        ),
        (
            realm.auth.bind_cache_ttl.is_some() && !chain.is_verified_by_work(),
            &["BIND_CACHE_TTL"],
            "with `totp` in AUTH_BACKENDS every bind is verified anew",
        ),
        (
            realm.auth.bind_cache_ttl.is_some() && chain.has(AuthBackend::Ldap),
            &["BIND_CACHE_TTL"],
            "with `ldap` in AUTH_BACKENDS every bind is verified anew",
        ),
    ];
    let mut found: Vec<(&str, &str)> = Vec::new();
    for (is_idle, settings, why) in groups {
        let settings = settings.iter().filter(|setting| is_idle && given.has(setting));
        for setting in settings {
            if found.iter().all(|(known, _)| known != setting) {
                found.push((setting, why));
            }
        }
    }
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::{Config, EnvSource};

    fn idle(variables: &[(&str, &str)]) -> Vec<String> {
        let (_, _, warnings) = Config::load_leniently(&EnvSource::new().with_variables(variables.iter().copied()));
        let idle = warnings
            .iter()
            .filter(|warning| warning.text.starts_with("has no effect"));
        idle.map(|warning| warning.variable.clone()).collect()
    }

    #[test]
    fn what_needs_another_setting_is_told_without_it() {
        for (setting, value, other, needed) in [
            (
                "NOTIFICATION_API_KEY",
                "k",
                "NOTIFICATION_URL",
                "https://push.example.com",
            ),
            (
                "NOTIFICATION_TIMEOUT",
                "30s",
                "NOTIFICATION_URL",
                "https://push.example.com",
            ),
            (
                "PASSWORD_MIN_LENGTH",
                "12",
                "SQL_UPDATE_PASSWORD",
                "UPDATE u SET p = :password WHERE n = :username",
            ),
            ("GUESSING_FREE_FAILURES", "5", "GUESSING_DELAY", "on"),
            ("TLS_MIN_VERSION", "1.3", "LDAP_UNENCRYPTED", "false"),
            ("SQL_SESSIONS", "shared", "SQL_URI", "postgres://h/d"),
            ("BIND_CACHE_TTL", "5m", "AUTH_BACKENDS", "sql"),
        ] {
            let without = match other {
                "GUESSING_DELAY" => "off",
                "LDAP_UNENCRYPTED" => "true",
                "SQL_URI" => "sqlite:x",
                "AUTH_BACKENDS" => "sql,totp",
                _ => "",
            };
            assert_eq!(idle(&[(setting, value), (other, without)]), [setting], "{setting}");
            assert_eq!(
                idle(&[(setting, value), (other, needed)]),
                Vec::<String>::new(),
                "{setting}"
            );
        }
        assert_eq!(idle(&[]), Vec::<String>::new());
    }
}
