//! The image of `Dockerfile`, built by buildah, and containers of it, run by podman, with a storage of the run's own.
//!
//! Both work without an engine and without a registry. What containers need of the machine (namespaces, cgroups) is what
//! fails where they cannot run, and then these tests fail.

use super::gateway::{Ended, Env, log_file};
use super::process::{is_root, run};
use super::{repository, scratch, test_dir};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

const IMAGE: &str = "localhost/ldap-gateway";

/// Where `tests/run` looks for containers that a killed test has left.
fn storage() -> Vec<String> {
    let dir = test_dir().join("containers");
    let dir = |name: &str| dir.join(name).display().to_string();
    let options = [
        "--root",
        &dir("root"),
        "--runroot",
        &dir("run"),
        "--storage-driver",
        "vfs",
    ];
    options.map(str::to_string).to_vec()
}

fn buildah(context: &Path, file: &Path, target: &[&str], tag: &str) {
    let mut buildah = Command::new("buildah");
    buildah.args(storage()).args(["bud", "--isolation", "chroot"]);
    // The other format has no HEALTHCHECK.
    buildah.args(["--format", "docker"]).args(target);
    run(buildah.args(["--tag", tag, "--file"]).arg(file).arg(context));
}

fn podman(arguments: &[&str]) -> Ended {
    let output = Command::new("podman")
        .args(storage())
        // Where systemd does not run, nobody else could be asked for cgroups.
        .args(["--runtime", "runc", "--cgroup-manager", "cgroupfs"])
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("podman: {error} (tests/run installs it)"));
    Ended {
        code: output.status.code(),
        status: output.status,
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Builds the image, once. The binary is the one that the tests test: not a static one, so that its libraries are put
/// beside it. `LDAP_GATEWAY_PROGRAM` may name a static one.
pub fn image() -> &'static str {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| {
        assert!(
            is_root(),
            "the container tests need root: nobody else may make namespaces everywhere"
        );
        let program =
            std::env::var_os("LDAP_GATEWAY_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_ldap-gateway").into());
        let program = PathBuf::from(program);
        let context = scratch("image");
        let copy = context.join("ldap-gateway");
        // A fifth of its size without its debug information.
        run(Command::new("strip").arg("-o").arg(&copy).arg(&program));
        buildah(&context, &repository("Dockerfile"), &["--target", "prebuilt"], IMAGE);
        let libraries = libraries(&program);
        if libraries.is_empty() {
            return;
        }
        let context = scratch("libraries");
        for library in libraries {
            let copy = context.join(library.strip_prefix("/").unwrap());
            fs::create_dir_all(copy.parent().unwrap()).unwrap();
            fs::copy(&library, copy).unwrap();
        }
        let file = context.with_extension("Dockerfile");
        fs::write(&file, format!("FROM {IMAGE}\nCOPY . /\n")).unwrap();
        buildah(&context, &file, &[], IMAGE);
    });
    IMAGE
}

/// The files that the program is linked with.
fn libraries(program: &Path) -> Vec<PathBuf> {
    let output = Command::new("ldd").arg(program).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let words = text.split_whitespace().filter(|word| word.starts_with('/'));
    words.map(PathBuf::from).collect()
}

/// What the image says about itself.
pub fn image_field(format: &str) -> String {
    let ended = podman(&["image", "inspect", "--format", format, image()]);
    assert!(ended.status.success(), "{}", ended.text());
    ended.stdout.trim().to_string()
}

/// A secret in podman's keeping, given to containers by `--secret`.
pub fn secret(name: &str, value: &str) {
    let file = scratch("secret").join("value");
    fs::write(&file, value).unwrap();
    let ended = podman(&["secret", "create", name, &file.display().to_string()]);
    assert!(ended.status.success(), "{}", ended.text());
}

/// A container, as unprivileged as the compose file has it: read-only root, no capability, none to be gained.
#[derive(Debug)]
pub struct Container {
    name: String,
}

impl Container {
    /// Starts one in the background.
    pub fn start(env: &Env, options: &[&str]) -> Container {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let container = Container {
            name: format!("gateway{}", COUNT.fetch_add(1, Ordering::Relaxed)),
        };
        let mut arguments = vec![
            "run",
            "--detach",
            "--name",
            &container.name,
            "--read-only",
            "--cap-drop",
            "all",
        ];
        arguments.extend(["--security-opt", "no-new-privileges", "--restart", "unless-stopped"]);
        // The defaults are more than root may give where it is a container itself.
        arguments.extend(["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000"]);
        let env: Vec<String> = env.iter().map(|(name, value)| format!("{name}={value}")).collect();
        for pair in &env {
            arguments.extend(["--env", pair]);
        }
        arguments.extend(options);
        arguments.push(image());
        let ended = podman(&arguments);
        assert!(
            ended.status.success(),
            "containers cannot be run on this machine: {}",
            ended.text()
        );
        container
    }

    /// Runs a program inside.
    pub fn exec(&self, program: &[&str]) -> Ended {
        let mut arguments = vec!["exec", &self.name];
        arguments.extend(program);
        podman(&arguments)
    }

    /// Runs the image's health check, as an engine does every few seconds, and returns what the container is after it.
    pub fn health(&self) -> String {
        podman(&["healthcheck", "run", &self.name]);
        self.field("{{.State.Health.Status}}")
    }

    pub fn field(&self, format: &str) -> String {
        let ended = podman(&["inspect", "--format", format, &self.name]);
        assert!(ended.status.success(), "{}", ended.text());
        ended.stdout.trim().to_string()
    }

    /// A line of the first process's status.
    pub fn status(&self, field: &str) -> String {
        let pid = self.field("{{.State.Pid}}");
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
        line.trim().to_string()
    }

    pub fn log(&self) -> String {
        podman(&["logs", &self.name]).text()
    }

    /// Stops it as engines do; its exit code.
    pub fn stop(&self) -> String {
        let ended = podman(&["stop", "--time", "15", &self.name]);
        assert!(ended.status.success(), "{}", ended.text());
        self.field("{{.State.ExitCode}}")
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // For `tests/run` to look through.
        let _ = fs::write(log_file("container"), self.log());
        podman(&["rm", "--force", "--time", "0", &self.name]);
    }
}
