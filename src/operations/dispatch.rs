//! Routes a request to its operation, and writes the answer where the operation could not.

use super::{
    bind::bind,
    compare::compare,
    context::Context,
    controls::Controls,
    extended::extended,
    outcome::Outcome,
    password::{modify, password_modify},
    reply::Reply,
    result::{self, OperationError},
    search::search,
    unsupported,
};
use crate::protocol::{LdapResult, Message, Request, ResponseKind, ResultCode};

/// Runs one request. Abandon and unbind never get here: they have no response and belong to the connection.
pub async fn dispatch(context: &Context, message: Message, mut reply: Reply<'_>) -> Outcome {
    let Some(kind) = message.request.response_kind() else {
        return Outcome::Abandoned;
    };
    let error = match run(context, message, &mut reply).await {
        Ok(outcome) => return outcome,
        Err(error) => error,
    };
    if error.is_refused_statement() {
        context.realm().describe_again.notify_one();
    }
    let (outcome, answer) = result::answer(&error, kind, context.realm());
    if let Some(answer) = answer {
        if kind == ResponseKind::Bind && reply.notes.why.is_none() {
            reply.notes.why = Some(answer.text.clone().into());
        }
        reply.result(kind, &answer, &[]);
    }
    outcome
}

async fn run(context: &Context, message: Message, reply: &mut Reply<'_>) -> Result<Outcome, OperationError> {
    let controls = Controls::of(&message.request, &message.controls)?;
    // Other operations have nothing to say in it.
    let is_of_passwords = matches!(
        message.request,
        Request::Bind(_) | Request::Modify(_) | Request::PasswordModify(_)
    );
    if controls.password_policy && is_of_passwords {
        reply.expect_policy();
    }
    match message.request {
        Request::Bind(request) => bind(context, request, reply).await,
        Request::Search(request) => search(context, request, controls, reply).await,
        Request::Compare(request) => compare(context, &request, controls, reply).await,
        Request::Extended(request) => extended(context, &request, reply),
        Request::PasswordModify(request) => password_modify(context, &request, reply).await,
        Request::Modify(request) => modify(context, &request, reply).await,
        Request::Add | Request::Delete | Request::ModifyDn => {
            Err(LdapResult::new(ResultCode::UnwillingToPerform, unsupported::WRITES).into())
        }
        Request::Unbind | Request::Abandon(_) => Ok(Outcome::Abandoned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size_of_future<A, B, C, F: Future>(_: impl Fn(A, B, C) -> F) -> usize {
        size_of::<F>()
    }

    /// In octets. It is moved once, and that is a good part of what a lookup costs.
    #[test]
    fn the_future_of_a_request_is_small() {
        let size = size_of_future(dispatch);
        assert!(size <= 6_000, "{size}");
    }
}
