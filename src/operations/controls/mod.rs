//! The request controls that are supported: which operation may have which, and what their values mean for it.

pub mod paged;

use super::{context::Context, known, result::Failure};
use crate::{
    config::Policy,
    directory::{
        Directory,
        search::{query::SearchQuery, results::SearchOutcome},
    },
    model::{dn::Dn, entry::Selection, filter::Filter, scope::Scope},
    protocol::{
        ASSERTION, Control, DONT_USE_COPY, LdapResult, MANAGE_DSA_IT, PAGED_RESULTS, PagedResults, Request, ResultCode,
        decode_assertion,
    },
};
use std::sync::Arc;

/// What the root DSE lists. There are no referral objects and no copies, so ManageDsaIT (RFC 3296) and don't-use-copy
/// (RFC 6171) change nothing.
pub const SUPPORTED_CONTROLS: [&str; 4] = [PAGED_RESULTS, ASSERTION, MANAGE_DSA_IT, DONT_USE_COPY];

/// The controls of one request, as far as they change its answer.
#[derive(Debug, Default)]
pub struct Controls {
    /// Paged results, RFC 2696.
    pub paged: Option<PagedResults>,
    /// Assertion, RFC 4528.
    pub assertion: Option<Filter>,
}

impl Controls {
    /// What the controls of a request mean.
    ///
    /// # Errors
    /// A critical control is not supported or not appropriate for the operation (RFC 4511 4.1.11), or the value of a
    /// supported one cannot be used, critical or not.
    pub fn of(request: &Request, controls: &[Control]) -> Result<Self, LdapResult> {
        let mut found = Controls::default();
        let mut critical = controls.iter().filter(|control| control.critical);
        if let Some(control) = critical.find(|control| !fits(request, control)) {
            let text = match SUPPORTED_CONTROLS.contains(&control.oid.as_str()) {
                true => "a critical control is not supported with this operation",
                false => known::control(&control.oid),
            };
            return Err(LdapResult::new(ResultCode::UnavailableCriticalExtension, text));
        }
        for control in controls.iter().filter(|control| fits(request, control)) {
            match control.oid.as_str() {
                PAGED_RESULTS => once(&mut found.paged, value(control, PagedResults::decode)?)?,
                ASSERTION => once(&mut found.assertion, value(control, decode_assertion)?)?,
                // RFC 6171 section 3, and as slapd has it.
                DONT_USE_COPY if control.value.is_some() || !control.critical => {
                    return Err(refused("don't-use-copy is critical and has no value"));
                }
                _ => {}
            }
        }
        Ok(found)
    }

    /// Ends the operation unless what the client asserts of the entry `base` is true (RFC 4528 section 4). A base that
    /// does not exist is left to the operation to say.
    ///
    /// # Errors
    /// assertionFailed, or the directory's failure.
    pub async fn check_assertion(
        &self,
        context: &Context,
        directory: &Directory,
        base: &Arc<Dn>,
    ) -> Result<(), Failure> {
        let Some(assertion) = &self.assertion else {
            return Ok(());
        };
        let policy = &context.services.policy;
        let query = SearchQuery {
            base: Arc::clone(base),
            scope: Scope::Base,
            filter: assertion.clone(),
            selection: Selection::new(directory.schema(), &["1.1".to_owned()]),
            wanted: Some(1),
            page: None,
            lookup_deadline: context.received + Policy::LOOKUP_HOLD,
            scan_timeout: policy.scan_timeout,
            observer: None,
        };
        let holds = match directory.search(query).await? {
            SearchOutcome::NoSuchObject { .. } => true,
            SearchOutcome::Results(mut results) => results.next_batch().await?.is_some(),
        };
        match holds {
            true => Ok(()),
            false => Err(LdapResult::from(ResultCode::AssertionFailed).into()),
        }
    }
}

/// Whether a control is supported with this operation.
fn fits(request: &Request, control: &Control) -> bool {
    match control.oid.as_str() {
        PAGED_RESULTS => matches!(request, Request::Search(_)),
        ASSERTION | MANAGE_DSA_IT | DONT_USE_COPY => matches!(request, Request::Search(_) | Request::Compare(_)),
        _ => false,
    }
}

fn value<T, E: ToString>(
    control: &Control,
    decode: impl FnOnce(&bytes::Bytes) -> Result<T, E>,
) -> Result<T, LdapResult> {
    let value = control
        .value
        .as_ref()
        .ok_or_else(|| refused("a control lacks its value"))?;
    decode(value).map_err(|error| refused(&error.to_string()))
}

fn once<T>(slot: &mut Option<T>, value: T) -> Result<(), LdapResult> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(refused("a control is given twice")),
    }
}

fn refused(text: &str) -> LdapResult {
    LdapResult::new(ResultCode::ProtocolError, text)
}
