//! The two ways to ask for a change, and who may.

use super::{Pair, TOO_SHORT, ldapmodify, ldappasswd, on_each_engine, own};
use crate::harness::ldap::{BASE, group_dn, ldapsearch, password, set, tool, user_dn};
use crate::harness::{Database, Engine, Gateway, beside_others, note_secret};

on_each_engine! {
    ldappasswd_changes_ones_own,
    a_modify_changes_ones_own,
    who_is_not_bound_gives_the_present_one,
    nobody_changes_anothers,
    the_gateway_makes_one_up,
}

const NEW: &str = "alice-now-likes-coffee";

fn ldappasswd_changes_ones_own(engine: Engine) {
    let pair = Pair::start(engine);
    let old = password("alice");
    let before = pair.hash("alice");
    assert_eq!(own(&pair.one, "alice", old, NEW), (0, String::new()));
    pair.assert_password("alice", NEW, &[old]);
    let after = pair.hash("alice");
    assert!(after.starts_with("$argon2id$v=19$m=65536,t=3,p=4$") && after != before);
    // Without the present one in the request, by the bind alone, and with the other gateway; the name left out.
    let alice = user_dn("alice");
    assert_eq!(
        ldappasswd(&pair.other, &["-D", &alice, "-w", NEW, "-s", "alice-is-back"]).0,
        0
    );
    note_secret("alice-is-back");
    pair.assert_password("alice", "alice-is-back", &[old, NEW]);
    // Nobody else's has changed, and nothing else of hers.
    assert_eq!(
        ldapsearch(&pair.one, &["-b", &alice, "(uid=alice)", "mail"])
            .only()
            .one("mail"),
        "alice@example.com"
    );
    pair.assert_password("bob", password("bob"), &[NEW]);
    // A wrong present one, though the bind was right.
    let wrong = ldappasswd(
        &pair.one,
        &["-D", &alice, "-w", "alice-is-back", "-a", "wrong-one", "-s", NEW],
    );
    assert_eq!(wrong.0, 49, "{}", wrong.1);
    assert!(wrong.1.contains("the present password is wrong"), "{}", wrong.1);
    pair.assert_password("alice", "alice-is-back", &[NEW, "wrong-one"]);
    // Names as other clients spell them.
    for name in ["UID=Alice, DC=example,dc=com", "dn:uid=alice,dc=example,dc=com"] {
        let changed = ldappasswd(
            &pair.one,
            &["-D", &alice, "-w", "alice-is-back", "-s", "alice-is-back-2", name],
        );
        assert_eq!(changed.0, 0, "{name}: {}", changed.1);
        let changed = ldappasswd(
            &pair.one,
            &["-D", &alice, "-w", "alice-is-back-2", "-s", "alice-is-back", name],
        );
        assert_eq!(changed.0, 0, "{name}: {}", changed.1);
    }
}

fn a_modify_changes_ones_own(engine: Engine) {
    let pair = Pair::start(engine);
    note_secret(NEW);
    let old = password("alice");
    let alice = user_dn("alice");
    let modify = |changes: &str| ldapmodify(&pair.one, "alice", (&alice, changes), &[]);
    for (changes, code, says) in [
        (
            "delete: userPassword\nuserPassword: wrong-one\n-\nadd: userPassword\nuserPassword: some-Passw0rd\n",
            16,
            "present",
        ),
        ("replace: userPassword\n", 53, "not taken away"),
        ("delete: userPassword\n", 53, "not taken away"),
        ("add: userPassword\nuserPassword: some-Passw0rd\n", 19, "one value"),
        (
            "replace: userPassword\nuserPassword: some-Passw0rd\nuserPassword: some-Passw0rd2\n",
            19,
            "one value",
        ),
        ("replace: cn\ncn: Somebody\n", 53, "read-only"),
        (
            "replace: userPassword\nuserPassword: some-Passw0rd\n-\nreplace: cn\ncn: Somebody\n",
            53,
            "read-only",
        ),
        (
            "replace: userPassword;x-y\nuserPassword;x-y: some-Passw0rd\n",
            53,
            "read-only",
        ),
    ] {
        let (found, text) = modify(changes);
        assert_eq!(found, code, "{changes}: {text}");
        assert!(text.contains(says), "{changes}: {text}");
    }
    pair.assert_password("alice", old, &["some-Passw0rd"]);
    let change = format!("delete: userPassword\nuserPassword: {old}\n-\nadd: userPassword\nuserPassword: {NEW}\n");
    assert_eq!(modify(&change).0, 0);
    pair.assert_password("alice", NEW, &[old]);
    let change = format!("replace: 2.5.4.35\n2.5.4.35: {old}\n");
    let arguments = ["-D", &alice, "-w", NEW];
    let back = super::run(
        "ldapmodify",
        &pair.one,
        &arguments,
        &format!("dn: {alice}\nchangetype: modify\n{change}\n"),
    );
    assert_eq!(back.0, 0, "{}", back.1);
    pair.assert_password("alice", old, &[NEW]);
}

fn who_is_not_bound_gives_the_present_one(engine: Engine) {
    let pair = Pair::start(engine);
    note_secret(NEW);
    let (old, alice) = (password("alice"), user_dn("alice"));
    let unbound = |arguments: &[&str]| ldappasswd(&pair.one, arguments);
    // Whoever knows less than a bind needs learns no more than by a bind.
    let wrong = unbound(&["-a", "wrong-one", "-s", NEW, &alice]);
    let nobody = unbound(&["-a", "wrong-one", "-s", NEW, &user_dn("nobody")]);
    assert_eq!(wrong, nobody);
    assert_eq!(wrong.0, 49);
    assert_eq!(unbound(&["-s", NEW, &alice]).0, 50);
    assert_eq!(unbound(&["-s", NEW]).0, 50);
    assert_eq!(unbound(&["-a", old, "-s", NEW]).0, 50);
    assert_eq!(unbound(&["-a", old, "-s", NEW, "alice"]).0, 34);
    pair.assert_password("alice", old, &[NEW]);
    assert_eq!(unbound(&["-a", old, "-s", NEW, &alice]).0, 0);
    pair.assert_password("alice", NEW, &[old]);
}

fn nobody_changes_anothers(engine: Engine) {
    let pair = Pair::start(engine);
    let (alice, bob) = (user_dn("alice"), user_dn("bob"));
    let before = pair.hash("bob");
    let as_alice = ["-D", &alice, "-w", password("alice"), "-s", NEW];
    note_secret(NEW);
    // The same for those who are there and those who are not; also with the right password of the other.
    for other in [
        bob.as_str(),
        &user_dn("nobody"),
        &group_dn("staff"),
        BASE,
        "cn=x,dc=other",
    ] {
        let (code, text) = ldappasswd(&pair.one, &[&as_alice[..], &[other]].concat());
        assert_eq!(code, 50, "{other}: {text}");
        assert!(text.contains("its own password only"), "{text}");
        let changes = format!("replace: userPassword\nuserPassword: {NEW}\n");
        assert_eq!(ldapmodify(&pair.one, "alice", (other, &changes), &[]).0, 50, "{other}");
        assert_eq!(
            ldapmodify(&pair.one, "alice", (other, "replace: cn\ncn: x\n"), &[]).0,
            50,
            "{other}"
        );
    }
    let with_old = [&as_alice[..], &["-a", password("bob"), &bob]].concat();
    assert_eq!(ldappasswd(&pair.one, &with_old).0, 50);
    // Nor does anybody without a name.
    let changes = format!("dn: {bob}\nchangetype: modify\nreplace: userPassword\nuserPassword: {NEW}\n");
    assert_eq!(super::run("ldapmodify", &pair.one, &[], &changes).0, 50);
    assert_eq!(pair.hash("bob"), before);
    // Whoever may not bind any more may not do this, either.
    let reset = "UPDATE \"Users\" SET \"userPassword\" = NULL WHERE \"uid\" = 'bob'";
    pair.database.sql(reset);
    assert_eq!(ldappasswd(&pair.one, &["-a", password("bob"), "-s", NEW, &bob]).0, 49);
}

fn the_gateway_makes_one_up(engine: Engine) {
    let pair = Pair::start(engine);
    let alice = user_dn("alice");
    let (code, text) = ldappasswd(&pair.one, &["-D", &alice, "-w", password("alice"), &alice]);
    assert_eq!(code, 0, "{text}");
    let generated = text
        .trim()
        .strip_prefix("New password: ")
        .unwrap_or_else(|| panic!("{text}"));
    note_secret(generated);
    assert_eq!(generated.len(), 20);
    pair.assert_password("alice", generated, &[password("alice")]);
}

#[test]
fn off_unless_there_is_a_statement() {
    let _guard = beside_others();
    let gateway = Gateway::start(&Database::shared(Engine::Sqlite).deployed());
    let alice = user_dn("alice");
    let extensions = |gateway: &Gateway| {
        let root = ldapsearch(gateway, &["-b", "", "-s", "base", "supportedExtension"]).only();
        root.set("supportedExtension")
    };
    const OTHERS: [&str; 2] = ["1.3.6.1.4.1.4203.1.11.3", "1.3.6.1.1.8"];
    assert_eq!(extensions(&gateway), set(OTHERS));
    let (code, text) = ldappasswd(
        &gateway,
        &["-D", &alice, "-w", password("alice"), "-s", "some-Passw0rd"],
    );
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("passwords cannot be changed by LDAP"), "{text}");
    let changes = "replace: userPassword\nuserPassword: some-Passw0rd\n";
    assert_eq!(ldapmodify(&gateway, "alice", (&alice, changes), &[]).0, 53);

    let pair = Pair::start(Engine::Sqlite);
    let mut listed = set(OTHERS);
    listed.insert("1.3.6.1.4.1.4203.1.11.1".to_string());
    assert_eq!(extensions(&pair.one), listed);
    // A value that does not decode is answered.
    let output = tool("ldapexop", &pair.one)
        .args(["1.3.6.1.4.1.4203.1.11.1::MAA="])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains("(2)") || text.contains("(50)"), "{text}");
}

/// One line for each change that was asked for, with nothing of a password in it.
#[test]
fn each_change_is_in_the_log() {
    let pair = Pair::start(Engine::Sqlite);
    let alice = user_dn("alice");
    own(&pair.one, "alice", password("alice"), NEW);
    own(&pair.one, "alice", NEW, TOO_SHORT);
    ldappasswd(&pair.one, &["-a", "wrong-one", "-s", "some-Passw0rd", &alice]);
    let log = pair.one.log();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("password change")).collect();
    let [done, short, wrong] = lines[..] else {
        panic!("{lines:#?}")
    };
    assert!(
        done.contains(&format!("who={alice:?}")) || done.contains(&format!("who={alice}")),
        "{done}"
    );
    assert!(
        done.contains("result=success") || done.contains("result=\"success\""),
        "{done}"
    );
    assert!(short.contains("constraintViolation"), "{short}");
    assert!(
        wrong.contains("invalidCredentials") && wrong.contains("who=\"\""),
        "{wrong}"
    );
    for secret in [NEW, password("alice"), "wrong-one", "some-Passw0rd", "argon2id"] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}
