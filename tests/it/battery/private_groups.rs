//! User private groups: groups that no row lists, of users whose gid number no group has.

use super::{Battery, names, queries::with_twins, search};
use crate::harness::client::{equal, search_for};
use crate::harness::ldap::{BASE, group_dn, rdn_value, set, user_dn};
use crate::harness::{Client, Database, Engine, Env, Gateway, block_on, ldapsearch};
use ldap3_proto::proto::{LdapFilter, LdapSearchScope};
use std::collections::BTreeMap;

/// What SSSD asks for a group by number.
fn as_sssd_asks(gid: &str) -> String {
    format!("(&(gidNumber={gid})(objectClass=posixGroup)(cn=*)(&(gidNumber=*)(!(gidNumber=0))))")
}

/// The private groups and their numbers as a listing gives them; in pages, by name, by number and by DN they must be
/// the same, and whoever is not among them has none.
fn private(gateway: &Gateway) -> BTreeMap<String, String> {
    let listing = ["(objectClass=namedObject)", "gidNumber"];
    let listed: BTreeMap<String, String> = search(gateway, &listing)
        .success()
        .into_iter()
        .map(|entry| (rdn_value(&entry.dn), entry.one("gidNumber")))
        .collect();
    for size in ["1", "7"] {
        let paged = search(
            gateway,
            &[&["-E", &format!("!pr={size}/noprompt")], &listing[..]].concat(),
        );
        assert_eq!(paged.dns().len(), listed.len(), "pages of {size}");
    }
    // The others of the sample have a group by their number.
    let users = search(gateway, &["(|(uid=grace)(uidNumber>=60000))", "uid", "gidNumber"]).success();
    block_on(async {
        let mut client = Client::connect(gateway).await;
        for user in users {
            let (name, gid) = (user.one("uid"), user.one("gidNumber"));
            let dn = group_dn(&ldap_gateway::model::dn::escape_value(&name));
            let private = |term| LdapFilter::And(vec![term, equal("objectClass", "namedObject")]);
            let below = |term| search_for(BASE, LdapSearchScope::Subtree, private(term), &["cn"]);
            for request in [
                below(equal("cn", &name)),
                below(equal("gidNumber", &gid)),
                search_for(&dn, LdapSearchScope::Base, equal("objectClass", "namedObject"), &["cn"]),
            ] {
                let answer = client.request(request).await.unwrap();
                let found = answer.entries.iter().any(|entry| rdn_value(&entry.dn) == name);
                assert_eq!(found, listed.contains_key(&name), "{name}");
            }
        }
    });
    listed
}

fn grace() -> BTreeMap<String, String> {
    BTreeMap::from([("grace".to_owned(), "20003".to_owned())])
}

pub fn as_an_entry(ctx: &Battery) {
    assert_eq!(private(ctx.gateway), grace());
    let entry = ctx.search(&["(cn=grace)", "*", "+"]).only();
    assert_eq!(entry.dn, group_dn("grace"));
    assert_eq!(entry.set("objectClass"), set(["top", "namedObject", "posixGroup"]));
    assert_eq!(
        (entry.one("cn"), entry.one("gidNumber")),
        ("grace".into(), "20003".into())
    );
    assert_eq!(entry.one("structuralObjectClass"), "namedObject");
    assert_eq!(entry.one("entryDN"), group_dn("grace"));
    for absent in ["member", "memberUid", "uniqueMember", "memberOf", "createTimestamp"] {
        assert!(entry.values(absent).is_empty(), "{absent}");
    }
    let user = ctx.search(&["(uid=grace)", "entryUUID"]).only().one("entryUUID");
    let own = entry.one("entryUUID");
    assert_ne!(own, user);
    assert_eq!(
        ctx.search(&[&format!("(entryUUID={own})"), "1.1"]).only().dn,
        group_dn("grace")
    );
    // Of the user's number, not of its name.
    let database = Database::fresh(ctx.engine);
    let gateway = Gateway::start(&database.deployed());
    database.sql("UPDATE \"Users\" SET \"uid\" = 'Gracia' WHERE \"uid\" = 'grace'");
    let renamed = search(&gateway, &["(cn=GRACIA)", "entryUUID"]).only();
    assert_eq!(
        (renamed.dn.clone(), renamed.one("entryUUID")),
        (group_dn("Gracia"), own)
    );
}

pub fn by_every_filter(ctx: &Battery) {
    let found = |filter: &str| ctx.search(&[filter, "1.1"]).dns().contains(&group_dn("grace"));
    for filter in [
        "(cn=GRACE)",
        "(cn=gr*ce)",
        "(cn=*)",
        "(gidNumber>=20003)",
        "(gidNumber<=20003)",
        "(objectClass=posixGroup)",
        "(&(objectClass=posixGroup)(!(memberUid=*)))",
        "(!(member=uid=grace,dc=example,dc=com))",
        "(!(gidNumber=20001))",
        "(|(cn=staff)(cn=grace))",
        "(|(gidNumber=20001)(gidNumber=20003))",
        "(cn:dn:=grace)",
        "(entryDN=CN=Grace,dc=example,dc=com)",
        "(structuralObjectClass=namedObject)",
        "(objectClass=*)",
        &as_sssd_asks("20003"),
    ] {
        assert!(found(filter), "{filter}");
    }
    for filter in [
        "(cn=grac)",
        "(gidNumber=20004)",
        // RFC 4517 3.3.16: no integer, so this is Undefined.
        "(gidNumber=020003)",
        "(!(gidNumber=20003))",
        "(!(cn=grace))",
        "(objectClass=groupOfNames)",
        "(objectClass=person)",
        "(uid=grace)",
        "(memberUid=grace)",
        "(member=*)",
        "(memberOf=*)",
        "(entryDN=uid=grace,dc=example,dc=com)",
    ] {
        assert!(!found(filter), "{filter}");
    }
    // No member of itself, and nobody's group.
    ctx.finds("(memberOf=cn=grace,dc=example,dc=com)", []);
}

pub fn in_every_scope(ctx: &Battery) {
    let dn = group_dn("grace");
    let dns =
        |base: &str, scope: &str| ldapsearch(ctx.gateway, &["-b", base, "-s", scope, "(gidNumber=*)", "1.1"]).dns();
    for scope in ["one", "sub", "children"] {
        assert!(dns(BASE, scope).contains(&dn), "{scope}");
    }
    assert!(!dns(BASE, "base").contains(&dn));
    assert_eq!(dns("CN=Grace,dc=example,dc=com", "base"), set([dn.as_str()]));
    assert_eq!(dns(&dn, "sub"), set([dn.as_str()]));
    assert!(dns(&dn, "one").is_empty());
    let below = ldapsearch(ctx.gateway, &["-b", &format!("cn=x,{dn}"), "-s", "base"]);
    assert_eq!((below.code, below.matched), (32, Some(dn.clone())));
    // After the groups.
    let all = ctx.search(&["(objectClass=*)", "1.1"]).success();
    assert_eq!(all.last().map(|entry| entry.dn.clone()), Some(dn.clone()));
    let gateway = ctx.gateway_with(|env| env.with("LDAP_USERS_RDN", "ou=p").with("LDAP_GROUPS_RDN", "ou=g"));
    let stands = search(&gateway, &["(cn=grace)", "1.1"]).only().dn;
    assert_eq!(stands, format!("cn=grace,ou=g,{BASE}"));
    let off = ctx.gateway_with(|env| env.with("LDAP_USER_PRIVATE_GROUPS", "off"));
    assert!(private(&off).is_empty());
    assert_eq!(names(&off, "(gidNumber=20003)"), set(["grace"]));
    assert_eq!(ldapsearch(&off, &["-b", &dn, "-s", "base"]).code, 32);
}

/// Names and numbers that groups have, in every spelling.
pub fn none_where_a_group_is(ctx: &Battery) {
    let database = Database::fresh(ctx.engine);
    let gateway = Gateway::start(&database.deployed());
    let user = |name: &str, number: u32, gid: u32| format!("('{name}', {number}, {gid})");
    let mut users: Vec<String> = (0..12)
        .map(|n| user(&format!("own{n}"), 63_000 + n, 64_000 + n))
        .collect();
    // Shared: the lowest uid number has it.
    users.extend([
        user("third", 63_103, 64_100),
        user("first", 63_101, 64_100),
        user("second", 63_102, 64_100),
    ]);
    users.extend([
        user("  blank", 63_200, 64_200),
        user("K\u{212a}elvin", 63_201, 64_201),
        user("\u{e9}tude", 63_202, 64_202),
    ]);
    database.sql(&format!(
        "INSERT INTO \"Users\" (\"uid\", \"uidNumber\", \"gidNumber\") VALUES {}",
        users.join(", ")
    ));
    let mut expected = grace();
    expected.extend((0..12).map(|n| (format!("own{n}"), format!("{}", 64_000 + n))));
    expected.extend([
        ("first".to_owned(), "64100".to_owned()),
        ("  blank".to_owned(), "64200".to_owned()),
        ("K\u{212a}elvin".to_owned(), "64201".to_owned()),
        ("\u{e9}tude".to_owned(), "64202".to_owned()),
    ]);
    assert_eq!(private(&gateway), expected);
    for (gid, group, gone) in [
        (65_000, "OWN0", "own0"),
        (65_001, " own1", "own1"),
        (65_002, "\u{ff4f}wn2", "own2"),
        (65_003, "Blank", "  blank"),
        (65_004, "kkELVIN", "K\u{212a}elvin"),
        (65_005, "\u{c9}tude", "\u{e9}tude"),
        (64_006, "another", "own6"),
        // Of those who share it the second one is not the first now.
        (65_007, "first", "first"),
    ] {
        database.sql(&format!(
            "INSERT INTO \"Groups\" (\"gidNumber\", \"cn\") VALUES ({gid}, '{group}')"
        ));
        assert!(expected.remove(gone).is_some());
        assert_eq!(private(&gateway), expected, "{group}");
    }
    // What only looks alike for a collation is another name.
    database.sql("INSERT INTO \"Groups\" (\"gidNumber\", \"cn\") VALUES (65100, '\u{f3}wn7')");
    assert_eq!(private(&gateway), expected);
    database.sql("DELETE FROM \"Users\" WHERE \"uidNumber\" = 63101");
    assert_eq!(
        names(&gateway, "(&(gidNumber=64100)(objectClass=posixGroup))"),
        set(["second"])
    );
}

pub fn twins_have_one(ctx: &Battery) {
    let database = with_twins(ctx.engine);
    database.sql("UPDATE \"Users\" SET \"gidNumber\" = \"uidNumber\" WHERE \"uidNumber\" IN (62001, 62002)");
    let gateway = Gateway::start(&database.deployed());
    let listed = search(&gateway, &["(objectClass=*)", "gidNumber"]).success();
    let twins: Vec<_> = listed
        .iter()
        .filter(|entry| entry.dn.to_lowercase().starts_with("cn=twin,"))
        .collect();
    assert_eq!(twins.len(), 1, "{twins:?}");
    assert_eq!(
        (twins[0].dn.clone(), twins[0].one("gidNumber")),
        (group_dn("Twin"), "62001".into())
    );
    assert_eq!(
        search(&gateway, &["(&(cn=Twin)(objectClass=posixGroup))", "gidNumber"])
            .only()
            .one("gidNumber"),
        "62001"
    );
    // The entry has a group, and so the other one, which is no entry, has none either.
    database.sql("INSERT INTO \"Groups\" (\"gidNumber\", \"cn\") VALUES (62001, 'x')");
    let listed = search(&gateway, &["(objectClass=posixGroup)", "1.1"]).short();
    assert!(
        listed.iter().all(|name| !name.eq_ignore_ascii_case("twin")),
        "{listed:?}"
    );
    assert!(
        search(&gateway, &["(&(cn=Twin)(objectClass=posixGroup))"])
            .success()
            .is_empty()
    );
}

/// Numbers kept as text are compared otherwise by each database.
pub fn numbers_must_be_numbers(ctx: &Battery) {
    let text = |env: Env| {
        let number = match ctx.engine {
            Engine::MariaDb => "CONCAT(g.`gidNumber`, '')",
            Engine::PostgreSql | Engine::Sqlite => "(g.\"gidNumber\" || '')",
        };
        env.changed("SQL_QUERY_ALL_GROUPS", |query| {
            query.replacen(&ctx.engine.quoted("g.\"gidNumber\""), number, 1)
        })
    };
    let gateway = ctx.gateway_with(text);
    assert_eq!(
        names(&gateway, "(gidNumber=20001)"),
        names(ctx.gateway, "(gidNumber=20001)")
    );
    assert!(search(&gateway, &["(objectClass=namedObject)"]).success().is_empty());
    assert_eq!(ldapsearch(&gateway, &["-b", &group_dn("grace"), "-s", "base"]).code, 32);
    assert_eq!(
        search(&gateway, &["-b", &user_dn("grace"), "gidNumber"])
            .only()
            .one("gidNumber"),
        "20003"
    );
}
