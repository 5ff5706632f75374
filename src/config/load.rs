//! Puts the typed settings together and checks them against each other.
//! Must not know: where the values came from.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use super::parse::Reader;
use super::{
    AccessSettings, AuthBackend, BindDn, CertificateSource, Config, ConfigErrors, DatabaseSettings, EnvSource,
    LogFormat, LogSettings, NameChecks, NetworkSettings, OnDatabaseFailure, ProbeSettings, Problem, Queries,
    SqlSessions, TlsSettings, TlsVersion, Warning, database, names, node_gateway,
};

/// Where a certificate is looked for and kept when none is configured.
const CERTIFICATE_DIRECTORY: &str = "certs";

/// Clients keep their connections idle; closing them sooner costs logins.
const LEAST_IDLE_TIMEOUT: Duration = Duration::from_secs(60 * 60);

pub(super) fn load(source: &EnvSource, checks: NameChecks) -> Result<(Config, Vec<Warning>), ConfigErrors> {
    let (config, problems, warnings) = load_leniently(source, checks);
    if problems.is_empty() {
        Ok((config, warnings))
    } else {
        Err(ConfigErrors { problems, warnings })
    }
}

/// The settings with their stand-ins, and what is wrong with them.
pub(super) fn load_leniently(source: &EnvSource, checks: NameChecks) -> (Config, Vec<Problem>, Vec<Warning>) {
    let mut reader = Reader::new(source);
    let config = read(&mut reader, checks);
    let Reader {
        problems, mut warnings, ..
    } = reader;
    warnings.extend(names::unknown(&source.names()));
    (config, problems, warnings)
}

/// Reads everything; where something is wrong a problem is noted and a stand-in returned.
pub(super) fn read(reader: &mut Reader, checks: NameChecks) -> Config {
    let _: Option<()> = reader.parsed("DIRECTORY_BACKEND", "`sql`", |text| {
        text.eq_ignore_ascii_case("sql").then_some(())
    });
    reader.not_supported_yet("REALM_CONFIG");
    node_gateway::warn(reader);
    let common_name = reader.text("LDAP_COMMON_NAME").unwrap_or_default();
    let network = network(reader);
    Config {
        users_rdn: container(reader, "LDAP_USERS_RDN", checks),
        groups_rdn: container(reader, "LDAP_GROUPS_RDN", checks),
        private_groups: reader.choice("LDAP_USER_PRIVATE_GROUPS", &[("auto", true), ("off", false)]),
        mail_fallback: reader.choice("LDAP_MAIL_FALLBACK", &[("off", false), ("on", true)]),
        empty_base: reader.choice("EMPTY_BASE", &[("noSuchObject", false), ("directory", true)]),
        base_dn: base_dn(reader, &common_name, checks),
        database: database(reader),
        access: access(reader),
        tls: tls(reader, &common_name, network.unencrypted),
        network,
        log: log(reader),
        shutdown_grace: reader.duration("SHUTDOWN_GRACE"),
        probe: probe(reader, checks),
        common_name,
    }
}

fn container(reader: &mut Reader, name: &'static str, checks: NameChecks) -> Option<String> {
    let text = reader.text(name)?;
    if let Err(why) = (checks.rdn)(&text) {
        let right = format!("an RDN such as ou=people: {why}");
        reader.problems.push(Problem::wrong(name, &text, &right));
    }
    Some(text)
}

fn base_dn(reader: &mut Reader, common_name: &str, checks: NameChecks) -> String {
    if let Some(text) = reader.text("LDAP_BASE_DN") {
        if let Err(why) = (checks.dn)(&text) {
            reader.problems.push(Problem::wrong(
                "LDAP_BASE_DN",
                &text,
                &format!("a DN such as dc=example,dc=com: {why}"),
            ));
        }
        return text;
    }
    // Only a wrong value in the way of deriving one is its own problem already.
    if reader.is_given("LDAP_BASE_DN") {
        return String::new();
    }
    let Some(derived) = derived_base_dn(common_name) else {
        let text = format!(
            "is required, such as dc=example,dc=com: none can be derived from LDAP_COMMON_NAME `{common_name}`, only \
             from a host name such as ldap1.example.com"
        );
        reader.problems.push(Problem::other("LDAP_BASE_DN", text));
        return String::new();
    };
    if !reader.is_given("LDAP_COMMON_NAME") {
        let text = format!("is not given, and LDAP_COMMON_NAME neither: the base DN is {derived}");
        reader.warnings.push(Warning::new("LDAP_BASE_DN", text));
    }
    let with_host = dc_of(common_name.trim_end_matches('.').split('.'));
    if with_host != derived {
        let text = format!(
            "is not given: {derived} is derived from LDAP_COMMON_NAME, without the host's own name. The Node gateway \
             derives {with_host}; give LDAP_BASE_DN if clients use that one"
        );
        reader.warnings.push(Warning::new("LDAP_BASE_DN", text));
    }
    derived
}

/// `ldap1.example.com` → `dc=example,dc=com`, `example.com` → `dc=example,dc=com`, `ldap1` → `dc=ldap1`.
pub(super) fn derived_base_dn(common_name: &str) -> Option<String> {
    if common_name.parse::<IpAddr>().is_ok() {
        return None;
    }
    let labels: Vec<&str> = common_name.trim_end_matches('.').split('.').collect();
    let usable = |label: &&str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    if !labels.iter().all(usable) {
        return None;
    }
    let host = usize::from(labels.len() >= 3);
    Some(dc_of(labels.into_iter().skip(host)))
}

fn dc_of<'a>(labels: impl Iterator<Item = &'a str>) -> String {
    labels.map(|label| format!("dc={label}")).collect::<Vec<_>>().join(",")
}

fn database(reader: &mut Reader) -> DatabaseSettings {
    let (uri, kind, ssl) = database::read(reader);
    let all_memberships = reader.text("SQL_QUERY_ALL_MEMBERSHIPS");
    let mut query = |name| reader.text(name).unwrap_or_default();
    let queries = Queries {
        all_users: query("SQL_QUERY_ALL_USERS"),
        one_user: query("SQL_QUERY_ONE_USER"),
        all_groups: query("SQL_QUERY_ALL_GROUPS"),
        groups_by_member: query("SQL_QUERY_GROUPS_BY_MEMBER"),
        all_memberships,
    };
    DatabaseSettings {
        uri,
        kind,
        ssl,
        queries,
        pool_size: reader.number("SQL_POOL_SIZE", 1, 1000).unwrap_or_default(),
        sessions: reader.choice(
            "SQL_SESSIONS",
            &[("auto", SqlSessions::Auto), ("shared", SqlSessions::Shared)],
        ),
        connect_timeout: reader.duration("SQL_CONNECT_TIMEOUT"),
        scan_timeout: reader.duration("SCAN_TIMEOUT"),
        on_failure: reader.choice(
            "ON_DATABASE_FAILURE",
            &[
                ("disconnect", OnDatabaseFailure::Disconnect),
                ("unavailable", OnDatabaseFailure::Unavailable),
            ],
        ),
    }
}

fn access(reader: &mut Reader) -> AccessSettings {
    // Deployments keep the URL when they take `notification` out of the chain; its errors come with it.
    reader.secret("NOTIFICATION_URL");
    let threads = reader.number("HASHING_THREADS", 1, 256).and_then(NonZeroUsize::new);
    AccessSettings {
        auth_backends: auth_backends(reader),
        require_auth_for_search: reader.boolean("REQUIRE_AUTH_FOR_SEARCH"),
        bind_dn: reader.choice("BIND_DN", &[("lenient", BindDn::Lenient), ("exact", BindDn::Exact)]),
        status_refused: status_refused(reader),
        bind_hold: reader.duration("BIND_HOLD"),
        hashing_threads: threads
            .or_else(|| std::thread::available_parallelism().ok())
            .unwrap_or(NonZeroUsize::MIN),
    }
}

fn status_refused(reader: &mut Reader) -> Vec<String> {
    let text = reader.text("ACCOUNT_STATUS_REFUSED").unwrap_or_default();
    let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
    let words: Vec<String> = words.map(str::to_owned).collect();
    if words.is_empty() {
        reader.problems.push(Problem::wrong(
            "ACCOUNT_STATUS_REFUSED",
            &text,
            "words with commas between them, or `none` where no word refuses",
        ));
    }
    match words.as_slice() {
        [only] if only.eq_ignore_ascii_case("none") => Vec::new(),
        _ => words,
    }
}

fn auth_backends(reader: &mut Reader) -> Vec<AuthBackend> {
    let text = reader.text("AUTH_BACKENDS").unwrap_or_default();
    let mut chain = Vec::new();
    for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        match name.to_ascii_lowercase().as_str() {
            "sql" if chain.contains(&AuthBackend::Sql) => {}
            "sql" => chain.push(AuthBackend::Sql),
            "notification" => {
                let problem = "`notification` is not supported yet; a bind would pass without it";
                reader.problems.push(Problem::other("AUTH_BACKENDS", problem));
            }
            _ => reader.problems.push(Problem::wrong(
                "AUTH_BACKENDS",
                &text,
                "a list of `sql` and `notification`",
            )),
        }
    }
    if chain.is_empty() && text.split(',').all(|name| name.trim().is_empty()) {
        let right = "a list of `sql` and `notification`, with one of them at least";
        reader.problems.push(Problem::wrong("AUTH_BACKENDS", &text, right));
    }
    chain
}

fn network(reader: &mut Reader) -> NetworkSettings {
    let unencrypted = reader.boolean("LDAP_UNENCRYPTED");
    let standard = if unencrypted { 389 } else { 636 };
    let address = reader.parsed("BIND_IP", "an IP address such as 0.0.0.0 or ::", |text| {
        text.strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'))
            .unwrap_or(text)
            .parse()
            .ok()
    });
    let port = reader.number("PORT", 1, 65535).unwrap_or(standard);
    let idle_timeout = reader.duration("LDAP_IDLE_TIMEOUT");
    if idle_timeout < LEAST_IDLE_TIMEOUT && reader.is_given("LDAP_IDLE_TIMEOUT") {
        let text = "is less than 1h: clients that keep their connections may fail their next request";
        reader.warnings.push(Warning::new("LDAP_IDLE_TIMEOUT", text));
    }
    let admin = reader.parsed(
        "ADMIN_ADDR",
        "an IP address and a port such as 127.0.0.1:9636",
        |text| text.parse().ok().filter(|address: &SocketAddr| address.port() != 0),
    );
    NetworkSettings {
        admin,
        address: SocketAddr::new(address.unwrap_or(IpAddr::from([0, 0, 0, 0])), port),
        unencrypted,
        max_connections: reader.number("MAX_CONNECTIONS", 1, 1_000_000).unwrap_or_default(),
        idle_timeout,
        write_timeout: reader.duration("WRITE_TIMEOUT"),
    }
}

fn tls(reader: &mut Reader, common_name: &str, unencrypted: bool) -> TlsSettings {
    let min_version = tls_version(reader, "TLS_MIN_VERSION");
    let max_version = tls_version(reader, "TLS_MAX_VERSION");
    if let (Some(min), Some(max)) = (min_version, max_version)
        && min > max
    {
        reader
            .problems
            .push(Problem::other("TLS_MIN_VERSION", "is higher than TLS_MAX_VERSION"));
    }
    let certificate = certificate(reader);
    if unencrypted && certificate != CertificateSource::Directory(CERTIFICATE_DIRECTORY.into()) {
        let text = "is true: the certificate that is configured is not used, passwords cross the network readable";
        reader.warnings.push(Warning::new("LDAP_UNENCRYPTED", text));
    }
    TlsSettings {
        certificate,
        min_version: min_version.unwrap_or_default(),
        max_version: max_version.unwrap_or_default(),
        ciphers: reader.text("TLS_CIPHERS"),
        common_name: common_name.to_owned(),
    }
}

/// `1.2`, `TLSv1.2`, `TLSv1_2`, `tls1.2`. Older versions exist in deployed settings: as the lowest one
/// they only mean "do not be strict", as the highest one nothing would be left.
fn tls_version(reader: &mut Reader, name: &'static str) -> Option<TlsVersion> {
    let mut old = false;
    let version = reader.parsed(name, "1.2 or 1.3", |text| {
        let text = text.to_ascii_lowercase().replace('_', ".").replace(' ', "");
        let text = text.strip_prefix("tls").unwrap_or(&text);
        match text.strip_prefix('v').unwrap_or(text) {
            "1.2" => Some(TlsVersion::V1_2),
            "1.3" => Some(TlsVersion::V1_3),
            "1" | "1.0" | "1.1" if name == "TLS_MIN_VERSION" => {
                old = true;
                Some(TlsVersion::V1_2)
            }
            _ => None,
        }
    });
    if old {
        reader.warnings.push(Warning::new(
            name,
            "TLS 1.0 and 1.1 are not supported; 1.2 is the lowest version",
        ));
    }
    version
}

fn certificate(reader: &mut Reader) -> CertificateSource {
    let content = (reader.text("LDAP_CERT_CONTENT"), reader.secret("LDAP_KEY_CONTENT"));
    let files = (reader.text("LDAP_CERT_PATH"), reader.text("LDAP_KEY_PATH"));
    half_given(reader, "LDAP_CERT_CONTENT", "LDAP_KEY_CONTENT");
    half_given(reader, "LDAP_CERT_PATH", "LDAP_KEY_PATH");
    match (content, files) {
        ((Some(certificate), Some(key)), files) => {
            if files != (None, None) {
                let text = "have no effect: LDAP_CERT_CONTENT and LDAP_KEY_CONTENT have precedence";
                reader
                    .warnings
                    .push(Warning::new("LDAP_CERT_PATH, LDAP_KEY_PATH", text));
            }
            CertificateSource::Content { certificate, key }
        }
        (_, (Some(certificate), Some(key))) => CertificateSource::Files {
            certificate: PathBuf::from(certificate),
            key: PathBuf::from(key),
        },
        _ => CertificateSource::Directory(PathBuf::from(CERTIFICATE_DIRECTORY)),
    }
}

/// Notes a problem where only one of two settings that need each other is given.
fn half_given(reader: &mut Reader, first: &str, second: &str) {
    let (given, missing) = match (reader.is_given(first), reader.is_given(second)) {
        (true, false) => (first, second),
        (false, true) => (second, first),
        _ => return,
    };
    reader
        .problems
        .push(Problem::other(missing, format!("is missing, though {given} is given")));
}

/// Reads `LOG_LEVEL` and `LOG_FORMAT`.
pub(super) fn log(reader: &mut Reader) -> LogSettings {
    let expected = "error, warn, info, debug, trace or off, or a list such as info,ldap_gateway::sql=debug";
    LogSettings {
        filter_values: reader.choice("LOG_FILTERS", &[("shape", false), ("values", true)]),
        format: reader.choice("LOG_FORMAT", &[("text", LogFormat::Text), ("json", LogFormat::Json)]),
        directives: reader
            .parsed("LOG_LEVEL", expected, log_directives)
            .unwrap_or_else(|| "info".into()),
    }
}

/// Checks `LOG_LEVEL` strictly: the filter's own parser takes any word for a module's name.
fn log_directives(text: &str) -> Option<String> {
    let mut directives = Vec::new();
    for part in text.split(',').map(str::trim) {
        let (module, level) = part
            .rsplit_once('=')
            .map_or((None, part), |(module, level)| (Some(module), level));
        let level = match level.trim().to_ascii_lowercase().as_str() {
            "warning" => "warn".to_owned(),
            // The words of npm's loggers, and the one that the Node gateway added to them.
            "fatal" | "critical" => "error".to_owned(),
            "notice" | "http" => "info".to_owned(),
            "verbose" | "security" => "debug".to_owned(),
            "silly" | "all" => "trace".to_owned(),
            "silent" | "none" => "off".to_owned(),
            level @ ("off" | "error" | "warn" | "info" | "debug" | "trace") => level.to_owned(),
            _ => return None,
        };
        directives.push(match module.map(str::trim) {
            None => level,
            Some(module) => {
                let valid = !module.is_empty()
                    && module
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':' | b'-'));
                if !valid {
                    return None;
                }
                format!("{module}={level}")
            }
        });
    }
    Some(directives.join(","))
}

fn probe(reader: &mut Reader, checks: NameChecks) -> Option<ProbeSettings> {
    half_given(reader, "PROBE_BIND_DN", "PROBE_BIND_PASSWORD");
    let dn = reader.text("PROBE_BIND_DN");
    let password = reader.secret("PROBE_BIND_PASSWORD");
    if let Some(Err(why)) = dn.as_deref().map(checks.dn) {
        let found = dn.as_deref().unwrap_or_default();
        reader
            .problems
            .push(Problem::wrong("PROBE_BIND_DN", found, &format!("a DN: {why}")));
    }
    Some(ProbeSettings {
        dn: dn?,
        password: password?,
    })
}
