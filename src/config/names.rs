//! Finds variables that look like settings but are not: a misspelt setting would silently do nothing. Of their values it looks
//! only for those that container platforms inject.

use std::collections::BTreeMap;

use super::errors::Warning;
use super::settings::SETTINGS;

/// A variable that begins like this is meant for the gateway.
const PREFIXES: &[&str] = &[
    "LDAP_",
    "SQL_",
    "AUTH_",
    "TLS_",
    "REALM_",
    "LOG_",
    "BIND_",
    "PROBE_",
    "DIRECTORY_",
    "NOTIFICATION_",
    "HASHING_",
    "REQUIRE_AUTH",
    "SEARCH_ALLOWED",
    "ATTRIBUTES_",
    "SERVICE_ACCOUNT",
    "UPSTREAM_",
    "TOTP_",
];

/// A name without such a prefix is mentioned if it is this long and at most [`TYPOS`] edits from a setting.
const LONG_NAME: usize = 8;
const TYPOS: usize = 2;

/// A warning for each name that is nearly a setting, or begins like one.
pub(super) fn unknown(names: &BTreeMap<&str, &str>) -> Vec<Warning> {
    let known = known();
    names
        .iter()
        .filter(|(name, value)| !known.iter().any(|known| known == *name) && !is_injected(name, value))
        .filter_map(|(name, _)| {
            let upper = name.to_ascii_uppercase();
            let (distance, nearest) = known
                .iter()
                .map(|known| (strsim::damerau_levenshtein(known, &upper), known))
                .min()?;
            let ours = PREFIXES.iter().any(|prefix| upper.starts_with(prefix));
            let near = distance <= TYPOS && upper.len() >= LONG_NAME;
            let text = match (ours, near || (ours && distance <= upper.len() / 3)) {
                (_, true) => format!("is not a setting and is ignored; did you mean {nearest}?"),
                (true, false) => {
                    format!("is not a setting and is ignored; the nearest one is {nearest}")
                }
                (false, false) => return None,
            };
            Some(Warning::new(*name, text))
        })
        .collect()
}

/// All names, with aliases and `_FILE` variants.
fn known() -> Vec<String> {
    SETTINGS
        .iter()
        .flat_map(|setting| {
            std::iter::once(setting.name).chain(setting.alias).flat_map(|name| {
                let file = setting.secret.then(|| format!("{name}_FILE"));
                std::iter::once(name.to_owned()).chain(file)
            })
        })
        .collect()
}

/// Variables that Kubernetes and Docker links inject for a service that happens to be called `ldap` or
/// `sql`: `LDAP_SERVICE_HOST`, `LDAP_PORT_636_TCP_ADDR`, `LDAP_PORT=tcp://…`, `LDAP_ENV_…`, `LDAP_NAME=/…`.
fn is_injected(name: &str, value: &str) -> bool {
    if name.ends_with("_SERVICE_HOST") || name.ends_with("_SERVICE_PORT") || name.contains("_SERVICE_PORT_") {
        return true;
    }
    if name.ends_with("_PORT") && (value.starts_with("tcp://") || value.starts_with("udp://")) {
        return true;
    }
    if name.contains("_ENV_") || (name.ends_with("_NAME") && value.starts_with('/')) {
        return true;
    }
    name.match_indices("_PORT_").any(|(at, prefix)| {
        let rest = name.get(at + prefix.len()..).unwrap_or("");
        let mut parts = rest.split('_');
        parts.next().is_some_and(|port| port.parse::<u16>().is_ok())
            && matches!(parts.next(), Some("TCP" | "UDP" | "SCTP"))
    })
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]
mod tests {
    use super::*;

    fn warnings(names: &[(&'static str, &'static str)]) -> Vec<String> {
        unknown(&names.iter().copied().collect())
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn misspelt_names_come_with_the_nearest_one() {
        for (wrong, right) in [
            ("SQL_QUERY_ALL_USER", "SQL_QUERY_ALL_USERS"),
            ("LDAP_BASEDN", "LDAP_BASE_DN"),
            ("ldap_base_dn", "LDAP_BASE_DN"),
            ("REQUIRE_AUTH_FOR_SERACH", "REQUIRE_AUTH_FOR_SEARCH"),
            ("MAX_CONECTIONS", "MAX_CONNECTIONS"),
            ("SQL_URI_FIEL", "SQL_URI_FILE"),
            ("TLS_CYPHERS", "TLS_CIPHERS"),
        ] {
            let warnings = warnings(&[(wrong, "x")]);
            assert_eq!(
                warnings,
                [format!(
                    "{wrong}: is not a setting and is ignored; did you mean {right}?"
                )]
            );
        }
        assert_eq!(warnings(&[("LOG_SOMETHING_ELSE_ENTIRELY", "x")]).len(), 1);
    }

    #[test]
    fn foreign_and_injected_names_are_left_alone() {
        let injected = [
            ("LDAP_PORT", "tcp://10.0.0.1:636"),
            ("LDAP_PORT_636_TCP", "tcp://10.0.0.1:636"),
            ("LDAP_GATEWAY_PORT_636_TCP_ADDR", "10.0.0.1"),
            ("LDAP_SERVICE_HOST", "10.0.0.1"),
            ("SQL_SERVICE_PORT", "5432"),
            ("SQL_SERVICE_PORT_POSTGRES", "5432"),
            ("SQL_ENV_LANG", "C"),
            ("SQL_NAME", "/gateway/sql"),
            ("PATH", "/bin"),
            ("HOME", "/root"),
            ("PROT", "1"),
            ("LDAPTLS_CACERT", "/etc/ca"),
            ("SQL_URI", "x"),
            ("SQL_URL_FILE", "x"),
        ];
        assert_eq!(warnings(&injected), Vec::<String>::new());
        assert_eq!(warnings(&[("LDAP_PORT", "636")]).len(), 1);
    }
}
