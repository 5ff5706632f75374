//! `check`: says everything that is wrong or odd about settings, certificate, database and queries, and what the directory
//! would be. It serves nothing and writes nothing.
//!
//! `chain` tells what a bind must pass, `sign_in` what its links have and lack, `database` asks the database about the
//! queries, `columns` tells what their columns become, `contents` what the
//! directory would hold, `values` what the rows' values are, `readers` who may search and is not there. All of it goes into a `report`, which is printed to standard
//! output; what is wrong goes to standard error, each line with the name of its variable.

mod answer;
mod chain;
mod columns;
mod contents;
mod database;
mod password_change;
mod readers;
mod report;
mod sign_in;
mod values;

use std::process::ExitCode;

use self::report::{Fault, Report};
use super::{complain, say, unusable_hashes};
use crate::{
    config::{Config, EXIT_CODE, EnvSource, TlsVersion},
    server::tls,
};

/// Checks what `serve` would be started with.
pub async fn run() -> ExitCode {
    let (config, mut problems, warnings) = Config::load_leniently(&EnvSource::from_process());
    problems.extend(unusable_hashes(&config));
    let mut report = Report::new(&problems, &warnings);
    certificate(&config, &mut report);
    for realm in config.realms.iter() {
        database::check(realm, &mut report).await;
    }
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

fn certificate(config: &Config, report: &mut Report) {
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
    if report.has_wrong_setting(&sources) {
        return;
    }
    let mut settings = config.tls.clone();
    if report.has_wrong_setting(&["TLS_MIN_VERSION", "TLS_MAX_VERSION"]) {
        // Nobody can say whether the suites fit the versions. The pair can still be looked at.
        settings.min_version = TlsVersion::V1_2;
        settings.max_version = TlsVersion::V1_3;
        settings.ciphers = None;
    }
    match tls::check(&settings) {
        Ok(setup) => {
            // `check` makes one too, and throws it away.
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
