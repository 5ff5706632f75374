//! `check`: everything that is wrong or odd about settings, certificate, database and queries, in one go; then what
//! the directory would be. Serves nothing, writes nothing.
//!
//! The report goes to standard output, what is wrong to standard error, each line with the name of its variable.

mod columns;
mod database;
mod report;
mod rows;
mod survey;

use std::process::ExitCode;

use self::report::{Fault, Report};
use super::{complain, say};
use crate::{
    config::{Config, EXIT_CODE, EnvSource, Problem, TlsVersion},
    server::tls,
};

/// Checks what `serve` would be started with.
pub async fn run() -> ExitCode {
    let (config, problems, warnings) = Config::load_leniently(&EnvSource::from_process());
    let mut report = Report::default();
    for problem in &problems {
        report.fault(Fault::Settings, problem.to_string());
    }
    for warning in &warnings {
        report.warn(warning.to_string());
    }
    certificate(&config, &problems, &mut report);
    database::check(&config, &problems, &mut report).await;
    let text = report.to_string();
    if !text.is_empty() {
        say(&text);
    }
    let faults = report.faults();
    if faults.is_empty() {
        return ExitCode::SUCCESS;
    }
    complain(&format!(
        "{} problem{}:",
        faults.len(),
        if faults.len() == 1 { "" } else { "s" }
    ));
    for (_, text) in faults {
        complain(text);
    }
    if faults.iter().any(|(fault, _)| *fault == Fault::Settings) {
        ExitCode::from(EXIT_CODE)
    } else {
        ExitCode::FAILURE
    }
}

/// Whether a problem names one of these settings, so that what was read for it is a stand-in.
fn is_wrong(problems: &[Problem], names: &[&str]) -> bool {
    problems
        .iter()
        .any(|problem| names.contains(&problem.variable.as_str()))
}

fn certificate(config: &Config, problems: &[Problem], report: &mut Report) {
    if config.network.unencrypted {
        report.section("Certificate", vec!["none: LDAP_UNENCRYPTED is true".to_owned()]);
        return;
    }
    let sources = [
        "LDAP_CERT_CONTENT",
        "LDAP_KEY_CONTENT",
        "LDAP_CERT_PATH",
        "LDAP_KEY_PATH",
        "LDAP_UNENCRYPTED",
    ];
    if is_wrong(problems, &sources) {
        return;
    }
    let mut settings = config.tls.clone();
    if is_wrong(problems, &["TLS_MIN_VERSION", "TLS_MAX_VERSION"]) {
        // Whether the suites fit the versions cannot be said; the pair can still be looked at.
        settings.min_version = TlsVersion::V1_2;
        settings.max_version = TlsVersion::V1_3;
        settings.ciphers = None;
    }
    match tls::check(&settings) {
        Ok(setup) => {
            // One that is made by `check` is thrown away again.
            let line = match setup.self_made {
                true => "made when the gateway starts".to_owned(),
                false => format!("SHA-256 fingerprint {}", setup.fingerprint),
            };
            report.section("Certificate", vec![line]);
            for warning in setup.warnings {
                report.warn(warning);
            }
        }
        Err(errors) => {
            for error in errors.0 {
                report.fault(Fault::Settings, error.to_string());
            }
        }
    }
}
