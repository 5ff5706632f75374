//! The commands, a file or a folder each. They alone speak to the person at the terminal.

pub(crate) mod check;
pub(crate) mod demo;
pub(crate) mod explain;
pub(crate) mod hash_password;
pub(crate) mod init;
pub(crate) mod probe;
pub(crate) mod serve;

use crate::{
    auth::password::classify,
    config::{Config, ConfigErrors, EXIT_CODE, EnvSource, Problem, Warning},
};
use std::{
    io::{self, Write},
    process::ExitCode,
};

/// Prints a line on standard output. A closed pipe is no error: the reader has seen enough.
pub fn say(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// Prints a line on standard error.
pub fn complain(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// The settings of this process.
///
/// # Errors
/// The exit code. Everything that is wrong has been printed.
fn settings() -> Result<(Config, Vec<Warning>), ExitCode> {
    let (config, mut problems, warnings) = Config::load_leniently(&EnvSource::from_process());
    problems.extend(unusable_hashes(&config));
    match problems.is_empty() {
        true => Ok((config, warnings)),
        false => Err(report(&ConfigErrors { problems, warnings })),
    }
}

/// The passwords of service accounts that are no hashes: in plain text they would never match, and somebody could read
/// them.
fn unusable_hashes(config: &Config) -> Vec<Problem> {
    let realms = config.realms.iter();
    let accounts = realms.flat_map(|realm| {
        let accounts = realm.policy.access.service_accounts.iter();
        accounts.map(move |account| (realm, account))
    });
    let unusable = accounts.filter_map(|(realm, account)| {
        let found = classify(account.password.reveal());
        let (what, why) = (found.scheme, found.problem?);
        Some(Problem {
            variable: realm.place("SERVICE_ACCOUNTS"),
            found: None,
            text: format!(
                "the password of {} must be a hash, such as `ldap-gateway hash-password` makes; {what}: {why}",
                account.dn
            ),
        })
    });
    unusable.collect()
}

fn report(errors: &ConfigErrors) -> ExitCode {
    complain(&errors.to_string());
    ExitCode::from(EXIT_CODE)
}
