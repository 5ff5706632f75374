//! A MariaDB server of our own.

use super::database::{self, APP_USER};
use super::process::{Daemon, command, is_root, run};
use super::{free_port, note_secret, scratch};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

/// One server: data directory, port, passwords. It stops when dropped.
#[derive(Debug)]
pub struct MariaDb {
    dir: PathBuf,
    pub port: u16,
    daemon: Daemon,
    own: Own,
}

/// What one server has and others have not.
#[derive(Debug, Default)]
pub struct Own {
    /// Arguments, after all others.
    pub arguments: Vec<String>,
    /// A library that is loaded before all others.
    pub preload: Option<PathBuf>,
    /// Who it runs as where the tests run as root; else root.
    pub user: Option<&'static str>,
}

impl MariaDb {
    /// The server that tests share; databases on it are their own.
    pub fn shared() -> Arc<MariaDb> {
        static SHARED: OnceLock<Arc<MariaDb>> = OnceLock::new();
        Arc::clone(SHARED.get_or_init(|| Arc::new(MariaDb::start())))
    }

    /// A new server, for tests that stop it or fill it.
    pub fn start() -> MariaDb {
        MariaDb::start_with(Own::default())
    }

    /// A new server with what is its own.
    pub fn start_with(own: Own) -> MariaDb {
        let dir = scratch("my");
        run(Command::new("cp").arg("-a").arg(template().join("data")).arg(&dir));
        if let Some(user) = own.user.filter(|_| is_root()) {
            run(Command::new("chown").arg("-R").arg(format!("{user}:")).arg(&dir));
        }
        let server = MariaDb {
            dir,
            port: free_port(),
            daemon: Daemon::default(),
            own,
        };
        server.launch();
        server
    }

    /// Where its data, its log and its socket are.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Starts it, or starts it again, and waits until it answers.
    pub fn launch(&self) {
        let make = || {
            let mut mariadbd = command("mariadbd", self.own.user);
            mariadbd.arg("--no-defaults");
            mariadbd.arg(format!("--datadir={}", self.dir.join("data").display()));
            mariadbd.arg(format!("--socket={}", self.dir.join("sock").display()));
            mariadbd.arg(format!("--pid-file={}", self.dir.join("pid").display()));
            // Another server that starts removes what it finds in a common one.
            mariadbd.arg(format!("--tmpdir={}", self.dir.display()));
            mariadbd.arg(format!("--port={}", self.port));
            mariadbd.args([
                "--bind-address=127.0.0.1",
                "--skip-name-resolve",
                "--skip-log-bin",
                // 2 and not 0: what was committed must survive `kill`.
                "--innodb-flush-log-at-trx-commit=2",
                "--innodb-flush-method=nosync",
                "--innodb-buffer-pool-size=64M",
                "--max-connections=200",
                // As Debian's package sets them.
                "--character-set-server=utf8mb4",
                "--collation-server=utf8mb4_general_ci",
                "--default-time-zone=+00:00",
            ]);
            if is_root() && self.own.user.is_none() {
                mariadbd.arg("--user=root");
            }
            mariadbd.args(&self.own.arguments);
            if let Some(library) = &self.own.preload {
                mariadbd.env("LD_PRELOAD", library);
            }
            mariadbd.env("PATH", path());
            mariadbd
        };
        self.daemon
            .launch(&self.dir, make, || self.try_sql("mysql", "SELECT 1").is_ok());
    }

    /// Stops it as an operator would.
    pub fn stop(&self) {
        self.daemon.stop("TERM");
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

    /// Makes a database that `APP_USER` may read.
    pub fn create(&self, name: &str) {
        self.sql(
            "mysql",
            &format!("CREATE DATABASE {name}; GRANT SELECT ON {name}.* TO {APP_USER}"),
        );
    }

    /// Where root is let in without a password.
    pub fn socket(&self) -> PathBuf {
        self.dir.join("sock")
    }

    /// Runs SQL as root; rows come back tab-separated.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        self.try_sql(database, sql)
            .unwrap_or_else(|error| panic!("{sql:.300}: {error}"))
    }

    pub fn try_sql(&self, database: &str, sql: &str) -> Result<String, String> {
        let mut client = Command::new("mariadb");
        client.args([
            "--no-defaults",
            "-N",
            "-B",
            "--raw",
            "--default-character-set=utf8mb4",
            "-u",
            "root",
        ]);
        client
            .arg("--connect-timeout=3")
            .arg(format!("--socket={}", self.dir.join("sock").display()))
            .arg(database);
        database::pipe(&mut client, sql)
    }
}

/// Servers are in sbin, which not every user has in the PATH.
fn path() -> String {
    format!(
        "{}:/usr/sbin:/usr/local/sbin",
        std::env::var("PATH").unwrap_or_default()
    )
}

/// An initialised data directory, with the role that the gateway uses, for copies.
fn template() -> PathBuf {
    static TEMPLATE: OnceLock<PathBuf> = OnceLock::new();
    let dir = TEMPLATE.get_or_init(|| {
        note_secret(database::APP_PASSWORD);
        let dir = scratch("my-template");
        let mut install = command("mariadb-install-db", None);
        install.env("PATH", path());
        install.args([
            "--no-defaults",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ]);
        install
            .arg("--innodb-log-file-size=16M")
            .arg(format!("--tmpdir={}", dir.display()))
            .arg(format!("--datadir={}", dir.join("data").display()));
        if is_root() {
            install.arg("--user=root");
        }
        run(&mut install);
        let server = MariaDb {
            dir: dir.clone(),
            port: free_port(),
            daemon: Daemon::default(),
            own: Own::default(),
        };
        server.launch();
        server.sql(
            "mysql",
            &format!("CREATE USER {APP_USER} IDENTIFIED BY '{}'", database::APP_PASSWORD),
        );
        server.stop();
        dir
    });
    dir.clone()
}
