//! Scopes, the base entry, root DSE and subschema.

use super::{Battery, search};
use crate::harness::ldap::{BASE, set, user_dn};
use crate::harness::ldapsearch;

pub fn base_entry(ctx: &Battery) {
    let base = ctx.search(&["-s", "base"]).only();
    assert_eq!(base.dn, BASE);
    assert!(base.set("objectClass").is_superset(&set(["top", "domain"])), "{base:?}");
    assert_eq!(base.one("dc"), "example");
    assert!(ctx.search(&["-s", "base", "(uid=alice)"]).success().is_empty());
}

pub fn one_level(ctx: &Battery) {
    let mut children = ctx.everything();
    children.remove("example");
    assert_eq!(ctx.search(&["-s", "one", "1.1"]).short(), children);
    assert_eq!(ctx.search(&["-s", "one", "(uid=alice)", "1.1"]).short(), set(["alice"]));
    assert_eq!(ctx.search(&["-s", "one", "(dc=example)"]).success().len(), 0);
}

pub fn subtree(ctx: &Battery) {
    assert_eq!(ctx.search(&["-s", "sub", "1.1"]).short(), ctx.everything());
}

pub fn children(ctx: &Battery) {
    let mut children = ctx.everything();
    children.remove("example");
    assert_eq!(ctx.search(&["-s", "children", "1.1"]).short(), children);
}

pub fn below_a_leaf(ctx: &Battery) {
    for leaf in [user_dn("alice"), format!("cn=staff,{BASE}")] {
        let count = |scope: &str| {
            ldapsearch(ctx.gateway, &["-b", &leaf, "-s", scope, "1.1"])
                .success()
                .len()
        };
        assert_eq!(
            (count("base"), count("one"), count("sub"), count("children")),
            (1, 0, 1, 0)
        );
    }
}

pub fn every_entry_can_be_read_by_its_dn(ctx: &Battery) {
    use crate::harness::{Client, block_on, client::base_search};
    let dns = ctx.search(&["1.1"]).dns();
    assert_eq!(dns.len(), ctx.count());
    block_on(async {
        let mut client = Client::connect(ctx.gateway).await;
        for dn in dns {
            let done = client.request(base_search(&dn, &["1.1"])).await.unwrap();
            assert_eq!(
                done.entries.iter().map(|entry| entry.dn.as_str()).collect::<Vec<_>>(),
                [dn.as_str()]
            );
        }
    });
}

pub fn order_is_fixed(ctx: &Battery) {
    // Base, users, groups, private groups; within a kind the same every time.
    let dns = |filter: &str| {
        ctx.search(&[filter, "1.1"])
            .success()
            .into_iter()
            .map(|entry| entry.dn)
            .collect::<Vec<_>>()
    };
    let all = dns("(objectClass=*)");
    assert_eq!(all, dns("(objectClass=*)"));
    assert_eq!(all[0], BASE);
    let first_group = all.iter().position(|dn| dn.starts_with("cn=")).unwrap();
    assert!(all[1..first_group].iter().all(|dn| dn.starts_with("uid=")));
    assert!(all[first_group..].iter().all(|dn| dn.starts_with("cn=")));
}

pub fn root_dse(ctx: &Battery) {
    let root = ldapsearch(ctx.gateway, &["-b", "", "-s", "base", "*", "+"]).only();
    assert_eq!(root.dn, "");
    assert_eq!(root.values("namingContexts"), [BASE]);
    assert_eq!(root.one("defaultNamingContext"), BASE);
    assert_eq!(root.one("supportedLDAPVersion"), "3");
    assert_eq!(root.one("subschemaSubentry").to_lowercase(), "cn=subschema");
    assert!(
        root.set("supportedExtension").contains("1.3.6.1.4.1.4203.1.11.3"),
        "Who am I?"
    );
    assert!(root.set("objectClass").contains("top"));
    for name in root.names() {
        assert!(!name.to_lowercase().contains("usn"), "{name}");
    }
    assert!(root.names().contains("supportedFeatures"));
}

pub fn root_dse_selection(ctx: &Battery) {
    let read = |attributes: &[&str]| ldapsearch(ctx.gateway, &[&["-b", "", "-s", "base"], attributes].concat());
    // RFC 4512 5.1: the interesting ones are operational.
    let plain = read(&[]).only();
    assert!(plain.values("objectClass").contains(&"top".to_string()), "{plain:?}");
    assert_eq!(read(&["1.1"]).only().names().len(), 0);
    assert_eq!(read(&["namingcontexts"]).only().names().len(), 1);
    assert_eq!(read(&["(objectClass=*)", "1.1"]).only().names().len(), 0);
    assert_eq!(read(&["-z", "1", "1.1"]).only().dn, "");
    assert!(read(&["(objectClass=posixAccount)"]).success().is_empty());
}

pub fn whole_tree_from_the_root(ctx: &Battery) {
    // As in slapd nothing is there, whatever is looked for: clients that ask so by mistake must not be let in.
    for scope in ["one", "sub", "children"] {
        for filter in ["(uid=alice)", "(objectClass=*)", "(memberUid=alice)", "(&)"] {
            let answer = ldapsearch(ctx.gateway, &["-b", "", "-s", scope, filter, "1.1"]);
            assert_eq!((answer.code, answer.entries.len()), (32, 0), "{scope} {filter}");
            assert_eq!(answer.matched, None);
        }
    }
    let whole = ctx.gateway_with(|env| env.with("EMPTY_BASE", "directory"));
    let alice = || std::collections::BTreeSet::from([user_dn("alice")]);
    assert_eq!(ldapsearch(&whole, &["-b", "", "(uid=alice)", "1.1"]).dns(), alice());
    assert_eq!(
        ldapsearch(&whole, &["-b", "", "-s", "children", "(uid=alice)", "1.1"]).dns(),
        alice()
    );
    assert_eq!(ldapsearch(&whole, &["-b", "", "1.1"]).short(), ctx.everything());
}

pub fn what_is_listed_is_supported(ctx: &Battery) {
    let root = ldapsearch(ctx.gateway, &["-b", "", "-s", "base", "+"]).only();
    for control in root.set("supportedControl") {
        // Without the value it wants it may be refused, but not as unknown.
        assert_ne!(
            ctx.search(&["-e", &format!("!{control}"), "(uid=alice)"]).code,
            12,
            "{control}"
        );
    }
    let features = root.set("supportedFeatures");
    for feature in &features {
        // All operational attributes; absolute filters; attributes by object class; modify-increment; language tags.
        let known = [
            "1.3.6.1.4.1.4203.1.5.1",
            "1.3.6.1.4.1.4203.1.5.2",
            "1.3.6.1.4.1.4203.1.5.3",
        ];
        assert!(
            known.contains(&feature.as_str()),
            "{feature}: is that so? Then test it here"
        );
    }
    assert!(features.contains("1.3.6.1.4.1.4203.1.5.1"));
    assert!(features.contains("1.3.6.1.4.1.4203.1.5.3"));
    assert!(
        !root.set("supportedExtension").contains("1.3.6.1.4.1.1466.20037"),
        "StartTLS on LDAPS"
    );
}

pub fn controls_that_are_unknown(ctx: &Battery) {
    assert_eq!(
        ctx.search(&["-e", "1.2.3.4.5.6", "(uid=alice)"]).only().dn,
        user_dn("alice")
    );
    let refused = ctx.search(&["-e", "!1.2.3.4.5.6", "(uid=alice)"]);
    assert_eq!((refused.code, refused.entries.len()), (12, 0));
}

pub fn subschema(ctx: &Battery) {
    let read = |attributes: &[&str]| {
        let arguments = [
            &["-b", "cn=Subschema", "-s", "base", "(objectClass=subschema)"],
            attributes,
        ]
        .concat();
        ldapsearch(ctx.gateway, &arguments).only()
    };
    let schema = read(&["+", "*"]);
    let types = schema.values("attributeTypes");
    let classes = schema.values("objectClasses");
    assert!(!schema.values("ldapSyntaxes").is_empty());
    assert!(!schema.values("matchingRules").is_empty());
    for definition in types.iter().chain(&classes) {
        assert!(
            definition.starts_with("( ") && definition.ends_with(" )"),
            "{definition}"
        );
    }
    let class = |name: &str| {
        let quoted = format!("'{name}'");
        classes
            .iter()
            .find(|class| class.contains(&quoted))
            .unwrap_or_else(|| panic!("class {name}"))
            .clone()
    };
    assert!(class("posixGroup").contains("AUXILIARY"), "RFC 2307bis");
    let group = class("groupOfNames");
    let must = group.split("MUST").nth(1).unwrap().split("MAY").next().unwrap();
    assert!(!must.contains("member"), "empty groups are valid: {group}");
    // What is served is in the schema.
    let mut served = search(ctx.recommended(), &["*", "+"]).success();
    served.push(ldapsearch(ctx.gateway, &["-b", "", "-s", "base", "*", "+"]).only());
    for entry in served {
        for name in entry.names() {
            let quoted = format!("'{name}'");
            assert!(
                types.iter().any(|attribute| attribute.contains(&quoted)),
                "{name} is served and not in the schema"
            );
        }
        for name in entry.set("objectClass") {
            class(&name);
        }
    }
    assert_eq!(read(&["1.1"]).names().len(), 0);
}
