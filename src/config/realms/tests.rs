use super::*;
use crate::config::{AuthBackend, Config, ConfigErrors, Engine, EnvSource};
use serde_json::{Value, json};

/// The file that the Node gateway is shipped with, its database a local one.
fn example() -> Value {
    let database = "mysql://user:password@localhost:3306/ldap_db";
    let options = |base: &str| {
        json!({
            "sqlUri": database,
            "ldapBaseDn": base,
            "sqlQueryOneUser": "SELECT * FROM users WHERE username = ?",
            "sqlQueryAllUsers": "SELECT * FROM users",
            "sqlQueryAllGroups": "SELECT * FROM `groups`",
            "sqlQueryGroupsByMember": "SELECT * FROM `groups` g WHERE JSON_CONTAINS(g.member_uids, JSON_QUOTE(?))",
        })
    };
    let sql = json!({"type": "sql", "options": {"sqlUri": database}});
    json!([
        {
            "name": "example-corp",
            "baseDn": "dc=example,dc=com",
            "directory": {"backend": "sql", "options": options("dc=example,dc=com")},
            "auth": {"backends": [sql]},
        },
        {
            "name": "example-mfa",
            "baseDn": "dc=secure,dc=example,dc=com",
            "directory": {"backend": "sql", "options": options("dc=secure,dc=example,dc=com")},
            "auth": {"backends": [sql]},
        },
    ])
}

fn load_with(realms: &Value, variables: &[(&str, &str)]) -> Result<(Config, Vec<String>), ConfigErrors> {
    let text = realms.to_string();
    let source = EnvSource::new().with_variables(variables.iter().copied().chain([("REALM_CONFIG", text.as_str())]));
    let (config, warnings) = Config::load(&source)?;
    Ok((config, warnings.iter().map(ToString::to_string).collect()))
}

fn load(realms: &Value) -> Config {
    load_with(realms, &[]).unwrap().0
}

fn problems(realms: &Value) -> Vec<String> {
    let errors = load_with(realms, &[]).expect_err("a problem");
    errors.problems.iter().map(ToString::to_string).collect()
}

/// The example with a change.
fn changed(path: &str, value: Value) -> Value {
    let mut realms = example();
    let (parent, key) = path.rsplit_once('/').unwrap();
    let parent = realms.pointer_mut(parent).unwrap_or_else(|| panic!("{path}"));
    match parent {
        Value::Array(items) => items.push(value),
        parent => parent[key] = value,
    }
    realms
}

#[test]
fn the_example_of_the_node_gateway_loads_unchanged() {
    // It cannot start without these two beside the list, which say nothing there.
    let (config, warnings) = load_with(&example(), &[("AUTH_BACKENDS", "sql"), ("DIRECTORY_BACKEND", "sql")]).unwrap();
    assert_eq!(warnings, Vec::<String>::new());
    let realms: Vec<&RealmSettings> = config.realms.iter().collect();
    let names: Vec<_> = realms.iter().map(|realm| realm.name.as_deref().unwrap()).collect();
    assert_eq!(names, ["example-corp", "example-mfa"]);
    let bases: Vec<_> = realms.iter().map(|realm| realm.base.to_string()).collect();
    assert_eq!(bases, ["dc=example,dc=com", "dc=secure,dc=example,dc=com"]);
    assert_eq!(
        config.realm().name.as_deref(),
        Some("example-corp"),
        "the first is the default"
    );
    for realm in realms {
        assert_eq!(realm.database.engine, Engine::MySql);
        assert!(realm.passwords.is_none(), "the backend names the directory's database");
        assert_eq!(realm.auth.chain.links(), [AuthBackend::Sql]);
        assert!(realm.queries.groups_by_member.contains("JSON_CONTAINS"));
        assert!(!realm.policy.access.readers.include_anonymous());
    }
}

#[test]
fn the_list_may_be_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("realms.json");
    std::fs::write(&file, format!("\u{feff}{}", example())).unwrap();
    for variable in ["REALM_CONFIG", "REALM_CONFIG_FILE"] {
        let source = EnvSource::new().with_variables([(variable, file.to_str().unwrap())]);
        let (config, _) = Config::load(&source).unwrap();
        assert!(config.realms.are_several(), "{variable}");
    }
    let read = |text: &str| {
        let errors = Config::load(&EnvSource::new().with_variables([("REALM_CONFIG", text)])).expect_err(text);
        assert_eq!(errors.problems.len(), 1, "{errors}");
        errors.to_string()
    };
    assert!(
        read("/nowhere/realms.json")
            .starts_with("REALM_CONFIG: the file /nowhere/realms.json cannot be read: No such file")
    );
    // It is no list and no file's name, and may hold a password.
    assert!(!read(r#"realms: [{"sqlUri": "mysql://a:hunter2@b/c"}]"#).contains("hunter2"));
    assert!(read(r#"{"name": "a"}"#).contains("must be a list of realms"));
    assert!(read(r#"[{"name": "hunter2" "#).contains("is no JSON: EOF"));
    assert!(read("[]").contains("must have one realm at least"));
}

#[test]
fn every_error_of_every_realm_is_told_with_its_path() {
    let realms = json!([
        {"name": "", "baseDn": "nonsense", "default": "yes", "directory": {"backend": "mongo"}, "auth": {"backends": []}, "dn": 1},
        {
            "name": "b",
            "baseDn": "dc=b",
            "default": true,
            "directory": {"backend": "sql", "options": {
                "sqlUri": "http://u:hunter2@h/",
                "sqlPoolSize": 0,
                "sqlQueryAllUser": "SELECT 1",
                "usersRdn": "nonsense",
                "port": 636,
                "authBackends": "sql",
                "bindDn": "strict",
            }},
            "auth": {"backends": [{"type": "sql"}, {"type": "sql"}, {"kind": "sql"}, 7]},
        },
        {"name": "b", "baseDn": "DC = B", "default": true, "directory": {"backend": "sql", "options": []}, "auth": {}},
        7,
    ]);
    let problems = problems(&realms);
    for expected in [
        "realms[0].name: is required",
        "realms[0].baseDn: found `nonsense`, must be a DN",
        "realms[0].default: must be true or false",
        "realms[0].directory.backend: found `mongo`, must be `sql`",
        "realms[0].directory.options.sqlUri: is required and missing",
        "realms[0].directory.options.sqlQueryAllUsers: is required and missing",
        "realms[0].directory.options.sqlQueryGroupsByMember: is required and missing",
        "realms[0].auth.backends: must be a list with one backend at least",
        "realms[0].dn: is no key here; did you mean name?",
        "realms[1].directory.options.sqlUri: ",
        "realms[1].directory.options.sqlPoolSize: found `0`, must be a whole number from 1 to 1000",
        "realms[1].directory.options.sqlQueryAllUser: is no option; did you mean sqlQueryAllUsers?",
        "realms[1].directory.options.usersRdn: found `nonsense`, must be an RDN",
        "realms[1].directory.options.port: is a setting of the whole gateway: give PORT beside REALM_CONFIG",
        "realms[1].directory.options.authBackends: is said by auth.backends",
        "realms[1].directory.options.bindDn: found `strict`, must be `lenient` or `exact`",
        "realms[1].auth.backends[1].type: is given twice",
        "realms[1].auth.backends[2].type: is required",
        "realms[1].auth.backends[2].kind: is no key here; did you mean type?",
        "realms[1].auth.backends[3]: must be an object",
        "realms[2].name: is the name of realms[1] too",
        "realms[2].baseDn: is the base of realms[1].baseDn too",
        "realms[2].default: is true, and so is that of realms[1]",
        "realms[2].directory.options: must be an object",
        "realms[2].auth.backends: must be a list",
        "realms[3]: must be an object",
    ] {
        assert!(
            problems.iter().any(|problem| problem.starts_with(expected)),
            "{expected}\n{problems:#?}"
        );
    }
    assert!(
        problems.iter().all(|problem| !problem.contains("hunter2")),
        "{problems:#?}"
    );
    assert!(
        problems.iter().all(|problem| problem.starts_with("realms[")),
        "{problems:#?}"
    );
}

#[test]
fn one_wrong_option_is_one_problem() {
    for (path, value, expected) in [
        (
            "/1/directory/options/sqlUri",
            json!("mysql://"),
            "realms[1].directory.options.sqlUri: ",
        ),
        (
            "/1/directory/options/bindHold",
            json!("soon"),
            "realms[1].directory.options.bindHold: found `soon`",
        ),
        (
            "/1/directory/options/requireAuthForSearch",
            json!("perhaps"),
            "realms[1].directory.options.requireAuthForSearch: found `perhaps`",
        ),
        (
            "/1/directory/options/ldapBaseDn",
            json!("dc=other"),
            "realms[1].directory.options.ldapBaseDn: differs from realms[1].baseDn",
        ),
        (
            "/1/auth/backends/0/type",
            json!("kerberos"),
            "realms[1].auth.backends: found `kerberos`",
        ),
        (
            "/1/auth/backends/0/options",
            json!({"usersRdn": "ou=x"}),
            "realms[1].auth.backends[0].options.usersRdn: is an option of the directory",
        ),
        (
            "/1/auth/backends/0/options",
            json!({"sqlQueryAllUsers": "SELECT * FROM shadow"}),
            "realms[1].auth.backends[0].options.sqlQueryAllUsers: differs from the directory's",
        ),
        (
            "/1/auth/backends/0/options",
            json!({"sqlUri": "mysql://"}),
            "realms[1].auth.backends[0].options.sqlUri: ",
        ),
        (
            "/1/auth/backends/0/options",
            json!({"maxConnections": 5}),
            "realms[1].auth.backends[0].options.maxConnections: is a setting of the whole gateway",
        ),
        (
            "/1/directory/options/sqlUriFile",
            json!("/nowhere"),
            "realms[1].directory.options.sqlUri: is given and so is",
        ),
    ] {
        let problems = problems(&changed(path, value));
        assert!(
            problems.len() == 1 && problems[0].starts_with(expected),
            "{expected}\n{problems:#?}"
        );
    }
    let twice = example()
        .to_string()
        .replacen(r#""backend":"sql","#, r#""backend":"sql","backend":"sql","#, 1);
    let errors = Config::load(&EnvSource::new().with_variables([("REALM_CONFIG", twice)])).expect_err("twice");
    assert_eq!(errors.to_string(), "realms[0].directory.backend: is given twice");
}

#[test]
fn plain_settings_hold_where_a_realm_says_nothing() {
    let mut realms = changed("/1/directory/options/scanTimeout", json!("5s"));
    for realm in realms.as_array_mut().unwrap() {
        let options = realm["directory"]["options"].as_object_mut().unwrap();
        options.remove("sqlQueryAllGroups");
        // Empty means absent.
        options.insert("sqlQueryAllUsers".to_owned(), json!(""));
    }
    let plain = [
        ("SQL_QUERY_ALL_GROUPS", "SELECT * FROM teams"),
        ("SQL_QUERY_ALL_USERS", "SELECT * FROM people"),
        ("SCAN_TIMEOUT", "7s"),
        ("BIND_DN", "exact"),
    ];
    let (config, _) = load_with(&realms, &plain).unwrap();
    let timeouts: Vec<u64> = config
        .realms
        .iter()
        .map(|realm| realm.policy.scan_timeout.as_secs())
        .collect();
    assert_eq!(timeouts, [7, 5]);
    for realm in config.realms.iter() {
        assert_eq!(realm.queries.all_groups, "SELECT * FROM teams");
        assert_eq!(realm.queries.all_users, "SELECT * FROM people");
        assert_eq!(realm.policy.bind_dn, crate::config::BindDn::Exact);
    }
    // What is wrong with a plain setting is told once, under its name.
    let errors = load_with(&realms, &[plain[0], plain[1], ("SCAN_TIMEOUT", "7x")]).expect_err("a problem");
    assert_eq!(errors.problems.len(), 1, "{errors}");
    assert!(errors.to_string().starts_with("SCAN_TIMEOUT: found `7x`"), "{errors}");
}

#[test]
fn plain_settings_that_say_nothing_are_warned_of() {
    let warnings = |variables: &[(&str, &str)]| load_with(&example(), variables).unwrap().1;
    assert_eq!(
        warnings(&[("LDAP_BASE_DN", "dc=secure,dc=example,dc=com")]),
        Vec::<String>::new()
    );
    let given = warnings(&[("LDAP_BASE_DN", "dc=org")]);
    assert!(
        given.len() == 1 && given[0].starts_with("LDAP_BASE_DN: has no effect"),
        "{given:?}"
    );
}

#[test]
fn passwords_may_be_elsewhere() {
    let passwords = |options: Value| {
        let config = load(&changed("/1/auth/backends/0/options", options));
        let mut realms = config.realms.iter();
        assert!(realms.next().unwrap().passwords.is_none());
        realms.next().unwrap().passwords.clone()
    };
    let shadow = "SELECT username, password FROM shadow WHERE username = ?";
    let table = passwords(json!({"sqlQueryOneUser": shadow})).unwrap();
    assert!(table.database.is_none(), "the same database");
    assert_eq!(table.one_user, shadow);
    let place = "realms[1].auth.backends[0].options.sqlQueryOneUser";
    assert_eq!(table.place("SQL_QUERY_ONE_USER"), place);
    let other = passwords(json!({"sqlUri": "postgres://a:b@c/d", "sqlPoolSize": 2})).unwrap();
    let database = other.database.as_ref().unwrap();
    assert_eq!((database.engine, database.pool_size), (Engine::PostgreSql, 2));
    assert_eq!(other.one_user, "SELECT * FROM users WHERE username = ?");
    assert_eq!(
        other.place("SQL_QUERY_ONE_USER"),
        "realms[1].directory.options.sqlQueryOneUser"
    );
    assert!(passwords(json!({"sqlQueryOneUser": "SELECT * FROM users WHERE username = ?"})).is_none());
    assert!(passwords(json!({})).is_none() && passwords(Value::Null).is_none());
}

#[test]
fn nested_bases_stand_where_no_entry_of_the_outer_realm_does() {
    let at = |base: &str, outer: Value| {
        let mut realms = changed("/1/baseDn", json!(base));
        realms[1]["directory"]["options"]["ldapBaseDn"] = json!(base);
        for (name, value) in outer.as_object().unwrap() {
            realms[0]["directory"]["options"][name] = value.clone();
        }
        realms
    };
    for (base, outer) in [
        ("ou=lab,dc=example,dc=com", json!({})),
        (
            "cn=lab,dc=example,dc=com",
            json!({"usersRdn": "ou=people", "groupsRdn": "ou=groups"}),
        ),
        ("dc=x,uid=alice,dc=example,dc=com", json!({})),
    ] {
        load(&at(base, outer));
    }
    for (base, outer) in [
        ("cn=lab,dc=example,dc=com", json!({})),
        ("2.5.4.3=lab,dc=example,dc=com", json!({"usersRdn": "ou=people"})),
        ("uid=lab,ou=People,dc=Example,dc=com", json!({"usersRdn": "ou=people"})),
        ("ou=people,dc=example,dc=com", json!({"usersRdn": "OU=People"})),
    ] {
        let problems = problems(&at(base, outer));
        assert!(
            problems.len() == 1 && problems[0].starts_with("realms[1].baseDn: is "),
            "{base}\n{problems:#?}"
        );
    }
}

#[test]
fn service_accounts_stand_in_their_own_realm() {
    let hash = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    let accounts = |dn: &str| json!([{"dn": dn, "password": hash, "rights": ["read"]}]);
    let with = |realm: usize, dn: &str| {
        let mut realms = example();
        realms[realm]["directory"]["options"]["serviceAccounts"] = accounts(dn);
        realms
    };
    let config = load(&with(1, "cn=sync,dc=secure,dc=example,dc=com"));
    let counts: Vec<usize> = config
        .realms
        .iter()
        .map(|realm| realm.policy.access.service_accounts.len())
        .collect();
    assert_eq!(counts, [0, 1]);
    for (realm, dn) in [
        (0, "cn=sync,dc=secure,dc=example,dc=com"),
        (1, "cn=sync,dc=example,dc=com"),
    ] {
        let problems = problems(&with(realm, dn));
        let place = format!("realms[{realm}].directory.options.serviceAccounts");
        assert!(problems.len() == 1 && problems[0].starts_with(&place), "{problems:#?}");
    }
}

#[test]
fn every_setting_of_a_realm_is_an_option() {
    // Whatever is read for a realm can be given to it: nobody need list it anywhere.
    let mut reader = Reader::new(&EnvSource::new());
    RealmSettings::read(&mut reader);
    let names = option_names();
    let of_the_gateway = [
        "LDAP_COMMON_NAME",
        "EMPTY_BASE",
        "HASHING_THREADS",
        "HASHING_MEMORY",
        "LOG_FILTERS",
    ];
    for name in reader.asked {
        let setting = find(name).unwrap();
        assert!(names.iter().any(|option| option.variable == name), "{name}");
        assert!(
            !option_names::is_of_the_gateway(setting) || of_the_gateway.contains(&name),
            "{name} is read for each realm, and no option of one"
        );
    }
}
