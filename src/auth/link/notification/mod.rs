//! `notification`: somebody is asked, on their phone, whether it is them.
//!
//! One user, one address, one password is one request, however many binds wait for it (`pending`). Requests of one user are
//! made one after the other (`user_turns`). After some that were not approved, the user is left in peace for a while
//! (`pauses`). An approval may count for later binds (`remembered`). `service` speaks HTTP, and `complaints` tells the
//! operator what the service says.
//!
//! A wait is a future of those who wait and of nobody else: when the last of them goes, the HTTP request ends.

mod complaints;
mod pauses;
mod pending;
mod remembered;
mod service;

use std::{net::IpAddr, sync::Arc, time::Duration};

use futures::{FutureExt, future::BoxFuture};
use tokio::time::{Instant, timeout_at};

use self::{
    complaints::{Complaints, REFUSED, UNAVAILABLE},
    pauses::Pauses,
    pending::{Outcome, Pending},
    remembered::Remembered,
    service::{Answer, Service},
};
use super::{Check, Link};
use crate::{
    auth::{
        attempt::{Attempt, Unavailable},
        keyed_digest::{Digest, DigestKey},
        user_turns::UserTurns,
    },
    config::NotificationSettings,
    metrics::{Approval, Metrics},
};

pub use self::service::SetupError;

/// The link. Each replica asks for itself and knows nothing of the other's requests.
#[derive(Debug)]
pub struct Notification {
    key: DigestKey,
    pending: Pending,
    asking: Arc<Asking>,
}

/// What a request needs, for as long as somebody waits for it.
#[derive(Debug)]
struct Asking {
    service: Service,
    timeout: Duration,
    turns: UserTurns,
    pauses: Pauses,
    remembered: Remembered,
    complaints: Complaints,
    metrics: Metrics,
}

/// Who is to be asked about what.
#[derive(Debug)]
struct Request {
    username: String,
    client: IpAddr,
    /// Which later binds an approval may count for: those of this user, from this address, with this stored hash.
    covers: Digest,
}

impl Notification {
    /// The link as the settings have it. Nobody is asked yet.
    ///
    /// # Errors
    /// The settings do not make a client: authorities that cannot be read.
    pub fn new(settings: &NotificationSettings, metrics: Metrics) -> Result<Self, SetupError> {
        Ok(Notification {
            key: DigestKey::new().map_err(|_| SetupError::NoRandomNumbers)?,
            pending: Pending::default(),
            asking: Arc::new(Asking {
                service: Service::new(settings)?,
                timeout: settings.timeout,
                turns: UserTurns::default(),
                pauses: Pauses::default(),
                remembered: Remembered::new(settings.remember),
                complaints: Complaints::default(),
                metrics,
            }),
        })
    }

    async fn ask(&self, attempt: &Attempt<'_>) -> Outcome {
        // The chain comes here for accounts alone.
        let Some(stored) = attempt.stored else {
            return Ok(Check::Failed("no account".into()));
        };
        let client = attempt.client.to_canonical();
        let (username, address) = (attempt.username.as_bytes(), client.to_string());
        let address = address.as_bytes();
        // Without a stored hash another link verified what was typed: an approval then counts for that.
        let secret = stored
            .hash
            .as_ref()
            .map_or(attempt.password, |hash| hash.reveal().as_bytes());
        let covers = self.key.digest(&[b"covers", username, address, secret]);
        if self.asking.remembered.covers(&covers) {
            self.asking.metrics.approval(Approval::Remembered);
            return Ok(Check::Passed);
        }
        let request = Request {
            username: attempt.username.to_owned(),
            client,
            covers,
        };
        let same = self.key.digest(&[b"same", username, address, attempt.password]);
        let begin = || Arc::clone(&self.asking).ask(request).boxed();
        let (outcome, joined) = self.pending.join(same, begin);
        if joined {
            self.asking.metrics.approval(Approval::Joined);
        }
        outcome.await
    }
}

impl Link for Notification {
    fn check<'a>(&'a self, attempt: &'a Attempt<'a>) -> BoxFuture<'a, Result<Check, Unavailable>> {
        Box::pin(self.ask(attempt))
    }
}

impl Asking {
    /// Waits for the user's turn, then for the answer; together as long as `NOTIFICATION_TIMEOUT`, which clients wait.
    async fn ask(self: Arc<Self>, request: Request) -> Outcome {
        let until = Instant::now() + self.timeout;
        let Ok(_turn) = timeout_at(until, self.turns.take(&request.username)).await else {
            self.metrics.approval(Approval::Unanswered);
            return Ok(Check::Failed("another request of this user took all the time".into()));
        };
        // The request before this one may have been approved meanwhile, or have been one too many.
        if self.remembered.covers(&request.covers) {
            self.metrics.approval(Approval::Remembered);
            return Ok(Check::Passed);
        }
        if let Some(left) = self.pauses.left(&request.username) {
            self.metrics.approval(Approval::Paused);
            let seconds = left.as_secs().saturating_add(1);
            let why = format!("not asked: the last requests were not approved; asked again in {seconds} s");
            return Ok(Check::Failed(why.into()));
        }
        let ringing = Ringing {
            asking: &self,
            request: &request,
            answer: None,
        };
        let answer = timeout_at(until, self.service.ask(&request.username, request.client)).await;
        ringing.answered(answer.unwrap_or(Answer::Unanswered))
    }
}

/// A request that was sent. Dropped before it is answered, it counts as one that was not: who rings and hangs up, again and
/// again, is to be stopped, too.
struct Ringing<'a> {
    asking: &'a Asking,
    request: &'a Request,
    answer: Option<Answer>,
}

impl Ringing<'_> {
    fn answered(mut self, answer: Answer) -> Outcome {
        let outcome = match &answer {
            Answer::Approved => Ok(Check::Passed),
            Answer::Rejected => Ok(Check::Failed("rejected by the user".into())),
            Answer::Unanswered => Ok(Check::Failed("not answered by the user".into())),
            Answer::Refused(_) => Ok(Check::Failed("refused by the push service".into())),
            Answer::Unavailable(_) => Err(Unavailable("the push service cannot be asked".into())),
        };
        self.answer = Some(answer);
        outcome
    }
}

impl Drop for Ringing<'_> {
    fn drop(&mut self) {
        let Asking {
            pauses,
            remembered,
            complaints,
            metrics,
            ..
        } = self.asking;
        let username = &self.request.username;
        let (counted, asked) = match &self.answer {
            Some(Answer::Approved) => {
                remembered.approved(self.request.covers);
                pauses.approved(username);
                (Approval::Approved, false)
            }
            Some(Answer::Rejected) => (Approval::Rejected, true),
            Some(Answer::Unanswered) => (Approval::Unanswered, true),
            Some(Answer::Refused(complaint)) => {
                complaints.tell(REFUSED, complaint, username);
                (Approval::Refused, complaint.asked)
            }
            Some(Answer::Unavailable(complaint)) => {
                complaints.tell(UNAVAILABLE, complaint, username);
                (Approval::Unavailable, complaint.asked)
            }
            None => (Approval::Cancelled, true),
        };
        if asked {
            pauses.not_approved(username);
        }
        metrics.approval(counted);
    }
}
