//! PgBouncer in front of a PostgreSQL server of the tests.

use super::database::{APP_PASSWORD, APP_USER, Server};
use super::process::{Daemon, command, run};
use super::{Database, free_port, scratch};
use std::fs;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;

/// How long a client keeps a session of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Session,
    Transaction,
    Statement,
}

impl Mode {
    pub const ALL: [Mode; 3] = [Mode::Session, Mode::Transaction, Mode::Statement];

    pub fn name(self) -> &'static str {
        match self {
            Mode::Session => "session",
            Mode::Transaction => "transaction",
            Mode::Statement => "statement",
        }
    }
}

/// A running PgBouncer. It stops when dropped.
#[derive(Debug)]
pub struct PgBouncer {
    pub port: u16,
    dir: PathBuf,
    daemon: Daemon,
}

impl PgBouncer {
    /// In front of the database's server, which it gives at most `sessions` sessions. `more` are lines of its own file.
    pub fn start(database: &Database, mode: Mode, sessions: usize, more: &str) -> PgBouncer {
        let Server::Postgres(server) = &database.server else {
            panic!("PgBouncer is PostgreSQL's");
        };
        let dir = scratch("bouncer");
        let port = free_port();
        fs::write(
            dir.join("pgbouncer.ini"),
            format!(
                "[databases]\n* = host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
                 unix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {}\npool_mode = {}\n\
                 default_pool_size = {sessions}\nmax_client_conn = 100\n{more}\n",
                server.port,
                dir.join("users").display(),
                mode.name(),
            ),
        )
        .unwrap();
        fs::write(dir.join("users"), format!("\"{APP_USER}\" \"{APP_PASSWORD}\"\n")).unwrap();
        if super::process::is_root() {
            // It refuses to run as root.
            run(Command::new("chown").arg("-R").arg("postgres:").arg(&dir));
        }
        let bouncer = PgBouncer {
            port,
            dir,
            daemon: Daemon::default(),
        };
        bouncer.launch();
        bouncer
    }

    /// Starts it, or starts it again.
    pub fn launch(&self) {
        let make = || {
            let mut bouncer = command("pgbouncer", Some("postgres"));
            bouncer.arg("-q").arg(self.dir.join("pgbouncer.ini"));
            bouncer
        };
        let answers = || TcpStream::connect(("127.0.0.1", self.port)).is_ok();
        self.daemon.launch(&self.dir, make, answers);
    }

    /// Ends it as a power cut would.
    pub fn kill(&self) {
        self.daemon.kill();
    }

    /// The database's URI, by way of this.
    pub fn uri(&self, database: &Database) -> String {
        let Server::Postgres(server) = &database.server else {
            panic!("PgBouncer is PostgreSQL's");
        };
        database
            .uri()
            .replace(&format!(":{}/", server.port), &format!(":{}/", self.port))
    }
}
