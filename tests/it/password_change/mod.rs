//! Changing a password: by `ldappasswd` and `ldapmodify` as people run them, on each engine, with two gateways on one
//! database; through PgBouncer; through a real SSSD; what `check` says of the statement.

mod check;
mod clients;
mod operations;
mod pooler;
mod races;
mod rules;
mod sssd;
mod statements;

use crate::harness::ldap::{code, password, tool, user_dn};
use crate::harness::{Database, Engine, Env, Gateway, beside_others, ldapwhoami, note_secret};
use std::process::Stdio;
use std::sync::RwLockReadGuard;

/// Shorter than `PASSWORD_MIN_LENGTH`, and no word that a log has anyway.
pub const TOO_SHORT: &str = "Zq7#x";

/// As `sql/` ships it.
pub fn statement(engine: Engine) -> String {
    let file = crate::harness::repository(&format!("sql/deployed-{}.env", engine.name()));
    let text = std::fs::read_to_string(file).unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("# SQL_UPDATE_PASSWORD="));
    line.unwrap_or_else(|| panic!("{engine:?} ships no statement"))
        .to_string()
}

/// Lets the gateway's role change what the statement changes, and nothing else.
pub fn grant(database: &Database) {
    let columns = "\"userPassword\", \"updatedAt\"";
    match database.engine {
        Engine::PostgreSql => drop(database.sql(&format!("GRANT UPDATE ({columns}) ON \"Users\" TO gateway"))),
        Engine::MariaDb => {
            let columns = columns.replace('"', "");
            drop(database.sql(&format!(
                "GRANT UPDATE ({columns}) ON {}.\"Users\" TO gateway",
                database.name()
            )));
        }
        Engine::Sqlite => {}
    }
}

/// Settings with which passwords can be changed.
pub fn settings(database: &Database) -> Env {
    let statement = statement(database.engine);
    database.deployed().with("SQL_UPDATE_PASSWORD", statement)
}

/// Two gateways on one database of their own.
pub struct Pair {
    pub database: Database,
    pub one: Gateway,
    pub other: Gateway,
    _guard: RwLockReadGuard<'static, ()>,
}

impl Pair {
    pub fn start(engine: Engine) -> Pair {
        Pair::with(engine, |env| env)
    }

    pub fn with(engine: Engine, change: impl FnOnce(Env) -> Env) -> Pair {
        Pair::prepared(engine, "", change)
    }

    /// On a database where this was run before, on a table `Changes` that the gateway may write to.
    pub fn prepared(engine: Engine, sql: &str, change: impl FnOnce(Env) -> Env) -> Pair {
        let guard = beside_others();
        let database = Database::fresh(engine);
        grant(&database);
        if !sql.is_empty() {
            database.sql(sql);
            let schema = match engine {
                Engine::MariaDb => format!("{}.", database.name()),
                Engine::PostgreSql | Engine::Sqlite => String::new(),
            };
            if engine != Engine::Sqlite {
                database.sql(&format!("GRANT INSERT ON {schema}\"Changes\" TO gateway"));
            }
        }
        let env = change(settings(&database));
        Pair {
            one: Gateway::start(&env),
            other: Gateway::start(&env),
            database,
            _guard: guard,
        }
    }

    pub fn hash(&self, user: &str) -> String {
        hash(&self.database, user)
    }

    /// Of these passwords of a user only the first is right, on both gateways at once.
    pub fn assert_password(&self, user: &str, right: &str, wrong: &[&str]) {
        for gateway in [&self.one, &self.other] {
            assert_eq!(ldapwhoami(gateway, &user_dn(user), right).0, 0, "{user}");
            for wrong in wrong {
                assert_eq!(ldapwhoami(gateway, &user_dn(user), wrong).0, 49, "{user}");
            }
        }
    }
}

pub fn hash(database: &Database, user: &str) -> String {
    let sql = format!("SELECT \"userPassword\" FROM \"Users\" WHERE \"uid\" = '{user}'");
    let hash = database.rows(&sql)[0][0].clone();
    note_secret(&hash);
    hash
}

/// Runs `ldappasswd`: the result code, and all that it printed.
pub fn ldappasswd(gateway: &Gateway, arguments: &[&str]) -> (i32, String) {
    run("ldappasswd", gateway, arguments, "")
}

/// `ldappasswd` as a user, for the own password.
pub fn own(gateway: &Gateway, user: &str, present: &str, new: &str) -> (i32, String) {
    note_secret(new);
    let dn = user_dn(user);
    ldappasswd(gateway, &["-D", &dn, "-w", present, "-a", present, "-s", new, &dn])
}

/// Runs `ldapmodify` as a user on lines of LDIF after the DN.
pub fn ldapmodify(gateway: &Gateway, user: &str, (dn, changes): (&str, &str), more: &[&str]) -> (i32, String) {
    let bound = user_dn(user);
    let arguments = [more, &["-D", &bound, "-w", password(user)]].concat();
    run(
        "ldapmodify",
        gateway,
        &arguments,
        &format!("dn: {dn}\nchangetype: modify\n{changes}\n"),
    )
}

pub fn run(program: &str, gateway: &Gateway, arguments: &[&str], input: &str) -> (i32, String) {
    let mut command = tool(program, gateway);
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    // `ldappasswd` exits with 1, and prints the code.
    let printed = text
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(')')?.0.parse().ok());
    match code(&output) {
        1 if program == "ldappasswd" => (printed.unwrap_or(-1), text),
        code => (code, text),
    }
}

/// A test on each engine.
macro_rules! on_each_engine {
    ($($case:ident),* $(,)?) => {
        on_each_engine!(@ postgresql PostgreSql [$($case),*]);
        on_each_engine!(@ mariadb MariaDb [$($case),*]);
        on_each_engine!(@ sqlite Sqlite [$($case),*]);
    };
    (@ $name:ident $engine:ident [$($case:ident),*]) => {
        mod $name {
            $(
                #[test]
                fn $case() {
                    super::$case(crate::harness::Engine::$engine);
                }
            )*
        }
    };
}
pub(crate) use on_each_engine;
