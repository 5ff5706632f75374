//! `totp`: codes of `oathtool` behind passwords, once each.

use crate::harness::gateway::run_to_end;
use crate::harness::ldap::{BASE, BATTERY_PASSWORD, user_dn};
use crate::harness::process::run;
use crate::harness::{
    Client, Database, Engine, Env, Gateway, beside_others, block_on, ldapsearch, ldapwhoami, note_secret,
};
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// 20 octets; those of RFC 6238 are too well known to be looked for in logs.
const SECRET: &str = "MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U";

/// `cheap` with each kind of secret.
const SECRETS: [(&str, Option<&str>); 10] = [
    ("base32", Some("MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U")),
    ("spaced", Some("mfrg gzdf mztw q2lk nnwg 23tp obyx e43u ")),
    (
        "sha256",
        Some(
            "otpauth://totp/Example:x?secret=MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U&algorithm=SHA256&digits=8&issuer=Example",
        ),
    ),
    (
        "sha512",
        Some("otpauth://totp/x?secret=MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U&algorithm=SHA512&digits=6&period=60"),
    ),
    (
        "minute",
        Some("otpauth://totp/x?secret=MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U&period=60"),
    ),
    ("none", None),
    ("empty", Some("")),
    (
        "hotp",
        Some("otpauth://hotp/x?secret=MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U&counter=1"),
    ),
    ("garbled", Some("not-base32-0189")),
    (
        "seven",
        Some("otpauth://totp/x?secret=MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U&digits=7"),
    ),
];

fn database(engine: Engine) -> Database {
    note_secret(SECRET);
    let database = Database::fresh(engine);
    database.sql("ALTER TABLE \"Users\" ADD COLUMN totp_ varchar(255)");
    database.sql("ALTER TABLE \"Users\" ADD COLUMN chain_ varchar(40)");
    for (number, (name, secret)) in SECRETS.iter().enumerate() {
        let secret = secret.map_or("NULL".to_owned(), |secret| format!("'{secret}'"));
        database.sql(&format!(
            "INSERT INTO \"Users\" (\"uid\", \"uidNumber\", \"gidNumber\", \"userPassword\", totp_) \
             SELECT '{name}', {}, \"gidNumber\", \"userPassword\", {secret} FROM \"Users\" WHERE \"uid\" = 'cheap'",
            51_000 + number
        ));
    }
    database
}

fn env(database: &Database) -> Env {
    let columns = "totp_ AS totp_secret, chain_ AS auth_backends, \"status\"";
    let columns = database.engine.quoted(columns);
    database
        .deployed()
        .with_user_columns(&columns)
        .with("AUTH_BACKENDS", "sql,totp")
        // So many binds fail here that later ones would have to wait.
        .with("GUESSING_DELAY", "off")
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Waits until the step has so many seconds left that none of the codes that follow is too old.
fn early_in_a_step() {
    while now() % 30 > 15 {
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// What oathtool says, so many seconds from now.
fn code(options: &[&str], later: i64) -> String {
    let at = now().saturating_add_signed(later);
    let mut oathtool = Command::new("oathtool");
    oathtool
        .args(["--base32", &format!("--now=@{at}")])
        .args(options)
        .arg(SECRET);
    run(&mut oathtool).trim().to_owned()
}

fn sha1() -> [&'static str; 1] {
    ["--totp"]
}

/// The code of a bind.
fn bound(gateway: &Gateway, user: &str, typed: &str) -> i32 {
    ldapwhoami(gateway, &user_dn(user), typed).0
}

#[test]
fn codes_of_oathtool_let_in_on_each_engine() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let gateway = Gateway::start(&env(&database(engine)));
        early_in_a_step();
        for (user, options) in [
            ("base32", &["--totp"][..]),
            ("spaced", &["--totp"]),
            ("sha256", &["--totp=sha256", "--digits=8"]),
            ("sha512", &["--totp=sha512", "--time-step-size=60s"]),
            ("minute", &["--totp", "--time-step-size=60s"]),
        ] {
            let code = code(options, 0);
            assert_eq!(bound(&gateway, user, BATTERY_PASSWORD), 49, "{user}: without a code");
            assert_eq!(bound(&gateway, user, &code), 49, "{user}: without a password");
            assert_eq!(
                bound(&gateway, user, &format!("wrong{code}")),
                49,
                "{user}: a wrong password"
            );
            assert_eq!(
                bound(&gateway, user, &format!("{code}{BATTERY_PASSWORD}")),
                49,
                "{user}: the other way round"
            );
            assert_eq!(bound(&gateway, user, &format!("{BATTERY_PASSWORD}{code}")), 0, "{user}");
            assert_eq!(
                bound(&gateway, user, &format!("{BATTERY_PASSWORD}{code}")),
                49,
                "{user}: once more"
            );
            // In another spelling it is the same user.
            let spelled = format!("uid={},{BASE}", user.to_uppercase());
            assert_eq!(
                ldapwhoami(&gateway, &spelled, &format!("{BATTERY_PASSWORD}{code}")).0,
                49,
                "{user}: as {spelled}"
            );
        }
        let log = gateway.log();
        assert!(log.contains("code used before"), "{log}");
        assert!(
            log.contains("wrong password"),
            "a code is not used up by a wrong password"
        );
    }
}

#[test]
fn one_step_of_skew_is_accepted_and_a_second_is_not() {
    let _guard = beside_others();
    let gateway = Gateway::start(&env(&database(Engine::Sqlite)));
    early_in_a_step();
    for (later, expected) in [
        (-90, 49),
        (-60, 49),
        (60, 49),
        (90, 49),
        (30, 0),
        (0, 0),
        (-30, 0),
        (-30, 49),
        (30, 49),
    ] {
        let typed = format!("{BATTERY_PASSWORD}{}", code(&sha1(), later));
        assert_eq!(bound(&gateway, "base32", &typed), expected, "{later} s");
    }
}

#[test]
fn without_a_usable_secret_nobody_gets_in_and_the_log_says_why() {
    let _guard = beside_others();
    let gateway = Gateway::start(&env(&database(Engine::Sqlite)));
    let typed = format!("{BATTERY_PASSWORD}{}", code(&sha1(), 0));
    for user in ["none", "empty", "hotp", "garbled", "seven", "nobody"] {
        for typed in [&typed, BATTERY_PASSWORD] {
            assert_eq!(bound(&gateway, user, typed), 49, "{user}");
        }
    }
    let log = gateway.log();
    for why in [
        "no totp_secret",
        "totp_secret unusable",
        "it is not base32",
        "it is not an otpauth://totp/ URI",
        "`digits`",
    ] {
        assert!(log.contains(why), "{why}: {log}");
    }
}

#[test]
fn a_separator_stands_between_password_and_code() {
    let _guard = beside_others();
    let gateway = Gateway::start(&env(&database(Engine::Sqlite)).with("TOTP_SEPARATOR", ","));
    early_in_a_step();
    let code = code(&sha1(), 0);
    for wrong in [
        format!("{BATTERY_PASSWORD}{code}"),
        format!("{BATTERY_PASSWORD},"),
        format!("{BATTERY_PASSWORD},,{code}"),
        format!(",{code}"),
        format!("{code},{BATTERY_PASSWORD}"),
    ] {
        assert_eq!(
            bound(&gateway, "base32", &wrong),
            49,
            "{}",
            wrong.replace(BATTERY_PASSWORD, "…")
        );
    }
    assert_eq!(bound(&gateway, "base32", &format!("{BATTERY_PASSWORD},{code}")), 0);
    let wrong = run_to_end(
        &env(&database(Engine::Sqlite)).with("TOTP_SEPARATOR", "7"),
        &["check"],
        "",
    );
    assert_eq!(wrong.code, Some(78), "{}", wrong.text());
    assert!(wrong.text().contains("TOTP_SEPARATOR: found `7`"), "{}", wrong.text());
}

#[test]
fn of_many_binds_with_one_code_one_succeeds() {
    let _guard = beside_others();
    let gateway = Gateway::start(&env(&database(Engine::Sqlite)));
    early_in_a_step();
    let typed = format!("{BATTERY_PASSWORD}{}", code(&sha1(), 0));
    let codes = block_on(async {
        let mut clients = Vec::new();
        for _ in 0..20 {
            clients.push(Client::connect(&gateway).await);
        }
        let binds = clients
            .iter_mut()
            .map(async |client| client.bind(&user_dn("base32"), &typed).await.unwrap());
        futures::future::join_all(binds).await
    });
    assert_eq!(codes.iter().filter(|code| **code == 0).count(), 1, "{codes:?}");
    assert_eq!(codes.iter().filter(|code| **code == 49).count(), 19, "{codes:?}");
}

#[test]
fn a_chain_of_ones_own_asks_for_a_code_or_does_not() {
    let _guard = beside_others();
    let database = database(Engine::Sqlite);
    database.sql("UPDATE \"Users\" SET chain_ = 'totp,sql' WHERE \"uid\" IN ('base32', 'none')");
    database.sql("UPDATE \"Users\" SET chain_ = 'totp' WHERE \"uid\" = 'spaced'");
    let gateway = Gateway::start(&env(&database).with("AUTH_BACKENDS", "sql"));
    early_in_a_step();
    let code = code(&sha1(), 0);
    let typed = format!("{BATTERY_PASSWORD}{code}");
    assert_eq!(bound(&gateway, "base32", BATTERY_PASSWORD), 49);
    assert_eq!(bound(&gateway, "base32", &typed), 0);
    assert_eq!(bound(&gateway, "none", BATTERY_PASSWORD), 49);
    assert_eq!(bound(&gateway, "none", &typed), 49);
    assert_eq!(bound(&gateway, "sha256", BATTERY_PASSWORD), 0, "the chain of all");
    // Nobody looks at what stands before the code, so nothing may.
    assert_eq!(bound(&gateway, "spaced", &typed), 49);
    assert_eq!(bound(&gateway, "spaced", &code), 0);
}

#[test]
fn an_account_that_is_closed_uses_no_code_up() {
    let _guard = beside_others();
    let database = database(Engine::Sqlite);
    let gateway = Gateway::start(&env(&database));
    database.sql("UPDATE \"Users\" SET \"status\" = 'suspended' WHERE \"uid\" = 'base32'");
    early_in_a_step();
    let typed = format!("{BATTERY_PASSWORD}{}", code(&sha1(), 0));
    assert_eq!(bound(&gateway, "base32", &typed), 49);
    database.sql("UPDATE \"Users\" SET \"status\" = 'active' WHERE \"uid\" = 'base32'");
    assert_eq!(bound(&gateway, "base32", &typed), 0);
}

#[test]
fn the_secret_is_never_served() {
    let _guard = beside_others();
    let database = database(Engine::Sqlite);
    let columns = "totp_ AS totp_secret, totp_ AS \"attr:totp_secret\", totp_ AS \"attr:totpSecret\", \
                   totp_ AS \"TOTP_Secret\", totp_ AS \"attr:mySecret\"";
    let gateway = Gateway::start(&database.deployed().with_user_columns(columns));
    for asked in [&["*", "+"][..], &["totp_secret"], &["totpSecret"], &["mySecret"]] {
        let entry = ldapsearch(&gateway, &[&["-b", BASE, "(uid=base32)"], asked].concat()).only();
        let text = format!("{entry:?}").to_lowercase();
        assert!(!text.contains("secret") && !text.contains("mfrg"), "{asked:?}: {text}");
    }
    for filter in [
        format!("(totpSecret={SECRET})"),
        "(totpSecret=*)".to_owned(),
        format!("(mySecret={SECRET})"),
    ] {
        assert_eq!(ldapsearch(&gateway, &["-b", BASE, &filter]).success(), [], "{filter}");
    }
    let checked = run_to_end(&env(&database), &["check"], "");
    assert!(!checked.text().contains("MFRG"), "{}", checked.text());
    assert!(checked.text().contains("never served"), "{}", checked.text());
}

#[test]
fn check_says_what_the_link_lacks() {
    let _guard = beside_others();
    let database = database(Engine::Sqlite);
    let lacking = run_to_end(&database.deployed().with("AUTH_BACKENDS", "sql,totp"), &["check"], "");
    let text = lacking.text();
    assert!(
        text.contains("SQL_QUERY_ONE_USER: no column totp_secret: nobody can bind"),
        "{text}"
    );
    let text = run_to_end(&env(&database), &["check"], "").text();
    for line in [
        "a code right behind the password, made by the secret in the column totp_secret",
        "5 of 43 users with `totp` have a usable totp_secret",
        "35 of 43 users have no totp_secret and cannot bind",
        "1 of 43 users cannot bind: their totp_secret cannot be read, it is not base32",
        "cannot be read, it is not an otpauth://totp/ URI",
        "cannot be read, `digits` of its URI",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
}
