//! What the recommended queries add to the deployed ones: shells, keys, status, entryUUID, timestamps.

use super::{Battery, names, search};
use crate::harness::ldap::{BATTERY_PASSWORD, password, set, user_dn};
use crate::harness::ldapwhoami;

pub fn shells(ctx: &Battery) {
    let gateway = ctx.recommended();
    let shell = |name: &str| search(gateway, &[&format!("(uid={name})")]).only().one("loginShell");
    assert_eq!(
        (shell("bob"), shell("grace"), shell("erin")),
        ("/bin/zsh".into(), "/usr/bin/fish".into(), "/bin/bash".into())
    );
    assert_eq!(names(gateway, "(loginShell=/bin/zsh)"), set(["bob"]));
    assert!(
        names(gateway, "(loginShell=/bin/bash)").contains("erin"),
        "the fallback is matched"
    );
}

pub fn ssh_keys(ctx: &Battery) {
    let gateway = ctx.recommended();
    let entry = |name: &str| search(gateway, &[&format!("(uid={name})")]).only();
    let bob = entry("bob");
    let keys = bob.values("sshPublicKey");
    assert_eq!(keys.len(), 2);
    assert!(
        keys[0].starts_with("ssh-ed25519 ") && keys[0].ends_with(" bob@laptop") && keys[1].ends_with(" bob@desktop"),
        "{keys:?}"
    );
    assert!(bob.set("objectClass").contains("ldapPublicKey"));
    assert_eq!(
        entry("blanklines").values("sshPublicKey"),
        ["ssh-rsa AAAA one", "ssh-rsa BBBB two"]
    );
    let carol = entry("carol");
    assert!(carol.values("sshPublicKey").is_empty() && !carol.set("objectClass").contains("ldapPublicKey"));
    assert_eq!(names(gateway, "(sshPublicKey=*)"), set(["alice", "bob", "blanklines"]));
    assert_eq!(
        names(gateway, "(objectClass=ldapPublicKey)"),
        set(["alice", "bob", "blanklines"])
    );
    assert_eq!(names(gateway, &format!("(sshPublicKey={})", keys[1])), set(["bob"]));
}

pub fn status(ctx: &Battery) {
    let gateway = ctx.recommended();
    assert_eq!(ldapwhoami(gateway, &user_dn("alice"), password("alice")).0, 0);
    assert_eq!(ldapwhoami(gateway, &user_dn("dave"), password("dave")).0, 49, "pending");
    assert_eq!(
        ldapwhoami(gateway, &user_dn("frank"), password("frank")).0,
        49,
        "suspended"
    );
    assert_eq!(
        ldapwhoami(gateway, &user_dn("shouting"), BATTERY_PASSWORD).0,
        49,
        "SUSPENDED"
    );
    assert_eq!(
        ldapwhoami(gateway, &user_dn("retired"), BATTERY_PASSWORD).0,
        0,
        "another word does not refuse"
    );
    // They are still found.
    assert!(names(gateway, "(objectClass=posixAccount)").is_superset(&set(["dave", "frank"])));
    assert!(
        search(gateway, &["(uid=dave)", "status"]).only().attributes.is_empty(),
        "the column itself is not served"
    );
}

pub fn entry_uuid(ctx: &Battery) {
    let entry = search(ctx.recommended(), &["(uid=alice)", "entryUUID"]).only();
    assert_eq!(entry.one("entryUUID"), "5f0c6d3e-8a41-4c57-9b1e-000000010001");
    assert_eq!(
        names(ctx.recommended(), "(entryUUID=5F0C6D3E-8A41-4C57-9B1E-000000010002)"),
        set(["bob"])
    );
}

pub fn timestamps(ctx: &Battery) {
    let gateway = ctx.recommended();
    let entry = search(gateway, &["(uid=alice)", "createTimestamp", "modifyTimestamp"]).only();
    assert_eq!(entry.one("createTimestamp"), "20240115093000Z");
    assert_eq!(entry.one("modifyTimestamp"), "20240601120000Z");
    assert_eq!(names(gateway, "(createTimestamp=20240229235959Z)"), set(["carol"]));
    assert_eq!(
        names(gateway, "(createTimestamp=20240301005959+0100)"),
        set(["carol"]),
        "the same moment elsewhere"
    );
    assert_eq!(
        names(gateway, "(&(uidNumber<=10008)(modifyTimestamp>=20240601120000Z))"),
        set(["alice", "frank", "heidi"])
    );
    assert_eq!(
        names(gateway, "(&(uidNumber<=10008)(!(modifyTimestamp>=2024030100Z)))"),
        set(["bob"])
    );
    // A group's row does not change when its members do: no timestamp at all.
    let group = search(gateway, &["(cn=staff)", "+"]).only();
    assert!(!group.names().contains("modifyTimestamp"));
}

pub fn the_rest_is_as_deployed(ctx: &Battery) {
    for filter in [
        "(objectClass=posixAccount)",
        "(memberUid=alice)",
        "(cn=*mit*)",
        "(!(uid=alice))",
        "(memberOf=*)",
    ] {
        assert_eq!(names(ctx.recommended(), filter), ctx.names(filter), "{filter}");
    }
}
