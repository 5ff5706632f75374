//! sudo-ldap: the directory has no rules, which is an answer and not an error; what is in `/etc/sudoers` holds.

use super::shared;
use crate::harness::ldap::password;
use crate::harness::nslcd::{Conf, Nslcd, Sudo};
use crate::harness::{Database, Engine, Site, beside_others};

/// All of its questions were answered, with nobody.
fn assert_asked(sudo: &Sudo) {
    assert!(sudo.did.contains("ldap_sasl_bind_s() ok"), "{sudo:?}");
    let count = |text| sudo.did.matches(text).count();
    // One for the user and one for netgroups, of whom asks and of whom is asked about.
    let asked = count("sudo: ldap search '");
    assert!([2, 4].contains(&asked), "{sudo:?}");
    assert_eq!(count("result now has 0 entries"), asked, "{sudo:?}");
}

#[test]
fn nobody_is_allowed_anything() {
    let _guard = beside_others();
    let (_, nslcd) = shared();
    let sudo = nslcd.sudo_rules("alice");
    assert_asked(&sudo);
    assert!(sudo.said.contains("User alice is not allowed to run sudo"), "{sudo:?}");
    // All of her groups are in the filter.
    assert!(sudo.did.contains("(sudoUser=%sysadmins)"), "{sudo:?}");

    let sudo = nslcd.sudo("alice", password("alice"));
    assert_asked(&sudo);
    assert!(!sudo.allowed);
    assert!(sudo.said.contains("alice is not allowed to run sudo"), "{sudo:?}");
    let sudo = nslcd.sudo("alice", "wrong");
    assert!(
        !sudo.allowed && sudo.said.contains("1 incorrect password attempt"),
        "{sudo:?}"
    );
}

#[test]
fn the_file_holds() {
    let _guard = beside_others();
    let (_, nslcd) = shared();
    let sudo = nslcd.sudo_rules("bob");
    assert_asked(&sudo);
    assert!(sudo.said.contains("(root) /bin/true"), "{sudo:?}");
    let sudo = nslcd.sudo("bob", password("bob"));
    assert_asked(&sudo);
    assert!(sudo.allowed, "{sudo:?}");
    assert!(!nslcd.sudo("bob", "wrong").allowed);
}

/// Filters on attributes and values that the gateway has never heard of: undefined, and so nobody; no error.
#[test]
fn other_filters() {
    let _guard = beside_others();
    let (site, _) = shared();
    let conf = Conf::documented().with_sudo("sudoers_timed", "yes");
    let conf = conf.with_sudo("sudoers_search_filter", "(|(objectClass=sudoRole)(cn=*))");
    let nslcd = Nslcd::start(site, &conf);
    let sudo = nslcd.sudo_rules("alice");
    assert_asked(&sudo);
    assert!(sudo.did.contains("(sudoNotAfter>="), "{sudo:?}");
    assert!(sudo.said.contains("User alice is not allowed to run sudo"), "{sudo:?}");
}

/// One replica gone: the other one is asked. Both gone: what is in the file holds, nobody else is allowed anything.
#[test]
fn replicas_killed() {
    let _guard = beside_others();
    let site = Site::start(&Database::shared(Engine::PostgreSql).deployed());
    let nslcd = Nslcd::start(&site, &Conf::documented().with("reconnect_retrytime", "1"));
    let [first, second] = &site.replicas;
    first.kill();
    assert_asked(&nslcd.sudo_rules("alice"));
    second.kill();
    let sudo = nslcd.sudo_rules("root");
    assert!(sudo.did.contains("Can't contact LDAP server"), "{sudo:?}");
    assert!(sudo.said.contains("(ALL) ALL"), "{sudo:?}");
}
