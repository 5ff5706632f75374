//! `sql`: what was typed against the stored hash.

use super::{Check, Link};
use crate::auth::{
    attempt::{Attempt, Unavailable},
    bind_cache::BindCache,
    guessing::Turn,
    hashing_pool::{HashingPool, Question},
    password::{Verdict, classify},
    source_network::SourceNetwork,
    standing::Standing,
};
use crate::{metrics::Metrics, model::prepare::prepare_ignore_case};
use futures::future::BoxFuture;
use std::{borrow::Cow, sync::Arc};
use tracing::warn;

/// Verifies what was typed by the stored hash.
#[derive(Debug)]
pub struct Password {
    hashing: Arc<HashingPool>,
    cache: Option<BindCache>,
    metrics: Metrics,
}

impl Password {
    /// A link that hashes on these threads what is not in the cache.
    pub fn new(hashing: Arc<HashingPool>, cache: Option<BindCache>, metrics: Metrics) -> Self {
        Password {
            hashing,
            cache,
            metrics,
        }
    }

    async fn verify(&self, attempt: &Attempt<'_>) -> Result<Check, Unavailable> {
        let stored = attempt.stored.and_then(|stored| stored.hash.as_ref());
        // Made for everybody, so that names take the same time; of use for those only who have a hash and may sign in by it
        // alone: a refused account is not told from a wrong password by its time, nor a wrong code.
        let hash = stored.map_or("", |hash| hash.reveal());
        let remembered = self.cache.as_ref().map(|cache| {
            let digest = cache.digest(attempt.username, hash, attempt.password);
            (cache, digest)
        });
        let remembered = remembered.filter(|_| stored.is_some() && !attempt.is_refused && !attempt.with_others);
        if let Some((cache, digest)) = &remembered {
            let known = cache.knows(digest);
            self.metrics.bind_cache(known);
            if known {
                return Ok(Check::Passed);
            }
        }
        let name = prepare_ignore_case(attempt.username).map_or(Cow::Borrowed(attempt.username), Cow::Owned);
        // A user who is unknown or has no hash costs the same work, and never matches.
        let verdict = self.hashing.verify(Question {
            name: &name,
            stored: stored.map(|hash| hash.reveal()),
            password: attempt.password,
            source: SourceNetwork::of(attempt.client),
            standing: attempt.turn.map_or(Standing::default(), Turn::standing),
            until: attempt.until.into(),
        });
        let verdict = verdict.await.map_err(|error| {
            warn!(%error, "a password could not be verified");
            Unavailable("the password could not be verified".into())
        })?;
        if let Some((cache, digest)) = remembered
            && verdict.is_match()
        {
            cache.remember(digest);
        }
        Ok(match (verdict, stored) {
            (Verdict::Match, _) => Check::Passed,
            (_, None) => Check::Failed("no hash".into()),
            (Verdict::Mismatch, Some(_)) => Check::Failed("wrong password".into()),
            (Verdict::Unusable(reason), Some(hash)) => unusable(attempt.username, hash.reveal(), reason),
        })
    }
}

/// What the logs say of a value that no password matches: what it looks like and the cure, never the value.
fn unusable(user: &str, stored: &str, reason: &str) -> Check {
    let found = classify(stored);
    if found.is_mark {
        return Check::Failed("no hash".into());
    }
    let scheme = found.scheme;
    warn!(user, scheme, reason, "a stored password hash is not usable");
    Check::Failed("hash unusable".into())
}

impl Link for Password {
    fn check<'a>(&'a self, attempt: &'a Attempt<'a>) -> BoxFuture<'a, Result<Check, Unavailable>> {
        Box::pin(self.verify(attempt))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{
        auth::{attempt::Stored, hashing_pool::HashingLimits},
        config::Secret,
    };
    use std::{
        net::Ipv4Addr,
        num::NonZeroUsize,
        sync::atomic::{AtomicUsize, Ordering::Relaxed},
        time::{Duration, Instant},
    };

    /// How many of three binds with the right password are hashed.
    async fn hashed(change: impl Fn(&mut Attempt<'_>)) -> usize {
        let runs = Arc::new(AtomicUsize::new(0));
        let limits = HashingLimits {
            threads: NonZeroUsize::MIN,
            queue: 10,
            memory_kib: None,
        };
        let counted = Arc::clone(&runs);
        let hashing = HashingPool::with_work(
            limits,
            Arc::new(move |verification, password| {
                counted.fetch_add(1, Relaxed);
                verification.run(password)
            }),
        );
        let cache = BindCache::new(Duration::from_secs(60)).unwrap();
        let link = Password::new(Arc::new(hashing.unwrap()), Some(cache), Metrics::default());
        let stored = Stored {
            hash: Some(Secret::new("{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=")), // "secret"
            totp_secret: None,
        };
        for _ in 0..3 {
            let mut attempt = Attempt {
                username: "alice",
                stored: Some(&stored),
                is_refused: false,
                with_others: false,
                password: b"secret",
                client: Ipv4Addr::LOCALHOST.into(),
                turn: None,
                until: Instant::now() + Duration::from_secs(5),
            };
            change(&mut attempt);
            assert_eq!(link.check(&attempt).await, Ok(Check::Passed));
        }
        runs.load(Relaxed)
    }

    /// Where a right password alone were answered sooner, it would be known that the rest is wrong.
    #[tokio::test]
    async fn a_verified_password_is_remembered_where_nothing_else_is_verified() {
        assert_eq!(hashed(|_| {}).await, 1);
        assert_eq!(hashed(|attempt| attempt.with_others = true).await, 3);
        assert_eq!(hashed(|attempt| attempt.is_refused = true).await, 3);
    }
}
