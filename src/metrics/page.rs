//! The page of a scrape: all families in Prometheus' text format, under the names that docs/observability.md lists.

use std::{
    fmt::{self, Display, Write},
    sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    time::{Duration, UNIX_EPOCH},
};

use super::{
    counters::{BOUNDS, Histogram, Metrics, Values},
    labels::{Approval, ConnectionFailure, Link, LinkResult, Operation, Statement, StatementEnd},
};

/// Gives the name of a result code.
pub type CodeName = fn(u16) -> &'static str;

/// What nobody counts: it is looked up for each scrape.
#[derive(Debug, Clone, Default)]
pub struct Gauges {
    /// Whether clients are served.
    pub ready: bool,
    /// All outage states.
    pub states: &'static [&'static str],
    /// What is counted for each realm alone; empty where there is one.
    pub realms: Vec<(Labels, Metrics)>,
    /// Each database.
    pub databases: Vec<DatabaseGauges>,
    /// Each query.
    pub queries: Vec<QueryGauge>,
    /// Seconds until the first certificate of the served chain ends, and whether all of them are valid; none without TLS.
    pub certificate: Option<(i64, bool)>,
    /// Threads that verify passwords.
    pub hashing_threads: usize,
    /// Verifications that run.
    pub hashing_running: usize,
    /// Verifications that wait for a thread.
    pub hashing_waiting: usize,
}

/// Labels of samples, names and values.
pub type Labels = Vec<(&'static str, String)>;

/// Whether a query works.
#[derive(Debug, Clone)]
pub struct QueryGauge {
    /// Whose it is; empty where there is one realm.
    pub labels: Labels,
    /// The setting that holds it.
    pub query: &'static str,
    /// Whether the database takes it.
    pub works: bool,
}

/// What is looked up of one database, and what is counted of it.
#[derive(Debug, Clone, Default)]
pub struct DatabaseGauges {
    /// What tells it from the others; empty where there is one.
    pub labels: Labels,
    /// What it counts into.
    pub metrics: Metrics,
    /// The outage state, one of [`Gauges::states`].
    pub state: &'static str,
    /// The most connections to it.
    pub pool_size: usize,
    /// Those that run a statement, or are being opened for one.
    pub pool_in_use: usize,
    /// Those that are open and unused.
    pub pool_idle: usize,
    /// Values that could not be decoded and were served as absent.
    pub undecodable_values: u64,
    /// How far its clock is ahead of ours, in seconds; none where it was not asked.
    pub clock_offset: Option<i64>,
}

impl Metrics {
    /// The page: what was counted, and `gauges`.
    pub fn render(&self, gauges: &Gauges, code_name: CodeName) -> String {
        let mut page = Page(String::with_capacity(32 * 1024));
        self.operations(&mut page, gauges, code_name);
        let none = Labels::new();
        let realms = gauges.realms.iter().map(|(labels, metrics)| (labels, metrics));
        // Counted for each realm, or for all together where there is one.
        let counted: Vec<(&Labels, &Metrics)> = match gauges.realms.is_empty() {
            true => vec![(&none, self)],
            false => realms.collect(),
        };
        chain(&mut page, &counted);
        binds(&mut page, &counted);
        self.connections(&mut page, gauges);
        databases(&mut page, gauges);
        self.process(&mut page, gauges);
        page.0
    }

    fn operations(&self, page: &mut Page, gauges: &Gauges, code_name: CodeName) {
        let none = Labels::new();
        let realms = gauges.realms.iter().map(|(labels, metrics)| (labels, metrics));
        let counted: Vec<(&Labels, &Metrics)> = [(&none, self)].into_iter().chain(realms).collect();
        let name = "operations_total";
        page.family(name, COUNTER, "Operations that have ended, by kind and result code.");
        for (of, metrics) in &counted {
            for (operations, operation) in metrics.0.operations.iter().zip(Operation::ALL) {
                for (how, count) in operations.endings.counts() {
                    // An alert on a rate needs a series that is there before its first increment.
                    let shown = count > 0 || (how == Ok(0) && operation.is_served());
                    if shown {
                        let code = how.map_or_else(|_| String::new(), |code| code.to_string());
                        let result = how.map_or_else(|word| word, code_name);
                        let labels = [("operation", operation.name()), ("code", &code), ("result", result)];
                        page.sample(name, &with(&labels, of), count);
                    }
                }
            }
        }
        let name = "operation_duration_seconds";
        page.family(name, HISTOGRAM, "From the request's arrival to its final response.");
        for (of, metrics) in &counted {
            for (operations, operation) in metrics.0.operations.iter().zip(Operation::ALL) {
                if operation.is_served() {
                    let labels = with(&[("operation", operation.name())], of);
                    page.histogram(name, &labels, &operations.duration);
                }
            }
        }
        let help = "Requests received and not answered yet.";
        page.gauge("operations_in_flight", help, not_negative(&self.0.in_flight));
        let name = "entries_sent_total";
        page.family(name, COUNTER, "Search result entries.");
        for (of, metrics) in &counted {
            page.sample(name, &with(&[], of), metrics.0.entries.load(Relaxed));
        }
    }

    fn connections(&self, page: &mut Page, gauges: &Gauges) {
        let values = &self.0;
        let help = "LDAP read from clients, without TLS.";
        page.counter("received_bytes_total", help, &values.received);
        let help = "LDAP written to clients, without TLS.";
        page.counter("sent_bytes_total", help, &values.sent);
        page.gauge("connections_open", "Client connections.", not_negative(&values.open));
        let help = "Client connections accepted.";
        page.counter("connections_total", help, &values.connections);
        let help = "TLS handshakes that were begun and failed.";
        page.counter("tls_handshake_failures_total", help, &values.handshake_failures);
        let name = "connection_failures_total";
        page.family(name, COUNTER, "Connections that came to nothing, by why.");
        for (count, (_, cause)) in values.connection_failures.iter().zip(ConnectionFailure::ALL) {
            page.sample(name, &[("cause", cause)], count.load(Relaxed));
        }
        let name = "certificate_expiry_timestamp_seconds";
        let help = "End of validity of the certificate that new connections get.";
        page.family(name, GAUGE, help);
        let expiry = values.certificate_expiry.load(Relaxed);
        if expiry != 0 {
            page.sample(name, &[], expiry);
        }
        if let Some((seconds, is_valid)) = gauges.certificate {
            let help = "Seconds until the first certificate of the chain ends; negative when it has.";
            page.gauge("certificate_seconds_left", help, seconds);
            let help = "1 while all certificates of the chain are valid.";
            page.gauge("certificate_valid", help, u8::from(is_valid));
        }
        let name = "certificate_reloads_total";
        page.family(name, COUNTER, "Changed certificate files that were read.");
        page.sample(name, &[("result", "success")], values.certificates_read.load(Relaxed));
        let refused = values.certificates_refused.load(Relaxed);
        page.sample(name, &[("result", "failure")], refused);
        let help = "1 while the certificate files cannot be used and an older certificate is served.";
        let stale = values.certificate_stale.load(Relaxed);
        page.gauge("certificate_stale", help, u8::from(stale));
    }

    fn process(&self, page: &mut Page, gauges: &Gauges) {
        let help = "Threads that verify passwords.";
        page.gauge("hashing_threads", help, gauges.hashing_threads);
        page.gauge("hashing_running", "Passwords being verified.", gauges.hashing_running);
        let help = "Passwords that wait to be verified.";
        page.gauge("hashing_waiting", help, gauges.hashing_waiting);
        let help = "1 while the LDAP port is open.";
        page.gauge("listening", help, u8::from(self.is_listening()));
        let help = "1 while clients are served, as /readyz says.";
        page.gauge("ready", help, u8::from(gauges.ready));
        let help = "Log lines lost because standard error did not take them.";
        page.counter("log_lines_dropped_total", help, &self.0.log_lines_dropped);
        let help = "1 while the log can be written.";
        page.gauge("log_writable", help, u8::from(self.log_error().is_none()));
        let name = "build_info";
        page.family(name, GAUGE, "Always 1; the version is in its label.");
        page.sample(name, &[("version", env!("CARGO_PKG_VERSION"))], 1);
        let started = self.0.started.0.duration_since(UNIX_EPOCH).unwrap_or_default();
        page.start_time(started.as_secs_f64());
    }
}

fn chain(page: &mut Page, counted: &[(&Labels, &Metrics)]) {
    let name = "auth_link_results_total";
    page.family(name, COUNTER, "What the links of the chain said to binds.");
    for (of, metrics) in counted {
        for (counts, (_, link)) in metrics.0.chain.links.iter().zip(Link::ALL) {
            for (count, (_, result)) in counts.results.iter().zip(LinkResult::ALL) {
                let labels = with(&[("link", link), ("result", result)], of);
                page.sample(name, &labels, count.load(Relaxed));
            }
        }
    }
    let name = "auth_link_seconds_total";
    page.family(name, COUNTER, "Time that binds spent in a link, waiting included.");
    for (of, metrics) in counted {
        for (counts, (_, link)) in metrics.0.chain.links.iter().zip(Link::ALL) {
            let time = Duration::from_nanos(counts.nanoseconds.load(Relaxed));
            page.sample(name, &with(&[("link", link)], of), time.as_secs_f64());
        }
    }
    let name = "auth_link_running";
    page.family(name, GAUGE, "Binds that are in a link now.");
    for (of, metrics) in counted {
        for (counts, (_, link)) in metrics.0.chain.links.iter().zip(Link::ALL) {
            page.sample(name, &with(&[("link", link)], of), not_negative(&counts.running));
        }
    }
    let name = "notification_results_total";
    let help = "Binds that somebody was to approve, by what became of that.";
    page.family(name, COUNTER, help);
    for (of, metrics) in counted {
        for (count, (_, result)) in metrics.0.chain.approvals.iter().zip(Approval::ALL) {
            page.sample(name, &with(&[("result", result)], of), count.load(Relaxed));
        }
    }
}

fn binds(page: &mut Page, counted: &[(&Labels, &Metrics)]) {
    let mut each = |name, kind, help, value: fn(&Values) -> u64| {
        page.family(name, kind, help);
        for (of, metrics) in counted {
            page.sample(name, &with(&[], of), value(&metrics.0));
        }
    };
    let help = "Binds that waited because others had failed.";
    each("binds_delayed_total", COUNTER, help, |values| {
        values.binds_delayed.load(Relaxed)
    });
    let help = "Binds that wait now because others have failed.";
    each("binds_waiting", GAUGE, help, |values| {
        not_negative(&values.binds_waiting).unsigned_abs()
    });
    let help = "Binds that waited and were not looked at.";
    each("binds_without_turn_total", COUNTER, help, |values| {
        values.binds_without_turn.load(Relaxed)
    });
    let name = "bind_cache_total";
    page.family(name, COUNTER, "Passwords looked for among those verified a moment ago.");
    for (of, metrics) in counted {
        let values = &metrics.0;
        for (result, count) in [("hit", &values.bind_cache_hits), ("miss", &values.bind_cache_misses)] {
            page.sample(name, &with(&[("result", result)], of), count.load(Relaxed));
        }
    }
}

fn databases(page: &mut Page, gauges: &Gauges) {
    let name = "database_state";
    page.family(name, GAUGE, "1 for the state that the database is in.");
    for database in &gauges.databases {
        for state in gauges.states {
            let labels = with(&[("state", state)], &database.labels);
            page.sample(name, &labels, u8::from(*state == database.state));
        }
    }
    let name = "sql_statements_total";
    let help = "Statements sent to the database, by what for and how they ended.";
    page.family(name, COUNTER, help);
    for database in &gauges.databases {
        for (statements, (_, statement)) in database.metrics.0.statements.iter().zip(Statement::ALL) {
            for (count, (_, result)) in statements.endings.iter().zip(StatementEnd::ALL) {
                let labels = with(&[("statement", statement), ("result", result)], &database.labels);
                page.sample(name, &labels, count.load(Relaxed));
            }
        }
    }
    let name = "sql_statement_duration_seconds";
    page.family(name, HISTOGRAM, "From sending a statement to its last row.");
    for database in &gauges.databases {
        for (statements, (_, statement)) in database.metrics.0.statements.iter().zip(Statement::ALL) {
            let labels = with(&[("statement", statement)], &database.labels);
            page.histogram(name, &labels, &statements.duration);
        }
    }
    let name = "query_works";
    page.family(
        name,
        GAUGE,
        "1 while the database takes the query, 0 while it is broken.",
    );
    for query in &gauges.queries {
        let labels = with(&[("query", query.query)], &query.labels);
        page.sample(name, &labels, u8::from(query.works));
    }
    let name = "database_clock_offset_seconds";
    page.family(name, GAUGE, "How far the database's clock is ahead of ours.");
    for database in &gauges.databases {
        if let Some(offset) = database.clock_offset {
            page.sample(name, &with(&[], &database.labels), offset);
        }
    }
    let mut each = |name, kind, help, value: fn(&DatabaseGauges) -> u64| {
        page.family(name, kind, help);
        for database in &gauges.databases {
            page.sample(name, &with(&[], &database.labels), value(database));
        }
    };
    let help = "The most connections to the database.";
    each("sql_pool_size", GAUGE, help, |database| database.pool_size as u64);
    let help = "Places in the pool that are taken.";
    each("sql_pool_in_use", GAUGE, help, |database| database.pool_in_use as u64);
    let help = "Connections to the database that are open and unused.";
    each("sql_pool_idle", GAUGE, help, |database| database.pool_idle as u64);
    let help = "Statements that wait for a place.";
    each("sql_pool_waiting", GAUGE, help, |database| {
        not_negative(&database.metrics.0.pool_waiting).unsigned_abs()
    });
    let help = "Values that could not be decoded and were served as absent.";
    each("sql_undecodable_values_total", COUNTER, help, |database| {
        database.undecodable_values
    });
}

/// Labels of a sample, with those that say whose it is.
fn with<'a>(labels: &[(&'a str, &'a str)], of: &'a Labels) -> Vec<(&'a str, &'a str)> {
    let of = of.iter().map(|(name, value)| (*name, value.as_str()));
    labels.iter().copied().chain(of).collect()
}

/// A gauge that several threads count up and down: for a moment it may be below zero.
fn not_negative(gauge: &AtomicI64) -> i64 {
    gauge.load(Relaxed).max(0)
}

/// The types of families.
const COUNTER: &str = "counter";
const GAUGE: &str = "gauge";
const HISTOGRAM: &str = "histogram";

struct Page(String);

impl Page {
    fn write(&mut self, text: fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.0.write_fmt(text);
    }

    /// What stands above the samples of a family.
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.write(format_args!(
            "# HELP ldap_gateway_{name} {help}\n# TYPE ldap_gateway_{name} {kind}\n"
        ));
    }

    /// A family with one sample, without labels.
    fn counter(&mut self, name: &str, help: &str, count: &AtomicU64) {
        self.family(name, COUNTER, help);
        self.sample(name, &[], count.load(Relaxed));
    }

    /// A family with one sample, without labels.
    fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, GAUGE, help);
        self.sample(name, &[], value);
    }

    /// Of the labels only a realm's name is no word of ours, and needs escapes.
    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.write(format_args!("ldap_gateway_{name}"));
        for (number, (label, text)) in labels.iter().enumerate() {
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            self.write(format_args!(
                "{}{label}=\"{text}\"",
                if number == 0 { '{' } else { ',' }
            ));
        }
        self.write(format_args!("{} {value}\n", if labels.is_empty() { "" } else { "}" }));
    }

    fn histogram(&mut self, name: &str, labels: &[(&str, &str)], histogram: &Histogram) {
        let mut count = 0;
        let bounds = BOUNDS.iter().map(|(_, text)| *text).chain(["+Inf"]);
        for (bucket, bound) in histogram.buckets.iter().zip(bounds) {
            count += bucket.load(Relaxed);
            let labels = [labels, &[("le", bound)]].concat();
            self.sample(&format!("{name}_bucket"), &labels, count);
        }
        let sum = Duration::from_nanos(histogram.nanoseconds.load(Relaxed));
        self.sample(&format!("{name}_sum"), labels, sum.as_secs_f64());
        self.sample(&format!("{name}_count"), labels, count);
    }

    /// The one family whose name all exporters share.
    fn start_time(&mut self, seconds: f64) {
        let name = "process_start_time_seconds";
        self.write(format_args!(
            "# HELP {name} When the process was started.\n# TYPE {name} gauge\n{name} {seconds}\n"
        ));
    }
}
