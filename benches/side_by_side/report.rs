//! The figures, as a table for people and as JSON for programs.

use crate::Options;
use crate::measure::Measured;
use crate::servers::{ON_POSTGRESQL, SLAPD, Server};
use serde_json::{Value, json};

/// Prints the table, and which bars of the project's are met.
pub fn table(options: &Options, servers: &[Server], results: &[Vec<Measured>]) {
    println!(
        "{} users, {} groups, {} memberships a user; CPU in µs per operation, user and system, latency in µs on one connection;\n\
         the last three columns are on {} connections. LDAPS (TLS 1.3, AES-256-GCM), gateway's LOG_LEVEL={}.\n",
        options.users, options.groups, options.memberships, options.connections, options.log_level
    );
    println!(
        "| operation | server | entries | KiB | CPU server | CPU database | together | p50 | p99 | ops/s | ratio server | ratio together | ratio p50 | CPU together, loaded | ratio server, loaded | ops/s, loaded |"
    );
    println!("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for of_servers in results {
        let peer = of_servers.iter().find(|measured| measured.server == SLAPD);
        for (number, measured) in of_servers.iter().enumerate() {
            let costs = measured.alone;
            let loaded = |figure: f64| match measured.beside.is_empty() {
                true => "–".to_owned(),
                false => format!("{figure:.0}"),
            };
            let ratio = |of: &dyn Fn(&Measured) -> f64| match peer {
                Some(peer) if number > 0 => format!("{:.2}", of(measured) / of(peer)),
                _ => String::new(),
            };
            println!(
                "| {} | {} | {} | {:.1} | {:.0} | {} | {:.0} | {:.0} | {:.0} | {:.0} | {} | {} | {} | {} | {} | {} |",
                if number == 0 { measured.operation } else { "" },
                measured.server,
                measured.entries,
                measured.octets as f64 / 1024.0,
                costs.server_us(),
                match costs.database.is_zero() {
                    true => "–".to_owned(),
                    false => format!("{:.0}", costs.database_us()),
                },
                costs.together_us(),
                measured.percentile(0.5),
                measured.percentile(0.99),
                costs.per_second(),
                ratio(&|measured| measured.alone.server_us()),
                ratio(&|measured| measured.alone.together_us()),
                ratio(&|measured| measured.percentile(0.5)),
                loaded(measured.beside.together_us()),
                match measured.beside.is_empty() {
                    true => String::new(),
                    false => ratio(&|measured| measured.beside.server_us()),
                },
                loaded(measured.beside.per_second()),
            );
        }
    }
    println!("\nAttributes asked for:");
    for first in results.iter().filter_map(|of_servers| of_servers.first()) {
        println!("- {}: {}; {}", first.operation, first.attributes, first.filter);
    }
    if servers.iter().any(|server| server.name == SLAPD) {
        bars(results);
    }
}

/// A bar: operation, what is compared, at most this ratio to slapd's.
type Bar = (&'static str, &'static str, fn(&Measured) -> f64, f64);

const BARS: [Bar; 6] = [
    ("lookup by uid", "CPU of the gateway", |m| m.alone.server_us(), 0.5),
    (
        "lookup by uid",
        "CPU of the gateway, loaded",
        |m| m.beside.server_us(),
        0.5,
    ),
    ("lookup by uid", "CPU together", |m| m.alone.together_us(), 1.5),
    ("lookup by uid", "p50", |m| m.percentile(0.5), 1.5),
    ("groups of a member", "CPU together", |m| m.alone.together_us(), 1.0),
    ("list all users", "CPU of the gateway", |m| m.alone.server_us(), 0.7),
];

fn bars(results: &[Vec<Measured>]) {
    println!("\nBars, the gateway on PostgreSQL to slapd:");
    for (operation, what, of, most) in BARS {
        let find = |server: &str| {
            let mut all = results.iter().flatten();
            all.find(|measured| measured.operation == operation && measured.server == server)
        };
        if let (Some(ours), Some(theirs)) = (find(ON_POSTGRESQL), find(SLAPD)) {
            let ratio = of(ours) / of(theirs);
            let verdict = if ratio <= most { "met" } else { "MISSED" };
            println!("- {operation}, {what}: {ratio:.2}, at most {most}: {verdict}");
        }
    }
}

/// Everything that was measured.
pub fn json(options: &Options, results: &[Vec<Measured>]) -> String {
    let mut lines = Vec::new();
    for of_servers in results {
        let peer = of_servers.iter().find(|measured| measured.server == SLAPD);
        for measured in of_servers {
            lines.push(line(measured, peer));
        }
    }
    let whole = json!({
        "users": options.users,
        "groups": options.groups,
        "memberships": options.memberships,
        "connections": options.connections,
        "log_level": options.log_level,
        "results": lines,
    });
    format!("{whole:#}\n")
}

fn line(measured: &Measured, peer: Option<&Measured>) -> Value {
    let (alone, beside) = (measured.alone, measured.beside);
    json!({
        "operation": measured.operation,
        "server": measured.server,
        "attributes": measured.attributes,
        "example": measured.filter,
        "entries": measured.entries,
        "octets": measured.octets,
        "operations": alone.operations,
        "operations_per_second": alone.per_second(),
        "p50_us": measured.percentile(0.5),
        "p99_us": measured.percentile(0.99),
        "cpu_server_us": alone.server_us(),
        "cpu_database_us": alone.database_us(),
        "loaded": {
            "operations": beside.operations,
            "operations_per_second": beside.per_second(),
            "cpu_server_us": beside.server_us(),
            "cpu_database_us": beside.database_us(),
        },
        "ratio_to_slapd": peer.map(|peer| json!({
            "cpu_server": alone.server_us() / peer.alone.server_us(),
            "cpu_together": alone.together_us() / peer.alone.together_us(),
            "p50": measured.percentile(0.5) / peer.percentile(0.5),
            "cpu_server_loaded": beside.server_us() / peer.beside.server_us(),
        })),
    })
}
