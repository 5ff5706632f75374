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

use super::listener::listen;
use crate::{
    metrics::Gauges,
    operations::{context::Services, record::code_name},
    sql::{Database, State},
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
const STATES: &[&str] = &["starting", "serving", "holding", "away"];

/// What is asked about.
#[derive(Debug, Clone)]
pub struct Admin {
    /// Where to listen.
    pub address: SocketAddr,
    /// The parts of the gateway, with its metrics.
    pub services: Arc<Services>,
    /// For the pool.
    pub database: Database,
    /// Whether the database can be asked.
    pub availability: watch::Receiver<State>,
    /// Cancelled when the gateway drains before it stops.
    pub draining: CancellationToken,
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
                page(status, TEXT, format!("{state}\n"))
            }
            "/metrics" => {
                let metrics = self.services.metrics.render(&self.gauges(), code_name);
                page(StatusCode::OK, METRICS, metrics)
            }
            _ => page(StatusCode::NOT_FOUND, TEXT, "/livez, /readyz or /metrics\n".to_owned()),
        }
    }

    /// The port is what clients see: open, or not.
    fn is_ready(&self) -> bool {
        self.services.metrics.is_listening() && !self.draining.is_cancelled()
    }

    fn state(&self) -> &'static str {
        match *self.availability.borrow() {
            State::Starting => "starting",
            State::Serving => "serving",
            State::Holding { .. } => "holding",
            State::Away => "away",
        }
    }

    fn gauges(&self) -> Gauges {
        let pool = self.database.pool_usage();
        let hashing = self.services.hashing.usage();
        Gauges {
            state: self.state(),
            states: STATES,
            ready: self.is_ready(),
            pool_size: pool.size,
            pool_in_use: pool.in_use,
            pool_idle: pool.idle,
            undecodable_values: self.database.undecodable_values(),
            hashing_threads: hashing.threads,
            hashing_running: hashing.running,
            hashing_waiting: hashing.waiting,
        }
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
