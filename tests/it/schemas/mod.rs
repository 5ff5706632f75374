//! `check` says what `serve` does: both are run over many schemas, and compared with what people would see.
//!
//! All of them hold the same two users and two groups, in ever different tables; a schema may also be one that cannot be
//! served, and then neither may pretend otherwise.

mod mariadb;
mod postgresql;
mod sqlite;

use crate::harness::client::{base_search, equal, search_for};
use crate::harness::database::Server;
use crate::harness::gateway::run_to_end;
use crate::harness::ldap::{BASE, group_dn, user_dn};
use crate::harness::{Client, Database, Engine, Env, Gateway, beside_others, block_on, eventually, note_secret};
use ldap3_proto::proto::{LdapFilter, LdapSearchResultEntry, LdapSearchScope};
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

/// Quick to verify. Alice's, and everybody else's.
const PASSWORDS: [&str; 2] = ["schema-secret-1", "schema-secret-2"];
const HASHES: [&str; 2] = ["{SHA}UUf1EDL1ahy0RjuGd6OCFuzbNyA=", "{SHA}IbMeRz95vPddQHPfoncORlbt7Yg="];
/// Cases that run at once.
const WORKERS: usize = 3;

/// What must come of a schema.
#[derive(Clone)]
enum Expected {
    /// Everything works, and `check` finds nothing wrong.
    Served,
    /// Everything works, but for the attributes of columns that `check` names with these words.
    Lacking(&'static [&'static str]),
    /// The port stays closed, and both name this: the variable, and words of what is wrong.
    Refused(&'static str, &'static str),
}

#[derive(Clone)]
struct Case {
    name: &'static str,
    setup: String,
    users: String,
    one: String,
    groups: String,
    by_member: String,
    memberships: Option<String>,
    /// Alice and Bob.
    names: [&'static str; 2],
    /// Attributes of Alice and their values.
    attributes: Vec<(&'static str, &'static [&'static str])>,
    expected: Expected,
    /// What `check` must say.
    said: Vec<&'static str>,
    /// A name that no row can have.
    odd_name: &'static str,
}

const USERS: &str = "SELECT login AS username, id AS uid_number, gid AS gid_number, pw AS password FROM people";
const GROUPS: &str = "SELECT name, gid AS gid_number FROM teams";
const BY_MEMBER: &str = "SELECT t.name, t.gid AS gid_number FROM teams t JOIN belongs b ON b.gid = t.gid \
     JOIN people p ON p.id = b.id WHERE p.login = ?";

/// The tables `people`, `teams` and `belongs`, changed by `setup`; the queries are of these as they are.
fn case(name: &'static str, setup: impl Into<String>) -> Case {
    Case {
        name,
        setup: setup.into(),
        users: USERS.to_string(),
        one: format!("{USERS} WHERE login = ?"),
        groups: GROUPS.to_string(),
        by_member: BY_MEMBER.to_string(),
        memberships: None,
        names: ["alice", "bob"],
        attributes: Vec::new(),
        expected: Expected::Served,
        said: Vec::new(),
        odd_name: "no such' \"user|%",
    }
}

impl Case {
    /// Both queries of users: the rows, and those of one by `condition`.
    fn users(self, users: impl Into<String>, condition: &str) -> Case {
        let users = users.into();
        Case {
            one: format!("{users} WHERE {condition}"),
            users,
            ..self
        }
    }

    /// All queries with this text in another's place.
    fn replaced(self, from: &str, to: &str) -> Case {
        Case {
            users: self.users.replace(from, to),
            one: self.one.replace(from, to),
            groups: self.groups.replace(from, to),
            by_member: self.by_member.replace(from, to),
            ..self
        }
    }

    /// A column more of the users.
    fn with_column(self, column: &str) -> Case {
        let add = |query: &str| query.replacen(" FROM ", &format!(", {column} FROM "), 1);
        Case {
            users: add(&self.users),
            one: add(&self.one),
            ..self
        }
    }

    fn one(self, one: impl Into<String>) -> Case {
        Case {
            one: one.into(),
            ..self
        }
    }

    fn groups(self, groups: impl Into<String>) -> Case {
        Case {
            groups: groups.into(),
            ..self
        }
    }

    fn by_member(self, by_member: impl Into<String>) -> Case {
        Case {
            by_member: by_member.into(),
            ..self
        }
    }

    fn memberships(self, memberships: &str) -> Case {
        Case {
            memberships: Some(memberships.to_string()),
            ..self
        }
    }

    fn named(self, alice: &'static str, bob: &'static str) -> Case {
        Case {
            names: [alice, bob],
            ..self
        }
    }

    fn has(mut self, attribute: &'static str, values: &'static [&'static str]) -> Case {
        self.attributes.push((attribute, values));
        self
    }

    fn lacking(self, words: &'static [&'static str]) -> Case {
        Case {
            expected: Expected::Lacking(words),
            ..self
        }
    }

    fn refused(self, variable: &'static str, words: &'static str) -> Case {
        Case {
            expected: Expected::Refused(variable, words),
            ..self
        }
    }

    fn said(mut self, words: &'static str) -> Case {
        self.said.push(words);
        self
    }

    fn env(&self, database: &Database) -> Env {
        let env = database
            .deployed()
            .with("LDAP_UNENCRYPTED", true)
            .with("SQL_QUERY_ALL_USERS", &self.users)
            .with("SQL_QUERY_ONE_USER", &self.one)
            .with("SQL_QUERY_ALL_GROUPS", &self.groups)
            .with("SQL_QUERY_GROUPS_BY_MEMBER", &self.by_member);
        match &self.memberships {
            Some(memberships) => env.with("SQL_QUERY_ALL_MEMBERSHIPS", memberships),
            None => env,
        }
    }

    /// Runs it; what is wrong, if anything.
    fn run(&self, server: Server) -> Result<(), String> {
        let database = Database::empty_on(server);
        database.sql(&tables(database.engine));
        database.sql(&self.setup);
        let env = self.env(&database);
        let report = run_to_end(&env, &["check"], "");
        let mut gateway = Gateway::spawn(&env);
        let served = match &self.expected {
            Expected::Refused(variable, words) => {
                let said = |text: &str| text.lines().any(|line| line.contains(variable) && line.contains(words));
                if !eventually(Duration::from_secs(30), || said(&gateway.log())) {
                    return Err(format!(
                        "the gateway does not say {variable}: {words}\n{}",
                        complaints(&gateway)
                    ));
                }
                if gateway.accepts() {
                    return Err("the port is open".to_string());
                }
                if run_to_end(&Env::default(), &["probe", &gateway.uri()], "").code == Some(0) {
                    return Err("probe says ready".to_string());
                }
                if !said(&report.stderr) {
                    return Err(format!("check does not say {variable}: {words}\n{}", report.text()));
                }
                false
            }
            Expected::Served | Expected::Lacking(_) => {
                if !gateway.wait_ready(Duration::from_secs(30)) {
                    return Err(format!("not ready; check: {}\n{}", report.text(), complaints(&gateway)));
                }
                block_on(self.look(&gateway)).map_err(|what| format!("{what}\ncheck: {}", report.text()))?;
                matches!(self.expected, Expected::Served)
            }
        };
        let closing = match &self.expected {
            Expected::Served => "The gateway can serve this.",
            Expected::Lacking(_) => "The gateway serves this without what is named below.",
            Expected::Refused(..) => "The gateway cannot serve this.",
        };
        if !report.stdout.trim_end().ends_with(closing) {
            return Err(format!("check does not end with {closing} {}", report.text()));
        }
        if let Expected::Lacking(words) = &self.expected {
            for word in *words {
                if !report.stderr.contains(word) {
                    return Err(format!("check does not say {word}: {}", report.text()));
                }
            }
        }
        if (report.code == Some(0)) != served {
            return Err(format!("check ends with {:?}: {}", report.code, report.text()));
        }
        for word in &self.said {
            if !report.text().contains(word) || !gateway.log().contains(word) {
                return Err(format!("not said by check or the log: {word}\n{}", report.text()));
            }
        }
        Ok(())
    }

    /// Lookup, listing, bind, membership.
    async fn look(&self, gateway: &Gateway) -> Result<(), String> {
        let [alice, bob] = self.names;
        let mut client = Client::connect(gateway).await;
        let same = |what: &str, found: BTreeSet<String>, wanted: &[&str]| {
            let wanted: BTreeSet<String> = wanted.iter().map(ToString::to_string).collect();
            match found == wanted {
                true => Ok(()),
                false => Err(format!("{what}: {found:?} instead of {wanted:?}")),
            }
        };
        for name in [alice.to_string(), bob.to_uppercase()] {
            let found = find(&mut client, equal("uid", &name)).await?;
            if found.len() != 1 {
                return Err(format!("(uid={name}): {} entries", found.len()));
            }
        }
        let people = find(&mut client, equal("objectClass", "posixAccount")).await?;
        same("users", values(&people, "uid"), &self.names)?;
        let groups = find(&mut client, equal("objectClass", "posixGroup")).await?;
        same("groups", values(&groups, "cn"), &["admins", "staff"])?;
        let member = LdapFilter::And(vec![equal("objectClass", "posixGroup"), equal("memberUid", alice)]);
        let groups = find(&mut client, member).await?;
        same("groups of alice", values(&groups, "cn"), &["admins"])?;
        let admins = read(&mut client, &group_dn("admins"), &["memberUid", "member"]).await?;
        same("memberUid", values(&admins, "memberUid"), &[alice])?;
        same("member", values(&admins, "member"), &[&user_dn(alice)])?;
        let found = read(&mut client, &user_dn(alice), &["*", "memberOf"]).await?;
        same("memberOf", values(&found, "memberOf"), &[&group_dn("admins")])?;
        for (attribute, wanted) in &self.attributes {
            same(attribute, values(&found, attribute), wanted)?;
        }
        let nobody = find(&mut client, equal("uid", self.odd_name)).await?;
        same("nobody", values(&nobody, "uid"), &[])?;
        let nobody = find(&mut client, equal("memberUid", self.odd_name)).await?;
        same("groups of nobody", values(&nobody, "cn"), &[])?;
        for (name, password, wanted) in [
            (alice, PASSWORDS[0], 0),
            (alice, PASSWORDS[1], 49),
            (bob, PASSWORDS[1], 0),
            (self.odd_name, PASSWORDS[0], 49),
        ] {
            let dn = user_dn(&name.replace('"', "\\\""));
            let code = client
                .bind(&dn, password)
                .await
                .map_err(|closed| format!("{closed:?}"))?;
            if code != wanted {
                return Err(format!("bind as {name}: {code} instead of {wanted}"));
            }
        }
        Ok(())
    }
}

async fn find(client: &mut Client, filter: LdapFilter) -> Result<Vec<LdapSearchResultEntry>, String> {
    let shown = format!("{filter:?}");
    let search = search_for(BASE, LdapSearchScope::Subtree, filter, &[]);
    match client.request(search).await {
        Ok(done) if done.code() == 0 => Ok(done.entries),
        other => Err(format!("{shown}: {other:?}")),
    }
}

async fn read(client: &mut Client, dn: &str, attributes: &[&str]) -> Result<Vec<LdapSearchResultEntry>, String> {
    match client.request(base_search(dn, attributes)).await {
        Ok(done) if done.code() == 0 => Ok(done.entries),
        other => Err(format!("{dn}: {other:?}")),
    }
}

/// The lines of its log that complain.
fn complaints(gateway: &Gateway) -> String {
    let log = gateway.log();
    let lines = log
        .lines()
        .filter(|line| line.contains(" WARN ") || line.contains("ERROR"));
    lines.collect::<Vec<_>>().join("\n")
}

fn values(entries: &[LdapSearchResultEntry], name: &str) -> BTreeSet<String> {
    let attributes = entries.iter().flat_map(|entry| &entry.attributes);
    attributes
        .filter(|attribute| attribute.atype == name)
        .flat_map(|attribute| attribute.vals.iter())
        .map(|value| String::from_utf8_lossy(value).into_owned())
        .collect()
}

/// Alice is in admins, Bob in nothing; everybody's primary group is staff.
fn tables(engine: Engine) -> String {
    let text = match engine {
        Engine::MariaDb => "VARCHAR(100)",
        Engine::PostgreSql | Engine::Sqlite => "TEXT",
    };
    format!(
        "CREATE TABLE people (id INTEGER PRIMARY KEY, gid INTEGER NOT NULL, login {text} NOT NULL UNIQUE, pw {text});
         CREATE TABLE teams (gid INTEGER PRIMARY KEY, name {text} NOT NULL UNIQUE);
         CREATE TABLE belongs (id INTEGER NOT NULL, gid INTEGER NOT NULL, PRIMARY KEY (id, gid));
         INSERT INTO people VALUES (1001, 2001, 'alice', '{}'), (1002, 2001, 'bob', '{}');
         INSERT INTO teams VALUES (2001, 'staff'), (2002, 'admins');
         INSERT INTO belongs VALUES (1001, 2002);",
        HASHES[0], HASHES[1]
    )
}

fn run_all(engine: Engine, cases: Vec<Case>) {
    let _guard = beside_others();
    for secret in PASSWORDS.into_iter().chain(HASHES) {
        note_secret(secret);
    }
    let server = Server::shared(engine);
    let only = std::env::var("SCHEMA").ok();
    let waiting = Mutex::new(cases.into_iter());
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(case) = { waiting.lock().unwrap().next() } {
                    if only.as_deref().is_some_and(|only| case.name != only) {
                        continue;
                    }
                    if let Err(what) = case.run(server.clone()) {
                        failures.lock().unwrap().push(format!("== {}: {what}", case.name));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(
        failures.is_empty(),
        "{engine:?}: {} failed\n{}",
        failures.len(),
        failures.join("\n")
    );
}
