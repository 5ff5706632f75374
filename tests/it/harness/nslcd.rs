//! A machine with nslcd, its modules for NSS and PAM, and sudo-ldap: Debian's packages, which `tests/run` unpacks and
//! does not install, because installing them changes the machine (`/etc/nsswitch.conf`, `/etc/pam.d`, no more `sudo`).
//!
//! Knows what these print, not what the gateway does.

use super::machine::{Machine, SERVICE};
use super::process::{command, is_root};
use super::site::Site;
use super::{eventually, scratch};
use std::fs;
use std::io::Write;
use std::ops::Deref;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

/// Where `tests/run` puts the packages.
const PACKAGES: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/packages");

/// Its copy that has the rights of root.
const SUDO: &str = "/run/setuid/sudo";

/// The packages and the test's own `/etc` lie over the machine's; `/run` is empty. The shell stays, as the first process
/// of a process namespace, because the daemon changes its user and so forgets whose death is to be its own.
const ENTER: &str = r#"set -e
mount -t tmpfs -o mode=755 none /run
mkdir -m 777 /run/nslcd
mount -t overlay -o "lowerdir=$2/usr:/usr" none /usr
mkdir /run/setuid
install -m 4755 /usr/bin/sudo /run/setuid/sudo
mount -t overlay -o "lowerdir=$1/etc:/etc" none /etc
mount --bind "$1/log" /var/log
/usr/sbin/nslcd -n &
wait
"#;

/// The page for administrators; what it says is what is tested.
const DOCUMENTED: &str = include_str!("../../../docs/clients/nslcd.md");

/// The number that users and groups have in the files of a machine with a witness.
pub const WITNESS: u32 = 64_999;

/// The files of a machine that the page is about.
#[derive(Clone, Debug)]
pub struct Conf {
    nslcd: String,
    switch: String,
    sudo: String,
    authorities: Option<String>,
    witness: bool,
}

impl Conf {
    /// The text of `docs/clients/nslcd.md`.
    pub fn documented() -> Conf {
        let block = |name: &str| {
            let (_, rest) = DOCUMENTED.split_once(&format!("## `{name}`")).unwrap();
            let (_, rest) = rest.split_once("```\n").unwrap();
            rest.split("```").next().unwrap().to_string()
        };
        Conf {
            nslcd: block("/etc/nslcd.conf"),
            switch: block("/etc/nsswitch.conf"),
            sudo: block("/etc/sudo-ldap.conf"),
            authorities: None,
            witness: false,
        }
    }

    /// To programs, a directory that does not answer and one that says that there is nobody look the same. Here the
    /// machine's own files are asked in the first case only, and have another number.
    #[must_use]
    pub fn with_witness(mut self) -> Conf {
        self.witness = true;
        self
    }

    /// Trusts these, and not the replicas.
    #[must_use]
    pub fn trusting(mut self, authorities: String) -> Conf {
        self.authorities = Some(authorities);
        self
    }

    /// Sets an option of nslcd.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Conf {
        self = self.without(name);
        self.nslcd += &format!("{name} {value}\n");
        self
    }

    /// Takes an option of nslcd away.
    #[must_use]
    pub fn without(mut self, name: &str) -> Conf {
        let others = self.nslcd.lines().filter(|line| line.split(' ').next() != Some(name));
        self.nslcd = others.map(|line| format!("{line}\n")).collect();
        self
    }

    /// Adds the lines that the page has for names that are not ASCII.
    #[must_use]
    pub fn with_every_name(mut self) -> Conf {
        let (_, rest) = DOCUMENTED.split_once("```\nvalidnames").unwrap();
        self.nslcd += &format!("validnames{}", rest.split("```").next().unwrap());
        self
    }

    /// Sets an option of sudo.
    #[must_use]
    pub fn with_sudo(mut self, name: &str, value: &str) -> Conf {
        let others = self.sudo.lines().filter(|line| line.split(' ').next() != Some(name));
        self.sudo = others.map(|line| format!("{line}\n")).collect();
        self.sudo += &format!("{name} {value}\n");
        self
    }
}

/// A running nslcd; killed when dropped.
#[derive(Debug)]
pub struct Nslcd {
    dir: PathBuf,
    machine: Machine,
}

/// Its lookups and logins.
impl Deref for Nslcd {
    type Target = Machine;

    fn deref(&self) -> &Machine {
        &self.machine
    }
}

impl Nslcd {
    /// Starts it on a site, and waits until it answers.
    pub fn start(site: &Site, conf: &Conf) -> Nslcd {
        assert!(
            is_root(),
            "the nslcd tests need root: a mount namespace is made by root"
        );
        assert!(
            Path::new(PACKAGES).join("usr/sbin/nslcd").exists(),
            "nslcd is not there: use tests/run, which unpacks it"
        );
        let dir = scratch("nslcd");
        prepare(&dir, site, conf);
        let mut unshare = command("unshare", None);
        unshare
            .args(["--mount", "--propagation", "private"])
            .args(["--pid", "--fork", "--kill-child"])
            .args(["sh", "-c", ENTER, "enter"])
            .arg(&dir)
            .arg(PACKAGES);
        unshare.current_dir("/").stdin(Stdio::null());
        let out = fs::File::create(dir.join("out")).unwrap();
        unshare.stdout(out.try_clone().unwrap()).stderr(out);
        let nslcd = Nslcd {
            machine: Machine::spawn(unshare),
            dir,
        };
        let up = eventually(Duration::from_secs(30), || nslcd.file("/run/nslcd/socket").exists());
        assert!(up, "nslcd did not start\n{}", nslcd.log());
        nslcd
    }

    /// What sudo says to root about a user, and what it did for that in the directory.
    pub fn sudo_rules(&self, user: &str) -> Sudo {
        Sudo::of(self.output(SUDO, &["-l", "-U", user]))
    }

    /// `sudo true` by a user, who gives a password, whatever sudo remembers of them.
    pub fn sudo(&self, user: &str, password: &str) -> Sudo {
        let mut child = self
            .command("setpriv")
            .args(["--reuid", user, "--clear-groups", "--", SUDO, "-k", "-S", "/bin/true"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let _ = writeln!(child.stdin.take().unwrap(), "{password}");
        Sudo::of(child.wait_with_output().unwrap())
    }

    /// For messages of failed assertions, and for what it does only there.
    pub fn log(&self) -> String {
        let read = |name: &str| {
            let text = fs::read(self.dir.join(name)).unwrap_or_default();
            String::from_utf8_lossy(&text).into_owned()
        };
        read("out") + &read("log/nslcd.log")
    }
}

/// What came of a run of sudo.
#[derive(Debug)]
pub struct Sudo {
    pub allowed: bool,
    /// What it said to whoever called it.
    pub said: String,
    /// What it did in the directory.
    pub did: String,
}

impl Sudo {
    fn of(output: Output) -> Sudo {
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        // Except for what a run without sudoers_debug says, too.
        let (did, said): (Vec<&str>, Vec<&str>) = text
            .lines()
            .partition(|line| line.starts_with("sudo: ") && !line.contains("password"));
        Sudo {
            allowed: output.status.success(),
            said: said.join("\n"),
            did: did.join("\n"),
        }
    }
}

/// Writes the files that lie over the machine's.
fn prepare(dir: &Path, site: &Site, conf: &Conf) {
    let write = |name: &str, text: &str| {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    // In a real site the ports are the default.
    let on_ports = |text: &str| {
        site.replicas.iter().fold(text.to_string(), |text, replica| {
            let host = format!("ldaps://{}.example.com", replica.name);
            assert!(text.contains(&host), "{host} in {text}");
            text.replace(&host, &format!("{host}:{}", replica.port))
        })
    };
    write(
        "etc/nslcd.conf",
        &(on_ports(&conf.nslcd) + "log /var/log/nslcd.log info\n"),
    );
    let authorities = conf.authorities.clone().unwrap_or_else(|| site.certificates());
    // sudo tells what it does.
    write("etc/sudo-ldap.conf", &(on_ports(&conf.sudo) + "sudoers_debug 2\n"));
    write("etc/ssl/certs/ldap-ca.pem", &authorities);
    // nslcd's user, which its package would make.
    let mut users = "root:x:0:0:root:/root:/bin/sh\nnslcd:x:64900:64900::/run/nslcd:/usr/sbin/nologin\n".to_string();
    let mut groups = "root:x:0:\nnslcd:x:64900:\n".to_string();
    let mut switch = conf.switch.clone();
    if conf.witness {
        for user in ["alice", "mallory", "nogid", "staff"] {
            users += &format!("{user}:x:{WITNESS}:{WITNESS}::/nonexistent:/bin/false\n");
        }
        for group in ["developers", "mallory", "alice"] {
            groups += &format!("{group}:x:{WITNESS}:\n");
        }
        assert!(switch.contains("files ldap"), "{switch}");
        switch = switch.replace("files ldap", "ldap [NOTFOUND=return] files");
    }
    write("etc/passwd", &users);
    write("etc/group", &groups);
    write("etc/nsswitch.conf", &(switch + "hosts: files\n"));
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    write(
        "etc/hosts",
        &format!("127.0.0.1 localhost ldap1.example.com ldap2.example.com\n127.0.0.1 {name}"),
    );
    let pam = "auth required pam_ldap.so\naccount required pam_ldap.so\nsession required pam_permit.so\n";
    write(&format!("etc/pam.d/{SERVICE}"), pam);
    // As pam-auth-update writes it: root, who asks sudo about others, is not in the directory.
    let ignored = pam.replace(
        "account required",
        "account [user_unknown=ignore authinfo_unavail=ignore success=ok default=bad]",
    );
    write("etc/pam.d/sudo", &(ignored + "account required pam_permit.so\n"));
    write("etc/sudoers", "bob ALL = /bin/true\nroot ALL = (ALL) ALL\n");
    write("log/nslcd.log", "");
    // The daemon opens its log as the user that it becomes.
    fs::set_permissions(dir.join("log/nslcd.log"), fs::Permissions::from_mode(0o666)).unwrap();
    for private in ["etc/sudoers", "etc/nslcd.conf"] {
        fs::set_permissions(dir.join(private), fs::Permissions::from_mode(0o440)).unwrap();
    }
}
