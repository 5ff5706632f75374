//! The database or a replica away: nobody who exists is told not to.

use crate::harness::ldap::{BATTERY_PASSWORD, password, set};
use crate::harness::machine::Login;
use crate::harness::nslcd::{Conf, Nslcd, WITNESS};
use crate::harness::{Database, Engine, Site, beside_others, eventually};
use std::thread;
use std::time::Duration;

/// It gives up soon, and looks again soon.
fn impatient() -> Conf {
    Conf::documented().with_witness().with("reconnect_retrytime", "1")
}

struct Stage {
    database: Database,
    site: Site,
    nslcd: Nslcd,
}

impl Stage {
    fn new(conf: &Conf) -> Stage {
        let database = Database::private(Engine::PostgreSql);
        // Somebody who may log in with a password that is quick to verify.
        database.sql("INSERT INTO \"UserGroups\" VALUES (30025, 20010)");
        let site = Site::start(&database.deployed().with("LOG_LEVEL", "debug"));
        let nslcd = Nslcd::start(&site, conf);
        Stage { database, site, nslcd }
    }

    fn assert_works(&self) {
        let nslcd = &self.nslcd;
        assert_eq!(nslcd.user("alice").map(|user| user.uid), Some(10001), "{}", nslcd.log());
        assert_eq!(nslcd.user(10002).map(|user| user.name), Some("bob".to_string()));
        assert_eq!(nslcd.group("developers").map(|group| group.gid), Some(20002));
        assert_eq!(nslcd.groups_of("bob"), Some(set(["staff", "ldapusers"])));
        assert_eq!(nslcd.login("cheap", BATTERY_PASSWORD), Login::In);
        assert_eq!(nslcd.login("cheap", "wrong"), Login::Refused);
        assert_eq!(nslcd.user("mallory"), None);
    }

    /// Whether the directory has answered about alice; never that there is no alice.
    fn answers(&self) -> bool {
        let uid = self.nslcd.user("alice").map(|user| user.uid);
        assert!([Some(10001), Some(WITNESS)].contains(&uid), "{uid:?}");
        uid == Some(10001)
    }

    fn assert_away(&self) {
        let nslcd = &self.nslcd;
        assert_eq!(nslcd.user("alice").map(|user| user.uid), Some(WITNESS));
        assert_eq!(nslcd.group("developers").map(|group| group.gid), Some(WITNESS));
        assert_eq!(nslcd.login("alice", password("alice")), Login::Unavailable);
        assert_eq!(nslcd.login("alice", "wrong"), Login::Unavailable);
    }

    fn assert_comes_back(&self) {
        assert!(
            eventually(Duration::from_secs(30), || self.answers()),
            "{}",
            self.nslcd.log()
        );
        let logged_in = || self.nslcd.login("cheap", BATTERY_PASSWORD) == Login::In;
        assert!(eventually(Duration::from_secs(30), logged_in), "{}", self.nslcd.log());
        self.assert_works();
    }
}

/// One process gone: the very next lookup and the very next login go to the other one, and back.
#[test]
fn replica_killed() {
    let _guard = beside_others();
    let stage = Stage::new(&Conf::documented().with_witness());
    let [first, second] = &stage.site.replicas;
    stage.assert_works();
    first.kill();
    stage.assert_works();
    first.start();
    stage.assert_works();
    second.kill();
    stage.assert_works();
}

/// Whoever asks meanwhile waits.
#[test]
fn database_restarted() {
    let _guard = beside_others();
    let stage = Stage::new(&Conf::documented().with_witness());
    stage.assert_works();
    stage.database.stop();
    thread::scope(|scope| {
        let found = scope.spawn(|| stage.nslcd.user("alice").map(|user| user.uid));
        let login = scope.spawn(|| stage.nslcd.login("cheap", BATTERY_PASSWORD));
        thread::sleep(Duration::from_millis(1000));
        assert!(!found.is_finished() && !login.is_finished(), "the database is away");
        stage.database.launch();
        assert_eq!(found.join().unwrap(), Some(10001));
        assert_eq!(login.join().unwrap(), Login::In);
    });
    stage.assert_works();
}

#[test]
fn database_killed() {
    let _guard = beside_others();
    let stage = Stage::new(&impatient());
    stage.assert_works();
    stage.database.kill();
    assert!(eventually(Duration::from_secs(30), || !stage.answers()));
    stage.assert_away();
    stage.database.launch();
    stage.assert_comes_back();
}

#[test]
fn database_frozen() {
    let _guard = beside_others();
    let stage = Stage::new(&impatient());
    stage.assert_works();
    stage.database.freeze();
    stage.assert_away();
    stage.database.thaw();
    stage.assert_comes_back();
}

/// The database answers, but not this.
#[test]
fn one_query_broken() {
    let _guard = beside_others();
    let stage = Stage::new(&impatient());
    stage.assert_works();
    stage.database.sql("ALTER TABLE \"UserGroups\" RENAME TO \"elsewhere\"");
    assert_eq!(stage.nslcd.group("developers").map(|group| group.gid), Some(WITNESS));
    stage.database.sql("ALTER TABLE \"elsewhere\" RENAME TO \"UserGroups\"");
    stage.assert_comes_back();
}
