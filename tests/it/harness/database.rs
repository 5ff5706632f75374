//! One database on one of the engines, filled from `sql/`.

use super::gateway::Env;
use super::mariadb::MariaDb;
use super::postgres::Postgres;
use super::{note_secret, repository, scratch};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// The role that the gateway logs in as: it may read, nothing else.
pub const APP_USER: &str = "gateway";
/// Its password, with characters that a URI must escape.
pub const APP_PASSWORD: &str = "db-S3cret/pa:ss@word?#";
/// The same as it stands in a URI.
pub const APP_PASSWORD_IN_URI: &str = "db-S3cret%2Fpa%3Ass%40word%3F%23";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    PostgreSql,
    MariaDb,
    Sqlite,
}

impl Engine {
    pub const ALL: [Engine; 3] = [Engine::PostgreSql, Engine::MariaDb, Engine::Sqlite];

    /// As in the file names of `sql/`.
    pub fn name(self) -> &'static str {
        match self {
            Engine::PostgreSql => "postgresql",
            Engine::MariaDb => "mariadb",
            Engine::Sqlite => "sqlite",
        }
    }

    /// Names in `"…"` as this engine quotes them by default.
    pub fn quoted(self, sql: &str) -> String {
        if self == Engine::MariaDb {
            sql.replace('"', "`")
        } else {
            sql.to_string()
        }
    }
}

/// Where a database lives.
#[derive(Clone, Debug)]
pub enum Server {
    Postgres(Arc<Postgres>),
    MariaDb(Arc<MariaDb>),
    Sqlite(PathBuf),
}

impl Server {
    pub fn shared(engine: Engine) -> Server {
        match engine {
            Engine::PostgreSql => Server::Postgres(Postgres::shared()),
            Engine::MariaDb => Server::MariaDb(MariaDb::shared()),
            Engine::Sqlite => Server::Sqlite(scratch("lite")),
        }
    }

    /// One that the test may stop.
    pub fn private(engine: Engine) -> Server {
        match engine {
            Engine::PostgreSql => Server::Postgres(Arc::new(Postgres::start())),
            Engine::MariaDb => Server::MariaDb(Arc::new(MariaDb::start())),
            Engine::Sqlite => Server::Sqlite(scratch("lite")),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Database {
    pub engine: Engine,
    pub server: Server,
    name: String,
}

impl Database {
    /// An empty database.
    pub fn empty_on(server: Server) -> Database {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        note_secret(APP_PASSWORD);
        note_secret(APP_PASSWORD_IN_URI);
        let name = format!("db{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let engine = match &server {
            Server::Postgres(server) => {
                server.create(&name);
                Engine::PostgreSql
            }
            Server::MariaDb(server) => {
                server.create(&name);
                Engine::MariaDb
            }
            Server::Sqlite(_) => Engine::Sqlite,
        };
        Database { engine, server, name }
    }

    /// The schema only.
    pub fn schema_on(server: Server) -> Database {
        let database = Database::empty_on(server);
        database.load(&repository(&format!("sql/schema-{}.sql", database.engine.name())));
        database
    }

    /// Schema, sample rows of `sql/`, and the odd rows of `tests/data/battery.sql`.
    pub fn filled_on(server: Server) -> Database {
        let database = Database::schema_on(server);
        database.load(&repository("sql/sample.sql"));
        database.load(&repository("tests/data/battery.sql"));
        note_sample_secrets();
        database
    }

    /// A filled one of the test's own on the shared server.
    pub fn fresh(engine: Engine) -> Database {
        Database::filled_on(Server::shared(engine))
    }

    /// A filled one on a server that the test may stop.
    pub fn private(engine: Engine) -> Database {
        Database::filled_on(Server::private(engine))
    }

    /// The filled one that tests share which only read.
    pub fn shared(engine: Engine) -> &'static Database {
        static SHARED: [OnceLock<Database>; 3] = [OnceLock::new(), OnceLock::new(), OnceLock::new()];
        SHARED[engine as usize].get_or_init(|| Database::fresh(engine))
    }

    /// Runs a file as an operator would.
    pub fn load(&self, file: &Path) {
        let text = fs::read_to_string(file).unwrap();
        self.run(&text)
            .unwrap_or_else(|error| panic!("{} on {}: {error}", file.display(), self.engine.name()));
    }

    /// Runs SQL with names in double quotes, on MariaDB too, as the database's owner. Rows come back tab-separated.
    pub fn sql(&self, sql: &str) -> String {
        let ansi = match self.engine {
            Engine::MariaDb => "SET SESSION sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES,NO_BACKSLASH_ESCAPES');\n",
            Engine::Sqlite => "PRAGMA foreign_keys = ON;\n",
            Engine::PostgreSql => "",
        };
        self.run(&format!("{ansi}{sql}"))
            .unwrap_or_else(|error| panic!("{sql:.300}: {error}"))
    }

    /// The rows of a query, as lines of cells.
    pub fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        self.sql(sql)
            .lines()
            .map(|line| line.split('\t').map(str::to_string).collect())
            .collect()
    }

    fn run(&self, sql: &str) -> Result<String, String> {
        match &self.server {
            Server::Postgres(server) => server.try_psql(&self.name, sql),
            Server::MariaDb(server) => server.try_sql(&self.name, sql),
            Server::Sqlite(_) => {
                let mut sqlite = Command::new("sqlite3");
                sqlite
                    .args(["-batch", "-bail", "-noheader", "-tabs", "-cmd", ".timeout 10000"])
                    .arg(self.sqlite_file());
                pipe(&mut sqlite, sql)
            }
        }
    }

    pub fn sqlite_file(&self) -> PathBuf {
        match &self.server {
            Server::Sqlite(dir) => dir.join(format!("{}.sqlite", self.name)),
            _ => panic!("not SQLite"),
        }
    }

    /// What SQL_URI is.
    pub fn uri(&self) -> String {
        let uri = |scheme: &str, port: u16| {
            format!(
                "{scheme}://{APP_USER}:{APP_PASSWORD_IN_URI}@127.0.0.1:{port}/{}",
                self.name
            )
        };
        match &self.server {
            Server::Postgres(server) => uri("postgres", server.port),
            Server::MariaDb(server) => uri("mysql", server.port),
            Server::Sqlite(_) => format!("sqlite:{}", self.sqlite_file().display()),
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The settings of `sql/deployed-*.env`, for this database.
    pub fn deployed(&self) -> Env {
        Env::from_file(&repository(&format!("sql/deployed-{}.env", self.engine.name()))).with("SQL_URI", self.uri())
    }

    /// The settings of `sql/recommended-*.env`, for this database.
    pub fn recommended(&self) -> Env {
        Env::from_file(&repository(&format!("sql/recommended-{}.env", self.engine.name()))).with("SQL_URI", self.uri())
    }

    pub fn stop(&self) {
        match &self.server {
            Server::Postgres(server) => server.stop(),
            Server::MariaDb(server) => server.stop(),
            Server::Sqlite(_) => panic!("SQLite has no server"),
        }
    }

    pub fn kill(&self) {
        match &self.server {
            Server::Postgres(server) => server.kill(),
            Server::MariaDb(server) => server.kill(),
            Server::Sqlite(_) => panic!("SQLite has no server"),
        }
    }

    pub fn launch(&self) {
        match &self.server {
            Server::Postgres(server) => server.launch(),
            Server::MariaDb(server) => server.launch(),
            Server::Sqlite(_) => panic!("SQLite has no server"),
        }
    }

    pub fn freeze(&self) {
        match &self.server {
            Server::Postgres(server) => server.freeze(),
            Server::MariaDb(server) => server.freeze(),
            Server::Sqlite(_) => panic!("SQLite has no server"),
        }
    }

    pub fn thaw(&self) {
        match &self.server {
            Server::Postgres(server) => server.thaw(),
            Server::MariaDb(server) => server.thaw(),
            Server::Sqlite(_) => panic!("SQLite has no server"),
        }
    }
}

/// The sample passwords and every hash in the sample files.
fn note_sample_secrets() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        for file in ["sql/sample.sql", "tests/data/battery.sql"] {
            let text = fs::read_to_string(repository(file)).unwrap();
            for hash in text
                .split('\'')
                .filter(|part| part.starts_with("$argon2") || part.starts_with('{'))
            {
                note_secret(hash);
                // Also without its scheme and parameters.
                note_secret(hash.rsplit('$').next().unwrap());
            }
        }
        note_secret(super::ldap::BATTERY_PASSWORD);
        for (_, password) in super::ldap::PASSWORDS {
            note_secret(password);
        }
    });
}

/// Runs a client program on a text; its output or what it complained about.
pub fn pipe(command: &mut Command, input: &str) -> Result<String, String> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{:?}: {error} (tests/run installs it)", command.get_program()));
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_string();
    let writer = std::thread::spawn(move || {
        // A client that stops at an error does not read the rest.
        let _ = stdin.write_all(input.as_bytes());
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(errors)
    }
}
