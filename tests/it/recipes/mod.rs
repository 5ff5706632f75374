//! The pages of `docs/recipes/`: the tables of each software, made by its own code where Debian has it, the steps of the page
//! as they stand there, and a login at the end.
//!
//! - `tables`: the tables and their people: ada, who is in a group where there are groups, and bob, who may not sign in
//!   where the software knows that
//! - `programs`: the tables that a software makes by its own code
//! - `rights`: columns are enough; queries that find no groups

mod programs;
mod rights;
mod tables;

use crate::harness::gateway::{Env, Gateway, run_in, run_to_end};
use crate::harness::ldap::{ldapsearch, ldapwhoami};
use crate::harness::{Database, Engine, beside_others, figure, note_secret, repository, scratch};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The account that clients bind with.
const CLIENTS_PASSWORD: &str = "clients-Passw0rd-3f8";

/// What a page must lead to.
struct Recipe {
    /// The name of the page and of its queries.
    name: &'static str,
    engine: Engine,
    database: Database,
    /// The password of all users.
    password: &'static str,
    /// How ada and bob are named, and who else there is.
    users: &'static [&'static str],
    /// Each group with its members.
    groups: &'static [(&'static str, &'static [&'static str])],
    /// Who may not sign in.
    refused: &'static [&'static str],
    /// Of which warnings and advice the page, or nobody, must speak: parts of their texts.
    said: &'static [&'static str],
}

/// A page of `docs/recipes/`.
struct Page(String);

impl Page {
    fn of(name: &str) -> Page {
        Page(fs::read_to_string(repository(&format!("docs/recipes/{name}.md"))).unwrap())
    }

    /// The lines of a block, without what they are indented by.
    fn block(&self, kind: &str, number: usize) -> String {
        let mut blocks = self.0.split("```").skip(1).step_by(2);
        let block = blocks
            .by_ref()
            .filter_map(|block| block.strip_prefix(&format!("{kind}\n")))
            .nth(number);
        let block = block.unwrap_or_else(|| panic!("the page has no block {kind}"));
        let indent = block.len() - block.trim_start().len();
        let lines = block
            .lines()
            .map(|line| line.get(indent..).unwrap_or("").to_owned() + "\n");
        lines.collect::<String>().trim_end().to_owned() + "\n"
    }

    fn steps(&self) -> usize {
        let (_, steps) = self.0.split_once("## Steps\n").unwrap();
        let steps = steps.split("\n## ").next().unwrap();
        let is_step = |line: &&str| {
            line.split_once(". ")
                .is_some_and(|(number, _)| number.parse::<u8>().is_ok())
        };
        steps.lines().filter(is_step).count()
    }
}

/// The queries of `sql/recipes/`, which the page must show as they are.
fn queries(name: &str, engine: Engine, page: &Page) -> String {
    let of_all = repository(&format!("sql/recipes/{name}.env"));
    let (file, number) = match of_all.exists() {
        true => (of_all, 0),
        false => {
            let file = repository(&format!("sql/recipes/{name}-{}.env", engine.name()));
            (file, usize::from(engine == Engine::MariaDb))
        }
    };
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(page.block("env", number), text, "{}", file.display());
    text
}

impl Recipe {
    /// Does what the page says, and looks at what came of it.
    fn follow(&self) {
        let what = format!("{} on {}", self.name, self.engine.name());
        let page = Page::of(self.name);
        self.grant(&page.block("sql", 0));
        let dir = scratch("recipe");
        let queries = queries(self.name, self.engine, &page);
        self.expect_proposed(&queries, &what);
        fs::write(dir.join(".env"), queries).unwrap();
        let env = self.env(&page);
        self.check(&dir, &env, &what);
        let mut gateway = Gateway::spawn_in(&dir, &env);
        gateway.expect_ready();
        self.look(&gateway, &what);
        figure(&format!(
            "recipe, {what}: {} steps from the tables to ldapwhoami",
            page.steps()
        ));
        assert_eq!(page.steps(), 6, "{what}");
    }

    /// `init` finds the tables of this software and proposes what the page has, line by line.
    fn expect_proposed(&self, queries: &str, what: &str) {
        let ended = run_to_end(&Env::default().with("SQL_URI", self.database.uri()), &["init"], "");
        assert_eq!(ended.code, Some(0), "{what}: {}", ended.text());
        // Its queries are made of the table, whatever the page says of groups.
        if self.name == "table" {
            return;
        }
        let is_setting = |line: &&str| !line.starts_with('#');
        for line in queries.lines().filter(is_setting) {
            assert!(
                ended.stdout.lines().any(|proposed| proposed == line),
                "{what}: {line}\n{}",
                ended.stdout
            );
        }
        let count = |text: &str| {
            text.lines()
                .filter(|line| line.starts_with("SQL_QUERY") || line.starts_with("LDAP_"))
                .count()
        };
        assert_eq!(count(&ended.stdout), count(queries), "{what}: {}", ended.stdout);
    }

    /// Nothing may be read but what a block of the page grants.
    fn grant(&self, statements: &str) {
        let revoke = match self.engine {
            Engine::PostgreSql => "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM gateway".to_owned(),
            Engine::MariaDb => format!("REVOKE SELECT ON {}.* FROM gateway", self.database.name()),
            Engine::Sqlite => return,
        };
        let grants = statements.lines().filter(|line| line.starts_with("GRANT"));
        for statement in std::iter::once(revoke.as_str()).chain(grants) {
            // Keycloak's page says so.
            let is_upper = self.name == "keycloak" && self.engine == Engine::MariaDb;
            match statement.split_once(" TO ").filter(|_| is_upper) {
                Some((what, to)) => self.database.sql(&format!("{} TO {to}", what.to_uppercase())),
                None => self.database.sql(statement),
            };
        }
    }

    fn env(&self, page: &Page) -> Env {
        note_secret(CLIENTS_PASSWORD);
        let hash = run_to_end(&Env::default(), &["hash-password"], CLIENTS_PASSWORD).stdout;
        let line = page
            .0
            .lines()
            .find_map(|line| line.trim().strip_prefix("SERVICE_ACCOUNTS="));
        let accounts = line.unwrap().replace("HASH", hash.trim());
        let env = Env::default().with("SQL_URI", self.database.uri());
        env.with("SERVICE_ACCOUNTS", accounts)
    }

    fn check(&self, dir: &Path, env: &Env, what: &str) {
        let report = run_in(dir, env, &["check"], "");
        let text = report.text();
        assert_eq!(report.code, Some(0), "{what}\n{text}");
        let warnings = text
            .split("\nWarnings\n")
            .nth(1)
            .unwrap_or("")
            .split("\n\n")
            .next()
            .unwrap();
        let always = ["no certificate is configured"];
        for warning in warnings.lines().filter_map(|line| line.strip_prefix("  - ")) {
            let mut expected = always.iter().chain(self.said);
            assert!(expected.any(|part| warning.contains(part)), "{what}: {warning}\n{text}");
        }
    }

    fn look(&self, gateway: &Gateway, what: &str) {
        let bound = ["-D", "cn=clients,dc=example,dc=com", "-w", CLIENTS_PASSWORD];
        let search = |filter: &str, attribute: &str| -> BTreeSet<String> {
            let asked = ["-b", "dc=example,dc=com", filter, attribute];
            let found = ldapsearch(gateway, &[&bound[..], &asked].concat());
            assert_eq!(found.code, 0, "{what}: {filter}");
            found.entries.iter().flat_map(|entry| entry.values(attribute)).collect()
        };
        let these = |names: &[&str]| -> BTreeSet<String> { names.iter().map(|&name| name.to_owned()).collect() };
        assert_eq!(
            search("(objectClass=inetOrgPerson)", "uid"),
            these(self.users),
            "{what}"
        );
        let names: Vec<&str> = self.groups.iter().map(|(name, _)| *name).collect();
        assert_eq!(search("(objectClass=groupOfNames)", "cn"), these(&names), "{what}");
        for (group, members) in self.groups {
            let filter = format!("(&(objectClass=groupOfNames)(cn={group}))");
            // Groups without numbers have no memberUid.
            let members = members.iter().map(|name| format!("uid={name},dc=example,dc=com"));
            assert_eq!(
                search(&filter, "member"),
                members.collect::<BTreeSet<_>>(),
                "{what}: {group}"
            );
        }
        let dn = |user: &str| format!("uid={user},dc=example,dc=com");
        let ada = self.users[0];
        assert_eq!(
            ldapwhoami(gateway, &dn(ada), self.password).0,
            0,
            "{what}\n{}",
            gateway.log_tail()
        );
        assert_eq!(ldapwhoami(gateway, &dn(ada), "wrong-Passw0rd").0, 49, "{what}");
        for user in self.refused {
            assert_eq!(ldapwhoami(gateway, &dn(user), self.password).0, 49, "{what}: {user}");
        }
    }
}

macro_rules! recipes {
    ($($name:ident on $($engine:ident),*;)*) => {
        $(mod $name {
            use super::*;

            $(#[test]
            #[allow(non_snake_case)]
            fn $engine() {
                let _guard = beside_others();
                tables::$name(Engine::$engine).follow();
            })*
        })*
    };
}

recipes! {
    django on PostgreSql, MariaDb, Sqlite;
    wordpress on MariaDb;
    laravel on PostgreSql, MariaDb, Sqlite;
    devise on PostgreSql, MariaDb, Sqlite;
    keycloak on PostgreSql, MariaDb;
    nextcloud on PostgreSql, MariaDb, Sqlite;
    table on PostgreSql, MariaDb, Sqlite;
}

/// What stands below "What to know" and is put into the queries of the page.
#[test]
fn groups_and_columns_that_some_projects_have() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let laravel = tables::laravel(engine);
        let page = Page::of("laravel");
        tables::spatie(&laravel.database);
        let dir = scratch("recipe");
        let base = queries("laravel", engine, &page);
        let base: String = base
            .lines()
            .filter(|line| !line.contains("GROUPS"))
            .map(|line| format!("{line}\n"))
            .collect();
        fs::write(dir.join(".env"), base + &page.block("env-groups", 0)).unwrap();
        let groups: &[(&str, &[&str])] = &[("editors", &["ada@example.com"])];
        let with_roles = Recipe { groups, ..laravel };
        serve(&with_roles, &dir, &page);

        let devise = tables::devise(engine);
        let page = Page::of("devise");
        tables::lockable(&devise.database);
        let dir = scratch("recipe");
        let columns = page.block("env-columns", 0);
        let base =
            queries("devise", engine, &page).replace(" FROM users u", &format!(", {} FROM users u", columns.trim()));
        let base = base.lines().map(|line| match line.contains("GROUPS") {
            true => format!("{}\n", line.replace(&format!(", {}", columns.trim()), "")),
            false => format!("{line}\n"),
        });
        fs::write(dir.join(".env"), base.collect::<String>()).unwrap();
        let refused: &[&str] = &["bob@example.com"];
        serve(&Recipe { refused, ..devise }, &dir, &page);

        let table = tables::table(engine);
        let page = Page::of("table");
        let dir = scratch("recipe");
        let base = queries("table", engine, &page);
        let base: String = base
            .lines()
            .filter(|line| !line.contains("GROUPS"))
            .map(|line| format!("{line}\n"))
            .collect();
        fs::write(dir.join(".env"), base + &page.block("env-groups", 0)).unwrap();
        serve(&Recipe { groups: &[], ..table }, &dir, &page);
    }
}

fn serve(recipe: &Recipe, dir: &Path, page: &Page) {
    let env = recipe.env(page);
    let what = format!("{} on {}, otherwise", recipe.name, recipe.engine.name());
    recipe.check(dir, &env, &what);
    let mut gateway = Gateway::spawn_in(dir, &env);
    gateway.expect_ready();
    recipe.look(&gateway, &what);
}

#[test]
fn every_page_is_listed_and_tested() {
    let listed = fs::read_to_string(repository("docs/recipes/README.md")).unwrap();
    for page in fs::read_dir(repository("docs/recipes")).unwrap() {
        let name = page.unwrap().file_name().into_string().unwrap();
        assert!(name == "README.md" || listed.contains(&format!("({name})")), "{name}");
    }
    let tested = [
        "django",
        "wordpress",
        "laravel",
        "devise",
        "keycloak",
        "nextcloud",
        "table",
    ];
    for file in fs::read_dir(repository("sql/recipes")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let software = name.trim_end_matches(".env").split('-').next().unwrap();
        assert!(tested.contains(&software), "{name}");
    }
}
