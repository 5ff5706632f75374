//! A site as it is deployed: `ldap1` and `ldap2`, each a gateway of its own, with TLS, on one database.

use super::gateway::{Env, Gateway};
use super::{free_port, scratch};
use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

/// Both replicas; they end when this is dropped.
#[derive(Debug)]
pub struct Site {
    pub replicas: [Replica; 2],
}

impl Site {
    /// Both on the same settings.
    pub fn start(env: &Env) -> Site {
        Site::start_with([env.clone(), env.clone()])
    }

    /// Each with settings of its own, such as another way to the database.
    pub fn start_with([first, second]: [Env; 2]) -> Site {
        let site = Site {
            replicas: [Replica::new("ldap1", first), Replica::new("ldap2", second)],
        };
        for replica in &site.replicas {
            replica.spawn();
        }
        for replica in &site.replicas {
            replica.expect_ready();
        }
        site
    }

    /// What a client has to trust: the certificates of both.
    pub fn certificates(&self) -> String {
        self.replicas.iter().map(Replica::certificate).collect()
    }
}

/// One gateway's place: its name, port, settings and certificate stay when the process is replaced.
#[derive(Debug)]
pub struct Replica {
    pub name: &'static str,
    pub port: u16,
    env: Mutex<Env>,
    dir: PathBuf,
    gateway: Mutex<Option<Gateway>>,
}

impl Replica {
    fn new(name: &'static str, env: Env) -> Replica {
        Replica {
            name,
            port: free_port(),
            env: Mutex::new(env.with("LDAP_COMMON_NAME", format!("{name}.example.com"))),
            dir: scratch(name),
            gateway: Mutex::default(),
        }
    }

    /// Starts a process on the place, which must be empty, and does not wait.
    pub fn spawn(&self) {
        let mut gateway = self.gateway.lock().unwrap();
        assert!(gateway.is_none(), "{} runs", self.name);
        *gateway = Some(Gateway::spawn_on(&self.dir, &self.env.lock().unwrap(), self.port));
    }

    /// Changes what the next process gets.
    pub fn set(&self, name: &str, value: &str) {
        let mut env = self.env.lock().unwrap();
        *env = env.clone().with(name, value);
    }

    pub fn expect_ready(&self) {
        self.with(Gateway::expect_ready);
    }

    pub fn start(&self) {
        self.spawn();
        self.expect_ready();
    }

    /// Ends it as a service manager does: SIGTERM, and waiting until it is gone.
    pub fn stop(&self) {
        let mut gateway = self.gateway.lock().unwrap().take().unwrap();
        gateway.process.signal("TERM");
        let status = gateway.process.wait(Duration::from_secs(20));
        assert!(status.success(), "{}: {status}\n{}", self.name, gateway.log_tail());
    }

    /// Ends it as a power cut would.
    pub fn kill(&self) {
        self.gateway.lock().unwrap().take().unwrap().process.kill();
    }

    /// Does something with the running process.
    pub fn with<T>(&self, action: impl FnOnce(&mut Gateway) -> T) -> T {
        action(self.gateway.lock().unwrap().as_mut().unwrap())
    }

    /// The authority it has made: what clients are given.
    pub fn certificate(&self) -> String {
        fs::read_to_string(self.dir.join("certs/ca.pem")).unwrap()
    }
}
