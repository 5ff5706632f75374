//! The answer to one request: its messages on their way to the client, and what is noted of them.

use super::{
    outcome::Notes,
    output::{Closed, Output},
};
use crate::{
    model::entry::Entry,
    protocol::{Control, EntryFormat, LdapResult, ResponseKind, ResponseWriter},
};

/// Where an operation answers its request.
#[derive(Debug)]
pub struct Reply<'a> {
    id: i32,
    output: &'a mut Output,
    /// What the log and the metrics are told.
    pub notes: &'a mut Notes,
}

impl<'a> Reply<'a> {
    /// The answer to the request with this message ID.
    pub fn new(id: i32, output: &'a mut Output, notes: &'a mut Notes) -> Self {
        Reply { id, output, notes }
    }

    fn writer(&mut self) -> ResponseWriter<'_> {
        ResponseWriter::new(self.output.buffer(), self.id)
    }

    /// Writes the response that ends the operation.
    pub(super) fn result(&mut self, kind: ResponseKind, result: &LdapResult, controls: &[Control]) {
        self.notes.code = Some(result.code);
        self.writer().result(kind, result, controls);
    }

    /// Writes the response that ends an extended operation and carries a value.
    pub(super) fn extended(&mut self, result: &LdapResult, value: &[u8]) {
        self.notes.code = Some(result.code);
        self.writer().extended(result, None, Some(value));
    }

    /// Writes an entry, and waits while the client is slow.
    ///
    /// # Errors
    /// [`Closed`] when the connection is gone.
    pub(super) async fn entry(&mut self, entry: &Entry, format: &EntryFormat<'_>) -> Result<(), Closed> {
        self.writer().entry(entry, format);
        self.notes.entries += 1;
        self.output.flush_full_chunks().await
    }
}
