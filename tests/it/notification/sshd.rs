//! A login by `ssh` as people do it: sshd with PAM, pam_sss, SSSD, the gateway, the phone.

use super::sssd::Logins;
use crate::harness::ldap::password;
use crate::harness::process::{Process, run};
use crate::harness::push_service::Reply;
use crate::harness::sssd::Sssd;
use crate::harness::{beside_others, eventually, free_port, scratch};
use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// In the machine's mount namespace: its own list of local users, with the one that sshd needs. It ends by itself.
const ENTER: &str = r#"set -e
mount --bind "$1/passwd" /etc/passwd
mkdir -p /run/sshd
exec timeout 300 "$2" -D -e -f "$1/sshd_config"
"#;

struct Ssh {
    port: u16,
    dir: PathBuf,
    _sshd: Process,
}

impl Ssh {
    /// An sshd on the machine of `sssd`. `tests/run` unpacks it.
    fn start(sssd: &Sssd) -> Ssh {
        let (dir, port) = (scratch("sshd"), free_port());
        let sshd = unpacked("usr/sbin/sshd");
        let key = dir.join("host");
        run(Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-f"])
            .arg(&key));
        let passwd = fs::read_to_string("/etc/passwd").unwrap();
        let own = "sshd:x:990:65534::/run/sshd:/usr/sbin/nologin\n";
        fs::write(dir.join("passwd"), format!("{passwd}{own}")).unwrap();
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nPidFile none\nUsePAM yes\nPasswordAuthentication no\n\
             KbdInteractiveAuthentication yes\n",
            key.display()
        );
        fs::write(dir.join("sshd_config"), config).unwrap();
        let pam = "auth required pam_sss.so\naccount required pam_sss.so\nsession required pam_sss.so\n";
        fs::write(sssd.file("/etc/pam.d/sshd"), pam).unwrap();
        // What types the password.
        let askpass = dir.join("askpass");
        fs::write(&askpass, "#!/bin/sh\nprintf '%s\\n' \"$TYPED\"\n").unwrap();
        fs::set_permissions(&askpass, fs::Permissions::from_mode(0o755)).unwrap();
        let log = fs::File::create(dir.join("log")).unwrap();
        let mut command = sssd.command("sh");
        command.args(["-c", ENTER, "enter"]).arg(&dir).arg(sshd);
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        let ssh = Ssh {
            port,
            _sshd: Process::spawn(command),
            dir,
        };
        let up = eventually(Duration::from_secs(20), || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        assert!(up, "{}", ssh.log());
        ssh
    }

    fn log(&self) -> String {
        fs::read_to_string(self.dir.join("log")).unwrap()
    }

    /// `ssh alice@… id -un`, typing this.
    fn login(&self, typed: &str) -> Command {
        let mut ssh = Command::new("ssh");
        ssh.args([
            "-p",
            &self.port.to_string(),
            "-F",
            "none",
            "-o",
            "StrictHostKeyChecking=no",
        ]);
        ssh.args(["-o", "UserKnownHostsFile=/dev/null", "-o", "NumberOfPasswordPrompts=1"]);
        ssh.args([
            "-o",
            "PreferredAuthentications=keyboard-interactive",
            "alice@127.0.0.1",
            "id",
            "-un",
        ]);
        ssh.env("SSH_ASKPASS", self.dir.join("askpass"))
            .env("SSH_ASKPASS_REQUIRE", "force")
            .env("TYPED", typed);
        ssh.env_remove("SSH_AUTH_SOCK").current_dir("/").stdin(Stdio::null());
        ssh
    }

    fn output(&self, typed: &str) -> Output {
        self.login(typed).output().unwrap()
    }
}

/// A file of the packages that `tests/run` only unpacks.
fn unpacked(path: &str) -> PathBuf {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("packages").join(path);
    assert!(
        file.exists(),
        "{} is not there: use tests/run, which unpacks it",
        file.display()
    );
    file
}

#[test]
fn approved_and_rejected() {
    let _guard = beside_others();
    let logins = Logins::start("60s");
    let ssh = Ssh::start(&logins.sssd);
    logins
        .service
        .behave(|_| Reply::action("approve").after(Duration::from_secs(12)));
    let begun = Instant::now();
    let output = ssh.output(password("alice"));
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "alice\n",
        "{output:?}\n{}",
        ssh.log()
    );
    assert!(begun.elapsed() >= Duration::from_secs(12));
    assert_eq!(logins.service.asked().len(), 1, "sshd asks once");
    logins.service.behave(|_| Reply::action("reject"));
    let output = ssh.output(password("alice"));
    assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("Permission denied"),
        "{output:?}"
    );
    assert_eq!(logins.service.asked().len(), 2);
    assert!(!ssh.output("wrong-Passw0rd").status.success());
    assert_eq!(logins.service.asked().len(), 2);
}

/// Ctrl-C at the prompt ends ssh, and neither sshd nor SSSD gives the bind up: the phone goes on ringing.
#[test]
fn who_gives_up_is_asked_all_the_same() {
    let _guard = beside_others();
    let logins = Logins::start("60s");
    let ssh = Ssh::start(&logins.sssd);
    logins
        .service
        .behave(|_| Reply::action("approve").after(Duration::from_secs(8)));
    let mut client = ssh.login(password("alice")).spawn().unwrap();
    logins.service.wait_for(1);
    client.kill().unwrap();
    client.wait().unwrap();
    std::thread::sleep(Duration::from_secs(3));
    assert!(
        logins.service.asked()[0].gone().is_none(),
        "docs/clients/sssd.md says otherwise"
    );
}
