//! A site that may break, a machine of it, and what that machine remembers.

use crate::harness::ldap::{BATTERY_PASSWORD, set};
use crate::harness::login_loop::LoginLoop;
use crate::harness::sssd::{Conf, Group, Login, Sssd, User};
use crate::harness::{Database, Engine, Env, Site};
use std::sync::Arc;

/// A site that may break, and a machine of it.
pub struct Stage {
    pub database: Database,
    pub site: Site,
    pub sssd: Arc<Sssd>,
}

impl Stage {
    pub fn new(conf: &Conf) -> Stage {
        Stage::with(conf, |env| [env.clone(), env])
    }

    pub fn with(conf: &Conf, envs: impl FnOnce(Env) -> [Env; 2]) -> Stage {
        let database = Database::private(Engine::PostgreSql);
        Stage::on(database, conf, envs)
    }

    pub fn on(database: Database, conf: &Conf, envs: impl FnOnce(Env) -> [Env; 2]) -> Stage {
        // Somebody who may log in with a password that is quick to verify.
        database.sql("INSERT INTO \"UserGroups\" VALUES (30025, 20010)");
        // Not trace: the times are to be the gateway's, not the log's.
        let site = Site::start_with(envs(database.deployed().with("LOG_LEVEL", "debug")));
        let sssd = Arc::new(Sssd::start(&site, conf));
        Stage { database, site, sssd }
    }

    pub fn people(&self) -> LoginLoop {
        LoginLoop::start(&self.sssd, "cheap", BATTERY_PASSWORD, "ldapusers")
    }

    /// A lookup and a login, now.
    pub fn assert_works(&self) {
        self.sssd.expire();
        assert_eq!(self.sssd.user("alice").map(|user| user.uid), Some(10001));
        assert_eq!(self.sssd.groups_of("bob"), Some(set(["staff", "ldapusers"])));
        assert_eq!(self.sssd.login("cheap", BATTERY_PASSWORD), Login::In);
        assert_eq!(self.sssd.login("cheap", "wrong"), Login::Refused);
    }
}

pub fn documented() -> Conf {
    Conf::documented("rfc2307")
}

/// What a machine remembers, which no outage may take away.
#[derive(Debug, PartialEq, Eq)]
pub struct Memory(Vec<(Option<User>, Option<Vec<u32>>)>, Vec<Option<Group>>);

impl Memory {
    pub fn of(sssd: &Sssd) -> Memory {
        let users = ["alice", "bob", "carol", "erin", "grace", "heidi", "jörg", "doe, john"];
        let groups = ["staff", "developers", "ldapusers", "empty", "größe"];
        Memory(
            users
                .iter()
                .map(|user| (sssd.user(user), sssd.group_numbers(user)))
                .collect(),
            groups.iter().map(|group| sssd.group(group)).collect(),
        )
    }

    pub fn assert_whole(&self) {
        assert!(self.0.iter().all(|(user, groups)| user.is_some() && groups.is_some()));
        assert!(self.1.iter().all(Option::is_some));
    }
}
