//! The programs in `tests/clients/`: those that check rules, and those that work on demand.

use super::stage::Stage;
use crate::harness::ldap::BATTERY_PASSWORD;
use crate::harness::process::{Process, command};
use crate::harness::repository;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// A client by the name of its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Program {
    Proxmox,
    GitLab,
    SearchGuard,
    Defguard,
    Kanidm,
}

impl Program {
    pub const ALL: [Program; 5] = [
        Program::Proxmox,
        Program::GitLab,
        Program::SearchGuard,
        Program::Defguard,
        Program::Kanidm,
    ];

    /// Its command line up to the mode. Debian's interpreters, which have Debian's modules.
    pub fn command(self) -> Command {
        let (interpreter, file): (&[&str], _) = match self {
            Program::Proxmox => (&["/usr/bin/perl"], "proxmox.pl"),
            Program::GitLab => (&["/usr/bin/ruby"], "gitlab.rb"),
            // The source file is compiled when it is run.
            Program::SearchGuard => (
                &["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"],
                "SearchGuard.java",
            ),
            Program::Defguard => (&["/usr/bin/python3", "-B"], "defguard.py"),
            Program::Kanidm => (&["/usr/bin/python3", "-B"], "kanidm.py"),
        };
        let mut command = command(interpreter[0], None);
        command
            .args(&interpreter[1..])
            .arg(repository("tests/clients").join(file));
        command
            .current_dir("/")
            .env("HOME", "/nonexistent")
            .env("LOGIN_NAME", "cheap")
            .env("LOGIN_PASSWORD", BATTERY_PASSWORD);
        command
    }

    /// What its program has found about each rule. It runs once.
    pub fn checked(self) -> &'static Checked {
        static CHECKED: [OnceLock<Checked>; 5] = [const { OnceLock::new() }; 5];
        CHECKED[self as usize].get_or_init(|| {
            let stage = Stage::shared();
            let mut command = self.command();
            command.arg("rules").arg(stage.servers()).arg(stage.facts());
            command.env("LDAP_CA", stage.authorities());
            Checked::by(&mut command)
        })
    }
}

/// Rules, and what was wrong with each, if anything.
#[derive(Debug)]
pub struct Checked {
    rules: BTreeMap<String, Option<String>>,
    errors: String,
}

impl Checked {
    /// What a program says that checks its rules.
    pub fn by(program: &mut Command) -> Checked {
        let output = program.stdin(Stdio::null()).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{program:?}: {text}{errors}");
        Checked::read(&text, errors)
    }

    fn read(text: &str, errors: String) -> Checked {
        let rule = |line: &str| match line.strip_prefix("not ok ") {
            Some(rest) => {
                let (rule, why) = rest.split_once(": ").unwrap_or_else(|| panic!("{line}"));
                (rule.to_string(), Some(why.to_string()))
            }
            None => {
                let rule = line.strip_prefix("ok ").unwrap_or_else(|| panic!("{line}"));
                (rule.to_string(), None)
            }
        };
        Checked {
            rules: text.lines().map(rule).collect(),
            errors,
        }
    }

    pub fn assert(&self, rule: &str) {
        let found = self.rules.get(rule);
        assert_eq!(found, Some(&None), "{rule}\n{}", self.errors);
    }

    /// No rule that is checked goes without a test.
    pub fn assert_these(&self, rules: &[&str]) {
        let checked: Vec<&str> = self.rules.keys().map(String::as_str).collect();
        let mut tested = rules.to_vec();
        tested.sort_unstable();
        assert_eq!(tested, checked);
    }
}

/// A test for each rule that a program checks: one of [`Program`], or what [`Checked::by`] gives.
macro_rules! rules {
    ($program:ident: $($rule:ident),* $(,)?) => {
        $crate::clients::program::rules! { $crate::clients::program::Program::$program.checked(); $($rule),* }
    };
    ($checked:expr; $($rule:ident),* $(,)?) => {
        $(
            #[test]
            fn $rule() {
                let _guard = $crate::harness::beside_others();
                $checked.assert(stringify!($rule));
            }
        )*

        #[test]
        fn every_rule_has_a_test() {
            let _guard = $crate::harness::beside_others();
            $checked.assert_these(&[$(stringify!($rule)),*]);
        }
    };
}
pub(super) use rules;

/// A program that does its client's work at each line it is given.
#[derive(Debug)]
pub struct Worker {
    pub program: Program,
    input: ChildStdin,
    lines: Receiver<String>,
    _process: Process,
}

impl Worker {
    pub fn start(program: Program, servers: &str, authorities: &std::path::Path) -> Worker {
        let mut command = program.command();
        command.arg("work").arg(servers).env("LDAP_CA", authorities);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Process::spawn(command);
        let (input, output) = process.pipes();
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Worker {
            program,
            input,
            lines,
            _process: process,
        }
    }

    pub fn tell(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap();
    }

    pub fn hear(&self) -> String {
        let line = self.lines.recv_timeout(Duration::from_secs(60));
        line.unwrap_or_else(|error| panic!("{:?}: {error}", self.program))
    }
}
