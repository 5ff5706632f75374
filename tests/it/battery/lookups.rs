//! Lookups by name, number and membership, as clients send them, and the entries that come.

use super::{Battery, names, search};
use crate::harness::ldap::{BASE, set, user_dn};

pub fn user_by_name(ctx: &Battery) {
    let alice = ctx.search(&["(uid=alice)"]).only();
    assert_eq!(alice.dn, "uid=alice,dc=example,dc=com");
    assert_eq!(
        alice.set("objectClass"),
        set(["top", "person", "organizationalPerson", "inetOrgPerson", "posixAccount"])
    );
    for (name, value) in [
        ("uid", "alice"),
        ("cn", "Alice Smith"),
        ("sn", "Smith"),
        ("givenName", "Alice"),
        ("mail", "alice@example.com"),
        ("uidNumber", "10001"),
        ("gidNumber", "20001"),
        ("homeDirectory", "/home/alice"),
        ("loginShell", "/bin/bash"),
        ("gecos", "Alice Smith"),
    ] {
        assert_eq!(alice.one(name), value, "{name}");
    }
    assert_eq!(alice.names().len(), 11, "{alice:#?}");
}

pub fn user_by_name_in_any_case(ctx: &Battery) {
    for name in ["ALICE", "Alice", "aLiCe"] {
        ctx.finds(&format!("(uid={name})"), ["alice"]);
    }
    assert_eq!(ctx.search(&["(UID=ALICE)"]).only().dn, user_dn("alice"));
    // Stored with capitals: found by any spelling, named as stored.
    for name in ["MixedCase", "mixedcase", "MIXEDCASE"] {
        assert_eq!(ctx.search(&[&format!("(uid={name})")]).only().dn, user_dn("MixedCase"));
    }
}

pub fn user_that_does_not_exist(ctx: &Battery) {
    ctx.finds("(uid=nobody)", []);
    ctx.finds("(uid=alic)", []);
    ctx.finds("(uid=alice2)", []);
}

pub fn all_users(ctx: &Battery) {
    ctx.finds_users("(objectClass=posixAccount)", "\"gidNumber\" IS NOT NULL");
    ctx.finds_users("(objectClass=inetOrgPerson)", "1 = 1");
    ctx.finds_users("(objectClass=person)", "1 = 1");
}

pub fn all_groups(ctx: &Battery) {
    ctx.finds_groups("(objectClass=groupOfNames)", "1 = 1");
    ctx.finds_set("(objectClass=posixGroup)", &ctx.all_groups());
}

pub fn group_by_name(ctx: &Battery) {
    let group = ctx.search(&["(&(objectClass=posixGroup)(cn=sysadmins))"]).only();
    assert_eq!(group.dn, "cn=sysadmins,dc=example,dc=com");
    assert_eq!(group.set("objectClass"), set(["top", "groupOfNames", "posixGroup"]));
    assert_eq!(group.one("cn"), "sysadmins");
    assert_eq!(group.one("gidNumber"), "20011");
    assert_eq!(group.one("memberUid"), "alice");
    assert_eq!(group.one("member"), user_dn("alice"));
    assert_eq!(group.names().len(), 5, "{group:#?}");
    ctx.finds("(&(objectClass=posixGroup)(cn=SYSAdmins))", ["sysadmins"]);
    ctx.finds("(&(objectClass=posixGroup)(cn=nosuchgroup))", []);
}

pub fn groups_of_a_member(ctx: &Battery) {
    ctx.finds(
        "(memberUid=alice)",
        [
            "staff",
            "developers",
            "ldapusers",
            "sysadmins",
            "Ops Team",
            "R&D, Berlin",
        ],
    );
    ctx.finds("(memberUid=dave)", ["staff"]);
    ctx.finds("(memberUid=frank)", []);
    ctx.finds("(memberUid=nobody)", []);
}

pub fn name_or_mail(ctx: &Battery) {
    ctx.finds("(|(uid=alice)(mail=bob.jones@example.com))", ["alice", "bob"]);
    ctx.finds("(|(uid=nobody)(mail=bob.jones@example.com))", ["bob"]);
    ctx.finds("(|(uid=alice)(mail=alice@example.com))", ["alice"]);
}

pub fn everybody_but_one(ctx: &Battery) {
    ctx.finds_set("(!(uid=alice))", &ctx.everything_but("alice"));
}

pub fn part_of_a_name(ctx: &Battery) {
    ctx.finds("(cn=*mit*)", ["alice", "erin"]);
    ctx.finds("(cn=*MIT*)", ["alice", "erin"]);
}

pub fn read_of_a_dn(ctx: &Battery) {
    for (user, name) in [
        ("alice", "Alice Smith"),
        ("carol", "Carol Müller"),
        ("grace", "Grace O'Brien"),
    ] {
        let entry = crate::harness::ldapsearch(ctx.gateway, &["-b", &user_dn(user), "-s", "base"]).only();
        assert_eq!(entry.one("cn"), name);
    }
}

pub fn read_of_a_dn_that_does_not_exist(ctx: &Battery) {
    let read = |base: &str| crate::harness::ldapsearch(ctx.gateway, &["-b", base, "-s", "base"]);
    for name in ["uid=nobody", "cn=nobody", "ou=people", "mail=alice@example.com"] {
        let answer = read(&format!("{name},{BASE}"));
        assert_eq!((answer.code, answer.matched.as_deref()), (32, Some(BASE)), "{name}");
        assert!(answer.entries.is_empty());
    }
    let answer = read(&format!("cn=below,{}", user_dn("alice")));
    assert_eq!((answer.code, answer.matched), (32, Some(user_dn("alice"))));
    let answer = read(&format!("cn=below,cn=staff,{BASE}"));
    assert_eq!((answer.code, answer.matched), (32, Some(format!("cn=staff,{BASE}"))));
    for foreign in ["dc=com", "dc=other,dc=org", "uid=alice,dc=example,dc=org"] {
        let answer = read(foreign);
        assert_eq!((answer.code, answer.matched), (32, None), "{foreign}");
    }
}

pub fn fallbacks(ctx: &Battery) {
    let of = |name: &str| ctx.search(&[&format!("(uid={name})")]).only();
    // NULL and the empty string alike.
    for name in ["nulls", "empties"] {
        let entry = of(name);
        assert_eq!(entry.one("cn"), name);
        assert_eq!(entry.one("sn"), name);
        assert_eq!(entry.one("gecos"), name);
        assert!(entry.values("givenName").is_empty());
        // It might be somebody's.
        assert!(entry.values("mail").is_empty());
        assert_eq!(entry.one("homeDirectory"), format!("/home/{name}"));
        assert_eq!(entry.one("loginShell"), "/bin/bash");
    }
    let erin = of("erin");
    assert!(erin.values("mail").is_empty());
    assert_eq!(erin.one("homeDirectory"), "/home/erin");
    let first = of("onlyfirst");
    assert_eq!(
        (first.one("cn"), first.one("sn")),
        ("Onlyfirst".into(), "Onlyfirst".into())
    );
    let last = of("onlylast");
    assert_eq!((last.one("cn"), last.one("sn")), ("Lastname".into(), "Lastname".into()));
    let full = of("fullonly");
    assert_eq!(
        (full.one("cn"), full.one("sn")),
        ("Ada Augusta Byron".into(), "Byron".into())
    );
    assert!(full.values("givenName").is_empty());
}

pub fn addresses_where_they_are_asked_for(ctx: &Battery) {
    let gateway = ctx.gateway_with(|env| env.with("LDAP_MAIL_FALLBACK", "on"));
    let mail = |name: &str| search(&gateway, &[&format!("(uid={name})"), "mail"]).only().one("mail");
    for name in ["nulls", "empties", "erin"] {
        assert_eq!(mail(name), format!("{name}@example.com"));
        assert_eq!(
            names(&gateway, &format!("(mail={}@example.com)", name.to_uppercase())),
            set([name])
        );
    }
    assert_eq!(names(&gateway, "(mail=erin@*)"), set(["erin"]));
    assert_eq!(names(&gateway, "(mail=nulls@exa*)"), set(["nulls"]));
    // What is served is what counts: bob's is not the fallback.
    assert_eq!(mail("bob"), "bob.jones@example.com");
    assert!(names(&gateway, "(mail=bob@example.com)").is_empty());
    assert_eq!(names(&gateway, "(!(mail=*))"), ctx.no_users());
}

pub fn no_number_no_posix_account(ctx: &Battery) {
    let entry = ctx.search(&["(uid=nogid)"]).only();
    assert_eq!(
        entry.set("objectClass"),
        set(["top", "person", "organizationalPerson", "inetOrgPerson"])
    );
    for name in ["uidNumber", "gidNumber", "homeDirectory", "loginShell", "gecos"] {
        assert!(entry.values(name).is_empty(), "{name}");
    }
    assert_eq!(entry.one("cn"), "No Gid");
    ctx.finds("(&(uid=nogid)(homeDirectory=*))", []);
}

pub fn gecos_is_ascii(ctx: &Battery) {
    for name in ["carol", "jörg"] {
        let gecos = ctx.search(&[&format!("(uid={name})"), "gecos"]).only().one("gecos");
        assert!(gecos.is_ascii() && gecos.len() > 5, "{gecos}");
    }
    let gecos = |name: &str| ctx.search(&[&format!("(uid={name})"), "gecos"]).only().one("gecos");
    assert_eq!(gecos("jörg"), "Jorg Strasse");
    ctx.finds("(gecos=jorg strasse)", ["jörg"]);
    ctx.finds("(gecos=*strasse)", ["jörg"]);
    ctx.finds("(gecos=jorg stra?e)", []);
    ctx.finds("(&(uid=jörg)(!(gecos=*strasse)))", []);
}

pub fn values_are_served_as_stored(ctx: &Battery) {
    let value = |name: &str, attribute: &str| ctx.search(&[&format!("(uid={name})"), attribute]).only().one(attribute);
    assert_eq!(value("carol", "sn"), "Müller");
    assert_eq!(value("jörg", "cn"), "Jörg Straße");
    assert_eq!(value("MixedCase", "mail"), "Mixed.Case@Example.COM");
    assert_eq!(value("per%cent", "cn"), "100% (sure) * \\ | [x]");
    assert_eq!(value("grace", "sn"), "O'Brien");
}
