//! Users and groups below containers of their own (`LDAP_USERS_RDN`, `LDAP_GROUPS_RDN`).

use super::{Battery, search};
use crate::harness::ldap::{BASE, password, set};
use crate::harness::{Gateway, ldapsearch, ldapwhoami};
use std::collections::BTreeSet;

fn in_containers(ctx: &Battery) -> Gateway {
    ctx.gateway_with(|env| {
        env.with("LDAP_USERS_RDN", "ou=people")
            .with("LDAP_GROUPS_RDN", "ou=groups")
    })
}

/// The DNs below a base, in a scope.
fn dns(gateway: &Gateway, base: &str, scope: &str) -> BTreeSet<String> {
    ldapsearch(gateway, &["-b", base, "-s", scope, "1.1"]).dns()
}

fn below(container: &str, attribute: &str, names: BTreeSet<String>) -> BTreeSet<String> {
    let dn = |name: String| {
        format!(
            "{attribute}={},{container}",
            ldap_gateway::model::dn::escape_value(&name)
        )
    };
    names.into_iter().map(dn).collect()
}

pub fn every_scope(ctx: &Battery) {
    let gateway = in_containers(ctx);
    let (people, groups) = (format!("ou=people,{BASE}"), format!("ou=groups,{BASE}"));
    let users = below(&people, "uid", ctx.users("1 = 1"));
    let all_groups = below(&groups, "cn", ctx.all_groups());
    let both = set([people.as_str(), groups.as_str()]);
    let parts = [set([BASE]), both.clone(), users.clone(), all_groups.clone()];
    let whole: BTreeSet<String> = parts.into_iter().flatten().collect();
    assert_eq!(dns(&gateway, BASE, "base"), set([BASE]));
    assert_eq!(dns(&gateway, BASE, "one"), both);
    assert_eq!(dns(&gateway, BASE, "sub"), whole);
    assert_eq!(crate::harness::ldapsearch(&gateway, &["-b", "", "1.1"]).code, 32);
    let mut children = whole;
    children.remove(BASE);
    assert_eq!(dns(&gateway, BASE, "children"), children);
    for (container, entries) in [(&people, &users), (&groups, &all_groups)] {
        assert_eq!(dns(&gateway, container, "base"), set([container.as_str()]));
        assert_eq!(dns(&gateway, container, "one"), *entries);
        assert_eq!(dns(&gateway, container, "children"), *entries);
        let mut subtree = entries.clone();
        subtree.insert(container.clone());
        assert_eq!(dns(&gateway, container, "sub"), subtree);
    }
    // Pages that end at and between the entries of the tree itself.
    for size in ["1", "2", "3", "4"] {
        let paged = search(&gateway, &["-E", &format!("!pr={size}/noprompt"), "1.1"]);
        assert_eq!(paged.dns().len(), children.len() + 1, "{size}");
    }
}

pub fn containers_are_entries(ctx: &Battery) {
    let gateway = in_containers(ctx);
    let people = search(&gateway, &["(ou=People)", "*", "+"]).only();
    assert_eq!(people.dn, format!("ou=people,{BASE}"));
    assert_eq!(people.set("objectClass"), set(["top", "organizationalUnit"]));
    assert_eq!(people.one("ou"), "people");
    assert_eq!(people.one("structuralObjectClass"), "organizationalUnit");
    assert_eq!(people.one("hasSubordinates"), "TRUE");
    let groups = search(&gateway, &["(ou=groups)", "entryUUID"]).only();
    assert_ne!(people.one("entryUUID"), groups.one("entryUUID"));
    let found = search(&gateway, &["(objectClass=organizationalUnit)", "1.1"]);
    assert_eq!(found.short(), set(["people", "groups"]));
}

pub fn missing_entries_name_the_container(ctx: &Battery) {
    let gateway = in_containers(ctx);
    let people = format!("ou=people,{BASE}");
    for (missing, matched) in [
        (format!("uid=nobody,{people}"), people.as_str()),
        (format!("cn=staff,{people}"), &people),
        (format!("uid=alice,{BASE}"), BASE),
        (format!("ou=x,{BASE}"), BASE),
        (format!("uid=alice,ou=people,ou=x,{BASE}"), BASE),
        (format!("cn=x,uid=alice,{people}"), &format!("uid=alice,{people}")),
    ] {
        let answer = ldapsearch(&gateway, &["-b", &missing, "-s", "base"]);
        assert_eq!(
            (answer.code, answer.matched.as_deref()),
            (32, Some(matched)),
            "{missing}"
        );
    }
}

pub fn members_and_binds_have_the_new_dns(ctx: &Battery) {
    let gateway = in_containers(ctx);
    let alice = format!("uid=alice,ou=people,{BASE}");
    let staff = search(&gateway, &["(cn=staff)", "member", "memberUid"]).only();
    assert!(staff.set("member").contains(&alice), "{staff:?}");
    let of_alice = search(&gateway, &[&format!("(member={alice})"), "1.1"]);
    assert_eq!(of_alice.short(), super::names(ctx.gateway, "(memberUid=alice)"));
    let flat = search(&gateway, &[&format!("(member=uid=alice,{BASE})"), "1.1"]);
    assert!(flat.success().is_empty());
    let groups = search(&gateway, &["(uid=alice)", "memberOf"]).only().set("memberOf");
    assert!(groups.contains(&format!("cn=staff,ou=groups,{BASE}")), "{groups:?}");
    for dn in [&alice, &format!("uid=alice,{BASE}"), &format!("cn=alice,ou=x,{BASE}")] {
        let (code, output) = ldapwhoami(&gateway, dn, password("alice"));
        assert_eq!((code, output.trim()), (0, format!("dn:{alice}").as_str()), "{dn}");
    }
}

pub fn one_container_for_both(ctx: &Battery) {
    let gateway = ctx.gateway_with(|env| {
        env.with("LDAP_USERS_RDN", "ou=Accounts")
            .with("LDAP_GROUPS_RDN", "OU=accounts")
    });
    assert_eq!(
        dns(&gateway, BASE, "one"),
        set([format!("ou=Accounts,{BASE}").as_str()])
    );
    let container = format!("ou=accounts,{BASE}");
    assert_eq!(
        dns(&gateway, &container, "one").len(),
        ctx.users("1 = 1").len() + ctx.all_groups().len()
    );
}

pub fn only_users_in_a_container(ctx: &Battery) {
    let gateway = ctx.gateway_with(|env| env.with("LDAP_USERS_RDN", "ou=people"));
    let mut expected = below(BASE, "cn", ctx.all_groups());
    expected.insert(format!("ou=people,{BASE}"));
    assert_eq!(dns(&gateway, BASE, "one"), expected);
}
