//! The listening socket: open while the database can be asked, closed while it cannot, and the tasks behind it.
//!
//! When a connection is refused, SSSD and Proxmox try the other replica within milliseconds. When one is accepted and not
//! served, they wait. So the socket is closed as soon as the database is away, and opened again when it is back.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use bytes::BytesMut;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{Semaphore, watch},
    time::{sleep, timeout},
};
use tokio_util::task::TaskTracker;
use tracing::{debug, error, info, warn};

use super::{
    buffered_socket::{BufferedSocket, Progress},
    connection::{self, Shared},
    failures::on_tls_port,
    opening::Opening,
    tls::{self, Acceptor, TlsStream, reload::Acceptors},
};
use crate::{
    operations::context::Client,
    protocol::{ResultCode, write_notice_of_disconnection},
    sql::State,
};

/// Connections the kernel completes before we accept them: all clients come back at once after an outage.
const BACKLOG: u32 = 1024;
/// A client that has not finished its TLS handshake by then never will.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Octets of what a client sends first that are looked at when its handshake fails.
const OPENING: usize = 512;
/// What a client without TLS is told.
const TLS_ONLY: &str = "this port speaks TLS from the first octet: use ldaps://";
/// Between two attempts to open the port, or to accept while out of file descriptors.
const RETRY: Duration = Duration::from_millis(200);

/// Where and how to listen.
#[derive(Clone)]
pub struct Listener {
    /// Address and port.
    pub address: SocketAddr,
    /// TLS from the first byte (LDAPS); plain LDAP without.
    pub tls: Option<Acceptors>,
    /// Connections served at a time; more wait in the kernel's queue.
    pub max_connections: usize,
}

/// The connections so far.
struct Accepted {
    connections: TaskTracker,
    /// One for each connection that may be open.
    permits: Arc<Semaphore>,
    /// How many there have been.
    number: u64,
}

impl Listener {
    /// Listens, whenever the database can be asked, until `shared.draining` is cancelled; returns when the last
    /// connection has ended or after `grace`.
    pub async fn run(self, shared: Shared, grace: Duration) {
        let mut accepted = Accepted {
            connections: TaskTracker::new(),
            permits: Arc::new(Semaphore::new(self.max_connections)),
            number: 0,
        };
        let mut availability = shared.availability.clone();
        loop {
            tokio::select! {
                open = opened(&mut availability) => if !open { break },
                () = shared.draining.cancelled() => break,
            }
            let Some(socket) = self.open(&shared).await else {
                break;
            };
            let scheme = if self.tls.is_some() { "ldaps" } else { "ldap" };
            info!("listening on {scheme}://{}", self.address);
            shared.services.metrics.set_listening(true);
            let draining = tokio::select! {
                () = closed(&mut availability) => {
                    warn!("the database is away: port {} is closed until it is back", self.address.port());
                    false
                }
                () = shared.draining.cancelled() => true,
                () = self.accept(&socket, &shared, &mut accepted) => false,
            };
            shared.services.metrics.set_listening(false);
            if draining {
                break;
            }
        }
        let connections = accepted.connections;
        connections.close();
        if timeout(grace, connections.wait()).await.is_err() {
            warn!(left = connections.len(), "connections still open after {grace:?}");
        }
    }

    /// Opens the port, again and again if it has to: somebody else's use of it must not end the gateway.
    async fn open(&self, shared: &Shared) -> Option<TcpListener> {
        let mut told = false;
        loop {
            match self.bind() {
                Ok(socket) => return Some(socket),
                Err(error) => {
                    if !told {
                        error!(%error, "cannot listen on {}, trying on", self.address);
                        told = true;
                    }
                    shared.services.metrics.set_listen_error(error.raw_os_error());
                }
            }
            tokio::select! {
                () = sleep(RETRY) => {}
                () = shared.draining.cancelled() => return None,
            }
        }
    }

    /// Checks that the port can be had at all, so that a wrong `PORT` is an error at start.
    ///
    /// # Errors
    /// The operating system's.
    pub fn bind(&self) -> io::Result<TcpListener> {
        listen(self.address, BACKLOG)
    }

    async fn accept(&self, socket: &TcpListener, shared: &Shared, accepted: &mut Accepted) {
        loop {
            let Ok(permit) = Arc::clone(&accepted.permits).acquire_owned().await else {
                return;
            };
            match socket.accept().await {
                Ok((stream, peer)) => {
                    accepted.number += 1;
                    let client = Client {
                        connection: accepted.number,
                        address: peer,
                    };
                    let tls = self.tls.as_ref().map(|tls| tls.borrow().acceptor.clone());
                    let serving = serve(stream, client, tls, shared.clone());
                    accepted.connections.spawn(async move {
                        serving.await;
                        drop(permit);
                    });
                }
                Err(error) => after_accept_error(&error).await,
            }
        }
    }
}

/// Opens a port, with so many connections that may wait to be accepted.
pub(super) fn listen(address: SocketAddr, backlog: u32) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // Without it a port with connections in TIME_WAIT could not be opened again after an outage.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(backlog)
}

/// The client's own doing costs nothing; exhaustion of descriptors passes when connections end.
async fn after_accept_error(error: &io::Error) {
    match error.kind() {
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted => {
            debug!(%error, "a client left before it was accepted")
        }
        _ => {
            error!(%error, "cannot accept connections");
            sleep(RETRY).await;
        }
    }
}

async fn serve(stream: TcpStream, client: Client, tls: Option<Acceptor>, shared: Shared) {
    let metrics = &shared.services.metrics;
    let _open = metrics.connection();
    // An answer must not wait for the ACK of the one before.
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%error, "no TCP_NODELAY");
    }
    let Client { connection, address } = client;
    let progress = Progress::new();
    let Some(tls) = tls else {
        info!(connection, client = %address, "connected");
        return connection::serve(BufferedSocket::new(stream, progress.clone()), progress, client, shared).await;
    };
    let mut opening = Vec::new();
    let handshake = handshake(&tls, (stream, progress.clone()), &shared, &mut opening);
    let error = match timeout(HANDSHAKE_TIMEOUT, handshake).await {
        Ok(Ok(Some(stream))) => {
            let (version, cipher) = tls::parameters(&stream);
            info!(connection, client = %address, tls = version, cipher, "connected");
            return connection::serve(stream, progress, client, shared).await;
        }
        Ok(Ok(None)) => return debug!(connection, client = %address, "closed before its handshake began"),
        Ok(Err(error)) => error,
        Err(_) => io::ErrorKind::TimedOut.into(),
    };
    metrics.handshake_failed();
    match on_tls_port(Opening::of(&opening)) {
        // Who has sent nothing speaks nothing.
        Some((cause, why)) if !opening.is_empty() => shared.failures.handshake(connection, address, (cause, why)),
        _ => {
            let (cause, why) = tls::explain(&error, &opening);
            shared.failures.handshake(connection, address, (cause, &why));
        }
    }
}

/// A connection that has not begun its handshake when the database goes away, or the gateway drains, is closed:
/// before the handshake clients fail over, after it SSSD does not. `opening` is filled with what the client sends first.
async fn handshake(
    tls: &Acceptor,
    (mut stream, progress): (TcpStream, Progress),
    shared: &Shared,
    opening: &mut Vec<u8>,
) -> io::Result<Option<TlsStream<BufferedSocket<TcpStream>>>> {
    let mut availability = shared.availability.clone();
    tokio::select! {
        biased;
        readable = stream.readable() => readable?,
        () = closed(&mut availability) => return Ok(None),
        () = shared.draining.cancelled() => return Ok(None),
    }
    // Who only looks whether the port is open is no failed client.
    opening.resize(OPENING, 0);
    match stream.peek(opening).await {
        Ok(0) | Err(_) => {
            opening.clear();
            return Ok(None);
        }
        Ok(octets) => opening.truncate(octets),
    }
    if matches!(Opening::of(opening), Opening::Ldap | Opening::StartTls) {
        // It understands an answer in plain LDAP, and would not understand one of TLS.
        let mut notice = BytesMut::new();
        write_notice_of_disconnection(&mut notice, ResultCode::ConfidentialityRequired, TLS_ONLY);
        let _ = stream.write_all(&notice).await;
        return Err(io::ErrorKind::InvalidData.into());
    }
    match tls.accept(BufferedSocket::new(stream, progress)).into_fallible().await {
        Ok(stream) => Ok(Some(stream)),
        Err((error, mut stream)) => {
            // The alert that tells the client why.
            let _ = stream.flush().await;
            Err(error)
        }
    }
}

/// Waits until the port may be open; false when nobody will ever say so.
async fn opened(availability: &mut watch::Receiver<State>) -> bool {
    availability
        .wait_for(|state| matches!(state, State::Serving | State::Holding { .. }))
        .await
        .is_ok()
}

/// Waits until the port must be closed.
async fn closed(availability: &mut watch::Receiver<State>) {
    let _ = availability
        .wait_for(|state| matches!(state, State::Away | State::Starting))
        .await;
}
