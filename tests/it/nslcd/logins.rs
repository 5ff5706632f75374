//! PAM: the password, who may log in, and whom the machine trusts.

use super::shared;
use crate::harness::ldap::{BATTERY_PASSWORD, password};
use crate::harness::machine::Login;
use crate::harness::nslcd::{Conf, Nslcd, WITNESS};
use crate::harness::process::run;
use crate::harness::{beside_others, scratch};
use std::fs;
use std::process::Command;

#[test]
fn right_wrong_and_empty_passwords() {
    let _guard = beside_others();
    let (_, nslcd) = shared();
    for user in ["alice", "bob", "carol", "grace"] {
        assert_eq!(nslcd.login(user, password(user)), Login::In, "{user}");
    }
    for wrong in ["alice-likes-coffee", "Alice-likes-tea", "*", ""] {
        assert_eq!(nslcd.login("alice", wrong), Login::Refused, "{wrong:?}");
    }
    // Nobody has set one.
    assert_eq!(nslcd.login("heidi", "heidi"), Login::Refused);
    assert_eq!(nslcd.login("heidi", ""), Login::Refused);
    assert_eq!(nslcd.login("mallory", password("alice")), Login::UnknownUser);
}

/// `pam_authz_search` is decided by the gateway.
#[test]
fn who_is_not_in_the_group_is_denied() {
    let _guard = beside_others();
    let (site, nslcd) = shared();
    assert_eq!(nslcd.login("erin", password("erin")), Login::Denied);
    assert_eq!(nslcd.login("cheap", BATTERY_PASSWORD), Login::Denied);
    // The password is looked at first.
    assert_eq!(nslcd.login("erin", "wrong"), Login::Refused);
    let everybody = Nslcd::start(site, &Conf::documented().without("pam_authz_search"));
    assert_eq!(everybody.login("cheap", BATTERY_PASSWORD), Login::In);
    assert_eq!(everybody.login("cheap", "wrong"), Login::Refused);
}

/// A server with another certificate gets no password, and its answers are none.
#[test]
fn another_authority() {
    let _guard = beside_others();
    let (site, _) = shared();
    let dir = scratch("authority");
    run(Command::new("openssl").current_dir(&dir).args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=ldap1.example.com",
        "-keyout",
        "key.pem",
        "-out",
        "cert.pem",
    ]));
    let other = fs::read_to_string(dir.join("cert.pem")).unwrap();
    let conf = Conf::documented().with("reconnect_retrytime", "1").with_witness();
    let nslcd = Nslcd::start(site, &conf.trusting(other));
    assert_eq!(nslcd.user("alice").map(|user| user.uid), Some(WITNESS));
    assert_eq!(nslcd.login("alice", password("alice")), Login::Unavailable);
}
