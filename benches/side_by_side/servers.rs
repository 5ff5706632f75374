//! The three servers, filled with the same directory.

use crate::Options;
use crate::generate::{BASE, Directory, GROUP_COLUMNS, MEMBERSHIP_COLUMNS, USER_COLUMNS};
use crate::harness::database::{Database, Server as Engine};
use crate::harness::gateway::{Gateway, run_to_end};
use crate::harness::postgres::Postgres;
use crate::harness::process::run;
use crate::harness::slapd::{Setup, Slapd};
use crate::harness::{Engine as Kind, scratch};
use std::fmt::Write;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;

/// A server under measurement.
pub struct Server {
    pub name: &'static str,
    pub address: SocketAddr,
    program: Program,
    database: Option<Arc<Postgres>>,
}

enum Program {
    Gateway(Gateway),
    Slapd(Slapd),
}

pub const SLAPD: &str = "slapd back-mdb";
pub const ON_POSTGRESQL: &str = "gateway, PostgreSQL";
pub const ON_SQLITE: &str = "gateway, SQLite";

/// As Debian's package has it: the hashes are for nobody. And the indexes that these searches want.
const SLAPD_DATABASE: &str = "index objectClass eq
index uid,cn,mail eq,pres,sub
index uidNumber,gidNumber,memberUid,member eq
access to attrs=userPassword by self write by anonymous auth by * none
access to * by * read
";

impl Server {
    /// Its own processes.
    pub fn processes(&self) -> Vec<u32> {
        match &self.program {
            Program::Gateway(gateway) => vec![gateway.process.pid()],
            Program::Slapd(slapd) => vec![slapd.process.pid()],
        }
    }

    /// The processes of the database that it asks; SQLite runs in the gateway.
    pub fn database_processes(&self) -> Vec<u32> {
        self.database.as_ref().map_or(Vec::new(), |server| server.family())
    }
}

/// Starts those that are not left out.
pub fn start(directory: &Directory, options: &Options) -> Vec<Server> {
    let wanted = |name: &str| !options.without.iter().any(|without| without == name);
    let mut servers = Vec::new();
    if wanted("slapd") {
        servers.push(slapd(directory));
    }
    if wanted("postgresql") {
        servers.push(on_postgresql(directory, options));
    }
    if wanted("sqlite") {
        servers.push(on_sqlite(directory, options));
    }
    servers
}

fn slapd(directory: &Directory) -> Server {
    say("slapd is loaded");
    let dir = scratch("certificate");
    let (certificate, key) = (dir.join("cert.pem"), dir.join("key.pem"));
    // The kind of key that the gateway makes for itself.
    run(Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
        ])
        .args(["-subj", "/CN=localhost", "-days", "30"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate));
    let setup = Setup {
        tls: Some((certificate, key)),
        database: SLAPD_DATABASE,
        ..Setup::default()
    };
    let slapd = Slapd::start_with(BASE, &directory.ldif(), &setup);
    Server {
        name: SLAPD,
        address: ([127, 0, 0, 1], slapd.port).into(),
        program: Program::Slapd(slapd),
        database: None,
    }
}

/// The gateway on PostgreSQL as it is installed, except that it does not wait for the disk.
pub fn on_postgresql(directory: &Directory, options: &Options) -> Server {
    say("PostgreSQL is loaded");
    let postgres = Arc::new(Postgres::start_with(&[]));
    let database = Database::schema_on(Engine::Postgres(Arc::clone(&postgres)));
    copy_users(&database, directory);
    copy(&database, "Groups", &GROUP_COLUMNS, &directory.group_rows());
    copy(
        &database,
        "UserGroups",
        &MEMBERSHIP_COLUMNS,
        &directory.membership_rows(),
    );
    finish(&database, "VACUUM (ANALYZE); CHECKPOINT;");
    gateway(ON_POSTGRESQL, &database, Some(postgres), options)
}

fn on_sqlite(directory: &Directory, options: &Options) -> Server {
    say("SQLite is loaded");
    let database = Database::schema_on(Engine::shared(Kind::Sqlite));
    // Every column is given, so the order is the table's, with the entryUUID made here.
    insert(
        &database,
        "Users",
        &USER_COLUMNS,
        &directory.user_rows(0, directory.users),
    );
    insert(&database, "Groups", &GROUP_COLUMNS, &directory.group_rows());
    insert(
        &database,
        "UserGroups",
        &MEMBERSHIP_COLUMNS,
        &directory.membership_rows(),
    );
    finish(&database, "ANALYZE;");
    gateway(ON_SQLITE, &database, None, options)
}

fn gateway(name: &'static str, database: &Database, postgres: Option<Arc<Postgres>>, options: &Options) -> Server {
    let env = database.recommended().with("LOG_LEVEL", &options.log_level);
    let gateway = Gateway::start(&env);
    Server {
        name,
        address: gateway.address(),
        program: Program::Gateway(gateway),
        database: postgres,
    }
}

/// The indexes that `check` proposes, and what the engine does to know its tables.
fn finish(database: &Database, analyze: &str) {
    database.sql(analyze);
    let check = run_to_end(&database.recommended(), &["check"], "");
    let text = check.text();
    let proposed: Vec<&str> = text
        .lines()
        .filter_map(|line| line.find("CREATE INDEX").and_then(|at| line.get(at..)))
        .collect();
    for index in &proposed {
        say(&format!("check proposes: {index}"));
        database.sql(&format!("{};", index.trim_end_matches(';')));
    }
    if !proposed.is_empty() {
        database.sql(analyze);
    }
}

/// Users, some at a time.
fn copy_users(database: &Database, directory: &Directory) {
    const AT_ONCE: usize = 100_000;
    for from in (0..directory.users).step_by(AT_ONCE) {
        let to = (from + AT_ONCE).min(directory.users);
        copy(database, "Users", &USER_COLUMNS, &directory.user_rows(from, to));
    }
}

fn copy(database: &Database, table: &str, columns: &[&str], rows: &str) {
    let columns = quoted(columns);
    database.sql(&format!("COPY \"{table}\" ({columns}) FROM STDIN;\n{rows}\\.\n"));
}

fn insert(database: &Database, table: &str, columns: &[&str], rows: &str) {
    let mut sql = "BEGIN;\n".to_owned();
    let columns = quoted(columns);
    for row in rows.lines() {
        let values = row.replace('\'', "''").replace('\t', "','");
        writeln!(sql, "INSERT INTO \"{table}\" ({columns}) VALUES ('{values}');").unwrap();
    }
    database.sql(&(sql + "COMMIT;\n"));
}

fn quoted(columns: &[&str]) -> String {
    format!("\"{}\"", columns.join("\",\""))
}

pub fn say(text: &str) {
    eprintln!("side-by-side: {text}");
}
