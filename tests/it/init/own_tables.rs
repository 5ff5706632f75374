//! Tables of users that no known software has made.

use super::{database, proposed, refused};
use crate::harness::{Engine, beside_others};

#[test]
fn a_plain_table_with_odd_column_names() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let people = database(
            engine,
            "CREATE TABLE \"People\" (\"userId\" integer PRIMARY KEY, \"Login Name\" varchar(50) NOT NULL UNIQUE,
                \"eMail\" varchar(100), \"passwordHash\" varchar(200), \"firstName\" varchar(50), \"Surname\" varchar(50),
                \"isActive\" {bool}, \"order\" integer);
             INSERT INTO \"People\" VALUES (1, 'ada', 'ada@example.com', '{hash}', 'Ada', 'L', {true}, 1),
                (2, 'bob', 'ADA@example.com', '{hash}', 'Bob', 'B', {false}, 2),
                (3, 'Cy Lon', NULL, 'hunter2', 'Cy', 'L', {true}, 2);",
        );
        let proposal = proposed(&people, &[]);
        proposal.expect(&[
            "This is a table of users that no known software has made.",
            "- People (3 rows), 8 columns",
            "# Check: uid and gid numbers are userId + 10000",
            "# Check: 1 of 3 users have a mail address that another one has",
            "# Check: 1 of 3 users have names with capitals",
            "# Check: 1 of 3 users have names with blanks",
            "# Check: 1 of 3 users have a password whose form (",
            "# No groups: these two find nothing.",
        ]);
        assert!(
            !proposal.text.contains("hunter2") && !proposal.text.contains("Cy Lon"),
            "{}",
            proposal.text
        );
        proposal.expect_binds(&[("ada", 0), ("bob", 49)]);
    }
}

#[test]
fn the_readmes_table() {
    let _guard = beside_others();
    let people = database(
        Engine::Sqlite,
        "CREATE TABLE people (login TEXT, number INTEGER, team INTEGER, hash TEXT);
         INSERT INTO people VALUES ('dora', 1001, 2001, '{hash}');",
    );
    let proposal = proposed(&people, &[]);
    proposal.expect(&[
        "# Check: no column of uid numbers",
        "(whole numbers: number, team)",
        "two rows from having one login",
    ]);
    proposal.expect_binds(&[("dora", 0)]);
}

/// Reserved words as names of tables and columns.
#[test]
fn names_that_need_quotes() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        for table in ["user", "Users", "order", "a b", "käse", "UPPER"] {
            let users = database(
                engine,
                &format!(
                    "CREATE TABLE \"{table}\" (\"id\" integer PRIMARY KEY, \"user\" varchar(50) UNIQUE, \"pass\" varchar(200));
                     INSERT INTO \"{table}\" VALUES (1, 'ada', '{{hash}}');"
                ),
            );
            let proposal = proposed(&users, &["--table", table]);
            assert!(
                proposal.text.contains(&format!("- {table} (1 row)")),
                "{}",
                proposal.text
            );
            if table == "user" {
                proposal.expect_binds(&[("ada", 0)]);
            }
        }
    }
}

/// Whoever is not clearly let in stays out, and somebody is told.
#[test]
fn unclear_account_columns_refuse() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let users = database(
            engine,
            "CREATE TABLE members (id integer PRIMARY KEY, username varchar(50) UNIQUE, password varchar(200),
                active smallint, banned smallint, locked_at {time}, deleted_at {time}, email_verified_at {time});
             INSERT INTO members VALUES (1, 'ada', '{hash}', 1, 0, NULL, NULL, NULL), (2, 'bob', '{hash}', 0, 0, NULL, NULL, NULL),
                (3, 'cy', '{hash}', 2, 0, NULL, NULL, NULL), (4, 'dan', '{hash}', 1, 1, NULL, NULL, NULL),
                (5, 'eve', '{hash}', 1, 0, '2020-01-01', NULL, NULL), (6, 'fay', '{hash}', 1, 0, NULL, '2020-01-01', NULL),
                (7, 'gil', '{hash}', 1, NULL, NULL, NULL, NULL);",
        );
        let proposal = proposed(&users, &[]);
        proposal.expect(&[
            "# Check: active has the values 0, 1, 2: only those with 1 may sign in",
            "# Check: rows with a time in deleted_at are taken for deleted and left out",
            "# Check: email_verified_at is not used",
        ]);
        let names = [
            ("ada", 0),
            ("bob", 49),
            ("cy", 49),
            ("dan", 49),
            ("eve", 49),
            ("fay", 49),
            ("gil", 0),
        ];
        proposal.expect_binds(&names);
    }
}

#[test]
fn states_that_nobody_knows_refuse() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let table = |status: &str| {
            format!(
                "CREATE TABLE members (username varchar(50) UNIQUE, password varchar(200), status {status});
                 INSERT INTO members VALUES ('ada', '{{hash}}', "
            )
        };
        let words = database(
            engine,
            &format!(
                "{}'active'), ('bob', '{{hash}}', 'trial'), ('cy', '{{hash}}', 'Banned');",
                table("varchar(20)")
            ),
        );
        let proposal = proposed(&words, &[]);
        proposal.expect(&[
            ",expired,trial\n",
            "# Check: it is not known what trial in status means",
        ]);
        proposal.expect_binds(&[("ada", 0), ("bob", 49), ("cy", 49)]);
        let numbers = database(engine, &format!("{}0), ('bob', '{{hash}}', 1);", table("integer")));
        let proposal = proposed(&numbers, &[]);
        proposal.expect(&[",expired,0,1\n", "# Check: it is not known what 0, 1 in status means"]);
        proposal.expect_binds(&[("ada", 49), ("bob", 49)]);
        let values = "'ok'), ('bob', '{hash}', 'Robert''); DROP TABLE members; --');";
        let odd = database(engine, &format!("{}{values}", table("varchar(50)")));
        let proposal = proposed(&odd, &[]);
        proposal.expect(&["# Check: status has values that are no words: they refuse"]);
        assert!(!proposal.text.contains("Robert"), "{}", proposal.text);
        proposal.expect_binds(&[("ada", 0), ("bob", 49)]);
    }
}

#[test]
fn tables_that_are_nearly_of_users_are_named_with_what_they_lack() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let shop = database(
            engine,
            "CREATE TABLE customers (id integer PRIMARY KEY, email varchar(100), phone varchar(20));
             CREATE TABLE secrets (id integer PRIMARY KEY, password varchar(100));
             CREATE TABLE goods (id integer PRIMARY KEY, price integer);",
        );
        let parts = [
            "no table of users was recognised",
            "- customers: has email, and lacks a readable text column that is named like one of password hashes",
            "- secrets: has password, and lacks a readable text column that is named like one of user names",
            "3 tables seen",
        ];
        refused(&shop, &[], &parts);
    }
}
