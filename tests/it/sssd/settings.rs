//! Other settings than the documented ones, and other queries than the deployed ones.

use super::{Case, recommended_site, site};
use crate::harness::beside_others;
use crate::harness::ldap::{BATTERY_PASSWORD, password, set};
use crate::harness::sssd::{Conf, Login, Sssd};

/// What the deployed machines have: nothing that can be left blank is filled in, no certificate is verified.
const BLANK: &str = "[sssd]
services = nss, pam
domains = default

[domain/default]
id_provider = ldap
auth_provider = ldap
ldap_uri = ldaps://ldap1.example.com, ldaps://ldap2.example.com
ldap_tls_reqcert = allow
ldap_opt_timeout = 60
";

#[test]
fn blank_settings() {
    let _guard = beside_others();
    let mut conf = Conf::text(BLANK);
    for name in [
        "ldap_search_base",
        "ldap_user_search_base",
        "ldap_group_search_base",
        "ldap_default_bind_dn",
        "ldap_default_authtok",
        "ldap_schema",
        "ldap_tls_cacert",
        "ldap_access_filter",
    ] {
        conf = conf.with(name, "");
    }
    for conf in [Conf::text(BLANK), conf] {
        let sssd = Sssd::start(site(), &conf);
        let carol = sssd.user("carol").unwrap();
        // `gecos`, and not `cn` as in the documented settings.
        assert_eq!((carol.uid, carol.gecos.as_str()), (10003, "Carol Muller"));
        assert_eq!(sssd.groups_of("bob"), Some(set(["staff", "ldapusers"])));
        assert_eq!(sssd.group(20001).unwrap().members, set(["alice", "bob", "dave"]));
        assert_eq!(sssd.user("mallory"), None);
        // Without an access provider whoever knows the password may log in.
        assert_eq!(sssd.login("cheap", BATTERY_PASSWORD), Login::In);
        assert_eq!(sssd.login("cheap", "wrong"), Login::Refused);
        assert_eq!(sssd.login("cheap", ""), Login::Refused);
        assert_eq!(sssd.times_offline(), 0);
    }
}

/// Order `filter` without a filter: SSSD denies everybody and asks nothing.
#[test]
fn no_access_filter() {
    let _guard = beside_others();
    let sssd = Sssd::start(site(), &Conf::documented("rfc2307").with("ldap_access_filter", ""));
    assert_eq!(sssd.login("alice", password("alice")), Login::Denied);
}

pub fn access_filters(case: &Case) {
    for (filter, alice, cheap) in [
        ("(objectClass=*)", Login::In, Login::In),
        ("(memberOf=CN=LDAPUsers, DC=example,DC=com)", Login::In, Login::Denied),
        (
            "(|(memberOf=cn=sysadmins,dc=example,dc=com)(uid=cheap))",
            Login::In,
            Login::In,
        ),
        ("(!(memberOf=cn=sysadmins,dc=example,dc=com))", Login::Denied, Login::In),
        (
            "(memberOf=cn=nosuchgroup,dc=example,dc=com)",
            Login::Denied,
            Login::Denied,
        ),
        // Undefined is not true, and not an error.
        ("(noSuchAttribute=x)", Login::Denied, Login::Denied),
    ] {
        let sssd = case.sssd_with(|conf| conf.with("ldap_access_filter", filter));
        assert_eq!(sssd.login("alice", password("alice")), alice, "{filter}");
        assert_eq!(sssd.login("cheap", BATTERY_PASSWORD), cheap, "{filter}");
    }
}

/// The deployed queries have no column for them; the recommended ones have.
pub fn ssh_keys(case: &Case) {
    let sssd = Sssd::start(recommended_site(), &case.schema.conf());
    let keys = |user: &str| sssd.ssh_keys(user);
    let start = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI";
    assert_eq!(
        keys("alice"),
        [format!(
            "{start}Plh1dzMtg4FBXjxRcoMJDd0x6bteg4Wjsq7Bfx6CDUK alice@example"
        )]
    );
    let mut of_bob = keys("bob");
    of_bob.sort();
    assert_eq!(
        of_bob,
        [
            format!("{start}KKUlIC0Up4/UgyIkstq2S9fx5Ol5RmBPbUrwxoM2lq7 bob@desktop"),
            format!("{start}MccbkelAvB7EcR8ifKgc12mMO21B7a42dpal9ZQRRHM bob@laptop"),
        ]
    );
    assert!(keys("carol").is_empty());
    assert!(keys("mallory").is_empty());
    assert!(case.sssd.ssh_keys("alice").is_empty(), "no column, no keys");
    // Columns that the recommended queries have beside.
    assert_eq!(sssd.user("bob").unwrap().shell, "/bin/zsh");
    assert_eq!(sssd.login("alice", password("alice")), Login::In);
}

/// Pending and suspended users are there, and get the answer that a wrong password gets.
pub fn who_is_not_active(case: &Case) {
    let everybody = case
        .schema
        .conf()
        .with("ldap_access_filter", "(objectClass=posixAccount)");
    let sssd = Sssd::start(recommended_site(), &everybody);
    for user in ["dave", "frank"] {
        assert!(sssd.user(user).is_some(), "{user}");
        assert_eq!(sssd.login(user, password(user)), Login::Refused, "{user}");
    }
    assert_eq!(sssd.login("erin", password("erin")), Login::In);
}
