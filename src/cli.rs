//! The command line: which commands there are, and which exit code each has.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::commands;

/// An LDAP server whose directory is your own SQL database.
///
/// Settings come from the environment, from `.env` in the working directory and from /etc/ldap-gateway/.env.
/// docs/settings.md lists all of them.
#[derive(Debug, Parser)]
#[command(name = "ldap-gateway", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the directory. Without a command this is done.
    Serve,
    /// Serve a sample directory from an embedded database and print the commands to try.
    Demo {
        /// The port to listen on, on loopback only.
        #[arg(long, default_value_t = commands::demo::PORT)]
        port: u16,
    },
    /// Check settings, certificate, database and queries, and say what would be served.
    Check,
    /// Ask a running gateway whether it is ready. The exit code is 0 if it is.
    Probe {
        /// The gateway to ask, such as ldaps://ldap1:636. By default the one that these settings start.
        uri: Option<String>,
    },
    /// Do a search as the gateway would, and say how the database finds its rows: statements, indexes, whole tables.
    ///
    /// The options are those of ldapsearch. A search that lists everything reads only the first rows.
    Explain(commands::explain::Arguments),
    /// Look at the tables of a database and propose settings for them, as a `.env` file with comments.
    ///
    /// It knows the tables of Django, WordPress, Laravel, Devise, Keycloak, Nextcloud and the manager, and tables with a
    /// column of names and one of password hashes. It prints the proposal and writes nothing, neither files nor anything in
    /// the database, unless --write names a file. The database is the one of SQL_URI or SQL_URI_FILE, from the environment
    /// or a `.env` file: a URI on the command line would show its password to everybody on the host.
    Init(commands::init::Arguments),
    /// Read a password from standard input and print its hash for the password column.
    HashPassword,
}

/// Runs the command that the process was started with.
pub fn run() -> ExitCode {
    let command = Arguments::parse().command.unwrap_or(Command::Serve);
    match command {
        Command::HashPassword => commands::hash_password::run(),
        Command::Serve => in_runtime(commands::serve::run()),
        Command::Demo { port } => in_runtime(commands::demo::run(port)),
        Command::Check => in_runtime(commands::check::run()),
        Command::Explain(arguments) => in_runtime(commands::explain::run(arguments)),
        Command::Init(arguments) => in_runtime(commands::init::run(arguments)),
        Command::Probe { uri } => in_runtime(commands::probe::run(uri)),
    }
}

fn in_runtime(command: impl Future<Output = ExitCode>) -> ExitCode {
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(command),
        Err(error) => {
            commands::complain(&format!("cannot start: {error}"));
            ExitCode::FAILURE
        }
    }
}
