//! A login on a machine, through pam_sss and SSSD, with the settings of `docs/clients/sssd.md` for push approval.

use super::asking;
use crate::harness::ldap::password;
use crate::harness::push_service::{PushService, Reply};
use crate::harness::sssd::{Conf, Login, Sssd};
use crate::harness::{Database, Engine, Site, beside_others};
use std::time::{Duration, Instant};

/// A site whose replicas ask the same service, and a machine of it.
pub struct Logins {
    pub service: PushService,
    pub sssd: Sssd,
    _site: Site,
}

impl Logins {
    pub fn start(timeout: &str) -> Logins {
        let service = PushService::https(|_| Reply::action("approve"));
        let env = asking(&service, Database::shared(Engine::PostgreSql).deployed());
        let site = Site::start(&env.with("NOTIFICATION_TIMEOUT", timeout).with("LOG_LEVEL", "debug"));
        let sssd = Sssd::start(&site, &Conf::documented("rfc2307"));
        Logins {
            service,
            sssd,
            _site: site,
        }
    }
}

#[test]
fn approved_rejected_and_not_answered() {
    let _guard = beside_others();
    let logins = Logins::start("60s");
    let login = |typed: &str| {
        let begun = Instant::now();
        (logins.sssd.login("alice", typed), begun.elapsed())
    };
    assert_eq!(login(password("alice")).0, Login::In);
    let asked = logins.service.asked();
    assert_eq!((asked.len(), asked[0].text("username")), (1, "alice"));
    assert!(asked[0].text("body").contains("ldap1.example.com"), "{}", asked[0].body);
    // Longer than SSSD waits by default (8 s), as people do who look for the phone.
    logins
        .service
        .behave(|_| Reply::action("approve").after(Duration::from_secs(12)));
    let (outcome, took) = login(password("alice"));
    assert_eq!(outcome, Login::In);
    assert!(took >= Duration::from_secs(12), "{took:?}");
    logins.service.behave(|_| Reply::action("reject"));
    assert_eq!(login(password("alice")).0, Login::Refused);
    // The service gives up after 25 s.
    logins
        .service
        .behave(|_| Reply::error(408, "timeout").after(Duration::from_secs(25)));
    let (outcome, took) = login(password("alice"));
    assert_eq!(outcome, Login::Refused);
    assert!(took >= Duration::from_secs(25), "{took:?}");
    assert_eq!(logins.service.asked().len(), 4, "each login rang once");
    assert_eq!(login("wrong-Passw0rd").0, Login::Refused);
    assert_eq!(logins.service.asked().len(), 4, "nobody is rung for a guess");
    assert!(logins.sssd.online());
    // Lookups went on meanwhile, and go on.
    assert_eq!(logins.sssd.user("alice").map(|user| user.uid), Some(10001));
    logins.service.behave(|_| Reply::action("approve"));
    assert_eq!(login(password("alice")).0, Login::In);
}

#[test]
fn a_service_that_does_not_answer() {
    let _guard = beside_others();
    let logins = Logins::start("5s");
    logins.service.behave(|_| Reply::Wait);
    assert_eq!(logins.sssd.login("alice", password("alice")), Login::Refused);
    logins.service.behave(|_| Reply::error(500, "server-error"));
    // SSSD tells people the same, the log of the gateway does not.
    assert_eq!(logins.sssd.login("alice", password("alice")), Login::Refused);
    assert!(logins.sssd.online());
}

/// A lookup that comes while a login waits is answered at once, though SSSD has one process for both.
#[test]
fn lookups_do_not_wait_for_somebodys_phone() {
    let _guard = beside_others();
    let logins = Logins::start("60s");
    logins.service.behave(|_| Reply::Wait);
    std::thread::scope(|scope| {
        let login = scope.spawn(|| logins.sssd.login("alice", password("alice")));
        logins.service.wait_for(1);
        // The phone is silent until the lookup has its answer.
        assert_eq!(logins.sssd.user("bob").map(|user| user.uid), Some(10002));
        assert!(!login.is_finished());
        logins.service.answer(0, Reply::action("approve"));
        assert_eq!(login.join().unwrap(), Login::In);
    });
}
