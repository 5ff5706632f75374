//! The requests of one connection that wait for their turn, and what is to be done for each. The connection decides when a
//! request begins.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::{
    model::scope::Scope,
    operations::{
        self, Notes,
        catalog::{Catalog, RealmId, Route},
        context::Context,
        output::Output,
        record::Record,
        reply::Reply,
    },
    protocol::{Message, Request, ResponseKind, ResultCode},
};

/// Requests that wait for their turn before the connection is no longer read.
const QUEUED_REQUESTS: usize = 64;
/// Octets of requests, waiting or running, after which the connection is no longer read.
const HELD_BYTES: usize = 1024 * 1024;

/// A request that waits for its turn.
pub(super) struct QueuedRequest {
    pub(super) work: Work,
    pub(super) record: Record,
    /// Octets of its message.
    pub(super) size: usize,
}

/// What there is to do for a request.
pub(super) enum Work {
    /// To run it.
    Request(Message),
    /// Only to send its answer, in its turn: it has a value that nobody can use, or was a cancel. A bind makes the
    /// session anonymous even so (RFC 4511 4.2.1).
    Answer {
        id: i32,
        kind: ResponseKind,
        code: ResultCode,
        answer: Bytes,
    },
}

impl Work {
    pub(super) fn id(&self) -> i32 {
        match self {
            Work::Request(message) => message.id,
            Work::Answer { id, .. } => *id,
        }
    }

    pub(super) fn kind(&self) -> ResponseKind {
        match self {
            // Requests without a response are never queued.
            Work::Request(message) => message.request.response_kind().unwrap_or(ResponseKind::Extended),
            Work::Answer { kind, .. } => *kind,
        }
    }

    pub(super) fn is_bind(&self) -> bool {
        self.kind() == ResponseKind::Bind
    }

    pub(super) fn is_root_dse(&self) -> bool {
        matches!(self, Work::Request(Message { request: Request::Search(search), .. })
            if search.base.is_empty() && search.scope == Scope::Base)
    }

    /// Where it is done, in a session that was bound in `home`.
    pub(super) fn route(&self, catalog: &Catalog, home: Option<RealmId>) -> Route {
        match self {
            Work::Request(message) => catalog.route(Some(&message.request), home),
            Work::Answer { .. } => catalog.route(None, home),
        }
    }

    pub(super) async fn run(self, context: &Context, output: &mut Output, notes: &mut Notes) -> operations::Outcome {
        match self {
            // Boxed, because futures of this depth are more than the compiler lays out.
            Work::Request(message) => {
                let reply = Reply::new(message.id, output, notes);
                Box::pin(operations::dispatch(context, message, reply)).await
            }
            Work::Answer { answer, code, .. } => {
                notes.code = Some(code);
                output.buffer().extend_from_slice(&answer);
                operations::Outcome::Answered
            }
        }
    }
}

/// First come, first served.
#[derive(Default)]
pub(super) struct RequestQueue {
    waiting: VecDeque<QueuedRequest>,
    /// Octets of the requests that wait or run.
    held: usize,
}

impl RequestQueue {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether one more may wait.
    pub(super) fn has_room(&self) -> bool {
        self.waiting.len() < QUEUED_REQUESTS && self.held < HELD_BYTES
    }

    pub(super) fn push(&mut self, work: Work, record: Record, size: usize) {
        self.held += size;
        self.waiting.push_back(QueuedRequest { work, record, size });
    }

    /// The work that is next.
    pub(super) fn next(&self) -> Option<&Work> {
        self.waiting.front().map(|waiting| &waiting.work)
    }

    /// Takes it off; its octets are held until it is `done`.
    pub(super) fn pop(&mut self) -> Option<QueuedRequest> {
        self.waiting.pop_front()
    }

    /// A request of so many octets that was taken off has ended.
    pub(super) fn done(&mut self, size: usize) {
        self.held = self.held.saturating_sub(size);
    }

    /// Drops what waits under this message ID.
    pub(super) fn abandon(&mut self, id: i32) {
        let held = &mut self.held;
        self.waiting.retain(|waiting| {
            let abandoned = waiting.work.id() == id;
            *held -= if abandoned { waiting.size } else { 0 };
            !abandoned
        });
    }

    /// Drops it for a cancel request (RFC 3909): the kind of its response, which is the caller's to send.
    ///
    /// # Errors
    /// Why it cannot be cancelled.
    pub(super) fn cancel(&mut self, id: i32) -> Result<ResponseKind, ResultCode> {
        let waiting = self.waiting.iter_mut().find(|waiting| waiting.work.id() == id);
        let kind = match waiting {
            None => return Err(ResultCode::NoSuchOperation),
            Some(waiting) if waiting.work.is_bind() => return Err(ResultCode::CannotCancel),
            // Its answer is decided.
            Some(QueuedRequest {
                work: Work::Answer { .. },
                ..
            }) => return Err(ResultCode::TooLate),
            Some(waiting) => {
                waiting.record.answered(ResultCode::Canceled);
                waiting.work.kind()
            }
        };
        self.abandon(id);
        Ok(kind)
    }
}
