//! NSS: users and groups by name and number, members, the groups of a user, and names that are not harmless.

use super::{Case, Schema};
use crate::harness::ldap::{BATTERY_PASSWORD, set};
use crate::harness::sssd::{Login, User};
use std::collections::BTreeSet;

pub fn users_by_name(case: &Case) {
    let expected = |name: &str, uid, gid, gecos: &str| User {
        name: name.to_string(),
        uid,
        gid,
        gecos: gecos.to_string(),
        home: format!("/home/{name}"),
        shell: "/bin/bash".to_string(),
    };
    for user in [
        expected("alice", 10001, 20001, "Alice Smith"),
        expected("carol", 10003, 20002, "Carol Müller"),
        // Home directory and shell are the gateway's fallbacks; no group has the number.
        expected("erin", 10005, 20002, "Erin Hammersmith"),
        expected("grace", 10007, 20003, "Grace O'Brien"),
        expected("nulls", 30001, 20001, "nulls"),
    ] {
        assert_eq!(case.sssd.user(&user.name), Some(user));
    }
}

pub fn users_by_number(case: &Case) {
    for (uid, name) in [
        (10001, "alice"),
        (10007, "grace"),
        (30008, "jörg"),
        (30010, "doe, john"),
    ] {
        assert_eq!(
            case.sssd.user(uid).map(|user| user.name),
            Some(name.to_string()),
            "{uid}"
        );
    }
}

pub fn groups_by_name_and_number(case: &Case) {
    for (name, gid, members) in [
        ("staff", 20001, &["alice", "bob", "dave"][..]),
        ("developers", 20002, &["alice", "carol", "erin", "heidi"]),
        ("ldapusers", 20010, &["alice", "bob", "carol", "grace", "heidi"]),
        ("empty", 20012, &[]),
        ("Ops Team", 30101, &["MixedCase", "alice", "nulls"]),
        ("größe", 30103, &["jörg", "smile😀"]),
    ] {
        let members: BTreeSet<String> = members.iter().map(|member| (*member).to_string()).collect();
        let by_name = case.sssd.group(name).unwrap_or_else(|| panic!("{name}"));
        assert_eq!((by_name.gid, &by_name.members), (gid, &members), "{name}");
        let by_number = case.sssd.group(gid).unwrap_or_else(|| panic!("{gid}"));
        assert_eq!((by_number.name.as_str(), &by_number.members), (name, &members));
    }
    let words = ["alice", "doe,", "john", "o'brien", "plus+sign"];
    assert_eq!(case.sssd.words_of_members("R&D, Berlin"), words);
}

/// `id`, and what a login shell gets.
pub fn groups_of_a_user(case: &Case) {
    let all = set([
        "staff",
        "developers",
        "ldapusers",
        "sysadmins",
        "Ops Team",
        "R&D, Berlin",
    ]);
    assert_eq!(case.sssd.groups_of("alice"), Some(all));
    assert_eq!(case.sssd.groups_of("bob"), Some(set(["staff", "ldapusers"])));
    // The primary group only, and it lists him not.
    assert_eq!(case.sssd.group_numbers("frank"), Some(vec![20001]));
    // Nobody has the primary group's number.
    assert_eq!(case.sssd.group_numbers("grace"), Some(vec![20003, 20010]));
}

/// Not found is an answer: SSSD stays where it is.
pub fn who_does_not_exist(case: &Case) {
    let offline = case.sssd.times_offline();
    assert_eq!(case.sssd.user("mallory"), None);
    assert_eq!(case.sssd.user(29999), None);
    assert_eq!(case.sssd.user(4_294_967_294_u32), None);
    assert_eq!(case.sssd.group("mallory"), None);
    assert_eq!(case.sssd.group(29999), None);
    assert_eq!(case.sssd.group_numbers("mallory"), None);
    // A user is no group and a group no user.
    assert_eq!(case.sssd.group("alice"), None);
    assert_eq!(case.sssd.user("staff"), None);
    // No number of a group, so no posixAccount.
    assert_eq!(case.sssd.user("nogid"), None);
    assert_eq!((case.sssd.online(), case.sssd.times_offline()), (true, offline));
}

/// The gateway matches without regard to case; SSSD takes only the name it asked for.
pub fn names_in_another_case(case: &Case) {
    for name in ["ALICE", "Alice", "mixedcase", "JÖRG"] {
        assert_eq!(case.sssd.user(name), None, "{name}");
    }
    assert_eq!(case.sssd.user("MixedCase").map(|user| user.uid), Some(30007));
    assert_eq!(case.sssd.group("Staff"), None);
}

/// Characters with a meaning in filters, DNs, SQL and LIKE.
const ODD: [(&str, u32, &str); 13] = [
    ("jörg", 30008, "größe"),
    ("o'brien", 30009, "R&D, Berlin"),
    ("doe, john", 30010, "R&D, Berlin"),
    ("under_score", 30011, "under_group"),
    ("underXscore", 30012, "underXgroup"),
    ("per%cent", 30013, ""),
    ("#hash", 30014, ""),
    ("plus+sign", 30015, "R&D, Berlin"),
    ("quo\"te", 30016, ""),
    ("semi;<=>", 30017, ""),
    ("back\\slash", 30018, ""),
    ("two  spaces", 30020, ""),
    ("smile😀", 30024, "größe"),
];

pub fn names_that_are_odd(case: &Case) {
    for (name, uid, group) in ODD {
        assert_eq!(
            case.sssd.user(name).map(|user| (user.name, user.uid)),
            Some((name.to_string(), uid))
        );
        let mut groups = set(["staff"]);
        if !group.is_empty() {
            groups.insert(group.to_string());
        }
        assert_eq!(case.sssd.groups_of(name), Some(groups), "{name}");
    }
}

pub fn logins_of_odd_names(case: &Case) {
    let filter = match case.schema {
        Schema::Rfc2307 => "(objectClass=posixAccount)",
        // SSSD puts it beside the name, and the base is the user's DN.
        Schema::Rfc2307bis => "(&(uidNumber>=30000)(!(memberOf=cn=sysadmins,dc=example,dc=com)))",
    };
    let sssd = case.sssd_with(|conf| conf.with("ldap_access_filter", filter));
    for name in ["jörg", "o'brien", "doe, john", "plus+sign", "back\\slash"] {
        assert_eq!(sssd.login(name, BATTERY_PASSWORD), Login::In, "{name}");
        assert_eq!(sssd.login(name, "wrong"), Login::Refused, "{name}");
    }
}

/// Filters, patterns and DNs for names: none of them finds anybody, and none of them is an outage.
pub fn hostile_names(case: &Case) {
    let offline = case.sssd.times_offline();
    for name in [
        "*",
        "a*",
        "al?ce",
        "alice*",
        "_lice",
        "%",
        "alice)(uid=*",
        "*)(objectClass=*",
        "\\2a",
        "alice\\00",
        "alice,dc=example,dc=com",
        "uid=alice",
        "alice' OR '1'='1",
        "alice'; DROP TABLE \"Users\"; --",
        "alice\n",
        " alice",
        "alice ",
        "\u{7f}\u{1}",
        "ａｌｉｃｅ",
    ] {
        assert_eq!(case.sssd.user(name), None, "{name:?}");
        assert_eq!(case.sssd.group_numbers(name), None, "{name:?}");
        assert_eq!(case.sssd.login(name, "x"), Login::UnknownUser, "{name:?}");
    }
    for name in ["*", "st*", "staff)(cn=*", "under%group", "R&D\\, Berlin"] {
        assert_eq!(case.sssd.group(name), None, "{name:?}");
    }
    let long = "a".repeat(250);
    assert_eq!(case.sssd.user(&long), None);
    assert_eq!((case.sssd.online(), case.sssd.times_offline()), (true, offline));
}

/// `enumerate` is off unless asked for: nobody is listed, everybody is found.
pub fn nobody_is_listed(case: &Case) {
    assert!(case.sssd.user("alice").is_some());
    assert_eq!(case.sssd.all_users(), []);
    assert_eq!(case.sssd.all_groups(), []);
}
