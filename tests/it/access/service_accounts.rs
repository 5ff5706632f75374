//! Service accounts: their binds, entries and rights.

use crate::harness::gateway::run_to_end;
use crate::harness::ldap::{BASE, Search, ldapwhoami, password, set, tool, user_dn};
use crate::harness::slapd::Slapd;
use crate::harness::{Database, Engine, Env, Gateway, beside_others, ldapsearch, note_secret};

/// "service-Passw0rd-1", in a form that is quick to verify, and "service-Passw0rd-2".
const PASSWORD: &str = "service-Passw0rd-1";
const READER: &str = "cn=reader,dc=example,dc=com";
const NOBODY: &str = "uid=nobody,ou=services,dc=example,dc=com";
const ELSEWHERE: &str = "cn=elsewhere,ou=services,dc=example,dc=com";

fn hash(password: &str) -> String {
    let ended = run_to_end(
        &Env::from_file(&crate::harness::repository("sql/deployed-sqlite.env")),
        &["hash-password"],
        password,
    );
    ended.stdout.trim().to_owned()
}

/// A gateway on which only service accounts may read.
fn env(database: &Database) -> Env {
    note_secret(PASSWORD);
    let hash = hash(PASSWORD);
    let accounts = serde_json::json!([
        {"dn": READER, "password": hash, "rights": ["read"]},
        {"dn": NOBODY, "password": hash, "rights": ["write", "sync"], "networks": ["127.0.0.0/8", "::1"]},
        {"dn": ELSEWHERE, "password": hash, "rights": ["read"], "networks": ["192.0.2.0/24"]},
    ]);
    let env = database.deployed().without("REQUIRE_AUTH_FOR_SEARCH");
    env.with("SERVICE_ACCOUNTS", accounts)
}

fn search_as(gateway: &Gateway, dn: &str, password: &str, arguments: &[&str]) -> Search {
    let base: &[&str] = if arguments.contains(&"-b") { &[] } else { &["-b", BASE] };
    ldapsearch(gateway, &[base, &["-D", dn, "-w", password], arguments].concat())
}

#[test]
fn they_bind_by_their_dn_and_from_their_networks() {
    let _guard = beside_others();
    let gateway = Gateway::start(&env(Database::shared(Engine::Sqlite)));
    assert_eq!(ldapwhoami(&gateway, READER, PASSWORD), (0, format!("dn:{READER}")));
    assert_eq!(
        ldapwhoami(&gateway, "CN=Reader, DC=EXAMPLE,dc=com", PASSWORD),
        (0, format!("dn:{READER}"))
    );
    assert_eq!(ldapwhoami(&gateway, NOBODY, PASSWORD), (0, format!("dn:{NOBODY}")));
    for (dn, password) in [
        (READER, "service-Passw0rd-2"),
        (ELSEWHERE, PASSWORD),
        ("uid=reader,dc=example,dc=com", PASSWORD),
        ("cn=reader,ou=services,dc=example,dc=com", PASSWORD),
        ("uid=nobody,dc=example,dc=com", PASSWORD),
        ("cn=x,cn=reader,dc=example,dc=com", PASSWORD),
    ] {
        assert_eq!(ldapwhoami(&gateway, dn, password).0, 49, "{dn}");
    }
    let log = gateway.log();
    assert!(log.contains("not from this network"), "{log}");
    assert!(log.contains("wrong password") && !log.contains("$argon2"), "{log}");
}

#[test]
fn what_they_may_read_is_a_right() {
    let _guard = beside_others();
    let database = Database::shared(Engine::Sqlite);
    let gateway = Gateway::start(
        &env(database)
            .with("SEARCH_ALLOWED_TO", "self")
            .with("ATTRIBUTES_SELF", "mail"),
    );
    let reader = search_as(&gateway, READER, PASSWORD, &["(mail=alice@example.com)", "mail"]).only();
    assert_eq!(reader.one("mail"), "alice@example.com");
    assert_eq!(search_as(&gateway, NOBODY, PASSWORD, &["(uid=alice)"]).code, 50);
    assert_eq!(
        search_as(&gateway, NOBODY, PASSWORD, &["-b", NOBODY, "-s", "base"]).code,
        50
    );
    // A user sees neither others nor the accounts.
    let alice = |arguments: &[&str]| search_as(&gateway, &user_dn("alice"), password("alice"), arguments);
    assert!(alice(&["(objectClass=applicationProcess)"]).success().is_empty());
    let base = alice(&["-b", READER, "-s", "base"]);
    assert_eq!((base.code, base.matched.as_deref()), (32, Some(BASE)));
    let gateway = Gateway::start(
        &env(database)
            .with("SEARCH_ALLOWED_TO", "anyone")
            .with("ATTRIBUTES_AUTHENTICATED", "mail"),
    );
    let names = search_as(&gateway, NOBODY, PASSWORD, &["(uid=alice)", "mail", "cn"])
        .only()
        .names();
    assert_eq!(names, set(["cn"]));
}

#[test]
fn they_are_entries() {
    let _guard = beside_others();
    let gateway = Gateway::start(&env(Database::shared(Engine::Sqlite)));
    let of = |arguments: &[&str]| search_as(&gateway, READER, PASSWORD, arguments);
    let dns = of(&["(objectClass=applicationProcess)"]).dns();
    assert_eq!(dns, set([READER, NOBODY, ELSEWHERE]));
    let reader = of(&["-b", READER, "-s", "base", "*", "+"]).only();
    assert_eq!(reader.set("objectClass"), set(["top", "applicationProcess"]));
    assert_eq!(
        (reader.one("cn"), reader.one("structuralObjectClass")),
        ("reader".to_owned(), "applicationProcess".to_owned())
    );
    assert!(reader.values("userPassword").is_empty());
    let nobody = of(&["(uid=nobody)", "*"]).only();
    assert_eq!(
        nobody.set("objectClass"),
        set(["top", "applicationProcess", "uidObject"])
    );
    assert_eq!(
        (nobody.one("uid"), nobody.one("cn")),
        ("nobody".to_owned(), "nobody".to_owned())
    );
    let container = of(&["-b", "ou=services,dc=example,dc=com", "-s", "one", "1.1"]).dns();
    assert_eq!(container, set([NOBODY, ELSEWHERE]));
    let one = of(&[
        "-s",
        "one",
        "(|(objectClass=applicationProcess)(objectClass=organizationalUnit))",
        "1.1",
    ])
    .dns();
    assert_eq!(one, set([READER, "ou=services,dc=example,dc=com"]));
    assert_eq!(
        of(&["-b", "cn=x,cn=reader,dc=example,dc=com"]).matched.as_deref(),
        Some(READER)
    );
    // Page by page every entry comes once.
    let all = of(&["(objectClass=*)", "1.1"]).dns();
    assert_eq!(of(&["-E", "pr=1/noprompt", "(objectClass=*)", "1.1"]).dns(), all);
    let compared = tool("ldapcompare", &gateway)
        .args(["-D", READER, "-w", PASSWORD, READER, "userPassword:x"])
        .output();
    assert_eq!(crate::harness::ldap::code(&compared.unwrap()), 16);
}

#[test]
fn whoever_stands_in_the_same_place_is_not_reached() {
    let _guard = beside_others();
    let database = Database::fresh(Engine::Sqlite);
    database.sql("INSERT INTO \"Groups\" (\"gidNumber\", \"cn\", \"createdAt\", \"updatedAt\") VALUES (31000, 'Reader', '2024-01-01', '2024-01-01')");
    let gateway = Gateway::start(&env(&database));
    let found = search_as(&gateway, READER, PASSWORD, &["(cn=reader)", "objectClass"]).only();
    assert!(found.set("objectClass").contains("applicationProcess"), "{found:?}");
    assert!(
        search_as(&gateway, READER, PASSWORD, &["(gidNumber=31000)"])
            .success()
            .is_empty()
    );
}

const MIGRATION: &str = "cn=migration,dc=example,dc=com";

fn with_migration(database: &Database) -> Env {
    note_secret(PASSWORD);
    let hash = hash(PASSWORD);
    let accounts = serde_json::json!([
        {"dn": READER, "password": hash, "rights": ["read"]},
        {"dn": MIGRATION, "password": hash, "rights": ["read", "read-passwords"]},
    ]);
    database.recommended().with("SERVICE_ACCOUNTS", accounts)
}

#[test]
fn hashes_are_shown_to_the_account_that_takes_them_along() {
    let _guard = beside_others();
    let database = Database::fresh(Engine::Sqlite);
    database.sql("UPDATE \"Users\" SET \"userPassword\" = 'in plain text' WHERE \"uid\" = 'erin'");
    let env = with_migration(&database);
    let gateway = Gateway::start(&env);
    let shown = |dn: &str, arguments: &[&str]| {
        let found = search_as(&gateway, dn, PASSWORD, &[&["(uid=alice)"], arguments].concat()).only();
        found.values("userPassword")
    };
    for asked in [
        &[][..],
        &["*"],
        &["userPassword"],
        &["USERPASSWORD", "cn"],
        &["2.5.4.35"],
    ] {
        let values = shown(MIGRATION, asked);
        assert!(
            values.len() == 1 && values[0].starts_with("{ARGON2}$argon2id$v=19$"),
            "{asked:?}: {values:?}"
        );
        assert!(shown(READER, asked).is_empty(), "{asked:?}");
        let own = search_as(
            &gateway,
            &user_dn("alice"),
            password("alice"),
            &[&["(uid=alice)"], asked].concat(),
        );
        assert!(own.only().values("userPassword").is_empty(), "{asked:?}");
    }
    for asked in [&["+"][..], &["cn"], &["1.1"], &["name"]] {
        assert!(shown(MIGRATION, asked).is_empty(), "{asked:?}");
    }
    // No question is answered about them.
    for filter in [
        "(userPassword=*)",
        "(!(userPassword=x))",
        "(userPassword={ARGON2}*)",
        "(2.5.4.35=*)",
    ] {
        assert!(
            search_as(&gateway, MIGRATION, PASSWORD, &[filter]).success().is_empty(),
            "{filter}"
        );
    }
    let compared = tool("ldapcompare", &gateway)
        .args(["-D", MIGRATION, "-w", PASSWORD, &user_dn("alice"), "userPassword:x"])
        .output();
    assert_eq!(crate::harness::ldap::code(&compared.unwrap()), 16);
    // Who may not sign in here is not let in elsewhere, and what is no hash stays here.
    let all = search_as(
        &gateway,
        MIGRATION,
        PASSWORD,
        &["-E", "pr=3/noprompt", "(uid=*)", "userPassword"],
    )
    .success();
    let with_hash = |name: &str| {
        all.iter()
            .any(|entry| entry.dn == user_dn(name) && !entry.values("userPassword").is_empty())
    };
    assert!(with_hash("alice") && with_hash("carol") && with_hash("cheap"));
    assert!(!with_hash("frank") && !with_hash("erin") && !with_hash("heidi"));
    let log = gateway.log();
    assert!(
        log.contains("hashes of passwords were read") && log.contains("served=1 left_out=0"),
        "{log}"
    );
    assert!(!log.contains("argon2id") && log.contains(MIGRATION), "{log}");
    // Somebody on the network could read them.
    let plain = Gateway::start_plain(&env);
    assert!(
        search_as(&plain, MIGRATION, PASSWORD, &["(uid=alice)", "*", "userPassword"])
            .only()
            .values("userPassword")
            .is_empty()
    );
}

#[test]
fn a_slapd_that_is_given_the_hashes_admits_the_same_people() {
    let _guard = beside_others();
    let database = Database::fresh(Engine::Sqlite);
    // "secret", and "password".
    let people = [
        (
            "heidi",
            "secret",
            "$6$ucDRr2WjfqkLXZ8q$Nqn9fxGQJoLiyO2rGeOWMGi4fIB1Kksllg9yoBI2P/oqzNNQbvB62NCIzLogaZoSE6XJ6Y8Az1NrQENp7Vojg/",
        ),
        ("carol", "password", "{SHA1}5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8"),
    ];
    for (name, _, hash) in people {
        database.sql(&format!(
            "UPDATE \"Users\" SET \"userPassword\" = '{hash}' WHERE \"uid\" = '{name}'"
        ));
    }
    let gateway = Gateway::start(&with_migration(&database));
    let mut ldif = format!("dn: {BASE}\nobjectClass: domain\ndc: example\n");
    for (name, ..) in people {
        let filter = format!("(uid={name})");
        let hash = search_as(&gateway, MIGRATION, PASSWORD, &[&filter, "userPassword"])
            .only()
            .one("userPassword");
        ldif += &format!(
            "\ndn: {}\nobjectClass: person\nobjectClass: uidObject\nuid: {name}\ncn: x\nsn: x\nuserPassword: {hash}\n",
            user_dn(name)
        );
    }
    let slapd = Slapd::start(BASE, &ldif);
    for (name, password, _) in people {
        let bind = |password: &str| {
            let uri = format!("ldap://127.0.0.1:{}", slapd.port);
            let output = std::process::Command::new("ldapwhoami")
                .args(["-x", "-H", &uri, "-D", &user_dn(name), "-w", password])
                .output();
            output.unwrap().status.code()
        };
        assert_eq!((bind(password), bind("wrong")), (Some(0), Some(49)), "{ldif}");
    }
}
