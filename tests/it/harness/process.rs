//! Child processes that never outlive the tests.

use super::{eventually, test_dir};
use std::fs;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

type Order = (Command, Sender<io::Result<Child>>);

/// `PR_SET_PDEATHSIG` counts the death of the *thread* that forked, and a test's thread ends with the test; so one
/// thread that lives as long as the process starts all children.
fn nursery() -> Sender<Order> {
    static NURSERY: Mutex<Option<Sender<Order>>> = Mutex::new(None);
    let mut nursery = NURSERY.lock().unwrap();
    nursery
        .get_or_insert_with(|| {
            let (orders, inbox) = channel::<Order>();
            std::thread::Builder::new()
                .name("nursery".into())
                .spawn(move || {
                    for (mut command, reply) in inbox {
                        let _ = reply.send(command.spawn());
                    }
                })
                .unwrap();
            orders
        })
        .clone()
}

/// `program` as `user` (only where we are root and may choose), killed by the kernel when we are gone.
pub fn command(program: impl AsRef<std::ffi::OsStr>, user: Option<&str>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]);
    if let Some(user) = user.filter(|_| is_root()) {
        command.args(["--reuid", user, "--regid", user, "--init-groups"]);
    }
    command.arg("--").arg(program);
    command
}

pub fn is_root() -> bool {
    fs::read_to_string("/proc/self/status")
        .unwrap()
        .lines()
        .any(|line| line.starts_with("Uid:") && line.split_whitespace().nth(2) == Some("0"))
}

/// Runs a command to its end; its output, or a panic with what it said.
pub fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A running child; killed when dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
}

impl Process {
    pub fn spawn(command: Command) -> Process {
        let (reply, answer) = channel();
        let shown = format!("{command:?}");
        nursery().send((command, reply)).unwrap();
        let child = answer
            .recv()
            .unwrap()
            .unwrap_or_else(|error| panic!("{shown}: {error}"));
        fs::write(test_dir().join("pids").join(child.id().to_string()), shown).unwrap();
        Process { child }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its standard input and output, where both were piped.
    pub fn pipes(&mut self) -> (ChildStdin, ChildStdout) {
        (self.child.stdin.take().unwrap(), self.child.stdout.take().unwrap())
    }

    /// The process and all that descend from it.
    pub fn family(&self) -> Vec<u32> {
        let mut parents = Vec::new();
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else {
                continue;
            };
            let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else {
                continue;
            };
            let Some((_, rest)) = stat.rsplit_once(')') else {
                continue;
            };
            let Some(parent) = rest
                .split_whitespace()
                .nth(1)
                .and_then(|field| field.parse::<u32>().ok())
            else {
                continue;
            };
            parents.push((pid, parent));
        }
        let mut family = vec![self.pid()];
        let mut next = 0;
        while let Some(&of) = family.get(next) {
            family.extend(parents.iter().filter(|(_, parent)| *parent == of).map(|(pid, _)| *pid));
            next += 1;
        }
        family
    }

    /// Sends a signal to the process itself.
    pub fn signal(&self, name: &str) {
        signal(&[self.pid()], name);
    }

    /// Sends a signal to the process and all that descend from it.
    pub fn signal_family(&self, name: &str) {
        signal(&self.family(), name);
    }

    /// Stops the process and all that descend from it where they stand, every thread.
    pub fn freeze(&self) {
        self.signal_family("STOP");
        // The signal is sent, not yet obeyed: a thread on another processor may still answer a request.
        let stopped = super::eventually(Duration::from_secs(5), || {
            self.family().iter().all(|pid| {
                let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
                    return true;
                };
                threads.flatten().all(|thread| {
                    let stat = fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
                    stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with('T'))
                })
            })
        });
        assert!(stopped, "still running after SIGSTOP");
    }

    pub fn try_wait(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Waits for the end; panics when it does not come.
    pub fn wait(&mut self, limit: Duration) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.try_wait() {
                return status;
            }
            assert!(
                start.elapsed() < limit,
                "process {} did not end within {limit:?}",
                self.pid()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// SIGKILL, to its children too.
    pub fn kill(&mut self) -> ExitStatus {
        if let Some(status) = self.try_wait() {
            return status;
        }
        let family = self.family();
        signal(&family, "KILL");
        let status = self.child.wait().unwrap();
        assert!(status.signal().is_some() || status.code().is_some());
        status
    }

    /// Resident memory now, in KiB.
    pub fn rss(&self) -> u64 {
        self.status_field("VmRSS:")
    }

    /// The most resident memory there was since the last `reset_peak`, in KiB.
    /// Processor time so far.
    pub fn cpu(&self) -> Duration {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.pid())).unwrap();
        let times = tasks
            .flatten()
            .filter_map(|task| fs::read_to_string(task.path().join("schedstat")).ok());
        let nanoseconds = times.filter_map(|text| text.split(' ').next()?.parse::<u64>().ok());
        Duration::from_nanos(nanoseconds.sum())
    }

    pub fn peak_rss(&self) -> u64 {
        self.status_field("VmHWM:")
    }

    pub fn reset_peak(&self) {
        fs::write(format!("/proc/{}/clear_refs", self.pid()), "5").unwrap();
    }

    fn status_field(&self, name: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        let _ = fs::remove_file(test_dir().join("pids").join(self.pid().to_string()));
    }
}

/// The shell's own `kill`: no package needed, and `unsafe` stays forbidden.
fn signal(pids: &[u32], name: &str) {
    let pids: Vec<String> = pids.iter().map(u32::to_string).collect();
    // A child may be gone in between.
    let _ = Command::new("sh")
        .arg("-c")
        .arg(format!("kill -{name} {} 2>/dev/null", pids.join(" ")))
        .status()
        .unwrap();
}

/// A database server's process: started again and again, stopped in the ways that outages come.
#[derive(Debug, Default)]
pub struct Daemon(Mutex<Option<Process>>);

impl Daemon {
    /// Starts it in `dir`, or starts it again, until it answers.
    pub fn launch(&self, dir: &Path, make: impl Fn() -> Command, answers: impl Fn() -> bool) {
        let log = dir.join("log");
        let started = eventually(Duration::from_secs(30), || {
            let mut process = self.0.lock().unwrap();
            // Right after a SIGKILL the old one may still hold shared memory: the new one then ends at once; again.
            if process.as_mut().is_none_or(|process| process.try_wait().is_some()) {
                let out = fs::OpenOptions::new().create(true).append(true).open(&log).unwrap();
                let mut server = make();
                server
                    .current_dir(dir)
                    .stdin(Stdio::null())
                    .stdout(Stdio::null())
                    .stderr(out);
                *process = Some(Process::spawn(server));
            }
            drop(process);
            answers()
        });
        assert!(started, "{}", fs::read_to_string(&log).unwrap());
    }

    /// Stops it as an operator would, by the signal that its kind takes for that.
    pub fn stop(&self, signal: &str) {
        if let Some(mut process) = self.0.lock().unwrap().take() {
            process.signal(signal);
            process.wait(Duration::from_secs(20));
        }
    }

    /// Ends it as a power cut would.
    pub fn kill(&self) {
        if let Some(mut process) = self.0.lock().unwrap().take() {
            process.kill();
        }
    }

    /// Every process of it, the one that was started first.
    #[allow(dead_code)] // benches/side_by_side
    pub fn family(&self) -> Vec<u32> {
        self.0.lock().unwrap().as_ref().unwrap().family()
    }

    /// Stops every process of it where it stands: connections stay open, and nothing is answered.
    pub fn freeze(&self) {
        self.0.lock().unwrap().as_ref().unwrap().freeze();
    }

    pub fn thaw(&self) {
        self.0.lock().unwrap().as_ref().unwrap().signal_family("CONT");
    }
}
