//! What a lookup by uid costs in directories of different size.

use crate::Options;
use crate::generate::Directory;
use crate::measure::{self, Measured, Phase};
use crate::operations;
use crate::servers;
use serde_json::json;
use std::time::Duration;

/// Columns of the longest bar.
const WIDTH: f64 = 50.0;

/// Measures and prints.
pub fn run(options: &Options) {
    let mut figures = Vec::new();
    // All at once, measured in turn: what else the machine does falls on all of them.
    let all: Vec<_> = options
        .sizes
        .iter()
        .map(|users| {
            let directory = Directory::new(*users, 100, 1);
            let server = servers::on_postgresql(&directory, options);
            let lookup = operations::all(&directory).remove(0);
            let measured = Measured::new(&server, &lookup);
            (*users, server, lookup, measured)
        })
        .collect();
    let mut all = all;
    for _ in 0..options.rounds {
        for (_, server, lookup, measured) in &mut all {
            let time = Duration::from_millis(options.milliseconds);
            measure::round(server, lookup, Phase::Alone, time, measured);
        }
    }
    for (users, _, _, measured) in &all {
        figures.push((
            *users,
            measured.alone.server_us(),
            measured.alone.database_us(),
            measured.percentile(0.5),
        ));
    }
    println!(
        "Lookup by uid on PostgreSQL: CPU in µs, # the gateway's, = the database's; p50 in µs on one connection\n"
    );
    let most = figures
        .iter()
        .map(|(_, server, database, _)| server + database)
        .fold(1.0, f64::max);
    for (users, server, database, p50) in &figures {
        let bar = |cost: f64, mark: &str| mark.repeat((cost / most * WIDTH).round() as usize);
        println!(
            "{users:>9} users {server:>4.0} + {database:>3.0} = {:>4.0}  p50 {p50:>4.0}  {}{}",
            server + database,
            bar(*server, "#"),
            bar(*database, "=")
        );
    }
    if let (Some(least), Some(last)) = (figures.first(), figures.last()) {
        let ratio = (last.1 + last.2) / (least.1 + least.2);
        println!("\n{} users to {}: {ratio:.2} (at most 1.3)", last.0, least.0);
    }
    if let Some(file) = &options.json {
        let sizes: Vec<_> = figures
            .iter()
            .map(|(users, server, database, p50)| {
                json!({"users": users, "cpu_server_us": server, "cpu_database_us": database, "p50_us": p50})
            })
            .collect();
        std::fs::write(file, format!("{:#}\n", json!({"lookup by uid": sizes}))).unwrap();
    }
}
