//! Several directories in one gateway: nothing of one shows in another, and one that is away leaves the others alone.

mod availability;
mod commands;
mod example;
mod isolation;
mod passwords;

use crate::harness::{Database, Env};
use serde_json::{Value, json};

/// The outer realm's base, and that of the realm below it.
pub const OUTER: &str = "dc=example,dc=com";
pub const INNER: &str = "dc=lab,dc=example,dc=com";
/// Alice's password in the inner realm; her other one is that of the sample.
pub const INNER_PASSWORD: &str = "the-lab's-own-Passw0rd";

/// A realm's entry of REALM_CONFIG, with the options that a database's settings are.
pub fn realm(name: &str, base: &str, env: &Env) -> Value {
    let options: serde_json::Map<String, Value> = env
        .iter()
        .filter(|(name, _)| name.starts_with("SQL_"))
        .map(|(name, value)| (camel_case(name), json!(value)))
        .collect();
    json!({
        "name": name,
        "baseDn": base,
        "directory": {"backend": "sql", "options": options},
        "auth": {"backends": [{"type": "sql"}]},
    })
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_').map(str::to_lowercase);
    let first = words.next().unwrap();
    let others = words.map(|word| word[..1].to_uppercase() + &word[1..]);
    [first].into_iter().chain(others).collect()
}

/// The environment of a gateway with these realms.
pub fn env(realms: &[Value]) -> Env {
    Env::default()
        .with("REALM_CONFIG", Value::from(realms.to_vec()))
        .with("LOG_LEVEL", "debug")
        .with("LDAP_UNENCRYPTED", true)
}

/// Gives the database people of its own: alice has another password, number and name, dora is only here.
pub fn make_inner(database: &Database) {
    crate::harness::note_secret(INNER_PASSWORD);
    let hash = crate::harness::gateway::run_to_end(&Env::default(), &["hash-password"], INNER_PASSWORD);
    let hash = hash.stdout.trim().to_owned();
    database.sql(&format!(
        "UPDATE \"Users\" SET \"userPassword\" = '{hash}', \"cn\" = 'Alice of the lab' WHERE \"uid\" = 'alice';
         UPDATE \"Users\" SET \"uid\" = 'dora', \"userPassword\" = '{hash}' WHERE \"uid\" = 'bob';"
    ));
}
