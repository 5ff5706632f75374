//! The commands, a file or a folder each. They alone speak to the person at the terminal.

pub(crate) mod check;
pub(crate) mod demo;
pub(crate) mod explain;
pub(crate) mod hash_password;
pub(crate) mod probe;
pub(crate) mod serve;

use crate::config::{Config, ConfigErrors, EXIT_CODE, EnvSource, Warning};
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
    Config::load(&EnvSource::from_process()).map_err(|errors| report(&errors))
}

fn report(errors: &ConfigErrors) -> ExitCode {
    complain(&errors.to_string());
    ExitCode::from(EXIT_CODE)
}
