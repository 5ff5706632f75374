//! The answer to one request: its messages on their way to the client, and what is noted of them.

use super::{
    outcome::Notes,
    output::{Closed, Output},
};
use crate::{
    model::entry::Entry,
    protocol::{
        Control, EntryFormat, LdapResult, PasswordPolicyError, ResponseKind, ResponseWriter, password_policy_response,
    },
};

/// Where an operation answers its request.
#[derive(Debug)]
pub struct Reply<'a> {
    id: i32,
    output: &'a mut Output,
    /// What the log and the metrics are told.
    pub notes: &'a mut Notes,
    /// What the password policy control of the response says; none where the client has not asked for it.
    policy: Option<Option<PasswordPolicyError>>,
}

impl<'a> Reply<'a> {
    /// The answer to the request with this message ID.
    pub fn new(id: i32, output: &'a mut Output, notes: &'a mut Notes) -> Self {
        Reply {
            id,
            output,
            notes,
            policy: None,
        }
    }

    /// The client wants a password policy control with the response.
    pub(super) fn expect_policy(&mut self) {
        self.policy = Some(None);
    }

    /// What that control says, if it is wanted.
    pub(super) fn note_policy(&mut self, error: PasswordPolicyError) {
        self.policy = self.policy.map(|_| Some(error));
    }

    fn writer(&mut self) -> ResponseWriter<'_> {
        ResponseWriter::new(self.output.buffer(), self.id)
    }

    /// Writes the response that ends the operation.
    pub(super) fn result(&mut self, kind: ResponseKind, result: &LdapResult, controls: &[Control]) {
        self.notes.code = Some(result.code);
        match self.policy {
            None => self.writer().result(kind, result, controls),
            Some(error) => {
                let own = [password_policy_response(error)];
                self.writer().result(kind, result, &[controls, &own].concat());
            }
        }
    }

    /// Writes the response that ends an extended operation and may carry a value.
    pub(super) fn extended(&mut self, result: &LdapResult, value: Option<&[u8]>) {
        self.notes.code = Some(result.code);
        let controls: Vec<Control> = self.policy.map(password_policy_response).into_iter().collect();
        self.writer().extended(result, None, value, &controls);
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
