//! The `ldap-gateway` program: everything it does lives in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    ldap_gateway::cli::run()
}
