//! Which attributes come: RFC 4511 4.5.1.8, RFC 3673.

use super::Battery;
use crate::harness::ldap::{BASE, Entry, group_dn, set};

fn alice(ctx: &Battery, attributes: &[&str]) -> Entry {
    ctx.search(&[&["(uid=alice)"], attributes].concat()).only()
}

pub fn by_name(ctx: &Battery) {
    assert_eq!(alice(ctx, &["cn", "uidNumber"]).names(), set(["cn", "uidNumber"]));
    assert_eq!(alice(ctx, &["mail", "noSuchAttribute"]).names(), set(["mail"]));
    assert_eq!(alice(ctx, &["noSuchAttribute"]).names(), set([]));
}

pub fn by_name_in_any_case(ctx: &Battery) {
    let lower = |entry: &Entry| entry.names().iter().map(|name| name.to_lowercase()).collect::<Vec<_>>();
    assert_eq!(lower(&alice(ctx, &["CN", "UIDNUMBER"])), ["cn", "uidnumber"]);
    assert_eq!(lower(&alice(ctx, &["homedirectory"])), ["homedirectory"]);
    assert_eq!(alice(ctx, &["2.5.4.3"]).attributes.len(), 1);
    assert_eq!(alice(ctx, &["commonName"]).attributes.len(), 1);
}

pub fn named_twice_comes_once(ctx: &Battery) {
    assert_eq!(alice(ctx, &["cn", "CN", "commonName", "2.5.4.3"]).attributes.len(), 1);
    assert_eq!(alice(ctx, &["*", "cn"]).values("cn").len(), 1);
    assert_eq!(alice(ctx, &["+", "*", "entryUUID"]).values("entryUUID").len(), 1);
}

pub fn none(ctx: &Battery) {
    assert_eq!(alice(ctx, &["1.1"]).names(), set([]));
    // RFC 4511 4.5.1.8: "1.1" beside others is ignored.
    assert_eq!(alice(ctx, &["1.1", "cn"]).names(), set(["cn"]));
}

pub fn all_user_attributes(ctx: &Battery) {
    let expected = set([
        "objectClass",
        "uid",
        "cn",
        "sn",
        "givenName",
        "mail",
        "uidNumber",
        "gidNumber",
        "homeDirectory",
        "loginShell",
        "gecos",
    ]);
    assert_eq!(alice(ctx, &[]).names(), expected);
    assert_eq!(alice(ctx, &["*"]).names(), expected);
    // Canonical spelling: Defguard's map of attributes is case-sensitive.
}

pub fn operational_attributes(ctx: &Battery) {
    let plus = alice(ctx, &["+"]);
    for name in ["entryUUID", "memberOf", "subschemaSubentry", "structuralObjectClass"] {
        assert!(plus.names().contains(name), "{name}: {plus:?}");
    }
    assert!(!plus.names().contains("cn"));
    assert_eq!(plus.one("structuralObjectClass"), "inetOrgPerson");
    let both = alice(ctx, &["*", "+"]);
    assert!(both.names().is_superset(&plus.names()) && both.names().contains("cn"));
}

pub fn the_name_dn_is_ignored(ctx: &Battery) {
    assert_eq!(alice(ctx, &["dn", "uid"]).names(), set(["uid"]));
    assert_eq!(alice(ctx, &["dn"]).names(), set([]));
}

pub fn types_only(ctx: &Battery) {
    let entry = alice(ctx, &["-A", "cn", "mail"]);
    assert_eq!(entry.names(), set(["cn", "mail"]));
    assert!(entry.attributes.iter().all(|(_, value)| value.is_empty()));
}

pub fn types_only_of_all(ctx: &Battery) {
    let names = |arguments: &[&str]| ctx.search(arguments).only().names();
    assert_eq!(names(&["-A", "(uid=alice)"]), names(&["(uid=alice)"]));
    assert_eq!(
        names(&["-A", "(&(objectClass=posixGroup)(cn=staff))"]),
        names(&["(&(objectClass=posixGroup)(cn=staff))"])
    );
}

pub fn options_are_subtypes_nobody_has(ctx: &Battery) {
    assert_eq!(alice(ctx, &["cn;lang-en", "uid"]).names(), set(["uid"]));
}

pub fn supertypes(ctx: &Battery) {
    // RFC 4512 2.5.1: asking for `name` asks for its subtypes.
    assert!(
        alice(ctx, &["name"])
            .names()
            .is_superset(&set(["cn", "sn", "givenName"]))
    );
}

pub fn passwords_are_never_served(ctx: &Battery) {
    for attributes in [
        &["*", "+"][..],
        &["userPassword"],
        &["password"],
        &["USERPASSWORD", "2.5.4.35"],
        &["userPassword;x-a"],
    ] {
        for gateway in [ctx.gateway, ctx.recommended()] {
            for entry in super::search(gateway, attributes).success() {
                for (name, value) in &entry.attributes {
                    assert!(!name.to_lowercase().contains("password"), "{name}");
                    assert!(
                        !String::from_utf8_lossy(value).contains("$argon2"),
                        "{name} of {}",
                        entry.dn
                    );
                }
            }
        }
    }
}

pub fn member_of_by_name_only(ctx: &Battery) {
    let groups = set([
        group_dn("staff"),
        group_dn("developers"),
        group_dn("ldapusers"),
        group_dn("sysadmins"),
        group_dn("Ops Team"),
        group_dn("R&D\\, Berlin"),
    ]
    .each_ref()
    .map(String::as_str));
    assert_eq!(alice(ctx, &["memberOf"]).set("memberOf"), groups);
    assert_eq!(alice(ctx, &["memberof"]).attributes.len(), groups.len());
    assert!(alice(ctx, &["*"]).values("memberOf").is_empty());
    assert!(ctx.search(&["(uid=frank)", "memberOf"]).only().attributes.is_empty());
}

pub fn entry_uuids(ctx: &Battery) {
    let uuids = |filter: &str| {
        ctx.search(&[filter, "entryUUID"])
            .success()
            .into_iter()
            .map(|entry| (entry.one("entryUUID"), entry.dn))
            .collect::<Vec<_>>()
    };
    let mut all = uuids("(objectClass=*)");
    assert_eq!(all.len(), ctx.count());
    all.sort();
    all.dedup_by(|a, b| a.0 == b.0);
    assert_eq!(all.len(), ctx.count(), "an entryUUID came twice");
    for (uuid, dn) in &all {
        let valid = uuid.len() == 36
            && uuid
                .bytes()
                .all(|byte| byte == b'-' || byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        assert!(valid && uuid.as_bytes()[14] == b'5', "{dn}: {uuid} is not name-based");
    }
    // Found by it.
    let (uuid, dn) = &all[all.len() / 2];
    assert_eq!(&uuids(&format!("(entryUUID={uuid})")), &[(uuid.clone(), dn.clone())]);
    assert_eq!(
        &uuids(&format!("(entryUUID={})", uuid.to_uppercase())),
        &[(uuid.clone(), dn.clone())]
    );
}

pub fn replicas_agree(ctx: &Battery) {
    let replica = ctx.gateway_with(|env| env.with("LDAP_COMMON_NAME", "ldap2"));
    let all = |gateway| {
        let mut entries = super::search(gateway, &["*", "+"]).success();
        for entry in &mut entries {
            entry.attributes.sort();
        }
        entries
    };
    assert_eq!(all(ctx.gateway), all(&replica));
}

pub fn size_limit(ctx: &Battery) {
    let all = ctx.count();
    let some = ctx.search(&["-z", "3", "1.1"]);
    assert_eq!((some.code, some.entries.len()), (4, 3));
    let one = ctx.search(&["-z", "1", "(uid=alice)"]);
    assert_eq!((one.code, one.entries.len()), (0, 1));
    let exact = ctx.search(&["-z", &all.to_string(), "1.1"]);
    assert_eq!((exact.code, exact.entries.len()), (0, all));
    let less = ctx.search(&["-z", &(all - 1).to_string(), "1.1"]);
    assert_eq!((less.code, less.entries.len()), (4, all - 1));
    let groups = ctx.search(&["-z", "2", "(memberUid=alice)", "1.1"]);
    assert_eq!((groups.code, groups.entries.len()), (4, 2));
}

pub fn time_limit(ctx: &Battery) {
    let answer = ctx.search(&["-l", "30", "1.1"]);
    assert_eq!((answer.code, answer.entries.len()), (0, ctx.count()));
}

pub fn aliases_are_never_there(ctx: &Battery) {
    for deref in ["never", "search", "find", "always"] {
        assert_eq!(
            ctx.search(&["-a", deref, "(uid=alice)", "1.1"]).dns(),
            set([&*format!("uid=alice,{BASE}")])
        );
    }
}
