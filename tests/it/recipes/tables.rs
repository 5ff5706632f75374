//! The tables of each software with two or three people, as it makes them.

use super::{Page, Recipe, programs};
use crate::harness::database::Server;
use crate::harness::process::{command, run};
use crate::harness::{Database, Engine, note_secret, repository};
use std::fs;

/// Of all users that a software's own hash of `tests/data/application-vectors.tsv` is for.
const PASSWORD: &str = "pässwörd €uro";

/// Where `tests/run` unpacks the clients, Django and PHP among them.
const CLIENTS: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/clients");
/// Where it unpacks other programs.
const PACKAGES: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/packages");

/// On SQLite a number that is computed has no type.
fn untyped(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Sqlite => &["LDAP_USER_PRIVATE_GROUPS: no private groups are served"],
        Engine::PostgreSql | Engine::MariaDb => &[],
    }
}

/// A hash that the application's own library has made of the password.
fn hash(beginning: &str) -> String {
    let vectors = fs::read_to_string(repository("tests/data/application-vectors.tsv")).unwrap();
    let rows = vectors.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let row = rows.into_iter().find(|row| row[0] == beginning && row[2] == PASSWORD);
    let hash = row.unwrap_or_else(|| panic!("{beginning}"))[3].to_owned();
    note_secret(&hash);
    note_secret(PASSWORD);
    hash
}

fn empty(engine: Engine) -> Database {
    Database::empty_on(Server::shared(engine))
}

/// A database with these tables; `{yes}`, `{no}`, `{bool}`, `{now}` are the engine's.
fn made(engine: Engine, sql: &str) -> Database {
    let database = empty(engine);
    let [yes, no, boolean, time, bytes] = match engine {
        Engine::PostgreSql => ["true", "false", "boolean", "timestamp", "bytea"],
        Engine::MariaDb => ["1", "0", "bit(1)", "datetime", "tinyblob"],
        Engine::Sqlite => ["1", "0", "boolean", "datetime", "blob"],
    };
    let sql = sql.replace("{yes}", yes).replace("{no}", no).replace("{bool}", boolean);
    database.sql(&sql.replace("{time}", time).replace("{bytes}", bytes));
    database
}

/// Of whom Django makes no password.
const UNUSABLE: &str = "1 of 3 users have no password and cannot bind: Django's unusable password";

/// By Django itself: its migrations, and its own ways to make users.
pub fn django(engine: Engine) -> Recipe {
    let database = empty(engine);
    note_secret(PASSWORD);
    let mut python = command("/usr/bin/python3", None);
    python
        .arg("-B")
        .arg(repository("tests/it/recipes/schema/make_django.py"));
    python
        .env("PYTHONPATH", format!("{CLIENTS}/usr/lib/python3/dist-packages"))
        .env("USERS_PASSWORD", PASSWORD)
        .env("NAME", database.name());
    match &database.server {
        Server::Postgres(server) => {
            let [user, password] = server.superuser();
            python.env("ENGINE", "postgresql").env("HOST", "127.0.0.1");
            python
                .env("PORT", server.port.to_string())
                .env("USER", user)
                .env("PASSWORD", password);
        }
        Server::MariaDb(server) => {
            python
                .env("ENGINE", "mysql")
                .env("HOST", server.socket())
                .env("USER", "root");
        }
        Server::Sqlite(_) => {
            python.env("ENGINE", "sqlite3").env("NAME", database.sqlite_file());
        }
    }
    run(&mut python);
    Recipe {
        name: "django",
        engine,
        database,
        password: PASSWORD,
        users: &["ada", "bob", "nopass"],
        groups: &[("staff", &["ada"])],
        refused: &["bob", "nopass"],
        said: match engine {
            Engine::Sqlite => &[UNUSABLE, "LDAP_USER_PRIVATE_GROUPS: no private groups are served"],
            Engine::PostgreSql | Engine::MariaDb => &[UNUSABLE],
        },
    }
}

/// By the schema of WordPress's own installer.
pub fn wordpress(engine: Engine) -> Recipe {
    let program = fs::read_dir(format!("{CLIENTS}/usr/bin")).unwrap();
    let mut programs = program.map(|entry| entry.unwrap().path());
    let is_php = |path: &std::path::PathBuf| {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("php8"))
    };
    let mut php = command(programs.find(is_php).unwrap(), None);
    php.arg("-n").arg(repository("tests/it/recipes/schema/wordpress.php"));
    let output = php.arg(format!("{PACKAGES}/usr/share/wordpress")).output().unwrap();
    let schema = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && schema.contains("wp_users"), "{schema}");
    // WordPress takes the strict modes away from its session.
    let database = made(
        engine,
        &format!(
            "SET SESSION sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'; {schema};
             INSERT INTO wp_users (ID, user_login, user_pass, user_email, user_status, display_name) VALUES
                (1, 'ada', '{}', 'ada@example.com', 0, 'Ada Lovelace'), (2, 'bob', '{}', 'bob@example.com', 2, 'Bob');
             INSERT INTO wp_usermeta (user_id, meta_key, meta_value) VALUES
                (1, 'wp_capabilities', 'a:2:{{s:6:\"editor\";b:1;s:13:\"administrator\";b:1;}}'),
                (1, 'nickname', 'a:1:{{s:6:\"author\";b:1;}}'),
                (2, 'wp_capabilities', 'a:1:{{s:10:\"subscriber\";b:1;}}')",
            hash("$P$"),
            hash("$wp$2y$")
        ),
    );
    Recipe {
        name: "wordpress",
        engine,
        database,
        password: PASSWORD,
        users: &["ada", "bob"],
        groups: &[
            ("administrator", &["ada"]),
            ("editor", &["ada"]),
            ("author", &[]),
            ("contributor", &[]),
            ("subscriber", &["bob"]),
        ],
        refused: &["bob"],
        said: &[],
    }
}

/// By Laravel's schema builder.
pub fn laravel(engine: Engine) -> Recipe {
    let database = empty(engine);
    programs::laravel(&database, PASSWORD);
    Recipe {
        name: "laravel",
        engine,
        database,
        password: PASSWORD,
        users: &["ada@example.com", "bob@example.com"],
        groups: &[],
        refused: &[],
        said: untyped(engine),
    }
}

/// The tables of spatie/laravel-permission that say who has a role.
pub fn spatie(database: &Database) {
    database.sql(
        "CREATE TABLE roles (id bigint PRIMARY KEY, name varchar(125) NOT NULL, guard_name varchar(125) NOT NULL);
         CREATE TABLE model_has_roles (role_id bigint NOT NULL, model_type varchar(255) NOT NULL, model_id bigint NOT NULL,
            PRIMARY KEY (role_id, model_id, model_type));
         INSERT INTO roles VALUES (1, 'editors', 'web');
         INSERT INTO model_has_roles VALUES (1, 'App\\Models\\User', 1), (1, 'App\\Models\\Team', 2)",
    );
}

/// By the migration of Devise's generator.
pub fn devise(engine: Engine) -> Recipe {
    let database = empty(engine);
    programs::devise(&database, PASSWORD);
    Recipe {
        name: "devise",
        engine,
        database,
        password: PASSWORD,
        users: &["ada@example.com", "bob@example.com"],
        groups: &[],
        refused: &[],
        said: untyped(engine),
    }
}

/// The columns of Devise's modules `confirmable` and `lockable`; bob is locked.
pub fn lockable(database: &Database) {
    database.sql(
        "ALTER TABLE users ADD COLUMN confirmed_at timestamp NULL; ALTER TABLE users ADD COLUMN locked_at timestamp NULL;
         UPDATE users SET confirmed_at = '2024-01-01 00:00:00'; UPDATE users SET locked_at = '2024-01-01 00:00:00' WHERE id = 2",
    );
}

const KEYCLOAK: &str = "
    CREATE TABLE realm (id varchar(36) NOT NULL PRIMARY KEY, name varchar(255) NULL UNIQUE, enabled {bool} NOT NULL);
    CREATE TABLE user_entity (id varchar(36) NOT NULL PRIMARY KEY, email varchar(255) NULL, email_constraint varchar(255) NULL,
        email_verified {bool} NOT NULL, enabled {bool} NOT NULL, federation_link varchar(255) NULL, first_name varchar(255) NULL,
        last_name varchar(255) NULL, realm_id varchar(255) NULL, username varchar(255) NULL, created_timestamp bigint NULL,
        service_account_client_link varchar(255) NULL, not_before int DEFAULT 0 NOT NULL, UNIQUE (realm_id, username));
    CREATE TABLE user_attribute (name varchar(255) NOT NULL, value varchar(255) NULL, user_id varchar(36) NOT NULL,
        id varchar(36) NOT NULL PRIMARY KEY);
    CREATE TABLE credential (id varchar(36) NOT NULL PRIMARY KEY, salt {bytes} NULL, type varchar(255) NULL, user_id varchar(36) NULL,
        created_date bigint NULL, user_label varchar(255) NULL, secret_data text NULL, credential_data text NULL, priority int NULL);
    CREATE TABLE keycloak_group (id varchar(36) NOT NULL PRIMARY KEY, name varchar(255) NULL, parent_group varchar(36) NOT NULL,
        realm_id varchar(36) NULL, UNIQUE (realm_id, parent_group, name));
    CREATE TABLE group_attribute (id varchar(36) NOT NULL PRIMARY KEY, name varchar(255) NOT NULL, value varchar(255) NULL,
        group_id varchar(36) NOT NULL);
    CREATE TABLE user_group_membership (group_id varchar(36) NOT NULL, user_id varchar(36) NOT NULL, PRIMARY KEY (group_id, user_id));
    INSERT INTO realm VALUES ('00000000-0000-4000-8000-000000000001', 'master', {yes}), ('00000000-0000-4000-8000-000000000002', 'staff', {yes});
    INSERT INTO user_entity (id, email, email_verified, enabled, first_name, last_name, realm_id, username, service_account_client_link) VALUES
        ('00000000-0000-4000-8000-000000000011', 'ada@example.com', {yes}, {yes}, 'Ada', 'Lovelace', '00000000-0000-4000-8000-000000000002', 'ada', NULL),
        ('00000000-0000-4000-8000-000000000012', 'bob@example.com', {yes}, {no}, 'Bob', NULL, '00000000-0000-4000-8000-000000000002', 'bob', NULL),
        ('00000000-0000-4000-8000-000000000013', NULL, {no}, {yes}, NULL, NULL, '00000000-0000-4000-8000-000000000001', 'admin', NULL),
        ('00000000-0000-4000-8000-000000000014', NULL, {no}, {yes}, NULL, NULL, '00000000-0000-4000-8000-000000000002', 'service-account-x', 'x');
    INSERT INTO user_attribute VALUES ('uidNumber', '10001', '00000000-0000-4000-8000-000000000011', '00000000-0000-4000-8000-000000000021'),
        ('gidNumber', '10001', '00000000-0000-4000-8000-000000000011', '00000000-0000-4000-8000-000000000022'),
        ('uidNumber', '10002', '00000000-0000-4000-8000-000000000012', '00000000-0000-4000-8000-000000000023'),
        ('gidNumber', '10002', '00000000-0000-4000-8000-000000000012', '00000000-0000-4000-8000-000000000024');
    INSERT INTO credential (id, type, user_id, secret_data, credential_data, priority) VALUES
        ('00000000-0000-4000-8000-000000000031', 'password', '00000000-0000-4000-8000-000000000011', '{secret}', '{how}', 10),
        ('00000000-0000-4000-8000-000000000032', 'otp', '00000000-0000-4000-8000-000000000011', '{\"value\":\"x\"}', '{\"subType\":\"totp\"}', 20),
        ('00000000-0000-4000-8000-000000000033', 'password', '00000000-0000-4000-8000-000000000012', '{secret}', '{how}', 10);
    INSERT INTO keycloak_group VALUES ('00000000-0000-4000-8000-000000000041', 'admins', ' ', '00000000-0000-4000-8000-000000000002'),
        ('00000000-0000-4000-8000-000000000042', 'others', ' ', '00000000-0000-4000-8000-000000000001');
    INSERT INTO group_attribute VALUES ('00000000-0000-4000-8000-000000000051', 'gidNumber', '50001', '00000000-0000-4000-8000-000000000041');
    INSERT INTO user_group_membership VALUES ('00000000-0000-4000-8000-000000000041', '00000000-0000-4000-8000-000000000011')";

/// The tables of Keycloak's own database that people are in; on MariaDB their names are in upper case.
pub fn keycloak(engine: Engine) -> Recipe {
    // {pbkdf2-sha512}ROUNDS$SALT$KEY
    let stored = hash("{pbkdf2-sha512}");
    let parts: Vec<&str> = stored.trim_start_matches("{pbkdf2-sha512}").split('$').collect();
    let [rounds, salt, key] = parts[..] else {
        panic!("{stored}")
    };
    note_secret(key);
    let secret = format!(r#"{{"value":"{key}","salt":"{salt}","additionalParameters":{{}}}}"#);
    let how = format!(r#"{{"hashIterations":{rounds},"algorithm":"pbkdf2-sha512","additionalParameters":{{}}}}"#);
    let mut sql = KEYCLOAK.to_owned();
    if engine == Engine::MariaDb {
        for table in [
            "user_entity",
            "user_attribute",
            "credential",
            "keycloak_group",
            "group_attribute",
            "user_group_membership",
            "realm",
        ] {
            for before in ["TABLE ", "INTO "] {
                sql = sql.replace(
                    &format!("{before}{table} "),
                    &format!("{before}{} ", table.to_uppercase()),
                );
            }
        }
    }
    let sql = sql.replace("{secret}", &secret).replace("{how}", &how);
    Recipe {
        name: "keycloak",
        engine,
        database: made(engine, &sql),
        password: PASSWORD,
        users: &["ada", "bob"],
        groups: &[("admins", &["ada"])],
        refused: &["bob"],
        said: &[],
    }
}

const NEXTCLOUD: &str = "
    CREATE TABLE oc_users (uid varchar(64) DEFAULT '' NOT NULL PRIMARY KEY, displayname varchar(64) NULL,
        password varchar(255) DEFAULT '' NOT NULL, uid_lower varchar(64) NULL);
    CREATE TABLE oc_groups (gid varchar(64) DEFAULT '' NOT NULL PRIMARY KEY, displayname varchar(255) DEFAULT 'name' NOT NULL);
    CREATE TABLE oc_group_user (gid varchar(64) DEFAULT '' NOT NULL, uid varchar(64) DEFAULT '' NOT NULL, PRIMARY KEY (gid, uid));
    CREATE TABLE oc_preferences (userid varchar(64) DEFAULT '' NOT NULL, appid varchar(32) DEFAULT '' NOT NULL,
        configkey varchar(64) DEFAULT '' NOT NULL, configvalue {text} NULL, PRIMARY KEY (userid, appid, configkey));
    INSERT INTO oc_users VALUES ('ada', 'Ada Lovelace', '{ada}', 'ada'), ('bob', NULL, '{bob}', 'bob'), ('carl', NULL, '{carl}', 'carl');
    INSERT INTO oc_groups VALUES ('staff', 'The staff');
    INSERT INTO oc_group_user VALUES ('staff', 'ada');
    INSERT INTO oc_preferences VALUES ('ada', 'settings', 'email', 'ada@example.com'), ('ada', 'core', 'enabled', 'true'),
        ('bob', 'core', 'enabled', 'false')";

pub fn nextcloud(engine: Engine) -> Recipe {
    let text = if engine == Engine::MariaDb { "longtext" } else { "text" };
    let sql = NEXTCLOUD
        .replace("{text}", text)
        .replace("{ada}", &hash("3|$argon2id$"));
    let sql = sql
        .replace("{bob}", &hash("1|$2y$"))
        .replace("{carl}", &hash("2|$argon2i$"));
    Recipe {
        name: "nextcloud",
        engine,
        database: made(engine, &sql),
        password: PASSWORD,
        users: &["ada", "bob", "carl"],
        groups: &[("staff", &["ada"])],
        refused: &["bob"],
        said: &[
            "no column uid_number",
            "no column gid_number",
            "have no usable uid_number",
            "have no usable gid_number",
        ],
    }
}

/// The tables of the page.
pub fn table(engine: Engine) -> Recipe {
    let tables = Page::of("table").block("sql-tables", 0);
    let people = "INSERT INTO accounts VALUES (1, 'ada', 'Ada Lovelace', 'ada@example.com', '{hash}', {yes}),
            (2, 'bob', 'Bob', 'bob@example.com', '{hash}', {no});
        INSERT INTO teams VALUES (1, 'staff');
        INSERT INTO team_members VALUES (1, 1)";
    let people = people.replace("{hash}", &hash("$argon2id$"));
    Recipe {
        name: "table",
        engine,
        database: made(engine, &format!("{tables}{people}")),
        password: PASSWORD,
        users: &["ada", "bob"],
        groups: &[("staff", &["ada"])],
        refused: &["bob"],
        said: untyped(engine),
    }
}
