//! What takes half a minute: an outage of that length, and replicas replaced one after the other. It
//! runs in threads beside each other, from the first outage test on; the tests here wait for the end.

use super::stage::{Memory, Stage, documented};
use crate::harness::ldap::BASE;
use crate::harness::{Database, beside_others, eventually, figure, ldapsearch};
use crate::rolling_update;
use std::sync::{Mutex, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

type Story = (&'static str, fn());

const STORIES: [Story; 3] = [
    ("database_killed", || {
        thirty_seconds("killed", Database::kill, Database::launch)
    }),
    ("database_frozen", || {
        thirty_seconds("frozen", Database::freeze, Database::thaw)
    }),
    ("replicas_replaced", rolling_update::under_load),
];

type Told = Mutex<Option<JoinHandle<()>>>;

/// Starts all that have not been started.
pub fn start() -> &'static [Told; 3] {
    static STARTED: OnceLock<[Told; 3]> = OnceLock::new();
    STARTED.get_or_init(|| {
        STORIES.map(|(name, tell)| {
            let told = thread::Builder::new().name(format!("sssd.stories.{name}"));
            let told = told.spawn(move || {
                // Not in the tests: one of them would wait for a story that waits for somebody who wants to be alone.
                let _guard = beside_others();
                tell();
            });
            Mutex::new(Some(told.unwrap()))
        })
    })
}

/// Waits for a story, and fails as it has failed.
fn story(name: &str) {
    let index = STORIES.iter().position(|(other, _)| *other == name).unwrap();
    let told = start()[index].lock().unwrap().take().unwrap();
    if let Err(panic) = told.join() {
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn database_killed_for_half_a_minute() {
    story("database_killed");
}

#[test]
fn database_frozen_for_half_a_minute() {
    story("database_frozen");
}

#[test]
fn replicas_replaced() {
    story("replicas_replaced");
}

/// Whoever is known stays known, whoever is not in the cache is not invented, and logins work again when it is back.
fn thirty_seconds(how: &str, begin: fn(&Database), end: fn(&Database)) {
    let stage = Stage::new(&documented());
    let sssd = &stage.sssd;
    let memory = Memory::of(sssd);
    memory.assert_whole();
    let people = stage.people();
    thread::sleep(Duration::from_secs(2));

    begin(&stage.database);
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(30) {
        // The loop expires the caches.
        assert_eq!(Memory::of(sssd), memory, "{how} for {:?}", began.elapsed());
        thread::sleep(Duration::from_millis(500));
    }
    assert!(!sssd.online(), "SSSD must have noticed, or nothing was tested");
    end(&stage.database);

    let back = Instant::now();
    let answers = || {
        let search = stage.site.replicas[0].with(|gateway| ldapsearch(gateway, &["-b", BASE, "uid=alice", "uid"]));
        search.code == 0 && search.entries.len() == 1
    };
    assert!(
        eventually(Duration::from_secs(30), answers),
        "the gateway does not answer again"
    );
    let answered = back.elapsed();
    let online = eventually(Duration::from_secs(150), || sssd.online());
    assert!(online, "SSSD stays offline\n{}", sssd.log_tail());
    let online = Instant::now();
    thread::sleep(Duration::from_secs(3));
    let report = people.finish();
    figure(&format!(
        "sssd, database {how} for 30 s: first right ldapsearch {} ms after its return, SSSD online again {:.1} s after; {report}",
        answered.as_millis(),
        (online - back).as_secs_f64(),
    ));
    assert!(report.lookups.failures.is_empty(), "{:#?}", report.lookups);
    let late: Vec<_> = report
        .logins
        .failures
        .iter()
        .filter(|failure| failure.began > online)
        .collect();
    assert!(late.is_empty(), "{late:#?}");
    sssd.expire();
    assert_eq!(Memory::of(sssd), memory);
    stage.assert_works();
}
