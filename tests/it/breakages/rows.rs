//! Rows that are not as they should be, and an index that is not there.

use super::{postgres, texts, well};
use crate::harness::ldap::{BASE, BATTERY_PASSWORD, user_dn};
use crate::harness::{Database, Engine, beside_others, ldapsearch, ldapwhoami};
use crate::observability::Observed;

#[test]
fn a_hash_is_garbage() {
    let _guard = beside_others();
    let database = postgres();
    let (env, observed) = well(&database);
    texts::GARBAGE_HASH.is_news(&observed, &env);
    database.sql(r#"UPDATE "Users" SET "userPassword" = 'x?y' WHERE "uid" = 'bob'"#);
    assert_eq!(ldapwhoami(&observed.gateway, &user_dn("bob"), "x").0, 49);
    texts::GARBAGE_HASH.is_told(&observed, &env);
}

#[test]
fn an_account_column_is_garbage() {
    let _guard = beside_others();
    let database = Database::fresh(Engine::Sqlite);
    // A column that holds whatever was put there.
    database.sql(r#"ALTER TABLE "Users" ADD COLUMN "ends" text"#);
    let env = database.deployed().with("LOG_LEVEL", "info");
    let env = env.with_user_columns("\"ends\" AS expires_at");
    let observed = Observed::start(&env);
    texts::GARBAGE_DATE.is_news(&observed, &env);
    database.sql(r#"UPDATE "Users" SET "ends" = '31.12.2030' WHERE "uid" = 'cheap'"#);
    assert_eq!(ldapwhoami(&observed.gateway, &user_dn("cheap"), BATTERY_PASSWORD).0, 49);
    texts::GARBAGE_DATE.is_told(&observed, &env);
}

#[test]
fn a_number_is_garbage() {
    let _guard = beside_others();
    let database = Database::fresh(Engine::Sqlite);
    let (env, observed) = well(&database);
    texts::GARBAGE_NUMBER.is_news(&observed, &env);
    database.sql(r#"UPDATE "Users" SET "gidNumber" = 'staff' WHERE "uid" = 'bob'"#);
    let bob = ldapsearch(&observed.gateway, &["-b", BASE, "(uid=bob)", "objectClass"]).only();
    assert!(!bob.set("objectClass").contains("posixAccount"));
    texts::GARBAGE_NUMBER.is_told(&observed, &env);
}

#[test]
fn two_have_one_number() {
    let _guard = beside_others();
    let database = postgres();
    let (env, observed) = well(&database);
    texts::ONE_NUMBER.is_news(&observed, &env);
    database.sql(
        r#"ALTER TABLE "Users" DROP CONSTRAINT "Users_pkey" CASCADE;
           UPDATE "Users" SET "uidNumber" = (SELECT "uidNumber" FROM "Users" WHERE "uid" = 'alice') WHERE "uid" = 'bob'"#,
    );
    texts::ONE_NUMBER.is_told(&observed, &env);
}

#[test]
fn an_index_is_missing() {
    let _guard = beside_others();
    let database = postgres();
    database.sql(
        r#"INSERT INTO "Users" ("uidNumber", "uid", "gidNumber", "mail")
           SELECT 1000000 + k, 'u' || k, 5000, 'u' || k || '@example.org' FROM generate_series(1, 20000) k;
           ANALYZE"#,
    );
    let (env, observed) = well(&database);
    texts::INDEX.is_news(&observed, &env);
    database.sql(r#"ALTER TABLE "Users" DROP CONSTRAINT "Users_uid_key""#);
    assert_eq!(ldapwhoami(&observed.gateway, &user_dn("cheap"), BATTERY_PASSWORD).0, 0);
    ldapsearch(&observed.gateway, &["-b", BASE, "(uid=alice)"]);
    texts::INDEX.is_told(&observed, &env);
}
