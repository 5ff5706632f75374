//! The database or a replica away, and what people on a machine with SSSD notice of it.

use super::stage::{Memory, Stage, documented};
use super::stories;
use crate::harness::database::Server;
use crate::harness::ldap::{password, set};
use crate::harness::relay::Relay;
use crate::harness::sssd::{Conf, Login, Sssd};
use crate::harness::{Database, Engine, Site, beside_others, eventually, figure};
use std::sync::RwLockReadGuard;
use std::thread;
use std::time::{Duration, Instant};

/// SSSD looks again soon, where waiting for that is not the point.
fn impatient() -> Conf {
    documented()
        .with("offline_timeout", "2")
        .with("offline_timeout_random_offset", "0")
}

fn begin() -> RwLockReadGuard<'static, ()> {
    stories::start();
    beside_others()
}

/// Away for about three seconds: everything waits, nothing fails.
#[test]
fn database_restarted() {
    let _guard = begin();
    let stage = Stage::new(&documented());
    let people = stage.people();
    thread::sleep(Duration::from_secs(1));
    let away = Instant::now();
    stage.database.stop();
    // Its start takes the rest.
    thread::sleep(Duration::from_millis(2_700).saturating_sub(away.elapsed()));
    stage.database.launch();
    let away = away.elapsed();
    thread::sleep(Duration::from_secs(3));
    let report = people.finish();
    figure(&format!(
        "sssd, database restarted, away {} ms: {report}",
        away.as_millis()
    ));
    report.assert_nothing_failed();
    assert_eq!(report.times_offline, 0);
}

/// A process that is gone: the very next lookup and the very next login go to the other one.
#[test]
fn replica_killed() {
    let _guard = begin();
    let stage = Stage::new(&documented());
    let [first, second] = &stage.site.replicas;
    stage.assert_works();
    assert_eq!(stage.sssd.last_server(), first.port);
    first.kill();
    stage.assert_works();
    assert_eq!(stage.sssd.last_server(), second.port);
    assert_eq!(stage.sssd.times_offline(), 0);
}

/// The other one reaches the database: no lookup fails, and logins go there as soon as the first one has given up.
fn cut_off(how: &str, cut: fn(&Relay)) {
    let _guard = begin();
    let database = Database::private(Engine::PostgreSql);
    let Server::Postgres(server) = &database.server else {
        panic!("{database:?}")
    };
    let relay = Relay::to(server.port);
    let direct = format!("@127.0.0.1:{}/", server.port);
    let relayed = database.uri().replace(&direct, &format!("@127.0.0.1:{}/", relay.port));
    assert_ne!(relayed, database.uri());
    let stage = Stage::on(database, &documented(), |env| {
        [env.clone().with("SQL_URI", relayed), env]
    });
    let [first, second] = &stage.site.replicas;
    stage.assert_works();
    assert_eq!(stage.sssd.last_server(), first.port);
    let people = stage.people();

    cut(&relay);
    let closed = || first.with(|gateway| !gateway.accepts());
    assert!(
        eventually(Duration::from_secs(20), closed),
        "ldap1 still takes connections"
    );
    let gone = Instant::now();
    thread::sleep(Duration::from_secs(3));
    stage.assert_works();
    assert_eq!(stage.sssd.last_server(), second.port);
    let report = people.finish();
    relay.open();
    figure(&format!("sssd, ldap1 cut from the database ({how}): {report}"));
    assert!(report.lookups.failures.is_empty(), "{:#?}", report.lookups);
    // Who had begun a login there is told something; whoever comes later is served.
    let late: Vec<_> = report
        .logins
        .failures
        .iter()
        .filter(|failure| failure.began > gone)
        .collect();
    assert!(late.is_empty(), "{late:#?}");
    assert_eq!(report.times_offline, 0);
}

#[test]
fn replica_cut_off_by_a_host_that_is_down() {
    cut_off("connections refused", Relay::close);
}

#[test]
fn replica_cut_off_by_a_link_that_is_down() {
    cut_off("silence", Relay::silence);
}

/// Nobody left to ask: the machine lives on what it has, and comes back by itself.
#[test]
fn both_replicas_stopped() {
    let _guard = begin();
    let stage = Stage::new(&impatient());
    let sssd = &stage.sssd;
    let memory = Memory::of(sssd);
    memory.assert_whole();
    for replica in &stage.site.replicas {
        replica.stop();
    }
    sssd.expire();
    assert_eq!(Memory::of(sssd), memory);
    assert_eq!(sssd.login("alice", password("alice")), Login::Unavailable);
    assert!(!sssd.online());
    // Not in the cache.
    assert_eq!(sssd.user("dave"), None);
    for replica in &stage.site.replicas {
        replica.start();
    }
    assert!(eventually(Duration::from_secs(30), || sssd.online()));
    stage.assert_works();
    assert_eq!(Memory::of(sssd), memory);
}

/// A machine that boots first: it finds the directory, and its base, when that comes.
#[test]
fn started_before_the_directory() {
    let _guard = begin();
    let site = Site::start(&Database::shared(Engine::PostgreSql).deployed());
    for replica in &site.replicas {
        replica.stop();
    }
    let sssd = Sssd::start_offline(&site, &impatient());
    assert_eq!(sssd.user("alice"), None);
    assert_eq!(sssd.login("alice", password("alice")), Login::UnknownUser);
    for replica in &site.replicas {
        replica.start();
    }
    assert!(
        eventually(Duration::from_secs(30), || sssd.online()),
        "{}",
        sssd.log_tail()
    );
    assert_eq!(sssd.login("alice", password("alice")), Login::In);
    assert_eq!(sssd.groups_of("bob"), Some(set(["staff", "ldapusers"])));
}

/// The database answers, but not this: no empty answer for it, so memberships stay.
#[test]
fn one_query_broken() {
    let _guard = begin();
    let stage = Stage::new(&impatient());
    let sssd = &stage.sssd;
    let memory = Memory::of(sssd);
    memory.assert_whole();
    stage.database.sql("ALTER TABLE \"UserGroups\" RENAME TO \"elsewhere\"");
    for _ in 0..3 {
        sssd.expire();
        assert_eq!(Memory::of(sssd), memory);
        thread::sleep(Duration::from_secs(1));
    }
    assert!(
        sssd.times_offline() > 0,
        "SSSD must have noticed, or nothing was tested"
    );
    stage.database.sql("ALTER TABLE \"elsewhere\" RENAME TO \"UserGroups\"");
    let works = || sssd.online() && sssd.login("alice", password("alice")) == Login::In;
    assert!(eventually(Duration::from_secs(60), works), "{}", sssd.log_tail());
    sssd.expire();
    assert_eq!(Memory::of(sssd), memory);
}
