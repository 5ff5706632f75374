//! Settings that are wrong, `.env` files, and the commands.

use crate::harness::gateway::{Ended, run_in, run_to_end};
use crate::harness::ldap::{BASE, BATTERY_PASSWORD, set, user_dn};
use crate::harness::process::{Process, command};
use crate::harness::{
    Client, Database, Engine, Env, Gateway, beside_others, block_on, eventually, free_port, ldapsearch, ldapwhoami,
    repository, scratch,
};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::Duration;

/// A good configuration, on SQLite.
fn good() -> Env {
    Database::shared(Engine::Sqlite).deployed()
}

/// Started with settings that are wrong without asking anybody: it ends with 78 and names them all.
fn refused(env: &Env, names: &[&str]) -> Ended {
    let ended = run_to_end(
        &env.clone().with("PORT", free_port()).with("BIND_IP", "127.0.0.1"),
        &[],
        "",
    );
    assert_eq!(ended.code, Some(78), "{:?}\n{}", ended.status, ended.text());
    for name in names {
        assert!(ended.stderr.contains(name), "{name} is not named:\n{}", ended.text());
    }
    ended
}

#[test]
fn nothing_at_all() {
    let _guard = beside_others();
    let required = [
        "SQL_URI",
        "SQL_QUERY_ALL_USERS",
        "SQL_QUERY_ONE_USER",
        "SQL_QUERY_ALL_GROUPS",
        "SQL_QUERY_GROUPS_BY_MEMBER",
    ];
    refused(&Env::default(), &required);
    // Empty means absent.
    let empty = required.iter().fold(Env::default(), |env, name| env.with(name, ""));
    refused(&empty, &required);
}

#[test]
fn all_errors_at_once() {
    let _guard = beside_others();
    let wrong = [
        ("LDAP_BASE_DN", "no dn at all"),
        ("REQUIRE_AUTH_FOR_SEARCH", "perhaps"),
        ("LDAP_UNENCRYPTED", "2"),
        ("TLS_MIN_VERSION", "0.9"),
        ("DIRECTORY_BACKEND", "oracle"),
        ("AUTH_BACKENDS", "sql,nosuch"),
        ("SQL_URI", "oracle://localhost/x"),
        ("BIND_HOLD", "soon"),
    ];
    let env = wrong
        .iter()
        .fold(good().without("SQL_QUERY_ALL_GROUPS"), |env, (name, value)| {
            env.with(name, value)
        });
    let names: Vec<&str> = wrong
        .iter()
        .map(|(name, _)| *name)
        .chain(["SQL_QUERY_ALL_GROUPS"])
        .collect();
    let ended = refused(&env, &names);
    // What was found, and what would be right.
    assert!(
        ended.stderr.contains("perhaps") && ended.stderr.contains("true"),
        "{}",
        ended.stderr
    );
    for wrong in ["70000", "-1", "http"] {
        let ended = run_to_end(&good().with("PORT", wrong), &[], "");
        assert!(
            ended.code == Some(78) && ended.stderr.contains("PORT"),
            "{wrong}: {}",
            ended.text()
        );
    }
    let ended = run_to_end(&good().with("BIND_IP", "300.1.1.1").with("PORT", free_port()), &[], "");
    assert!(
        ended.code == Some(78) && ended.stderr.contains("BIND_IP"),
        "{}",
        ended.text()
    );
}

#[test]
fn queries_that_can_not_be() {
    let _guard = beside_others();
    refused(
        &good().changed("SQL_QUERY_ALL_USERS", |query| format!("{query}; DELETE FROM \"Users\"")),
        &["SQL_QUERY_ALL_USERS"],
    );
    refused(
        &good().changed("SQL_QUERY_ALL_GROUPS", |query| format!("{query} FOR UPDATE")),
        &["SQL_QUERY_ALL_GROUPS"],
    );
    refused(
        &good().changed("SQL_QUERY_ONE_USER", |query| query.replace(" = ?", " = 'alice'")),
        &["SQL_QUERY_ONE_USER"],
    );
    refused(
        &good().changed("SQL_QUERY_ALL_USERS", |query| format!("{query} WHERE \"uid\" = ?")),
        &["SQL_QUERY_ALL_USERS"],
    );
}

/// A certificate and a key that belong together, and another key.
fn pair() -> [std::path::PathBuf; 3] {
    let dir = scratch("pair");
    for name in ["one", "other"] {
        let mut openssl = Command::new("openssl");
        openssl.args([
            "req",
            "-x509",
            "-nodes",
            "-days",
            "30",
            "-subj",
            "/CN=pair",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
        ]);
        openssl
            .arg("-keyout")
            .arg(dir.join(format!("{name}.key")))
            .arg("-out")
            .arg(dir.join(format!("{name}.crt")));
        crate::harness::process::run(&mut openssl);
    }
    [dir.join("one.crt"), dir.join("one.key"), dir.join("other.key")]
}

#[test]
fn certificates_that_do_not_fit() {
    let _guard = beside_others();
    let [cert, key, other] = pair();
    let by_path = |cert: &std::path::Path, key: &std::path::Path| {
        good()
            .with("LDAP_CERT_PATH", cert.display())
            .with("LDAP_KEY_PATH", key.display())
    };
    refused(&by_path(&cert, &other), &["LDAP_"]);
    refused(&by_path(&key, &cert), &["LDAP_"]);
    refused(
        &by_path(std::path::Path::new("/nonexistent/cert.pem"), &key),
        &["LDAP_CERT_PATH"],
    );
    refused(&good().with("LDAP_CERT_PATH", cert.display()), &["LDAP_KEY"]);
    refused(
        &good()
            .with("LDAP_CERT_CONTENT", "no certificate")
            .with("LDAP_KEY_CONTENT", "no key"),
        &["LDAP_CERT_CONTENT"],
    );
    refused(&good().with("TLS_CIPHERS", "DES-CBC3-SHA:RC4-MD5"), &["TLS_CIPHERS"]);
    refused(
        &good().with("TLS_MIN_VERSION", "1.3").with("TLS_MAX_VERSION", "1.2"),
        &["TLS_M"],
    );
}

#[test]
fn names_that_are_nearly_right() {
    let _guard = beside_others();
    let gateway = Gateway::start(
        &good()
            .with("LDAP_BASEDN", "dc=x")
            .with("SQL_QUERY_ALL_USER", "SELECT 1")
            .with("LOG_LEVEL", "info"),
    );
    let log = gateway.log();
    for (typed, meant) in [
        ("LDAP_BASEDN", "LDAP_BASE_DN"),
        ("SQL_QUERY_ALL_USER", "SQL_QUERY_ALL_USERS"),
    ] {
        assert!(
            log.lines().any(|line| line.contains(typed) && line.contains(meant)),
            "{typed}: {log}"
        );
    }
    // Some container platforms inject such names.
    drop(Gateway::start(
        &good().with("LDAP_SERVICE_PORT_636_TCP", "tcp://10.0.0.1:636"),
    ));
}

#[test]
fn env_file_as_deployed() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let dir = scratch("dotenv");
        let database = Database::shared(engine);
        let file = fs::read_to_string(crate::harness::repository(&format!(
            "sql/deployed-{}.env",
            engine.name()
        )))
        .unwrap();
        let lines: Vec<String> = file
            .lines()
            .map(|line| {
                if line.starts_with("SQL_URI=") {
                    format!("SQL_URI={}", database.uri())
                } else {
                    line.to_string()
                }
            })
            .collect();
        fs::write(dir.join(".env"), format!("# as deployed\n{}\n", lines.join("\n"))).unwrap();
        let mut gateway = Gateway::spawn_in(&dir, &Env::default());
        gateway.expect_ready();
        assert_eq!(
            ldapsearch(&gateway, &["-b", BASE, "(uid=alice)", "1.1"]).short(),
            set(["alice"]),
            "{}",
            engine.name()
        );
        // The environment counts before the file.
        let mut gateway = Gateway::spawn_in(&dir, &Env::default().with("LDAP_BASE_DN", "dc=other,dc=net"));
        gateway.expect_ready();
        assert_eq!(
            ldapsearch(&gateway, &["-b", "dc=other,dc=net", "(uid=alice)", "1.1"])
                .success()
                .len(),
            1
        );
    }
}

#[test]
fn env_file_with_quotes() {
    let _guard = beside_others();
    let dir = scratch("dotenv");
    let env = good();
    let query = |name: &str| env.get(name).to_string();
    let text = format!(
        "SQL_URI=\"{}\"\nexport LDAP_BASE_DN='dc=quoted,dc=org' # a comment\n\nREQUIRE_AUTH_FOR_SEARCH = no\n\
         SQL_QUERY_ALL_USERS='{}'\nSQL_QUERY_ONE_USER='{}'\nSQL_QUERY_ALL_GROUPS='{}'\nSQL_QUERY_GROUPS_BY_MEMBER='{}'\n",
        query("SQL_URI"),
        query("SQL_QUERY_ALL_USERS"),
        query("SQL_QUERY_ONE_USER"),
        query("SQL_QUERY_ALL_GROUPS"),
        query("SQL_QUERY_GROUPS_BY_MEMBER")
    );
    fs::write(dir.join(".env"), text).unwrap();
    let mut gateway = Gateway::spawn_in(&dir, &Env::default());
    gateway.expect_ready();
    assert_eq!(
        ldapsearch(&gateway, &["-b", "dc=quoted,dc=org", "(uid=alice)", "1.1"])
            .success()
            .len(),
        1
    );
}

#[test]
fn secrets_from_files_and_aliases() {
    let _guard = beside_others();
    let dir = scratch("secret");
    let database = Database::shared(Engine::PostgreSql);
    fs::write(dir.join("uri"), format!("{}\n", database.uri())).unwrap();
    let env = database.deployed().without("SQL_URI");
    for env in [
        env.clone().with("SQL_URI_FILE", dir.join("uri").display()),
        env.clone().with("SQL_URL", database.uri()),
    ] {
        let gateway = Gateway::start(&env);
        assert_eq!(
            ldapsearch(&gateway, &["-b", BASE, "(uid=alice)", "1.1"])
                .success()
                .len(),
            1
        );
    }
    refused(&env.with("SQL_URI_FILE", "/nonexistent/uri"), &["SQL_URI_FILE"]);
}

#[test]
fn words_for_true_and_false() {
    let _guard = beside_others();
    for (word, required) in [
        ("yes", true),
        ("1", true),
        ("ON", true),
        ("off", false),
        ("0", false),
        ("No", false),
    ] {
        let gateway = Gateway::start(&good().with("REQUIRE_AUTH_FOR_SEARCH", word));
        let code = ldapsearch(&gateway, &["-b", BASE, "(uid=alice)"]).code;
        assert_eq!(code, if required { 50 } else { 0 }, "{word}");
    }
    let gateway = Gateway::start(&good().without("REQUIRE_AUTH_FOR_SEARCH"));
    assert_eq!(
        ldapsearch(&gateway, &["-b", BASE, "(uid=alice)"]).code,
        50,
        "required unless said otherwise"
    );
}

#[test]
fn check_on_what_is_good() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let database = Database::shared(engine);
        let report = run_to_end(&database.deployed(), &["check"], "");
        assert_eq!(report.code, Some(0), "{}: {}", engine.name(), report.text());
        let text = report.text();
        // Column → attribute.
        for (column, attribute) in [
            ("username", "uid"),
            ("uid_number", "uidNumber"),
            ("first_name", "givenName"),
            ("full_name", "cn"),
            ("last_name", "sn"),
            ("home_directory", "homeDirectory"),
        ] {
            assert!(
                text.lines()
                    .any(|line| line.contains(column) && line.contains(attribute)),
                "{column}: {text}"
            );
        }
        // What the recommended ones would add.
        for column in ["login_shell", "ssh_public_key", "status", "entry_uuid"] {
            assert!(text.contains(column), "{}: {column}: {text}", engine.name());
        }
        let report = run_to_end(&database.recommended(), &["check"], "");
        assert_eq!(report.code, Some(0), "{}: {}", engine.name(), report.text());
        assert!(
            report
                .text()
                .lines()
                .any(|line| line.contains("ssh_public_key") && line.contains("sshPublicKey")),
            "{}",
            report.text()
        );
    }
}

#[test]
fn check_on_what_is_broken() {
    let _guard = beside_others();
    let [cert, _, other] = pair();
    let with_wrong_pair = |env: Env| {
        env.with("LDAP_CERT_PATH", cert.display())
            .with("LDAP_KEY_PATH", other.display())
    };
    let reports_all = |env: &Env, parts: &[&str]| {
        let report = run_to_end(env, &["check"], "");
        assert_ne!(report.code, Some(0), "{}", report.text());
        for part in parts {
            assert!(
                report.text().contains(part),
                "{part} is not reported:\n{}",
                report.text()
            );
        }
    };
    for engine in Engine::ALL {
        let database = Database::shared(engine);
        let env = database
            .deployed()
            .without("SQL_QUERY_ALL_GROUPS")
            .with("REQUIRE_AUTH_FOR_SEARCH", "perhaps")
            .changed("SQL_QUERY_ONE_USER", |query| query.replace("SELECT", "SELCT"))
            .changed("SQL_QUERY_GROUPS_BY_MEMBER", |query| {
                query.replacen(&engine.quoted("g.\"cn\""), &engine.quoted("g.\"noSuchColumn\""), 1)
            });
        let parts = [
            "SQL_QUERY_ALL_GROUPS",
            "REQUIRE_AUTH_FOR_SEARCH",
            "SQL_QUERY_ONE_USER",
            "SQL_QUERY_GROUPS_BY_MEMBER",
            "noSuchColumn",
            "LDAP_",
        ];
        reports_all(&with_wrong_pair(env), &parts);
    }
    let unreachable = Database::shared(Engine::PostgreSql)
        .deployed()
        .without("SQL_QUERY_ALL_GROUPS")
        .with("SQL_URI", format!("postgres://u:p@127.0.0.1:{}/db", free_port()));
    reports_all(
        &with_wrong_pair(unreachable),
        &["SQL_QUERY_ALL_GROUPS", "SQL_URI", "LDAP_"],
    );
}

#[test]
fn check_names_what_it_ignores() {
    let _guard = beside_others();
    let database = Database::shared(Engine::PostgreSql);
    let env = database
        .deployed()
        .with_user_columns("'x' AS \"favouriteFood\", 'y' AS \"apiSecret\"");
    let report = run_to_end(&env, &["check"], "");
    assert!(
        report.text().contains("favouriteFood") && report.text().contains("apiSecret"),
        "{}",
        report.text()
    );
}

/// What `docs/migration.md` lists is refused as it says, each by the name of its setting.
#[test]
fn values_that_the_migration_page_calls_errors() {
    let _guard = beside_others();
    let page = fs::read_to_string(repository("docs/migration.md")).unwrap();
    let (_, section) = page.split_once("### Values that are errors now").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let values: Vec<(&str, &str)> = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`')?.0.split_once('='))
        .collect();
    assert!(values.len() > 12, "{values:?}");
    for (name, value) in values {
        let env = match name {
            "LDAP_COMMON_NAME" => good().without("LDAP_BASE_DN"),
            _ => good().with("LDAP_COMMON_NAME", "ldap1"),
        };
        let env = env
            .with("BIND_IP", "127.0.0.1")
            .with("PORT", free_port())
            .with(name, value);
        let told = match name {
            "LDAP_COMMON_NAME" => "LDAP_BASE_DN",
            name => name,
        };
        for arguments in [&[][..], &["check"]] {
            let ended = run_to_end(&env, arguments, "");
            assert!(
                ended.code == Some(78) && ended.text().contains(told),
                "{name}={value} {arguments:?}: {:?} {}",
                ended.code,
                ended.text()
            );
        }
    }
}

/// A word that opens something here and did not in the Node gateway is said by the start and by `check`.
#[test]
fn words_that_open_more_than_they_did() {
    let _guard = beside_others();
    for (name, value, said) in [
        ("REQUIRE_AUTH_FOR_SEARCH", "no", "took only `false`"),
        ("REQUIRE_AUTH_FOR_SEARCH", "0", "took only `false`"),
        ("REQUIRE_AUTH_FOR_SEARCH", "False", "took only `false`"),
        ("LDAP_UNENCRYPTED", "yes", "took only `true`"),
        ("LDAP_UNENCRYPTED", "1", "took only `true`"),
    ] {
        let env = good().with(name, value);
        let report = run_to_end(&env, &["check"], "");
        assert!(
            report.code == Some(0) && report.text().contains(said),
            "{name}={value}: {:?} {}",
            report.code,
            report.text()
        );
        let mut gateway = Gateway::spawn(&env);
        assert!(
            eventually(Duration::from_secs(20), || gateway.log().contains(said)),
            "{name}={value}: {}",
            gateway.log_tail()
        );
        gateway.process.kill();
    }
    for env in [
        good().with("REQUIRE_AUTH_FOR_SEARCH", "false"),
        good().with("LDAP_UNENCRYPTED", "true"),
    ] {
        let report = run_to_end(&env, &["check"], "");
        assert!(!report.text().contains("The Node gateway"), "{}", report.text());
    }
}

/// The whole way of a `.env` file: queries with quotes of their own, and a name derived.
#[test]
fn a_file_as_the_node_gateway_has_it() {
    let _guard = beside_others();
    let dir = scratch("dotenv");
    let env = good();
    let mut file =
        String::from("# of the Node gateway\r\nexport LDAP_COMMON_NAME = 'ldap1.example.com' # this one\r\n");
    for (name, value) in env.iter().filter(|(name, _)| !name.starts_with("LDAP_")) {
        let value = value.replacen("\"mail\"", "COALESCE(\"mail\", '') AS mail", 1);
        file += &format!("{name}='{value}'\r\n");
    }
    fs::write(dir.join(".env"), file).unwrap();
    let report = run_in(&dir, &Env::default(), &["check"], "");
    assert_eq!(report.code, Some(0), "{}", report.text());
    assert!(
        report.text().contains("dc=ldap1,dc=example,dc=com"),
        "{}",
        report.text()
    );
    // The environment comes before the file.
    let report = run_in(
        &dir,
        &Env::default().with("LDAP_COMMON_NAME", "10.0.0.1"),
        &["check"],
        "",
    );
    assert_eq!(report.code, Some(78), "{}", report.text());
}

#[test]
fn help_and_version() {
    let _guard = beside_others();
    let help = run_to_end(&Env::default(), &["--help"], "");
    assert_eq!(help.code, Some(0));
    for word in ["serve", "demo", "check", "probe", "hash-password"] {
        assert!(help.stdout.contains(word), "{word}: {}", help.stdout);
    }
    let version = run_to_end(&Env::default(), &["--version"], "");
    assert!(
        version.code == Some(0) && version.stdout.contains(env!("CARGO_PKG_VERSION")),
        "{}",
        version.text()
    );
    let unknown = run_to_end(&Env::default(), &["frobnicate"], "");
    assert!(unknown.code != Some(0) && !unknown.stderr.is_empty());
}

#[test]
fn hash_password() {
    let _guard = beside_others();
    let ended = run_to_end(&Env::default(), &["hash-password"], "a-new-Passw0rd\n");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let hash = ended.stdout.trim().to_string();
    assert!(hash.starts_with("$argon2id$v=19$"), "{}", ended.stdout);
    let database = Database::fresh(Engine::Sqlite);
    database.sql(&format!(
        "UPDATE \"Users\" SET \"userPassword\" = '{hash}' WHERE \"uid\" = 'heidi'"
    ));
    let gateway = Gateway::start(&database.deployed());
    assert_eq!(ldapwhoami(&gateway, &user_dn("heidi"), "a-new-Passw0rd").0, 0);
    assert_eq!(ldapwhoami(&gateway, &user_dn("heidi"), "a-new-Passw0rd\n").0, 49);
}

#[test]
fn probe() {
    let _guard = beside_others();
    let gateway = Gateway::start(&good());
    let env = good().with("PORT", gateway.port).with("BIND_IP", "127.0.0.1");
    for (env, arguments) in [(env.clone(), vec!["probe"]), (good(), vec!["probe", &gateway.uri()])] {
        let ended = run_to_end(&env, &arguments, "");
        assert_eq!(ended.code, Some(0), "{arguments:?}: {}", ended.text());
    }
    // What it does not need may be missing: beside a service, the database's password is not known.
    let ended = run_to_end(&env.clone().without("SQL_URI"), &["probe"], "");
    assert_eq!(ended.code, Some(0), "{}", ended.text());
    let ended = run_to_end(&env.clone().with("PORT", "ldaps"), &["probe"], "");
    assert!(
        ended.code == Some(78) && ended.stderr.contains("PORT"),
        "{}",
        ended.text()
    );
    // From a machine without any settings.
    let ended = run_to_end(&Env::default(), &["probe", &gateway.uri()], "");
    assert_eq!(ended.code, Some(0), "{}", ended.text());
    let real = env
        .clone()
        .with("PROBE_BIND_DN", user_dn("cheap"))
        .with("PROBE_BIND_PASSWORD", BATTERY_PASSWORD);
    assert_eq!(run_to_end(&real, &["probe"], "").code, Some(0));
    let wrong = env
        .with("PROBE_BIND_DN", user_dn("cheap"))
        .with("PROBE_BIND_PASSWORD", "wrong-Passw0rd");
    assert_ne!(run_to_end(&wrong, &["probe"], "").code, Some(0));
    let nobody = format!("ldaps://127.0.0.1:{}", free_port());
    let ended = run_to_end(&good(), &["probe", &nobody], "");
    assert!(ended.code != Some(0) && !ended.stderr.is_empty(), "{}", ended.text());
}

#[test]
fn demo() {
    let _guard = beside_others();
    // As the README says, with another port because the usual one may be in use here.
    let dir = scratch("demo");
    let out = dir.join("out");
    // What somebody else has put where it could be expected to write is not followed.
    let victim = scratch("victim");
    let mut program = command("sh", None);
    program
        .args([
            "-c",
            r#"ln -s "$1" "$TMPDIR/ldap-gateway-demo-$$" && exec "$2" demo"#,
            "sh",
        ])
        .arg(&victim)
        .arg(env!("CARGO_BIN_EXE_ldap-gateway"))
        .current_dir(&dir)
        .stdin(Stdio::null())
        // Killed, it cannot clean up after itself; the harness does.
        .env("TMPDIR", &dir)
        .env("PORT", free_port().to_string());
    let file = fs::File::create(&out).unwrap();
    program.stdout(file.try_clone().unwrap()).stderr(file);
    let _demo = Process::spawn(program);
    let mut line = None;
    let printed = eventually(Duration::from_secs(20), || {
        let text = fs::read_to_string(&out).unwrap();
        line = text
            .lines()
            .map(str::trim)
            .find(|line| line.contains("ldapsearch "))
            .map(str::to_string);
        line.is_some()
    });
    assert!(printed, "{}", fs::read_to_string(&out).unwrap());
    let line = line.unwrap();
    let line = &line[line.find("LDAPTLS").or_else(|| line.find("ldapsearch")).unwrap()..];
    // Pasted into a shell.
    let mut listing = String::new();
    let listed = eventually(Duration::from_secs(10), || {
        let output = Command::new("bash")
            .arg("-c")
            .arg(line)
            .current_dir("/")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        listing = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        output.status.success()
    });
    assert!(listed, "{line}: {listing}");
    assert!(line.contains("ldaps://"), "{line}");
    for user in ["alice", "bob", "carol"] {
        assert!(listing.contains(&format!("uid={user},")), "{user}: {listing}");
    }
    assert_eq!(fs::read_dir(&victim).unwrap().count(), 0, "a link was followed");
    let made = fs::read_dir(&dir).unwrap().flatten();
    let is_its_own = |name: &str| name.starts_with("ldap-gateway-demo-");
    let made = made.filter(|entry| is_its_own(&entry.file_name().to_string_lossy()));
    let made: Vec<_> = made.filter(|entry| entry.file_type().unwrap().is_dir()).collect();
    let names: Vec<_> = made.iter().map(fs::DirEntry::file_name).collect();
    assert_eq!(made.len(), 1, "{names:?}");
    let mode = made[0].metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700, "{names:?}: others may look");
}

#[test]
fn certificate_is_made_once() {
    let _guard = beside_others();
    let dir = scratch("certs");
    let fingerprint = |gateway: &Gateway| {
        let shell = format!(
            "openssl s_client -connect {} </dev/null 2>/dev/null | openssl x509 -noout -fingerprint",
            gateway.address()
        );
        String::from_utf8(Command::new("sh").args(["-c", &shell]).output().unwrap().stdout).unwrap()
    };
    let start = || {
        let mut gateway = Gateway::spawn_in(&dir, &good());
        gateway.expect_ready();
        gateway
    };
    let first = fingerprint(&start());
    assert!(
        first.contains(':') && first == fingerprint(&start()),
        "written to certs/ and used again: {first}"
    );
    let key = fs::read_dir(dir.join("certs"))
        .unwrap()
        .flatten()
        .find(|entry| entry.path().to_string_lossy().contains("key"));
    let mode = std::os::unix::fs::PermissionsExt::mode(&key.unwrap().metadata().unwrap().permissions());
    assert_eq!(mode & 0o077, 0, "the key is the owner's only: {mode:o}");
}

#[test]
fn names_beyond_unicode_in_the_environment() {
    use std::os::unix::ffi::OsStrExt;
    let _guard = beside_others();
    let dir = scratch("bytes");
    let mut program = command(env!("CARGO_BIN_EXE_ldap-gateway"), None);
    let port = free_port();
    program
        .envs(good().iter())
        .env("PORT", port.to_string())
        .env("BIND_IP", "127.0.0.1");
    program.env(
        std::ffi::OsStr::from_bytes(b"ODD_\xff"),
        std::ffi::OsStr::from_bytes(b"\xfe\xff"),
    );
    program
        .current_dir(&dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut process = Process::spawn(program);
    let open = eventually(Duration::from_secs(20), || {
        assert!(process.try_wait().is_none(), "it ended");
        std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    assert!(open);
}

#[test]
fn sigterm_ends_it() {
    let _guard = beside_others();
    for signal in ["TERM", "INT"] {
        let mut gateway = Gateway::start(&good());
        block_on(async {
            let mut idle = Client::connect(&gateway).await;
            assert_eq!(idle.lookup("alice").await.unwrap(), 1);
            // Older than a login that is under way.
            tokio::time::sleep(Duration::from_millis(3_200)).await;
            gateway.process.signal(signal);
            let last = idle.receive_within(Duration::from_secs(9)).await;
            assert!(last.is_none_or(|message| message.msgid == 0), "a notice, then the end");
        });
        let status = gateway.process.wait(Duration::from_secs(10));
        assert_eq!(status.code(), Some(0), "{status}\n{}", gateway.log_tail());
    }
}

#[test]
fn serve_is_the_default() {
    let _guard = beside_others();
    let dir = scratch("serve");
    let report = run_in(&dir, &Env::default(), &["serve"], "");
    assert_eq!(report.code, Some(78), "{}", report.text());
}
