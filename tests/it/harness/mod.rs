//! Servers, databases and clients for the tests. Nothing in here knows how the gateway works inside.

pub mod certificates;
pub mod client;
pub mod container;
pub mod database;
pub mod galera;
pub mod gateway;
pub mod ldap;
pub mod login_loop;
pub mod machine;
pub mod mariadb;
pub mod nslcd;
pub mod pgbouncer;
pub mod postgres;
pub mod process;
pub mod push_service;
pub mod random;
pub mod relay;
pub mod site;
pub mod slapd;
pub mod sssd;

pub use client::Client;
pub use database::{Database, Engine};
pub use gateway::{Env, Gateway};
pub use ldap::{Search, ldapsearch, ldapwhoami};
pub use site::Site;
pub use slapd::Slapd;

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

/// Where everything of this run lives: given by `tests/run`, which removes it; else one of our own, which the next run
/// removes. Under /tmp and short, because PostgreSQL and MariaDB make Unix sockets in it.
pub fn test_dir() -> &'static Path {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    DIR.get_or_init(|| {
        let dir = match std::env::var_os("LDAP_GATEWAY_TEST_DIR") {
            Some(dir) => PathBuf::from(dir),
            None => {
                remove_leftovers();
                PathBuf::from(format!("/tmp/lgt-{}", std::process::id()))
            }
        };
        for sub in ["", "logs", "pids"] {
            fs::create_dir_all(dir.join(sub)).unwrap();
        }
        dir
    })
}

/// Directories of test processes that are gone.
fn remove_leftovers() {
    for entry in fs::read_dir("/tmp").unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(pid) = name.strip_prefix("lgt-").filter(|pid| pid.parse::<u32>().is_ok()) else {
            continue;
        };
        if !Path::new("/proc").join(pid).exists() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// A new directory, named for what it is for.
pub fn scratch(name: &str) -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let dir = test_dir().join(format!("{name}.{}", COUNT.fetch_add(1, Ordering::Relaxed)));
    fs::create_dir_all(&dir).unwrap();
    dir
}

/// A loopback port that nobody listens on: below the kernel's range for outgoing connections, so that none of those
/// takes it meanwhile, and never the same twice in one run.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = 14_000 + u16::try_from(std::process::id() % 17_000).unwrap();
    loop {
        let port = 14_000 + (start - 14_000 + NEXT.fetch_add(1, Ordering::Relaxed)) % 18_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// A text that no log may hold; `tests/run` looks for all of them after the last test.
pub fn note_secret(text: &str) {
    let is_word = text.len() < 16 && text.chars().all(|c| c.is_ascii_lowercase());
    assert!(!is_word, "{text}: a log may have this word anyway");
    append("secrets", text);
}

/// A measured figure, shown by `tests/run` at the end.
pub fn figure(text: &str) {
    println!("{text}");
    append("figures", text);
}

fn append(file: &str, line: &str) {
    static LOCK: Mutex<()> = Mutex::new(());
    let _guard = LOCK.lock().unwrap();
    let mut file = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(test_dir().join(file))
        .unwrap();
    writeln!(file, "{line}").unwrap();
}

/// Asks until it is so, or the time is over. Returns whether it was.
pub fn eventually(limit: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    loop {
        if is_so() {
            return true;
        }
        if start.elapsed() > limit {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A file of the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Held by ordinary tests: they run beside each other, but not beside one that measures.
pub fn beside_others() -> RwLockReadGuard<'static, ()> {
    PROCESSORS.read().unwrap_or_else(PoisonError::into_inner)
}

/// Held by a test that measures, or needs the processors to be its own.
pub fn alone() -> RwLockWriteGuard<'static, ()> {
    PROCESSORS.write().unwrap_or_else(PoisonError::into_inner)
}

static PROCESSORS: RwLock<()> = RwLock::new(());

/// Runs a future on a runtime of its own.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}
