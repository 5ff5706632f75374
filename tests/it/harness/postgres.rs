//! A PostgreSQL server of our own.

use super::database::{self, APP_USER};
use super::process::{Daemon, command, run};
use super::{free_port, note_secret, scratch, test_dir};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

const SUPERUSER: &str = "postgres";

/// One server: data directory, port, passwords. It stops when dropped.
#[derive(Debug)]
pub struct Postgres {
    dir: PathBuf,
    pub port: u16,
    daemon: Daemon,
    settings: &'static [&'static str],
}

/// As tests want it: small, and open to many gateways at once.
const TEST_SETTINGS: &[&str] = &[
    "full_page_writes=off",
    "max_connections=200",
    "shared_buffers=64MB",
    "jit=off",
    "shared_preload_libraries=pg_stat_statements",
    "autovacuum_naptime=10s",
    "log_statement=none",
];

impl Postgres {
    /// The server that tests share; databases on it are their own.
    pub fn shared() -> Arc<Postgres> {
        static SHARED: OnceLock<Arc<Postgres>> = OnceLock::new();
        Arc::clone(SHARED.get_or_init(|| Arc::new(Postgres::start())))
    }

    /// A new server, for tests that stop it or fill it.
    pub fn start() -> Postgres {
        Postgres::start_with(TEST_SETTINGS)
    }

    /// A new server with settings of the caller's, else as it is installed.
    pub fn start_with(settings: &'static [&'static str]) -> Postgres {
        let dir = scratch("pg");
        // Copying an initialised directory takes a tenth of initialising one.
        run(Command::new("cp").arg("-a").arg(template().join("data")).arg(&dir));
        let server = Postgres {
            dir,
            port: free_port(),
            daemon: Daemon::default(),
            settings,
        };
        server.own();
        server.launch();
        server
    }

    /// A server that follows this one, as `pg_basebackup` makes it.
    pub fn standby(&self) -> Postgres {
        let server = Postgres {
            dir: scratch("pg-standby"),
            port: free_port(),
            daemon: Daemon::default(),
            settings: self.settings,
        };
        server.own();
        let mut backup = command(binary("pg_basebackup"), Some(SUPERUSER));
        backup.args([
            "-h",
            "127.0.0.1",
            "-U",
            SUPERUSER,
            "-R",
            "-c",
            "fast",
            "-X",
            "stream",
            "--no-sync",
        ]);
        backup
            .args(["-p", &self.port.to_string()])
            .arg("-D")
            .arg(server.dir.join("data"));
        run(backup.current_dir(&server.dir).env("PGPASSWORD", superuser_password()));
        server.launch();
        server
    }

    /// Makes a standby take writes.
    pub fn promote(&self) {
        self.psql("postgres", "SELECT pg_promote()");
    }

    /// User postgres must be able to write where it works.
    fn own(&self) {
        if super::process::is_root() {
            run(Command::new("chown").arg("postgres:").arg(&self.dir));
        }
    }

    /// Where its data, its log and its socket are.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Starts it, or starts it again, and waits until it answers.
    pub fn launch(&self) {
        let make = || {
            let mut postgres = command(binary("postgres"), Some(SUPERUSER));
            postgres.arg("-D").arg(self.dir.join("data")).arg("-k").arg(&self.dir);
            postgres.args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]);
            postgres.arg("-c").arg(format!("port={}", self.port));
            for setting in self.settings {
                postgres.arg("-c").arg(setting);
            }
            postgres
        };
        self.daemon
            .launch(&self.dir, make, || self.try_psql("postgres", "SELECT 1").is_ok());
    }

    /// Stops it as an operator would.
    pub fn stop(&self) {
        self.daemon.stop("INT");
    }

    /// Ends it as a power cut would.
    pub fn kill(&self) {
        self.daemon.kill();
    }

    /// Stops it where it stands: connections stay open, and nothing is answered.
    pub fn freeze(&self) {
        self.daemon.freeze();
    }

    pub fn thaw(&self) {
        self.daemon.thaw();
    }

    /// Its processes, the one that was started first.
    #[allow(dead_code)] // benches/side_by_side
    pub fn family(&self) -> Vec<u32> {
        self.daemon.family()
    }

    /// Makes a database that `APP_USER` may read.
    pub fn create(&self, name: &str) {
        self.psql("postgres", &format!("CREATE DATABASE {name}"));
        self.psql(
            name,
            &format!("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {APP_USER};"),
        );
    }

    /// Who may do everything there, and the password.
    pub fn superuser(&self) -> [&'static str; 2] {
        [SUPERUSER, superuser_password()]
    }

    /// Runs SQL as superuser; rows come back tab-separated.
    pub fn psql(&self, database: &str, sql: &str) -> String {
        self.try_psql(database, sql)
            .unwrap_or_else(|error| panic!("{sql:.300}: {error}"))
    }

    pub fn try_psql(&self, database: &str, sql: &str) -> Result<String, String> {
        let mut psql = Command::new("psql");
        psql.args([
            "-X",
            "-q",
            "-A",
            "-t",
            "-F",
            "\t",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            "127.0.0.1",
            "-U",
            SUPERUSER,
        ]);
        psql.args(["-p", &self.port.to_string(), "-d", database, "-f", "-"]);
        psql.env("PGPASSWORD", superuser_password())
            .env("PGTZ", "UTC")
            .env("PGCLIENTENCODING", "UTF8");
        psql.env("PGOPTIONS", "-c client_min_messages=warning")
            .env("PGCONNECT_TIMEOUT", "3");
        database::pipe(&mut psql, sql)
    }
}

/// Debian keeps the server's programs out of the PATH, by version.
fn binary(name: &str) -> PathBuf {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    let dir = DIR.get_or_init(|| {
        let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
            .expect("PostgreSQL is not installed: use tests/run, which does that")
            .flatten()
            .filter(|entry| entry.path().join("bin/initdb").exists())
            .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
            .collect();
        versions.sort();
        versions
            .pop()
            .expect("PostgreSQL is not installed: use tests/run, which does that")
            .1
    });
    dir.join(name)
}

fn superuser_password() -> &'static str {
    "pg-superuser-4f1d"
}

/// An initialised data directory, with the role that the gateway uses, for copies.
fn template() -> PathBuf {
    static TEMPLATE: OnceLock<PathBuf> = OnceLock::new();
    let dir = TEMPLATE.get_or_init(|| {
        note_secret(superuser_password());
        let dir = scratch("pg-template");
        let server = Postgres {
            dir: dir.clone(),
            port: free_port(),
            daemon: Daemon::default(),
            settings: TEST_SETTINGS,
        };
        server.own();
        let password_file = test_dir().join("pg-password");
        fs::write(&password_file, superuser_password()).unwrap();
        let mut initdb = command(binary("initdb"), Some(SUPERUSER));
        initdb
            .arg("-D")
            .arg(dir.join("data"))
            .arg("--pwfile")
            .arg(&password_file);
        // A real password exchange, as deployments have it; the SQL_URI then holds a secret that must not be logged.
        initdb.args([
            "-A",
            "scram-sha-256",
            "-U",
            SUPERUSER,
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ]);
        run(initdb.current_dir(&dir));
        server.launch();
        server.psql(
            "postgres",
            &format!(
                "CREATE ROLE {APP_USER} LOGIN PASSWORD '{}'; CREATE EXTENSION pg_stat_statements",
                database::APP_PASSWORD
            ),
        );
        server.stop();
        dir
    });
    dir.clone()
}
