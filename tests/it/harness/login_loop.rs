//! What people on a machine with SSSD notice of what happens to the servers: lookups with expired caches and logins, one
//! after the other, while something is going on.

use super::sssd::{Login, Sssd};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Between two attempts: enough to have one in every phase of an outage, and not so many that they measure themselves.
const PAUSE: Duration = Duration::from_millis(50);

/// Two threads, one that looks up and one that logs in, until `finish`.
#[derive(Debug)]
pub struct LoginLoop {
    stop: Arc<AtomicBool>,
    sssd: Arc<Sssd>,
    offline_before: usize,
    lookups: JoinHandle<Tally>,
    logins: JoinHandle<Tally>,
}

/// What was attempted and what came of it.
#[derive(Debug, Default)]
pub struct Tally {
    pub attempts: usize,
    pub failures: Vec<Failure>,
    /// The longest time from one success to the next.
    pub gap: Duration,
}

#[derive(Debug)]
pub struct Failure {
    pub began: Instant,
    pub what: String,
}

#[derive(Debug)]
pub struct Report {
    pub lookups: Tally,
    pub logins: Tally,
    /// How often SSSD gave up on both servers.
    pub times_offline: usize,
}

impl LoginLoop {
    /// Looks up a user, their groups and a group by turns: what there is now is what must be there at all times.
    /// Logs the same user in.
    pub fn start(sssd: &Arc<Sssd>, user: &str, password: &str, group: &str) -> LoginLoop {
        let stop = Arc::new(AtomicBool::new(false));
        let (user, password, group) = (user.to_string(), password.to_string(), group.to_string());
        assert_eq!(sssd.login(&user, &password), Login::In);
        let look_up = {
            let (sssd, user) = (Arc::clone(sssd), user.clone());
            move || (sssd.user(&user), sssd.group_numbers(&user), sssd.group(&group))
        };
        let expected = look_up();
        assert!(expected.0.is_some() && expected.1.is_some() && expected.2.is_some());
        let lookups = {
            let sssd = Arc::clone(sssd);
            repeat(&stop, move || {
                sssd.expire();
                let found = look_up();
                if found == expected {
                    Ok(())
                } else {
                    Err(format!("{found:?}"))
                }
            })
        };
        let logins = {
            let sssd = Arc::clone(sssd);
            repeat(&stop, move || match sssd.login(&user, &password) {
                Login::In => Ok(()),
                other => Err(format!("{other:?}")),
            })
        };
        LoginLoop {
            stop,
            sssd: Arc::clone(sssd),
            offline_before: sssd.times_offline(),
            lookups,
            logins,
        }
    }

    /// Ends it; what has happened.
    pub fn finish(self) -> Report {
        self.stop.store(true, Ordering::SeqCst);
        Report {
            lookups: self.lookups.join().unwrap(),
            logins: self.logins.join().unwrap(),
            times_offline: self.sssd.times_offline() - self.offline_before,
        }
    }
}

pub fn repeat(
    stop: &Arc<AtomicBool>,
    mut attempt: impl FnMut() -> Result<(), String> + Send + 'static,
) -> JoinHandle<Tally> {
    let stop = Arc::clone(stop);
    std::thread::spawn(move || {
        let mut tally = Tally::default();
        let mut last = Instant::now();
        while !stop.load(Ordering::SeqCst) {
            let began = Instant::now();
            tally.attempts += 1;
            match attempt() {
                Ok(()) => {
                    tally.gap = tally.gap.max(last.elapsed());
                    last = Instant::now();
                }
                Err(what) => tally.failures.push(Failure { began, what }),
            }
            std::thread::sleep(PAUSE);
        }
        // One that never succeeded again.
        tally.gap = tally.gap.max(last.elapsed());
        tally
    })
}

impl Report {
    pub fn assert_nothing_failed(&self) {
        assert!(
            self.lookups.failures.is_empty() && self.logins.failures.is_empty(),
            "{self:#?}"
        );
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tally = |tally: &Tally| {
            let mut kinds = BTreeMap::new();
            for failure in &tally.failures {
                *kinds.entry(failure.what.as_str()).or_insert(0) += 1;
            }
            let kinds: String = kinds
                .iter()
                .map(|(what, count)| format!(" ({count} {what:.40})"))
                .collect();
            format!(
                "{} of {} failed{kinds}, longest gap {} ms",
                tally.failures.len(),
                tally.attempts,
                tally.gap.as_millis()
            )
        };
        write!(
            formatter,
            "lookups: {}; logins: {}; SSSD offline {} times",
            tally(&self.lookups),
            tally(&self.logins),
            self.times_offline
        )
    }
}
