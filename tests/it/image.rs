//! The container image, built and run without an engine.
//!
//! What containers have in common with processes is tested elsewhere; here is what the image adds to the binary.

use crate::harness::container::{Container, image_field, secret};
use crate::harness::process::run;
use crate::harness::{Database, Engine, Env, beside_others, eventually, figure, free_port, note_secret, scratch};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(30);

/// Who the gateway is in a container.
const USER: &str = "65532";

/// Settings with a database in a directory that a container gets as `/data`.
fn with_sqlite(data: &Path) -> Env {
    let database = Database::fresh(Engine::Sqlite);
    let copy = data.join("gateway.sqlite");
    database.sql(&format!("VACUUM INTO '{}'", copy.display()));
    for path in [data, &copy] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
    }
    database.deployed().with("SQL_URI", "sqlite:/data/gateway.sqlite")
}

fn expect_healthy(container: &Container) {
    let healthy = eventually(LONG, || container.health() == "healthy");
    assert!(healthy, "{}", container.log());
}

#[test]
fn contents() {
    let _guard = beside_others();
    assert_eq!(image_field("{{.Config.User}}"), "65532:65532");
    assert_eq!(image_field("{{json .Config.Entrypoint}}"), r#"["/ldap-gateway"]"#);
    assert_eq!(
        image_field("{{json .HealthCheck.Test}}"),
        r#"["CMD","/ldap-gateway","probe"]"#
    );
    assert_eq!(image_field("{{.Config.StopSignal}}"), "SIGTERM");
    let size: f64 = image_field("{{.Size}}").parse().unwrap();
    figure(&format!("image: {:.1} MB with the binary under test", size / 1e6));
}

/// Without a capability the port is one that nobody needs any for; `PORT=636` is one in the two ways that
/// docs/containers.md has, and an error that says so in all others.
#[test]
fn ports() {
    let _guard = beside_others();
    let data = scratch("data");
    let env = with_sqlite(&data);
    let volume = format!("{}:/data", data.display());
    // A network of its own each, with nothing but loopback: the port is never the machine's.
    let alone = ["--network", "none", "--volume", &volume];
    let start = |env: &Env, options: &[&str]| Container::start(env, &[&alone[..], options].concat());

    let default = start(&env, &[]);
    let low = env.clone().with("PORT", 636);
    let by_sysctl = start(&low, &["--sysctl", "net.ipv4.ip_unprivileged_port_start=0"]);
    let by_capability = start(&low, &["--cap-add", "NET_BIND_SERVICE"]);
    for (container, port, capabilities) in [
        (&default, 1636, "0000000000000000"),
        (&by_sysctl, 636, "0000000000000000"),
        (&by_capability, 636, "0000000000000400"),
    ] {
        expect_healthy(container);
        let line = format!("listening on ldaps://0.0.0.0:{port}");
        assert!(container.log().contains(&line), "{}", container.log());
        assert_eq!(container.status("CapEff:"), capabilities);
        assert_eq!(container.status("NoNewPrivs:"), "1");
        let users: Vec<String> = container.status("Uid:").split('\t').map(str::to_string).collect();
        assert_eq!(users, [USER; 4]);
        let probe = container.exec(&["/ldap-gateway", "probe"]);
        assert!(
            probe.code == Some(0) && probe.stdout.trim() == "ready",
            "{}",
            probe.text()
        );
    }
    // Nothing is written, and there is nothing to run.
    let shell = default.exec(&["/bin/sh", "-c", "true"]);
    assert!(shell.code != Some(0), "{}", shell.text());
    assert!(
        default.log().contains("certs cannot be written: Read-only file system"),
        "{}",
        default.log()
    );
    assert_eq!(default.stop(), "0");

    let refused = start(
        &low,
        &[
            "--restart",
            "no",
            "--sysctl",
            "net.ipv4.ip_unprivileged_port_start=1024",
        ],
    );
    assert!(eventually(LONG, || refused.field("{{.State.Status}}") == "exited"));
    assert!(
        refused.log().contains("cannot listen on 0.0.0.0:636"),
        "{}",
        refused.log()
    );
}

/// Unhealthy while the database is away, and the same process is healthy again when it is back.
#[test]
fn health_follows_the_database() {
    let _guard = beside_others();
    let database = Database::private(Engine::PostgreSql);
    let env = database
        .deployed()
        .with("PORT", free_port())
        .with("BIND_IP", "127.0.0.1");
    let container = Container::start(&env, &["--network", "host"]);
    expect_healthy(&container);
    let pid = container.field("{{.State.Pid}}");

    database.kill();
    let away = eventually(LONG, || container.health() == "unhealthy");
    assert!(away, "{}", container.log());
    let probe = container.exec(&["/ldap-gateway", "probe"]);
    assert!(
        probe.code == Some(1) && probe.stderr.contains("not ready"),
        "{}",
        probe.text()
    );

    database.launch();
    expect_healthy(&container);
    assert_eq!(container.field("{{.State.Pid}}"), pid);
    assert_eq!(container.field("{{.RestartCount}}"), "0");
    assert_eq!(container.stop(), "0");
}

/// Certificate and key as text, as files, as secrets; the database's URI as a secret.
#[test]
fn secrets_and_certificates() {
    let _guard = beside_others();
    let (data, certs) = (scratch("data"), scratch("certs"));
    let (cert, key) = (certs.join("tls.crt"), certs.join("tls.key"));
    let mut openssl = Command::new("openssl");
    openssl.args([
        "req",
        "-x509",
        "-noenc",
        "-subj",
        "/CN=ldap1",
        "-days",
        "30",
        "-newkey",
        "ec",
    ]);
    openssl.args(["-pkeyopt", "ec_paramgen_curve:P-256"]);
    run(openssl.arg("-keyout").arg(&key).arg("-out").arg(&cert));
    let fingerprint = run(Command::new("openssl")
        .args(["x509", "-noout", "-fingerprint", "-sha256", "-in"])
        .arg(&cert));
    let fingerprint = fingerprint.trim().rsplit('=').next().unwrap();
    let text = fs::read_to_string(&key).unwrap();
    note_secret(text.lines().nth(1).unwrap());
    run(Command::new("chown").arg("-R").arg(USER).arg(&certs));

    let env = with_sqlite(&data);
    secret("sql_uri", env.get("SQL_URI"));
    secret("ldap_key", &text);
    let env = env.without("SQL_URI").with("SQL_URI_FILE", "/secrets/sql_uri");
    let volume = format!("{}:/data", data.display());
    let mounted = |at: &str| format!("{}:{at}:ro", certs.display());
    let (at_certs, elsewhere) = (mounted("/certs"), mounted("/tls"));
    // Not below /run/secrets, which Podman 4 cannot fill where the root is read-only.
    let owned = |name: &str| format!("{name},target=/secrets/{name},uid={USER},mode=0400");
    let (uri, secret_key) = (owned("sql_uri"), owned("ldap_key"));
    let base = ["--network", "none", "--volume", &volume, "--secret", &uri];

    let containers = [
        // Found where they are looked for.
        Container::start(&env, &[&base[..], &["--volume", &at_certs]].concat()),
        Container::start(
            &env.clone()
                .with("LDAP_CERT_PATH", "/tls/tls.crt")
                .with("LDAP_KEY_PATH", "/tls/tls.key"),
            &[&base[..], &["--volume", &elsewhere]].concat(),
        ),
        Container::start(
            &env.with("LDAP_CERT_CONTENT", fs::read_to_string(&cert).unwrap())
                .with("LDAP_KEY_CONTENT_FILE", "/secrets/ldap_key"),
            &[&base[..], &["--secret", &secret_key]].concat(),
        ),
    ];
    for container in &containers {
        expect_healthy(container);
        assert!(
            container.log().contains(fingerprint),
            "{fingerprint}: {}",
            container.log()
        );
    }
}
