//! The counters in Prometheus' text format, with the names that docs/observability.md lists.

use std::{
    fmt::{self, Display, Write},
    sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    time::UNIX_EPOCH,
};

use super::{
    ABANDONED, BOUNDS, CODES, DISCONNECTED, Histogram, Metrics, OTHER_CODE, Operation, STATEMENT_ENDS, Statement,
    UNANSWERED,
};

/// The name of a result code.
pub type CodeName = fn(u16) -> &'static str;

/// What is looked at when it is asked for, and not counted.
#[derive(Debug, Clone, Default)]
pub struct Gauges {
    /// The outage state, one of `states`.
    pub state: &'static str,
    /// All outage states.
    pub states: &'static [&'static str],
    /// Whether clients are served.
    pub ready: bool,
    /// The most connections to the database.
    pub pool_size: usize,
    /// Those that run a statement, or are being opened for one.
    pub pool_in_use: usize,
    /// Those that are open and unused.
    pub pool_idle: usize,
    /// Values that could not be decoded and were served as absent.
    pub undecodable_values: u64,
    /// Threads that verify passwords.
    pub hashing_threads: usize,
    /// Verifications that run.
    pub hashing_running: usize,
    /// Verifications that wait for a thread.
    pub hashing_waiting: usize,
}

impl Metrics {
    /// Everything, as a scrape gets it.
    pub fn render(&self, gauges: &Gauges, code_name: CodeName) -> String {
        let mut page = Page(String::with_capacity(32 * 1024));
        // Writing to a string does not fail.
        let _ = self
            .operations(&mut page, code_name)
            .and_then(|()| self.connections(&mut page))
            .and_then(|()| self.database(&mut page, gauges))
            .and_then(|()| self.process(&mut page, gauges));
        page.0
    }

    fn operations(&self, page: &mut Page, code_name: CodeName) -> fmt::Result {
        page.family(
            "operations_total",
            "counter",
            "Operations that have ended, by kind and result code.",
        )?;
        for (of_kind, operation) in self.0.operations.iter().zip(Operation::ALL) {
            for (place, count) in of_kind.ended.iter().enumerate() {
                let count = count.load(Relaxed);
                // Alerts on a rate need a series that is there before its first increment.
                if count == 0 && (place > 0 || operation as usize > Operation::Extended as usize) {
                    continue;
                }
                let code = if place < CODES {
                    place.to_string()
                } else {
                    String::new()
                };
                let result = match place {
                    OTHER_CODE => "other",
                    DISCONNECTED => "disconnected",
                    ABANDONED => "abandoned",
                    UNANSWERED => "unanswered",
                    code => code_name(u16::try_from(code).unwrap_or(u16::MAX)),
                };
                let operation = operation.name();
                page.sample(
                    "operations_total",
                    &[("operation", operation), ("code", &code), ("result", result)],
                    count,
                )?;
            }
        }
        let name = "operation_duration_seconds";
        page.family(name, "histogram", "From the request's arrival to its final response.")?;
        for (of_kind, operation) in self.0.operations.iter().zip(Operation::ALL) {
            // What was never answered has no duration.
            if operation as usize <= Operation::Extended as usize {
                page.histogram(name, ("operation", operation.name()), &of_kind.duration)?;
            }
        }
        page.one(
            "operations_in_flight",
            "gauge",
            "Requests received and not answered yet.",
            of(&self.0.in_flight),
        )?;
        page.one(
            "entries_sent_total",
            "counter",
            "Search result entries.",
            self.0.entries.load(Relaxed),
        )
    }

    fn connections(&self, page: &mut Page) -> fmt::Result {
        let inner = &self.0;
        let counter = |count: &AtomicU64| count.load(Relaxed);
        page.one(
            "received_bytes_total",
            "counter",
            "LDAP read from clients, without TLS.",
            counter(&inner.received),
        )?;
        page.one(
            "sent_bytes_total",
            "counter",
            "LDAP written to clients, without TLS.",
            counter(&inner.sent),
        )?;
        page.one("connections_open", "gauge", "Client connections.", of(&inner.open))?;
        page.one(
            "connections_total",
            "counter",
            "Client connections accepted.",
            counter(&inner.connections),
        )?;
        page.one(
            "tls_handshake_failures_total",
            "counter",
            "TLS handshakes that were begun and failed.",
            counter(&inner.handshake_failures),
        )?;
        let expiry = inner.certificate_expiry.load(Relaxed);
        page.family(
            "certificate_expiry_timestamp_seconds",
            "gauge",
            "End of validity of the certificate that new connections get.",
        )?;
        if expiry != 0 {
            page.sample("certificate_expiry_timestamp_seconds", &[], expiry)?;
        }
        page.family(
            "certificate_reloads_total",
            "counter",
            "Changed certificate files that were read.",
        )?;
        for (result, count) in [
            ("success", &inner.certificates_read),
            ("failure", &inner.certificates_refused),
        ] {
            page.sample("certificate_reloads_total", &[("result", result)], counter(count))?;
        }
        page.one(
            "certificate_stale",
            "gauge",
            "1 while the certificate files cannot be used and an older certificate is served.",
            u8::from(inner.certificate_stale.load(Relaxed)),
        )
    }

    fn database(&self, page: &mut Page, gauges: &Gauges) -> fmt::Result {
        page.family("database_state", "gauge", "1 for the state that the database is in.")?;
        for state in gauges.states {
            page.sample("database_state", &[("state", state)], u8::from(*state == gauges.state))?;
        }
        page.family(
            "sql_statements_total",
            "counter",
            "Statements sent to the database, by what for and how they ended.",
        )?;
        for (of_statement, (_, name)) in self.0.statements.iter().zip(Statement::ALL) {
            for (count, result) in of_statement.ended.iter().zip(STATEMENT_ENDS) {
                let labels = [("statement", name), ("result", result)];
                page.sample("sql_statements_total", &labels, count.load(Relaxed))?;
            }
        }
        let name = "sql_statement_duration_seconds";
        page.family(name, "histogram", "From sending a statement to its last row.")?;
        for (of_statement, (_, label)) in self.0.statements.iter().zip(Statement::ALL) {
            page.histogram(name, ("statement", label), &of_statement.duration)?;
        }
        page.one(
            "sql_pool_size",
            "gauge",
            "The most connections to the database.",
            gauges.pool_size,
        )?;
        page.one(
            "sql_pool_in_use",
            "gauge",
            "Places in the pool that are taken.",
            gauges.pool_in_use,
        )?;
        page.one(
            "sql_pool_idle",
            "gauge",
            "Connections to the database that are open and unused.",
            gauges.pool_idle,
        )?;
        page.one(
            "sql_pool_waiting",
            "gauge",
            "Statements that wait for a place.",
            of(&self.0.pool_waiting),
        )?;
        page.one(
            "sql_undecodable_values_total",
            "counter",
            "Values that could not be decoded and were served as absent.",
            gauges.undecodable_values,
        )
    }

    fn process(&self, page: &mut Page, gauges: &Gauges) -> fmt::Result {
        page.one(
            "hashing_threads",
            "gauge",
            "Threads that verify passwords.",
            gauges.hashing_threads,
        )?;
        page.one(
            "hashing_running",
            "gauge",
            "Passwords being verified.",
            gauges.hashing_running,
        )?;
        page.one(
            "hashing_waiting",
            "gauge",
            "Passwords that wait to be verified.",
            gauges.hashing_waiting,
        )?;
        page.one(
            "ready",
            "gauge",
            "1 while clients are served, as /readyz says.",
            u8::from(gauges.ready),
        )?;
        page.one(
            "log_lines_dropped_total",
            "counter",
            "Log lines dropped because standard error did not take them.",
            self.0.log_lines_dropped.load(Relaxed),
        )?;
        page.family("build_info", "gauge", "Always 1; the version is in its label.")?;
        page.sample("build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1)?;
        let started = self.0.started.duration_since(UNIX_EPOCH).unwrap_or_default();
        page.start_time(started.as_secs_f64())
    }
}

/// A gauge; between an addition and its subtraction on other threads it may look negative for a moment.
fn of(gauge: &AtomicI64) -> i64 {
    gauge.load(Relaxed).max(0)
}

struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) -> fmt::Result {
        writeln!(
            self.0,
            "# HELP ldap_gateway_{name} {help}\n# TYPE ldap_gateway_{name} {kind}"
        )
    }

    /// A family of one sample without labels.
    fn one(&mut self, name: &str, kind: &str, help: &str, value: impl Display) -> fmt::Result {
        self.family(name, kind, help)?;
        self.sample(name, &[], value)
    }

    /// Labels are words of ours, so there is nothing to escape.
    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) -> fmt::Result {
        write!(self.0, "ldap_gateway_{name}")?;
        for (number, (label, text)) in labels.iter().enumerate() {
            write!(self.0, "{}{label}=\"{text}\"", if number == 0 { '{' } else { ',' })?;
        }
        writeln!(self.0, "{} {value}", if labels.is_empty() { "" } else { "}" })
    }

    fn histogram(&mut self, name: &str, label: (&str, &str), histogram: &Histogram) -> fmt::Result {
        let mut count = 0;
        let bounds = BOUNDS.iter().map(|(_, text)| *text).chain(["+Inf"]);
        for (bucket, bound) in histogram.buckets.iter().zip(bounds) {
            count += bucket.load(Relaxed);
            self.sample(&format!("{name}_bucket"), &[label, ("le", bound)], count)?;
        }
        let seconds = std::time::Duration::from_nanos(histogram.nanoseconds.load(Relaxed)).as_secs_f64();
        self.sample(&format!("{name}_sum"), &[label], seconds)?;
        self.sample(&format!("{name}_count"), &[label], count)
    }

    /// The one name that every exporter has in common.
    fn start_time(&mut self, seconds: f64) -> fmt::Result {
        let name = "process_start_time_seconds";
        writeln!(
            self.0,
            "# HELP {name} When the process was started.\n# TYPE {name} gauge\n{name} {seconds}"
        )
    }
}
