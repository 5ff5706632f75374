//! The program under test, as a process of its own.

use super::process::{Process, command};
use super::{eventually, free_port, scratch, test_dir};
use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Environment variables for the gateway; it gets these and nothing of the test's own environment.
#[derive(Clone, Debug, Default)]
pub struct Env(BTreeMap<String, String>);

impl Env {
    /// Lines of `NAME=value`, the value being the rest of the line, as container engines read them.
    pub fn from_file(path: &Path) -> Env {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let pairs = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        Env(pairs
            .map(|line| line.split_once('=').unwrap())
            .map(|(k, v)| (k.into(), v.into()))
            .collect())
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Env {
        self.0.insert(name.to_string(), value.to_string());
        self
    }

    #[must_use]
    pub fn without(mut self, name: &str) -> Env {
        self.0.remove(name);
        self
    }

    /// Changes one variable that is there.
    #[must_use]
    pub fn changed(mut self, name: &str, change: impl FnOnce(&str) -> String) -> Env {
        let value = self.0.get_mut(name).unwrap_or_else(|| panic!("{name} is not set"));
        *value = change(value);
        self
    }

    /// Adds `columns` to the two user queries, before the password column.
    #[must_use]
    pub fn with_user_columns(self, columns: &str) -> Env {
        let add = |query: &str| query.replacen(" FROM ", &format!(", {columns} FROM "), 1);
        self.changed("SQL_QUERY_ALL_USERS", add)
            .changed("SQL_QUERY_ONE_USER", add)
    }

    pub fn get(&self, name: &str) -> &str {
        &self.0[name]
    }

    pub fn iter(&self) -> impl Iterator<Item = (&String, &String)> {
        self.0.iter()
    }
}

/// A running gateway; killed when dropped. Its log stays for `tests/run` to look through.
#[derive(Debug)]
pub struct Gateway {
    pub process: Process,
    pub port: u16,
    pub tls: bool,
    log: PathBuf,
}

/// How long a start may take. Generous: the machine may be building and running three databases.
const START_LIMIT: Duration = Duration::from_secs(30);

impl Gateway {
    /// Starts it and waits until it answers.
    pub fn start(env: &Env) -> Gateway {
        let mut gateway = Gateway::spawn(env);
        gateway.expect_ready();
        gateway
    }

    /// Plain LDAP instead of LDAPS.
    pub fn start_plain(env: &Env) -> Gateway {
        Gateway::start(&env.clone().with("LDAP_UNENCRYPTED", true))
    }

    /// Starts it and does not wait.
    pub fn spawn(env: &Env) -> Gateway {
        Gateway::spawn_in(&scratch("gw"), env)
    }

    /// The same in a directory that may hold a `.env` or `certs/`.
    pub fn spawn_in(dir: &Path, env: &Env) -> Gateway {
        Gateway::spawn_on(dir, env, free_port())
    }

    /// The same on a given port: one that takes another's place.
    pub fn spawn_on(dir: &Path, env: &Env, port: u16) -> Gateway {
        let mut env = env.clone().with("PORT", port).with("BIND_IP", "127.0.0.1");
        // The most verbose level everywhere, so that every test also looks for leaks.
        if !env.0.contains_key("LOG_LEVEL") {
            env = env.with("LOG_LEVEL", "trace");
        }
        let tls = env.0.get("LDAP_UNENCRYPTED").is_none_or(|value| value != "true");
        let log = log_file("serve");
        let stderr = fs::File::options().append(true).open(&log).unwrap();
        Gateway::spawn_logging(dir, &env, port, tls, log, stderr.into())
    }

    /// The same with its log going elsewhere.
    pub fn spawn_with_log(env: &Env, log: impl Into<Stdio>) -> Gateway {
        let port = free_port();
        let env = env.clone().with("PORT", port).with("BIND_IP", "127.0.0.1");
        Gateway::spawn_logging(&scratch("gw"), &env, port, true, log_file("serve"), log.into())
    }

    fn spawn_logging(dir: &Path, env: &Env, port: u16, tls: bool, log: PathBuf, stderr: Stdio) -> Gateway {
        let mut gateway = program(dir, env, &[]);
        gateway.stdout(fs::File::options().append(true).open(&log).unwrap());
        gateway.stderr(stderr);
        Gateway {
            process: Process::spawn(gateway),
            port,
            tls,
            log,
        }
    }

    /// Another program that serves plain LDAP as a gateway does.
    pub fn of_process(process: Process, port: u16, log: PathBuf) -> Gateway {
        Gateway {
            process,
            port,
            tls: false,
            log,
        }
    }

    pub fn expect_ready(&mut self) {
        let ready = self.wait_ready(START_LIMIT);
        assert!(ready, "the gateway did not start\n{}", self.log_tail());
    }

    /// Whether it answers the root DSE within the limit.
    pub fn wait_ready(&mut self, limit: Duration) -> bool {
        let mut ended = false;
        eventually(limit, || {
            ended = self.process.try_wait().is_some();
            ended || (self.accepts() && self.answers())
        }) && !ended
    }

    /// Whether a TCP connection is accepted.
    pub fn accepts(&self) -> bool {
        TcpStream::connect_timeout(&self.address(), Duration::from_secs(1)).is_ok()
    }

    fn answers(&self) -> bool {
        let read = async {
            let Ok(mut client) = super::Client::try_connect(self).await else {
                return false;
            };
            tokio::time::timeout(Duration::from_secs(2), client.root_dse())
                .await
                .is_ok_and(|read| read.is_ok())
        };
        // On a thread of its own: the test may be inside a runtime.
        std::thread::scope(|scope| scope.spawn(|| super::block_on(read)).join().unwrap())
    }

    pub fn address(&self) -> std::net::SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }

    pub fn uri(&self) -> String {
        format!("{}://127.0.0.1:{}", if self.tls { "ldaps" } else { "ldap" }, self.port)
    }

    /// All it has logged so far: it writes its lines a moment later, so until no more come.
    pub fn log(&self) -> String {
        let mut log = Vec::new();
        let mut before = None;
        eventually(Duration::from_secs(2), || {
            log = fs::read(&self.log).unwrap();
            before.replace(log.len()) == Some(log.len())
        });
        String::from_utf8_lossy(&log).into_owned()
    }

    pub fn log_tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

/// What a command that ends printed.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// Both streams.
    pub fn text(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// Runs the program to its end, with arguments and standard input.
pub fn run_to_end(env: &Env, arguments: &[&str], input: &str) -> Ended {
    run_in(&scratch("cmd"), env, arguments, input)
}

pub fn run_in(dir: &Path, env: &Env, arguments: &[&str], input: &str) -> Ended {
    let (out, err) = (log_file("command-out"), log_file("command-err"));
    let mut program = program(dir, env, arguments);
    program.stdin(Stdio::piped());
    program
        .stdout(fs::File::create(&out).unwrap())
        .stderr(fs::File::create(&err).unwrap());
    let mut child = program.spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let mut status = None;
    let ended = eventually(Duration::from_secs(60), || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    if !ended {
        let _ = child.kill();
        panic!("{arguments:?} did not end: {}", read(&err));
    }
    let status = status.unwrap();
    Ended {
        code: status.code(),
        status,
        stdout: read(&out),
        stderr: read(&err),
    }
}

fn read(path: &Path) -> String {
    let mut text = Vec::new();
    fs::File::open(path).unwrap().read_to_end(&mut text).unwrap();
    String::from_utf8_lossy(&text).into_owned()
}

fn program(dir: &Path, env: &Env, arguments: &[&str]) -> std::process::Command {
    // Measurements are of a release build.
    let built = std::env::var_os("LDAP_GATEWAY_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_ldap-gateway").into());
    let mut command = command(built, None);
    command.args(arguments).env_clear().envs(env.iter());
    command
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("RUST_BACKTRACE", "1");
    command.current_dir(dir).stdin(Stdio::null());
    command
}

/// A new file in `logs/`, named for the running test.
pub fn log_file(kind: &str) -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("unknown").replace("::", ".");
    let path = test_dir().join("logs").join(format!(
        "{:04}-{test}-{kind}.log",
        COUNT.fetch_add(1, Ordering::Relaxed)
    ));
    fs::write(&path, "").unwrap();
    path
}
