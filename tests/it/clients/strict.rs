//! Strict clients, each in the language it comes in (`tests/clients/`): the published schema as python-ldap, JNDI and
//! Apache Directory's API read it, and every control and operation as python-ldap asks for it.

use crate::harness::ldap::user_dn;
use crate::harness::{Database, Engine, Gateway, beside_others, repository};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Attributes of every kind of schema: passed through, transferred in binary, opaque.
const COLUMNS: &str = "'red' AS \"attr:badgeColour\", X'3003020101' AS \"userCertificate\", X'ffd8ffe0' AS \"jpegPhoto\", \
                       '1 Main St$Town' AS \"postalAddress\", 5 AS \"shadowMax\"";

fn gateway(tls: bool) -> Gateway {
    let env = Database::shared(Engine::Sqlite).deployed().with_user_columns(COLUMNS);
    if tls {
        Gateway::start(&env)
    } else {
        Gateway::start_plain(&env)
    }
}

/// Debian's python3, which has Debian's python3-ldap.
fn python(script: &str) -> Command {
    let mut command = Command::new("/usr/bin/python3");
    command.arg(repository("tests/clients").join(script)).current_dir("/");
    command.env("HOME", "/nonexistent");
    command
}

/// The source file is compiled when it is run.
fn java(source: &str, archives: &[&str]) -> Command {
    let mut command = Command::new("java");
    let archives: Vec<String> = archives
        .iter()
        .map(|name| format!("/usr/share/java/{name}.jar"))
        .collect();
    for archive in &archives {
        assert!(
            Path::new(archive).exists(),
            "{archive}: use tests/run, which installs it"
        );
    }
    command.args([
        "-Xshare:auto",
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-cp",
        &archives.join(":"),
    ]);
    command.arg(repository("tests/clients").join(source)).current_dir("/");
    command
}

fn accepts(mut client: Command, address: &str) {
    let output = client
        .args([address, &user_dn("alice"), "alice-likes-tea"])
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&text));
}

#[test]
fn python_ldap_takes_the_schema() {
    let _guard = beside_others();
    accepts(python("schema.py"), &gateway(true).uri());
}

#[test]
fn jndi_takes_the_schema() {
    let _guard = beside_others();
    accepts(java("JndiSchema.java", &[]), &gateway(false).uri());
}

#[test]
fn apache_directory_takes_the_schema() {
    let _guard = beside_others();
    let archives = [
        "apache-directory-api-all",
        // For DNs with escapes; Debian forgot to depend on it.
        "antlr",
        "mina2-core",
        "slf4j-api",
        "slf4j-nop",
        "commons-codec",
        "commons-collections4",
        "commons-lang3",
        "commons-pool2",
        "commons-text",
    ];
    let client = java("ApacheSchema.java", &archives);
    accepts(client, &gateway(false).port.to_string());
}

#[test]
fn python_ldap_uses_the_controls() {
    let _guard = beside_others();
    accepts(python("controls.py"), &gateway(true).uri());
}

/// On PostgreSQL, where every row takes its time.
#[test]
fn python_ldap_cancels_and_abandons() {
    let _guard = beside_others();
    let database = Database::shared(Engine::PostgreSql);
    let slow = |query: &str| format!("SELECT * FROM ({query}) c WHERE pg_sleep(0.51) IS NOT NULL");
    let gateway = Gateway::start(&database.deployed().changed("SQL_QUERY_ALL_USERS", slow));
    let running = || {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' \
                   AND query LIKE '%pg_sleep(0.51)%' AND pid <> pg_backend_pid()";
        database.sql(sql).trim() != "0"
    };
    let mut script = python("controls.py")
        .args([&gateway.uri(), &user_dn("alice"), "alice-likes-tea", "slow"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = script.stdin.take().unwrap();
    let output = BufReader::new(script.stdout.take().unwrap());
    let mut steps = Vec::new();
    for line in output.lines() {
        let line = line.unwrap();
        // A search of everything would take several seconds.
        let deadline = Instant::now() + Duration::from_secs(2);
        while running() != (line == "asked") && line != "done" {
            assert!(Instant::now() < deadline, "{steps:?}, {line}: running: {}", running());
            std::thread::sleep(Duration::from_millis(20));
        }
        steps.push(line);
        let _ = writeln!(input);
    }
    assert!(script.wait().unwrap().success());
    assert_eq!(steps, ["asked", "gone", "asked", "gone", "done"]);
}
