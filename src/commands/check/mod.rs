//! `check`: says everything that is wrong or odd about settings, certificate, database and queries, and what the directory
//! would be. It serves nothing and writes nothing.
//!
//! `settings` tells the settings as they are understood and where each comes from, `certificate` what clients are shown,
//! `chain` what a bind must pass, `sign_in` what its links have and lack, `database` asks the database about the
//! queries, `columns` tells what their columns become, `contents` what the
//! directory would hold, `values` what the rows' values are, `logins` who can log in, `readers` who may search and is not
//! there. All of it goes into a `report`, which is printed to standard
//! output; what is wrong goes to standard error, each line with the name of its variable.

mod answer;
mod certificate;
mod chain;
mod clock;
mod columns;
mod contents;
mod database;
mod logins;
mod password_change;
mod readers;
mod report;
mod settings;
mod sign_in;
mod values;

use std::process::ExitCode;

use self::report::{Fault, Report};
use super::{complain, say, unusable_hashes};
use crate::config::{Config, EXIT_CODE, EnvSource};

/// Checks what `serve` would be started with.
pub async fn run() -> ExitCode {
    let (config, mut problems, warnings) = Config::load_leniently(&EnvSource::from_process());
    problems.extend(unusable_hashes(&config));
    let mut report = Report::new(&problems, &warnings);
    settings::show(&config, &mut report);
    certificate::check(&config, &mut report);
    for realm in config.realms.iter() {
        database::check(realm, &mut report).await;
        certificate::check_authorities(realm, &mut report);
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
