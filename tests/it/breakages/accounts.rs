//! Clients with a wrong DN, and accounts that may not log in.

use super::{LONG, postgres, texts, well};
use crate::harness::ldap::{BATTERY_PASSWORD, user_dn};
use crate::harness::{beside_others, eventually, ldapsearch, ldapwhoami};
use crate::observability::Observed;

#[test]
fn the_base_is_wrong() {
    let _guard = beside_others();
    let (env, observed) = well(&postgres());
    ldapsearch(&observed.gateway, &["-b", "dc=elsewhere", "(uid=alice)"]);
    texts::WRONG_BASE.is_told(&observed, &env);
}

#[test]
fn the_bind_dn_is_wrong() {
    let _guard = beside_others();
    let (env, observed) = well(&postgres());
    assert_eq!(
        ldapwhoami(&observed.gateway, "uid=cheap,dc=elsewhere", BATTERY_PASSWORD).0,
        49
    );
    texts::WRONG_BIND_DN.is_told(&observed, &env);
}

#[test]
fn the_account_is_suspended() {
    let _guard = beside_others();
    let database = postgres();
    let env = database
        .deployed()
        .with("LOG_LEVEL", "info")
        .with_user_columns("\"status\"");
    let observed = Observed::start(&env);
    assert!(eventually(LONG, || observed.get("/readyz").unwrap().1 == "serving\n"));
    texts::ACCOUNT.is_news(&observed, &env);
    database.sql(r#"UPDATE "Users" SET "status" = 'suspended' WHERE "uid" = 'cheap'"#);
    assert_eq!(ldapwhoami(&observed.gateway, &user_dn("cheap"), BATTERY_PASSWORD).0, 49);
    texts::ACCOUNT.is_told(&observed, &env);
}
