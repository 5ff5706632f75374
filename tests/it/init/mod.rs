//! `init`: what it proposes for the tables of each software and for tables of one's own, and when it proposes nothing. What
//! it proposes is put into a `.env` file as it is, must pass `check`, and lets a user bind.
//!
//! - `software`: the known ones, with other prefixes, in other schemas, two at once
//! - `own_tables`: tables of users that nobody knows
//! - `odd_names`: names in the catalog that want to be SQL, settings or terminal commands
//! - `refusals`: when nothing is proposed, what is never written, files

mod odd_names;
mod own_tables;
mod refusals;
mod software;

use crate::harness::database::Server;
use crate::harness::gateway::{Ended, Gateway, run_in, run_to_end};
use crate::harness::{Database, Engine, Env, ldapwhoami, note_secret, scratch};
use std::fs;
use std::path::PathBuf;
use std::sync::Once;

/// The password of every user here.
const PASSWORD: &str = "init-likes-Tea";

/// Its hash, as `hash-password` made it.
const HASH: &str = "$argon2id$v=19$m=65536,t=3,p=4$TB1eq7UqfEDF+xuegkvLyw$HfPHtYbJdx2Jk5zCMkW4hgUD955Y/azJDyQald/Tw5w";

fn hash() -> &'static str {
    static NOTED: Once = Once::new();
    NOTED.call_once(|| {
        note_secret(HASH);
        note_secret(PASSWORD);
    });
    HASH
}

/// A database with these tables. `{bool}`, `{time}`, `{true}`, `{false}` are the engine's, `{hash}` is the password's.
fn database(engine: Engine, sql: &str) -> Database {
    let database = Database::empty_on(Server::shared(engine));
    fill(&database, sql);
    database
}

fn fill(database: &Database, sql: &str) {
    let [boolean, time, yes, no] = match database.engine {
        Engine::PostgreSql => ["boolean", "timestamp with time zone", "true", "false"],
        Engine::MariaDb => ["tinyint(1)", "datetime", "1", "0"],
        Engine::Sqlite => ["bool", "datetime", "1", "0"],
    };
    let sql = sql
        .replace("{bool}", boolean)
        .replace("{time}", time)
        .replace("{true}", yes);
    database.sql(&sql.replace("{false}", no).replace("{hash}", hash()));
}

/// A MariaDB account that sees one database of the shared server, and its URI.
fn lonely(database: &Database) -> Env {
    let user = format!("only_{}", database.name());
    database.sql(&format!(
        "CREATE USER '{user}'@'%' IDENTIFIED BY 'lonely-S3cret'; GRANT SELECT ON {}.* TO '{user}'@'%'",
        database.name()
    ));
    let (_, address) = database
        .uri()
        .split_once('@')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    Env::default().with("SQL_URI", format!("mysql://{user}:lonely-S3cret@{address}"))
}

fn env(database: &Database) -> Env {
    Env::default().with("SQL_URI", database.uri())
}

fn init(database: &Database, arguments: &[&str]) -> Ended {
    // MariaDB's account of the tests sees all their databases.
    let env = match (database.engine, arguments) {
        (Engine::MariaDb, []) => lonely(database),
        _ => env(database),
    };
    let ended = run_to_end(&env, &[&["init"], arguments].concat(), "");
    expect_no_secret(&ended);
    ended
}

fn expect_no_secret(ended: &Ended) {
    for secret in [hash(), "db-S3cret", "gateway:", "lonely", PASSWORD] {
        assert!(!ended.text().contains(secret), "{secret} in\n{}", ended.text());
    }
}

/// A proposal, in a directory of its own as `.env`, that `check` has found good.
struct Proposal {
    text: String,
    messages: String,
    dir: PathBuf,
    env: Env,
}

fn proposed(database: &Database, arguments: &[&str]) -> Proposal {
    let ended = init(database, arguments);
    assert_eq!(ended.code, Some(0), "{}", ended.text());
    let dir = scratch("proposal");
    fs::write(dir.join(".env"), &ended.stdout).unwrap();
    let proposal = Proposal {
        text: ended.stdout,
        messages: ended.stderr,
        dir,
        env: env(database),
    };
    let report = run_in(&proposal.dir, &proposal.env, &["check"], "");
    assert_eq!(report.code, Some(0), "{}\n{}", proposal.text, report.text());
    assert!(!report.text().contains("is no NAME=value"), "{}", report.text());
    proposal
}

impl Proposal {
    fn serve(&self) -> Gateway {
        let mut gateway = Gateway::spawn_in(&self.dir, &self.env);
        gateway.expect_ready();
        gateway
    }

    /// Serves it; each of these names must be let in or not.
    fn expect_binds(&self, binds: &[(&str, i32)]) {
        let gateway = self.serve();
        for (name, code) in binds {
            let dn = format!("uid={name},dc=example,dc=com");
            assert_eq!(
                ldapwhoami(&gateway, &dn, PASSWORD).0,
                *code,
                "{name}\n{}\n{}",
                self.text,
                gateway.log_tail()
            );
        }
    }

    fn expect(&self, parts: &[&str]) {
        for part in parts {
            assert!(self.text.contains(part), "{part:?} is not in\n{}", self.text);
        }
    }
}

/// It proposes nothing, and says this.
fn refused(database: &Database, arguments: &[&str], parts: &[&str]) -> Ended {
    let ended = init(database, arguments);
    assert_ne!(ended.code, Some(0), "{}", ended.text());
    assert_eq!(ended.stdout, "", "{}", ended.stderr);
    for part in parts {
        assert!(ended.stderr.contains(part), "{part:?} is not in\n{}", ended.stderr);
    }
    ended
}
