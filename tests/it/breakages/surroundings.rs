//! Certificates, and the disk that the log is on.

use super::{LONG, texts};
use crate::causes::{GOOD, SmallDisk, chain, with_chain};
use crate::harness::gateway::{Env, run_to_end};
use crate::harness::ldap::{BATTERY_PASSWORD, user_dn};
use crate::harness::{Database, Engine, Gateway, beside_others, eventually, free_port, ldapwhoami};
use crate::observability::Observed;
use std::fs;
use std::process::{Command, Stdio};

fn env() -> Env {
    Database::shared(Engine::Sqlite).deployed().with("LOG_LEVEL", "info")
}

#[test]
fn the_certificate_has_ended() {
    let _guard = beside_others();
    let env = with_chain(env(), &chain(GOOD, GOOD, (-40, -3)));
    texts::ENDED.is_news(&Observed::start(&self::env()), &self::env());
    texts::ENDED.is_told(&Observed::start(&env), &env);
}

#[test]
fn the_key_is_another_ones() {
    let _guard = beside_others();
    let dir = chain(GOOD, GOOD, GOOD);
    let env = with_chain(env(), &dir);
    let observed = Observed::start(&env);
    texts::OTHER_KEY.is_news(&observed, &env);
    let (key, own) = (dir.join("server.key"), fs::read(dir.join("server.key")).unwrap());
    fs::copy(dir.join("root.key"), &key).unwrap();
    texts::OTHER_KEY.is_told(&observed, &env);
    assert_eq!(observed.get("/readyz").unwrap().0, 200);
    assert_eq!(ldapwhoami(&observed.gateway, &user_dn("cheap"), BATTERY_PASSWORD).0, 0);
    // Who starts now ends.
    let ended = run_to_end(&env.clone().with("PORT", free_port()), &[], "");
    assert_eq!(ended.code, Some(78), "{}", ended.text());
    fs::write(&key, own).unwrap();
    assert!(eventually(LONG, || observed.get("/readyz").unwrap().1 == "serving\n"));
    assert_eq!(observed.metrics()["ldap_gateway_certificate_stale"], 0.0);
}

#[test]
fn the_certificate_is_for_another_name() {
    let _guard = beside_others();
    let dir = chain(GOOD, GOOD, GOOD);
    let env = with_chain(env(), &dir)
        .with("LDAP_BASE_DN", "dc=example,dc=com")
        .with("LDAP_COMMON_NAME", "ldap2.example.com");
    let observed = Observed::start(&env);
    let mut client = Command::new("openssl");
    client.args(["s_client", "-connect", &observed.gateway.address().to_string()]);
    client.args([
        "-verify_return_error",
        "-verify_hostname",
        "ldap2.example.com",
        "-CAfile",
    ]);
    client.arg(dir.join("root.crt")).stdin(Stdio::null()).output().unwrap();
    texts::OTHER_NAME.is_told(&observed, &env);
}

#[test]
fn the_disk_is_full() {
    let _guard = beside_others();
    let disk = SmallDisk::new();
    let (log, ballast) = (disk.0.join("log"), disk.0.join("ballast"));
    let admin = std::net::SocketAddr::from(([127, 0, 0, 1], free_port()));
    let file = fs::File::options().append(true).create(true).open(&log).unwrap();
    let gateway = Gateway::spawn_with_log(&env().with("ADMIN_ADDR", admin), file);
    let mut observed = Observed { gateway, admin };
    observed.gateway.expect_ready();
    let _ = fs::write(&ballast, vec![0; 64 * 1024]);
    let lost = || {
        assert_eq!(ldapwhoami(&observed.gateway, &user_dn("cheap"), BATTERY_PASSWORD).0, 0);
        observed.metrics()["ldap_gateway_log_lines_dropped_total"] > 0.0
    };
    assert!(eventually(LONG, lost));
    texts::DISK_FULL.is_told_but_in_the_log(&observed, &env());
    fs::remove_file(&ballast).unwrap();
    let told = || super::has_line(&fs::read_to_string(&log).unwrap(), texts::DISK_FULL.log);
    assert!(eventually(LONG, told));
}
