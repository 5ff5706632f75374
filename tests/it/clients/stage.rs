//! A directory large enough for pages, with the odd names of the battery, behind both replicas.

use crate::harness::{Database, Engine, Env, Site, scratch};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// More users than a page of Proxmox has, and a user in more groups than a page has.
const MANY: &str = r#"
INSERT INTO "Users" ("uid", "uidNumber", "gidNumber", "givenName", "sn", "cn", "mail")
    SELECT 'many' || n, 40000 + n, 20001, 'First', 'Last' || n, 'First Last' || n, 'many' || n || '@example.com'
    FROM generate_series(1, 1100) n;
INSERT INTO "Groups" ("gidNumber", "cn") SELECT 40000 + n, 'team' || n FROM generate_series(1, 250) n;
INSERT INTO "UserGroups" ("uidNumber", "gidNumber")
    SELECT 40000 + n, 40001 + (n + k * k) % 250 FROM generate_series(2, 1100) n, generate_series(0, 2) k
    UNION SELECT 40001, 40000 + n FROM generate_series(1, 250) n;
ANALYZE;
"#;

#[derive(Debug)]
pub struct Stage {
    pub database: Database,
    pub site: Site,
    dir: PathBuf,
}

impl Stage {
    /// For everybody who only reads.
    pub fn shared() -> &'static Stage {
        static SHARED: OnceLock<Stage> = OnceLock::new();
        SHARED.get_or_init(|| Stage::on(Database::fresh(Engine::PostgreSql), |env| [env.clone(), env]))
    }

    pub fn on(database: Database, envs: impl FnOnce(Env) -> [Env; 2]) -> Stage {
        database.sql(MANY);
        // Not trace: thousands of entries at a time.
        let site = Site::start_with(envs(database.deployed().with("LOG_LEVEL", "debug")));
        let dir = scratch("clients");
        for (file, query) in [
            (
                "users",
                "SELECT \"uid\", coalesce(\"mail\", ''), coalesce(\"givenName\", '') FROM \"Users\"",
            ),
            ("groups", "SELECT \"cn\" FROM \"Groups\""),
            // Groups that are no groupOfNames, of users whose group there is not.
            (
                "private",
                "SELECT \"uid\" FROM (SELECT DISTINCT ON (\"gidNumber\") \"uid\" FROM \"Users\" \
                 WHERE \"gidNumber\" IS NOT NULL AND \"gidNumber\" NOT IN (SELECT \"gidNumber\" FROM \"Groups\") \
                 ORDER BY \"gidNumber\", \"uidNumber\") p WHERE lower(\"uid\") NOT IN (SELECT lower(\"cn\") FROM \"Groups\")",
            ),
            (
                "members",
                "SELECT g.\"cn\", u.\"uid\" FROM \"Groups\" g JOIN \"UserGroups\" ug ON ug.\"gidNumber\" = g.\"gidNumber\" \
                 JOIN \"Users\" u ON u.\"uidNumber\" = ug.\"uidNumber\"",
            ),
        ] {
            fs::write(dir.join(file), database.sql(query)).unwrap();
        }
        fs::write(dir.join("authorities.pem"), site.certificates()).unwrap();
        Stage { database, site, dir }
    }

    /// Both, as the programs want them.
    pub fn servers(&self) -> String {
        let [first, second] = &self.site.replicas;
        format!("127.0.0.1:{},127.0.0.1:{}", first.port, second.port)
    }

    /// What the database holds: `users` with their addresses and first names, `groups`, `private` groups, and `members` (group, user).
    pub fn facts(&self) -> &Path {
        &self.dir
    }

    /// The certificates that clients have to trust.
    pub fn authorities(&self) -> PathBuf {
        self.dir.join("authorities.pem")
    }
}
