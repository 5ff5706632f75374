#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]

use super::*;
use std::time::Duration;

/// The settings as deployments of the Node gateway have them, which must start as they are.
const DEPLOYED: &str = r#"
DIRECTORY_BACKEND=sql
AUTH_BACKENDS=sql
LDAP_COMMON_NAME=ldap1
LDAP_BASE_DN=dc=example,dc=com
REQUIRE_AUTH_FOR_SEARCH=false
SQL_URI=postgres://username:password@hostname:5432/database
SQL_QUERY_ALL_USERS=SELECT "uid" AS username, "uidNumber" AS uid_number, "gidNumber" AS gid_number, "givenName" AS first_name, "cn" AS full_name, "sn" AS last_name, "mail", "homeDirectory" AS home_directory, "userPassword" AS password FROM "Users"
SQL_QUERY_ONE_USER=SELECT "uid" AS username, "uidNumber" AS uid_number, "gidNumber" AS gid_number, "givenName" AS first_name, "cn" AS full_name, "sn" AS last_name, "mail", "homeDirectory" AS home_directory, "userPassword" AS password FROM "Users" WHERE "uid" = ?
SQL_QUERY_ALL_GROUPS=SELECT g."cn" AS name, g."gidNumber" AS gid_number FROM "Groups" g
SQL_QUERY_GROUPS_BY_MEMBER=SELECT g."cn" AS name, g."gidNumber" AS gid_number FROM "Groups" g INNER JOIN "UserGroups" ug ON g."gidNumber" = ug."gidNumber" INNER JOIN "Users" u ON ug."uidNumber" = u."uidNumber" WHERE u."uid" = ?
"#;

#[test]
fn no_bind_is_delayed_for_longer_than_it_is_held() {
    let delay = |variables: &[(&str, &str)]| {
        let (config, warnings) = load(variables).unwrap();
        let warned = warnings
            .iter()
            .any(|warning| warning.to_string().contains("GUESSING_LONGEST_DELAY"));
        (
            config.realms.default_realm().auth.guessing.longest_delay.as_secs(),
            warned,
        )
    };
    assert_eq!(delay(&[]), (5, false));
    assert_eq!(delay(&[("BIND_HOLD", "60s")]), (30, false));
    assert_eq!(delay(&[("GUESSING_LONGEST_DELAY", "30s")]), (5, true));
    assert_eq!(delay(&[("GUESSING_LONGEST_DELAY", "2s")]), (2, false));
}

fn load(variables: &[(&str, &str)]) -> Result<(Config, Vec<Warning>), ConfigErrors> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join(".env");
    std::fs::write(&file, DEPLOYED).unwrap();
    Config::load(
        &EnvSource::new()
            .with_variables(variables.iter().copied())
            .with_file(&file),
    )
}

fn config(variables: &[(&str, &str)]) -> Config {
    load(variables).unwrap().0
}

fn problem(variables: &[(&str, &str)]) -> String {
    let errors = load(variables).expect_err("a problem");
    assert_eq!(errors.problems.len(), 1, "{errors}");
    errors.to_string()
}

fn warnings(variables: &[(&str, &str)]) -> Vec<String> {
    load(variables).unwrap().1.iter().map(ToString::to_string).collect()
}

#[test]
fn the_deployed_configuration_loads_unchanged() {
    let (config, warnings) = load(&[]).unwrap();
    assert_eq!(warnings, []);
    assert_eq!(config.realm().base.to_string(), "dc=example,dc=com");
    assert_eq!(config.realm().database.engine, Engine::PostgreSql);
    assert!(
        config
            .realm()
            .queries
            .all_users
            .starts_with("SELECT \"uid\" AS username")
    );
    assert!(config.realm().queries.groups_by_member.ends_with("WHERE u.\"uid\" = ?"));
    assert_eq!(config.realm().database.ssl, None);
    assert!(config.realm().policy.access.readers.include_anonymous());
    assert_eq!(config.realm().auth.chain.links(), [AuthBackend::Sql]);
    assert_eq!(config.network.address.to_string(), "0.0.0.0:636");
    assert_eq!(config.tls.certificate, CertificateSource::Directory("certs".into()));
    assert_eq!(
        config.log,
        LogSettings {
            format: LogFormat::Text,
            directives: "info".into()
        }
    );
}

#[test]
fn defaults_are_those_of_the_design() {
    let config = config(&[]);
    assert_eq!(config.realm().policy.bind_hold, Duration::from_secs(5));
    assert_eq!(config.realm().policy.bind_dn, BindDn::Lenient);
    assert_eq!(config.realm().policy.scan_timeout, Duration::from_secs(60));
    assert_eq!(config.realm().database.pool_size, 10);
    assert_eq!(config.realm().policy.on_database_failure, OnDatabaseFailure::Disconnect);
    assert_eq!(config.network.write_timeout, Duration::from_secs(30));
    assert!(config.network.idle_timeout >= Duration::from_secs(3600));
    assert_eq!(config.shutdown_grace, Duration::from_secs(8));
    assert_eq!(
        (config.tls.min_version, config.tls.max_version),
        (TlsVersion::V1_2, TlsVersion::V1_3)
    );
    assert!(config.realm().auth.hashing_threads.get() >= 1);
    assert!(config.probe.is_none());
}

#[test]
fn every_setting_of_the_table_is_read() {
    let source = EnvSource::new();
    let mut reader = parse::Reader::new(&source);
    Config::read(&mut reader);
    let table: std::collections::BTreeSet<_> = settings::SETTINGS.iter().map(|setting| setting.name).collect();
    assert_eq!(reader.asked, table);
}

#[test]
fn all_missing_settings_are_named_at_once() {
    let errors = Config::load(&EnvSource::new()).expect_err("nothing is set");
    let named: Vec<_> = errors
        .problems
        .iter()
        .map(|problem| problem.variable.as_str())
        .collect();
    let expected = [
        "SQL_URI",
        "SQL_QUERY_ALL_USERS",
        "SQL_QUERY_ONE_USER",
        "SQL_QUERY_ALL_GROUPS",
        "SQL_QUERY_GROUPS_BY_MEMBER",
    ];
    assert_eq!(named, expected);
}

#[test]
fn wrong_settings_are_reported_together_with_the_warnings() {
    let errors = load(&[
        ("PORT", "99999"),
        ("LDAP_UNENCRYPTED", "perhaps"),
        ("BIND_HOLD", "soon"),
        ("SQL_URI", "oracle://u:hunter2@h/d"),
        ("SQL_POOL_SIZ", "10"),
        ("DIRECTORY_BACKEND", "mongodb"),
        ("BIND_IP", "localhost"),
        ("LOG_LEVEL", "loud"),
        ("LDAP_BASE_DN", "example.com"),
    ])
    .expect_err("much is wrong");
    assert_eq!(errors.problems.len(), 8, "{errors}");
    assert_eq!(errors.to_string().lines().count(), 8);
    assert_eq!(errors.warnings.len(), 1);
    assert!(
        errors
            .to_string()
            .contains("PORT: found `99999`, must be a whole number from 1 to 65535")
    );
    assert!(!errors.to_string().contains("hunter2"));
    assert!(!format!("{errors:?}").contains("hunter2"));
}

#[test]
fn notification_needs_somebody_to_ask_and_another_link() {
    const URL: (&str, &str) = ("NOTIFICATION_URL", "https://push.example.com/x?token=hunter2");
    let chain = |text: &'static str| ("AUTH_BACKENDS", text);
    let both = config(&[URL, chain("notification,sql")]);
    assert_eq!(
        both.realm().auth.chain.links(),
        [AuthBackend::Sql, AuthBackend::Notification]
    );
    let settings = both.realm().auth.notification.clone().unwrap();
    assert_eq!((settings.timeout, settings.remember), (Duration::from_secs(60), None));
    assert!(!format!("{settings:?}").contains("hunter2"));
    for (variables, said) in [
        (
            vec![chain("sql,notification")],
            "NOTIFICATION_URL: is required and missing",
        ),
        (
            vec![chain("notification"), URL],
            "AUTH_BACKENDS: found `notification`, must be a list",
        ),
        (
            vec![
                chain("sql,notification"),
                ("NOTIFICATION_URL", "http://push.example.com/hunter2"),
            ],
            "NOTIFICATION_URL: must be an https:// URL, or",
        ),
    ] {
        let problem = problem(&variables);
        assert!(problem.starts_with(said) && !problem.contains("hunter2"), "{problem}");
    }
    // Without it in the chain the URL is for those alone whose own chain has it.
    let alone = config(&[URL]);
    assert_eq!(alone.realm().auth.chain.links(), [AuthBackend::Sql]);
    assert!(alone.realm().auth.is_set_up(AuthBackend::Notification));
    let (unused, warnings) = load(&[("NOTIFICATION_URL", "http://push.example.com/hunter2")]).unwrap();
    assert!(unused.realm().auth.notification.is_none());
    assert!(
        warnings
            .iter()
            .any(|warning| warning.to_string().starts_with("NOTIFICATION_URL: is not used"))
    );
}

#[test]
fn who_is_asked_on_the_phone_has_time_while_the_gateway_stops() {
    let grace = |more: &[(&'static str, &'static str)]| {
        let mut variables = vec![("NOTIFICATION_URL", "https://push.example.com/")];
        variables.extend_from_slice(more);
        config(&variables).shutdown_grace.as_secs()
    };
    let chain = ("AUTH_BACKENDS", "sql,notification");
    assert_eq!(grace(&[]), 8);
    assert_eq!(grace(&[chain]), 65);
    assert_eq!(grace(&[chain, ("NOTIFICATION_TIMEOUT", "2m")]), 125);
    assert_eq!(grace(&[chain, ("SHUTDOWN_GRACE", "9s")]), 9);
}

#[test]
fn a_query_of_all_memberships_may_be_given() {
    let given = |text: &str| {
        config(&[("SQL_QUERY_ALL_MEMBERSHIPS", text)])
            .realm()
            .clone()
            .queries
            .all_memberships
    };
    assert_eq!(config(&[]).realm().clone().queries.all_memberships, None);
    assert_eq!(given(""), None);
    assert_eq!(given(" SELECT 1 "), Some("SELECT 1".to_owned()));
}

#[test]
fn a_default_layout_is_that_of_the_settings() {
    assert_eq!(config(&[]).realm().clone().layout, Layout::default());
}

#[test]
fn new_database_settings_are_those_of_the_uri_alone() {
    for uri in ["postgres://h/d", "mysql://h/d", "sqlite:users.db"] {
        let read = config(&[("SQL_URI", uri)]).realm().clone().database;
        let new = DatabaseSettings::new(uri);
        assert_eq!(read.uri.reveal(), new.uri.reveal());
        assert_eq!(format!("{read:?}"), format!("{new:?}"));
    }
}

#[test]
fn addresses_are_made_up_and_values_logged_only_where_that_is_asked_for() {
    assert!(!config(&[]).realm().clone().layout.mail_fallback && !config(&[]).realm().clone().policy.log_filter_values);
    assert!(
        config(&[("LDAP_MAIL_FALLBACK", "on")])
            .realm()
            .clone()
            .layout
            .mail_fallback
    );
    assert!(
        config(&[("LOG_FILTERS", "Values")])
            .realm()
            .clone()
            .policy
            .log_filter_values
    );
    let problem = problem(&[("LDAP_MAIL_FALLBACK", "auto")]);
    assert!(problem.starts_with("LDAP_MAIL_FALLBACK: found `auto`"), "{problem}");
}

#[test]
fn refusing_words_replace_the_default() {
    let words = |text: &str| {
        config(&[("ACCOUNT_STATUS_REFUSED", text)])
            .realm()
            .clone()
            .policy
            .refused_words
    };
    let usual = config(&[]).realm().clone().policy.refused_words;
    assert!(usual.contains("banned") && usual.contains("suspended"));
    assert_eq!(
        words(" Gesperrt, on leave,, "),
        RefusedWords::new(["gesperrt", "on leave"])
    );
    assert_eq!(words("none"), RefusedWords::new([]));
    let problem = problem(&[("ACCOUNT_STATUS_REFUSED", " , ")]);
    assert!(problem.starts_with("ACCOUNT_STATUS_REFUSED: found `,`"), "{problem}");
}

#[test]
fn empty_items_of_a_chain_are_dropped() {
    assert_eq!(
        config(&[("AUTH_BACKENDS", "sql,")]).realm().clone().auth.chain.links(),
        [AuthBackend::Sql]
    );
    assert_eq!(
        config(&[("AUTH_BACKENDS", " , sql ,,")])
            .realm()
            .clone()
            .auth
            .chain
            .links(),
        [AuthBackend::Sql]
    );
    let problem = problem(&[("AUTH_BACKENDS", ",")]);
    assert!(problem.starts_with("AUTH_BACKENDS: found `,`"), "{problem}");
}

#[test]
fn the_empty_base_is_the_directory_only_where_it_is_said() {
    assert!(!config(&[]).realm().clone().layout.empty_base);
    assert!(
        !config(&[("EMPTY_BASE", "nosuchobject")])
            .realm()
            .clone()
            .layout
            .empty_base
    );
    assert!(config(&[("EMPTY_BASE", "Directory")]).realm().clone().layout.empty_base);
    let problem = problem(&[("EMPTY_BASE", "on")]);
    assert!(problem.starts_with("EMPTY_BASE: found `on`"), "{problem}");
}

#[test]
fn private_groups_are_served_unless_switched_off() {
    assert!(config(&[]).realm().clone().layout.private_groups);
    assert!(
        config(&[("LDAP_USER_PRIVATE_GROUPS", "Auto")])
            .realm()
            .clone()
            .layout
            .private_groups
    );
    assert!(
        !config(&[("LDAP_USER_PRIVATE_GROUPS", "off")])
            .realm()
            .clone()
            .layout
            .private_groups
    );
    let problem = problem(&[("LDAP_USER_PRIVATE_GROUPS", "on")]);
    assert!(problem.starts_with("LDAP_USER_PRIVATE_GROUPS: found `on`"), "{problem}");
}

#[test]
fn containers_are_named_by_an_rdn() {
    let found = config(&[("LDAP_USERS_RDN", "ou=people"), ("LDAP_GROUPS_RDN", "")]);
    assert_eq!(found.realm().layout.users, container_rdn("ou=people").ok());
    assert_eq!(found.realm().layout.groups, None);
    let problem = problem(&[("LDAP_GROUPS_RDN", "groups")]);
    assert!(
        problem.starts_with("LDAP_GROUPS_RDN: found `groups`, must be an RDN such as ou=people"),
        "{problem}"
    );
}

#[test]
fn containers_are_no_users_and_no_groups() {
    for wrong in [
        "",
        "people",
        "uid=people",
        "cn=groups",
        "ou=a,ou=b",
        "ou=a+o=b",
        "unknown=x",
    ] {
        assert!(container_rdn(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn the_base_dn_is_derived_from_the_common_name() {
    for (name, base) in [
        ("ldap1.example.com", Some("dc=example,dc=com")),
        ("example.com.", Some("dc=example,dc=com")),
        ("ldap1", Some("dc=ldap1")),
        ("a.b.example.org", Some("dc=b,dc=example,dc=org")),
        ("10.0.0.1", None),
        ("::1", None),
        ("a..b", None),
        ("My Server", None),
    ] {
        assert_eq!(directory::derived_base_dn(name).as_deref(), base, "{name}");
    }
    let query = [
        ("SQL_URI", "sqlite:x"),
        ("SQL_QUERY_ALL_USERS", "q"),
        ("SQL_QUERY_ONE_USER", "q"),
        ("SQL_QUERY_ALL_GROUPS", "q"),
        ("SQL_QUERY_GROUPS_BY_MEMBER", "q"),
    ];
    let source = |name| {
        EnvSource::new()
            .with_variables(query)
            .with_variables([("LDAP_COMMON_NAME", name)])
    };
    let derived = |name| {
        let (config, warnings) = Config::load(&source(name)).unwrap();
        let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
        (config.realm().base.to_string(), warnings)
    };
    // Where the Node gateway derives another one, the start says which.
    let (base, warnings) = derived("ldap2.example.com");
    assert_eq!(
        (base.as_str(), warnings.len()),
        ("dc=example,dc=com", 1),
        "{warnings:?}"
    );
    assert!(
        warnings[0].starts_with("LDAP_BASE_DN: ") && warnings[0].contains("dc=ldap2,dc=example,dc=com"),
        "{warnings:?}"
    );
    for name in ["example.com", "example.com.", "ldap1", "localhost", "LOCALHOST."] {
        assert_eq!(derived(name).1, Vec::<String>::new(), "{name}");
    }
    // The table says that the name is `localhost` where none is given; so does the base.
    for name in ["", " "] {
        let (base, warnings) = derived(name);
        assert_eq!((base.as_str(), warnings.len()), ("dc=localhost", 1), "{warnings:?}");
        assert!(warnings[0].contains("the base DN is dc=localhost"), "{warnings:?}");
    }
    for name in ["10.0.0.1", "::1", "a..b", "My Server", "."] {
        let errors = Config::load(&source(name)).expect_err(name).to_string();
        assert!(
            errors.starts_with("LDAP_BASE_DN: ") && errors.contains(name),
            "{errors}"
        );
    }
}

#[test]
fn ports_follow_encryption_and_addresses_may_be_ipv6() {
    assert_eq!(config(&[("LDAP_UNENCRYPTED", "Yes")]).network.address.port(), 389);
    assert_eq!(
        config(&[("PORT", "1389"), ("BIND_IP", "[::1]")])
            .network
            .address
            .to_string(),
        "[::1]:1389"
    );
    assert_eq!(config(&[("BIND_IP", "::")]).network.address.to_string(), "[::]:636");
}

#[test]
fn words_that_the_node_gateway_read_otherwise_are_understood_and_said() {
    let (config, warnings) = load(&[("REQUIRE_AUTH_FOR_SEARCH", "no"), ("LDAP_UNENCRYPTED", "1")]).unwrap();
    assert!(config.realm().policy.access.readers.include_anonymous() && config.network.unencrypted);
    let about: Vec<_> = warnings.iter().map(|warning| warning.variable.as_str()).collect();
    assert_eq!(about, ["REQUIRE_AUTH_FOR_SEARCH", "LDAP_UNENCRYPTED"]);
}

#[test]
fn the_admin_address_is_an_address_and_a_port() {
    assert_eq!(config(&[]).network.admin, None);
    for address in ["127.0.0.1:9636", "[::1]:9636"] {
        let admin = config(&[("ADMIN_ADDR", address)]).network.admin;
        assert_eq!(admin.map(|admin| admin.to_string()).as_deref(), Some(address));
    }
    for wrong in ["9636", ":9636", "localhost:9636", "127.0.0.1:0", "127.0.0.1"] {
        assert!(problem(&[("ADMIN_ADDR", wrong)]).starts_with("ADMIN_ADDR: found"));
    }
}

#[test]
fn ssl_of_the_uri_has_precedence() {
    assert_eq!(
        config(&[("SQL_SSL", "true")]).realm().clone().database.ssl,
        Some(TlsMode::Require)
    );
    assert_eq!(
        config(&[("SQL_SSL", "false")]).realm().clone().database.ssl,
        Some(TlsMode::Disable)
    );
    let both = [("SQL_SSL", "false"), ("SQL_URI", "postgres://h/d?sslmode=verify-full")];
    assert_eq!(config(&both).realm().clone().database.ssl, None);
    assert_eq!(warnings(&both).len(), 1);
}

#[test]
fn ssl_is_not_dropped_where_the_uri_asks_for_less() {
    let less = [
        ("postgres://h/d?sslmode=disable", "disable"),
        ("postgres://h/d?ssl=false", "disable"),
        ("mysql://h/d?useSSL=false", "disable"),
        ("mysql://h/d?ssl-mode=DISABLED", "disable"),
        ("postgres://h/d?sslmode=prefer", "prefer"),
        ("mariadb://h/d?ssl-mode=PREFERRED", "prefer"),
    ];
    for (uri, mode) in less {
        for word in ["require", "REQUIRED", "verify-ca", "verify_full", "yes", "1", "on"] {
            let found = problem(&[("SQL_URI", uri), ("SQL_SSL", word)]);
            let lower = word.to_ascii_lowercase();
            let expected = format!("SQL_SSL: asks for `{lower}`, and SQL_URI only for `{mode}`");
            assert!(found.starts_with(&expected), "{uri} {word}: {found}");
        }
        // It did nothing in deployments of the gateway for Node.
        for word in ["true", "True"] {
            let both = [("SQL_URI", uri), ("SQL_SSL", word)];
            assert_eq!(
                (config(&both).realm().clone().database.ssl, warnings(&both).len()),
                (None, 1),
                "{uri}"
            );
        }
    }
    assert!(problem(&[("SQL_URI", less[0].0), ("SQL_SSL", "prefer")]).contains("`disable`"));
    for mode in ["require", "no-verify"] {
        let uri = format!("postgres://h/d?sslmode={mode}");
        let found = problem(&[("SQL_URI", &uri), ("SQL_SSL", "verify-full")]);
        assert!(
            found.contains("`verify-full`, and SQL_URI only for `require`"),
            "{found}"
        );
    }
    // The stricter wish of the URI holds.
    for word in ["false", "off", "disable", "prefer", "require"] {
        let both = [("SQL_URI", "postgres://h/d?sslmode=verify-full"), ("SQL_SSL", word)];
        assert_eq!(
            (config(&both).realm().clone().database.ssl, warnings(&both).len()),
            (None, 1),
            "{word}"
        );
    }
    // What says the same is nothing to speak of.
    for (uri, word) in [
        ("postgres://h/d?sslmode=disable", "off"),
        ("mysql://h/d?useSSL=true", "verify-full"),
    ] {
        let both = [("SQL_URI", uri), ("SQL_SSL", word)];
        assert!(
            config(&both).realm().clone().database.ssl.is_some() && warnings(&both).is_empty(),
            "{uri}"
        );
    }
}

#[test]
fn certificates_come_in_pairs() {
    assert_eq!(
        problem(&[("LDAP_CERT_PATH", "c")]),
        "LDAP_KEY_PATH: is missing, though LDAP_CERT_PATH is given"
    );
    assert!(problem(&[("LDAP_KEY_CONTENT", "hunter2")]).starts_with("LDAP_CERT_CONTENT: is missing"));
    let pair = [
        ("LDAP_CERT_CONTENT", "c"),
        ("LDAP_KEY_CONTENT", "k"),
        ("LDAP_CERT_PATH", "c"),
        ("LDAP_KEY_PATH", "k"),
    ];
    assert!(matches!(
        config(&pair).tls.certificate,
        CertificateSource::Content { .. }
    ));
    assert_eq!(warnings(&pair).len(), 1);
    assert!(matches!(
        config(&pair[2..]).tls.certificate,
        CertificateSource::Files { .. }
    ));
}

#[test]
fn tls_versions_in_every_spelling() {
    for text in ["1.3", "TLSv1.3", "TLSv1_3", "tls1.3", "TLS 1.3"] {
        assert_eq!(
            config(&[("TLS_MIN_VERSION", text)]).tls.min_version,
            TlsVersion::V1_3,
            "{text}"
        );
    }
    assert_eq!(
        config(&[("TLS_MIN_VERSION", "TLSv1")]).tls.min_version,
        TlsVersion::V1_2
    );
    assert_eq!(warnings(&[("TLS_MIN_VERSION", "TLSv1.1")]).len(), 1);
    assert!(problem(&[("TLS_MAX_VERSION", "TLSv1.1")]).starts_with("TLS_MAX_VERSION: found `TLSv1.1`"));
    assert!(problem(&[("TLS_MIN_VERSION", "1.3"), ("TLS_MAX_VERSION", "1.2")]).contains("higher"));
}

#[test]
fn log_levels() {
    assert_eq!(
        config(&[("LOG_LEVEL", "WARNING, ldap_gateway::sql=Trace")])
            .log
            .directives,
        "warn,ldap_gateway::sql=trace"
    );
    for (word, level) in [
        ("fatal", "error"),
        ("http", "info"),
        ("verbose", "debug"),
        ("security", "debug"),
        ("Silly", "trace"),
        ("silent", "off"),
        ("ldap_gateway=verbose,HTTP", "ldap_gateway=debug,info"),
    ] {
        assert_eq!(config(&[("LOG_LEVEL", word)]).log.directives, level, "{word}");
    }
    for wrong in ["loud", "info,=debug", "a b=info", "info=x"] {
        assert!(problem(&[("LOG_LEVEL", wrong)]).starts_with("LOG_LEVEL"), "{wrong}");
    }
    let source = EnvSource::new().with_variables([("LOG_FORMAT", "JSON")]);
    assert_eq!(LogSettings::from_source(&source).format, LogFormat::Json);
}

#[test]
fn nothing_secret_is_printed() {
    let config = config(&[
        ("SQL_URI", "postgres://u:hunter2@h/d"),
        ("PROBE_BIND_DN", "cn=x"),
        ("PROBE_BIND_PASSWORD", "hunter2"),
        ("LDAP_CERT_CONTENT", "c"),
        ("LDAP_KEY_CONTENT", "hunter2"),
    ]);
    assert_eq!(config.probe.as_ref().unwrap().password.reveal(), "hunter2");
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn who_the_database_is_must_be_proved() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem");
    let uri = |query: &str| format!("mysql://h/d?{query}{}", file.display());
    std::fs::write(&file, "-----BEGIN PRIVATE KEY-----\n").unwrap();
    for query in ["sslrootcert=", "ssl-ca=", "sslmode=verify-full&sslCA="] {
        let text = problem(&[("SQL_URI", &uri(query))]);
        let expected = "SQL_URI: the file of its `sslrootcert` has no certificate in it";
        assert!(text.contains(expected), "{text}");
    }
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(["h".to_owned()]).unwrap();
    std::fs::write(&file, params.self_signed(&key).unwrap().pem()).unwrap();
    assert_eq!(warnings(&[("SQL_URI", &uri("sslrootcert="))]), [""; 0]);
    let told = warnings(&[("SQL_URI", &uri("sslmode=verify-ca&sslrootcert="))]);
    assert!(told.len() == 1 && told[0].contains("sslmode=verify-full"), "{told:?}");
    let told = warnings(&[("SQL_URI", "postgres://h/d?ssl=true")]);
    assert!(told.len() == 1 && told[0].contains("is not verified"), "{told:?}");
}
