//! What entries show of accounts: `shadowExpire` and `nsAccountLock`, to clients that ask, and what SSSD does with them.

use crate::harness::ldap::{BASE, code, set, tool, user_dn};
use crate::harness::site::Site;
use crate::harness::sssd::{Conf, Login, Sssd};
use crate::harness::{Database, Engine, Env, Gateway, beside_others, ldapsearch};
use std::collections::BTreeSet;

/// Copies of `cheap`, each with something changed: the name, the change, shadowExpire, whether it is locked.
const ACCOUNTS: [(&str, &str, Option<&str>, bool); 7] = [
    ("open", "until_ = NULL", None, false),
    ("later", "until_ = '2100-01-01'", Some("47482"), false),
    ("over", "until_ = '2020-01-01 12:00:00'", Some("18262"), true),
    ("epoch", "until_ = '0'", Some("1"), true),
    ("unclear", "until_ = 'next year'", Some("1"), true),
    ("shut", "lock_ = 'yes'", None, true),
    ("gone", "\"status\" = ' Archived'", None, true),
];

fn database(engine: Engine) -> Database {
    let database = Database::fresh(engine);
    for column in ["lock_ varchar(10)", "until_ varchar(40)"] {
        database.sql(&format!("ALTER TABLE \"Users\" ADD COLUMN {column}"));
    }
    for (number, (name, change, ..)) in ACCOUNTS.iter().enumerate() {
        database.sql(&format!(
            "INSERT INTO \"Users\" (\"uid\", \"uidNumber\", \"gidNumber\", \"userPassword\", \"status\") \
             SELECT '{name}', {}, \"gidNumber\", \"userPassword\", 'active' FROM \"Users\" WHERE \"uid\" = 'cheap';\n\
             UPDATE \"Users\" SET {change} WHERE \"uid\" = '{name}'",
            51_000 + number
        ));
    }
    database
}

const COLUMNS: &str = "lock_ AS locked, until_ AS expires_at, \"status\"";

fn env(database: &Database) -> Env {
    let columns = database.engine.quoted(COLUMNS);
    database.deployed().with_user_columns(&columns)
}

fn names(of: impl Fn(&(&str, &str, Option<&str>, bool)) -> bool) -> BTreeSet<String> {
    ACCOUNTS
        .iter()
        .filter(|account| of(account))
        .map(|(name, ..)| name.to_string())
        .collect()
}

fn shown_on(engine: Engine) {
    let database = database(engine);
    let gateway = Gateway::start(&env(&database));
    let search = |arguments: &[&str]| ldapsearch(&gateway, &[&["-b", BASE], arguments].concat());
    for (name, _, day, is_locked) in ACCOUNTS {
        let filter = format!("(uid={name})");
        let asked = search(&[&filter, "shadowExpire", "nsAccountLock", "objectClass"]).only();
        assert_eq!(
            asked.values("shadowExpire"),
            day.into_iter().collect::<Vec<_>>(),
            "{name}"
        );
        assert_eq!(
            asked.values("nsAccountLock"),
            is_locked.then_some("TRUE").into_iter().collect::<Vec<_>>(),
            "{name}"
        );
        assert_eq!(
            asked.set("objectClass").contains("shadowAccount"),
            day.is_some(),
            "{name}"
        );
        // Only to who asks.
        let usual = search(&[&filter]).only().names();
        assert!(
            !usual.contains("shadowExpire") && !usual.contains("nsAccountLock"),
            "{usual:?}"
        );
        let operational = search(&[&filter, "+"]).only();
        assert_eq!(
            operational.values("nsAccountLock").len(),
            usize::from(is_locked),
            "{name}"
        );
        let compare = |assertion: &str| {
            let output = tool("ldapcompare", &gateway).args([&user_dn(name), assertion]).output();
            code(&output.unwrap())
        };
        assert_eq!(compare("nsAccountLock:true"), if is_locked { 6 } else { 16 }, "{name}");
        assert_eq!(
            compare("shadowExpire:47482"),
            day.map_or(16, |day| if day == "47482" { 6 } else { 5 }),
            "{name}"
        );
    }
    let found = |filter: &str| {
        let listed: String = ACCOUNTS.iter().map(|(name, ..)| format!("(uid={name})")).collect();
        search(&[&format!("(&(|{listed}){filter})"), "1.1"]).short()
    };
    assert_eq!(found("(nsAccountLock=TRUE)"), names(|account| account.3));
    assert_eq!(found("(nsAccountLock=*)"), names(|account| account.3));
    assert_eq!(found("(!(nsAccountLock=true))"), names(|account| !account.3));
    assert_eq!(found("(shadowExpire=*)"), names(|account| account.2.is_some()));
    assert_eq!(found("(!(shadowExpire=*))"), names(|account| account.2.is_none()));
    assert_eq!(found("(shadowExpire=1)"), set(["epoch", "unclear"]));
    assert_eq!(found("(!(shadowExpire=1))"), names(|account| account.2 != Some("1")));
    assert_eq!(found("(shadowExpire=18262)"), set(["over"]));
    // It has no order (RFC 2307).
    assert!(found("(shadowExpire>=1)").is_empty() && found("(!(shadowExpire>=1))").is_empty());
    assert_eq!(
        found("(objectClass=shadowAccount)"),
        names(|account| account.2.is_some())
    );
    assert_eq!(
        found("(!(objectClass=shadowAccount))"),
        names(|account| account.2.is_none())
    );
    // Of all entries at once.
    let all = search(&["(nsAccountLock=TRUE)", "1.1"]).short();
    assert!(
        all.is_superset(&names(|account| account.3)) && all.contains("frank") && !all.contains("alice"),
        "{all:?}"
    );
}

#[test]
fn shown_on_sqlite() {
    let _guard = beside_others();
    shown_on(Engine::Sqlite);
}

#[test]
fn shown_on_postgresql() {
    let _guard = beside_others();
    shown_on(Engine::PostgreSql);
}

#[test]
fn shown_on_mariadb() {
    let _guard = beside_others();
    shown_on(Engine::MariaDb);
}

/// Half of it would say of a locked account that it is not.
#[test]
fn shown_where_both_queries_know_all_of_it() {
    let _guard = beside_others();
    let database = database(Engine::Sqlite);
    let one_more = |query: &str| query.replacen(" FROM ", &format!(", {COLUMNS} FROM "), 1);
    let fewer = |query: &str| query.replacen(" FROM ", ", until_ AS expires_at FROM ", 1);
    let only_binds = database.deployed().changed("SQL_QUERY_ONE_USER", one_more);
    let only_lists = database.deployed().changed("SQL_QUERY_ALL_USERS", one_more);
    let some_here = only_binds.clone().changed("SQL_QUERY_ALL_USERS", fewer);
    for env in [only_binds, only_lists, some_here] {
        let gateway = Gateway::start(&env);
        let asked = ["-b", BASE, "(uid=over)", "shadowExpire", "nsAccountLock", "+"];
        let names = ldapsearch(&gateway, &asked).only().names();
        assert!(
            !names.contains("shadowExpire") && !names.contains("nsAccountLock"),
            "{names:?}"
        );
        assert!(
            ldapsearch(&gateway, &["-b", BASE, "(nsAccountLock=*)"])
                .success()
                .is_empty()
        );
    }
}

#[test]
fn a_hidden_state_is_not_told_by_its_class() {
    let _guard = beside_others();
    let database = database(Engine::Sqlite);
    let env = env(&database).with("ATTRIBUTES_AUTHENTICATED", "shadowExpire,nsAccountLock");
    let gateway = Gateway::start(&env);
    let asked = ["-b", BASE, "(uid=over)", "objectClass", "shadowExpire", "nsAccountLock"];
    let over = ldapsearch(&gateway, &asked).only();
    assert!(
        !over.set("objectClass").contains("shadowAccount") && over.names() == set(["objectClass"]),
        "{over:?}"
    );
    for filter in [
        "(objectClass=shadowAccount)",
        "(!(objectClass=shadowAccount))",
        "(nsAccountLock=TRUE)",
        "(!(nsAccountLock=*))",
    ] {
        let filter = format!("(&(uid=over){filter})");
        assert!(
            ldapsearch(&gateway, &["-b", BASE, &filter]).success().is_empty(),
            "{filter}"
        );
    }
}

/// By a key nobody binds: the access check alone keeps out whoever is locked or has expired.
#[test]
fn sssd_keeps_out_who_is_locked_or_has_expired() {
    let _guard = beside_others();
    let site = Site::start(&env(&database(Engine::Sqlite)));
    let conf = Conf::documented("rfc2307").with("ldap_access_filter", "(objectClass=posixAccount)");
    for (policy, kept_out) in [
        ("shadow", names(|account| account.2.is_some_and(|day| day != "47482"))),
        ("rhds", names(|account| account.3)),
        ("389ds", names(|account| account.3)),
    ] {
        let conf = conf.clone().with("ldap_access_order", "filter, expire");
        let sssd = Sssd::start(&site, &conf.with("ldap_account_expire_policy", policy));
        for (name, ..) in ACCOUNTS {
            assert!(sssd.user(name).is_some(), "{name}");
            let may = sssd.may_log_in(name);
            assert_eq!(may == Login::In, !kept_out.contains(name), "{policy}: {name}: {may:?}");
        }
    }
}
