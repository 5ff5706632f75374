//! The gateway (PostgreSQL, SQLite) and slapd back-mdb side by side: one generated directory, one run, the same
//! requests over LDAPS. `benches/side-by-side` installs what this needs and runs it.
//!
//! Costs are the operating system's account of the servers' processes, so the driver's own work is not in them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs
)]

mod chart;
mod client;
mod generate;
#[allow(dead_code, unused_imports)]
#[path = "../../tests/it/harness/mod.rs"]
mod harness;
mod measure;
mod operations;
mod report;
mod servers;

use clap::Parser;
use measure::{Measured, Phase};
use std::path::PathBuf;
use std::time::Duration;

/// Sizes can also be given in the environment, as SIDE_BY_SIDE_USERS and so on.
#[derive(Debug, Parser)]
#[command(
    name = "side-by-side",
    about = "Measures the gateway on PostgreSQL and SQLite, and slapd, side by side"
)]
pub struct Options {
    /// Users in the directory
    #[arg(long, default_value_t = from_environment("USERS", 20_000))]
    users: usize,
    /// Groups in the directory
    #[arg(long, default_value_t = from_environment("GROUPS", 11_000))]
    groups: usize,
    /// Groups that each user is in
    #[arg(long, default_value_t = from_environment("MEMBERSHIPS", 10))]
    memberships: usize,
    /// Measures every operation on every server this often, in turn
    #[arg(long, default_value_t = from_environment("ROUNDS", 4))]
    rounds: usize,
    /// How long one round of one operation takes on one server
    #[arg(long, default_value_t = from_environment("MILLISECONDS", 700))]
    milliseconds: u64,
    /// Connections of the second measurement, that of operations a second under load
    #[arg(long, default_value_t = from_environment("CONNECTIONS", 8))]
    connections: usize,
    /// Only operations with this text in their name
    #[arg(long)]
    only: Option<String>,
    /// Servers to leave out: slapd, postgresql, sqlite
    #[arg(long)]
    without: Vec<String>,
    /// LOG_LEVEL of the gateways; slapd logs nothing
    #[arg(long, default_value = "warn")]
    log_level: String,
    /// Where the figures go as JSON
    #[arg(long)]
    json: Option<PathBuf>,
    /// Instead of the comparison: cost of a lookup by uid over the number of users
    #[arg(long)]
    chart: bool,
    /// The chart's numbers of users
    #[arg(long, value_delimiter = ',', default_values_t = [200, 2_000, 20_000, 200_000, 1_000_000])]
    sizes: Vec<usize>,
    /// Serves the directory and waits for Enter instead of measuring, for profilers
    #[arg(long)]
    serve: bool,
    /// Given by `cargo bench`
    #[arg(long, hide = true)]
    bench: bool,
}

fn from_environment<T: std::str::FromStr>(name: &str, default: T) -> T {
    let given = std::env::var(format!("SIDE_BY_SIDE_{name}"));
    given.ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn main() {
    let options = Options::parse();
    if options.chart {
        return chart::run(&options);
    }
    let directory = generate::Directory::new(options.users, options.groups, options.memberships);
    let servers = servers::start(&directory, &options);
    if options.serve {
        for server in &servers {
            eprintln!("{}: {} processes {:?}", server.name, server.address, server.processes());
        }
        let _ = std::io::stdin().read_line(&mut String::new());
        return;
    }
    let operations = operations::all(&directory);
    let selected = operations.iter().filter(|operation| {
        let only = options.only.as_deref();
        only.is_none_or(|only| operation.name.contains(only))
    });
    let time = Duration::from_millis(options.milliseconds);
    let mut results = Vec::new();
    for operation in selected {
        eprintln!("side-by-side: {}", operation.name);
        let mut of_servers: Vec<Measured> = servers.iter().map(|server| Measured::new(server, operation)).collect();
        // In turn, so that what else the machine does meanwhile falls on all of them.
        for _ in 0..options.rounds {
            for (server, measured) in servers.iter().zip(&mut of_servers) {
                measure::round(server, operation, Phase::Alone, time, measured);
            }
        }
        // Listings of everything load a server by themselves, and take their time.
        let short = of_servers
            .iter()
            .all(|measured| measured.percentile(0.5) < measure::SHORT_US);
        for (server, measured) in servers.iter().zip(&mut of_servers).filter(|_| short) {
            measure::round(server, operation, Phase::Beside(options.connections), time, measured);
        }
        results.push(of_servers);
    }
    report::table(&options, &servers, &results);
    if let Some(file) = &options.json {
        std::fs::write(file, report::json(&options, &results)).unwrap();
    }
}
