//! `deploy/rolling-update` as it stands, on real processes.

use crate::harness::gateway::Ended;
use crate::harness::ldap::{BASE, BATTERY_PASSWORD, user_dn};
use crate::harness::login_loop::repeat;
use crate::harness::process::command;
use crate::harness::site::Replica;
use crate::harness::{Site, beside_others, eventually, figure, ldapsearch, repository, scratch};
use crate::sssd::stage::{Stage, documented};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

fn script(arguments: &[&str]) -> Ended {
    let output = command(repository("deploy/rolling-update"), None)
        .args(arguments)
        .output()
        .unwrap();
    Ended {
        code: output.status.code(),
        status: output.status,
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs the script on a site. Its commands reach the processes as they would reach a service manager's: `replace` is
/// what that does with a replica.
fn update(site: &Site, options: &[&str], names: &[&str], replace: impl Fn(&Replica) + Sync) -> Ended {
    let manager = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = manager.local_addr().unwrap();
    let restart = format!(
        "exec 3<>/dev/tcp/127.0.0.1/{} && echo {{}} >&3 && read -r answer <&3 && [[ $answer == replaced ]]",
        address.port()
    );
    let [first, second] = &site.replicas;
    let probe = format!(
        "case {{}} in {}) port={} ;; {}) port={} ;; esac; exec '{}' probe ldaps://127.0.0.1:$port",
        first.name,
        first.port,
        second.name,
        second.port,
        env!("CARGO_BIN_EXE_ldap-gateway"),
    );
    let mut arguments = vec!["--restart", &restart, "--probe", &probe];
    arguments.extend(options);
    arguments.extend(names);
    thread::scope(|scope| {
        scope.spawn(|| {
            for stream in manager.incoming() {
                let mut stream = stream.unwrap();
                let mut name = String::new();
                BufReader::new(&stream).read_line(&mut name).unwrap();
                let Some(replica) = site.replicas.iter().find(|replica| replica.name == name.trim()) else {
                    return;
                };
                replace(replica);
                writeln!(stream, "replaced").unwrap();
            }
        });
        let ended = script(&arguments);
        // Whoever is nobody's name ends the manager.
        drop(TcpStream::connect(address));
        ended
    })
}

/// Both replicas replaced while people log in and machines look up: nobody notices.
///
/// It takes more than a minute, so `sssd::stories` runs it beside others.
pub fn under_load() {
    let stage = Stage::new(&documented());
    let [first, second] = &stage.site.replicas;
    let pids = || [first, second].map(|replica| replica.with(|gateway| gateway.process.pid()));
    let before = pids();
    let people = stage.people();
    let done = Arc::new(AtomicBool::new(false));
    let cut_off = Arc::new(AtomicUsize::new(0));
    let scripts = repeat(&done, search_at_either(&stage.site, Arc::clone(&cut_off)));
    thread::sleep(Duration::from_secs(2));

    let ended = update(&stage.site, &["--pause", "31"], &["ldap1", "ldap2"], |replica| {
        replica.stop();
        replica.spawn();
    });

    thread::sleep(Duration::from_secs(1));
    done.store(true, Ordering::SeqCst);
    let scripts = scripts.join().unwrap();
    let report = people.finish();
    figure(&format!(
        "rolling update: {report}; ldapsearch: {} of {} failed, {} were repeated, longest gap {} ms",
        scripts.failures.len(),
        scripts.attempts,
        cut_off.load(Ordering::SeqCst),
        scripts.gap.as_millis()
    ));
    assert_eq!(ended.code, Some(0), "{}", ended.text());
    assert!(ended.stderr.is_empty(), "{}", ended.text());
    assert!(pids().iter().zip(before).all(|(new, old)| *new != old));
    report.assert_nothing_failed();
    assert!(scripts.failures.is_empty(), "{scripts:#?}");
    assert_eq!(report.times_offline, 0);
    assert_eq!(stage.sssd.last_server(), first.port, "the second one was replaced last");
}

/// `ldapsearch` with a password, as scripts use it: both replicas in one `-H`, and once more where the first try was cut
/// off between its bind and its search.
fn search_at_either(site: &Site, cut_off: Arc<AtomicUsize>) -> impl FnMut() -> Result<(), String> + Send + 'static {
    let uris: Vec<String> = site
        .replicas
        .iter()
        .map(|replica| format!("ldaps://127.0.0.1:{}", replica.port))
        .collect();
    let uris = uris.join(" ");
    move || {
        let mut last = String::new();
        for _ in 0..2 {
            let output = Command::new("ldapsearch")
                .args(["-x", "-LLL", "-o", "nettimeout=10", "-H", &uris])
                .args(["-D", &user_dn("cheap"), "-w", BATTERY_PASSWORD])
                .args(["-b", BASE, "uid=alice", "uid"])
                .env("LDAPTLS_REQCERT", "never")
                .output()
                .unwrap();
            let found = String::from_utf8_lossy(&output.stdout);
            if output.status.success() && found.contains("uid: alice") {
                return Ok(());
            }
            cut_off.fetch_add(1, Ordering::SeqCst);
            last = format!("{:?} {found}{}", output.status, String::from_utf8_lossy(&output.stderr));
        }
        Err(last)
    }
}

/// A version that cannot reach the database: it never answers, the update stops, the others serve.
#[test]
fn a_broken_version() {
    let _guard = beside_others();
    let stage = Stage::new(&documented());
    let [first, second] = &stage.site.replicas;
    let untouched = second.with(|gateway| gateway.process.pid());
    let people = stage.people();
    thread::sleep(Duration::from_secs(1));

    let wrong = stage.database.uri().replace("gateway:", "gateway:not-");
    assert_ne!(wrong, stage.database.uri());
    let broken = |replica: &Replica| {
        replica.stop();
        replica.set("SQL_URI", &wrong);
        replica.spawn();
    };
    let log = "echo this is what {} logged";
    let options = ["--timeout", "8", "--logs", log];
    let ended = update(&stage.site, &options, &["ldap1", "ldap2"], broken);

    assert_eq!(ended.code, Some(1), "{}", ended.text());
    for words in [
        "STOPPED at ldap1: the new one does not answer after 8 s: not ready: cannot connect",
        "this is what ldap1 logged",
        "ldap2 serves",
        "left as they were: ldap2",
    ] {
        assert!(ended.stderr.contains(words), "{words}: {}", ended.text());
    }
    // What an operator finds in the new one's log.
    let named = || first.with(|gateway| gateway.log().contains("SQL_URI"));
    assert!(eventually(Duration::from_secs(20), named), "the log does not say why");
    assert_eq!(second.with(|gateway| gateway.process.pid()), untouched);

    // Once more, in the other order: the one that serves is not touched.
    let ended = update(&stage.site, &options, &["ldap2", "ldap1"], broken);
    assert_eq!(ended.code, Some(2), "{}", ended.text());
    let words = "STOPPED before ldap2: ldap1 does not answer";
    assert!(ended.stderr.contains(words), "{}", ended.text());
    assert_eq!(second.with(|gateway| gateway.process.pid()), untouched);

    let report = people.finish();
    figure(&format!("update to a broken version: {report}"));
    report.assert_nothing_failed();
    assert_eq!(report.times_offline, 0);
    let search = second.with(|gateway| ldapsearch(gateway, &["-b", BASE, "uid=alice", "uid"]));
    assert_eq!(search.success().len(), 1);
}

/// A replica that answers at first and not after the pause; the ones after it stay.
#[test]
fn who_does_not_stay() {
    let _guard = beside_others();
    let dir = scratch("rolling");
    let marks = dir.display();
    let restart = format!("echo {{}} >> {marks}/restarted");
    // The first probe of the new `b` succeeds, the next one does not.
    let probe = format!(
        "[[ {{}} != b ]] || ! grep -q b {marks}/restarted || ! [[ -e {marks}/seen ]] && {{ [[ {{}} != b ]] || \
         ! grep -q b {marks}/restarted || touch {marks}/seen; }}"
    );
    let ended = script(&[
        "--restart",
        &restart,
        "--probe",
        &probe,
        "--timeout",
        "1",
        "--pause",
        "1",
        "a",
        "b",
        "c",
    ]);
    assert_eq!(ended.code, Some(1), "{}", ended.text());
    let words = "STOPPED at b: the new one has answered and does not any more: nothing";
    assert!(ended.stderr.contains(words), "{}", ended.text());
    assert!(ended.stderr.contains("left as they were: c\n"), "{}", ended.text());
    assert_eq!(std::fs::read_to_string(dir.join("restarted")).unwrap(), "a\nb\n");
}

#[test]
fn commands_that_hang_or_fail() {
    let _guard = beside_others();
    for (restart, probe, code, words) in [
        (
            "true",
            "[[ {} == a ]] || sleep 60",
            2,
            "STOPPED before a: b does not answer, and nobody would serve. It says: no end within 1 s",
        ),
        (
            "sleep 60",
            "true",
            1,
            "STOPPED at a: the command that replaces it ended with exit code 124",
        ),
        (
            "echo no such service; exit 5",
            "true",
            1,
            "ended with exit code 5: no such service",
        ),
        // What a command leaves behind in the background may live on, and print.
        ("sleep 20 & exit 5", "true", 1, "ended with exit code 5: no message"),
        (
            "true",
            "[[ {} == b ]] || { echo not yet; false; }",
            1,
            "does not answer after 1 s: not yet",
        ),
    ] {
        let ended = script(&[
            "--timeout",
            "1",
            "--pause",
            "0",
            "--restart",
            restart,
            "--probe",
            probe,
            "a",
            "b",
        ]);
        assert_eq!(ended.code, Some(code), "{restart}, {probe}: {}", ended.text());
        assert!(ended.stderr.contains(words), "{words}: {}", ended.text());
    }
}

#[test]
fn arguments() {
    let _guard = beside_others();
    let help = script(&["--help"]);
    assert!(
        help.code == Some(0) && help.stdout.contains("Exit codes: 0"),
        "{}",
        help.text()
    );
    for (arguments, words) in [
        ("a b", "is needed"),
        ("--restart false a b", "needs a --probe"),
        ("--restart false --probe true a", "at least two"),
        ("--restart false --probe true a a", "a is named twice"),
        ("--restart false --probe true a --ssh=b", "unknown option --ssh=b"),
        ("--restart false --probe true a b;reboot", "'b;reboot' cannot be"),
        ("--restart false --probe true --pause 1m a b", "'1m'"),
        ("--restart false --probe true --pause 08 a b", "'08'"),
        ("--restart false --probe true --timeout 0 a b", "'0'"),
        ("a b --restart", "--restart needs a value"),
    ] {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let ended = script(&arguments);
        assert!(
            ended.code == Some(64) && ended.stderr.contains(words) && ended.stdout.is_empty(),
            "{arguments:?}: {}",
            ended.text()
        );
    }
}
