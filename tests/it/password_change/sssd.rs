//! `passwd` on a machine, through a real SSSD and PAM, with both replicas.

use super::{TOO_SHORT, grant, settings};
use crate::harness::ldap::{password, user_dn};
use crate::harness::sssd::{Conf, Login, Sssd};
use crate::harness::{Database, Engine, Env, Site, beside_others, ldapwhoami, note_secret};

const ALICE: u32 = 10001;
const NEW: &str = "alice-now-likes-coffee";

fn conf() -> Conf {
    let everybody = "(objectClass=posixAccount)";
    let conf = Conf::documented("rfc2307").with("chpass_provider", "ldap");
    conf.with("ldap_access_filter", everybody)
}

fn site(change: impl FnOnce(Env) -> Env) -> Site {
    let database = Database::fresh(Engine::PostgreSql);
    grant(&database);
    Site::start(&change(settings(&database)).with("LOG_LEVEL", "debug"))
}

/// Of two passwords the first is right and the second is wrong, on the machine and at both replicas.
fn assert_password(site: &Site, sssd: &Sssd, right: &str, wrong: &str) {
    assert_eq!(sssd.login("alice", right), Login::In);
    assert_eq!(sssd.login("alice", wrong), Login::Refused);
    for replica in &site.replicas {
        replica.with(|gateway| {
            assert_eq!(ldapwhoami(gateway, &user_dn("alice"), right).0, 0, "{}", replica.name);
            assert_eq!(ldapwhoami(gateway, &user_dn("alice"), wrong).0, 49, "{}", replica.name);
        });
    }
}

#[test]
fn passwd() {
    let _guard = beside_others();
    note_secret(NEW);
    let site = site(|env| env);
    let sssd = Sssd::start(&site, &conf());
    let old = password("alice");
    let passwd = |old: &str, new: &str| sssd.change_password("alice", ALICE, (old, new));
    // What is refused, and what the user sees of it.
    for (given, new, seen) in [
        (
            old,
            TOO_SHORT,
            "the new password is too short: it needs 8 characters at least",
        ),
        (old, old, "the new password must not be the present one"),
        ("wrong-one", NEW, "Authentication failure"),
    ] {
        let (done, text) = passwd(given, new);
        assert!(!done, "{seen}: {text}");
        assert!(text.contains(seen), "{seen}: {text}");
    }
    assert_password(&site, &sssd, old, NEW);
    let (done, text) = passwd(old, NEW);
    assert!(done, "{text}\n{}", sssd.log_tail());
    assert_password(&site, &sssd, NEW, old);
    // And back, by a modify in place of the extended operation.
    drop(sssd);
    let sssd = Sssd::start(&site, &conf().with("ldap_pwmodify_mode", "ldap_modify"));
    let (done, text) = sssd.change_password("alice", ALICE, (NEW, old));
    assert!(done, "{text}\n{}", sssd.log_tail());
    assert_password(&site, &sssd, old, NEW);
    let (done, text) = sssd.change_password("alice", ALICE, (old, TOO_SHORT));
    assert!(!done && text.contains("too short"), "{text}");
}

/// Passwords that cannot be changed: without the setting, and without the right in the database.
#[test]
fn passwd_where_that_is_not_possible() {
    let _guard = beside_others();
    note_secret(NEW);
    let old = password("alice");
    for statement in ["", "UPDATE \"Groups\" SET \"cn\" = :password WHERE \"cn\" = :username"] {
        let site = site(|env| env.with("SQL_UPDATE_PASSWORD", statement));
        let sssd = Sssd::start(&site, &conf());
        let (done, text) = sssd.change_password("alice", ALICE, (old, NEW));
        let seen = match statement {
            "" => "change them where the accounts are managed",
            _ => "the database refuses SQL_UPDATE_PASSWORD: nothing was changed",
        };
        assert!(!done && text.contains(seen), "{text}");
        assert_password(&site, &sssd, old, NEW);
    }
}

/// An account that has expired is refused at once: SSSD must not let it in to choose a new password.
#[test]
fn an_account_that_has_expired() {
    let _guard = beside_others();
    note_secret(NEW);
    let column = "CASE \"uid\" WHEN 'alice' THEN '2020-01-01' END AS expires_at";
    let site = site(|env| env.with_user_columns(column));
    let sssd = Sssd::start(&site, &conf());
    assert_eq!(sssd.login("alice", password("alice")), Login::Refused);
    let (done, text) = sssd.change_password("alice", ALICE, (password("alice"), NEW));
    assert!(!done && text.contains("Authentication failure"), "{text}");
}
