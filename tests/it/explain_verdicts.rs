//! `explain` reassures only where the engine's plan was understood, and `check` never says that indexes are fine where it
//! could not look: on real engines, with plans that cannot be read, that only look like lookups, or that are refused.

use crate::harness::gateway::run_to_end;
use crate::harness::{Database, Engine, Env, beside_others, note_secret};
use serde_json::Value as Json;

/// The last line of `explain`, and what it says as JSON.
fn verdict(env: &Env, filter: &str) -> (String, Json) {
    let report = run_to_end(env, &["explain", filter, "uid"], "");
    let last = report.stdout.lines().last().unwrap_or_default().to_string();
    let json = run_to_end(env, &["explain", "--json", filter, "uid"], "");
    let json: Json = serde_json::from_str(&json.stdout).unwrap_or_else(|_| panic!("{}", json.text()));
    assert_eq!(json["verdict"], last.as_str(), "{}", report.text());
    (last, json)
}

/// Both queries for users with a condition more.
fn with_condition(database: &Database, condition: &str) -> Env {
    let env = database.deployed();
    let env = env.changed("SQL_QUERY_ALL_USERS", |query| format!("{query} WHERE {condition}"));
    env.changed("SQL_QUERY_ONE_USER", |query| {
        query.replacen("WHERE", &format!("WHERE {condition} AND"), 1)
    })
}

/// MariaDB leaves a double quote in the JSON of a plan as it is. The older form of the plan is asked for then.
#[test]
fn a_double_quote_in_a_condition_hides_no_table_on_mariadb() {
    let _guard = beside_others();
    let database = Database::fresh(Engine::MariaDb);
    let env = with_condition(&database, "COALESCE(sn, '') <> 'a \"b\" c'");
    let (said, json) = verdict(&env, "(cn=nobody at all)");
    assert!(
        said.starts_with("reads whole tables: ") || said.starts_with("reads a whole table: "),
        "{said}\n{json:#}"
    );
    assert!(json["whole"].to_string().contains("users"), "{json:#}");
    // What is found by an index is told by it, and not only as not known.
    let (said, json) = verdict(&env, "(uid=alice)");
    assert!(
        json["steps"].to_string().contains("\"access\":\"index\""),
        "{said}\n{json:#}"
    );
}

/// What a function of the operator's reads stands in no plan.
#[test]
fn what_functions_read_is_not_known() {
    let _guard = beside_others();
    for (engine, function) in [
        (
            Engine::PostgreSql,
            "CREATE FUNCTION is_served(name text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN EXISTS \
             (SELECT 1 FROM \"Users\" WHERE \"uid\" = name); END $$;",
        ),
        (
            Engine::MariaDb,
            "CREATE FUNCTION is_served(name text) RETURNS boolean READS SQL DATA RETURN EXISTS (SELECT 1 FROM `Users` \
             WHERE `sn` = name OR `uid` = name);",
        ),
    ] {
        let database = Database::fresh(engine);
        database.sql(function);
        if engine == Engine::MariaDb {
            database.sql(&format!("GRANT EXECUTE ON {}.* TO 'gateway'@'%'", database.name()));
        }
        let env = with_condition(&database, "is_served(uid)");
        let (said, json) = verdict(&env, "(uid=alice)");
        assert!(said.contains("not known: "), "{said}");
        assert!(
            said.contains("what the function is_served reads is in no plan"),
            "{said}\n{json:#}"
        );
        assert!(!said.contains("indexes only"), "{said}");
        // `check` asks the planner where there is something to gain.
        let (numbers, name) = match engine {
            Engine::MariaDb => ("SELECT seq AS k FROM seq_1_to_1200", "concat('many', k)"),
            _ => ("SELECT generate_series(1, 1200) AS k", "'many' || k"),
        };
        database.sql(&format!(
            "INSERT INTO \"Users\" (\"uid\", \"uidNumber\", \"gidNumber\", \"givenName\", \"sn\", \"cn\", \"mail\") SELECT \
             {name}, 700000 + k, 700000, 'a', 'b', 'c', NULL FROM ({numbers}) n"
        ));
        let report = run_to_end(&env, &["check"], "");
        let line = "reads the whole of a table is not known: what the function is_served reads is in no plan";
        assert!(report.stdout.contains(line), "{}", report.text());
    }
}

/// Who may read a view, and not how it is made, is told no plan by MariaDB.
#[test]
fn what_the_database_refuses_to_explain_is_not_known() {
    const PASSWORD: &str = "v1ewer-S3cret-77";
    note_secret(PASSWORD);
    let _guard = beside_others();
    let database = Database::fresh(Engine::MariaDb);
    let user = format!("viewer_{}", database.name());
    database.sql(&format!(
        "CREATE VIEW people AS SELECT * FROM \"Users\"; CREATE USER '{user}'@'%' IDENTIFIED BY '{PASSWORD}'; \
         GRANT SELECT ON people TO '{user}'@'%'; GRANT SELECT ON \"Groups\" TO '{user}'@'%'; \
         GRANT SELECT ON \"UserGroups\" TO '{user}'@'%';"
    ));
    let uri = database.uri();
    let (_, place) = uri.split_once('@').unwrap();
    let mut env = database
        .deployed()
        .with("SQL_URI", format!("mysql://{user}:{PASSWORD}@{place}"));
    for (name, _) in database
        .deployed()
        .iter()
        .filter(|(name, _)| name.starts_with("SQL_QUERY_"))
    {
        env = env.changed(name, |query| query.replace("`Users`", "`people`"));
    }
    let (said, json) = verdict(&env, "(uid=alice)");
    assert!(
        said.starts_with("which tables are read is not known: the database did not explain a statement: "),
        "{said}\n{json:#}"
    );
    assert!(said.contains("1345"), "{said}");
}

/// An index that is read from its beginning to its end is the table, whatever it is called.
#[test]
fn the_whole_of_an_index_is_no_lookup() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let database = Database::fresh(engine);
        database.sql("CREATE INDEX wide ON \"Users\" (\"sn\", \"uid\")");
        let (said, json) = verdict(&database.deployed(), "(sn=*a*)");
        assert!(
            said.starts_with("reads a whole table: users"),
            "{}: {said}\n{json:#}",
            engine.name()
        );
    }
}
