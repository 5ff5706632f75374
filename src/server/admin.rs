//! The admin port: liveness, readiness and metrics over HTTP, for orchestrators and Prometheus.
//!
//! Answers come from memory: they wait for neither the database nor a lock. The port is plain HTTP without authentication,
//! so it shows nothing secret. Its peers may be slow or hostile: they are few, have little time, and are not waited for
//! when the gateway ends.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use hyper::{
    Method, Request, Response, StatusCode,
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::{
    health::RealmHealth,
    listener::listen,
    tls::{
        reload::Acceptors,
        validity::{Standing, now, remarks},
    },
};
use crate::{
    metrics::{DatabaseGauges, Gauges, Labels, Metrics, QueryGauge},
    operations::{context::Services, record::code_name},
    sql::{Database, State, clock},
};

/// Peers at a time; more wait in the kernel's queue, but never for longer than [`WHOLE`].
const CONNECTIONS: usize = 64;
/// The longest that the header may take.
const HEADER: Duration = Duration::from_secs(3);
/// The longest that a question and its answer may take.
const WHOLE: Duration = Duration::from_secs(5);
/// Octets of the header; the least that hyper allows.
const HEADER_SIZE: usize = 8 * 1024;
/// Lines of the header.
const HEADER_LINES: usize = 64;
const BACKLOG: u32 = 128;
/// After a failure to accept.
const RETRY: Duration = Duration::from_millis(200);

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const METRICS: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
/// The longest line about what is wrong, in characters.
const LONGEST: usize = 400;
/// The database is there, and nobody can sign in.
const BROKEN: &str = "broken";
const STATES: &[&str] = &["starting", "serving", "holding", "away"];

/// What is asked about.
#[derive(Debug, Clone)]
pub struct Admin {
    /// Where to listen.
    pub address: SocketAddr,
    /// The parts of the gateway, with its metrics.
    pub services: Arc<Services>,
    /// The realms, in order.
    pub realms: Vec<ObservedRealm>,
    /// Whether one of them can be served.
    pub availability: watch::Receiver<State>,
    /// Cancelled when the gateway drains before it stops.
    pub draining: CancellationToken,
    /// The certificate that clients are shown; none without TLS.
    pub certificate: Option<Acceptors>,
}

/// A realm as it is looked at from outside.
#[derive(Debug, Clone)]
pub struct ObservedRealm {
    /// Its name; none where there is one, made of the plain settings.
    pub name: Option<Arc<str>>,
    /// Whether it can be served.
    pub state: watch::Receiver<State>,
    /// What is known of its queries.
    pub health: RealmHealth,
    /// What its operations are counted in.
    pub metrics: Metrics,
    /// Its databases, each with what it is for, where that is not the directory, and what it counts into.
    pub databases: Vec<(Option<&'static str>, Database, Metrics)>,
}

impl ObservedRealm {
    fn labels(&self) -> Labels {
        let name = self.name.iter();
        name.map(|name| ("realm", name.to_string())).collect()
    }

    /// Whether somebody can sign in, as far as is known.
    fn is_ready(&self) -> bool {
        matches!(*self.state.borrow(), State::Serving | State::Holding { .. }) && self.health.admits_somebody()
    }

    fn state_name(&self) -> &'static str {
        match *self.state.borrow() {
            State::Serving | State::Holding { .. } if !self.health.admits_somebody() => BROKEN,
            state => name_of(state),
        }
    }

    /// What is wrong with it, a line each.
    fn problems(&self) -> Vec<String> {
        let mut problems = self.health.problems();
        for (_, database, _) in &self.databases {
            let why = database.why_not_there();
            problems.extend(why.map(|why| format!("SQL_URI: the database cannot be reached: {why}")));
            problems.extend(
                database
                    .clock_offset()
                    .and_then(clock::remark)
                    .map(|text| format!("SQL_URI: {text}")),
            );
        }
        match &self.name {
            Some(name) => problems.iter().map(|problem| format!("{name}: {problem}")).collect(),
            None => problems,
        }
    }
}

impl Admin {
    /// Opens the port.
    ///
    /// # Errors
    /// The operating system's.
    pub fn bind(&self) -> io::Result<TcpListener> {
        listen(self.address, BACKLOG)
    }

    /// Answers until it is dropped, and its peers' connections with it.
    pub async fn run(self, socket: TcpListener) {
        info!("liveness, readiness and metrics on http://{}", self.address);
        let admin = Arc::new(self);
        let permits = Arc::new(Semaphore::new(CONNECTIONS));
        let mut peers = JoinSet::new();
        loop {
            let Ok(permit) = Arc::clone(&permits).acquire_owned().await else {
                return;
            };
            while peers.try_join_next().is_some() {}
            match socket.accept().await {
                Ok((stream, _)) => {
                    let admin = Arc::clone(&admin);
                    peers.spawn(async move {
                        admin.serve(stream).await;
                        drop(permit);
                    });
                }
                Err(error) => {
                    warn!(%error, "ADMIN_ADDR: cannot accept connections");
                    sleep(RETRY).await;
                }
            }
        }
    }

    async fn serve(self: Arc<Self>, stream: TcpStream) {
        let service = service_fn(move |request: Request<_>| {
            let answer = self.answer(request.method(), request.uri().path());
            async move { Ok::<_, Infallible>(answer) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER)
            .max_buf_size(HEADER_SIZE)
            .max_headers(HEADER_LINES)
            // One question each, so that nobody keeps a place.
            .keep_alive(false)
            .serve_connection(TokioIo::new(stream), service);
        match timeout(WHOLE, connection).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => debug!(%error, "a request on the admin port failed"),
            Err(_) => debug!("a request on the admin port took too long"),
        }
    }

    fn answer(&self, method: &Method, path: &str) -> Response<String> {
        if !matches!(*method, Method::GET | Method::HEAD) {
            let mut refused = page(StatusCode::METHOD_NOT_ALLOWED, TEXT, "GET or HEAD\n".to_owned());
            refused
                .headers_mut()
                .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return refused;
        }
        match path {
            "/livez" => page(StatusCode::OK, TEXT, "alive\n".to_owned()),
            "/readyz" => {
                let status = if self.is_ready() {
                    StatusCode::OK
                } else {
                    StatusCode::SERVICE_UNAVAILABLE
                };
                let state = if self.draining.is_cancelled() {
                    "draining"
                } else {
                    self.state()
                };
                let body = format!("{state}\n{}{}", self.realm_states(), self.problems());
                page(status, TEXT, body)
            }
            "/metrics" => {
                let metrics = self.services.metrics.render(&self.gauges(), code_name);
                page(StatusCode::OK, METRICS, metrics)
            }
            _ => page(StatusCode::NOT_FOUND, TEXT, "/livez, /readyz or /metrics\n".to_owned()),
        }
    }

    /// The port is what clients see: open, or not. Behind an open one somebody must be able to sign in.
    fn is_ready(&self) -> bool {
        let can_serve = self.realms.iter().any(ObservedRealm::is_ready);
        self.services.metrics.is_listening() && can_serve && !self.draining.is_cancelled()
    }

    fn state(&self) -> &'static str {
        match *self.availability.borrow() {
            State::Serving | State::Holding { .. } if !self.realms.iter().any(ObservedRealm::is_ready) => BROKEN,
            state => name_of(state),
        }
    }

    /// A line for each thing that is wrong. None has a value or a password in it.
    fn problems(&self) -> String {
        let mut problems: Vec<String> = self.realms.iter().flat_map(ObservedRealm::problems).collect();
        if let Some(certificate) = &self.certificate {
            let served = certificate.borrow();
            problems.extend(remarks(&served.validities, now()));
            problems.extend(served.refused.iter().cloned());
        }
        if let Some(error) = self.services.metrics.listen_error() {
            let why = io::Error::from_raw_os_error(error);
            problems.push(format!("PORT: the LDAP port cannot be opened: {why}"));
        }
        if let Some(error) = self.services.metrics.log_error() {
            let why = io::Error::from_raw_os_error(error);
            problems.push(format!("log lines are lost: standard error cannot be written: {why}"));
        }
        problems.iter().map(|problem| one_line(problem)).collect()
    }

    /// Seconds until the first certificate of the chain ends, and whether all are valid.
    fn certificate(&self) -> Option<(i64, bool)> {
        let served = self.certificate.as_ref()?.borrow().clone();
        let now = now();
        let ends = served.validities.iter().map(|validity| validity.not_after);
        let valid = |standing| matches!(standing, Standing::Good | Standing::EndsSoon);
        let are_valid = served.validities.iter().all(|validity| valid(validity.standing(now)));
        Some((ends.min()?.saturating_sub(now), are_valid))
    }

    /// A line for each realm that has a name.
    fn realm_states(&self) -> String {
        let named = self
            .realms
            .iter()
            .filter_map(|realm| Some((realm.name.as_ref()?, realm.state_name())));
        named.map(|(name, state)| format!("{name}: {state}\n")).collect()
    }

    fn gauges(&self) -> Gauges {
        let hashing = self.services.hashing.usage();
        let named = self.realms.iter().filter(|realm| realm.name.is_some());
        Gauges {
            ready: self.is_ready(),
            states: STATES,
            realms: named.map(|realm| (realm.labels(), realm.metrics.clone())).collect(),
            databases: self.realms.iter().flat_map(gauges_of_databases).collect(),
            queries: self.realms.iter().flat_map(gauges_of_queries).collect(),
            certificate: self.certificate(),
            hashing_threads: hashing.threads,
            hashing_running: hashing.running,
            hashing_waiting: hashing.waiting,
        }
    }
}

fn gauges_of_queries(realm: &ObservedRealm) -> impl Iterator<Item = QueryGauge> {
    let labels = realm.labels();
    let queries = realm.health.queries().into_iter();
    queries.filter_map(move |(query, works)| {
        Some(QueryGauge {
            labels: labels.clone(),
            query,
            works: works?,
        })
    })
}

/// A text as one line that is not too long.
fn one_line(text: &str) -> String {
    let plain = text
        .chars()
        .map(|character| if character.is_control() { ' ' } else { character });
    let mut line: String = plain.take(LONGEST).collect();
    line.push('\n');
    line
}

fn gauges_of_databases(realm: &ObservedRealm) -> impl Iterator<Item = DatabaseGauges> {
    realm.databases.iter().map(|(purpose, database, metrics)| {
        let pool = database.pool_usage();
        let purpose = purpose.map(|purpose| ("database", purpose.to_owned()));
        DatabaseGauges {
            labels: realm.labels().into_iter().chain(purpose).collect(),
            metrics: metrics.clone(),
            state: name_of(database.state()),
            pool_size: pool.size,
            pool_in_use: pool.in_use,
            pool_idle: pool.idle,
            undecodable_values: database.undecodable_values(),
            clock_offset: database.clock_offset(),
        }
    })
}

fn name_of(state: State) -> &'static str {
    match state {
        State::Starting => "starting",
        State::Serving => "serving",
        State::Holding { .. } => "holding",
        State::Away => "away",
    }
}

fn page(status: StatusCode, kind: HeaderValue, text: String) -> Response<String> {
    let mut response = Response::new(text);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
