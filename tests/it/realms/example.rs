//! The file that the Node gateway is shipped with as an example of realms, with nothing changed but the databases.

use super::env;
use crate::harness::database::Server;
use crate::harness::gateway::run_to_end;
use crate::harness::{Database, Engine, Env, Gateway, beside_others, ldapsearch, ldapwhoami, note_secret, scratch};

/// In the form of that file; `{one}` and `{other}` stand where it has its database.
const EXAMPLE: &str = r#"[
  {
    "name": "example-corp",
    "baseDn": "dc=example,dc=com",
    "directory": {
      "backend": "sql",
      "options": {
        "sqlUri": "{one}",
        "ldapBaseDn": "dc=example,dc=com",
        "sqlQueryOneUser": "SELECT * FROM users WHERE username = ?",
        "sqlQueryAllUsers": "SELECT * FROM users",
        "sqlQueryAllGroups": "SELECT * FROM `groups`",
        "sqlQueryGroupsByMember": "SELECT * FROM `groups` g WHERE JSON_CONTAINS(g.member_uids, JSON_QUOTE(?))"
      }
    },
    "auth": {
      "backends": [
        {
          "type": "sql",
          "options": {
            "sqlUri": "{one}"
          }
        }
      ]
    }
  },
  {
    "name": "example-mfa",
    "baseDn": "dc=secure,dc=example,dc=com",
    "directory": {
      "backend": "sql",
      "options": {
        "sqlUri": "{other}",
        "ldapBaseDn": "dc=secure,dc=example,dc=com",
        "sqlQueryOneUser": "SELECT * FROM users WHERE username = ?",
        "sqlQueryAllUsers": "SELECT * FROM users",
        "sqlQueryAllGroups": "SELECT * FROM `groups`",
        "sqlQueryGroupsByMember": "SELECT * FROM `groups` g WHERE JSON_CONTAINS(g.member_uids, JSON_QUOTE(?))"
      }
    },
    "auth": {
      "backends": [
        {
          "type": "sql",
          "options": {
            "sqlUri": "{other}"
          }
        },
        {
          "type": "notification",
          "options": {
            "notificationUrl": "https://your-mfa-service.example.com/notify"
          }
        }
      ]
    }
  }
]
"#;

const PASSWORD: &str = "the-example's-Passw0rd";

/// The tables that the queries of the example are about.
fn database(users: &[&str]) -> Database {
    note_secret(PASSWORD);
    let database = Database::empty_on(Server::shared(Engine::MariaDb));
    let hash = run_to_end(&Env::default(), &["hash-password"], PASSWORD)
        .stdout
        .trim()
        .to_owned();
    database.sql(
        "CREATE TABLE users (username VARCHAR(64) PRIMARY KEY, uid_number INT, gid_number INT, full_name VARCHAR(100),
                             password VARCHAR(255), auth_backends VARCHAR(255));
         CREATE TABLE \"groups\" (name VARCHAR(64) PRIMARY KEY, gid_number INT, member_uids JSON);",
    );
    for (number, user) in users.iter().enumerate() {
        let id = 5000 + number;
        database.sql(&format!(
            "INSERT INTO users VALUES ('{user}', {id}, 6000, 'Somebody', '{hash}', NULL)"
        ));
    }
    let members = format!("[\"{}\"]", users.join("\",\""));
    database.sql(&format!("INSERT INTO \"groups\" VALUES ('staff', 6000, '{members}')"));
    // One who need not be asked.
    database.sql("UPDATE users SET auth_backends = 'sql' WHERE username = 'robot'");
    database
}

#[test]
fn the_example_starts_unchanged() {
    let _guard = beside_others();
    let (one, other) = (database(&["alice", "bob"]), database(&["alice", "robot"]));
    let text = EXAMPLE.replace("{one}", &one.uri()).replace("{other}", &other.uri());
    let file = scratch("realms").join("realms.json");
    std::fs::write(&file, text).unwrap();
    // What it needs beside the file.
    let env = env(&[])
        .with("REALM_CONFIG", file.display())
        .with("DIRECTORY_BACKEND", "sql")
        .with("AUTH_BACKENDS", "sql");
    let checked = run_to_end(&env, &["check"], "");
    assert_eq!(checked.code, Some(0), "{}", checked.text());
    let gateway = Gateway::start(&env);
    let dn = |user: &str, base: &str| format!("uid={user},{base}");
    let (corp, mfa) = ("dc=example,dc=com", "dc=secure,dc=example,dc=com");
    assert_eq!(
        ldapwhoami(&gateway, &dn("alice", corp), PASSWORD).0,
        0,
        "{}",
        gateway.log_tail()
    );
    assert_eq!(ldapwhoami(&gateway, &dn("bob", mfa), PASSWORD).0, 49);
    // Below other containers, as its clients bind.
    assert_eq!(ldapwhoami(&gateway, &format!("uid=bob,ou=users,{corp}"), PASSWORD).0, 0);
    // Nobody can be asked there, so nobody was; who need not be asked gets in.
    assert_eq!(ldapwhoami(&gateway, &dn("alice", mfa), PASSWORD).0, 52);
    assert_eq!(ldapwhoami(&gateway, &dn("robot", mfa), PASSWORD).0, 0);
    let found = |user: &str, base: &str| {
        let who = dn(user, base);
        let arguments = ["-b", base, "-D", &who, "-w", PASSWORD, "(memberUid=alice)", "memberUid"];
        ldapsearch(&gateway, &arguments).only().set("memberUid")
    };
    assert_eq!(found("alice", corp), ["alice", "bob"].map(str::to_string).into());
    assert_eq!(found("robot", mfa), ["alice", "robot"].map(str::to_string).into());
}
