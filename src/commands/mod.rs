//! The commands, one file each. They speak to the person at the terminal; nothing below them does.

pub mod check;
pub mod demo;
pub mod explain;
pub mod hash_password;
pub mod probe;
pub mod serve;

use crate::{
    config::{Config, ConfigErrors, EXIT_CODE, EnvSource, NameChecks, Warning},
    directory::naming::tree::container_rdn,
    model::{dn::Dn, schema::Schema},
};
use std::{
    io::{self, Write},
    process::ExitCode,
};

/// Prints a line on standard output; a closed pipe is nobody's problem.
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
/// The exit code, after everything that is wrong has been said.
fn settings() -> Result<(Config, Vec<Warning>), ExitCode> {
    Config::load(&EnvSource::from_process(), NAME_CHECKS).map_err(|errors| report(&errors))
}

fn report(errors: &ConfigErrors) -> ExitCode {
    complain(&errors.to_string());
    ExitCode::from(EXIT_CODE)
}

const NAME_CHECKS: NameChecks = NameChecks {
    dn: base_dn,
    rdn: |text| container_rdn(text).map(drop),
};

/// Says why a text is no DN that can be a base.
fn base_dn(text: &str) -> Result<(), String> {
    match Dn::parse(text) {
        Ok(dn) if dn.is_root() => Err("it is empty".to_owned()),
        // No search could name it as its base.
        Ok(dn) if !dn.is_valid(&Schema::standard()) => {
            Err("it has an attribute type that is in no schema, or a value that its type does not allow".to_owned())
        }
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}
