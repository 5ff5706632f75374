//! A push approval service: a small real HTTP or HTTPS server that answers as it is told, well or badly, and notes what it
//! was asked and when the asker hung up.
//!
//! Knows the request of the contract, not what the gateway makes of the answer.

use super::scratch;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, KeyUsagePurpose};
use serde_json::Value;
use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// How a request is answered.
#[derive(Clone, Debug)]
pub enum Reply {
    /// With a status and a body; the connection stays open for more, whatever the client wants.
    Answer(u16, String),
    /// The same, and closes the connection a moment later, without a word.
    AnswerThenClose(u16, String),
    /// The same with another header line.
    WithHeader(u16, String, String),
    /// Later.
    After(Duration, Box<Reply>),
    /// When the test says so: [`PushService::answer`].
    Wait,
    /// These octets, then the end.
    Octets(Vec<u8>),
}

impl Reply {
    /// The answer to "approve", "reject" or whatever else.
    pub fn action(action: &str) -> Reply {
        Reply::Answer(
            200,
            format!(r#"{{"success": true, "action": "{action}", "message": "from-the-service"}}"#),
        )
    }

    /// An error of the service.
    pub fn error(status: u16, code: &str) -> Reply {
        let body = format!(r#"{{"success": false, "error": "said-by-the-service", "errorCode": "{code}"}}"#);
        Reply::Answer(status, body)
    }

    /// An answer whose body ends too soon.
    pub fn cut() -> Reply {
        let body = r#"{"success": true, "action": "approve"}"#;
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len() + 1
        );
        Reply::Octets(format!("{head}{body}").into_bytes())
    }

    /// No answer at all.
    pub fn hang_up() -> Reply {
        Reply::Octets(Vec::new())
    }

    pub fn after(self, time: Duration) -> Reply {
        Reply::After(time, Box::new(self))
    }
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Asked {
    pub number: usize,
    /// Request line and headers.
    pub head: String,
    pub body: Value,
    /// When the asker closed the connection before there was an answer.
    gone: Arc<OnceLock<Instant>>,
}

impl Asked {
    pub fn text(&self, field: &str) -> &str {
        self.body[field]
            .as_str()
            .unwrap_or_else(|| panic!("{field} in {}", self.body))
    }

    pub fn gone(&self) -> Option<Instant> {
        self.gone.get().copied()
    }
}

type Behaviour = dyn Fn(&Asked) -> Reply + Send + Sync;

struct State {
    behaviour: Mutex<Arc<Behaviour>>,
    asked: Mutex<Vec<Asked>>,
    by_hand: Mutex<HashMap<usize, oneshot::Sender<Reply>>>,
    connections: AtomicUsize,
    open: AtomicUsize,
}

/// The running service; it ends when dropped.
pub struct PushService {
    pub port: u16,
    tls: bool,
    authority: PathBuf,
    state: Arc<State>,
    runtime: Option<tokio::runtime::Runtime>,
}

impl std::fmt::Debug for PushService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PushService on {}", self.port)
    }
}

impl PushService {
    /// Plain HTTP on loopback.
    pub fn http(behaviour: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> PushService {
        PushService::start(None, behaviour)
    }

    /// HTTPS, with a certificate for `localhost` and 127.0.0.1.
    pub fn https(behaviour: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> PushService {
        PushService::https_as(&["localhost", "127.0.0.1"], behaviour)
    }

    /// The same with a certificate for other names.
    pub fn https_as(names: &[&str], behaviour: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> PushService {
        PushService::start(Some(names), behaviour)
    }

    fn start(names: Option<&[&str]>, behaviour: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> PushService {
        let authority = scratch("push").join("authority.pem");
        let acceptor = names.map(|names| acceptor(names, &authority));
        let state = Arc::new(State {
            behaviour: Mutex::new(Arc::new(behaviour)),
            asked: Mutex::default(),
            by_hand: Mutex::default(),
            connections: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
        });
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime
            .block_on(TcpListener::bind(("127.0.0.1", super::free_port())))
            .unwrap();
        let port = listener.local_addr().unwrap().port();
        let tls = acceptor.is_some();
        runtime.spawn(accept(listener, acceptor, Arc::clone(&state)));
        PushService {
            port,
            tls,
            authority,
            state,
            runtime: Some(runtime),
        }
    }

    pub fn url(&self) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://127.0.0.1:{}/send-notification", self.port)
    }

    /// What the gateway must trust.
    pub fn authority(&self) -> &str {
        self.authority.to_str().unwrap()
    }

    /// Answers differently from now on.
    pub fn behave(&self, behaviour: impl Fn(&Asked) -> Reply + Send + Sync + 'static) {
        *self.state.behaviour.lock().unwrap() = Arc::new(behaviour);
    }

    /// All requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.state.asked.lock().unwrap().clone()
    }

    /// Waits until there were so many requests.
    pub fn wait_for(&self, requests: usize) -> Vec<Asked> {
        let came = super::eventually(Duration::from_secs(20), || self.asked().len() >= requests);
        assert!(came, "{requests} requests expected: {:#?}", self.asked());
        self.asked()
    }

    /// Answers a request that waits.
    pub fn answer(&self, number: usize, reply: Reply) {
        let waiting = self.state.by_hand.lock().unwrap().remove(&number);
        // Who asked may have gone.
        let _ = waiting
            .unwrap_or_else(|| panic!("request {number} does not wait"))
            .send(reply);
    }

    /// Connections that were made.
    pub fn connections(&self) -> usize {
        self.state.connections.load(SeqCst)
    }

    /// Connections that are open now.
    pub fn open(&self) -> usize {
        self.state.open.load(SeqCst)
    }
}

impl Drop for PushService {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A server's configuration with a certificate by an authority of its own, which is written to `path`.
fn acceptor(names: &[&str], path: &std::path::Path) -> TlsAcceptor {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    std::fs::write(path, authority.pem()).unwrap();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(names)
        .unwrap()
        .signed_by(&key, &authority)
        .unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

async fn accept(listener: TcpListener, acceptor: Option<TlsAcceptor>, state: Arc<State>) {
    while let Ok((tcp, _)) = listener.accept().await {
        let (acceptor, state) = (acceptor.clone(), Arc::clone(&state));
        tokio::spawn(async move {
            state.connections.fetch_add(1, SeqCst);
            state.open.fetch_add(1, SeqCst);
            // However it ends: whoever asked sees the end of the connection.
            let _ = connection(tcp, acceptor, &state).await;
            state.open.fetch_sub(1, SeqCst);
        });
    }
}

async fn connection(tcp: TcpStream, acceptor: Option<TlsAcceptor>, state: &State) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    match acceptor {
        Some(acceptor) => serve(acceptor.accept(tcp).await?, state).await,
        None => serve(tcp, state).await,
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, state: &State) -> io::Result<()> {
    let mut input = Vec::new();
    loop {
        let Some((head, body)) = request(&mut stream, &mut input).await? else {
            return Ok(());
        };
        let (asked, by_hand) = note(state, head, &body);
        let behaviour = Arc::clone(&state.behaviour.lock().unwrap());
        let reply = behaviour(&asked);
        let mut unread = [0; 1];
        let reply = tokio::select! {
            reply = decided(reply, by_hand) => reply,
            read = stream.read(&mut unread) => {
                assert!(!matches!(read, Ok(1)), "octets behind the request");
                let _ = asked.gone.set(Instant::now());
                return Ok(());
            }
        };
        if !answer(&mut stream, reply).await? {
            return Ok(());
        }
    }
}

fn note(state: &State, head: String, body: &[u8]) -> (Asked, oneshot::Receiver<Reply>) {
    let (sender, by_hand) = oneshot::channel();
    let mut all = state.asked.lock().unwrap();
    let asked = Asked {
        number: all.len(),
        head,
        body: serde_json::from_slice(body).unwrap_or(Value::Null),
        gone: Arc::default(),
    };
    state.by_hand.lock().unwrap().insert(asked.number, sender);
    all.push(asked.clone());
    (asked, by_hand)
}

/// The next request's head and body; None where the connection ends.
async fn request(stream: &mut (impl AsyncRead + Unpin), input: &mut Vec<u8>) -> io::Result<Option<(String, Vec<u8>)>> {
    loop {
        if let Some(end) = input.windows(4).position(|octets| octets == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&input[..end]).into_owned();
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length")
                    .then(|| value.trim().parse::<usize>().unwrap())
            });
            let whole = end + 4 + length.unwrap_or(0);
            if input.len() >= whole {
                let body = input[end + 4..whole].to_vec();
                input.drain(..whole);
                return Ok(Some((head, body)));
            }
        }
        if stream.read_buf(input).await? == 0 {
            return Ok(None);
        }
    }
}

/// What is to be sent, when it is to be sent.
async fn decided(mut reply: Reply, by_hand: oneshot::Receiver<Reply>) -> Reply {
    let mut by_hand = Some(by_hand);
    loop {
        reply = match reply {
            Reply::After(time, reply) => {
                tokio::time::sleep(time).await;
                *reply
            }
            Reply::Wait => by_hand.take().unwrap().await.unwrap_or(Reply::Octets(Vec::new())),
            now => return now,
        };
    }
}

/// Sends it; whether the connection stays open.
async fn answer(stream: &mut (impl AsyncWrite + Unpin), reply: Reply) -> io::Result<bool> {
    let (status, header, body, stays) = match reply {
        Reply::Answer(status, body) => (status, String::new(), body, true),
        Reply::AnswerThenClose(status, body) => (status, String::new(), body, false),
        Reply::WithHeader(status, header, body) => (status, format!("{header}\r\n"), body, true),
        Reply::Octets(octets) => {
            stream.write_all(&octets).await?;
            stream.shutdown().await?;
            return Ok(false);
        }
        Reply::After(..) | Reply::Wait => return Err(io::Error::other("nothing has been decided")),
    };
    let head = format!(
        "HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\n{header}Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await?;
    stream.flush().await?;
    if !stays {
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    Ok(stays)
}
