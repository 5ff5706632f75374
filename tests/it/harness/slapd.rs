//! A throw-away OpenLDAP server, the oracle: an LDIF loaded into back-mdb, plain LDAP on loopback.

use super::process::{Process, command, run};
use super::{eventually, free_port, scratch};
use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// A running slapd; it stops when dropped.
#[derive(Debug)]
pub struct Slapd {
    pub port: u16,
    #[allow(dead_code)] // benches/side_by_side
    pub process: Process,
}

/// How a slapd is set up.
#[derive(Debug, Default)]
pub struct Setup {
    /// Certificate and key: then it speaks LDAPS.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Plain LDAP in spite of them, with StartTLS.
    pub start_tls: bool,
    /// Entries that break the schema are refused. Others can be changed only where they are.
    pub is_checked: bool,
    /// Modules to load.
    pub modules: &'static str,
    /// Further lines about the database: indexes, access.
    pub database: &'static str,
}

/// What the differential test compares with: only what was loaded.
const PLAIN: Setup = Setup {
    tls: None,
    start_tls: false,
    is_checked: false,
    modules: "",
    database: "lastmod off\n",
};

const SCHEMAS: &str = "/etc/ldap/schema";

/// Beyond what Debian ships: as we publish it, and what a column passes through. slapd takes no operational attributes from
/// a file.
const OWN_SCHEMA: &str = "
attributetype ( 1.3.6.1.4.1.24552.500.1.1.1.13 NAME 'sshPublicKey' EQUALITY octetStringMatch
    SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 )
attributetype ( 2.16.840.1.113730.3.1.610 NAME 'nsAccountLock' EQUALITY caseIgnoreMatch
	SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.24552.500.1.1.1.99 NAME 'badgeColour' EQUALITY caseIgnoreMatch
    SUBSTR caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
objectclass ( 1.3.6.1.4.1.24552.500.1.1.2.0 NAME 'ldapPublicKey' SUP top AUXILIARY MAY ( sshPublicKey $ uid ) )
";

impl Slapd {
    /// Loads the LDIF below `suffix` and serves it to everybody.
    pub fn start(suffix: &str, ldif: &str) -> Slapd {
        Slapd::start_with(suffix, ldif, &PLAIN)
    }

    /// The same, set up as the caller says.
    pub fn start_with(suffix: &str, ldif: &str, setup: &Setup) -> Slapd {
        let dir = scratch("slapd");
        fs::create_dir(dir.join("db")).unwrap();
        let configuration = configure(&dir, suffix, setup);
        let file = dir.join("data.ldif");
        fs::write(&file, ldif).unwrap();
        run(Command::new(program("slapadd"))
            .arg("-q")
            // Without a check of object classes: who has no ASCII name has no home directory, and posixAccount wants one.
            .args((!setup.is_checked).then_some("-s"))
            .arg("-f")
            .arg(&configuration)
            .arg("-l")
            .arg(&file));
        let port = free_port();
        let log = fs::File::create(dir.join("log")).unwrap();
        let scheme = if setup.tls.is_some() && !setup.start_tls {
            "ldaps"
        } else {
            "ldap"
        };
        let mut slapd = command(program("slapd"), None);
        slapd
            .args(["-d", "0", "-h", &format!("{scheme}://127.0.0.1:{port}"), "-f"])
            .arg(&configuration)
            .current_dir(&dir)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        let process = Process::spawn(slapd);
        let up = eventually(Duration::from_secs(20), || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        assert!(up, "slapd: {}", fs::read_to_string(dir.join("log")).unwrap());
        Slapd { port, process }
    }
}

/// Debian keeps it out of the PATH of ordinary users.
fn program(name: &str) -> PathBuf {
    let path = Path::new("/usr/sbin").join(name);
    assert!(path.exists(), "slapd is not installed: use tests/run, which does that");
    path
}

fn configure(dir: &Path, suffix: &str, setup: &Setup) -> PathBuf {
    let copy = |name: &str, changes: &[(&str, &str)]| {
        let mut text = fs::read_to_string(Path::new(SCHEMAS).join(name)).unwrap();
        for (from, to) in changes {
            assert!(text.contains(from), "{from:?} in {name}");
            text = text.replace(from, to);
        }
        fs::write(dir.join(name), text).unwrap();
    };
    // Empty groups: `member` is in MAY.
    copy(
        "core.schema",
        &[("MUST ( member $ cn )\n\tMAY ( ", "MUST cn\n\tMAY ( member $ ")],
    );
    copy("cosine.schema", &[]);
    copy("inetorgperson.schema", &[]);
    // As RFC 2307bis and our published schema have them.
    copy(
        "nis.schema",
        &[
            (
                "NAME 'posixGroup'\n\tDESC 'Abstraction of a group of accounts'\n\tSUP top STRUCTURAL",
                "NAME 'posixGroup' SUP top AUXILIARY",
            ),
            (
                "NAME 'memberUid'\n\tEQUALITY caseExactIA5Match\n\tSUBSTR caseExactIA5SubstringsMatch\n\tSYNTAX 1.3.6.1.4.1.1466.115.121.1.26",
                "NAME 'memberUid' EQUALITY caseExactMatch SUBSTR caseExactSubstringsMatch\n\tSYNTAX 1.3.6.1.4.1.1466.115.121.1.15",
            ),
            (
                "EQUALITY caseIgnoreIA5Match\n\tSUBSTR caseIgnoreIA5SubstringsMatch\n\tSYNTAX 1.3.6.1.4.1.1466.115.121.1.26 SINGLE-VALUE )\n\nattributetype ( 1.3.6.1.1.1.1.3 ",
                "EQUALITY caseIgnoreMatch\n\tSUBSTR caseIgnoreSubstringsMatch\n\tSYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )\n\nattributetype ( 1.3.6.1.1.1.1.3 ",
            ),
        ],
    );
    fs::write(dir.join("own.schema"), OWN_SCHEMA).unwrap();
    let mut text = String::new();
    for schema in ["core", "cosine", "inetorgperson", "nis", "own"] {
        text += &format!("include {}/{schema}.schema\n", dir.display());
    }
    // The overlay memberof is loaded for its attribute type only; no database uses it.
    let tls = setup.tls.as_ref().map_or(String::new(), |(certificate, key)| {
        format!(
            "TLSCertificateFile {}\nTLSCertificateKeyFile {}\n",
            certificate.display(),
            key.display()
        )
    });
    text += &format!(
        "modulepath /usr/lib/ldap\nmoduleload back_mdb\nmoduleload memberof\n{2}pidfile {0}/slapd.pid\n\
         sizelimit unlimited\ntimelimit unlimited\nconn_max_pending 1000\n\
         {tls}database mdb\nsuffix \"{suffix}\"\nmaxsize 4294967296\ndirectory {0}/db\ndbnosync\n{1}",
        dir.display(),
        setup.database,
        setup.modules
    );
    let file = dir.join("slapd.conf");
    fs::write(&file, text).unwrap();
    file
}
