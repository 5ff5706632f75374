//! The operations of a connection that are under way, by message ID. Abandon and cancel take effect here, and an ID is not
//! used twice at once.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::BytesMut;
use tokio_util::sync::CancellationToken;

use crate::protocol::{LdapResult, ResponseKind, ResponseWriter, ResultCode};

/// The operations under way; clones are the same table.
#[derive(Debug, Clone, Default)]
pub struct InFlight(Arc<Mutex<HashMap<i32, Flight>>>);

#[derive(Debug)]
struct Flight {
    stop: CancellationToken,
    kind: ResponseKind,
    /// Message IDs of the cancel operations that want this one to end.
    cancelled_by: Vec<i32>,
}

impl InFlight {
    /// Enters an operation; what it is stopped by.
    pub fn enter(&self, id: i32, kind: ResponseKind) -> CancellationToken {
        let stop = CancellationToken::new();
        let flight = Flight {
            stop: stop.clone(),
            kind,
            cancelled_by: Vec::new(),
        };
        self.table().insert(id, flight);
        stop
    }

    /// Whether an operation with this ID is under way.
    pub fn contains(&self, id: i32) -> bool {
        self.table().contains_key(&id)
    }

    /// Takes an operation out that has ended, or was `stopped` before it could. If that was asked for by a cancel
    /// operation, the responses of both are appended (RFC 3909 section 2): so no cancel is answered before it is known
    /// what came of it. Returns how many cancel operations were answered, and with what, if any.
    pub fn leave(&self, id: i32, stopped: bool, answers: &mut BytesMut) -> Option<(usize, ResultCode)> {
        let flight = self.table().remove(&id)?;
        if stopped && !flight.cancelled_by.is_empty() {
            ResponseWriter::new(answers, id).result(flight.kind, &ResultCode::Canceled.into(), &[]);
        }
        let code = if stopped {
            ResultCode::Success
        } else {
            ResultCode::TooLate
        };
        for cancel in &flight.cancelled_by {
            write_cancel_response(answers, *cancel, code);
        }
        let cancels = flight.cancelled_by.len();
        (cancels > 0).then_some((cancels, code))
    }

    /// Stops an operation, if it is under way.
    pub fn abandon(&self, id: i32) {
        if let Some(flight) = self.table().get(&id) {
            flight.stop.cancel();
        }
    }

    /// Stops an operation, which then answers the cancel operation `cancel`.
    ///
    /// # Errors
    /// What to answer instead.
    pub fn cancel(&self, id: i32, cancel: i32) -> Result<(), ResultCode> {
        match self.table().entry(id) {
            Entry::Vacant(_) => Err(ResultCode::NoSuchOperation),
            // Section 2: neither binds nor unbinds, StartTLS and cancels, none of which get here.
            Entry::Occupied(flight) if flight.get().kind == ResponseKind::Bind => Err(ResultCode::CannotCancel),
            // An abandoned operation has no response any more.
            Entry::Occupied(flight) if flight.get().stop.is_cancelled() && flight.get().cancelled_by.is_empty() => {
                Err(ResultCode::NoSuchOperation)
            }
            Entry::Occupied(mut flight) => {
                flight.get_mut().cancelled_by.push(cancel);
                flight.get().stop.cancel();
                Ok(())
            }
        }
    }

    fn table(&self) -> MutexGuard<'_, HashMap<i32, Flight>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Appends the response of a cancel operation.
pub fn write_cancel_response(buffer: &mut BytesMut, id: i32, code: ResultCode) {
    ResponseWriter::new(buffer, id).extended(&LdapResult::from(code), None, None, &[]);
}

#[cfg(test)]
#[allow(clippy::unwrap_used, missing_docs)]
mod tests {
    use super::*;

    fn responses(expected: impl FnOnce(&mut BytesMut)) -> BytesMut {
        let mut buffer = BytesMut::new();
        expected(&mut buffer);
        buffer
    }

    #[test]
    fn a_cancelled_operation_answers_for_both() {
        let table = InFlight::default();
        let stop = table.enter(1, ResponseKind::SearchResultDone);
        assert_eq!(table.cancel(2, 3), Err(ResultCode::NoSuchOperation));
        table.cancel(1, 3).unwrap();
        assert!(stop.is_cancelled());
        let mut answers = BytesMut::new();
        table.leave(1, true, &mut answers);
        let expected = responses(|buffer| {
            let canceled = ResultCode::Canceled.into();
            ResponseWriter::new(buffer, 1).result(ResponseKind::SearchResultDone, &canceled, &[]);
            write_cancel_response(buffer, 3, ResultCode::Success);
        });
        assert_eq!(answers, expected);
        assert!(!table.contains(1));
    }

    #[test]
    fn too_late() {
        let table = InFlight::default();
        table.enter(1, ResponseKind::Compare);
        table.cancel(1, 3).unwrap();
        let mut answers = BytesMut::new();
        table.leave(1, false, &mut answers);
        assert_eq!(
            answers,
            responses(|buffer| write_cancel_response(buffer, 3, ResultCode::TooLate))
        );
    }

    #[test]
    fn neither_binds_nor_what_was_abandoned() {
        let table = InFlight::default();
        let stop = table.enter(1, ResponseKind::Bind);
        assert_eq!(table.cancel(1, 3), Err(ResultCode::CannotCancel));
        assert!(!stop.is_cancelled());
        table.enter(2, ResponseKind::SearchResultDone);
        table.abandon(2);
        assert_eq!(table.cancel(2, 3), Err(ResultCode::NoSuchOperation));
        let mut answers = BytesMut::new();
        table.leave(2, true, &mut answers);
        assert!(answers.is_empty());
    }
}
