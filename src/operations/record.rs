//! The record of one operation, from its arrival to its end: counted in the metrics, and one line in the log.
//!
//! A record is written when it is dropped. So operations that were abandoned, or whose connection ended, are there as well.
//! Credentials stay out of it, and so do assertion values unless the operator asks for them. Texts of clients are cut here
//! and escaped by the log.

use std::{sync::Arc, time::Instant};

use tracing::{Level, enabled, info};

use super::{
    catalog::RealmServices,
    context::{Client, Identity, Services},
    outcome::{Notes, Outcome},
};
use crate::{
    metrics::{Ended, Metrics, Operation},
    protocol::{Message, PASSWORD_MODIFY, Request, ResponseKind, ResultCode, Unusable},
};

/// Where the lines are from, for `LOG_LEVEL=info,ldap_gateway::operations=off`.
const TARGET: &str = "ldap_gateway::operations";
/// The longest text of a client's in a line, in characters.
const LONGEST: usize = 512;

/// What the client asked, as the log shows it.
#[derive(Debug, Default)]
struct Asked {
    /// Base of a search.
    base: Option<String>,
    /// Scope of a search.
    scope: Option<&'static str>,
    /// Filter of a search, without its values unless they are wanted.
    filter: Option<String>,
    /// The DN of a bind, compare, modify or password change.
    dn: Option<String>,
    /// The attribute of a compare.
    attribute: Option<String>,
    /// The name of an extended operation.
    oid: Option<String>,
}

/// An operation that has not ended yet.
#[derive(Debug)]
pub struct Record {
    metrics: Metrics,
    client: Client,
    id: i32,
    operation: Operation,
    received: Instant,
    /// None where such lines are not wanted, so that they cost nothing.
    asked: Option<Asked>,
    bound: Identity,
    /// The realm whose business it is, and where that is counted; none where there is one.
    realm: Option<(Arc<str>, Metrics)>,
    ended: Ended,
    /// What the operation itself notes.
    pub notes: Notes,
}

impl Record {
    /// The record of a request that has just arrived.
    pub fn of_request(services: &Services, client: Client, message: &Message) -> Record {
        let mut record = Record::new(&services.metrics, client, message.id, kind(&message.request));
        if let Some(asked) = &mut record.asked {
            asked.note(&message.request, services.log_filter_values);
        }
        record
    }

    /// The record of a request of which only its kind is known, and what is wrong with it.
    pub fn of_unusable(metrics: &Metrics, client: Client, request: &Unusable) -> Record {
        let mut record = Record::new(metrics, client, request.id, kind_of_response(request.response));
        if request.response == ResponseKind::Bind {
            record.notes.why = Some(request.text.into());
        }
        record
    }

    fn new(metrics: &Metrics, client: Client, id: i32, operation: Operation) -> Record {
        metrics.operation_begun();
        Record {
            metrics: metrics.clone(),
            client,
            id,
            operation,
            received: Instant::now(),
            asked: enabled!(target: TARGET, Level::INFO).then(Asked::default),
            bound: Identity::Anonymous,
            realm: None,
            ended: Ended::Abandoned,
            notes: Notes::default(),
        }
    }

    /// When the request arrived.
    pub fn received(&self) -> Instant {
        self.received
    }

    /// It begins now, with this identity, and is this realm's business.
    pub fn begin(&mut self, identity: &Identity, realm: Option<&RealmServices>) {
        self.bound = identity.clone();
        self.realm = realm.and_then(|realm| Some((realm.name.clone()?, realm.metrics.clone()?)));
    }

    /// It is answered with this code.
    pub fn answered(&mut self, code: ResultCode) {
        self.ended = Ended::Code(code.number());
    }

    /// It has come to its own end.
    pub fn end(&mut self, outcome: &Outcome) {
        self.ended = match outcome {
            Outcome::Disconnect(_) => Ended::Disconnected,
            Outcome::Abandoned => Ended::Abandoned,
            Outcome::Answered | Outcome::Bound(_) => {
                Ended::Code(self.notes.code.unwrap_or(ResultCode::Success).number())
            }
        };
        if let Outcome::Bound(session) = outcome {
            self.bound = session.identity.clone();
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let time = self.received.elapsed();
        self.metrics.operation_left();
        let metrics = self.realm.as_ref().map_or(&self.metrics, |(_, metrics)| metrics);
        metrics.operation_took(self.operation, self.ended, time, self.notes.entries);
        let Some(asked) = &self.asked else { return };
        let code = match self.ended {
            Ended::Code(code) => Some(code),
            _ => None,
        };
        let search = self.operation == Operation::Search;
        info!(
            target: TARGET,
            parent: None,
            operation = self.operation.name(),
            connection = self.client.connection,
            client = %self.client.address,
            id = self.id,
            realm = self.realm.as_ref().map(|(name, _)| &**name),
            bound = self.bound.dn(),
            base = asked.base.as_deref(),
            scope = asked.scope,
            filter = asked.filter.as_deref(),
            dn = asked.dn.as_deref(),
            attribute = asked.attribute.as_deref(),
            oid = asked.oid.as_deref(),
            entries = search.then_some(self.notes.entries),
            ms = (time.as_secs_f64() * 1e6).round() / 1e3,
            code,
            result = result(self.ended),
            why = self.notes.why.as_deref(),
        );
    }
}

impl Asked {
    fn note(&mut self, request: &Request, filter_values: bool) {
        match request {
            Request::Bind(bind) => self.dn = Some(cut(&bind.name)),
            Request::Search(search) => {
                self.base = Some(cut(&search.base));
                self.scope = Some(search.scope.name());
                self.filter = Some(cut(&match filter_values {
                    true => search.filter.with_values(),
                    false => search.filter.shape(),
                }));
            }
            Request::Compare(compare) => {
                self.dn = Some(cut(&compare.entry));
                self.attribute = Some(cut(&compare.attribute));
            }
            Request::Extended(extended) => self.oid = Some(cut(&extended.name)),
            Request::PasswordModify(request) => {
                self.oid = Some(PASSWORD_MODIFY.to_owned());
                self.dn = request.user.as_deref().map(cut);
            }
            Request::Modify(request) => self.dn = Some(cut(&request.entry)),
            Request::Unbind | Request::Abandon(_) | Request::Add | Request::Delete | Request::ModifyDn => {}
        }
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => text.get(..at).unwrap_or_default().to_owned() + "…",
        None => text.to_owned(),
    }
}

/// How an operation ended, in one word.
fn result(ended: Ended) -> &'static str {
    match ended {
        Ended::Code(code) => code_name(code),
        Ended::Disconnected => "disconnected",
        Ended::Abandoned => "abandoned",
        Ended::Unanswered => "unanswered",
    }
}

/// The RFC's name of a result code.
pub fn code_name(code: u16) -> &'static str {
    ResultCode::from_number(code.into()).map_or("unknown", ResultCode::name)
}

fn kind(request: &Request) -> Operation {
    match request {
        Request::Unbind => Operation::Unbind,
        Request::Abandon(_) => Operation::Abandon,
        other => other.response_kind().map_or(Operation::Extended, kind_of_response),
    }
}

fn kind_of_response(kind: ResponseKind) -> Operation {
    match kind {
        ResponseKind::Bind => Operation::Bind,
        ResponseKind::SearchResultDone => Operation::Search,
        ResponseKind::Modify => Operation::Modify,
        ResponseKind::Add => Operation::Add,
        ResponseKind::Delete => Operation::Delete,
        ResponseKind::ModifyDn => Operation::ModifyDn,
        ResponseKind::Compare => Operation::Compare,
        ResponseKind::Extended => Operation::Extended,
    }
}
