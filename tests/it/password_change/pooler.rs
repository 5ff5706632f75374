//! By way of PgBouncer, which shares the server's sessions among its clients.

use super::{grant, own, settings};
use crate::harness::ldap::{password, user_dn};
use crate::harness::pgbouncer::{Mode, PgBouncer};
use crate::harness::{Database, Engine, Gateway, beside_others, ldapwhoami};

#[test]
fn passwords_change_behind_pgbouncer() {
    let _guard = beside_others();
    for mode in [Mode::Session, Mode::Transaction] {
        let database = Database::fresh(Engine::PostgreSql);
        grant(&database);
        let bouncer = PgBouncer::start(&database, mode, 4, "");
        let env = settings(&database).with("SQL_URI", bouncer.uri(&database));
        let gateways = [Gateway::start(&env), Gateway::start(&env)];
        let mut present = password("alice").to_string();
        for number in 0..4 {
            let new = format!("alice-{}-{number}", mode.name());
            let changed = own(&gateways[number % 2], "alice", &present, &new);
            assert_eq!(changed, (0, String::new()), "{mode:?}");
            for gateway in &gateways {
                assert_eq!(ldapwhoami(gateway, &user_dn("alice"), &new).0, 0, "{mode:?}");
                assert_eq!(ldapwhoami(gateway, &user_dn("alice"), &present).0, 49, "{mode:?}");
            }
            present = new;
        }
        // One that is refused leaves nothing behind on the session that others get next.
        database.sql("REVOKE UPDATE (\"userPassword\", \"updatedAt\") ON \"Users\" FROM gateway");
        for _ in 0..6 {
            let (code, text) = own(&gateways[0], "alice", &present, "some-Passw0rd");
            assert_eq!(code, 53, "{mode:?}: {text}");
            assert_eq!(ldapwhoami(&gateways[1], &user_dn("alice"), &present).0, 0, "{mode:?}");
        }
    }
}

/// Statement mode has no transactions: passwords do not change, and everything else works.
#[test]
fn statement_mode_has_no_transactions() {
    let _guard = beside_others();
    let database = Database::fresh(Engine::PostgreSql);
    grant(&database);
    let bouncer = PgBouncer::start(&database, Mode::Statement, 4, "");
    let gateway = Gateway::start(&settings(&database).with("SQL_URI", bouncer.uri(&database)));
    let (code, text) = own(&gateway, "alice", password("alice"), "some-Passw0rd");
    assert!([52, 53].contains(&code), "{code} {text}");
    assert_eq!(ldapwhoami(&gateway, &user_dn("alice"), password("alice")).0, 0);
}
