//! The ways of GitLab's library (`ruby-net-ldap`) and of Keycloak's (JNDI): a user's own password, and everybody's by a service
//! account that may write.

use super::{TOO_SHORT, grant, hash, on_each_engine, settings};
use crate::harness::ldap::{password, user_dn};
use crate::harness::{Database, Engine, Gateway, beside_others, ldapwhoami, note_secret, repository};
use std::process::Command;

on_each_engine! {
    by_net_ldap_and_jndi,
}

const KEYCLOAK: &str = "cn=keycloak,dc=example,dc=com";
/// Of the password "secret".
const SECRET: &str = "{SSHA}1G904nLkTkGWjKNnQuB/hpWXC/hzYWx0c2FsdA==";

fn change(
    program: &str,
    gateway: &Gateway,
    (bound, bind_password): (&str, &str),
    (dn, new, how): (&str, &str, &str),
) -> String {
    note_secret(new);
    let mut command = match program {
        "ruby" => Command::new("/usr/bin/ruby"),
        _ => {
            let mut java = Command::new("java");
            java.args(["-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]);
            java
        }
    };
    let file = if program == "ruby" {
        "change_password.rb"
    } else {
        "ChangePassword.java"
    };
    let output = command
        .arg(repository("tests/clients").join(file))
        .args([
            "127.0.0.1",
            &gateway.port.to_string(),
            bound,
            bind_password,
            dn,
            new,
            how,
        ])
        .output()
        .unwrap();
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8_lossy(&text).trim().to_string()
}

fn by_net_ldap_and_jndi(engine: Engine) {
    let _guard = beside_others();
    let database = Database::fresh(engine);
    grant(&database);
    let accounts = format!(
        r#"[{{"dn": "{KEYCLOAK}", "password": "{SECRET}", "rights": ["read", "write"]}},
            {{"dn": "cn=reader,dc=example,dc=com", "password": "{SECRET}", "rights": ["read"]}}]"#
    );
    let env = settings(&database).with("SERVICE_ACCOUNTS", accounts);
    let gateway = Gateway::start_plain(&env);
    let alice = user_dn("alice");
    let mut present = password("alice").to_string();
    for (number, (program, how)) in [
        ("ruby", "replace"),
        ("java", "replace"),
        ("ruby", "operation"),
        ("java", "operation"),
    ]
    .into_iter()
    .enumerate()
    {
        // Her own; then one that somebody else sets for her.
        let new = format!("alice-own-{number}");
        let answer = change(program, &gateway, (&alice, &present), (&alice, &new, how));
        assert!(answer.starts_with('0'), "{program} {how}: {answer}");
        assert_eq!(ldapwhoami(&gateway, &alice, &new).0, 0, "{program} {how}");
        assert_eq!(ldapwhoami(&gateway, &alice, &present).0, 49, "{program} {how}");
        present = format!("alice-by-keycloak-{number}");
        let answer = change(program, &gateway, (KEYCLOAK, "secret"), (&alice, &present, how));
        assert!(answer.starts_with('0'), "{program} {how}: {answer}");
        assert_eq!(ldapwhoami(&gateway, &alice, &present).0, 0, "{program} {how}");
        // Not by an account without the right, and not too short.
        let answer = change(
            program,
            &gateway,
            ("cn=reader,dc=example,dc=com", "secret"),
            (&alice, "some-Passw0rd", how),
        );
        assert!(answer.contains("50"), "{program} {how}: {answer}");
        let answer = change(program, &gateway, (KEYCLOAK, "secret"), (&alice, TOO_SHORT, how));
        assert!(
            answer.contains("19") && answer.contains("too short"),
            "{program} {how}: {answer}"
        );
        assert_eq!(ldapwhoami(&gateway, &alice, &present).0, 0, "{program} {how}");
    }
    // A hash is stored as it is; one that could never match is not.
    assert!(change("ruby", &gateway, (KEYCLOAK, "secret"), (&alice, SECRET, "replace")).starts_with('0'));
    assert_eq!(hash(&database, "alice"), SECRET);
    assert_eq!(ldapwhoami(&gateway, &alice, "secret").0, 0);
    let answer = change(
        "ruby",
        &gateway,
        (KEYCLOAK, "secret"),
        (&alice, "{SSHA}Zq7#x", "replace"),
    );
    assert!(
        answer.contains("19") && answer.contains("looks like a hash"),
        "{answer}"
    );
    // Nobody that there is.
    let answer = change(
        "ruby",
        &gateway,
        (KEYCLOAK, "secret"),
        (&user_dn("nobody"), "some-Passw0rd", "replace"),
    );
    assert!(answer.starts_with("32"), "{answer}");
}
