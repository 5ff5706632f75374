//! One connection from its first byte to its last: reads requests, runs them side by side, lets a bind run alone,
//! and decides when the connection ends.
//!
//! It knows message IDs, not what a search means; streams, not TLS. The session's identity is changed here alone.

use std::{io, panic::AssertUnwindSafe, pin::pin, sync::Arc, thread, time::Duration};

use bytes::{Bytes, BytesMut};
use futures::{FutureExt, StreamExt};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadHalf},
    sync::{mpsc, watch},
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, debug, info, info_span, warn};

use super::{
    availability::changes,
    buffered_socket::Progress,
    connection_end::End,
    failures::FailedConnections,
    in_flight::{InFlight, write_cancel_response},
    local_join::join,
    operation_set::OperationSet,
    request_queue::{QueuedRequest, RequestQueue, Work},
    writer::{Patience, QUEUED_CHUNKS, write_chunks},
};
use crate::{
    config::NetworkSettings,
    metrics::{ConnectionFailure, Ended, Operation},
    operations::{
        self,
        context::{Client, Context, Identity, Services, Session},
        controls::Controls,
        extended::{CANCEL, cancel_id},
        output::Output,
        record::Record,
    },
    protocol::{
        Decoded, ExtendedRequest, LdapResult, Message, Request, ResponseKind, ResponseWriter, ResultCode, Unusable,
        decode, write_notice_of_disconnection,
    },
    sql::State,
};

/// Requests of one connection that run side by side; more wait in its queue: one connection cannot take the whole pool.
const CONCURRENT_OPERATIONS: usize = 8;
/// Octets that are read and left alone meanwhile: so the end of the stream is seen even when it comes behind more
/// requests than may wait, and the statements of a client that went are not run to their end.
const READ_AHEAD: usize = 64 * 1024;
/// Largest message of a session that has not bound: an OR of 2,000 names is 34 KiB.
const MESSAGE_LIMIT_ANONYMOUS: usize = 256 * 1024;
/// Largest message of a bound session.
const MESSAGE_LIMIT_BOUND: usize = 4 * 1024 * 1024;
/// A connection younger than this that has asked nothing but the root DSE is a login under way: SSSD opens one for
/// every authentication, reads the root DSE and binds, and does not fail over once the handshake is done.
const LOGIN_UNDER_WAY: Duration = Duration::from_secs(3);

/// What the connections of a listener share.
#[derive(Debug, Clone)]
pub struct Shared {
    /// The parts of the gateway that operations use.
    pub services: Arc<Services>,
    /// Whether the database can be asked.
    pub availability: watch::Receiver<State>,
    /// Cancelled when the gateway drains before it stops.
    pub draining: CancellationToken,
    /// How long a connection may be idle, and a client take no data.
    pub network: NetworkSettings,
    /// Connections that came to nothing.
    pub failures: FailedConnections,
}

/// What a finished operation leaves to its connection.
struct Finished {
    outcome: operations::Outcome,
    was_bind: bool,
    only_root_dse: bool,
    size: usize,
}

struct Connection<R> {
    shared: Shared,
    reader: R,
    input: BytesMut,
    queue: RequestQueue,
    /// In the connection's own task: as tasks of their own they would end with two others to wake, this one and the
    /// writer, on other threads, which costs more than the rest of a lookup.
    running: OperationSet<thread::Result<Finished>>,
    in_flight: InFlight,
    bind_running: bool,
    session: Session,
    writer: mpsc::Sender<Bytes>,
    accepted: Instant,
    last_activity: Instant,
    /// Nothing but root DSE reads so far.
    fresh: bool,
    client: Client,
    /// Requests that were read.
    requests: u64,
    /// Set when draining began while a login was under way; ends the connection after the bind.
    last_login: bool,
}

/// Serves one connection until it ends; `progress` is that of its [`BufferedSocket`](super::buffered_socket::BufferedSocket) socket.
pub async fn serve<S>(stream: S, progress: Progress, client: Client, shared: Shared)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (read_half, write_half) = tokio::io::split(stream);
    let (writer, queue) = mpsc::channel(QUEUED_CHUNKS);
    let write_timeout = shared.network.write_timeout;
    let metrics = shared.services.metrics.clone();
    let patience = Patience {
        limit: write_timeout,
        progress,
    };
    let writing = write_chunks(write_half, queue, patience, metrics);
    let now = Instant::now();
    let connection = Connection {
        shared,
        reader: read_half,
        input: BytesMut::with_capacity(4096),
        queue: RequestQueue::default(),
        running: OperationSet::default(),
        in_flight: InFlight::default(),
        bind_running: false,
        session: Session::ANONYMOUS,
        writer,
        accepted: now,
        last_activity: now,
        fresh: true,
        client,
        requests: 0,
        last_login: false,
    };
    let span = info_span!("connection", connection = client.connection, client = %client.address);
    let parts = async move {
        // The writer ends when the last sender is gone: what was answered still reaches the client.
        let ((), written) = join(connection.run(), writing).await;
        match written {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                warn!("closed: the client did not read for {write_timeout:?} (WRITE_TIMEOUT)");
            }
            Err(error) => debug!(%error, "closed while writing"),
            Ok(()) => {}
        }
    };
    parts.instrument(span).await;
}

impl<S> Connection<ReadHalf<S>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    async fn run(mut self) {
        let end = self.until_end().await;
        self.end_operations();
        self.log_end(end);
        if let End::Notice(code, text) = end {
            let mut notice = BytesMut::new();
            write_notice_of_disconnection(&mut notice, code, text);
            // Bounded by the write timeout: the writer gives a client up that takes nothing.
            let _ = self.writer.send(notice.freeze()).await;
        }
    }

    /// However the connection ends, this comes before anything is written or waited for: an operation that nobody polls
    /// keeps its places in the pool, and whoever reads nothing would keep them for the write timeout.
    fn end_operations(&mut self) {
        self.running.clear();
        self.queue = RequestQueue::default();
        self.input = BytesMut::new();
    }

    fn log_end(&self, end: End) {
        info!(
            parent: None,
            connection = self.client.connection,
            client = %self.client.address,
            reason = end.reason(),
            requests = self.requests,
            seconds = (self.accepted.elapsed().as_secs_f64() * 1e3).round() / 1e3,
            "disconnected"
        );
    }

    async fn until_end(&mut self) -> End {
        let (draining, writer) = (self.shared.draining.clone(), self.writer.clone());
        // Pinned here and not made anew for each turn of the loop, which would enter and leave their waiting lists.
        let mut availability = pin!(changes(self.shared.availability.clone()));
        let mut cancelled = pin!(draining.cancelled());
        let mut closed = pin!(writer.closed());
        let mut drain_seen = false;
        // Set again only when it is over: every request puts the end off, and the timer need not know.
        let mut idle = pin!(sleep_until(self.idle_until(drain_seen)));
        loop {
            self.start_ready();
            if let Some(end) = self.end_when_idle(drain_seen) {
                return end;
            }
            let may_read = self.queue.has_room() || self.input.len() < READ_AHEAD;
            tokio::select! {
                read = self.reader.read_buf(&mut self.input), if may_read => match read {
                    Ok(0) | Err(_) => return self.end_of_stream(),
                    Ok(octets) => {
                        self.shared.services.metrics.received(octets);
                        self.last_activity = Instant::now();
                        if let Some(end) = self.take_messages() {
                            return end;
                        }
                    }
                },
                Some(finished) = self.running.next() => {
                    if let Some(end) = self.finish(finished) {
                        return end;
                    }
                    // Requests may have been decoded but left in the buffer while the queue was full.
                    if let Some(end) = self.take_messages() {
                        return end;
                    }
                },
                changed = availability.next() => if changed.is_none() {
                    return End::Notice(ResultCode::Unavailable, "shutting down");
                },
                () = &mut cancelled, if !drain_seen => {
                    drain_seen = true;
                    self.last_login = self.fresh && self.accepted.elapsed() < LOGIN_UNDER_WAY;
                    idle.as_mut().reset(self.idle_until(drain_seen));
                },
                () = &mut closed => return End::Silent,
                () = &mut idle, if self.is_idle() => {
                    let until = self.idle_until(drain_seen);
                    if until <= Instant::now() {
                        return End::Notice(ResultCode::Unavailable, "idle for too long");
                    }
                    idle.as_mut().reset(until);
                },
            }
        }
    }

    /// The client went. Those that look at the certificate after the handshake, as programs with GnuTLS do, say nothing of
    /// what they do not like about it.
    fn end_of_stream(&self) -> End {
        if self.shared.network.unencrypted || self.requests > 0 || !self.input.is_empty() {
            return End::Silent;
        }
        self.shared.failures.counted(ConnectionFailure::ClosedBeforeRequest);
        End::SilentFromTheStart
    }

    fn is_idle(&self) -> bool {
        self.running.is_empty() && self.queue.is_empty()
    }

    fn idle_until(&self, draining: bool) -> Instant {
        if draining {
            self.accepted + LOGIN_UNDER_WAY
        } else {
            self.last_activity + self.shared.network.idle_timeout
        }
    }

    /// With nothing in flight, an unreachable database or a draining gateway ends the connection: its client finds
    /// the other replica. A login under way is served, because SSSD does not fail over for it.
    fn end_when_idle(&self, draining: bool) -> Option<End> {
        if !self.is_idle() {
            return None;
        }
        if *self.shared.availability.borrow() == State::Away {
            return Some(End::Notice(ResultCode::Unavailable, "the directory is not available"));
        }
        (draining && !self.last_login).then_some(End::Notice(ResultCode::Unavailable, "shutting down"))
    }

    /// Decodes what has arrived. Abandon and unbind take effect at once, the rest queues in order.
    fn take_messages(&mut self) -> Option<End> {
        while self.queue.has_room() {
            let limit = match self.session.identity {
                Identity::Anonymous => MESSAGE_LIMIT_ANONYMOUS,
                Identity::User(_) | Identity::ServiceAccount(_) => MESSAGE_LIMIT_BOUND,
            };
            let before = self.input.len();
            let decoded = decode(&mut self.input, limit);
            let size = before.saturating_sub(self.input.len());
            match decoded {
                Err(error) => {
                    debug!(%error, "not an LDAP message");
                    let text = self.shared.failures.no_message(self.requests, &self.input);
                    return Some(End::Notice(ResultCode::ProtocolError, text));
                }
                Ok(Decoded::Incomplete) => return None,
                Ok(Decoded::Unusable(unusable)) => {
                    let record = Record::of_unusable(&self.shared.services.metrics, self.client, &unusable);
                    let Unusable {
                        id,
                        response,
                        code,
                        text,
                    } = unusable;
                    let mut answer = BytesMut::new();
                    ResponseWriter::new(&mut answer, id).result(response, &LdapResult::new(code, text), &[]);
                    let answer = answer.freeze();
                    self.requests += 1;
                    let work = Work::Answer {
                        id,
                        kind: response,
                        code,
                        answer,
                    };
                    self.queue.push(work, record, size);
                }
                Ok(Decoded::Message(message)) => {
                    self.requests += 1;
                    if let Some(end) = self.take(message, size) {
                        return Some(end);
                    }
                }
            }
        }
        None
    }

    fn take(&mut self, message: Message, size: usize) -> Option<End> {
        let metrics = &self.shared.services.metrics;
        match &message.request {
            Request::Unbind => {
                metrics.operation(Operation::Unbind, Ended::Unanswered);
                return Some(End::Unbind);
            }
            Request::Abandon(id) => {
                metrics.operation(Operation::Abandon, Ended::Unanswered);
                debug!(id, "abandon");
                self.abandon(*id);
            }
            Request::Extended(request) if request.name == CANCEL => self.cancel(&message, request, size),
            _ => {
                let record = Record::of_request(&self.shared.services, self.client, &message);
                self.queue.push(Work::Request(message), record, size);
            }
        }
        None
    }

    fn abandon(&mut self, id: i32) {
        self.queue.abandon(id);
        self.in_flight.abandon(id);
    }

    /// Answers a cancel request (RFC 3909), or leaves that to the operation it stops.
    fn cancel(&mut self, message: &Message, request: &ExtendedRequest, size: usize) {
        let mut answer = BytesMut::new();
        let code = match Controls::of(&message.request, &message.controls).and_then(|_| cancel_id(request)) {
            Err(result) => {
                ResponseWriter::new(&mut answer, message.id).result(ResponseKind::Extended, &result, &[]);
                result.code
            }
            Ok(id) => match self.stop(id, message.id) {
                Ok(Some(kind)) => {
                    ResponseWriter::new(&mut answer, id).result(kind, &ResultCode::Canceled.into(), &[]);
                    write_cancel_response(&mut answer, message.id, ResultCode::Success);
                    ResultCode::Success
                }
                // The operation that it ends answers for both.
                Ok(None) => return,
                Err(code) => {
                    write_cancel_response(&mut answer, message.id, code);
                    code
                }
            },
        };
        let work = Work::Answer {
            id: message.id,
            kind: ResponseKind::Extended,
            code,
            answer: answer.freeze(),
        };
        let record = Record::of_request(&self.shared.services, self.client, message);
        self.queue.push(work, record, size);
    }

    /// Stops an operation for the cancel request `cancel`: of one that has not begun, the kind of its response.
    fn stop(&mut self, id: i32, cancel: i32) -> Result<Option<ResponseKind>, ResultCode> {
        // What is under way under the same ID came first.
        if self.in_flight.contains(id) {
            return self.in_flight.cancel(id, cancel).map(|()| None);
        }
        self.queue.cancel(id).map(Some)
    }

    /// Starts what may run: requests side by side, a bind alone (RFC 4511 4.2.1), a message ID never twice at once.
    fn start_ready(&mut self) {
        while !self.bind_running && self.running.len() < CONCURRENT_OPERATIONS {
            let Some(work) = self.queue.next() else {
                return;
            };
            if work.is_bind() && !self.running.is_empty() || self.in_flight.contains(work.id()) {
                return;
            }
            if let Some(waiting) = self.queue.pop() {
                self.start(waiting);
            }
        }
    }

    fn start(&mut self, waiting: QueuedRequest) {
        let QueuedRequest { work, mut record, size } = waiting;
        let (id, is_bind, only_root_dse) = (work.id(), work.is_bind(), work.is_root_dse());
        if is_bind {
            self.bind_running = true;
            self.session = Session::ANONYMOUS;
        }
        let catalog = &self.shared.services.catalog;
        let route = work.route(catalog, self.session.home());
        record.begin(&self.session.identity, catalog.owner_of(route));
        let context = Context {
            services: Arc::clone(&self.shared.services),
            realm: route.realm,
            identity: self.session.identity_in(route.realm),
            verified: self.session.verified,
            client: self.client,
            encrypted: !self.shared.network.unencrypted,
            received: record.received(),
        };
        let stop = self.in_flight.enter(id, work.kind());
        let in_flight = self.in_flight.clone();
        let mut output = Output::new(self.writer.clone());
        let operation = async move {
            let (outcome, stopped) = tokio::select! {
                biased;
                () = stop.cancelled() => (operations::Outcome::Abandoned, true),
                outcome = work.run(&context, &mut output, &mut record.notes) => (outcome, false),
            };
            record.end(&outcome);
            let mut answers = BytesMut::new();
            // The ID is free before the last byte of the final response is sent: GitLab uses one ID for all pages.
            if let Some((cancels, code)) = in_flight.leave(id, stopped, &mut answers) {
                if stopped {
                    record.answered(ResultCode::Canceled);
                }
                for _ in 0..cancels {
                    let metrics = &context.services.metrics;
                    metrics.operation(Operation::Extended, Ended::Code(code.number()));
                }
            }
            // Counted before it is sent: who has the answer finds it in the metrics.
            drop(record);
            let delivered = match outcome {
                operations::Outcome::Abandoned if answers.is_empty() => Ok(()),
                _ => {
                    output.buffer().extend_from_slice(&answers);
                    output.flush().await
                }
            };
            Finished {
                outcome: if delivered.is_ok() {
                    outcome
                } else {
                    operations::Outcome::Abandoned
                },
                was_bind: is_bind,
                only_root_dse,
                size,
            }
        };
        self.running.push(AssertUnwindSafe(operation).catch_unwind().boxed());
    }

    fn finish(&mut self, finished: thread::Result<Finished>) -> Option<End> {
        self.last_activity = Instant::now();
        let finished = match finished {
            Ok(finished) => finished,
            Err(_) => {
                // A bug of ours: this connection ends, the process and its other connections go on.
                warn!("an operation panicked");
                return Some(End::Notice(ResultCode::Unavailable, "internal error"));
            }
        };
        self.queue.done(finished.size);
        if finished.was_bind {
            self.bind_running = false;
        }
        if !finished.only_root_dse {
            self.fresh = false;
            self.last_login = false;
        }
        match finished.outcome {
            operations::Outcome::Bound(session) => self.session = session,
            operations::Outcome::Disconnect(text) => {
                return Some(End::Notice(ResultCode::Unavailable, text));
            }
            operations::Outcome::Answered | operations::Outcome::Abandoned => {}
        }
        None
    }
}
