//! The software whose tables are known.

use super::{Proposal, database, fill, proposed, refused};
use crate::harness::database::Server;
use crate::harness::{Database, Engine, beside_others, repository};

const DJANGO: &str = "
    CREATE TABLE auth_user (id integer PRIMARY KEY, password varchar(128) NOT NULL, last_login {time},
        is_superuser {bool} NOT NULL, username varchar(150) NOT NULL UNIQUE, first_name varchar(150) NOT NULL,
        last_name varchar(150) NOT NULL, email varchar(254) NOT NULL, is_staff {bool} NOT NULL, is_active {bool} NOT NULL,
        date_joined {time} NOT NULL);
    CREATE TABLE auth_group (id integer PRIMARY KEY, name varchar(150) NOT NULL UNIQUE);
    CREATE TABLE auth_user_groups (id integer PRIMARY KEY, user_id integer NOT NULL, group_id integer NOT NULL);
    INSERT INTO auth_user VALUES
        (1, '{hash}', NULL, {false}, 'ada', 'Ada', 'L', 'ada@example.com', {false}, {true}, '2020-01-01'),
        (2, '{hash}', NULL, {false}, 'bob', 'Bob', 'B', 'bob@example.com', {false}, {false}, '2020-01-01');
    INSERT INTO auth_group VALUES (1, 'staff');
    INSERT INTO auth_user_groups VALUES (1, 1, 1);";

const WORDPRESS: &str = "
    CREATE TABLE `wp_users` (ID bigint unsigned NOT NULL AUTO_INCREMENT, user_login varchar(60) NOT NULL DEFAULT '',
        user_pass varchar(255) NOT NULL DEFAULT '', user_nicename varchar(50) NOT NULL DEFAULT '',
        user_email varchar(100) NOT NULL DEFAULT '', user_url varchar(100) NOT NULL DEFAULT '',
        user_registered datetime NOT NULL DEFAULT '2020-01-01 00:00:00', user_activation_key varchar(255) NOT NULL DEFAULT '',
        user_status int NOT NULL DEFAULT '0', display_name varchar(250) NOT NULL DEFAULT '', PRIMARY KEY (ID),
        KEY user_login_key (user_login));
    CREATE TABLE `wp_usermeta` (umeta_id bigint unsigned NOT NULL AUTO_INCREMENT, user_id bigint unsigned NOT NULL DEFAULT '0',
        meta_key varchar(255) DEFAULT NULL, meta_value longtext, PRIMARY KEY (umeta_id), KEY user_id (user_id));
    INSERT INTO wp_users (ID, user_login, user_pass, user_email, display_name)
        VALUES (1, 'ada', '{hash}', 'ada@example.com', 'Ada L');
    INSERT INTO wp_usermeta (user_id, meta_key, meta_value)
        VALUES (1, 'wp_capabilities', 'a:1:{s:13:\"administrator\";b:1;}');";

const LARAVEL: &str = "
    CREATE TABLE users (id bigint PRIMARY KEY, name varchar(255) NOT NULL, email varchar(255) NOT NULL UNIQUE,
        email_verified_at timestamp NULL, password varchar(255) NOT NULL, remember_token varchar(100),
        created_at timestamp NULL, updated_at timestamp NULL);
    INSERT INTO users (id, name, email, password) VALUES (1, 'Ada L', 'ada@example.com', '{hash}');";

const DEVISE: &str = "
    CREATE TABLE users (id bigint PRIMARY KEY, email varchar(255) DEFAULT '' NOT NULL UNIQUE,
        encrypted_password varchar(255) DEFAULT '' NOT NULL, reset_password_token varchar(255),
        reset_password_sent_at timestamp NULL, remember_created_at timestamp NULL, created_at timestamp NULL,
        updated_at timestamp NULL);
    INSERT INTO users (id, email, encrypted_password) VALUES (1, 'ada@example.com', '{hash}');";

const NEXTCLOUD: &str = "
    CREATE TABLE oc_users (uid varchar(64) NOT NULL PRIMARY KEY, displayname varchar(64), password varchar(255) NOT NULL,
        uid_lower varchar(64));
    CREATE TABLE oc_groups (gid varchar(64) NOT NULL PRIMARY KEY, displayname varchar(255) NOT NULL);
    CREATE TABLE oc_group_user (gid varchar(64) NOT NULL, uid varchar(64) NOT NULL, PRIMARY KEY (gid, uid));
    CREATE TABLE oc_preferences (userid varchar(64) NOT NULL, appid varchar(32) NOT NULL, configkey varchar(64) NOT NULL,
        configvalue text, PRIMARY KEY (userid, appid, configkey));
    INSERT INTO oc_users VALUES ('ada', 'Ada L', '{hash}', 'ada');
    INSERT INTO oc_groups VALUES ('staff', 'staff');
    INSERT INTO oc_group_user VALUES ('staff', 'ada');";

fn expect_software(proposal: &Proposal, title: &str, engine: Engine) {
    proposal.expect(&[
        &format!("the tables of {title}."),
        "Passwords look like Argon2id.",
        "# Check: LDAP_BASE_DN",
    ]);
    assert!(
        !proposal.text.contains("\nSQL_URI=") || engine == Engine::Sqlite,
        "{}",
        proposal.text
    );
    assert!(proposal.messages.contains("`# Check:`"), "{}", proposal.messages);
}

#[test]
fn django() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let proposal = proposed(&database(engine, DJANGO), &[]);
        expect_software(&proposal, "Django", engine);
        proposal.expect(&["- auth_user (2 rows), 11 columns", "- auth_user_groups, 3 columns"]);
        proposal.expect_binds(&[("ada", 0), ("bob", 49)]);
    }
}

#[test]
fn wordpress_with_each_prefix() {
    let _guard = beside_others();
    for prefix in ["wp_", "blog2_", "", "WP7_"] {
        let sql = WORDPRESS.replace("wp_", prefix).replace('`', "\"");
        let database = database(Engine::MariaDb, &sql);
        let proposal = proposed(&database, &[]);
        expect_software(&proposal, "WordPress", Engine::MariaDb);
        proposal.expect(&[
            &format!("- {prefix}users (1 row), 10 columns"),
            &format!("FROM {prefix}users u"),
        ]);
        assert!(prefix == "wp_" || !proposal.text.contains("wp_"), "{}", proposal.text);
        proposal.expect_binds(&[("ada", 0)]);
    }
}

#[test]
fn laravel_and_devise_name_people_by_mail() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        for (sql, title) in [(LARAVEL, "Laravel"), (DEVISE, "Devise (Ruby on Rails)")] {
            let proposal = proposed(&database(engine, sql), &["--table", "users"]);
            expect_software(&proposal, title, engine);
            proposal.expect_binds(&[("ada@example.com", 0)]);
        }
    }
}

#[test]
fn nextcloud_with_each_prefix() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        for prefix in ["oc_", "cloud_"] {
            let proposal = proposed(&database(engine, &NEXTCLOUD.replace("oc_", prefix)), &[]);
            expect_software(&proposal, "Nextcloud", engine);
            proposal.expect_binds(&[("ada", 0)]);
        }
    }
}

#[test]
fn the_managers_tables_get_the_shipped_queries() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let database = Database::shared(engine);
        let proposal = proposed(database, &[]);
        for name in [
            "SQL_QUERY_ALL_USERS",
            "SQL_QUERY_ONE_USER",
            "SQL_QUERY_ALL_GROUPS",
            "SQL_QUERY_GROUPS_BY_MEMBER",
        ] {
            proposal.expect(&[&format!("\n{name}={}\n", database.recommended().get(name))]);
        }
        let shipped = std::fs::read_to_string(repository(&format!("sql/recommended-{}.env", engine.name()))).unwrap();
        assert!(
            shipped.contains("REQUIRE_AUTH_FOR_SEARCH=false") && !proposal.text.contains("REQUIRE_AUTH_FOR_SEARCH")
        );
        let old = Database::schema_on(Server::shared(engine));
        for column in ["loginShell", "sshPublicKey", "status"] {
            old.sql(&format!("ALTER TABLE \"Users\" DROP COLUMN \"{column}\""));
        }
        let proposal = proposed(&old, &["--base-dn", "dc=example,dc=org"]);
        proposal.expect(&[&format!(
            "\nSQL_QUERY_ALL_USERS={}\n",
            old.deployed().get("SQL_QUERY_ALL_USERS")
        )]);
        proposal.expect(&["\nLDAP_BASE_DN=dc=example,dc=org\n"]);
        assert!(
            !proposal.text.contains("LDAP_BASE_DN is an example"),
            "{}",
            proposal.text
        );
    }
}

#[test]
fn two_at_once_are_listed_and_none_is_proposed() {
    let _guard = beside_others();
    for engine in Engine::ALL {
        let both = database(engine, DJANGO);
        fill(&both, NEXTCLOUD);
        fill(
            &both,
            "CREATE TABLE customers (id integer PRIMARY KEY, login varchar(50), password varchar(200))",
        );
        refused(
            &both,
            &[],
            &[
                "none is proposed",
                "Django: --software django --table auth_user",
                "Nextcloud: --software nextcloud --table oc_users",
                "no known software has made: --table customers",
            ],
        );
        proposed(&both, &["--software", "Django"]).expect_binds(&[("ada", 0)]);
        proposed(&both, &["--table", "oc_users"]).expect_binds(&[("ada", 0)]);
        refused(&both, &["--software", "keycloak"], &["no tables of that software"]);
        refused(&both, &["--table", "nobody"], &["no table nobody"]);
        refused(
            &both,
            &["--table", "auth_user", "--software", "nextcloud"],
            &["no table auth_user"],
        );
    }
    let two = database(Engine::MariaDb, &WORDPRESS.replace('`', "\""));
    fill(&two, &WORDPRESS.replace("wp_", "shop_").replace('`', "\""));
    refused(
        &two,
        &[],
        &[
            "--software wordpress --table shop_users",
            "--software wordpress --table wp_users",
        ],
    );
    proposed(&two, &["--table", "shop_users"]).expect_binds(&[("ada", 0)]);
}

#[test]
fn tables_in_a_schema_that_is_not_searched() {
    let _guard = beside_others();
    let elsewhere = database(
        Engine::PostgreSql,
        "CREATE SCHEMA \"The App\"; SET search_path = \"The App\";",
    );
    let app = format!(
        "SET search_path = \"The App\"; {DJANGO}
        GRANT USAGE ON SCHEMA \"The App\" TO gateway; GRANT SELECT ON ALL TABLES IN SCHEMA \"The App\" TO gateway;"
    );
    fill(&elsewhere, &app);
    let asked = [
        "nothing is recognised where statements look without a schema",
        "Django: --software django --table The App.auth_user",
    ];
    refused(&elsewhere, &[], &asked);
    proposed(&elsewhere, &["--software", "django"]).expect(&["\"The App\".auth_user_groups m"]);
    let proposal = proposed(&elsewhere, &["--table", "The App.auth_user"]);
    proposal.expect(&[
        "- The App.auth_user (2 rows)",
        "# Check: schema The App is not searched",
        "\"The App\".auth_user u",
    ]);
    proposal.expect_binds(&[("ada", 0)]);
    // What is searched goes first.
    fill(&elsewhere, NEXTCLOUD);
    proposed(&elsewhere, &[]).expect(&["These are the tables of Nextcloud."]);
    proposed(&elsewhere, &["--table", "The App.auth_user"]).expect(&["These are the tables of Django."]);
}
