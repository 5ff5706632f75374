//! One realm's database away, and all of them.

use super::{INNER, INNER_PASSWORD, OUTER, env, make_inner, realm};
use crate::harness::client::{base_search, equal, search_for};
use crate::harness::ldap::{BATTERY_PASSWORD, user_dn};
use crate::harness::{Client, Database, Engine, beside_others, block_on, eventually};
use crate::observability::Observed;
use ldap3_proto::proto::{LdapOp, LdapResultCode, LdapSearchScope};
use serde_json::json;
use std::time::{Duration, Instant};

/// After 4.5 s a database is away.
const AWAY: Duration = Duration::from_secs(20);

fn lookup(base: &str) -> LdapOp {
    search_for(base, LdapSearchScope::Subtree, equal("uid", "alice"), &["uid"])
}

fn inner_dn(user: &str) -> String {
    format!("uid={user},{INNER}")
}

/// The outer realm on a file, the inner one on a server that can be stopped.
fn realms(inner: &Database) -> Vec<serde_json::Value> {
    let outer = Database::fresh(Engine::Sqlite);
    let mut realms = vec![
        realm("all", OUTER, &outer.deployed()),
        realm("lab", INNER, &inner.deployed()),
    ];
    for realm in &mut realms {
        realm["directory"]["options"]["requireAuthForSearch"] = json!(false);
    }
    realms
}

fn state(observed: &Observed, realm: &str) -> String {
    let (_, text) = observed.get("/readyz").unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{realm}: ")));
    line.unwrap_or_else(|| panic!("{realm} in {text}")).to_string()
}

#[test]
fn one_realm_away_ends_its_own_requests_and_no_others() {
    let _guard = beside_others();
    let inner = Database::private(Engine::PostgreSql);
    make_inner(&inner);
    // Whoever is held although the realm is away waits for longer than this test.
    let observed = Observed::start(&env(&realms(&inner)).with("BIND_HOLD", "1h"));
    let gateway = &observed.gateway;
    assert_eq!(
        (state(&observed, "all"), state(&observed, "lab")),
        ("serving".into(), "serving".into())
    );
    block_on(async {
        let mut of_outer = Client::connect(gateway).await;
        let mut idle = Client::connect(gateway).await;
        assert_eq!(idle.bind(&inner_dn("alice"), INNER_PASSWORD).await.unwrap(), 0);
        inner.stop();
        // Neither an answer nor a wait of the other realm's changes.
        let begun = Instant::now();
        let mut asked = 0;
        while state(&observed, "lab") != "away" {
            assert!(begun.elapsed() < AWAY, "not away in time");
            assert_eq!(of_outer.request(lookup(OUTER)).await.unwrap().entries.len(), 1);
            assert_eq!(of_outer.bind(&user_dn("cheap"), BATTERY_PASSWORD).await.unwrap(), 0);
            asked += 1;
        }
        assert!(asked > 0);
        // The port stays open, and what is in no realm can be read.
        assert_eq!(observed.get("/readyz").unwrap().0, 200);
        let mut client = Client::connect(gateway).await;
        for base in ["", "cn=Subschema", OUTER] {
            assert_eq!(
                client.request(base_search(base, &["1.1"])).await.unwrap().code(),
                0,
                "{base}"
            );
        }
        // A bind is unavailable, whatever it says; a search ends with its connection.
        for (dn, password) in [
            (inner_dn("alice"), INNER_PASSWORD),
            (inner_dn("alice"), "wrong-Passw0rd"),
            (inner_dn("nobody"), "wrong-Passw0rd"),
        ] {
            assert_eq!(client.bind(&dn, password).await.unwrap(), 52, "{dn}");
        }
        let closed = client.request(lookup(INNER)).await.unwrap_err();
        assert_eq!(closed.notice, Some(LdapResultCode::Unavailable));
        // A connection is no realm's: idle ones stay, and go on with the other realm.
        assert_eq!(of_outer.request(lookup(OUTER)).await.unwrap().entries.len(), 1);
        assert_eq!(idle.request(lookup(OUTER)).await.unwrap().entries.len(), 1);
        let metrics = observed.metrics();
        assert_eq!(metrics[r#"ldap_gateway_database_state{state="away",realm="lab"}"#], 1.0);
        assert_eq!(
            metrics[r#"ldap_gateway_database_state{state="serving",realm="all"}"#],
            1.0
        );
        assert_eq!(metrics["ldap_gateway_ready"], 1.0);
        assert!(idle.request(lookup(INNER)).await.is_err());
        inner.launch();
        assert!(eventually(AWAY, || state(&observed, "lab") == "serving"));
        let mut client = Client::connect(gateway).await;
        assert_eq!(client.bind(&inner_dn("alice"), INNER_PASSWORD).await.unwrap(), 0);
        assert_eq!(client.request(lookup(INNER)).await.unwrap().entries.len(), 1);
    });
    let log = gateway.log();
    let away = log.lines().find(|line| line.contains("database: away")).unwrap();
    assert!(away.contains("lab"), "{away}");
    assert!(
        !log.contains("port") || !log.contains("is closed until it is back"),
        "the port was closed"
    );
}

#[test]
fn all_realms_away_close_the_port() {
    let _guard = beside_others();
    // One server, and so both at once.
    let inner = Database::private(Engine::MariaDb);
    make_inner(&inner);
    let outer = Database::filled_on(inner.server.clone());
    let mut realms = realms(&inner);
    realms[0] = realm("all", OUTER, &outer.deployed());
    let observed = Observed::start(&env(&realms));
    let mut idle = block_on(Client::connect(&observed.gateway));
    inner.stop();
    assert!(
        eventually(AWAY, || !observed.gateway.accepts()),
        "open with nothing to serve"
    );
    assert_eq!(observed.get("/readyz").unwrap().0, 503);
    block_on(async {
        // Told, as by a gateway with one realm.
        assert!(idle.request(lookup(OUTER)).await.is_err());
    });
    inner.launch();
    assert!(
        eventually(AWAY, || observed.gateway.accepts()),
        "closed though both are back"
    );
}

#[test]
fn a_realm_that_cannot_start_does_not_keep_the_others_from_it() {
    let _guard = beside_others();
    let inner = Database::private(Engine::PostgreSql);
    make_inner(&inner);
    inner.stop();
    let observed = Observed::start(&env(&realms(&inner)));
    assert_eq!(
        (state(&observed, "all"), state(&observed, "lab")),
        ("serving".into(), "starting".into())
    );
    let log = observed.gateway.log();
    let told = "realms[1].directory.options.sqlUri: ";
    assert!(
        log.lines().any(|line| line.contains(told) && line.contains("waiting")),
        "{log}"
    );
    block_on(async {
        let mut client = Client::connect(&observed.gateway).await;
        assert_eq!(client.request(lookup(OUTER)).await.unwrap().entries.len(), 1);
        assert_eq!(
            client
                .request(base_search("", &["namingContexts"]))
                .await
                .unwrap()
                .entries
                .len(),
            1
        );
        assert_eq!(client.bind(&inner_dn("alice"), INNER_PASSWORD).await.unwrap(), 52);
        assert!(client.request(lookup(INNER)).await.is_err());
    });
    inner.launch();
    assert!(eventually(AWAY, || state(&observed, "lab") == "serving"));
    block_on(async {
        let mut client = Client::connect(&observed.gateway).await;
        assert_eq!(client.bind(&inner_dn("alice"), INNER_PASSWORD).await.unwrap(), 0);
    });
}

/// Also when the default realm is the one that is not there: what is in no realm needs none in particular.
#[test]
fn the_root_dse_does_not_need_the_default_realm() {
    let _guard = beside_others();
    let inner = Database::private(Engine::PostgreSql);
    inner.stop();
    let mut realms = realms(&inner);
    realms[1]["default"] = json!(true);
    let observed = Observed::start(&env(&realms));
    block_on(async {
        let mut client = Client::connect(&observed.gateway).await;
        let root = client.root_dse().await.unwrap();
        let default = root
            .attributes
            .iter()
            .find(|attribute| attribute.atype == "defaultNamingContext")
            .unwrap();
        assert_eq!(default.vals, [INNER.as_bytes()]);
        assert_eq!(
            client
                .request(base_search("cn=Subschema", &["1.1"]))
                .await
                .unwrap()
                .code(),
            0
        );
        assert_eq!(
            client.request(base_search("dc=other", &["1.1"])).await.unwrap().code(),
            32
        );
        assert_eq!(client.bind("uid=alice,dc=other", "wrong-Passw0rd").await.unwrap(), 49);
        assert_eq!(client.bind("", "").await.unwrap(), 0);
    });
}
