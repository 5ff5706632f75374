//! GitLab's sync of groups on a large directory: its time, its SQL statements, and the gateway's memory (issue 4, Must
//! show 7).

use super::program::Program;
use crate::harness::database::{APP_USER, Server};
use crate::harness::{Database, Engine, Gateway, alone, beside_others, figure, scratch};
use std::fs;
use std::time::Instant;

const USERS: usize = 20_000;
const GROUPS: usize = 11_000;
const MEMBERSHIPS: usize = 10;
/// Of so many groups one is synchronised, and so many members are read: the whole takes minutes.
/// `LDAP_GATEWAY_WHOLE_SYNC=1` is for whoever has them.
const ONE_GROUP_OF: usize = 20;
const MEMBERS: usize = 1_500;
/// More than the group as text twice, and much less than the directory.
const GROWTH_KIB: u64 = 24 << 10;

/// Every user in ten groups, and one group of all.
fn fill(database: &Database) {
    database.sql(&format!(
        "INSERT INTO \"Users\" (\"uid\", \"uidNumber\", \"gidNumber\", \"givenName\", \"sn\", \"cn\", \"mail\") \
             SELECT 'user' || n, 100000 + n, 200000, 'First' || n, 'Last' || n, 'First' || n || ' Last' || n, \
                    'user' || n || '@example.com' FROM generate_series(0, {USERS} - 1) n; \
         INSERT INTO \"Groups\" (\"gidNumber\", \"cn\") \
             SELECT 200000 + n, 'group' || n FROM generate_series(0, {GROUPS} - 1) n \
             UNION ALL SELECT 300000, 'everybody'; \
         INSERT INTO \"UserGroups\" (\"uidNumber\", \"gidNumber\") \
             SELECT 100000 + n, 200000 + (n * {MEMBERSHIPS} + k) % {GROUPS} \
             FROM generate_series(0, {USERS} - 1) n, generate_series(0, {MEMBERSHIPS} - 1) k \
             UNION ALL SELECT 100000 + n, 300000 FROM generate_series(0, {USERS} - 1) n; \
         ANALYZE"
    ));
}

/// Statements that read rows for the gateway.
fn statements(database: &Database) -> usize {
    let Server::Postgres(server) = &database.server else {
        panic!("{database:?}")
    };
    let sql = format!(
        "SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid \
         JOIN pg_database d ON d.oid = s.dbid \
         WHERE r.rolname = '{APP_USER}' AND d.datname = '{}' AND s.query ILIKE '%SELECT%FROM%'",
        database.name()
    );
    server.psql("postgres", &sql).trim().parse().unwrap()
}

/// The sync of these groups and of so many of their members; what the program said.
fn sync(gateway: &Gateway, certificate: &std::path::Path, groups: &[String], members: usize) -> String {
    let file = scratch("groups").join("names");
    fs::write(&file, groups.join("\n")).unwrap();
    let mut gitlab = Program::GitLab.command();
    let server = format!("127.0.0.1:{}", gateway.port);
    gitlab.arg("sync").arg(server).arg(file).arg(members.to_string());
    let output = gitlab.env("LDAP_CA", certificate).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
    String::from_utf8_lossy(&said).trim().to_string()
}

#[test]
fn sync_of_groups() {
    let (database, dir) = {
        let _guard = beside_others();
        let database = Database::schema_on(Server::private(Engine::PostgreSql));
        fill(&database);
        (database, scratch("large"))
    };
    let _guard = alone();
    let mut gateway = Gateway::spawn_in(&dir, &database.deployed().with("LOG_LEVEL", "info"));
    gateway.expect_ready();
    let certificate = dir.join("certs/server.crt");

    let whole = std::env::var_os("LDAP_GATEWAY_WHOLE_SYNC").is_some();
    let (one_of, members) = if whole { (1, USERS) } else { (ONE_GROUP_OF, MEMBERS) };
    let groups: Vec<String> = (0..GROUPS).step_by(one_of).map(|n| format!("group{n}")).collect();
    let (before, start) = (statements(&database), Instant::now());
    let said = sync(&gateway, &certificate, &groups, members);
    let (took, count) = (start.elapsed(), statements(&database) - before);
    let requests = groups.len() + members;
    let pairs = database.rows(&format!(
        "SELECT count(*) FROM \"UserGroups\" WHERE \"gidNumber\" < 300000 AND \"gidNumber\" % {one_of} = 0"
    ));
    let expected = format!(
        "{} groups, {} memberships, {members} members",
        groups.len(),
        pairs[0][0]
    );
    assert_eq!(said, expected);
    figure(&format!(
        "gitlab, group sync of {USERS} users and {GROUPS} groups{}: {said} in {:.1} s, {:.2} ms a search; \
         {count} SQL statements for {requests} searches",
        if whole { "" } else { ", a sample" },
        took.as_secs_f64(),
        took.as_secs_f64() * 1e3 / requests as f64,
    ));
    // A statement for the group, and one for its members; a statement for a member.
    assert!(count <= 2 * groups.len() + members + 20, "{count}");

    gateway.process.reset_peak();
    let (before, counted) = (gateway.process.rss(), statements(&database));
    let said = sync(&gateway, &certificate, &["everybody".to_string()], 0);
    assert_eq!(said, format!("1 groups, {USERS} memberships, 0 members"));
    let growth = gateway.process.peak_rss().saturating_sub(before);
    figure(&format!(
        "gitlab, one group of {USERS} members read whole: resident memory grew from {:.1} by {:.1} MiB at most; {} SQL statements",
        before as f64 / 1024.0,
        growth as f64 / 1024.0,
        statements(&database) - counted,
    ));
    assert!(growth < GROWTH_KIB, "{growth} KiB");
}
