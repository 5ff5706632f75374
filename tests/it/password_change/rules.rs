//! What a new password must be like, and what the password policy control says of it and of accounts.

use super::{Pair, ldapmodify, ldappasswd, own};
use crate::harness::ldap::{ldapsearch, password, tool, user_dn};
use crate::harness::{Engine, Gateway, note_secret};

fn policy(gateway: &Gateway, new: &str) -> (i32, String) {
    let alice = user_dn("alice");
    ldappasswd(
        gateway,
        &["-e", "ppolicy", "-D", &alice, "-w", password("alice"), "-s", new],
    )
}

#[test]
fn new_passwords() {
    let pair = Pair::with(Engine::Sqlite, |env| env.with("PASSWORD_MIN_LENGTH", 5));
    for (new, text, error) in [
        ("tiny", "too short: it needs 5 characters at least", "too short"),
        ("alice", "must not be the user's name", "Password fails quality"),
        ("ALICE", "must not be the user's name", "Password fails quality"),
        (
            password("alice"),
            "must not be the present one",
            "in list of old passwords",
        ),
        ("two\nlines", "control characters", "Password fails quality"),
    ] {
        let (code, printed) = policy(&pair.one, new);
        assert_eq!(code, 19, "{new}: {printed}");
        assert!(printed.contains(text), "{new}: {printed}");
        assert!(
            printed.to_lowercase().contains(&error.to_lowercase()) || printed.contains("ppolicy"),
            "{new}: {printed}"
        );
    }
    assert_eq!(policy(&pair.one, &"x".repeat(4097)).0, 19);
    pair.assert_password("alice", password("alice"), &["alice", "tiny"]);
    // What is no UTF-8, as a modify can say it (RFC 2849: base64).
    let changes = "replace: userPassword\nuserPassword:: c29tZS1QYXNzd29yZP8=\n";
    let (code, text) = ldapmodify(&pair.one, "alice", (&user_dn("alice"), changes), &[]);
    assert_eq!(code, 19, "{text}");
    assert!(text.contains("UTF-8"), "{text}");
    // A user's own new password is never taken for a hash.
    let hash = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=";
    assert_eq!(own(&pair.one, "alice", password("alice"), hash).0, 0);
    pair.assert_password("alice", hash, &["secret", password("alice")]);
}

#[test]
fn schemes() {
    for (scheme, beginning, longest) in [("bcrypt", "$2b$12$", 72), ("sha512-crypt", "$6$rounds=200000$", 512)] {
        let pair = Pair::with(Engine::Sqlite, |env| env.with("PASSWORD_SCHEME", scheme));
        let new = "Ä new Passw0rd";
        assert_eq!(own(&pair.one, "alice", password("alice"), new).0, 0);
        assert!(pair.hash("alice").starts_with(beginning), "{scheme}");
        pair.assert_password("alice", new, &[password("alice")]);
        assert_eq!(own(&pair.one, "alice", new, &"x".repeat(longest + 1)).0, 19);
        assert_eq!(own(&pair.one, "alice", new, &"x".repeat(longest)).0, 0);
        pair.assert_password("alice", &"x".repeat(longest), &[&"x".repeat(longest - 1)]);
    }
}

/// Why an account may not be used is told to whoever has its password, and to nobody else.
#[test]
fn accounts_that_may_not_bind() {
    let columns =
        "CASE \"uid\" WHEN 'bob' THEN 1 END AS locked, CASE \"uid\" WHEN 'carol' THEN '2020-01-01' END AS expires_at";
    let pair = Pair::with(Engine::Sqlite, |env| env.with_user_columns(columns));
    let whoami = |user: &str, password: &str| {
        let output = tool("ldapwhoami", &pair.one)
            .args(["-e", "ppolicy", "-D", &user_dn(user), "-w", password])
            .output()
            .unwrap();
        let text = [output.stdout.as_slice(), &output.stderr].concat();
        (
            output.status.code().unwrap(),
            String::from_utf8_lossy(&text).into_owned(),
        )
    };
    let (code, text) = whoami("bob", password("bob"));
    assert_eq!(code, 49);
    assert!(text.contains("Account locked"), "{text}");
    let (code, text) = whoami("carol", password("carol"));
    assert_eq!(code, 49);
    assert!(
        text.contains("Password expired") || text.contains("Account locked"),
        "{text}"
    );
    let unknown = whoami("nobody", "wrong-one");
    for user in ["alice", "bob", "carol"] {
        assert_eq!(whoami(user, "wrong-one"), unknown, "{user}");
    }
    assert_eq!(whoami("alice", password("alice")).0, 0);
    // Their passwords do not change, whatever is known of them.
    note_secret("some-Passw0rd");
    for (user, known) in [("bob", "Account locked"), ("carol", "Account locked")] {
        let arguments = [
            "-e",
            "ppolicy",
            "-a",
            password(user),
            "-s",
            "some-Passw0rd",
            &user_dn(user),
        ];
        let (code, text) = ldappasswd(&pair.one, &arguments);
        assert_eq!(code, 49, "{text}");
        assert!(text.contains(known), "{text}");
    }
    // Critical or not; with a value it breaks the draft.
    let critical = [
        "-e",
        "!1.3.6.1.4.1.42.2.27.8.5.1",
        "-D",
        &user_dn("alice"),
        "-w",
        password("alice"),
    ];
    assert_eq!(super::run("ldapwhoami", &pair.one, &critical, "").0, 0);
    let with_value = ldapsearch(
        &pair.one,
        &["-E", "!1.3.6.1.4.1.42.2.27.8.5.1=::eA==", "-b", "", "-s", "base"],
    );
    assert_eq!(with_value.code, 2, "{}", with_value.errors);
}
