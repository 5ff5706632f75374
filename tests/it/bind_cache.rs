//! `BIND_CACHE_TTL`: a password that was verified is not hashed again, and whatever changes counts at once.

use crate::harness::gateway::Env;
use crate::harness::ldap::{BATTERY_PASSWORD, password, user_dn};
use crate::harness::{Client, Database, Engine, alone, beside_others, block_on, figure};
use crate::observability::Observed;
use std::time::Duration;

/// Another password's hash.
const OTHER_HASH: &str = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="; // "secret"

struct Case {
    database: Database,
    observed: Observed,
}

impl Case {
    fn start(change: impl FnOnce(Env) -> Env) -> Case {
        let database = Database::fresh(Engine::PostgreSql);
        database.sql("ALTER TABLE \"Users\" ADD enabled boolean, ADD auth_backends text");
        let env = database
            .deployed()
            .with("LOG_LEVEL", "info")
            .with_user_columns("enabled, auth_backends");
        let observed = Observed::start(&change(env));
        Case { database, observed }
    }

    fn set(&self, column: &str, value: &str) {
        let sql = format!("UPDATE \"Users\" SET \"{column}\" = {value} WHERE \"uid\" = 'cheap'");
        self.database.sql(&sql);
    }

    /// The result code, and whether the hash was computed.
    async fn bind(&self, client: &mut Client, password: &str) -> (i32, &'static str) {
        let before = self.counts();
        let code = client.bind(&user_dn("cheap"), password).await.unwrap();
        let after = self.counts();
        let how = match (after.0 - before.0, after.1 - before.1) {
            (1.0, 0.0) => "remembered",
            (0.0, 1.0) => "hashed",
            (0.0, 0.0) => "not looked for",
            other => panic!("{other:?}"),
        };
        (code, how)
    }

    fn counts(&self) -> (f64, f64) {
        let metrics = self.observed.metrics();
        let count = |result| metrics[&format!("ldap_gateway_bind_cache_total{{result=\"{result}\"}}")];
        (count("hit"), count("miss"))
    }
}

#[test]
fn a_verified_password_is_not_hashed_again_and_every_change_counts_at_once() {
    let _guard = beside_others();
    let case = Case::start(|env| env.with("BIND_CACHE_TTL", "10m"));
    block_on(async {
        let mut client = Client::connect(&case.observed.gateway).await;
        let right = BATTERY_PASSWORD;
        assert_eq!(case.bind(&mut client, right).await, (0, "hashed"));
        assert_eq!(case.bind(&mut client, right).await, (0, "remembered"));
        // A wrong one costs its hash, and is not remembered.
        assert_eq!(case.bind(&mut client, "wrong-Passw0rd").await, (49, "hashed"));
        assert_eq!(case.bind(&mut client, "wrong-Passw0rd").await, (49, "hashed"));
        assert_eq!(case.bind(&mut client, right).await, (0, "remembered"));
        // An account that is disabled; it is not told from a wrong password by its time.
        case.set("enabled", "false");
        assert_eq!(case.bind(&mut client, right).await, (49, "not looked for"));
        case.set("enabled", "true");
        assert_eq!(case.bind(&mut client, right).await, (0, "remembered"));
        // A chain that is not set up.
        case.set("auth_backends", "'sql,notification'");
        assert_eq!(case.bind(&mut client, right).await, (49, "not looked for"));
        case.set("auth_backends", "NULL");
        // Another password.
        let old = &case
            .database
            .rows("SELECT \"userPassword\" FROM \"Users\" WHERE \"uid\" = 'cheap'")[0][0];
        case.set("userPassword", &format!("'{OTHER_HASH}'"));
        assert_eq!(case.bind(&mut client, right).await, (49, "hashed"));
        assert_eq!(case.bind(&mut client, "secret").await, (0, "hashed"));
        assert_eq!(case.bind(&mut client, "secret").await, (0, "remembered"));
        // None at all.
        case.set("userPassword", "NULL");
        assert_eq!(case.bind(&mut client, "secret").await, (49, "not looked for"));
        // The very same hash as before is what was verified.
        case.set("userPassword", &format!("'{old}'"));
        assert_eq!(case.bind(&mut client, "secret").await, (49, "hashed"));
        // Nobody of another name with the same hash and password.
        let hash_of_others = format!("UPDATE \"Users\" SET \"userPassword\" = '{old}' WHERE \"uid\" = 'bob'");
        case.database.sql(&hash_of_others);
        let before = case.counts();
        assert_eq!(client.bind(&user_dn("bob"), right).await.unwrap(), 0);
        assert_eq!(case.counts(), (before.0, before.1 + 1.0));
        // A row that is gone.
        case.database.sql(
            "DELETE FROM \"UserGroups\" WHERE \"uidNumber\" = 30025; DELETE FROM \"Users\" WHERE \"uid\" = 'cheap'",
        );
        assert_eq!(case.bind(&mut client, right).await, (49, "not looked for"));
    });
}

#[test]
fn a_password_is_forgotten_when_its_time_is_over() {
    let _guard = beside_others();
    let case = Case::start(|env| env.with("BIND_CACHE_TTL", "1s"));
    block_on(async {
        let mut client = Client::connect(&case.observed.gateway).await;
        assert_eq!(case.bind(&mut client, BATTERY_PASSWORD).await, (0, "hashed"));
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        assert_eq!(case.bind(&mut client, BATTERY_PASSWORD).await, (0, "hashed"));
    });
}

#[test]
fn without_the_setting_every_bind_is_hashed() {
    let _guard = beside_others();
    let case = Case::start(|env| env);
    block_on(async {
        let mut client = Client::connect(&case.observed.gateway).await;
        for _ in 0..3 {
            assert_eq!(case.bind(&mut client, BATTERY_PASSWORD).await, (0, "not looked for"));
        }
    });
}

#[test]
fn a_remembered_bind_beside_a_lookup() {
    const REQUESTS: usize = 2_000;
    let _guard = alone();
    let database = Database::shared(Engine::PostgreSql);
    let env = database
        .deployed()
        .with("LOG_LEVEL", "info")
        .with("BIND_CACHE_TTL", "10m");
    let observed = Observed::start(&env);
    block_on(async {
        let mut client = Client::connect(&observed.gateway).await;
        let cpu = || observed.gateway.process.cpu();
        let (mut binds, mut lookups) = (Duration::ZERO, Duration::ZERO);
        // The first rounds warm up.
        for round in 0..REQUESTS + 100 {
            let begun = cpu();
            assert_eq!(client.bind(&user_dn("alice"), password("alice")).await.unwrap(), 0);
            let bound = cpu();
            assert_eq!(client.lookup("alice").await.unwrap(), 1);
            if round >= 100 {
                binds += bound - begun;
                lookups += cpu() - bound;
            }
        }
        let (bind, lookup) = (binds.as_secs_f64(), lookups.as_secs_f64());
        figure(&format!(
            "bind cache: a repeated bind takes {:.0} µs of CPU, a lookup by uid {:.0} µs; ratio {:.2}",
            bind * 1e6 / REQUESTS as f64,
            lookup * 1e6 / REQUESTS as f64,
            bind / lookup
        ));
    });
}
