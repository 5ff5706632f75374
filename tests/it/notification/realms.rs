//! Each realm asks its own service, and knows nothing of the other's requests.

use super::{TOKEN, until};
use crate::harness::ldap::{BATTERY_PASSWORD, user_dn};
use crate::harness::push_service::{PushService, Reply};
use crate::harness::{Client, Database, Engine, beside_others, block_on};
use crate::observability::Observed;
use crate::realms::{INNER, OUTER, env, realm};
use serde_json::{Value, json};

/// A realm whose chain asks this service, as `REALM_CONFIG` has it.
fn asking(name: &str, base: &str, database: &Database, service: &PushService) -> Value {
    let mut realm = realm(name, base, &database.deployed());
    realm["auth"]["backends"] = json!([
        {"type": "sql"},
        {"type": "notification", "options": {"notificationUrl": format!("{}?token={TOKEN}", service.url())}},
    ]);
    realm
}

#[test]
fn each_realm_asks_its_own_service() {
    let _guard = beside_others();
    let (outer, inner) = (Database::fresh(Engine::Sqlite), Database::fresh(Engine::Sqlite));
    let services = [Reply::action("reject"), Reply::Wait].map(|reply| PushService::http(move |_| reply.clone()));
    let realms = [
        asking("all", OUTER, &outer, &services[0]),
        asking("lab", INNER, &inner, &services[1]),
    ];
    let mut observed = Observed::start(&env(&realms).with("LOG_LEVEL", "trace"));
    let (all, lab) = (user_dn("cheap"), format!("uid=cheap,{INNER}"));
    block_on(async {
        let bind = async |dn: &str| {
            let mut client = Client::connect(&observed.gateway).await;
            client.bind(dn, BATTERY_PASSWORD).await.unwrap()
        };
        // Until a pause: the user of the same name in the other realm has none.
        for _ in 0..5 {
            assert_eq!(bind(&all).await, 49);
        }
        assert_eq!((services[0].asked().len(), services[1].asked().len()), (3, 0));
        services[1].behave(|_| Reply::action("approve"));
        assert_eq!(bind(&lab).await, 0);
        assert_eq!((services[0].asked().len(), services[1].asked().len()), (3, 1));
        let metrics = observed.metrics();
        let results = |realm: &str, result: &str| {
            metrics[&format!("ldap_gateway_notification_results_total{{result=\"{result}\",realm=\"{realm}\"}}")]
        };
        assert_eq!((results("all", "rejected"), results("all", "paused")), (3.0, 2.0));
        assert_eq!((results("lab", "rejected"), results("lab", "approved")), (0.0, 1.0));
        // A stop waits for both.
        services[1].behave(|_| Reply::Wait);
        let mut client = Client::connect(&observed.gateway).await;
        let waiting = tokio::spawn(async move { client.bind(&lab, BATTERY_PASSWORD).await });
        until(|| services[1].asked().len() == 2).await;
        observed.gateway.process.signal("TERM");
        tokio::time::sleep(std::time::Duration::from_secs(9)).await;
        services[1].answer(1, Reply::action("approve"));
        assert_eq!(waiting.await.unwrap().unwrap(), 0);
    });
    observed.gateway.process.wait(std::time::Duration::from_secs(3));
    assert!(!observed.gateway.log().contains(TOKEN));
}
