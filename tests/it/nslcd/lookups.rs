//! NSS: users and groups by name and number, all of them, members, the groups of a user.

use super::shared;
use crate::harness::beside_others;
use crate::harness::ldap::{BATTERY_PASSWORD, set};
use crate::harness::machine::{Login, User};
use crate::harness::nslcd::{Conf, Nslcd};
use std::collections::BTreeSet;

fn expected(name: &str, uid: u32, gid: u32, gecos: &str) -> User {
    User {
        name: name.to_string(),
        uid,
        gid,
        gecos: gecos.to_string(),
        home: format!("/home/{name}"),
        shell: "/bin/bash".to_string(),
    }
}

#[test]
fn users_by_name_and_number() {
    let _guard = beside_others();
    let (_, nslcd) = shared();
    for user in [
        expected("alice", 10001, 20001, "Alice Smith"),
        expected("carol", 10003, 20002, "Carol Müller"),
        expected("erin", 10005, 20002, "Erin Hammersmith"),
        expected("MixedCase", 30007, 20001, "Mixed CASE"),
    ] {
        assert_eq!(nslcd.user(user.uid).as_ref(), Some(&user));
        assert_eq!(nslcd.user(&user.name), Some(user));
    }
}

#[test]
fn groups_by_name_and_number() {
    let _guard = beside_others();
    let (_, nslcd) = shared();
    for (name, gid, members) in [
        ("staff", 20001, &["alice", "bob", "dave"][..]),
        ("developers", 20002, &["alice", "carol", "erin", "heidi"]),
        ("Ops Team", 30101, &["MixedCase", "alice", "nulls"]),
        ("empty", 20012, &[]),
    ] {
        let by_name = nslcd.group(name).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(
            (by_name.gid, by_name.members),
            (gid, members.iter().map(ToString::to_string).collect())
        );
        assert_eq!(nslcd.group(gid).map(|group| group.name), Some(name.to_string()));
    }
}

#[test]
fn groups_of_a_user() {
    let _guard = beside_others();
    let (_, nslcd) = shared();
    let numbers = |user| nslcd.group_numbers(user).map(BTreeSet::from_iter);
    assert_eq!(numbers("alice"), Some([20001, 20002, 20010, 20011, 30101].into()));
    assert_eq!(nslcd.groups_of("bob"), Some(set(["staff", "ldapusers"])));
    // The primary group only, and it lists him not.
    assert_eq!(nslcd.group_numbers("frank"), Some(vec![20001]));
}

/// An answer, and not an outage: the machine's own files are not asked.
#[test]
fn who_does_not_exist() {
    let _guard = beside_others();
    let (site, nslcd) = shared();
    for name in ["ALICE", "a*", "alice)(uid=*", "29999"] {
        assert_eq!(nslcd.user(name), None, "{name}");
        assert_eq!(nslcd.group_numbers(name), None, "{name}");
    }
    for name in ["Staff", "st*", "29999"] {
        assert_eq!(nslcd.group(name), None, "{name}");
    }
    let nslcd = Nslcd::start(site, &Conf::documented().with_witness());
    assert_eq!(nslcd.user("alice").map(|user| user.uid), Some(10001));
    // A user is no group, and a group no user; nogid is no posixAccount.
    for name in ["mallory", "nogid", "staff"] {
        assert_eq!(nslcd.user(name), None, "{name}");
    }
    for name in ["mallory", "alice"] {
        assert_eq!(nslcd.group(name), None, "{name}");
    }
}

/// All that its names allow, in one answer and by pages.
#[test]
fn everybody_is_listed() {
    let _guard = beside_others();
    let (site, nslcd) = shared();
    let users = nslcd.all_users();
    let names = |users: &[User]| -> BTreeSet<String> { users.iter().map(|user| user.name.clone()).collect() };
    assert_eq!((users.len(), names(&users).len()), (22, 22), "{users:?}");
    assert!(users.contains(&expected("grace", 10007, 20003, "Grace O'Brien")));
    let groups = nslcd.all_groups();
    let staff = groups.iter().find(|group| group.name == "staff").unwrap();
    assert_eq!(staff.members, set(["alice", "bob", "dave"]));
    assert_eq!(groups.len(), 9, "{groups:?}");

    let paged = Nslcd::start(site, &Conf::documented().with("pagesize", "5"));
    assert_eq!(names(&paged.all_users()), names(&users));
    assert_eq!(paged.all_groups().len(), groups.len());
}

/// With `validnames` as the page has it for names that are not ASCII.
#[test]
fn names_that_are_odd() {
    let _guard = beside_others();
    let (site, nslcd) = shared();
    let everything = Nslcd::start(site, &Conf::documented().with_every_name().without("pam_authz_search"));
    for (name, uid, group) in [
        ("jörg", 30008, "größe"),
        ("o'brien", 30009, "R&D, Berlin"),
        ("doe, john", 30010, "R&D, Berlin"),
        ("per%cent", 30013, ""),
        ("back\\slash", 30018, ""),
    ] {
        assert_eq!(everything.user(name).map(|user| user.uid), Some(uid), "{name}");
        let groups = if group.is_empty() {
            set(["staff"])
        } else {
            set(["staff", group])
        };
        assert_eq!(everything.groups_of(name), Some(groups), "{name}");
        if name != "back\\slash" {
            assert_eq!(nslcd.user(name), None, "{name}: not without it");
        }
    }
    // Not those whose DN has an escape: nslcd takes the name for another one then.
    assert_eq!(everything.login("o'brien", BATTERY_PASSWORD), Login::In);
    assert_eq!(everything.login("o'brien", "wrong"), Login::Refused);
    assert_eq!(everything.user("*"), None);
    assert_eq!(
        everything.group("größe").map(|group| group.members),
        Some(set(["jörg", "smile😀"]))
    );
}
