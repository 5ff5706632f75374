//! LDAP operations: one file each, and the one place that routes a request to its operation.
//!
//! An operation writes its responses to an [`Output`](output::Output) and returns what that means for the session.
//! It knows neither sockets nor SQL.

pub mod bind;
pub mod compare;
pub mod context;
pub mod controls;
pub mod extended;
mod known;
pub mod output;
pub mod record;
pub mod result;
pub mod search;

use self::{
    context::{Context, Identity},
    controls::Controls,
    output::Output,
    result::{Failure, Report},
};
use crate::protocol::{LdapResult, Message, Request, ResponseKind, ResultCode, write_result};

/// What an operation means for the session it ran in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The final response stands in the output; nothing else changes.
    Answered,
    /// As answered, and the session has a new identity.
    Bound(Identity),
    /// No answer is safe: the connection ends with a Notice of Disconnection that carries this text.
    Disconnect(&'static str),
    /// The client abandoned the operation or is gone; nothing more is sent.
    Abandoned,
}

/// Runs one request. Abandon and unbind never get here: they have no response and belong to the connection.
pub async fn dispatch(context: &Context, message: Message, output: &mut Output, report: &mut Report) -> Outcome {
    let Message { id, request, controls } = message;
    let Some(kind) = request.response_kind() else {
        return Outcome::Abandoned;
    };
    let outcome = match Controls::of(&request, &controls) {
        Ok(controls) => run(context, id, request, controls, output, report).await,
        Err(result) => Err(result.into()),
    };
    outcome.unwrap_or_else(|failure| {
        if failure.is_refused_statement() {
            context.services.describe_again.notify_one();
        }
        let (outcome, answer) = result::answer(&failure, kind, context.services.policy.on_database_failure);
        if let Some(answer) = answer {
            report.code = Some(answer.code);
            if kind == ResponseKind::Bind && report.why.is_none() {
                report.why = Some(answer.text.clone().into());
            }
            write_result(output.buffer(), id, kind, &answer, &[]);
        }
        outcome
    })
}

async fn run(
    context: &Context,
    id: i32,
    request: Request,
    controls: Controls,
    output: &mut Output,
    report: &mut Report,
) -> Result<Outcome, Failure> {
    match request {
        Request::Bind(request) => bind::bind(context, id, request, output, report).await,
        Request::Search(request) => search::search(context, id, request, controls, output, report).await,
        Request::Compare(request) => compare::compare(context, id, &request, controls, output, report).await,
        Request::Extended(request) => extended::extended(context, id, &request, output, report),
        Request::Add | Request::Modify | Request::Delete | Request::ModifyDn => {
            Err(LdapResult::new(ResultCode::UnwillingToPerform, known::READ_ONLY).into())
        }
        Request::Unbind | Request::Abandon(_) => Ok(Outcome::Abandoned),
    }
}

/// Writes a final response that is more than a bare success or failure of the kind.
fn finish(output: &mut Output, id: i32, kind: ResponseKind, result: &LdapResult, report: &mut Report) {
    report.code = Some(result.code);
    write_result(output.buffer(), id, kind, result, &[]);
}
