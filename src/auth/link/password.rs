//! `sql`: what was typed against the stored hash.

use super::{Check, Link};
use crate::auth::{
    attempt::{Attempt, Unavailable},
    hashing_pool::HashingPool,
    password::Verdict,
};
use futures::future::BoxFuture;
use std::sync::Arc;
use tracing::warn;

/// Verifies what was typed by the stored hash.
#[derive(Debug)]
pub struct Password {
    hashing: Arc<HashingPool>,
}

impl Password {
    /// A link that hashes on these threads.
    pub fn new(hashing: Arc<HashingPool>) -> Self {
        Password { hashing }
    }

    async fn verify(&self, attempt: &Attempt<'_>) -> Result<Check, Unavailable> {
        let stored = attempt.stored.and_then(|stored| stored.hash.as_ref());
        // A user who is unknown or has no hash costs the same work, and never matches.
        let verdict = self.hashing.verify(stored.map(|hash| hash.reveal()), attempt.password);
        let verdict = verdict.await.map_err(|error| {
            warn!(%error, "a password could not be verified");
            Unavailable("the password could not be verified".into())
        })?;
        Ok(match (verdict, stored) {
            (Verdict::Match, _) => Check::Passed,
            (_, None) => Check::Failed("no hash".into()),
            (Verdict::Mismatch, Some(_)) => Check::Failed("wrong password".into()),
            (Verdict::Unusable(reason), Some(_)) => {
                warn!(user = attempt.username, reason, "a stored password hash is not usable");
                Check::Failed("hash unusable".into())
            }
        })
    }
}

impl Link for Password {
    fn check<'a>(&'a self, attempt: &'a Attempt<'a>) -> BoxFuture<'a, Result<Check, Unavailable>> {
        Box::pin(self.verify(attempt))
    }
}
