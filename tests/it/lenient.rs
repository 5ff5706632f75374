//! Where the gateway could be more lenient than OpenLDAP, clients that rely on a refusal must get it.

use crate::harness::ldap::{BASE, BATTERY_PASSWORD, ldapsearch, password, user_dn};
use crate::harness::process::{Process, command};
use crate::harness::{Database, Engine, Gateway, beside_others, eventually, free_port, scratch};
use std::fs;
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

/// lighttpd with mod_authn_ldap, which lets in whom `require` says.
struct Lighttpd {
    port: u16,
    _process: Process,
}

impl Lighttpd {
    fn start(gateway: &Gateway, require: &str) -> Lighttpd {
        let dir = scratch("lighttpd");
        fs::write(dir.join("index.html"), "inside").unwrap();
        let port = free_port();
        let configuration = format!(
            r#"
server.modules = ("mod_auth", "mod_authn_ldap")
server.document-root = "{dir}"
server.bind = "127.0.0.1"
server.port = {port}
server.errorlog = "{dir}/error.log"
index-file.names = ("index.html")
auth.backend = "ldap"
auth.backend.ldap.hostname = "ldap://127.0.0.1:{ldap}"
auth.backend.ldap.base-dn = "{BASE}"
auth.backend.ldap.filter = "(uid=?)"
auth.backend.ldap.bind-dn = "{user}"
auth.backend.ldap.bind-pw = "{BATTERY_PASSWORD}"
auth.backend.ldap.groupmember = "memberUid"
auth.require = ("/" => ("method" => "basic", "realm" => "inside", "require" => "{require}"))
"#,
            dir = dir.display(),
            ldap = gateway.port,
            user = user_dn("cheap"),
        );
        let file = dir.join("lighttpd.conf");
        fs::write(&file, configuration).unwrap();
        let mut lighttpd = command("/usr/sbin/lighttpd", None);
        lighttpd.arg("-D").arg("-f").arg(&file).stdin(Stdio::null());
        lighttpd
            .current_dir(&dir)
            .stderr(fs::File::create(dir.join("stderr")).unwrap());
        let process = Process::spawn(lighttpd);
        let up = eventually(Duration::from_secs(20), || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        assert!(up, "{}", fs::read_to_string(dir.join("stderr")).unwrap());
        Lighttpd {
            port,
            _process: process,
        }
    }

    /// The status of a request by this user.
    fn asked_by(&self, user: &str, password: &str) -> String {
        let uri = format!("http://127.0.0.1:{}/", self.port);
        let output = Command::new("curl")
            .args(["--silent", "--output", "/dev/null", "--write-out", "%{http_code}"])
            .args(["--max-time", "60", "--user", &format!("{user}:{password}"), &uri])
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}

/// lighttpd 1.4.69 asks for the member below the empty base instead of the group's DN; what is found it takes for the
/// membership.
#[test]
fn lighttpd_refuses_who_is_not_in_the_group() {
    let _guard = beside_others();
    let gateway = Gateway::start_plain(&Database::shared(Engine::Sqlite).deployed());
    let anybody = Lighttpd::start(&gateway, "valid-user");
    assert_eq!(anybody.asked_by("cheap", BATTERY_PASSWORD), "200");
    assert_eq!(anybody.asked_by("cheap", "wrong"), "401");
    let other = Lighttpd::start(&gateway, &format!("group=cn=nobody-is-in-it,{BASE}"));
    assert_eq!(other.asked_by("cheap", BATTERY_PASSWORD), "401");
    // She is in other groups.
    assert_eq!(anybody.asked_by("alice", password("alice")), "200");
    assert_eq!(other.asked_by("alice", password("alice")), "401");
    assert_eq!(other.asked_by("alice", "wrong"), "401");
}

#[test]
fn the_empty_base_is_the_directory_where_the_operator_says_so() {
    let _guard = beside_others();
    let database = Database::shared(Engine::Sqlite);
    let gateway = Gateway::start(&database.deployed().with("EMPTY_BASE", "directory"));
    let names = |base: &str, scope: &str| ldapsearch(&gateway, &["-b", base, "-s", scope, "1.1"]).dns();
    for scope in ["one", "sub"] {
        let expected = if scope == "one" { "base" } else { "sub" };
        assert_eq!(names("", scope), names(BASE, expected), "{scope}");
    }
    assert!(names("", "children").contains(BASE));
    // The root DSE is what it is.
    assert_eq!(ldapsearch(&gateway, &["-b", "", "-s", "base", "1.1"]).dns().len(), 1);
    // Pages, too.
    let paged = ldapsearch(&gateway, &["-b", "", "-E", "pr=2/noprompt", "1.1"]);
    assert_eq!(paged.dns(), names("", "sub"));
    let warnings = gateway.log().matches("by an empty base (EMPTY_BASE=directory)").count();
    assert_eq!(warnings, 1, "one a minute at most");
    // Who may not read there is not asked what it means.
    let closed = database.deployed().with("EMPTY_BASE", "directory");
    let closed = Gateway::start(&closed.with("REQUIRE_AUTH_FOR_SEARCH", true));
    assert_eq!(ldapsearch(&closed, &["-b", "", "(uid=alice)"]).code, 50);
    assert!(!closed.log().contains("by an empty base"));
}
