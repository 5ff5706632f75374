//! PAM: the password, and who may log in.

use super::Case;
use crate::harness::ldap::{BATTERY_PASSWORD, PASSWORDS, password};
use crate::harness::sssd::Login;

pub fn right_password(case: &Case) {
    for (user, password) in PASSWORDS {
        // dave, erin and frank are in no group that may log in: see below.
        if ["alice", "bob", "carol", "grace"].contains(&user) {
            assert_eq!(case.sssd.login(user, password), Login::In, "{user}");
        }
    }
}

pub fn wrong_password(case: &Case) {
    for wrong in ["alice-likes-coffee", "Alice-likes-tea", "alice-likes-tea ", "*"] {
        assert_eq!(case.sssd.login("alice", wrong), Login::Refused, "{wrong:?}");
    }
    // It is remembered nowhere.
    assert_eq!(case.sssd.login("alice", password("alice")), Login::In);
}

/// SSSD itself refuses it: what a bind without a password is answered must not matter.
pub fn empty_password(case: &Case) {
    assert_eq!(case.sssd.login("alice", ""), Login::Refused);
    assert_eq!(case.sssd.login("heidi", ""), Login::Refused);
}

pub fn unknown_user(case: &Case) {
    assert_eq!(case.sssd.login("mallory", password("alice")), Login::UnknownUser);
    assert!(case.sssd.online(), "one more user that does not exist is no outage");
}

pub fn no_password_set(case: &Case) {
    assert_eq!(case.sssd.login("heidi", "heidi"), Login::Refused);
}

/// `(memberOf=…)` is decided by the gateway, on the user's own entry.
pub fn who_is_not_in_the_group_is_denied(case: &Case) {
    assert_eq!(case.sssd.login("erin", password("erin")), Login::Denied);
    assert_eq!(case.sssd.login("dave", password("dave")), Login::Denied);
    assert_eq!(case.sssd.login("cheap", BATTERY_PASSWORD), Login::Denied);
    // The password is looked at first.
    assert_eq!(case.sssd.login("erin", "wrong"), Login::Refused);
}

pub fn everybody(case: &Case) {
    let sssd = case.sssd_with(|conf| conf.with("ldap_access_filter", "(objectClass=posixAccount)"));
    assert_eq!(sssd.login("erin", password("erin")), Login::In);
    assert_eq!(sssd.login("cheap", BATTERY_PASSWORD), Login::In);
    assert_eq!(sssd.login("cheap", "wrong"), Login::Refused);
}
