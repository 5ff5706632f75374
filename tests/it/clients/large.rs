//! GitLab's sync of groups on a large directory: its time, its SQL statements, and the gateway's memory.

use super::program::Program;
use crate::harness::database::{APP_USER, Server};
use crate::harness::ldap::BASE;
use crate::harness::{Database, Engine, Gateway, alone, beside_others, figure, scratch};
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

const USERS: usize = 20_000;
const GROUPS: usize = 11_000;
const MEMBERSHIPS: usize = 10;
/// So many members are read, and some of the groups: the whole takes minutes. `LDAP_GATEWAY_WHOLE_SYNC=1` is for whoever
/// has them.
const MEMBERS: usize = 800;
/// Several times what was measured (9 to 22 MiB, by build and allocator): it is there for what grows without end.
const GROWTH_KIB: u64 = 64 << 10;

/// Every user in ten groups, and one group of all.
fn fill(database: &Database) {
    database.sql(&format!(
        // Foreign keys are not looked after: it takes a tenth of the time.
        "SET session_replication_role = replica; \
         INSERT INTO \"Users\" (\"uid\", \"uidNumber\", \"gidNumber\", \"givenName\", \"sn\", \"cn\", \"mail\") \
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

/// Both ways in which groups can be laid out.
struct Layout {
    name: &'static str,
    groups_rdn: &'static str,
    group_base: &'static str,
    /// SQL statements for a group with its members. Where users stand below the same base, `(cn=NAME)` is asked of
    /// them, too.
    statements: usize,
    /// Of so many groups one is synchronised.
    one_of: usize,
}

const LAYOUTS: [Layout; 2] = [
    Layout {
        name: "all below the base",
        groups_rdn: "",
        group_base: BASE,
        statements: 4,
        one_of: 100,
    },
    Layout {
        name: "groups in ou=groups",
        groups_rdn: "ou=groups",
        group_base: "ou=groups,dc=example,dc=com",
        statements: 2,
        one_of: 20,
    },
];

struct Site<'a> {
    layout: &'a Layout,
    gateway: Gateway,
    certificate: PathBuf,
}

impl Site<'_> {
    fn start<'a>(database: &Database, layout: &'a Layout) -> Site<'a> {
        let dir = scratch("large");
        let env = database.deployed().with("LOG_LEVEL", "info");
        let mut gateway = Gateway::spawn_in(&dir, &env.with("LDAP_GROUPS_RDN", layout.groups_rdn));
        gateway.expect_ready();
        Site {
            layout,
            gateway,
            certificate: dir.join("certs/ca.pem"),
        }
    }

    /// The sync of these groups and of so many of their members; what the program said.
    fn sync(&self, groups: &[String], members: usize) -> String {
        let file = scratch("groups").join("names");
        fs::write(&file, groups.join("\n")).unwrap();
        let mut gitlab = Program::GitLab.command();
        let server = format!("127.0.0.1:{}", self.gateway.port);
        gitlab.arg("sync").arg(server).arg(file).arg(members.to_string());
        gitlab
            .env("LDAP_CA", &self.certificate)
            .env("GROUP_BASE", self.layout.group_base);
        let output = gitlab.output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
        String::from_utf8_lossy(&said).trim().to_string()
    }
}

#[test]
fn sync_of_groups() {
    let database = {
        let _guard = beside_others();
        let database = Database::schema_on(Server::private(Engine::PostgreSql));
        fill(&database);
        database
    };
    let _guard = alone();
    for layout in &LAYOUTS {
        synchronised(&database, &Site::start(&database, layout));
    }
    read_whole(&database, &Site::start(&database, &LAYOUTS[0]));
}

fn synchronised(database: &Database, site: &Site<'_>) {
    let whole = std::env::var_os("LDAP_GATEWAY_WHOLE_SYNC").is_some();
    let (one_of, members) = if whole {
        (1, USERS)
    } else {
        (site.layout.one_of, MEMBERS)
    };
    let groups: Vec<String> = (0..GROUPS).step_by(one_of).map(|n| format!("group{n}")).collect();
    let (before, start) = (statements(database), Instant::now());
    let said = site.sync(&groups, members);
    let (took, count) = (start.elapsed(), statements(database) - before);
    let requests = groups.len() + members;
    let pairs = database.rows(&format!(
        "SELECT count(*) FROM \"UserGroups\" WHERE \"gidNumber\" < 300000 AND \"gidNumber\" % {one_of} = 0"
    ));
    assert_eq!(
        said,
        format!(
            "{} groups, {} memberships, {members} members",
            groups.len(),
            pairs[0][0]
        )
    );
    figure(&format!(
        "gitlab, group sync of {USERS} users and {GROUPS} groups, {}{}: {said} in {:.1} s, {:.2} ms a search; \
         {count} SQL statements for {requests} searches",
        site.layout.name,
        if whole { "" } else { ", a sample" },
        took.as_secs_f64(),
        took.as_secs_f64() * 1e3 / requests as f64,
    ));
    // One statement for a member, and one for the groups of the member; the rest are those of the start.
    let limit = site.layout.statements * groups.len() + 2 * members + 10;
    assert!(count <= limit, "{count} of {limit}");
}

fn read_whole(database: &Database, site: &Site<'_>) {
    // What is made at the first search is not the group's.
    site.sync(&["group0".to_string()], 1);
    let process = &site.gateway.process;
    process.reset_peak();
    let (before, counted) = (process.rss(), statements(database));
    let said = site.sync(&["everybody".to_string()], 0);
    assert_eq!(said, format!("1 groups, {USERS} memberships, 0 members"));
    let growth = process.peak_rss().saturating_sub(before);
    figure(&format!(
        "gitlab, one group of {USERS} members read whole: resident memory grew from {:.1} by {:.1} MiB at most; {} SQL statements",
        before as f64 / 1024.0,
        growth as f64 / 1024.0,
        statements(database) - counted,
    ));
    assert!(growth < GROWTH_KIB, "{growth} KiB");
}
