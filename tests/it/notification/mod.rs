//! The link `notification`: somebody's phone says yes, or nobody gets in. A real service answers in all the ways of its
//! contract and in some that no contract has.

mod answers;
mod asked;
mod https;
mod many;
mod realms;
mod settings;
mod sshd;
mod sssd;
mod together;
mod waits;

use crate::harness::client::tls;
use crate::harness::gateway::Env;
use crate::harness::ldap::{BATTERY_PASSWORD, user_dn};
use crate::harness::push_service::{Asked, PushService, Reply};
use crate::harness::{Client, Database, Engine, Gateway, note_secret};
use std::net::Ipv4Addr;
use std::time::Duration;
use tokio::net::TcpSocket;
use tokio::task::JoinHandle;

/// Longer than anything here takes on a busy machine.
const LONG: Duration = Duration::from_secs(20);

/// Stand in the URL and in the request, and in no log.
const TOKEN: &str = "query-T0ken-of-the-url";
const API_KEY: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// A service and a gateway that asks it.
pub struct Stage {
    pub service: PushService,
    pub gateway: Gateway,
}

impl Stage {
    /// Over HTTPS, on the database that tests share.
    pub fn new(behaviour: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Stage {
        Stage::with(behaviour, |env| env)
    }

    /// The same with other settings.
    pub fn with(behaviour: impl Fn(&Asked) -> Reply + Send + Sync + 'static, change: impl FnOnce(Env) -> Env) -> Stage {
        let service = PushService::https(behaviour);
        let env = asking(&service, Database::shared(Engine::Sqlite).deployed());
        let gateway = Gateway::start(&change(env));
        Stage { service, gateway }
    }

    /// Binds once, as a user with a password that is quick to verify, from an address of loopback; the result code.
    pub async fn bind_from(&self, last: u8, user: &str, password: &str) -> i32 {
        let mut client = self.client(last).await;
        client.bind(&user_dn(user), password).await.unwrap()
    }

    pub async fn bind(&self) -> i32 {
        self.bind_from(1, "cheap", BATTERY_PASSWORD).await
    }

    /// A connection that comes from 127.0.0.`last`.
    pub async fn client(&self, last: u8) -> Client {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((Ipv4Addr::new(127, 0, 0, last), 0).into()).unwrap();
        let tcp = socket.connect(self.gateway.address()).await.unwrap();
        tcp.set_nodelay(true).unwrap();
        Client::over(Box::new(tls(tcp, &[]).await.unwrap()))
    }

    /// A bind that goes on while the test does something else.
    pub async fn begin(&self, last: u8, user: &str, password: &str) -> JoinHandle<Result<i32, ()>> {
        let mut client = self.client(last).await;
        let (dn, password) = (user_dn(user), password.to_owned());
        tokio::spawn(async move { client.bind(&dn, &password).await.map_err(|_| ()) })
    }

    /// Waits until there were so many requests, on a thread of its own.
    pub async fn wait_for(&self, requests: usize) -> Vec<Asked> {
        until(|| self.service.asked().len() >= requests).await;
        self.service.asked()
    }

    /// The last `why` of a bind's line in the log.
    pub fn why(&self) -> String {
        let log = self.gateway.log();
        let line = log
            .lines()
            .rfind(|line| line.contains("operation=\"bind\"") && line.contains("why="));
        let (_, why) = line
            .unwrap_or_else(|| panic!("no refused bind\n{log}"))
            .split_once("why=\"")
            .unwrap();
        why.split('"').next().unwrap().to_owned()
    }
}

/// Settings that ask the service, with all that must not be logged.
pub fn asking(service: &PushService, env: Env) -> Env {
    for secret in [TOKEN, API_KEY] {
        note_secret(secret);
    }
    env.with("AUTH_BACKENDS", "sql,notification")
        .with("NOTIFICATION_URL", format!("{}?token={TOKEN}", service.url()))
        .with("NOTIFICATION_CA_PATH", service.authority())
        .with("NOTIFICATION_API_KEY", API_KEY)
        .with("LDAP_COMMON_NAME", "ldap1.example.com")
}

pub async fn until(mut is_so: impl FnMut() -> bool) {
    let so = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(LONG, so).await.expect("it does not come");
}
