//! A Linux machine of the directory's: a mount namespace of its own in which somebody's daemon answers NSS and PAM, so
//! that the real machine stays as it is and several run side by side.
//!
//! Knows what `getent`, `id` and `pamtester` print, and not which daemon there is: that is `sssd` and `nslcd`.

use super::process::Process;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// The PAM service of the tests.
pub const SERVICE: &str = "ldap-gateway-test";

/// What came of a login: the password, then whether the user may log in here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    In,
    /// "Authentication failure": what a wrong password gets.
    Refused,
    /// "Permission denied": the password was right.
    Denied,
    /// The directory does not answer.
    Unavailable,
    UnknownUser,
    /// "System error" and everything else.
    Failed(String),
}

/// A line of `/etc/passwd`, as NSS gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
    pub gecos: String,
    pub home: String,
    pub shell: String,
}

/// A line of `/etc/group`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub name: String,
    pub gid: u32,
    pub members: BTreeSet<String>,
}

/// A machine; its daemons are killed when it is dropped.
#[derive(Debug)]
pub struct Machine {
    process: Process,
}

impl Machine {
    /// Starts what makes a mount namespace and stays in it.
    pub fn spawn(command: Command) -> Machine {
        Machine {
            process: Process::spawn(command),
        }
    }

    /// One of its files, by the way that leads there from outside.
    pub fn file(&self, path: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{path}", self.process.pid()))
    }

    /// A program inside the namespace.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command
            .args(["--mount", "--target", &self.process.pid().to_string(), "--", program])
            // Names beyond ASCII are given as they are.
            .env("LC_ALL", "C.UTF-8")
            .current_dir("/");
        command
    }

    pub fn output(&self, program: &str, arguments: &[&str]) -> Output {
        self.command(program).args(arguments).output().unwrap()
    }

    /// A line that a program prints, if it finds something.
    pub fn line(&self, program: &str, arguments: &[&str]) -> Option<String> {
        let output = self.output(program, arguments);
        let text = String::from_utf8(output.stdout).unwrap();
        output.status.success().then(|| text.trim_end_matches('\n').to_string())
    }

    /// `getent passwd`, by name or number.
    pub fn user(&self, key: impl ToString) -> Option<User> {
        let line = self.line("getent", &["passwd", "--", &key.to_string()])?;
        Some(parse_user(&line))
    }

    /// `getent group`, by name or number. It prints no group that has a member with a comma: see `words_of_members`.
    pub fn group(&self, key: impl ToString) -> Option<Group> {
        let line = self.line("getent", &["group", "--", &key.to_string()])?;
        Some(parse_group(&line))
    }

    /// The words that the members' names make, as programs get them that ask for the group.
    pub fn words_of_members(&self, group: &str) -> Vec<String> {
        let script = "@group = getgrnam($ARGV[0]) or exit 1; print $group[3]";
        let line = self.line("perl", &["-e", script, group]).unwrap();
        let mut words: Vec<String> = line.split_whitespace().map(str::to_string).collect();
        words.sort();
        words
    }

    /// `getent passwd`: everybody that is listed.
    pub fn all_users(&self) -> Vec<User> {
        let lines = self.listed("passwd");
        lines.iter().map(|line| parse_user(line)).collect()
    }

    pub fn all_groups(&self) -> Vec<Group> {
        let lines = self.listed("group");
        lines.iter().map(|line| parse_group(line)).collect()
    }

    /// A whole table, without what is in the file.
    fn listed(&self, table: &str) -> Vec<String> {
        let local = fs::read_to_string(self.file(&format!("/etc/{table}"))).unwrap();
        let local: BTreeSet<&str> = local.lines().collect();
        let text = self.line("getent", &[table]).unwrap();
        let lines = text.lines().filter(|line| !line.is_empty() && !local.contains(line));
        lines.map(str::to_string).collect()
    }

    /// `id -G`: the numbers of a user's groups, the primary one first.
    pub fn group_numbers(&self, user: &str) -> Option<Vec<u32>> {
        let line = self.line("id", &["-G", "--", user])?;
        Some(line.split(' ').map(|number| number.parse().unwrap()).collect())
    }

    /// The names of a user's groups, and the numbers of those that have none.
    pub fn groups_of(&self, user: &str) -> Option<BTreeSet<String>> {
        // It fails where a number has no name, too.
        let output = self.output("id", &["-zGn", "--", user]);
        let text = String::from_utf8(output.stdout).unwrap();
        let names: BTreeSet<String> = text.split_terminator('\0').map(str::to_string).collect();
        (!names.is_empty()).then_some(names)
    }

    /// A login through PAM: authentication, then account management.
    pub fn login(&self, user: &str, password: &str) -> Login {
        self.pam(user, password, &["authenticate", "acct_mgmt"])
    }

    /// `passwd`, as the user: whether it worked, and what the user saw.
    pub fn change_password(&self, user: &str, uid: u32, (old, new): (&str, &str)) -> (bool, String) {
        let mut child = self
            .command("setpriv")
            .args([
                &format!("--reuid={uid}"),
                "--clear-groups",
                "pamtester",
                SERVICE,
                user,
                "chauthtok",
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let _ = writeln!(child.stdin.take().unwrap(), "{old}\n{new}\n{new}");
        let output = child.wait_with_output().unwrap();
        let text = [output.stdout.as_slice(), &output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&text).into_owned())
    }

    /// Whether a user who was admitted otherwise, as by a key, may log in here.
    pub fn may_log_in(&self, user: &str) -> Login {
        self.pam(user, "", &["acct_mgmt"])
    }

    fn pam(&self, user: &str, password: &str, operations: &[&str]) -> Login {
        let mut child = self
            .command("pamtester")
            .args([SERVICE, user])
            .args(operations)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let _ = writeln!(child.stdin.take().unwrap(), "{password}");
        let output = child.wait_with_output().unwrap();
        let text = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        if output.status.success() {
            return Login::In;
        }
        for (message, login) in [
            ("Authentication failure", Login::Refused),
            ("Permission denied", Login::Denied),
            ("cannot retrieve authentication info", Login::Unavailable),
            ("User not known", Login::UnknownUser),
        ] {
            if text.contains(message) {
                return login;
            }
        }
        Login::Failed(text)
    }
}

fn parse_user(line: &str) -> User {
    let fields: Vec<&str> = line.split(':').collect();
    let [name, _, uid, gid, gecos, home, shell] = fields[..] else {
        panic!("{line}")
    };
    User {
        name: name.to_string(),
        uid: uid.parse().unwrap(),
        gid: gid.parse().unwrap(),
        gecos: gecos.to_string(),
        home: home.to_string(),
        shell: shell.to_string(),
    }
}

fn parse_group(line: &str) -> Group {
    let fields: Vec<&str> = line.splitn(4, ':').collect();
    let [name, _, gid, members] = fields[..] else {
        panic!("{line}")
    };
    let members = members.split(',').filter(|name| !name.is_empty());
    Group {
        name: name.to_string(),
        gid: gid.parse().unwrap(),
        members: members.map(str::to_string).collect(),
    }
}
