//! Groups and membership: four views of one relation.

use super::{Battery, names, search};
use crate::harness::ldap::{BASE, group_dn, rdn_value, set, user_dn};
use crate::harness::ldapsearch;
use std::collections::BTreeSet;

/// The names of a group's members by SQL.
fn members(ctx: &Battery, group: &str) -> BTreeSet<String> {
    ctx.column(&format!(
        "SELECT u.\"uid\" FROM \"Users\" u JOIN \"UserGroups\" ug ON ug.\"uidNumber\" = u.\"uidNumber\" \
         JOIN \"Groups\" g ON g.\"gidNumber\" = ug.\"gidNumber\" WHERE g.\"cn\" = '{group}'"
    ))
}

fn groups_of(ctx: &Battery, user: &str) -> BTreeSet<String> {
    ctx.column(&format!(
        "SELECT g.\"cn\" FROM \"Groups\" g JOIN \"UserGroups\" ug ON g.\"gidNumber\" = ug.\"gidNumber\" \
         JOIN \"Users\" u ON ug.\"uidNumber\" = u.\"uidNumber\" WHERE u.\"uid\" = '{user}'"
    ))
}

pub fn members_are_listed(ctx: &Battery) {
    for group in ctx.groups("1 = 1") {
        let entry = ctx
            .search(&[
                &format!("(&(objectClass=posixGroup)(cn={group}))"),
                "memberUid",
                "member",
                "uniqueMember",
            ])
            .only();
        let expected = members(ctx, &group);
        assert_eq!(entry.set("memberUid"), expected, "{group}");
        for attribute in ["member", "uniqueMember"] {
            let names: BTreeSet<String> = entry.values(attribute).iter().map(|dn| rdn_value(dn)).collect();
            assert_eq!(names, expected, "{attribute} of {group}");
        }
        assert_eq!(entry.attributes.len(), 3 * expected.len(), "no value twice");
    }
}

pub fn members_of_all_at_once(ctx: &Battery) {
    for entry in ctx.search(&["(objectClass=posixGroup)"]).success() {
        let expected = members(ctx, &rdn_value(&entry.dn));
        assert_eq!(entry.set("memberUid"), expected, "{}", entry.dn);
        assert_eq!(entry.values("member").len(), expected.len(), "{}", entry.dn);
        assert!(entry.values("uniqueMember").is_empty(), "only by name");
        assert!(entry.values("memberOf").is_empty());
    }
}

pub fn members_are_spelled_as_the_entries_are(ctx: &Battery) {
    let users: BTreeSet<String> = ctx.search(&["(objectClass=person)", "1.1"]).dns();
    for entry in ctx
        .search(&["(objectClass=groupOfNames)", "member", "uniqueMember"])
        .success()
    {
        for (_, dn) in entry.attributes {
            let dn = String::from_utf8(dn).unwrap();
            assert!(users.contains(&dn), "{dn}");
        }
    }
}

pub fn member_of_is_spelled_as_the_entries_are(ctx: &Battery) {
    let groups = ctx.search(&["(objectClass=posixGroup)", "1.1"]).dns();
    for entry in ctx.search(&["(objectClass=person)", "memberOf"]).success() {
        let listed = entry.set("memberOf");
        assert!(listed.is_subset(&groups), "{listed:?}");
        let names: BTreeSet<String> = listed.iter().map(|dn| rdn_value(dn)).collect();
        let user = rdn_value(&entry.dn).replace('\'', "''");
        assert_eq!(names, groups_of(ctx, &user), "{}", entry.dn);
    }
}

pub fn empty_groups_are_served(ctx: &Battery) {
    let entry = ctx.search(&["(&(objectClass=groupOfNames)(cn=empty))"]).only();
    assert_eq!(entry.names(), set(["objectClass", "cn", "gidNumber"]));
    let with_members = ctx.names("(member=*)");
    assert!(!with_members.contains("empty") && with_members.contains("staff"));
    ctx.finds_set("(memberUid=*)", &with_members);
    ctx.finds_set("(uniqueMember=*)", &with_members);
    ctx.finds("(&(objectClass=groupOfNames)(!(member=*)))", ["empty"]);
    ctx.finds("(&(objectClass=posixGroup)(!(member=*)))", ["empty", "grace"]);
}

pub fn by_member(ctx: &Battery) {
    for user in ["alice", "bob", "dave", "MixedCase", "jörg", "doe, john"] {
        let dn = user_dn(&user.replace(',', "\\,"));
        for filter in [
            format!("(memberUid={user})"),
            format!("(member={})", dn.replace('\\', "\\5c")),
            format!("(uniqueMember={})", dn.replace('\\', "\\5c")),
        ] {
            ctx.finds_set(&filter, &groups_of(ctx, user));
        }
    }
}

pub fn by_member_in_any_spelling(ctx: &Battery) {
    for dn in [
        "UID=Dave,DC=Example,DC=COM",
        "uid=dave, dc=example, dc=com",
        "uid=\\5c64ave,dc=example,dc=com",
        "userid=DAVE,dc=example,dc=com",
    ] {
        ctx.finds(&format!("(member={dn})"), ["staff"]);
        ctx.finds(&format!("(uniqueMember={dn})"), ["staff"]);
    }
}

pub fn by_member_that_is_none(ctx: &Battery) {
    for dn in [
        user_dn("nobody"),
        BASE.to_string(),
        String::new(),
        "uid=dave,dc=example,dc=org".to_string(),
        "uid=dave,ou=people,dc=example,dc=com".to_string(),
        "cn=dave,dc=example,dc=com".to_string(),
        group_dn("staff"),
        "uid=dave+cn=Dave Brown,dc=example,dc=com".to_string(),
    ] {
        ctx.finds(&format!("(member={dn})"), []);
        ctx.finds(&format!("(|(uid=alice)(uniqueMember={dn}))"), ["alice"]);
    }
}

pub fn not_by_member(ctx: &Battery) {
    let mut others = ctx.all_groups();
    others.retain(|group| !groups_of(ctx, "alice").contains(group));
    for term in [
        "(memberUid=alice)",
        "(member=uid=alice,dc=example,dc=com)",
        "(uniqueMember=uid=ALICE,dc=example,dc=com)",
    ] {
        ctx.finds_set(&format!("(&(objectClass=posixGroup)(!{term}))"), &others);
        ctx.finds_set(
            &format!("(!(|(objectClass=person)(objectClass=domain){term}))"),
            &others,
        );
    }
    ctx.finds_set("(&(objectClass=posixGroup)(!(memberUid=nobody)))", &ctx.all_groups());
}

pub fn several_members(ctx: &Battery) {
    let (alice, bob) = (groups_of(ctx, "alice"), groups_of(ctx, "bob"));
    ctx.finds_set(
        "(&(memberUid=alice)(memberUid=bob))",
        &alice.intersection(&bob).cloned().collect(),
    );
    ctx.finds_set(
        "(|(memberUid=alice)(memberUid=bob))",
        &alice.union(&bob).cloned().collect(),
    );
    ctx.finds_set(
        "(&(memberUid=alice)(!(memberUid=bob)))",
        &alice.difference(&bob).cloned().collect(),
    );
    ctx.finds_set(
        "(&(objectClass=posixGroup)(|(cn=empty)(memberUid=dave)))",
        &set(["empty", "staff"]),
    );
}

pub fn parts_of_members(ctx: &Battery) {
    ctx.finds_set("(memberUid=dav*)", &groups_of(ctx, "dave"));
    ctx.finds("(memberUid=DAV*)", []);
}

pub fn by_group(ctx: &Battery) {
    for group in ["staff", "developers", "Ops Team", "größe", "empty"] {
        ctx.finds_set(&format!("(memberOf={})", group_dn(group)), &members(ctx, group));
    }
    ctx.finds_set("(memberOf=CN=STAFF, DC=Example, DC=com)", &members(ctx, "staff"));
    ctx.finds_set(
        "(memberOf=cn=r&d\\5c, berlin,dc=example,dc=com)",
        &members(ctx, "R&D, Berlin"),
    );
    ctx.finds_set(
        "(&(objectClass=posixAccount)(memberOf=cn=sysadmins,dc=example,dc=com))",
        &set(["alice"]),
    );
}

pub fn by_group_that_is_none(ctx: &Battery) {
    for dn in [
        group_dn("nosuch"),
        BASE.into(),
        String::new(),
        user_dn("alice"),
        "cn=staff,dc=other".into(),
        "cn=staff,ou=groups,dc=example,dc=com".into(),
    ] {
        ctx.finds(&format!("(memberOf={dn})"), []);
    }
}

pub fn not_by_group(ctx: &Battery) {
    let mut others = ctx.users("1 = 1");
    others.retain(|user| !members(ctx, "staff").contains(user));
    ctx.finds_set(
        "(&(objectClass=person)(!(memberOf=cn=staff,dc=example,dc=com)))",
        &others,
    );
}

pub fn in_any_group(ctx: &Battery) {
    let some = ctx.column(
        "SELECT DISTINCT u.\"uid\" FROM \"Users\" u JOIN \"UserGroups\" ug ON ug.\"uidNumber\" = u.\"uidNumber\"",
    );
    ctx.finds_set("(memberOf=*)", &some);
    let none = ctx.users("1 = 1").difference(&some).cloned().collect();
    ctx.finds_set("(&(objectClass=person)(!(memberOf=*)))", &none);
}

pub fn name_of_a_like_pattern(ctx: &Battery) {
    ctx.finds("(&(objectClass=posixGroup)(cn=under_group))", ["under_group"]);
    ctx.finds("(memberUid=under_score)", ["under_group"]);
    ctx.finds("(memberUid=underXscore)", ["underXgroup"]);
    ctx.finds("(memberUid=o'brien)", ["R&D, Berlin"]);
}

pub fn by_number(ctx: &Battery) {
    ctx.finds("(&(objectClass=posixGroup)(gidNumber=20011))", ["sysadmins"]);
    ctx.finds("(&(objectClass=groupOfNames)(gidNumber=99999))", []);
}

pub fn as_clients_ask(ctx: &Battery) {
    // SSSD, RFC 2307 and RFC 2307bis.
    ctx.finds_set(
        "(&(memberUid=alice)(objectClass=posixGroup)(cn=*)(&(gidNumber=*)(!(gidNumber=0))))",
        &groups_of(ctx, "alice"),
    );
    ctx.finds_set(
        "(&(member=uid=alice,dc=example,dc=com)(objectClass=posixGroup)(cn=*)(&(gidNumber=*)(!(gidNumber=0))))",
        &groups_of(ctx, "alice"),
    );
    ctx.finds(
        "(&(uid=alice)(objectclass=posixAccount)(uid=*)(&(uidNumber=*)(!(uidNumber=0))))",
        ["alice"],
    );
    ctx.finds(
        "(&(uidNumber=10002)(objectclass=posixAccount)(uid=*)(&(uidNumber=*)(!(uidNumber=0))))",
        ["bob"],
    );
    // Proxmox.
    let users =
        "(&(|(objectclass=inetorgperson)(objectclass=posixaccount)(objectclass=person)(objectclass=user))(uid=*))";
    ctx.finds_users(users, "1 = 1");
    ctx.finds_groups(
        "(|(objectclass=groupOfNames)(objectclass=group)(objectclass=univentionGroup)(objectclass=ipausergroup))",
        "1 = 1",
    );
    // Defguard: an OR with a single element.
    ctx.finds_set(
        "(&(objectClass=groupOfNames)(|(member=uid=dave,dc=example,dc=com)))",
        &set(["staff"]),
    );
    // GitLab.
    ctx.finds("(&(uid=alice)(memberOf=cn=staff,dc=example,dc=com))", ["alice"]);
    let entry = ldapsearch(
        ctx.gateway,
        &[
            "-b",
            &group_dn("staff"),
            "-s",
            "base",
            "cn",
            "member",
            "memberuid",
            "dn",
            "uniquemember",
        ],
    )
    .only();
    assert_eq!(entry.set("memberUid"), members(ctx, "staff"));
}

/// memberUid belongs to posixGroup: what is not served does not match.
pub fn without_a_number(ctx: &Battery) {
    let gateway = ctx.gateway_with(|env| {
        env.changed("SQL_QUERY_ALL_GROUPS", |query| {
            ctx.engine.quoted(&query.replacen(
                &ctx.engine.quoted("g.\"gidNumber\" AS"),
                "CASE WHEN g.\"cn\" = 'staff' THEN NULL ELSE g.\"gidNumber\" END AS",
                1,
            ))
        })
    });
    assert!(
        search(&gateway, &["(cn=staff)", "memberUid"])
            .only()
            .attributes
            .is_empty()
    );
    assert!(names(&gateway, "(memberUid=dave)").is_empty());
    assert!(names(&gateway, "(!(memberUid=dave))").contains("staff"));
    assert_eq!(names(&gateway, "(member=uid=dave,dc=example,dc=com)"), set(["staff"]));
}
