//! What changes in the tables arrives with the next lookup whose cache has expired, and by enumeration.
//!
//! With the recommended queries: users then have a `modifyTimestamp`, groups must not (SSSD does not store a group again
//! whose `modifyTimestamp` it has, and would never see a new member).

use super::{Case, Schema};
use crate::harness::ldap::{BATTERY_PASSWORD, password, set};
use crate::harness::sssd::{Login, Sssd};
use crate::harness::{Database, Engine, Site, eventually};
use std::collections::BTreeSet;
use std::time::Duration;

/// A site whose rows the case changes.
fn own(recommended: bool) -> (Database, Site) {
    let database = Database::fresh(Engine::PostgreSql);
    let env = if recommended {
        database.recommended()
    } else {
        database.deployed()
    };
    let site = Site::start(&env);
    (database, site)
}

fn add_user(database: &Database, name: &str, uid: u32) {
    database.sql(&format!(
        "INSERT INTO \"Users\" (\"uid\", \"uidNumber\", \"gidNumber\", \"cn\", \"userPassword\")
         SELECT '{name}', {uid}, 20001, '{name}', \"userPassword\" FROM \"Users\" WHERE \"uid\" = 'cheap'"
    ));
}

/// Expired caches: the next lookup has the row as it is now.
pub fn expired_caches(case: &Case) {
    let (database, site) = own(case.schema == Schema::Rfc2307bis);
    let sssd = Sssd::start(&site, &case.schema.conf());
    assert_eq!(sssd.groups_of("bob"), Some(set(["staff", "ldapusers"])));
    assert_eq!(sssd.group("sysadmins").unwrap().members, set(["alice"]));
    assert_eq!(sssd.user("carol").unwrap().gecos, "Carol Müller");
    assert!(sssd.user("grace").is_some());
    assert_eq!(sssd.login("bob", password("bob")), Login::In);

    database.sql(
        "DELETE FROM \"UserGroups\" WHERE \"uidNumber\" = 10002 AND \"gidNumber\" = 20010;
         INSERT INTO \"UserGroups\" VALUES (10002, 20011), (10003, 20011);
         UPDATE \"Users\" SET \"cn\" = 'Carol Maier', \"homeDirectory\" = '/srv/carol' WHERE \"uid\" = 'carol';
         DELETE FROM \"Users\" WHERE \"uid\" = 'grace';",
    );
    add_user(&database, "newcomer", 31000);
    // Nobody has asked for the newcomer: there is no expired entry in the way.
    assert_eq!(sssd.user("newcomer").map(|user| user.uid), Some(31000));
    sssd.expire();
    assert_eq!(sssd.groups_of("bob"), Some(set(["staff", "sysadmins"])));
    assert_eq!(sssd.group("sysadmins").unwrap().members, set(["alice", "bob", "carol"]));
    assert_eq!(sssd.group(20010).unwrap().members, set(["alice", "carol", "heidi"]));
    let carol = sssd.user("carol").unwrap();
    assert_eq!(
        (carol.gecos.as_str(), carol.home.as_str()),
        ("Carol Maier", "/srv/carol")
    );
    assert_eq!(sssd.user("grace"), None);
    // Who may log in is asked at each login.
    assert_eq!(sssd.login("bob", password("bob")), Login::Denied);
    database.sql(
        "INSERT INTO \"UserGroups\" VALUES (31000, 20010);
         UPDATE \"Users\" SET \"userPassword\" = (SELECT \"userPassword\" FROM \"Users\" WHERE \"uid\" = 'cheap')
         WHERE \"uid\" = 'alice';",
    );
    assert_eq!(sssd.login("newcomer", BATTERY_PASSWORD), Login::In);
    // So is the password.
    assert_eq!(sssd.login("alice", password("alice")), Login::Refused);
    assert_eq!(sssd.login("alice", BATTERY_PASSWORD), Login::In);
}

/// Names whose DN has a backslash. SSSD 2.8 puts the DNs of all that it lists into a filter of its own, unescaped; with
/// one of these among them, it lists nobody.
const NOT_LISTED: &str = "
    DELETE FROM \"Users\" WHERE \"uid\" IN ('doe, john', '#hash', 'plus+sign', 'quo\"te', 'semi;<=>', 'back\\slash', ' lead');
    DELETE FROM \"Groups\" WHERE \"cn\" = 'R&D, Berlin'";

/// `enumerate = True`: everybody is listed, and what is new or changed is listed by the next run.
pub fn everybody_is_listed(case: &Case) {
    let (database, site) = own(case.schema == Schema::Rfc2307);
    database.sql(NOT_LISTED);
    let conf = case
        .schema
        .conf()
        .with("enumerate", "True")
        .with("ldap_enumeration_refresh_offset", "0")
        .with("ldap_enumeration_refresh_timeout", "2")
        .with_nss("enum_cache_timeout", "1");
    let sssd = Sssd::start(&site, &conf);
    let names = |column: &str, table: &str, condition: &str| -> BTreeSet<String> {
        let rows = database.rows(&format!("SELECT \"{column}\" FROM \"{table}\" WHERE {condition}"));
        rows.into_iter().map(|row| row.into_iter().next().unwrap()).collect()
    };
    let users = || -> BTreeSet<String> { sssd.all_users().into_iter().map(|user| user.name).collect() };
    let groups = || -> BTreeSet<String> { sssd.all_groups().into_iter().map(|group| group.name).collect() };
    // Whose gid number no group has comes with a group of their own.
    let private = "\"gidNumber\" NOT IN (SELECT \"gidNumber\" FROM \"Groups\")";
    let both_listed = || {
        let mut expected = names("cn", "Groups", "1 = 1");
        expected.extend(names("uid", "Users", private));
        users() == names("uid", "Users", "\"gidNumber\" IS NOT NULL") && groups() == expected
    };
    let limit = Duration::from_secs(20);
    assert!(eventually(limit, both_listed), "{:?}\n{:?}", users(), groups());
    let members = |group: &str| -> BTreeSet<String> {
        let found = sssd.all_groups().into_iter().find(|found| found.name == group);
        found.unwrap().members
    };
    assert!(eventually(limit, || members("staff") == set(["alice", "bob", "dave"])));

    add_user(&database, "newcomer", 31000);
    database.sql(
        "INSERT INTO \"Groups\" (\"gidNumber\", \"cn\") VALUES (31001, 'newgroup');
         INSERT INTO \"UserGroups\" VALUES (31000, 31001), (10006, 20001);
         UPDATE \"Users\" SET \"cn\" = 'Alice Miller', \"updatedAt\" = CURRENT_TIMESTAMP WHERE \"uid\" = 'alice';",
    );
    assert!(eventually(limit, both_listed), "{:?}\n{:?}", users(), groups());
    let joined = || members("staff") == set(["alice", "bob", "dave", "frank"]);
    assert!(eventually(limit, joined), "{:?}", members("staff"));
    assert!(eventually(limit, || members("newgroup") == set(["newcomer"])));
    let renamed = || sssd.all_users().iter().any(|user| user.gecos == "Alice Miller");
    assert!(eventually(limit, renamed));
    assert_eq!(sssd.times_offline(), 0);
}
