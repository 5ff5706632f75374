//! A real SSSD: its daemons and its clients in a mount namespace of their own, so that the machine stays as it is and
//! several run side by side.
//!
//! Knows what SSSD prints, not what the gateway does.

pub use super::machine::{Group, Login, User};
use super::machine::{Machine, SERVICE};
use super::process::{command, is_root};
use super::site::Site;
use super::{eventually, scratch};
use std::fs;
use std::ops::Deref;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

/// What SSSD and PAM read and write is the test's own; `/run` is empty. The caches are in memory, or each lookup waits
/// for the disk; their directories have the owners and modes that the package gave them.
const ENTER: &str = r#"set -e
mount -t tmpfs -o mode=755 none /run
mount -t tmpfs -o mode=755 none "$1/var/lib"
cp -a /var/lib/sss "$1/var/lib/sss"
find "$1/var/lib/sss" ! -type d -delete
for name in etc/sssd var/lib/sss var/log/sssd etc/pam.d etc/nsswitch.conf etc/hosts; do
    mount --bind "$1/$name" "/$name"
done
exec /usr/sbin/sssd -i --logger=files
"#;

/// An `sssd.conf` with one domain.
#[derive(Clone, Debug)]
pub struct Conf(String);

/// The page for administrators; what it says is what is tested.
const DOCUMENTED: &str = include_str!("../../../docs/clients/sssd.md");

impl Conf {
    /// The text of `docs/clients/sssd.md`, with the schema that it says to change.
    pub fn documented(schema: &str) -> Conf {
        let mut blocks = DOCUMENTED.split("```ini\n").skip(1);
        let mut block = || blocks.next().unwrap().split("```").next().unwrap();
        let (whole, change) = (block(), block());
        let conf = Conf(whole.to_string());
        match schema {
            "rfc2307" => conf,
            "rfc2307bis" => {
                let (name, value) = change.trim().split_once(" = ").unwrap();
                conf.with(name, value)
            }
            other => panic!("{other}"),
        }
    }

    /// Any other text.
    pub fn text(text: &str) -> Conf {
        Conf(text.to_string())
    }

    /// Sets an option of the domain, which is the last section.
    #[must_use]
    pub fn with(self, name: &str, value: &str) -> Conf {
        let line = format!("{name} = {value}");
        let mut found = false;
        let mut lines: Vec<&str> = Vec::new();
        for old in self.0.lines() {
            if old.split('=').next().unwrap().trim() == name {
                found = true;
                lines.push(&line);
            } else {
                lines.push(old);
            }
        }
        if !found {
            lines.push(&line);
        }
        Conf(lines.join("\n") + "\n")
    }

    /// Adds a section for the NSS service with one option.
    #[must_use]
    pub fn with_nss(self, name: &str, value: &str) -> Conf {
        let domain = "[domain/default]";
        Conf(self.0.replace(domain, &format!("[nss]\n{name} = {value}\n\n{domain}")))
    }

    fn services(&self) -> Vec<String> {
        let line = self.0.lines().find_map(|line| line.strip_prefix("services = "));
        line.unwrap().split(", ").map(str::to_string).collect()
    }

    /// With the ports that the site has; in a real one they are the default.
    fn on(&self, site: &Site) -> String {
        let mut text = self.0.clone();
        for replica in &site.replicas {
            let host = format!("ldaps://{}.example.com", replica.name);
            assert!(text.contains(&host), "{host} in {text}");
            text = text.replace(&host, &format!("{host}:{}", replica.port));
        }
        text
    }
}

/// A running SSSD; killed when dropped.
#[derive(Debug)]
pub struct Sssd {
    dir: PathBuf,
    services: Vec<String>,
    machine: Machine,
}

/// Its lookups and logins.
impl Deref for Sssd {
    type Target = Machine;

    fn deref(&self) -> &Machine {
        &self.machine
    }
}

impl Sssd {
    /// Starts it on a site, and waits until it is online.
    pub fn start(site: &Site, conf: &Conf) -> Sssd {
        let sssd = Sssd::spawn(site, conf);
        let up = eventually(Duration::from_secs(30), || sssd.answers() && sssd.online());
        assert!(up, "SSSD did not get online\n{}", sssd.log_tail());
        sssd
    }

    /// Starts it and waits only until its own daemons answer.
    pub fn start_offline(site: &Site, conf: &Conf) -> Sssd {
        let sssd = Sssd::spawn(site, conf);
        let up = eventually(Duration::from_secs(30), || sssd.answers());
        assert!(up, "SSSD did not start\n{}", sssd.log_tail());
        sssd
    }

    fn spawn(site: &Site, conf: &Conf) -> Sssd {
        assert!(
            is_root(),
            "the SSSD tests need root: SSSD runs only as root, and its mount namespace is made by root"
        );
        assert!(
            Path::new("/usr/sbin/sssd").exists(),
            "SSSD is not installed: use tests/run, which does that"
        );
        let dir = scratch("sssd");
        prepare(&dir, site, conf);
        let mut unshare = command("unshare", None);
        unshare
            .args(["--mount", "--propagation", "private", "sh", "-c", ENTER, "enter"])
            .arg(&dir);
        unshare.current_dir("/").stdin(Stdio::null());
        let out = fs::File::create(dir.join("out")).unwrap();
        unshare.stdout(out.try_clone().unwrap()).stderr(out);
        Sssd {
            machine: Machine::spawn(unshare),
            dir,
            services: conf.services(),
        }
    }

    /// Whether the services of its configuration are up: their sockets are made last.
    fn answers(&self) -> bool {
        let pipes = self.file("/var/lib/sss/pipes");
        self.services.iter().all(|service| pipes.join(service).exists())
    }

    /// The keys that `sshd` would ask for.
    pub fn ssh_keys(&self, user: &str) -> Vec<String> {
        let text = self.line("sss_ssh_authorizedkeys", &["--", user]).unwrap_or_default();
        text.lines().map(str::to_string).collect()
    }

    /// Expires every entry, so that the next lookup asks the directory.
    pub fn expire(&self) {
        let output = self.output("sss_cache", &["-E"]);
        assert!(output.status.success(), "{output:?}\n{}", self.log_tail());
    }

    /// Whether its last word on it was that the directory answers.
    pub fn online(&self) -> bool {
        let log = self.domain_log();
        let last = |text: &str| log.rfind(text);
        last("Going online. Running callbacks") > last("Going offline. Running callbacks")
    }

    /// How often it gave up on both servers.
    pub fn times_offline(&self) -> usize {
        self.domain_log().matches("Going offline. Running callbacks").count()
    }

    /// The port of the server that it connected to last.
    pub fn last_server(&self) -> u16 {
        let log = self.domain_log();
        let (_, rest) = log
            .lines()
            .filter(|line| line.contains("as 'working'"))
            .filter_map(|line| line.split_once("Marking port "))
            .next_back()
            .unwrap();
        rest.split(' ').next().unwrap().parse().unwrap()
    }

    fn domain_log(&self) -> String {
        let file = self.dir.join("var/log/sssd/sssd_default.log");
        String::from_utf8_lossy(&fs::read(file).unwrap_or_default()).into_owned()
    }

    /// For messages of failed assertions.
    pub fn log_tail(&self) -> String {
        let out = fs::read_to_string(self.dir.join("out")).unwrap_or_default();
        let log = self.domain_log();
        let lines: Vec<&str> = log.lines().collect();
        format!("{out}\n{}", lines[lines.len().saturating_sub(60)..].join("\n"))
    }
}

/// Writes the files that are mounted over the machine's.
fn prepare(dir: &Path, site: &Site, conf: &Conf) {
    let write = |name: &str, text: &str| {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    for name in ["etc/sssd/conf.d", "var/lib", "var/log/sssd"] {
        fs::create_dir_all(dir.join(name)).unwrap();
    }
    let conf = conf
        .clone()
        // To read from the log whether it is online, each message once.
        .with("debug_level", "6")
        .with("debug_backtrace_enabled", "false");
    write("etc/sssd/sssd.conf", &conf.on(site));
    write("etc/sssd/ldap-ca.pem", &site.certificates());
    // SSSD reads its configuration only where nobody else may.
    let private = fs::Permissions::from_mode(0o600);
    fs::set_permissions(dir.join("etc/sssd/sssd.conf"), private).unwrap();
    // SSSD first: `staff` is a group of Debian's, too.
    write(
        "etc/nsswitch.conf",
        "passwd: sss files\ngroup: sss files\nshadow: sss files\nhosts: files\n",
    );
    write("etc/hosts", "127.0.0.1 localhost ldap1.example.com ldap2.example.com\n");
    write(
        &format!("etc/pam.d/{SERVICE}"),
        "auth required pam_sss.so\naccount required pam_sss.so\npassword required pam_sss.so\nsession required pam_sss.so\n",
    );
}
