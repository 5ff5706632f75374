//! The rights that a page calls enough are, and queries that find no groups do.

use super::{Page, queries, serve, tables};
use crate::harness::{Engine, beside_others, scratch};
use std::fs;

/// Columns instead of tables: what stands beside the hashes is not to be read.
#[test]
fn the_columns_of_the_pages_are_enough() {
    let _guard = beside_others();
    for engine in [Engine::PostgreSql, Engine::MariaDb] {
        let mut recipes = vec![
            tables::django(engine),
            tables::laravel(engine),
            tables::devise(engine),
            tables::keycloak(engine),
            tables::nextcloud(engine),
            tables::table(engine),
        ];
        if engine == Engine::MariaDb {
            recipes.push(tables::wordpress(engine));
        }
        for recipe in recipes {
            let page = Page::of(recipe.name);
            recipe.grant(&page.block("sql-columns", 0));
            let dir = scratch("recipe");
            fs::write(dir.join(".env"), queries(recipe.name, engine, &page)).unwrap();
            serve(&recipe, &dir, &page);
        }
    }
}

/// Whatever somebody without groups writes: each is accepted, and there are none.
#[test]
fn queries_that_find_no_groups() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        for (all, of_member) in [
            (
                "SELECT NULL AS name WHERE 1 = 0",
                "SELECT NULL AS name WHERE 1 = 0 AND 'none' = ?",
            ),
            (
                "SELECT NULL AS name, NULL AS gid_number FROM accounts a WHERE 1 = 0",
                "SELECT NULL AS name, NULL AS gid_number FROM accounts a WHERE 1 = 0 AND a.login = ?",
            ),
            (
                "SELECT '' AS name, 0 AS gid_number LIMIT 0",
                "SELECT ? AS name, 0 AS gid_number LIMIT 0",
            ),
        ] {
            let mut recipe = tables::table(engine);
            recipe.groups = &[];
            // Some of these have no numbers, which is said.
            recipe.said = &[
                "LDAP_USER_PRIVATE_GROUPS: no private groups are served",
                "no column gid_number",
            ];
            let page = Page::of("table");
            let users = queries("table", engine, &page);
            let users: Vec<&str> = users.lines().filter(|line| !line.contains("GROUPS")).collect();
            let dir = scratch("recipe");
            let groups = format!("SQL_QUERY_ALL_GROUPS={all}\nSQL_QUERY_GROUPS_BY_MEMBER={of_member}");
            fs::write(dir.join(".env"), format!("{}\n{groups}\n", users.join("\n"))).unwrap();
            serve(&recipe, &dir, &page);
        }
    }
}
