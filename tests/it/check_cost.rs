//! What `check` takes with many users. Figures only: time is never asserted.

use crate::harness::gateway::run_to_end;
use crate::harness::process::command;
use crate::harness::{Database, Engine, beside_others, figure, scratch};
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

const HASH: &str = "$argon2id$v=19$m=64,t=1,p=1$YmF0dGVyeXNhbHQxMjM0NQ$wtsDgfm758Ux6AUfODbs6u7xg1i7xtPM+Y0T48VhK8w";

/// So many users, with `CHECK_USERS` in thousands; and with `CHECK_PROGRAM` another program than that of the tests.
#[test]
fn check_of_many_users() {
    let _guard = beside_others();
    let setting = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
    let thousands: u32 = setting("CHECK_USERS").map_or(20, |text| text.parse().unwrap());
    let program = setting("CHECK_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_ldap-gateway").to_string());
    for engine in Engine::ALL {
        let database = Database::fresh(engine);
        fill(&database, engine, thousands);
        let total = database.rows("SELECT count(*) FROM \"Users\"")[0][0].clone();
        let out = scratch("check-cost").join("out");
        let mut check = command(PathBuf::from(&program), None);
        check.arg("check").env_clear().envs(database.deployed().iter());
        check.stdout(fs::File::create(&out).unwrap()).stderr(Stdio::inherit());
        let start = Instant::now();
        let mut child = check.current_dir("/").spawn().unwrap();
        let mut peak = 0;
        while child.try_wait().unwrap().is_none() {
            peak = peak.max(peak_kib(child.id()));
            sleep(Duration::from_millis(20));
        }
        let took = start.elapsed();
        let text = fs::read_to_string(&out).unwrap();
        assert!(child.wait().unwrap().success(), "{text}");
        assert!(!text.contains("could not be looked at"), "{}: {text}", engine.name());
        // Two of one number, on a whole table as in one of ten rows.
        let shared = text
            .lines()
            .find(|line| line.contains("have a mail address that is also"));
        let shared = shared.unwrap_or_else(|| panic!("{}: {text}", engine.name()));
        assert!(shared.contains(&format!(" of {total} users")), "{shared}");
        let accounts = text.lines().find(|line| line.starts_with("Accounts of")).unwrap();
        figure(&format!(
            "check on {} with {total} users: {:.1} s, {} MiB at most; {accounts}",
            engine.name(),
            took.as_secs_f64(),
            peak / 1024
        ));
    }
}

/// Of users whose hashes only SQL_QUERY_ONE_USER has, some are asked for where there are many, and the report says so.
#[test]
fn many_users_whose_hashes_no_listing_has_are_picked() {
    let _guard = beside_others();
    let database = Database::fresh(Engine::Sqlite);
    fill(&database, Engine::Sqlite, 20);
    let total = database.rows("SELECT count(*) FROM \"Users\"")[0][0].clone();
    let env = database.deployed().changed("SQL_QUERY_ALL_USERS", |query| {
        assert!(query.contains("\"userPassword\""), "{query}");
        query.replacen("\"userPassword\"", "NULL", 1)
    });
    let report = run_to_end(&env, &["check"], "");
    assert_eq!(report.code, Some(0), "{}", report.text());
    let title = report
        .stdout
        .lines()
        .find(|line| line.starts_with("Accounts of"))
        .unwrap();
    assert!(title.ends_with(&format!(" of {total} users, picked evenly")), "{title}");
    let looked_at: u64 = title.split(' ').nth(2).unwrap().parse().unwrap();
    assert!((1..=20_000).contains(&looked_at), "{title}");
    figure(&format!("check on sqlite, no hashes in the listing: {title}"));
}

/// The most resident memory there was, in KiB.
fn peak_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
        .unwrap_or(0)
}

fn fill(database: &Database, engine: Engine, thousands: u32) {
    let text = |parts: &str| match engine {
        Engine::MariaDb => format!("concat({})", parts.replace("||", ",")),
        _ => parts.to_string(),
    };
    let digits = "SELECT 0 AS k UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL \
                  SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9";
    for thousand in (0..thousands).step_by(100) {
        let (from, till) = (thousand * 1000, thousands.min(thousand + 100) * 1000);
        database.sql(&engine.quoted(&format!(
            "INSERT INTO \"Users\" (\"uid\", \"uidNumber\", \"gidNumber\", \"mail\", \"homeDirectory\", \"userPassword\") \
             WITH d AS ({digits}) SELECT {}, 1000000 + i, 1000000 + i, {}, {}, '{HASH}' FROM \
             (SELECT {from} + a.k * 10000 + b.k * 1000 + c.k * 100 + e.k * 10 + f.k AS i FROM d a, d b, d c, d e, d f) n \
             WHERE i < {till}",
            text("'person' || i"),
            text("'person' || i || '@example.org'"),
            text("'/home/person' || i"),
        )));
    }
    database.sql(&engine.quoted("UPDATE \"Users\" SET \"mail\" = 'person1@example.org' WHERE \"uid\" = 'person2'"));
    if engine == Engine::PostgreSql {
        database.sql("ANALYZE");
    }
}
